/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Receive: what the commands that receive and show messages have in common. */
#ifndef IPCK_RECEIVE_H
#define IPCK_RECEIVE_H

#include <getopt.h>
#include <stdint.h>

#include <ipck.h>

#include "command.h"
#include "show.h"

/**
 * struct receive - what to receive, and how to show it
 * @doing: the command, for messages
 * @target: where from, for messages; optional
 * @mb: where from
 * @opt: how
 * @count: messages to receive, 0 is for ever
 * @show: how to show them
 */
struct receive {
	const char *doing;
	const char *target;
	struct ipck *mb;
	struct ipck_recv_opt opt;
	uint64_t count;
	struct show show;
};

/* Options, for getopt_long(), and how they are explained. */
#define RECEIVE_LETTERS "nt:N:fm:E:F:L:lzvj"

#define RECEIVE_OPTIONS \
	{ "nonblock", no_argument, NULL, 'n' }, \
	{ "timeout", required_argument, NULL, 't' }, \
	{ "count", required_argument, NULL, 'N' }, \
	{ "follow", no_argument, NULL, 'f' }, \
	{ "min-priority", required_argument, NULL, 'm' }, \
	{ "events", required_argument, NULL, 'E' }, \
	{ "from", required_argument, NULL, 'F' }, \
	{ "lease", required_argument, NULL, 'L' }, \
	{ "lines", no_argument, NULL, 'l' }, \
	{ "zero", no_argument, NULL, 'z' }, \
	{ "verbose", no_argument, NULL, 'v' }, \
	{ "json", no_argument, NULL, 'j' }

#define RECEIVE_HELP_WAIT \
	"  -n, --nonblock         do not wait\n" \
	"  -t, --timeout T        wait so long for each message: seconds, or a number\n" \
	"                         with ns, us, ms, s, m or h\n"
#define RECEIVE_HELP_SELECT \
	"  -m, --min-priority N   only messages of this priority or higher\n" \
	"  -F, --from WHO         only of this sender: PID, tid:TID, or #ID of its\n" \
	"                         endpoint\n" \
	"  -L, --lease T          keep each message until it has been written; it goes\n" \
	"                         back after that time, or if that fails\n"
#define RECEIVE_HELP_SHOW \
	"  -l, --lines            a newline after each message\n" \
	"  -z, --zero             a zero byte after each message\n" \
	"  -v, --verbose          a line about each message before it; with -l\n" \
	"  -j, --json             an object a line, with keys as in linux/ipcmbox.h and\n" \
	"                         payload, or payload_hex if it is not UTF-8\n"

/* Take an option; those that are not one of these are a mistake. */
enum status receive_option(struct receive *receive, int option,
			   const struct command *command);

/* Receive from @mb as it was asked for. */
enum status receive_run(struct receive *receive);

#endif /* IPCK_RECEIVE_H */
