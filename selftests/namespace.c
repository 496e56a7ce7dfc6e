// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPC namespaces keep mailboxes apart; pids, uids and clocks are the reader's own.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "segment_test.h"

#define SOMEBODY	1000

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

struct shared {
	pid_t inner, outer;
	__u64 id;
	struct ipcmbox_recv recv;
};

FIXTURE(namespace) {
	int dev, fd;
	struct shared *shared;
};

FIXTURE_SETUP(namespace)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, NAME("test"), .max_messages = 8, .mode = 0666);
	ASSERT_GE(self->fd, 0);
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
}

FIXTURE_TEARDOWN(namespace)
{
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/*
 * IPC namespaces
 */

TEST_F(namespace, names_and_ids_are_apart)
{
	__u64 outer = mailbox_id(self->fd), inner;
	int dev, fd;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	dev = device_open();
	ASSERT_GE(dev, 0);
	EXPECT_EQ(0, mailbox_count(dev));
	EXPECT_EQ(-ENOENT, mailbox_find(dev, "test", RW));
	EXPECT_EQ(-ENOENT, mailbox_by_id(dev, outer, RW));
	EXPECT_EQ(-ENOENT, mailbox_unlink(dev, "test"));
	EXPECT_EQ(-ENOENT, mailbox_unlink_id(dev, outer));
	EXPECT_FALSE(mailbox_listed(dev, outer));

	/* The same name is free here, and its mailbox is another one. */
	fd = mailbox_new(dev, NAME("test"), .max_messages = 1, .flags = IPCMBOX_OPEN_EXCL);
	ASSERT_GE(fd, 0);
	inner = mailbox_id(fd);
	EXPECT_NE(outer, inner);
	EXPECT_EQ(1, mailbox_count(dev));
	ASSERT_EQ(0, put(fd, 0, 1));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, inner, RW));
	EXPECT_FALSE(mailbox_listed(self->dev, inner));
	EXPECT_EQ(0, mailbox_unlink(dev, "test"));
	EXPECT_EQ(IPCMBOX_INFO_NAMED, mailbox_info(self->fd).flags);
	close(fd);
	close(dev);
}

TEST_F(namespace, device_descriptor_keeps_its_own)
{
	int fd;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	fd = mailbox_find(self->dev, "test", RW);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(mailbox_id(self->fd), mailbox_id(fd));
	EXPECT_EQ(0, put(fd, 0, 5));
	EXPECT_EQ(5, take(self->fd));
	close(fd);
	fd = mailbox_new(self->dev, NAME("test second"), .max_messages = 1);
	EXPECT_GE(fd, 0);
	EXPECT_TRUE(mailbox_listed(self->dev, mailbox_id(fd)));
	close(fd);
}

TEST_F(namespace, two_descriptors_share_one)
{
	int dev = device_open(), fd;

	ASSERT_GE(dev, 0);
	fd = mailbox_find(dev, "test", RW);
	EXPECT_GE(fd, 0);
	close(fd);
	close(dev);
}

TEST_F(namespace, budget_is_its_own)
{
	struct ipcmbox_query outer, inner;
	int dev;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	dev = device_open();
	ASSERT_EQ(0, query_budget(dev, &inner));
	EXPECT_EQ(0, inner.user_mailboxes | inner.user_messages | inner.user_bytes);
	ASSERT_EQ(0, query_budget(self->dev, &outer));
	EXPECT_GE(outer.user_mailboxes, 1);
	EXPECT_GE(outer.user_messages, 1);
	close(dev);
}

/* Its descriptors go on working, and end as ever. */
TEST_F(namespace, mailbox_outlives_it)
{
	int dev, fd;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	dev = device_open();
	fd = mailbox_new(dev, NAME("test"), .max_messages = 2);
	ASSERT_GE(fd, 0);
	close(dev);
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	EXPECT_EQ(0, put(fd, 0, 1));
	EXPECT_EQ(0, put(fd, 0, 2));
	EXPECT_EQ(1, take(fd));
	EXPECT_TRUE(mailbox_balanced(fd));
	close(fd);
}

static int leave_names_behind(void *arg)
{
	int dev, fd, i;

	(void)arg;
	if (unshare(CLONE_NEWIPC))
		return 1;
	dev = device_open();
	for (i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "test %d", i);
		fd = mailbox_new(dev, NAME(name), .max_messages = 8, .max_length = 100000);
		if (fd < 0 || put(fd, 0, i) || put(fd, 1, i))
			return 2;
	}
	return 0;
}

static int module_references(void)
{
	char text[32];

	if (!read_file("/sys/module/ipcmbox/refcnt", text, sizeof(text)))
		return -1;
	return atoi(text);
}

static int leave_segments_behind(void *arg)
{
	int dev, fd;

	(void)arg;
	if (unshare(CLONE_NEWIPC))
		return 1;
	dev = device_open();
	fd = segment_new(dev, NAME("test"), .size = 100 * PAGE);
	if (fd < 0 || pwrite(fd, "here", 4, 0) != 4)
		return 2;
	fd = segment_new(dev, NAME("test transient"), .size = PAGE,
			 .flags = IPCMBOX_OPEN_TRANSIENT);
	return fd < 0 ? 3 : 0;
}

/* Nobody can unlink these names any more, but neither do they hold anything. */
TEST_F(namespace, names_end_with_it)
{
	int before = module_references(), count = mailbox_count(self->dev), i, now;
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	ASSERT_GE(before, 0);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, child_run(leave_names_behind, NULL));
		ASSERT_EQ(0, child_run(leave_segments_behind, NULL));
	}
	EXPECT_EQ(count, mailbox_count(self->dev));
	do {
		now = module_references();
	} while (now != before && now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < PATIENCE_NS);
	EXPECT_EQ(before, now) TH_LOG("the module could not be unloaded");
}

/*
 * PID namespaces
 */

static int send_from_inside(void *arg)
{
	FIXTURE_DATA(namespace) *self = arg;
	struct ipcmbox_recv recv = {};
	__u32 number;

	/* What came from outside is from nobody one could name here. */
	if (take_info(self->fd, &number, &recv) != 4 || recv.pid || recv.tid)
		return 1;
	if (put(self->fd, 0, 2))
		return 2;
	if (take_info(self->fd, &number, &recv) != 4 || recv.pid != 1 || recv.tid != 1)
		return 3;
	return put(self->fd, 0, 3) ? 4 : 0;
}

static int pid_namespace(void *arg)
{
	FIXTURE_DATA(namespace) *self = arg;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return 100;
	pid = child_start(send_from_inside, self);
	self->shared->inner = pid;
	return child_wait(pid);
}

TEST_F(namespace, pids_are_the_receivers)
{
	struct ipcmbox_recv recv = {};
	__u32 number;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, child_run(pid_namespace, self));
	ASSERT_EQ(4, take_info(self->fd, &number, &recv));
	EXPECT_EQ(3, number);
	EXPECT_EQ(self->shared->inner, recv.pid);
	EXPECT_EQ(self->shared->inner, recv.tid);
}

/*
 * User namespaces
 */

static bool enter_user_namespace(uid_t uid)
{
	char map[32];

	if (unshare(CLONE_NEWUSER))
		return false;
	snprintf(map, sizeof(map), "0 %d 1", uid);
	return write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", map) && write_file("/proc/self/gid_map", map);
}

static int user_namespace(void *arg)
{
	FIXTURE_DATA(namespace) *self = arg;
	struct ipcmbox_recv recv = {};
	__u32 number;

	if (become(SOMEBODY, SOMEBODY) || !enter_user_namespace(SOMEBODY))
		return 254;
	/* From root outside, who is nobody in here; then from oneself. */
	if (take_info(self->fd, &number, &recv) != 4 || recv.uid != 65534 || recv.gid != 65534)
		return 1;
	if (put(self->fd, 0, 2))
		return 2;
	if (take_info(self->fd, &number, &recv) != 4 || recv.uid || recv.gid)
		return 3;
	return put(self->fd, 0, 3) ? 4 : 0;
}

TEST_F(namespace, uids_are_the_receivers)
{
	struct ipcmbox_recv recv = {};
	__u32 number;
	int ret;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ret = child_run(user_namespace, self);
	if (ret == 254)
		SKIP(return, "no user namespaces for ordinary users");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(4, take_info(self->fd, &number, &recv));
	EXPECT_EQ(SOMEBODY, recv.uid);
	EXPECT_EQ(SOMEBODY, recv.gid);
}

/*
 * Time namespaces
 */

struct shift {
	int fd;
	const char *offsets;
};

/* Neither too early nor, by the offset, much too late. */
static int deadline_inside(void *arg)
{
	struct shift *shift = arg;
	__u32 clock;

	for (clock = IPCMBOX_CLOCK_MONOTONIC; clock <= IPCMBOX_CLOCK_BOOTTIME; clock++) {
		__u64 deadline = now_ns(clock) + 50 * NSEC_PER_MSEC, now;
		char byte;
		int ret;

		ret = message_recv(shift->fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1,
				   .flags = IPCMBOX_DEADLINE, .clock = clock,
				   .deadline_ns = deadline);
		now = now_ns(clock);
		if (ret != -ETIMEDOUT)
			return 1 + clock;
		if (now < deadline)
			return 11 + clock;
		if (now > deadline + PATIENCE_NS)
			return 21 + clock;
		/* Distant past and distant future are what they are in here. */
		ret = message_recv(shift->fd, .buf_ptr = ptr_u64(&byte), .buf_len = 1,
				   .flags = IPCMBOX_DEADLINE, .clock = clock);
		if (ret != -ETIMEDOUT)
			return 31 + clock;
	}
	return 0;
}

static int time_namespace(void *arg)
{
	struct shift *shift = arg;

	if (unshare(CLONE_NEWTIME))
		return 254;
	if (!write_file("/proc/self/timens_offsets", shift->offsets))
		return 253;
	return child_run(deadline_inside, shift);
}

static int for_ever_inside(void *arg)
{
	struct shift *shift = arg;
	struct call *call = calls_alloc(1);

	recv_start(call, shift->fd, .flags = IPCMBOX_DEADLINE, .deadline_ns = ~0ULL);
	if (!await_receivers(shift->fd, 1) || !call_await_asleep(call))
		return 1;
	if (put(shift->fd, 0, 1))
		return 2;
	return call_join(call) == 4 ? 0 : 3;
}

static int time_namespace_for_ever(void *arg)
{
	struct shift *shift = arg;

	if (unshare(CLONE_NEWTIME))
		return 254;
	if (!write_file("/proc/self/timens_offsets", shift->offsets))
		return 253;
	return child_run(for_ever_inside, shift);
}

TEST_F(namespace, clocks_are_the_callers)
{
	struct shift ahead = { self->fd, "monotonic 1000000 0\nboottime 2000000 5\n" };
	struct shift behind = { self->fd, "monotonic -1 0\nboottime -1 0\n" };

	if (access("/proc/self/ns/time", F_OK))
		SKIP(return, "no time namespaces in this kernel");
	EXPECT_EQ(0, child_run(time_namespace, &ahead));
	EXPECT_EQ(0, child_run(time_namespace, &behind));
	EXPECT_EQ(0, child_run(time_namespace_for_ever, &ahead));
	EXPECT_EQ(0, child_run(time_namespace_for_ever, &behind));
}

TEST_HARNESS_MAIN
