// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "snapshot.h"

#define BATCH 32

static int make_room(struct snapshot *snapshot)
{
	struct ipck_info *infos;
	size_t room = snapshot->count + BATCH;

	if (room <= snapshot->room)
		return 0;
	infos = reallocarray(snapshot->infos, room, sizeof(*infos));
	if (!infos)
		return -ENOMEM;
	snapshot->infos = infos;
	snapshot->room = room;
	return 0;
}

static int take_batch(struct snapshot *snapshot)
{
	struct ipck_info *next;
	uint64_t last = 0;
	int ret;

	ret = make_room(snapshot);
	if (ret < 0)
		return ret;
	next = snapshot->infos + snapshot->count;
	if (snapshot->count)
		last = next[-1].id;
	ret = ipck_list(last, next, BATCH);
	if (ret > 0)
		snapshot->count += ret;
	return ret;
}

int snapshot_take(struct snapshot *snapshot)
{
	int ret;

	snapshot->ns = clock_now();
	snapshot->count = 0;
	do {
		ret = take_batch(snapshot);
	} while (ret > 0);
	return ret;
}

void snapshot_deinit(struct snapshot *snapshot)
{
	free(snapshot->infos);
}

static int compare(const void *key, const void *element)
{
	const uint64_t *id = key;
	const struct ipck_info *info = element;

	return (*id > info->id) - (*id < info->id);
}

const struct ipck_info *snapshot_find(const struct snapshot *snapshot,
				      uint64_t id)
{
	if (!snapshot->count)
		return NULL;
	return bsearch(&id, snapshot->infos, snapshot->count,
		       sizeof(*snapshot->infos), compare);
}
