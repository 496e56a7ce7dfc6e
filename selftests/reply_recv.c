// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server's loop: the reply to one call and the receipt of the next in one command.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "call_test.h"

FIXTURE(reply_recv) {
	int dev, fd, server;
	struct ipcmbox_query before;
	struct ipcmbox_reply reply;
	struct ipcmbox_recv recv;
	struct call *call, *loop;
	char buf[64];
};

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

FIXTURE_SETUP(reply_recv)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600, .max_messages = 4,
			       .max_length = 10000);
	ASSERT_GE(self->fd, 0);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->server, 0);
	self->call = calls_alloc(4);
	self->loop = self->call + 3;
	self->recv.buf_ptr = ptr_u64(self->buf);
	self->recv.buf_len = sizeof(self->buf);
	handled = 0;
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(reply_recv)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->fd);
	close(self->server);
	close(self->dev);
}

/* What is to be answered next. */
static void set_reply(FIXTURE_DATA(reply_recv) *self, const char *text)
{
	self->reply = (struct ipcmbox_reply){
		.token = self->recv.token, .buf_ptr = ptr_u64(text), .buf_len = strlen(text),
		.status = 1,
	};
}

static int turn(FIXTURE_DATA(reply_recv) *self)
{
	return mailbox_reply_recv(self->server, &self->reply, &self->recv);
}

/* Receive the request of self->call[0], which is then the one to be answered. */
static bool begin(FIXTURE_DATA(reply_recv) *self)
{
	ask(&self->call[0], self->fd, "first");
	return turn(self) == 5 && self->recv.token;
}

/* The next turn waits, in a thread. */
static void start_turn(FIXTURE_DATA(reply_recv) *self)
{
	*self->loop = (struct call){
		.kind = CALL_REPLY_RECV, .fd = self->server, .reply = self->reply,
		.recv = self->recv,
	};
	call_start(self->loop);
}

TEST_F(reply_recv, loop)
{
	int i, n = 10;

	for (i = 0; i < n; i++) {
		ask(&self->call[i % 2], self->fd, "request" + i % 4);
		ASSERT_EQ(7 - i % 4, turn(self));
		ASSERT_NE(0, self->recv.token);
		if (i) {
			EXPECT_EQ(5, call_join(&self->call[(i - 1) % 2]));
			EXPECT_EQ(1, self->call[(i - 1) % 2].call.status);
		}
		EXPECT_EQ(1, mailbox_info(self->fd).held);
		set_reply(self, "reply");
	}
	EXPECT_EQ(0, mailbox_reply(self->server, &self->reply));
	EXPECT_EQ(5, call_join(&self->call[(n - 1) % 2]));
	EXPECT_EQ(n, mailbox_info(self->fd).received);
}

/* The caller has its reply before the next request is there. */
TEST_F(reply_recv, waits_for_the_next)
{
	ASSERT_TRUE(begin(self));
	set_reply(self, "go");
	start_turn(self);
	EXPECT_EQ(2, call_join(&self->call[0]));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ask(&self->call[1], self->fd, "second");
	EXPECT_EQ(6, call_join(self->loop));
	EXPECT_NE(0, self->loop->recv.token);
	EXPECT_EQ(0, acknowledge(self->server, self->loop->recv.token));
	EXPECT_EQ(0, call_join(&self->call[1]));
}

TEST_F(reply_recv, nothing_to_answer)
{
	self->recv.flags = IPCMBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, turn(self));
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(4, turn(self));
	EXPECT_EQ(0, self->recv.token);
	/* What else is in the structure does not matter then. */
	self->reply.buf_ptr = 8;
	self->reply.buf_len = ~0U;
	ASSERT_EQ(0, put(self->fd, 0, 6));
	EXPECT_EQ(4, turn(self));
}

/* The caller is gone: that is its own affair. */
TEST_F(reply_recv, answers_nobody)
{
	ASSERT_TRUE(begin(self));
	set_reply(self, "late");
	EXPECT_EQ(0, answer(self->server, self->recv.token, "early", 5, 0));
	EXPECT_EQ(5, call_join(&self->call[0]));
	ASSERT_EQ(0, put(self->fd, 0, 7));
	EXPECT_EQ(4, turn(self)) TH_LOG("ESTALE");
	EXPECT_EQ(POISON32, self->reply.limit);

	self->reply.token = 0;
	start_turn(self);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	send_start(&self->call[0], self->fd, .completion = IPCMBOX_HANDLED,
		   .flags = IPCMBOX_DEADLINE);
	ASSERT_EQ(0, call_join(self->loop));
	EXPECT_EQ(-ETIMEDOUT, call_join(&self->call[0]));
	self->recv.token = self->loop->recv.token;
	set_reply(self, "late");
	ASSERT_EQ(0, put(self->fd, 0, 8));
	EXPECT_EQ(4, turn(self)) TH_LOG("EPIPE");
	EXPECT_EQ(POISON32, self->reply.limit);
}

/* Any other error of the reply comes before the receive. */
TEST_F(reply_recv, cannot_answer)
{
	struct ipcmbox_reply good;

	ASSERT_TRUE(begin(self));
	ASSERT_EQ(0, put(self->fd, 0, 7));

	set_reply(self, "well");
	good = self->reply;
	self->reply.buf_ptr = 8;
	self->reply.buf_len = 8;
	EXPECT_EQ(-EFAULT, turn(self));
	self->reply.buf_len = 10001;
	EXPECT_EQ(-EMSGSIZE, turn(self));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, self->reply.limit);
	self->reply = good;
	self->reply.flags = IPCMBOX_NONBLOCK;
	EXPECT_EQ(-EINVAL, turn(self));
	EXPECT_EQ(good.token, self->reply.token);
	self->reply = good;
	self->reply.token = ~0ULL;
	EXPECT_EQ(-EINVAL, turn(self));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	EXPECT_EQ(1, mailbox_info(self->fd).held);

	self->reply = good;
	EXPECT_EQ(4, turn(self));
	EXPECT_EQ(4, call_join(&self->call[0]));
	EXPECT_EQ(good.token, self->reply.token);
}

/* The reply is done: issued again, the command only receives. */
TEST_F(reply_recv, cannot_receive)
{
	struct ipcmbox_reply_recv arg = {
		.reply_ptr = ptr_u64(&self->reply), .recv_ptr = ptr_u64(&self->recv),
		.reply_size = sizeof(self->reply), .recv_size = sizeof(self->recv),
	};
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(begin(self));
		set_reply(self, "done");
		switch (i) {
		case 0:
			self->recv.flags = IPCMBOX_NONBLOCK;
			EXPECT_EQ(-EAGAIN, turn(self));
			break;
		case 1:
			self->recv.flags = IPCMBOX_DEADLINE;
			self->recv.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) +
						 10 * NSEC_PER_MSEC;
			EXPECT_EQ(-ETIMEDOUT, turn(self));
			break;
		case 2:
			ASSERT_EQ(0, put(self->fd, 0, 1));
			self->recv.buf_len = 3;
			EXPECT_EQ(-EMSGSIZE, turn(self));
			EXPECT_EQ(4, self->recv.length);
			EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, self->recv.limit);
			break;
		case 3:
			ASSERT_EQ(0, put(self->fd, 0, 1));
			self->recv.buf_ptr = 8;
			EXPECT_EQ(-EFAULT, turn(self));
			break;
		}
		EXPECT_EQ(0, self->reply.token);
		EXPECT_EQ(4, call_join(&self->call[0]));
		self->recv.flags = 0;
		self->recv.deadline_ns = 0;
		self->recv.buf_ptr = ptr_u64(self->buf);
		self->recv.buf_len = sizeof(self->buf);
		if (i < 2)
			ASSERT_EQ(0, put(self->fd, 0, 1));
		EXPECT_EQ(4, ioctl(self->server, IPCMBOX_IOC_REPLY_RECV, &arg));
	}
	EXPECT_EQ(0, mailbox_info(self->fd).held);
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

/* The same of a signal; under SA_RESTART the kernel does it by itself. */
TEST_F(reply_recv, interrupted)
{
	int i;

	for (i = 0; i < 2; i++) {
		handle(SIGUSR1, i ? SA_RESTART : 0);
		self->reply.token = 0;
		ASSERT_TRUE(begin(self));
		set_reply(self, "done");
		start_turn(self);
		EXPECT_EQ(4, call_join(&self->call[0]));
		ASSERT_TRUE(await_receivers(self->fd, 1));
		syscall(SYS_tgkill, getpid(), self->loop->tid, SIGUSR1);
		ASSERT_TRUE(await_value(&handled, i + 1));
		if (i) {
			ASSERT_TRUE(await_receivers(self->fd, 1));
			EXPECT_EQ(0, self->loop->done);
			ASSERT_EQ(0, put(self->fd, 0, 1));
			EXPECT_EQ(4, call_join(self->loop));
		} else {
			EXPECT_EQ(-EINTR, call_join(self->loop));
		}
		EXPECT_EQ(0, self->loop->reply.token);
	}
}

/* Structures that cannot be read, or be trusted: nothing has happened. */
TEST_F(reply_recv, bad_structures)
{
	struct ipcmbox_reply_recv good = {
		.reply_ptr = ptr_u64(&self->reply), .recv_ptr = ptr_u64(&self->recv),
		.reply_size = sizeof(self->reply), .recv_size = sizeof(self->recv),
	}, arg = good;
	struct {
		struct ipcmbox_recv recv;
		__u64 more;
	} longer;

	ASSERT_TRUE(begin(self));
	set_reply(self, "fine");
	arg.reply_ptr = 8;
	EXPECT_EQ(-1, ioctl(self->server, IPCMBOX_IOC_REPLY_RECV, &arg));
	EXPECT_EQ(EFAULT, errno);
	arg = good;
	arg.recv_ptr = 8;
	EXPECT_EQ(-1, ioctl(self->server, IPCMBOX_IOC_REPLY_RECV, &arg));
	EXPECT_EQ(EFAULT, errno);
	arg = good;
	arg.recv_size = IPCMBOX_RECV_SIZE_V0;
	EXPECT_EQ(-1, ioctl(self->server, IPCMBOX_IOC_REPLY_RECV, &arg));
	EXPECT_EQ(EINVAL, errno);
	arg = good;
	longer.recv = self->recv;
	longer.recv.flags = IPCMBOX_NONBLOCK;
	longer.more = 1;
	arg.recv_ptr = ptr_u64(&longer);
	arg.recv_size = sizeof(longer);
	EXPECT_EQ(-1, ioctl(self->server, IPCMBOX_IOC_REPLY_RECV, &arg));
	EXPECT_EQ(E2BIG, errno);
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(0, self->call[0].done);

	longer.more = 0;
	EXPECT_EQ(-1, ioctl(self->server, IPCMBOX_IOC_REPLY_RECV, &arg));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(4, call_join(&self->call[0]));
}

/* A loop can work with leases as well. */
TEST_F(reply_recv, leased)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	self->recv.flags = IPCMBOX_LEASE;
	self->recv.lease_ns = 100 * NSEC_PER_SEC;
	ASSERT_EQ(4, turn(self));
	EXPECT_NE(0, self->recv.token);
	set_reply(self, "thrown away");
	ASSERT_EQ(4, turn(self));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	set_reply(self, "thrown away");
	self->recv.flags = IPCMBOX_NONBLOCK;
	self->recv.lease_ns = 0;
	EXPECT_EQ(-EAGAIN, turn(self));
	EXPECT_EQ(2, mailbox_info(self->fd).received);
}

TEST_HARNESS_MAIN
