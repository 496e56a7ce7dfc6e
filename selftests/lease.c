// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: what is received stays the mailbox's until it is settled; it goes back to its old place
 * when it is refused, when its time is over, and when its holder is gone.
 */
#include <signal.h>
#include <sys/epoll.h>

#include "lease_test.h"

FIXTURE(lease) {
	int dev, fd, holder;
	struct ipcmbox_query before;
	struct ipcmbox_recv recv;
	struct call *calls;
};

/* @holder is a descriptor of its own: what was leased on it goes back when it is closed. */
FIXTURE_SETUP(lease)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 256);
	ASSERT_GE(self->fd, 0);
	self->holder = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->holder, 0);
	self->calls = calls_alloc(3);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(lease)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->holder);
	close(self->fd);
	close(self->dev);
}

static int reopen(FIXTURE_DATA(lease) *self)
{
	close(self->holder);
	self->holder = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	return self->holder;
}

TEST_F(lease, counters_at_each_step)
{
	struct ipcmbox_query now;
	struct ipcmbox_info info;

	ASSERT_EQ(0, put(self->fd, 7, 1));
	ASSERT_EQ(0, put(self->fd, 7, 2));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	EXPECT_EQ(4, self->recv.length);
	EXPECT_EQ(7, self->recv.priority);
	EXPECT_EQ(getpid(), self->recv.pid);
	EXPECT_EQ(IPCMBOX_QUEUED, self->recv.completion);
	EXPECT_EQ(0, self->recv.redelivered);
	EXPECT_EQ(~0ULL, self->recv.call_deadline_ns);
	EXPECT_NE(0, self->recv.token);

	info = mailbox_info(self->fd);
	EXPECT_EQ(2, info.messages);
	EXPECT_EQ(4, info.bytes);
	EXPECT_EQ(1, info.receiving);
	EXPECT_EQ(1, info.held);
	EXPECT_EQ(2, info.sent);
	EXPECT_EQ(0, info.received | info.redelivered | info.dead_letters);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(self->before.user_messages + 2, now.user_messages);

	EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(1, info.received);
	EXPECT_EQ(0, info.receiving | info.held | info.redelivered);
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(self->before.user_messages + 1, now.user_messages);
	EXPECT_EQ(2, take(self->fd));
}

/* Nobody else gets it meanwhile; what comes after it does not wait. */
TEST_F(lease, is_for_one)
{
	ASSERT_EQ(0, put(self->fd, 9, 1));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(-EAGAIN, message_recv(self->fd, .flags = IPCMBOX_PEEK | IPCMBOX_NONBLOCK));
	EXPECT_EQ(0, readable(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(POLLIN, readable(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

TEST_F(lease, is_settled_once)
{
	struct ipcmbox_recv next;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take_lease(self->holder, &self->recv, LONG));
		EXPECT_EQ(0, i ? refuse(self->holder, self->recv.token) :
				 acknowledge(self->holder, self->recv.token));
		EXPECT_TRUE(is_stale(self->holder, self->recv.token));
	}
	/* It has another token the next time, and the old one stays what it was. */
	ASSERT_EQ(1, take_lease(self->holder, &next, LONG));
	EXPECT_GT(next.token, self->recv.token);
	EXPECT_TRUE(is_stale(self->holder, self->recv.token));
	EXPECT_EQ(0, acknowledge(self->holder, next.token));
}

TEST_F(lease, token_of_nothing)
{
	__u64 token;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	token = self->recv.token;
	EXPECT_TRUE(is_invalid(self->holder, 0));
	EXPECT_TRUE(is_invalid(self->holder, token + 1));
	EXPECT_TRUE(is_invalid(self->holder, 1ULL << 63));
	EXPECT_TRUE(is_invalid(self->holder, ~0ULL));
	EXPECT_EQ(-EINVAL, mailbox_settle(self->holder, token, 0, 0));
	EXPECT_EQ(-EINVAL, mailbox_settle(self->holder, token, 4, 0));
	EXPECT_EQ(-EINVAL, mailbox_settle(self->holder, token, IPCMBOX_SETTLE_ACK, 1));
	EXPECT_EQ(-EINVAL, mailbox_settle(self->holder, token, IPCMBOX_SETTLE_REFUSE, 1));
	EXPECT_EQ(-EINVAL, mailbox_settle(self->holder, token, IPCMBOX_SETTLE_RENEW, 0));
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(0, acknowledge(self->holder, token));
}

TEST_F(lease, token_of_another_mailbox)
{
	int other = mailbox_new(self->dev, .max_messages = 1);

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	EXPECT_TRUE(is_invalid(other, self->recv.token));
	EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
	close(other);
}

TEST_F(lease, needs_a_descriptor_that_can_receive)
{
	int writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	struct ipcmbox_recv recv;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EACCES, take_lease(writer, &recv, LONG));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	EXPECT_EQ(-EACCES, acknowledge(writer, self->recv.token));
	EXPECT_EQ(-EACCES, refuse(writer, self->recv.token));
	EXPECT_EQ(-EACCES, renew(writer, self->recv.token, LONG));
	EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
	close(writer);
}

/* A receive that cannot be told a token has no lease, and is not taken for one that has. */
TEST_F(lease, what_cannot_be_asked_for)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_LEASE | IPCMBOX_NONBLOCK };

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EINVAL, mailbox_recv(self->holder, &recv));
	EXPECT_EQ(-EINVAL, mailbox_receive(self->holder, &recv));
	recv.lease_ns = LONG;
	EXPECT_EQ(-EINVAL, mailbox_recv(self->holder, &recv));
	recv.flags |= IPCMBOX_PEEK;
	EXPECT_EQ(-EINVAL, mailbox_receive(self->holder, &recv));
	recv.flags = IPCMBOX_NONBLOCK;
	EXPECT_EQ(-EINVAL, mailbox_receive(self->holder, &recv));
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	EXPECT_EQ(1, take(self->fd));
}

/* However long: beyond what the clock can count is for ever. */
TEST_F(lease, of_any_length)
{
	static const __u64 lengths[] = {
		LONG, 1ULL << 62, (1ULL << 63) - 1, 1ULL << 63, ~0ULL - 1, ~0ULL,
	};
	struct ipcmbox_recv brief;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(0, put(self->fd, 0, 99));
		ASSERT_EQ(i, take_lease(self->holder, &self->recv, lengths[i]));
		ASSERT_EQ(99, take_lease(self->holder, &brief, 1));
		ASSERT_TRUE(await_receiving(self->fd, 1)) TH_LOG("%d", i);
		EXPECT_EQ(99, take(self->fd));
		EXPECT_EQ(0, renew(self->holder, self->recv.token, lengths[i]));
		EXPECT_EQ(1, mailbox_info(self->fd).held);
		EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
	}
}

TEST_F(lease, into_bad_memory)
{
	struct ipcmbox_recv recv = {
		.buf_ptr = 8, .buf_len = 4, .flags = IPCMBOX_LEASE, .lease_ns = LONG,
	};

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EFAULT, mailbox_receive(self->holder, &recv));
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	EXPECT_EQ(0, mailbox_info(self->fd).redelivered);
	recv.buf_len = 3;
	EXPECT_EQ(-EMSGSIZE, mailbox_receive(self->holder, &recv));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	EXPECT_EQ(0, self->recv.redelivered);
	EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
}

TEST_F(lease, of_many_at_once)
{
	struct ipcmbox_recv recv[3] = {};
	__u32 numbers[3];
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		recv[i].buf_ptr = ptr_u64(&numbers[i]);
		recv[i].buf_len = 4;
		recv[i].flags = i == 1 ? 0 : IPCMBOX_LEASE;
		recv[i].lease_ns = i == 1 ? 0 : LONG;
	}
	ASSERT_EQ(3, mailbox_recvv(self->holder, &(struct ipcmbox_vector){
			     .array_ptr = ptr_u64(recv), .count = 3 }));
	EXPECT_EQ(2, mailbox_info(self->fd).held);
	EXPECT_EQ(0, recv[1].token);
	EXPECT_EQ(0, refuse(self->holder, recv[2].token));
	EXPECT_EQ(0, acknowledge(self->holder, recv[0].token));
	EXPECT_EQ(2, take(self->fd));
}

/*
 * Back to the old place
 */

TEST_F(lease, refused_in_any_order)
{
	static const int priorities[] = { 3, 9, 3, 0, 9, 3 }, order[] = { 1, 4, 0, 2, 5, 3 };
	static const int refusals[] = { 2, 1, 5, 0, 3, 4 };
	struct ipcmbox_recv recv[6], again;
	int i, n;

	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, put(self->fd, priorities[i], i));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(order[i], take_lease(self->holder, &recv[order[i]], LONG));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, refuse(self->holder, recv[refusals[i]].token));
	EXPECT_EQ(6, mailbox_info(self->fd).redelivered);
	EXPECT_EQ(24, mailbox_info(self->fd).bytes);
	for (i = 0; i < 6; i++) {
		n = order[i];
		ASSERT_EQ(n, take_lease(self->holder, &again, LONG));
		EXPECT_EQ(recv[n].seq, again.seq);
		EXPECT_EQ(priorities[n], again.priority);
		EXPECT_EQ(1, again.redelivered);
		EXPECT_EQ(0, acknowledge(self->holder, again.token));
	}
}

TEST_F(lease, deliveries_are_counted)
{
	struct ipcmbox_recv plain;
	__u32 number;
	int i;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
		EXPECT_EQ(i, self->recv.redelivered);
		EXPECT_EQ(0, refuse(self->holder, self->recv.token));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).redelivered);
		EXPECT_TRUE(mailbox_balanced(self->fd));
	}
	EXPECT_EQ(4, take_event(self->fd, &number, &plain));
	EXPECT_EQ(5, plain.redelivered);
	EXPECT_EQ(0, plain.token);
	EXPECT_EQ(0, mailbox_info(self->fd).dead_letters);
}

/* It takes no room while it is away, and has it when it comes back: the sender waits longer. */
TEST_F(lease, full_mailbox)
{
	int capacity;

	for (capacity = 1; capacity >= 0; capacity--) {
		ASSERT_EQ(0, put(self->fd, 0, 1));
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
					    .max_messages = capacity));
		ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
		ASSERT_EQ(capacity ? 0 : -EAGAIN, put(self->fd, 0, 2));
		put_start(self->calls, self->fd, 0, 3);
		ASSERT_TRUE(await_senders(self->fd, 1));
		EXPECT_EQ(0, refuse(self->holder, self->recv.token));
		EXPECT_EQ(capacity + 1, mailbox_info(self->fd).messages);
		EXPECT_EQ(-EAGAIN, put(self->fd, 0, 4));
		EXPECT_EQ(1, take(self->fd));
		EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
		if (capacity)
			EXPECT_EQ(2, take(self->fd));
		if (capacity)
			EXPECT_EQ(0, call_join(self->calls));
		EXPECT_EQ(3, take(self->fd));
		if (!capacity)
			EXPECT_EQ(0, call_join(self->calls));
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
					    .max_messages = 4));
	}
}

/* The losses it told of once are told again: whoever was told has not kept it. */
TEST_F(lease, with_losses)
{
	struct ipcmbox_recv recv;
	__u32 number;

	ASSERT_EQ(0, mailbox_change(self->fd, .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST,
				    .max_messages = 1,
				    .mask = IPCMBOX_SET_OVERFLOW | IPCMBOX_SET_MAX_MESSAGES));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(2, take_lease(self->holder, &self->recv, LONG));
	EXPECT_EQ(1, self->recv.lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
	EXPECT_EQ(0, refuse(self->holder, self->recv.token));
	EXPECT_EQ(1, mailbox_info(self->fd).unreported);
	/* The policy does not spare what has come back. */
	ASSERT_EQ(0, put(self->fd, 0, 3));
	ASSERT_EQ(4, take_event(self->fd, &number, &recv));
	EXPECT_EQ(3, number);
	EXPECT_EQ(2, recv.lost);
	EXPECT_EQ(2, mailbox_info(self->fd).dropped);
}

/*
 * The end of the time
 */

TEST_F(lease, expires)
{
	static const int order[] = { 2, 0, 1, 3 };
	struct ipcmbox_recv recv[3];
	__u64 start;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, put(self->fd, i == 2 ? 5 : 0, i));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(order[i], take_lease(self->holder, &recv[i], LONG));
	start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, renew(self->holder, recv[i].token, SHORT));
	ASSERT_TRUE(await_receiving(self->fd, 0));
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC), start + SHORT);
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(is_stale(self->holder, recv[i].token));
	EXPECT_EQ(3, mailbox_info(self->fd).redelivered);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(order[i], take(self->fd));
}

/* Neither before its time nor, where the machine has time for it, long after. */
TEST_F(lease, expires_in_time)
{
	static const __u64 lengths[] = { 1, SHORT, 300 * NSEC_PER_MSEC, 2200 * NSEC_PER_MSEC };
	__u64 start, took, best;
	int i, attempt;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		best = ~0ULL;
		for (attempt = 0; attempt < 4 && best > BOUND_NS / 2; attempt++) {
			ASSERT_EQ(0, put(self->fd, 0, 1));
			start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
			ASSERT_EQ(1, take_lease(self->holder, &self->recv, lengths[i]));
			receive_start(self->calls, self->fd);
			ASSERT_EQ(4, call_join(self->calls));
			took = self->calls->end_ns - start;
			ASSERT_GE(took, lengths[i]);
			if (took - lengths[i] < best)
				best = took - lengths[i];
			EXPECT_EQ(1, self->calls->recv.redelivered);
		}
		EXPECT_LE(best, BOUND_NS / 2) TH_LOG("lease of %llu ns", lengths[i]);
	}
}

TEST_F(lease, expires_while_polled)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLIN };

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, SHORT));
	ASSERT_EQ(1, poll(&pfd, 1, PATIENCE_NS / NSEC_PER_MSEC));
	EXPECT_EQ(POLLIN, pfd.revents);
	EXPECT_EQ(1, take(self->fd));
}

/* A plan for the later one does not keep the earlier one waiting, nor the other way round. */
TEST_F(lease, expires_one_after_the_other)
{
	struct ipcmbox_recv recv[3];

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(0, put(self->fd, 0, 3));
	ASSERT_EQ(1, take_lease(self->holder, &recv[0], LONG));
	ASSERT_EQ(2, take_lease(self->holder, &recv[1], 30 * SHORT));
	ASSERT_EQ(3, take_lease(self->holder, &recv[2], SHORT));
	receive_start(&self->calls[0], self->fd);
	ASSERT_EQ(4, call_join(&self->calls[0]));
	EXPECT_EQ(3, call_number(&self->calls[0]));
	receive_start(&self->calls[1], self->fd);
	ASSERT_EQ(4, call_join(&self->calls[1]));
	EXPECT_EQ(2, call_number(&self->calls[1]));
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(0, acknowledge(self->holder, recv[0].token));
}

TEST_F(lease, renewed)
{
	struct ipcmbox_recv brief;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, PATIENCE_NS / 50));
	EXPECT_EQ(0, renew(self->holder, self->recv.token, LONG));
	/* The time that it had at first is over when that of this one is. */
	ASSERT_EQ(2, take_lease(self->holder, &brief, PATIENCE_NS / 50));
	ASSERT_TRUE(await_receiving(self->fd, 1));
	EXPECT_TRUE(is_stale(self->holder, brief.token));
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	/* And shorter, on any descriptor. */
	EXPECT_EQ(0, renew(self->fd, self->recv.token, SHORT));
	ASSERT_TRUE(await_receiving(self->fd, 0));
	EXPECT_TRUE(is_stale(self->holder, self->recv.token));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
}

TEST_F(lease, settled_in_time_does_not_come_back)
{
	struct ipcmbox_recv other;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, PATIENCE_NS / 50));
	ASSERT_EQ(2, take_lease(self->holder, &other, PATIENCE_NS / 50));
	EXPECT_EQ(0, acknowledge(self->holder, self->recv.token));
	ASSERT_TRUE(await_receiving(self->fd, 0));
	EXPECT_EQ(1, mailbox_info(self->fd).redelivered);
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

/*
 * The end of the holder
 */

TEST_F(lease, descriptor_is_closed)
{
	int copy = dup(self->holder), i;
	struct ipcmbox_recv other;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, put(self->fd, i == 1 ? 3 : 0, i));
	ASSERT_EQ(1, take_lease(self->holder, &self->recv, LONG));
	ASSERT_EQ(0, take_lease(self->fd, &other, LONG));
	ASSERT_EQ(2, take_lease(copy, &self->recv, LONG));
	ASSERT_GE(reopen(self), 0);
	/* Its last copy counts, and what others have is theirs. */
	EXPECT_EQ(3, mailbox_info(self->fd).held);
	close(copy);
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(2, mailbox_info(self->fd).redelivered);
	EXPECT_TRUE(is_stale(self->fd, self->recv.token));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(3, take(self->fd));
	EXPECT_EQ(0, acknowledge(self->fd, other.token));
}

/* More than are looked at under one hold of the lock, of two priorities, some gone already. */
TEST_F(lease, many_come_back)
{
	const int count = 200;
	int i, kept = 0;

	for (i = 0; i < count; i++)
		ASSERT_EQ(0, put(self->fd, i % 2, i));
	for (i = 0; i < count; i++) {
		ASSERT_LE(0, take_lease(self->holder, &self->recv, LONG));
		if (i % 5 == 0)
			ASSERT_EQ(0, acknowledge(self->holder, self->recv.token));
	}
	ASSERT_GE(reopen(self), 0);
	EXPECT_EQ(count * 4 / 5, mailbox_info(self->fd).redelivered);
	/* The odd ones first; each fifth is missing, in the order in which they were taken. */
	for (i = 0; i < count; i++) {
		if (i % 5 == 0)
			continue;
		kept++;
		ASSERT_EQ(i < count / 2 ? 2 * i + 1 : 2 * i - count, take(self->fd));
	}
	EXPECT_EQ(count * 4 / 5, kept);
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

/* Those who wait are served as if all had come back before. */
TEST_F(lease, receivers_get_what_comes_back_in_order)
{
	static const int order[] = { 2, 3, 0 };
	static const int priorities[] = { 0, 0, 7, 7 };
	int i;

	/* The urgent ones come later, and so have the greater tokens. */
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, put(self->fd, priorities[i], i));
		ASSERT_EQ(i, take_lease(self->holder, &self->recv, LONG));
	}
	receive_start(&self->calls[0], self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	receive_start(&self->calls[1], self->fd, .min_priority = 1);
	ASSERT_TRUE(await_receivers(self->fd, 2));
	receive_start(&self->calls[2], self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 3));
	ASSERT_GE(reopen(self), 0);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_EQ(order[i], call_number(&self->calls[i]));
		EXPECT_EQ(1, self->calls[i].recv.redelivered);
	}
	EXPECT_EQ(1, take(self->fd));
}

struct watcher {
	pthread_t thread;
	int epoll;
	volatile int tid;
	int result;
};

static void *watch(void *arg)
{
	struct watcher *watcher = arg;
	struct epoll_event event;

	watcher->tid = gettid();
	watcher->result = epoll_wait(watcher->epoll, &event, 1, PATIENCE_NS / NSEC_PER_MSEC);
	return NULL;
}

/* As many exclusive pollers are woken as there are messages. */
TEST_F(lease, pollers_are_told_what_comes_back)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	struct watcher watchers[2];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take_lease(self->holder, &self->recv, LONG));
	}
	for (i = 0; i < 2; i++) {
		watchers[i].tid = 0;
		watchers[i].epoll = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_EQ(0, epoll_ctl(watchers[i].epoll, EPOLL_CTL_ADD, self->fd, &event));
		ASSERT_EQ(0, pthread_create(&watchers[i].thread, NULL, watch, &watchers[i]));
		ASSERT_TRUE(await_value(&watchers[i].tid, 1));
		ASSERT_TRUE(await_thread_asleep(getpid(), watchers[i].tid));
	}
	ASSERT_GE(reopen(self), 0);
	for (i = 0; i < 2; i++) {
		pthread_join(watchers[i].thread, NULL);
		EXPECT_EQ(1, watchers[i].result);
		close(watchers[i].epoll);
		EXPECT_EQ(i, take(self->fd));
	}
}

/*
 * Other processes
 */

struct tenant {
	int dev, fd, count;
	__u64 id, lease_ns;
	volatile int held;
	__u64 token;
	pid_t pid;
};

/* Leases on a descriptor of its own, and stays until it is killed. */
static int tenant_body(void *arg)
{
	struct tenant *tenant = arg;
	struct ipcmbox_recv recv;
	int fd = mailbox_by_id(tenant->dev, tenant->id, IPCMBOX_READ);

	while (tenant->held < tenant->count) {
		if (take_lease(fd, &recv, tenant->lease_ns) < 0)
			return 1;
		tenant->held++;
	}
	for (;;)
		pause();
}

static struct tenant *tenant_start(FIXTURE_DATA(lease) *self, int count, __u64 lease_ns)
{
	struct tenant *tenant = (struct tenant *)calls_alloc(1);

	*tenant = (struct tenant){
		.dev = self->dev, .id = mailbox_id(self->fd), .count = count,
		.lease_ns = lease_ns,
	};
	tenant->pid = child_start(tenant_body, tenant);
	return await_value(&tenant->held, count) ? tenant : NULL;
}

TEST_F(lease, holder_is_killed)
{
	static const int order[] = { 2, 5, 1, 4, 7, 0, 3, 6 };
	struct tenant *tenant;
	int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, put(self->fd, i % 3, i));
	tenant = tenant_start(self, 7, LONG);
	ASSERT_NE(NULL, tenant);
	EXPECT_EQ(7, mailbox_info(self->fd).held);
	ASSERT_EQ(0, kill(tenant->pid, SIGKILL));
	EXPECT_EQ(255, child_wait(tenant->pid));
	/* Who is gone has nothing. */
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	EXPECT_EQ(7, mailbox_info(self->fd).redelivered);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(order[i], take(self->fd));
}

TEST_F(lease, receivers_get_what_the_dead_had)
{
	__u64 start, took, best = ~0ULL;
	struct tenant *tenant;
	int attempt, i;

	for (attempt = 0; attempt < 5 && best > BOUND_NS; attempt++) {
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, put(self->fd, 0, i));
		tenant = tenant_start(self, 3, LONG);
		ASSERT_NE(NULL, tenant);
		for (i = 0; i < 2; i++) {
			receive_start(&self->calls[i], self->fd);
			ASSERT_TRUE(await_receivers(self->fd, i + 1));
		}
		start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		ASSERT_EQ(0, kill(tenant->pid, SIGKILL));
		for (i = 0; i < 2; i++) {
			EXPECT_EQ(4, call_join(&self->calls[i]));
			EXPECT_EQ(i, call_number(&self->calls[i]));
		}
		took = self->calls[1].end_ns - start;
		if (took < best)
			best = took;
		EXPECT_EQ(255, child_wait(tenant->pid));
		EXPECT_EQ(2, take(self->fd));
	}
	EXPECT_LE(best, BOUND_NS);
}

static int settle_child(void *arg)
{
	struct tenant *tenant = arg;

	close_all_but(tenant->fd);
	return -acknowledge(tenant->fd, tenant->token);
}

/* The lease is of the descriptor, and a child that goes takes nothing with it. */
TEST_F(lease, settled_by_a_child)
{
	struct tenant *tenant = (struct tenant *)calls_alloc(1);
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take_lease(self->holder, &self->recv, LONG));
		tenant->fd = self->holder;
		tenant->token = i ? self->recv.token : ~0ULL;
		EXPECT_EQ(i ? 0 : EINVAL, child_run(settle_child, tenant));
		EXPECT_EQ(i ? 0 : 1, mailbox_info(self->fd).held);
		EXPECT_EQ(i ? -ESTALE : 0, acknowledge(self->holder, self->recv.token));
	}
	EXPECT_EQ(2, mailbox_info(self->fd).received);
}

TEST_F(lease, settled_on_another_descriptor)
{
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take_lease(self->holder, &self->recv, LONG));
		EXPECT_EQ(0, i ? refuse(self->fd, self->recv.token) :
				 acknowledge(self->fd, self->recv.token));
		EXPECT_TRUE(is_stale(self->holder, self->recv.token));
	}
	ASSERT_GE(reopen(self), 0);
	EXPECT_EQ(1, mailbox_info(self->fd).redelivered);
	EXPECT_EQ(1, take(self->fd));
}

/*
 * Other senders and other mailboxes
 */

/* Whoever waits for the receipt is content with it; the lease is not its business. */
TEST_F(lease, of_what_is_to_be_received)
{
	send_start(self->calls, self->fd, .completion = IPCMBOX_RECEIVED, .buf_len = 4,
		   .buf_ptr = ptr_u64(self->calls[1].data));
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, take_lease(self->holder, &self->recv, LONG));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(0, refuse(self->holder, self->recv.token));
	EXPECT_EQ(0, take(self->fd));
}

/* The caller waits on while its request goes from one to the next. */
TEST_F(lease, of_a_call)
{
	struct ipcmbox_recv recv;
	char text[8];
	int i;

	for (i = 0; i < 5; i++) {
		ask(self->calls, self->fd, "call");
		ASSERT_EQ(4, lease(self->holder, &self->recv, text, 8, i == 1 ? SHORT : LONG));
		EXPECT_EQ(IPCMBOX_HANDLED, self->recv.completion);
		if (i == 1)
			ASSERT_TRUE(await_receiving(self->fd, 0));
		if (i == 2)
			ASSERT_GE(reopen(self), 0);
		if (i == 3)
			EXPECT_EQ(0, refuse(self->holder, self->recv.token));
		recv = self->recv;
		if (i && i < 4)
			ASSERT_EQ(4, lease(self->holder, &recv, text, 8, LONG));
		EXPECT_EQ(i && i < 4, recv.redelivered);
		EXPECT_EQ(0, self->calls->done);
		EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
		EXPECT_EQ(0, i < 4 ? answer(self->holder, recv.token, "hi", 2, i) :
				     acknowledge(self->holder, recv.token));
		EXPECT_EQ(i < 4 ? 2 : 0, call_join(self->calls));
		EXPECT_EQ(i % 4, self->calls->call.status);
	}
}

/* Nobody waits for it any more: it does not come back. */
TEST_F(lease, of_a_call_that_is_given_up)
{
	char text[4];
	int i;

	for (i = 0; i < 2; i++) {
		call_prepare(self->calls, self->fd, .buf_ptr = ptr_u64("gone"), .buf_len = 4);
		call_fork(self->calls);
		ASSERT_EQ(4, lease(self->holder, &self->recv, text, 4, LONG));
		EXPECT_EQ(255, call_kill(self->calls));
		EXPECT_EQ(-EPIPE, i ? refuse(self->holder, self->recv.token) :
				      acknowledge(self->holder, self->recv.token));
		EXPECT_TRUE(is_stale(self->holder, self->recv.token));
		EXPECT_EQ(-EAGAIN, take(self->fd));
	}
	EXPECT_EQ(2, mailbox_info(self->fd).received);
}

/* It came back while its caller was there, and is withdrawn as any other that is queued. */
TEST_F(lease, of_a_call_that_is_given_up_after_it_came_back)
{
	char text[4];

	call_prepare(self->calls, self->fd, .buf_ptr = ptr_u64("gone"), .buf_len = 4);
	call_fork(self->calls);
	ASSERT_EQ(4, lease(self->holder, &self->recv, text, 4, 1));
	ASSERT_TRUE(await_receiving(self->fd, 0));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(255, call_kill(self->calls));
	EXPECT_EQ(1, mailbox_info(self->fd).withdrawn);
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

TEST_F(lease, of_a_call_that_is_given_up_and_expires)
{
	char text[4];

	call_prepare(self->calls, self->fd, .buf_ptr = ptr_u64("gone"), .buf_len = 4);
	call_fork(self->calls);
	ASSERT_EQ(4, lease(self->holder, &self->recv, text, 4, LONG));
	EXPECT_EQ(255, call_kill(self->calls));
	EXPECT_EQ(0, renew(self->holder, self->recv.token, 1));
	ASSERT_TRUE(await_receiving(self->fd, 0));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	EXPECT_TRUE(is_stale(self->holder, self->recv.token));
}

TEST_F(lease, at_an_endpoint)
{
	int fd = endpoint_new(self->dev, .max_messages = 2), i;
	int peer = endpoint_connect(self->dev, IPCMBOX_PROCESS, getpid());
	struct ipcmbox_recv recv;

	ASSERT_GE(peer, 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, put(peer, 0, i));
		ASSERT_EQ(i, take_lease(fd, &recv, i ? 1 : LONG));
		EXPECT_EQ(-EACCES, acknowledge(peer, recv.token));
		EXPECT_EQ(i ? 0 : 1, i ? !await_receiving(fd, 0) : mailbox_info(fd).held);
		EXPECT_EQ(i ? -ESTALE : 0, refuse(fd, recv.token));
		EXPECT_EQ(i, take(fd));
	}
	/* It ends with one in its hands. */
	ASSERT_EQ(0, put(peer, 0, 2));
	ASSERT_EQ(2, take_lease(fd, &recv, LONG));
	close(fd);
	EXPECT_EQ(-EPIPE, put(peer, 0, 3));
	close(peer);
}

/* Of a member, by time; the rest is in event.c. */
TEST_F(lease, at_a_member)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4), i;
	int members[2] = { member_new(event), member_new(event) };
	struct ipcmbox_recv recv[2];

	EXPECT_EQ(-EINVAL, take_lease(event, recv, LONG));
	EXPECT_TRUE(is_invalid(event, 1));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(event, 0, i));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(i, take_lease(members[0], &recv[i], LONG));
	EXPECT_TRUE(is_invalid(members[1], recv[1].token));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, renew(members[0], recv[i].token, SHORT));
	ASSERT_TRUE(await_receiving(members[0], 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i, take(members[0]));
		EXPECT_EQ(i, take(members[1]));
	}
	close(members[0]);
	close(members[1]);
	close(event);
}

/* Nobody can come and fetch it: it ends with the mailbox, or waits for whoever opens the name. */
TEST_F(lease, of_a_mailbox_that_is_closed)
{
	struct ipcmbox_query now;
	struct ipcmbox_recv recv;
	int i, fd;

	for (i = 0; i < 3; i++) {
		fd = mailbox_new(self->dev, .max_messages = 4, .name_ptr = i ? ptr_u64("test") : 0,
				 .name_len = i ? 4 : 0);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, put(fd, 0, 1));
		ASSERT_EQ(0, put(fd, 0, 2));
		ASSERT_EQ(1, take_lease(fd, &recv, LONG));
		if (i == 2)
			EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
		close(fd);
		if (i != 1)
			continue;
		fd = mailbox_find(self->dev, "test", RW);
		EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
		EXPECT_EQ(1, take(fd));
		EXPECT_EQ(2, take(fd));
		close(fd);
	}
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(self->before.user_mailboxes, now.user_mailboxes);
}

TEST_HARNESS_MAIN
