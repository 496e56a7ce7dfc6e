// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdio.h>

#include "name.h"
#include "value/text.h"

void name_print(FILE *out, const struct ipck_info *info)
{
	text_print(out, info->name);
	if (info->discipline == IPCK_MEMBER)
		fprintf(out, "(of #%" PRIu64 ", pid %d)", info->parent, info->pid);
	else if (info->discipline == IPCK_ENDPOINT && info->tid)
		fprintf(out, "(of thread %d)", info->tid);
	else if (info->discipline == IPCK_ENDPOINT)
		fprintf(out, "(of pid %d)", info->pid);
	else if (!(info->flags & IPCK_INFO_NAMED))
		fputs(*info->name ? " (unlinked)" : "(unnamed)", out);
}

void name_print_short(const struct ipck_info *info)
{
	if (*info->name)
		text_print(stdout, info->name);
	else
		printf("#%" PRIu64, info->id);
}
