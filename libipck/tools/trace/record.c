// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include <json.h>

#include <ipck.h>

#include "clock.h"
#include "report.h"
#include "target.h"
#include "value/events.h"
#include "value/field.h"
#include "value/word.h"

#define BATCH 64

/**
 * struct job - what to show
 * @mb: of which mailbox
 * @target: its name for messages
 * @json: an object a line
 * @now_ns: the time, on CLOCK_MONOTONIC
 */
struct job {
	struct ipck *mb;
	const char *target;
	bool json;
	uint64_t now_ns;
};

static void print_json(const struct ipck_record *record)
{
	struct json_object *json = field_to_json(record_fields, record);

	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
}

static void print_head(void)
{
	printf("%8s %12s %-9s %8s %8s %8s %8s %8s %6s %s\n", "SERIAL", "AGO",
	       "STEP", "SEQ", "LENGTH", "PRIORITY", "PID", "TID", "UID",
	       "EVENTS");
}

static void print_line(const struct job *job, const struct ipck_record *record)
{
	double ago = job->now_ns > record->time_ns ?
		     (job->now_ns - record->time_ns) / 1e9 : 0;

	printf("%8" PRIu64 " %11.6fs %-9s %8" PRIu64 " %8" PRIu32 " %8" PRIu32
	       " %8d %8d %6u ", record->serial, ago,
	       word_of_step(record->step), record->seq, record->length,
	       record->priority, record->pid, record->tid,
	       (unsigned int)record->uid);
	events_print(stdout, record->events);
	putchar('\n');
}

static void print(const struct job *job, const struct ipck_record *records,
		  int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (job->json)
			print_json(&records[i]);
		else
			print_line(job, &records[i]);
	}
}

/* No header above an error. */
static int print_all(const struct job *job)
{
	struct ipck_record records[BATCH];
	uint64_t last = 0;
	int ret;

	do {
		ret = ipck_record(job->mb, last, records, BATCH);
		if (ret >= 0 && !last && !job->json)
			print_head();
		if (ret <= 0)
			break;
		print(job, records, ret);
		last = records[ret - 1].serial;
	} while (report_output() == STATUS_OK);
	return ret < 0 ? ret : 0;
}

static enum status show(struct job *job)
{
	int ret;

	ret = target_open_admin(&job->mb, job->target);
	if (ret < 0)
		return report_failure("record", job->target, ret, 0);
	job->now_ns = clock_now();
	ret = print_all(job);
	ipck_close(job->mb);
	if (ret < 0)
		return report_failure("record", job->target, ret, 0);
	return STATUS_OK;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&record_command);
		job.json = true;
	}
	if (argc - optind != 1)
		return command_misused(&record_command);
	job.target = argv[optind];
	return show(&job);
}

const struct command record_command = {
	.name = "record",
	.summary = "show the last steps of messages in a mailbox",
	.usage = "[--json] NAME|#ID",
	.help =
	"  -j, --json   an object a line, with keys as in linux/ipcmbox.h\n"
	"\n"
	"The flight recorder has to be switched on: ipck set -r STEPS. It keeps no\n"
	"payload. A step is one of sent, blocked (no room yet), taken (by a receiver),\n"
	"returned (put back), replied, dropped, withdrawn (its sender gave up), dead\n"
	"(went to the dead letters). Only the owner may look, and root.\n",
	.run = run,
};
