// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is used again: who pays for it is the cgroup of whoever uses it, not of whoever used
 * it before. (Limits are in quota.c and segment.c.)
 */
#include <sched.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "cgroup_test.h"
#include "ipcmbox_test.h"

#define SPENDER		CGROUPS "/ipcmbox-spender"
#define RECYCLER	CGROUPS "/ipcmbox-recycler"

#define BATCH		32
#define ROUNDS		400
/* At least what a message that stays takes, and a copy of an event. */
#define MESSAGE_MIN	192
#define COPY_MIN	128

/* Whose turn it is, and who has done his part. */
struct board {
	volatile int turn, done;
};

/* Where a batch is put, and where each part of it is taken from. */
struct store {
	int to, from[BATCH];
};

FIXTURE(cgroup) {
	int dev;
	struct board *board;
};

FIXTURE_VARIANT(cgroup) {
	__u32 discipline, least;
};

FIXTURE_VARIANT_ADD(cgroup, messages) { IPCMBOX_QUEUE, MESSAGE_MIN };
FIXTURE_VARIANT_ADD(cgroup, events) { IPCMBOX_EVENT, COPY_MIN };

FIXTURE_SETUP(cgroup)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->board = mmap(NULL, sizeof(*self->board), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->board);
}

FIXTURE_TEARDOWN(cgroup)
{
	munmap(self->board, sizeof(*self->board));
	close(self->dev);
}

static bool store_open(struct store *store, int dev, __u32 discipline)
{
	bool ok;
	int i;

	store->to = mailbox_new(dev, .discipline = discipline, .max_messages = IPCMBOX_UNBOUNDED);
	ok = store->to >= 0;
	for (i = 0; i < BATCH; i++) {
		store->from[i] = store->to;
		if (discipline == IPCMBOX_EVENT)
			store->from[i] = member_new(store->to, .max_messages = IPCMBOX_UNBOUNDED);
		ok &= store->from[i] >= 0;
	}
	return ok;
}

static bool store_put(const struct store *store)
{
	int i, n = store->to == store->from[0] ? BATCH : 1;

	for (i = 0; i < n; i++)
		if (put(store->to, 0, i))
			return false;
	return true;
}

static bool store_take(const struct store *store)
{
	int i;

	for (i = 0; i < BATCH; i++)
		if (take(store->from[i]) < 0)
			return false;
	return true;
}

struct party {
	const char *cgroup;
	int dev;
	__u32 discipline;
	int first_turn;
	bool takes;
	struct board *board;
};

/* Two parties take turns on one CPU: one takes what it has sent, the other leaves it. */
static int play(void *arg)
{
	const struct party *party = arg;
	struct board *board = party->board;
	struct store store;
	cpu_set_t cpus;
	int turn;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || !cgroup_enter(party->cgroup) ||
	    !store_open(&store, party->dev, party->discipline))
		return 1;
	for (turn = party->first_turn; turn < 2 * ROUNDS; turn += 2) {
		if (!await_value(&board->turn, turn))
			return 2;
		if (!store_put(&store) || (party->takes && !store_take(&store)))
			return 3;
		board->turn = turn + 1;
	}
	/* What is left stays until it has been counted. */
	return await_value(&board->done, 1) ? 0 : 4;
}

TEST_F(cgroup, reused_memory_is_paid_for_by_its_user)
{
	struct party recycler = {
		.cgroup = RECYCLER, .dev = self->dev, .discipline = variant->discipline,
		.takes = true, .board = self->board,
	};
	struct party spender = recycler;
	long long left = (long long)variant->least * BATCH * ROUNDS, recycled;
	pid_t pids[2];

	if (!cgroup_has_memory())
		SKIP(return, "no memory cgroups in this kernel");
	ASSERT_TRUE(cgroup_new(RECYCLER, "max") && cgroup_new(SPENDER, "max"));

	spender.cgroup = SPENDER;
	spender.first_turn = 1;
	spender.takes = false;
	pids[0] = child_start(play, &recycler);
	pids[1] = child_start(play, &spender);
	EXPECT_TRUE(await_value(&self->board->turn, 2 * ROUNDS));
	recycled = cgroup_charged(RECYCLER);
	EXPECT_GE(recycled, 0);
	EXPECT_LE(recycled, left / 2);
	EXPECT_GE(cgroup_charged(SPENDER), left);
	self->board->done = 1;
	EXPECT_EQ(0, child_wait(pids[0]));
	EXPECT_EQ(0, child_wait(pids[1]));
	rmdir(RECYCLER);
	rmdir(SPENDER);
}

TEST_HARNESS_MAIN
