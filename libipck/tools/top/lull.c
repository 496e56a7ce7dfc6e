// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "lull.h"

/* Both are by ascending id, so that each is passed once. */
static void go_on(struct lull *all, const struct lulls *old, const struct snapshot *look)
{
	const struct lull *before = old->all, *end = old->all + old->count;
	const struct ipck_info *info;
	size_t i;

	for (i = 0; i < look->count; i++) {
		info = &look->infos[i];
		while (before < end && before->id < info->id)
			before++;
		if (before < end && before->id == info->id && before->received == info->received)
			all[i] = *before;
		else
			all[i] = (struct lull){ info->id, info->received, look->ns };
	}
}

int lulls_update(struct lulls *lulls, const struct snapshot *look)
{
	struct lull *all = calloc(look->count + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	go_on(all, lulls, look);
	free(lulls->all);
	lulls->all = all;
	lulls->count = look->count;
	return 0;
}

void lulls_deinit(struct lulls *lulls)
{
	free(lulls->all);
}
