// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>

#include "report.h"
#include "target.h"

static enum status run(int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	enum status status = STATUS_OK;
	int ret;

	if (getopt_long(argc, argv, "", options, NULL) != -1 || optind == argc)
		return command_misused(&unlink_command);
	for (; optind < argc; optind++) {
		ret = target_unlink(argv[optind]);
		if (ret < 0)
			status = report_failure("unlink", argv[optind], ret, 0);
	}
	return status;
}

const struct command unlink_command = {
	.name = "unlink",
	.summary = "remove names, and mailboxes nobody has open",
	.usage = "NAME|#ID...",
	.help =
	"The name is free at once. The mailbox and its messages end with the last\n"
	"descriptor of it.\n",
	.run = run,
};
