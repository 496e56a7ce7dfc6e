// SPDX-License-Identifier: GPL-2.0-only
/*
 * One message from a sender to a receiver: payload, length, identity, capacity, completion, in all
 * the ways to wait.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define MANY	5

/* Ways to wait */
enum wait { BLOCKING, NONBLOCKING, DEADLINE };

FIXTURE(transfer) {
	int dev, fd;
	size_t page;
	char *out, *in;
	struct call *calls;
};

FIXTURE_VARIANT(transfer) {
	enum wait wait;
	__u32 capacity;
};

#define VARIANT(how, name, number) \
	FIXTURE_VARIANT_ADD(transfer, how##_##name) { .wait = how, .capacity = number }

VARIANT(BLOCKING, rendezvous, 0);
VARIANT(BLOCKING, one, 1);
VARIANT(BLOCKING, many, MANY);
VARIANT(BLOCKING, unbounded, IPCMBOX_UNBOUNDED);
VARIANT(NONBLOCKING, rendezvous, 0);
VARIANT(NONBLOCKING, one, 1);
VARIANT(NONBLOCKING, many, MANY);
VARIANT(NONBLOCKING, unbounded, IPCMBOX_UNBOUNDED);
VARIANT(DEADLINE, rendezvous, 0);
VARIANT(DEADLINE, one, 1);
VARIANT(DEADLINE, many, MANY);
VARIANT(DEADLINE, unbounded, IPCMBOX_UNBOUNDED);

FIXTURE_SETUP(transfer)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = variant->capacity);
	ASSERT_GE(self->fd, 0);
	self->page = sysconf(_SC_PAGESIZE);
	self->out = malloc(IPCMBOX_LENGTH_DEFAULT);
	self->in = malloc(IPCMBOX_LENGTH_DEFAULT + 1);
	self->calls = calls_alloc(MANY + 1);
	ASSERT_TRUE(self->out && self->in && self->calls);
}

FIXTURE_TEARDOWN(transfer)
{
	close(self->fd);
	close(self->dev);
	free(self->out);
	free(self->in);
}

static __u32 wait_flags(enum wait wait)
{
	return wait == NONBLOCKING ? IPCMBOX_NONBLOCK : wait == DEADLINE ? IPCMBOX_DEADLINE : 0;
}

static __u64 wait_deadline(enum wait wait, __u64 ns)
{
	return wait == DEADLINE ? now_ns(IPCMBOX_CLOCK_MONOTONIC) + ns : 0;
}

/* Nothing waits at the other side unless it has to. */
static int transfer_one(FIXTURE_DATA(transfer) *self, const FIXTURE_VARIANT(transfer) *variant,
			struct ipcmbox_send *send, struct ipcmbox_recv *recv)
{
	struct call *call = self->calls;
	int ret;

	send->flags = wait_flags(variant->wait);
	send->deadline_ns = wait_deadline(variant->wait, PATIENCE_NS);
	recv->flags = send->flags;
	recv->deadline_ns = send->deadline_ns;

	if (variant->wait == NONBLOCKING && !variant->capacity) {
		recv->flags = 0;
		call_prepare_recv(call, self->fd, recv);
		call_start(call);
		if (!await_receivers(self->fd, 1))
			return -ETIME;
		ret = mailbox_send(self->fd, send);
		if (ret)
			return ret;
		ret = call_join(call);
		*recv = call->recv;
		return ret;
	}
	call_prepare_send(call, self->fd, send);
	call_start(call);
	if (variant->wait == NONBLOCKING) {
		ret = call_join(call);
		return ret ? ret : mailbox_recv(self->fd, recv);
	}
	ret = mailbox_recv(self->fd, recv);
	return call_join(call) ? -EBADE : ret;
}

/* The thread transfer_one() has sent in. */
static pid_t sent_by(FIXTURE_DATA(transfer) *self, const FIXTURE_VARIANT(transfer) *variant)
{
	if (variant->wait == NONBLOCKING && !variant->capacity)
		return getpid();
	return self->calls->tid;
}

TEST_F(transfer, payload)
{
	const size_t sizes[] = {
		0, 1, 3, 8, 64, 200, self->page - 1, self->page, self->page + 1, 32768,
		IPCMBOX_LENGTH_DEFAULT - 1, IPCMBOX_LENGTH_DEFAULT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct ipcmbox_send send = {
			.buf_ptr = ptr_u64(self->out), .buf_len = sizes[i], .priority = i * 1000,
		};
		struct ipcmbox_recv recv = {
			.buf_ptr = ptr_u64(self->in), .buf_len = IPCMBOX_LENGTH_DEFAULT + 1,
		};

		fill_pattern(self->out, sizes[i], i);
		memset(self->in, POISON, IPCMBOX_LENGTH_DEFAULT + 1);
		ASSERT_EQ(sizes[i], transfer_one(self, variant, &send, &recv));
		EXPECT_TRUE(check_pattern(self->in, sizes[i], i)) TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(POISON, (__u8)self->in[sizes[i]]);
		EXPECT_EQ(sizes[i], recv.length);
		EXPECT_EQ(i * 1000, recv.priority);
		EXPECT_EQ(i + 1, recv.seq);
		EXPECT_EQ(0, recv.lost);
		EXPECT_EQ(0, recv.sender_endpoint);
		EXPECT_EQ(getpid(), recv.pid);
		EXPECT_EQ(geteuid(), recv.uid);
		EXPECT_EQ(getegid(), recv.gid);
		EXPECT_EQ(sent_by(self, variant), recv.tid);
		EXPECT_EQ(0, recv.__reserved);
	}
	EXPECT_TRUE(mailbox_balanced(self->fd));
	EXPECT_EQ(ARRAY_SIZE(sizes), mailbox_info(self->fd).received);
}

/* A receive from an empty mailbox. */
TEST_F(transfer, empty)
{
	struct call *call = self->calls;
	__u64 deadline = wait_deadline(variant->wait, 20 * NSEC_PER_MSEC);
	int ret;

	recv_start(call, self->fd, .flags = wait_flags(variant->wait), .deadline_ns = deadline);
	if (variant->wait == BLOCKING) {
		ASSERT_TRUE(await_receivers(self->fd, 1));
		EXPECT_EQ(0, mailbox_info(self->fd).wakeups);
		ASSERT_EQ(0, put(self->fd, 0, 1));
		EXPECT_EQ(4, call_join(call));
		EXPECT_EQ(1, call_number(call));
		EXPECT_EQ(1, mailbox_info(self->fd).wakeups);
		return;
	}
	ret = call_join(call);
	EXPECT_EQ(variant->wait == DEADLINE ? -ETIMEDOUT : -EAGAIN, ret);
	EXPECT_GE(call->end_ns, deadline);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
	EXPECT_EQ(0, mailbox_info(self->fd).received);
}

/* A send to a full mailbox, or without a receiver if that is always full. */
TEST_F(transfer, full)
{
	struct call *call = self->calls;
	__u64 deadline;
	__u32 i;
	int ret;

	if (variant->capacity == IPCMBOX_UNBOUNDED) {
		struct ipcmbox_send send = {
			.buf_ptr = ptr_u64(self->out), .flags = wait_flags(variant->wait),
		};

		for (send.buf_len = 0; send.buf_len < 100; send.buf_len++)
			ASSERT_EQ(0, mailbox_send(self->fd, &send));
		EXPECT_EQ(100, mailbox_info(self->fd).messages);
		return;
	}
	for (i = 0; i < variant->capacity; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));

	deadline = wait_deadline(variant->wait, 20 * NSEC_PER_MSEC);
	send_start(call, self->fd, .buf_ptr = ptr_u64("x"), .buf_len = 1,
		   .flags = wait_flags(variant->wait), .deadline_ns = deadline);
	if (variant->wait == BLOCKING) {
		ASSERT_TRUE(await_senders(self->fd, 1));
		EXPECT_EQ(variant->capacity, mailbox_info(self->fd).sent);
		EXPECT_EQ(variant->capacity, mailbox_info(self->fd).messages);
		for (i = 0; i <= variant->capacity; i++)
			EXPECT_GE(message_recv(self->fd, .buf_ptr = ptr_u64(self->in),
					       .buf_len = 8), 0);
		EXPECT_EQ(0, call_join(call));
		EXPECT_EQ(1, mailbox_info(self->fd).wakeups);
		EXPECT_EQ('x', self->in[0]);
		return;
	}
	ret = call_join(call);
	EXPECT_EQ(variant->wait == DEADLINE ? -ETIMEDOUT : -EAGAIN, ret);
	EXPECT_GE(call->end_ns, deadline);
	if (ret == -EAGAIN && variant->capacity)
		EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, call->send.limit);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(variant->capacity, mailbox_info(self->fd).sent);
	for (i = 0; i < variant->capacity; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd)) TH_LOG("a failed send was delivered");
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Completion RECEIVED, for which a non-blocking send needs a receiver that waits. */
TEST_F(transfer, received)
{
	struct call *send = &self->calls[0], *recv = &self->calls[1];

	if (variant->wait == NONBLOCKING) {
		EXPECT_EQ(-EAGAIN, message_send(self->fd, .buf_ptr = ptr_u64("x"), .buf_len = 1,
						.flags = IPCMBOX_NONBLOCK,
						.completion = IPCMBOX_RECEIVED));
		EXPECT_EQ(0, mailbox_info(self->fd).messages);
		EXPECT_EQ(-EAGAIN, take(self->fd));
		recv_start(recv, self->fd);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		EXPECT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64("x"), .buf_len = 1,
					  .flags = IPCMBOX_NONBLOCK,
					  .completion = IPCMBOX_RECEIVED));
		EXPECT_EQ(1, call_join(recv));
		EXPECT_EQ('x', recv->data[0]);
		return;
	}
	send_start(send, self->fd, .buf_ptr = ptr_u64("x"), .buf_len = 1,
		   .flags = wait_flags(variant->wait),
		   .deadline_ns = wait_deadline(variant->wait, PATIENCE_NS),
		   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(!!variant->capacity, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, send->done);
	EXPECT_EQ(1, message_recv(self->fd, .buf_ptr = ptr_u64(self->in), .buf_len = 1));
	EXPECT_EQ(0, call_join(send));
	EXPECT_EQ('x', self->in[0]);
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* A deadline that passes while the message is queued takes it back. */
TEST_F(transfer, received_too_late)
{
	struct ipcmbox_info info;
	__u64 deadline;

	if (variant->wait != DEADLINE)
		return;
	deadline = wait_deadline(DEADLINE, 20 * NSEC_PER_MSEC);
	EXPECT_EQ(-ETIMEDOUT, message_send(self->fd, .buf_ptr = ptr_u64("x"), .buf_len = 1,
					   .flags = IPCMBOX_DEADLINE, .deadline_ns = deadline,
					   .completion = IPCMBOX_RECEIVED));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	info = mailbox_info(self->fd);
	EXPECT_EQ(0, info.messages | info.bytes | info.sent | info.received);
	EXPECT_EQ(!!variant->capacity, info.withdrawn);
	/* Its number is missing, and that is no loss. */
	if (variant->capacity) {
		struct ipcmbox_recv recv = {};
		__u32 number;

		ASSERT_EQ(0, put(self->fd, 0, 2));
		EXPECT_EQ(4, take_info(self->fd, &number, &recv));
		EXPECT_EQ(0, recv.lost);
	}
}

TEST_F(transfer, too_long_for_the_mailbox)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64(self->out), .buf_len = IPCMBOX_LENGTH_DEFAULT + 1,
		.flags = wait_flags(variant->wait),
		.deadline_ns = wait_deadline(variant->wait, PATIENCE_NS),
	};

	EXPECT_EQ(-EMSGSIZE, mailbox_send(self->fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, send.limit);
	send.buf_len = 0xffffffff;
	EXPECT_EQ(-EMSGSIZE, mailbox_send(self->fd, &send));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

/* The message stays, first in its mailbox, whether it was queued or its sender waits. */
TEST_F(transfer, too_long_for_the_buffer)
{
	struct ipcmbox_recv recv = {
		.buf_ptr = ptr_u64(self->in), .buf_len = 3, .flags = wait_flags(variant->wait),
		.deadline_ns = wait_deadline(variant->wait, PATIENCE_NS),
	};
	struct call *call = self->calls;

	put_start(call, self->fd, 0, 0x64636261);
	if (!variant->capacity)
		ASSERT_TRUE(await_senders(self->fd, 1));
	if (variant->capacity)
		ASSERT_EQ(0, call_join(call));
	if (variant->capacity > 1)
		ASSERT_EQ(0, put(self->fd, 0, 2));
	self->in[0] = 0;
	EXPECT_EQ(-EMSGSIZE, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(4, recv.length);
	EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, recv.limit);
	EXPECT_EQ(0, self->in[0]);
	recv.buf_len = 0;
	EXPECT_EQ(-EMSGSIZE, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(0, mailbox_info(self->fd).received);
	recv.buf_len = recv.length;
	EXPECT_EQ(4, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(0, memcmp(self->in, "abcd", 4));
	if (!variant->capacity)
		EXPECT_EQ(0, call_join(call));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* It was the first to wait, but the message is not for so small a buffer. */
TEST_F(transfer, too_long_for_a_waiting_receiver)
{
	struct call *small = &self->calls[0], *large = &self->calls[1], *send = &self->calls[2];

	recv_start(small, self->fd, .buf_ptr = ptr_u64(small->data), .buf_len = 3);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	put_start(send, self->fd, 0, 7);
	EXPECT_EQ(-EMSGSIZE, call_join(small));
	EXPECT_EQ(4, small->recv.length);
	recv_start(large, self->fd);
	EXPECT_EQ(4, call_join(large));
	EXPECT_EQ(7, call_number(large));
	EXPECT_EQ(0, call_join(send));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* A sender to a rendezvous mailbox and its receiver find each other in either order. */
TEST_F(transfer, many_pairs)
{
	size_t i;

	for (i = 0; i < MANY; i++) {
		recv_start(&self->calls[i], self->fd);
		ASSERT_TRUE(await_receivers(self->fd, i + 1));
	}
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_EQ(i, call_number(&self->calls[i]));
	}
	EXPECT_EQ(MANY, mailbox_info(self->fd).received);
	if (variant->capacity)
		return;
	for (i = 0; i < MANY; i++) {
		put_start(&self->calls[i], self->fd, 0, i);
		ASSERT_TRUE(await_senders(self->fd, i + 1));
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(i, take(self->fd));
		EXPECT_EQ(0, call_join(&self->calls[i]));
	}
}

/*
 * What does not depend on the ways to wait
 */

FIXTURE(single) {
	int dev, fd, reader, writer;
	struct call *calls;
};

FIXTURE_SETUP(single)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 4, .max_length = 100, .max_bytes = 200);
	ASSERT_GE(self->fd, 0);
	self->reader = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	self->writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
	self->calls = calls_alloc(4);
}

FIXTURE_TEARDOWN(single)
{
	close(self->writer);
	close(self->reader);
	close(self->fd);
	close(self->dev);
}

TEST_F(single, rights_of_the_descriptor)
{
	char byte = 'x';

	EXPECT_EQ(-EACCES, message_send(self->reader, .buf_ptr = ptr_u64(&byte), .buf_len = 1));
	EXPECT_EQ(-EACCES, message_recv(self->writer, .buf_ptr = ptr_u64(&byte), .buf_len = 1));
	EXPECT_EQ(-EACCES, message_recv(self->writer, .buf_ptr = ptr_u64(&byte), .buf_len = 1,
					.flags = IPCMBOX_PEEK));
	EXPECT_EQ(-1, write(self->reader, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, read(self->writer, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

TEST_F(single, capacity_in_bytes)
{
	char buf[100];

	EXPECT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 100));
	EXPECT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 99));
	EXPECT_EQ(-EAGAIN, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 2,
					.flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 1));
	EXPECT_EQ(200, mailbox_info(self->fd).bytes);
	send_start(self->calls, self->fd, .buf_ptr = ptr_u64(buf), .buf_len = 100);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(100, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(200, mailbox_info(self->fd).peak_bytes);
}

TEST_F(single, read_and_write)
{
	char buf[101] = "";

	ASSERT_EQ(5, write(self->writer, "hello", 5));
	ASSERT_EQ(0, write(self->writer, "", 0));
	ASSERT_EQ(3, write(self->writer, "abc", 3));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	EXPECT_EQ(-1, read(self->reader, buf, 4));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(5, read(self->reader, buf, sizeof(buf)));
	EXPECT_STREQ("hello", buf);
	EXPECT_EQ(0, read(self->reader, buf, sizeof(buf)));
	EXPECT_EQ(2, mailbox_info(self->fd).received);
	EXPECT_EQ(3, read(self->reader, buf, 3));
	EXPECT_EQ(0, memcmp(buf, "abclo", 6));
	EXPECT_EQ(-1, write(self->writer, buf, 101));
	EXPECT_EQ(EMSGSIZE, errno);
	ASSERT_EQ(0, fcntl(self->reader, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->reader, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(single, write_is_a_message_of_priority_0)
{
	struct ipcmbox_recv recv = {};
	__u32 number = 17;

	ASSERT_EQ(4, write(self->fd, &number, 4));
	ASSERT_EQ(0, put(self->fd, 1, 18));
	EXPECT_EQ(18, take(self->fd));
	EXPECT_EQ(4, take_info(self->fd, &number, &recv));
	EXPECT_EQ(17, number);
	EXPECT_EQ(0, recv.priority);
	EXPECT_EQ(getpid(), recv.pid);
	EXPECT_EQ(1, recv.seq);
}

TEST_F(single, read_and_write_block)
{
	struct call *reader = &self->calls[0], *writer = &self->calls[1];
	char buf[100];
	int i;

	*reader = (struct call){ .kind = CALL_READ, .fd = self->reader };
	call_start(reader);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(2, write(self->writer, "hi", 2));
	EXPECT_EQ(2, call_join(reader));
	EXPECT_STREQ("hi", reader->data);

	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, write(self->writer, "x", 1));
	*writer = (struct call){ .kind = CALL_WRITE, .fd = self->writer, .send.buf_len = 7 };
	call_start(writer);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, read(self->reader, buf, sizeof(buf)));
	EXPECT_EQ(7, call_join(writer));
	EXPECT_EQ(4, mailbox_info(self->fd).messages);
}

TEST_F(single, vectors_are_one_message)
{
	char head[4], body[100];
	struct iovec out[] = {
		{ .iov_base = "head", .iov_len = 4 },
		{ .iov_base = "", .iov_len = 0 },
		{ .iov_base = "the body", .iov_len = 8 },
	};
	struct iovec in[] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = body, .iov_len = sizeof(body) },
	};

	ASSERT_EQ(12, writev(self->writer, out, 3));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	in[1].iov_len = 7;
	EXPECT_EQ(-1, readv(self->reader, in, 2));
	EXPECT_EQ(EMSGSIZE, errno);
	in[1].iov_len = sizeof(body);
	EXPECT_EQ(12, readv(self->reader, in, 2));
	EXPECT_EQ(0, memcmp(head, "head", 4));
	EXPECT_EQ(0, memcmp(body, "the body", 8));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

TEST_F(single, no_seeking)
{
	char byte;

	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->reader, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_F(single, identity_of_a_process)
{
	struct call *call = self->calls;
	struct ipcmbox_recv recv = {};
	__u32 number;

	send_fork(call, self->writer, .buf_ptr = ptr_u64(call->data), .buf_len = 4);
	ASSERT_EQ(0, call_wait(call));
	ASSERT_EQ(4, take_info(self->reader, &number, &recv));
	EXPECT_EQ(call->pid, recv.pid);
	EXPECT_EQ(call->pid, recv.tid);
}

/* Effective ids, at the time of the send. */
static int send_as_somebody(void *arg)
{
	int fd = *(int *)arg;

	if (setresgid(1001, 1002, 0) || setresuid(1003, 1004, 0))
		return 1;
	return put(fd, 0, 1) ? 2 : 0;
}

TEST_F(single, identity_is_effective_ids)
{
	struct ipcmbox_recv recv = {};
	__u32 number;

	ASSERT_EQ(0, child_run(send_as_somebody, &self->writer));
	ASSERT_EQ(4, take_info(self->reader, &number, &recv));
	EXPECT_EQ(1004, recv.uid);
	EXPECT_EQ(1002, recv.gid);
}

TEST_F(single, longest_message_of_all)
{
	char *out = malloc(IPCMBOX_LENGTH_MAX), *in = malloc(IPCMBOX_LENGTH_MAX);
	struct ipcmbox_send send = { .buf_ptr = ptr_u64(out), .buf_len = IPCMBOX_LENGTH_MAX };
	int fd = mailbox_new(self->dev, .max_messages = 1, .max_length = IPCMBOX_LENGTH_MAX);

	ASSERT_TRUE(out && in);
	ASSERT_GE(fd, 0);
	fill_pattern(out, IPCMBOX_LENGTH_MAX, 1);
	ASSERT_EQ(0, mailbox_send(fd, &send));
	EXPECT_EQ(IPCMBOX_LENGTH_MAX, mailbox_info(fd).bytes);
	ASSERT_EQ(IPCMBOX_LENGTH_MAX, message_recv(fd, .buf_ptr = ptr_u64(in),
						   .buf_len = IPCMBOX_LENGTH_MAX));
	EXPECT_EQ(0, memcmp(in, out, IPCMBOX_LENGTH_MAX));
	send.buf_len++;
	EXPECT_EQ(-EMSGSIZE, mailbox_send(fd, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, send.limit);
	close(fd);
	free(out);
	free(in);
}

TEST_HARNESS_MAIN
