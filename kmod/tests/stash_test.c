// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of stashes: what is kept for whom, and how much.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../stash.h"

/* Two cgroups that are given the same shelf, and one that is not; none is that of a task. */
#define ONE	BIT_ULL(30)
#define OTHER	find(ONE, true)
#define NEXT	find(ONE, false)

static unsigned int shelf_of(u64 cgroup)
{
	return hash_32((u32)cgroup, ilog2(IPCMBOX_STASH_SHELVES));
}

static u64 find(u64 cgroup, bool same_shelf)
{
	u64 other = cgroup + 1;

	while ((shelf_of(other) == shelf_of(cgroup)) != same_shelf)
		other++;
	return other;
}

struct fixture {
	struct ipcmbox_stash __percpu *stash;
	struct kmem_cache *cache;
};

static int setup(struct kunit *test)
{
	struct fixture *fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fixture);
	test->priv = fixture;
	fixture->stash = alloc_percpu(struct ipcmbox_stash);
	KUNIT_ASSERT_TRUE(test, !!fixture->stash);
	fixture->cache = kmem_cache_create("ipcmbox_stash_test", 64, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, fixture->cache);
	/* All of a test is about the stash of one CPU; it has a thread to itself. */
	return set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
}

/*
 * Also when there was no memory to set all up, or no thread to do it. A cache that has lost an
 * object complains when it is destroyed.
 */
static void teardown(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	if (!fixture)
		return;
	ipcmbox_stash_end(fixture->stash);
	kmem_cache_destroy(fixture->cache);
}

static bool keep(struct kunit *test, u64 cgroup)
{
	struct fixture *fixture = test->priv;
	void *object = kmem_cache_alloc(fixture->cache, GFP_KERNEL);
	bool kept;

	KUNIT_ASSERT_NOT_NULL(test, object);
	kept = ipcmbox_stash_keep(fixture->stash, object, cgroup);
	if (!kept)
		kmem_cache_free(fixture->cache, object);
	return kept;
}

static void *take(struct kunit *test, u64 cgroup)
{
	struct fixture *fixture = test->priv;
	void *object;

	preempt_disable();
	object = ipcmbox_stash_take_from(ipcmbox_stash_shelf(fixture->stash, cgroup), cgroup);
	preempt_enable();
	return object;
}

static unsigned int count(struct kunit *test, u64 cgroup)
{
	struct fixture *fixture = test->priv;
	struct ipcmbox_shelf *shelf;
	unsigned int nr;

	preempt_disable();
	shelf = ipcmbox_stash_shelf(fixture->stash, cgroup);
	nr = shelf->cgroup == cgroup ? shelf->nr : 0;
	preempt_enable();
	return nr;
}

/* What is kept is what comes out, the last one first, and to nobody else. */
static void stash_gives_back(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	void *first = kmem_cache_alloc(fixture->cache, GFP_KERNEL);
	void *second = kmem_cache_alloc(fixture->cache, GFP_KERNEL);
	u64 cgroup;

	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_ASSERT_TRUE(test, ipcmbox_stash_keep(fixture->stash, first, ONE));
	KUNIT_ASSERT_TRUE(test, ipcmbox_stash_keep(fixture->stash, second, ONE));
	/* Tests are run by a kernel thread, for whom nobody pays. */
	KUNIT_EXPECT_NULL(test, ipcmbox_stash_take(fixture->stash, &cgroup));
	KUNIT_EXPECT_EQ(test, cgroup, 0ULL);
	KUNIT_EXPECT_PTR_EQ(test, take(test, ONE), second);
	KUNIT_EXPECT_NULL(test, take(test, OTHER));
	KUNIT_EXPECT_NULL(test, take(test, NEXT));
	KUNIT_EXPECT_PTR_EQ(test, take(test, ONE), first);
	KUNIT_EXPECT_NULL(test, take(test, ONE));
	kmem_cache_free(fixture->cache, first);
	kmem_cache_free(fixture->cache, second);
}

static void stash_is_bounded(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < IPCMBOX_SHELF_DEPTH; i++)
		KUNIT_EXPECT_TRUE(test, keep(test, ONE));
	KUNIT_EXPECT_FALSE(test, keep(test, ONE));
	KUNIT_EXPECT_EQ(test, count(test, ONE), IPCMBOX_SHELF_DEPTH);
	/* The next shelf is not concerned. */
	KUNIT_EXPECT_TRUE(test, keep(test, NEXT));
	KUNIT_EXPECT_EQ(test, count(test, ONE), IPCMBOX_SHELF_DEPTH);
}

/* What nobody has paid for would be given away for nothing. */
static void stash_refuses_what_is_unpaid(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, keep(test, 0));
	KUNIT_EXPECT_EQ(test, count(test, 0), 0U);
}

/* Whoever comes more often has the shelf in the end; what it held is freed one by one. */
static void stash_changes_owners(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, keep(test, ONE));
	KUNIT_EXPECT_FALSE(test, keep(test, OTHER));
	KUNIT_EXPECT_EQ(test, count(test, ONE), 2U);
	KUNIT_EXPECT_FALSE(test, keep(test, OTHER));
	KUNIT_EXPECT_TRUE(test, keep(test, OTHER));
	KUNIT_EXPECT_EQ(test, count(test, ONE), 0U);
	KUNIT_EXPECT_EQ(test, count(test, OTHER), 1U);
}

static struct kunit_case stash_cases[] = {
	KUNIT_CASE(stash_gives_back),
	KUNIT_CASE(stash_is_bounded),
	KUNIT_CASE(stash_refuses_what_is_unpaid),
	KUNIT_CASE(stash_changes_owners),
	{}
};

static struct kunit_suite stash_suite = {
	.name = "ipcmbox_stash",
	.init = setup,
	.exit = teardown,
	.test_cases = stash_cases,
};

kunit_test_suite(stash_suite);
