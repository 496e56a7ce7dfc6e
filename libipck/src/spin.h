/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spin: looking again for a short while before sleeping.
 *
 * Sleeping and being woken costs some microseconds.  Where the other side runs on
 * another CPU it may answer sooner than that.  Which CPUs this process may run on
 * tells nothing about that, so how long it is worth to look is learned:
 *
 * - The budget doubles when what was waited for came soon, though after sleeping, and
 *   halves down to nothing when it came late, or not at all.
 * - A peer on the same CPU answers soon, too, but only as this side sleeps.  So when
 *   looking was in vain several times in a row, whatever the budget, it rests for some
 *   waits, and for twice as many each time that this happens again.
 */
#ifndef IPCK_SPIN_H
#define IPCK_SPIN_H

#include <stdbool.h>
#include <stdint.h>

struct ipck_deadline;

/**
 * struct ipck_spin - what is learned about one side of a channel
 * @several: the system has more than one CPU
 * @budget_ns: how long to look
 * @vain: times in a row that looking was in vain where it should not have been
 * @rest: waits to come without looking
 * @last_rest: how many they were the last time; 0 after a success
 *
 * Under the lock of that side.
 */
struct ipck_spin {
	bool several;
	uint32_t budget_ns;
	uint32_t vain;
	uint32_t rest;
	uint32_t last_rest;
};

/**
 * struct ipck_turn - one wait
 * @begin_ns: when the clock was looked at first, 0 if it has not been
 * @limit_ns: how long to look: the budget, or less because of the deadline
 * @looks: how often it has been looked
 * @slept: it was not enough to look
 */
struct ipck_turn {
	uint64_t begin_ns;
	uint64_t limit_ns;
	uint32_t looks;
	bool slept;
};

/* ipck_spin_init() - with nothing learned yet */
void ipck_spin_init(struct ipck_spin *spin);

/**
 * ipck_spin_again() - is it worth it to look once more before sleeping?
 * @spin: what is learned
 * @turn: this wait, all 0 at first
 * @deadline: it is not looked for longer than until this
 *
 * Return: true: pause, with the lock released, and look; false: it is time to
 * sleep.
 */
bool ipck_spin_again(const struct ipck_spin *spin, struct ipck_turn *turn,
		     const struct ipck_deadline *deadline);

/* ipck_spin_pause() - let the other side, and the other half of the core, work */
void ipck_spin_pause(void);

/* ipck_spin_learn() - what was waited for is there, after @turn */
void ipck_spin_learn(struct ipck_spin *spin, const struct ipck_turn *turn);

/* ipck_spin_fail() - nothing came: a signal or the deadline ended the wait */
void ipck_spin_fail(struct ipck_spin *spin);

#endif /* IPCK_SPIN_H */
