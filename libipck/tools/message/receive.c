// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "peer.h"
#include "receive.h"
#include "report.h"
#include "value/events.h"
#include "value/quantity.h"

static enum status failure(const struct receive *receive, int ret,
			   unsigned int limit)
{
	return report_failure(receive->doing, receive->target, ret, limit);
}

static enum status number(const struct receive *receive, bool is_good,
			  const char *what)
{
	if (is_good)
		return STATUS_OK;
	return report_value(receive->doing, what, optarg);
}

static enum status select_option(struct receive *receive, int option,
				 const struct command *command)
{
	struct ipck_recv_opt *opt = &receive->opt;

	switch (option) {
	case 'm':
		return number(receive, quantity_u32(optarg, IPCK_PRIORITY_MAX,
						    &opt->min_priority),
			      "priority");
	case 'E':
		return number(receive, events_parse(optarg, &opt->events),
			      "events");
	case 'F':
		return number(receive, peer_parse(optarg, &opt->from_kind,
						  &opt->from), "sender");
	case 'L':
		return number(receive, quantity_duration(optarg,
							 &opt->lease_ns) &&
			      opt->lease_ns, "lease");
	default:
		return command_misused(command);
	}
}

enum status receive_option(struct receive *receive, int option,
			   const struct command *command)
{
	switch (option) {
	case 'n':
		receive->opt.wait = IPCK_WAIT_NEVER;
		receive->opt.wait_ns = 0;
		return STATUS_OK;
	case 't':
		receive->opt.wait = IPCK_WAIT_FOR;
		return number(receive, quantity_duration(optarg,
							 &receive->opt.wait_ns),
			      "timeout");
	case 'N':
		return number(receive, quantity_number(optarg, UINT64_MAX,
						       &receive->count) &&
			      receive->count, "count");
	case 'f':
		receive->count = 0;
		return STATUS_OK;
	case 'z':
		receive->show.separator = '\0';
		return STATUS_OK;
	case 'v':
		/* The next header needs a line of its own. */
		receive->show.verbose = true;
		receive->show.separator = '\n';
		return STATUS_OK;
	case 'l':
		receive->show.separator = '\n';
		return STATUS_OK;
	case 'j':
		receive->show.json = true;
		return STATUS_OK;
	default:
		return select_option(receive, option, command);
	}
}

/* Descriptors are of no use here. */
static void close_all(const int *fds, uint32_t count)
{
	while (count--)
		close(fds[count]);
}

static enum status receive_one(struct receive *receive, char *buf, size_t size)
{
	enum status status;
	struct ipck_msg msg;
	ssize_t ret;

	ret = ipck_recv_opt(receive->mb, buf, size, &receive->opt, &msg);
	if (ret < 0)
		return failure(receive, ret, msg.limit);
	close_all(receive->opt.fds, msg.nr_fds);
	status = show_message(&receive->show, buf, &msg);
	if (status != STATUS_OK || !msg.token)
		return status;
	ret = ipck_ack(receive->mb, msg.token);
	return ret < 0 ? failure(receive, ret, 0) : STATUS_OK;
}

static enum status receive_all(struct receive *receive, char *buf, size_t size)
{
	enum status status = STATUS_OK;
	uint64_t done;

	for (done = 0; !receive->count || done < receive->count; done++) {
		status = receive_one(receive, buf, size);
		if (status != STATUS_OK)
			break;
	}
	return status;
}

enum status receive_run(struct receive *receive)
{
	int fds[IPCK_FDS_MAX], ret;
	struct ipck_info info;
	enum status status;
	char *buf;

	ret = ipck_stat(receive->mb, &info);
	if (ret < 0)
		return failure(receive, ret, 0);
	if (info.flags & IPCK_INFO_FDS) {
		receive->opt.fds = fds;
		receive->opt.max_fds = IPCK_FDS_MAX;
	}
	buf = malloc(info.max_length + 1UL);
	if (!buf)
		return failure(receive, -ENOMEM, 0);
	status = receive_all(receive, buf, info.max_length);
	free(buf);
	return status;
}
