// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include <json.h>

#include <ipck.h>

#include "name.h"
#include "owner.h"
#include "report.h"
#include "shm/shm.h"
#include "value/field.h"
#include "value/quantity.h"
#include "value/word.h"

#define BATCH 32

static void print_head(void)
{
	printf("%6s %-8s %4s %9s %8s %9s %9s %9s %8s %5s %5s %7s %-8s %s\n",
	       "ID", "OWNER", "MODE", "CAPACITY", "MESSAGES", "BYTES", "SENT",
	       "RECEIVED", "DROPPED", "SWAIT", "RWAIT", "OLDEST", "KIND",
	       "NAME");
}

static void print_line(const struct ipck_info *info)
{
	char owner[OWNER_SIZE], capacity[QUANTITY_SIZE], age[QUANTITY_SIZE];

	printf("%6" PRIu64 " %-8s %04o %9s %8" PRIu64 " %9" PRIu64 " %9" PRIu64
	       " %9" PRIu64 " %8" PRIu64 " %5u %5u %7s %-8s ",
	       info->id, owner_name(owner, info->uid), info->mode,
	       quantity_of_capacity(capacity, info->capacity), info->messages,
	       info->bytes, info->sent, info->received, info->dropped,
	       info->waiting_senders, info->waiting_receivers,
	       quantity_age(age, info->oldest_ns),
	       word_of_discipline(info->discipline));
	name_print(stdout, info);
	putchar('\n');
}

/* Print mailboxes as lines, or add them to @array. */
static int list(struct json_object *array)
{
	struct ipck_info infos[BATCH];
	uint64_t last = 0;
	int i, ret;

	while ((ret = ipck_list(last, infos, BATCH)) > 0) {
		for (i = 0; i < ret; i++) {
			if (!array)
				print_line(&infos[i]);
			else
				json_object_array_add(array,
						      field_to_json(info_fields,
								    &infos[i]));
		}
		last = infos[ret - 1].id;
	}
	return ret;
}

static enum status run_table(void)
{
	struct ipck_info first;
	int ret;

	/* No header above an error. */
	ret = ipck_list(0, &first, 1);
	if (ret >= 0) {
		print_head();
		ret = list(NULL);
	}
	if (!ret)
		ret = shm_print_table();
	/* A module that knows no segments has none. */
	if (ret == -ENOTTY)
		ret = 0;
	return ret < 0 ? report_failure("ls", NULL, ret, 0) : STATUS_OK;
}

static enum status run_json(void)
{
	struct json_object *array = json_object_new_array();
	int ret;

	ret = array ? list(array) : -ENOMEM;
	if (!ret)
		puts(json_object_to_json_string_ext(array,
						    JSON_C_TO_STRING_PRETTY));
	json_object_put(array);
	return ret < 0 ? report_failure("ls", NULL, ret, 0) : STATUS_OK;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	int option, json = 0;

	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&ls_command);
		json = 1;
	}
	if (optind != argc)
		return command_misused(&ls_command);
	return json ? run_json() : run_table();
}

const struct command ls_command = {
	.name = "ls",
	.summary = "list the mailboxes, and the segments",
	.usage = "[--json]",
	.help =
	"  -j, --json   an array of objects, with keys as in linux/ipcmbox.h\n"
	"\n"
	"SWAIT and RWAIT are the sends and receives that wait, OLDEST is the age of\n"
	"the oldest message, KIND says who receives: one of those who wait (queue), all\n"
	"who joined (event, member), a process or thread (endpoint), the one who has it\n"
	"open to receive (channel). All mailboxes of the IPC namespace are shown, and\n"
	"below them all segments, see ipck help shm.\n"
	"In JSON, a question mark stands for each byte of a name that is not UTF-8.\n",
	.run = run,
};
