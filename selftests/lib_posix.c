// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is special of libipck-posix: where it is not like the kernel's own queues, what the
 * environment asks of it, and what it has to do with libipck.
 */
#include <limits.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib_test.h"

#define QUEUE		"/test-queue"
#define SOMEBODY	1000
#define LENGTH		64

static const struct mq_attr small = { .mq_maxmsg = 2, .mq_msgsize = LENGTH };

/* What a call fails with, 0 if it does not. */
#define error_of(call) ((call) == -1 ? errno : 0)

FIXTURE(posix) {
	int dev;
	char buf[LENGTH];
};

FIXTURE_SETUP(posix)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(0);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
}

FIXTURE_TEARDOWN(posix)
{
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/* The kernel's own, which the C library would call. */
static int kernel_open(const char *name, int oflag, mode_t mode, const struct mq_attr *attr)
{
	return syscall(SYS_mq_open, name + 1, oflag, mode, attr);
}

static int kernel_unlink(const char *name)
{
	return syscall(SYS_mq_unlink, name + 1);
}

/*
 * Without a ceiling
 */

static int use_large_ones(void *arg)
{
	static const struct mq_attr large = { .mq_maxmsg = 100000, .mq_msgsize = 1 << 20 };
	static const struct mq_attr largest = { .mq_maxmsg = INT_MAX, .mq_msgsize = 16 << 20 };
	struct mq_attr attr;
	mqd_t mq;
	int i;

	(void)arg;
	if (become(SOMEBODY, SOMEBODY))
		return 255;
	mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &large);
	if (mq < 0)
		return errno;
	for (i = 0; i < 1000; i++)
		if (mq_send(mq, (char *)&i, sizeof(i), i % 5))
			return errno;
	if (mq_getattr(mq, &attr) || attr.mq_maxmsg != 100000 || attr.mq_curmsgs != 1000)
		return 254;
	if (mq_close(mq) || mq_unlink(QUEUE))
		return 253;
	mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &largest);
	return mq < 0 ? errno : mq_unlink(QUEUE);
}

TEST_F(posix, no_ceiling)
{
	EXPECT_EQ(0, child_run(use_large_ones, NULL));
}

TEST_F(posix, budgets_are_no_memory)
{
	const char *parameter = "/sys/module/ipcmbox/parameters/user_messages";
	const struct mq_attr attr = { .mq_maxmsg = 1000, .mq_msgsize = LENGTH };
	char before[32];
	mqd_t mq;

	mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &attr);
	ASSERT_LE(0, mq);
	ASSERT_TRUE(read_file(parameter, before, sizeof(before)));
	ASSERT_TRUE(write_file(parameter, "1"));
	EXPECT_EQ(0, mq_send(mq, self->buf, 1, 0));
	EXPECT_EQ(ENOMEM, error_of(mq_send(mq, self->buf, 1, 0)));
	EXPECT_EQ(ENOMEM, error_of(mq_send(mq, self->buf, 1, 1)));
	ASSERT_TRUE(write_file(parameter, before));
	EXPECT_EQ(0, mq_send(mq, self->buf, 1, 0));
	mq_close(mq);
}

static int fill_up_with_queues(void *arg)
{
	char name[32];
	mqd_t mq = 0;
	int i;

	(void)arg;
	if (become(SOMEBODY, SOMEBODY))
		return 255;
	for (i = 0; mq >= 0 && i < 10; i++) {
		snprintf(name, sizeof(name), "/test-%d", i);
		mq = mq_open(name, O_RDWR | O_CREAT, 0600, &small);
	}
	return error_of(mq);
}

TEST_F(posix, budgets_of_mailboxes_are_space)
{
	const char *parameter = "/sys/module/ipcmbox/parameters/user_mailboxes";
	char before[32];

	ASSERT_TRUE(read_file(parameter, before, sizeof(before)));
	ASSERT_TRUE(write_file(parameter, "3"));
	EXPECT_EQ(ENOSPC, child_run(fill_up_with_queues, NULL));
	ASSERT_TRUE(write_file(parameter, before));
}

/*
 * Queues and mailboxes
 */

TEST_F(posix, a_queue_is_a_mailbox)
{
	struct ipck_info info;
	struct ipck *mb;
	mqd_t mq;

	mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0640, &small);
	ASSERT_LE(0, mq);
	ASSERT_EQ(0, ipck_open(&mb, "test-queue", O_RDWR, NULL));
	info = info_of(mb);
	EXPECT_EQ(IPCK_INFO_NAMED | IPCK_INFO_POSIX, info.flags);
	EXPECT_EQ(IPCK_QUEUE, info.discipline);
	EXPECT_EQ(2, info.capacity);
	EXPECT_EQ(LENGTH, info.max_length);
	EXPECT_EQ(0640, info.mode);
	EXPECT_EQ(0, ipck_send(mb, "hi", 2, 9));
	EXPECT_EQ(2, mq_receive(mq, self->buf, LENGTH, NULL));
	ipck_close(mb);
	mq_close(mq);
	EXPECT_EQ(0, ipck_unlink("test-queue"));
	EXPECT_EQ(ENOENT, error_of(mq_unlink(QUEUE)));
}

TEST_F(posix, a_mailbox_is_a_queue)
{
	const struct ipck_attr attr = { .capacity = IPCK_UNBOUNDED, .max_length = LENGTH };
	struct mq_attr seen;
	struct ipck *mb;
	mqd_t mq;

	ASSERT_EQ(0, ipck_open(&mb, "test-queue", O_RDWR | O_CREAT, &attr));
	mq = mq_open(QUEUE, O_RDWR);
	ASSERT_LE(0, mq);
	EXPECT_EQ(0, mq_getattr(mq, &seen));
	EXPECT_EQ(sizeof(long) == 8 ? (long)IPCK_UNBOUNDED : LONG_MAX, seen.mq_maxmsg);
	EXPECT_EQ(0, mq_send(mq, "ho", 2, 0));
	/* With its own rules: that the message fits is enough. */
	EXPECT_EQ(2, mq_receive(mq, self->buf, 2, NULL));
	mq_close(mq);
	ipck_close(mb);
}

TEST_F(posix, other_mailboxes_are_none)
{
	const struct ipck_attr attrs[] = {
		{ .capacity = 1, .discipline = IPCK_EVENT },
		{ .capacity = IPCK_UNBOUNDED, .discipline = IPCK_CHANNEL },
	};
	struct mq_attr seen;
	struct ipck *mb;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		ASSERT_EQ(0, ipck_open(&mb, "test-queue", O_RDWR | O_CREAT, &attrs[i]));
		EXPECT_EQ(EINVAL, error_of(mq_open(QUEUE, O_RDWR)));
		EXPECT_EQ(EINVAL, error_of(mq_open(QUEUE, O_WRONLY | O_CREAT, 0600, NULL)));
		EXPECT_EQ(EBADF, error_of(mq_getattr(ipck_fd(mb), &seen)));
		ipck_close(mb);
		EXPECT_EQ(0, mq_unlink(QUEUE));
	}
}

TEST_F(posix, a_bad_buffer_loses_nothing)
{
	mqd_t mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);
	void *hidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(0, mq_send(mq, "here", 4, 0));
	EXPECT_EQ(EFAULT, error_of(mq_receive(mq, hidden, LENGTH, NULL)));
	EXPECT_EQ(4, mq_receive(mq, self->buf, LENGTH, NULL));
	munmap(hidden, 4096);
	mq_close(mq);
}

static volatile int told;

static void tell(union sigval value)
{
	told += value.sival_int;
}

static int notify_thread(mqd_t mq, int value)
{
	const struct sigevent event = {
		.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tell,
		.sigev_value.sival_int = value,
	};

	return error_of(mq_notify(mq, &event));
}

/* Older kernels take it for no signal, newer ones do not. */
TEST_F(posix, signal_0_is_none)
{
	const struct sigevent event = { .sigev_notify = SIGEV_SIGNAL };
	mqd_t mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);

	EXPECT_EQ(EINVAL, error_of(mq_notify(mq, &event)));
	EXPECT_EQ(0, notify_thread(mq, 1));
	mq_close(mq);
}

/* As POSIX has it: only the descriptor that was used for it. */
TEST_F(posix, another_descriptor_does_not_end_a_notification)
{
	mqd_t mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small), other = mq_open(QUEUE, O_RDWR);

	EXPECT_EQ(0, notify_thread(mq, 1));
	EXPECT_EQ(0, mq_close(other));
	EXPECT_EQ(EBUSY, notify_thread(mq, 2));
	EXPECT_EQ(0, mq_send(mq, "a", 1, 0));
	EXPECT_TRUE(await_value(&told, 1));
	EXPECT_EQ(1, told);
	mq_close(mq);
}

static int notify_in_child(void *arg)
{
	mqd_t mq = *(mqd_t *)arg, other;

	other = mq_open("/test-other", O_RDWR | O_CREAT | O_EXCL, 0600, &small);
	if (notify_thread(mq, 1) != EBUSY || notify_thread(other, 20) ||
	    mq_send(other, "a", 1, 0) || !await_value(&told, 20) || told != 20)
		return 1;
	return mq_close(other);
}

TEST_F(posix, threads_of_notifications_are_of_their_process)
{
	mqd_t mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);
	int i;

	EXPECT_EQ(0, notify_thread(mq, 5));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, child_run(notify_in_child, &mq));
		mq_unlink("/test-other");
	}
	EXPECT_EQ(0, mq_send(mq, "a", 1, 0));
	EXPECT_TRUE(await_value(&told, 5));
	EXPECT_EQ(5, told);
	mq_close(mq);
}

static int threads(void)
{
	char buf[4096], *line;

	if (!read_file("/proc/self/status", buf, sizeof(buf)))
		return -1;
	line = strstr(buf, "Threads:");
	return line ? atoi(line + strlen("Threads:")) : -1;
}

static bool await_threads(int count)
{
	int i;

	for (i = 0; i < 1000 && threads() > count; i++)
		usleep(10000);
	return threads() == count;
}

/* Closed by close(2), or by what is not told of it, it does not wait for ever. */
TEST_F(posix, no_thread_is_left)
{
	char name[32];
	mqd_t mq;
	int i;

	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "/test-%d", i);
		mq = mq_open(name, O_RDWR | O_CREAT, 0600, &small);
		ASSERT_LE(0, mq);
		EXPECT_EQ(0, notify_thread(mq, 1));
		EXPECT_EQ(0, close(mq));
		mq_unlink(name);
	}
	mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);
	EXPECT_EQ(0, notify_thread(mq, 1));
	EXPECT_TRUE(await_threads(2));
	EXPECT_EQ(0, mq_notify(mq, NULL));
	EXPECT_TRUE(await_threads(1));
	EXPECT_EQ(0, notify_thread(mq, 1));
	EXPECT_EQ(2, threads());
	EXPECT_EQ(0, mq_close(mq));
	EXPECT_TRUE(await_threads(1));
	EXPECT_EQ(0, told);
}

/*
 * IPCK_MQ_STRICT
 */

#define SYSCTL "/proc/sys/fs/mqueue/"

/**
 * struct wish - a queue somebody would like to have
 * @attr: how it shall be
 * @privileged: wanted by root
 * @rlimit: RLIMIT_MSGQUEUE
 */
struct wish {
	struct mq_attr attr;
	bool privileged;
	rlim_t rlimit;
};

static int prepare_wish(const struct wish *wish)
{
	struct rlimit limit = { wish->rlimit, wish->rlimit };

	setenv("IPCK_MQ_STRICT", "1", 1);
	return setrlimit(RLIMIT_MSGQUEUE, &limit) ||
	       (!wish->privileged && become(SOMEBODY, SOMEBODY));
}

static int wish_here(void *arg)
{
	struct wish *wish = arg;
	int ret;

	if (prepare_wish(wish))
		return 255;
	ret = error_of(mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &wish->attr));
	mq_unlink(QUEUE);
	return ret;
}

static int wish_of_kernel(void *arg)
{
	struct wish *wish = arg;
	int ret;

	if (prepare_wish(wish))
		return 255;
	ret = error_of(kernel_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &wish->attr));
	kernel_unlink(QUEUE);
	return ret;
}

/* By the formula of mq_overview(7). */
static rlim_t cost(long messages, long length)
{
	return messages * (length + 48) + (messages < 32768 ? messages : 32768) * 48;
}

/* The kernel says the same. */
TEST_F(posix, strict)
{
	const struct {
		struct wish wish;
		int error;
	} wishes[] = {
		{ { { 0, 10, 8192 }, false, 819200 }, 0 },
		{ { { 0, 11, 8192 }, false, 819200 }, EINVAL },
		{ { { 0, 10, 8193 }, false, 819200 }, EINVAL },
		{ { { 0, 0, 10 }, false, 819200 }, EINVAL },
		{ { { 0, 10, -1 }, false, 819200 }, EINVAL },
		{ { { 0, 11, 8193 }, true, 819200 }, 0 },
		{ { { 0, 65536, 1 }, true, RLIM_INFINITY }, 0 },
		{ { { 0, 65537, 1 }, true, RLIM_INFINITY }, EINVAL },
		{ { { 0, 1, (16 << 20) + 1 }, true, RLIM_INFINITY }, EINVAL },
		{ { { 0, 1, 16 << 20 }, true, RLIM_INFINITY }, 0 },
		{ { { 0, 10, 8192 }, false, cost(10, 8192) }, 0 },
		{ { { 0, 10, 8192 }, false, cost(10, 8192) - 1 }, EMFILE },
		{ { { 0, 65536, 10 }, true, cost(65536, 10) }, 0 },
		{ { { 0, 65536, 10 }, true, cost(65536, 10) - 1 }, EMFILE },
		{ { { 0, 1, 1 }, true, 0 }, EMFILE },
		{ { { 0, 0, 1 }, true, 0 }, EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wishes); i++) {
		EXPECT_EQ(wishes[i].error, child_run(wish_here, (void *)&wishes[i].wish))
			TH_LOG("%zu", i);
		EXPECT_EQ(wishes[i].error, child_run(wish_of_kernel, (void *)&wishes[i].wish))
			TH_LOG("%zu", i);
	}
}

/* A process reads its environment once: not in the one that starts those with wishes. */
static int make_first(void *arg)
{
	return mq_open("/test-first", O_RDWR | O_CREAT | O_EXCL, 0600, arg) < 0 ||
	       kernel_open("/test-first", O_RDWR | O_CREAT | O_EXCL, 0600, arg) < 0;
}

/* With one queue of the user's already there, and no room for another. */
TEST_F(posix, strict_sum)
{
	struct wish wish = { { 0, 10, 100 }, true, 2 * cost(10, 100) };
	struct mq_attr attr = { .mq_maxmsg = 10, .mq_msgsize = 100 };

	ASSERT_EQ(0, child_run(make_first, &attr));
	EXPECT_EQ(0, child_run(wish_here, &wish));
	EXPECT_EQ(0, child_run(wish_of_kernel, &wish));
	wish.rlimit--;
	EXPECT_EQ(EMFILE, child_run(wish_here, &wish));
	EXPECT_EQ(EMFILE, child_run(wish_of_kernel, &wish));
	/* Of another user's account. */
	wish.privileged = false;
	EXPECT_EQ(0, child_run(wish_here, &wish));
	EXPECT_EQ(0, child_run(wish_of_kernel, &wish));
	kernel_unlink("/test-first");
}

TEST_F(posix, strict_number)
{
	struct wish wish = { { 0, 1, 1 }, false, RLIM_INFINITY };
	struct mq_attr attr = small;
	char before[32];

	ASSERT_EQ(0, child_run(make_first, &attr));
	ASSERT_TRUE(read_file(SYSCTL "queues_max", before, sizeof(before)));
	ASSERT_TRUE(write_file(SYSCTL "queues_max", "1"));
	EXPECT_EQ(ENOSPC, child_run(wish_here, &wish));
	EXPECT_EQ(ENOSPC, child_run(wish_of_kernel, &wish));
	wish.privileged = true;
	EXPECT_EQ(0, child_run(wish_here, &wish));
	EXPECT_EQ(0, child_run(wish_of_kernel, &wish));
	ASSERT_TRUE(write_file(SYSCTL "queues_max", before));
	kernel_unlink("/test-first");
}

static int default_of(void *arg)
{
	struct mq_attr attr;
	mqd_t mq;

	if (arg)
		setenv("IPCK_MQ_STRICT", "1", 1);
	mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
	if (mq < 0 || mq_getattr(mq, &attr) || mq_unlink(QUEUE))
		return 255;
	return attr.mq_msgsize == (arg ? 4096 : 8192) ? (int)attr.mq_maxmsg : 254;
}

TEST_F(posix, strict_defaults)
{
	char messages[32], length[32];

	ASSERT_TRUE(read_file(SYSCTL "msg_default", messages, sizeof(messages)));
	ASSERT_TRUE(read_file(SYSCTL "msgsize_default", length, sizeof(length)));
	ASSERT_TRUE(write_file(SYSCTL "msg_default", "3"));
	ASSERT_TRUE(write_file(SYSCTL "msgsize_default", "4096"));
	EXPECT_EQ(3, child_run(default_of, "strict"));
	EXPECT_EQ(10, child_run(default_of, NULL));
	ASSERT_TRUE(write_file(SYSCTL "msg_default", messages));
	ASSERT_TRUE(write_file(SYSCTL "msgsize_default", length));
}

/*
 * IPCK_MQ_CLOCK
 */

#define HOUR_S		3600
#define NEAR_NS		(500 * NSEC_PER_MSEC)

static int receive_until_near(void *arg)
{
	__u64 when = now_ns(IPCMBOX_CLOCK_REALTIME) + NEAR_NS;
	struct timespec deadline = {
		.tv_sec = when / NSEC_PER_SEC, .tv_nsec = when % NSEC_PER_SEC,
	};
	char buf[LENGTH];

	return error_of(mq_timedreceive(*(mqd_t *)arg, buf, sizeof(buf), NULL, &deadline));
}

static bool step_realtime(int seconds)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	real.tv_sec += seconds;
	return !clock_settime(CLOCK_REALTIME, &real);
}

FIXTURE(posix_clock) {
	int dev;
	mqd_t mq;
	struct job job;
	__u64 begin;
};

FIXTURE_VARIANT(posix_clock) {
	const char *clock;
	int step_s;
	bool in_time;		/* neither too early nor too late */
};

FIXTURE_VARIANT_ADD(posix_clock, realtime_forward) { "realtime", HOUR_S, false };
FIXTURE_VARIANT_ADD(posix_clock, realtime_back) { "realtime", -HOUR_S, false };
FIXTURE_VARIANT_ADD(posix_clock, monotonic_forward) { "monotonic", HOUR_S, true };
FIXTURE_VARIANT_ADD(posix_clock, monotonic_back) { "monotonic", -HOUR_S, true };

FIXTURE_SETUP(posix_clock)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	setenv("IPCK_MQ_CLOCK", variant->clock, 1);
	self->mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);
	ASSERT_LE(0, self->mq);
	self->begin = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	ASSERT_TRUE(job_start(&self->job, receive_until_near, &self->mq));
	ASSERT_TRUE(await_thread_asleep(getpid(), self->job.tid));
}

FIXTURE_TEARDOWN(posix_clock)
{
	mq_close(self->mq);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

TEST_F(posix_clock, steps)
{
	bool back = variant->step_s < 0;
	__u64 taken;

	if (!step_realtime(variant->step_s)) {
		EXPECT_EQ(ETIMEDOUT, job_join(&self->job));
		SKIP(return, "the clock cannot be set");
	}
	if (back && !variant->in_time) {
		/* For how long it would go on waiting, nobody wants to know. */
		while (now_ns(IPCMBOX_CLOCK_MONOTONIC) - self->begin < 2 * NEAR_NS)
			usleep(10000);
		EXPECT_FALSE(self->job.done);
		EXPECT_EQ(0, mq_send(self->mq, "a", 1, 0));
		EXPECT_EQ(0, job_join(&self->job));
	} else {
		EXPECT_EQ(ETIMEDOUT, job_join(&self->job));
		taken = now_ns(IPCMBOX_CLOCK_MONOTONIC) - self->begin;
		EXPECT_EQ(variant->in_time, taken >= NEAR_NS);
	}
	EXPECT_TRUE(step_realtime(-variant->step_s));
}

TEST_F(posix, monotonic_deadlines_of_any_kind)
{
	static const struct timespec past = { .tv_sec = 1 };
	static const struct timespec never = { .tv_sec = sizeof(time_t) == 8 ?
					       (time_t)LLONG_MAX : INT_MAX };
	static const struct timespec wrong = { .tv_nsec = NSEC_PER_SEC };
	mqd_t mq;

	setenv("IPCK_MQ_CLOCK", "monotonic", 1);
	mq = mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);
	EXPECT_EQ(ETIMEDOUT, error_of(mq_timedreceive(mq, self->buf, LENGTH, NULL, &past)));
	EXPECT_EQ(EINVAL, error_of(mq_timedreceive(mq, self->buf, LENGTH, NULL, &wrong)));
	EXPECT_EQ(0, mq_timedsend(mq, "a", 1, 0, &past));
	EXPECT_EQ(1, mq_timedreceive(mq, self->buf, LENGTH, NULL, &never));
	mq_close(mq);
}

/*
 * Where there is no module, and what is not of it. (IPCK_MQ_FALLBACK takes functions of a shared C
 * library: the plan runs the programs for POSIX queues with it.)
 */

/* What @body says on standard error, and 255 or what it returned. */
static int hear(int (*body)(void *arg), void *arg, char *text, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO), ret;
	ssize_t length;

	if (pipe2(fds, O_NONBLOCK))
		return 255;
	dup2(fds[1], STDERR_FILENO);
	ret = child_run(body, arg);
	dup2(saved, STDERR_FILENO);
	length = read(fds[0], text, size - 1);
	text[length < 0 ? 0 : length] = '\0';
	close(fds[0]);
	close(fds[1]);
	close(saved);
	return ret;
}

static int count_of(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static int without_module(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev", "tmpfs", 0, NULL))
		return 255;
	if (error_of(mq_open(QUEUE, O_RDWR)) != ENOSYS ||
	    error_of(mq_open(QUEUE, O_RDWR | O_CREAT, 0600, &small)) != ENOSYS ||
	    error_of(mq_open("x", O_RDWR)) != EINVAL || error_of(mq_unlink(QUEUE)) != ENOSYS ||
	    error_of(shm_open(QUEUE, O_RDWR | O_CREAT, 0600)) != ENOSYS ||
	    error_of(shm_unlink(QUEUE)) != ENOSYS)
		return 1;
	return 0;
}

TEST_F(posix, without_the_module)
{
	char text[2048];

	EXPECT_EQ(0, hear(without_module, NULL, text, sizeof(text)));
	EXPECT_EQ(1, count_of(text, "\n")) TH_LOG("%s", text);
	EXPECT_EQ(1, count_of(text, "/dev/ipcmbox"));
	EXPECT_EQ(1, count_of(text, "IPCK_MQ_FALLBACK=kernel"));
}

static int name_the_kernels(void *arg)
{
	struct mq_attr seen;
	mqd_t mq;

	if (error_of(mq_open(QUEUE, O_RDWR)) != ENOENT || error_of(mq_unlink(QUEUE)) != ENOENT ||
	    error_of(mq_open("/test-nowhere", O_RDWR)) != ENOENT)
		return 1;
	if (error_of(mq_getattr(*(int *)arg, &seen)) != EBADF ||
	    error_of(mq_send(*(int *)arg, "a", 1, 0)) != EBADF)
		return 2;
	/* Who makes one gets it, and it is another. */
	mq = mq_open(QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
	if (mq < 0 || mq_getattr(mq, &seen) || seen.mq_curmsgs || mq_unlink(QUEUE))
		return 3;
	return 0;
}

TEST_F(posix, queues_of_the_kernel)
{
	int kernels = kernel_open(QUEUE, O_RDWR | O_CREAT, 0600, &small);
	char text[2048];

	ASSERT_LE(0, kernels);
	ASSERT_EQ(0, syscall(SYS_mq_timedsend, kernels, "a", 1, 0, NULL));
	EXPECT_EQ(0, hear(name_the_kernels, &kernels, text, sizeof(text)));
	EXPECT_EQ(1, count_of(text, "\n")) TH_LOG("%s", text);
	EXPECT_EQ(1, count_of(text, "the kernel has a queue " QUEUE ","));
	EXPECT_EQ(0, kernel_unlink(QUEUE));
	close(kernels);
}

static int name_a_file(void *arg)
{
	int fd;

	(void)arg;
	if (error_of(shm_open("/test-file", O_RDWR, 0)) != ENOENT ||
	    error_of(shm_unlink("/test-file")) != ENOENT)
		return 1;
	fd = shm_open("/test-file", O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || lseek(fd, 0, SEEK_END) || shm_unlink("/test-file"))
		return 2;
	return 0;
}

TEST_F(posix, segments_of_the_kernel)
{
	int fd = open("/dev/shm/test-file", O_RDWR | O_CREAT | O_EXCL, 0600);
	char text[2048];

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(fd, "a", 1));
	EXPECT_EQ(0, hear(name_a_file, NULL, text, sizeof(text)));
	EXPECT_EQ(1, count_of(text, "\n")) TH_LOG("%s", text);
	EXPECT_EQ(1, count_of(text, "the kernel has a segment /test-file,"));
	EXPECT_EQ(0, unlink("/dev/shm/test-file"));
	close(fd);
}

/*
 * Segments
 */

TEST_F(posix, a_shared_memory_object_is_a_segment)
{
	struct ipck_shm *shm;
	char byte = 0;
	int fd;

	fd = shm_open("/test-object", O_WRONLY | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ftruncate(fd, 4096));
	EXPECT_EQ(1, pwrite(fd, "s", 1, 0));
	/* Writing alone is no access to memory. */
	EXPECT_EQ(1, pread(fd, &byte, 1, 0));
	EXPECT_EQ('s', byte);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(EINVAL, error_of(shm_open("/test-object", O_ACCMODE, 0)));
	ASSERT_EQ(0, ipck_shm_open(&shm, "test-object", O_RDONLY, NULL, NULL));
	EXPECT_EQ(1, pread(ipck_shm_fd(shm), &byte, 1, 0));
	ipck_shm_close(shm);
	EXPECT_EQ(0, ipck_shm_unlink("test-object"));
	EXPECT_EQ(ENOENT, error_of(shm_unlink("/test-object")));
	close(fd);
}

TEST_HARNESS_MAIN
