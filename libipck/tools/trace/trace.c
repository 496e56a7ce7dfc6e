// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ipck.h>

#include "clock.h"
#include "probe.h"
#include "report.h"
#include "target.h"
#include "value/quantity.h"
#include "value/text.h"

#define LINE	1024

/**
 * struct trace - what is followed
 * @target: the mailbox
 * @all: all its messages, else one
 * @seq: that one; 0: whichever is sent first
 * @deadline_ns: until when, on CLOCK_MONOTONIC
 * @begin_ns: of the first step
 * @probe: where the steps come from
 */
struct trace {
	const char *target;
	bool all;
	uint64_t seq;
	uint64_t deadline_ns;
	uint64_t begin_ns;
	struct probe probe;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static bool is_wanted(struct trace *trace, const struct step *step)
{
	if (trace->all)
		return true;
	/* One that waits has no number yet. */
	if (!trace->seq && !strcmp(step->name, "send"))
		trace->seq = step->seq;
	return trace->seq && step->seq == trace->seq;
}

static void print(struct trace *trace, const struct step *step)
{
	if (!trace->begin_ns)
		trace->begin_ns = step->ns;
	printf("%8" PRIu64 " %11.6fs %-8s ", step->seq, (step->ns - trace->begin_ns) / 1e9,
	       step->name);
	text_print(stdout, step->task);
	putchar(' ');
	text_print(stdout, step->rest);
	putchar('\n');
}

/* Whether nothing follows: who has received it may still have to reply. */
static bool is_end(const struct trace *trace, const struct step *step)
{
	static const char * const ends[] = { "reply", "drop", "withdraw", "dead" };
	struct ipck_info info;
	size_t i;

	if (trace->all)
		return false;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(step->name, ends[i]))
			return true;
	return !strcmp(step->name, "finish") &&
	       (target_info(trace->target, &info) < 0 || !info.held);
}

/* At the end, what is there already is shown, too. Return: 0 or -errno. */
static int follow(struct trace *trace)
{
	char line[LINE];
	struct step step;
	bool end = false;
	int ret = 0;

	while (!interrupted) {
		ret = probe_read(&trace->probe, line, sizeof(line), end ? 0 : trace->deadline_ns);
		if (ret <= 0)
			break;
		if (!probe_parse(line, &step) || !is_wanted(trace, &step))
			continue;
		print(trace, &step);
		if (report_output() != STATUS_OK)
			break;
		end |= is_end(trace, &step);
	}
	if (ret < 0 || end || interrupted || trace->all)
		return ret < 0 ? ret : 0;
	return -ETIMEDOUT;
}

static enum status show(struct trace *trace)
{
	struct ipck_info info;
	int ret;

	ret = target_info(trace->target, &info);
	if (ret < 0)
		return report_failure("trace", trace->target, ret, 0);
	catch_signals();
	ret = probe_open(&trace->probe, info.id);
	if (ret < 0) {
		fprintf(stderr, "ipck: trace: /sys/kernel/tracing: %s\n", strerror(-ret));
		return STATUS_ERROR;
	}
	printf("%8s %12s %-8s %s\n", "SEQ", "AFTER", "STEP", "TASK");
	fflush(stdout);
	ret = follow(trace);
	probe_close(&trace->probe);
	return ret < 0 ? report_failure("trace", trace->target, ret, 0) : STATUS_OK;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 }
	};
	struct trace trace = { .deadline_ns = UINT64_MAX };
	uint64_t timeout;
	int option;

	while ((option = getopt_long(argc, argv, "at:", options, NULL)) != -1) {
		if (option == 'a') {
			trace.all = true;
		} else if (option == 't') {
			if (!quantity_duration(optarg, &timeout) || timeout > INT64_MAX / 2)
				return report_value("trace", "timeout", optarg);
			trace.deadline_ns = clock_now() + timeout;
		} else {
			return command_misused(&trace_command);
		}
	}
	if (argc - optind < 1 || argc - optind > 2 - trace.all)
		return command_misused(&trace_command);
	trace.target = argv[optind];
	if (argc - optind == 2 &&
	    (!quantity_number(argv[optind + 1], UINT64_MAX, &trace.seq) || !trace.seq))
		return report_value("trace", "number", argv[optind + 1]);
	return show(&trace);
}

const struct command trace_command = {
	.name = "trace",
	.summary = "follow a message on its way",
	.usage = "[-a] [-t TIME] NAME|#ID [SEQ]",
	.help =
	"  -a, --all        all messages, until interrupted; else the one of number SEQ, or\n"
	"                   the next one that is sent, until nothing more can happen to it\n"
	"  -t, --timeout T  for how long: seconds, or a number with ms, s, m, h\n"
	"\n"
	"Each line is a step: block (no room yet), send (accepted), take (in the hands of a\n"
	"receiver), finish (copied to it), return (put back), reply, drop, withdraw (its\n"
	"sender gave up), dead (delivered too often), wake (of who waited for it); when,\n"
	"since the first one; who did it; and what the tracepoint tells. For root, with\n"
	"tracefs at /sys/kernel/tracing, in an instance of its own.\n",
	.run = run,
};
