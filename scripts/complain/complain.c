// SPDX-License-Identifier: GPL-2.0-only
/* A module which makes the kernel complain, to see whether that is noticed. */
#include <linux/module.h>

static char *how = "";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "warn, or what to print");

static int __init complain_init(void)
{
	if (!strcmp(how, "warn"))
		WARN(1, "as asked for\n");
	else
		pr_info("%s\n", how);
	return 0;
}

static void __exit complain_exit(void)
{
}

module_init(complain_init);
module_exit(complain_exit);
MODULE_DESCRIPTION("Makes the kernel complain");
MODULE_LICENSE("GPL");
