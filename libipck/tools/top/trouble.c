// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>

#include "trouble.h"

enum trouble trouble_of_messages(const struct ipck_info *info, uint64_t lull_ns,
				 uint64_t patience_ns)
{
	if (!info->oldest_ns || info->oldest_ns < patience_ns)
		return TROUBLE_NONE;
	if (!info->readers)
		return TROUBLE_UNREAD;
	return lull_ns >= patience_ns ? TROUBLE_STUCK : TROUBLE_NONE;
}

enum trouble trouble_of_task(const struct graph *graph, const struct ipck_blocked *task,
			     uint64_t patience_ns)
{
	if (graph_is_in_cycle(graph, task))
		return TROUBLE_DEADLOCK;
	if (task->what != IPCK_BLOCKED_RECV && task->since_ns >= patience_ns)
		return TROUBLE_SLOW;
	return TROUBLE_NONE;
}

const char *trouble_word(enum trouble trouble)
{
	static const char *const words[] = {
		[TROUBLE_NONE] = "-",
		[TROUBLE_SLOW] = "slow",
		[TROUBLE_STUCK] = "stuck",
		[TROUBLE_UNREAD] = "unread",
		[TROUBLE_DEADLOCK] = "deadlock",
	};

	return words[trouble];
}
