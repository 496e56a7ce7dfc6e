// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>

#include <ipck.h>

#include "receive.h"
#include "report.h"
#include "target.h"
#include "value/policy.h"
#include "value/quantity.h"

static enum status join(struct receive *receive, struct ipck_join_attr *attr)
{
	enum status status;
	struct ipck *mb;
	int ret;

	ret = target_open(&mb, receive->target, O_RDONLY);
	if (ret < 0)
		return report_failure("join", receive->target, ret, 0);
	/* What does not come need not be selected. */
	attr->mask = receive->opt.events;
	receive->opt.events = 0;
	ret = ipck_join(&receive->mb, mb, attr);
	ipck_close(mb);
	if (ret < 0)
		return report_failure("join", receive->target, ret,
				      IPCK_LIMIT_USER_MAILBOXES);
	status = receive_run(receive);
	ipck_close(receive->mb);
	return status;
}

static enum status set_option(int option, struct receive *receive,
			      struct ipck_join_attr *attr)
{
	switch (option) {
	case 'c':
		if (quantity_u32(optarg, IPCK_UNBOUNDED - 1, &attr->capacity))
			return STATUS_OK;
		return report_value("join", "capacity", optarg);
	case 'p':
		attr->flags |= IPCK_JOIN_OVERFLOW;
		if (policy_parse(optarg, &attr->overflow))
			return STATUS_OK;
		return report_value("join", "policy", optarg);
	default:
		return receive_option(receive, option, &join_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		RECEIVE_OPTIONS,
		{ "capacity", required_argument, NULL, 'c' },
		{ "policy", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 }
	};
	struct receive receive = {
		.doing = "join", .show.separator = '\n',
	};
	struct ipck_join_attr attr = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, RECEIVE_LETTERS "c:p:",
				     options, NULL)) != -1) {
		status = set_option(option, &receive, &attr);
		if (status != STATUS_OK)
			return status;
	}
	if (argc - optind != 1)
		return command_misused(&join_command);
	receive.target = argv[optind];
	return join(&receive, &attr);
}

const struct command join_command = {
	.name = "join",
	.summary = "join an event mailbox and print what it sends",
	.usage =
	"[-E EVENTS] [-c CAPACITY] [-p POLICY] [-n | -t TIMEOUT]\n"
	"                 [-N COUNT] [-m PRIORITY] [-F WHO] [-L TIME]\n"
	"                 [-z | -v | --json] NAME|#ID",
	.help =
	"  -E, --events LIST      event bits to receive: numbers, joined, left, died,\n"
	"                         all, with commas between them; all by default\n"
	"  -c, --capacity N       messages that wait for being printed; as the mailbox\n"
	"                         by default\n"
	"  -p, --policy P         when there are more: block (everybody waits), fail,\n"
	"                         drop-oldest, drop-newest; as the mailbox by default\n"
	RECEIVE_HELP_WAIT
	"  -N, --count N          receive N messages; goes on for ever by default\n"
	RECEIVE_HELP_SELECT
	RECEIVE_HELP_SHOW
	"\n"
	"Each message gets a line, and goes to all who joined. joined, left and died\n"
	"are from the kernel and tell of other members; -v shows who they are.\n",
	.run = run,
};
