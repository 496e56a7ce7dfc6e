// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "value.h"

static const char * const prefixes[VALUE_KINDS] = {
	[VALUE_NUMBER] = "",
	[VALUE_RESULT] = "r",
	[VALUE_DATA] = "data+",
	[VALUE_EDGE] = "edge-",
	[VALUE_CONSTANT] = "constant+",
	[VALUE_MAPPING] = "mapping",
	[VALUE_NAME] = "name",
	[VALUE_NOW] = "now+",
	[VALUE_PROCESS] = "process",
	[VALUE_THREAD] = "thread",
	[VALUE_SLOT] = "s",
	[VALUE_SLOTS] = "slots:",
	[VALUE_PIECES] = "pieces",
};

/* As long as a name can be; what follows it is none of it. */
static const char longest[IPCMBOX_NAME_MAX + 1] = { [0 ... IPCMBOX_NAME_MAX - 1] = 'x' };

const char * const value_names[NAMES] = {
	"a", "fuzz", "another name", ".", "with/slash", longest,
};

size_t value_print(const struct value *value, char *text, size_t size)
{
	const char *prefix = prefixes[value->kind];

	if (value->kind == VALUE_MAPPING)
		return snprintf(text, size, "%s%" PRIu64 "+%" PRIu64, prefix, value->number & 7,
				value->number >> 3);
	if (value->kind == VALUE_SLOTS || (!value->kind && value->number > 99999))
		return snprintf(text, size, "%s0x%" PRIx64, prefix, value->number);
	return snprintf(text, size, "%s%" PRIu64, prefix, value->number);
}

static bool parse_number(uint64_t *number, const char *text, const char *end)
{
	char *stop;

	errno = 0;
	*number = strtoull(text, &stop, 0);
	return stop != text && stop == end && !errno && *text != '-';
}

static bool parse_mapping(struct value *value, const char *text)
{
	const char *plus = strchr(text, '+');
	uint64_t which, offset;

	if (!plus || !parse_number(&which, text, plus) || which >= MAPPINGS ||
	    !parse_number(&offset, plus + 1, plus + strlen(plus)))
		return false;
	value->number = offset << 3 | which;
	return true;
}

bool value_parse(struct value *value, const char *text)
{
	size_t length;
	uint32_t kind;

	/* Backwards, so that "slots:" comes before "s", and numbers come last. */
	for (kind = VALUE_KINDS; kind-- > 0;) {
		length = strlen(prefixes[kind]);
		if (strncmp(text, prefixes[kind], length))
			continue;
		value->kind = kind;
		text += length;
		if (kind == VALUE_MAPPING)
			return parse_mapping(value, text);
		return parse_number(&value->number, text, text + strlen(text));
	}
	return false;
}
