// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>

#include <ipck.h>

#include "receive.h"
#include "report.h"
#include "target.h"

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		RECEIVE_OPTIONS,
		{ "peek", no_argument, NULL, 'P' },
		{ NULL, 0, NULL, 0 }
	};
	struct receive receive = {
		.doing = "recv", .count = 1, .show.separator = -1,
	};
	enum status status;
	int option, ret;

	while ((option = getopt_long(argc, argv, RECEIVE_LETTERS, options,
				     NULL)) != -1) {
		if (option == 'P') {
			receive.opt.flags |= IPCK_PEEK;
			continue;
		}
		status = receive_option(&receive, option, &recv_command);
		if (status != STATUS_OK)
			return status;
	}
	if (argc - optind != 1)
		return command_misused(&recv_command);
	/* To peek again would show the same message again. */
	if (receive.opt.flags & IPCK_PEEK && receive.count != 1)
		return command_misused(&recv_command);
	receive.target = argv[optind];
	ret = target_open(&receive.mb, receive.target, O_RDONLY);
	if (ret < 0)
		return report_failure("recv", receive.target, ret, 0);
	status = receive_run(&receive);
	ipck_close(receive.mb);
	return status;
}

const struct command recv_command = {
	.name = "recv",
	.summary = "receive messages and print them",
	.usage =
	"[-n | -t TIMEOUT] [-N COUNT | -f] [-m PRIORITY] [-E EVENTS]\n"
	"                 [-F WHO] [-L TIME] [--peek] [-l | -z | -v | --json]\n"
	"                 NAME|#ID",
	.help =
	RECEIVE_HELP_WAIT
	"  -N, --count N          receive N messages; 1 by default\n"
	"  -f, --follow           go on for ever\n"
	"  -E, --events LIST      only messages with one of these event bits: numbers,\n"
	"                         joined, left, died, with commas between them\n"
	RECEIVE_HELP_SELECT
	"      --peek             leave the message in the mailbox\n"
	RECEIVE_HELP_SHOW
	"\n"
	"Payloads are written byte by byte, with nothing between them unless asked for.\n"
	"Calls are acknowledged, with an empty reply.\n",
	.run = run,
};
