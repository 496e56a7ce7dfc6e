// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members of event mailboxes: who may join, and how; what the others are told of it, and what is
 * left when somebody goes.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define MEMBERS	3
#define BIT(n)	(1ULL << (n))

#define JOINED	IPCMBOX_EVENT_JOINED
#define LEFT	IPCMBOX_EVENT_LEFT
#define DIED	IPCMBOX_EVENT_DIED
#define NOTICES	(JOINED | LEFT | DIED)

FIXTURE(member) {
	int dev, fd, members[MEMBERS];
	struct ipcmbox_query before;
};

FIXTURE_SETUP(member)
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
FIXTURE_TEARDOWN(member)
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

static bool join_all(FIXTURE_DATA(member) *self)
{
	int i;

	for (i = 0; i < MEMBERS; i++) {
		self->members[i] = member_new(self->fd);
		if (self->members[i] < 0)
			return false;
	}
	return true;
}

static bool balanced(FIXTURE_DATA(member) *self)
{
	bool all = mailbox_balanced(self->fd);
	int i;

	for (i = 0; i < MEMBERS; i++)
		all &= self->members[i] < 0 || mailbox_balanced(self->members[i]);
	return all;
}

/* Receives one number with all that is told of it, without waiting. */
/* The bits of the next message, which has no payload; 0 if there is none. */
static __u64 take_notice(int fd, struct ipcmbox_recv *recv)
{
	__u32 number;

	return take_event(fd, &number, recv) == 0 ? recv->events : 0;
}

/*
 * Joining and leaving
 */

TEST_F(member, attributes)
{
	struct ipcmbox_join join = { .mask = BIT(7) };
	struct ipcmbox_info info;

	self->members[0] = mailbox_join(self->fd, &join);
	ASSERT_GE(self->members[0], 0);
	EXPECT_EQ(IPCMBOX_LIMIT_NONE, join.limit == POISON32 ? 0 : join.limit);
	info = mailbox_info(self->members[0]);
	EXPECT_EQ(join.id, info.id);
	EXPECT_EQ(IPCMBOX_MEMBER, info.discipline);
	EXPECT_EQ(mailbox_id(self->fd), info.parent);
	EXPECT_EQ(BIT(7), info.events);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(syscall(SYS_gettid), info.tid);
	EXPECT_EQ(geteuid(), info.uid);
	EXPECT_EQ(0, info.mode);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(8, info.max_messages);
	EXPECT_EQ(64, info.max_length);
	EXPECT_EQ(512, info.max_bytes);
	EXPECT_EQ(IPCMBOX_OVERFLOW_BLOCK, info.overflow);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(1, info.writers);
	EXPECT_EQ(0, info.members);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->members[0], F_GETFD));
	EXPECT_EQ(0, fcntl(self->members[0], F_GETFL) & O_NONBLOCK);

	info = mailbox_info(self->fd);
	EXPECT_EQ(IPCMBOX_EVENT, info.discipline);
	EXPECT_EQ(1, info.members);
	EXPECT_EQ(0, info.parent);
	EXPECT_EQ(0, info.events);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(2, info.writers);

	EXPECT_TRUE(mailbox_listed(self->dev, join.id));
	close(self->members[0]);
	EXPECT_FALSE(mailbox_listed(self->dev, join.id));
	EXPECT_EQ(0, mailbox_info(self->fd).members);
	EXPECT_EQ(1, mailbox_info(self->fd).writers);

	self->members[0] = member_new(self->fd, .max_messages = 3, .max_bytes = 64,
				      .flags = IPCMBOX_JOIN_OVERFLOW | IPCMBOX_JOIN_NONBLOCK,
				      .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);
	ASSERT_GE(self->members[0], 0);
	info = mailbox_info(self->members[0]);
	EXPECT_EQ(3, info.max_messages);
	EXPECT_EQ(64, info.max_bytes);
	EXPECT_EQ(IPCMBOX_OVERFLOW_DROP_NEWEST, info.overflow);
	EXPECT_EQ(O_NONBLOCK, fcntl(self->members[0], F_GETFL) & O_NONBLOCK);
}

/* Nobody is more patient, or has more room, than the mailbox. */
TEST_F(member, capacity_and_policy_within_the_mailboxes)
{
	static const struct {
		__u32 mailbox, member;
		int ret;
	} policies[] = {
		{ IPCMBOX_OVERFLOW_BLOCK, IPCMBOX_OVERFLOW_BLOCK, 0 },
		{ IPCMBOX_OVERFLOW_BLOCK, IPCMBOX_OVERFLOW_FAIL, 0 },
		{ IPCMBOX_OVERFLOW_BLOCK, IPCMBOX_OVERFLOW_DROP_OLDEST, 0 },
		{ IPCMBOX_OVERFLOW_FAIL, IPCMBOX_OVERFLOW_BLOCK, -EINVAL },
		{ IPCMBOX_OVERFLOW_FAIL, IPCMBOX_OVERFLOW_FAIL, 0 },
		{ IPCMBOX_OVERFLOW_FAIL, IPCMBOX_OVERFLOW_DROP_NEWEST, 0 },
		{ IPCMBOX_OVERFLOW_DROP_OLDEST, IPCMBOX_OVERFLOW_BLOCK, -EINVAL },
		{ IPCMBOX_OVERFLOW_DROP_OLDEST, IPCMBOX_OVERFLOW_FAIL, -EINVAL },
		{ IPCMBOX_OVERFLOW_DROP_NEWEST, IPCMBOX_OVERFLOW_DROP_OLDEST, 0 },
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
					    .overflow = policies[i].mailbox));
		fd = member_new(self->fd, .flags = IPCMBOX_JOIN_OVERFLOW,
				.overflow = policies[i].member);
		EXPECT_EQ(policies[i].ret, fd < 0 ? fd : 0) TH_LOG("%zu", i);
		close(fd);
		/* The same afterwards. */
		ASSERT_GE(fd = member_new(self->fd), 0);
		EXPECT_EQ(policies[i].mailbox, mailbox_info(fd).overflow);
		EXPECT_EQ(policies[i].ret, mailbox_change(fd, .mask = IPCMBOX_SET_OVERFLOW,
							  .overflow = policies[i].member));
		close(fd);
	}

	EXPECT_EQ(-EINVAL, member_new(self->fd, .max_messages = 9));
	EXPECT_EQ(-EINVAL, member_new(self->fd, .max_messages = IPCMBOX_UNBOUNDED));
	EXPECT_EQ(-EINVAL, member_new(self->fd, .max_bytes = 513));
	EXPECT_EQ(-EINVAL, member_new(self->fd, .max_bytes = 63));
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES |
						       IPCMBOX_SET_MAX_BYTES,
				    .max_messages = IPCMBOX_UNBOUNDED));
	self->members[0] = member_new(self->fd, .max_messages = IPCMBOX_UNBOUNDED);
	EXPECT_EQ(IPCMBOX_UNBOUNDED, mailbox_info(self->members[0]).max_messages);
	EXPECT_EQ(0, mailbox_info(self->members[0]).max_bytes);
	self->members[1] = member_new(self->fd, .max_messages = 9, .max_bytes = 513);
	EXPECT_EQ(513, mailbox_info(self->members[1]).max_bytes);
}

TEST_F(member, set)
{
	struct ipcmbox_info info;

	self->members[0] = member_new(self->fd, .max_messages = 2);
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_BYTES,
					  .max_bytes = 63));
	/* All or none. */
	EXPECT_EQ(-EINVAL, mailbox_change(self->fd, .mode = 0666, .mask = IPCMBOX_SET_MODE |
					  IPCMBOX_SET_MAX_MESSAGES));
	EXPECT_EQ(0600, mailbox_info(self->fd).mode);
	EXPECT_EQ(-EINVAL, mailbox_change(self->members[0], .mask = IPCMBOX_SET_MAX_MESSAGES,
					  .max_messages = 9));
	EXPECT_EQ(-EINVAL, mailbox_change(self->members[0], .mask = IPCMBOX_SET_MAX_BYTES,
					  .max_bytes = 513));
	EXPECT_EQ(-EINVAL, mailbox_change(self->members[0], .mask = IPCMBOX_SET_MAX_BYTES,
					  .max_bytes = 63));

	EXPECT_EQ(0, mailbox_change(self->members[0], .mask = IPCMBOX_SET_MAX_MESSAGES |
				    IPCMBOX_SET_MAX_BYTES, .max_messages = 5, .max_bytes = 100));
	info = mailbox_info(self->members[0]);
	EXPECT_EQ(5, info.max_messages);
	EXPECT_EQ(100, info.max_bytes);
	/* 0 is as the mailbox. */
	EXPECT_EQ(0, mailbox_change(self->members[0], .mask = IPCMBOX_SET_MAX_MESSAGES |
				    IPCMBOX_SET_MAX_BYTES));
	info = mailbox_info(self->members[0]);
	EXPECT_EQ(8, info.max_messages);
	EXPECT_EQ(512, info.max_bytes);

	/* Members keep what they have, and what is not named in the mask is not looked at. */
	EXPECT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES |
				    IPCMBOX_SET_OVERFLOW, .max_messages = 4,
				    .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	info = mailbox_info(self->members[0]);
	EXPECT_EQ(8, info.max_messages);
	EXPECT_EQ(IPCMBOX_OVERFLOW_BLOCK, info.overflow);
	EXPECT_EQ(0, mailbox_change(self->members[0], .mask = IPCMBOX_SET_MAX_MESSAGES,
				    .max_messages = 3));
	EXPECT_EQ(IPCMBOX_OVERFLOW_BLOCK, mailbox_info(self->members[0]).overflow);
	self->members[1] = member_new(self->fd);
	info = mailbox_info(self->members[1]);
	EXPECT_EQ(4, info.max_messages);
	EXPECT_EQ(IPCMBOX_OVERFLOW_DROP_OLDEST, info.overflow);
}

TEST_F(member, wrong_arguments)
{
	int queue = mailbox_new(self->dev, .max_messages = 1);
	int bit;

	self->members[0] = member_new(self->fd);
	ASSERT_GE(self->members[0], 0);
	EXPECT_EQ(-EINVAL, member_new(queue));
	EXPECT_EQ(-EINVAL, member_new(self->members[0]));
	EXPECT_EQ(-ENOTTY, member_new(self->dev));
	EXPECT_EQ(-EINVAL, member_leave(queue));
	EXPECT_EQ(-EINVAL, member_leave(self->fd));
	EXPECT_EQ(-ENOTTY, member_leave(self->dev));
	for (bit = 2; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, member_new(self->fd, .flags = 1U << bit));
	EXPECT_EQ(-EINVAL, member_new(self->fd, .overflow = IPCMBOX_OVERFLOW_DROP_OLDEST));
	EXPECT_EQ(-EINVAL, member_new(self->fd, .flags = IPCMBOX_JOIN_OVERFLOW, .overflow = 4));
	EXPECT_EQ(-EINVAL, mailbox_new(self->dev, .discipline = IPCMBOX_EVENT));
	EXPECT_EQ(-EINVAL, mailbox_new(self->dev, .discipline = IPCMBOX_MEMBER,
				       .max_messages = 1));
	EXPECT_EQ(-EINVAL, mailbox_new(self->dev, .flags = IPCMBOX_OPEN_KEEP_LAST,
				       .max_messages = 1));
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		.flags = IPCMBOX_OPEN_BY_ID | IPCMBOX_OPEN_KEEP_LAST, .access = RW,
		.id = mailbox_id(self->fd) }));
	EXPECT_EQ(1, mailbox_info(self->fd).members);
	close(queue);
}

TEST_F(member, leave_takes_no_argument)
{
	unsigned int nr = _IOC_NR(IPCMBOX_IOC_LEAVE), dir;

	self->members[0] = member_new(self->fd);
	for (dir = _IOC_WRITE; dir <= (_IOC_WRITE | _IOC_READ); dir++) {
		EXPECT_EQ(-1, ioctl(self->members[0], _IOC(dir, IPCMBOX_IOC_MAGIC, nr, 8), NULL));
		EXPECT_EQ(ENOTTY, errno);
	}
	EXPECT_EQ(-1, ioctl(self->members[0], _IOC(_IOC_NONE, IPCMBOX_IOC_MAGIC + 1, nr, 0)));
	EXPECT_EQ(1, mailbox_info(self->fd).members);
	/* Whatever stands where one would be. */
	EXPECT_EQ(0, ioctl(self->members[0], IPCMBOX_IOC_LEAVE, 1));
	EXPECT_EQ(0, mailbox_info(self->fd).members);
}

/* There is nobody in particular who could reply. */
TEST_F(member, rights)
{
	__u64 id = mailbox_id(self->fd), member;
	int reader = mailbox_by_id(self->dev, id, IPCMBOX_READ);
	int writer = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
	int looker = mailbox_by_id(self->dev, id, 0);
	int fd;

	EXPECT_EQ(-EACCES, member_new(writer));
	EXPECT_EQ(-EACCES, member_new(looker));
	self->members[0] = member_new(reader);
	self->members[1] = member_new(self->fd);
	EXPECT_EQ(-EACCES, put(self->members[0], 0, 1));
	EXPECT_EQ(-1, write(self->members[0], "x", 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(0, put(self->members[1], 0, 2));
	EXPECT_EQ(0, put(writer, 0, 3));
	EXPECT_EQ(2, take(self->members[0]));
	EXPECT_EQ(2, take(self->members[1]));
	EXPECT_EQ(0, mailbox_info(self->members[0]).writers);

	/* By id to look and to administer only, even for root. */
	member = mailbox_id(self->members[0]);
	EXPECT_EQ(-EACCES, mailbox_by_id(self->dev, member, IPCMBOX_READ));
	EXPECT_EQ(-EACCES, mailbox_by_id(self->dev, member, IPCMBOX_WRITE));
	EXPECT_EQ(-EACCES, mailbox_by_id(self->dev, member, RW));
	ASSERT_GE(fd = mailbox_by_id(self->dev, member, 0), 0);
	EXPECT_EQ(member, mailbox_id(fd));
	EXPECT_EQ(-EACCES, take(fd));
	EXPECT_EQ(-EACCES, put(fd, 0, 4));
	EXPECT_EQ(-EACCES, member_leave(fd));
	EXPECT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 2));
	EXPECT_EQ(-ENOENT, mailbox_unlink_id(self->dev, member));

	/* It does not keep the member. */
	close(self->members[0]);
	self->members[0] = fd;
	EXPECT_EQ(1, mailbox_info(self->fd).members);
	EXPECT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(1, mailbox_info(fd).messages);
	EXPECT_EQ(id, mailbox_info(fd).parent);
	close(looker);
	close(writer);
	close(reader);
}

static int join_as_user(void *arg)
{
	FIXTURE_DATA(member) *self = arg;
	__u64 id = mailbox_id(self->fd);
	struct ipcmbox_info info;
	int fd, member;

	if (become(1000, 1001))
		return 1;
	if (mailbox_by_id(self->dev, id, IPCMBOX_WRITE) != -EACCES)
		return 2;
	fd = mailbox_by_id(self->dev, id, IPCMBOX_READ);
	member = member_new(fd);
	if (fd < 0 || member < 0 || mailbox_stat(member, &info))
		return 3;
	if (info.uid != 1000 || info.gid != 1001)
		return 4;
	if (mailbox_by_id(self->dev, info.id, 0) < 0)
		return 5;
	if (mailbox_by_id(self->dev, mailbox_id(self->members[0]), 0) != -EACCES)
		return 6;
	if (take(member) != -EAGAIN || put(self->fd, 0, 9) || take(member) != 9)
		return 7;
	return 0;
}

TEST_F(member, the_owner_is_who_joins)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	self->members[0] = member_new(self->fd);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0604));
	EXPECT_EQ(0, child_run(join_as_user, self));
}

TEST_F(member, leaving)
{
	struct call *calls = calls_alloc(1);
	char text[4];

	ASSERT_TRUE(join_all(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, member_leave(self->members[0]));
	EXPECT_EQ(2, mailbox_info(self->fd).members);
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(-EINVAL, member_leave(self->members[0]));

	/* It still has what it got, and can send. */
	EXPECT_EQ(0, put(self->members[0], 0, 3));
	EXPECT_EQ(1, take(self->members[0]));
	EXPECT_EQ(-EPIPE, take(self->members[0]));
	EXPECT_EQ(-EPIPE, message_recv(self->members[0], .buf_ptr = ptr_u64(text), .buf_len = 4));
	EXPECT_EQ(1, take(self->members[1]));
	EXPECT_EQ(2, take(self->members[1]));
	EXPECT_EQ(3, take(self->members[1]));

	/* Who waits hears of it. */
	recv_start(calls, self->members[1]);
	ASSERT_TRUE(await_receivers(self->members[1], 1));
	ASSERT_EQ(0, member_leave(self->members[1]));
	EXPECT_EQ(-EPIPE, call_join(calls));
	EXPECT_TRUE(balanced(self));
}

static int join_and_wait(void *arg)
{
	FIXTURE_DATA(member) *self = arg;

	if (member_new(self->fd) < 0)
		return 1;
	for (;;)
		pause();
}

static int join_and_exit(void *arg)
{
	FIXTURE_DATA(member) *self = arg;

	return member_new(self->fd) < 0;
}

static int join_and_exec(void *arg)
{
	FIXTURE_DATA(member) *self = arg;

	if (member_new(self->fd) < 0)
		return 1;
	execl("/proc/self/exe", "event", "exec", NULL);
	return 2;
}

/* What join_and_exec() executes. */
__attribute__((constructor)) static void executed(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "exec"))
		_exit(0);
}

TEST_F(member, notices)
{
	struct ipcmbox_recv recv;
	__u64 member;
	pid_t pid;

	self->members[0] = member_new(self->fd, .mask = NOTICES);
	self->members[1] = member_new(self->fd);
	EXPECT_EQ(JOINED, take_notice(self->members[0], &recv));
	EXPECT_EQ(0, recv.length);
	EXPECT_EQ(0, recv.priority);
	EXPECT_EQ(getpid(), recv.pid);
	EXPECT_EQ(syscall(SYS_gettid), recv.tid);
	EXPECT_EQ(geteuid(), recv.uid);
	EXPECT_EQ(getegid(), recv.gid);
	EXPECT_EQ(IPCMBOX_QUEUED, recv.completion);
	EXPECT_EQ(0, take_notice(self->members[0], &recv));
	/* They are for those who ask. */
	EXPECT_EQ(-EAGAIN, take(self->members[1]));

	ASSERT_EQ(0, member_leave(self->members[1]));
	EXPECT_EQ(LEFT, take_notice(self->members[0], &recv));
	close(self->members[1]);
	EXPECT_EQ(0, take_notice(self->members[0], &recv));

	ASSERT_GE(self->members[1] = member_new(self->fd), 0);
	EXPECT_EQ(JOINED, take_notice(self->members[0], &recv));
	close(self->members[1]);
	EXPECT_EQ(LEFT, take_notice(self->members[0], &recv));

	pid = child_start(join_and_wait, self);
	ASSERT_EQ(0, message_receive(self->members[0], .select_events = JOINED));
	kill(pid, SIGKILL);
	recv = (struct ipcmbox_recv){};
	ASSERT_EQ(0, mailbox_receive(self->members[0], &recv));
	EXPECT_EQ(DIED, recv.events);
	EXPECT_EQ(pid, recv.pid);
	EXPECT_EQ(pid, recv.tid);
	EXPECT_EQ(255, child_wait(pid));

	/* To end with the descriptor open is to die, but to execute another program is not. */
	ASSERT_EQ(0, child_run(join_and_exit, self));
	EXPECT_EQ(JOINED, take_notice(self->members[0], &recv));
	EXPECT_EQ(DIED, take_notice(self->members[0], &recv));
	pid = child_start(join_and_exec, self);
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_EQ(JOINED, take_notice(self->members[0], &recv));
	EXPECT_EQ(pid, recv.pid);
	EXPECT_EQ(LEFT, take_notice(self->members[0], &recv));
	EXPECT_EQ(pid, recv.pid);
	EXPECT_EQ(0, take_notice(self->members[0], &recv));

	/* The last copy of the descriptor counts, and the identity is of who joined. */
	ASSERT_GE(self->members[1] = member_new(self->fd), 0);
	member = mailbox_id(self->members[1]);
	pid = child_start(join_and_wait, self);
	ASSERT_EQ(0, message_receive(self->members[0], .select_events = JOINED));
	ASSERT_EQ(0, message_receive(self->members[0], .select_events = JOINED));
	close(self->members[1]);
	EXPECT_TRUE(mailbox_listed(self->dev, member));
	EXPECT_EQ(0, take_notice(self->members[0], &recv));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(DIED, take_notice(self->members[0], &recv));
	EXPECT_EQ(DIED, take_notice(self->members[0], &recv));
	EXPECT_FALSE(mailbox_listed(self->dev, member));
	self->members[1] = -1;
	EXPECT_TRUE(balanced(self));
}

TEST_F(member, everybody_but_the_joiner_is_told)
{
	struct ipcmbox_recv recv;
	int i, n;

	for (i = 0; i < MEMBERS; i++)
		ASSERT_GE(self->members[i] = member_new(self->fd, .mask = JOINED | LEFT), 0);
	for (i = 0; i < MEMBERS; i++) {
		for (n = i + 1; n < MEMBERS; n++)
			EXPECT_EQ(JOINED, take_notice(self->members[i], &recv));
		EXPECT_EQ(0, take_notice(self->members[i], &recv));
	}
	ASSERT_EQ(0, member_leave(self->members[1]));
	EXPECT_EQ(LEFT, take_notice(self->members[0], &recv));
	EXPECT_EQ(LEFT, take_notice(self->members[2], &recv));
	EXPECT_EQ(-EPIPE, take(self->members[1]));
}

/* They wait for nobody. */
TEST_F(member, who_is_full_loses_notices)
{
	static const __u32 policies[] = { IPCMBOX_OVERFLOW_BLOCK, IPCMBOX_OVERFLOW_FAIL };
	__u64 lost;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		self->members[0] = member_new(self->fd, .mask = NOTICES | BIT(0),
					      .max_messages = 1, .overflow = policies[i],
					      .flags = IPCMBOX_JOIN_OVERFLOW);
		ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 1));
		ASSERT_GE(fd = member_new(self->fd, .mask = BIT(1)), 0);
		close(fd);
		EXPECT_EQ(1, take_lost(self->members[0], &lost));
		EXPECT_EQ(0, lost);
		EXPECT_EQ(-EAGAIN, take(self->members[0]));
		EXPECT_EQ(2, mailbox_info(self->members[0]).dropped);
		ASSERT_EQ(0, put_event(self->fd, BIT(0), 0, 2));
		EXPECT_EQ(2, take_lost(self->members[0], &lost));
		EXPECT_EQ(2, lost);
		EXPECT_TRUE(balanced(self));
		close(self->members[0]);
	}
	self->members[0] = -1;
}

/*
 * Life time
 */

/* A member's descriptor counts as one of the mailbox. */
TEST_F(member, members_keep_the_mailbox)
{
	__u64 id = mailbox_id(self->fd);

	ASSERT_TRUE(join_all(self));
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(mailbox_listed(self->dev, id));
	EXPECT_EQ(0, put(self->members[0], 0, 1));
	EXPECT_EQ(1, take(self->members[1]));
	self->fd = mailbox_by_id(self->dev, id, RW);
	EXPECT_GE(self->fd, 0);
	EXPECT_EQ(3, mailbox_info(self->fd).members);
}

TEST_F(member, transient_name)
{
	int fd, member;

	fd = mailbox_new(self->dev, NAME("test"), .discipline = IPCMBOX_EVENT, .max_messages = 1,
			 .flags = IPCMBOX_OPEN_TRANSIENT);
	ASSERT_GE(fd, 0);
	ASSERT_GE(member = member_new(fd), 0);
	close(fd);
	ASSERT_GE(fd = mailbox_find(self->dev, "test", IPCMBOX_WRITE), 0);
	ASSERT_EQ(0, put(fd, 0, 3));
	close(fd);
	EXPECT_EQ(3, take(member));
	close(member);
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test", IPCMBOX_WRITE));
}

TEST_F(member, lasting_name)
{
	int fd, member;

	fd = mailbox_new(self->dev, NAME("test"), .discipline = IPCMBOX_EVENT, .max_messages = 1,
			 .flags = IPCMBOX_OPEN_KEEP_LAST);
	ASSERT_EQ(0, put(fd, 0, 3));
	close(fd);
	ASSERT_GE(fd = mailbox_find(self->dev, "test", IPCMBOX_READ), 0);
	ASSERT_GE(member = member_new(fd), 0);
	EXPECT_EQ(3, take(member));
	/* Somebody can come and send. */
	EXPECT_EQ(-EAGAIN, take(member));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	close(fd);
	close(member);
}

TEST_F(member, nobody_left_to_send)
{
	struct call *calls = calls_alloc(1);
	int reader;

	reader = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	self->members[0] = member_new(reader);
	self->members[1] = member_new(self->fd);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	close(self->fd);
	EXPECT_EQ(1, take(self->members[0]));
	EXPECT_EQ(-EAGAIN, take(self->members[0]));

	/* The other member was the last that could. */
	recv_start(calls, self->members[0]);
	ASSERT_TRUE(await_receivers(self->members[0], 1));
	close(self->members[1]);
	EXPECT_EQ(-EPIPE, call_join(calls));
	EXPECT_EQ(-EPIPE, take(self->members[0]));
	ASSERT_GE(self->members[2] = member_new(reader), 0);
	EXPECT_EQ(-EPIPE, take(self->members[2]));

	/* Until somebody comes. */
	self->fd = mailbox_by_id(self->dev, mailbox_id(reader), IPCMBOX_WRITE);
	EXPECT_EQ(-EAGAIN, take(self->members[0]));
	EXPECT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(2, take(self->members[0]));
	EXPECT_EQ(2, take(self->members[2]));
	close(reader);
}

TEST_F(member, nobody_left_to_join)
{
	int writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);

	ASSERT_TRUE(join_all(self));
	close(self->fd);
	EXPECT_EQ(0, put(writer, 0, 1));
	EXPECT_EQ(0, member_leave(self->members[0]));
	close(self->members[1]);
	EXPECT_EQ(0, put(writer, 0, 2));
	close(self->members[2]);
	EXPECT_EQ(-EPIPE, put(writer, 0, 3));
	EXPECT_EQ(-EPIPE, put(self->members[0], 0, 3));
	self->members[1] = -1;
	self->members[2] = -1;

	self->fd = mailbox_by_id(self->dev, mailbox_id(writer), IPCMBOX_READ);
	ASSERT_GE(self->fd, 0);
	EXPECT_EQ(0, put(writer, 0, 4));
	close(writer);
}

TEST_HARNESS_MAIN
