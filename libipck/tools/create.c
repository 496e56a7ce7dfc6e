// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include <ipck.h>

#include "report.h"
#include "value/policy.h"
#include "value/quantity.h"

static enum status create(const char *name, int oflag,
			  const struct ipck_attr *attr)
{
	struct ipck *mb;
	int ret;

	/*
	 * The access does not matter; to receive may be all the mode allows.  But
	 * who receives from a channel is in the way of its consumer.
	 */
	oflag |= attr->discipline == IPCK_CHANNEL ? IPCK_O_ADMIN : O_RDONLY;
	ret = ipck_open(&mb, name, oflag | O_CREAT, attr);
	if (ret < 0)
		return report_failure("create", name, ret,
				      IPCK_LIMIT_USER_MAILBOXES);
	printf("%" PRIu64 "\n", ipck_id(mb));
	ipck_close(mb);
	return STATUS_OK;
}

static enum status set_attr(int option, struct ipck_attr *attr)
{
	uint64_t length;

	switch (option) {
	case 'c':
		if (quantity_capacity(optarg, &attr->capacity))
			return STATUS_OK;
		return report_value("create", "capacity", optarg);
	case 'l':
		if (!quantity_bytes(optarg, IPCK_LENGTH_MAX, &length))
			return report_value("create", "length", optarg);
		attr->max_length = length;
		return STATUS_OK;
	case 'b':
		if (quantity_bytes(optarg, UINT64_MAX, &attr->max_bytes))
			return STATUS_OK;
		return report_value("create", "bytes", optarg);
	case 'p':
		if (policy_parse(optarg, &attr->overflow))
			return STATUS_OK;
		return report_value("create", "policy", optarg);
	case 'm':
		if (quantity_mode(optarg, &attr->mode) && attr->mode)
			return STATUS_OK;
		return report_value("create", "mode", optarg);
	case 'e':
		attr->discipline = IPCK_EVENT;
		return STATUS_OK;
	case 'C':
		attr->discipline = IPCK_CHANNEL;
		attr->capacity = IPCK_UNBOUNDED;
		return STATUS_OK;
	case 'k':
		attr->flags |= IPCK_ATTR_KEEP_LAST;
		return STATUS_OK;
	case 'f':
		attr->flags |= IPCK_ATTR_FDS;
		return STATUS_OK;
	default:
		return command_misused(&create_command);
	}
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "capacity", required_argument, NULL, 'c' },
		{ "length", required_argument, NULL, 'l' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "policy", required_argument, NULL, 'p' },
		{ "mode", required_argument, NULL, 'm' },
		{ "event", no_argument, NULL, 'e' },
		{ "channel", no_argument, NULL, 'C' },
		{ "keep-last", no_argument, NULL, 'k' },
		{ "accept-fds", no_argument, NULL, 'f' },
		{ "exclusive", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 }
	};
	struct ipck_attr attr = IPCK_ATTR_INIT;
	enum status status;
	int option, oflag = 0;

	while ((option = getopt_long(argc, argv, "c:l:b:p:m:eCkfx", options,
				     NULL)) != -1) {
		if (option == 'x') {
			oflag = O_EXCL;
			continue;
		}
		status = set_attr(option, &attr);
		if (status != STATUS_OK)
			return status;
	}
	if (argc - optind != 1)
		return command_misused(&create_command);
	return create(argv[optind], oflag, &attr);
}

const struct command create_command = {
	.name = "create",
	.summary = "make a mailbox, print its id",
	.usage =
	"[-c CAPACITY] [-l LENGTH] [-b BYTES] [-p POLICY] [-m MODE]\n"
	"                   [-e [-k] | -C] [-f] [-x] NAME",
	.help =
	"  -c, --capacity N   messages it holds: a number, 0 (a send waits for its\n"
	"                     receiver) or unbounded; 64 by default\n"
	"  -l, --length N     bytes of the longest message; 64K by default\n"
	"  -b, --bytes N      bytes it holds; no bound by default\n"
	"  -p, --policy P     when it is full: block, fail, drop-oldest, drop-newest\n"
	"  -m, --mode MODE    octal, 4 to receive, 2 to send; 600 by default\n"
	"  -e, --event        each message goes to all who join, see ipck join\n"
	"  -C, --channel      messages go through shared pages to one receiver at a time;\n"
	"                     -b is the size of each sender's ring\n"
	"  -k, --keep-last    with -e: who joins gets the last message of each event bit\n"
	"  -f, --accept-fds   messages can bring descriptors\n"
	"  -x, --exclusive    fail if the name exists\n"
	"\n"
	"A mailbox that exists stays as it is. Sizes may end in K, M or G.\n",
	.run = run,
};
