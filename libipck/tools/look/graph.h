/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Graph: tasks that are blocked, and whom they wait for. */
#ifndef IPCK_GRAPH_H
#define IPCK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ipck.h>

#include "snapshot.h"

/**
 * struct graph - all blocked tasks
 * @tasks: the tasks, owned
 * @count: how many
 * @room: how many there is room for
 *
 * A task waits at one mailbox at a time, for one peer at most: each of them is on
 * one chain, which may end in a circle.
 */
struct graph {
	struct ipck_blocked *tasks;
	size_t count;
	size_t room;
};

/* Ask who waits at each mailbox of a snapshot. Return: 0 or -errno. */
int graph_take(struct graph *graph, const struct snapshot *snapshot);
void graph_deinit(struct graph *graph);

/* Return: the peer of a task if that is blocked too, or NULL. */
const struct ipck_blocked *graph_next(const struct graph *graph,
				      const struct ipck_blocked *task);

/* Whether a task waits for itself in the end: a deadlock. */
bool graph_is_in_cycle(const struct graph *graph, const struct ipck_blocked *task);

/* Print who waits, for how long, for what, where and for whom. */
void graph_print(FILE *out, const struct ipck_blocked *task, const struct snapshot *snapshot);

#endif /* IPCK_GRAPH_H */
