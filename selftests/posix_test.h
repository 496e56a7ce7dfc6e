/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of POSIX message queues start from, which know <mqueue.h> only. They are built and
 * run twice: with the kernel's own queues and with libipck-posix, which must not make a difference.
 */
#ifndef POSIX_TEST_H
#define POSIX_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

/* What the headers of the C library make programs call, and have in none of them. */
mqd_t __mq_open_2(const char *name, int oflag);

#if defined(__TIMESIZE) && __TIMESIZE == 32
#define HAS_TIME64
struct timespec64 {
	__s64 tv_sec;
	__s32 tv_nsec;
	__s32 padding;
};

int __mq_timedsend_time64(mqd_t mqdes, const char *buf, size_t len, unsigned int priority,
			  const struct timespec64 *when);
ssize_t __mq_timedreceive_time64(mqd_t mqdes, char *buf, size_t size, unsigned int *priority,
				 const struct timespec64 *when);
#endif

#define QUEUE		"/test-queue"
#define OTHER		"/test-other"
#define MESSAGES	4
#define LENGTH		64
#define SOMEBODY	1000
#define SOON_NS		(50 * NSEC_PER_MSEC)

static const struct mq_attr small = { .mq_maxmsg = MESSAGES, .mq_msgsize = LENGTH };

FIXTURE(mq) {
	mqd_t mq;
	char buf[LENGTH];
	unsigned int priority;
};

FIXTURE_SETUP(mq)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(0);
	mq_unlink(QUEUE);
	mq_unlink(OTHER);
	self->mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
	ASSERT_LE(0, self->mq) TH_LOG("mq_open: %m");
	memset(self->buf, POISON, sizeof(self->buf));
	self->priority = POISON32;
}

FIXTURE_TEARDOWN(mq)
{
	mq_close(self->mq);
	mq_unlink(QUEUE);
	mq_unlink(OTHER);
}

/* What a call fails with, 0 if it does not. */
#define error_of(call) ((call) == -1 ? errno : 0)

/* One number as a message, without waiting longer than until it is too late. */
static inline int send_number(mqd_t mq, unsigned int priority, int number)
{
	const struct timespec past = { 0 };

	return error_of(mq_timedsend(mq, (char *)&number, sizeof(number), priority, &past));
}

/* For child_run(). */
static inline int send_in_child(void *arg)
{
	return send_number(*(mqd_t *)arg, 1, 11);
}

/* The number, or -errno. */
static inline int receive_number(mqd_t mq)
{
	const struct timespec past = { 0 };
	char buf[LENGTH];
	int number;

	if (mq_timedreceive(mq, buf, sizeof(buf), NULL, &past) != sizeof(number))
		return -errno;
	memcpy(&number, buf, sizeof(number));
	return number;
}

static inline struct mq_attr attributes(mqd_t mq)
{
	struct mq_attr attr;

	memset(&attr, POISON, sizeof(attr));
	if (mq_getattr(mq, &attr))
		fprintf(stderr, "# mq_getattr: %m\n");
	return attr;
}

static inline int set_nonblock(mqd_t mq, bool on)
{
	struct mq_attr attr = { .mq_flags = on ? O_NONBLOCK : 0 };

	return mq_setattr(mq, &attr, NULL);
}

static inline int fill(mqd_t mq)
{
	int n = 0;

	while (!send_number(mq, 0, n))
		n++;
	return n;
}

static inline struct timespec in_ns(__u64 ns)
{
	__u64 when = now_ns(IPCMBOX_CLOCK_REALTIME) + ns;

	return (struct timespec){ .tv_sec = when / NSEC_PER_SEC, .tv_nsec = when % NSEC_PER_SEC };
}

enum way { SEND, RECEIVE, TIMEDSEND, TIMEDRECEIVE };

/* What may wait: a call, in a thread. */
struct waiting {
	enum way way;
	mqd_t mq;
	unsigned int priority;
	__u64 ns;		/* of a deadline */
	char buf[LENGTH];
	volatile int tid, done;
	int result;		/* -errno, or what was returned */
	int cleaned;
	pthread_t thread;
};

static inline int wait_so(struct waiting *waiting)
{
	const struct timespec when = in_ns(waiting->ns ?: PATIENCE_NS);
	ssize_t ret = -1;

	switch (waiting->way) {
	case SEND:
		ret = mq_send(waiting->mq, waiting->buf, sizeof(int), waiting->priority);
		break;
	case RECEIVE:
		ret = mq_receive(waiting->mq, waiting->buf, LENGTH, &waiting->priority);
		break;
	case TIMEDSEND:
		ret = mq_timedsend(waiting->mq, waiting->buf, sizeof(int), waiting->priority,
				   &when);
		break;
	case TIMEDRECEIVE:
		ret = mq_timedreceive(waiting->mq, waiting->buf, LENGTH, &waiting->priority, &when);
		break;
	}
	return ret < 0 ? -errno : ret;
}

static inline void clean(void *arg)
{
	((struct waiting *)arg)->cleaned++;
}

static inline void *wait_thread(void *arg)
{
	struct waiting *waiting = arg;

	pthread_cleanup_push(clean, waiting);
	waiting->tid = gettid();
	waiting->result = wait_so(waiting);
	pthread_cleanup_pop(0);
	waiting->done = 1;
	return NULL;
}

static inline bool start_waiting(struct waiting *waiting)
{
	waiting->result = -EBADMSG;
	return !pthread_create(&waiting->thread, NULL, wait_thread, waiting) &&
	       await_value(&waiting->tid, 1) && await_thread_asleep(getpid(), waiting->tid);
}

static inline int end_waiting(struct waiting *waiting)
{
	pthread_join(waiting->thread, NULL);
	return waiting->result;
}

#endif /* POSIX_TEST_H */
