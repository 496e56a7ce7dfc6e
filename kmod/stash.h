/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_STASH_H
#define _IPCMBOX_STASH_H

#include <linux/cgroup.h>
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/types.h>

#include "quota.h"

/**
 * DOC: Stashes
 *
 * Half of what the allocator takes for a short message is spent on whom to charge for it: the
 * memory cgroup is looked up, charged, written down beside the object, and all that is undone when
 * the message is freed, mostly for the next message of the same cgroup. A stash keeps some freed
 * objects of one cache, for each CPU, *as charged as they are*, and gives them only to tasks of the
 * cgroup that has paid for them.
 *
 * Each object therefore carries the number of its cgroup, which the kernel never uses again. The
 * objects of a CPU lie on shelves by cgroup, so that a client and its server may be in different
 * ones; a shelf belongs to one cgroup at a time, and two that meet there empty it, an object at a
 * time. Of the number 0 are objects that must not be kept: those that were charged to nobody,
 * because a task that exits or a kernel thread has allocated them, and those whose task changed its
 * cgroup meanwhile.
 *
 * While a task is being moved the allocator may charge the cgroup it comes from when the task says
 * already that it is in the other: then that uses what was allocated in this moment, and no more.
 *
 * What is stashed is bounded, counts against its cgroup's limit and is not given back under
 * pressure: up to 7.5 KiB for each CPU, cgroup and cache. It is freed with the cache; the objects
 * of a CPU that is offline wait for it to come back. Where the administrator wants freed memory to
 * be wiped (init_on_free) nothing is stashed.
 */

/* About one batch of vectors, which is sent before it is received; a shelf is 256 bytes. */
#define IPCMBOX_SHELF_DEPTH	30
#define IPCMBOX_STASH_SHELVES	4

/**
 * struct ipcmbox_shelf - objects of one cgroup
 * @cgroup: its number
 * @nr: how many
 * @objects: they
 */
struct ipcmbox_shelf {
	u64 cgroup;
	unsigned int nr;
	void *objects[IPCMBOX_SHELF_DEPTH];
};

/**
 * struct ipcmbox_stash - objects of one cache
 * @shelves: by number of the cgroup
 *
 * One for each CPU, used by tasks of that CPU only, with preemption disabled. All zero is empty.
 */
struct ipcmbox_stash {
	struct ipcmbox_shelf shelves[IPCMBOX_STASH_SHELVES];
};

/* Who looks for the use of what was freed is to see it. A build can have stashes all the same. */
#ifndef IPCMBOX_STASHES
#define IPCMBOX_STASHES		(!IS_ENABLED(CONFIG_KASAN) && !IS_ENABLED(CONFIG_KMSAN))
#endif

void *ipcmbox_shelf_change_owner(struct ipcmbox_shelf *shelf, u64 cgroup);
void ipcmbox_stash_end(struct ipcmbox_stash __percpu *stash);

/**
 * ipcmbox_stash_cgroup() - whom does the allocator charge for the calling task?
 *
 * Context: preemption is disabled.
 * Return: number of the memory cgroup, or 0: nobody.
 */
static inline u64 ipcmbox_stash_cgroup(void)
{
	if (unlikely(current->flags & PF_KTHREAD || !current->mm))
		return 0;
#ifdef CONFIG_MEMCG
	return task_css(current, memory_cgrp_id)->serial_nr;
#else
	return 1;
#endif
}

/* Of cgroups that are made alike the numbers are equally far apart, often a multiple of 4. */
static inline struct ipcmbox_shelf *ipcmbox_stash_shelf(struct ipcmbox_stash __percpu *stash,
							u64 cgroup)
{
	return &this_cpu_ptr(stash)->shelves[hash_32((u32)cgroup, ilog2(IPCMBOX_STASH_SHELVES))];
}

static inline void *ipcmbox_stash_take_from(struct ipcmbox_shelf *shelf, u64 cgroup)
{
	return likely(shelf->cgroup == cgroup && shelf->nr) ? shelf->objects[--shelf->nr] : NULL;
}

/**
 * ipcmbox_stash_take() - get an object that the caller's cgroup has paid for
 * @stash: the stash
 * @cgroup: set to the number of the cgroup
 *
 * Context: process context.
 * Return: an object, or NULL.
 */
static inline void *ipcmbox_stash_take(struct ipcmbox_stash __percpu *stash, u64 *cgroup)
{
	void *object;

	preempt_disable();
	*cgroup = ipcmbox_stash_cgroup();
	object = ipcmbox_stash_take_from(ipcmbox_stash_shelf(stash, *cgroup), *cgroup);
	preempt_enable();
	return object;
}

/**
 * ipcmbox_stash_take_many() - get several objects that the caller's cgroup has paid for
 * @stash: the stash
 * @objects: filled in
 * @max: how many are wanted
 * @cgroup: set to the number of the cgroup
 *
 * Context: process context.
 * Return: how many there were.
 */
static inline unsigned int ipcmbox_stash_take_many(struct ipcmbox_stash __percpu *stash,
						   void **objects, unsigned int max, u64 *cgroup)
{
	struct ipcmbox_shelf *shelf;
	unsigned int nr = 0;

	preempt_disable();
	*cgroup = ipcmbox_stash_cgroup();
	shelf = ipcmbox_stash_shelf(stash, *cgroup);
	while (nr < max && (objects[nr] = ipcmbox_stash_take_from(shelf, *cgroup)))
		nr++;
	preempt_enable();
	return nr;
}

/**
 * ipcmbox_stash_keep() - keep an object instead of freeing it
 * @stash: the stash
 * @object: from a cache
 * @cgroup: who has paid for it, or 0
 *
 * Context: process context.
 * Return: whether it is kept; else it is still the caller's.
 */
static inline bool ipcmbox_stash_keep(struct ipcmbox_stash __percpu *stash, void *object,
				      u64 cgroup)
{
	struct ipcmbox_shelf *shelf;
	void *others;
	bool kept;

	/* An interrupt that frees would find a shelf that is being changed. */
	lockdep_assert(in_task());
	if (unlikely(!cgroup || want_init_on_free()))
		return false;

	preempt_disable();
	shelf = ipcmbox_stash_shelf(stash, cgroup);
	if (likely(shelf->cgroup == cgroup)) {
		kept = shelf->nr < IPCMBOX_SHELF_DEPTH;
		if (likely(kept))
			shelf->objects[shelf->nr++] = object;
		preempt_enable();
		return kept;
	}
	others = ipcmbox_shelf_change_owner(shelf, cgroup);
	kept = shelf->cgroup == cgroup;
	if (kept)
		shelf->objects[shelf->nr++] = object;
	preempt_enable();
	kfree(others);
	return kept;
}

/**
 * ipcmbox_stash_paid() - who has been charged for an object that was just allocated?
 * @before: number of the cgroup before
 *
 * Context: process context.
 * Return: the same, or 0: that is not certain.
 */
static inline u64 ipcmbox_stash_paid(u64 before)
{
	u64 after;

	preempt_disable();
	after = ipcmbox_stash_cgroup();
	preempt_enable();
	return after == before ? after : 0;
}

/**
 * ipcmbox_stash_alloc() - get an object, from the stash or from its cache
 * @stash: the stash
 * @cache: the cache
 * @cgroup: set to who has paid for it, for ipcmbox_stash_free()
 *
 * Context: process context; may sleep.
 * Return: an object that has been used before, or has not, or NULL.
 */
static __always_inline void *ipcmbox_stash_alloc(struct ipcmbox_stash __percpu *stash,
						 struct kmem_cache *cache, u64 *cgroup)
{
	void *object;

	*cgroup = 0;
	if (IPCMBOX_STASHES) {
		object = ipcmbox_stash_take(stash, cgroup);
		if (likely(object))
			return object;
	}
	object = kmem_cache_alloc(cache, IPCMBOX_GFP);
	if (*cgroup)
		*cgroup = ipcmbox_stash_paid(*cgroup);
	return object;
}

/**
 * ipcmbox_stash_free() - keep an object, or free it
 * @stash: the stash
 * @object: the object
 * @cgroup: who has paid for it, or 0
 *
 * Context: process context.
 */
static __always_inline void ipcmbox_stash_free(struct ipcmbox_stash __percpu *stash, void *object,
					       u64 cgroup)
{
	/* The allocator knows which cache it is from. */
	if (!IPCMBOX_STASHES || unlikely(!ipcmbox_stash_keep(stash, object, cgroup)))
		kfree(object);
}

#endif /* _IPCMBOX_STASH_H */
