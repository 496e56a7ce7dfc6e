// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>

#include "report.h"
#include "shm/shm.h"
#include "target.h"

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "shm", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	int (*unlink_target)(const char *target) = target_unlink;
	enum status status = STATUS_OK;
	int option, ret;

	while ((option = getopt_long(argc, argv, "s", options, NULL)) != -1) {
		if (option != 's')
			return command_misused(&unlink_command);
		unlink_target = shm_target_unlink;
	}
	if (optind == argc)
		return command_misused(&unlink_command);
	for (; optind < argc; optind++) {
		ret = unlink_target(argv[optind]);
		if (ret < 0)
			status = report_failure("unlink", argv[optind], ret, 0);
	}
	return status;
}

const struct command unlink_command = {
	.name = "unlink",
	.summary = "remove names, and mailboxes nobody has open",
	.usage = "[--shm] NAME|#ID...",
	.help =
	"  -s, --shm   of segments, as ipck shm unlink\n"
	"\n"
	"The name is free at once. The mailbox and its messages end with the last\n"
	"descriptor of it.\n",
	.run = run,
};
