// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting: deadlines, parking, completing.
 */
#include <linux/hrtimer.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/nsproxy.h>
#include <linux/overflow.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "event.h"
#include "mutation.h"
#include "notify.h"
#include "patience.h"
#include "spin.h"
#include "wait.h"
#include "yield.h"

/* How often who spins looks for its completion between two looks at the clock. */
#define LOOKS_PER_TICK	16

/*
 * User space counts from the epoch of its time namespace. timens_ktime_to_host() is not exported to
 * modules on every supported kernel; the offsets are there to read.
 */
static ktime_t deadline_to_host(clockid_t clock, ktime_t expires)
{
#ifdef CONFIG_TIME_NS
	struct timens_offsets *offsets = &current->nsproxy->time_ns->offsets;
	ktime_t offset = 0;

	if (clock == CLOCK_MONOTONIC)
		offset = timespec64_to_ktime(offsets->monotonic);
	else if (clock == CLOCK_BOOTTIME)
		offset = timespec64_to_ktime(offsets->boottime);

	/* Beyond either end of the host's clock: in the past, or for ever. */
	if (offset > 0 && expires < offset)
		return 0;
	if (offset < 0 && expires > KTIME_MAX + offset)
		return IPCMBOX_FOREVER;
	return ktime_sub(expires, offset);
#else
	return expires;
#endif
}

/* The rest of ipcmbox_deadline_import(), for a caller who gives a time. */
int ipcmbox_deadline_set(struct ipcmbox_deadline *deadline, u32 clock, u64 ns)
{
	static const clockid_t clocks[] = {
		[IPCMBOX_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
		[IPCMBOX_CLOCK_REALTIME] = CLOCK_REALTIME,
		[IPCMBOX_CLOCK_BOOTTIME] = CLOCK_BOOTTIME,
	};

	if (deadline->nonblock || clock >= ARRAY_SIZE(clocks))
		return -EINVAL;

	deadline->clock = clocks[array_index_nospec(clock, ARRAY_SIZE(clocks))];
	if (ns < KTIME_MAX)
		deadline->expires = deadline_to_host(deadline->clock, ns);
	return 0;
}

static ktime_t now_on(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
		return ktime_get_real();
	case CLOCK_BOOTTIME:
		return ktime_get_boottime();
	default:
		return ktime_get();
	}
}

/* Other than ktime_add_safe() this knows that what is added can be negative. */
static ktime_t add_saturated(ktime_t a, ktime_t b)
{
	ktime_t sum;

	if (check_add_overflow(a, b, &sum))
		return b < 0 ? 0 : KTIME_MAX;
	return sum;
}

/**
 * ipcmbox_deadline_export() - tell the calling task about somebody else's deadline
 * @deadline: on any clock
 *
 * Return: nanoseconds on CLOCK_MONOTONIC as the caller sees it, U64_MAX for ever. A real time clock
 * that is set later changes the one and not the other.
 */
u64 ipcmbox_deadline_export(const struct ipcmbox_deadline *deadline)
{
	ktime_t expires = deadline->expires;
	ktime_t offset = 0;

	if (expires == IPCMBOX_FOREVER)
		return U64_MAX;
	if (deadline->clock != CLOCK_MONOTONIC)
		expires = add_saturated(ktime_sub(expires, now_on(deadline->clock)), ktime_get());
#ifdef CONFIG_TIME_NS
	offset = timespec64_to_ktime(current->nsproxy->time_ns->offsets.monotonic);
#endif
	expires = add_saturated(expires, offset);
	return expires < 0 ? 0 : expires;
}

/* Returns 0 when completed, -EINTR for a signal that @mode hears, -ETIMEDOUT. */
static int waiter_park(struct ipcmbox_waiter *waiter, unsigned int mode, ktime_t expires,
		       clockid_t clock)
{
	bool forever = expires == IPCMBOX_FOREVER || mutated(deadline_ignored);
	ktime_t *timeout = forever ? NULL : &expires;
	int ret;

	for (;;) {
		/*
		 * Pairs with complete_parked(): either that sees PARKED and wakes this task, which
		 * has set its state before, or this sees DONE.
		 */
		set_current_state(mode);
		ret = 0;
		if (cmpxchg(&waiter->state, IPCMBOX_WAITER_AWAKE, IPCMBOX_WAITER_PARKED) ==
		    IPCMBOX_WAITER_DONE && !mutated(lost_wakeup))
			break;
		ret = -EINTR;
		if (signal_pending_state(mode, current))
			break;
		ret = -ETIMEDOUT;
		if (!schedule_hrtimeout_range_clock(timeout, current->timer_slack_ns,
						    HRTIMER_MODE_ABS, clock))
			break;
	}
	__set_current_state(TASK_RUNNING);

	/*
	 * Completed, now or meanwhile: the outcome wins over signal and deadline. The acquire
	 * orders the reading of it; a cmpxchg that fails orders nothing.
	 */
	return smp_load_acquire(&waiter->state) == IPCMBOX_WAITER_DONE ? 0 : ret;
}

/**
 * ipcmbox_waiter_sleep() - wait for completion, a signal or the deadline
 * @waiter: linked into a port
 * @deadline: how long
 *
 * Context: process context, no locks held.
 * Return: 0 completed, see &ipcmbox_waiter.result; else the waiter is still linked or claimed, and
 * the caller must find out which under the port's lock: -ERESTARTSYS (a signal; nothing has
 * happened that must not be repeated), -ETIMEDOUT.
 */
int ipcmbox_waiter_sleep(struct ipcmbox_waiter *waiter, const struct ipcmbox_deadline *deadline)
{
	int ret;

	ret = waiter_park(waiter, TASK_INTERRUPTIBLE | TASK_FREEZABLE, deadline->expires,
			  deadline->clock);
	return ret == -EINTR ? -ERESTARTSYS : ret;
}

/* How much of @budget is left before the deadline. */
static u32 spin_time(u32 budget, const struct ipcmbox_deadline *deadline)
{
	if (!budget || deadline->expires == IPCMBOX_FOREVER)
		return budget;
	return clamp_t(s64, ktime_sub(deadline->expires, now_on(deadline->clock)), 0, budget);
}

/* Returns whether the waiter was completed meanwhile. */
static bool is_completed_by(struct ipcmbox_waiter *waiter, u64 until)
{
	int n;

	do {
		for (n = 0; n < LOOKS_PER_TICK; n++) {
			/* Pairs with ipcmbox_wakes_complete(), which will wake nobody. */
			if (smp_load_acquire(&waiter->state) == IPCMBOX_WAITER_DONE)
				return true;
			if (!ipcmbox_spin_is_alone() || signal_pending(current))
				return false;
			cpu_relax();
		}
	} while (local_clock() < until);
	return false;
}

static noinline int spin_and_sleep(struct ipcmbox_waiter *waiter,
				   const struct ipcmbox_deadline *deadline,
				   struct ipcmbox_spin *spin)
{
	u32 limit = ipcmbox_spin_limit(), time;
	u64 begun, waited;
	int ret;

	if (!limit || !ipcmbox_backoff_begin(&spin->backoff))
		return ipcmbox_waiter_sleep(waiter, deadline);

	begun = local_clock();
	time = spin_time(ipcmbox_spin_budget(spin, limit), deadline);
	if (time && is_completed_by(waiter, begun + time)) {
		ipcmbox_backoff_succeed(&spin->backoff, IPCMBOX_SPIN_STREAK);
		return 0;
	}
	ret = ipcmbox_waiter_sleep(waiter, deadline);
	/* It may be another CPU's clock now, which can be a little behind. */
	waited = max_t(s64, local_clock() - begun, 0);
	ipcmbox_spin_learn(spin, time, ret ? U64_MAX : waited, limit);
	return ret;
}

static bool is_near(const struct ipcmbox_deadline *deadline)
{
	return deadline->expires != IPCMBOX_FOREVER &&
	       ktime_sub(deadline->expires, now_on(deadline->clock)) < IPCMBOX_YIELD_NS;
}

/* Returns whether the waiter was completed meanwhile. */
static bool give_way(struct ipcmbox_waiter *waiter, const struct ipcmbox_deadline *deadline,
		     struct ipcmbox_patience *patience)
{
	enum ipcmbox_yielded how;
	bool completed;

	if (READ_ONCE(patience->never_yields) || !ipcmbox_yield_may() || is_near(deadline) ||
	    !ipcmbox_backoff_begin(&patience->yield))
		return false;
	how = ipcmbox_yield();
	/* Pairs with ipcmbox_wakes_complete(). */
	completed = smp_load_acquire(&waiter->state) == IPCMBOX_WAITER_DONE;
	ipcmbox_yield_learn(&patience->yield, how, completed);
	return completed;
}

/**
 * ipcmbox_waiter_wait() - as ipcmbox_waiter_sleep(), but do without sleeping if that works
 * @waiter: linked into a port
 * @deadline: how long
 * @patience: of the port, for waits of this kind
 *
 * Context: process context, no locks held.
 * Return: as ipcmbox_waiter_sleep().
 */
int ipcmbox_waiter_wait(struct ipcmbox_waiter *waiter, const struct ipcmbox_deadline *deadline,
			struct ipcmbox_patience *patience)
{
	if (num_online_cpus() > 1 && ipcmbox_spin_is_alone())
		return spin_and_sleep(waiter, deadline, &patience->spin);
	if (give_way(waiter, deadline, patience))
		return 0;
	return ipcmbox_waiter_sleep(waiter, deadline);
}

/**
 * ipcmbox_waiter_sleep_killable() - wait for an outcome that is being decided
 * @waiter: its message is in the hands of a receiver
 *
 * Context: process context, no locks held.
 * Return: 0 completed; -EINTR a fatal signal, the waiter is still linked or claimed.
 */
int ipcmbox_waiter_sleep_killable(struct ipcmbox_waiter *waiter)
{
	return waiter_park(waiter, TASK_KILLABLE, IPCMBOX_FOREVER, CLOCK_MONOTONIC);
}

/**
 * ipcmbox_waiter_join() - wait for the completion of a claimed waiter
 * @waiter: claimed by somebody who is about to complete it
 *
 * Context: process context, no locks held.
 */
void ipcmbox_waiter_join(struct ipcmbox_waiter *waiter)
{
	waiter_park(waiter, TASK_UNINTERRUPTIBLE, IPCMBOX_FOREVER, CLOCK_MONOTONIC);
}

static void complete_parked(struct ipcmbox_waiter *waiter)
{
	struct task_struct *task = waiter->task;

	/*
	 * A task can leave and exit as soon as its waiter is DONE. Task structures are freed after
	 * a grace period, so @task stays valid for the wake-up.
	 */
	rcu_read_lock();
	if (xchg(&waiter->state, IPCMBOX_WAITER_DONE) == IPCMBOX_WAITER_PARKED)
		wake_up_process(task);
	rcu_read_unlock();
}

/* Completes the claimed waiters, wakes those that are parked. */
void ipcmbox_wakes_complete(const struct ipcmbox_wakes *wakes)
{
	struct ipcmbox_waiter *waiter, *next;

	for (waiter = wakes->claimed; waiter; waiter = next) {
		next = waiter->next_claimed;
		/* Orders the outcome before DONE; pairs with waiter_park(). */
		if (READ_ONCE(waiter->state) != IPCMBOX_WAITER_AWAKE ||
		    cmpxchg(&waiter->state, IPCMBOX_WAITER_AWAKE, IPCMBOX_WAITER_DONE) !=
		    IPCMBOX_WAITER_AWAKE)
			complete_parked(waiter);
	}
}

void ipcmbox_wakes_announce(const struct ipcmbox_wakes *wakes, wait_queue_head_t *pollers)
{
	/* Without a key everybody is woken, whatever the events. */
	if (wakes->rare & IPCMBOX_WAKES_POLL_ALL)
		wake_up_interruptible_all(pollers);
	else
		wake_up_interruptible_poll(pollers, wakes->poll);
}

void ipcmbox_wakes_do_rare(const struct ipcmbox_wakes *wakes, wait_queue_head_t *pollers)
{
	if (wakes->rare & IPCMBOX_WAKES_VICTIMS)
		ipcmbox_message_put_victims(wakes->victims);
	if (wakes->rare & IPCMBOX_WAKES_NOTIFY)
		ipcmbox_notify_deliver(wakes->notifications);
	if (wakes->rare & IPCMBOX_WAKES_ROOM)
		ipcmbox_event_make_room(pollers);
}
