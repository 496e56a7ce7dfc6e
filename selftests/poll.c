// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readiness: poll and epoll, level- and edge-triggered, exclusive, and hang-ups.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define ALL	(POLLIN | POLLOUT | POLLERR | POLLHUP)

FIXTURE(poll) {
	int dev, fd, reader, writer;
	struct call *calls;
};

FIXTURE_SETUP(poll)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 2);
	ASSERT_GE(self->fd, 0);
	self->reader = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	self->writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
	self->calls = calls_alloc(2);
}

FIXTURE_TEARDOWN(poll)
{
	close(self->writer);
	close(self->reader);
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static short ready(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = ALL };

	return poll(&pollfd, 1, 0) < 0 ? -1 : pollfd.revents & ALL;
}

/* What it becomes ready for, if that takes no more than patience. */
static short await_ready(int fd, short events)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	return poll(&pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC) == 1 ? pollfd.revents : 0;
}

static bool set_capacity(int fd, __u32 capacity)
{
	return mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = capacity) == 0;
}

TEST_F(poll, bounded)
{
	EXPECT_EQ(POLLOUT, ready(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(POLLIN, ready(self->fd));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(POLLOUT, ready(self->fd));
}

TEST_F(poll, unbounded)
{
	int i;

	ASSERT_TRUE(set_capacity(self->fd, IPCMBOX_UNBOUNDED));
	EXPECT_EQ(POLLOUT, ready(self->fd));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->fd));
}

TEST_F(poll, rendezvous)
{
	ASSERT_TRUE(set_capacity(self->fd, 0));
	EXPECT_EQ(0, ready(self->fd));
	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(POLLOUT, ready(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(0, ready(self->fd));

	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(POLLIN, ready(self->fd));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(0, ready(self->fd));
}

/* A poller is woken by what makes it ready. */
TEST_F(poll, rendezvous_wakes)
{
	ASSERT_TRUE(set_capacity(self->fd, 0));
	recv_start(self->calls, self->fd);
	EXPECT_EQ(POLLOUT, await_ready(self->writer, POLLOUT));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->calls));
	put_start(self->calls, self->fd, 0, 2);
	EXPECT_EQ(POLLIN, await_ready(self->reader, POLLIN));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

/* A sender blocked for room or a receipt makes nothing ready that was not. */
TEST_F(poll, full_with_a_blocked_sender)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	put_start(self->calls, self->fd, 0, 3);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(POLLIN, ready(self->fd));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_EQ(POLLIN, ready(self->fd));
}

/* To it, a full mailbox is as full as to one that blocks. */
TEST_F(poll, policy_fail)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_FAIL));
	EXPECT_EQ(POLLOUT, ready(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(POLLIN, ready(self->fd));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 3));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->fd));

	ASSERT_TRUE(set_capacity(self->fd, 0));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, ready(self->fd));
}

/* A mailbox for 100 bytes and messages of up to 40. */
static int bytes_bounded(int dev, __u32 overflow)
{
	return mailbox_new(dev, .max_messages = IPCMBOX_UNBOUNDED, .max_length = 40,
			   .max_bytes = 100, .overflow = overflow);
}

static int put_bytes(int fd, __u32 length)
{
	static const char bytes[40];

	return message_send(fd, .buf_ptr = ptr_u64(bytes), .buf_len = length,
			    .flags = IPCMBOX_NONBLOCK);
}

static int take_bytes(int fd)
{
	char bytes[40];

	return message_recv(fd, .buf_ptr = ptr_u64(bytes), .buf_len = sizeof(bytes),
			    .flags = IPCMBOX_NONBLOCK);
}

/* Writable is what takes the longest message. */
TEST_F(poll, bounded_by_bytes)
{
	__u32 policy;
	int fd;

	for (policy = IPCMBOX_OVERFLOW_BLOCK; policy <= IPCMBOX_OVERFLOW_FAIL; policy++) {
		fd = bytes_bounded(self->dev, policy);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(POLLOUT, ready(fd));
		ASSERT_EQ(0, put_bytes(fd, 20));
		ASSERT_EQ(0, put_bytes(fd, 40));
		EXPECT_EQ(POLLIN | POLLOUT, ready(fd)) TH_LOG("40 bytes are left");
		ASSERT_EQ(0, put_bytes(fd, 1));
		EXPECT_EQ(POLLIN, ready(fd)) TH_LOG("39 bytes are left");
		EXPECT_EQ(-EAGAIN, put_bytes(fd, 40));
		ASSERT_EQ(0, put_bytes(fd, 39));
		EXPECT_EQ(POLLIN, ready(fd)) TH_LOG("no byte is left");
		EXPECT_EQ(-EAGAIN, put_bytes(fd, 1));
		EXPECT_EQ(20, take_bytes(fd));
		EXPECT_EQ(POLLIN, ready(fd)) TH_LOG("20 bytes are left");
		EXPECT_EQ(40, take_bytes(fd));
		EXPECT_EQ(POLLIN | POLLOUT, ready(fd)) TH_LOG("60 bytes are left");
		ASSERT_EQ(0, put_bytes(fd, 40));
		EXPECT_EQ(POLLIN, ready(fd)) TH_LOG("20 bytes are left");
		ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES, .max_bytes = 120));
		EXPECT_EQ(POLLIN | POLLOUT, ready(fd)) TH_LOG("40 bytes are left");
		ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES));
		EXPECT_EQ(POLLIN | POLLOUT, ready(fd)) TH_LOG("no bound is left");
		close(fd);
	}
}

/* No room would do; who waits there takes any message. */
TEST_F(poll, waiting_receiver_makes_writable)
{
	int fd = bytes_bounded(self->dev, IPCMBOX_OVERFLOW_BLOCK);

	ASSERT_EQ(0, put_bytes(fd, 40));
	ASSERT_EQ(0, put_bytes(fd, 40));
	EXPECT_EQ(POLLIN, ready(fd));
	recv_start(self->calls, fd, .min_priority = 1);
	ASSERT_TRUE(await_receivers(fd, 1));
	EXPECT_EQ(POLLIN | POLLOUT, ready(fd));
	ASSERT_EQ(0, put(fd, 1, 5));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(5, call_number(self->calls));
	EXPECT_EQ(POLLIN, ready(fd));
	close(fd);
}

TEST_F(poll, drop_policies_always_take)
{
	__u32 policy;
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	for (policy = IPCMBOX_OVERFLOW_DROP_OLDEST; policy <= IPCMBOX_OVERFLOW_DROP_NEWEST;
	     policy++) {
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
					    .overflow = policy));
		EXPECT_EQ(POLLIN | POLLOUT, ready(self->fd));
	}
}

TEST_F(poll, more_capacity_makes_writable)
{
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	EXPECT_EQ(0, ready(self->writer));
	ASSERT_TRUE(set_capacity(self->fd, 3));
	EXPECT_EQ(POLLOUT, ready(self->writer));
}

TEST_F(poll, rights)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(POLLIN, ready(self->reader));
	EXPECT_EQ(POLLOUT, ready(self->writer));
	ASSERT_EQ(1, take(self->fd));
	EXPECT_EQ(0, ready(self->reader));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(0, ready(self->writer));
}

TEST_F(poll, device)
{
	EXPECT_EQ(0, ready(self->dev) & POLLHUP);
}

struct poller {
	int fd;
	short events;
	volatile int tid;
	int ret;
};

static void *poller_body(void *arg)
{
	struct poller *poller = arg;

	poller->tid = gettid();
	poller->ret = await_ready(poller->fd, poller->events);
	return NULL;
}

static bool poller_start(struct poller *poller, pthread_t *thread)
{
	return pthread_create(thread, NULL, poller_body, poller) == 0 &&
	       await_value(&poller->tid, 1) && await_thread_asleep(getpid(), poller->tid);
}

TEST_F(poll, wakes_a_sleeping_poller)
{
	struct poller in = { .fd = self->reader, .events = POLLIN };
	struct poller out = { .fd = self->writer, .events = POLLOUT };
	pthread_t thread;

	ASSERT_TRUE(poller_start(&in, &thread));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	pthread_join(thread, NULL);
	EXPECT_EQ(POLLIN, in.ret);

	ASSERT_EQ(0, put(self->fd, 0, 2));
	ASSERT_TRUE(poller_start(&out, &thread));
	ASSERT_EQ(1, take(self->fd));
	pthread_join(thread, NULL);
	EXPECT_EQ(POLLOUT, out.ret);
}

/* One receive is not enough for the longest message, the second is. */
TEST_F(poll, wakes_a_sleeping_poller_for_bytes)
{
	int fd = bytes_bounded(self->dev, IPCMBOX_OVERFLOW_FAIL);
	struct poller out = { .fd = fd, .events = POLLOUT };
	pthread_t thread;

	ASSERT_EQ(0, put_bytes(fd, 39));
	ASSERT_EQ(0, put_bytes(fd, 40));
	ASSERT_EQ(0, put_bytes(fd, 21));
	ASSERT_TRUE(poller_start(&out, &thread));
	EXPECT_EQ(39, take_bytes(fd));
	ASSERT_TRUE(await_thread_asleep(getpid(), out.tid));
	EXPECT_EQ(0, out.ret);
	EXPECT_EQ(40, take_bytes(fd));
	pthread_join(thread, NULL);
	EXPECT_EQ(POLLOUT, out.ret);
	close(fd);
}

/* The message that was put back can be received. */
TEST_F(poll, readable_after_a_failed_receive)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = 8, .buf_len = 8));
	EXPECT_EQ(POLLIN, ready(self->reader));
	recv_start(self->calls, self->fd, .buf_ptr = ptr_u64(self->calls->data), .buf_len = 4);
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(0, ready(self->reader));
}

TEST_F(poll, reader_sees_hang_up)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	close(self->writer);
	EXPECT_EQ(POLLIN, ready(self->reader));
	close(self->fd);
	EXPECT_EQ(POLLIN | POLLHUP, ready(self->reader));
	EXPECT_EQ(1, take(self->reader));
	EXPECT_EQ(POLLHUP, ready(self->reader) & ~POLLIN);
	EXPECT_EQ(-EPIPE, take(self->reader));
}

TEST_F(poll, writer_sees_hang_up)
{
	close(self->reader);
	EXPECT_EQ(POLLOUT, ready(self->writer));
	close(self->fd);
	EXPECT_EQ(POLLHUP, ready(self->writer) & POLLHUP);
	EXPECT_EQ(0, ready(self->writer) & POLLERR);
	EXPECT_EQ(-EPIPE, put(self->writer, 0, 1));
}

TEST_F(poll, hang_up_wakes_a_sleeping_poller)
{
	struct poller in = { .fd = self->reader, .events = POLLIN };
	pthread_t thread;

	close(self->writer);
	ASSERT_TRUE(poller_start(&in, &thread));
	close(self->fd);
	pthread_join(thread, NULL);
	EXPECT_EQ(POLLHUP, in.ret & POLLHUP);
}

TEST_F(poll, named_mailbox_does_not_hang_up)
{
	int reader = mailbox_new(self->dev, NAME("test"), .max_messages = 1,
				 .access = IPCMBOX_READ);
	int writer;

	EXPECT_EQ(0, ready(reader));
	EXPECT_EQ(-EAGAIN, take(reader));
	writer = mailbox_find(self->dev, "test", IPCMBOX_WRITE);
	ASSERT_EQ(0, put(writer, 0, 1));
	close(reader);
	EXPECT_EQ(0, ready(writer));
	/* It does as soon as it has lost its name. */
	ASSERT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_EQ(POLLHUP, ready(writer) & POLLHUP);
	close(writer);
}

/*
 * epoll
 */

static int watch(int fd, __u32 events)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = events };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -1 : epoll;
}

/* The events reported now, 0 if none. */
static __u32 reported(int epoll)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, 0) == 1 ? event.events : 0;
}

TEST_F(poll, level_triggered)
{
	int epoll = watch(self->reader, EPOLLIN);
	int i;

	ASSERT_GE(epoll, 0);
	EXPECT_EQ(0, reported(epoll));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(EPOLLIN, reported(epoll));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(EPOLLIN, reported(epoll));
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, reported(epoll));
	close(epoll);
}

TEST_F(poll, edge_triggered)
{
	int in = watch(self->reader, EPOLLIN | EPOLLET);
	int out = watch(self->writer, EPOLLOUT | EPOLLET);

	ASSERT_GE(in, 0);
	ASSERT_GE(out, 0);
	EXPECT_EQ(EPOLLOUT, reported(out));
	EXPECT_EQ(0, reported(out));
	EXPECT_EQ(0, reported(in));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(EPOLLIN, reported(in));
	EXPECT_EQ(0, reported(in));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(EPOLLIN, reported(in)) TH_LOG("each message is an edge");
	EXPECT_EQ(0, reported(in));

	reported(out);
	EXPECT_EQ(0, reported(out));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(EPOLLOUT, reported(out));
	EXPECT_EQ(0, reported(out));
	close(in);
	close(out);
}

TEST_F(poll, level_triggered_for_bytes)
{
	int fd = bytes_bounded(self->dev, IPCMBOX_OVERFLOW_BLOCK), out = watch(fd, EPOLLOUT), i;

	ASSERT_GE(out, 0);
	EXPECT_EQ(EPOLLOUT, reported(out));
	ASSERT_EQ(0, put_bytes(fd, 40));
	EXPECT_EQ(EPOLLOUT, reported(out));
	ASSERT_EQ(0, put_bytes(fd, 21));
	EXPECT_EQ(0, reported(out));
	ASSERT_EQ(0, put_bytes(fd, 39));
	EXPECT_EQ(0, reported(out));
	EXPECT_EQ(40, take_bytes(fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(EPOLLOUT, reported(out));
	close(out);
	close(fd);
}

/* The edge is where the longest message fits. */
TEST_F(poll, edge_triggered_for_bytes)
{
	int fd = bytes_bounded(self->dev, IPCMBOX_OVERFLOW_BLOCK), out;

	ASSERT_EQ(0, put_bytes(fd, 39));
	ASSERT_EQ(0, put_bytes(fd, 21));
	ASSERT_EQ(0, put_bytes(fd, 40));
	out = watch(fd, EPOLLOUT | EPOLLET);
	ASSERT_GE(out, 0);
	EXPECT_EQ(0, reported(out));
	EXPECT_EQ(39, take_bytes(fd));
	EXPECT_EQ(0, reported(out)) TH_LOG("39 bytes are no edge");
	EXPECT_EQ(21, take_bytes(fd));
	EXPECT_EQ(EPOLLOUT, reported(out));
	EXPECT_EQ(0, reported(out));
	ASSERT_EQ(0, put_bytes(fd, 40));
	ASSERT_EQ(0, mailbox_change(fd, .mask = IPCMBOX_SET_MAX_BYTES, .max_bytes = 200));
	EXPECT_EQ(EPOLLOUT, reported(out)) TH_LOG("more capacity is an edge");
	EXPECT_EQ(0, reported(out));
	close(out);
	close(fd);
}

/* A mailbox of policy FAIL has edges, too. */
TEST_F(poll, edge_triggered_policy_fail)
{
	int out;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_FAIL));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	out = watch(self->writer, EPOLLOUT | EPOLLET);
	ASSERT_GE(out, 0);
	EXPECT_EQ(0, reported(out));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(EPOLLOUT, reported(out));
	EXPECT_EQ(0, reported(out));
	close(out);
}

TEST_F(poll, edge_triggered_hang_up)
{
	int in = watch(self->reader, EPOLLIN | EPOLLET);

	close(self->writer);
	close(self->fd);
	EXPECT_EQ(EPOLLHUP, reported(in) & EPOLLHUP);
	close(in);
}

TEST_F(poll, one_shot)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int epoll = watch(self->reader, EPOLLIN | EPOLLONESHOT);

	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(EPOLLIN, reported(epoll));
	EXPECT_EQ(0, reported(epoll));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_MOD, self->reader, &event));
	EXPECT_EQ(EPOLLIN, reported(epoll));
	close(epoll);
}

/*
 * EPOLLEXCLUSIVE: a worker is woken for every message, and the others are not needed.
 */

#define WORKERS	2

struct worker {
	int mailbox, epoll;
	volatile int tid;
	volatile int stop;
	volatile int *received;
	int failed;
};

static void *worker_body(void *arg)
{
	struct worker *worker = arg;
	struct epoll_event event;
	__s64 got;

	worker->tid = gettid();
	while (!worker->stop) {
		if (epoll_wait(worker->epoll, &event, 1, -1) != 1)
			continue;
		while ((got = take(worker->mailbox)) >= 0)
			__atomic_add_fetch(worker->received, 1, __ATOMIC_SEQ_CST);
		if (got != -EAGAIN)
			worker->failed++;
	}
	return NULL;
}

TEST_F(poll, exclusive)
{
	struct worker workers[WORKERS] = {};
	pthread_t threads[WORKERS];
	int stop = eventfd(0, EFD_CLOEXEC), count = scaled(100), i;
	struct epoll_event event = { .events = EPOLLIN };
	volatile int received = 0;
	__u64 one = 1;

	for (i = 0; i < WORKERS; i++) {
		workers[i].mailbox = self->reader;
		workers[i].received = &received;
		workers[i].epoll = watch(self->reader, EPOLLIN | EPOLLEXCLUSIVE);
		ASSERT_GE(workers[i].epoll, 0);
		ASSERT_EQ(0, epoll_ctl(workers[i].epoll, EPOLL_CTL_ADD, stop, &event));
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, worker_body, &workers[i]));
		ASSERT_TRUE(await_value(&workers[i].tid, 1));
	}
	for (i = 0; i < count; i++) {
		if (i % 10 == 0) {
			ASSERT_TRUE(await_thread_asleep(getpid(), workers[0].tid));
			ASSERT_TRUE(await_thread_asleep(getpid(), workers[1].tid));
		}
		ASSERT_EQ(0, put(self->writer, 0, i));
		ASSERT_TRUE(await_value(&received, i + 1)) TH_LOG("message %d woke nobody", i);
	}
	for (i = 0; i < WORKERS; i++)
		workers[i].stop = 1;
	ASSERT_EQ(8, write(stop, &one, 8));
	for (i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, workers[i].failed);
		close(workers[i].epoll);
	}
	EXPECT_EQ(count, received);
	EXPECT_EQ(count, mailbox_info(self->fd).received);
	close(stop);
}

/* Closing what is watched, and what watches, in either order. */
TEST_F(poll, close_while_watched)
{
	int epoll, fd, i;

	for (i = 0; i < 20; i++) {
		fd = mailbox_new(self->dev, .max_messages = 1);
		epoll = watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
		ASSERT_GE(epoll, 0);
		ASSERT_EQ(0, put(fd, 0, 1));
		close(i & 1 ? fd : epoll);
		close(i & 1 ? epoll : fd);
	}
}

TEST_HARNESS_MAIN
