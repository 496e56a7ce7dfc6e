// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>

#include <ipck.h>

#include "policy.h"
#include "quantity.h"
#include "report.h"
#include "target.h"

static enum status add(int option, struct ipck_change *change)
{
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
		return command_misused(&set_command);
	}
}

/* The mode may leave the owner one direction only, and either will do. */
static int open_either(struct ipck **mb, const char *target)
{
	int ret;

	ret = target_open(mb, target, O_RDONLY);
	if (ret == -EACCES)
		ret = target_open(mb, target, O_WRONLY);
	return ret;
}

static enum status set(const char *target, const struct ipck_change *change)
{
	struct ipck *mb;
	int ret;

	ret = open_either(&mb, target);
	if (ret >= 0) {
		ret = ipck_set(mb, change);
		ipck_close(mb);
	}
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
		{ NULL, 0, NULL, 0 }
	};
	struct ipck_change change = { 0 };
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "c:b:p:m:o:g:", options,
				     NULL)) != -1) {
		status = add(option, &change);
		if (status != STATUS_OK)
			return status;
	}
	if (argc - optind != 1 || !change.mask)
		return command_misused(&set_command);
	return set(argv[optind], &change);
}

const struct command set_command = {
	.name = "set",
	.summary = "change attributes of a mailbox",
	.usage =
	"[-c CAPACITY] [-b BYTES] [-p POLICY] [-m MODE] [-o UID] [-g GID]\n"
	"                NAME|#ID",
	.help =
	"  -c, --capacity N   messages it holds, or unbounded\n"
	"  -b, --bytes N      bytes it holds, 0 for no bound\n"
	"  -p, --policy P     when it is full: block, fail, drop-oldest, drop-newest\n"
	"  -m, --mode MODE    octal, 4 to receive, 2 to send\n"
	"  -o, --owner UID    new owner\n"
	"  -g, --group GID    new group\n"
	"\n"
	"All of the changes happen, or none. Only the owner may, and root.\n",
	.run = run,
};
