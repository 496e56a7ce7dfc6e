// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <ipck.h>

#include "events.h"
#include "quantity.h"

#define USER_BITS 61

/* The first that fits is printed. */
static const struct {
	const char *word;
	uint64_t events;
} words[] = {
	{ "all", IPCK_EVENTS_USER },
	{ "joined", IPCK_EVENT_JOINED },
	{ "left", IPCK_EVENT_LEFT },
	{ "died", IPCK_EVENT_DIED },
};

#define COUNT (sizeof(words) / sizeof(words[0]))

static bool parse_one(const char *string, uint64_t *events)
{
	uint64_t bit;
	size_t i;

	for (i = 0; i < COUNT; i++) {
		if (!strcmp(words[i].word, string)) {
			*events |= words[i].events;
			return true;
		}
	}
	if (!quantity_number(string, USER_BITS - 1, &bit))
		return false;
	*events |= 1ULL << bit;
	return true;
}

bool events_parse(const char *string, uint64_t *events)
{
	uint64_t result = 0;
	char word[16];
	size_t len;

	do {
		len = strcspn(string, ",");
		if (len >= sizeof(word))
			return false;
		memcpy(word, string, len);
		word[len] = '\0';
		if (!parse_one(word, &result))
			return false;
		string += len;
	} while (*string++);
	*events = result;
	return true;
}

void events_print(FILE *out, uint64_t events)
{
	const char *comma = "";
	unsigned int bit;
	size_t i;

	if (!events)
		putc('-', out);
	for (i = 0; i < COUNT; i++) {
		if ((events & words[i].events) != words[i].events)
			continue;
		fprintf(out, "%s%s", comma, words[i].word);
		comma = ",";
		events &= ~words[i].events;
	}
	for (bit = 0; bit < USER_BITS; bit++) {
		if (!(events & 1ULL << bit))
			continue;
		fprintf(out, "%s%u", comma, bit);
		comma = ",";
	}
}
