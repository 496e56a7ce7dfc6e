/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events: event bits as people write and read them. */
#ifndef IPCK_EVENTS_H
#define IPCK_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Bit numbers and the words joined, left, died and all, with commas between them.
 * Return: whether @string is that; else @events is as it was.
 */
bool events_parse(const char *string, uint64_t *events);

/* Print them in the same way; - for none. */
void events_print(FILE *out, uint64_t events);

#endif /* IPCK_EVENTS_H */
