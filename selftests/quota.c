// SPDX-License-Identifier: GPL-2.0-only
/*
 * Budgets of users, and memory cgroups: who uses too much gets the error, and nobody else.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "cgroup_test.h"
#include "check_test.h"
#include "ipcmbox_test.h"

#define USER	1000
#define OTHER	1001

static const char * const parameters[] = { "user_mailboxes", "user_messages", "user_bytes" };

enum { MAILBOXES, MESSAGES, BYTES };

/* What a test's processes tell each other */
struct board {
	volatile int ready, go;
	__u64 counts[4];
};

FIXTURE(quota) {
	int dev;
	char saved[ARRAY_SIZE(parameters)][32];
	struct board *board;
};

static void parameter_path(char *path, size_t size, int which)
{
	snprintf(path, size, "/sys/module/ipcmbox/parameters/%s", parameters[which]);
}

static bool set_parameter(int which, const char *value)
{
	char path[80];

	parameter_path(path, sizeof(path), which);
	return write_file(path, value);
}

FIXTURE_SETUP(quota)
{
	char path[80];
	int i;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	for (i = 0; i < ARRAY_SIZE(parameters); i++) {
		parameter_path(path, sizeof(path), i);
		ASSERT_TRUE(read_file(path, self->saved[i], sizeof(self->saved[i])));
	}
	self->board = mmap(NULL, sizeof(*self->board), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->board);
}

FIXTURE_TEARDOWN(quota)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(parameters); i++)
		set_parameter(i, self->saved[i]);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/* Run @body as an ordinary user; what it returns names the line that went wrong. */
struct user {
	uid_t uid;
	int dev;
	struct board *board;
	int (*body)(struct user *user);
};

static int user_body(void *arg)
{
	struct user *user = arg;
	struct rlimit files = { 4096, 4096 };

	setrlimit(RLIMIT_NOFILE, &files);
	if (become(user->uid, user->uid))
		return 250;
	return user->body(user) || wrong;
}

static int as_user(FIXTURE_DATA(quota) *self, uid_t uid, int (*body)(struct user *user))
{
	struct user user = {
		.uid = uid, .dev = self->dev, .board = self->board, .body = body,
	};

	return child_run(user_body, &user);
}

static bool uses_nothing(int dev)
{
	struct ipcmbox_query query;

	return query_budget(dev, &query) == 0 && !query.user_mailboxes &&
	       !query.user_messages && !query.user_bytes;
}

static int try_nothing_used(struct user *user)
{
	CHECK(uses_nothing(user->dev));
	return 0;
}

static int write_parameters(struct user *user)
{
	(void)user;
	CHECK(!set_parameter(MAILBOXES, "1000000"));
	return 0;
}

TEST_F(quota, parameters)
{
	struct ipcmbox_query query;

	ASSERT_TRUE(set_parameter(MAILBOXES, "1234"));
	ASSERT_TRUE(set_parameter(MESSAGES, "56789"));
	ASSERT_TRUE(set_parameter(BYTES, "9876543"));
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(1234, query.max_mailboxes);
	EXPECT_EQ(56789, query.max_user_messages);
	EXPECT_EQ(9876543, query.max_user_bytes);
	EXPECT_EQ(0, as_user(self, USER, write_parameters));
}

static int use_all_mailboxes(struct user *user)
{
	struct ipcmbox_open arg = {
		.flags = IPCMBOX_OPEN_CREATE, .access = RW, .mode = 0600,
	};
	struct ipcmbox_query query;
	int fds[5], i;

	for (i = 0; i < 5; i++) {
		fds[i] = mailbox_new(user->dev, .max_messages = 1);
		CHECK(fds[i] >= 0);
		CHECK(query_budget(user->dev, &query) == 0);
		CHECK(query.user_mailboxes == i + 1);
	}
	CHECK(mailbox_open(user->dev, &arg) == -EDQUOT);
	CHECK(arg.limit == IPCMBOX_LIMIT_USER_MAILBOXES);
	/* Opening what there is costs nothing. */
	CHECK(mailbox_by_id(user->dev, mailbox_id(fds[0]), RW) >= 0);
	close(fds[4]);
	CHECK(query_budget(user->dev, &query) == 0 && query.user_mailboxes == 4);
	CHECK(mailbox_open(user->dev, &arg) >= 0);
	return 0;
}

TEST_F(quota, mailboxes)
{
	ASSERT_TRUE(set_parameter(MAILBOXES, "5"));
	EXPECT_EQ(0, as_user(self, USER, use_all_mailboxes));
	EXPECT_EQ(0, as_user(self, USER, try_nothing_used));
}

static int use_all_messages(struct user *user)
{
	int fd = mailbox_new(user->dev, .max_messages = IPCMBOX_UNBOUNDED);
	struct ipcmbox_send send = { .buf_ptr = ptr_u64("x"), .buf_len = 1 };
	struct ipcmbox_query query;
	int i;

	CHECK(fd >= 0);
	for (i = 0; i < 10; i++) {
		CHECK(mailbox_send(fd, &send) == 0);
		CHECK(query_budget(user->dev, &query) == 0);
		CHECK(query.user_messages == i + 1);
	}
	CHECK(mailbox_send(fd, &send) == -EDQUOT);
	CHECK(send.limit == IPCMBOX_LIMIT_USER_MESSAGES);
	CHECK(write(fd, "x", 1) == -1 && errno == EDQUOT);
	CHECK(mailbox_info(fd).messages == 10);
	CHECK(mailbox_info(fd).sent == 10);
	CHECK(take(fd) >= 0);
	CHECK(query_budget(user->dev, &query) == 0 && query.user_messages == 9);
	CHECK(mailbox_send(fd, &send) == 0);
	/* What is too long is told before what is too much. */
	send.buf_len = IPCMBOX_LENGTH_MAX;
	CHECK(mailbox_send(fd, &send) == -EMSGSIZE);
	close(fd);
	CHECK(uses_nothing(user->dev));
	return 0;
}

TEST_F(quota, messages)
{
	ASSERT_TRUE(set_parameter(MESSAGES, "10"));
	EXPECT_EQ(0, as_user(self, USER, use_all_messages));
	EXPECT_EQ(0, as_user(self, USER, try_nothing_used));
}

static int use_all_bytes(struct user *user)
{
	int fd = mailbox_new(user->dev, .max_messages = IPCMBOX_UNBOUNDED);
	char buf[10000] = "";
	struct ipcmbox_send send = { .buf_ptr = ptr_u64(buf), .buf_len = sizeof(buf) };
	struct ipcmbox_query query;
	int i, ret;

	CHECK(fd >= 0);
	for (i = 0; (ret = mailbox_send(fd, &send)) == 0; i++) {
		CHECK(query_budget(user->dev, &query) == 0);
		CHECK(query.user_bytes >= (i + 1) * sizeof(buf));
		CHECK(query.user_bytes <= 100000);
	}
	CHECK(ret == -EDQUOT);
	CHECK(send.limit == IPCMBOX_LIMIT_USER_BYTES);
	/* The bookkeeping counts as well, but not as much as the payload. */
	CHECK(i >= 5 && i <= 10);
	CHECK(mailbox_info(fd).messages == i);
	CHECK(read(fd, buf, sizeof(buf)) == sizeof(buf));
	CHECK(mailbox_send(fd, &send) == 0);
	close(fd);
	CHECK(uses_nothing(user->dev));
	return 0;
}

TEST_F(quota, bytes)
{
	ASSERT_TRUE(set_parameter(BYTES, "100000"));
	EXPECT_EQ(0, as_user(self, USER, use_all_bytes));
	EXPECT_EQ(0, as_user(self, USER, try_nothing_used));
}

/* Empty messages are not free. */
static int send_empty_messages(struct user *user)
{
	int fd = mailbox_new(user->dev, .max_messages = IPCMBOX_UNBOUNDED), i, ret = 0;
	struct ipcmbox_send send = {};

	for (i = 0; i < 100000 && (ret = mailbox_send(fd, &send)) == 0; i++)
		;
	CHECK(ret == -EDQUOT && send.limit == IPCMBOX_LIMIT_USER_BYTES);
	return 0;
}

TEST_F(quota, bookkeeping_counts)
{
	ASSERT_TRUE(set_parameter(BYTES, "100000"));
	EXPECT_EQ(0, as_user(self, USER, send_empty_messages));
}

/* A blocked sender's message is under way, a withdrawn one is not. */
static int block_and_give_up(struct user *user)
{
	int fd = mailbox_new(user->dev, .max_messages = 1);
	struct call *call = calls_alloc(1);
	struct ipcmbox_query query;

	CHECK(put(fd, 0, 1) == 0);
	send_start(call, fd, .buf_ptr = ptr_u64("x"), .buf_len = 1, .flags = IPCMBOX_DEADLINE,
		   .deadline_ns = now_ns(0) + NSEC_PER_SEC);	/* time to be seen */
	CHECK(await_senders(fd, 1));
	CHECK(query_budget(user->dev, &query) == 0 && query.user_messages == 2);
	CHECK(call_join(call) == -ETIMEDOUT);
	CHECK(query_budget(user->dev, &query) == 0 && query.user_messages == 1);
	return 0;
}

TEST_F(quota, withdrawn_messages)
{
	EXPECT_EQ(0, as_user(self, USER, block_and_give_up));
	EXPECT_EQ(0, as_user(self, USER, try_nothing_used));
}

static int exhaust_and_hold(struct user *user)
{
	int fd = mailbox_new(user->dev, .max_messages = IPCMBOX_UNBOUNDED);

	while (put(fd, 0, 1) == 0)
		;
	while (mailbox_new(user->dev, .max_messages = 1) >= 0)
		;
	user->board->ready = 1;
	pause();
	return 0;
}

/* As long as the first one holds everything it may have. */
static int work_undisturbed(struct user *user)
{
	struct ipcmbox_query query;
	int fd;

	CHECK(query_budget(user->dev, &query) == 0);
	CHECK(!query.user_mailboxes && !query.user_messages && !query.user_bytes);
	fd = mailbox_new(user->dev, .max_messages = 8);
	CHECK(fd >= 0);
	CHECK(put(fd, 0, 7) == 0);
	CHECK(take(fd) == 7);
	return 0;
}

TEST_F(quota, other_users_are_undisturbed)
{
	struct user user = {
		.uid = USER, .dev = self->dev, .board = self->board, .body = exhaust_and_hold,
	};
	pid_t pid;

	ASSERT_TRUE(set_parameter(MAILBOXES, "20"));
	ASSERT_TRUE(set_parameter(MESSAGES, "100"));
	pid = child_start(user_body, &user);
	ASSERT_TRUE(await_value(&self->board->ready, 1));
	EXPECT_EQ(0, as_user(self, OTHER, work_undisturbed));
	/* Death gives everything back. */
	kill(pid, SIGKILL);
	child_wait(pid);
	EXPECT_EQ(0, as_user(self, USER, work_undisturbed));
}

/* The sender pays, whoever owns the mailbox. */
static int send_two(struct user *user)
{
	struct ipcmbox_query query;
	int fd = mailbox_find(user->dev, "test", IPCMBOX_WRITE);

	CHECK(fd >= 0);
	CHECK(put(fd, 0, 1) == 0);
	CHECK(put(fd, 0, 2) == 0);
	CHECK(query_budget(user->dev, &query) == 0);
	CHECK(query.user_messages == 2 && query.user_mailboxes == 0);
	return 0;
}

static int has_one_message(struct user *user)
{
	struct ipcmbox_query query;

	CHECK(query_budget(user->dev, &query) == 0);
	CHECK(query.user_messages == 1 && query.user_bytes > 0);
	return 0;
}

TEST_F(quota, sender_pays)
{
	struct ipcmbox_query before, after;
	int fd;

	umask(0);
	fd = mailbox_new(self->dev, NAME("test"), .max_messages = 8, .mode = 0622);
	ASSERT_EQ(0, query_budget(self->dev, &before));
	EXPECT_EQ(0, as_user(self, USER, send_two));
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(1, take(fd));
	EXPECT_EQ(0, as_user(self, USER, has_one_message)) TH_LOG("death does not change it");
	EXPECT_EQ(2, take(fd));
	EXPECT_EQ(0, as_user(self, USER, try_nothing_used));
	close(fd);
}

/*
 * What an ordinary user must be able to have, without any parameter being touched
 */

#define MANY_MAILBOXES	1000
#define DEPTH		64
#define MANY_MESSAGES	100000

static int many_mailboxes(struct user *user)
{
	static int fds[MANY_MAILBOXES];
	int n = scaled(MANY_MAILBOXES), i, j;

	n = n > MANY_MAILBOXES ? MANY_MAILBOXES : n;
	for (i = 0; i < n; i++) {
		fds[i] = mailbox_new(user->dev, .max_messages = DEPTH);
		CHECK(fds[i] >= 0);
		for (j = 0; j < DEPTH; j++)
			CHECK(put(fds[i], 0, i + j) == 0);
	}
	for (i = 0; i < n; i++) {
		CHECK(mailbox_info(fds[i]).messages == DEPTH);
		CHECK(take(fds[i]) == i);
		CHECK(take(fds[i]) == i + 1);
		close(fds[i]);
	}
	CHECK(uses_nothing(user->dev));
	return 0;
}

FIXTURE(plenty) {
	FIXTURE_DATA(quota) quota;
};

FIXTURE_SETUP(plenty)
{
	quota_setup(_metadata, &self->quota, NULL);
}

FIXTURE_TEARDOWN(plenty)
{
	quota_teardown(_metadata, &self->quota, NULL);
}

TEST_F_TIMEOUT(plenty, mailboxes, 150)
{
	EXPECT_EQ(0, as_user(&self->quota, USER, many_mailboxes));
}

static int many_messages(struct user *user)
{
	int fd = mailbox_new(user->dev, .max_messages = IPCMBOX_UNBOUNDED);
	int n = scaled(MANY_MESSAGES), i;

	n = n > MANY_MESSAGES ? MANY_MESSAGES : n;
	for (i = 0; i < n; i++)
		CHECK(put(fd, i % 3, i) == 0);
	CHECK(mailbox_info(fd).messages == n);
	/* Those of priority 2, then a few more; the rest goes with the mailbox. */
	for (i = 2; i < n; i += 3)
		CHECK(take(fd) == i);
	CHECK(take(fd) == 1);
	CHECK(mailbox_balanced(fd));
	close(fd);
	CHECK(uses_nothing(user->dev));
	return 0;
}

TEST_F_TIMEOUT(plenty, messages, 150)
{
	EXPECT_EQ(0, as_user(&self->quota, USER, many_messages));
}

/*
 * Memory cgroups
 */

#define SMALL		CGROUPS "/ipcmbox-test"

static int send_until_failure(int fd, char *buf, size_t len, struct ipcmbox_send *send)
{
	int ret, i;

	*send = (struct ipcmbox_send){ .buf_ptr = ptr_u64(buf), .buf_len = len };
	for (i = 0; i < 4096; i++) {
		ret = mailbox_send(fd, send);
		if (ret)
			return ret;
	}
	return 0;
}

/* Its memory is touched before, so that only messages need more. */
static int fill_small_cgroup(void *arg)
{
	struct user *user = arg;
	char *buf = calloc(1, IPCMBOX_LENGTH_DEFAULT);
	int fd = mailbox_find(user->dev, "test", RW), ret;
	struct ipcmbox_send send;

	memset(buf, 1, IPCMBOX_LENGTH_DEFAULT);
	if (fd < 0 || !cgroup_enter(SMALL))
		return 1;
	ret = send_until_failure(fd, buf, IPCMBOX_LENGTH_DEFAULT, &send);
	CHECK(ret == -ENOMEM);
	CHECK(send.limit == IPCMBOX_LIMIT_MEMORY);
	CHECK(mailbox_balanced(fd));
	user->board->counts[0] = mailbox_info(fd).messages;
	user->board->ready = 1;
	CHECK(await_value(&user->board->go, 1));
	/* What was received is free again. */
	CHECK(mailbox_send(fd, &send) == 0);
	return wrong;
}

/* The kernel's answer to a full cgroup may also be to kill. */
static bool await_ready_or_dead(struct board *board, pid_t pid)
{
	siginfo_t info = {};

	while (!board->ready && !info.si_pid) {
		waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
		sched_yield();
	}
	return board->ready;
}

TEST_F(quota, memory_cgroup)
{
	struct user user = { .dev = self->dev, .board = self->board };
	char *buf = malloc(IPCMBOX_LENGTH_DEFAULT);
	pid_t pid;
	int fd, i;

	if (!cgroup_has_memory())
		SKIP(return, "no memory cgroups in this kernel");
	ASSERT_TRUE(cgroup_new(SMALL, "8388608"));
	ASSERT_TRUE(set_parameter(BYTES, "1000000000"));
	fd = mailbox_new(self->dev, NAME("test"), .max_messages = IPCMBOX_UNBOUNDED);
	ASSERT_GE(fd, 0);

	pid = child_start(fill_small_cgroup, &user);
	ASSERT_TRUE(await_ready_or_dead(self->board, pid));
	/* Messages enough for the limit, and somebody else has no trouble with the same mailbox. */
	EXPECT_GE(self->board->counts[0], 16);
	EXPECT_LE(self->board->counts[0], 128);
	EXPECT_EQ(0, message_send(fd, .buf_ptr = ptr_u64(buf), .buf_len = IPCMBOX_LENGTH_DEFAULT));
	for (i = 0; i < self->board->counts[0] / 2; i++)
		EXPECT_EQ(IPCMBOX_LENGTH_DEFAULT, read(fd, buf, IPCMBOX_LENGTH_DEFAULT));
	self->board->go = 1;
	EXPECT_EQ(0, child_wait(pid));
	close(fd);
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	rmdir(SMALL);
	free(buf);
}

TEST_HARNESS_MAIN
