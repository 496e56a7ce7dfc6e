// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <ipck.h>

#include "clock.h"
#include "name.h"
#include "rate.h"
#include "report.h"
#include "snapshot.h"
#include "target.h"
#include "value/quantity.h"

/**
 * struct watch - what is watched
 * @targets: mailboxes, or none for all; ends with NULL
 * @interval_ns: how often
 * @count: how many times, 0 is for ever
 */
struct watch {
	char **targets;
	uint64_t interval_ns;
	uint64_t count;
};

static bool is_target(const struct ipck_info *info, char **targets)
{
	uint64_t id;

	if (!*targets)
		return true;
	for (; *targets; targets++) {
		const char *target = *targets;

		if (*target == '#') {
			if (quantity_number(target + 1, UINT64_MAX, &id) &&
			    id == info->id)
				return true;
			continue;
		}
		if (*target == '/')
			target++;
		if (!strcmp(info->name, target))
			return true;
	}
	return false;
}

static bool has_changed(const struct ipck_info *a, const struct ipck_info *b)
{
	return a->sent != b->sent || a->received != b->received ||
	       a->dropped != b->dropped || a->withdrawn != b->withdrawn ||
	       a->messages != b->messages || a->bytes != b->bytes ||
	       a->waiting_senders != b->waiting_senders ||
	       a->waiting_receivers != b->waiting_receivers;
}

static void print_head(void)
{
	printf("%8s %8s %10s %10s %10s %5s %5s %7s %s\n", "TIME", "MESSAGES",
	       "SENT/S", "RECV/S", "DROPPED/S", "SWAIT", "RWAIT", "OLDEST",
	       "NAME");
}

static void print_time(void)
{
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%8s ", clock);
}

static void print_line(const struct ipck_info *old, const struct ipck_info *new,
		       double seconds)
{
	struct rate rate = rate_of(old, new, seconds);
	char age[QUANTITY_SIZE];

	print_time();
	printf("%8" PRIu64 " %10.1f %10.1f %10.1f %5u %5u %7s ", new->messages,
	       rate.sent, rate.received, rate.dropped, new->waiting_senders,
	       new->waiting_receivers, quantity_age(age, new->oldest_ns));
	name_print_short(new);
	putchar('\n');
}

/* A mailbox that is new has no rates yet. */
static void print_new(const struct watch *watch, const struct snapshot *old,
		      const struct snapshot *new)
{
	double seconds = (new->ns - old->ns) / 1e9;
	const struct ipck_info *info, *before;

	for (info = new->infos; info < new->infos + new->count; info++) {
		if (!is_target(info, watch->targets))
			continue;
		before = snapshot_find(old, info->id);
		if (!before)
			print_line(info, info, 1);
		else if (has_changed(before, info))
			print_line(before, info, seconds);
	}
}

static void print_gone(const struct watch *watch, const struct snapshot *old,
		       const struct snapshot *new)
{
	const struct ipck_info *info;

	for (info = old->infos; info < old->infos + old->count; info++) {
		if (!is_target(info, watch->targets) ||
		    snapshot_find(new, info->id))
			continue;
		print_time();
		fputs("gone ", stdout);
		name_print_short(info);
		putchar('\n');
	}
}

static enum status follow(const struct watch *watch, struct snapshot pair[2])
{
	struct snapshot *old = &pair[0], *new = &pair[1], *swap;
	enum status status;
	uint64_t turn;
	int ret;

	for (turn = 0;; turn++) {
		ret = snapshot_take(new);
		if (ret < 0)
			return report_failure("watch", NULL, ret, 0);
		if (!turn)
			print_head();
		print_new(watch, old, new);
		print_gone(watch, old, new);
		status = report_output();
		if (status != STATUS_OK || turn == watch->count - 1)
			return status;
		clock_sleep_until(new->ns + watch->interval_ns);
		swap = old;
		old = new;
		new = swap;
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "count", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	struct watch watch = { .interval_ns = 1000000000 };
	struct snapshot pair[2] = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "d:n:", options,
				     NULL)) != -1) {
		if (option == 'd') {
			if (!quantity_duration(optarg, &watch.interval_ns) ||
			    !watch.interval_ns ||
			    watch.interval_ns > INT64_MAX / 2)
				return report_value("watch", "delay", optarg);
		} else if (option == 'n') {
			if (!quantity_number(optarg, UINT64_MAX,
					     &watch.count) || !watch.count)
				return report_value("watch", "count", optarg);
		} else {
			return command_misused(&watch_command);
		}
	}
	watch.targets = argv + optind;
	status = follow(&watch, pair);
	snapshot_deinit(&pair[0]);
	snapshot_deinit(&pair[1]);
	return status;
}

const struct command watch_command = {
	.name = "watch",
	.summary = "show what happens in mailboxes",
	.usage = "[-d SECONDS] [-n COUNT] [NAME|#ID...]",
	.help =
	"  -d, --delay T    how often to look: seconds, or a number with ms, s, m, h; 1 by\n"
	"                   default\n"
	"  -n, --count N    look N times; for ever by default\n"
	"\n"
	"Prints a line for each mailbox in which something changed since the last look\n"
	"(at first, for each): messages in it, rates, sends and receives that wait, and\n"
	"the age of its oldest message. Without a NAME, all mailboxes are watched.\n",
	.run = run,
};
