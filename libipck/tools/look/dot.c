// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "dot.h"
#include "task.h"
#include "value/quantity.h"
#include "value/text.h"
#include "value/word.h"

#define RED	", color=red"

/**
 * struct dot - a graph that is being printed
 * @graph: the tasks
 * @snapshot: the mailboxes
 * @label: what goes into the next label, before what would end it has its escapes
 * @text: of @label
 * @size: of @text
 */
struct dot {
	const struct graph *graph;
	const struct snapshot *snapshot;
	FILE *label;
	char *text;
	size_t size;
};

static void print_label(struct dot *dot)
{
	size_t i;

	fflush(dot->label);
	fputs("label=\"", stdout);
	for (i = 0; i < dot->size; i++) {
		if (dot->text[i] == '"' || dot->text[i] == '\\')
			putchar('\\');
		putchar(dot->text[i]);
	}
	putchar('"');
	rewind(dot->label);
}

static void add_mailbox(struct dot *dot, uint64_t id)
{
	const struct ipck_info *info = snapshot_find(dot->snapshot, id);

	if (info && *info->name) {
		text_print(dot->label, info->name);
		fputc(' ', dot->label);
	}
	fprintf(dot->label, "#%" PRIu64, id);
}

/* Who has no thread is known by its main thread. */
static pid_t number_of(pid_t pid, pid_t tid)
{
	return tid ? tid : pid;
}

static void print_task(struct dot *dot, pid_t pid, pid_t tid, const char *more)
{
	printf("\ttask%d [shape=box, ", number_of(pid, tid));
	task_print(dot->label, pid, tid);
	print_label(dot);
	printf("%s];\n", more);
}

static void print_mailbox(struct dot *dot, uint64_t id)
{
	printf("\tmailbox%" PRIu64 " [", id);
	add_mailbox(dot, id);
	print_label(dot);
	puts("];");
}

static void print_edge(struct dot *dot, const struct ipck_blocked *task, const char *more)
{
	char age[QUANTITY_SIZE];

	printf("\ttask%d -> ", number_of(task->pid, task->tid));
	fprintf(dot->label, "%s, %s", word_of_blocked(task->what),
		quantity_age(age, task->since_ns));
	if (task->peer_pid) {
		printf("task%d [", number_of(task->peer_pid, task->peer_tid));
		fputs(", ", dot->label);
		add_mailbox(dot, task->mailbox);
	} else {
		printf("mailbox%" PRIu64 " [", task->mailbox);
	}
	print_label(dot);
	printf("%s];\n", more);
}

static void print_one(struct dot *dot, const struct ipck_blocked *task)
{
	const char *more = graph_is_in_cycle(dot->graph, task) ? RED : "";

	print_task(dot, task->pid, task->tid, more);
	if (!task->peer_pid)
		print_mailbox(dot, task->mailbox);
	else if (!graph_next(dot->graph, task))
		print_task(dot, task->peer_pid, task->peer_tid, "");
	print_edge(dot, task, more);
}

int dot_print(const struct graph *graph, const struct snapshot *snapshot)
{
	struct dot dot = { .graph = graph, .snapshot = snapshot };
	size_t i;

	dot.label = open_memstream(&dot.text, &dot.size);
	if (!dot.label)
		return -ENOMEM;
	puts("digraph blocked {\n\trankdir=LR;");
	for (i = 0; i < graph->count; i++)
		print_one(&dot, &graph->tasks[i]);
	puts("}");
	fclose(dot.label);
	free(dot.text);
	return 0;
}
