// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "graph.h"
#include "task.h"
#include "value/quantity.h"
#include "value/text.h"
#include "value/word.h"

/* More of one mailbox cannot be asked for. */
#define BATCH 4096

static int make_room(struct graph *graph, size_t count)
{
	struct ipck_blocked *tasks;
	size_t room = graph->count + count;

	if (room <= graph->room)
		return 0;
	tasks = reallocarray(graph->tasks, room, sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	graph->tasks = tasks;
	graph->room = room;
	return 0;
}

/* A mailbox that has gone meanwhile has nobody waiting. */
static int add_mailbox(struct graph *graph, uint64_t id, unsigned int count)
{
	unsigned int total;
	int ret;

	for (;;) {
		if (count > BATCH)
			count = BATCH;
		ret = make_room(graph, count);
		if (ret < 0)
			return ret;
		ret = ipck_blocked(id, graph->tasks + graph->count, count,
				   &total);
		if (ret < 0)
			return ret == -ENOENT ? 0 : ret;
		if (total <= count || count == BATCH)
			break;
		count = total;
	}
	graph->count += ret;
	return 0;
}

int graph_take(struct graph *graph, const struct snapshot *snapshot)
{
	const struct ipck_info *info = snapshot->infos;
	unsigned int waiting;
	int ret;

	graph->count = 0;
	for (; info < snapshot->infos + snapshot->count; info++) {
		waiting = info->waiting_receivers + info->waiting_senders;
		if (!waiting)
			continue;
		ret = add_mailbox(graph, info->id, waiting);
		if (ret < 0)
			return ret;
	}
	return 0;
}

void graph_deinit(struct graph *graph)
{
	free(graph->tasks);
}

/* Of a process without further knowledge, its main thread stands for it. */
const struct ipck_blocked *graph_next(const struct graph *graph,
				      const struct ipck_blocked *task)
{
	pid_t tid = task->peer_tid ? task->peer_tid : task->peer_pid;
	size_t i;

	if (!tid)
		return NULL;
	for (i = 0; i < graph->count; i++)
		if (graph->tasks[i].tid == tid)
			return &graph->tasks[i];
	return NULL;
}

/* Who waits for a circle without being part of it goes round: not for long (Brent). */
bool graph_is_in_cycle(const struct graph *graph, const struct ipck_blocked *task)
{
	const struct ipck_blocked *next = task, *passed = task;
	size_t steps = 0, turn = 1;

	do {
		if (steps++ == turn) {
			passed = next;
			turn = 2 * turn;
			steps = 1;
		}
		next = graph_next(graph, next);
	} while (next && next != task && next != passed);
	return next == task;
}

static void print_mailbox(FILE *out, uint64_t id, const struct snapshot *snapshot)
{
	const struct ipck_info *info = snapshot_find(snapshot, id);

	if (info && *info->name) {
		text_print(out, info->name);
		fputc(' ', out);
	}
	fprintf(out, "#%" PRIu64, id);
}

void graph_print(FILE *out, const struct ipck_blocked *task, const struct snapshot *snapshot)
{
	char age[QUANTITY_SIZE];

	task_print(out, task->pid, task->tid);
	fprintf(out, " waits %s for %s in ", quantity_age(age, task->since_ns),
		word_of_blocked(task->what));
	print_mailbox(out, task->mailbox, snapshot);
	if (task->peer_pid) {
		fputs(" from ", out);
		task_print(out, task->peer_pid, task->peer_tid);
	}
}
