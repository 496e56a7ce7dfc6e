// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "graph.h"
#include "task.h"
#include "value/quantity.h"
#include "value/text.h"
#include "value/word.h"

/* More of one mailbox cannot be asked for. */
#define BATCH 4096

#define NONE SIZE_MAX

/* The longest tick of a kernel, by which it tells how long somebody has been waiting. */
#define TICK_NS 10000000

static int make_room(struct graph *graph, size_t count)
{
	size_t room = graph->count + count;
	struct ipck_blocked *tasks;
	struct graph_node *nodes;

	if (room <= graph->room)
		return 0;
	tasks = reallocarray(graph->tasks, room, sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	graph->tasks = tasks;
	nodes = reallocarray(graph->nodes, room, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	graph->nodes = nodes;
	graph->room = room;
	return 0;
}

/* They were there from @seen_ns on, or came later, until now. */
static void add_tasks(struct graph *graph, size_t count, int64_t seen_ns)
{
	int64_t now = clock_now();
	size_t i;

	for (i = graph->count; i < graph->count + count; i++)
		graph->nodes[i] = (struct graph_node){
			.next = NONE,
			.seen_ns = seen_ns,
			.from_ns = now + TICK_NS - (int64_t)graph->tasks[i].since_ns,
		};
	graph->count += count;
}

/* A mailbox that has gone meanwhile has nobody waiting. */
static int add_mailbox(struct graph *graph, uint64_t id, unsigned int count)
{
	unsigned int total;
	int64_t seen_ns;
	int ret;

	for (;;) {
		if (count > BATCH)
			count = BATCH;
		ret = make_room(graph, count);
		if (ret < 0)
			return ret;
		seen_ns = clock_now();
		ret = ipck_blocked(id, graph->tasks + graph->count, count,
				   &total);
		if (ret < 0)
			return ret == -ENOENT ? 0 : ret;
		if (total <= count || count == BATCH)
			break;
		count = total;
	}
	add_tasks(graph, ret, seen_ns);
	return 0;
}

/**
 * struct place - where a task is among the tasks
 * @tid: the task
 * @at: the place
 */
struct place {
	pid_t tid;
	size_t at;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* Who has moved on meanwhile was seen twice: the last time counts. */
static size_t keep_last(struct place *places, size_t count)
{
	size_t kept = 0, i;

	for (i = 0; i < count; i++)
		if (i + 1 == count || places[i + 1].tid != places[i].tid)
			places[kept++] = places[i];
	return kept;
}

static int compare_tid(const void *key, const void *element)
{
	const pid_t *tid = key;
	const struct place *place = element;

	return (*tid > place->tid) - (*tid < place->tid);
}

/* Of a process without further knowledge, its main thread stands for it. */
static size_t place_of_peer(const struct ipck_blocked *task, const struct place *places,
			    size_t count)
{
	pid_t tid = task->peer_tid ? task->peer_tid : task->peer_pid;
	const struct place *place = NULL;

	if (tid)
		place = bsearch(&tid, places, count, sizeof(*places), compare_tid);
	return place ? place->at : NONE;
}

static int link_tasks(struct graph *graph)
{
	struct place *places = calloc(graph->count + 1, sizeof(*places));
	size_t count, i;

	if (!places)
		return -ENOMEM;
	for (i = 0; i < graph->count; i++)
		places[i] = (struct place){ graph->tasks[i].tid, i };
	qsort(places, graph->count, sizeof(*places), compare_places);
	count = keep_last(places, graph->count);
	for (i = 0; i < graph->count; i++)
		graph->nodes[i].next = place_of_peer(&graph->tasks[i], places, count);
	free(places);
	return 0;
}

/*
 * Mailboxes are looked at one after the other. What is a circle only by looks at different moments
 * is none: all must have been waiting when the first of them was seen.
 */
static void mark_cycle(struct graph *graph, size_t first)
{
	const struct graph_node *nodes = graph->nodes;
	int64_t from_ns = INT64_MIN, seen_ns = INT64_MAX;
	bool is_one_look = true;
	size_t i = first;

	do {
		if (nodes[i].from_ns > from_ns)
			from_ns = nodes[i].from_ns;
		if (nodes[i].seen_ns < seen_ns)
			seen_ns = nodes[i].seen_ns;
		is_one_look &= graph->tasks[i].mailbox == graph->tasks[first].mailbox;
		i = nodes[i].next;
	} while (i != first);
	if (!is_one_look && from_ns > seen_ns)
		return;
	do {
		graph->nodes[i].is_in_cycle = true;
		i = nodes[i].next;
	} while (i != first);
}

/* Each task is passed once: whoever comes to where it has been itself has found a circle. */
static void find_cycles(struct graph *graph)
{
	struct graph_node *nodes = graph->nodes;
	size_t start, i;

	for (start = 0; start < graph->count; start++) {
		for (i = start; i != NONE && !nodes[i].walk; i = nodes[i].next)
			nodes[i].walk = start + 1;
		if (i != NONE && nodes[i].walk == start + 1)
			mark_cycle(graph, i);
	}
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
	ret = link_tasks(graph);
	if (!ret)
		find_cycles(graph);
	return ret;
}

void graph_deinit(struct graph *graph)
{
	free(graph->tasks);
	free(graph->nodes);
}

const struct ipck_blocked *graph_next(const struct graph *graph,
				      const struct ipck_blocked *task)
{
	size_t next = graph->nodes[task - graph->tasks].next;

	return next == NONE ? NULL : &graph->tasks[next];
}

bool graph_is_in_cycle(const struct graph *graph, const struct ipck_blocked *task)
{
	return graph->nodes[task - graph->tasks].is_in_cycle;
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
