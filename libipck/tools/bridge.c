// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../bridge/help.h"
#include "command.h"

#define PROGRAM "ipck-bridge"

static enum status run(int argc, char **argv)
{
	int error;

	(void)argc;
	signal(SIGPIPE, SIG_DFL);
	execvp(PROGRAM, argv);
	error = errno;
	fprintf(stderr, "ipck: bridge: " PROGRAM ": %s\n",
		error == ENOENT ? "it is not installed" : strerror(error));
	return STATUS_ERROR;
}

const struct command bridge_command = {
	.name = "bridge",
	.summary = BRIDGE_SUMMARY,
	.usage = BRIDGE_USAGE,
	.help = BRIDGE_HELP,
	.run = run,
};
