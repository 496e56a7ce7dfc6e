// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the commands of mailboxes: a command succeeds or has changed nothing, and afterwards
 * all is as it was.
 */
#include <signal.h>
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

static int stat_and_set(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_info info;
	int ret = mailbox_stat(self->fd, &info);

	*undo = -1;
	return ret ? ret : mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0600);
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

static int notify(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_notify none = { .method = IPCMBOX_NOTIFY_NONE };
	struct ipcmbox_notify arg = { .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGUSR1 };
	int ret = command(self->fd, IPCMBOX_IOC_NOTIFY, &arg);

	*undo = -1;
	if (command(self->fd, IPCMBOX_IOC_NOTIFY, &none))
		command(self->fd, IPCMBOX_IOC_NOTIFY, &none);
	return ret;
}

static int record(FIXTURE_DATA(fail_nth) *self, int *undo)
{
	struct ipcmbox_record list[4];
	struct ipcmbox_record_list arg = {
		.buf_ptr = ptr_u64(list),
		.count = ARRAY_SIZE(list),
		.element_size = sizeof(list[0]),
	};
	int ret, off;

	*undo = -1;
	/* So long that it does not come from the slab allocator. */
	ret = mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER, .recorder = 1000);
	if (!ret)
		ret = command(self->fd, IPCMBOX_IOC_RECORD, &arg);
	off = mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER);
	if (off)
		mailbox_change(self->fd, .mask = IPCMBOX_SET_RECORDER);
	return ret;
}

static const struct {
	const char *name;
	int (*run)(FIXTURE_DATA(fail_nth) *self, int *undo);
} commands[] = {
	{ "open device", open_device },
	{ "create unnamed", create_unnamed },
	{ "create named", create_named },
	{ "open by id", open_by_id },
	{ "list", list },
	{ "stat and set", stat_and_set },
	{ "query", query },
	{ "blocked", blocked },
	{ "notify", notify },
	{ "record", record },
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
