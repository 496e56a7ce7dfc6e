// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: waiting for several mailboxes, notifications, and looking at what goes on do what
 * ipck.h says.
 */
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "lib_test.h"

#define SPAN	(30 * NSEC_PER_MSEC)

/*
 * Waiting for any
 */

TEST_F(lib, wait_any)
{
	struct ipck *mbs[3] = { unnamed(NULL), self->mb, unnamed(NULL) };
	uint64_t ready = 77, now;

	EXPECT_EQ(-EAGAIN, ipck_wait_any(mbs, 3, POLLIN, IPCK_WAIT_NEVER, 0, &ready));
	EXPECT_EQ(0, ready);
	now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	EXPECT_EQ(-ETIMEDOUT, ipck_wait_any(mbs, 3, POLLIN, IPCK_WAIT_FOR, SPAN, &ready));
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC), now + SPAN);
	now = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	EXPECT_EQ(-ETIMEDOUT, ipck_wait_any(mbs, 3, POLLIN, IPCK_WAIT_UNTIL, now + SPAN, NULL));
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC), now + SPAN);
	EXPECT_EQ(-ETIMEDOUT, ipck_wait_any(mbs, 3, POLLIN, IPCK_WAIT_UNTIL, 1, NULL));

	ASSERT_EQ(0, send_number(mbs[2], 2));
	EXPECT_EQ(2, ipck_wait_any(mbs, 3, POLLIN, IPCK_WAIT_FOREVER, 0, &ready));
	EXPECT_EQ(1 << 2, ready);
	ASSERT_EQ(0, send_number(mbs[1], 1));
	EXPECT_EQ(1, ipck_wait_any(mbs, 3, POLLIN, IPCK_WAIT_FOR, UINT64_MAX, &ready));
	EXPECT_EQ(1 << 1 | 1 << 2, ready);
	EXPECT_EQ(0, ipck_wait_any(mbs, 3, POLLIN | POLLOUT, IPCK_WAIT_NEVER, 0, &ready));
	EXPECT_EQ(7, ready);
	ipck_close(mbs[0]);
	ipck_close(mbs[2]);
}

static int send_late(void *arg)
{
	usleep(SPAN / 1000);
	return send_number(arg, 1);
}

TEST_F(lib, wait_any_wakes)
{
	struct ipck *mbs[2] = { unnamed(NULL), self->mb };
	struct job job;

	ASSERT_TRUE(job_start(&job, send_late, self->mb));
	EXPECT_EQ(1, ipck_wait_any(mbs, 2, POLLIN, IPCK_WAIT_FOREVER, 0, NULL));
	EXPECT_EQ(0, job_join(&job));
	ipck_close(mbs[0]);
}

TEST_F(lib, wait_any_of_what_is_gone)
{
	struct ipck *mb = unnamed(NULL), *reader;
	uint64_t ready;

	ASSERT_EQ(0, ipck_open_id(&reader, ipck_id(mb), O_RDONLY));
	ipck_close(mb);
	EXPECT_EQ(0, ipck_wait_any(&reader, 1, POLLIN, IPCK_WAIT_FOREVER, 0, &ready));
	EXPECT_EQ(1, ready);
	EXPECT_EQ(-EPIPE, ipck_recv(reader, &ready, sizeof(ready)));
	ipck_close(reader);
}

TEST_F(lib, bad_wait_any)
{
	struct ipck *mbs[IPCK_WAIT_ANY_MAX + 1], *hole[2] = { self->mb, NULL };
	int i;

	for (i = 0; i <= IPCK_WAIT_ANY_MAX; i++)
		mbs[i] = self->mb;
	EXPECT_EQ(-EINVAL, ipck_wait_any(NULL, 1, POLLIN, IPCK_WAIT_NEVER, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, 0, POLLIN, IPCK_WAIT_NEVER, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(hole, 2, POLLIN, IPCK_WAIT_NEVER, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, 1, 0, IPCK_WAIT_NEVER, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, 1, POLLPRI, IPCK_WAIT_NEVER, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, 1, POLLIN, IPCK_WAIT_NEVER, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, 1, POLLIN, IPCK_WAIT_FOREVER, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, 1, POLLIN, (enum ipck_wait)4, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_wait_any(mbs, IPCK_WAIT_ANY_MAX + 1, POLLIN, IPCK_WAIT_NEVER, 0,
					 NULL));
	EXPECT_EQ(-EAGAIN, ipck_wait_any(mbs, IPCK_WAIT_ANY_MAX, POLLIN, IPCK_WAIT_NEVER, 0,
					 NULL));
}

/*
 * Notifications
 */

TEST_F(lib, notify_signal)
{
	const union sigval value = { .sival_ptr = self };
	const struct timespec patience = { .tv_sec = 10 }, now = { 0 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ASSERT_EQ(0, ipck_notify_signal(self->mb, SIGRTMIN, value));
	EXPECT_EQ(-EBUSY, ipck_notify_signal(self->mb, SIGRTMIN, value));
	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(SIGRTMIN, sigtimedwait(&set, &info, &patience));
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(getpid(), info.si_pid);
	EXPECT_EQ(geteuid(), info.si_uid);
	EXPECT_EQ(self, info.si_value.sival_ptr);
	/* It is used up. */
	EXPECT_EQ(1, recv_number(self->mb));
	ASSERT_EQ(0, send_number(self->mb, 2));
	EXPECT_EQ(-1, sigtimedwait(&set, &info, &now));

	/* It can be taken back. */
	EXPECT_EQ(2, recv_number(self->mb));
	ASSERT_EQ(0, ipck_notify_signal(self->mb, SIGRTMIN, value));
	ASSERT_EQ(0, ipck_notify_none(self->mb));
	ASSERT_EQ(0, send_number(self->mb, 3));
	EXPECT_EQ(-1, sigtimedwait(&set, &info, &now));
}

TEST_F(lib, notify_eventfd)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	uint64_t count = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ipck_notify_eventfd(self->mb, fd));
	ASSERT_EQ(0, send_number(self->mb, 1));
	EXPECT_EQ(sizeof(count), read(fd, &count, sizeof(count)));
	EXPECT_EQ(1, count);
	ASSERT_EQ(0, send_number(self->mb, 2));
	EXPECT_EQ(-1, read(fd, &count, sizeof(count)));
	close(fd);
}

TEST_F(lib, bad_notifications)
{
	const union sigval value = { .sival_int = 1 };
	struct ipck *writer;
	int fd = eventfd(0, 0);

	EXPECT_EQ(-EINVAL, ipck_notify_signal(NULL, SIGUSR1, value));
	EXPECT_EQ(-EINVAL, ipck_notify_signal(self->mb, 0, value));
	EXPECT_EQ(-EINVAL, ipck_notify_signal(self->mb, 65, value));
	EXPECT_EQ(-EINVAL, ipck_notify_eventfd(self->mb, ipck_fd(self->mb)));
	EXPECT_EQ(-EINVAL, ipck_notify_none(NULL));
	ASSERT_EQ(0, ipck_open(&writer, "test", O_WRONLY, NULL));
	EXPECT_EQ(-EACCES, ipck_notify_signal(writer, SIGUSR1, value));
	ipck_close(writer);
	close(fd);
	EXPECT_EQ(-EBADF, ipck_notify_eventfd(self->mb, fd));
}

/*
 * Who is blocked
 */

static int receive_body(void *arg)
{
	__u32 number;

	return ipck_recv(arg, &number, sizeof(number));
}

TEST_F(lib, blocked_receivers)
{
	struct ipck_blocked tasks[4];
	unsigned int total = 77;
	struct job jobs[2];
	int i;

	EXPECT_EQ(0, ipck_blocked(ipck_id(self->mb), tasks, 4, &total));
	EXPECT_EQ(0, total);
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(job_start(&jobs[i], receive_body, self->mb));
		ASSERT_TRUE(await_receivers(ipck_fd(self->mb), i + 1));
	}
	ASSERT_EQ(2, ipck_blocked(ipck_id(self->mb), tasks, 4, &total));
	EXPECT_EQ(2, total);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(IPCK_BLOCKED_RECV, tasks[i].what);
		EXPECT_EQ(ipck_id(self->mb), tasks[i].mailbox);
		EXPECT_EQ(0, tasks[i].seq);
		EXPECT_EQ(getpid(), tasks[i].pid);
		EXPECT_TRUE(tasks[i].tid == jobs[0].tid || tasks[i].tid == jobs[1].tid);
	}
	EXPECT_EQ(1, ipck_blocked(ipck_id(self->mb), tasks, 1, &total));
	EXPECT_EQ(2, total);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, send_number(self->mb, i));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(4, job_join(&jobs[i]));
	EXPECT_EQ(-ENOENT, ipck_blocked(ipck_id(self->mb) + 100000, tasks, 4, NULL));
	EXPECT_EQ(-EINVAL, ipck_blocked(ipck_id(self->mb), tasks, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_blocked(ipck_id(self->mb), NULL, 1, NULL));
}

static int call_body(void *arg)
{
	char byte;

	return ipck_call(arg, "x", 1, &byte, 1);
}

TEST_F(lib, blocked_callers)
{
	const struct ipck_recv_opt with_token = { .flags = IPCK_TOKEN };
	struct ipck_blocked task;
	struct ipck_msg msg;
	struct job job;
	char byte;

	ASSERT_TRUE(job_start(&job, call_body, self->mb));
	ASSERT_TRUE(await_senders(ipck_fd(self->mb), 1));
	ASSERT_EQ(1, ipck_blocked(ipck_id(self->mb), &task, 1, NULL));
	EXPECT_EQ(IPCK_BLOCKED_RECEIPT, task.what);
	EXPECT_EQ(1, task.seq);
	ASSERT_EQ(1, ipck_recv_opt(self->mb, &byte, 1, &with_token, &msg));
	ASSERT_EQ(1, ipck_blocked(ipck_id(self->mb), &task, 1, NULL));
	EXPECT_EQ(IPCK_BLOCKED_REPLY, task.what);
	EXPECT_EQ(1, task.seq);
	EXPECT_EQ(job.tid, task.tid);
	EXPECT_EQ(getpid(), task.peer_pid);
	EXPECT_EQ(gettid(), task.peer_tid);
	EXPECT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, job_join(&job));
}

TEST_F(lib, blocked_senders)
{
	struct ipck *mb = unnamed(&(struct ipck_attr){ .capacity = 1 });
	struct ipck_blocked task;
	struct job job;

	ASSERT_EQ(0, send_number(mb, 0));
	ASSERT_TRUE(job_start(&job, send_late, mb));
	ASSERT_TRUE(await_senders(ipck_fd(mb), 1));
	ASSERT_EQ(1, ipck_blocked(ipck_id(mb), &task, 1, NULL));
	EXPECT_EQ(IPCK_BLOCKED_ROOM, task.what);
	EXPECT_EQ(job.tid, task.tid);
	EXPECT_EQ(0, recv_number(mb));
	EXPECT_EQ(0, job_join(&job));
	ipck_close(mb);
}

/*
 * The flight recorder
 */

TEST_F(lib, record)
{
	const struct ipck_change on = { .mask = IPCK_SET_RECORDER, .recorder = 16 };
	const struct ipck_change off = { .mask = IPCK_SET_RECORDER };
	struct ipck_record records[8], more;
	uint64_t before = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	struct ipck *mb;

	EXPECT_EQ(0, ipck_record(self->mb, 0, records, 8));
	ASSERT_EQ(0, ipck_set(self->mb, &on));
	EXPECT_EQ(16, info_of(self->mb).recorder);
	ASSERT_EQ(0, ipck_send(self->mb, "abc", 3, 7));
	ASSERT_EQ(3, ipck_recv(self->mb, (char[4]){}, 4));
	ASSERT_EQ(0, ipck_open(&mb, "test", IPCK_O_ADMIN, NULL));
	ASSERT_EQ(2, ipck_record(mb, 0, records, 8));
	EXPECT_EQ(IPCK_STEP_SENT, records[0].step);
	EXPECT_EQ(IPCK_STEP_TAKEN, records[1].step);
	EXPECT_EQ(1, records[0].serial);
	EXPECT_EQ(2, records[1].serial);
	EXPECT_EQ(1, records[0].seq);
	EXPECT_EQ(3, records[0].length);
	EXPECT_EQ(7, records[0].priority);
	EXPECT_EQ(getpid(), records[0].pid);
	EXPECT_EQ(gettid(), records[0].tid);
	EXPECT_EQ(geteuid(), records[0].uid);
	EXPECT_GE(records[0].time_ns, before);
	EXPECT_LE(records[1].time_ns, now_ns(IPCMBOX_CLOCK_MONOTONIC));
	EXPECT_EQ(1, ipck_record(mb, 1, &more, 1));
	EXPECT_EQ(2, more.serial);
	EXPECT_EQ(0, ipck_record(mb, 2, &more, 1));
	EXPECT_EQ(-EINVAL, ipck_record(mb, 0, NULL, 1));
	EXPECT_EQ(-EINVAL, ipck_record(NULL, 0, records, 1));
	EXPECT_EQ(-EINVAL, ipck_record(mb, 0, records, 0));
	ASSERT_EQ(0, ipck_set(mb, &off));
	EXPECT_EQ(0, ipck_record(mb, 0, records, 8));
	ipck_close(mb);
}

static int record_as_nobody(void *arg)
{
	struct ipck_record record;

	if (become(1000, 1000))
		return 1;
	return ipck_record(arg, 0, &record, 1) == -EPERM ? 0 : 2;
}

TEST_F(lib, record_needs_a_right)
{
	EXPECT_EQ(0, child_run(record_as_nobody, self->mb));
}

TEST_F(lib, new_limits)
{
	struct ipck_limits limits;

	ASSERT_EQ(0, ipck_limits(&limits));
	EXPECT_EQ(IPCK_FEATURE_QUEUE | IPCK_FEATURE_EVENT | IPCK_FEATURE_ENDPOINT |
		  IPCK_FEATURE_CALL | IPCK_FEATURE_LEASE | IPCK_FEATURE_FDS |
		  IPCK_FEATURE_VECTOR | IPCK_FEATURE_NOTIFY | IPCK_FEATURE_BLOCKED |
		  IPCK_FEATURE_RECORD, limits.features & 0x3ff);
	EXPECT_EQ(IPCK_FDS_MAX, limits.fds_max);
	EXPECT_EQ(IPCK_IOVEC_MAX, limits.iovec_max);
	EXPECT_LT(0, limits.max_user_fds);
	EXPECT_LE(limits.user_fds, limits.max_user_fds);
}

TEST_HARNESS_MAIN
