// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages in the hands of a receiver: what others see, and what happens when the copy fails, the
 * sender gives up or somebody is killed meanwhile. A page that userfaultfd(2) holds back keeps a
 * copy under way for as long as the test wants.
 */
#include <signal.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "uffd_test.h"

FIXTURE(copy) {
	int dev, fd;
	struct hold hold;
	struct call *recv, *send;
};

FIXTURE_SETUP(copy)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 2);
	ASSERT_GE(self->fd, 0);
	self->recv = calls_alloc(2);
	self->send = self->recv + 1;
	if (!hold_begin(&self->hold))
		SKIP(return, "no userfaultfd in this kernel");
}

FIXTURE_TEARDOWN(copy)
{
	close(self->hold.uffd);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static bool held(FIXTURE_DATA(copy) *self)
{
	return self->hold.uffd >= 0;
}

/* Begin a receive which has its message, and does not finish. */
static bool start_slow_recv(FIXTURE_DATA(copy) *self, __u32 flags)
{
	recv_start(self->recv, self->fd, .buf_ptr = ptr_u64(self->hold.page),
		   .buf_len = self->hold.size, .flags = flags);
	return hold_await(&self->hold);
}

static void start_receipt(FIXTURE_DATA(copy) *self, __u64 deadline)
{
	send_start(self->send, self->fd, .buf_ptr = ptr_u64("abcd"), .buf_len = 4,
		   .completion = IPCMBOX_RECEIVED, .deadline_ns = deadline,
		   .flags = deadline ? IPCMBOX_DEADLINE : 0);
}

static __u32 first_number(FIXTURE_DATA(copy) *self)
{
	__u32 number;

	memcpy(&number, self->hold.page, sizeof(number));
	return number;
}

TEST_F(copy, is_counted_and_leaves_its_place)
{
	struct ipcmbox_info info;

	if (!held(self))
		return;
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(0, info.bytes);
	EXPECT_EQ(1, info.receiving);
	EXPECT_EQ(0, info.received);
	EXPECT_EQ(1, info.sent);
	EXPECT_EQ(-EAGAIN, take(self->fd)) TH_LOG("two have got the same message");
	EXPECT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(0, put(self->fd, 0, 3));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 4));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(3, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(1, first_number(self));
	info = mailbox_info(self->fd);
	EXPECT_EQ(3, info.received);
	EXPECT_EQ(0, info.receiving | info.messages | info.bytes);
}

TEST_F(copy, blocked_sender_does_not_wait_for_its_end)
{
	if (!held(self))
		return;
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	put_start(self->send, self->fd, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	EXPECT_EQ(0, call_join(self->send));
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(3, take(self->fd));
}

TEST_F(copy, failure_returns_it_to_its_place)
{
	if (!held(self))
		return;
	ASSERT_EQ(0, put(self->fd, 5, 1));
	ASSERT_EQ(0, put(self->fd, 5, 2));
	ASSERT_TRUE(start_slow_recv(self, 0));
	ASSERT_TRUE(hold_break(&self->hold));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, mailbox_info(self->fd).receiving);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
}

/* It was handed over before there was a queue, and now that is full. */
TEST_F(copy, failure_returns_it_to_a_full_mailbox)
{
	if (!held(self))
		return;
	recv_start(self->recv, self->fd, .buf_ptr = ptr_u64(self->hold.page),
		   .buf_len = self->hold.size);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(hold_await(&self->hold));
	EXPECT_EQ(0, put(self->fd, 0, 2));
	EXPECT_LE(-EAGAIN, put(self->fd, 0, 3));
	ASSERT_TRUE(hold_break(&self->hold));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 4));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
}

/* Another one waits for a message, and gets the one that comes back. */
TEST_F(copy, failure_hands_it_to_the_next)
{
	struct call *next = calls_alloc(1);

	if (!held(self))
		return;
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	recv_start(next, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_TRUE(hold_break(&self->hold));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_EQ(4, call_join(next));
	EXPECT_EQ(1, call_number(next));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

/* A rendezvous sender that waits for the receipt goes on waiting. */
TEST_F(copy, failure_leaves_the_sender_blocked)
{
	if (!held(self))
		return;
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	start_receipt(self, 0);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	ASSERT_TRUE(hold_break(&self->hold));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(0, self->send->done);
	EXPECT_LE(0, take(self->fd));
	EXPECT_EQ(0, call_join(self->send));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* One that does not is free as soon as its message is in the hands of a receiver. */
TEST_F(copy, does_not_hold_up_a_rendezvous_sender)
{
	struct ipcmbox_info info;

	if (!held(self))
		return;
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	put_start(self->send, self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	EXPECT_EQ(0, call_join(self->send));
	info = mailbox_info(self->fd);
	EXPECT_EQ(0, info.waiting_senders);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(1, info.receiving);
	EXPECT_EQ(1, info.sent);
	/* The next one may come while the first is still copied. */
	put_start(self->send, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(self->send));
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(1, first_number(self));
	EXPECT_EQ(2, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Nor one that was blocked for room, when a receiver picks its message by priority. */
TEST_F(copy, does_not_hold_up_a_sender_blocked_for_room)
{
	int i;

	if (!held(self))
		return;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	put_start(self->send, self->fd, 5, 50);
	ASSERT_TRUE(await_senders(self->fd, 1));
	recv_start(self->recv, self->fd, .buf_ptr = ptr_u64(self->hold.page),
		   .buf_len = self->hold.size, .min_priority = 5);
	ASSERT_TRUE(hold_await(&self->hold));
	EXPECT_EQ(0, call_join(self->send));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	EXPECT_EQ(1, mailbox_info(self->fd).receiving);
	EXPECT_EQ(-EAGAIN, put(self->fd, 9, 51));
	ASSERT_TRUE(hold_break(&self->hold));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	EXPECT_EQ(50, take(self->fd));
	EXPECT_EQ(-EAGAIN, put(self->fd, 9, 51));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/*
 * A sender gives up while its message is in other hands. Whether it can still take the message back
 * is the module's affair, but it is told what has happened, and the receiver receives something.
 */
static void check_agreement(struct __test_metadata *_metadata, FIXTURE_DATA(copy) *self, int error)
{
	int ret = call_join(self->send);
	char data[4];

	if (ret == error) {
		EXPECT_EQ(0, self->recv->done) TH_LOG("received what was not sent");
		ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64("next"), .buf_len = 4));
	}
	EXPECT_EQ(4, call_join(self->recv));
	memcpy(data, self->hold.page, 4);
	EXPECT_EQ(0, memcmp(data, ret ? "next" : "abcd", 4));
	EXPECT_TRUE(ret == error || ret == 0);
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

static void spin_until(__u64 moment)
{
	while (now_ns(IPCMBOX_CLOCK_MONOTONIC) < moment)
		sched_yield();
}

TEST_F(copy, deadline_of_the_sender)
{
	__u64 deadline = now_ns(IPCMBOX_CLOCK_MONOTONIC) + NSEC_PER_SEC;

	if (!held(self))
		return;
	start_receipt(self, deadline);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	spin_until(deadline + 50 * NSEC_PER_MSEC);
	ASSERT_TRUE(hold_end(&self->hold));
	check_agreement(_metadata, self, -ETIMEDOUT);
}

/* With nobody else to receive it, that is the end of it. */
TEST_F(copy, deadline_of_the_sender_and_failure)
{
	__u64 deadline = now_ns(IPCMBOX_CLOCK_MONOTONIC) + NSEC_PER_SEC;

	if (!held(self))
		return;
	start_receipt(self, deadline);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	spin_until(deadline + 50 * NSEC_PER_MSEC);
	ASSERT_TRUE(hold_break(&self->hold));
	EXPECT_EQ(-ETIMEDOUT, call_join(self->send));
	EXPECT_EQ(0, mailbox_info(self->fd).messages - mailbox_info(self->fd).receiving);
	/* The receiver may have to see another message to fail. */
	ASSERT_EQ(0, put(self->fd, 0, 9));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_EQ(9, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled = 1;
}

TEST_F(copy, signal_to_the_sender)
{
	struct sigaction action = { .sa_handler = handler };

	if (!held(self))
		return;
	sigaction(SIGUSR1, &action, NULL);
	start_receipt(self, 0);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	syscall(SYS_tgkill, getpid(), self->send->tid, SIGUSR1);
	ASSERT_TRUE(hold_end(&self->hold));
	check_agreement(_metadata, self, -EINTR);
	EXPECT_TRUE(await_value(&handled, 1));
}

/* A dead sender waits for nobody; its message may be received all the same. */
TEST_F(copy, death_of_the_sender)
{
	if (!held(self))
		return;
	send_fork(self->send, self->fd, .buf_ptr = ptr_u64("abcd"), .buf_len = 4,
		  .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	EXPECT_EQ(255, call_kill(self->send));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	ASSERT_TRUE(hold_end(&self->hold));
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64("next"), .buf_len = 4));
	EXPECT_EQ(4, call_join(self->recv));
	if (memcmp(self->hold.page, "next", 4)) {
		EXPECT_EQ(0, memcmp(self->hold.page, "abcd", 4));
		EXPECT_LE(0, take(self->fd));
	}
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* A send that will not come to an end, and never has sent. */
TEST_F(copy, death_of_the_sender_and_failure)
{
	if (!held(self))
		return;
	send_fork(self->send, self->fd, .buf_ptr = ptr_u64("abcd"), .buf_len = 4,
		  .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	EXPECT_EQ(255, call_kill(self->send));
	ASSERT_TRUE(hold_break(&self->hold));
	ASSERT_EQ(0, put(self->fd, 0, 9));
	EXPECT_EQ(-EFAULT, call_join(self->recv));
	EXPECT_TRUE(mailbox_balanced(self->fd));
	EXPECT_EQ(0, mailbox_info(self->fd).receiving);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
}

/* Each process has to hold back pages of its own. */
static int slow_receiver(void *arg)
{
	FIXTURE_DATA(copy) *self = arg;
	struct hold hold;

	close_all_but(self->fd);
	if (!hold_begin(&hold))
		return 1;
	message_recv(self->fd, .buf_ptr = ptr_u64(hold.page), .buf_len = hold.size);
	return 2;
}

TEST_F(copy, death_of_the_receiver)
{
	pid_t pid;
	int i;

	if (!held(self))
		return;
	for (i = 0; i < 3; i++) {
		/* Queued; queued with its sender waiting; of a rendezvous sender. */
		if (i == 2)
			ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
		send_start(self->send, self->fd, .buf_ptr = ptr_u64("abcd"), .buf_len = 4,
			   .completion = i == 1 ? IPCMBOX_RECEIVED : IPCMBOX_QUEUED);
		if (i)
			ASSERT_TRUE(await_senders(self->fd, 1));
		if (!i)
			ASSERT_EQ(0, call_join(self->send));
		pid = child_start(slow_receiver, self);
		ASSERT_TRUE(await_receiving(self->fd, 1));
		EXPECT_EQ(1, mailbox_info(self->fd).messages);
		EXPECT_EQ(-EAGAIN, take(self->fd));
		/* It has done all it was asked for. */
		if (i == 2)
			EXPECT_EQ(0, call_join(self->send));
		kill(pid, SIGKILL);
		EXPECT_EQ(255, child_wait(pid));
		EXPECT_EQ(0, mailbox_info(self->fd).receiving);
		EXPECT_EQ(0, mailbox_info(self->fd).received - i);
		EXPECT_LE(0, take(self->fd)) TH_LOG("the message died with its receiver");
		if (i == 1)
			EXPECT_EQ(0, call_join(self->send));
		EXPECT_TRUE(mailbox_balanced(self->fd));
	}
}

/* Nobody is left to receive what comes back. */
TEST_F(copy, death_of_the_last_receiver)
{
	__u64 id = mailbox_id(self->fd);
	int writer = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
	pid_t pid;

	if (!held(self))
		return;
	pid = child_start(slow_receiver, self);
	close(self->fd);
	self->fd = writer;
	ASSERT_TRUE(await_receivers(writer, 1));
	start_receipt(self, 0);
	ASSERT_TRUE(await_receiving(writer, 1));
	EXPECT_EQ(0, self->send->done);
	kill(pid, SIGKILL);
	EXPECT_EQ(-EPIPE, call_join(self->send));
	child_wait(pid);
	EXPECT_TRUE(mailbox_balanced(writer));
}

/*
 * Looking at a message keeps nobody from receiving it. Whoever looks has to look again when the
 * memory is there.
 */
TEST_F(copy, of_a_peek)
{
	struct ipcmbox_query before, after;

	if (!held(self))
		return;
	ASSERT_EQ(0, query_budget(self->dev, &before));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(start_slow_recv(self, IPCMBOX_PEEK));
	EXPECT_EQ(0, mailbox_info(self->fd).receiving);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(before.user_bytes, after.user_bytes);
	ASSERT_TRUE(hold_end(&self->hold));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, self->recv->done);
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(2, first_number(self));
	EXPECT_EQ(2, self->recv->recv.seq);
	EXPECT_EQ(2, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* The message is the same one if nothing happened meanwhile. */
TEST_F(copy, of_an_undisturbed_peek)
{
	if (!held(self))
		return;
	ASSERT_EQ(0, put(self->fd, 3, 1));
	ASSERT_TRUE(start_slow_recv(self, IPCMBOX_PEEK));
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(1, first_number(self));
	EXPECT_EQ(1, self->recv->recv.seq);
	EXPECT_EQ(3, self->recv->recv.priority);
	EXPECT_EQ(1, take(self->fd));
}

/* A peek that does not wait finds nothing, then. */
TEST_F(copy, of_a_nonblocking_peek)
{
	if (!held(self))
		return;
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(start_slow_recv(self, IPCMBOX_PEEK | IPCMBOX_NONBLOCK));
	EXPECT_EQ(1, take(self->fd));
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(-EAGAIN, call_join(self->recv));
}

/* One that is slow to write its message is not there yet, and stops nobody. */
TEST_F(copy, of_a_send)
{
	if (!held(self))
		return;
	send_start(self->send, self->fd, .buf_ptr = ptr_u64(self->hold.page), .buf_len = 4);
	ASSERT_TRUE(hold_await(&self->hold));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	ASSERT_EQ(0, put(self->fd, 0, 7));
	EXPECT_EQ(7, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(0, call_join(self->send));
	EXPECT_EQ(0, take(self->fd));
}

/* What is no longer in the queue cannot be dropped, and it is not in the way of the newest. */
TEST_F(copy, is_not_dropped)
{
	__s64 got, last = 0;
	int i;

	if (!held(self))
		return;
	ASSERT_EQ(0, mailbox_change(self->fd, .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST,
				    .mask = IPCMBOX_SET_OVERFLOW));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(start_slow_recv(self, 0));
	for (i = 2; i < 6; i++) {
		EXPECT_LE(0, put(self->fd, 0, i));
		EXPECT_TRUE(mailbox_balanced(self->fd));
	}
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(1, first_number(self));
	while ((got = take(self->fd)) >= 0)
		last = got;
	EXPECT_EQ(5, last);
	EXPECT_EQ(5, mailbox_info(self->fd).sent);
	EXPECT_EQ(5, mailbox_info(self->fd).received + mailbox_info(self->fd).dropped);
}

TEST_F(copy, unlinked_meanwhile)
{
	int fd = mailbox_new(self->dev, NAME("test"), .max_messages = 1);

	if (!held(self))
		return;
	ASSERT_EQ(0, put(fd, 0, 1));
	recv_start(self->recv, fd, .buf_ptr = ptr_u64(self->hold.page),
		   .buf_len = self->hold.size);
	ASSERT_TRUE(hold_await(&self->hold));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	close(fd);
	ASSERT_TRUE(hold_end(&self->hold));
	EXPECT_EQ(4, call_join(self->recv));
	EXPECT_EQ(1, first_number(self));
}

TEST_HARNESS_MAIN
