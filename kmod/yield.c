// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving way: whether at all.
 */
#include <linux/module.h>

#include "yield.h"

bool ipcmbox_yield_enabled = true;
module_param_named(yield, ipcmbox_yield_enabled, bool, 0644);
MODULE_PARM_DESC(yield,
		 "Whether a blocked call may give way to others on its CPU before it sleeps (default: Y)");
