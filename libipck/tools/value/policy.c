// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>
#include <string.h>

#include "policy.h"

static const char *const words[] = {
	[IPCK_OVERFLOW_BLOCK] = "block",
	[IPCK_OVERFLOW_FAIL] = "fail",
	[IPCK_OVERFLOW_DROP_OLDEST] = "drop-oldest",
	[IPCK_OVERFLOW_DROP_NEWEST] = "drop-newest",
};

#define COUNT (sizeof(words) / sizeof(words[0]))

bool policy_parse(const char *word, enum ipck_overflow *policy)
{
	size_t i;

	for (i = 0; i < COUNT; i++) {
		if (!strcmp(words[i], word)) {
			*policy = (enum ipck_overflow)i;
			return true;
		}
	}
	return false;
}

const char *policy_name(enum ipck_overflow policy)
{
	return policy < COUNT ? words[policy] : "?";
}
