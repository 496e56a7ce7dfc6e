// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event mailboxes: every member gets what it asked for, or nobody gets anything. What happens when
 * somebody has to wait is in event_wait.c.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define MEMBERS	3
#define BIT(n)	(1ULL << (n))

#define JOINED	IPCMBOX_EVENT_JOINED
#define LEFT	IPCMBOX_EVENT_LEFT
#define DIED	IPCMBOX_EVENT_DIED
#define NOTICES	(JOINED | LEFT | DIED)

FIXTURE(event) {
	int dev, fd, members[MEMBERS];
	struct ipcmbox_query before;
};

FIXTURE_SETUP(event)
{
	int i;

	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 8,
			       .max_length = 64, .max_bytes = 512);
	ASSERT_GE(self->fd, 0);
	for (i = 0; i < MEMBERS; i++)
		self->members[i] = -1;
}

/* Nothing is left behind, whatever the test did. */
FIXTURE_TEARDOWN(event)
{
	struct ipcmbox_query after;
	int i;

	for (i = 0; i < MEMBERS; i++)
		close(self->members[i]);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	EXPECT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_mailboxes, after.user_mailboxes);
	EXPECT_EQ(self->before.user_messages, after.user_messages);
	EXPECT_EQ(self->before.user_bytes, after.user_bytes);
	close(self->dev);
}

static bool join_all(FIXTURE_DATA(event) *self)
{
	int i;

	for (i = 0; i < MEMBERS; i++) {
		self->members[i] = member_new(self->fd);
		if (self->members[i] < 0)
			return false;
	}
	return true;
}

static bool balanced(FIXTURE_DATA(event) *self)
{
	bool all = mailbox_balanced(self->fd);
	int i;

	for (i = 0; i < MEMBERS; i++)
		all &= self->members[i] < 0 || mailbox_balanced(self->members[i]);
	return all;
}

/* Receives one number with all that is told of it, without waiting. */
TEST_F(event, feature)
{
	EXPECT_TRUE(self->before.features & IPCMBOX_FEATURE_EVENT);
}

TEST_F(event, everybody_gets_everything)
{
	struct ipcmbox_recv recv;
	struct ipcmbox_info info;
	__u32 number;
	int i, n;

	ASSERT_TRUE(join_all(self));
	ASSERT_EQ(0, put_event(self->fd, BIT(3), 0, 10));
	ASSERT_EQ(0, put(self->fd, 5, 11));
	ASSERT_EQ(4, write(self->fd, &(__u32){ 12 }, 4));

	for (i = 0; i < MEMBERS; i++) {
		static const struct {
			__u32 number, priority;
			__u64 seq, events;
		} expected[] = { { 11, 5, 2, 0 }, { 10, 0, 1, BIT(3) }, { 12, 0, 3, 0 } };

		for (n = 0; n < 3; n++) {
			ASSERT_EQ(4, take_event(self->members[i], &number, &recv));
			EXPECT_EQ(expected[n].number, number);
			EXPECT_EQ(expected[n].priority, recv.priority);
			EXPECT_EQ(expected[n].seq, recv.seq);
			EXPECT_EQ(expected[n].events, recv.events);
			EXPECT_EQ(0, recv.lost);
			EXPECT_EQ(getpid(), recv.pid);
			EXPECT_EQ(syscall(SYS_gettid), recv.tid);
			EXPECT_EQ(geteuid(), recv.uid);
			EXPECT_EQ(getegid(), recv.gid);
		}
		EXPECT_EQ(-EAGAIN, take(self->members[i]));
		info = mailbox_info(self->members[i]);
		EXPECT_EQ(3, info.sent);
		EXPECT_EQ(3, info.received);
		EXPECT_EQ(0, info.messages);
		EXPECT_EQ(4, info.next_seq);
	}
	info = mailbox_info(self->fd);
	EXPECT_EQ(3, info.sent);
	EXPECT_EQ(3, info.received);
	EXPECT_EQ(0, info.messages);
	EXPECT_EQ(0, info.dropped);
	EXPECT_EQ(4, info.next_seq);
	EXPECT_EQ(MEMBERS, info.members);
}

TEST_F(event, read_and_write)
{
	char text[8];
	int i;

	ASSERT_TRUE(join_all(self));
	/* A member sends to all, itself among them. */
	ASSERT_EQ(5, write(self->members[1], "hello", 5));
	for (i = 0; i < MEMBERS; i++) {
		ASSERT_EQ(5, read(self->members[i], text, sizeof(text)));
		EXPECT_EQ(0, memcmp(text, "hello", 5));
	}
}

TEST_F(event, peek_and_select)
{
	struct ipcmbox_recv recv;
	__u32 number;

	ASSERT_TRUE(join_all(self));
	ASSERT_EQ(0, put_event(self->fd, BIT(1), 0, 1));
	ASSERT_EQ(0, put_event(self->fd, BIT(2), 0, 2));
	recv = (struct ipcmbox_recv){ .flags = IPCMBOX_PEEK };
	EXPECT_EQ(4, take_info(self->members[0], &number, &recv));
	EXPECT_EQ(1, number);
	EXPECT_EQ(4, message_receive(self->members[0], .buf_ptr = ptr_u64(&number), .buf_len = 4,
				     .flags = IPCMBOX_NONBLOCK, .select_events = BIT(2)));
	EXPECT_EQ(2, number);
	EXPECT_EQ(1, take(self->members[0]));
	EXPECT_EQ(1, take(self->members[1]));
	EXPECT_EQ(2, take(self->members[1]));
}

TEST_F(event, masks)
{
	static const __u64 masks[] = { BIT(0), BIT(0) | BIT(60), 0 };
	static const __u64 sent[] = { BIT(0), BIT(60), BIT(5), BIT(5) | BIT(0), 0 };
	/* Which of @sent each gets: what matches, and what has no bits. */
	static const char * const got[] = { "034", "0134", "01234" };
	struct ipcmbox_recv recv;
	__u32 number;
	size_t i, n;

	for (i = 0; i < MEMBERS; i++) {
		self->members[i] = member_new(self->fd, .mask = masks[i]);
		ASSERT_GE(self->members[i], 0);
		EXPECT_EQ(masks[i] ?: IPCMBOX_EVENTS_USER, mailbox_info(self->members[i]).events);
	}
	for (n = 0; n < ARRAY_SIZE(sent); n++)
		ASSERT_EQ(0, put_event(self->fd, sent[n], 0, n));

	for (i = 0; i < MEMBERS; i++) {
		for (n = 0; got[i][n]; n++) {
			ASSERT_EQ(4, take_event(self->members[i], &number, &recv));
			EXPECT_EQ(got[i][n] - '0', number);
			/* A gap in the numbers is no loss. */
			EXPECT_EQ(number + 1, recv.seq);
			EXPECT_EQ(0, recv.lost);
		}
		EXPECT_EQ(-EAGAIN, take(self->members[i]));
	}
	EXPECT_EQ(5, mailbox_info(self->fd).sent);
	EXPECT_TRUE(balanced(self));
}

TEST_F(event, bits_of_the_kernel_cannot_be_sent)
{
	int bit;

	self->members[0] = member_new(self->fd, .mask = ~0ULL);
	ASSERT_GE(self->members[0], 0);
	for (bit = 61; bit < 64; bit++)
		EXPECT_EQ(-EINVAL, put_event(self->fd, BIT(bit), 0, 1));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
}

TEST_F(event, without_members_it_is_sent_to_nobody)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	ASSERT_TRUE(join_all(self));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_EQ(0, mailbox_info(self->members[0]).sent);
	EXPECT_EQ(2, mailbox_info(self->members[0]).next_seq);
}

TEST_F(event, nobody_receives_from_the_mailbox_itself)
{
	char text[8];

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EINVAL, take(self->fd));
	EXPECT_EQ(-EINVAL, message_recv(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 8));
	EXPECT_EQ(-EINVAL, message_recv(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 8,
					.flags = IPCMBOX_PEEK));
	EXPECT_EQ(-EINVAL, message_receive(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 8));
	EXPECT_EQ(-1, read(self->fd, text, 8));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(event, completion_is_queued)
{
	ASSERT_TRUE(join_all(self));
	EXPECT_EQ(-EINVAL, message_send(self->fd, .completion = IPCMBOX_RECEIVED));
	EXPECT_EQ(-EINVAL, message_send(self->fd, .completion = IPCMBOX_HANDLED));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_EQ(1, mailbox_info(self->fd).next_seq);
}

TEST_F(event, too_long)
{
	struct ipcmbox_send send = { .buf_len = 65, .flags = IPCMBOX_NONBLOCK };
	char text[65];

	ASSERT_TRUE(join_all(self));
	send.buf_ptr = ptr_u64(text);
	EXPECT_EQ(-EMSGSIZE, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, send.limit);
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
}

/* All refer to one payload, and each can be the last. */
TEST_F(event, long_payload)
{
	const size_t length = 1 << 20;
	char *out = malloc(length), *in = malloc(length);
	struct ipcmbox_query query;
	int fd, i;

	fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 2,
			 .max_length = length);
	ASSERT_GE(fd, 0);
	for (i = 0; i < MEMBERS; i++)
		ASSERT_GE(self->members[i] = member_new(fd), 0);
	fill_pattern(out, length, 7);
	ASSERT_EQ(0, message_send(fd, .buf_ptr = ptr_u64(out), .buf_len = length));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_LT(query.user_bytes - self->before.user_bytes, 2 * length);
	/* A message for each member. */
	EXPECT_EQ(self->before.user_messages + MEMBERS, query.user_messages);

	for (i = 0; i < MEMBERS; i++) {
		memset(in, 0, length);
		ASSERT_EQ(length, message_recv(self->members[i], .buf_ptr = ptr_u64(in),
					       .buf_len = length));
		EXPECT_TRUE(check_pattern(in, length, 7));
	}
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(self->before.user_messages, query.user_messages);
	free(in);
	free(out);
	close(fd);
}

/*
 * Members that are full
 */

/* One that fails makes it fail for all. */
TEST_F(event, all_or_none)
{
	struct ipcmbox_send send = { .events = BIT(1) };
	int i;

	self->members[0] = member_new(self->fd);
	self->members[1] = member_new(self->fd, .max_messages = 1, .mask = BIT(1),
				      .flags = IPCMBOX_JOIN_OVERFLOW,
				      .overflow = IPCMBOX_OVERFLOW_FAIL);
	self->members[2] = member_new(self->fd);
	ASSERT_EQ(0, put_event(self->fd, BIT(1), 0, 1));
	EXPECT_EQ(-EAGAIN, put_event(self->fd, BIT(1), 0, 2));
	/* Even if the send may block. */
	EXPECT_EQ(-EAGAIN, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 3));
	/* What does not concern it. */
	EXPECT_EQ(0, put_event(self->fd, BIT(2), 0, 4));

	EXPECT_EQ(1, take(self->members[1]));
	EXPECT_EQ(-EAGAIN, take(self->members[1]));
	for (i = 0; i < MEMBERS; i += 2) {
		EXPECT_EQ(1, take(self->members[i]));
		EXPECT_EQ(4, take(self->members[i]));
		EXPECT_EQ(-EAGAIN, take(self->members[i]));
	}
	EXPECT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(3, mailbox_info(self->fd).sent);
	EXPECT_EQ(4, mailbox_info(self->fd).next_seq);
	EXPECT_TRUE(balanced(self));
}

TEST_F(event, full_by_bytes)
{
	char text[64] = "";

	self->members[0] = member_new(self->fd, .max_bytes = 100);
	self->members[1] = member_new(self->fd);
	ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 60));
	EXPECT_EQ(-EAGAIN, message_send(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 41,
					.flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(text), .buf_len = 40,
				  .flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(100, mailbox_info(self->members[0]).bytes);
	EXPECT_EQ(100, mailbox_info(self->members[1]).bytes);
}

TEST_F(event, who_drops_loses_its_own_only)
{
	__u64 lost;
	int i;

	self->members[0] = member_new(self->fd);
	self->members[1] = member_new(self->fd, .max_messages = 2, .flags = IPCMBOX_JOIN_OVERFLOW,
				      .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	self->members[2] = member_new(self->fd, .max_messages = 2, .flags = IPCMBOX_JOIN_OVERFLOW,
				      .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);
	for (i = 1; i <= 5; i++)
		EXPECT_EQ(0, put(self->fd, 0, i));

	for (i = 1; i <= 5; i++) {
		EXPECT_EQ(i, take_lost(self->members[0], &lost));
		EXPECT_EQ(0, lost);
	}
	EXPECT_EQ(4, take_lost(self->members[1], &lost));
	EXPECT_EQ(3, lost);
	EXPECT_EQ(5, take_lost(self->members[1], &lost));
	EXPECT_EQ(0, lost);
	EXPECT_EQ(1, take_lost(self->members[2], &lost));
	EXPECT_EQ(2, take_lost(self->members[2], &lost));
	EXPECT_EQ(0, lost);
	EXPECT_EQ(-EAGAIN, take(self->members[2]));
	EXPECT_EQ(3, mailbox_info(self->members[2]).unreported);
	EXPECT_EQ(0, put(self->fd, 0, 6));
	EXPECT_EQ(6, take_lost(self->members[2], &lost));
	EXPECT_EQ(3, lost);

	EXPECT_EQ(3, mailbox_info(self->members[1]).dropped);
	EXPECT_EQ(3, mailbox_info(self->members[2]).dropped);
	EXPECT_EQ(6, mailbox_info(self->members[2]).sent);
	EXPECT_EQ(0, mailbox_info(self->fd).dropped);
	EXPECT_TRUE(balanced(self));
}

/* What is dropped is of the lowest priority, and not of a higher one than what comes. */
TEST_F(event, drops_by_priority)
{
	self->members[0] = member_new(self->fd, .max_messages = 2, .flags = IPCMBOX_JOIN_OVERFLOW,
				      .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST);
	ASSERT_EQ(0, put(self->fd, 5, 1));
	ASSERT_EQ(0, put(self->fd, 1, 2));
	ASSERT_EQ(0, put(self->fd, 3, 3));
	ASSERT_EQ(0, put(self->fd, 2, 4));
	EXPECT_EQ(1, take(self->members[0]));
	EXPECT_EQ(3, take(self->members[0]));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_EQ(2, mailbox_info(self->members[0]).dropped);
}

/* A receive that fails puts the message back, beyond the capacity if need be. */
TEST_F(event, put_back)
{
	struct call *calls = calls_alloc(1);
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	self->members[0] = member_new(self->fd, .max_messages = 1);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EFAULT, message_recv(self->members[0], .buf_ptr = ptr_u64(page), .buf_len = 64,
					.flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 2));
	EXPECT_EQ(1, take(self->members[0]));
	/* One that waits is handed the message, and fails only then. */
	recv_start(calls, self->members[0], .buf_ptr = ptr_u64(page), .buf_len = 64);
	ASSERT_TRUE(await_receivers(self->members[0], 1));
	ASSERT_EQ(0, put(self->fd, 0, 3));
	EXPECT_EQ(-EFAULT, call_join(calls));
	EXPECT_EQ(3, take(self->members[0]));
	EXPECT_TRUE(balanced(self));
	munmap(page, 4096);
}

TEST_F(event, calls)
{
	char text[4];

	self->members[0] = member_new(self->fd);
	EXPECT_EQ(-EINVAL, message_call(self->fd, .reply_ptr = ptr_u64(text), .reply_len = 4));
	EXPECT_EQ(-EINVAL, message_call(self->members[0], .reply_ptr = ptr_u64(text),
					.reply_len = 4));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
}

/* What is leased comes back to the member that had it, whatever its capacity. */
TEST_F(event, leases)
{
	struct ipcmbox_recv recv = {
		.flags = IPCMBOX_LEASE | IPCMBOX_NONBLOCK, .lease_ns = 60 * NSEC_PER_SEC,
	};
	__u32 number;

	self->members[0] = member_new(self->fd, .max_messages = 1);
	self->members[1] = member_new(self->fd);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	recv.buf_ptr = ptr_u64(&number);
	recv.buf_len = sizeof(number);
	ASSERT_EQ(4, mailbox_receive(self->members[0], &recv));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_EQ(0, mailbox_settle(self->members[0], recv.token, IPCMBOX_SETTLE_REFUSE, 0));
	EXPECT_EQ(2, mailbox_info(self->members[0]).messages);
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 3));

	ASSERT_EQ(4, mailbox_receive(self->members[0], &recv));
	EXPECT_EQ(1, number);
	EXPECT_EQ(1, recv.redelivered);
	EXPECT_EQ(0, mailbox_settle(self->members[0], recv.token, IPCMBOX_SETTLE_ACK, 0));
	EXPECT_EQ(2, take(self->members[0]));
	EXPECT_EQ(1, take(self->members[1]));
	EXPECT_EQ(2, take(self->members[1]));
	EXPECT_TRUE(balanced(self));

	/* It leaves with one in its hands. */
	ASSERT_EQ(0, put(self->fd, 0, 4));
	ASSERT_EQ(4, mailbox_receive(self->members[0], &recv));
	close(self->members[0]);
	self->members[0] = -1;
}

/*
 * Kept messages
 */

static int new_keeper(FIXTURE_DATA(event) *self)
{
	close(self->fd);
	self->fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4,
			       .flags = IPCMBOX_OPEN_KEEP_LAST);
	return self->fd;
}

TEST_F(event, last_messages_are_kept)
{
	struct ipcmbox_recv recv;
	__u32 number;

	ASSERT_GE(new_keeper(self), 0);
	EXPECT_EQ(IPCMBOX_INFO_KEEP_LAST, mailbox_info(self->fd).flags);
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
	ASSERT_EQ(0, put_event(self->fd, 0, 9, 2));
	ASSERT_EQ(0, put_event(self->fd, BIT(60), 0, 3));
	ASSERT_EQ(0, put_event(self->fd, BIT(0) | BIT(1), 0, 4));
	ASSERT_EQ(0, put_event(self->fd, BIT(60) | BIT(2), 0, 5));
	ASSERT_EQ(0, put_event(self->fd, BIT(2), 0, 6));

	self->members[0] = member_new(self->fd);
	/* Priority first, as ever; then as they were sent, and each once. */
	EXPECT_EQ(2, take(self->members[0]));
	EXPECT_EQ(4, take_event(self->members[0], &number, &recv));
	EXPECT_EQ(4, number);
	EXPECT_EQ(4, recv.seq);
	EXPECT_EQ(BIT(0) | BIT(1), recv.events);
	EXPECT_EQ(0, recv.lost);
	EXPECT_EQ(getpid(), recv.pid);
	EXPECT_EQ(5, take(self->members[0]));
	EXPECT_EQ(6, take(self->members[0]));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_EQ(4, mailbox_info(self->members[0]).sent);

	/* Only what is the last of a bit it asks for. */
	self->members[1] = member_new(self->fd, .mask = BIT(2));
	EXPECT_EQ(2, take(self->members[1]));
	EXPECT_EQ(6, take(self->members[1]));
	EXPECT_EQ(-EAGAIN, take(self->members[1]));

	/* What comes afterwards is no different. */
	ASSERT_EQ(0, put_event(self->fd, BIT(2), 0, 7));
	EXPECT_EQ(7, take(self->members[0]));
	EXPECT_EQ(7, take(self->members[1]));
	EXPECT_TRUE(balanced(self));
}

TEST_F(event, kept_messages_are_charged_and_released)
{
	struct ipcmbox_query query;
	int bit;

	ASSERT_GE(new_keeper(self), 0);
	for (bit = 0; bit < 61; bit++)
		ASSERT_EQ(0, put_event(self->fd, BIT(bit), 0, bit));
	ASSERT_EQ(0, put_event(self->fd, 0, 0, bit));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(self->before.user_messages + 62, query.user_messages);

	/* Beyond the capacity of the member. */
	self->members[0] = member_new(self->fd, .max_messages = 1);
	EXPECT_EQ(62, mailbox_info(self->members[0]).messages);
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 1));
	self->members[1] = member_new(self->fd, .flags = IPCMBOX_JOIN_OVERFLOW,
				      .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);
	EXPECT_EQ(62, mailbox_info(self->members[1]).messages);
	EXPECT_EQ(0, mailbox_info(self->members[1]).dropped);
	for (bit = 0; bit < 62; bit++)
		EXPECT_EQ(bit, take(self->members[0]));
	EXPECT_EQ(0, put(self->fd, 0, 1));
	close(self->members[0]);
	close(self->members[1]);
	self->members[0] = -1;
	self->members[1] = -1;

	/* One that is the last of all bits replaces all. */
	ASSERT_EQ(0, put_event(self->fd, IPCMBOX_EVENTS_USER, 0, 100));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(self->before.user_messages + 2, query.user_messages);
}

TEST_F(event, notices_are_not_kept)
{
	ASSERT_GE(new_keeper(self), 0);
	self->members[0] = member_new(self->fd, .mask = ~0ULL);
	self->members[1] = member_new(self->fd, .mask = ~0ULL);
	close(self->members[0]);
	self->members[0] = member_new(self->fd, .mask = ~0ULL);
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
}

TEST_F(event, without_keeping_nothing_is_kept)
{
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
	self->members[0] = member_new(self->fd);
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_EQ(0, mailbox_info(self->fd).flags);
}

/*
 * Budgets
 */

static bool set_budget(const char *name, __u64 value, char saved[32])
{
	char path[80], text[32];

	snprintf(path, sizeof(path), "/sys/module/ipcmbox/parameters/%s", name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return (!saved || read_file(path, saved, 32)) && write_file(path, text);
}

TEST_F(event, budget_for_all_or_for_none)
{
	struct ipcmbox_send send = { .events = BIT(0) };
	struct ipcmbox_query query;
	char saved[32];
	int room, i;

	ASSERT_TRUE(join_all(self));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	for (room = 0; room <= MEMBERS; room++) {
		ASSERT_TRUE(set_budget("user_messages", query.user_messages + room, saved));
		send.limit = 0;
		EXPECT_EQ(room < MEMBERS ? -EDQUOT : 0, mailbox_send(self->fd, &send));
		set_budget("user_messages", strtoull(saved, NULL, 0), NULL);
		if (room < MEMBERS)
			EXPECT_EQ(IPCMBOX_LIMIT_USER_MESSAGES, send.limit);
		for (i = 0; i < MEMBERS; i++)
			EXPECT_EQ(room >= MEMBERS, mailbox_info(self->members[i]).messages);
	}
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
}

/*
 * The last to join gets the event itself, the others copies: whoever receives first, the payload
 * stays charged, as one message, until the last has it.
 */
TEST_F(event, charged_until_the_last_has_it)
{
	static const struct {
		int member;
		__u64 messages;
	} orders[][MEMBERS] = {
		{ { 0, 2 }, { 1, 1 }, { 2, 0 } },
		{ { 0, 2 }, { 2, 2 }, { 1, 0 } },
		{ { 2, 3 }, { 1, 2 }, { 0, 0 } },
	};
	struct ipcmbox_query idle, query;
	char text[64] = "";
	int i, step;

	ASSERT_TRUE(join_all(self));
	ASSERT_EQ(0, query_budget(self->dev, &idle));
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		ASSERT_EQ(sizeof(text), write(self->fd, text, sizeof(text)));
		ASSERT_EQ(0, query_budget(self->dev, &query));
		EXPECT_EQ(idle.user_messages + MEMBERS, query.user_messages);
		for (step = 0; step < MEMBERS; step++) {
			ASSERT_EQ(sizeof(text), read(self->members[orders[i][step].member], text,
						     sizeof(text)));
			ASSERT_EQ(0, query_budget(self->dev, &query));
			EXPECT_EQ(idle.user_messages + orders[i][step].messages,
				  query.user_messages) TH_LOG("order %d, step %d", i, step);
			if (step < MEMBERS - 1)
				EXPECT_GT(query.user_bytes, idle.user_bytes + sizeof(text));
		}
		EXPECT_EQ(idle.user_bytes, query.user_bytes);
	}
}

TEST_F(event, members_are_charged_to_who_joins)
{
	struct ipcmbox_join join = {};
	struct ipcmbox_query query;
	char saved[32];

	ASSERT_GE(self->members[0] = member_new(self->fd), 0);
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(self->before.user_mailboxes + 2, query.user_mailboxes);
	ASSERT_TRUE(set_budget("user_mailboxes", query.user_mailboxes, saved));
	EXPECT_EQ(-EDQUOT, mailbox_join(self->fd, &join));
	set_budget("user_mailboxes", strtoull(saved, NULL, 0), NULL);
	EXPECT_EQ(IPCMBOX_LIMIT_USER_MAILBOXES, join.limit);
	EXPECT_EQ(1, mailbox_info(self->fd).members);
}

/* For what the kernel sends nobody gets an error: who does not get it is told. */
TEST_F(event, no_budget_for_notices)
{
	struct ipcmbox_query query;
	char saved[32];
	__u64 lost;

	self->members[0] = member_new(self->fd, .mask = NOTICES | BIT(0));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	/* For the notice, but not for the copy; then not even for that. */
	ASSERT_TRUE(set_budget("user_messages", query.user_messages + 1, saved));
	self->members[1] = member_new(self->fd);
	set_budget("user_messages", query.user_messages, NULL);
	self->members[2] = member_new(self->fd);
	set_budget("user_messages", strtoull(saved, NULL, 0), NULL);
	EXPECT_GE(self->members[1], 0);
	EXPECT_GE(self->members[2], 0);
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
	EXPECT_EQ(1, take_lost(self->members[0], &lost));
	EXPECT_EQ(2, lost);
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_TRUE(balanced(self));
}

TEST_F(event, no_budget_for_kept_messages)
{
	struct ipcmbox_query query;
	char saved[32];
	__u64 lost;

	ASSERT_GE(new_keeper(self), 0);
	ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
	ASSERT_EQ(0, put_event(self->fd, BIT(1), 0, 2));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	ASSERT_TRUE(set_budget("user_messages", query.user_messages + 1, saved));
	self->members[0] = member_new(self->fd);
	set_budget("user_messages", strtoull(saved, NULL, 0), NULL);
	ASSERT_GE(self->members[0], 0);
	EXPECT_EQ(1, take_lost(self->members[0], &lost));
	EXPECT_EQ(0, lost);
	ASSERT_EQ(0, put_event(self->fd, BIT(2), 0, 3));
	EXPECT_EQ(3, take_lost(self->members[0], &lost));
	EXPECT_EQ(1, lost);
}

TEST_F(event, thousand_members)
{
	struct rlimit files = { 4096, 4096 };
	const int count = 1000, rounds = 3;
	struct ipcmbox_query query;
	int *members = calloc(count, sizeof(*members));
	int i, round;

	setrlimit(RLIMIT_NOFILE, &files);
	for (i = 0; i < count; i++)
		ASSERT_GE(members[i] = member_new(self->fd, .mask = BIT(i % 2)), 0);
	EXPECT_EQ(count, mailbox_info(self->fd).members);
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, put(self->fd, 0, round));
		ASSERT_EQ(0, put_event(self->fd, BIT(1), 0, 100 + round));
	}
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(self->before.user_messages + rounds * (count + count / 2), query.user_messages);
	for (i = 0; i < count; i++) {
		for (round = 0; round < rounds; round++) {
			ASSERT_EQ(round, take(members[i]));
			if (i % 2)
				ASSERT_EQ(100 + round, take(members[i]));
		}
		ASSERT_EQ(-EAGAIN, take(members[i]));
	}
	for (i = 0; i < count; i++)
		close(members[i]);
	EXPECT_EQ(0, mailbox_info(self->fd).members);
	free(members);
}

TEST_HARNESS_MAIN
