// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations in words.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "operation.h"

static const char * const kinds[] = {
	[SEND] = "send", [RECEIVE] = "receive", [PEEK] = "peek", [RESUME] = "resume",
	[CANCEL] = "cancel", [SETTLE] = "settle",
	[EXPIRE] = "expire", [SET] = "set", [STAT] = "stat",
};

static const char * const completions[] = {
	[IPCMBOX_QUEUED] = "", [IPCMBOX_RECEIVED] = " until received",
	[IPCMBOX_HANDLED] = " until handled",
};

static const char * const overflows[] = {
	[IPCMBOX_OVERFLOW_BLOCK] = "blocks", [IPCMBOX_OVERFLOW_FAIL] = "fails",
	[IPCMBOX_OVERFLOW_DROP_OLDEST] = "drops the oldest",
	[IPCMBOX_OVERFLOW_DROP_NEWEST] = "drops the newest",
};

static const char * const actions[] = {
	[REPLY] = "reply", [IPCMBOX_SETTLE_ACK] = "ack", [IPCMBOX_SETTLE_REFUSE] = "refuse",
};

static void print_flags(const struct operation *op, __u64 origin)
{
	if (op->flags & IPCMBOX_NONBLOCK)
		fprintf(stderr, ", nonblocking");
	if (op->flags & IPCMBOX_DEADLINE)
		fprintf(stderr, ", until %lld us", (long long)(op->deadline_ns - origin) / 1000);
	if (op->flags & IPCMBOX_LEASE)
		fprintf(stderr, ", lease of %llu us", (unsigned long long)op->lease_ns / 1000);
	if (op->is_bad)
		fprintf(stderr, ", bad buffer");
	if (op->is_long)
		fprintf(stderr, ", long");
}

static void print_arguments(const struct operation *op, __u64 origin)
{
	switch (op->kind) {
	case SEND:
		fprintf(stderr, "%s priority %u events %x%s", op->is_call ? ", a call," : "",
			op->priority, op->events, completions[op->completion]);
		print_flags(op, origin);
		break;
	case RECEIVE:
	case PEEK:
		if (op->priority)
			fprintf(stderr, " priority >= %u", op->priority);
		if (op->events)
			fprintf(stderr, " events %x", op->events);
		print_flags(op, origin);
		break;
	case SETTLE:
		fprintf(stderr, " of %d: %s", op->of, actions[op->action]);
		break;
	case RESUME:
		fprintf(stderr, " of %d", op->of);
		print_flags(op, origin);
		break;
	case CANCEL:
	case EXPIRE:
		fprintf(stderr, " of %d", op->of);
		break;
	case SET:
		fprintf(stderr, " capacity %d, %s", (int)op->capacity, overflows[op->overflow]);
		break;
	case STAT:
		break;
	}
}

static void print_result(const struct operation *op)
{
	const struct sight *sight = &op->sight;

	if (op->state != ENDED)
		fprintf(stderr, op->state == KILLED ? "killed" : "has not returned");
	else if (op->result)
		fprintf(stderr, "%s", op->result < 0 ? strerrorname_np(-op->result) : "dropped");
	else if (op->kind == RECEIVE || op->kind == PEEK)
		fprintf(stderr, "message %d, seq %llu, lost %llu", op->got,
			(unsigned long long)op->seq, (unsigned long long)op->lost);
	else if (op->kind == STAT)
		fprintf(stderr, "%u queued, %u held, waiting: %u receivers, %u senders; next %llu",
			sight->queued, sight->held, sight->receivers, sight->senders,
			(unsigned long long)sight->next_seq);
	else if (op->got != NONE)
		fprintf(stderr, "reply %d", op->got);
	else
		fprintf(stderr, "done");
	if (op->is_kept)
		fprintf(stderr, ", can be resumed");
	if (op->state == ENDED && !op->result && op->redelivered > 0)
		fprintf(stderr, ", came back %d times", op->redelivered);
}

void operation_print(const struct history *history, int nr, __u64 origin)
{
	const struct operation *op = &history->operations[nr];

	fprintf(stderr, "# %3d worker %d %6lld ", nr, op->worker,
		(long long)(op->invoked - origin) / 1000);
	if (op->returned == UINT64_MAX || op->state == BEGUN)
		fprintf(stderr, "...     ");
	else
		fprintf(stderr, "..%6lld", (long long)(op->returned - origin) / 1000);
	fprintf(stderr, " us: %s", kinds[op->kind]);
	if (op->vector > 1)
		fprintf(stderr, ", first of %d%s,", op->vector,
			op->waits_for_one ? ", waits for one" : "");
	if (!op->vector)
		fprintf(stderr, ", then");
	if (op->port)
		fprintf(stderr, " at %d", op->port);
	print_arguments(op, origin);
	fprintf(stderr, ": ");
	print_result(op);
	fprintf(stderr, "\n");
}

static const struct history *printed;

static int by_begin(const void *a, const void *b)
{
	__u64 x = printed->operations[*(const int *)a].invoked;
	__u64 y = printed->operations[*(const int *)b].invoked;

	return x < y ? -1 : x > y;
}

static void print_bounds(const struct history *history)
{
	const struct bounds *bounds;
	int i;

	for (i = !!history->nr_parts; i <= history->nr_parts; i++) {
		bounds = &history->bounds[i];
		fprintf(stderr, "# ");
		if (i)
			fprintf(stderr, "member or lane %d, events %x, ", i, history->masks[i]);
		fprintf(stderr, "capacity %d, %s\n", (int)bounds->capacity,
			overflows[bounds->overflow]);
	}
	fprintf(stderr, "# first seq %llu\n", (unsigned long long)history->first_seq);
}

void history_print(const struct history *history)
{
	int order[OPERATIONS_MAX], n = 0, i;

	for (i = 0; i < history->nr; i++)
		if (history->operations[i].state != PLANNED)
			order[n++] = i;
	printed = history;
	qsort(order, n, sizeof(order[0]), by_begin);
	print_bounds(history);
	for (i = 0; i < n; i++)
		operation_print(history, order[i], history->operations[order[0]].invoked);
}
