/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_WAIT_H
#define _IPCMBOX_WAIT_H

#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/fcntl.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <uapi/linux/ipcmbox.h>

#include "message.h"

struct ipcmbox_lane;
struct ipcmbox_notification;
struct ipcmbox_patience;
struct ipcmbox_reception;
struct ipcmbox_sending;
struct task_struct;

/**
 * DOC: Waiting
 *
 * This is the only place of the module that sleeps for something to happen and that wakes who
 * sleeps. A blocked call is a &struct ipcmbox_waiter on the stack of its task, linked into a port.
 * Whoever has what it waits for *claims* the waiter under the port's lock (takes it off the port
 * and puts it on a &struct ipcmbox_wakes of its own, with the result filled in) and *completes* it
 * after dropping the lock. One task is woken per claim; nobody is woken to look and sleep again.
 *
 * A waiter that wants to leave (signal, deadline) takes the port's lock. Not yet claimed, it
 * unlinks itself and is free to go. Claimed, its call has an outcome already: it waits for the
 * completion, which is at most a few instructions of another task away, and returns that outcome.
 * So an outcome is never lost, and the memory of a waiter is never touched after its completion.
 *
 * Completion is one atomic operation on &ipcmbox_waiter.state. It tells whether the waiter is
 * parked, and only a parked one is woken. Before it parks, a waiter may look for its completion for
 * a while or give way to others, see spin.h and yield.h; whoever completes it need not know.
 */

/* A deadline that no clock reaches. */
#define IPCMBOX_FOREVER		KTIME_MAX

/**
 * struct ipcmbox_deadline - how long a call may wait
 * @expires: absolute time on @clock, %IPCMBOX_FOREVER, meaningless if @nonblock
 * @clock: CLOCK_MONOTONIC, CLOCK_REALTIME or CLOCK_BOOTTIME
 * @nonblock: the call must not wait at all
 *
 * Owned by the calling task, constant once imported.
 */
struct ipcmbox_deadline {
	ktime_t expires;
	clockid_t clock;
	bool nonblock;
};

/**
 * enum ipcmbox_waiter_state - protocol word of a waiter
 * @IPCMBOX_WAITER_AWAKE: not completed, its task may be running
 * @IPCMBOX_WAITER_PARKED: not completed, its task sleeps or is about to: completing must wake it
 * @IPCMBOX_WAITER_DONE: completed; the waiter's memory belongs to its task alone again
 */
enum ipcmbox_waiter_state {
	IPCMBOX_WAITER_AWAKE,
	IPCMBOX_WAITER_PARKED,
	IPCMBOX_WAITER_DONE,
};

/**
 * struct ipcmbox_waiter - a blocked call
 * @task: who waits (constant)
 * @link: in a port's receivers or senders (port lock)
 * @next_claimed: claimed: the next in &ipcmbox_wakes.claimed (owner of the wakes)
 * @state: &enum ipcmbox_waiter_state (atomic)
 * @claimed: taken off the port, completion is on its way (port lock)
 * @conclude: receiver: its message must be finished under the lock: somebody waits for it to be
 *	received, or it will be held (as @message)
 * @result: 0 or -errno of the wait (as @message)
 * @leaving: sender: the error it wants to leave with while its message is taken, or 0 (port lock)
 * @sending: sender: the send (constant)
 * @reception: receiver: the receive (constant)
 * @lane: at a channel: the producer's lane, NULL: the consumer (constant)
 * @message: receiver: the message it got; sender: the message it sends (written under the port
 *	lock until claimed, then owned by the waiting task)
 * @lost: receiver: losses to report with @message (as @message)
 * @token: receiver: of the message it is going to hold, or 0, if @conclude; sender: of the message
 *	that was received when it left, or that was replied to, or 0 (as @message)
 * @call_deadline: receiver: when the sender gives up, if @token (as @message)
 * @reply: sender: the reply, which it owns, or NULL (as @message)
 * @since: jiffies when it began to wait (constant)
 */
struct ipcmbox_waiter {
	struct task_struct *task;
	union {
		struct list_head link;
		struct ipcmbox_waiter *next_claimed;
	};
	int state;
	bool claimed;
	bool conclude;
	int result;
	int leaving;
	union {
		struct ipcmbox_sending *sending;
		struct ipcmbox_reception *reception;
		const struct ipcmbox_lane *lane;
	};
	struct ipcmbox_message *message;
	u64 lost;
	u64 token;
	struct ipcmbox_deadline call_deadline;
	struct ipcmbox_message *reply;
	unsigned long since;
};

/* What is not to be done after every other step, in &ipcmbox_wakes.rare. */
#define IPCMBOX_WAKES_VICTIMS	BIT(0)	/* messages to put */
#define IPCMBOX_WAKES_NOTIFY	BIT(1)	/* notifications to deliver */
#define IPCMBOX_WAKES_ROOM	BIT(2)	/* there may be room for events that wait for it */
#define IPCMBOX_WAKES_POLL_ALL	BIT(3)	/* @poll: all pollers, not one of the exclusive ones */

/**
 * struct ipcmbox_wakes - what to do after the port's lock is dropped
 * @claimed: the first waiter to complete, or NULL
 * @last_claimed: the last one, if there is one
 * @victims: messages to put
 * @notifications: to deliver
 * @poll: poll events to announce
 * @rare: IPCMBOX_WAKES_*
 *
 * On the stack of one task, private to it.
 */
struct ipcmbox_wakes {
	struct ipcmbox_waiter *claimed;
	struct ipcmbox_waiter *last_claimed;
	struct ipcmbox_message *victims;
	struct ipcmbox_notification *notifications;
	__poll_t poll;
	u32 rare;
};

u64 ipcmbox_deadline_export(const struct ipcmbox_deadline *deadline);
int ipcmbox_deadline_set(struct ipcmbox_deadline *deadline, u32 clock, u64 ns);

/**
 * ipcmbox_deadline_import() - validate what a caller says about waiting
 * @deadline: filled in
 * @flags: IPCMBOX_NONBLOCK, IPCMBOX_DEADLINE; others are not looked at
 * @clock: IPCMBOX_CLOCK_*
 * @ns: absolute time on @clock
 *
 * Return: 0, or -EINVAL: both flags, unknown clock, or a time or clock without the flag for it.
 */
static inline int ipcmbox_deadline_import(struct ipcmbox_deadline *deadline, u32 flags, u32 clock,
					  u64 ns)
{
	deadline->nonblock = flags & IPCMBOX_NONBLOCK;
	deadline->clock = CLOCK_MONOTONIC;
	deadline->expires = IPCMBOX_FOREVER;

	if (unlikely(flags & IPCMBOX_DEADLINE))
		return ipcmbox_deadline_set(deadline, clock, ns);
	return clock || ns ? -EINVAL : 0;
}

/**
 * ipcmbox_deadline_set_plain() - set what a caller wants who says nothing about waiting
 * @deadline: filled in
 * @file_flags: of the descriptor, which may have O_NONBLOCK
 */
static inline void ipcmbox_deadline_set_plain(struct ipcmbox_deadline *deadline,
					      unsigned int file_flags)
{
	deadline->nonblock = file_flags & O_NONBLOCK;
	deadline->clock = CLOCK_MONOTONIC;
	deadline->expires = IPCMBOX_FOREVER;
}

/**
 * ipcmbox_waiter_init() - make a waiter for the calling task
 * @waiter: of a send, a receive or a lane, which its owner has set
 */
static inline void ipcmbox_waiter_init(struct ipcmbox_waiter *waiter)
{
	INIT_LIST_HEAD(&waiter->link);
	waiter->task = current;
	waiter->state = IPCMBOX_WAITER_AWAKE;
	waiter->claimed = false;
	waiter->since = jiffies;
}

int ipcmbox_waiter_sleep(struct ipcmbox_waiter *waiter, const struct ipcmbox_deadline *deadline);
int ipcmbox_waiter_wait(struct ipcmbox_waiter *waiter, const struct ipcmbox_deadline *deadline,
			struct ipcmbox_patience *patience);
int ipcmbox_waiter_sleep_killable(struct ipcmbox_waiter *waiter);
void ipcmbox_waiter_join(struct ipcmbox_waiter *waiter);

static inline void ipcmbox_wakes_init(struct ipcmbox_wakes *wakes)
{
	wakes->claimed = NULL;
	wakes->victims = NULL;
	wakes->notifications = NULL;
	wakes->poll = 0;
	wakes->rare = 0;
}

/**
 * ipcmbox_waiter_claim() - decide the outcome of a waiting call
 * @waiter: linked into a port and not claimed
 * @result: what its wait shall return
 * @wakes: completes it when flushed, which must follow once the lock is dropped
 *
 * Context: the port's lock is held.
 */
static inline void ipcmbox_waiter_claim(struct ipcmbox_waiter *waiter, int result,
					struct ipcmbox_wakes *wakes)
{
	waiter->claimed = true;
	waiter->result = result;
	list_del(&waiter->link);
	waiter->next_claimed = NULL;
	if (wakes->claimed)
		wakes->last_claimed->next_claimed = waiter;
	else
		wakes->claimed = waiter;
	wakes->last_claimed = waiter;
}

/**
 * ipcmbox_wakes_add_victim() - put a message later
 * @wakes: when they are flushed
 * @victim: not the caller's any more
 */
static inline void ipcmbox_wakes_add_victim(struct ipcmbox_wakes *wakes,
					    struct ipcmbox_message *victim)
{
	victim->next_victim = wakes->victims;
	wakes->victims = victim;
	wakes->rare |= IPCMBOX_WAKES_VICTIMS;
}

void ipcmbox_wakes_complete(const struct ipcmbox_wakes *wakes);
void ipcmbox_wakes_announce(const struct ipcmbox_wakes *wakes, wait_queue_head_t *pollers);
void ipcmbox_wakes_do_rare(const struct ipcmbox_wakes *wakes, wait_queue_head_t *pollers);

/**
 * ipcmbox_wakes_flush() - complete waiters, announce poll events, put victims, notify
 * @wakes: filled under a port's lock; used up afterwards
 * @pollers: wait queue of the port
 *
 * Context: any lock of the port dropped; may sleep if the port is of an event mailbox.
 */
static inline void ipcmbox_wakes_flush(const struct ipcmbox_wakes *wakes,
				       wait_queue_head_t *pollers)
{
	if (wakes->claimed)
		ipcmbox_wakes_complete(wakes);
	/* No barrier is needed: the pollers look under the port's lock, see port.h. */
	if (wakes->poll && waitqueue_active(pollers))
		ipcmbox_wakes_announce(wakes, pollers);
	if (unlikely(wakes->rare))
		ipcmbox_wakes_do_rare(wakes, pollers);
}

#endif /* _IPCMBOX_WAIT_H */
