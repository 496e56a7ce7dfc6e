// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performances.
 */
#include <errno.h>
#include <sched.h>

#include "ipcmbox_test.h"

#include "crew.h"
#include "perform.h"
#include "ring.h"

#define BAD_ADDRESS	16

struct payload {
	__u32 serial;
	int number;
};

static struct operation *at(int nr)
{
	return &stage->history.operations[nr];
}

/* One message. */

static bool is_channel(void)
{
	return stage->history.discipline == IPCMBOX_CHANNEL;
}

static size_t length_of(const struct operation *op)
{
	if (is_channel())
		return ring_length(stage->history.bounds[op->port].capacity);
	return op->is_long ? LENGTH_MAX : sizeof(struct payload);
}

static struct ipcmbox_send prepare_send(int nr, char *buf)
{
	const struct operation *op = at(nr);
	struct payload payload = { stage->serial, nr };
	size_t i;

	for (i = 0; i < length_of(op); i += sizeof(payload))
		memcpy(buf + i, &payload, sizeof(payload));
	return (struct ipcmbox_send){
		.buf_ptr = ptr_u64(buf), .buf_len = length_of(op),
		.flags = op->flags, .deadline_ns = op->deadline_ns, .priority = op->priority,
		.completion = op->completion, .events = op->events, .result = POISON32,
	};
}

static int perform_send(int nr)
{
	char buf[LENGTH_MAX];
	struct ipcmbox_send send = prepare_send(nr, buf);

	if (is_channel())
		return ring_send(at(nr)->port, buf, send.buf_len, send.flags, send.deadline_ns);
	return mailbox_send(stage->send_fd, &send);
}

static struct ipcmbox_recv prepare_receive(int nr, char *buf)
{
	const struct operation *op = at(nr);

	return (struct ipcmbox_recv){
		.buf_ptr = op->is_bad ? BAD_ADDRESS : ptr_u64(buf), .buf_len = LENGTH_MAX,
		.flags = op->flags | (op->kind == PEEK ? IPCMBOX_PEEK : 0),
		.deadline_ns = op->deadline_ns, .lease_ns = op->lease_ns,
		.min_priority = op->priority, .select_events = op->events, .result = POISON32,
	};
}

/* Who sent it; NONE: nobody in this round, or it is damaged. */
static int sender_of(const char *buf, size_t length)
{
	struct payload first, last;

	memcpy(&first, buf, sizeof(first));
	memcpy(&last, buf + length - sizeof(last), sizeof(last));
	if (first.serial != stage->serial || first.number < 0 || first.number >= OPERATIONS_MAX ||
	    memcmp(&first, &last, sizeof(first)) || length != length_of(at(first.number)))
		return NONE;
	return first.number;
}

/* Returns what the operation did. */
static int note_received(struct operation *op, const struct ipcmbox_recv *recv, const char *buf,
			 int ret)
{
	if (ret < 0)
		return ret;
	op->got = sender_of(buf, ret);
	op->seq = recv->seq;
	op->lost = recv->lost;
	return 0;
}

static int perform_receive(int nr)
{
	struct operation *op = at(nr);
	bool is_short = !op->events && !(op->flags & IPCMBOX_LEASE);
	int fd = stage->fds[op->port], ret;
	char buf[LENGTH_MAX];
	struct ipcmbox_recv recv = prepare_receive(nr, buf);

	if (is_channel())
		ret = ring_receive(buf, sizeof(buf), recv.flags, recv.deadline_ns);
	else
		ret = is_short ? mailbox_recv(fd, &recv) : mailbox_receive(fd, &recv);
	op->redelivered = is_short ? -1 : recv.redelivered;
	op->token = is_short ? 0 : recv.token;
	return note_received(op, &recv, buf, ret);
}

/* The call, or what goes on with it, at @nr; its request is that of @call. */
static int perform_call(int nr, int call)
{
	struct operation *op = at(nr);
	char request[LENGTH_MAX], reply[LENGTH_MAX];
	struct ipcmbox_send send = prepare_send(call, request);
	struct ipcmbox_call arg = {
		.buf_ptr = send.buf_ptr, .buf_len = send.buf_len, .flags = op->flags,
		.deadline_ns = op->deadline_ns, .priority = send.priority,
		.reply_ptr = op->is_bad ? BAD_ADDRESS : ptr_u64(reply), .reply_len = sizeof(reply),
		.cookie = op->kind == RESUME ? at(call)->token : 0,
	};
	int ret;

	ret = mailbox_call(stage->send_fd, &arg);
	at(call)->token = arg.cookie;
	op->is_kept = arg.cookie;
	if (ret < 0)
		return ret;
	/* An acknowledgment is empty. */
	if (ret)
		op->got = sender_of(reply, ret);
	return 0;
}

static int perform_cancel(struct operation *op)
{
	int ret = message_call(stage->send_fd, .flags = IPCMBOX_CALL_CANCEL,
			       .cookie = at(op->of)->token);

	at(op->of)->token = 0;
	return ret;
}

static int perform_settle(int nr)
{
	const struct operation *op = at(nr);
	struct payload payload = { stage->serial, nr };
	int fd = stage->fds[op->port];
	__u64 token = at(op->of)->token;

	if (op->action != REPLY)
		return mailbox_settle(fd, token, op->action, 0);
	return message_reply(fd, .token = token, .buf_ptr = ptr_u64(&payload),
			     .buf_len = sizeof(payload));
}

static int perform_stat(struct operation *op)
{
	struct ipcmbox_info info;
	int ret = mailbox_stat(stage->fds[op->port], &info);

	op->sight = (struct sight){
		.queued = info.messages - info.receiving, .held = info.held,
		.receivers = info.waiting_receivers, .senders = info.waiting_senders,
		.next_seq = info.next_seq,
	};
	return ret;
}

static int perform_one(int nr)
{
	struct operation *op = at(nr);

	switch (op->kind) {
	case SEND:
		return op->is_call ? perform_call(nr, nr) : perform_send(nr);
	case RECEIVE:
	case PEEK:
		return perform_receive(nr);
	case RESUME:
		return perform_call(nr, op->of);
	case CANCEL:
		return perform_cancel(op);
	case SETTLE:
		return perform_settle(nr);
	case SET:
		return mailbox_change(stage->fds[op->port],
				      .mask = IPCMBOX_SET_MAX_MESSAGES | IPCMBOX_SET_OVERFLOW,
				      .max_messages = op->capacity, .overflow = op->overflow);
	case STAT:
		return perform_stat(op);
	case EXPIRE:
		break;
	}
	return -EINVAL;
}

/* Many. */

/* What is told of each, and of all together, must be the same. */
static void check_count(int nr, int n, int ret)
{
	int done = 0;

	while (done < n && at(nr + done)->state == ENDED && at(nr + done)->result >= 0)
		done++;
	if (ret != (done ? done : at(nr)->result))
		at(nr)->result = -EPROTO;
}

static void end(struct operation *op, int result, __u64 now)
{
	op->returned = now;
	op->result = result;
	__atomic_store_n(&op->state, ENDED, __ATOMIC_SEQ_CST);
}

/* What is poisoned still was not come to. */
static void end_element(struct operation *op, int result, __u64 now)
{
	if (result == (int)POISON32)
		__atomic_store_n(&op->state, PLANNED, __ATOMIC_SEQ_CST);
	else
		end(op, result, now);
}

static void perform_sends(int nr, int n)
{
	struct ipcmbox_send sends[VECTOR_MAX];
	char bufs[VECTOR_MAX][LENGTH_MAX];
	__u64 now;
	int i, ret;

	for (i = 0; i < n; i++)
		sends[i] = prepare_send(nr + i, bufs[i]);
	ret = mailbox_sendv(stage->send_fd, &(struct ipcmbox_vector){
			    .array_ptr = ptr_u64(sends), .count = n });
	now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	for (i = 0; i < n; i++)
		end_element(at(nr + i), sends[i].result, now);
	check_count(nr, n, ret);
}

static void perform_receives(int nr, int n)
{
	bool waits_for_one = at(nr)->waits_for_one;
	struct ipcmbox_recv recvs[VECTOR_MAX];
	char bufs[VECTOR_MAX][LENGTH_MAX];
	struct operation *op;
	__u64 now;
	int i, ret;

	for (i = 0; i < n; i++) {
		recvs[i] = prepare_receive(nr + i, bufs[i]);
		/* The kernel knows by itself that these do not wait. */
		if (i && waits_for_one)
			recvs[i].flags &= ~IPCMBOX_NONBLOCK;
	}
	ret = mailbox_recvv(stage->fds[at(nr)->port], &(struct ipcmbox_vector){
			    .array_ptr = ptr_u64(recvs), .count = n,
			    .flags = waits_for_one ? IPCMBOX_VECTOR_WAIT_FOR_ONE : 0 });
	now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	for (i = 0; i < n; i++) {
		op = at(nr + i);
		op->redelivered = recvs[i].redelivered;
		end_element(op, note_received(op, &recvs[i], bufs[i], recvs[i].result), now);
	}
	check_count(nr, n, ret);
}

/* When, and who has nothing to do. */

static void pause_for(__u32 pause)
{
	volatile __u32 i;

	if (pause == 1)
		sched_yield();
	else
		for (i = 0; i < pause; i++)
			;
}

static bool has_nothing_to_do(const struct operation *op)
{
	switch (op->kind) {
	case SETTLE:
		return at(op->of)->state != ENDED || at(op->of)->result;
	case RESUME:
	case CANCEL:
		return !at(op->of)->token;
	default:
		return false;
	}
}

static void begin(struct operation *op, __u64 now)
{
	op->invoked = now;
	if (op->flags & IPCMBOX_DEADLINE)
		op->deadline_ns += now;
	__atomic_store_n(&op->state, BEGUN, __ATOMIC_SEQ_CST);
}

void perform(int nr)
{
	int n = at(nr)->vector, i, result;
	__u64 now;

	if (has_nothing_to_do(at(nr)))
		return;
	pause_for(at(nr)->pause);
	now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	for (i = 0; i < n; i++)
		begin(at(nr + i), now);
	if (n == 1) {
		result = perform_one(nr);
		end(at(nr), result, now_ns(IPCMBOX_CLOCK_MONOTONIC));
	} else if (at(nr)->kind == SEND) {
		perform_sends(nr, n);
	} else {
		perform_receives(nr, n);
	}
}
