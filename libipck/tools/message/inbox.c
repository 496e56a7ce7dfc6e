// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>

#include <ipck.h>

#include "receive.h"
#include "report.h"
#include "value/quantity.h"

static enum status inbox(struct receive *receive, const struct ipck_attr *attr)
{
	enum status status;
	int ret;

	ret = ipck_endpoint(&receive->mb, 0, attr);
	if (ret < 0)
		return report_failure("inbox", NULL, ret,
				      IPCK_LIMIT_USER_MAILBOXES);
	status = receive_run(receive);
	ipck_close(receive->mb);
	return status;
}

static enum status set_option(int option, struct receive *receive,
			      struct ipck_attr *attr)
{
	switch (option) {
	case 'c':
		if (quantity_capacity(optarg, &attr->capacity))
			return STATUS_OK;
		return report_value("inbox", "capacity", optarg);
	case 'M':
		if (quantity_mode(optarg, &attr->mode) && attr->mode)
			return STATUS_OK;
		return report_value("inbox", "mode", optarg);
	default:
		return receive_option(receive, option, &inbox_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		RECEIVE_OPTIONS,
		{ "capacity", required_argument, NULL, 'c' },
		{ "mode", required_argument, NULL, 'M' },
		{ NULL, 0, NULL, 0 }
	};
	struct receive receive = {
		.doing = "inbox", .show.separator = '\n',
	};
	struct ipck_attr attr = IPCK_ATTR_INIT;
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, RECEIVE_LETTERS "c:M:",
				     options, NULL)) != -1) {
		status = set_option(option, &receive, &attr);
		if (status != STATUS_OK)
			return status;
	}
	if (argc != optind)
		return command_misused(&inbox_command);
	return inbox(&receive, &attr);
}

const struct command inbox_command = {
	.name = "inbox",
	.summary = "print what is sent to this process",
	.usage =
	"[-c CAPACITY] [-M MODE] [-n | -t TIMEOUT] [-N COUNT]\n"
	"                 [-m PRIORITY] [-E EVENTS] [-F WHO] [-L TIME]\n"
	"                 [-z | -v | --json]",
	.help =
	"  -c, --capacity N       messages that wait for being printed, or unbounded\n"
	"  -M, --mode MODE        octal, who may send here, 2 each; 600 by default\n"
	RECEIVE_HELP_WAIT
	"  -N, --count N          receive N messages; goes on for ever by default\n"
	"  -E, --events LIST      only messages with one of these event bits\n"
	RECEIVE_HELP_SELECT
	RECEIVE_HELP_SHOW
	"\n"
	"Makes an inbox for the process of this command, whose id the shell has as $!\n"
	"when it runs in the background: ipck send --to PID sends to it. Each message\n"
	"gets a line.\n",
	.run = run,
};
