/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command: one subcommand of the tool. */
#ifndef IPCK_COMMAND_H
#define IPCK_COMMAND_H

/**
 * enum status - exit status of the tool
 * @STATUS_OK: done
 * @STATUS_ERROR: failed
 * @STATUS_USAGE: not understood
 * @STATUS_BLOCK: it would have blocked, or waited longer than allowed
 */
enum status {
	STATUS_OK = 0,
	STATUS_ERROR = 1,
	STATUS_USAGE = 2,
	STATUS_BLOCK = 3,
};

/**
 * struct command - a subcommand
 * @name: its name
 * @summary: what it does, in a few words
 * @usage: its arguments
 * @help: its options and what else there is to know
 * @run: does it; argv[0] is "ipck NAME" for messages
 */
struct command {
	const char *name;
	const char *summary;
	const char *usage;
	const char *help;
	enum status (*run)(int argc, char **argv);
};

extern const struct command bench_command;
extern const struct command blocked_command;
extern const struct command bridge_command;
extern const struct command call_command;
extern const struct command create_command;
extern const struct command exec_command;
extern const struct command inbox_command;
extern const struct command join_command;
extern const struct command limits_command;
extern const struct command ls_command;
extern const struct command metrics_command;
extern const struct command record_command;
extern const struct command recv_command;
extern const struct command reply_command;
extern const struct command send_command;
extern const struct command serve_command;
extern const struct command set_command;
extern const struct command shm_command;
extern const struct command stat_command;
extern const struct command top_command;
extern const struct command trace_command;
extern const struct command unlink_command;
extern const struct command watch_command;

/* Say how the command is used. Return: STATUS_USAGE. */
enum status command_misused(const struct command *command);

#endif /* IPCK_COMMAND_H */
