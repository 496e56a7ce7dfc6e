/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a history is made of: the operations of one round, what they were asked for and what came of
 * it. It is shared between the processes that carry them out.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/types.h>

#define OPERATIONS_MAX	96
#define MEMBERS	3	/* of an event mailbox */
#define VECTOR_MAX	4	/* operations of one command */
#define SENDERS		6	/* of a channel */
#define PORTS_MAX	(1 + SENDERS)
#define NONE		(-1)

enum operation_kind { SEND, RECEIVE, PEEK, RESUME, CANCEL, SETTLE, EXPIRE, SET, STAT };

/* What to do with a message, beside IPCMBOX_SETTLE_ */
#define REPLY	0

/**
 * enum operation_state - how far an operation is
 * @PLANNED: not begun, and as long as that is so it is no part of the history
 * @BEGUN: its process is in the kernel, or on its way to or from it
 * @ENDED: it returned
 * @KILLED: its process was killed meanwhile: it may have done all, or a part, or nothing
 */
enum operation_state { PLANNED, BEGUN, ENDED, KILLED };

/**
 * enum step - what an operation can do
 * @ARRIVE: to the mailbox
 * @GO_ON: with what takes several steps
 * @TAKE: its message, for good: all is copied
 * @PUT_BACK: its message
 * @LEAVE: give up waiting; if a receiver has the message in its hands, take it away there
 * @LEAVE_WORD: the same, but the receiver will find that nobody wants it received any more
 * @DIE: the same, but the message is the receiver's
 */
enum step { ARRIVE, GO_ON, TAKE, PUT_BACK, LEAVE, LEAVE_WORD, DIE };
#define STEPS	(DIE + 1)

/**
 * struct sight - what STAT shows of a mailbox at one moment
 * @queued: messages in the queue
 * @held: leased, and not settled
 * @receivers: receives that wait
 * @senders: sends that wait, for whatever
 * @next_seq: number of the next message
 */
struct sight {
	__u32 queued;
	__u32 held;
	__u32 receivers;
	__u32 senders;
	__u64 next_seq;
};

/**
 * struct operation - one of them
 * @kind: which
 * @state: how far
 * @worker: who does it; what one worker does comes in the order of the array
 * @port: where: 0 the mailbox, else the member or lane
 * @vector: SEND, RECEIVE, PEEK: how many are one command from this one on; 0: done with one before
 * @waits_for_one: RECEIVE, PEEK: of a vector: none but this, the first, can wait
 * @of: SETTLE, EXPIRE: the receive whose message it is about; RESUME, CANCEL: the call
 * @flags: IPCMBOX_NONBLOCK, IPCMBOX_DEADLINE, IPCMBOX_LEASE
 * @is_call: SEND: with a reply
 * @is_bad: RECEIVE: the buffer is nowhere; call, RESUME: that for the reply
 * @is_long: SEND: so long that it is lent and not copied, if it is waited for
 * @priority: SEND: of the message; RECEIVE, PEEK: the least
 * @completion: SEND: what it waits for
 * @events: SEND: of the message; RECEIVE, PEEK: those wanted, 0: all
 * @action: SETTLE: what to do
 * @capacity: SET: from now on
 * @overflow: SET: likewise
 * @pause: what to do before: 0 nothing, 1 give way, else count up to it
 * @lease_ns: RECEIVE with LEASE: for how long
 * @deadline_ns: with DEADLINE: from its begin, and once it has begun, on CLOCK_MONOTONIC
 * @invoked: when it began, on CLOCK_MONOTONIC
 * @returned: when it returned, or was certainly over as its process was
 * @result: 0, IPCMBOX_SENT_DROPPED, or -errno
 * @got: RECEIVE, PEEK: the send that sent what was received; call, RESUME: the SETTLE that replied
 * @is_kept: call, RESUME: it can be resumed
 * @seq: likewise: its number
 * @lost: likewise: losses told of
 * @redelivered: likewise: how often it had come back, or -1 if that was not asked
 * @token: of a RECEIVE: for SETTLE; of a call: for RESUME and CANCEL, 0: it is over
 * @sight: STAT
 */
struct operation {
	enum operation_kind kind;
	enum operation_state state;
	int worker;
	int port;
	int vector;
	bool waits_for_one;
	int of;
	__u32 flags;
	bool is_call;
	bool is_bad;
	bool is_long;
	__u32 priority;
	__u32 completion;
	__u32 events;
	__u32 action;
	__u32 capacity;
	__u32 overflow;
	__u32 pause;
	__u64 lease_ns;
	__u64 deadline_ns;
	__u64 invoked;
	__u64 returned;
	int result;
	int got;
	bool is_kept;
	__u64 seq;
	__u64 lost;
	int redelivered;
	__u64 token;
	struct sight sight;
};

/**
 * struct bounds - how much there can be, and what is done if there is more
 * @capacity: messages
 * @overflow: policy
 */
struct bounds {
	__u32 capacity;
	__u32 overflow;
};

/**
 * struct history - the operations of one round at one mailbox, which was empty before
 * @discipline: of the mailbox
 * @nr_parts: how many members or lanes it has
 * @bounds: in the beginning: of the mailbox, and of its members or lanes
 * @masks: of the members: the events they get
 * @first_seq: number of the first message
 * @nr: how many operations there are
 * @operations: they
 */
struct history {
	__u32 discipline;
	int nr_parts;
	struct bounds bounds[PORTS_MAX];
	__u32 masks[PORTS_MAX];
	__u64 first_seq;
	int nr;
	struct operation operations[OPERATIONS_MAX];
};

static inline bool is_nonblocking(const struct operation *op)
{
	return op->flags & 1;
}

void operation_print(const struct history *history, int nr, __u64 origin);
void history_print(const struct history *history);

#endif /* OPERATION_H */
