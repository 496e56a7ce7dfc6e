// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipck.h>

#include "input.h"
#include "peer.h"
#include "report.h"
#include "target.h"
#include "value/quantity.h"

/**
 * struct job - what to call, and how
 * @mb: whom
 * @target: its name for messages
 * @peer: it is a process or a thread
 * @opt: how
 * @newline: write one after the reply
 */
struct job {
	struct ipck *mb;
	const char *target;
	bool peer;
	struct ipck_call_opt opt;
	bool newline;
};

/* The status of a reply is its sender's to choose; here, all but 0 is failure. */
static enum status show(const struct job *job, const char *reply,
			const struct ipck_answer *answer)
{
	uint32_t i;

	for (i = 0; i < answer->nr_fds; i++)
		close(job->opt.reply_fds[i]);
	fwrite(reply, 1, answer->length, stdout);
	if (job->newline)
		putchar('\n');
	if (!answer->status)
		return report_output();
	report_output();
	fprintf(stderr, "ipck: call %s: replied with status %d\n", job->target,
		answer->status);
	return STATUS_ERROR;
}

static enum status call(struct job *job, const char *request, size_t len)
{
	struct ipck_answer answer = { 0 };
	int fds[IPCK_FDS_MAX];
	struct ipck_info info;
	enum status status;
	char *reply;
	ssize_t ret;

	ret = ipck_stat(job->mb, &info);
	if (ret < 0)
		return report_failure("call", job->target, ret, 0);
	if (info.flags & IPCK_INFO_FDS) {
		job->opt.reply_fds = fds;
		job->opt.max_reply_fds = IPCK_FDS_MAX;
	}
	reply = malloc(info.max_length + 1UL);
	if (!reply)
		return report_failure("call", job->target, -ENOMEM, 0);
	ret = ipck_call_opt(job->mb, request, len, reply, info.max_length,
			    &job->opt, &answer);
	if (ret < 0)
		status = report_failure("call", job->target, ret, answer.limit);
	else
		status = show(job, reply, &answer);
	free(reply);
	return status;
}

static enum status call_with(struct job *job, char *request)
{
	enum status status;
	char *buf;
	size_t len;
	int ret;

	if (job->peer)
		ret = peer_connect(&job->mb, job->target);
	else
		ret = target_open(&job->mb, job->target, O_WRONLY);
	if (ret < 0)
		return report_failure("call", job->target, ret, 0);
	if (request) {
		status = call(job, request, strlen(request));
	} else {
		status = input_read("call", &buf, &len);
		if (status == STATUS_OK)
			status = call(job, buf, len);
		free(buf);
	}
	ipck_close(job->mb);
	return status;
}

static enum status set_option(int option, struct job *job)
{
	switch (option) {
	case 'p':
		if (quantity_u32(optarg, IPCK_PRIORITY_MAX, &job->opt.priority))
			return STATUS_OK;
		return report_value("call", "priority", optarg);
	case 't':
		job->opt.wait = IPCK_WAIT_FOR;
		if (quantity_duration(optarg, &job->opt.wait_ns))
			return STATUS_OK;
		return report_value("call", "timeout", optarg);
	case 'T':
		job->peer = true;
		job->target = optarg;
		return STATUS_OK;
	case 'l':
		job->newline = true;
		return STATUS_OK;
	default:
		return command_misused(&call_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "priority", required_argument, NULL, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "to", required_argument, NULL, 'T' },
		{ "lines", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "p:t:T:l", options,
				     NULL)) != -1) {
		status = set_option(option, &job);
		if (status != STATUS_OK)
			return status;
	}
	if (!job.peer)
		job.target = argv[optind++];
	if (!job.target || argc - optind > 1)
		return command_misused(&call_command);
	return call_with(&job, argv[optind]);
}

const struct command call_command = {
	.name = "call",
	.summary = "send a request and print the reply",
	.usage =
	"[-p PRIORITY] [-t TIMEOUT] [-l] NAME|#ID|--to WHO [REQUEST]",
	.help =
	"  -p, --priority N   of the request: 0 (by default) to 32767, the highest\n"
	"  -t, --timeout T    wait so long: seconds, or a number with ns, us, ms, s, m, h\n"
	"  -T, --to WHO       call a process or a thread: PID, tid:TID, or #ID of its\n"
	"                     endpoint\n"
	"  -l, --lines        a newline after the reply\n"
	"\n"
	"Without REQUEST, all of standard input is the request, byte by byte. The exit\n"
	"status is 1 also if the status of the reply is not 0.\n",
	.run = run,
};
