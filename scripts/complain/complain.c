// SPDX-License-Identifier: GPL-2.0-only
/* A module which makes the kernel complain, to see whether that is noticed. */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

static char *how = "";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "warn, race, or what to print");

static unsigned int raced;

/* A data race with whoever does the same, for which only KCSAN has eyes. */
static void race(struct work_struct *unused)
{
	unsigned long end = jiffies + 2 * HZ;

	while (time_before(jiffies, end)) {
		raced++;
		cond_resched();
	}
}

static DECLARE_WORK(other, race);

static void race_with_other(void)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	schedule_work_on(cpu, &other);
	race(NULL);
	flush_work(&other);
}

static int __init complain_init(void)
{
	if (!strcmp(how, "warn"))
		WARN(1, "as asked for\n");
	else if (!strcmp(how, "race"))
		race_with_other();
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
