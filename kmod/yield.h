/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_YIELD_H
#define _IPCMBOX_YIELD_H

#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "backoff.h"

/**
 * DOC: Giving way
 *
 * Where the peer runs on the same CPU there is no sense in spinning, and going to sleep costs both
 * sides: the one leaves the run queue, the other puts it back. Who waits there can give way
 * instead, as sched_yield() does: it stays runnable, the peer runs, and when the CPU comes back
 * what it has waited for is there as a rule. Nobody was woken then, for nobody slept.
 *
 * It is bad where somebody else takes the CPU: whoever completes the waiter sees that it is awake,
 * and does not wake it, so that it goes on only when that other task's time is up. So giving way
 * is backed off from (see backoff.h) when the waiter was not completed meanwhile, or when a clock
 * tick went by: a peer that answers takes a small part of one. Nothing is learned from a yield
 * after which nobody else has run. A port begins as after some failures. At worst one wait in 1024
 * is late, by as long as the others on the CPU may run before it is the waiter's turn; so is its
 * look at a signal, its own death, or its deadline, which it takes when it goes on to sleep.
 *
 * Nobody gives way at events and at ports with several receivers: one of them would run, and not
 * the peer. Real-time and deadline tasks never do, nor does anybody whose own deadline is near.
 *
 * The module parameter "yield" switches it off.
 */

/* What a port begins with: who waits a few times only, or next to many, tries nothing. */
#define IPCMBOX_YIELD_BEGIN	((struct ipcmbox_backoff){ .pause = 63, .level = 6 })
/* At most 1023 waits in a row do not give way because others did in vain. */
#define IPCMBOX_YIELD_TOP	9
/* In vain it costs half of what it saves otherwise, and may be late besides. */
#define IPCMBOX_YIELD_STREAK	16

/* No waiter gives way whose deadline is nearer: others may have the CPU for so long. */
#define IPCMBOX_YIELD_NS	(10 * NSEC_PER_MSEC)

/**
 * enum ipcmbox_yielded - what came of giving way
 * @IPCMBOX_YIELDED_NOT: nobody else has run
 * @IPCMBOX_YIELDED_SHORT: others have, for a small part of a tick
 * @IPCMBOX_YIELDED_LONG: others have, for longer
 */
enum ipcmbox_yielded {
	IPCMBOX_YIELDED_NOT,
	IPCMBOX_YIELDED_SHORT,
	IPCMBOX_YIELDED_LONG,
};

/* The module parameter yield, which root changes at any time. */
extern bool ipcmbox_yield_enabled;

/* Is there somebody to give way to, and may the calling task? */
static inline bool ipcmbox_yield_may(void)
{
	/* Anybody with the right to changes the policy meanwhile: then it is as it was before. */
	return !single_task_running() && READ_ONCE(current->policy) == SCHED_NORMAL &&
	       READ_ONCE(ipcmbox_yield_enabled);
}

/* Gives way once. Context: may sleep. */
static inline enum ipcmbox_yielded ipcmbox_yield(void)
{
	/* The task's own, but it is preempted, and so counted, at any point, in between too. */
	unsigned long switches = READ_ONCE(current->nivcsw), begun = jiffies;

	yield();
	if (READ_ONCE(current->nivcsw) == switches)
		return IPCMBOX_YIELDED_NOT;
	return time_after(jiffies, begun) ? IPCMBOX_YIELDED_LONG : IPCMBOX_YIELDED_SHORT;
}

/**
 * ipcmbox_yield_learn() - a waiter has given way
 * @backoff: of its port
 * @how: what came of it
 * @completed: the waiter was completed meanwhile
 */
static inline void ipcmbox_yield_learn(struct ipcmbox_backoff *backoff, enum ipcmbox_yielded how,
				       bool completed)
{
	if (how == IPCMBOX_YIELDED_NOT)
		return;
	if (how == IPCMBOX_YIELDED_SHORT && completed)
		ipcmbox_backoff_succeed(backoff, IPCMBOX_YIELD_STREAK);
	else
		ipcmbox_backoff_fail(backoff, IPCMBOX_YIELD_TOP);
}

#endif /* _IPCMBOX_YIELD_H */
