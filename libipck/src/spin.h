/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spin: looking again for a short while before sleeping.
 *
 * Sleeping and being woken costs some microseconds.  Where the other side can
 * run on another CPU it may answer sooner than that.  How long it is worth to
 * look is learned: the budget grows when what was waited for came soon, and
 * shrinks to nothing when it did not.
 */
#ifndef IPCK_SPIN_H
#define IPCK_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct ipck_spin - what is learned about one side of a channel
 * @several: there is more than one CPU to run on
 * @budget_ns: how long to look
 *
 * Under the lock of that side.
 */
struct ipck_spin {
	bool several;
	uint32_t budget_ns;
};

/**
 * struct ipck_turn - one wait
 * @begin_ns: when it began, 0 if it has not
 * @slept: it was not enough to look
 */
struct ipck_turn {
	uint64_t begin_ns;
	bool slept;
};

/* ipck_spin_init() - with nothing learned yet */
void ipck_spin_init(struct ipck_spin *spin);

/**
 * ipck_spin_again() - pause, and say whether to look once more
 * @spin: what is learned
 * @turn: this wait, all 0 at first
 *
 * Return: false: it is time to sleep.
 */
bool ipck_spin_again(const struct ipck_spin *spin, struct ipck_turn *turn);

/* ipck_spin_learn() - what was waited for is there, after @turn */
void ipck_spin_learn(struct ipck_spin *spin, const struct ipck_turn *turn);

#endif /* IPCK_SPIN_H */
