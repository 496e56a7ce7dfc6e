// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stashes: freed objects, kept for those who have paid for them.
 */
#include <linux/cpumask.h>
#include <linux/slab.h>

#include "stash.h"

/**
 * ipcmbox_shelf_change_owner() - somebody else wants a shelf
 * @shelf: of this CPU
 * @cgroup: who
 *
 * Frees one object, so that nobody has to wait until all are freed; who loses the shelf may have
 * some left until the other has come as often.
 *
 * Context: preemption is disabled.
 * Return: whether the shelf is @cgroup's now.
 */
bool ipcmbox_shelf_change_owner(struct ipcmbox_shelf *shelf, u64 cgroup)
{
	if (shelf->nr)
		kfree(shelf->objects[--shelf->nr]);
	if (shelf->nr)
		return false;
	shelf->cgroup = cgroup;
	return true;
}

/**
 * ipcmbox_stash_drain() - free all objects
 * @stash: nobody uses it any more
 */
void ipcmbox_stash_drain(struct ipcmbox_stash __percpu *stash)
{
	struct ipcmbox_shelf *shelf;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < IPCMBOX_STASH_SHELVES; i++) {
			shelf = &per_cpu_ptr(stash, cpu)->shelves[i];
			while (shelf->nr)
				kfree(shelf->objects[--shelf->nr]);
		}
	}
}
