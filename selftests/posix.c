// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes that are as mq_open(3) has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define LENGTH 32

FIXTURE(posix) {
	int dev, fd;
	char buf[LENGTH];
	struct call *call;
};

FIXTURE_SETUP(posix)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	self->fd = mailbox_new(self->dev, NAME("test"), .flags = IPCMBOX_OPEN_POSIX,
			       .max_messages = 2, .max_length = LENGTH);
	ASSERT_GE(self->fd, 0);
	self->call = calls_alloc(1);
}

FIXTURE_TEARDOWN(posix)
{
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/* The needed size after EMSGSIZE, or what came instead of that. */
static __s64 needed(int fd, void *buf, __u32 size, __u32 flags)
{
	struct ipcmbox_recv recv = {
		.buf_ptr = ptr_u64(buf), .buf_len = size, .flags = flags | IPCMBOX_NONBLOCK,
	};
	int ret = mailbox_recv(fd, &recv);

	return ret == -EMSGSIZE && recv.limit == IPCMBOX_LIMIT_BUFFER ? (__s64)recv.length : ret;
}

TEST_F(posix, it_says_so)
{
	int plain = mailbox_new(self->dev, .max_messages = 1);
	struct ipcmbox_query query;

	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(IPCMBOX_FEATURE_POSIX, query.features & IPCMBOX_FEATURE_POSIX);
	EXPECT_EQ(IPCMBOX_INFO_NAMED | IPCMBOX_INFO_POSIX, mailbox_info(self->fd).flags);
	EXPECT_EQ(0, mailbox_info(plain).flags);
	close(plain);
}

TEST_F(posix, only_queues_are)
{
	EXPECT_EQ(-EINVAL, mailbox_new(self->dev, .flags = IPCMBOX_OPEN_POSIX,
				       .discipline = IPCMBOX_EVENT, .max_messages = 1));
	EXPECT_EQ(-EINVAL, endpoint_new(self->dev, .flags = IPCMBOX_OPEN_POSIX));
	EXPECT_EQ(-EINVAL, mailbox_new(self->dev, .flags = IPCMBOX_OPEN_POSIX,
				       .discipline = IPCMBOX_CHANNEL,
				       .max_messages = IPCMBOX_UNBOUNDED));
	/* Whoever opens it again has nothing to say about that. */
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		NAME("test"), .flags = IPCMBOX_OPEN_POSIX, .access = RW }));
}

TEST_F(posix, room_for_the_longest)
{
	struct ipcmbox_iovec parts[2] = {
		{ .base = ptr_u64(self->buf), .length = LENGTH - 1 },
		{ .base = ptr_u64(self->buf), .length = 1 },
	};

	EXPECT_EQ(LENGTH, needed(self->fd, self->buf, LENGTH - 1, 0));
	EXPECT_EQ(LENGTH, needed(self->fd, NULL, 0, 0));
	EXPECT_EQ(-EAGAIN, needed(self->fd, self->buf, LENGTH, 0));
	EXPECT_EQ(0, put(self->fd, 0, 7));
	EXPECT_EQ(LENGTH, needed(self->fd, self->buf, LENGTH - 1, 0));
	EXPECT_EQ(LENGTH, needed(self->fd, self->buf, 4, 0));
	EXPECT_EQ(-EMSGSIZE, ioctl(self->fd, IPCMBOX_IOC_READ(LENGTH - 1), self->buf) < 0 ?
			     -errno : 0);
	EXPECT_EQ(LENGTH, needed(self->fd, parts, 1, IPCMBOX_IOVEC));
	/* Looking needs none. */
	EXPECT_EQ(4, needed(self->fd, self->buf, 4, IPCMBOX_PEEK));
	EXPECT_EQ(4, needed(self->fd, self->buf, 3, IPCMBOX_PEEK));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(4, needed(self->fd, parts, 2, IPCMBOX_IOVEC));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(posix, room_in_a_vector)
{
	struct ipcmbox_recv recvs[2] = {
		{ .buf_ptr = ptr_u64(self->buf), .buf_len = LENGTH },
		{ .buf_ptr = ptr_u64(self->buf), .buf_len = LENGTH - 1 },
	};
	struct ipcmbox_vector vector = { .array_ptr = ptr_u64(recvs), .count = 2 };

	EXPECT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(1, mailbox_recvv(self->fd, &vector));
	EXPECT_EQ(4, recvs[0].result);
	EXPECT_EQ(-EMSGSIZE, recvs[1].result);
	EXPECT_EQ(LENGTH, recvs[1].length);
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
}

static short polled(int fd)
{
	struct pollfd poll_of = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&poll_of, 1, 0);
	return poll_of.revents;
}

TEST_F(posix, receivers_are_never_gone)
{
	int writer = mailbox_find(self->dev, "test", IPCMBOX_WRITE);

	ASSERT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_EQ(0, close(self->fd));
	self->fd = writer;
	EXPECT_EQ(POLLOUT, polled(writer));
	EXPECT_EQ(0, put(writer, 0, 1));
	EXPECT_EQ(0, put(writer, 0, 2));
	EXPECT_EQ(-EAGAIN, put(writer, 0, 3));
	EXPECT_EQ(0, polled(writer));
	EXPECT_EQ(2, mailbox_info(writer).messages);
}

TEST_F(posix, senders_are_never_gone)
{
	int reader = mailbox_find(self->dev, "test", IPCMBOX_READ), writer;

	ASSERT_EQ(0, mailbox_unlink(self->dev, "test"));
	recv_start(self->call, reader);
	ASSERT_TRUE(call_await_asleep(self->call));
	EXPECT_EQ(0, close(self->fd));
	self->fd = reader;
	EXPECT_EQ(0, polled(reader));
	EXPECT_EQ(-EAGAIN, needed(reader, self->buf, LENGTH, 0));
	EXPECT_FALSE(self->call->done);
	/* As it has an id, somebody comes. */
	writer = mailbox_by_id(self->dev, mailbox_id(reader), IPCMBOX_WRITE);
	EXPECT_EQ(0, put(writer, 0, 5));
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(5, call_number(self->call));
	EXPECT_EQ(0, close(writer));
}

TEST_F(posix, notify_without_the_right_to_receive)
{
	int writer = mailbox_find(self->dev, "test", IPCMBOX_WRITE);
	int told = eventfd(0, EFD_NONBLOCK);
	struct ipcmbox_notify notify = {
		.method = IPCMBOX_NOTIFY_EVENTFD, .eventfd = told, .value = 1,
	};
	int plain = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .max_messages = 1);
	eventfd_t count = 0;

	EXPECT_EQ(0, ioctl(writer, IPCMBOX_IOC_NOTIFY, &notify));
	EXPECT_EQ(0, put(writer, 0, 1));
	EXPECT_EQ(0, eventfd_read(told, &count));
	EXPECT_EQ(1, count);
	EXPECT_EQ(-1, ioctl(plain, IPCMBOX_IOC_NOTIFY, &notify));
	EXPECT_EQ(EACCES, errno);
	close(plain);
	close(writer);
}

TEST_HARNESS_MAIN
