// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a send does when the mailbox is full, and what is told of the losses.
 */
#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define CAPACITY	3

FIXTURE(overflow) {
	int dev, fd;
	struct call *calls;
};

FIXTURE_VARIANT(overflow) {
	__u32 policy;
};

FIXTURE_VARIANT_ADD(overflow, block) { .policy = IPCMBOX_OVERFLOW_BLOCK };
FIXTURE_VARIANT_ADD(overflow, fail) { .policy = IPCMBOX_OVERFLOW_FAIL };
FIXTURE_VARIANT_ADD(overflow, drop_oldest) { .policy = IPCMBOX_OVERFLOW_DROP_OLDEST };
FIXTURE_VARIANT_ADD(overflow, drop_newest) { .policy = IPCMBOX_OVERFLOW_DROP_NEWEST };

FIXTURE_SETUP(overflow)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = CAPACITY, .overflow = variant->policy,
			       .max_length = 100, .max_bytes = 100);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(2);
}

FIXTURE_TEARDOWN(overflow)
{
	close(self->fd);
	close(self->dev);
}

static bool drops(__u32 policy)
{
	return policy == IPCMBOX_OVERFLOW_DROP_OLDEST || policy == IPCMBOX_OVERFLOW_DROP_NEWEST;
}

/* Without NONBLOCK, so that it would block if the policy did not say otherwise. */
static int send_number(int fd, __u32 priority, __u32 number)
{
	return message_send(fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
			    .priority = priority);
}

TEST_F(overflow, room_is_used_first)
{
	int i;

	for (i = 0; i < CAPACITY; i++)
		EXPECT_EQ(0, send_number(self->fd, i, i));
	EXPECT_EQ(CAPACITY, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, mailbox_info(self->fd).dropped);
}

TEST_F(overflow, counts_after_every_step)
{
	struct ipcmbox_info info;
	int i, ret;

	for (i = 0; i < 10; i++) {
		ret = variant->policy == IPCMBOX_OVERFLOW_BLOCK ? put(self->fd, 0, i) :
								  send_number(self->fd, 0, i);
		info = mailbox_info(self->fd);
		EXPECT_EQ(info.sent, info.received + info.dropped + info.messages);
		EXPECT_EQ(i < CAPACITY ? i + 1 : CAPACITY, info.messages);
		EXPECT_LE(info.peak_messages, CAPACITY);
		if (i < CAPACITY) {
			EXPECT_EQ(0, ret);
			continue;
		}
		switch (variant->policy) {
		case IPCMBOX_OVERFLOW_BLOCK:
		case IPCMBOX_OVERFLOW_FAIL:
			EXPECT_EQ(-EAGAIN, ret);
			EXPECT_EQ(CAPACITY, info.sent);
			EXPECT_EQ(0, info.dropped);
			break;
		case IPCMBOX_OVERFLOW_DROP_OLDEST:
			EXPECT_EQ(0, ret);
			EXPECT_EQ(i + 1, info.sent);
			EXPECT_EQ(i + 1 - CAPACITY, info.dropped);
			EXPECT_EQ(i + 1 - CAPACITY, info.unreported);
			break;
		case IPCMBOX_OVERFLOW_DROP_NEWEST:
			EXPECT_EQ(IPCMBOX_SENT_DROPPED, ret);
			EXPECT_EQ(i + 1, info.sent);
			EXPECT_EQ(i + 1 - CAPACITY, info.dropped);
			EXPECT_EQ(i + 1 - CAPACITY, info.unreported);
			break;
		}
	}
}

TEST_F(overflow, error_names_the_limit)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64("1234"), .buf_len = 4, .flags = IPCMBOX_NONBLOCK,
	};
	int i;

	if (drops(variant->policy))
		return;
	for (i = 0; i < CAPACITY; i++)
		ASSERT_EQ(0, mailbox_send(self->fd, &send));
	EXPECT_EQ(-EAGAIN, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
	if (variant->policy != IPCMBOX_OVERFLOW_FAIL)
		return;
	send.flags = IPCMBOX_DEADLINE;
	send.deadline_ns = ~0ULL;
	EXPECT_EQ(-EAGAIN, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
}

/* Which are left, and where the loss is reported. */
TEST_F(overflow, survivors_and_losses)
{
	static const __s64 newest[] = { 0, 1, 2, 9 }, oldest[] = { 3, 4, 5, 9 };
	static const __u64 lost_newest[] = { 0, 0, 0, 3 }, lost_oldest[] = { 3, 0, 0, 0 };
	bool is_oldest = variant->policy == IPCMBOX_OVERFLOW_DROP_OLDEST;
	__u64 lost;
	int i;

	if (!drops(variant->policy))
		return;
	for (i = 0; i < 2 * CAPACITY; i++)
		ASSERT_LE(0, send_number(self->fd, 0, i));
	for (i = 0; i <= CAPACITY; i++) {
		EXPECT_EQ(is_oldest ? oldest[i] : newest[i], take_lost(self->fd, &lost));
		EXPECT_EQ(is_oldest ? lost_oldest[i] : lost_newest[i], lost)
			TH_LOG("message %d", i);
		if (i == 0)
			ASSERT_EQ(0, send_number(self->fd, 0, 9));
	}
	EXPECT_EQ(CAPACITY, mailbox_info(self->fd).dropped);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Every loss is told once, whatever happens in between. */
TEST_F(overflow, losses_add_up)
{
	__u32 i, n = scaled(1000);
	__u64 lost, reported = 0, last_seq = 0;
	unsigned int seed = 99;
	__u32 number;

	if (!drops(variant->policy))
		return;
	for (i = 0; i < n; i++) {
		struct ipcmbox_recv recv = {};

		if (rand_r(&seed) % 3) {
			ASSERT_LE(0, send_number(self->fd, 0, i));
		} else if (take_info(self->fd, &number, &recv) == 4) {
			/* Of one priority, without withdrawals, the gaps are the losses. */
			ASSERT_EQ(recv.seq - last_seq - 1, recv.lost);
			last_seq = recv.seq;
			reported += recv.lost;
		}
		ASSERT_EQ(reported + mailbox_info(self->fd).unreported,
			  mailbox_info(self->fd).dropped);
		ASSERT_TRUE(mailbox_balanced(self->fd));
	}
	while (take_lost(self->fd, &lost) >= 0)
		reported += lost;
	ASSERT_EQ(0, send_number(self->fd, 0, 0));
	EXPECT_EQ(0, take_lost(self->fd, &lost));
	reported += lost;
	EXPECT_EQ(mailbox_info(self->fd).dropped, reported);
	EXPECT_GT(reported, 0);
}

TEST_F(overflow, losses_add_up_with_priorities)
{
	__u32 i, n = scaled(1000);
	__u64 lost, reported = 0;
	unsigned int seed = 7;

	if (!drops(variant->policy))
		return;
	for (i = 0; i < n; i++) {
		if (rand_r(&seed) % 3) {
			ASSERT_LE(0, send_number(self->fd, rand_r(&seed) % 4, i));
		} else {
			take_lost(self->fd, &lost);
			reported += lost;
		}
		ASSERT_EQ(reported + mailbox_info(self->fd).unreported,
			  mailbox_info(self->fd).dropped);
		ASSERT_TRUE(mailbox_balanced(self->fd));
	}
	while (take_lost(self->fd, &lost) >= 0)
		reported += lost;
	ASSERT_EQ(0, send_number(self->fd, 0, 0));
	EXPECT_EQ(0, take_lost(self->fd, &lost));
	reported += lost;
	EXPECT_EQ(mailbox_info(self->fd).dropped, reported);
}

/* Nobody is told that a message was dropped who is waiting to hear that it was received. */
TEST_F(overflow, sender_that_waits_for_its_receipt)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64("1234"), .buf_len = 4, .completion = IPCMBOX_RECEIVED,
	};
	int i;

	if (variant->policy == IPCMBOX_OVERFLOW_BLOCK)
		return;
	for (i = 0; i < CAPACITY; i++)
		ASSERT_EQ(0, send_number(self->fd, 1, i));
	EXPECT_EQ(-EAGAIN, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
	EXPECT_EQ(CAPACITY, mailbox_info(self->fd).messages);
	EXPECT_EQ(CAPACITY, mailbox_info(self->fd).sent);
	EXPECT_EQ(0, mailbox_info(self->fd).dropped);
	for (i = 0; i < CAPACITY; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* It was queued, and a later message pushes it out. */
TEST_F(overflow, queued_message_with_a_receipt_is_dropped)
{
	int i;

	if (variant->policy != IPCMBOX_OVERFLOW_DROP_OLDEST)
		return;
	send_start(self->calls, self->fd, .buf_ptr = ptr_u64("1234"), .buf_len = 4,
		   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < CAPACITY; i++)
		ASSERT_EQ(0, send_number(self->fd, 0, i));
	EXPECT_EQ(-EAGAIN, call_join(self->calls));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, self->calls->send.limit);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	for (i = 0; i < CAPACITY; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* With a receiver waiting there is no overflow. */
TEST_F(overflow, rendezvous)
{
	bool newest = drops(variant->policy);

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, send_number(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(1, call_number(self->calls));
	if (variant->policy == IPCMBOX_OVERFLOW_BLOCK)
		return;
	/* Nobody waits, and there is nothing older to drop. */
	EXPECT_EQ(newest ? IPCMBOX_SENT_DROPPED : -EAGAIN, send_number(self->fd, 0, 2));
	EXPECT_EQ(newest, mailbox_info(self->fd).dropped);
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));

	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, send_number(self->fd, 0, 3));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(newest, self->calls->recv.lost);
}

/* Dropped messages cost their sender nothing any more. */
TEST_F(overflow, budget)
{
	struct ipcmbox_query before, after;
	int i;

	for (i = 0; i < CAPACITY; i++)
		ASSERT_EQ(0, send_number(self->fd, 0, i));
	ASSERT_EQ(0, query_budget(self->dev, &before));
	for (i = 0; i < 10; i++)
		put(self->fd, 0, i);
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(before.user_bytes, after.user_bytes);
}

/*
 * Drop-oldest in detail
 */

FIXTURE(oldest) {
	int dev, fd;
};

FIXTURE_SETUP(oldest)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = CAPACITY, .max_bytes = 100,
			       .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(oldest)
{
	close(self->fd);
	close(self->dev);
}

TEST_F(oldest, lowest_priority_goes_first)
{
	ASSERT_EQ(0, send_number(self->fd, 5, 50));
	ASSERT_EQ(0, send_number(self->fd, 1, 10));
	ASSERT_EQ(0, send_number(self->fd, 1, 11));
	ASSERT_EQ(0, send_number(self->fd, 3, 30));	/* drops 10 */
	ASSERT_EQ(0, send_number(self->fd, 3, 31));	/* drops 11 */
	ASSERT_EQ(0, send_number(self->fd, 3, 32));	/* drops 30, of its own priority */
	EXPECT_EQ(50, take(self->fd));
	EXPECT_EQ(31, take(self->fd));
	EXPECT_EQ(32, take(self->fd));
	EXPECT_EQ(3, mailbox_info(self->fd).dropped);
}

TEST_F(oldest, higher_priority_is_never_dropped)
{
	int i;

	for (i = 0; i < CAPACITY; i++)
		ASSERT_EQ(0, send_number(self->fd, 5, i));
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, send_number(self->fd, 4, 100));
	for (i = 0; i < CAPACITY; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(1, mailbox_info(self->fd).dropped);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(oldest, as_many_as_needed_for_the_bytes)
{
	char buf[100] = "";

	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 40));
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 41));
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 59));
	EXPECT_EQ(1, mailbox_info(self->fd).dropped);
	EXPECT_EQ(100, mailbox_info(self->fd).bytes);
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 100));
	EXPECT_EQ(3, mailbox_info(self->fd).dropped);
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(100, mailbox_info(self->fd).bytes);
	EXPECT_EQ(100, mailbox_info(self->fd).peak_bytes);
	EXPECT_EQ(100, read(self->fd, buf, sizeof(buf)));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Those of lower priority would not be enough, so the new one goes, and they stay. */
TEST_F(oldest, drops_nothing_in_vain)
{
	struct ipcmbox_send send;
	struct ipcmbox_info info;
	char buf[100] = "";

	send = (struct ipcmbox_send){ .buf_ptr = ptr_u64(buf), .buf_len = 60, .priority = 9 };
	ASSERT_EQ(0, mailbox_send(self->fd, &send));
	send = (struct ipcmbox_send){ .buf_ptr = ptr_u64(buf), .buf_len = 30, .priority = 1 };
	ASSERT_EQ(0, mailbox_send(self->fd, &send));

	/* Who waits for the receipt is told at once, and nothing else has happened. */
	send = (struct ipcmbox_send){
		.buf_ptr = ptr_u64(buf), .buf_len = 50, .priority = 5,
		.completion = IPCMBOX_RECEIVED,
	};
	EXPECT_EQ(-EAGAIN, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
	EXPECT_EQ(0, mailbox_info(self->fd).dropped);
	EXPECT_EQ(2, mailbox_info(self->fd).sent);

	send.completion = IPCMBOX_QUEUED;
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, mailbox_send(self->fd, &send));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.dropped);
	EXPECT_EQ(3, info.sent);
	EXPECT_EQ(2, info.messages);
	EXPECT_EQ(90, info.bytes);

	/* With what priority 1 has there is just enough for this one. */
	send.buf_len = 40;
	EXPECT_EQ(0, mailbox_send(self->fd, &send));
	EXPECT_EQ(2, mailbox_info(self->fd).dropped);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	EXPECT_EQ(60, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(40, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

#define DROP_MAX	64

/* As many as that for one message, and no more. */
TEST_F(oldest, drops_up_to_64)
{
	int fd = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED, .max_bytes = 100,
			     .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	struct ipcmbox_send send;
	struct ipcmbox_info info;
	char buf[100] = "";
	int i;

	ASSERT_GE(fd, 0);
	for (i = 0; i < 100; i++) {
		buf[0] = i;
		ASSERT_EQ(0, message_send(fd, .buf_ptr = ptr_u64(buf), .buf_len = 1));
	}
	send = (struct ipcmbox_send){
		.buf_ptr = ptr_u64(buf), .buf_len = DROP_MAX + 1, .priority = 7,
		.completion = IPCMBOX_RECEIVED,
	};
	EXPECT_EQ(-EAGAIN, mailbox_send(fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
	EXPECT_EQ(0, mailbox_info(fd).dropped);
	send.completion = IPCMBOX_QUEUED;
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, mailbox_send(fd, &send));
	EXPECT_EQ(1, mailbox_info(fd).dropped);
	EXPECT_EQ(100, mailbox_info(fd).messages);

	send.buf_len = DROP_MAX;
	EXPECT_EQ(0, mailbox_send(fd, &send));
	info = mailbox_info(fd);
	EXPECT_EQ(1 + DROP_MAX, info.dropped);
	EXPECT_EQ(100 - DROP_MAX + 1, info.messages);
	EXPECT_EQ(100, info.bytes);
	EXPECT_EQ(DROP_MAX, read(fd, buf, sizeof(buf)));
	/* The oldest have gone. */
	for (i = DROP_MAX; i < 100; i++) {
		ASSERT_EQ(1, read(fd, buf, sizeof(buf)));
		EXPECT_EQ(i, buf[0]);
	}
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

/* By number as by bytes: after a SET there may be more than ever fits. */
TEST_F(oldest, drops_up_to_64_beyond_a_smaller_capacity)
{
	int fd = mailbox_new(self->dev, .max_messages = 100,
			     .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	int i;

	ASSERT_GE(fd, 0);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, send_number(fd, 0, i));
	ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 36));
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, send_number(fd, 0, 100));
	EXPECT_EQ(100, mailbox_info(fd).messages);
	ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 37));
	EXPECT_EQ(0, send_number(fd, 0, 101));
	EXPECT_EQ(37, mailbox_info(fd).messages);
	EXPECT_EQ(1 + DROP_MAX, mailbox_info(fd).dropped);
	for (i = DROP_MAX; i < 100; i++)
		ASSERT_EQ(i, take(fd));
	EXPECT_EQ(101, take(fd));
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

/* A sender that blocked before the policy changed is passed by what is more urgent, and only so. */
TEST_F(oldest, more_urgent_than_a_blocked_sender)
{
	struct call *blocked = calls_alloc(1);
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW));
	for (i = 0; i < CAPACITY; i++)
		ASSERT_EQ(0, send_number(self->fd, 3, i));
	put_start(blocked, self->fd, 3, 33);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);

	/* It may not take a place from those before it. */
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, send_number(self->fd, 3, 34));
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, send_number(self->fd, 0, 1));
	EXPECT_EQ(2, mailbox_info(self->fd).dropped);
	EXPECT_EQ(CAPACITY, mailbox_info(self->fd).messages);

	EXPECT_EQ(0, send_number(self->fd, 9, 99));
	EXPECT_EQ(3, mailbox_info(self->fd).dropped);
	EXPECT_EQ(CAPACITY, mailbox_info(self->fd).messages);
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(0, blocked->done);
	EXPECT_EQ(99, take(self->fd));
	EXPECT_EQ(0, call_join(blocked));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(33, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* What is dropped may be longer than what comes for it. */
TEST_F(oldest, leftover_room_is_for_the_blocked_sender)
{
	struct call *blocked = calls_alloc(1);
	char buf[100] = "";
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 50));
	put_start(blocked, self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	EXPECT_EQ(0, send_number(self->fd, 9, 99));
	ASSERT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(0, call_join(blocked));
	EXPECT_EQ(58, mailbox_info(self->fd).bytes);
	EXPECT_EQ(99, take(self->fd));
	EXPECT_EQ(50, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(oldest, unbounded_drops_nothing)
{
	int fd = mailbox_new(self->dev, .max_messages = IPCMBOX_UNBOUNDED,
			     .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	int i;

	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, send_number(fd, 0, i));
	EXPECT_EQ(0, mailbox_info(fd).dropped);
	close(fd);
}

/*
 * Losses at a rendezvous: told by the message that comes next, once, whatever becomes of that.
 */

FIXTURE(losses) {
	int dev, fd;
	struct call *call;
};

FIXTURE_SETUP(losses)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);
	ASSERT_GE(self->fd, 0);
	self->call = calls_alloc(1);
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, send_number(self->fd, 0, 0));
	ASSERT_EQ(1, mailbox_info(self->fd).unreported);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW));
}

FIXTURE_TEARDOWN(losses)
{
	close(self->fd);
	close(self->dev);
}

static __s64 peek_lost(int fd, __u64 *lost)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_PEEK };
	__u32 number;
	int ret = take_info(fd, &number, &recv);

	*lost = ret < 0 ? 0 : recv.lost;
	return ret < 0 ? ret : (__s64)number;
}

TEST_F(losses, told_by_the_message_of_a_blocked_sender)
{
	__u64 lost;

	put_start(self->call, self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, take_lost(self->fd, &lost));
	EXPECT_EQ(1, lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
	EXPECT_EQ(0, call_join(self->call));

	put_start(self->call, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(2, take_lost(self->fd, &lost));
	EXPECT_EQ(0, lost);
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(losses, seen_by_a_peek)
{
	__u64 lost;
	int i;

	put_start(self->call, self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1, peek_lost(self->fd, &lost));
		EXPECT_EQ(1, lost);
		EXPECT_EQ(1, mailbox_info(self->fd).unreported);
	}
	EXPECT_EQ(1, take_lost(self->fd, &lost));
	EXPECT_EQ(1, lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
	EXPECT_EQ(0, call_join(self->call));
}

TEST_F(losses, told_to_a_waiting_receiver)
{
	recv_start(self->call, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, send_number(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(1, self->call->recv.lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
}

/* The receive that failed has told nobody. */
TEST_F(losses, told_again_after_a_fault)
{
	__u64 lost;

	put_start(self->call, self->fd, 0, 1);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = 8, .buf_len = 8));
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_EQ(1, mailbox_info(self->fd).unreported);
	EXPECT_EQ(1, peek_lost(self->fd, &lost));
	EXPECT_EQ(1, lost);
	EXPECT_EQ(1, take_lost(self->fd, &lost));
	EXPECT_EQ(1, lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
}

/* Nor has the message that was withdrawn. */
TEST_F(losses, told_by_the_next_after_a_withdrawal)
{
	static const __u32 capacities[] = { 0, 1 };
	__u64 lost;
	int i;

	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		/* Blocked without having been accepted, and accepted and queued. */
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
					    .max_messages = capacities[i]));
		EXPECT_EQ(-ETIMEDOUT, message_send(self->fd, .flags = IPCMBOX_DEADLINE,
						   .deadline_ns = now_ns(0) + 20 * NSEC_PER_MSEC,
						   .completion = IPCMBOX_RECEIVED));
		EXPECT_EQ(i, mailbox_info(self->fd).withdrawn);
		EXPECT_EQ(1, mailbox_info(self->fd).unreported);
	}
	ASSERT_EQ(0, send_number(self->fd, 0, 1));
	EXPECT_EQ(1, take_lost(self->fd, &lost));
	EXPECT_EQ(1, lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_HARNESS_MAIN
