// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>

#include <ipck.h>

#include "word.h"

static const char *word(const char *const words[], size_t count, uint32_t number)
{
	return number < count && words[number] ? words[number] : "?";
}

#define WORD(words, number) \
	word(words, sizeof(words) / sizeof((words)[0]), number)

const char *word_of_discipline(uint32_t discipline)
{
	static const char *const words[] = {
		[IPCK_QUEUE] = "queue",
		[IPCK_EVENT] = "event",
		[IPCK_MEMBER] = "member",
		[IPCK_ENDPOINT] = "endpoint",
		[IPCK_CHANNEL] = "channel",
	};

	return WORD(words, discipline);
}

const char *word_of_blocked(uint32_t what)
{
	static const char *const words[] = {
		[IPCK_BLOCKED_RECV] = "message",
		[IPCK_BLOCKED_ROOM] = "room",
		[IPCK_BLOCKED_RECEIPT] = "receipt",
		[IPCK_BLOCKED_REPLY] = "reply",
	};

	return WORD(words, what);
}

const char *word_of_step(uint32_t step)
{
	static const char *const words[] = {
		[IPCK_STEP_SENT] = "sent",
		[IPCK_STEP_BLOCKED] = "blocked",
		[IPCK_STEP_TAKEN] = "taken",
		[IPCK_STEP_RETURNED] = "returned",
		[IPCK_STEP_REPLIED] = "replied",
		[IPCK_STEP_DROPPED] = "dropped",
		[IPCK_STEP_WITHDRAWN] = "withdrawn",
		[IPCK_STEP_DEAD] = "dead",
	};

	return WORD(words, step);
}
