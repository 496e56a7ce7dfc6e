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

#include "call.h"
#include "event.h"
#include "operation.h"
#include "port.h"

/**
 * enum phase - how far an operation is in the model
 * @NEW: has not arrived
 * @BUSY: arrived, and looks whether it must wait
 * @WAITING: arrived, and waits
 * @TAKING: a receive with a message in its hands
 * @OVER: its outcome is decided: it did what it should
 * @FAILED: likewise: it did not
 */
enum phase { NEW, BUSY, WAITING, TAKING, OVER, FAILED };

/**
 * struct model - the mailbox, and how far all operations are
 * @history: that it has to explain
 * @now: no step can have happened before
 * @phase: of each operation
 * @seq: of each message: number, from the first of the history
 * @message: of each receive: what it took
 * @calls: who waits for replies
 * @fanout: the event that is on its way
 * @ports: the mailbox; of an event mailbox those of its members follow
 */
struct model {
	const struct history *history;
	__u64 now;
	__u8 phase[OPERATIONS_MAX];
	__u8 seq[OPERATIONS_MAX];
	__s8 message[OPERATIONS_MAX];
	struct calls calls;
	struct fanout fanout;
	struct port ports[PORTS_MAX];
};

void model_begin(struct model *model, const struct history *history);
/* How much of it there is: not all ports are needed. */
size_t model_size(const struct model *model);
/* Returns false if the step is not one of the operation's, or does not fit what was recorded. */
bool model_step(struct model *model, int nr, enum step step);
/* Nothing is left for it to do, and it can return. */
bool model_is_over(const struct model *model, int nr);
/* The outcome of an operation is decided. Returns whether it is the one that was recorded. */
bool model_conclude(struct model *model, int nr, int result);
void model_print(const struct model *model);

static inline const struct operation *at(const struct model *model, int nr)
{
	return &model->history->operations[nr];
}

#endif /* MODEL_H */
