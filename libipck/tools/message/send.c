// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipck.h>

#include "input.h"
#include "peer.h"
#include "report.h"
#include "target.h"
#include "value/events.h"
#include "value/quantity.h"

/**
 * struct job - what to send, and how
 * @mb: where to
 * @target: its name for messages
 * @peer: it is a process or a thread
 * @opt: how
 * @by_line: each line of the input is a message
 */
struct job {
	struct ipck *mb;
	const char *target;
	struct ipck_send_opt opt;
	bool peer;
	bool by_line;
};

static enum status send_one(const struct job *job, const void *buf, size_t len)
{
	unsigned int limit;
	int ret;

	ret = ipck_send_opt(job->mb, buf, len, &job->opt, &limit);
	if (ret < 0)
		return report_failure("send", job->target, ret, limit);
	return STATUS_OK;
}

static enum status send_arguments(const struct job *job, char **messages)
{
	enum status status = STATUS_OK;

	for (; *messages && status == STATUS_OK; messages++)
		status = send_one(job, *messages, strlen(*messages));
	return status;
}

static enum status send_lines(const struct job *job)
{
	enum status status = STATUS_OK;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (status == STATUS_OK && (len = getline(&line, &size, stdin)) >= 0) {
		if (len && line[len - 1] == '\n')
			len--;
		status = send_one(job, line, len);
	}
	free(line);
	return status == STATUS_OK ? input_status("send") : status;
}

static enum status send_input(const struct job *job)
{
	enum status status;
	char *buf;
	size_t len;

	status = input_read("send", &buf, &len);
	if (status == STATUS_OK)
		status = send_one(job, buf, len);
	free(buf);
	return status;
}

static enum status send(struct job *job, char **messages)
{
	enum status status;
	int ret;

	if (job->peer)
		ret = peer_connect(&job->mb, job->target);
	else
		ret = target_open(&job->mb, job->target, O_WRONLY);
	if (ret < 0)
		return report_failure("send", job->target, ret, 0);
	if (*messages)
		status = send_arguments(job, messages);
	else if (job->by_line)
		status = send_lines(job);
	else
		status = send_input(job);
	ipck_close(job->mb);
	return status;
}

static enum status set_option(int option, struct job *job)
{
	switch (option) {
	case 'p':
		if (quantity_u32(optarg, IPCK_PRIORITY_MAX, &job->opt.priority))
			return STATUS_OK;
		return report_value("send", "priority", optarg);
	case 'n':
		job->opt.wait = IPCK_WAIT_NEVER;
		job->opt.wait_ns = 0;
		return STATUS_OK;
	case 't':
		job->opt.wait = IPCK_WAIT_FOR;
		if (quantity_duration(optarg, &job->opt.wait_ns))
			return STATUS_OK;
		return report_value("send", "timeout", optarg);
	case 'r':
		job->opt.completion = IPCK_RECEIVED;
		return STATUS_OK;
	case 'H':
		job->opt.completion = IPCK_HANDLED;
		return STATUS_OK;
	case 'E':
		if (events_parse(optarg, &job->opt.events))
			return STATUS_OK;
		return report_value("send", "events", optarg);
	case 'T':
		job->peer = true;
		job->target = optarg;
		return STATUS_OK;
	case 'l':
		job->by_line = true;
		return STATUS_OK;
	default:
		return command_misused(&send_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "priority", required_argument, NULL, 'p' },
		{ "nonblock", no_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "received", no_argument, NULL, 'r' },
		{ "handled", no_argument, NULL, 'H' },
		{ "events", required_argument, NULL, 'E' },
		{ "to", required_argument, NULL, 'T' },
		{ "lines", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "p:nt:rHE:T:l", options,
				     NULL)) != -1) {
		status = set_option(option, &job);
		if (status != STATUS_OK)
			return status;
	}
	if (!job.peer)
		job.target = argv[optind++];
	if (!job.target || (job.by_line && argv[optind]))
		return command_misused(&send_command);
	return send(&job, argv + optind);
}

const struct command send_command = {
	.name = "send",
	.summary = "send messages",
	.usage =
	"[-p PRIORITY] [-n | -t TIMEOUT] [-r | -H] [-E EVENTS] [-l]\n"
	"                 NAME|#ID|--to WHO [MESSAGE...]",
	.help =
	"  -p, --priority N   0 (by default) to 32767, the highest\n"
	"  -n, --nonblock     do not wait\n"
	"  -t, --timeout T    wait so long for each message: seconds, or a number\n"
	"                     with ns, us, ms, s, m or h\n"
	"  -r, --received     wait until the message has been received\n"
	"  -H, --handled      wait until its receiver has acknowledged it\n"
	"  -E, --events LIST  event bits of the messages: numbers from 0 to 60, with\n"
	"                     commas between them\n"
	"  -T, --to WHO       to the inbox of a process or thread: PID, tid:TID, or #ID\n"
	"  -l, --lines        each line of standard input is a message\n"
	"\n"
	"Without MESSAGE, all of standard input is one message, byte by byte.\n",
	.run = run,
};
