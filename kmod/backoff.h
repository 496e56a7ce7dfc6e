/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_BACKOFF_H
#define _IPCMBOX_BACKOFF_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * DOC: Backing off
 *
 * What a waiter tries before it sleeps pays as a rule, or it does not, and nobody can say before.
 * So it is tried; after the first time in vain the next wait does without, after the second time
 * the next three do, then seven, and so on up to a limit. What was tried with success halves what
 * the next failure will cost. In the long run something that never pays is hardly ever tried, and
 * something that nearly always pays nearly always is.
 */

/**
 * struct ipcmbox_backoff - whether to try
 * @pause: waits until the next try
 * @penalty: what @pause was set to when a try was in vain for the last time
 *
 * Read and written without a lock, by READ_ONCE() and WRITE_ONCE(): these are estimates, and when
 * two waits end at the same time either may have the last word. Nothing is written by a success
 * that follows another.
 */
struct ipcmbox_backoff {
	u16 pause;
	u16 penalty;
};

/**
 * ipcmbox_backoff_begin() - is it to be tried this time?
 * @backoff: the estimate
 *
 * Only to be asked where it could be tried: it counts.
 *
 * Return: whether.
 */
static inline bool ipcmbox_backoff_begin(struct ipcmbox_backoff *backoff)
{
	u16 pause = READ_ONCE(backoff->pause);

	if (likely(!pause))
		return true;
	WRITE_ONCE(backoff->pause, pause - 1);
	return false;
}

/* It was tried, and has paid. */
static inline void ipcmbox_backoff_succeed(struct ipcmbox_backoff *backoff)
{
	u16 penalty = READ_ONCE(backoff->penalty);

	if (unlikely(penalty))
		WRITE_ONCE(backoff->penalty, penalty / 2);
}

/**
 * ipcmbox_backoff_fail() - it was tried in vain
 * @backoff: the estimate
 * @most: waits without a try, at most
 */
static inline void ipcmbox_backoff_fail(struct ipcmbox_backoff *backoff, u16 most)
{
	u16 penalty = min_t(u32, 2 * READ_ONCE(backoff->penalty) + 1, most);

	WRITE_ONCE(backoff->penalty, penalty);
	WRITE_ONCE(backoff->pause, penalty);
}

#endif /* _IPCMBOX_BACKOFF_H */
