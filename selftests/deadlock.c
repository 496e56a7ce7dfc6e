// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that would wait for themselves.
 */
#include <pthread.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define PARTIES_MAX	3

/* How long a call waits that is not refused. */
#define WAIT_NS		(300 * NSEC_PER_MSEC)

/**
 * struct party - a process that serves a mailbox, and calls the next party's
 * @dev: the device
 * @own: id of its mailbox
 * @next: id of the mailbox it calls
 * @starts: it calls before it has received a request
 * @shares: it has a second descriptor that receives from its mailbox
 * @threads: it has another thread
 * @ready: it serves its mailbox
 * @result: what its call returned
 */
struct party {
	int dev;
	__u64 own, next;
	bool starts, shares, threads;
	volatile int ready, result;
};

FIXTURE(deadlock) {
	int dev, fd[PARTIES_MAX];
	struct party *party;
};

FIXTURE_SETUP(deadlock)
{
	int i;

	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->party = (void *)calls_alloc(PARTIES_MAX);
	for (i = 0; i < PARTIES_MAX; i++) {
		self->fd[i] = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600,
					  .max_messages = 4);
		ASSERT_GE(self->fd[i], 0);
		self->party[i] = (struct party){ .dev = self->dev };
		self->party[i].own = mailbox_id(self->fd[i]);
		self->party[i].result = 1;
	}
}

FIXTURE_TEARDOWN(deadlock)
{
	int i;

	for (i = 0; i < PARTIES_MAX; i++)
		close(self->fd[i]);
	close(self->dev);
}

static __u64 receive_request(int fd)
{
	char buf[8];
	struct ipcmbox_recv recv = { .buf_ptr = ptr_u64(buf), .buf_len = sizeof(buf) };

	return mailbox_receive(fd, &recv) < 0 ? 0 : recv.token;
}

static int call_with_deadline(int fd, __u64 ns)
{
	char buf[8];
	int ret;
	struct ipcmbox_call call = {
		.buf_ptr = ptr_u64("q"), .buf_len = 1,
		.reply_ptr = ptr_u64(buf), .reply_len = sizeof(buf),
		.flags = IPCMBOX_DEADLINE,
		.deadline_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC) + ns,
	};

	ret = mailbox_call(fd, &call);
	return ret;
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

/*
 * The first request makes it known as the one that receives; the second is left unanswered
 * until the own call has returned.
 */
static int party_body(void *arg)
{
	struct party *party = arg;
	pthread_t thread;
	__u64 token;
	int in, in2 = -1, out, ret;

	close_all_but(party->dev);
	in = mailbox_by_id(party->dev, party->own, IPCMBOX_READ);
	out = mailbox_by_id(party->dev, party->next, IPCMBOX_WRITE);
	if (in < 0 || out < 0)
		return 1;
	if (party->shares)
		in2 = dup(in);
	if (party->threads)
		pthread_create(&thread, NULL, idle, NULL);

	party->ready = 1;
	token = receive_request(in);
	ret = message_reply(in, .token = token);
	if (ret)
		return 2;
	token = party->starts ? 0 : receive_request(in);
	party->result = call_with_deadline(out, party->starts ? PATIENCE_NS : WAIT_NS);
	if (party->starts)
		return 0;
	close(in2);
	return message_reply(in, .token = token, .buf_ptr = ptr_u64("done"), .buf_len = 4) ? 3 : 0;
}

/* Starts @n parties in a ring, the last one calling the first; returns when all have ended. */
static int run_ring(FIXTURE_DATA(deadlock) *self, int n)
{
	pid_t pid[PARTIES_MAX];
	int i, ret = 0;

	for (i = 0; i < n; i++)
		self->party[i].next = self->party[(i + 1) % n].own;
	self->party[0].starts = true;
	/* From the last: who calls needs somebody there. */
	for (i = n - 1; i >= 0; i--) {
		pid[i] = child_start(party_body, &self->party[i]);
		if (!await_value(&self->party[i].ready, 1) ||
		    call_with_deadline(self->fd[i], PATIENCE_NS))
			ret = -1;
	}
	for (i = 0; i < n; i++)
		if (child_wait(pid[i]))
			ret = -1;
	return ret;
}

TEST_F(deadlock, two_parties)
{
	ASSERT_EQ(0, run_ring(self, 2));
	EXPECT_EQ(-EDEADLK, self->party[1].result);
	EXPECT_EQ(4, self->party[0].result);
}

TEST_F(deadlock, three_parties)
{
	ASSERT_EQ(0, run_ring(self, 3));
	EXPECT_EQ(-EDEADLK, self->party[2].result);
	EXPECT_EQ(4, self->party[1].result);
	EXPECT_EQ(4, self->party[0].result);
}

/* Another thread, or another holder of the descriptor, could receive the request. */
TEST_F(deadlock, somebody_else_may_serve)
{
	self->party[0].threads = true;
	ASSERT_EQ(0, run_ring(self, 2));
	EXPECT_EQ(-ETIMEDOUT, self->party[1].result);
}

TEST_F(deadlock, descriptor_is_shared)
{
	self->party[0].shares = true;
	ASSERT_EQ(0, run_ring(self, 2));
	EXPECT_EQ(-ETIMEDOUT, self->party[1].result);
}

/* A thread that is the only one to receive calls itself. */
static int self_call_body(void *arg)
{
	struct party *party = arg;
	int in, out, ret;

	close_all_but(party->dev);
	in = mailbox_by_id(party->dev, party->own, IPCMBOX_READ);
	out = mailbox_by_id(party->dev, party->own, IPCMBOX_WRITE);
	party->ready = 1;
	ret = message_reply(in, .token = receive_request(in));
	if (ret)
		return 1;
	party->result = call_with_deadline(out, WAIT_NS);
	return 0;
}

TEST_F(deadlock, own_mailbox)
{
	pid_t pid = child_start(self_call_body, &self->party[0]);

	ASSERT_TRUE(await_value(&self->party[0].ready, 1));
	ASSERT_EQ(0, call_with_deadline(self->fd[0], PATIENCE_NS));
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_EQ(-EDEADLK, self->party[0].result);
	EXPECT_EQ(0, mailbox_info(self->fd[0]).messages);
}

/* Nothing is known of who serves a mailbox that nobody has received from. */
TEST_F(deadlock, nobody_has_received)
{
	EXPECT_EQ(-ETIMEDOUT, call_with_deadline(self->fd[0], WAIT_NS));
}

TEST_HARNESS_MAIN
