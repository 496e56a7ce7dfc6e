// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 at any point: what is left is in order, and who waited for the dead learns of it.
 */
#include <signal.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

/* What a peer may wait once there is nobody to wait for. */
#define BOUND_NS	(100 * NSEC_PER_MSEC)

FIXTURE(death) {
	int dev, fd;
	struct call *call;
};

FIXTURE_VARIANT(death) {
	__u32 capacity;
	int queued;
	bool sends;
	__u32 completion, min_priority, flags;
};

FIXTURE_VARIANT_ADD(death, send_full) { .capacity = 2, .queued = 2, .sends = true };
FIXTURE_VARIANT_ADD(death, send_rendezvous) { .sends = true };

FIXTURE_VARIANT_ADD(death, send_received) {
	.capacity = 2, .sends = true, .completion = IPCMBOX_RECEIVED
};

FIXTURE_VARIANT_ADD(death, recv_empty) { .capacity = 2 };
FIXTURE_VARIANT_ADD(death, recv_rendezvous) { };
FIXTURE_VARIANT_ADD(death, recv_priority) { .capacity = 2, .queued = 1, .min_priority = 9 };
FIXTURE_VARIANT_ADD(death, recv_peek) { .capacity = 2, .flags = IPCMBOX_PEEK };

FIXTURE_SETUP(death)
{
	int i;

	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = variant->capacity);
	ASSERT_GE(self->fd, 0);
	self->call = calls_alloc(1);
	for (i = 0; i < variant->queued; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
}

FIXTURE_TEARDOWN(death)
{
	close(self->fd);
	close(self->dev);
}

static void prepare(struct call *call, int fd, const FIXTURE_VARIANT(death) *variant)
{
	if (variant->sends)
		send_prepare(call, fd, .buf_ptr = ptr_u64("dead"), .buf_len = 4, .priority = 2,
			     .completion = variant->completion);
	else
		recv_prepare(call, fd, .min_priority = variant->min_priority,
			     .flags = variant->flags);
}

static bool await_blocked(struct call *call, const FIXTURE_VARIANT(death) *variant)
{
	if (variant->flags & IPCMBOX_PEEK)
		return call_await_asleep(call);
	return variant->sends ? await_senders(call->fd, 1) : await_receivers(call->fd, 1);
}

TEST_F(death, blocked_call_leaves_nothing)
{
	struct ipcmbox_query used, now;
	struct ipcmbox_info before, after;
	int i;

	ASSERT_EQ(0, query_budget(self->dev, &used));
	before = mailbox_info(self->fd);
	prepare(self->call, self->fd, variant);
	call_fork(self->call);
	ASSERT_TRUE(await_blocked(self->call, variant));
	EXPECT_EQ(255, call_kill(self->call));

	after = mailbox_info(self->fd);
	EXPECT_EQ(0, after.waiting_senders | after.waiting_receivers | after.receiving);
	EXPECT_EQ(before.readers, after.readers);
	EXPECT_EQ(before.writers, after.writers);
	EXPECT_EQ(before.messages, after.messages);
	EXPECT_EQ(before.sent, after.sent);
	EXPECT_EQ(before.received, after.received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(used.user_messages, now.user_messages);
	EXPECT_EQ(used.user_bytes, now.user_bytes);

	/* Others go on as if it had never been. */
	for (i = 0; i < variant->queued; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	recv_start(self->call, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, put(self->fd, 0, 9));
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(9, call_number(self->call));
}

/* A message that was accepted outlives its sender. */
TEST_F(death, accepted_message_survives)
{
	struct ipcmbox_recv recv = {};
	__u32 number;

	if (!variant->capacity || variant->queued)
		return;
	send_fork(self->call, self->fd, .buf_ptr = ptr_u64("here"), .buf_len = 4);
	ASSERT_EQ(0, call_wait(self->call));
	EXPECT_EQ(4, take_info(self->fd, &number, &recv));
	EXPECT_EQ(0, memcmp(&number, "here", 4));
}

/* Another receiver waited behind the dead one: it is served. */
TEST_F(death, next_receiver_is_served)
{
	struct call *next = calls_alloc(1);

	if (variant->sends || variant->min_priority || variant->flags)
		return;
	prepare(self->call, self->fd, variant);
	call_fork(self->call);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	recv_start(next, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 2));
	call_kill(self->call);
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_receivers);
	ASSERT_EQ(0, put(self->fd, 0, 8));
	EXPECT_EQ(4, call_join(next));
	EXPECT_EQ(8, call_number(next));
}

/*
 * EPIPE: the last descriptor of the other side goes with its process.
 */

static int hold(void *arg)
{
	close_all_but(*(int *)arg);
	for (;;)
		pause();
	return 0;
}

/* One end here, the other only in a process of its own. */
static pid_t split(int dev, const FIXTURE_VARIANT(death) *variant, int *mine)
{
	int fd = mailbox_new(dev, .max_messages = variant->capacity);
	__u64 id = mailbox_id(fd);
	int reader = mailbox_by_id(dev, id, IPCMBOX_READ);
	int writer = mailbox_by_id(dev, id, IPCMBOX_WRITE);
	pid_t pid;
	int i;

	for (i = 0; i < variant->queued; i++) {
		if (put(fd, 1, i))
			return -1;
	}
	*mine = variant->sends ? writer : reader;
	pid = child_start(hold, variant->sends ? &reader : &writer);
	close(fd);
	close(variant->sends ? reader : writer);
	/* The fork had copies of all descriptors for a moment. */
	while (mailbox_info(*mine).readers != 1 || mailbox_info(*mine).writers != 1)
		sched_yield();
	return pid;
}

TEST_F(death, of_the_other_side)
{
	__u64 start, took, best = ~0ULL;
	int mine, attempt, status;
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	/* The machine may be busy with something else, but not each time. */
	for (attempt = 0; attempt < 5 && best > BOUND_NS; attempt++) {
		pid = split(self->dev, variant, &mine);
		ASSERT_GT(pid, 0);
		prepare(self->call, mine, variant);
		call_start(self->call);
		ASSERT_TRUE(await_blocked(self->call, variant));
		start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		kill(pid, SIGKILL);
		EXPECT_EQ(-EPIPE, call_join(self->call));
		took = self->call->end_ns - start;
		best = took < best ? took : best;
		status = child_wait(pid);
		EXPECT_EQ(255, status);
		EXPECT_TRUE(mailbox_balanced(mine));
		EXPECT_EQ(0, mailbox_info(mine).waiting_senders);
		EXPECT_EQ(0, mailbox_info(mine).waiting_receivers);
		/* And from now on without waiting. */
		prepare(self->call, mine, variant);
		call_start(self->call);
		EXPECT_EQ(-EPIPE, call_join(self->call));
		close(mine);
	}
	EXPECT_LE(best, BOUND_NS);
}

/* The same by closing, and read(2) and write(2) say so, too. */
TEST_F(death, of_the_other_descriptor)
{
	__u64 id = mailbox_id(self->fd);
	int other = mailbox_by_id(self->dev, id, variant->sends ? IPCMBOX_READ : IPCMBOX_WRITE);
	int mine = mailbox_by_id(self->dev, id, variant->sends ? IPCMBOX_WRITE : IPCMBOX_READ);

	signal(SIGPIPE, SIG_IGN);
	close(self->fd);
	prepare(self->call, mine, variant);
	call_start(self->call);
	ASSERT_TRUE(await_blocked(self->call, variant));
	EXPECT_EQ(0, self->call->done);
	close(other);
	EXPECT_EQ(-EPIPE, call_join(self->call));
	if (variant->sends) {
		EXPECT_EQ(-1, write(mine, "x", 1));
		EXPECT_EQ(EPIPE, errno);
		EXPECT_EQ(-EPIPE, put(mine, 0, 0));
	} else if (!variant->queued) {
		char byte;

		EXPECT_EQ(-1, read(mine, &byte, 1));
		EXPECT_EQ(EPIPE, errno);
		EXPECT_EQ(-EPIPE, take(mine));
	} else {
		EXPECT_EQ(0, take(mine)) TH_LOG("what was sent is still there");
		EXPECT_EQ(-EPIPE, take(mine));
	}
	close(mine);
}

/* As long as it has a name, somebody may come. */
TEST_F(death, of_the_other_side_of_a_name)
{
	__u32 flags[] = { 0, IPCMBOX_OPEN_TRANSIENT };
	struct call *peer = calls_alloc(1);
	int mine, other;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = mailbox_new(self->dev, NAME("test"), .max_messages = variant->capacity,
				     .flags = flags[i]);
		int j;

		ASSERT_GE(fd, 0);
		for (j = 0; j < variant->queued; j++)
			ASSERT_EQ(0, put(fd, 1, j));
		mine = mailbox_find(self->dev, "test",
				    variant->sends ? IPCMBOX_WRITE : IPCMBOX_READ);
		close(fd);
		prepare(self->call, mine, variant);
		call_start(self->call);
		ASSERT_TRUE(await_blocked(self->call, variant));
		other = mailbox_find(self->dev, "test", RW);
		ASSERT_GE(other, 0);
		close(other);
		EXPECT_EQ(0, self->call->done);
		ASSERT_TRUE(await_blocked(self->call, variant));
		/* The next process serves it. */
		other = mailbox_find(self->dev, "test", RW);
		if (variant->sends) {
			recv_fork(peer, other, .min_priority = 2);
			EXPECT_EQ(4, call_wait(peer));
			EXPECT_EQ(0, call_join(self->call));
		} else {
			send_fork(peer, other, .buf_ptr = ptr_u64("next"), .buf_len = 4,
				  .priority = 9);
			EXPECT_EQ(0, call_wait(peer));
			EXPECT_EQ(4, call_join(self->call));
			EXPECT_EQ(0, memcmp(self->call->data, "next", 4));
		}
		close(other);
		close(mine);
		mailbox_unlink(self->dev, "test");
	}
}

TEST_F(death, of_the_name)
{
	int fd = mailbox_new(self->dev, NAME("test"), .max_messages = variant->capacity);
	int mine, i;

	for (i = 0; i < variant->queued; i++)
		ASSERT_EQ(0, put(fd, 1, i));
	mine = mailbox_find(self->dev, "test", variant->sends ? IPCMBOX_WRITE : IPCMBOX_READ);
	close(fd);
	prepare(self->call, mine, variant);
	call_start(self->call);
	ASSERT_TRUE(await_blocked(self->call, variant));
	ASSERT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_EQ(-EPIPE, call_join(self->call));
	close(mine);
}

/*
 * Processes that own mailboxes, and processes killed at any moment.
 */

FIXTURE(killed) {
	int dev, fd, count;
	volatile int *progress;
};

FIXTURE_SETUP(killed)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = mailbox_count(self->dev);
	self->fd = mailbox_new(self->dev, .max_messages = 3, .max_length = 1 << 20);
	ASSERT_GE(self->fd, 0);
	self->progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->progress);
}

FIXTURE_TEARDOWN(killed)
{
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static int own_mailboxes(void *arg)
{
	FIXTURE_DATA(killed) *self = arg;
	int i, fd;

	for (i = 0; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "test %d", i);
		fd = mailbox_new(self->dev, .max_messages = 4);
		put(fd, 0, i);
		fd = mailbox_new(self->dev, NAME(name), .max_messages = 4,
				 .flags = IPCMBOX_OPEN_TRANSIENT);
		put(fd, 0, i);
	}
	*self->progress = fd < 0 ? 2 : 1;
	pause();
	return 0;
}

TEST_F(killed, owner_of_mailboxes)
{
	struct ipcmbox_query before, after;
	pid_t pid;

	ASSERT_EQ(0, query_budget(self->dev, &before));
	pid = child_start(own_mailboxes, self);
	ASSERT_TRUE(await_value(self->progress, 1));
	ASSERT_EQ(1, *self->progress);
	EXPECT_EQ(self->count + 21, mailbox_count(self->dev));
	kill(pid, SIGKILL);
	child_wait(pid);
	EXPECT_EQ(self->count + 1, mailbox_count(self->dev));
	EXPECT_EQ(-ENOENT, mailbox_find(self->dev, "test 3", RW));
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(before.user_mailboxes, after.user_mailboxes);
	EXPECT_EQ(before.user_messages, after.user_messages);
	EXPECT_EQ(before.user_bytes, after.user_bytes);
}

static int serve_name(void *arg)
{
	FIXTURE_DATA(killed) *self = arg;
	int fd = mailbox_find(self->dev, "test", RW);
	__u32 number;
	int ret;

	ret = message_recv(fd, .buf_ptr = ptr_u64(&number), .buf_len = 4);
	if (ret != 4)
		return 1;
	*self->progress = number;
	pause();
	return 0;
}

TEST_F(killed, server_of_a_name)
{
	int fd = mailbox_new(self->dev, NAME("test"), .max_messages = 4);
	pid_t pid;
	int i;

	for (i = 1; i <= 4; i++)
		ASSERT_EQ(0, put(fd, 0, i));
	close(fd);
	for (i = 1; i <= 4; i++) {
		pid = child_start(serve_name, self);
		ASSERT_TRUE(await_value(self->progress, i));
		EXPECT_EQ(i, *self->progress);
		kill(pid, SIGKILL);
		child_wait(pid);
	}
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
}

#define CHUNK	(300 * 1024)

/* With long messages, so that it is often hit in the middle of a copy. */
static int send_for_ever(void *arg)
{
	FIXTURE_DATA(killed) *self = arg;
	char *buf = malloc(CHUNK);
	__u32 i;

	fill_pattern(buf, CHUNK, 1);
	for (i = 0;; i++) {
		int ret = message_send(self->fd, .buf_ptr = ptr_u64(buf),
				       .buf_len = i & 1 ? CHUNK : 4, .completion = i >> 1 & 1);

		if (ret)
			return 1;
		(*self->progress)++;
	}
	return 0;
}

static int recv_for_ever(void *arg)
{
	FIXTURE_DATA(killed) *self = arg;
	char *buf = malloc(CHUNK);

	for (;;) {
		int ret = message_recv(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = CHUNK);

		if (ret < 0 || !check_pattern(buf, 4, 1))
			return 1;
		(*self->progress)++;
	}
	return 0;
}

static void spin(__u32 rounds)
{
	while (rounds--)
		asm volatile("" ::: "memory");
}

TEST_F_TIMEOUT(killed, at_any_moment, 60)
{
	__u32 i, n = scaled(40);
	struct ipcmbox_info info = {};
	pid_t sender, receiver;
	unsigned int seed = 3;
	char *buf = malloc(CHUNK);

	for (i = 0; i < n; i++) {
		sender = child_start(send_for_ever, self);
		receiver = child_start(recv_for_ever, self);
		ASSERT_TRUE(await_value(self->progress, *self->progress + 3));
		spin(rand_r(&seed) % 300000);
		kill(i & 1 ? sender : receiver, SIGKILL);
		EXPECT_EQ(255, child_wait(i & 1 ? sender : receiver));
		ASSERT_TRUE(mailbox_balanced(self->fd));
		spin(rand_r(&seed) % 300000);
		kill(i & 1 ? receiver : sender, SIGKILL);
		EXPECT_EQ(255, child_wait(i & 1 ? receiver : sender));
		info = mailbox_info(self->fd);
		ASSERT_EQ(0, info.receiving | info.waiting_senders | info.waiting_receivers);
		ASSERT_TRUE(mailbox_balanced(self->fd));
		ASSERT_LE(info.messages, 4);
	}
	/* What is left is whole. */
	for (; info.messages; info.messages--) {
		ASSERT_LE(4, message_recv(self->fd, .buf_ptr = ptr_u64(buf), .buf_len = CHUNK,
					  .flags = IPCMBOX_NONBLOCK));
		EXPECT_TRUE(check_pattern(buf, 4, 1));
	}
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(0, mailbox_info(self->fd).bytes);
	free(buf);
}

TEST_HARNESS_MAIN
