/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mailbox as it is meant to be: what the manual says, for one who does one thing at a time.
 *
 * An operation that can block is not one thing. It arrives, and has what it wants or waits for it;
 * and what it waits for is decided by what others do, or it leaves. Each of these is a step of the
 * model, in the manner of the dual data structures of W. N. Scherer III and M. L. Scott,
 * "Nonblocking Concurrent Data Structures with Condition Synchronization", DISC 2004. So the model
 * knows who waits, who comes first, and that nobody waits for what is there.
 *
 * A message is the number of the SEND that sends it.
 */
#ifndef MODEL_H
#define MODEL_H

#include "operation.h"

/**
 * enum phase - how far an operation is in the model
 * @NEW: has not arrived
 * @WAITING: arrived, and waits
 * @TAKING: a receive with a message in its hands
 * @OVER: its outcome is decided
 */
enum phase { NEW, WAITING, TAKING, OVER };

/* Where a message is; @HELD: leased. */
enum place { NOWHERE, QUEUED, PENDING, TAKEN, HELD };

/**
 * enum step - what an operation can do
 * @ARRIVE: to the mailbox
 * @TAKE: its message, for good: all is copied
 * @PUT_BACK: its message
 * @LEAVE: give up waiting; if a receiver has the message in its hands, take it away there
 * @LEAVE_WORD: the same, but the receiver will find that nobody wants it received any more
 * @DIE: the same, but the message is the receiver's
 */
enum step { ARRIVE, TAKE, PUT_BACK, LEAVE, LEAVE_WORD, DIE };
#define STEPS	(DIE + 1)

/**
 * struct list - operations in order
 */
struct list {
	int nr;
	__s8 at[OPERATIONS_MAX];
};

/**
 * struct model - the mailbox, and how far all operations are
 * @now: no step can have happened before
 * @capacity: messages the queue holds
 * @overflow: policy
 * @next_seq: number of the next message
 * @lost_first: losses to be told with the next message taken
 * @lost_next: losses to be told with the next message accepted
 * @queue: messages, first to be received first
 * @pending: messages of senders that wait for room, in the same order
 * @receivers: that wait, in order of arrival
 * @phase: of each operation
 * @place: of each message
 * @unwanted: of each message: taken, and its sender has left word
 * @redelivered: of each message: how often it came back
 * @lost: of each message: losses before it
 * @seq: of each message: number, from the first of the history
 * @receiver: of each message: who took or holds it
 * @message: of each receive: what it took
 */
struct model {
	__u64 now;
	__u32 capacity;
	__u32 overflow;
	__u32 next_seq;
	__u32 lost_first;
	__u32 lost_next;
	struct list queue;
	struct list pending;
	struct list receivers;
	__u8 phase[OPERATIONS_MAX];
	__u8 place[OPERATIONS_MAX];
	bool unwanted[OPERATIONS_MAX];
	__u8 redelivered[OPERATIONS_MAX];
	__u8 lost[OPERATIONS_MAX];
	__u8 seq[OPERATIONS_MAX];
	__s8 receiver[OPERATIONS_MAX];
	__s8 message[OPERATIONS_MAX];
};

void model_begin(struct model *model, const struct history *history);
/* Returns false if the step is not one of the operation's, or does not fit what was recorded. */
bool model_step(struct model *model, const struct history *history, int nr, enum step step);
void model_print(const struct model *model);

#endif /* MODEL_H */
