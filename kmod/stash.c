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
 * Takes one object off, so that nobody has to wait until all are freed; who loses the shelf may
 * have some left until the other has come as often. Empty, it is @cgroup's.
 *
 * Context: preemption is disabled.
 * Return: an object to free once preemption is enabled (on PREEMPT_RT that takes locks that sleep),
 * or NULL.
 */
void *ipcmbox_shelf_change_owner(struct ipcmbox_shelf *shelf, u64 cgroup)
{
	void *object = shelf->nr ? shelf->objects[--shelf->nr] : NULL;

	if (!shelf->nr)
		shelf->cgroup = cgroup;
	return object;
}

/**
 * ipcmbox_stash_end() - free a stash and all objects
 * @stash: from alloc_percpu(), or NULL; nobody uses it any more
 *
 * Context: may sleep.
 */
void ipcmbox_stash_end(struct ipcmbox_stash __percpu *stash)
{
	struct ipcmbox_shelf *shelf;
	int cpu, i;

	if (!stash)
		return;
	for_each_possible_cpu(cpu) {
		for (i = 0; i < IPCMBOX_STASH_SHELVES; i++) {
			shelf = &per_cpu_ptr(stash, cpu)->shelves[i];
			while (shelf->nr)
				kfree(shelf->objects[--shelf->nr]);
		}
	}
	free_percpu(stash);
}
