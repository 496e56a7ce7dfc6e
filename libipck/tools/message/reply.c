// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipck.h>

#include "input.h"
#include "report.h"
#include "show.h"
#include "target.h"
#include "value/quantity.h"

/**
 * struct job - what to answer, and how
 * @mb: where
 * @target: its name for messages
 * @opt: how to receive
 * @status: of the reply
 * @show: how to show the request
 */
struct job {
	struct ipck *mb;
	const char *target;
	struct ipck_recv_opt opt;
	uint32_t status;
	struct show show;
};

static enum status answer(const struct job *job, uint64_t token,
			  const char *buf, size_t len)
{
	const struct ipck_reply_opt opt = { .status = job->status };
	unsigned int limit;
	int ret;

	ret = ipck_reply_opt(job->mb, token, buf, len, &opt, &limit);
	if (ret < 0)
		return report_failure("reply", job->target, ret, limit);
	return STATUS_OK;
}

/* The request is shown before the reply is asked for. */
static enum status answer_with(const struct job *job, uint64_t token,
			       const char *reply)
{
	enum status status;
	char *buf;
	size_t len;

	if (!token) {
		fprintf(stderr, "ipck: reply %s: nobody waits for a reply\n",
			job->target);
		return STATUS_OK;
	}
	if (reply)
		return answer(job, token, reply, strlen(reply));
	status = input_read("reply", &buf, &len);
	if (status == STATUS_OK)
		status = answer(job, token, buf, len);
	free(buf);
	return status;
}

static enum status receive(const struct job *job, const char *reply)
{
	enum status status;
	struct ipck_info info;
	struct ipck_msg msg;
	ssize_t ret;
	char *buf;

	ret = ipck_stat(job->mb, &info);
	if (ret < 0)
		return report_failure("reply", job->target, ret, 0);
	buf = malloc(info.max_length + 1UL);
	if (!buf)
		return report_failure("reply", job->target, -ENOMEM, 0);
	ret = ipck_recv_opt(job->mb, buf, info.max_length, &job->opt, &msg);
	if (ret < 0) {
		status = report_failure("reply", job->target, ret, msg.limit);
	} else {
		status = show_message(&job->show, buf, &msg);
		if (status == STATUS_OK)
			status = answer_with(job, msg.token, reply);
	}
	free(buf);
	return status;
}

static enum status set_option(int option, struct job *job)
{
	switch (option) {
	case 'n':
		job->opt.wait = IPCK_WAIT_NEVER;
		job->opt.wait_ns = 0;
		return STATUS_OK;
	case 't':
		job->opt.wait = IPCK_WAIT_FOR;
		if (quantity_duration(optarg, &job->opt.wait_ns))
			return STATUS_OK;
		return report_value("reply", "timeout", optarg);
	case 's':
		if (quantity_u32(optarg, INT32_MAX, &job->status))
			return STATUS_OK;
		return report_value("reply", "status", optarg);
	case 'v':
		job->show.verbose = true;
		job->show.separator = '\n';
		return STATUS_OK;
	case 'l':
		job->show.separator = '\n';
		return STATUS_OK;
	default:
		return command_misused(&reply_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "nonblock", no_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "status", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "lines", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = {
		.opt.flags = IPCK_TOKEN, .show.separator = -1,
	};
	enum status status;
	int option, ret;

	while ((option = getopt_long(argc, argv, "nt:s:vl", options,
				     NULL)) != -1) {
		status = set_option(option, &job);
		if (status != STATUS_OK)
			return status;
	}
	job.target = argv[optind];
	if (!job.target || argc - optind > 2)
		return command_misused(&reply_command);
	ret = target_open(&job.mb, job.target, O_RDONLY);
	if (ret < 0)
		return report_failure("reply", job.target, ret, 0);
	status = receive(&job, argv[optind + 1]);
	ipck_close(job.mb);
	return status;
}

const struct command reply_command = {
	.name = "reply",
	.summary = "receive a request, print it, and answer it",
	.usage =
	"[-n | -t TIMEOUT] [-s STATUS] [-l | -v] NAME|#ID [REPLY]",
	.help =
	"  -n, --nonblock    do not wait\n"
	"  -t, --timeout T   wait so long for the request: seconds, or a number with\n"
	"                    ns, us, ms, s, m or h\n"
	"  -s, --status N    status of the reply; 0 by default\n"
	"  -l, --lines       a newline after the request\n"
	"  -v, --verbose     a line about the request before it; with -l\n"
	"\n"
	"Without REPLY, all of standard input is the reply, and is read when the request\n"
	"has been printed.\n",
	.run = run,
};
