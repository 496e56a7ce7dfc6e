// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histories: many do everything at once to one mailbox, for a short round each time; what each of
 * them saw must be what a mailbox would show them that did one thing after the other.
 *
 * IPCMBOX_TEST_SEED=N begins with that seed, which is printed; IPCMBOX_TEST_SCALE=X plays X times
 * as many rounds.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#include "crew.h"
#include "known.h"
#include "ring.h"
#include "round.h"

TEST(search_knows_right_from_wrong)
{
	enum verdict verdict, expected;
	const char *name;
	bool is_right;
	int nr = 0;

	while ((name = known_next(&nr, &is_right, &verdict))) {
		expected = is_right ? LINEARIZABLE : WRONG;
		EXPECT_EQ(expected, verdict) TH_LOG("%s", name);
	}
	EXPECT_GT(nr, 0);
}

/* One gets all events, two a half each. */
static const __u32 masks[PORTS_MAX] = { 0, 3, 1, 2 };

FIXTURE(history) {
	int dev, send_fd, fds[PORTS_MAX], nr_members;
};

FIXTURE_VARIANT(history) {
	__u32 discipline;
};

FIXTURE_VARIANT_ADD(history, mailbox) { .discipline = IPCMBOX_QUEUE };
FIXTURE_VARIANT_ADD(history, endpoint) { .discipline = IPCMBOX_ENDPOINT };
FIXTURE_VARIANT_ADD(history, event) { .discipline = IPCMBOX_EVENT };
FIXTURE_VARIANT_ADD(history, channel) { .discipline = IPCMBOX_CHANNEL };

static bool join(FIXTURE_DATA(history) *self)
{
	int i;

	for (i = 1; i <= MEMBERS; i++) {
		self->fds[i] = member_new(self->send_fd, .mask = masks[i]);
		if (self->fds[i] < 0)
			return false;
	}
	self->nr_members = MEMBERS;
	return true;
}

FIXTURE_SETUP(history)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->nr_members = 0;
	if (variant->discipline == IPCMBOX_ENDPOINT) {
		self->fds[0] = endpoint_new(self->dev, .max_messages = 1);
		self->send_fd = endpoint_connect(self->dev, IPCMBOX_PROCESS, getpid());
	} else if (variant->discipline == IPCMBOX_CHANNEL) {
		self->fds[0] = ring_open(self->dev, SENDERS);
		self->send_fd = self->fds[0];
	} else {
		self->fds[0] = mailbox_new(self->dev, .discipline = variant->discipline,
					   .max_messages = IPCMBOX_UNBOUNDED);
		self->send_fd = self->fds[0];
	}
	ASSERT_GE(self->fds[0], 0);
	ASSERT_GE(self->send_fd, 0);
	if (variant->discipline == IPCMBOX_EVENT)
		ASSERT_TRUE(join(self));
	ASSERT_TRUE(crew_start(variant->discipline, self->send_fd, self->fds,
			       variant->discipline == IPCMBOX_CHANNEL ? SENDERS :
			       self->nr_members));
	memcpy(stage->history.masks, masks, sizeof(masks));
}

FIXTURE_TEARDOWN(history)
{
	int i;

	crew_end();
	if (variant->discipline == IPCMBOX_CHANNEL)
		ring_close();
	else
		close(self->fds[0]);
	if (self->send_fd != self->fds[0])
		close(self->send_fd);
	for (i = 1; i <= self->nr_members; i++)
		close(self->fds[i]);
	close(self->dev);
}

static __u32 first_seed(void)
{
	const char *seed = getenv("IPCMBOX_TEST_SEED");

	/* Those of one second are not those of the next. */
	return seed ? strtoul(seed, NULL, 0) : (__u32)time(NULL) * 2654435761U;
}

TEST_F_TIMEOUT(history, is_linearizable, 1000)
{
	__u32 seed = first_seed(), rounds = scaled(400), i;
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	struct tally tally = {};
	bool is_fine = true;

	TH_LOG("seed %u", seed);
	for (i = 0; i < rounds && is_fine; i++)
		is_fine = round_play(seed + i, &tally);
	ASSERT_TRUE(is_fine);
	TH_LOG("%lu rounds of %lu operations, %lu models, %lu undecided, in %llu ms",
	       tally.rounds, tally.operations, tally.models, tally.undecided,
	       (unsigned long long)(now_ns(IPCMBOX_CLOCK_MONOTONIC) - start) / 1000000);
	TH_LOG("%lu timeouts, %lu interrupts, %lu faults, %lu killed, %lu drops, %lu redeliveries",
	       tally.timeouts, tally.interrupts, tally.faults, tally.kills, tally.drops,
	       tally.redeliveries);
	TH_LOG("%lu vectors, %lu calls resumed", tally.vectors, tally.resumed);
	EXPECT_EQ(0, tally.undecided);
	/* Who is killed while he writes into pages cannot keep the books of them. */
	for (i = 0; i <= self->nr_members && variant->discipline != IPCMBOX_CHANNEL; i++)
		EXPECT_TRUE(mailbox_balanced(self->fds[i])) TH_LOG("port %u", i);
}

TEST_HARNESS_MAIN
