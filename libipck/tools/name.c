// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdio.h>

#include "name.h"
#include "text.h"

void name_print(const struct ipck_info *info)
{
	text_print(stdout, info->name);
	if (info->discipline == IPCK_MEMBER)
		printf("(of #%" PRIu64 ", pid %d)", info->parent, info->pid);
	else if (info->discipline == IPCK_ENDPOINT && info->tid)
		printf("(of thread %d)", info->tid);
	else if (info->discipline == IPCK_ENDPOINT)
		printf("(of pid %d)", info->pid);
	else if (!(info->flags & IPCK_INFO_NAMED))
		fputs(*info->name ? " (unlinked)" : "(unnamed)", stdout);
}

void name_print_short(const struct ipck_info *info)
{
	if (*info->name)
		text_print(stdout, info->name);
	else
		printf("#%" PRIu64, info->id);
}
