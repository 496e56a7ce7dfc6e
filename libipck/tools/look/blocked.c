// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <json.h>

#include <ipck.h>

#include "dot.h"
#include "graph.h"
#include "report.h"
#include "snapshot.h"
#include "task.h"
#include "value/field.h"

#define DEPTH_MAX 40

enum form { FORM_TEXT, FORM_JSON, FORM_DOT };

/**
 * struct view - what is shown
 * @snapshot: the mailboxes
 * @graph: the tasks that wait there
 * @shown: for each task, whether and in which chain it was shown, from 1
 */
struct view {
	struct snapshot snapshot;
	struct graph graph;
	size_t *shown;
};

/* Where nobody counts the steps any more they are no longer seen. */
static void indent(unsigned int depth)
{
	if (depth > DEPTH_MAX)
		depth = DEPTH_MAX;
	if (depth)
		printf("%*s-> ", 2 * (depth - 1), "");
}

static void print_line(const struct view *view, const struct ipck_blocked *task,
		       unsigned int depth)
{
	indent(depth);
	graph_print(stdout, task, &view->snapshot);
	putchar('\n');
}

/* Follow a chain to its end, to its own beginning, or to what was shown before. */
static void print_chain(struct view *view, const struct ipck_blocked *task,
			size_t chain)
{
	unsigned int depth;
	size_t *shown;

	for (depth = 0; task; depth++) {
		shown = &view->shown[task - view->graph.tasks];
		if (*shown) {
			indent(depth);
			task_print(stdout, task->pid, task->tid);
			puts(graph_is_in_cycle(&view->graph, task) && *shown == chain ?
			     ": a CYCLE" : ": see above");
			return;
		}
		*shown = chain;
		print_line(view, task, depth);
		task = graph_next(&view->graph, task);
	}
}

/* Chains from their beginnings; what is left then has none. */
static void print_chains(struct view *view)
{
	const struct ipck_blocked *tasks = view->graph.tasks, *next;
	bool *is_peer = calloc(view->graph.count + 1, sizeof(*is_peer));
	size_t i, chain = 0;

	for (i = 0; i < view->graph.count && is_peer; i++) {
		next = graph_next(&view->graph, &tasks[i]);
		if (next)
			is_peer[next - tasks] = true;
	}
	for (i = 0; i < view->graph.count && is_peer; i++)
		if (!is_peer[i])
			print_chain(view, &tasks[i], ++chain);
	free(is_peer);
	for (i = 0; i < view->graph.count; i++)
		if (!view->shown[i])
			print_chain(view, &tasks[i], ++chain);
}

static void print_json(const struct view *view)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < view->graph.count; i++)
		json_object_array_add(array,
				      field_to_json(blocked_fields,
						    &view->graph.tasks[i]));
	puts(json_object_to_json_string_ext(array, JSON_C_TO_STRING_PRETTY));
	json_object_put(array);
}

static enum status show(struct view *view, enum form form)
{
	int ret;

	ret = snapshot_take(&view->snapshot);
	if (!ret)
		ret = graph_take(&view->graph, &view->snapshot);
	if (!ret) {
		view->shown = calloc(view->graph.count + 1,
				     sizeof(*view->shown));
		ret = view->shown ? 0 : -ENOMEM;
	}
	if (!ret && form == FORM_DOT)
		ret = dot_print(&view->graph, &view->snapshot);
	if (ret < 0)
		return report_failure("blocked", NULL, ret, 0);
	if (form == FORM_JSON)
		print_json(view);
	else if (form == FORM_TEXT)
		print_chains(view);
	return STATUS_OK;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "dot", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 }
	};
	struct view view = { 0 };
	enum form form = FORM_TEXT;
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "jd", options, NULL)) != -1) {
		if (option == 'j')
			form = FORM_JSON;
		else if (option == 'd')
			form = FORM_DOT;
		else
			return command_misused(&blocked_command);
	}
	if (optind != argc)
		return command_misused(&blocked_command);
	status = show(&view, form);
	snapshot_deinit(&view.snapshot);
	graph_deinit(&view.graph);
	free(view.shown);
	return status;
}

const struct command blocked_command = {
	.name = "blocked",
	.summary = "show who is blocked on whom",
	.usage = "[--json|--dot]",
	.help =
	"  -j, --json   an array of objects, with keys as in linux/ipcmbox.h\n"
	"  -d, --dot    a graph for Graphviz: ipck blocked --dot | dot -Tsvg >blocked.svg\n"
	"\n"
	"Each line is a task: how long it has waited, for what (a message to come, room\n"
	"for its own, the receipt of that, or the reply to it), in which mailbox, and\n"
	"from whom, if that is known. Whoever is waited for and waits as well follows\n"
	"below; a CYCLE is a deadlock.\n",
	.run = run,
};
