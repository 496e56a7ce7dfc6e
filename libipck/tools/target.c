// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "target.h"
#include "value/quantity.h"

static bool is_id(const char *target)
{
	return *target == '#';
}

static int parse_id(const char *target, uint64_t *id)
{
	return quantity_number(target + 1, UINT64_MAX, id) ? 0 : -EINVAL;
}

int target_open(struct ipck **mb, const char *target, int oflag)
{
	uint64_t id;
	int ret;

	if (!is_id(target))
		return ipck_open(mb, target, oflag, NULL);
	ret = parse_id(target, &id);
	if (ret < 0)
		return ret;
	return ipck_open_id(mb, id, oflag);
}

int target_open_admin(struct ipck **mb, const char *target)
{
	int ret;

	ret = target_open(mb, target, IPCK_O_ADMIN);
	return ret == -EACCES ? -EPERM : ret;
}

int target_unlink(const char *target)
{
	uint64_t id;
	int ret;

	if (!is_id(target))
		return ipck_unlink(target);
	ret = parse_id(target, &id);
	if (ret < 0)
		return ret;
	return ipck_unlink_id(id);
}

static int info_of_id(uint64_t id, struct ipck_info *info)
{
	int ret;

	if (!id)
		return -ENOENT;
	ret = ipck_list(id - 1, info, 1);
	if (ret < 0)
		return ret;
	return ret && info->id == id ? 0 : -ENOENT;
}

static int info_of_name(const char *name, struct ipck_info *info)
{
	uint64_t last = 0;
	int ret;

	if (*name == '/')
		name++;
	while ((ret = ipck_list(last, info, 1)) > 0) {
		if (info->flags & IPCK_INFO_NAMED && !strcmp(info->name, name))
			return 0;
		last = info->id;
	}
	return ret < 0 ? ret : -ENOENT;
}

int target_info(const char *target, struct ipck_info *info)
{
	uint64_t id;
	int ret;

	if (!is_id(target))
		return info_of_name(target, info);
	ret = parse_id(target, &id);
	if (ret < 0)
		return ret;
	return info_of_id(id, info);
}
