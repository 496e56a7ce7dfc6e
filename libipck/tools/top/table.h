/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Table: the mailboxes as ipck top shows them, and the tasks that wait for more than a message. */
#ifndef IPCK_TABLE_H
#define IPCK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ipck.h>

#include "column.h"
#include "look/graph.h"
#include "look/rate.h"
#include "look/snapshot.h"
#include "lull.h"
#include "trouble.h"

#define TABLE_FILTER_SIZE	64

/**
 * struct waiter - a task that sends, or is part of a deadlock
 * @task: the task
 * @trouble: what it means for its mailbox
 */
struct waiter {
	const struct ipck_blocked *task;
	enum trouble trouble;
};

/**
 * struct table - what is to be seen of a look at all mailboxes
 * @column: what to sort by; then comes the busiest first
 * @reversed: the other way round
 * @filter: only mailboxes with this in what is shown as their name
 * @patience_ns: what has been for so long is trouble
 * @pair: the last look and the one before
 * @now: which of them is the last one
 * @lulls: since when nothing has been received, of each mailbox of the last look
 * @graph: who was blocked then
 * @rows: the mailboxes, in order, owned
 * @count: how many
 * @waiters: the tasks, the worst and then the longest first, owned
 * @waiting: how many
 * @deadlocked: how many of them are in a deadlock
 */
struct table {
	const struct column *column;
	bool reversed;
	char filter[TABLE_FILTER_SIZE];
	uint64_t patience_ns;
	struct snapshot pair[2];
	unsigned int now;
	struct lulls lulls;
	struct graph graph;
	struct row *rows;
	size_t count;
	struct waiter *waiters;
	size_t waiting;
	size_t deadlocked;
};

/* Look, and arrange what is seen. Return: 0 or -errno. */
int table_take(struct table *table);

/* Arrange the same once more, as it is wanted now. Return: 0 or -errno. */
int table_arrange(struct table *table);

void table_deinit(struct table *table);

/* Return: when the last look was, on CLOCK_MONOTONIC. */
uint64_t table_look_ns(const struct table *table);

/* Print how many there are and what happens in them all, without the end of the line. */
void table_print_summary(FILE *out, const struct table *table);

/* Likewise: a mailbox, with but so many of the columns that can be spared. */
void table_print_row(FILE *out, const struct row *row, unsigned int spared);

/* Likewise: a task. */
void table_print_waiter(FILE *out, const struct table *table, const struct waiter *waiter);

#endif /* IPCK_TABLE_H */
