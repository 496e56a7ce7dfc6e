// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines, on all clocks, of everything that waits.
 */
#include <fcntl.h>
#include <time.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

FIXTURE(deadline) {
	int dev, fd;
	struct call *calls;
};

FIXTURE_VARIANT(deadline) {
	__u32 clock;
};

FIXTURE_VARIANT_ADD(deadline, monotonic) { .clock = IPCMBOX_CLOCK_MONOTONIC };
FIXTURE_VARIANT_ADD(deadline, realtime) { .clock = IPCMBOX_CLOCK_REALTIME };
FIXTURE_VARIANT_ADD(deadline, boottime) { .clock = IPCMBOX_CLOCK_BOOTTIME };

FIXTURE_SETUP(deadline)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(2);
}

FIXTURE_TEARDOWN(deadline)
{
	close(self->fd);
	close(self->dev);
}

static int recv_until(int fd, __u32 clock, __u64 deadline, __u32 flags)
{
	char buf[8];

	return message_recv(fd, .buf_ptr = ptr_u64(buf), .buf_len = sizeof(buf), .clock = clock,
			    .flags = IPCMBOX_DEADLINE | flags, .deadline_ns = deadline);
}

static int send_until(int fd, __u32 clock, __u64 deadline, __u32 completion)
{
	return message_send(fd, .buf_ptr = ptr_u64("12345678"), .buf_len = 4, .clock = clock,
			    .flags = IPCMBOX_DEADLINE, .deadline_ns = deadline,
			    .completion = completion);
}

/* Not before the deadline on its own clock, and not by the other clocks. */
TEST_F(deadline, receive_just_ahead)
{
	__u64 deadline = now_ns(variant->clock) + 30 * NSEC_PER_MSEC;

	EXPECT_EQ(-ETIMEDOUT, recv_until(self->fd, variant->clock, deadline, 0));
	EXPECT_GE(now_ns(variant->clock), deadline);
	EXPECT_LE(now_ns(variant->clock), deadline + PATIENCE_NS);

	deadline = now_ns(variant->clock) + 10 * NSEC_PER_MSEC;
	EXPECT_EQ(-ETIMEDOUT, recv_until(self->fd, variant->clock, deadline, IPCMBOX_PEEK));
	EXPECT_GE(now_ns(variant->clock), deadline);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
}

TEST_F(deadline, send_just_ahead)
{
	__u64 deadline;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	deadline = now_ns(variant->clock) + 30 * NSEC_PER_MSEC;
	EXPECT_EQ(-ETIMEDOUT, send_until(self->fd, variant->clock, deadline, IPCMBOX_QUEUED));
	EXPECT_GE(now_ns(variant->clock), deadline);
	EXPECT_EQ(1, take(self->fd));
	deadline = now_ns(variant->clock) + 10 * NSEC_PER_MSEC;
	EXPECT_EQ(-ETIMEDOUT, send_until(self->fd, variant->clock, deadline, IPCMBOX_RECEIVED));
	EXPECT_GE(now_ns(variant->clock), deadline);
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Of the shortest distances, where the timer races the wait itself. */
TEST_F(deadline, any_moment)
{
	__u32 i, n = scaled(200);

	for (i = 0; i < n; i++) {
		__u64 deadline = now_ns(variant->clock) + i * 1000;

		ASSERT_EQ(-ETIMEDOUT, recv_until(self->fd, variant->clock, deadline, 0));
		ASSERT_GE(now_ns(variant->clock), deadline);
	}
}

/* Tried once all the same. */
TEST_F(deadline, in_the_past)
{
	static const __u64 past[] = { 0, 1, NSEC_PER_SEC };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(past); i++) {
		EXPECT_EQ(-ETIMEDOUT, recv_until(self->fd, variant->clock, past[i], 0));
		EXPECT_EQ(-ETIMEDOUT, recv_until(self->fd, variant->clock, past[i], IPCMBOX_PEEK));
		EXPECT_EQ(-ETIMEDOUT, send_until(self->fd, variant->clock, past[i],
						 IPCMBOX_RECEIVED));
		EXPECT_EQ(-EAGAIN, take(self->fd));
		EXPECT_EQ(0, send_until(self->fd, variant->clock, past[i], IPCMBOX_QUEUED));
		EXPECT_EQ(-ETIMEDOUT, send_until(self->fd, variant->clock, past[i],
						 IPCMBOX_QUEUED));
		EXPECT_EQ(4, recv_until(self->fd, variant->clock, past[i], IPCMBOX_PEEK));
		EXPECT_EQ(4, recv_until(self->fd, variant->clock, past[i], 0));
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* On a descriptor that does not wait it is not looked at, whether it is past or ahead. */
TEST_F(deadline, on_a_nonblocking_descriptor)
{
	__u64 ahead = now_ns(variant->clock) + 100 * NSEC_PER_SEC;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, recv_until(self->fd, variant->clock, ahead, 0));
	EXPECT_EQ(-EAGAIN, recv_until(self->fd, variant->clock, ahead, IPCMBOX_PEEK));
	EXPECT_EQ(-EAGAIN, send_until(self->fd, variant->clock, ahead, IPCMBOX_RECEIVED));
	EXPECT_EQ(-EAGAIN, recv_until(self->fd, variant->clock, ~0ULL, 0));
	EXPECT_EQ(-EAGAIN, recv_until(self->fd, variant->clock, 0, 0));
	EXPECT_EQ(0, send_until(self->fd, variant->clock, 0, IPCMBOX_QUEUED));
	EXPECT_EQ(-EAGAIN, send_until(self->fd, variant->clock, ~0ULL, IPCMBOX_QUEUED));
	EXPECT_EQ(-EAGAIN, send_until(self->fd, variant->clock, 0, IPCMBOX_RECEIVED));
	EXPECT_EQ(4, recv_until(self->fd, variant->clock, 0, 0));
}

/* A receiver that waits makes a past deadline good enough. */
TEST_F(deadline, in_the_past_with_a_receiver)
{
	int i;

	for (i = 0; i < 2; i++) {
		recv_start(self->calls, self->fd);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		ASSERT_EQ(0, send_until(self->fd, variant->clock, 1, i));
		EXPECT_EQ(4, call_join(self->calls));
		EXPECT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	}
}

TEST_F(deadline, for_ever)
{
	static const __u64 ever[] = { ~0ULL, 1ULL << 63, (1ULL << 63) - 1 };
	struct call *send = &self->calls[0], *recv = &self->calls[1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ever); i++) {
		recv_start(recv, self->fd, .flags = IPCMBOX_DEADLINE, .deadline_ns = ever[i],
			   .clock = variant->clock);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		ASSERT_TRUE(call_await_asleep(recv));
		ASSERT_EQ(0, put(self->fd, 0, i));
		EXPECT_EQ(4, call_join(recv));

		ASSERT_EQ(0, put(self->fd, 0, i));
		send_start(send, self->fd, .buf_ptr = ptr_u64("abc"), .buf_len = 3,
			   .flags = IPCMBOX_DEADLINE, .deadline_ns = ever[i],
			   .clock = variant->clock);
		ASSERT_TRUE(await_senders(self->fd, 1));
		ASSERT_TRUE(call_await_asleep(send));
		EXPECT_EQ(i, take(self->fd));
		EXPECT_EQ(0, call_join(send));
		EXPECT_EQ(3, recv_until(self->fd, variant->clock, 0, 0));
	}
}

static void spin_until(__u32 clock, __u64 moment)
{
	while (now_ns(clock) < moment)
		;
}

/* Which of the two wins is open, but it is always one of them. */
TEST_F(deadline, races_with_a_message)
{
	__u32 i, n = scaled(150), got = 0;
	__u64 deadline;

	for (i = 0; i < n; i++) {
		deadline = now_ns(variant->clock) + 3 * NSEC_PER_MSEC;
		recv_start(self->calls, self->fd, .flags = IPCMBOX_DEADLINE,
			   .clock = variant->clock, .deadline_ns = deadline);
		spin_until(variant->clock, deadline + (i % 50) * 10000 - 100000);
		ASSERT_EQ(0, put(self->fd, 0, i));
		if (call_join(self->calls) == 4) {
			ASSERT_EQ(i, call_number(self->calls));
			ASSERT_EQ(-EAGAIN, take(self->fd));
			got++;
		} else {
			ASSERT_EQ(-ETIMEDOUT, self->calls->result);
			ASSERT_EQ(i, take(self->fd));
		}
	}
	EXPECT_EQ(n, mailbox_info(self->fd).received);
	TH_LOG("%u of %u received in time", got, n);
}

/* A sender that gives up has not sent, and one that has sent does not give up. */
TEST_F(deadline, races_with_a_receiver)
{
	__u32 i, n = scaled(150), sent = 0;
	__u64 deadline;
	__s64 got;

	for (i = 0; i < n; i++) {
		deadline = now_ns(variant->clock) + 3 * NSEC_PER_MSEC;
		send_start(self->calls, self->fd, .buf_ptr = ptr_u64(&i), .buf_len = 4,
			   .flags = IPCMBOX_DEADLINE, .clock = variant->clock,
			   .completion = IPCMBOX_RECEIVED, .deadline_ns = deadline);
		spin_until(variant->clock, deadline + (i % 50) * 10000 - 100000);
		do {
			got = take(self->fd);
		} while (got == -EAGAIN && !self->calls->done);
		if (call_join(self->calls) == 0) {
			ASSERT_EQ(i, got);
			sent++;
		} else {
			ASSERT_EQ(-ETIMEDOUT, self->calls->result);
			ASSERT_EQ(-EAGAIN, got);
		}
		ASSERT_EQ(-EAGAIN, take(self->fd));
	}
	EXPECT_EQ(sent, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	TH_LOG("%u of %u sent in time", sent, n);
}

/*
 * Steps of the clock
 */

#define DAY_S		(24 * 3600)

/* By @seconds, as somebody who sets the clock would; false: it cannot be set. */
static bool step_realtime(int seconds)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	real.tv_sec += seconds;
	return !clock_settime(CLOCK_REALTIME, &real);
}

/* Only a deadline on CLOCK_REALTIME is met by setting that clock. */
TEST_F(deadline, follows_steps_of_realtime)
{
	__u64 hour = 3600 * NSEC_PER_SEC, start;

	recv_start(self->calls, self->fd, .flags = IPCMBOX_DEADLINE, .clock = variant->clock,
		   .deadline_ns = now_ns(variant->clock) + hour);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_TRUE(call_await_asleep(self->calls));
	start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	if (!step_realtime(DAY_S)) {
		ASSERT_EQ(0, put(self->fd, 0, 1));
		call_join(self->calls);
		SKIP(return, "the clock cannot be set");
	}
	if (variant->clock != IPCMBOX_CLOCK_REALTIME) {
		ASSERT_EQ(0, put(self->fd, 0, 1));
		EXPECT_EQ(4, call_join(self->calls));
	} else {
		EXPECT_EQ(-ETIMEDOUT, call_join(self->calls));
	}
	EXPECT_LE(now_ns(IPCMBOX_CLOCK_MONOTONIC) - start, PATIENCE_NS);
	EXPECT_TRUE(step_realtime(-DAY_S));
}

/* Also a deadline that is near, and then, by that clock, is another day away. */
TEST_F(deadline, follows_steps_back_of_realtime)
{
	__u64 near = 500 * NSEC_PER_MSEC, start = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	recv_start(self->calls, self->fd, .flags = IPCMBOX_DEADLINE, .clock = variant->clock,
		   .deadline_ns = now_ns(variant->clock) + near);
	if (!step_realtime(-DAY_S)) {
		call_join(self->calls);
		SKIP(return, "the clock cannot be set");
	}
	if (variant->clock != IPCMBOX_CLOCK_REALTIME) {
		EXPECT_EQ(-ETIMEDOUT, call_join(self->calls));
		EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC) - start, near);
	} else {
		while (now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < 2 * near)
			usleep(1000);
		EXPECT_FALSE(self->calls->done);
		EXPECT_EQ(0, put(self->fd, 0, 1));
		EXPECT_EQ(4, call_join(self->calls));
	}
	EXPECT_LE(now_ns(IPCMBOX_CLOCK_MONOTONIC) - start, PATIENCE_NS);
	EXPECT_TRUE(step_realtime(DAY_S));
}

TEST_HARNESS_MAIN
