/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of libipck start from: a mailbox named "test", and a few short cuts.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipck.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

FIXTURE(lib) {
	int dev;
	struct ipck *mb;
};

FIXTURE_SETUP(lib)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(0);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	ASSERT_EQ(0, ipck_open(&self->mb, "test", O_RDWR | O_CREAT | O_EXCL, NULL));
}

FIXTURE_TEARDOWN(lib)
{
	ipck_close(self->mb);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static inline struct ipck_info info_of(struct ipck *mb)
{
	struct ipck_info info;
	int ret;

	memset(&info, POISON, sizeof(info));
	ret = ipck_stat(mb, &info);
	if (ret)
		fprintf(stderr, "# ipck_stat: %s\n", ipck_strerror(ret, 0));
	return info;
}

/* An unnamed mailbox, or NULL. */
static inline struct ipck *unnamed(const struct ipck_attr *attr)
{
	struct ipck *mb;

	return ipck_open(&mb, NULL, O_RDWR | O_CREAT, attr) ? NULL : mb;
}

static inline int send_number(struct ipck *mb, __u32 number)
{
	return ipck_send(mb, &number, sizeof(number), 0);
}

static inline __s64 recv_number(struct ipck *mb)
{
	const struct ipck_recv_opt opt = { .wait = IPCK_WAIT_NEVER };
	__u32 number;
	ssize_t ret = ipck_recv_opt(mb, &number, sizeof(number), &opt, NULL);

	return ret < 0 ? ret : (__s64)number;
}

/* Something that may block, in a thread of its own. */
struct job {
	int (*body)(void *arg);
	void *arg;
	volatile int tid, done;
	int ret;
	pthread_t thread;
};

static inline void *job_thread(void *arg)
{
	struct job *job = arg;

	job->tid = gettid();
	job->ret = job->body(job->arg);
	job->done = 1;
	return NULL;
}

static inline bool job_start(struct job *job, int (*body)(void *arg), void *arg)
{
	*job = (struct job){ .body = body, .arg = arg, .ret = -EBADMSG };
	return !pthread_create(&job->thread, NULL, job_thread, job) && await_value(&job->tid, 1);
}

static inline int job_join(struct job *job)
{
	pthread_join(job->thread, NULL);
	return job->ret;
}

#endif /* LIB_TEST_H */
