// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutations: which bug the module has been seeded with.
 */
#include <linux/moduleparam.h>

#include "mutation.h"

char *ipcmbox_mutation = "none";
module_param_named(mutation, ipcmbox_mutation, charp, 0444);
MODULE_PARM_DESC(mutation, "The bug to have, see kmod/mutation.h");
