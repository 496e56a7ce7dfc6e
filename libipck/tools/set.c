// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>

#include <ipck.h>

#include "report.h"
#include "target.h"
#include "value/policy.h"
#include "value/quantity.h"

#define DELIVERIES_MAX 65535

/**
 * struct job - what to change
 * @change: the changes
 * @dead_letter: the mailbox for dead letters, or NULL: as it is
 * @deliveries: their number is given; else as it is
 */
struct job {
	struct ipck_change change;
	const char *dead_letter;
	bool deliveries;
};

static enum status add_new(int option, struct job *job)
{
	struct ipck_change *change = &job->change;

	switch (option) {
	case 'r':
		change->mask |= IPCK_SET_RECORDER;
		if (quantity_u32(optarg, IPCK_RECORDER_MAX, &change->recorder))
			return STATUS_OK;
		return report_value("set", "recorder", optarg);
	case 'd':
		change->mask |= IPCK_SET_DEAD_LETTER;
		job->dead_letter = optarg;
		return STATUS_OK;
	case 'n':
		change->mask |= IPCK_SET_DEAD_LETTER;
		job->deliveries = true;
		if (quantity_u32(optarg, DELIVERIES_MAX,
				 &change->max_deliveries))
			return STATUS_OK;
		return report_value("set", "deliveries", optarg);
	default:
		return command_misused(&set_command);
	}
}

static enum status add(int option, struct job *job)
{
	struct ipck_change *change = &job->change;

	switch (option) {
	case 'c':
		change->mask |= IPCK_SET_CAPACITY;
		if (quantity_capacity(optarg, &change->capacity))
			return STATUS_OK;
		return report_value("set", "capacity", optarg);
	case 'b':
		change->mask |= IPCK_SET_MAX_BYTES;
		if (quantity_bytes(optarg, UINT64_MAX, &change->max_bytes))
			return STATUS_OK;
		return report_value("set", "bytes", optarg);
	case 'p':
		change->mask |= IPCK_SET_OVERFLOW;
		if (policy_parse(optarg, &change->overflow))
			return STATUS_OK;
		return report_value("set", "policy", optarg);
	case 'm':
		change->mask |= IPCK_SET_MODE;
		if (quantity_mode(optarg, &change->mode))
			return STATUS_OK;
		return report_value("set", "mode", optarg);
	case 'o':
		change->mask |= IPCK_SET_UID;
		if (quantity_u32(optarg, UINT32_MAX - 1, &change->uid))
			return STATUS_OK;
		return report_value("set", "owner", optarg);
	case 'g':
		change->mask |= IPCK_SET_GID;
		if (quantity_u32(optarg, UINT32_MAX - 1, &change->gid))
			return STATUS_OK;
		return report_value("set", "group", optarg);
	default:
		return add_new(option, job);
	}
}

/* What is not given stays as it is; the two go together. */
static int complete(struct ipck *mb, struct job *job)
{
	struct ipck_change *change = &job->change;
	struct ipck_info info, dead;
	int ret;

	ret = ipck_stat(mb, &info);
	if (ret < 0)
		return ret;
	if (!job->deliveries)
		change->max_deliveries = info.max_deliveries;
	change->dead_letter = info.dead_letter;
	if (!job->dead_letter)
		return 0;
	change->dead_letter = 0;
	if (!*job->dead_letter)
		return 0;
	ret = target_info(job->dead_letter, &dead);
	if (ret < 0)
		return ret;
	change->dead_letter = dead.id;
	return 0;
}

static enum status set(const char *target, struct job *job)
{
	struct ipck *mb;
	int ret;

	ret = target_open_admin(&mb, target);
	if (ret < 0)
		return report_failure("set", target, ret, 0);
	if (job->change.mask & IPCK_SET_DEAD_LETTER)
		ret = complete(mb, job);
	if (ret >= 0)
		ret = ipck_set(mb, &job->change);
	ipck_close(mb);
	return ret < 0 ? report_failure("set", target, ret, 0) : STATUS_OK;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "capacity", required_argument, NULL, 'c' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "policy", required_argument, NULL, 'p' },
		{ "mode", required_argument, NULL, 'm' },
		{ "owner", required_argument, NULL, 'o' },
		{ "group", required_argument, NULL, 'g' },
		{ "recorder", required_argument, NULL, 'r' },
		{ "dead-letter", required_argument, NULL, 'd' },
		{ "max-deliveries", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "c:b:p:m:o:g:r:d:n:", options,
				     NULL)) != -1) {
		status = add(option, &job);
		if (status != STATUS_OK)
			return status;
	}
	if (argc - optind != 1 || !job.change.mask)
		return command_misused(&set_command);
	return set(argv[optind], &job);
}

const struct command set_command = {
	.name = "set",
	.summary = "change attributes of a mailbox",
	.usage =
	"[-c CAPACITY] [-b BYTES] [-p POLICY] [-m MODE] [-o UID] [-g GID]\n"
	"                [-r STEPS] [-d NAME|#ID] [-n COUNT] NAME|#ID",
	.help =
	"  -c, --capacity N         messages it holds, or unbounded\n"
	"  -b, --bytes N            bytes it holds, 0 for no bound\n"
	"  -p, --policy P           when it is full: block, fail, drop-oldest,\n"
	"                           drop-newest\n"
	"  -m, --mode MODE          octal, 4 to receive, 2 to send\n"
	"  -o, --owner UID          new owner\n"
	"  -g, --group GID          new group\n"
	"  -r, --recorder N         steps that ipck record can show; 0 switches it off\n"
	"  -d, --dead-letter NAME   mailbox for messages that come back too often; ''\n"
	"                           for none: they are dropped\n"
	"  -n, --max-deliveries N   how often is not too often; 0 for any number\n"
	"\n"
	"All of the changes happen, or none. Only the owner may, and root.\n",
	.run = run,
};
