// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspending the machine freezes those who wait, and thawing them is nothing they notice. The
 * kernel's own test of suspending stops once tasks are frozen, so nothing has to wake the machine.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "call_test.h"

FIXTURE(suspend) {
	int dev, empty, full;
	bool can_suspend;
	struct call *receiver, *sender, *caller, *patient;
};

FIXTURE_SETUP(suspend)
{
	self->can_suspend = write_file("/sys/power/pm_test", "freezer");
	/* How long it stays like that, in seconds; not all kernels let one say. */
	write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->empty = mailbox_new(self->dev, .max_messages = 8);
	self->full = mailbox_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->empty, 0);
	ASSERT_GE(self->full, 0);
	self->receiver = calls_alloc(4);
	self->sender = self->receiver + 1;
	self->caller = self->receiver + 2;
	self->patient = self->receiver + 3;
}

FIXTURE_TEARDOWN(suspend)
{
	write_file("/sys/power/pm_test", "none");
	close(self->full);
	close(self->empty);
	close(self->dev);
}

static bool freeze_and_thaw(void)
{
	return write_file("/sys/power/state", "mem") || write_file("/sys/power/state", "freeze");
}

TEST_F_TIMEOUT(suspend, waiting_goes_on_afterwards, 90)
{
	__u64 begin = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	if (!self->can_suspend)
		SKIP(return, "suspending cannot be tested in this kernel");
	ASSERT_EQ(0, put(self->full, 0, 1));
	put_start(self->sender, self->full, 0, 2);
	recv_fork(self->receiver, self->empty);
	recv_start(self->patient, self->empty, .flags = IPCMBOX_DEADLINE, .min_priority = 5,
		   .clock = IPCMBOX_CLOCK_MONOTONIC, .deadline_ns = begin + 2 * PATIENCE_NS);
	ASSERT_TRUE(await_senders(self->full, 1));
	ASSERT_TRUE(await_receivers(self->empty, 2));
	ASSERT_TRUE(freeze_and_thaw());
	ASSERT_TRUE(await_senders(self->full, 1));
	ASSERT_TRUE(await_receivers(self->empty, 2));
	EXPECT_FALSE(self->sender->done || self->receiver->done || self->patient->done);
	EXPECT_EQ(1, take(self->full));
	EXPECT_EQ(0, call_join(self->sender));
	EXPECT_EQ(2, take(self->full));
	EXPECT_EQ(0, put(self->empty, 0, 3));
	EXPECT_EQ(4, call_wait(self->receiver));
	EXPECT_EQ(0, put(self->empty, 5, 4));
	EXPECT_EQ(4, call_join(self->patient));
	EXPECT_EQ(4, call_number(self->patient));
}

/* What is frozen does not come to an end before its time, nor much after it. */
TEST_F_TIMEOUT(suspend, deadlines_are_met_afterwards, 90)
{
	__u64 begin = now_ns(IPCMBOX_CLOCK_MONOTONIC), span = 200 * NSEC_PER_MSEC;

	if (!self->can_suspend)
		SKIP(return, "suspending cannot be tested in this kernel");
	recv_start(self->receiver, self->empty, .flags = IPCMBOX_DEADLINE,
		   .clock = IPCMBOX_CLOCK_MONOTONIC, .deadline_ns = begin + span);
	ASSERT_TRUE(freeze_and_thaw());
	EXPECT_EQ(-ETIMEDOUT, call_join(self->receiver));
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC) - begin, span);
	EXPECT_LE(now_ns(IPCMBOX_CLOCK_MONOTONIC) - begin, PATIENCE_NS);
}

/* Who was called is frozen with the request in hand, and replies to it afterwards. */
TEST_F_TIMEOUT(suspend, replies_arrive_afterwards, 90)
{
	struct ipcmbox_recv request;
	char text[16];

	if (!self->can_suspend)
		SKIP(return, "suspending cannot be tested in this kernel");
	ask(self->caller, self->empty, "ask");
	ASSERT_EQ(3, serve(self->empty, &request, text, sizeof(text)));
	ASSERT_TRUE(freeze_and_thaw());
	EXPECT_FALSE(self->caller->done);
	EXPECT_EQ(0, answer(self->empty, request.token, "reply", 5, 0));
	EXPECT_EQ(5, call_join(self->caller));
}

TEST_HARNESS_MAIN
