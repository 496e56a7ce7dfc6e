// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls and replies: tokens, completion HANDLED, deadlines, cookies, the end of either side.
 */
#include <signal.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

/* What a caller may wait once there is nobody to reply. */
#define BOUND_NS	(100 * NSEC_PER_MSEC)

FIXTURE(call) {
	int dev, fd, server;
	struct call *call;
	char buf[64];
};

/* @fd is the callers', @server a descriptor of its own, unnamed: when it is closed nobody comes. */
FIXTURE_SETUP(call)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600, .max_messages = 4);
	ASSERT_GE(self->fd, 0);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->server, 0);
	self->call = calls_alloc(4);
}

FIXTURE_TEARDOWN(call)
{
	close(self->fd);
	close(self->server);
	close(self->dev);
}

static int serve(int fd, struct ipcmbox_recv *recv, char *buf)
{
	*recv = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(buf), .buf_len = 64 };
	return mailbox_receive(fd, recv);
}

static int answer(int fd, __u64 token, const char *text, int status)
{
	return message_reply(fd, .token = token, .buf_ptr = ptr_u64(text), .buf_len = strlen(text),
			     .status = status);
}

static void ask(struct call *call, int fd, const char *text)
{
	call_prepare(call, fd, .buf_ptr = ptr_u64(text), .buf_len = strlen(text));
	call_start(call);
}

TEST_F(call, request_and_reply)
{
	struct ipcmbox_recv recv;
	struct ipcmbox_info info;

	ask(&self->call[0], self->fd, "how much");
	ASSERT_EQ(8, serve(self->server, &recv, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, "how much", 8));
	EXPECT_EQ(IPCMBOX_HANDLED, recv.completion);
	EXPECT_NE(0, recv.token);
	EXPECT_EQ(~0ULL, recv.call_deadline_ns);
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.held);
	EXPECT_EQ(1, info.receiving);
	EXPECT_EQ(1, info.waiting_senders);
	EXPECT_EQ(1, info.messages);

	EXPECT_EQ(0, answer(self->server, recv.token, "seven", -7));
	EXPECT_EQ(5, call_join(&self->call[0]));
	EXPECT_EQ(5, self->call[0].call.reply_length);
	EXPECT_EQ(-7, self->call[0].call.status);
	EXPECT_EQ(0, self->call[0].call.cookie);
	EXPECT_EQ(0, memcmp(self->call[0].data, "seven", 5));

	EXPECT_EQ(-ESTALE, answer(self->server, recv.token, "again", 0));
	EXPECT_EQ(-EINVAL, answer(self->server, recv.token + 1, "never", 0));
	info = mailbox_info(self->fd);
	EXPECT_EQ(0, info.held | info.receiving | info.waiting_senders);
	EXPECT_EQ(1, info.received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_HARNESS_MAIN
