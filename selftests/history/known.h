/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histories that are known to be right or wrong.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include "search.h"

/* The name of the next one, from *@nr = 0, what it is and what it was found to be; or NULL. */
const char *known_next(int *nr, bool *is_right, enum verdict *verdict);

#endif /* KNOWN_H */
