// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: event mailboxes and their members do what ipck.h says.
 */
#include <signal.h>

#include "lib_test.h"

#define KERNEL_EVENTS	(IPCK_EVENT_JOINED | IPCK_EVENT_LEFT | IPCK_EVENT_DIED)

static struct ipck *event_mailbox(uint32_t capacity, uint32_t flags)
{
	return unnamed(&(struct ipck_attr){
		.discipline = IPCK_EVENT, .capacity = capacity, .flags = flags,
	});
}

static struct ipck *joined(struct ipck *mb, uint64_t mask)
{
	const struct ipck_join_attr attr = { .mask = mask, .flags = IPCK_JOIN_NONBLOCK };
	struct ipck *member;

	return ipck_join(&member, mb, &attr) ? NULL : member;
}

static int send_event(struct ipck *mb, uint64_t events, __u32 number)
{
	const struct ipck_send_opt opt = { .events = events };

	return ipck_send_opt(mb, &number, sizeof(number), &opt, NULL);
}

TEST_F(lib, event_goes_to_every_member)
{
	struct ipck *mb = event_mailbox(4, 0), *members[3];
	struct ipck_msg msg;
	__u32 number;
	size_t i;

	ASSERT_NE(NULL, mb);
	for (i = 0; i < ARRAY_SIZE(members); i++) {
		members[i] = joined(mb, 0);
		ASSERT_NE(NULL, members[i]);
	}
	EXPECT_EQ(3, info_of(mb).members);
	ASSERT_EQ(0, send_event(mb, 1 << 5, 42));
	for (i = 0; i < ARRAY_SIZE(members); i++) {
		EXPECT_EQ(4, ipck_recv_opt(members[i], &number, sizeof(number), NULL, &msg));
		EXPECT_EQ(42, number);
		EXPECT_EQ(1 << 5, msg.events);
		EXPECT_EQ(1, msg.seq);
		EXPECT_EQ(getpid(), msg.pid);
		EXPECT_EQ(0, msg.token);
		EXPECT_EQ(-EAGAIN, recv_number(members[i]));
	}
	/* Nobody receives from the event mailbox itself. */
	EXPECT_GT(0, recv_number(mb));
	for (i = 0; i < ARRAY_SIZE(members); i++)
		ipck_close(members[i]);
	EXPECT_EQ(0, info_of(mb).members);
	ipck_close(mb);
}

TEST_F(lib, mask)
{
	struct ipck *mb = event_mailbox(4, 0);
	struct ipck *one = joined(mb, 1), *two = joined(mb, 2), *all = joined(mb, 0);

	ASSERT_EQ(0, send_event(mb, 1, 11));
	ASSERT_EQ(0, send_event(mb, 2, 12));
	ASSERT_EQ(0, send_event(mb, 4, 13));
	ASSERT_EQ(0, send_event(mb, 0, 14));
	EXPECT_EQ(11, recv_number(one));
	EXPECT_EQ(14, recv_number(one));
	EXPECT_EQ(-EAGAIN, recv_number(one));
	EXPECT_EQ(12, recv_number(two));
	EXPECT_EQ(14, recv_number(two));
	EXPECT_EQ(-EAGAIN, recv_number(two));
	EXPECT_EQ(4, info_of(all).messages);
	/* The bits from the kernel are not for senders. */
	EXPECT_EQ(-EINVAL, send_event(mb, IPCK_EVENT_JOINED, 15));
	EXPECT_EQ(-EINVAL, send_event(mb, IPCK_EVENT_DIED | 1, 15));
	EXPECT_EQ(4, info_of(all).messages);
	ipck_close(one);
	ipck_close(two);
	ipck_close(all);
	ipck_close(mb);
}

TEST_F(lib, select_by_event)
{
	const struct ipck_recv_opt opt = { .events = 2 | 4, .wait = IPCK_WAIT_NEVER };
	struct ipck_msg msg;
	__u32 number;

	ASSERT_EQ(0, send_event(self->mb, 1, 11));
	ASSERT_EQ(0, send_event(self->mb, 0, 12));
	ASSERT_EQ(0, send_event(self->mb, 4 | 1, 13));
	EXPECT_EQ(4, ipck_recv_opt(self->mb, &number, sizeof(number), &opt, &msg));
	EXPECT_EQ(13, number);
	EXPECT_EQ(4 | 1, msg.events);
	EXPECT_EQ(-EAGAIN, ipck_recv_opt(self->mb, &number, sizeof(number), &opt, NULL));
	EXPECT_EQ(11, recv_number(self->mb));
	EXPECT_EQ(12, recv_number(self->mb));
}

TEST_F(lib, member_attributes)
{
	const struct ipck_attr attr = {
		.discipline = IPCK_EVENT, .capacity = 8, .max_length = 16, .max_bytes = 128,
	};
	struct ipck_join_attr join = {
		.mask = 6 | IPCK_EVENT_LEFT, .capacity = 2, .max_bytes = 32,
		.overflow = IPCK_OVERFLOW_DROP_OLDEST, .flags = IPCK_JOIN_OVERFLOW,
	};
	struct ipck *mb = unnamed(&attr), *member;
	struct ipck_info info;

	ASSERT_NE(NULL, mb);
	EXPECT_EQ(IPCK_EVENT, info_of(mb).discipline);
	ASSERT_EQ(0, ipck_join(&member, mb, &join));
	info = info_of(member);
	EXPECT_EQ(ipck_id(member), info.id);
	EXPECT_EQ(ipck_id(mb), info.parent);
	EXPECT_EQ(IPCK_MEMBER, info.discipline);
	EXPECT_EQ(6 | IPCK_EVENT_LEFT, info.events);
	EXPECT_EQ(2, info.capacity);
	EXPECT_EQ(16, info.max_length);
	EXPECT_EQ(32, info.max_bytes);
	EXPECT_EQ(IPCK_OVERFLOW_DROP_OLDEST, info.overflow);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, fcntl(ipck_fd(member), F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ipck_fd(member), F_GETFD));
	ipck_close(member);

	/* As the mailbox, when nothing is said. */
	ASSERT_EQ(0, ipck_join(&member, mb, NULL));
	info = info_of(member);
	EXPECT_EQ(IPCK_EVENTS_USER, info.events);
	EXPECT_EQ(8, info.capacity);
	EXPECT_EQ(128, info.max_bytes);
	EXPECT_EQ(IPCK_OVERFLOW_BLOCK, info.overflow);
	ipck_close(member);
	ipck_close(mb);
}

TEST_F(lib, bad_joins)
{
	static const struct ipck_join_attr bad[] = {
		{ .capacity = 5 },
		{ .max_bytes = 15 },
		{ .max_bytes = 129 },
		{ .overflow = IPCK_OVERFLOW_FAIL },
		{ .overflow = IPCK_OVERFLOW_BLOCK, .flags = IPCK_JOIN_OVERFLOW },
		{ .overflow = (enum ipck_overflow)4, .flags = IPCK_JOIN_OVERFLOW },
		{ .flags = 1U << 2 },
		{ .flags = 1U << 31 },
		{ .reserved = { 1 } },
		{ .reserved = { 0, 0, 0, 0, 1 } },
	};
	const struct ipck_attr attr = {
		.discipline = IPCK_EVENT, .capacity = 4, .max_length = 16, .max_bytes = 128,
		.overflow = IPCK_OVERFLOW_DROP_NEWEST,
	};
	struct ipck *mb = unnamed(&attr), *writer, *member;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		member = (struct ipck *)8;
		EXPECT_EQ(-EINVAL, ipck_join(&member, mb, &bad[i])) TH_LOG("attributes %zu", i);
		EXPECT_EQ(NULL, member);
	}
	EXPECT_EQ(-EINVAL, ipck_join(NULL, mb, NULL));
	EXPECT_EQ(-EINVAL, ipck_join(&member, NULL, NULL));
	ASSERT_EQ(0, ipck_open_id(&writer, ipck_id(mb), O_WRONLY));
	EXPECT_EQ(-EACCES, ipck_join(&member, writer, NULL));
	/* The fixture's is a queue. */
	EXPECT_GT(0, ipck_join(&member, self->mb, NULL));
	EXPECT_EQ(NULL, member);
	EXPECT_GT(0, ipck_leave(self->mb));
	EXPECT_EQ(-EINVAL, ipck_leave(NULL));
	EXPECT_EQ(0, info_of(mb).members);
	ipck_close(writer);
	ipck_close(mb);
}

TEST_F(lib, events_cannot_be_waited_for)
{
	const struct ipck_send_opt received = { .completion = IPCK_RECEIVED };
	const struct ipck_send_opt handled = { .completion = IPCK_HANDLED };
	struct ipck *mb = event_mailbox(4, 0), *member = joined(mb, 0);
	char byte;

	EXPECT_EQ(-EINVAL, ipck_send_opt(mb, "x", 1, &received, NULL));
	EXPECT_EQ(-EINVAL, ipck_send_opt(mb, "x", 1, &handled, NULL));
	EXPECT_GT(0, ipck_call(mb, "x", 1, &byte, 1));
	EXPECT_EQ(0, info_of(member).messages);
	ipck_close(member);
	ipck_close(mb);
}

static int join_and_wait(void *arg)
{
	struct ipck *member;

	if (ipck_join(&member, arg, NULL))
		return 1;
	pause();
	return 2;
}

static __s64 next_event(struct ipck *member, struct ipck_msg *msg)
{
	const struct ipck_recv_opt opt = { .wait = IPCK_WAIT_FOR, .wait_ns = PATIENCE_NS };
	ssize_t ret;
	char byte;

	ret = ipck_recv_opt(member, &byte, 1, &opt, msg);
	return ret;
}

TEST_F(lib, joins_leaves_and_deaths_are_events)
{
	struct ipck *mb = event_mailbox(8, 0), *watcher, *member;
	struct ipck_join_attr watch = { .mask = KERNEL_EVENTS };
	struct ipck_msg msg;
	pid_t pid;

	ASSERT_EQ(0, ipck_join(&watcher, mb, &watch));
	member = joined(mb, 0);
	EXPECT_EQ(0, next_event(watcher, &msg));
	EXPECT_EQ(IPCK_EVENT_JOINED, msg.events);
	EXPECT_EQ(getpid(), msg.pid);
	ASSERT_EQ(0, ipck_leave(member));
	EXPECT_EQ(0, next_event(watcher, &msg));
	EXPECT_EQ(IPCK_EVENT_LEFT, msg.events);
	EXPECT_EQ(1, info_of(mb).members);
	ipck_close(member);

	pid = child_start(join_and_wait, mb);
	EXPECT_EQ(0, next_event(watcher, &msg));
	EXPECT_EQ(IPCK_EVENT_JOINED, msg.events);
	EXPECT_EQ(pid, msg.pid);
	kill(pid, SIGKILL);
	EXPECT_EQ(0, next_event(watcher, &msg));
	EXPECT_EQ(IPCK_EVENT_DIED, msg.events);
	EXPECT_EQ(pid, msg.pid);
	EXPECT_EQ(255, child_wait(pid));
	ipck_close(watcher);
	ipck_close(mb);
}

TEST_F(lib, closing_leaves)
{
	struct ipck *mb = event_mailbox(8, 0), *watcher = joined(mb, KERNEL_EVENTS), *member;
	struct ipck_msg msg;

	member = joined(mb, 0);
	EXPECT_EQ(0, next_event(watcher, &msg));
	ipck_close(member);
	EXPECT_EQ(0, next_event(watcher, &msg));
	EXPECT_EQ(IPCK_EVENT_LEFT, msg.events);
	EXPECT_EQ(-EAGAIN, recv_number(watcher));
	ipck_close(watcher);
	ipck_close(mb);
}

TEST_F(lib, leave)
{
	struct ipck *mb = event_mailbox(8, 0), *member = joined(mb, 0);

	ASSERT_EQ(0, send_number(mb, 1));
	ASSERT_EQ(0, ipck_leave(member));
	EXPECT_EQ(-EINVAL, ipck_leave(member));
	EXPECT_EQ(0, info_of(mb).members);
	ASSERT_EQ(0, send_number(mb, 2));
	EXPECT_EQ(1, recv_number(member));
	EXPECT_EQ(-EPIPE, recv_number(member));
	ipck_close(member);
	ipck_close(mb);
}

TEST_F(lib, last_messages_are_kept)
{
	struct ipck *mb = event_mailbox(8, IPCK_ATTR_KEEP_LAST), *member;

	ASSERT_NE(NULL, mb);
	EXPECT_EQ(IPCK_INFO_KEEP_LAST, info_of(mb).flags);
	ASSERT_EQ(0, send_event(mb, 1, 11));
	ASSERT_EQ(0, send_event(mb, 2, 12));
	ASSERT_EQ(0, send_event(mb, 1, 13));
	ASSERT_EQ(0, send_event(mb, 4, 14));
	ASSERT_EQ(0, send_event(mb, 0, 15));
	member = joined(mb, 1 | 2);
	EXPECT_EQ(12, recv_number(member));
	EXPECT_EQ(13, recv_number(member));
	EXPECT_EQ(15, recv_number(member));
	EXPECT_EQ(-EAGAIN, recv_number(member));
	ipck_close(member);
	ipck_close(mb);
}

TEST_F(lib, all_members_or_none)
{
	const struct ipck_send_opt now = { .wait = IPCK_WAIT_NEVER };
	struct ipck_join_attr small = { .capacity = 1 };
	struct ipck *mb = event_mailbox(8, 0), *big = joined(mb, 0), *member;
	unsigned int limit;

	ASSERT_EQ(0, ipck_join(&member, mb, &small));
	ASSERT_EQ(0, send_number(mb, 1));
	EXPECT_EQ(-EAGAIN, ipck_send_opt(mb, "1234", 4, &now, &limit));
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, limit);
	EXPECT_EQ(1, info_of(big).messages);
	EXPECT_EQ(1, recv_number(member));
	EXPECT_EQ(0, ipck_send_opt(mb, "1234", 4, &now, &limit));
	EXPECT_EQ(2, info_of(big).messages);
	ipck_close(member);
	ipck_close(big);
	ipck_close(mb);
}

TEST_F(lib, slow_member_loses_alone)
{
	struct ipck_join_attr lossy = {
		.capacity = 1, .overflow = IPCK_OVERFLOW_DROP_OLDEST, .flags = IPCK_JOIN_OVERFLOW,
	};
	struct ipck *mb = event_mailbox(8, 0), *big = joined(mb, 0), *member;
	struct ipck_msg msg;
	__u32 number, i;

	ASSERT_EQ(0, ipck_join(&member, mb, &lossy));
	for (i = 1; i <= 3; i++)
		ASSERT_EQ(0, send_number(mb, i));
	for (i = 1; i <= 3; i++)
		EXPECT_EQ(i, recv_number(big));
	EXPECT_EQ(4, ipck_recv_opt(member, &number, sizeof(number), NULL, &msg));
	EXPECT_EQ(3, number);
	EXPECT_EQ(2, msg.lost);
	ipck_close(member);
	ipck_close(big);
	ipck_close(mb);
}

TEST_F(lib, member_that_sends)
{
	struct ipck *mb = event_mailbox(8, 0), *reader, *both = joined(mb, 0), *listener;

	ASSERT_EQ(0, ipck_open_id(&reader, ipck_id(mb), O_RDONLY));
	listener = joined(reader, 0);
	ASSERT_EQ(0, send_number(both, 7));
	EXPECT_EQ(7, recv_number(listener));
	EXPECT_EQ(7, recv_number(both));
	EXPECT_EQ(-EACCES, send_number(listener, 8));
	ipck_close(listener);
	ipck_close(both);
	ipck_close(reader);
	ipck_close(mb);
}

TEST_HARNESS_MAIN
