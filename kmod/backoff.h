/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_BACKOFF_H
#define _IPCMBOX_BACKOFF_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * DOC: Backing off
 *
 * What a waiter tries before it sleeps pays as a rule, or it does not, and nobody can say before.
 * So it is tried; after the first time in vain the next wait does without, after the second time
 * the next three do, then seven, and so on up to a limit. So many successes in a row as the price
 * of a failure demands take one such step back. In the long run something that does not pay often
 * enough is hardly ever tried, and something that nearly always pays nearly always is.
 */

/**
 * struct ipcmbox_backoff - whether to try
 * @pause: waits until the next try
 * @level: the next failure makes a pause of 2^(@level + 1) - 1 waits
 * @successes: in a row, if @level
 *
 * Read and written without a lock, by READ_ONCE() and WRITE_ONCE(): these are estimates, and when
 * two waits end at the same time either may have the last word. Nothing is written by a success
 * where there has not been a failure for long.
 */
struct ipcmbox_backoff {
	u16 pause;
	u8 level;
	u8 successes;
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

/**
 * ipcmbox_backoff_succeed() - it was tried, and has paid
 * @backoff: the estimate
 * @streak: how often in a row it must pay to make good for one failure
 */
static inline void ipcmbox_backoff_succeed(struct ipcmbox_backoff *backoff, u8 streak)
{
	u8 level = READ_ONCE(backoff->level), successes;

	if (likely(!level))
		return;
	successes = READ_ONCE(backoff->successes) + 1;
	if (successes < streak) {
		WRITE_ONCE(backoff->successes, successes);
		return;
	}
	WRITE_ONCE(backoff->successes, 0);
	WRITE_ONCE(backoff->level, level - 1);
}

/**
 * ipcmbox_backoff_fail() - it was tried in vain
 * @backoff: the estimate
 * @top: the highest level, up to 14
 */
static inline void ipcmbox_backoff_fail(struct ipcmbox_backoff *backoff, u8 top)
{
	u8 level = READ_ONCE(backoff->level);

	WRITE_ONCE(backoff->pause, (2 << level) - 1);
	WRITE_ONCE(backoff->successes, 0);
	if (level < top)
		WRITE_ONCE(backoff->level, level + 1);
}

#endif /* _IPCMBOX_BACKOFF_H */
