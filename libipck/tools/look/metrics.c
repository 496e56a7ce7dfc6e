// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Metrics: numbers of mailboxes, segments and budgets for a monitor.
 *
 * In the text format of Prometheus, version 0.0.4: all samples of a metric stand together, after
 * what it means; counters end in _total, times are seconds.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipck.h>

#include "graph.h"
#include "report.h"
#include "snapshot.h"
#include "value/text.h"
#include "value/word.h"

#define BATCH	32

/**
 * struct metric - one that there is of each object
 * @name: after "ipcmbox_"
 * @help: what it means
 * @offset: where it is in the object
 * @kind: its type there; an age is in nanoseconds
 */
struct metric {
	const char *name;
	const char *help;
	size_t offset;
	enum { METRIC_U32, METRIC_U64, METRIC_AGE, METRIC_CAPACITY } kind;
};

#define INFO(member)	offsetof(struct ipck_info, member)

static const struct metric mailbox_metrics[] = {
	{ "messages", "Messages that were accepted and not yet received.",
	  INFO(messages), METRIC_U64 },
	{ "queued_bytes", "Payload of the messages that are queued.",
	  INFO(bytes), METRIC_U64 },
	{ "capacity", "Messages the mailbox holds.",
	  INFO(capacity), METRIC_CAPACITY },
	{ "peak_messages", "The highest number of queued messages so far.",
	  INFO(peak_messages), METRIC_U64 },
	{ "oldest_message_seconds", "How long the oldest message has been queued.",
	  INFO(oldest_ns), METRIC_AGE },
	{ "waiting_receivers", "Receives that wait for a message.",
	  INFO(waiting_receivers), METRIC_U32 },
	{ "waiting_senders", "Sends that wait for room, a receipt or a reply.",
	  INFO(waiting_senders), METRIC_U32 },
	{ "held_messages", "Messages on lease, or whose sender waits until they are handled.",
	  INFO(held), METRIC_U32 },
	{ "readers", "Open descriptions that can receive.", INFO(readers), METRIC_U32 },
	{ "writers", "Open descriptions that can send.", INFO(writers), METRIC_U32 },
	{ "members", "Members that have joined the event mailbox.",
	  INFO(members), METRIC_U32 },
	{ "sent_total", "Messages accepted.", INFO(sent), METRIC_U64 },
	{ "received_total", "Messages received.", INFO(received), METRIC_U64 },
	{ "dropped_total", "Messages dropped by the overflow policy.",
	  INFO(dropped), METRIC_U64 },
	{ "withdrawn_total", "Messages whose sender gave up waiting.",
	  INFO(withdrawn), METRIC_U64 },
	{ "redelivered_total", "Messages that came back, as a lease ended or was refused.",
	  INFO(redelivered), METRIC_U64 },
	{ "dead_letters_total", "Messages that were delivered too often.",
	  INFO(dead_letters), METRIC_U64 },
	{ "wakeups_total", "Waiting calls that somebody else has completed.",
	  INFO(wakeups), METRIC_U64 },
	{ .name = NULL }
};

#define SHM(member)	offsetof(struct ipck_shm_info, member)

static const struct metric segment_metrics[] = {
	{ "segment_bytes", "Size of the segment.", SHM(size), METRIC_U64 },
	{ "segment_charged_bytes", "Memory of the segment, as it is charged to a user.",
	  SHM(charged), METRIC_U64 },
	{ "segment_readers", "Descriptions that can read only.", SHM(readers), METRIC_U32 },
	{ "segment_writers", "Descriptions that can write.", SHM(writers), METRIC_U32 },
	{ .name = NULL }
};

#define LIMIT(member)	offsetof(struct ipck_limits, member)

static const struct metric user_metrics[] = {
	{ "user_mailboxes", "Mailboxes of the user who asks.",
	  LIMIT(user_mailboxes), METRIC_U64 },
	{ "user_mailboxes_max", "How many there may be.", LIMIT(max_mailboxes), METRIC_U64 },
	{ "user_messages", "Messages charged to the user who asks.",
	  LIMIT(user_messages), METRIC_U64 },
	{ "user_messages_max", "How many there may be.", LIMIT(max_user_messages), METRIC_U64 },
	{ "user_bytes", "Memory of messages charged to the user who asks.",
	  LIMIT(user_bytes), METRIC_U64 },
	{ "user_bytes_max", "How many there may be.", LIMIT(max_user_bytes), METRIC_U64 },
	{ "user_descriptors", "Descriptors in messages charged to the user who asks.",
	  LIMIT(user_fds), METRIC_U64 },
	{ "user_descriptors_max", "How many there may be.", LIMIT(max_user_fds), METRIC_U64 },
	{ "user_segments", "Segments charged to the user who asks.",
	  LIMIT(user_segments), METRIC_U64 },
	{ "user_segments_max", "How many there may be.", LIMIT(max_user_segments), METRIC_U64 },
	{ "user_segment_bytes", "Memory of segments charged to the user who asks.",
	  LIMIT(user_segment_bytes), METRIC_U64 },
	{ "user_segment_bytes_max", "How many there may be.",
	  LIMIT(max_user_segment_bytes), METRIC_U64 },
	{ .name = NULL }
};

static void print_meaning(const char *name, const char *help)
{
	size_t len = strlen(name), tail = strlen("_total");
	bool counts = len > tail && !strcmp(name + len - tail, "_total");

	printf("# HELP ipcmbox_%s %s\n", name, help);
	printf("# TYPE ipcmbox_%s %s\n", name, counts ? "counter" : "gauge");
}

static void print_value(const struct metric *metric, const void *object)
{
	const void *at = (const char *)object + metric->offset;

	if (metric->kind == METRIC_AGE)
		printf(" %.9f\n", *(const uint64_t *)at / 1e9);
	else if (metric->kind == METRIC_U64)
		printf(" %" PRIu64 "\n", *(const uint64_t *)at);
	else if (metric->kind == METRIC_CAPACITY && *(const uint32_t *)at == IPCK_UNBOUNDED)
		puts(" +Inf");
	else
		printf(" %" PRIu32 "\n", *(const uint32_t *)at);
}

/* Others choose names: a label is UTF-8, and has escapes for what ends it. */
static void print_labels(uint64_t id, const char *name, const char *kind)
{
	char text[IPCK_NAME_MAX + 1];
	const char *s;

	text_to_utf8(text, name);
	printf("{id=\"%" PRIu64 "\",name=\"", id);
	for (s = text; *s; s++) {
		if (*s == '\n')
			fputs("\\n", stdout);
		else if (*s == '\\' || *s == '"')
			printf("\\%c", *s);
		else
			putchar(*s);
	}
	if (kind)
		printf("\",kind=\"%s", kind);
	fputs("\"}", stdout);
}

static void print_mailboxes(const struct snapshot *snapshot)
{
	const struct metric *metric;
	const struct ipck_info *info;

	for (metric = mailbox_metrics; metric->name; metric++) {
		if (snapshot->count)
			print_meaning(metric->name, metric->help);
		for (info = snapshot->infos; info < snapshot->infos + snapshot->count; info++) {
			printf("ipcmbox_%s", metric->name);
			print_labels(info->id, info->name, word_of_discipline(info->discipline));
			print_value(metric, info);
		}
	}
}

static void print_deadlocks(const struct graph *graph)
{
	size_t i, count = 0;

	for (i = 0; i < graph->count; i++)
		count += graph_is_in_cycle(graph, &graph->tasks[i]);
	print_meaning("deadlocked_tasks", "Tasks that wait for each other in a circle.");
	printf("ipcmbox_deadlocked_tasks %zu\n", count);
}

static void print_segments(const struct ipck_shm_info *infos, size_t count)
{
	const struct metric *metric;
	size_t i;

	for (metric = segment_metrics; metric->name; metric++) {
		if (count)
			print_meaning(metric->name, metric->help);
		for (i = 0; i < count; i++) {
			printf("ipcmbox_%s", metric->name);
			print_labels(infos[i].id, infos[i].name, NULL);
			print_value(metric, &infos[i]);
		}
	}
}

static void print_user(const struct ipck_limits *limits)
{
	const struct metric *metric;

	for (metric = user_metrics; metric->name; metric++) {
		print_meaning(metric->name, metric->help);
		printf("ipcmbox_%s", metric->name);
		print_value(metric, limits);
	}
}

static int show_mailboxes(void)
{
	struct snapshot snapshot = { 0 };
	struct graph graph = { 0 };
	int ret;

	ret = snapshot_take(&snapshot);
	if (!ret)
		ret = graph_take(&graph, &snapshot);
	if (!ret) {
		print_mailboxes(&snapshot);
		print_deadlocks(&graph);
	}
	snapshot_deinit(&snapshot);
	graph_deinit(&graph);
	return ret;
}

/* Returns 0 or -errno; a module that knows no segments has none. */
static int show_segments(void)
{
	struct ipck_shm_info *infos = NULL, *more;
	size_t count = 0;
	int ret;

	do {
		more = reallocarray(infos, count + BATCH, sizeof(*infos));
		ret = more ? 0 : -ENOMEM;
		infos = more ?: infos;
		if (!ret)
			ret = ipck_shm_list(count ? infos[count - 1].id : 0, infos + count,
					    BATCH);
		count += ret > 0 ? ret : 0;
	} while (ret > 0);
	if (!ret)
		print_segments(infos, count);
	free(infos);
	return ret == -ENOTTY ? 0 : ret;
}

static int show_user(void)
{
	struct ipck_limits limits;
	int ret = ipck_limits(&limits);

	if (!ret)
		print_user(&limits);
	return ret;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	int ret;

	if (getopt_long(argc, argv, "", options, NULL) != -1 || optind != argc)
		return command_misused(&metrics_command);
	ret = show_user();
	if (!ret)
		ret = show_mailboxes();
	if (!ret)
		ret = show_segments();
	return ret < 0 ? report_failure("metrics", NULL, ret, 0) : STATUS_OK;
}

const struct command metrics_command = {
	.name = "metrics",
	.summary = "print numbers for a monitor (Prometheus)",
	.usage = "",
	.help =
	"Prints the text format of Prometheus: what there is of each mailbox and each\n"
	"segment, how many tasks are in a deadlock, and what the user who asks has used\n"
	"up. To collect it, let node_exporter read a file (--collector.textfile):\n"
	"\n"
	"  ipck metrics >ipcmbox.prom.new && mv ipcmbox.prom.new ipcmbox.prom\n",
	.run = run,
};
