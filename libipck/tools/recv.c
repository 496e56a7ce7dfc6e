// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <json.h>

#include <ipck.h>

#include "field.h"
#include "quantity.h"
#include "report.h"
#include "target.h"
#include "text.h"

/**
 * struct job - what to receive, and how to show it
 * @mb: where from
 * @target: its name for messages
 * @opt: how
 * @count: messages to receive, 0 is for ever
 * @separator: what to write after each payload, or -1
 * @verbose: a line before each payload
 * @json: an object in place of each payload
 */
struct job {
	struct ipck *mb;
	const char *target;
	struct ipck_recv_opt opt;
	uint64_t count;
	int separator;
	bool verbose;
	bool json;
};

static struct json_object *payload_to_hex(const char *buf, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	struct json_object *json;
	char *hex;
	size_t i;

	hex = malloc(2 * len + 1);
	if (!hex)
		return NULL;
	for (i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)buf[i] >> 4];
		hex[2 * i + 1] = digits[buf[i] & 0xf];
	}
	json = json_object_new_string_len(hex, 2 * len);
	free(hex);
	return json;
}

/* JSON holds UTF-8 only; all other payloads get another key. */
static void show_json(const char *buf, const struct ipck_msg *msg)
{
	struct json_object *json = field_to_json(msg_fields, msg);

	if (text_is_utf8(buf, msg->length))
		json_object_object_add(json, "payload",
				       json_object_new_string_len(buf,
								  msg->length));
	else
		json_object_object_add(json, "payload_hex",
				       payload_to_hex(buf, msg->length));
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
}

static void show_head(const struct ipck_msg *msg)
{
	printf("# seq %" PRIu64 " priority %" PRIu32 " length %" PRIu32
	       " pid %d uid %u lost %" PRIu64 "\n", msg->seq, msg->priority,
	       msg->length, msg->pid, (unsigned int)msg->uid, msg->lost);
}

static enum status show(const struct job *job, const char *buf,
			const struct ipck_msg *msg)
{
	if (job->json) {
		show_json(buf, msg);
	} else {
		if (job->verbose)
			show_head(msg);
		fwrite(buf, 1, msg->length, stdout);
		if (job->separator >= 0)
			putchar(job->separator);
	}
	/* Whoever reads our output may wait for this message. */
	return report_output();
}

static enum status receive(const struct job *job, char *buf, size_t size)
{
	enum status status = STATUS_OK;
	struct ipck_msg msg;
	uint64_t done;
	ssize_t ret;

	for (done = 0; !job->count || done < job->count; done++) {
		ret = ipck_recv_opt(job->mb, buf, size, &job->opt, &msg);
		if (ret < 0)
			return report_failure("recv", job->target, ret,
					      msg.limit);
		status = show(job, buf, &msg);
		if (status != STATUS_OK)
			break;
	}
	return status;
}

static enum status receive_into_buffer(const struct job *job)
{
	struct ipck_info info;
	enum status status;
	char *buf;
	int ret;

	ret = ipck_stat(job->mb, &info);
	if (ret < 0)
		return report_failure("recv", job->target, ret, 0);
	buf = malloc(info.max_length + 1UL);
	if (!buf)
		return report_failure("recv", job->target, -ENOMEM, 0);
	status = receive(job, buf, info.max_length);
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
		return report_value("recv", "timeout", optarg);
	case 'N':
		if (quantity_number(optarg, UINT64_MAX, &job->count) &&
		    job->count)
			return STATUS_OK;
		return report_value("recv", "count", optarg);
	case 'f':
		job->count = 0;
		return STATUS_OK;
	case 'm':
		if (quantity_u32(optarg, IPCK_PRIORITY_MAX,
				 &job->opt.min_priority))
			return STATUS_OK;
		return report_value("recv", "priority", optarg);
	case 'P':
		job->opt.flags |= IPCK_PEEK;
		return STATUS_OK;
	case 'z':
		job->separator = '\0';
		return STATUS_OK;
	case 'v':
		/* The next header needs a line of its own. */
		job->verbose = true;
		job->separator = '\n';
		return STATUS_OK;
	case 'l':
		job->separator = '\n';
		return STATUS_OK;
	case 'j':
		job->json = true;
		return STATUS_OK;
	default:
		return command_misused(&recv_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "nonblock", no_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'N' },
		{ "follow", no_argument, NULL, 'f' },
		{ "min-priority", required_argument, NULL, 'm' },
		{ "peek", no_argument, NULL, 'P' },
		{ "zero", no_argument, NULL, 'z' },
		{ "lines", no_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = { .count = 1, .separator = -1 };
	enum status status;
	int option, ret;

	while ((option = getopt_long(argc, argv, "nt:N:fm:zlvj", options,
				     NULL)) != -1) {
		status = set_option(option, &job);
		if (status != STATUS_OK)
			return status;
	}
	/* To peek again would show the same message again. */
	if (argc - optind != 1 || (job.opt.flags & IPCK_PEEK && job.count != 1))
		return command_misused(&recv_command);
	job.target = argv[optind];
	ret = target_open(&job.mb, job.target, O_RDONLY);
	if (ret < 0)
		return report_failure("recv", job.target, ret, 0);
	status = receive_into_buffer(&job);
	ipck_close(job.mb);
	return status;
}

const struct command recv_command = {
	.name = "recv",
	.summary = "receive messages and print them",
	.usage =
	"[-n | -t TIMEOUT] [-N COUNT | -f] [-m PRIORITY] [--peek]\n"
	"                 [-l | -z | -v | --json] NAME|#ID",
	.help =
	"  -n, --nonblock         do not wait\n"
	"  -t, --timeout T        wait so long for each message: seconds, or a number\n"
	"                         with ns, us, ms, s, m or h\n"
	"  -N, --count N          receive N messages; 1 by default\n"
	"  -f, --follow           go on for ever\n"
	"  -m, --min-priority N   only messages of this priority or higher\n"
	"      --peek             leave the message in the mailbox\n"
	"  -l, --lines            a newline after each message\n"
	"  -z, --zero             a zero byte after each message\n"
	"  -v, --verbose          a line about each message before it; with -l\n"
	"  -j, --json             an object a line, with keys as in linux/ipcmbox.h and\n"
	"                         payload, or payload_hex if it is not UTF-8\n"
	"\n"
	"Payloads are written byte by byte, with nothing between them unless asked for.\n",
	.run = run,
};
