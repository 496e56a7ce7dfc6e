// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <json.h>

#include "look/owner.h"
#include "report.h"
#include "shm.h"
#include "value/field.h"
#include "value/quantity.h"
#include "value/text.h"

#define BATCH 32

/* Targets. */

static bool is_id(const char *target, uint64_t *id, int *ret)
{
	if (*target != '#')
		return false;
	*ret = quantity_number(target + 1, UINT64_MAX, id) ? 0 : -EINVAL;
	return true;
}

int shm_target_open(struct ipck_shm **shm, const char *target, int oflag)
{
	uint64_t id;
	int ret;

	if (!is_id(target, &id, &ret))
		return ipck_shm_open(shm, target, oflag, NULL, NULL);
	return ret < 0 ? ret : ipck_shm_open_id(shm, id, oflag);
}

int shm_target_unlink(const char *target)
{
	uint64_t id;
	int ret;

	if (!is_id(target, &id, &ret))
		return ipck_shm_unlink(target);
	return ret < 0 ? ret : ipck_shm_unlink_id(id);
}

static bool has_name(const struct ipck_shm_info *info, const char *name)
{
	return info->flags & IPCK_INFO_NAMED && !strcmp(info->name, name);
}

int shm_target_info(const char *target, struct ipck_shm_info *info)
{
	uint64_t id = 0, last = 0;
	bool by_id;
	int ret = 0;

	by_id = is_id(target, &id, &ret);
	if (ret < 0)
		return ret;
	if (*target == '/')
		target++;
	while ((ret = ipck_shm_list(last, info, 1)) > 0) {
		if (by_id ? info->id == id : has_name(info, target))
			return 0;
		last = info->id;
	}
	return ret < 0 ? ret : -ENOENT;
}

/* Tables. */

static void print_line(const struct ipck_shm_info *info)
{
	char owner[OWNER_SIZE], payer[OWNER_SIZE];

	printf("%6" PRIu64 " %-8s %04o %12" PRIu64 " %12" PRIu64
	       " %-8s %7u %7u %-6s ", info->id, owner_name(owner, info->uid),
	       info->mode, info->size, info->charged,
	       owner_name(payer, info->payer), info->readers, info->writers,
	       info->flags & IPCK_INFO_MOVED ? "moved" :
	       info->flags & IPCK_INFO_MAPPED ? "mapped" : "-");
	text_print(stdout, info->name);
	if (!(info->flags & IPCK_INFO_NAMED))
		fputs(*info->name ? " (unlinked)" : "(unnamed)", stdout);
	putchar('\n');
}

/* Print segments as lines, or add them to @array. */
static int list(struct json_object *array)
{
	struct ipck_shm_info infos[BATCH];
	uint64_t last = 0;
	int i, ret;

	while ((ret = ipck_shm_list(last, infos, BATCH)) > 0) {
		for (i = 0; i < ret; i++) {
			if (!array)
				print_line(&infos[i]);
			else
				json_object_array_add(array,
						      field_to_json(shm_fields,
								    &infos[i]));
		}
		last = infos[ret - 1].id;
	}
	return ret;
}

int shm_print_table(void)
{
	struct ipck_shm_info first;
	int ret;

	ret = ipck_shm_list(0, &first, 1);
	if (ret <= 0)
		return ret;
	printf("%6s %-8s %4s %12s %12s %-8s %7s %7s %-6s %s\n", "ID", "OWNER",
	       "MODE", "SIZE", "CHARGED", "TO", "READERS", "WRITERS", "STATE",
	       "SEGMENT");
	return list(NULL);
}

static enum status print_json(struct json_object *json)
{
	if (!json)
		return STATUS_ERROR;
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	json_object_put(json);
	return STATUS_OK;
}

/* Returns false if there are other options than --json. */
static bool get_json(int argc, char **argv, bool *json)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	*json = false;
	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (option != 'j')
			return false;
		*json = true;
	}
	return true;
}

enum status shm_ls(int argc, char **argv)
{
	struct json_object *array = NULL;
	bool json;
	int ret;

	if (!get_json(argc, argv, &json) || optind != argc)
		return shm_misused();
	if (json) {
		array = json_object_new_array();
		ret = array ? list(array) : -ENOMEM;
	} else {
		ret = shm_print_table();
	}
	if (ret < 0) {
		json_object_put(array);
		return report_failure("shm ls", NULL, ret, 0);
	}
	return json ? print_json(array) : STATUS_OK;
}

enum status shm_stat(int argc, char **argv)
{
	struct ipck_shm_info info;
	bool json;
	int ret;

	if (!get_json(argc, argv, &json) || argc - optind != 1)
		return shm_misused();
	ret = shm_target_info(argv[optind], &info);
	if (ret < 0)
		return report_failure("shm stat", argv[optind], ret, 0);
	if (json)
		return print_json(field_to_json(shm_fields, &info));
	field_print(shm_fields, &info);
	return STATUS_OK;
}
