// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: names, numbers and other words, and that what was understood is what was said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipck.h>
#include <linux/ipcmbox.h>

#include "parse.h"
#include "value/events.h"
#include "value/policy.h"
#include "value/quantity.h"
#include "value/text.h"

static void check(bool is_so)
{
	if (!is_so)
		abort();
}

static void check_name(const char *word)
{
	const uintptr_t first = (uintptr_t)word + (*word == '/');
	__u64 ptr = 0;
	__u32 len = 0;

	if (ipck_name_to_uapi(word, &ptr, &len)) {
		check(!*(const char *)first);
		return;
	}
	check(ptr == first && len && len <= IPCMBOX_NAME_MAX + 1);
	check(len <= strlen((const char *)first));
}

static void check_quantities(const char *word)
{
	uint64_t number = 0;
	uint32_t small = 0;
	char again[32];

	if (quantity_number(word, 1000, &number)) {
		check(number <= 1000);
		snprintf(again, sizeof(again), "%llu", (unsigned long long)number);
		/* But for zeros before it */
		check(!strcmp(again, word + strlen(word) - strlen(again)));
	}
	if (quantity_bytes(word, IPCMBOX_LENGTH_MAX, &number))
		check(number <= IPCMBOX_LENGTH_MAX);
	if (quantity_bytes(word, UINT64_MAX, &number) && strpbrk(word, "KMG"))
		check(!(number & 1023));
	if (quantity_mode(word, &small))
		check(small <= 0777);
	if (quantity_capacity(word, &small)) {
		quantity_of_capacity(again, small);
		check(quantity_capacity(again, &small));
	}
	if (quantity_duration(word, &number)) {
		quantity_age(again, number);
		check(*again);
	}
}

static void check_events(const char *word)
{
	uint64_t events, again = 0;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!events_parse(word, &events))
		return;
	out = open_memstream(&text, &size);
	events_print(out, events);
	fclose(out);
	check(events_parse(text, &again) && again == events);
	free(text);
}

static void check_policy(const char *word)
{
	enum ipck_overflow policy;

	if (policy_parse(word, &policy))
		check(!strcmp(policy_name(policy), word));
}

static void check_text(const char *word)
{
	char *copy = malloc(strlen(word) + 1);

	text_to_utf8(copy, word);
	check(text_is_utf8(copy, strlen(copy)));
	if (text_is_utf8(word, strlen(word)))
		check(!strcmp(copy, word));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = malloc(size + 1);

	memcpy(word, data, size);
	word[size] = '\0';
	check_name(word);
	check_quantities(word);
	check_events(word);
	check_policy(word);
	check_text(word);
	free(word);
	return 0;
}
