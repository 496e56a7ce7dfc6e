// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histories that are known to be right or wrong: does the search tell them apart?
 */
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "known.h"
#include "search.h"

#define ROOM(room) .bounds = { { room }, { room }, { room } }
#define HISTORY(text, right, room, ...) \
	{ text, right, { ROOM(room), .operations = { __VA_ARGS__ } } }
#define GOOD(text, room, ...) HISTORY(text, true, room, __VA_ARGS__)
#define BAD(text, room, ...) HISTORY(text, false, room, __VA_ARGS__)
#define EVENT(text, right, room, ...) \
	{ text, right, { ROOM(room), .discipline = IPCMBOX_EVENT, .nr_parts = 2, \
			 .masks = { 0, 3, 3 }, .operations = { __VA_ARGS__ } } }
#define CHANNEL(text, right, room, ...) \
	{ text, right, { ROOM(room), .discipline = IPCMBOX_CHANNEL, .nr_parts = 2, \
			 .operations = { __VA_ARGS__ } } }
#define OPERATION(k, w, begin, end, ...) \
	{ .kind = k, .worker = w, .invoked = begin, .returned = end, __VA_ARGS__ }
#define GOT(message, number) .got = message, .seq = number
#define CALL		.is_call = true
#define AWAY		.is_kept = true, .result = -EINTR
#define LEASED		.flags = IPCMBOX_LEASE, .lease_ns = 100
#define FIRST_OF(n)	.vector = n
#define THEN		.vector = NONE
#define AT(part)	.port = part
#define NOW		.flags = IPCMBOX_NONBLOCK
#define UNTIL(time)	.flags = IPCMBOX_DEADLINE, .deadline_ns = time

static const struct {
	const char *name;
	bool is_right;
	struct history history;
} known[] = {
	GOOD("first in, first out", 2,
	     OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
	     OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1)), OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2))),
	BAD("last in, first out", 2,
	    OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
	    OPERATION(RECEIVE, 1, 4, 5, GOT(1, 2)), OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1))),
	GOOD("sent at the same time", 2,
	     OPERATION(SEND, 0, 0, 3), OPERATION(SEND, 1, 0, 3),
	     OPERATION(RECEIVE, 2, 4, 5, GOT(1, 1)), OPERATION(RECEIVE, 2, 6, 7, GOT(0, 2))),
	GOOD("the urgent one first", 2,
	     OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, .priority = 1),
	     OPERATION(RECEIVE, 1, 4, 5, GOT(1, 2)), OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1))),
	BAD("the urgent one last", 2,
	    OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, .priority = 1),
	    OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1)), OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2))),
	BAD("received twice", 2,
	    OPERATION(SEND, 0, 0, 1),
	    OPERATION(RECEIVE, 1, 2, 3, GOT(0, 1)), OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1))),
	BAD("received before it was sent", 2,
	    OPERATION(RECEIVE, 1, 0, 1, GOT(1, 1)), OPERATION(SEND, 0, 2, 3)),
	GOOD("no room is told", 1,
	     OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, NOW, .result = -EAGAIN),
	     OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1))),
	BAD("one more than there is room for", 1,
	    OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3, NOW),
	    OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1)), OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2))),
	BAD("nothing there, it says", 1,
	    OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 3, NOW, .result = -EAGAIN),
	    OPERATION(RECEIVE, 1, 4, 5, GOT(0, 1))),
	GOOD("a rendezvous", 0,
	     OPERATION(SEND, 0, 0, 3), OPERATION(RECEIVE, 1, 2, 5, GOT(0, 1))),
	BAD("a rendezvous with nobody", 0,
	    OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 5, GOT(0, 1))),
	GOOD("a deadline", 1,
	     OPERATION(RECEIVE, 1, 0, 5, UNTIL(4), .result = -ETIMEDOUT)),
	BAD("before its deadline", 1,
	    OPERATION(RECEIVE, 1, 0, 3, UNTIL(4), .result = -ETIMEDOUT)),
	GOOD("withdrawn", 0,
	     OPERATION(SEND, 0, 0, 5, .result = -EINTR),
	     OPERATION(RECEIVE, 1, 6, 7, NOW, .result = -EAGAIN)),
	BAD("withdrawn, and received", 0,
	    OPERATION(SEND, 0, 0, 5, .result = -EINTR),
	    OPERATION(RECEIVE, 1, 2, 7, GOT(0, 1))),
	GOOD("killed before it sent", 1,
	     OPERATION(SEND, 0, 0, 5, .state = KILLED),
	     OPERATION(RECEIVE, 1, 6, 7, NOW, .result = -EAGAIN)),
	GOOD("killed after it sent", 1,
	     OPERATION(SEND, 0, 0, 5, .state = KILLED),
	     OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1))),
	BAD("sent by the dead", 1,
	    OPERATION(SEND, 0, 0, 5, .state = KILLED),
	    OPERATION(RECEIVE, 1, 6, 7, NOW, .result = -EAGAIN),
	    OPERATION(RECEIVE, 1, 8, 9, GOT(0, 1))),
	GOOD("put back where it was", 2,
	     OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
	     OPERATION(RECEIVE, 1, 4, 5, .is_bad = true, .result = -EFAULT),
	     OPERATION(RECEIVE, 1, 6, 7, GOT(0, 1)), OPERATION(RECEIVE, 1, 8, 9, GOT(1, 2))),
	BAD("put back elsewhere", 2,
	    OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 3),
	    OPERATION(RECEIVE, 1, 4, 5, .is_bad = true, .result = -EFAULT),
	    OPERATION(RECEIVE, 1, 6, 7, GOT(1, 2)), OPERATION(RECEIVE, 1, 8, 9, GOT(0, 1))),
	BAD("who waits beside what he waits for", 1,
	    OPERATION(RECEIVE, 1, 0, 9, .result = -EINTR), OPERATION(SEND, 0, 2, 3),
	    OPERATION(STAT, 2, 4, 5, .sight = {
	    .queued = 1, .receivers = 1, .next_seq = 2 }),
	    OPERATION(RECEIVE, 2, 10, 11, GOT(1, 1))),
	GOOD("a vector up to what failed", 2,
	     OPERATION(SEND, 0, 0, 1, FIRST_OF(3)), OPERATION(SEND, 0, 0, 1, THEN),
	     OPERATION(SEND, 0, 0, 1, NOW, THEN, .result = -EAGAIN),
	     OPERATION(RECEIVE, 1, 2, 3, GOT(0, 1), FIRST_OF(3)),
	     OPERATION(RECEIVE, 1, 2, 3, GOT(1, 2), THEN),
	     OPERATION(RECEIVE, 1, 2, 3, NOW, THEN, .result = -EAGAIN)),
	GOOD("another one between", 3,
	     OPERATION(SEND, 0, 0, 3, FIRST_OF(2)), OPERATION(SEND, 0, 0, 3, THEN),
	     OPERATION(SEND, 1, 0, 3),
	     OPERATION(RECEIVE, 2, 4, 5, GOT(0, 1), FIRST_OF(3)),
	     OPERATION(RECEIVE, 2, 4, 5, GOT(2, 2), THEN),
	     OPERATION(RECEIVE, 2, 4, 5, GOT(1, 3), THEN)),
	BAD("a vector backwards", 2,
	    OPERATION(SEND, 0, 0, 1, FIRST_OF(2)), OPERATION(SEND, 0, 0, 1, THEN),
	    OPERATION(RECEIVE, 1, 2, 3, GOT(1, 1)), OPERATION(RECEIVE, 1, 4, 5, GOT(0, 2))),
	BAD("a vector with a hole", 3,
	    OPERATION(SEND, 0, 0, 1, FIRST_OF(3)), OPERATION(SEND, 0, 0, 1, THEN),
	    OPERATION(SEND, 0, 0, 1, THEN),
	    OPERATION(RECEIVE, 1, 2, 3, GOT(0, 1)), OPERATION(RECEIVE, 1, 4, 5, GOT(2, 2))),
	BAD("on after what failed", 1,
	    OPERATION(SEND, 0, 0, 1),
	    OPERATION(SEND, 1, 2, 5, FIRST_OF(2), NOW, .result = -EAGAIN),
	    OPERATION(SEND, 1, 2, 5, THEN),
	    OPERATION(RECEIVE, 2, 4, 7, GOT(0, 1)), OPERATION(RECEIVE, 2, 8, 9, GOT(2, 2))),
	GOOD("killed in a vector", 2,
	     OPERATION(SEND, 0, 0, 1, FIRST_OF(2), .state = KILLED),
	     OPERATION(SEND, 0, 0, 1, THEN, .state = KILLED),
	     OPERATION(RECEIVE, 1, 2, 3, GOT(0, 1))),
	BAD("killed, and the second is there", 2,
	    OPERATION(SEND, 0, 0, 1, FIRST_OF(2), .state = KILLED),
	    OPERATION(SEND, 0, 0, 1, THEN, .state = KILLED),
	    OPERATION(RECEIVE, 1, 2, 3, GOT(1, 1))),
	GOOD("a call", 1,
	     OPERATION(SEND, 0, 0, 9, CALL, .got = 2),
	     OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)), OPERATION(SETTLE, 1, 4, 5, .of = 1)),
	GOOD("a call that is resumed", 1,
	     OPERATION(SEND, 0, 0, 5, CALL, AWAY), OPERATION(RESUME, 0, 6, 11, .of = 0, .got = 3),
	     OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)), OPERATION(SETTLE, 1, 8, 9, .of = 2)),
	GOOD("replied to while away", 1,
	     OPERATION(SEND, 0, 0, 5, CALL, AWAY), OPERATION(RESUME, 0, 8, 9, .of = 0, .got = 3),
	     OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)), OPERATION(SETTLE, 1, 6, 7, .of = 2)),
	GOOD("refused while away", 1,
	     OPERATION(SEND, 0, 0, 5, CALL, AWAY),
	     OPERATION(RESUME, 0, 8, 9, .of = 0, .result = -EPIPE),
	     OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)),
	     OPERATION(SETTLE, 1, 6, 7, .of = 2, .action = IPCMBOX_SETTLE_REFUSE)),
	BAD("the reply of another", 2,
	    OPERATION(SEND, 0, 0, 9, CALL, .got = 5), OPERATION(SEND, 1, 0, 9, CALL, .got = 4),
	    OPERATION(RECEIVE, 2, 2, 3, LEASED, GOT(0, 1)),
	    OPERATION(RECEIVE, 2, 4, 5, LEASED, GOT(1, 2)),
	    OPERATION(SETTLE, 2, 6, 7, .of = 2), OPERATION(SETTLE, 2, 8, 9, .of = 3)),
	BAD("a reply that comes twice", 1,
	    OPERATION(SEND, 0, 0, 5, CALL, AWAY), OPERATION(RESUME, 0, 8, 9, .of = 0, .got = 4),
	    OPERATION(RESUME, 0, 10, 11, .of = 0, .got = 4),
	    OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)), OPERATION(SETTLE, 1, 6, 7, .of = 3)),
	BAD("a reply that is lost", 1,
	    OPERATION(SEND, 0, 0, 5, CALL, AWAY),
	    OPERATION(RESUME, 0, 8, 9, .of = 0, .result = -ESTALE),
	    OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)), OPERATION(SETTLE, 1, 6, 7, .of = 2)),
	BAD("withdrawn, and yet replied to", 1,
	    OPERATION(SEND, 0, 0, 5, CALL, .result = -EINTR),
	    OPERATION(RECEIVE, 1, 2, 3, LEASED, GOT(0, 1)), OPERATION(SETTLE, 1, 6, 7, .of = 1)),
	CHANNEL("lanes in any order", true, 1,
		OPERATION(SEND, 0, 0, 1, AT(1)), OPERATION(SEND, 1, 2, 3, AT(2)),
		OPERATION(RECEIVE, 2, 4, 5, GOT(1, 0)), OPERATION(RECEIVE, 2, 6, 7, GOT(0, 0))),
	CHANNEL("a lane backwards", false, 2,
		OPERATION(SEND, 0, 0, 1, AT(1)), OPERATION(SEND, 0, 2, 3, AT(1)),
		OPERATION(RECEIVE, 2, 4, 5, GOT(1, 0)), OPERATION(RECEIVE, 2, 6, 7, GOT(0, 0))),
	CHANNEL("nothing in any lane, it says", false, 1,
		OPERATION(SEND, 0, 0, 1, AT(2)),
		OPERATION(RECEIVE, 1, 2, 3, NOW, .result = -EAGAIN),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 0))),
	CHANNEL("asleep beside a message", false, 1,
		OPERATION(RECEIVE, 0, 0, 9, .result = -EINTR), OPERATION(SEND, 1, 2, 3, AT(2)),
		OPERATION(STAT, 2, 4, 5, .sight = { .receivers = 1 }),
		OPERATION(RECEIVE, 0, 10, 11, GOT(1, 0))),
	CHANNEL("asleep beside room", false, 1,
		OPERATION(SEND, 0, 0, 1, AT(1)), OPERATION(SEND, 0, 2, 9, AT(1)),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 0)),
		OPERATION(STAT, 2, 6, 7, .sight = { .senders = 1 }),
		OPERATION(RECEIVE, 1, 10, 11, GOT(1, 0))),
	CHANNEL("a lane that is full", true, 1,
		OPERATION(SEND, 0, 0, 1, AT(1)), OPERATION(SEND, 0, 2, 7, AT(1)),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 0)), OPERATION(RECEIVE, 1, 8, 9, GOT(1, 0))),
	CHANNEL("more than a lane has room for", false, 1,
		OPERATION(SEND, 0, 0, 1, AT(1)), OPERATION(SEND, 0, 2, 3, AT(1)),
		OPERATION(RECEIVE, 1, 4, 5, GOT(0, 0)), OPERATION(RECEIVE, 1, 8, 9, GOT(1, 0))),
	EVENT("for both", true, 1,
	      OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 3, AT(1), GOT(0, 1)),
	      OPERATION(RECEIVE, 1, 4, 5, AT(2), GOT(0, 1))),
	EVENT("for one of two", false, 1,
	      OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 3, AT(1), GOT(0, 1)),
	      OPERATION(RECEIVE, 1, 4, 5, AT(2), NOW, .result = -EAGAIN)),
	EVENT("for one after the other", true, 1,
	      OPERATION(SEND, 0, 0, 9), OPERATION(RECEIVE, 1, 2, 3, AT(1), GOT(0, 1)),
	      OPERATION(RECEIVE, 1, 4, 5, AT(2), NOW, .result = -EAGAIN),
	      OPERATION(RECEIVE, 1, 10, 11, AT(2), GOT(0, 1))),
	EVENT("in two orders", false, 2,
	      OPERATION(SEND, 0, 0, 3), OPERATION(SEND, 1, 0, 3),
	      OPERATION(RECEIVE, 2, 4, 5, AT(1), GOT(0, 1)),
	      OPERATION(RECEIVE, 2, 6, 7, AT(1), GOT(1, 2)),
	      OPERATION(RECEIVE, 2, 8, 9, AT(2), GOT(1, 1)),
	      OPERATION(RECEIVE, 2, 10, 11, AT(2), GOT(0, 2))),
	EVENT("held up by the slow one", true, 1,
	      OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 11),
	      OPERATION(RECEIVE, 1, 4, 5, AT(1), GOT(0, 1)),
	      OPERATION(RECEIVE, 1, 6, 7, AT(1), NOW, .result = -EAGAIN),
	      OPERATION(RECEIVE, 1, 8, 9, AT(2), GOT(0, 1)),
	      OPERATION(RECEIVE, 1, 12, 13, AT(1), GOT(1, 2)),
	      OPERATION(RECEIVE, 1, 14, 15, AT(2), GOT(1, 2))),
	EVENT("refused, and yet received", false, 1,
	      OPERATION(SEND, 0, 0, 1), OPERATION(RECEIVE, 1, 2, 3, AT(1), GOT(0, 1)),
	      OPERATION(SEND, 0, 4, 5, NOW, .result = -EAGAIN),
	      OPERATION(RECEIVE, 1, 6, 7, AT(1), GOT(2, 2))),
	EVENT("still waiting when all are ready", false, 1,
	      OPERATION(SEND, 0, 0, 1), OPERATION(SEND, 0, 2, 13),
	      OPERATION(RECEIVE, 1, 4, 5, AT(1), GOT(0, 1)),
	      OPERATION(RECEIVE, 1, 6, 7, AT(2), GOT(0, 1)),
	      OPERATION(STAT, 1, 8, 9, .sight = { .senders = 1, .next_seq = 3 }),
	      OPERATION(RECEIVE, 1, 10, 11, AT(1), GOT(1, 2)),
	      OPERATION(RECEIVE, 1, 10, 11, AT(2), GOT(1, 2))),
};

/* What the table leaves out. */
static void complete(struct operation *op)
{
	if (op->kind != SETTLE && op->kind != RESUME && op->kind != CANCEL)
		op->of = NONE;
	if (op->is_call)
		op->completion = IPCMBOX_HANDLED;
	op->redelivered = -1;
	if (op->vector == NONE)
		op->vector = 0;
	else if (!op->vector)
		op->vector = 1;
	if (op->state == PLANNED)
		op->state = ENDED;
	if ((op->kind != RECEIVE && op->kind != RESUME && !op->is_call) || op->result)
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
