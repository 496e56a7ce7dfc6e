/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policy: overflow policies in words. */
#ifndef IPCK_POLICY_H
#define IPCK_POLICY_H

#include <stdbool.h>

#include <ipck.h>

bool policy_parse(const char *word, enum ipck_overflow *policy);
const char *policy_name(enum ipck_overflow policy);

#endif /* IPCK_POLICY_H */
