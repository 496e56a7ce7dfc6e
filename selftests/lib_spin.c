// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: how long it looks before it sleeps, with a clock and a peer made up.
 */
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include <linux/ipcmbox.h>
#include "../libipck/src/deadline.h"
#include "../libipck/src/spin.h"
#include "ipcmbox_test.h"

#define LOOK_NS		100		/* what a look takes */
#define WAKE_NS		8000		/* what sleeping and waking takes */
#define LATE_NS		10000000

static __u64 now = 1;

/* In the place of the library's, so that only this test makes time pass. */
int ipck_deadline_in(uint64_t *deadline_ns, unsigned int clock, uint64_t ns)
{
	(void)clock;
	*deadline_ns = now + ns;
	return 0;
}

/*
 * struct peer - the other side
 * @answer_ns: time it takes to answer
 * @is_here: it runs while this side sleeps, only
 */
struct peer {
	__u64 answer_ns;
	bool is_here;
};

/* Returns whether it was enough to look. */
static bool await(struct ipck_spin *spin, struct peer peer, __u64 *looks)
{
	static const struct ipck_deadline never;
	struct ipck_turn turn = { 0 };
	__u64 answer = now + peer.answer_ns;

	while (ipck_spin_again(spin, &turn, &never)) {
		ipck_spin_pause();
		++*looks;
		now += LOOK_NS;
		if (!peer.is_here && now >= answer)
			break;
	}
	if (peer.is_here || now < answer) {
		turn.slept = true;
		now = (peer.is_here ? now + peer.answer_ns : answer) + WAKE_NS;
	}
	ipck_spin_learn(spin, &turn);
	return !turn.slept;
}

/* Nobody answers before a deadline in @span_ns. Returns how often was looked. */
static __u64 await_nobody(struct ipck_spin *spin, __u64 span_ns)
{
	const struct ipck_deadline deadline = { .flags = IPCMBOX_DEADLINE, .ns = now + span_ns };
	struct ipck_turn turn = { 0 };
	__u64 looks = 0;

	while (ipck_spin_again(spin, &turn, &deadline)) {
		looks++;
		now += LOOK_NS;
	}
	if (now < deadline.ns)
		now = deadline.ns;
	ipck_spin_fail(spin);
	return looks;
}

static struct ipck_spin fresh(void)
{
	struct ipck_spin spin;

	ipck_spin_init(&spin);
	spin.several = true;
	return spin;
}

static __u64 wins_of(struct ipck_spin *spin, struct peer peer, int waits, __u64 *looks)
{
	__u64 wins = 0;

	*looks = 0;
	while (waits--)
		wins += await(spin, peer, looks);
	return wins;
}

TEST(pinned_to_one_cpu)
{
	struct ipck_spin spin;
	cpu_set_t all, one;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	ipck_spin_init(&spin);
	EXPECT_TRUE(spin.several);
	EXPECT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
}

TEST(soon_is_worth_it)
{
	struct ipck_spin spin = fresh();
	__u64 looks;

	EXPECT_EQ(1000, wins_of(&spin, (struct peer){ .answer_ns = 2000 }, 1000, &looks));
}

TEST(grows)
{
	struct ipck_spin spin = fresh();
	__u64 looks;

	EXPECT_LE(990, wins_of(&spin, (struct peer){ .answer_ns = 50000 }, 1000, &looks));
}

TEST(late_is_not)
{
	struct ipck_spin spin = fresh();
	__u64 looks;

	EXPECT_EQ(0, wins_of(&spin, (struct peer){ .answer_ns = LATE_NS }, 1000, &looks));
	EXPECT_GT(1000, looks);
	wins_of(&spin, (struct peer){ .answer_ns = LATE_NS }, 1000, &looks);
	EXPECT_EQ(0, looks);
	EXPECT_LE(990, wins_of(&spin, (struct peer){ .answer_ns = 2000 }, 1000, &looks));
}

/* A deadline that comes soon is no answer that does. */
TEST(deadlines_are_no_answers)
{
	struct ipck_spin spin = fresh();
	__u64 looks = 0;
	int i;

	for (i = 0; i < 1000; i++)
		looks += await_nobody(&spin, 1000000);
	/* The budget of 4000 is halved twelve times, and the clock is looked at every 32 looks. */
	EXPECT_GE(64 + 12 * 33, looks);
	looks = 0;
	for (i = 0; i < 1000; i++)
		looks += await_nobody(&spin, 20000);
	EXPECT_EQ(0, looks);
}

/* The clock is looked at after every 32 looks. */
TEST(no_longer_than_the_deadline)
{
	struct ipck_spin spin = fresh();
	__u64 looks;

	wins_of(&spin, (struct peer){ .answer_ns = 50000 }, 1000, &looks);
	EXPECT_GE(33, await_nobody(&spin, 1000));
	EXPECT_EQ(0, await_nobody(&spin, 0));
}

/* It answers soon, but because this side sleeps. */
TEST(peer_on_the_same_cpu)
{
	struct peer peer = { .answer_ns = 2000, .is_here = true };
	struct ipck_spin spin = fresh();
	__u64 looks, begin;

	EXPECT_EQ(0, wins_of(&spin, peer, 10000, &looks));
	begin = now;
	EXPECT_EQ(0, wins_of(&spin, peer, 100000, &looks));
	EXPECT_GT((now - begin) / 100, looks * LOOK_NS);
}

TEST(peer_that_moves_away)
{
	struct peer peer = { .answer_ns = 2000, .is_here = true };
	struct ipck_spin spin = fresh();
	__u64 looks;

	wins_of(&spin, peer, 100000, &looks);
	peer.is_here = false;
	wins_of(&spin, peer, 10000, &looks);
	EXPECT_EQ(1000, wins_of(&spin, peer, 1000, &looks));
}

TEST_HARNESS_MAIN
