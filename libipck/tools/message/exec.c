// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ipck.h>

#include "descriptor.h"
#include "report.h"
#include "target.h"

/* As env(1) and the shells have it. */
#define STATUS_NOT_RUN		126
#define STATUS_NOT_FOUND	127

static enum status open_at(const char *target, int oflag, int where)
{
	enum status status = STATUS_OK;
	struct ipck *mb;
	int ret;

	ret = target_open(&mb, target, oflag);
	if (ret < 0)
		return report_failure("exec", target, ret, 0);
	if (descriptor_put(ipck_fd(mb), where) < 0)
		status = report_failure("exec", target, -errno, 0);
	/* The handle need not end: the program that follows replaces it. */
	if (ipck_fd(mb) != where)
		ipck_close(mb);
	return status;
}

static enum status execute(char **argv)
{
	int error;

	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	error = errno;
	fprintf(stderr, "ipck: exec: %s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "read", no_argument, NULL, 'r' },
		{ "write", no_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 }
	};
	enum status status = STATUS_OK;
	int option, in = 0, out = 0;
	const char *target;

	/* The + stops at NAME: what follows belongs to the command. */
	while ((option = getopt_long(argc, argv, "+rw", options, NULL)) != -1) {
		if (option == 'r')
			in = 1;
		else if (option == 'w')
			out = 1;
		else
			return command_misused(&exec_command);
	}
	if (!in && !out)
		return command_misused(&exec_command);
	target = argv[optind];
	if (target && argv[++optind] && !strcmp(argv[optind], "--"))
		optind++;
	if (!target || !argv[optind])
		return command_misused(&exec_command);
	if (in)
		status = open_at(target, O_RDONLY, STDIN_FILENO);
	if (status == STATUS_OK && out)
		status = open_at(target, O_WRONLY, STDOUT_FILENO);
	return status == STATUS_OK ? execute(argv + optind) : status;
}

const struct command exec_command = {
	.name = "exec",
	.summary = "run a program with a mailbox as its input or output",
	.usage = "[-r] [-w] NAME|#ID [--] COMMAND [ARGUMENT...]",
	.help =
	"  -r, --read    the mailbox is standard input of COMMAND\n"
	"  -w, --write   the mailbox is standard output of COMMAND\n"
	"\n"
	"Each read and each write of COMMAND moves one message. A read that asks for\n"
	"less than the message is long fails and leaves the message where it is; a\n"
	"program that reads byte by byte, as the shell's own read does, is no use.\n"
	"An empty message looks like the end of the input.\n",
	.run = run,
};
