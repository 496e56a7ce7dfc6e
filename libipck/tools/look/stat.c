// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <stdio.h>

#include <json.h>

#include <ipck.h>

#include "report.h"
#include "target.h"
#include "value/field.h"

static void print_json(const struct ipck_info *info)
{
	struct json_object *json = field_to_json(info_fields, info);

	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	json_object_put(json);
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct ipck_info info;
	int option, ret, json = 0;

	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&stat_command);
		json = 1;
	}
	if (argc - optind != 1)
		return command_misused(&stat_command);
	ret = target_info(argv[optind], &info);
	if (ret < 0)
		return report_failure("stat", argv[optind], ret, 0);
	if (json)
		print_json(&info);
	else
		field_print(info_fields, &info);
	return STATUS_OK;
}

const struct command stat_command = {
	.name = "stat",
	.summary = "show all about a mailbox",
	.usage = "[--json] NAME|#ID",
	.help =
	"  -j, --json   an object, with keys as in linux/ipcmbox.h\n"
	"\n"
	"Looking needs no right and opens nothing. sent is always the sum of\n"
	"received, dropped and messages.\n",
	.run = run,
};
