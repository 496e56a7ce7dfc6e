// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is used again: who pays for it is the cgroup of whoever uses it, not of whoever used
 * it before. (Limits are in quota.c and segment.c.)
 */
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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

/* How many turns there were, and whether what is left is not needed any more. */
struct board {
	volatile int turns, done;
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

/* Who puts something @to a store, its own if that is NULL, and takes what is in @from, if any. */
struct party {
	const char *cgroup;
	int dev, in, out;
	__u32 discipline;
	const struct store *to, *from;
	bool takes_own;
	struct board *board;
};

/* Two parties take turns on one CPU. */
static int play(void *arg)
{
	const struct party *party = arg;
	const struct store *to, *from;
	struct store own;
	cpu_set_t cpus;
	char turn;
	int i;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || !cgroup_enter(party->cgroup) ||
	    !store_open(&own, party->dev, party->discipline))
		return 1;
	to = party->to ? party->to : &own;
	from = party->takes_own ? &own : party->from;
	for (i = 0; i < ROUNDS; i++) {
		if (read(party->in, &turn, 1) != 1)
			return 2;
		if (!store_put(to) || (from && !store_take(from)))
			return 3;
		party->board->turns++;
		if (write(party->out, &turn, 1) != 1)
			return 4;
	}
	/* What is left stays until it has been counted. */
	return await_value(&party->board->done, 1) ? 0 : 5;
}

/* In the end what is left has been charged to @spender, and next to nothing to @recycler. */
static void compete(struct __test_metadata *_metadata, FIXTURE_DATA(cgroup) *self,
		    struct party *recycler, struct party *spender, long long left)
{
	int there[2], back[2], i;
	pid_t pids[2];

	recycler->cgroup = RECYCLER;
	spender->cgroup = SPENDER;
	ASSERT_TRUE(cgroup_new(RECYCLER, "max") && cgroup_new(SPENDER, "max"));
	ASSERT_EQ(0, pipe(there));
	ASSERT_EQ(0, pipe(back));
	recycler->in = back[0];
	recycler->out = there[1];
	spender->in = there[0];
	spender->out = back[1];
	pids[0] = child_start(play, recycler);
	pids[1] = child_start(play, spender);
	ASSERT_EQ(1, write(back[1], "", 1));
	for (i = 1; i <= 2 * ROUNDS; i++)
		ASSERT_TRUE(await_value(&self->board->turns, i)) TH_LOG("turn %d", i);
	EXPECT_GE(cgroup_charged(RECYCLER), 0);
	EXPECT_LE(cgroup_charged(RECYCLER), left / 2);
	EXPECT_GE(cgroup_charged(SPENDER), left);
	self->board->done = 1;
	EXPECT_EQ(0, child_wait(pids[0]));
	EXPECT_EQ(0, child_wait(pids[1]));
	rmdir(RECYCLER);
	rmdir(SPENDER);
}

/* One takes what it has sent, the other leaves it. */
TEST_F_TIMEOUT(cgroup, reused_memory_is_paid_for_by_its_user, 100)
{
	struct party recycler = {
		.dev = self->dev, .discipline = variant->discipline, .takes_own = true,
		.board = self->board,
	};
	struct party spender = recycler;

	if (!cgroup_has_memory())
		SKIP(return, "no memory cgroups in this kernel");
	spender.takes_own = false;
	compete(_metadata, self, &recycler, &spender, (long long)variant->least * BATCH * ROUNDS);
}

/* One takes, and so frees, what the other has sent and paid for, and leaves its own. */
TEST_F_TIMEOUT(cgroup, memory_that_others_free_is_paid_for_by_its_user, 100)
{
	struct party sender = {
		.dev = self->dev, .discipline = variant->discipline, .board = self->board,
	};
	struct party receiver = sender;
	struct store shared;

	if (!cgroup_has_memory())
		SKIP(return, "no memory cgroups in this kernel");
	ASSERT_TRUE(store_open(&shared, self->dev, variant->discipline));
	sender.to = &shared;
	receiver.from = &shared;
	compete(_metadata, self, &sender, &receiver, (long long)variant->least * BATCH * ROUNDS);
}

/*
 * More cgroups than are kept apart on a CPU, in the middle of each other's work: whoever is more
 * urgent runs at once.
 */

#define CROWD		5
#define CROWD_NS	(3 * NSEC_PER_SEC)

static int churn(int dev, int number)
{
	const struct sched_param param = { .sched_priority = 10 };
	const __u64 end = now_ns(CLOCK_MONOTONIC) + CROWD_NS;
	struct store store;
	cpu_set_t cpus;
	char path[64];

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	snprintf(path, sizeof(path), CGROUPS "/ipcmbox-crowd%d", number);
	if (!cgroup_new(path, "max") || !cgroup_enter(path) ||
	    sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    !store_open(&store, dev, IPCMBOX_QUEUE) ||
	    (number && sched_setscheduler(0, SCHED_FIFO, &param)))
		return 1;
	while (now_ns(CLOCK_MONOTONIC) < end) {
		if (!store_put(&store) || !store_take(&store))
			return 2;
		if (number)
			usleep(100 + rand() % 50);
	}
	return mailbox_balanced(store.to) ? 0 : 3;
}

TEST(cgroups_in_each_others_way)
{
	pid_t pids[CROWD];
	int dev, i;
	char path[64];

	if (!cgroup_has_memory())
		SKIP(return, "no memory cgroups in this kernel");
	dev = device_open();
	ASSERT_GE(dev, 0);
	for (i = 0; i < CROWD; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(churn(dev, i));
	}
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	for (i = 0; i < CROWD; i++) {
		snprintf(path, sizeof(path), CGROUPS "/ipcmbox-crowd%d", i);
		EXPECT_EQ(0, rmdir(path));
	}
	close(dev);
}

TEST_HARNESS_MAIN
