/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Graph: tasks that are blocked, and whom they wait for. */
#ifndef IPCK_GRAPH_H
#define IPCK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ipck.h>

#include "snapshot.h"

/**
 * struct graph_node - what is known of a blocked task beside what the kernel tells
 * @next: where its peer is among the tasks, or SIZE_MAX
 * @seen_ns: when the look at its mailbox began
 * @from_ns: since when it has been waiting, or for longer; both on CLOCK_MONOTONIC
 * @walk: in which walk it was passed, from 1
 * @is_in_cycle: it waits for itself in the end
 */
struct graph_node {
	size_t next;
	int64_t seen_ns;
	int64_t from_ns;
	size_t walk;
	bool is_in_cycle;
};

/**
 * struct graph - all blocked tasks
 * @tasks: the tasks, owned
 * @nodes: one for each of them, owned
 * @count: how many
 * @room: how many there is room for
 *
 * A task waits at one mailbox at a time, for one peer at most: each of them is on
 * one chain, which may end in a circle.
 */
struct graph {
	struct ipck_blocked *tasks;
	struct graph_node *nodes;
	size_t count;
	size_t room;
};

/*
 * Ask who waits at each mailbox of a snapshot, and find out what follows from that, in the time it
 * takes to sort the tasks. Return: 0 or -errno.
 */
int graph_take(struct graph *graph, const struct snapshot *snapshot);
void graph_deinit(struct graph *graph);

/* Return: the peer of a task if that is blocked too, or NULL. */
const struct ipck_blocked *graph_next(const struct graph *graph,
				      const struct ipck_blocked *task);

/*
 * Whether a task waits for itself in the end: a deadlock. All of that was so at one moment; a
 * circle that is as new as the looks at its mailboxes is not yet known to be one.
 */
bool graph_is_in_cycle(const struct graph *graph, const struct ipck_blocked *task);

/* Print who waits, for how long, for what, where and for whom. */
void graph_print(FILE *out, const struct ipck_blocked *task, const struct snapshot *snapshot);

#endif /* IPCK_GRAPH_H */
