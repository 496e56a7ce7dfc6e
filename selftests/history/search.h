/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is there an order of steps, each between the begin and the end of its operation, in which the
 * model does what was recorded? Then the history is linearizable (M. Herlihy, J. Wing,
 * "Linearizability: A Correctness Condition for Concurrent Objects", TOPLAS 1990).
 *
 * The search is that of J. Wing and C. Gong, "Testing and Verifying Concurrent Objects", JPDC 1993:
 * depth first, next is only what began before all that is not over returned. What it has seen it
 * does not look at again, as G. Lowe has it in "Testing for Linearizability", CCPE 2017, and
 * K. Kingsbury in Knossos: how far all operations are, and the mailbox.
 */
#ifndef SEARCH_H
#define SEARCH_H

#include "model.h"

#define STEPS_MAX	(16 * OPERATIONS_MAX)

enum verdict { LINEARIZABLE, WRONG, UNDECIDED };

/**
 * struct search - what a search has found
 * @history: what it is about
 * @looked: models looked at
 * @depth: steps made so far
 * @path: they
 * @deepest: the most that could be made
 * @deepest_path: they
 * @deepest_model: what they led to
 * @previous: of each operation: the one before it of the same worker, or NONE
 * @order: operations by the time they returned
 */
struct search {
	const struct history *history;
	unsigned int looked;
	int depth;
	__u16 path[STEPS_MAX];
	int deepest;
	__u16 deepest_path[STEPS_MAX];
	struct model deepest_model;
	__s8 previous[OPERATIONS_MAX];
	__s8 order[OPERATIONS_MAX];
};

enum verdict search_history(struct search *search, const struct history *history);
/* The history, and how far it can be explained. */
void search_print(const struct search *search);

#endif /* SEARCH_H */
