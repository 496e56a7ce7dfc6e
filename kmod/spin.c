// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spinning: how long.
 */
#include <linux/minmax.h>
#include <linux/module.h>

#include "spin.h"

/* A wait this many times as long as spinning may take is worth a try. */
#define TRY_FACTOR	4

unsigned int ipcmbox_spin_ns = 50000;
module_param_named(spin_ns, ipcmbox_spin_ns, uint, 0644);
MODULE_PARM_DESC(spin_ns,
		 "Nanoseconds a blocked call may spin before it sleeps, up to 1000000 (default: 50000; 0: never)");

/**
 * ipcmbox_spin_budget() - for how long to spin
 * @spin: of the port
 * @limit: ipcmbox_spin_limit(), the same for all of a wait
 *
 * Return: nanoseconds, 0 not at all.
 */
u32 ipcmbox_spin_budget(const struct ipcmbox_spin *spin, u32 limit)
{
	return min(READ_ONCE(spin->budget_ns), limit);
}

/**
 * ipcmbox_spin_learn() - a waiter had to sleep
 * @spin: of its port
 * @budget: for how long it had spun before
 * @waited_ns: until it was completed; U64_MAX: it was not
 * @limit: ipcmbox_spin_limit(), the same for all of a wait
 */
void ipcmbox_spin_learn(struct ipcmbox_spin *spin, u32 budget, u64 waited_ns, u32 limit)
{
	if (budget && waited_ns > limit) {
		WRITE_ONCE(spin->budget_ns, 0);
		ipcmbox_backoff_fail(&spin->backoff, IPCMBOX_SPIN_TOP);
	} else if (waited_ns <= (u64)limit * TRY_FACTOR) {
		WRITE_ONCE(spin->budget_ns, min_t(u64, limit, 2 * waited_ns));
	}
}
