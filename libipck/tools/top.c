// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ipck.h>

#include "clock.h"
#include "name.h"
#include "quantity.h"
#include "rate.h"
#include "report.h"
#include "snapshot.h"
#include "word.h"

#define HEAD_LINES	2

/* Go to the upper left corner; clear the rest of the line; ... of the screen. */
#define HOME		"\033[H"
#define LINE_END	"\033[K"
#define SCREEN_END	"\033[J"

/**
 * struct top - how it is shown
 * @interval_ns: how often
 * @count: how many times, 0 is for ever
 * @screen: on a terminal, one over the other; else one after the other
 */
struct top {
	uint64_t interval_ns;
	uint64_t count;
	bool screen;
};

struct row {
	const struct ipck_info *info;
	struct rate rate;
};

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	double left = x->rate.sent + x->rate.received;
	double right = y->rate.sent + y->rate.received;

	if (left != right)
		return left < right ? 1 : -1;
	if (x->info->messages != y->info->messages)
		return x->info->messages < y->info->messages ? 1 : -1;
	return x->info->id < y->info->id ? -1 : 1;
}

/* The busiest first; a mailbox that is new has no rates yet. */
static struct row *make_rows(const struct snapshot *old,
			     const struct snapshot *new)
{
	struct row *rows = calloc(new->count + 1, sizeof(*rows));
	double seconds = (new->ns - old->ns) / 1e9;
	const struct ipck_info *before;
	size_t i;

	if (!rows)
		return NULL;
	for (i = 0; i < new->count; i++) {
		rows[i].info = &new->infos[i];
		before = snapshot_find(old, new->infos[i].id);
		if (before)
			rows[i].rate = rate_of(before, rows[i].info, seconds);
	}
	qsort(rows, new->count, sizeof(*rows), compare);
	return rows;
}

static void end_line(const struct top *top)
{
	puts(top->screen ? LINE_END : "");
}

static void print_head(const struct top *top, const struct row *rows,
		       size_t count)
{
	struct rate sum = { 0 };
	size_t i;

	for (i = 0; i < count; i++) {
		sum.sent += rows[i].rate.sent;
		sum.received += rows[i].rate.received;
		sum.dropped += rows[i].rate.dropped;
	}
	printf("%zu mailboxes: %.1f messages/s sent, %.1f received, %.1f dropped",
	       count, sum.sent, sum.received, sum.dropped);
	end_line(top);
	printf("%6s %-8s %8s %9s %10s %10s %9s %5s %5s %5s %7s %s", "ID",
	       "KIND", "MESSAGES", "BYTES", "SENT/S", "RECV/S", "DROPPED/S",
	       "SWAIT", "RWAIT", "HELD", "OLDEST", "NAME");
	end_line(top);
}

static void print_row(const struct top *top, const struct row *row)
{
	const struct ipck_info *info = row->info;
	char age[QUANTITY_SIZE];

	printf("%6" PRIu64 " %-8s %8" PRIu64 " %9" PRIu64
	       " %10.1f %10.1f %9.1f %5u %5u %5u %7s ",
	       info->id, word_of_discipline(info->discipline), info->messages,
	       info->bytes, row->rate.sent, row->rate.received,
	       row->rate.dropped, info->waiting_senders,
	       info->waiting_receivers, info->held,
	       quantity_age(age, info->oldest_ns));
	name_print(stdout, info);
	end_line(top);
}

/* The last line of a screen stays free, or it would scroll. */
static size_t rows_of_screen(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
	    size.ws_row <= HEAD_LINES + 1)
		return SIZE_MAX;
	return size.ws_row - HEAD_LINES - 1;
}

static enum status print(const struct top *top, const struct snapshot *old,
			 const struct snapshot *new)
{
	struct row *rows = make_rows(old, new);
	size_t room = SIZE_MAX, i;

	if (!rows)
		return report_failure("top", NULL, -ENOMEM, 0);
	if (top->screen) {
		room = rows_of_screen();
		fputs(HOME, stdout);
	}
	print_head(top, rows, new->count);
	for (i = 0; i < new->count && i < room; i++)
		print_row(top, &rows[i]);
	if (top->screen)
		fputs(SCREEN_END, stdout);
	free(rows);
	return report_output();
}

static enum status follow(const struct top *top, struct snapshot pair[2])
{
	struct snapshot *old = &pair[0], *new = &pair[1], *swap;
	enum status status;
	uint64_t turn;
	int ret;

	for (turn = 0;; turn++) {
		ret = snapshot_take(new);
		if (ret < 0)
			return report_failure("top", NULL, ret, 0);
		if (turn && !top->screen)
			putchar('\n');
		status = print(top, old, new);
		if (status != STATUS_OK || turn == top->count - 1)
			return status;
		clock_sleep_until(new->ns + top->interval_ns);
		swap = old;
		old = new;
		new = swap;
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	struct top top = { .interval_ns = 1000000000 };
	struct snapshot pair[2] = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "i:n:", options,
				     NULL)) != -1) {
		if (option == 'i') {
			if (!quantity_duration(optarg, &top.interval_ns) ||
			    !top.interval_ns || top.interval_ns > INT64_MAX / 2)
				return report_value("top", "interval", optarg);
		} else if (option == 'n') {
			if (!quantity_number(optarg, UINT64_MAX, &top.count) ||
			    !top.count)
				return report_value("top", "count", optarg);
		} else {
			return command_misused(&top_command);
		}
	}
	if (optind != argc)
		return command_misused(&top_command);
	top.screen = isatty(STDOUT_FILENO);
	status = follow(&top, pair);
	snapshot_deinit(&pair[0]);
	snapshot_deinit(&pair[1]);
	return status;
}

const struct command top_command = {
	.name = "top",
	.summary = "show the busiest mailboxes, again and again",
	.usage = "[-i SECONDS] [-n COUNT]",
	.help =
	"  -i, --interval T   how often: seconds, or a number with ms, s, m, h; 1 by\n"
	"                     default\n"
	"  -n, --count N      N times; for ever by default\n"
	"\n"
	"SWAIT and RWAIT are the sends and receives that wait, HELD are messages that\n"
	"were received and are not yet handled, OLDEST is the age of the oldest message.\n"
	"If the output is not a terminal, the tables come one after the other.\n",
	.run = run,
};
