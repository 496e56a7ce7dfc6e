// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <stdio.h>

#include <json.h>

#include <ipck.h>

#include "report.h"
#include "value/field.h"

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct ipck_limits limits;
	struct json_object *json;
	int option, ret, as_json = 0;

	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&limits_command);
		as_json = 1;
	}
	if (optind != argc)
		return command_misused(&limits_command);
	ret = ipck_limits(&limits);
	if (ret < 0)
		return report_failure("limits", NULL, ret, 0);
	if (!as_json) {
		field_print(limits_fields, &limits);
		return STATUS_OK;
	}
	json = field_to_json(limits_fields, &limits);
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	json_object_put(json);
	return STATUS_OK;
}

const struct command limits_command = {
	.name = "limits",
	.summary = "show limits, and what this user has used up",
	.usage = "[--json]",
	.help =
	"  -j, --json   an object, with keys as in linux/ipcmbox.h\n",
	.run = run,
};
