// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histories that are known to be right or wrong: does the search tell them apart?
 */
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "known.h"
#include "search.h"

#define HISTORY(...)	.operations = { __VA_ARGS__ }
#define OPERATION(k, w, begin, end, ...) \
	{ .kind = k, .worker = w, .invoked = begin, .returned = end, __VA_ARGS__ }
#define GOT(message, number) .got = message, .seq = number
#define NOW		.flags = IPCMBOX_NONBLOCK
#define UNTIL(time)	.flags = IPCMBOX_DEADLINE, .deadline_ns = time

static const struct {
	const char *name;
	bool is_right;
	struct history history;
} known[] = {
	{ "first in, first out", true, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1)), OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2))) } },
	{ "last in, first out", false, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
		OPERATION(RECEIVE, 1, 4, 5, GOT(1, 2)), OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1))) } },
	{ "sent at the same time", true, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 3), OPERATION(SEND, 1, 0, 3),
		OPERATION(RECEIVE, 2, 4, 5, GOT(1, 1)), OPERATION(RECEIVE, 2, 6, 7, GOT(0, 2))) } },
	{ "the urgent one first", true, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, .priority = 1),
		OPERATION(RECEIVE, 1, 4, 5, GOT(1, 2)), OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1))) } },
	{ "the urgent one last", false, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, .priority = 1),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1)), OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2))) } },
	{ "received twice", false, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1),
		OPERATION(RECEIVE, 1, 2, 3, GOT(0, 1)), OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1))) } },
	{ "received before it was sent", false, { .capacity = 2, HISTORY(
		OPERATION(RECEIVE, 1, 0, 1, GOT(1, 1)), OPERATION(SEND, 0, 2, 3)) } },
	{ "no room is told", true, { .capacity = 1, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, NOW, .result = -EAGAIN),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1))) } },
	{ "one more than there is room for", false, { .capacity = 1, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, NOW),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1)), OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2))) } },
	{ "nothing there, it says", false, { .capacity = 1, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 3, NOW, .result = -EAGAIN),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1))) } },
	{ "a rendezvous", true, { .capacity = 0, HISTORY(
		OPERATION(SEND, 0, 0, 3), OPERATION(RECEIVE, 1, 2, 5, GOT(0, 1))) } },
	{ "a rendezvous with nobody", false, { .capacity = 0, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 5, GOT(0, 1))) } },
	{ "a deadline", true, { .capacity = 1, HISTORY(
		OPERATION(RECEIVE, 1, 0, 5, UNTIL(4), .result = -ETIMEDOUT)) } },
	{ "before its deadline", false, { .capacity = 1, HISTORY(
		OPERATION(RECEIVE, 1, 0, 3, UNTIL(4), .result = -ETIMEDOUT)) } },
	{ "withdrawn", true, { .capacity = 0, HISTORY(
		OPERATION(SEND, 0, 0, 5, .result = -EINTR),
		OPERATION(RECEIVE, 1, 6, 7, NOW, .result = -EAGAIN)) } },
	{ "withdrawn, and received", false, { .capacity = 0, HISTORY(
		OPERATION(SEND, 0, 0, 5, .result = -EINTR),
		OPERATION(RECEIVE, 1, 2, 7, GOT(0, 1))) } },
	{ "killed before it sent", true, { .capacity = 1, HISTORY(
		OPERATION(SEND, 0, 0, 5, .state = KILLED),
		OPERATION(RECEIVE, 1, 6, 7, NOW, .result = -EAGAIN)) } },
	{ "killed after it sent", true, { .capacity = 1, HISTORY(
		OPERATION(SEND, 0, 0, 5, .state = KILLED),
		OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1))) } },
	{ "sent by the dead", false, { .capacity = 1, HISTORY(
		OPERATION(SEND, 0, 0, 5, .state = KILLED),
		OPERATION(RECEIVE, 1, 6, 7, NOW, .result = -EAGAIN),
		OPERATION(RECEIVE, 1, 8, 9, GOT(0, 1))) } },
	{ "put back where it was", true, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
		OPERATION(RECEIVE, 1, 4, 5, .is_bad = true, .result = -EFAULT),
		OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1)), OPERATION(RECEIVE, 1, 8, 9, GOT(1, 2))) } },
	{ "put back elsewhere", false, { .capacity = 2, HISTORY(
		OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
		OPERATION(RECEIVE, 1, 4, 5, .is_bad = true, .result = -EFAULT),
		OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2)), OPERATION(RECEIVE, 1, 8, 9, GOT(0, 1))) } },
	{ "who waits beside what he waits for", false, { .capacity = 1, HISTORY(
		OPERATION(RECEIVE, 1, 0, 9, .result = -EINTR), OPERATION(SEND, 0, 2, 3),
		OPERATION(STAT, 2, 4, 5, .sight = {
			.queued = 1, .receivers = 1, .next_seq = 2 }),
		OPERATION(RECEIVE, 2, 10, 11, GOT(1, 1))) } },
};

/* What the table leaves out. */
static void complete(struct operation *op)
{
	op->of = NONE;
	op->redelivered = -1;
	if (op->state == PLANNED)
		op->state = ENDED;
	if (op->kind != RECEIVE || op->result)
		op->got = NONE;
}

const char *known_next(int *nr, bool *is_right, enum verdict *verdict)
{
	static struct search search;
	struct history history;

	if (*nr == sizeof(known) / sizeof(known[0]))
		return NULL;
	history = known[*nr].history;
	history.first_seq = 1;
	while (history.nr < OPERATIONS_MAX && history.operations[history.nr].returned)
		complete(&history.operations[history.nr++]);
	*is_right = known[*nr].is_right;
	*verdict = search_history(&search, &history);
	return known[(*nr)++].name;
}
