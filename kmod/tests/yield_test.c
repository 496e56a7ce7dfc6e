// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of giving way: what is learned from it.
 */
#include <kunit/test.h>

#include "../yield.h"

/* How many waits in a row do not give way. */
static unsigned int count_pause(struct ipcmbox_backoff *backoff)
{
	unsigned int n = 0;

	while (n < 5000 && !ipcmbox_backoff_begin(backoff))
		n++;
	return n;
}

/* A new port waits before it tries; what pays goes on. */
static void yield_pays(struct kunit *test)
{
	struct ipcmbox_backoff backoff = IPCMBOX_YIELD_BEGIN;
	int i;

	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 63U);
	for (i = 0; i < 3; i++) {
		ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, true);
		KUNIT_EXPECT_EQ(test, count_pause(&backoff), 0U);
	}
	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, false);
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 127U);
}

/* Who was not switched has lost nothing, and knows nothing. */
static void yield_to_nobody(struct kunit *test)
{
	struct ipcmbox_backoff backoff = { .level = 7 };

	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_NOT, false);
	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_NOT, true);
	KUNIT_EXPECT_EQ(test, (unsigned int)backoff.level, 7U);
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 0U);
}

static void yield_in_vain(struct kunit *test)
{
	struct ipcmbox_backoff backoff = {};

	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, false);
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 1U);
}

/* It was completed, but could have gone on long before. */
static void yield_for_too_long(struct kunit *test)
{
	static const unsigned int pauses[] = { 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023 };
	struct ipcmbox_backoff backoff = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(pauses); i++) {
		ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_LONG, i % 2);
		KUNIT_EXPECT_EQ(test, count_pause(&backoff), pauses[i]);
	}
}

static void succeed(struct ipcmbox_backoff *backoff, int times)
{
	while (times--)
		ipcmbox_yield_learn(backoff, IPCMBOX_YIELDED_SHORT, true);
}

static void yield_forgives(struct kunit *test)
{
	struct ipcmbox_backoff backoff = { .level = IPCMBOX_YIELD_TOP };

	succeed(&backoff, IPCMBOX_YIELD_TOP * IPCMBOX_YIELD_STREAK);
	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, false);
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 1U);
}

/* What pays only most of the time is as good as given up. */
static void yield_must_pay_often(struct kunit *test)
{
	struct ipcmbox_backoff backoff = {};
	int i;

	for (i = 0; i < 20; i++) {
		succeed(&backoff, IPCMBOX_YIELD_STREAK - 1);
		ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, false);
	}
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 1023U);
}

static struct kunit_case yield_cases[] = {
	KUNIT_CASE(yield_pays),
	KUNIT_CASE(yield_to_nobody),
	KUNIT_CASE(yield_in_vain),
	KUNIT_CASE(yield_for_too_long),
	KUNIT_CASE(yield_forgives),
	KUNIT_CASE(yield_must_pay_often),
	{}
};

static struct kunit_suite yield_suite = {
	.name = "ipcmbox_yield",
	.test_cases = yield_cases,
};

kunit_test_suite(yield_suite);
