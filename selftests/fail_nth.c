// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the commands of mailboxes: a command succeeds or has changed nothing, and afterwards
 * all is as it was.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "fail_nth_test.h"

#define LONG		30000

FIXTURE(fail_nth) {
	int dev, fd, nth;
	__u64 id;
	char *buf;
	struct ipcmbox_query before;
	int count;
};

FIXTURE_SETUP(fail_nth)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 8);
	ASSERT_GE(self->fd, 0);
	self->id = mailbox_id(self->fd);
	self->buf = malloc(LONG);
	memset(self->buf, 1, LONG);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->count = mailbox_count(self->dev);
	self->nth = injection_begin();
	if (self->nth < 0)
		SKIP(return, "no fault injection in this kernel");
}

FIXTURE_TEARDOWN(fail_nth)
{
	close(self->nth);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
	free(self->buf);
}

/* Commands; each leaves nothing behind, whether it succeeds or fails. */

static int create_unnamed(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = mailbox_new(self->dev, .max_messages = 1);
	return *undo;
}

static int create_named(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = mailbox_new(self->dev, NAME("test"), .max_messages = 1,
			    .flags = IPCMBOX_OPEN_TRANSIENT);
	return *undo;
}

static int open_by_id(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = mailbox_by_id(self->dev, 1, RW);
	return *undo == -ENOENT ? 0 : *undo;
}

static int open_device(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	(void)self;
	*undo = device_open();
	return *undo;
}

static int list(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_info info[4];

	*undo = -1;
	return mailbox_list(self->dev, 0, info, ARRAY_SIZE(info));
}

/* The name is there before, and afterwards unless it succeeds. */
static int unlink_named(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	int ret;

	*undo = mailbox_new(self->dev, NAME("test"), .max_messages = 1);
	if (*undo < 0)
		return *undo;
	ret = mailbox_unlink(self->dev, "test");
	if (ret && mailbox_unlink(self->dev, "test"))
		return -EEXIST;
	return ret;
}

static int stat_it(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_info info;

	*undo = -1;
	return mailbox_stat(self->fd, &info);
}

static int set(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = -1;
	return mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0600);
}

static int query(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_query query;

	*undo = -1;
	return query_budget(self->dev, &query);
}

static int command(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static int blocked(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_blocked list[64];
	struct ipcmbox_blocked_list arg = {
		.id = self->id,
		.buf_ptr = ptr_u64(list),
		.count = ARRAY_SIZE(list),
		.element_size = sizeof(list[0]),
	};

	*undo = -1;
	return command(self->dev, IPCMBOX_IOC_BLOCKED, &arg);
}

/* Of the faults that are armed at most one comes: what undoes is done again, once. */

static int register_and_undo(int fd, struct ipcmbox_notify arg)
{
	struct ipcmbox_notify none = { .method = IPCMBOX_NOTIFY_NONE };
	int ret = command(fd, IPCMBOX_IOC_NOTIFY, &arg);

	if (command(fd, IPCMBOX_IOC_NOTIFY, &none))
		command(fd, IPCMBOX_IOC_NOTIFY, &none);
	return ret;
}

static int notify(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = -1;
	return register_and_undo(self->fd, (struct ipcmbox_notify){
		.method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGUSR1 });
}

static int notify_eventfd(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = eventfd(0, EFD_CLOEXEC);
	if (*undo < 0)
		return -errno;
	return register_and_undo(self->fd, (struct ipcmbox_notify){
		.method = IPCMBOX_NOTIFY_EVENTFD, .eventfd = *undo, .value = 1 });
}

static int record_steps(FIXTURE_DATA(fail_nth) *self, __u32 steps)
{
	struct ipcmbox_record list[4];
	struct ipcmbox_record_list arg = {
		.buf_ptr = ptr_u64(list),
		.count = ARRAY_SIZE(list),
		.element_size = sizeof(list[0]),
	};
	int ret, off;

	ret = mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER, .recorder = steps);
	if (!ret)
		ret = command(self->fd, IPCMBOX_IOC_RECORD, &arg);
	off = mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER);
	if (off)
		mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER);
	return ret;
}

static int record_few(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = -1;
	return record_steps(self, 10);
}

/* So many that they do not come from the slab allocator. */
static int record_many(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	*undo = -1;
	return record_steps(self, 1000);
}

/* All that is shown of mailboxes and segments without a command. */
static int read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[512];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text, sizeof(text));
	} while (n > 0);
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

static int show_mailboxes(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	(void)self;
	*undo = -1;
	return read_all("/sys/kernel/debug/ipcmbox/mailboxes");
}

static int show_segments(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	(void)self;
	*undo = -1;
	return read_all("/sys/kernel/debug/ipcmbox/segments");
}

static int show_blocked(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	(void)self;
	*undo = -1;
	return read_all("/sys/kernel/debug/ipcmbox/blocked");
}

static int show_descriptor(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	*undo = -1;
	return read_all(path);
}

static const struct {
	unsigned int cmd;
	const char *name;
	int (*run)(FIXTURE_DATA(fail_nth) *self, int *undo);
} commands[] = {
	{ 0, "open device", open_device },
	{ IPCMBOX_IOC_OPEN, "create unnamed", create_unnamed },
	{ IPCMBOX_IOC_OPEN, "create named", create_named },
	{ IPCMBOX_IOC_OPEN, "open by id", open_by_id },
	{ IPCMBOX_IOC_UNLINK, "unlink", unlink_named },
	{ IPCMBOX_IOC_LIST, "list", list },
	{ IPCMBOX_IOC_STAT, "stat", stat_it },
	{ IPCMBOX_IOC_SET, "set", set },
	{ IPCMBOX_IOC_QUERY, "query", query },
	{ IPCMBOX_IOC_BLOCKED, "blocked", blocked },
	{ IPCMBOX_IOC_NOTIFY, "notify by a signal", notify },
	{ IPCMBOX_IOC_NOTIFY, "notify by an eventfd", notify_eventfd },
	{ IPCMBOX_IOC_RECORD, "record few", record_few },
	{ IPCMBOX_IOC_RECORD, "record many", record_many },
	{ 0, "show mailboxes", show_mailboxes },
	{ 0, "show segments", show_segments },
	{ 0, "show who is blocked", show_blocked },
	{ 0, "show a descriptor", show_descriptor },
};

static bool nothing_left(FIXTURE_DATA(fail_nth) *self)
{
	struct ipcmbox_query now;

	return query_budget(self->dev, &now) == 0 &&
	       now.user_mailboxes == self->before.user_mailboxes &&
	       now.user_messages == self->before.user_messages &&
	       now.user_bytes == self->before.user_bytes &&
	       mailbox_count(self->dev) == self->count;
}

TEST_F_TIMEOUT(fail_nth, administration, 60)
{
	int i, n, ret, undo;
	bool fired;

	if (self->nth < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		fired = true;
		for (n = 1; fired && n < MOST_FAULTS; n++) {
			arm(self->nth, n);
			ret = commands[i].run(self, &undo);
			fired = disarm(self->nth);
			if (undo >= 0)
				close(undo);
			ASSERT_TRUE(ret >= 0 || (fired && known_failure(ret)))
				TH_LOG("%s, fault %d: %d", commands[i].name, n, ret);
			ASSERT_TRUE(nothing_left(self)) TH_LOG("%s", commands[i].name);
		}
		EXPECT_LT(n, MOST_FAULTS);
		TH_LOG("%s: %d faults", commands[i].name, n - 2);
	}
}

/* A send has sent all or nothing, a receive has received or left the message. */
TEST_F_TIMEOUT(fail_nth, messages, 60)
{
	static const size_t lengths[] = { 0, 4, 300, LONG };
	struct ipcmbox_info info;
	int i, n, ret;
	bool fired;

	if (self->nth < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct ipcmbox_send send = {
			.buf_ptr = ptr_u64(self->buf), .buf_len = lengths[i],
		};
		struct ipcmbox_recv recv = {
			.buf_ptr = ptr_u64(self->buf), .buf_len = LONG,
			.flags = IPCMBOX_NONBLOCK,
		};

		fired = true;
		for (n = 1; fired && n < MOST_FAULTS; n++) {
			arm(self->nth, n);
			ret = mailbox_send(self->fd, &send);
			fired = disarm(self->nth);
			info = mailbox_info(self->fd);
			ASSERT_TRUE(ret == 0 || (fired && known_failure(ret)));
			ASSERT_EQ(ret == 0, info.messages);
			if (ret == -ENOMEM)
				EXPECT_EQ(IPCMBOX_LIMIT_MEMORY, send.limit);
			if (!ret)
				ASSERT_EQ(lengths[i], mailbox_recv(self->fd, &recv));
			ASSERT_TRUE(nothing_left(self));
		}
		EXPECT_LT(n, MOST_FAULTS);
		TH_LOG("send of %zu: %d faults", lengths[i], n - 2);

		ASSERT_EQ(0, mailbox_send(self->fd, &send));
		fired = true;
		for (n = 1; fired && n < MOST_FAULTS; n++) {
			arm(self->nth, n);
			ret = mailbox_recv(self->fd, &recv);
			fired = disarm(self->nth);
			info = mailbox_info(self->fd);
			ASSERT_TRUE(ret == lengths[i] || (fired && known_failure(ret)));
			ASSERT_EQ(ret < 0, info.messages);
			ASSERT_TRUE(mailbox_balanced(self->fd));
			if (ret >= 0)
				ASSERT_EQ(0, mailbox_send(self->fd, &send));
		}
		EXPECT_LT(n, MOST_FAULTS);
		TH_LOG("receive of %zu: %d faults", lengths[i], n - 2);
		ASSERT_EQ(lengths[i], mailbox_recv(self->fd, &recv));
		ASSERT_TRUE(nothing_left(self));
	}
}

TEST_HARNESS_MAIN
