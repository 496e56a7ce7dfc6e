// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ipck.h>

#include "clock.h"
#include "column.h"
#include "report.h"
#include "screen.h"
#include "table.h"
#include "value/quantity.h"

/* What has been so for less is no trouble, however often one looks. */
#define PATIENCE_NS	1000000000

/**
 * struct top - how it is shown
 * @table: what
 * @interval_ns: how often
 * @count: how many times, 0 is for ever
 * @batch: one after the other
 */
struct top {
	struct table table;
	uint64_t interval_ns;
	uint64_t count;
	bool batch;
};

static void print_titles(void)
{
	const struct column *column;

	for (column = columns; column->title; column++)
		column_print_title(stdout, column);
	putchar('\n');
}

static void print(const struct table *table)
{
	size_t i;

	table_print_summary(stdout, table);
	putchar('\n');
	print_titles();
	for (i = 0; i < table->count; i++) {
		table_print_row(stdout, &table->rows[i], 0);
		putchar('\n');
	}
	if (table->waiting)
		putchar('\n');
	for (i = 0; i < table->waiting; i++) {
		table_print_waiter(stdout, table, &table->waiters[i]);
		putchar('\n');
	}
}

static enum status follow(struct top *top)
{
	enum status status;
	uint64_t turn;
	int ret;

	for (turn = 0;; turn++) {
		ret = table_take(&top->table);
		if (ret < 0)
			return report_failure("top", NULL, ret, 0);
		if (turn)
			putchar('\n');
		print(&top->table);
		status = report_output();
		if (status != STATUS_OK || turn == top->count - 1)
			return status;
		clock_sleep_until(table_look_ns(&top->table) + top->interval_ns);
	}
}

static bool parse_filter(struct table *table, const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= sizeof(table->filter))
		return false;
	memcpy(table->filter, text, len + 1);
	return true;
}

static enum status parse(struct top *top, int option)
{
	switch (option) {
	case 'b':
		top->batch = true;
		return STATUS_OK;
	case 'd':
		if (!quantity_duration(optarg, &top->interval_ns) || !top->interval_ns ||
		    top->interval_ns > INT64_MAX / 2)
			return report_value("top", "delay", optarg);
		return STATUS_OK;
	case 'f':
		if (!parse_filter(&top->table, optarg))
			return report_value("top", "filter", optarg);
		return STATUS_OK;
	case 'n':
		if (!quantity_number(optarg, UINT64_MAX, &top->count) || !top->count)
			return report_value("top", "count", optarg);
		return STATUS_OK;
	case 'r':
		top->table.reversed = true;
		return STATUS_OK;
	case 's':
		top->table.column = column_find(optarg);
		return top->table.column ? STATUS_OK : report_value("top", "column", optarg);
	default:
		return command_misused(&top_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "delay", required_argument, NULL, 'd' },
		{ "filter", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'n' },
		{ "reverse", no_argument, NULL, 'r' },
		{ "sort", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	struct top top = {
		.table.column = column_find("STATE"),
		.interval_ns = 1000000000,
	};
	enum status status = STATUS_OK;
	int option;

	while (status == STATUS_OK &&
	       (option = getopt_long(argc, argv, "bd:f:n:rs:", options, NULL)) != -1)
		status = parse(&top, option);
	if (status != STATUS_OK)
		return status;
	if (optind != argc)
		return command_misused(&top_command);
	top.table.patience_ns = top.interval_ns > PATIENCE_NS ? top.interval_ns : PATIENCE_NS;
	if (top.batch || !isatty(STDOUT_FILENO))
		status = follow(&top);
	else
		status = screen_run(&top.table, top.interval_ns, top.count);
	table_deinit(&top.table);
	return status;
}

const struct command top_command = {
	.name = "top",
	.summary = "show what is stuck, and what is busy, again and again",
	.usage = "[-b] [-d SECONDS] [-n COUNT] [-s COLUMN] [-r] [-f TEXT]",
	.help =
	"  -b, --batch        print the tables one after the other, as it is done if the\n"
	"                     output is not a terminal\n"
	"  -d, --delay T      how often: seconds, or a number with ms, s, m, h; 1 by\n"
	"                     default\n"
	"  -n, --count N      N times; for ever by default\n"
	"  -s, --sort COLUMN  what to sort by, or the beginning of it; STATE by default,\n"
	"                     and then the busiest first\n"
	"  -r, --reverse      sort the other way round\n"
	"  -f, --filter TEXT  only mailboxes with TEXT in their name\n"
	"\n"
	"STATE tells what has been so for a second, or for as long as the delay: slow (one\n"
	"send waits: for room, a receipt or a reply), stuck (messages are there, and looks\n"
	"have seen none received for so long), unread (messages are there, and nobody has\n"
	"it open to receive them); or it is a deadlock.\n"
	"SWAIT and RWAIT are the sends and receives that wait, HELD are messages that were\n"
	"received and are not yet handled, OLDEST is the age of the oldest message. Below\n"
	"are the tasks that wait for more than a message to come, as of ipck blocked,\n"
	"deadlocks first.\n"
	"\n"
	"On a terminal q quits, p pauses, < and > choose the column to sort by, r\n"
	"reverses, / asks for a filter (Esc: none), arrows and pages scroll.\n",
	.run = run,
};
