// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX message queues: calls that wait, signals, cancellation.
 */
#include <signal.h>

#include "posix_test.h"

TEST_F(mq, receivers_wait)
{
	struct waiting waiting[3] = { 0 };
	int i;

	for (i = 0; i < 3; i++) {
		waiting[i].way = i % 2 ? TIMEDRECEIVE : RECEIVE;
		waiting[i].mq = self->mq;
		ASSERT_TRUE(start_waiting(&waiting[i]));
	}
	/* One message wakes one of them, the first one. */
	for (i = 0; i < 3; i++) {
		ASSERT_FALSE(waiting[i].done);
		EXPECT_EQ(0, send_number(self->mq, i, i));
		EXPECT_EQ(sizeof(int), end_waiting(&waiting[i]));
		EXPECT_EQ(i, *(int *)waiting[i].buf);
		EXPECT_EQ(i, waiting[i].priority);
		EXPECT_EQ(0, attributes(self->mq).mq_curmsgs);
	}
}

TEST_F(mq, senders_wait)
{
	struct waiting waiting[3] = { 0 };
	int i;

	EXPECT_EQ(MESSAGES, fill(self->mq));
	for (i = 0; i < 3; i++) {
		waiting[i].way = i % 2 ? TIMEDSEND : SEND;
		waiting[i].mq = self->mq;
		*(int *)waiting[i].buf = MESSAGES + i;
		ASSERT_TRUE(start_waiting(&waiting[i]));
	}
	EXPECT_EQ(MESSAGES, attributes(self->mq).mq_curmsgs);
	for (i = 0; i < 3; i++) {
		ASSERT_FALSE(waiting[i].done);
		EXPECT_EQ(i, receive_number(self->mq));
		EXPECT_EQ(0, end_waiting(&waiting[i]));
		EXPECT_EQ(MESSAGES, attributes(self->mq).mq_curmsgs);
	}
	for (; i < MESSAGES + 3; i++)
		EXPECT_EQ(i, receive_number(self->mq));
}

static volatile int handled;

static void handler(int signo)
{
	(void)signo;
	handled++;
}

static void handle(int signo, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(signo, &action, NULL);
}

FIXTURE(mq_waits) {
	mqd_t mq;
	struct waiting waiting;
};

FIXTURE_VARIANT(mq_waits) {
	enum way way;
};

FIXTURE_VARIANT_ADD(mq_waits, send) { SEND };
FIXTURE_VARIANT_ADD(mq_waits, receive) { RECEIVE };
FIXTURE_VARIANT_ADD(mq_waits, timedsend) { TIMEDSEND };
FIXTURE_VARIANT_ADD(mq_waits, timedreceive) { TIMEDRECEIVE };

static bool is_send(enum way way)
{
	return way == SEND || way == TIMEDSEND;
}

FIXTURE_SETUP(mq_waits)
{
	mq_unlink(QUEUE);
	self->mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
	ASSERT_LE(0, self->mq);
	self->waiting = (struct waiting){ .way = variant->way, .mq = self->mq };
	*(int *)self->waiting.buf = MESSAGES;
	if (is_send(variant->way))
		ASSERT_EQ(MESSAGES, fill(self->mq));
}

FIXTURE_TEARDOWN(mq_waits)
{
	mq_close(self->mq);
	mq_unlink(QUEUE);
}

/* Lets the one that waits go on. */
static int let_go(mqd_t mq, enum way way)
{
	return is_send(way) ? receive_number(mq) : send_number(mq, 0, 0);
}

TEST_F(mq_waits, interrupted)
{
	handle(SIGUSR1, 0);
	ASSERT_TRUE(start_waiting(&self->waiting));
	EXPECT_EQ(0, pthread_kill(self->waiting.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, end_waiting(&self->waiting));
	EXPECT_EQ(1, handled);
	EXPECT_EQ(is_send(variant->way) ? MESSAGES : 0, attributes(self->mq).mq_curmsgs);
	/* It has left nothing behind. */
	EXPECT_EQ(0, let_go(self->mq, variant->way));
	EXPECT_EQ(is_send(variant->way) ? MESSAGES - 1 : 1, attributes(self->mq).mq_curmsgs);
}

TEST_F(mq_waits, restarted)
{
	int i;

	handle(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(start_waiting(&self->waiting));
	for (i = 1; i <= 3; i++) {
		EXPECT_EQ(0, pthread_kill(self->waiting.thread, SIGUSR1));
		ASSERT_TRUE(await_value(&handled, i));
		ASSERT_TRUE(await_thread_asleep(getpid(), self->waiting.tid));
	}
	EXPECT_EQ(0, let_go(self->mq, variant->way));
	EXPECT_EQ(is_send(variant->way) ? 0 : sizeof(int), end_waiting(&self->waiting));
}

TEST_F(mq_waits, cancelled)
{
	void *result;

	ASSERT_TRUE(start_waiting(&self->waiting));
	EXPECT_EQ(0, pthread_cancel(self->waiting.thread));
	EXPECT_EQ(0, pthread_join(self->waiting.thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(1, self->waiting.cleaned);
	EXPECT_EQ(is_send(variant->way) ? MESSAGES : 0, attributes(self->mq).mq_curmsgs);
	EXPECT_EQ(0, let_go(self->mq, variant->way));
	EXPECT_EQ(is_send(variant->way) ? MESSAGES - 1 : 1, attributes(self->mq).mq_curmsgs);
}

static void *cancelled_before(void *arg)
{
	struct waiting *waiting = arg;
	int state;

	pthread_cleanup_push(clean, waiting);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(state, NULL);
	waiting->result = wait_so(waiting);
	pthread_cleanup_pop(0);
	return NULL;
}

/* Whether or not it would have to wait. */
TEST_F(mq_waits, cancelled_before)
{
	long messages = is_send(variant->way) ? MESSAGES - 1 : 1;
	void *result;

	ASSERT_EQ(0, let_go(self->mq, variant->way));
	ASSERT_EQ(0, pthread_create(&self->waiting.thread, NULL, cancelled_before, &self->waiting));
	EXPECT_EQ(0, pthread_join(self->waiting.thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(1, self->waiting.cleaned);
	EXPECT_EQ(messages, attributes(self->mq).mq_curmsgs);
}

static void *not_to_be_cancelled(void *arg)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return wait_thread(arg);
}

TEST_F(mq_waits, not_to_be_cancelled)
{
	void *result = PTHREAD_CANCELED;

	ASSERT_EQ(0, pthread_create(&self->waiting.thread, NULL, not_to_be_cancelled,
				    &self->waiting));
	ASSERT_TRUE(await_value(&self->waiting.tid, 1));
	ASSERT_TRUE(await_thread_asleep(getpid(), self->waiting.tid));
	EXPECT_EQ(0, pthread_cancel(self->waiting.thread));
	EXPECT_EQ(0, let_go(self->mq, variant->way));
	EXPECT_EQ(0, pthread_join(self->waiting.thread, &result));
	EXPECT_EQ(NULL, result);
	EXPECT_LE(0, self->waiting.result);
}

TEST_F(mq, restarted_until_the_deadline)
{
	static const enum way ways[] = { TIMEDRECEIVE, TIMEDSEND };
	__u64 begin;
	size_t i;

	handle(SIGUSR1, SA_RESTART);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct waiting waiting = { .way = ways[i], .mq = self->mq, .ns = 10 * SOON_NS };

		if (is_send(ways[i]))
			EXPECT_EQ(MESSAGES, fill(self->mq));
		begin = now_ns(IPCMBOX_CLOCK_MONOTONIC);
		ASSERT_TRUE(start_waiting(&waiting));
		EXPECT_EQ(0, pthread_kill(waiting.thread, SIGUSR1));
		EXPECT_EQ(-ETIMEDOUT, end_waiting(&waiting));
		EXPECT_LE(10 * SOON_NS, now_ns(IPCMBOX_CLOCK_MONOTONIC) - begin);
		EXPECT_EQ(i + 1, handled);
	}
}

/* What is no cancellation point. */
static void *never_cancelled(void *arg)
{
	struct mq_attr attr;
	mqd_t mq;

	pthread_cancel(pthread_self());
	mq = mq_open(OTHER, O_RDWR | O_CREAT, 0600, &small);
	mq_getattr(mq, &attr);
	mq_setattr(mq, &attr, NULL);
	mq_notify(mq, NULL);
	mq_close(mq);
	mq_unlink(OTHER);
	*(int *)arg = 1;
	pthread_testcancel();
	return NULL;
}

TEST_F(mq, never_cancelled)
{
	pthread_t thread;
	int done = 0;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, never_cancelled, &done));
	EXPECT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(1, done);
	EXPECT_EQ(ENOENT, error_of(mq_open(OTHER, O_RDWR)));
}

TEST_HARNESS_MAIN
