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

	while (n <= IPCMBOX_YIELD_PAUSE_MAX && !ipcmbox_backoff_begin(backoff))
		n++;
	return n;
}

/* Everybody begins by giving way, and goes on as long as it pays. */
static void yield_pays(struct kunit *test)
{
	struct ipcmbox_backoff backoff = {};
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, ipcmbox_backoff_begin(&backoff));
		ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, true);
	}
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 0U);
}

/* Who was not switched has lost nothing, and knows nothing. */
static void yield_to_nobody(struct kunit *test)
{
	struct ipcmbox_backoff backoff = { .penalty = 7 };

	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_NOT, false);
	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_NOT, true);
	KUNIT_EXPECT_EQ(test, (unsigned int)backoff.penalty, 7U);
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

static void yield_forgives(struct kunit *test)
{
	struct ipcmbox_backoff backoff = { .penalty = IPCMBOX_YIELD_PAUSE_MAX };
	int i;

	for (i = 0; i < 10; i++)
		ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, true);
	ipcmbox_yield_learn(&backoff, IPCMBOX_YIELDED_SHORT, false);
	KUNIT_EXPECT_EQ(test, count_pause(&backoff), 1U);
}

static struct kunit_case yield_cases[] = {
	KUNIT_CASE(yield_pays),
	KUNIT_CASE(yield_to_nobody),
	KUNIT_CASE(yield_in_vain),
	KUNIT_CASE(yield_for_too_long),
	KUNIT_CASE(yield_forgives),
	{}
};

static struct kunit_suite yield_suite = {
	.name = "ipcmbox_yield",
	.test_cases = yield_cases,
};

kunit_test_suite(yield_suite);
