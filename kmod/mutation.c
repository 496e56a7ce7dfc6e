// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutations: which bug the module has been seeded with.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mutation.h"

#define NAME(name) #name,
static const char * const names[] = { "none", IPCMBOX_MUTATIONS_LIST(NAME) };

enum ipcmbox_mutation ipcmbox_mutation;

static int set_mutation(const char *name, const struct kernel_param *param)
{
	int found = match_string(names, ARRAY_SIZE(names), name);

	if (found < 0)
		return found;
	ipcmbox_mutation = found;
	return 0;
}

static int get_mutation(char *buf, const struct kernel_param *param)
{
	return sysfs_emit(buf, "%s\n", names[ipcmbox_mutation]);
}

static const struct kernel_param_ops mutation_ops = {
	.set = set_mutation,
	.get = get_mutation,
};

module_param_cb(mutation, &mutation_ops, NULL, 0444);
