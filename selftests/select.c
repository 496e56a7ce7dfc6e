// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receives that choose: by minimum priority, and without consuming (peek).
 */
#include "kselftest_harness.h"
#include "ipcmbox_test.h"

FIXTURE(select) {
	int dev, fd;
	struct call *calls;
};

FIXTURE_SETUP(select)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 3);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(4);
}

FIXTURE_TEARDOWN(select)
{
	close(self->fd);
	close(self->dev);
}

static __s64 take_from(int fd, __u32 min_priority)
{
	__u32 number;
	int ret = take_info(fd, &number, &(struct ipcmbox_recv){ .min_priority = min_priority });

	return ret < 0 ? ret : (__s64)number;
}

static __s64 peek(int fd, struct ipcmbox_recv *recv)
{
	__u32 number;
	int ret;

	recv->flags |= IPCMBOX_PEEK;
	ret = take_info(fd, &number, recv);
	return ret < 0 ? ret : (__s64)number;
}

TEST_F(select, min_priority)
{
	ASSERT_EQ(0, put(self->fd, 3, 33));
	ASSERT_EQ(0, put(self->fd, 7, 77));
	ASSERT_EQ(0, put(self->fd, 7, 78));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 8));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, IPCMBOX_PRIORITY_MAX));
	EXPECT_EQ(77, take_from(self->fd, 7));
	EXPECT_EQ(78, take_from(self->fd, 4));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 4));
	EXPECT_EQ(33, take_from(self->fd, 3));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(select, highest_priority)
{
	ASSERT_EQ(0, put(self->fd, IPCMBOX_PRIORITY_MAX, 1));
	EXPECT_EQ(1, take_from(self->fd, IPCMBOX_PRIORITY_MAX));
}

/* What it does not want goes by it, to the queue or to the next. */
TEST_F(select, waiting_with_min_priority)
{
	struct call *choosy = &self->calls[0], *any = &self->calls[1];

	recv_start(choosy, self->fd, .min_priority = 5);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 4, 1));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_receivers);
	EXPECT_EQ(1, take(self->fd));

	recv_start(any, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 2));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(4, call_join(any));
	EXPECT_EQ(2, call_number(any));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_receivers);

	ASSERT_EQ(0, put(self->fd, 5, 3));
	EXPECT_EQ(4, call_join(choosy));
	EXPECT_EQ(3, call_number(choosy));
	EXPECT_EQ(5, choosy->recv.priority);
	EXPECT_EQ(2, mailbox_info(self->fd).wakeups);
}

TEST_F(select, waits_while_lower_ones_are_queued)
{
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	recv_start(self->calls, self->fd, .min_priority = 2);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(22, call_number(self->calls));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_EQ(1, take(self->fd));
}

/* The queue is full, but not of what it waits for. */
TEST_F(select, passes_a_full_queue)
{
	struct call *recv = &self->calls[0], *send = &self->calls[1];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	recv_start(recv, self->fd, .min_priority = 2);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	put_start(send, self->fd, 9, 99);
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(99, call_number(recv));
	EXPECT_EQ(0, call_join(send));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(select, takes_of_a_blocked_sender)
{
	struct call *send = &self->calls[0], *recv = &self->calls[1];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	put_start(send, self->fd, 9, 99);
	ASSERT_TRUE(await_senders(self->fd, 1));
	recv_start(recv, self->fd, .min_priority = 9);
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(99, call_number(recv));
	EXPECT_EQ(0, call_join(send));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Of two blocked senders to a rendezvous, the second is the one it wants. */
TEST_F(select, min_priority_at_a_rendezvous)
{
	struct call *low = &self->calls[0], *high = &self->calls[1];

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	put_start(low, self->fd, 1, 11);
	ASSERT_TRUE(await_senders(self->fd, 1));
	put_start(high, self->fd, 2, 22);
	ASSERT_TRUE(await_senders(self->fd, 2));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 3));
	EXPECT_EQ(22, take_from(self->fd, 2));
	EXPECT_EQ(0, call_join(high));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 2));
	EXPECT_EQ(11, take_from(self->fd, 0));
	EXPECT_EQ(0, call_join(low));
}

/* A receiver that would not take the message does not wait for it. */
TEST_F(select, rendezvous_needs_the_right_receiver)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	recv_start(self->calls, self->fd, .min_priority = 5);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(-EAGAIN, put(self->fd, 4, 1));
	EXPECT_EQ(0, put(self->fd, 5, 2));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(2, call_number(self->calls));
}

TEST_F(select, peek_leaves_the_message)
{
	struct ipcmbox_recv first = {}, second = {};
	__u32 number;
	int i;

	EXPECT_EQ(-EAGAIN, peek(self->fd, &first));
	ASSERT_EQ(0, put(self->fd, 1, 11));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(22, peek(self->fd, &first));
		EXPECT_EQ(2, first.priority);
		EXPECT_EQ(2, first.seq);
		EXPECT_EQ(4, first.length);
		EXPECT_EQ(getpid(), first.pid);
	}
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, mailbox_info(self->fd).received);
	EXPECT_EQ(4, take_info(self->fd, &number, &second));
	EXPECT_EQ(22, number);
	EXPECT_EQ(first.seq, second.seq);
	EXPECT_EQ(11, peek(self->fd, &first));
	EXPECT_EQ(11, take(self->fd));
	EXPECT_EQ(-EAGAIN, peek(self->fd, &first));
}

TEST_F(select, peek_with_min_priority)
{
	struct ipcmbox_recv recv = { .min_priority = 2 };

	ASSERT_EQ(0, put(self->fd, 1, 11));
	EXPECT_EQ(-EAGAIN, peek(self->fd, &recv));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	EXPECT_EQ(22, peek(self->fd, &recv));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
}

/* That is how to learn the length. */
TEST_F(select, peek_without_room)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_PEEK };

	ASSERT_EQ(0, put(self->fd, 1, 11));
	EXPECT_EQ(-EMSGSIZE, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(4, recv.length);
	EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, recv.limit);
	EXPECT_EQ(11, take(self->fd));
}

TEST_F(select, peek_blocks)
{
	struct call *peek = &self->calls[0];

	recv_start(peek, self->fd, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(call_await_asleep(peek));
	ASSERT_EQ(0, put(self->fd, 1, 11));
	EXPECT_EQ(4, call_join(peek));
	EXPECT_EQ(11, call_number(peek));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(11, take(self->fd));
}

TEST_F(select, peek_blocks_for_its_priority)
{
	struct call *peek = &self->calls[0];

	ASSERT_EQ(0, put(self->fd, 1, 11));
	recv_start(peek, self->fd, .flags = IPCMBOX_PEEK, .min_priority = 2);
	ASSERT_TRUE(call_await_asleep(peek));
	ASSERT_EQ(0, put(self->fd, 1, 12));
	ASSERT_TRUE(call_await_asleep(peek));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	EXPECT_EQ(4, call_join(peek));
	EXPECT_EQ(22, call_number(peek));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
}

/* All who look are shown it, and still one receiver gets it. */
TEST_F(select, peek_takes_no_turn)
{
	struct call *recv = &self->calls[3];
	int i;

	for (i = 0; i < 3; i++) {
		recv_start(&self->calls[i], self->fd, .flags = IPCMBOX_PEEK);
		ASSERT_TRUE(call_await_asleep(&self->calls[i]));
	}
	ASSERT_EQ(0, put(self->fd, 1, 11));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_EQ(11, call_number(&self->calls[i]));
	}
	recv_start(recv, self->fd);
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

/* One that only looks does not make a non-blocking send to a rendezvous succeed. */
TEST_F(select, peek_is_no_receiver)
{
	struct call *peek = &self->calls[0], *send = &self->calls[1];

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	recv_start(peek, self->fd, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(call_await_asleep(peek));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 1));
	put_start(send, self->fd, 0, 2);
	EXPECT_EQ(4, call_join(peek));
	EXPECT_EQ(2, call_number(peek));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(0, send->done);
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(send));
}

TEST_F(select, peek_at_a_rendezvous_sender)
{
	struct ipcmbox_recv recv = {};
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	put_start(self->calls, self->fd, 6, 66);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(66, peek(self->fd, &recv));
		EXPECT_EQ(6, recv.priority);
		EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
		EXPECT_EQ(0, mailbox_info(self->fd).sent);
	}
	EXPECT_EQ(66, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

TEST_F(select, peek_is_no_receipt)
{
	struct ipcmbox_recv recv = {};

	send_start(self->calls, self->fd, .buf_ptr = ptr_u64("1234"), .buf_len = 4,
		   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_NE(-EAGAIN, peek(self->fd, &recv));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_NE(-EAGAIN, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

/* Looking does not report a loss away. */
TEST_F(select, peek_keeps_the_loss)
{
	struct ipcmbox_recv first = {}, second = {};
	__u32 number;
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, put(self->fd, 0, 3));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(i, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 4));
	EXPECT_EQ(4, peek(self->fd, &first));
	EXPECT_EQ(1, first.lost);
	EXPECT_EQ(1, mailbox_info(self->fd).unreported);
	EXPECT_EQ(4, take_info(self->fd, &number, &second));
	EXPECT_EQ(1, second.lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
}

TEST_HARNESS_MAIN
