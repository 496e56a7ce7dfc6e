/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text: bytes from other people, made fit for a terminal or for JSON. */
#ifndef IPCK_TEXT_H
#define IPCK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether all of @bytes are well-formed UTF-8 (RFC 3629). */
bool text_is_utf8(const char *bytes, size_t len);

/*
 * Print a string so that it can neither control the terminal nor be mistaken
 * for several lines: control characters and bytes that are not UTF-8 as \xNN.
 */
void text_print(FILE *out, const char *string);

/*
 * Copy a string with a question mark for each byte that is not UTF-8, as JSON
 * can hold nothing else. @copy has room for @string.
 */
void text_to_utf8(char *copy, const char *string);

#endif /* IPCK_TEXT_H */
