// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipck.h>

#include "quantity.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* strtoull() alone would take signs and spaces. */
static bool digits(const char *string, int base, uint64_t *value,
		   const char **end)
{
	char *stop;

	if (!is_digit(*string))
		return false;
	errno = 0;
	*value = strtoull(string, &stop, base);
	*end = stop;
	return !errno;
}

bool quantity_number(const char *string, uint64_t max, uint64_t *value)
{
	const char *end;
	uint64_t number;

	if (!digits(string, 10, &number, &end) || *end || number > max)
		return false;
	*value = number;
	return true;
}

bool quantity_u32(const char *string, uint32_t max, uint32_t *value)
{
	uint64_t number;

	if (!quantity_number(string, max, &number))
		return false;
	*value = number;
	return true;
}

bool quantity_bytes(const char *string, uint64_t max, uint64_t *value)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *end, *unit;
	uint64_t number;

	if (!digits(string, 10, &number, &end))
		return false;
	if (*end) {
		unit = strchr(units, *end++);
		if (!unit || *end)
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (number > max >> shift)
		return false;
	*value = number << shift;
	return true;
}

bool quantity_capacity(const char *string, uint32_t *value)
{
	if (!strcmp(string, "unbounded")) {
		*value = IPCK_UNBOUNDED;
		return true;
	}
	return quantity_u32(string, IPCK_UNBOUNDED - 1, value);
}

bool quantity_mode(const char *string, uint32_t *value)
{
	const char *end;
	uint64_t mode;

	if (!digits(string, 8, &mode, &end) || *end || mode > 0777)
		return false;
	*value = mode;
	return true;
}

static bool duration_unit(const char *name, double *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 },
		{ "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(units[i].name, name)) {
			*ns = units[i].ns;
			return true;
		}
	}
	return false;
}

bool quantity_duration(const char *string, uint64_t *value)
{
	double number, unit;
	char *end;

	if (!is_digit(*string) && *string != '.')
		return false;
	number = strtod(string, &end);
	if (end == string || !duration_unit(end, &unit))
		return false;
	number *= unit;
	*value = number < 0x1p64 ? (uint64_t)number : UINT64_MAX;
	return true;
}

const char *quantity_age(char *buf, uint64_t ns)
{
	uint64_t s = ns / 1000000000;

	if (!ns)
		strcpy(buf, "-");
	else if (!s)
		snprintf(buf, QUANTITY_SIZE, "%" PRIu64 "ms", ns / 1000000);
	else if (s < 60)
		snprintf(buf, QUANTITY_SIZE, "%" PRIu64 ".%us", s,
			 (unsigned int)(ns / 100000000 % 10));
	else if (s < 3600)
		snprintf(buf, QUANTITY_SIZE, "%um%02us", (unsigned int)(s / 60),
			 (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(buf, QUANTITY_SIZE, "%uh%02um",
			 (unsigned int)(s / 3600), (unsigned int)(s / 60 % 60));
	else
		snprintf(buf, QUANTITY_SIZE, "%" PRIu64 "d%02uh", s / 86400,
			 (unsigned int)(s / 3600 % 24));
	return buf;
}

const char *quantity_of_capacity(char *buf, uint32_t capacity)
{
	if (capacity == IPCK_UNBOUNDED)
		strcpy(buf, "unbounded");
	else
		snprintf(buf, QUANTITY_SIZE, "%" PRIu32, capacity);
	return buf;
}
