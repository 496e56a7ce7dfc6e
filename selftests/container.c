// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an ordinary user makes a container of - user, IPC, PID and mount namespaces - lets nothing
 * through: no name, id, pid or right, and no load; and inside nobody can tell what is outside.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "check_test.h"
#include "ipcmbox_test.h"

#define USER		1000
#define CONTAINER	(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNS)
#define NO_CONTAINERS	254
#define SKIP_REASON	"no user namespaces for ordinary users"
#define MANY		100000

/* What those inside and those outside tell each other; pids as those outside have them. */
struct board {
	volatile int ready, go;
	volatile pid_t inner;
	pid_t outer;
	__u64 id;
};

FIXTURE(container) {
	int dev, fd, inbox, line;
	struct call *blocked;
	struct board *board;
	int (*body)(FIXTURE_DATA(container) *self);
};

FIXTURE_SETUP(container)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, NAME("test"), .max_messages = 1, .mode = 0666);
	ASSERT_GE(self->fd, 0);
	self->inbox = endpoint_new(self->dev, .mode = 0666, .max_messages = 1);
	ASSERT_GE(self->inbox, 0);
	self->line = endpoint_connect(self->dev, IPCMBOX_PROCESS, getpid());
	ASSERT_GE(self->line, 0);
	self->board = mmap(NULL, sizeof(*self->board), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->board);
	self->board->id = mailbox_id(self->fd);
	self->board->outer = getpid();
	self->blocked = calls_alloc(1);
	recv_fork(self->blocked, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
}

FIXTURE_TEARDOWN(container)
{
	call_kill(self->blocked);
	close(self->line);
	close(self->inbox);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/* The container's first process, with all the capabilities that there are inside. */
static int inside(void *arg)
{
	FIXTURE_DATA(container) *self = arg;

	self->body(self);
	return wrong;
}

static int enter_container(void *arg)
{
	FIXTURE_DATA(container) *self = arg;
	struct rlimit files = { 4096, 4096 };
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", USER);
	setrlimit(RLIMIT_NOFILE, &files);
	if (become(USER, USER))
		return NO_CONTAINERS - 1;
	if (unshare(CONTAINER))
		return NO_CONTAINERS;
	if (!write_file("/proc/self/setgroups", "deny") ||
	    !write_file("/proc/self/uid_map", map) || !write_file("/proc/self/gid_map", map))
		return NO_CONTAINERS - 2;
	self->board->inner = child_start(inside, arg);
	return child_wait(self->board->inner);
}

/* NO_CONTAINERS, or whether anything was wrong inside. */
static int run_inside(FIXTURE_DATA(container) *self,
		      int (*function)(FIXTURE_DATA(container) *self))
{
	self->body = function;
	return child_run(enter_container, self);
}

/* The same, until @function says that it is ready; then 0, and @pid waits for it. */
static int start_inside(FIXTURE_DATA(container) *self,
			int (*function)(FIXTURE_DATA(container) *self), pid_t *pid)
{
	int status;

	self->body = function;
	*pid = child_start(enter_container, self);
	while (!self->board->ready) {
		if (waitpid(*pid, &status, WNOHANG) == *pid)
			return WEXITSTATUS(status);
		sched_yield();
	}
	return 0;
}

static int blocked_at(int dev, __u64 id)
{
	struct ipcmbox_blocked list[8];
	struct ipcmbox_blocked_list arg = {
		.id = id, .buf_ptr = ptr_u64(list), .count = 8, .element_size = sizeof(*list),
	};

	return ioctl(dev, IPCMBOX_IOC_BLOCKED, &arg) < 0 ? -errno : (int)arg.total;
}

static int see_nothing(FIXTURE_DATA(container) *self)
{
	__u64 id = self->board->id;
	int dev = device_open();

	CHECK(dev >= 0);
	CHECK(mailbox_count(dev) == 0);
	CHECK(mailbox_find(dev, "test", RW) == -ENOENT);
	CHECK(mailbox_find(dev, "test", 0) == -ENOENT);
	CHECK(mailbox_by_id(dev, id, RW) == -ENOENT);
	CHECK(mailbox_by_id(dev, id, 0) == -ENOENT);
	CHECK(mailbox_unlink(dev, "test") == -ENOENT);
	CHECK(mailbox_unlink_id(dev, id) == -ENOENT);
	CHECK(blocked_at(dev, id) == -ENOENT);
	CHECK(endpoint_connect(dev, IPCMBOX_PROCESS, self->board->outer) == -ESRCH);
	CHECK(endpoint_connect(dev, IPCMBOX_ENDPOINT_ID, mailbox_id(self->inbox)) == -ENOENT);
	return 0;
}

TEST_F(container, does_not_see_out)
{
	int ret;

	ASSERT_EQ(1, blocked_at(self->dev, self->board->id)) TH_LOG("there is nothing to see");
	ret = run_inside(self, see_nothing);
	if (ret == NO_CONTAINERS)
		SKIP(return, SKIP_REASON);
	EXPECT_EQ(0, ret);
}

static int be_looked_for(FIXTURE_DATA(container) *self)
{
	int dev = device_open();

	CHECK(mailbox_new(dev, NAME("test inside"), .mode = 0666) >= 0);
	CHECK(endpoint_new(dev, .mode = 0666) >= 0);
	self->board->ready = 1;
	CHECK(await_value(&self->board->go, 1));
	return 0;
}

TEST_F(container, is_not_seen_from_outside)
{
	int count = mailbox_count(self->dev), ret;
	struct ipcmbox_query query;
	pid_t pid;

	ret = start_inside(self, be_looked_for, &pid);
	if (ret == NO_CONTAINERS)
		SKIP(return, SKIP_REASON);
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(await_value(&self->board->inner, 1));
	EXPECT_EQ(count, mailbox_count(self->dev));
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test inside", 0));
	EXPECT_EQ(-ESRCH, endpoint_connect(self->dev, IPCMBOX_PROCESS, self->board->inner));
	EXPECT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(2, query.user_mailboxes) TH_LOG("those of this test");
	self->board->go = 1;
	EXPECT_EQ(0, child_wait(pid));
}

/* A descriptor is all that comes in, and it can do what it could; but it makes nobody master. */
static int use_what_was_given(FIXTURE_DATA(container) *self)
{
	static const struct ipcmbox_set set = { .mask = IPCMBOX_SET_MODE, .mode = 0666 };
	struct ipcmbox_info info = mailbox_info(self->fd);

	CHECK(mailbox_set(self->fd, &set) == -EPERM);
	CHECK(mailbox_unlink(self->dev, "test") == -EPERM);
	CHECK(mailbox_unlink_id(self->dev, self->board->id) == -EPERM);
	/* Those outside have no ids in here. */
	CHECK(info.uid == 65534 && info.gid == 65534);
	info = mailbox_info(self->inbox);
	CHECK(info.pid == 0 && info.tid == 0);
	CHECK(put(self->line, 0, 7) == 0);
	return 0;
}

TEST_F(container, has_the_rights_of_a_descriptor_and_no_more)
{
	struct ipcmbox_recv recv = {};
	__u32 number;
	int ret;

	ret = run_inside(self, use_what_was_given);
	if (ret == NO_CONTAINERS)
		SKIP(return, SKIP_REASON);
	EXPECT_EQ(0, ret);
	/* ... and who has sent is told in the receiver's terms. */
	ASSERT_EQ(4, take_info(self->inbox, &number, &recv));
	EXPECT_EQ(7, number);
	EXPECT_EQ(USER, recv.uid);
	EXPECT_EQ(USER, recv.gid);
	EXPECT_NE(1, recv.pid) TH_LOG("the pid inside");
	EXPECT_GT(recv.pid, self->board->outer);
}

/* As much as is to be had, by the same user as outside. */
static int use_everything_up(FIXTURE_DATA(container) *self)
{
	static char payload[IPCMBOX_LENGTH_DEFAULT];
	int dev = device_open(), fd, last = 0, i;

	fd = mailbox_new(dev, .max_messages = IPCMBOX_UNBOUNDED);
	CHECK(fd >= 0);
	for (i = 0; i < MANY && !last; i++)
		last = message_send(fd, .buf_ptr = ptr_u64(payload), .buf_len = sizeof(payload));
	CHECK(last == -EDQUOT || last == -ENOMEM);
	for (i = 0, last = 0; i < MANY && last >= 0; i++)
		last = mailbox_new(dev, .max_messages = 1);
	CHECK(last == -EDQUOT || last == -EMFILE);
	self->board->ready = 1;
	CHECK(await_value(&self->board->go, 1));
	return 0;
}

static int use_some_outside(void *arg)
{
	FIXTURE_DATA(container) *self = arg;
	struct ipcmbox_query query;
	int fd;

	CHECK(become(USER, USER) == 0);
	CHECK(query_budget(self->dev, &query) == 0);
	CHECK(!query.user_mailboxes && !query.user_messages && !query.user_bytes);
	fd = mailbox_new(self->dev, .max_messages = 1);
	CHECK(fd >= 0);
	CHECK(put(fd, 0, 1) == 0);
	CHECK(take(fd) == 1);
	return wrong;
}

TEST_F_TIMEOUT(container, exhausts_its_own_only, 100)
{
	pid_t pid;
	int ret;

	ret = start_inside(self, use_everything_up, &pid);
	if (ret == NO_CONTAINERS)
		SKIP(return, SKIP_REASON);
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, child_run(use_some_outside, self));
	self->board->go = 1;
	EXPECT_EQ(0, child_wait(pid));
}

TEST_HARNESS_MAIN
