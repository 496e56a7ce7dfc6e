// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that have to wait: for whom, for how long, in which order, and what ends it.
 */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define BIT(n)	(1ULL << (n))
#define CALLS	4

/* What a peer may wait once there is nobody to wait for. */
#define BOUND_NS	(100 * NSEC_PER_MSEC)

/* The slow member has room for two messages, the quick one for all. */
FIXTURE(event_wait) {
	int dev, fd, slow, quick;
	struct call *calls;
	struct ipcmbox_query before;
};

static bool set_up(FIXTURE_DATA(event_wait) *self)
{
	self->fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 50,
			       .max_length = 64);
	self->slow = member_new(self->fd, .max_messages = 2);
	self->quick = member_new(self->fd);
	return self->fd >= 0 && self->slow >= 0 && self->quick >= 0;
}

/* Everything is even, and nothing is left behind. */
static bool tear_down(FIXTURE_DATA(event_wait) *self)
{
	struct ipcmbox_query after;
	bool ok = true;

	if (self->slow >= 0)
		ok &= mailbox_balanced(self->slow);
	if (self->quick >= 0)
		ok &= mailbox_balanced(self->quick);
	if (self->fd >= 0) {
		struct ipcmbox_info info = mailbox_info(self->fd);

		ok &= info.sent == info.received && !info.messages && !info.waiting_senders;
	}
	close(self->quick);
	close(self->slow);
	close(self->fd);
	ok &= !query_budget(self->dev, &after);
	return ok && after.user_mailboxes == self->before.user_mailboxes &&
	       after.user_messages == self->before.user_messages &&
	       after.user_bytes == self->before.user_bytes;
}

FIXTURE_SETUP(event_wait)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	ASSERT_TRUE(set_up(self));
	self->calls = calls_alloc(CALLS);
}

FIXTURE_TEARDOWN(event_wait)
{
	EXPECT_TRUE(tear_down(self));
	close(self->dev);
}

/* Messages 1 and 2; the quick one has nothing of them any more. */
static bool fill(FIXTURE_DATA(event_wait) *self)
{
	return !put(self->fd, 0, 1) && !put(self->fd, 0, 2) &&
	       take(self->quick) == 1 && take(self->quick) == 2;
}

static void event_start(struct call *call, int fd, __u64 events, __u32 priority, __u32 number)
{
	send_prepare(call, fd, .buf_ptr = ptr_u64(call->data), .buf_len = sizeof(number),
		     .priority = priority, .events = events);
	memcpy(call->data, &number, sizeof(number));
	call_start(call);
}

/*
 * What ends the wait of a sender
 */

static bool take_one(FIXTURE_DATA(event_wait) *self)
{
	return take(self->slow) == 1;
}

static bool read_one(FIXTURE_DATA(event_wait) *self)
{
	char text[8];

	return read(self->slow, text, sizeof(text)) == 4;
}

static bool leave(FIXTURE_DATA(event_wait) *self)
{
	return member_leave(self->slow) == 0;
}

static bool close_it(FIXTURE_DATA(event_wait) *self)
{
	close(self->slow);
	self->slow = -1;
	return true;
}

static bool give_room(FIXTURE_DATA(event_wait) *self)
{
	return mailbox_change(self->slow, .mask = IPCMBOX_SET_MAX_MESSAGES,
			      .max_messages = 3) == 0;
}

static bool begin_to_drop(FIXTURE_DATA(event_wait) *self)
{
	return mailbox_change(self->slow, .mask = IPCMBOX_SET_OVERFLOW,
			      .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST) == 0;
}

static bool wait_for_its_priority(FIXTURE_DATA(event_wait) *self)
{
	return message_recv(self->slow, .buf_ptr = ptr_u64(self->calls[1].data), .buf_len = 4,
			    .min_priority = 3) == 4;
}

static bool wait_for_its_bit(FIXTURE_DATA(event_wait) *self)
{
	return message_receive(self->slow, .buf_ptr = ptr_u64(self->calls[1].data), .buf_len = 4,
			       .select_events = BIT(3)) == 4;
}

TEST_F(event_wait, admitted)
{
	static bool (* const ways[])(FIXTURE_DATA(event_wait) *self) = {
		take_one, read_one, leave, close_it, give_room, begin_to_drop,
		wait_for_its_priority, wait_for_its_bit,
	};
	struct ipcmbox_info info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_TRUE(fill(self));
		event_start(&self->calls[0], self->fd, BIT(3), 5, 3);
		ASSERT_TRUE(await_senders(self->fd, 1));
		ASSERT_TRUE(call_await_asleep(&self->calls[0]));

		/* Nobody has anything of it yet. */
		info = mailbox_info(self->fd);
		EXPECT_EQ(2, info.sent);
		EXPECT_EQ(0, info.messages);
		EXPECT_EQ(-EAGAIN, take(self->quick));
		EXPECT_EQ(2, mailbox_info(self->slow).sent);

		ASSERT_TRUE(ways[i](self)) TH_LOG("way %zu", i);
		EXPECT_EQ(0, call_join(&self->calls[0]));
		EXPECT_EQ(3, take(self->quick)) TH_LOG("way %zu", i);
		info = mailbox_info(self->fd);
		EXPECT_EQ(3, info.sent);
		EXPECT_EQ(0, info.withdrawn);
		ASSERT_TRUE(tear_down(self)) TH_LOG("way %zu", i);
		ASSERT_TRUE(set_up(self));
	}
}

static int hold(void *arg)
{
	close_all_but(*(int *)arg);
	for (;;)
		pause();
	return 0;
}

/* The member dies, and nobody waits for it any more. */
TEST_F(event_wait, for_the_dead)
{
	__u64 start;
	pid_t pid;

	ASSERT_TRUE(fill(self));
	pid = child_start(hold, &self->slow);
	close_it(self);
	event_start(&self->calls[0], self->fd, 0, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	kill(pid, SIGKILL);
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_LT(self->calls[0].end_ns - start, BOUND_NS);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(3, mailbox_info(self->fd).sent);
	EXPECT_EQ(1, mailbox_info(self->fd).members);
}

/* A receiver that cannot take it, or that only looks, does not make room. */
TEST_F(event_wait, not_admitted)
{
	ASSERT_TRUE(fill(self));
	event_start(&self->calls[0], self->fd, 0, 5, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	recv_start(&self->calls[1], self->slow, .min_priority = 6);
	ASSERT_TRUE(await_receivers(self->slow, 1));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	recv_start(&self->calls[2], self->slow, .min_priority = 5, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(await_receivers(self->slow, 2));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(-EAGAIN, message_recv(self->slow, .min_priority = 5, .flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(4, message_recv(self->slow, .buf_ptr = ptr_u64(self->calls[3].data),
				  .buf_len = 4, .flags = IPCMBOX_PEEK));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);

	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(4, call_join(&self->calls[2]));
	EXPECT_EQ(0, put(self->fd, 6, 4));
	EXPECT_EQ(4, call_join(&self->calls[1]));
	EXPECT_EQ(4, call_number(&self->calls[1]));
	EXPECT_EQ(3, take(self->slow));
	EXPECT_EQ(2, take(self->slow));
}

static void handler(int sig)
{
	(void)sig;
}

enum end { TIMEOUT, SIGNAL, KILL };

/* Withdrawn: nobody gets it, and who waited behind it for nobody but it goes on. */
TEST_F(event_wait, withdrawn)
{
	struct sigaction action = { .sa_handler = handler };
	static const int results[] = { -ETIMEDOUT, -EINTR, 255 };
	struct ipcmbox_info info;
	enum end end;
	int result;

	sigaction(SIGUSR1, &action, NULL);
	for (end = TIMEOUT; end <= KILL; end++) {
		struct call *call = &self->calls[0];

		close(self->slow);
		close(self->quick);
		self->slow = member_new(self->fd, .mask = BIT(0), .max_messages = 2);
		self->quick = member_new(self->fd, .mask = BIT(1));
		ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
		ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 2));

		send_prepare(call, self->fd, .buf_ptr = ptr_u64(call->data), .buf_len = 4,
			     .events = BIT(0), .priority = 3);
		if (end == TIMEOUT) {
			call->send.flags = IPCMBOX_DEADLINE;
			call->send.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + NSEC_PER_SEC;
		}
		if (end == KILL)
			call_fork(call);
		else
			call_start(call);
		ASSERT_TRUE(await_senders(self->fd, 1));
		/* For others, and nothing holds it up but the first. */
		event_start(&self->calls[1], self->fd, BIT(1), 3, 4);
		if (end != TIMEOUT) {
			ASSERT_TRUE(await_senders(self->fd, 2));
			ASSERT_TRUE(call_await_asleep(call));
		}

		if (end == SIGNAL)
			syscall(SYS_tgkill, getpid(), call->tid, SIGUSR1);
		if (end == KILL)
			result = call_kill(call);
		else
			result = call_join(call);
		EXPECT_EQ(results[end], result);
		EXPECT_EQ(0, call_join(&self->calls[1]));

		EXPECT_EQ(4, take(self->quick));
		EXPECT_EQ(1, take(self->slow));
		EXPECT_EQ(2, take(self->slow));
		EXPECT_EQ(-EAGAIN, take(self->slow));
		info = mailbox_info(self->fd);
		EXPECT_EQ(3, info.sent);
		EXPECT_EQ(5, info.next_seq);
		/* It had not been accepted. */
		EXPECT_EQ(0, info.withdrawn);
		ASSERT_TRUE(tear_down(self));
		ASSERT_TRUE(set_up(self));
	}
}

/* What each of the two members will get is charged while the sender waits. */
TEST_F(event_wait, charged)
{
	struct ipcmbox_query query, now;

	ASSERT_TRUE(fill(self));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	event_start(&self->calls[0], self->fd, 0, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(query.user_messages + 2, now.user_messages);
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
}

TEST_F(event_wait, by_priority_and_then_in_order)
{
	static const __u32 priorities[] = { 1, 5, 1, 3 };
	static const int order[] = { 1, 3, 0, 2 };
	int i, n;

	ASSERT_TRUE(fill(self));
	for (i = 0; i < CALLS; i++) {
		event_start(&self->calls[i], self->fd, 0, priorities[i], 10 + i);
		ASSERT_TRUE(await_senders(self->fd, i + 1));
	}
	for (i = 0; i < CALLS; i++) {
		/* The highest of those that are there. */
		ASSERT_GE(take(self->slow), 0);
		EXPECT_EQ(0, call_join(&self->calls[order[i]]));
		EXPECT_EQ(10 + order[i], take(self->quick));
		EXPECT_EQ(CALLS - 1 - i, mailbox_info(self->fd).waiting_senders);
		for (n = i + 1; n < CALLS; n++)
			EXPECT_EQ(0, self->calls[order[n]].done);
	}
}

/* Who comes later passes only if it is more urgent, though there were room for it. */
TEST_F(event_wait, who_comes_later)
{
	close(self->quick);
	self->quick = member_new(self->fd, .mask = BIT(1));
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 2));
	event_start(&self->calls[0], self->fd, BIT(0), 3, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	close(self->slow);
	self->slow = -1;
	EXPECT_EQ(0, call_join(&self->calls[0]));

	self->slow = member_new(self->fd, .mask = BIT(0), .max_messages = 1);
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
	event_start(&self->calls[0], self->fd, BIT(0), 3, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(-EAGAIN, put_event(self->fd, BIT(1), 3, 4));
	event_start(&self->calls[1], self->fd, BIT(1), 3, 5);
	ASSERT_TRUE(await_senders(self->fd, 2));
	EXPECT_EQ(-EAGAIN, take(self->quick));
	EXPECT_EQ(0, put_event(self->fd, BIT(1), 4, 6));
	EXPECT_EQ(6, take(self->quick));
	EXPECT_EQ(-EAGAIN, put_event(self->fd, BIT(0), 4, 7));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(0, call_join(&self->calls[1]));
	EXPECT_EQ(5, take(self->quick));
	EXPECT_EQ(3, take(self->slow));
}

/* One send that can go on lets go on all that wait behind it. */
TEST_F(event_wait, one_after_the_other)
{
	int i;

	ASSERT_TRUE(fill(self));
	for (i = 0; i < CALLS; i++) {
		event_start(&self->calls[i], self->fd, 0, 0, 10 + i);
		ASSERT_TRUE(await_senders(self->fd, i + 1));
	}
	ASSERT_TRUE(leave(self));
	for (i = 0; i < CALLS; i++) {
		EXPECT_EQ(0, call_join(&self->calls[i]));
		EXPECT_EQ(10 + i, take(self->quick));
	}
}

/* All who are full must have room. */
TEST_F(event_wait, for_several)
{
	int third = member_new(self->fd, .max_messages = 2);

	ASSERT_TRUE(fill(self));
	event_start(&self->calls[0], self->fd, 0, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, take(third));
	EXPECT_EQ(2, take(third));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(-EAGAIN, take(third));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(3, take(third));
	close(third);
}

/* One that fails is not waited for, though there is another that is. */
TEST_F(event_wait, not_if_another_fails)
{
	int third = member_new(self->fd, .max_messages = 2, .flags = IPCMBOX_JOIN_OVERFLOW,
			       .overflow = IPCMBOX_OVERFLOW_FAIL);

	ASSERT_TRUE(fill(self));
	EXPECT_EQ(-EAGAIN, message_send(self->fd));
	EXPECT_EQ(1, take(third));
	event_start(&self->calls[0], self->fd, 0, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	close(third);
}

/* Members that drop are never waited for, however slow they are. */
TEST_F(event_wait, not_for_who_drops)
{
	int third = member_new(self->fd, .max_messages = 1, .flags = IPCMBOX_JOIN_OVERFLOW,
			       .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);
	int i;

	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take(self->slow));
		ASSERT_EQ(i, take(self->quick));
	}
	EXPECT_EQ(39, mailbox_info(third).dropped);
	close(third);
}

/* Who joins meanwhile gets what is admitted afterwards. */
TEST_F(event_wait, late_joiners)
{
	int late[2];

	ASSERT_TRUE(fill(self));
	event_start(&self->calls[0], self->fd, BIT(1), 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	late[0] = member_new(self->fd);
	late[1] = member_new(self->fd, .mask = BIT(0));
	EXPECT_EQ(-EAGAIN, take(late[0]));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(3, take(late[0]));
	EXPECT_EQ(-EAGAIN, take(late[1]));
	close(late[0]);
	close(late[1]);
}

/* What the kernel says passes those who wait. */
TEST_F(event_wait, notices_pass)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_NONBLOCK };
	int third = member_new(self->fd, .mask = IPCMBOX_EVENT_LEFT);

	ASSERT_TRUE(fill(self));
	EXPECT_EQ(1, take(third));
	EXPECT_EQ(2, take(third));
	event_start(&self->calls[0], self->fd, 0, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	close(self->quick);
	self->quick = -1;
	EXPECT_EQ(0, mailbox_receive(third, &recv));
	EXPECT_EQ(IPCMBOX_EVENT_LEFT, recv.events);
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(3, take(third));
	close(third);
}

TEST_F(event_wait, nobody_left)
{
	int writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);

	ASSERT_TRUE(fill(self));
	event_start(&self->calls[0], writer, 0, 0, 3);
	ASSERT_TRUE(await_senders(writer, 1));
	close(self->fd);
	self->fd = -1;
	close(self->quick);
	self->quick = -1;
	EXPECT_EQ(1, mailbox_info(writer).waiting_senders);
	close_it(self);
	EXPECT_EQ(-EPIPE, call_join(&self->calls[0]));
	EXPECT_EQ(2, mailbox_info(writer).sent);
	EXPECT_EQ(0, mailbox_info(writer).waiting_senders);
	close(writer);
}

/* One message, all who wait. */
TEST_F(event_wait, receivers)
{
	int i;

	recv_start(&self->calls[0], self->slow);
	recv_start(&self->calls[1], self->quick);
	recv_start(&self->calls[2], self->quick);
	ASSERT_TRUE(await_receivers(self->slow, 1));
	ASSERT_TRUE(await_receivers(self->quick, 2));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(&self->calls[0]));
	ASSERT_TRUE(await_receivers(self->quick, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_NE(0, call_number(&self->calls[i]));
	}
	EXPECT_EQ(2, take(self->slow));
}

/*
 * Polling
 */

#define ALL	(POLLIN | POLLOUT | POLLERR | POLLHUP)

static short ready(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = ALL };

	return poll(&pollfd, 1, 0) < 0 ? -1 : pollfd.revents & ALL;
}

struct poller {
	pthread_t thread;
	int fd;
	short events, revents;
	volatile int tid, done;
};

static void *poller_body(void *arg)
{
	struct poller *poller = arg;
	struct pollfd pollfd = { .fd = poller->fd, .events = poller->events };

	poller->tid = syscall(SYS_gettid);
	poll(&pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC);
	poller->revents = pollfd.revents;
	poller->done = 1;
	return NULL;
}

static bool poll_start(struct poller *poller, int fd, short events)
{
	*poller = (struct poller){ .fd = fd, .events = events };
	return !pthread_create(&poller->thread, NULL, poller_body, poller) &&
	       await_value(&poller->tid, 1) && await_thread_asleep(getpid(), poller->tid) &&
	       !poller->done;
}

static short poll_join(struct poller *poller)
{
	pthread_join(poller->thread, NULL);
	return poller->revents;
}

TEST_F(event_wait, poll)
{
	EXPECT_EQ(POLLOUT, ready(self->fd));
	EXPECT_EQ(POLLOUT, ready(self->slow));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(POLLOUT, ready(self->fd));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->slow));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(0, ready(self->fd));
	EXPECT_EQ(POLLIN, ready(self->slow));
	EXPECT_EQ(POLLIN, ready(self->quick));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->slow));
	EXPECT_EQ(POLLOUT, ready(self->fd));

	/* Somebody who waits makes room, too. */
	ASSERT_EQ(0, put(self->fd, 0, 3));
	EXPECT_EQ(0, ready(self->fd));
	recv_start(&self->calls[0], self->slow, .min_priority = 1);
	ASSERT_TRUE(await_receivers(self->slow, 1));
	EXPECT_EQ(POLLOUT, ready(self->fd));
	ASSERT_EQ(0, put(self->fd, 1, 4));
	EXPECT_EQ(4, call_join(&self->calls[0]));
	EXPECT_EQ(0, ready(self->fd));

	/* Who drops is no obstacle, who fails is one. */
	ASSERT_EQ(0, mailbox_change(self->slow, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_FAIL));
	EXPECT_EQ(0, ready(self->fd));
	ASSERT_EQ(0, mailbox_change(self->slow, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST));
	EXPECT_EQ(POLLOUT, ready(self->fd));
	EXPECT_EQ(0, put(self->fd, 0, 5));
}

TEST_F(event_wait, poll_rights)
{
	int reader = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	int member = member_new(reader);

	EXPECT_EQ(0, ready(reader));
	EXPECT_EQ(0, ready(member));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, ready(reader));
	EXPECT_EQ(POLLIN, ready(member));
	close(reader);
	close(member);
}

TEST_F(event_wait, poll_hangup)
{
	int reader = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	int writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	int member = member_new(reader);
	struct poller poller;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, member_leave(self->quick));
	EXPECT_EQ(POLLHUP | POLLIN | POLLOUT, ready(self->quick));
	EXPECT_EQ(1, take(member));
	close(self->fd);
	close(self->quick);
	close(self->slow);
	self->fd = -1;
	self->quick = -1;
	self->slow = -1;
	EXPECT_EQ(POLLOUT, ready(writer));
	ASSERT_TRUE(poll_start(&poller, member, POLLIN));
	close(writer);
	EXPECT_EQ(POLLHUP | POLLIN, poll_join(&poller));
	EXPECT_EQ(POLLHUP, ready(reader));

	writer = mailbox_by_id(self->dev, mailbox_id(reader), IPCMBOX_WRITE);
	EXPECT_EQ(0, ready(member));
	close(reader);
	EXPECT_EQ(POLLOUT, ready(writer));
	ASSERT_TRUE(poll_start(&poller, writer, POLLIN));
	close(member);
	EXPECT_EQ(POLLHUP, poll_join(&poller));
	EXPECT_EQ(POLLHUP | POLLOUT, ready(writer));
	close(writer);
}

/* Whatever lets a sender go on wakes a poller; and one may be on a member's descriptor. */
TEST_F(event_wait, poll_wakes)
{
	static bool (* const ways[])(FIXTURE_DATA(event_wait) *self) = {
		take_one, read_one, leave, close_it, give_room, begin_to_drop,
	};
	struct poller pollers[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_TRUE(fill(self));
		ASSERT_TRUE(poll_start(&pollers[0], self->fd, POLLOUT));
		ASSERT_TRUE(poll_start(&pollers[1], self->quick, POLLIN | POLLOUT));
		ASSERT_TRUE(ways[i](self));
		EXPECT_EQ(POLLOUT, poll_join(&pollers[0])) TH_LOG("way %zu", i);
		EXPECT_EQ(POLLOUT, poll_join(&pollers[1])) TH_LOG("way %zu", i);
		ASSERT_TRUE(tear_down(self));
		ASSERT_TRUE(set_up(self));
	}

	ASSERT_TRUE(poll_start(&pollers[0], self->quick, POLLIN));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(POLLIN, poll_join(&pollers[0]));
}

/* Not before who waits is in, nor before all have room. */
TEST_F(event_wait, poll_waits_for_all)
{
	int third = member_new(self->fd, .max_messages = 2);
	struct poller poller;

	ASSERT_TRUE(fill(self));
	event_start(&self->calls[0], self->fd, 0, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_TRUE(poll_start(&poller, self->fd, POLLOUT));
	EXPECT_EQ(1, take(third));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(0, call_join(&self->calls[0]));
	EXPECT_EQ(2, take(third));
	EXPECT_EQ(0, poller.done);
	EXPECT_EQ(2, take(self->slow));
	EXPECT_EQ(POLLOUT, poll_join(&poller));
	close(third);
}

/* One long message that is taken makes room for several: all who wait for that are told. */
TEST_F(event_wait, poll_waits_for_bytes)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLEXCLUSIVE };
	char payload[64] = "";
	int epolls[2], fd, member, i;

	fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 50,
			 .max_length = sizeof(payload), .max_bytes = 2 * sizeof(payload));
	ASSERT_GE(fd, 0);
	member = member_new(fd);
	ASSERT_GE(member, 0);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, message_send(fd, .buf_ptr = ptr_u64(payload),
					  .buf_len = sizeof(payload)));
	EXPECT_EQ(-EAGAIN, put(fd, 0, 1));
	for (i = 0; i < 2; i++) {
		epolls[i] = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_EQ(0, epoll_ctl(epolls[i], EPOLL_CTL_ADD, fd, &event));
		EXPECT_EQ(0, epoll_wait(epolls[i], &event, 1, 0));
		event.events = EPOLLOUT | EPOLLEXCLUSIVE;
	}
	ASSERT_EQ(sizeof(payload), message_recv(member, .buf_ptr = ptr_u64(payload),
						.buf_len = sizeof(payload)));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1, epoll_wait(epolls[i], &event, 1, PATIENCE_NS / NSEC_PER_MSEC));
		EXPECT_EQ(EPOLLOUT, event.events);
		close(epolls[i]);
	}
	for (i = 0; i < 16; i++)
		EXPECT_EQ(0, put(fd, 0, i));
	EXPECT_EQ(-EAGAIN, put(fd, 0, i));
	close(member);
	close(fd);
}

TEST_F(event_wait, epoll_edge)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	ASSERT_TRUE(fill(self));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->quick, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(1, take(self->slow));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(EPOLLOUT, event.events);
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(0, put(self->fd, 0, 3));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events);
	close(epoll);
}

/*
 * Everything at once
 *
 * A witness gets every event; the sequence numbers tell what came between two that a member got.
 */

#define SENDERS		3
#define JOINERS		4
#define BITS		3
#define EVENTS_MAX	65536

struct stress {
	int fd, witness;
	__u32 rounds;
	volatile int senders, wrong;
	volatile __u64 sessions;
	__u64 bits[EVENTS_MAX + 1];	/* by sequence number; all bits: no such event */
	bool there[EVENTS_MAX + 1];
};

struct player {
	struct stress *stress;
	pthread_t thread;
	unsigned int seed;
};

static __u32 dice(struct player *player, __u32 sides)
{
	return rand_r(&player->seed) % sides;
}

static void fault(struct stress *stress, const char *what, __s64 value)
{
	fprintf(stderr, "# stress: %s: %lld\n", what, (long long)value);
	stress->wrong = 1;
}

/* Events with the payload of their own bits; a few are given up. */
static void *sender_body(void *arg)
{
	struct player *player = arg;
	struct stress *stress = player->stress;
	__u32 n;

	for (n = 0; n < stress->rounds; n++) {
		__u64 events = dice(player, 8) ? BIT(dice(player, BITS)) : 0;
		struct ipcmbox_send send = {
			.buf_ptr = ptr_u64(&events), .buf_len = sizeof(events), .events = events,
		};
		int ret;

		if (!dice(player, 4)) {
			send.flags = IPCMBOX_DEADLINE;
			send.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + dice(player, 200000);
		} else if (!dice(player, 4)) {
			send.flags = IPCMBOX_NONBLOCK;
		}
		ret = mailbox_send(stress->fd, &send);
		if (ret && ret != -EAGAIN && ret != -ETIMEDOUT)
			fault(stress, "send", ret);
		if (!dice(player, 4))
			sched_yield();
	}
	__atomic_fetch_sub(&stress->senders, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *witness_body(void *arg)
{
	struct player *player = arg;
	struct stress *stress = player->stress;
	__u64 last = 0, events;

	for (;;) {
		struct ipcmbox_recv recv = {
			.buf_ptr = ptr_u64(&events), .buf_len = sizeof(events),
		};
		int ret = mailbox_receive(stress->witness, &recv);

		if (ret == -EPIPE)
			return NULL;
		if (ret != sizeof(events) || recv.events != events || recv.lost ||
		    recv.seq <= last || recv.seq > EVENTS_MAX) {
			fault(stress, "witness", ret);
			return NULL;
		}
		last = recv.seq;
		stress->bits[last] = events;
		__atomic_store_n(&stress->there[last], true, __ATOMIC_RELEASE);
	}
}

/* One thing a member was told: it had an event, and lost so many before it. */
struct sight {
	__u64 seq, lost;
};

/* One stay of a member; what it saw is checked when the witness has seen it all. */
struct session {
	struct session *next;
	__u64 mask, dropped, received;
	size_t count;
	struct sight sights[];
};

static struct session *session(struct player *player)
{
	struct stress *stress = player->stress;
	size_t count = 1 + dice(player, 15), n = 0;
	struct session *session = malloc(sizeof(*session) + count * sizeof(struct sight));
	__u32 overflow = (const __u32[]){ IPCMBOX_OVERFLOW_BLOCK, IPCMBOX_OVERFLOW_BLOCK,
					  IPCMBOX_OVERFLOW_DROP_OLDEST,
					  IPCMBOX_OVERFLOW_DROP_NEWEST }[dice(player, 4)];
	struct ipcmbox_info info;
	__u64 events;
	int fd, ret;

	session->mask = 1 + dice(player, (1 << BITS) - 1);
	fd = member_new(stress->fd, .mask = session->mask, .max_messages = 1 + dice(player, 5),
			.flags = IPCMBOX_JOIN_OVERFLOW, .overflow = overflow);
	if (fd < 0)
		fault(stress, "join", fd);
	while (n < count) {
		struct ipcmbox_recv recv = {
			.buf_ptr = ptr_u64(&events), .buf_len = sizeof(events),
			.flags = IPCMBOX_DEADLINE,
			.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 20 * NSEC_PER_MSEC,
		};

		ret = mailbox_receive(fd, &recv);
		if (ret == -ETIMEDOUT && stress->senders)
			continue;
		if (ret == -ETIMEDOUT)
			break;
		if (ret != sizeof(events) || recv.events != events) {
			fault(stress, "receive", ret);
			break;
		}
		session->sights[n++] = (struct sight){ recv.seq, recv.lost };
		if (overflow != IPCMBOX_OVERFLOW_BLOCK && !dice(player, 4))
			sched_yield();
	}
	if (!dice(player, 3) && member_leave(fd))
		fault(stress, "leave", fd);
	if (mailbox_stat(fd, &info) || !mailbox_balanced(fd))
		fault(stress, "balance", fd);
	session->count = n;
	close(fd);
	__atomic_fetch_add(&stress->sessions, 1, __ATOMIC_SEQ_CST);
	return session;
}

static void *joiner_body(void *arg)
{
	struct player *player = arg;
	struct session *first = NULL, *one;

	while (player->stress->senders && !player->stress->wrong) {
		one = session(player);
		one->next = first;
		first = one;
	}
	return first;
}

/* Members that never receive, hold up everybody, and are killed. */
static int blocker_body(void *arg)
{
	struct stress *stress = arg;

	int fd = member_new(stress->fd, .max_messages = 1);

	if (fd < 0)
		return 1;
	close_all_but(fd);
	for (;;)
		pause();
}

static void *killer_body(void *arg)
{
	struct player *player = arg;

	while (player->stress->senders && !player->stress->wrong) {
		pid_t pid = child_start(blocker_body, player->stress);

		usleep(dice(player, 3000));
		kill(pid, SIGKILL);
		if (child_wait(pid) != 255)
			fault(player->stress, "blocker", pid);
	}
	return NULL;
}

/* Between two events it got, and after the first, a member lost as many as it was told. */
static void check_session(struct stress *stress, const struct session *session)
{
	__u64 seq, missed;
	size_t n;

	for (n = 0; n < session->count; n++) {
		const struct sight *sight = &session->sights[n];

		if (!stress->there[sight->seq])
			fault(stress, "the witness did not see", sight->seq);
		if (stress->bits[sight->seq] && !(stress->bits[sight->seq] & session->mask))
			fault(stress, "does not match", sight->seq);
		if (!n)
			continue;
		missed = 0;
		for (seq = sight[-1].seq + 1; seq < sight->seq; seq++)
			missed += stress->there[seq] && (!stress->bits[seq] ||
							 stress->bits[seq] & session->mask);
		if (sight->seq <= sight[-1].seq || missed != sight->lost) {
			fprintf(stderr, "# stress: between %llu and %llu: %llu missed, %llu lost\n",
				(unsigned long long)sight[-1].seq, (unsigned long long)sight->seq,
				(unsigned long long)missed, (unsigned long long)sight->lost);
			stress->wrong = 1;
		}
	}
}

static void check_sessions(struct stress *stress, struct session *session)
{
	struct session *next;

	for (; session; session = next) {
		next = session->next;
		check_session(stress, session);
		free(session);
	}
}

FIXTURE(stress) {
	int dev;
	struct ipcmbox_query before;
};

FIXTURE_SETUP(stress)
{
	self->dev = device_open();
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(stress)
{
	struct ipcmbox_query after;

	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_messages, after.user_messages);
	EXPECT_EQ(self->before.user_bytes, after.user_bytes);
	EXPECT_EQ(self->before.user_mailboxes, after.user_mailboxes);
	close(self->dev);
}

TEST_F_TIMEOUT(stress, everything_at_once, 150)
{
	struct player witness, killer, senders[SENDERS], joiners[JOINERS];
	struct stress *stress = calloc(1, sizeof(*stress));
	struct session *sessions[JOINERS];
	struct ipcmbox_info info;
	unsigned int seed = 4711;
	__u64 seq, seen = 0;
	int i;

	stress->fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT,
				 .max_messages = IPCMBOX_UNBOUNDED);
	ASSERT_GE(stress->witness = member_new(stress->fd), 0);
	stress->rounds = scaled(1000);
	stress->senders = SENDERS;
	witness = (struct player){ .stress = stress, .seed = seed++ };
	killer = (struct player){ .stress = stress, .seed = seed++ };
	ASSERT_EQ(0, pthread_create(&witness.thread, NULL, witness_body, &witness));
	ASSERT_EQ(0, pthread_create(&killer.thread, NULL, killer_body, &killer));
	for (i = 0; i < JOINERS; i++) {
		joiners[i] = (struct player){ .stress = stress, .seed = seed++ };
		ASSERT_EQ(0, pthread_create(&joiners[i].thread, NULL, joiner_body, &joiners[i]));
	}
	for (i = 0; i < SENDERS; i++) {
		senders[i] = (struct player){ .stress = stress, .seed = seed++ };
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, sender_body, &senders[i]));
	}

	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i].thread, NULL);
	for (i = 0; i < JOINERS; i++)
		pthread_join(joiners[i].thread, (void **)&sessions[i]);
	pthread_join(killer.thread, NULL);
	ASSERT_EQ(0, member_leave(stress->witness));
	pthread_join(witness.thread, NULL);

	for (i = 0; i < JOINERS; i++)
		check_sessions(stress, sessions[i]);
	EXPECT_EQ(0, stress->wrong);
	for (seq = 1; seq <= EVENTS_MAX; seq++)
		seen += stress->there[seq];
	info = mailbox_info(stress->fd);
	EXPECT_EQ(info.sent, seen);
	EXPECT_EQ(info.sent, info.received);
	EXPECT_EQ(0, info.messages);
	EXPECT_EQ(0, info.waiting_senders);
	EXPECT_EQ(0, info.members);
	TH_LOG("%llu events in %llu stays", (unsigned long long)seen,
	       (unsigned long long)stress->sessions);
	close(stress->witness);
	close(stress->fd);
	free(stress);
}

TEST_HARNESS_MAIN
