/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_SPIN_H
#define _IPCMBOX_SPIN_H

#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "backoff.h"

/**
 * DOC: Spinning
 *
 * Going to sleep and being woken takes longer than most answers do. So who waits, and has the CPU
 * for itself, looks for its completion for a while before it sleeps; if that comes from another
 * CPU meanwhile, neither side pays for a sleep.
 *
 * How long is what a *budget* says, one for the receivers of a port and one for its senders. It is
 * learned, much as KVM's halt polling does it. A waiter that had to sleep, but not for much longer
 * than the module parameter spin_ns, gives the next one a budget: what it waited itself is the
 * peer's way through a sleep as well, which would not have slept either. If that comes in time the
 * budget stays; if it does not, and the budget cannot be raised any more, it was in vain, and is
 * backed off from, see backoff.h. So spinning in vain, as it is when the peer's virtual CPU does
 * not run, costs little in the long run, and a receiver that has little to do does not spin at all.
 *
 * Nobody spins, or learns, who is not the only one that wants its CPU: on a machine with one, or
 * next to its peer, a waiter has nothing to gain, but see yield.h. A task that becomes runnable
 * there, and any signal, end the spinning; so does the deadline.
 */

/* More than this is not believed of the parameter: what a deadline leaves is looked at once. */
#define IPCMBOX_SPIN_NS_MAX	NSEC_PER_MSEC

/* At most 127 waits in a row do not spin because others did in vain. */
#define IPCMBOX_SPIN_TOP	6
/* What spinning saves is more than what it costs in vain. */
#define IPCMBOX_SPIN_STREAK	1

/**
 * struct ipcmbox_spin - for how long to spin
 * @budget_ns: nanoseconds, 0 not at all (READ_ONCE() and WRITE_ONCE(), as @backoff)
 * @backoff: whether to spin, and to learn
 *
 * Nothing is written by a wait for which the budget was right.
 */
struct ipcmbox_spin {
	u32 budget_ns;
	struct ipcmbox_backoff backoff;
};

/* Has the calling task its CPU for itself? */
static inline bool ipcmbox_spin_is_alone(void)
{
	return !need_resched() && single_task_running();
}

/* The module parameter spin_ns, which root changes at any time. */
extern unsigned int ipcmbox_spin_ns;

/* How long a wait may spin now, in nanoseconds; 0: none does. */
static inline u32 ipcmbox_spin_limit(void)
{
	return min_t(u32, READ_ONCE(ipcmbox_spin_ns), IPCMBOX_SPIN_NS_MAX);
}

u32 ipcmbox_spin_budget(const struct ipcmbox_spin *spin, u32 limit);
void ipcmbox_spin_learn(struct ipcmbox_spin *spin, u32 budget, u64 waited_ns, u32 limit);

#endif /* _IPCMBOX_SPIN_H */
