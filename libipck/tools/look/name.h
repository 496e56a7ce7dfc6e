/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name: what a mailbox is called in a table. */
#ifndef IPCK_NAME_H
#define IPCK_NAME_H

#include <stdio.h>

#include <ipck.h>

/* Print the name, or, if there is none, whom the mailbox belongs to. */
void name_print(FILE *out, const struct ipck_info *info);

/* Print the name, or, if there is none, the id as #ID. */
void name_print_short(const struct ipck_info *info);

#endif /* IPCK_NAME_H */
