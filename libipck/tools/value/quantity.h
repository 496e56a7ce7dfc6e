/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quantity: numbers as people write and read them. */
#ifndef IPCK_QUANTITY_H
#define IPCK_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each of these says whether @string is such a quantity; else @value is as it was. */

/* Decimal, 0 to @max. */
bool quantity_number(const char *string, uint64_t max, uint64_t *value);
/* The same in 32 bits. */
bool quantity_u32(const char *string, uint32_t max, uint32_t *value);
/* Decimal with K, M or G for powers of 1024, 0 to @max. */
bool quantity_bytes(const char *string, uint64_t max, uint64_t *value);
/* A number of messages, or "unbounded". */
bool quantity_capacity(const char *string, uint32_t *value);
/* Octal permission bits. */
bool quantity_mode(const char *string, uint32_t *value);
/* Seconds, or a number with ns, us, ms, s, m or h; the result is in ns. */
bool quantity_duration(const char *string, uint64_t *value);

#define QUANTITY_SIZE 24

/* Write an age into @buf, of QUANTITY_SIZE bytes. Return: @buf. */
const char *quantity_age(char *buf, uint64_t ns);
/* Write a capacity likewise. */
const char *quantity_of_capacity(char *buf, uint32_t capacity);

#endif /* IPCK_QUANTITY_H */
