// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of io_uring: each command is what it is as a system call, whether it is done at once or by
 * a worker that waits; and whoever ends the wait finds that nothing has happened.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "endpoint_test.h"
#include "call_test.h"
#include "uffd_test.h"
#include "uring_test.h"

#define DEADLINE_NS	(20 * NSEC_PER_MSEC)
#define NR_WAITING	20	/* more than there are workers by default */

FIXTURE(uring) {
	struct ring ring;
	int fd;
	__u32 number;
	char in[64];
	struct ipcmbox_send send;
	struct ipcmbox_recv recv;
	struct ipcmbox_query before;
	struct call *call;
};

FIXTURE_SETUP(uring)
{
	int ret;

	dev = device_open();
	ASSERT_GE(dev, 0);
	self->fd = mailbox_new(dev, .max_messages = 2, .flags = IPCMBOX_OPEN_FDS);
	ASSERT_GE(self->fd, 0);
	self->call = calls_alloc(1);
	self->number = 7;
	self->send = (struct ipcmbox_send){
		.buf_ptr = ptr_u64(&self->number), .buf_len = 4, .priority = 3, .limit = POISON32,
	};
	self->recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(self->in), .buf_len = sizeof(self->in),
	};
	ASSERT_EQ(0, query_budget(dev, &self->before));
	ret = ring_begin(&self->ring, 0);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring in this kernel, or not allowed: %s", strerror(-ret));
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(uring)
{
	ring_end(&self->ring);
	/* The end of the ring is not waited for. */
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(await_senders(self->fd, 0));
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_even(dev, &self->before));
	close(self->fd);
	close(dev);
}

static __u32 received(const char *in)
{
	__u32 number;

	memcpy(&number, in, sizeof(number));
	return number;
}

/* Nobody has a message, and the next one is for whoever asks for it. */
static bool works_still(int fd)
{
	return take(fd) == -EAGAIN && !put(fd, 0, 9) && take(fd) == 9;
}

TEST_F(uring, feature_is_told)
{
	EXPECT_TRUE(self->before.features & IPCMBOX_FEATURE_URING);
}

/*
 * Without waiting
 */

TEST_F(uring, message_is_sent_and_received)
{
	self->send.events = 1ULL << 40;
	ring_send(&self->ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 0));
	EXPECT_EQ(0, self->ring.result[0]);

	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 1));
	EXPECT_EQ(4, self->ring.result[1]);
	EXPECT_EQ(7, received(self->in));
	EXPECT_EQ(4, self->recv.length);
	EXPECT_EQ(3, self->recv.priority);
	EXPECT_EQ(1, self->recv.seq);
	EXPECT_EQ(1ULL << 40, self->recv.events);
	EXPECT_EQ(getpid(), self->recv.pid);
	EXPECT_EQ(gettid_(), self->recv.tid);
	EXPECT_EQ(geteuid(), self->recv.uid);
	EXPECT_EQ(getegid(), self->recv.gid);
}

TEST_F(uring, first_versions_of_structures_will_do)
{
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SEND_V0, &self->send);
	EXPECT_EQ(0, ring_run(&self->ring));
	memset((char *)&self->recv + IPCMBOX_RECV_SIZE_V0, POISON,
	       sizeof(self->recv) - IPCMBOX_RECV_SIZE_V0);
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_RECV_V0, &self->recv);
	EXPECT_EQ(4, ring_run(&self->ring));
	EXPECT_EQ(7, received(self->in));
	EXPECT_EQ(3, self->recv.priority);
	EXPECT_EQ(POISON32, self->recv.nr_fds);
}

TEST_F(uring, dropped_message_is_told)
{
	int fd = mailbox_new(dev, .max_messages = 1, .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);

	ASSERT_EQ(0, put(fd, 0, 1));
	ring_send(&self->ring, fd, &self->send);
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, ring_run(&self->ring));
	close(fd);
}

/* At once, although it is a worker that could find out as well. */
TEST_F(uring, who_must_not_wait_does_not)
{
	self->recv.flags = IPCMBOX_NONBLOCK;
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 0));
	EXPECT_EQ(-EAGAIN, self->ring.result[0]);

	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	self->send.flags = IPCMBOX_NONBLOCK;
	ring_send(&self->ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 1));
	EXPECT_EQ(-EAGAIN, self->ring.result[1]);
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, self->send.limit);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
}

/* To wait would not help, and all workers may be waiting already. */
TEST_F(uring, refused_send_needs_no_worker)
{
	int fd = mailbox_new(dev, .max_messages = 1, .overflow = IPCMBOX_OVERFLOW_FAIL);
	int event = mailbox_new(dev, .discipline = IPCMBOX_EVENT, .max_messages = 1);
	int member = member_new(event, .flags = IPCMBOX_JOIN_OVERFLOW,
				.overflow = IPCMBOX_OVERFLOW_FAIL);

	ASSERT_GE(member, 0);
	ASSERT_EQ(0, put(fd, 0, 1));
	ring_send(&self->ring, fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 0));
	EXPECT_EQ(-EAGAIN, self->ring.result[0]);
	EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, self->send.limit);

	self->send.events = 1;
	ring_send(&self->ring, event, &self->send);
	ring_send(&self->ring, event, &self->send);
	ASSERT_EQ(2, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 2));
	EXPECT_EQ(0, self->ring.result[1]);
	EXPECT_EQ(-EAGAIN, self->ring.result[2]);
	close(member);
	close(event);
	close(fd);
}

TEST_F(uring, nonblocking_descriptor_never_waits)
{
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 0));
	EXPECT_EQ(-EAGAIN, self->ring.result[0]);
}

/* IOSQE_ASYNC: not tried. */
TEST_F(uring, worker_does_all_of_it)
{
	ring_send(&self->ring, self->fd, &self->send)->flags = IOSQE_ASYNC;
	EXPECT_EQ(0, ring_run(&self->ring));
	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_ASYNC;
	EXPECT_EQ(4, ring_run(&self->ring));
	EXPECT_EQ(7, received(self->in));
	self->recv.flags = IPCMBOX_NONBLOCK;
	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_ASYNC;
	EXPECT_EQ(-EAGAIN, ring_run(&self->ring));
}

TEST_F(uring, registered_descriptor_will_do)
{
	ASSERT_EQ(0, ring_register(&self->ring, IORING_REGISTER_FILES, &self->fd, 1));
	ring_send(&self->ring, 0, &self->send)->flags = IOSQE_FIXED_FILE;
	EXPECT_EQ(0, ring_run(&self->ring));
	EXPECT_EQ(7, take(self->fd));
	/* Which is more than the test's end could wait for. */
	ASSERT_EQ(0, ring_register(&self->ring, IORING_UNREGISTER_FILES, NULL, 0));
}

/*
 * What is wrong
 */

TEST_F(uring, bad_entry_is_refused)
{
	struct iovec buffer = { self->in, sizeof(self->in) };
	struct io_uring_sqe *sqe;

	sqe = ring_send(&self->ring, self->fd, &self->send);
	memset(sqe->cmd + sizeof(__u64), 1, 1);
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
	ASSERT_EQ(0, ring_register(&self->ring, IORING_REGISTER_BUFFERS, &buffer, 1));
	ring_send(&self->ring, self->fd, &self->send)->uring_cmd_flags = IORING_URING_CMD_FIXED;
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SEND, NULL);
	EXPECT_EQ(-EFAULT, ring_run(&self->ring));
	sqe = ring_add(&self->ring, self->fd, IPCMBOX_IOC_SEND, &self->send);
	memset(sqe->cmd, 0xff, sizeof(__u64));
	EXPECT_EQ(-EFAULT, ring_run(&self->ring));
	EXPECT_TRUE(works_still(self->fd));
}

TEST_F(uring, command_of_no_ring_is_refused)
{
	static const __u32 commands[] = {
		IPCMBOX_IOC_STAT, IPCMBOX_IOC_SENDV, IPCMBOX_IOC_RECVV, IPCMBOX_IOC_REPLY_RECV,
		IPCMBOX_IOC_JOIN, IPCMBOX_IOC_WRITE(4), IPCMBOX_IOC_CHANNEL_WAIT, IPCMBOX_IOC_QUERY,
		IPCMBOX_IOC_SEND ^ 1U << _IOC_TYPESHIFT, IPCMBOX_IOC_SEND ^ 1U << _IOC_DIRSHIFT,
		IPCMBOX_IOC_SEND ^ 0x80, 0, ~0U,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		ring_add(&self->ring, self->fd, commands[i], &self->send);
		EXPECT_EQ(-ENOTTY, ring_run(&self->ring)) TH_LOG("%#x", commands[i]);
	}
}

TEST_F(uring, sizes_are_those_of_ioctl)
{
	char longer[sizeof(self->send) + 8] = { };

	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SEND_V0 - (8U << _IOC_SIZESHIFT), &self->send);
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_RECV_V0 + (8U << _IOC_SIZESHIFT), &self->recv);
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
	memcpy(longer, &self->send, sizeof(self->send));
	longer[sizeof(longer) - 1] = 1;
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SEND + (8U << _IOC_SIZESHIFT), longer);
	EXPECT_EQ(-E2BIG, ring_run(&self->ring));
	longer[sizeof(longer) - 1] = 0;
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SEND + (8U << _IOC_SIZESHIFT), longer);
	EXPECT_EQ(0, ring_run(&self->ring));
	EXPECT_EQ(7, take(self->fd));
}

TEST_F(uring, only_mailboxes_have_commands_for_rings)
{
	struct ipcmbox_segment_open segment = {
		.flags = IPCMBOX_OPEN_CREATE, .access = RW, .mode = 0600,
	};
	int channel = mailbox_new(dev, .discipline = IPCMBOX_CHANNEL, .access = IPCMBOX_READ,
				  .max_messages = IPCMBOX_UNBOUNDED);
	int memory = ioctl(dev, IPCMBOX_IOC_SEGMENT_OPEN, &segment);

	ASSERT_GE(channel, 0);
	ASSERT_GE(memory, 0);
	ring_send(&self->ring, dev, &self->send);
	EXPECT_EQ(-EOPNOTSUPP, ring_run(&self->ring));
	ring_send(&self->ring, channel, &self->send);
	EXPECT_EQ(-EOPNOTSUPP, ring_run(&self->ring));
	ring_send(&self->ring, memory, &self->send);
	EXPECT_EQ(-EOPNOTSUPP, ring_run(&self->ring));
	close(channel);
	close(memory);
}

/* That it has failed is known before the right to write could be back. */
TEST_F(uring, moving_is_refused)
{
	struct ipcmbox_call call = { .flags = IPCMBOX_MOVE };
	struct ipcmbox_reply reply = { .flags = IPCMBOX_MOVE, .token = 1 };

	self->send.flags = IPCMBOX_MOVE;
	ring_send(&self->ring, self->fd, &self->send);
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_CALL, &call);
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_REPLY, &reply);
	EXPECT_EQ(-EINVAL, ring_run(&self->ring));
}

TEST_F(uring, rights_are_of_the_descriptor)
{
	int sender = mailbox_by_id(dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	int receiver = mailbox_by_id(dev, mailbox_id(self->fd), IPCMBOX_READ);

	ring_recv(&self->ring, sender, &self->recv);
	EXPECT_EQ(-EACCES, ring_run(&self->ring));
	ring_send(&self->ring, receiver, &self->send);
	EXPECT_EQ(-EACCES, ring_run(&self->ring));
	close(sender);
	close(receiver);
}

TEST_F(uring, bad_buffer_leaves_the_message)
{
	self->send.buf_ptr = 8;
	ring_send(&self->ring, self->fd, &self->send);
	EXPECT_EQ(-EFAULT, ring_run(&self->ring));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);

	ASSERT_EQ(0, put(self->fd, 0, 5));
	self->recv.buf_ptr = 8;
	ring_recv(&self->ring, self->fd, &self->recv);
	EXPECT_EQ(-EFAULT, ring_run(&self->ring));
	EXPECT_EQ(5, take(self->fd));

	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 6));
	EXPECT_EQ(-EFAULT, ring_await(&self->ring, 2));
	EXPECT_EQ(6, take(self->fd));
}

/*
 * Waiting
 */

TEST_F(uring, receive_waits)
{
	ring_recv(&self->ring, self->fd, &self->recv);
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_RECV_V0, &self->recv);
	ASSERT_EQ(2, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 2));
	EXPECT_FALSE(ring_is_done(&self->ring, 0));
	EXPECT_FALSE(ring_is_done(&self->ring, 1));
	ASSERT_EQ(0, put(self->fd, 1, 5));
	ASSERT_EQ(0, put(self->fd, 1, 5));
	EXPECT_EQ(4, ring_await(&self->ring, 0));
	EXPECT_EQ(4, ring_await(&self->ring, 1));
	EXPECT_EQ(5, received(self->in));
	EXPECT_EQ(1, self->recv.priority);
}

TEST_F(uring, send_waits_for_room)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ring_send(&self->ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_FALSE(ring_is_done(&self->ring, 0));
	/* That it was tried is not to be seen. */
	EXPECT_EQ(POISON32, self->send.limit);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, ring_await(&self->ring, 0));
	EXPECT_EQ(7, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
}

/* Without waiting it would be over when the message is handed to its receiver. */
TEST_F(uring, send_waits_for_receipt)
{
	struct hold hold;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd in this kernel");
	receive_start(self->call, self->fd, .buf_ptr = ptr_u64(hold.page), .buf_len = 4);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	self->send.completion = IPCMBOX_RECEIVED;
	ring_send(&self->ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(hold_await(&hold));
	EXPECT_FALSE(ring_is_done(&self->ring, 0));
	ASSERT_TRUE(hold_end(&hold));
	EXPECT_EQ(0, ring_await(&self->ring, 0));
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(7, received(hold.page));
	munmap(hold.page, hold.size);
	close(hold.uffd);
}

/* Whoever waits has looked at it, or has a copy, whoever the worker gets to see. */
TEST_F(uring, entry_can_be_used_again)
{
	int other = mailbox_new(dev, .max_messages = 1);
	struct ipcmbox_send send = self->send;

	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ring_scribble(&self->ring);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(4, ring_await(&self->ring, 0));
	EXPECT_EQ(5, received(self->in));

	ASSERT_EQ(0, put(other, 0, 6));
	ring_send(&self->ring, other, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ring_scribble(&self->ring);
	ASSERT_TRUE(await_senders(other, 1));
	EXPECT_EQ(6, take(other));
	EXPECT_EQ(0, ring_await(&self->ring, 1));
	EXPECT_EQ(7, take(other));

	/* Not tried, and one that has to wait for the other. */
	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_ASYNC | IOSQE_IO_LINK;
	ring_send(&self->ring, other, &send)->flags = IOSQE_ASYNC;
	ASSERT_EQ(2, ring_submit(&self->ring));
	ring_scribble(&self->ring);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 8));
	EXPECT_EQ(0, ring_await(&self->ring, 3));
	EXPECT_EQ(4, ring_await(&self->ring, 2));
	EXPECT_EQ(8, received(self->in));
	EXPECT_EQ(7, take(other));
	close(other);
}

TEST_F(uring, deadline_is_kept)
{
	__u64 deadline = now_ns(IPCMBOX_CLOCK_MONOTONIC) + DEADLINE_NS;

	self->recv.flags = IPCMBOX_DEADLINE;
	self->recv.deadline_ns = deadline;
	ring_recv(&self->ring, self->fd, &self->recv);
	EXPECT_EQ(-ETIMEDOUT, ring_run(&self->ring));
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC), deadline);
	/* It has passed. */
	ring_recv(&self->ring, self->fd, &self->recv);
	EXPECT_EQ(-ETIMEDOUT, ring_run(&self->ring));
	ASSERT_EQ(0, put(self->fd, 0, 5));
	ring_recv(&self->ring, self->fd, &self->recv);
	EXPECT_EQ(4, ring_run(&self->ring));
}

TEST_F(uring, other_side_is_gone)
{
	int sender = mailbox_new(dev, .access = IPCMBOX_WRITE, .max_messages = 1);
	int receiver = mailbox_by_id(dev, mailbox_id(sender), IPCMBOX_READ);

	ring_recv(&self->ring, receiver, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(receiver, 1));
	close(sender);
	EXPECT_EQ(-EPIPE, ring_await(&self->ring, 0));
	close(receiver);
}

TEST_F(uring, descriptors_come_to_the_process)
{
	int payload = memfd_create("payload", MFD_CLOEXEC), got = -1;

	ASSERT_EQ(5, write(payload, "hello", 5));
	self->recv.fds_ptr = ptr_u64(&got);
	self->recv.max_fds = 1;
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	self->send.fds_ptr = ptr_u64(&payload);
	self->send.nr_fds = 1;
	ring_send(&self->ring, self->fd, &self->send);
	EXPECT_EQ(0, ring_run(&self->ring));
	EXPECT_EQ(4, ring_await(&self->ring, 0));
	EXPECT_EQ(1, self->recv.nr_fds);
	EXPECT_NE(payload, got);
	EXPECT_EQ(5, pread(got, self->in, sizeof(self->in), 0));
	EXPECT_EQ(0, memcmp(self->in, "hello", 5));
	close(got);
	close(payload);
}

/*
 * Many at once
 */

static bool add_receives(struct ring *ring, int fd, struct ipcmbox_recv *recv, __u32 *numbers)
{
	int i;

	for (i = 0; i < NR_WAITING; i++) {
		recv[i] = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(&numbers[i]), .buf_len = 4 };
		ring_recv(ring, fd, &recv[i]);
	}
	return ring_submit(ring) == NR_WAITING;
}

static int send_each(struct ring *ring, int fd, struct ipcmbox_send *send, __u32 *numbers)
{
	int i, ret = 0;

	for (i = 0; i < NR_WAITING; i++) {
		numbers[i] = 1U << i;
		send[i] = (struct ipcmbox_send){ .buf_ptr = ptr_u64(&numbers[i]), .buf_len = 4 };
		ring_send(ring, fd, &send[i]);
		ret = ret ?: ring_run(ring);
	}
	return ret;
}

/* Whether the first entries, all of them receives, got each message once. */
static bool got_each(struct ring *ring, const __u32 *numbers)
{
	__u32 all = 0;
	int i;

	for (i = 0; i < NR_WAITING; i++) {
		if (ring_await(ring, i) != 4)
			return false;
		all ^= numbers[i];
	}
	return all == (1U << NR_WAITING) - 1;
}

/* Some wait for a message, and others for a worker. */
TEST_F(uring, many_are_in_flight)
{
	int fd = mailbox_new(dev, .max_messages = NR_WAITING);
	struct ipcmbox_recv recv[NR_WAITING];
	struct ipcmbox_send send[NR_WAITING];
	__u32 in[NR_WAITING], out[NR_WAITING];

	ASSERT_TRUE(add_receives(&self->ring, fd, recv, in));
	ASSERT_EQ(0, send_each(&self->ring, fd, send, out));
	EXPECT_TRUE(got_each(&self->ring, in));
	EXPECT_TRUE(is_at_rest(fd));
	close(fd);
}

TEST_F(uring, workers_can_be_more)
{
	__u32 limits[2] = { NR_WAITING, 0 };
	struct ipcmbox_recv recv[NR_WAITING];
	struct ipcmbox_send send[NR_WAITING];
	__u32 in[NR_WAITING], out[NR_WAITING];

	ASSERT_EQ(0, ring_register(&self->ring, IORING_REGISTER_IOWQ_MAX_WORKERS, limits, 2));
	ASSERT_TRUE(add_receives(&self->ring, self->fd, recv, in));
	EXPECT_TRUE(await_receivers(self->fd, NR_WAITING));
	ASSERT_EQ(0, send_each(&self->ring, self->fd, send, out));
	EXPECT_TRUE(got_each(&self->ring, in));
}

/*
 * Links
 */

/* What was received is sent on. A result that is not 0 does not break the link. */
TEST_F(uring, receive_then_send)
{
	int next = mailbox_new(dev, .max_messages = 2);

	self->send.buf_ptr = ptr_u64(self->in);
	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_IO_LINK;
	ring_send(&self->ring, next, &self->send);
	ASSERT_EQ(2, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(0, ring_await(&self->ring, 1));
	EXPECT_EQ(4, ring_await(&self->ring, 0));
	EXPECT_EQ(5, take(next));

	/* Without waiting */
	ASSERT_EQ(0, put(self->fd, 0, 6));
	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_IO_LINK;
	ring_send(&self->ring, next, &self->send);
	EXPECT_EQ(0, ring_run(&self->ring));
	EXPECT_EQ(4, ring_await(&self->ring, 2));
	EXPECT_EQ(6, take(next));
	close(next);
}

TEST_F(uring, failure_breaks_the_link)
{
	self->recv.flags = IPCMBOX_NONBLOCK;
	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_IO_LINK;
	ring_send(&self->ring, self->fd, &self->send);
	EXPECT_EQ(-ECANCELED, ring_run(&self->ring));
	EXPECT_EQ(-EAGAIN, ring_await(&self->ring, 0));
	EXPECT_TRUE(works_still(self->fd));
}

/* As they are there to be seen by the kernel's means. */
static int nr_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* the directory itself, and the one above */
}

/* There is no worker that waits. */
TEST_F(uring, poll_then_receive)
{
	ring_entry(&self->ring, IORING_OP_POLL_ADD, self->fd)->poll32_events = POLLIN;
	self->ring.sqes[0].flags = IOSQE_IO_LINK;
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(2, ring_submit(&self->ring));
	EXPECT_EQ(1, nr_threads());
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(4, ring_await(&self->ring, 1));
	EXPECT_EQ(5, received(self->in));
	EXPECT_EQ(1, nr_threads());

	ring_entry(&self->ring, IORING_OP_POLL_ADD, self->fd)->poll32_events = POLLIN;
	self->ring.sqes[2].flags = IOSQE_IO_LINK;
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(2, ring_submit(&self->ring));
	EXPECT_EQ(0, ring_cancel(&self->ring, 2));
	EXPECT_EQ(-ECANCELED, ring_await(&self->ring, 2));
	EXPECT_EQ(-ECANCELED, ring_await(&self->ring, 3));
	EXPECT_TRUE(works_still(self->fd));
}

/* While it waited, or before there was a worker to do so. */
static bool was_ended(int result)
{
	return result == -EINTR || result == -ECANCELED;
}

TEST_F(uring, linked_timeout_ends_the_wait)
{
	struct { __s64 tv_sec, tv_nsec; } timeout = { 0, DEADLINE_NS };

	ring_recv(&self->ring, self->fd, &self->recv)->flags = IOSQE_IO_LINK;
	ring_entry(&self->ring, IORING_OP_LINK_TIMEOUT, -1)->addr = ptr_u64(&timeout);
	self->ring.sqes[1].len = 1;
	ASSERT_EQ(2, ring_submit(&self->ring));
	EXPECT_TRUE(was_ended(ring_await(&self->ring, 0)));
	ring_await(&self->ring, 1);
	EXPECT_TRUE(works_still(self->fd));
}

/*
 * The end of a wait
 */

TEST_F(uring, cancelled_receive_has_received_nothing)
{
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	/* It is under way, and will hear of it. */
	EXPECT_EQ(-EALREADY, ring_cancel(&self->ring, 0));
	EXPECT_EQ(-EINTR, ring_await(&self->ring, 0));
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_receivers);
	EXPECT_TRUE(works_still(self->fd));
}

TEST_F(uring, cancelled_send_has_sent_nothing)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	ring_send(&self->ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(-EALREADY, ring_cancel(&self->ring, 0));
	EXPECT_EQ(-EINTR, ring_await(&self->ring, 0));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_TRUE(works_still(self->fd));
}

/* A message and the cancelling of its receive: one of them was first. */
TEST_F(uring, cancel_loses_no_message)
{
	__u32 i, received_by_ring = 0;

	for (i = 0; i < RING_ENTRIES / 2; i++) {
		ring_recv(&self->ring, self->fd, &self->recv);
		ASSERT_EQ(1, ring_submit(&self->ring));
		ASSERT_TRUE(await_receivers(self->fd, 1));
		ring_entry(&self->ring, IORING_OP_ASYNC_CANCEL, -1)->addr = 2 * i;
		put_start(self->call, self->fd, 0, i);
		ASSERT_EQ(1, ring_submit(&self->ring));
		ASSERT_EQ(0, call_join(self->call));
		if (ring_await(&self->ring, 2 * i) == 4) {
			EXPECT_EQ(i, received(self->in));
			received_by_ring++;
		} else {
			EXPECT_EQ(-EINTR, self->ring.result[2 * i]);
			EXPECT_EQ(i, take(self->fd));
		}
		ring_await(&self->ring, 2 * i + 1);
	}
	TH_LOG("%u of %u were received in spite of it", received_by_ring, i);
}

TEST_F(uring, end_of_the_ring_ends_the_wait)
{
	struct ring ring;

	ASSERT_EQ(0, put(self->fd, 0, 1));
	self->recv.min_priority = 5;
	ASSERT_EQ(0, ring_begin(&ring, 0));
	ring_recv(&ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ring_end(&ring);
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_TRUE(works_still(self->fd));
}

static void *submit_and_exit(void *ring)
{
	return (void *)(intptr_t)ring_submit(ring);
}

/* Workers are those of a thread; and some of its commands have none. */
TEST_F(uring, end_of_the_thread_ends_the_wait)
{
	pthread_t thread;
	void *submitted;
	int i;

	for (i = 0; i < NR_WAITING; i++)
		ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_and_exit, &self->ring));
	ASSERT_EQ(0, pthread_join(thread, &submitted));
	EXPECT_EQ(NR_WAITING, (intptr_t)submitted);
	for (i = 0; i < NR_WAITING; i++)
		EXPECT_TRUE(was_ended(ring_await(&self->ring, i)))
			TH_LOG("%d: %d", i, self->ring.result[i]);
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(works_still(self->fd));
}

/* A process with a receive that waits, and one with a send; it ends, or waits for the worst. */
struct doomed {
	int fd, other;
	bool exits;
};

static int wait_in_ring(void *arg)
{
	struct doomed *doomed = arg;
	static struct ipcmbox_recv recv;
	static struct ipcmbox_send send;
	static struct ring ring;

	if (ring_begin(&ring, 0))
		return 1;
	ring_recv(&ring, doomed->fd, &recv);
	ring_send(&ring, doomed->other, &send);
	if (ring_submit(&ring) != 2 || !await_receivers(doomed->fd, 1) ||
	    !await_senders(doomed->other, 1))
		return 2;
	while (!doomed->exits)
		pause();
	return 0;
}

TEST_F(uring, death_leaves_nothing)
{
	struct doomed doomed = { .fd = self->fd, .other = mailbox_new(dev, .max_messages = 0) };
	pid_t pid = child_start(wait_in_ring, &doomed);

	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_TRUE(await_senders(doomed.other, 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(await_senders(doomed.other, 0));
	EXPECT_TRUE(works_still(self->fd));
	EXPECT_TRUE(is_at_rest(doomed.other));
	close(doomed.other);
}

TEST_F(uring, exit_leaves_nothing)
{
	struct doomed doomed = {
		.fd = self->fd, .other = mailbox_new(dev, .max_messages = 0), .exits = true,
	};

	EXPECT_EQ(0, child_run(wait_in_ring, &doomed));
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(await_senders(doomed.other, 0));
	EXPECT_TRUE(works_still(self->fd));
	EXPECT_TRUE(is_at_rest(doomed.other));
	close(doomed.other);
}

static int exec_while_waiting(void *arg)
{
	struct doomed *doomed = arg;
	static struct ipcmbox_recv recv;
	static struct ring ring;

	if (ring_begin(&ring, 0))
		return 1;
	ring_recv(&ring, doomed->fd, &recv);
	if (ring_submit(&ring) != 1 || !await_receivers(doomed->fd, 1))
		return 2;
	execl("/bin/true", "true", NULL);
	return 3;
}

TEST_F(uring, exec_leaves_nothing)
{
	struct doomed doomed = { .fd = self->fd };

	EXPECT_EQ(0, child_run(exec_while_waiting, &doomed));
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(works_still(self->fd));
}

/* Returns whether the wait was ended, and nothing received. */
static int wait_until_stopped(void *arg)
{
	struct doomed *doomed = arg;
	static struct ipcmbox_recv recv;
	static struct ring ring;

	if (ring_begin(&ring, 0))
		return 1;
	ring_recv(&ring, doomed->fd, &recv);
	return ring_run(&ring) != -EINTR;
}

TEST_F(uring, stopping_the_process_ends_the_wait)
{
	struct doomed doomed = { .fd = self->fd };
	pid_t pid = child_start(wait_until_stopped, &doomed);
	int status;

	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(works_still(self->fd));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	EXPECT_EQ(0, child_wait(pid));
}

/*
 * Who it was
 */

struct sender {
	int fd;
	struct ring *ring;
	pid_t tid;
	__u64 endpoint;
	int results[2];
};

/* A thread with an endpoint of its own sends, and lets a worker send. */
static void *send_twice(void *arg)
{
	struct sender *sender = arg;
	struct ipcmbox_send send = { .buf_ptr = ptr_u64("me"), .buf_len = 2 };
	int inbox = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD, .max_messages = 1);

	sender->tid = gettid_();
	sender->endpoint = mailbox_id(inbox);
	ring_send(sender->ring, sender->fd, &send);
	sender->results[0] = ring_run(sender->ring);
	ring_send(sender->ring, sender->fd, &send)->flags = IOSQE_ASYNC;
	sender->results[1] = ring_run(sender->ring);
	close(inbox);
	return NULL;
}

TEST_F(uring, sender_is_who_has_submitted)
{
	struct sender sender = { .fd = self->fd, .ring = &self->ring };
	pthread_t thread;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_twice, &sender));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, sender.results[i]);
		ASSERT_EQ(2, mailbox_receive(self->fd, &self->recv));
		EXPECT_EQ(getpid(), self->recv.pid);
		EXPECT_EQ(sender.tid, self->recv.tid);
		EXPECT_EQ(sender.endpoint, self->recv.sender_endpoint);
	}
}

/* With SQPOLL nobody fills it in but a thread of the kernel's making, in the same process. */
TEST_F(uring, sender_is_the_process)
{
	struct ring ring;

	ASSERT_EQ(0, ring_begin(&ring, IORING_SETUP_SQPOLL));
	ring_send(&ring, self->fd, &self->send);
	EXPECT_EQ(0, ring_run(&ring));
	ring_send(&ring, self->fd, &self->send)->flags = IOSQE_ASYNC;
	EXPECT_EQ(0, ring_run(&ring));
	ASSERT_EQ(4, mailbox_receive(self->fd, &self->recv));
	EXPECT_EQ(getpid(), self->recv.pid);
	EXPECT_NE(0, self->recv.tid);
	EXPECT_NE(gettid_(), self->recv.tid);
	EXPECT_EQ(geteuid(), self->recv.uid);
	ASSERT_EQ(4, mailbox_receive(self->fd, &self->recv));
	EXPECT_EQ(getpid(), self->recv.pid);
	ring_end(&ring);
}

static struct {
	int fd;
	struct ipcmbox_send *send;
} masked;

/* As itself, and as who it was before; at once, and by a worker. */
static int send_as_two(void *unused)
{
	struct ring ring;
	int was, i;

	(void)unused;
	if (ring_begin(&ring, 0))
		return 1;
	was = ring_register(&ring, IORING_REGISTER_PERSONALITY, NULL, 0);
	if (was <= 0 || become(1234, 1234))
		return 2;
	for (i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = ring_send(&ring, masked.fd, masked.send);

		sqe->flags = i & 1 ? IOSQE_ASYNC : 0;
		sqe->personality = i & 2 ? was : 0;
		if (ring_run(&ring))
			return 3;
	}
	return 0;
}

TEST_F(uring, user_is_the_personality)
{
	static const uid_t uids[] = { 1234, 1234, 0, 0 };
	int i;

	if (geteuid())
		SKIP(return, "not root");
	masked.fd = mailbox_new(dev, .max_messages = ARRAY_SIZE(uids));
	masked.send = &self->send;
	EXPECT_EQ(0, child_run(send_as_two, NULL));
	for (i = 0; i < ARRAY_SIZE(uids); i++) {
		ASSERT_EQ(4, mailbox_receive(masked.fd, &self->recv));
		EXPECT_EQ(uids[i], self->recv.uid);
		EXPECT_EQ(uids[i], self->recv.gid);
	}
	close(masked.fd);
}

/*
 * Rings of other kinds
 */

FIXTURE(kind) {
	struct ring ring;
	int fd;
	char in[8];
	struct ipcmbox_recv recv;
};

FIXTURE_VARIANT(kind) {
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(kind, large_entries) {
	.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
};

FIXTURE_VARIANT_ADD(kind, results_on_demand) {
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(kind, submitted_by_the_kernel) {
	.flags = IORING_SETUP_SQPOLL,
};

FIXTURE_SETUP(kind)
{
	int ret;

	dev = device_open();
	ASSERT_GE(dev, 0);
	self->fd = mailbox_new(dev, .max_messages = 1);
	ASSERT_GE(self->fd, 0);
	self->recv = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(self->in), .buf_len = 8 };
	ret = ring_begin(&self->ring, variant->flags);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring in this kernel, or not allowed: %s", strerror(-ret));
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(kind)
{
	ring_end(&self->ring);
	EXPECT_TRUE(await_receivers(self->fd, 0));
	EXPECT_TRUE(is_at_rest(self->fd));
	close(self->fd);
	close(dev);
}

TEST_F(kind, message_is_sent_and_received)
{
	struct ipcmbox_send send = { .buf_ptr = ptr_u64("to all"), .buf_len = 7 };

	ring_send(&self->ring, self->fd, &send);
	EXPECT_EQ(0, ring_run(&self->ring));
	ring_recv(&self->ring, self->fd, &self->recv);
	EXPECT_EQ(7, ring_run(&self->ring));
	EXPECT_EQ(0, strcmp("to all", self->in));
}

TEST_F(kind, receive_waits)
{
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_LE(0, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ring_scribble(&self->ring);
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(4, ring_await(&self->ring, 0));
	EXPECT_EQ(5, received(self->in));
}

TEST_F(kind, cancelled_receive_has_received_nothing)
{
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_LE(0, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(-EALREADY, ring_cancel(&self->ring, 0));
	EXPECT_EQ(-EINTR, ring_await(&self->ring, 0));
	EXPECT_TRUE(works_still(self->fd));
}

/* What it polls for is not to be had from a mailbox; some kernels see to it otherwise. */
TEST_F(uring, ring_that_polls)
{
	struct ring ring;
	int ret;

	ASSERT_EQ(0, ring_begin(&ring, IORING_SETUP_IOPOLL));
	ring_send(&ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&ring));
	EXPECT_LE(0, syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	ASSERT_TRUE(ring_is_done(&ring, 0));
	ret = ring.result[0];
	EXPECT_TRUE(ret == -EOPNOTSUPP || (ret == 0 && take(self->fd) == 7)) TH_LOG("%d", ret);
	ring_end(&ring);
}

/*
 * Calls
 */

/* One thread is both sides, as none of them waits. */
TEST_F(uring, call_and_reply)
{
	char reply[8];
	struct ipcmbox_call call = {
		.buf_ptr = ptr_u64("ask"), .buf_len = 3,
		.reply_ptr = ptr_u64(reply), .reply_len = sizeof(reply),
	};
	struct ipcmbox_reply answer = { .buf_ptr = ptr_u64("told"), .buf_len = 4, .status = 9 };

	ring_add(&self->ring, self->fd, IPCMBOX_IOC_CALL, &call);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(3, ring_run(&self->ring));
	EXPECT_EQ(0, memcmp(self->in, "ask", 3));
	EXPECT_EQ(gettid_(), self->recv.tid);
	answer.token = self->recv.token;
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_REPLY, &answer);
	EXPECT_EQ(0, ring_run(&self->ring));
	EXPECT_EQ(4, ring_await(&self->ring, 0));
	EXPECT_EQ(0, memcmp(reply, "told", 4));
	EXPECT_EQ(9, call.status);
	EXPECT_EQ(0, call.cookie);
}

TEST_F(uring, call_that_must_not_wait_is_over)
{
	struct ipcmbox_call call = { .flags = IPCMBOX_NONBLOCK };

	ring_add(&self->ring, self->fd, IPCMBOX_IOC_CALL, &call);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 0));
	EXPECT_EQ(-EAGAIN, self->ring.result[0]);
}

/* It goes on when it is asked for again, here by the ring as well. */
TEST_F(uring, cancelled_call_can_be_resumed)
{
	char reply[8];
	struct ipcmbox_call call = {
		.buf_ptr = ptr_u64("ask"), .buf_len = 3,
		.reply_ptr = ptr_u64(reply), .reply_len = sizeof(reply),
	};

	ring_add(&self->ring, self->fd, IPCMBOX_IOC_CALL, &call);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_EQ(3, mailbox_receive(self->fd, &self->recv));
	EXPECT_EQ(-EALREADY, ring_cancel(&self->ring, 0));
	EXPECT_EQ(-EINTR, ring_await(&self->ring, 0));
	ASSERT_NE(0, call.cookie);

	ring_add(&self->ring, self->fd, IPCMBOX_IOC_CALL, &call);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, message_reply(self->fd, .token = self->recv.token, .buf_ptr = ptr_u64("told"),
				   .buf_len = 4));
	EXPECT_EQ(4, ring_await(&self->ring, 2));
	EXPECT_EQ(0, memcmp(reply, "told", 4));
	EXPECT_EQ(0, call.cookie);
}

TEST_F(uring, message_is_settled)
{
	struct ipcmbox_settle settle = { .action = IPCMBOX_SETTLE_ACK };

	self->send.completion = IPCMBOX_HANDLED;
	ring_send(&self->ring, self->fd, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(4, ring_run(&self->ring));
	EXPECT_FALSE(ring_is_done(&self->ring, 0));
	settle.token = self->recv.token;
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SETTLE, &settle);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(ring_is_done(&self->ring, 2));
	EXPECT_EQ(0, self->ring.result[2]);
	EXPECT_EQ(0, ring_await(&self->ring, 0));
	/* Once only */
	ring_add(&self->ring, self->fd, IPCMBOX_IOC_SETTLE, &settle);
	EXPECT_EQ(-ESTALE, ring_run(&self->ring));
}

/* A thread that calls, and that others can call. */
static struct {
	int fd, result;
	volatile int tid;
} caller;

static void *call_from_thread(void *unused)
{
	int inbox = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD, .max_messages = 1);

	(void)unused;
	caller.tid = gettid_();
	caller.result = message_call(caller.fd, .buf_ptr = ptr_u64("ask"), .buf_len = 3);
	close(inbox);
	return NULL;
}

/* It is not the worker that the caller waits for, but the thread that will reply. */
TEST_F(uring, cycle_of_callers_is_refused)
{
	pthread_t thread;
	int to;

	ring_recv(&self->ring, self->fd, &self->recv);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_receivers(self->fd, 1));
	caller.fd = self->fd;
	caller.tid = 0;
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_from_thread, NULL));
	ASSERT_EQ(3, ring_await(&self->ring, 0));
	to = endpoint_connect(dev, IPCMBOX_THREAD, caller.tid);
	ASSERT_GE(to, 0);
	EXPECT_EQ(-EDEADLK, message_call(to, .buf_ptr = ptr_u64("me"), .buf_len = 2));

	/* A call of the ring holds up nobody. */
	self->send.completion = IPCMBOX_HANDLED;
	ring_send(&self->ring, to, &self->send);
	ASSERT_EQ(1, ring_submit(&self->ring));
	ASSERT_TRUE(await_senders(to, 1));
	EXPECT_EQ(0, message_reply(self->fd, .token = self->recv.token));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, caller.result);
	/* Its endpoint went with the thread. */
	EXPECT_EQ(-EPIPE, ring_await(&self->ring, 1));
	close(to);
}

TEST_HARNESS_MAIN
