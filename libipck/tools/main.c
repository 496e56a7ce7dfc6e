// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ipck tool: mailboxes, and segments, from the shell. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <ipck.h>

#include "command.h"
#include "report.h"

static const struct command *const commands[] = {
	&create_command, &set_command, &unlink_command,
	&send_command, &recv_command, &join_command, &inbox_command,
	&call_command, &reply_command, &serve_command, &exec_command,
	&ls_command, &stat_command, &watch_command, &top_command,
	&shm_command,
	&blocked_command, &trace_command, &record_command, &metrics_command,
	&limits_command, &bench_command,
	&bridge_command,
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void print_usage(FILE *out)
{
	size_t i;

	fputs("usage: ipck COMMAND [ARGUMENT...]\n\n", out);
	for (i = 0; i < COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("  help     explain a command: ipck help COMMAND\n"
	      "  version  print the version\n\n"
	      "A mailbox is given by its NAME, or by its id as #ID (quote the #).\n"
	      "Exit status: 0 done, 1 failed, 2 usage, 3 would block or timed out.\n",
	      out);
}

static enum status unknown(const char *name)
{
	fprintf(stderr, "ipck: no command '%s'; try 'ipck help'\n", name);
	return STATUS_USAGE;
}

static enum status help(const char *name)
{
	const struct command *command;

	if (!name) {
		print_usage(stdout);
		return STATUS_OK;
	}
	command = find(name);
	if (!command)
		return unknown(name);
	printf("usage: ipck %s %s\n\n%s", name, command->usage, command->help);
	return STATUS_OK;
}

enum status command_misused(const struct command *command)
{
	fprintf(stderr, "usage: ipck %s %s\n", command->name, command->usage);
	return STATUS_USAGE;
}

static enum status run(const struct command *command, int argc, char **argv)
{
	char title[32];

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help(command->name);
	snprintf(title, sizeof(title), "ipck %s", command->name);
	argv[0] = title;
	return command->run(argc, argv);
}

static enum status dispatch(int argc, char **argv)
{
	const char *name = argv[1];
	const struct command *command;

	if (!strcmp(name, "help") || !strcmp(name, "--help") ||
	    !strcmp(name, "-h"))
		return help(argv[2]);
	if (!strcmp(name, "version") || !strcmp(name, "--version")) {
		printf("ipck %s\n", ipck_version());
		return STATUS_OK;
	}
	command = find(name);
	return command ? run(command, argc - 1, argv + 1) : unknown(name);
}

int main(int argc, char **argv)
{
	enum status status;

	if (argc < 2) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	/* A reader that went away is an error to report, not a reason to die. */
	signal(SIGPIPE, SIG_IGN);
	status = dispatch(argc, argv);
	return report_output() == STATUS_OK ? status : STATUS_ERROR;
}
