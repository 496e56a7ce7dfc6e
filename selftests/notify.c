// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notification: a signal or an eventfd when there is something to receive.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define SOMEBODY	1000
#define SIGNO		SIGRTMIN
#define VALUE		0x12345678

/* Nothing comes: so long is waited for it, as the signal is there before a send returns. */
#define NOTHING_NS	(20 * NSEC_PER_MSEC)

FIXTURE(notify) {
	int dev, fd, eventfd;
	sigset_t signals;
	struct call *calls;
};

FIXTURE_SETUP(notify)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 2, .mode = 0666);
	ASSERT_GE(self->fd, 0);
	self->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_GE(self->eventfd, 0);
	self->calls = calls_alloc(4);
	sigemptyset(&self->signals);
	sigaddset(&self->signals, SIGNO);
	sigaddset(&self->signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &self->signals, NULL);
}

FIXTURE_TEARDOWN(notify)
{
	close(self->fd);
	close(self->dev);
}

static int notify(int fd, const struct ipcmbox_notify *arg)
{
	int ret = ioctl(fd, IPCMBOX_IOC_NOTIFY, arg);

	return ret < 0 ? -errno : ret;
}

#define notify_by(fd, ...) notify(fd, &(struct ipcmbox_notify){ __VA_ARGS__ })

static int notify_signal(int fd)
{
	return notify_by(fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGNO, .value = VALUE);
}

static int notify_eventfd(int fd, int eventfd)
{
	return notify_by(fd, .method = IPCMBOX_NOTIFY_EVENTFD, .eventfd = eventfd, .value = 1);
}

static int notify_none(int fd)
{
	return notify_by(fd, .method = IPCMBOX_NOTIFY_NONE);
}

/* The signal that is pending, 0 if none is. */
static int pending_signal(FIXTURE_DATA(notify) *self, siginfo_t *info)
{
	struct timespec timeout = { .tv_nsec = NOTHING_NS };
	int signo = sigtimedwait(&self->signals, info, &timeout);

	return signo < 0 ? 0 : signo;
}

static bool is_notified(FIXTURE_DATA(notify) *self)
{
	siginfo_t info;

	return pending_signal(self, &info) == SIGNO && info.si_code == SI_MESGQ &&
	       info.si_value.sival_int == VALUE;
}

/* What the eventfd counts, and it is 0 again. */
static int counted(int eventfd)
{
	__u64 count;

	return read(eventfd, &count, sizeof(count)) == sizeof(count) ? (int)count : 0;
}

TEST_F(notify, feature)
{
	struct ipcmbox_query query;

	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(IPCMBOX_FEATURE_NOTIFY, query.features & IPCMBOX_FEATURE_NOTIFY);
}

/*
 * What is told
 */

static int send_one(void *arg)
{
	return put(*(int *)arg, 0, 1);
}

TEST_F(notify, by_signal)
{
	siginfo_t info;
	pid_t pid;

	ASSERT_EQ(0, notify_by(self->fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGUSR1,
			       .value = sizeof(void *) == 8 ? 0x123456789abcdef0ULL : VALUE));
	EXPECT_EQ(0, pending_signal(self, &info));
	pid = child_start(send_one, &self->fd);
	ASSERT_EQ(0, child_wait(pid));
	memset(&info, POISON, sizeof(info));
	EXPECT_EQ(SIGUSR1, pending_signal(self, &info));
	EXPECT_EQ(SIGUSR1, info.si_signo);
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(0, info.si_errno);
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(geteuid(), info.si_uid);
	EXPECT_EQ(sizeof(void *) == 8 ? 0x123456789abcdef0ULL : VALUE,
		  (__u64)(uintptr_t)info.si_value.sival_ptr);
	EXPECT_EQ(1, take(self->fd));
}

TEST_F(notify, by_eventfd)
{
	struct pollfd pollfd = { .fd = self->eventfd, .events = POLLIN };

	ASSERT_EQ(0, notify_eventfd(self->fd, self->eventfd));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(1, counted(self->eventfd));
}

/* The eventfd need not be open any more here. */
TEST_F(notify, eventfd_that_was_closed)
{
	int copy = dup(self->eventfd);

	ASSERT_EQ(0, notify_eventfd(self->fd, copy));
	close(copy);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, counted(self->eventfd));
	EXPECT_EQ(1, take(self->fd));

	ASSERT_EQ(0, notify_eventfd(self->fd, self->eventfd));
	close(self->eventfd);
	EXPECT_EQ(0, put(self->fd, 0, 1));
}

/* It adds to what is there, and one that counts to its limit stays there. */
TEST_F(notify, eventfd_that_is_full)
{
	__u64 most = ~0ULL - 1;

	ASSERT_EQ(sizeof(most), write(self->eventfd, &most, sizeof(most)));
	ASSERT_EQ(0, notify_eventfd(self->fd, self->eventfd));
	EXPECT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, notify_eventfd(self->fd, self->eventfd));
}

TEST_F(notify, once)
{
	int i;

	ASSERT_EQ(0, notify_signal(self->fd));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		EXPECT_EQ(!i, is_notified(self));
		ASSERT_EQ(i, take(self->fd));
	}
	ASSERT_EQ(0, notify_signal(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_TRUE(is_notified(self));
}

TEST_F(notify, only_when_it_was_empty)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, notify_signal(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_FALSE(is_notified(self));
	ASSERT_EQ(1, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 3));
	EXPECT_FALSE(is_notified(self));
	ASSERT_EQ(2, take(self->fd));
	ASSERT_EQ(3, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 4));
	EXPECT_TRUE(is_notified(self));
}

TEST_F(notify, waiting_receiver_takes_it)
{
	ASSERT_EQ(0, notify_signal(self->fd));
	recv_start(self->calls, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(4, call_join(self->calls));
	EXPECT_FALSE(is_notified(self));
	/* The registration is still good. */
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_TRUE(is_notified(self));
}

TEST_F(notify, waiting_receiver_does_not_want_it)
{
	ASSERT_EQ(0, notify_signal(self->fd));
	recv_start(self->calls, self->fd, .min_priority = 5);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 4, 1));
	EXPECT_TRUE(is_notified(self));
	ASSERT_EQ(0, put(self->fd, 5, 1));
	ASSERT_EQ(4, call_join(self->calls));
}

TEST_F(notify, waiting_receiver_only_looks)
{
	ASSERT_EQ(0, notify_signal(self->fd));
	recv_start(self->calls, self->fd, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_TRUE(is_notified(self));
	ASSERT_EQ(4, call_join(self->calls));
}

TEST_F(notify, rendezvous)
{
	int fd = mailbox_new(self->dev, .max_messages = 0);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(fd));
	EXPECT_EQ(-EAGAIN, put(fd, 0, 1));
	EXPECT_FALSE(is_notified(self));
	put_start(self->calls, fd, 0, 1);
	ASSERT_TRUE(await_senders(fd, 1));
	EXPECT_TRUE(is_notified(self));
	EXPECT_EQ(1, take(fd));
	EXPECT_EQ(0, call_join(self->calls));
	close(fd);
}

/* From a full mailbox the last is taken and the next let in: it has never been empty. */
TEST_F(notify, blocked_sender_is_let_in)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	put_start(self->calls, self->fd, 0, 2);
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
	EXPECT_FALSE(is_notified(self));
	EXPECT_EQ(2, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 3));
	EXPECT_TRUE(is_notified(self));
}

TEST_F(notify, dropped_message)
{
	int fd = mailbox_new(self->dev, .max_messages = 0,
			     .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(fd));
	EXPECT_EQ(IPCMBOX_SENT_DROPPED, put(fd, 0, 1));
	EXPECT_FALSE(is_notified(self));
	close(fd);
}

TEST_F(notify, message_that_is_put_back)
{
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(-EFAULT, message_recv(self->fd, .buf_ptr = 8, .buf_len = 4));
	EXPECT_TRUE(is_notified(self));
}

/* By the worker that looks for ended leases; the signal names who sent it all the same. */
TEST_F(notify, lease_that_ends)
{
	struct ipcmbox_recv recv = {
		.flags = IPCMBOX_LEASE,
		.lease_ns = 30 * NSEC_PER_MSEC,
		.buf_ptr = ptr_u64(self->calls[0].data),
		.buf_len = 4,
	};
	siginfo_t info = {};
	pid_t pid;

	pid = child_start(send_one, &self->fd);
	ASSERT_EQ(0, child_wait(pid));
	ASSERT_EQ(4, mailbox_receive(self->fd, &recv));
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(SIGNO, sigtimedwait(&self->signals, &info, &(struct timespec){ .tv_sec = 20 }));
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(geteuid(), info.si_uid);
	EXPECT_EQ(1, take(self->fd));
}

static int send_to_parent(void *arg)
{
	int fd = endpoint_connect(*(int *)arg, IPCMBOX_PROCESS, getppid());

	return fd < 0 ? 1 : put(fd, 0, 7);
}

TEST_F(notify, endpoint)
{
	int fd = endpoint_new(self->dev, .max_messages = 2);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(fd));
	EXPECT_EQ(0, child_run(send_to_parent, &self->dev));
	EXPECT_TRUE(is_notified(self));
	EXPECT_EQ(7, take(fd));
	close(fd);
}

TEST_F(notify, member)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 2);
	int member = member_new(event, .mask = 1);

	ASSERT_GE(member, 0);
	ASSERT_EQ(0, notify_signal(member));
	ASSERT_EQ(0, message_send(event, .events = 2));
	EXPECT_FALSE(is_notified(self));
	ASSERT_EQ(0, message_send(event, .events = 1));
	EXPECT_TRUE(is_notified(self));
	/* Of an event mailbox itself nobody receives. */
	EXPECT_EQ(-EINVAL, notify_signal(event));
	EXPECT_EQ(-EINVAL, notify_eventfd(event, self->eventfd));
	close(member);
	close(event);
}

/* An event tells everybody who is registered with a member. */
TEST_F(notify, members)
{
	int event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 2);
	int members[5];
	int i;

	for (i = 0; i < 5; i++) {
		members[i] = member_new(event);
		ASSERT_GE(members[i], 0);
		ASSERT_EQ(0, notify_eventfd(members[i], self->eventfd));
	}
	ASSERT_EQ(0, message_send(event));
	EXPECT_EQ(5, counted(self->eventfd));
	for (i = 0; i < 5; i++)
		close(members[i]);
	close(event);
}

TEST_F(notify, mailboxes_are_apart)
{
	int fd = mailbox_new(self->dev, .max_messages = 2);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(self->fd));
	ASSERT_EQ(0, notify_eventfd(fd, self->eventfd));
	ASSERT_EQ(0, put(fd, 0, 1));
	EXPECT_EQ(1, counted(self->eventfd));
	EXPECT_FALSE(is_notified(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, counted(self->eventfd));
	EXPECT_TRUE(is_notified(self));
	close(fd);
}

/*
 * Who is registered
 */

/* Is there no registration? */
static bool is_free(FIXTURE_DATA(notify) *self)
{
	int ret = notify_eventfd(self->fd, self->eventfd);

	if (!ret)
		notify_none(self->fd);
	return !ret;
}

TEST_F(notify, one_at_a_time)
{
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(-EBUSY, notify_signal(self->fd));
	EXPECT_EQ(-EBUSY, notify_eventfd(self->fd, self->eventfd));
	ASSERT_EQ(0, notify_none(self->fd));
	EXPECT_EQ(0, notify_none(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_FALSE(is_notified(self));
	ASSERT_EQ(1, take(self->fd));

	ASSERT_EQ(0, notify_eventfd(self->fd, self->eventfd));
	EXPECT_EQ(-EBUSY, notify_signal(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(1, counted(self->eventfd));
	EXPECT_EQ(0, notify_signal(self->fd));
}

static int another_process(void *arg)
{
	FIXTURE_DATA(notify) *self = arg;

	if (notify_signal(self->fd) != -EBUSY)
		return 1;
	/* It is not this process's to take back. */
	if (notify_none(self->fd) || notify_signal(self->fd) != -EBUSY)
		return 2;
	/* Nor does it go when this process closes the descriptor it has inherited. */
	close(self->fd);
	return 0;
}

TEST_F(notify, other_processes)
{
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(0, child_run(another_process, self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_TRUE(is_notified(self));
}

/* By whatever descriptor of the mailbox it is taken back. */
TEST_F(notify, taken_back_by_another_descriptor)
{
	int fd = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(-EBUSY, notify_signal(fd));
	EXPECT_EQ(0, notify_none(fd));
	EXPECT_TRUE(is_free(self));
	close(fd);
}

TEST_F(notify, closed)
{
	int fd = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(fd));
	EXPECT_FALSE(is_free(self));
	close(fd);
	EXPECT_TRUE(is_free(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_FALSE(is_notified(self));

	/* Another one it was not made on. */
	fd = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, take(self->fd));
	ASSERT_EQ(0, notify_signal(self->fd));
	close(fd);
	EXPECT_FALSE(is_free(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_TRUE(is_notified(self));
}

TEST_F(notify, copy_closed)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, notify_signal(self->fd));
	close(copy);
	EXPECT_TRUE(is_free(self));
}

static int register_and_wait(void *arg)
{
	FIXTURE_DATA(notify) *self = arg;

	if (notify_signal(self->fd))
		return 1;
	self->calls[0].done = 1;
	pause();
	return 2;
}

/* It goes at once with its process, though its descriptor is still open here. */
TEST_F(notify, killed)
{
	FIXTURE_DATA(notify) *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int i;

	*shared = *self;
	for (i = 0; i < 10; i++) {
		self->calls[0].done = 0;
		pid = child_start(register_and_wait, shared);
		ASSERT_TRUE(await_value(&self->calls[0].done, 1));
		EXPECT_FALSE(is_free(self));
		kill(pid, SIGKILL);
		child_wait(pid);
		EXPECT_TRUE(is_free(self));
	}
}

/* A process that shares its descriptors with another closes none when it dies. */
TEST_F(notify, killed_without_closing)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(notify_signal(self->fd));
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_TRUE(is_free(self));

	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(notify_eventfd(self->fd, self->eventfd));
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_EQ(0, notify_signal(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, counted(self->eventfd));
	EXPECT_TRUE(is_notified(self));
}

/* The number of a process that has died is told to nobody. */
TEST_F(notify, message_for_a_dead_process)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(notify_signal(self->fd));
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_EQ(0, put(self->fd, 0, 1));
	EXPECT_FALSE(is_notified(self));
}

struct exec {
	int fd, input[2], output[2];
};

static int register_and_exec(void *arg)
{
	struct exec *exec = arg;

	int ret;

	fcntl(exec->fd, F_SETFD, 0);
	ret = notify_by(exec->fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGKILL);
	if (ret)
		return 1;
	dup2(exec->input[0], 0);
	dup2(exec->output[1], 1);
	execl("/bin/sh", "sh", "-c", "echo ready; read line; exit 7", NULL);
	return 2;
}

/* The new program has asked for nothing. */
TEST_F(notify, program_that_was_started_since)
{
	struct exec exec = { .fd = self->fd };
	char line[8];
	pid_t pid;

	if (access("/bin/sh", X_OK))
		SKIP(return, "no shell here");
	ASSERT_EQ(0, pipe2(exec.input, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(exec.output, O_CLOEXEC));
	pid = child_start(register_and_exec, &exec);
	ASSERT_EQ(6, read(exec.output[0], line, sizeof(line)));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(1, write(exec.input[1], "\n", 1));
	EXPECT_EQ(7, child_wait(pid));
	ASSERT_EQ(1, take(self->fd));

	/* And is in nobody's way. */
	pid = child_start(register_and_exec, &exec);
	ASSERT_EQ(6, read(exec.output[0], line, sizeof(line)));
	EXPECT_TRUE(is_free(self));
	ASSERT_EQ(1, write(exec.input[1], "\n", 1));
	EXPECT_EQ(7, child_wait(pid));
}

/*
 * Which thread
 */

static volatile int handled_by;

static void handler(int signo)
{
	(void)signo;
	handled_by = syscall(SYS_gettid);
}

struct thread {
	FIXTURE_DATA(notify) *self;
	pthread_t thread;
	bool registers, unblocks, waits;
	volatile int tid, step, goal;
	int ret;
	siginfo_t info;
};

static void *thread_body(void *arg)
{
	FIXTURE_DATA(notify) *self = ((struct thread *)arg)->self;
	struct thread *thread = arg;

	if (thread->unblocks)
		pthread_sigmask(SIG_UNBLOCK, &self->signals, NULL);
	if (thread->registers)
		thread->ret = notify_signal(self->fd);
	thread->tid = syscall(SYS_gettid);
	thread->step = 1;
	await_value(&thread->goal, 1);
	if (thread->waits)
		thread->ret = sigtimedwait(&self->signals, &thread->info,
					   &(struct timespec){ .tv_sec = 20 });
	thread->step = 2;
	await_value(&thread->goal, 2);
	return NULL;
}

static bool thread_start(struct thread *thread, FIXTURE_DATA(notify) *self)
{
	thread->self = self;
	return !pthread_create(&thread->thread, NULL, thread_body, thread) &&
	       await_value(&thread->step, 1);
}

static void thread_end(struct thread *thread)
{
	thread->goal = 2;
	pthread_join(thread->thread, NULL);
}

TEST_F(notify, thread_that_registered)
{
	struct thread registrant = { .registers = true, .unblocks = true };
	struct thread other = { .unblocks = true };

	signal(SIGNO, handler);
	ASSERT_TRUE(thread_start(&other, self));
	ASSERT_TRUE(thread_start(&registrant, self));
	ASSERT_EQ(0, registrant.ret);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(await_value(&handled_by, 1));
	EXPECT_EQ(registrant.tid, handled_by);
	thread_end(&registrant);
	thread_end(&other);
}

TEST_F(notify, thread_that_does_not_block_it)
{
	struct thread other = { .unblocks = true };

	signal(SIGNO, handler);
	ASSERT_EQ(0, notify_signal(self->fd));
	ASSERT_TRUE(thread_start(&other, self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(await_value(&handled_by, 1));
	EXPECT_EQ(other.tid, handled_by);
	thread_end(&other);
	EXPECT_FALSE(is_notified(self));
}

/* All block it: it is there when the thread that registered comes to wait for it. */
TEST_F(notify, thread_that_waits_for_it_later)
{
	struct thread registrant = { .registers = true, .waits = true };
	struct thread other = {};

	ASSERT_TRUE(thread_start(&other, self));
	ASSERT_TRUE(thread_start(&registrant, self));
	ASSERT_EQ(0, registrant.ret);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	registrant.goal = 1;
	ASSERT_TRUE(await_value(&registrant.step, 2));
	EXPECT_EQ(SIGNO, registrant.ret);
	EXPECT_EQ(SI_MESGQ, registrant.info.si_code);
	EXPECT_EQ(VALUE, registrant.info.si_value.sival_int);
	EXPECT_EQ(getpid(), registrant.info.si_pid);
	thread_end(&registrant);
	thread_end(&other);
}

/* Another one waits for it already. */
TEST_F(notify, thread_that_waits_for_it)
{
	struct thread other = { .waits = true };

	ASSERT_EQ(0, notify_signal(self->fd));
	ASSERT_TRUE(thread_start(&other, self));
	other.goal = 1;
	ASSERT_TRUE(await_thread_asleep(getpid(), other.tid));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_TRUE(await_value(&other.step, 2));
	EXPECT_EQ(SIGNO, other.ret);
	thread_end(&other);
}

TEST_F(notify, thread_that_has_ended)
{
	struct thread registrant = { .registers = true };

	ASSERT_TRUE(thread_start(&registrant, self));
	ASSERT_EQ(0, registrant.ret);
	registrant.goal = 1;
	thread_end(&registrant);
	EXPECT_FALSE(is_free(self));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_TRUE(is_notified(self));
}

TEST_F(notify, signalfd)
{
	int fd = signalfd(-1, &self->signals, SFD_NONBLOCK | SFD_CLOEXEC);
	struct signalfd_siginfo info;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, notify_signal(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	EXPECT_EQ(SIGNO, info.ssi_signo);
	EXPECT_EQ(SI_MESGQ, info.ssi_code);
	EXPECT_EQ(VALUE, info.ssi_int);
	EXPECT_EQ(getpid(), info.ssi_pid);
	close(fd);
}

/*
 * Wrong arguments; more of them in abi.c
 */

TEST_F(notify, bad_values)
{
	int fd = self->fd;

	EXPECT_EQ(-EINVAL, notify_by(fd, .method = 3));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = ~0U));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_NONE, .signo = SIGNO));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_NONE, .eventfd = 3));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_NONE, .value = 1));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_SIGNAL));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = 65));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = ~0U));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGNO,
				     .eventfd = self->eventfd));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGNO,
				     .__reserved = 1));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_EVENTFD,
				     .eventfd = self->eventfd));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_EVENTFD,
				     .eventfd = self->eventfd, .value = 2));
	EXPECT_EQ(-EINVAL, notify_by(fd, .method = IPCMBOX_NOTIFY_EVENTFD,
				     .eventfd = self->eventfd, .value = 1, .signo = SIGNO));
	EXPECT_TRUE(is_free(self));
}

TEST_F(notify, bad_eventfd)
{
	EXPECT_EQ(-EBADF, notify_eventfd(self->fd, -1));
	EXPECT_EQ(-EBADF, notify_eventfd(self->fd, 1000));
	EXPECT_EQ(-EINVAL, notify_eventfd(self->fd, self->fd));
	EXPECT_EQ(-EINVAL, notify_eventfd(self->fd, self->dev));
	EXPECT_TRUE(is_free(self));
}

TEST_F(notify, first_and_last_signal)
{
	siginfo_t info;

	sigaddset(&self->signals, SIGHUP);
	sigaddset(&self->signals, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &self->signals, NULL);
	ASSERT_EQ(0, notify_by(self->fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGHUP));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(SIGHUP, pending_signal(self, &info));
	ASSERT_EQ(1, take(self->fd));
	ASSERT_EQ(0, notify_by(self->fd, .method = IPCMBOX_NOTIFY_SIGNAL, .signo = SIGRTMAX));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(SIGRTMAX, pending_signal(self, &info));
}

TEST_F(notify, needs_a_descriptor_that_receives)
{
	__u64 id = mailbox_id(self->fd);
	int sender = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
	int looker = mailbox_by_id(self->dev, id, 0);

	EXPECT_EQ(-EACCES, notify_signal(sender));
	EXPECT_EQ(-EACCES, notify_none(sender));
	EXPECT_EQ(-EACCES, notify_signal(looker));
	close(sender);
	close(looker);
}

/* A descriptor that was inherited is right enough, and the sender needs none. */
static int register_as_somebody(void *arg)
{
	FIXTURE_DATA(notify) *self = arg;

	if (become(SOMEBODY, SOMEBODY) || notify_signal(self->fd))
		return 1;
	self->calls[0].done = 1;
	return sigtimedwait(&self->signals, NULL, &(struct timespec){ .tv_sec = 20 }) == SIGNO ?
	       0 : 2;
}

static int send_as_nobody(void *arg)
{
	FIXTURE_DATA(notify) *self = arg;

	return become(SOMEBODY + 1, SOMEBODY + 1) ? 1 : put(self->fd, 0, 1);
}

TEST_F(notify, users)
{
	siginfo_t info = {};
	pid_t pid;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	pid = child_start(register_as_somebody, self);
	ASSERT_TRUE(await_value(&self->calls[0].done, 1));
	EXPECT_EQ(0, child_run(send_as_nobody, self));
	EXPECT_EQ(0, child_wait(pid));

	ASSERT_EQ(1, take(self->fd));
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(0, child_run(send_as_nobody, self));
	EXPECT_EQ(SIGNO, pending_signal(self, &info));
	EXPECT_EQ(SOMEBODY + 1, info.si_uid);
}

/*
 * Namespaces
 */

struct inside {
	FIXTURE_DATA(notify) *self;
	int ret, pid;
	siginfo_t info;
};

static int register_inside(void *arg)
{
	FIXTURE_DATA(notify) *self = ((struct inside *)arg)->self;
	struct inside *inside = arg;

	if (notify_signal(self->fd))
		return 1;
	self->calls[0].done = 1;
	inside->ret = sigtimedwait(&self->signals, &inside->info,
				   &(struct timespec){ .tv_sec = 20 });
	return 0;
}

static int in_pid_namespace(void *arg)
{
	return unshare(CLONE_NEWPID) ? 1 : child_run(register_inside, arg);
}

static int send_inside(void *arg)
{
	return unshare(CLONE_NEWPID) ? 1 : child_run(send_one, arg);
}

TEST_F(notify, pid_namespace)
{
	struct inside *inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	siginfo_t info = {};
	pid_t pid;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	inside->self = self;
	inside->info.si_pid = POISON32;
	pid = child_start(in_pid_namespace, inside);
	ASSERT_TRUE(await_value(&self->calls[0].done, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(SIGNO, inside->ret);
	EXPECT_EQ(SI_MESGQ, inside->info.si_code);
	/* Nobody that could be seen there. */
	EXPECT_EQ(0, inside->info.si_pid);

	ASSERT_EQ(1, take(self->fd));
	ASSERT_EQ(0, notify_signal(self->fd));
	EXPECT_EQ(0, child_run(send_inside, &self->fd));
	EXPECT_EQ(SIGNO, pending_signal(self, &info));
	/* Not 1, as it is there. */
	EXPECT_GT(info.si_pid, getpid());
}

static int in_user_namespace(void *arg)
{
	if (unshare(CLONE_NEWUSER) || !write_file("/proc/self/uid_map", "7 0 1"))
		return 1;
	return register_inside(arg);
}

TEST_F(notify, user_namespace)
{
	struct inside *inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	inside->self = self;
	inside->info.si_uid = POISON32;
	pid = child_start(in_user_namespace, inside);
	ASSERT_TRUE(await_value(&self->calls[0].done, 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(SIGNO, inside->ret);
	EXPECT_EQ(7, inside->info.si_uid);
}

/*
 * Races
 */

struct race {
	FIXTURE_DATA(notify) *self;
	__u32 count;
	volatile int received, stop;
};

/* Registers, takes what is there, and sleeps until it is told of more. */
static int receive_when_told(void *arg)
{
	FIXTURE_DATA(notify) *self = ((struct race *)arg)->self;
	struct race *race = arg;
	struct pollfd pollfd = { .fd = self->eventfd, .events = POLLIN };

	while (race->received < race->count) {
		if (notify_eventfd(self->fd, self->eventfd))
			return 1;
		while (take(self->fd) >= 0)
			race->received++;
		if (race->received == race->count)
			break;
		if (poll(&pollfd, 1, 20000) != 1)
			return 2;
		counted(self->eventfd);
		notify_none(self->fd);
	}
	return 0;
}

/* Whoever does as the manual says misses nothing. */
TEST_F(notify, nothing_is_missed)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	__u32 number, i;
	pid_t pid;

	race->self = self;
	race->count = scaled(3000);
	pid = child_start(receive_when_told, race);
	for (i = 0; i < race->count; i++) {
		number = i;
		ASSERT_EQ(0, message_send(self->fd, .buf_ptr = ptr_u64(&number), .buf_len = 4));
	}
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(race->count, race->received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

static int register_all_the_time(void *arg)
{
	FIXTURE_DATA(notify) *self = ((struct race *)arg)->self;
	struct race *race = arg;
	int i;

	signal(SIGNO, SIG_IGN);
	for (i = 0; !race->stop; i++) {
		int fd = i & 4 ? dup(self->fd) : self->fd;

		if (i & 1)
			notify_signal(fd);
		else
			notify_eventfd(fd, self->eventfd);
		if (i & 2)
			notify_none(fd);
		if (fd != self->fd)
			close(fd);
	}
	return 0;
}

TEST_F(notify, while_they_register)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	__u32 i, rounds = scaled(3000);
	pid_t pids[3];
	int j;

	race->self = self;
	for (j = 0; j < 3; j++)
		pids[j] = child_start(register_all_the_time, race);
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_EQ(i, take(self->fd));
		if (i % 300 == 299) {
			kill(pids[i / 300 % 3], SIGKILL);
			child_wait(pids[i / 300 % 3]);
			pids[i / 300 % 3] = child_start(register_all_the_time, race);
		}
	}
	race->stop = 1;
	for (j = 0; j < 3; j++)
		EXPECT_EQ(0, child_wait(pids[j]));
	EXPECT_TRUE(is_free(self));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_HARNESS_MAIN
