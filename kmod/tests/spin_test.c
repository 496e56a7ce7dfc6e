// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of spinning: what budgets grow to, and what spinning in vain costs.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "../spin.h"

#define LIMIT	50000

static u32 budget_after(u64 waited_ns)
{
	struct ipcmbox_spin spin = {};

	ipcmbox_spin_learn(&spin, 0, waited_ns, LIMIT);
	return ipcmbox_spin_budget(&spin, LIMIT);
}

/* Somebody has spun for as long as may be, and in vain. */
static void fail(struct ipcmbox_spin *spin)
{
	spin->budget_ns = LIMIT;
	ipcmbox_spin_learn(spin, LIMIT, LIMIT + 1, LIMIT);
}

/* How many waits in a row do not spin. */
static unsigned int count_pause(struct ipcmbox_spin *spin)
{
	unsigned int n = 0;

	while (n < 1000 && !ipcmbox_backoff_begin(&spin->backoff))
		n++;
	return n;
}

/* Nobody spins before there was a wait that was short enough. */
static void spin_learns(struct kunit *test)
{
	struct ipcmbox_spin spin = {};

	KUNIT_EXPECT_TRUE(test, ipcmbox_backoff_begin(&spin.backoff));
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), 0U);
	KUNIT_EXPECT_EQ(test, budget_after(0), 0U);
	KUNIT_EXPECT_EQ(test, budget_after(1000), 2000U);
	KUNIT_EXPECT_EQ(test, budget_after(LIMIT / 2), (u32)LIMIT);
	KUNIT_EXPECT_EQ(test, budget_after(LIMIT), (u32)LIMIT);
	KUNIT_EXPECT_EQ(test, budget_after(4ULL * LIMIT), (u32)LIMIT);
	KUNIT_EXPECT_EQ(test, budget_after(4ULL * LIMIT + 1), 0U);
	KUNIT_EXPECT_EQ(test, budget_after(U64_MAX), 0U);
}

/* Too short a budget is no reason to pause, as long as it can be raised. */
static void spin_raises_its_budget(struct kunit *test)
{
	struct ipcmbox_spin spin = {};

	ipcmbox_spin_learn(&spin, 0, 1000, LIMIT);
	ipcmbox_spin_learn(&spin, 2000, 3000, LIMIT);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), 6000U);
	ipcmbox_spin_learn(&spin, 6000, LIMIT, LIMIT);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), (u32)LIMIT);
	KUNIT_EXPECT_EQ(test, count_pause(&spin), 0U);
}

/* What is set lower in the meantime holds for what was learned before. */
static void spin_obeys_the_limit(struct kunit *test)
{
	struct ipcmbox_spin spin = {};

	ipcmbox_spin_learn(&spin, 0, LIMIT, LIMIT);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT / 10), (u32)LIMIT / 10);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, 0), 0U);
	ipcmbox_spin_learn(&spin, 0, 2000, 1000);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), 1000U);
	KUNIT_EXPECT_LE(test, ipcmbox_spin_limit(), (u32)IPCMBOX_SPIN_NS_MAX);
}

static void spin_pauses_after_failures(struct kunit *test)
{
	static const unsigned int pauses[] = { 1, 3, 7, 15, 31, 63, 127, 127, 127 };
	struct ipcmbox_spin spin = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(pauses); i++) {
		fail(&spin);
		KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), 0U);
		KUNIT_EXPECT_EQ(test, count_pause(&spin), pauses[i]);
		KUNIT_EXPECT_EQ(test, count_pause(&spin), 0U);
	}
}

/* A signal or the deadline while it spins, or sleeps after it: nothing was gained either. */
static void spin_pauses_after_no_completion(struct kunit *test)
{
	struct ipcmbox_spin spin = { .budget_ns = 1000 };

	ipcmbox_spin_learn(&spin, 1000, U64_MAX, LIMIT);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), 0U);
	KUNIT_EXPECT_EQ(test, count_pause(&spin), 1U);
}

static void spin_forgives(struct kunit *test)
{
	struct ipcmbox_spin spin = {};
	int i;

	for (i = 0; i < 7; i++)
		fail(&spin);
	KUNIT_EXPECT_EQ(test, count_pause(&spin), 127U);
	ipcmbox_spin_learn(&spin, 0, LIMIT, LIMIT);
	for (i = IPCMBOX_SPIN_TOP; i >= 0; i--) {
		KUNIT_EXPECT_EQ(test, (int)spin.backoff.level, i);
		ipcmbox_backoff_succeed(&spin.backoff, IPCMBOX_SPIN_STREAK);
	}
	/* The budget was right, and stays. */
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), (u32)LIMIT);
	fail(&spin);
	KUNIT_EXPECT_EQ(test, count_pause(&spin), 1U);
}

/* With a limit of 0 there is no budget, whatever was learned, and none is got. */
static void spin_never(struct kunit *test)
{
	struct ipcmbox_spin spin = { .budget_ns = LIMIT };

	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, 0), 0U);
	spin.budget_ns = 0;
	ipcmbox_spin_learn(&spin, 0, 0, 0);
	ipcmbox_spin_learn(&spin, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, ipcmbox_spin_budget(&spin, LIMIT), 0U);
	KUNIT_EXPECT_EQ(test, count_pause(&spin), 0U);
}

static struct kunit_case spin_cases[] = {
	KUNIT_CASE(spin_learns),
	KUNIT_CASE(spin_raises_its_budget),
	KUNIT_CASE(spin_obeys_the_limit),
	KUNIT_CASE(spin_pauses_after_failures),
	KUNIT_CASE(spin_pauses_after_no_completion),
	KUNIT_CASE(spin_forgives),
	KUNIT_CASE(spin_never),
	{}
};

static struct kunit_suite spin_suite = {
	.name = "ipcmbox_spin",
	.test_cases = spin_cases,
};

kunit_test_suite(spin_suite);
