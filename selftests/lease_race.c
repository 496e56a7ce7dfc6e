// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases that end while they are settled, renewed and closed, while their holders are killed and
 * while their mailbox ends: each message is acknowledged once, or is a dead letter, or is there.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "lease_test.h"

#define WORKERS	3

/* Deterministic for a thread; what races is the order among them. */
static __u32 dice(__u32 *state, __u32 sides)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % sides;
}

FIXTURE(lease_race) {
	int dev, fd, grave;
	struct ipcmbox_query before;
};

FIXTURE_SETUP(lease_race)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 32);
	self->grave = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED);
	ASSERT_GE(self->fd, 0);
	ASSERT_GE(self->grave, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(lease_race)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_at_rest(self->grave));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->grave);
	close(self->fd);
	close(self->dev);
}

/*
 * Threads
 */

struct race {
	int dev, fd;
	__u32 count;
	int *acknowledged;	/* by number (atomic) */
	volatile int ended;	/* acknowledged and dead (atomic) */
	volatile int failed;	/* the first unexpected error, or 0 */
};

struct racer {
	pthread_t thread;
	struct race *race;
	__u32 seed;
};

static bool goes_on(const struct race *race)
{
	return race->ended < (int)race->count && !race->failed;
}

static void acknowledged(struct race *race, __u32 number)
{
	if (number >= race->count ||
	    __atomic_fetch_add(&race->acknowledged[number], 1, __ATOMIC_SEQ_CST))
		race->failed = -EEXIST;
	__atomic_fetch_add(&race->ended, 1, __ATOMIC_SEQ_CST);
}

/* Waits for a lease for a little while. Returns the number or an error. */
static __s64 lease_next(struct racer *racer, int fd, struct ipcmbox_recv *recv, __u64 lease_ns)
{
	__u32 number = POISON32;
	int ret;

	*recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(&number), .buf_len = sizeof(number), .lease_ns = lease_ns,
		.flags = IPCMBOX_LEASE | IPCMBOX_DEADLINE,
		.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + dice(&racer->seed, 5000000),
	};
	ret = mailbox_receive(fd, recv);
	return ret < 0 ? ret : (__s64)number;
}

/* Returns whether the message is acknowledged. */
static int settle_somehow(struct racer *racer, int fd, __u64 token)
{
	int ret;

	switch (dice(&racer->seed, 6)) {
	case 0:
		return refuse(fd, token) ?: -EAGAIN;
	case 1:
		return -EAGAIN;
	case 2:
		ret = renew(fd, token, 1 + dice(&racer->seed, 3000000));
		return ret ? ret : acknowledge(fd, token);
	case 3:
		return answer(fd, token, "a reply", 7, 0);
	default:
		return acknowledge(fd, token);
	}
}

/* Leases that end at about the time at which they are settled, or long after, or at once. */
static void *work(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct ipcmbox_recv recv;
	__s64 number;
	int ret;

	while (goes_on(race)) {
		number = lease_next(racer, race->fd, &recv, 1 + dice(&racer->seed, 6000000));
		if (number == -ETIMEDOUT)
			continue;
		ret = number < 0 ? (int)number : settle_somehow(racer, race->fd, recv.token);
		if (!ret)
			acknowledged(race, number);
		else if (ret != -EAGAIN && ret != -ESTALE)
			race->failed = ret;
		if (dice(&racer->seed, 4) == 0)
			sched_yield();
	}
	return NULL;
}

/* Opens a descriptor, leases a few on it, and closes it with all but one of them. */
static void *come_and_go(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct ipcmbox_recv recv;
	__s64 number = 0;
	int fd, i, ret;

	while (goes_on(race)) {
		fd = mailbox_by_id(race->dev, mailbox_id(race->fd), IPCMBOX_READ);
		for (i = dice(&racer->seed, 4); i >= 0; i--)
			number = take_lease(fd, &recv, 1 + dice(&racer->seed, 2) * LONG);
		ret = number < 0 ? -EAGAIN : acknowledge(fd, recv.token);
		if (!ret)
			acknowledged(race, number);
		else if (fd < 0 || (ret != -EAGAIN && ret != -ESTALE))
			race->failed = fd < 0 ? fd : ret;
		close(fd);
		sched_yield();
	}
	return NULL;
}

static void *feed(void *arg)
{
	struct race *race = ((struct racer *)arg)->race;
	__u32 number;
	int ret;

	for (number = 0; number < race->count && !race->failed; number++) {
		ret = message_send(race->fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
				   .priority = number % 3);
		if (ret)
			race->failed = ret < 0 ? ret : -EIO;
	}
	return NULL;
}

TEST_F_TIMEOUT(lease_race, settled_renewed_closed_and_expired, 120)
{
	struct race race = { .dev = self->dev, .fd = self->fd, .count = scaled(800) };
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	struct racer racers[WORKERS + 2];
	struct ipcmbox_info info;
	int i, dead = 0;
	__s64 number;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->grave), .max_deliveries = 3));
	race.acknowledged = calloc(race.count, sizeof(int));
	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i] = (struct racer){ .race = &race, .seed = i };
		ASSERT_EQ(0, pthread_create(&racers[i].thread, NULL,
					    i < WORKERS ? work : i == WORKERS ? come_and_go : feed,
					    &racers[i]));
	}
	while (goes_on(&race) && now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < 100 * NSEC_PER_SEC) {
		number = take(self->grave);
		if (number >= 0) {
			acknowledged(&race, number);
			dead++;
		}
		if (!mailbox_balanced(self->fd))
			race.failed = -EBADE;
		sched_yield();
	}
	EXPECT_EQ(race.count, race.ended);
	EXPECT_EQ(0, race.failed);
	race.ended = race.count;
	for (i = 0; i < ARRAY_SIZE(racers); i++)
		pthread_join(racers[i].thread, NULL);
	for (i = 0; i < (int)race.count; i++)
		EXPECT_EQ(1, race.acknowledged[i]) TH_LOG("message %d", i);
	info = mailbox_info(self->fd);
	EXPECT_EQ(race.count, info.received);
	EXPECT_EQ(dead, info.dead_letters);
	EXPECT_GT(info.redelivered, 0);
	TH_LOG("%u messages, %llu came back, %d are dead", race.count,
	       (unsigned long long)info.redelivered, dead);
	free(race.acknowledged);
}

/* The work that ends leases, and sends dead letters, against the end of their mailbox. */
TEST_F(lease_race, mailbox_ends)
{
	int i, j, fd, rounds = scaled(200);
	struct ipcmbox_recv recv;
	struct ipcmbox_query now;
	__u32 seed = 1;
	__u64 until;

	for (i = 0; i < rounds; i++) {
		fd = mailbox_new(self->dev, .max_messages = 3);
		ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_DEAD_LETTER,
					    .dead_letter = mailbox_id(self->grave),
					    .max_deliveries = 1 + i % 2));
		for (j = 0; j < 3; j++) {
			ASSERT_EQ(0, put(fd, 0, j));
			/* The first may have come back. */
			ASSERT_LE(0, take_lease(fd, &recv, 1 + dice(&seed, 8000000)));
		}
		until = now_ns(IPCMBOX_CLOCK_MONOTONIC) + dice(&seed, 12000000);
		while (now_ns(IPCMBOX_CLOCK_MONOTONIC) < until)
			;
		close(fd);
		while (take(self->grave) >= 0)
			;
	}
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(self->before.user_mailboxes, now.user_mailboxes);
	EXPECT_TRUE(is_at_rest(self->grave));
}

/* Each of two mailboxes is the other's for dead letters, and they end in either order. */
TEST_F(lease_race, both_end)
{
	int i, j, fd[2], rounds = scaled(100);
	struct ipcmbox_recv recv[2];
	struct ipcmbox_query now;

	for (i = 0; i < rounds; i++) {
		for (j = 0; j < 2; j++)
			fd[j] = mailbox_new(self->dev, .max_messages = 3);
		for (j = 0; j < 2; j++) {
			ASSERT_EQ(0, mailbox_change(fd[j], .mask = IPCMBOX_SET_DEAD_LETTER,
						    .dead_letter = mailbox_id(fd[!j]),
						    .max_deliveries = 1));
			ASSERT_EQ(0, put(fd[j], 0, j));
			ASSERT_EQ(j, take_lease(fd[j], &recv[j], LONG));
		}
		for (j = 0; i % 3 && j < 2; j++)
			ASSERT_EQ(0, renew(fd[j], recv[j].token, 1));
		close(fd[i % 2]);
		close(fd[!(i % 2)]);
	}
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(self->before.user_mailboxes, now.user_mailboxes);
}

/*
 * Processes
 */

struct tally {
	int dev;
	__u64 id;
	__u32 seed;
	volatile int leased;
};

/* Leases, and settles some, until it is killed. */
static int toil(void *arg)
{
	struct tally *tally = arg;
	int fd = mailbox_by_id(tally->dev, tally->id, IPCMBOX_READ);
	struct ipcmbox_recv recv;
	struct racer self = { .seed = tally->seed };
	__s64 number;

	do {
		number = take_lease(fd, &recv, 1 + dice(&self.seed, 2) * LONG);
		if (number < 0)
			continue;
		settle_somehow(&self, fd, recv.token);
		tally->leased++;
	} while (number >= 0 || number == -EAGAIN);
	return 1;
}

/* Two at a time are killed wherever they are. */
TEST_F_TIMEOUT(lease_race, holders_are_killed, 120)
{
	int i, j, rounds = scaled(40), fed = 0, least;
	struct tally *tallies = (struct tally *)calls_alloc(1);
	struct ipcmbox_info info;
	__s64 number, last;
	pid_t pids[2];
	__u32 seed = 7;

	for (i = 0; i < rounds; i++) {
		for (j = 0; j < 2; j++) {
			tallies[j] = (struct tally){
				.dev = self->dev, .id = mailbox_id(self->fd), .seed = 2 * i + j,
			};
			pids[j] = child_start(toil, &tallies[j]);
		}
		/* What they keep takes no room. */
		least = dice(&seed, 8);
		while (tallies[0].leased < least || tallies[1].leased < least) {
			fed += put(self->fd, 0, fed) == 0;
			sched_yield();
		}
		for (j = 0; j < 2; j++)
			kill(pids[j], SIGKILL);
		for (j = 0; j < 2; j++)
			ASSERT_EQ(255, child_wait(pids[j]));
		info = mailbox_info(self->fd);
		ASSERT_EQ(0, info.held | info.receiving);
		ASSERT_EQ(fed, info.sent);
		ASSERT_EQ(fed, info.received + info.messages);
	}
	/* What is left is in order. */
	for (last = -1; (number = take(self->fd)) >= 0; last = number)
		ASSERT_GT(number, last);
	EXPECT_EQ(-EAGAIN, number);
	EXPECT_EQ(fed, mailbox_info(self->fd).received);
	TH_LOG("%d messages, %llu came back", fed,
	       (unsigned long long)mailbox_info(self->fd).redelivered);
}

TEST_HARNESS_MAIN
