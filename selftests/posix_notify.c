// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX message queues: notification.
 */
#include <limits.h>
#include <signal.h>

#include "posix_test.h"

#define SIGNO (SIGRTMIN + 1)

static volatile int handled;

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGNO);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

/* The signal that has come, 0 if none has. */
static int signalled(siginfo_t *info)
{
	const struct timespec soon = { .tv_nsec = SOON_NS / 2 };
	sigset_t signals;
	int ret;

	block_signals(&signals);
	memset(info, POISON, sizeof(*info));
	ret = sigtimedwait(&signals, info, &soon);
	return ret < 0 ? 0 : ret;
}

static int notify_signal(mqd_t mq)
{
	const struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGNO,
		.sigev_value.sival_ptr = (void *)&handled,
	};
	sigset_t signals;

	block_signals(&signals);
	return error_of(mq_notify(mq, &event));
}

static int notify_signal_in_child(void *arg)
{
	return notify_signal(*(mqd_t *)arg);
}

static int take_back_in_child(void *arg)
{
	return error_of(mq_notify(*(mqd_t *)arg, NULL));
}

TEST_F(mq, notify_by_signal)
{
	siginfo_t info;
	pid_t pid;

	EXPECT_EQ(0, notify_signal(self->mq));
	EXPECT_EQ(0, signalled(&info));
	pid = child_start(send_in_child, &self->mq);
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(SIGNO, signalled(&info));
	EXPECT_EQ(SIGNO, info.si_signo);
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(0, info.si_errno);
	EXPECT_EQ((void *)&handled, info.si_value.sival_ptr);
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(0, info.si_uid);

	/* Once. */
	EXPECT_EQ(11, receive_number(self->mq));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, signalled(&info));
}

TEST_F(mq, notify_when_no_longer_empty)
{
	siginfo_t info;

	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, notify_signal(self->mq));
	EXPECT_EQ(0, send_number(self->mq, 0, 2));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(0, send_number(self->mq, 0, 3));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(2, receive_number(self->mq));
	EXPECT_EQ(3, receive_number(self->mq));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(0, send_number(self->mq, 0, 4));
	EXPECT_EQ(SIGNO, signalled(&info));
}

TEST_F(mq, notify_after_who_waits)
{
	struct waiting waiting = { .way = RECEIVE, .mq = self->mq };
	siginfo_t info;

	EXPECT_EQ(0, notify_signal(self->mq));
	ASSERT_TRUE(start_waiting(&waiting));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(sizeof(int), end_waiting(&waiting));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(0, send_number(self->mq, 0, 2));
	EXPECT_EQ(SIGNO, signalled(&info));
}

TEST_F(mq, notify_one)
{
	const struct sigevent none = { .sigev_notify = SIGEV_NONE };
	mqd_t other = mq_open(QUEUE, O_RDWR);
	siginfo_t info;

	EXPECT_EQ(0, notify_signal(self->mq));
	EXPECT_EQ(EBUSY, notify_signal(self->mq));
	EXPECT_EQ(EBUSY, notify_signal(other));
	EXPECT_EQ(EBUSY, error_of(mq_notify(self->mq, &none)));
	EXPECT_EQ(EBUSY, child_run(notify_signal_in_child, &self->mq));

	/* Only who has registered can take it back, by whichever descriptor. */
	EXPECT_EQ(0, child_run(take_back_in_child, &self->mq));
	EXPECT_EQ(EBUSY, notify_signal(self->mq));
	EXPECT_EQ(0, mq_notify(other, NULL));
	EXPECT_EQ(0, mq_notify(other, NULL));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(0, notify_signal(other));
	mq_close(other);
}

TEST_F(mq, notify_nobody)
{
	const struct sigevent none = { .sigev_notify = SIGEV_NONE };

	EXPECT_EQ(0, mq_notify(self->mq, &none));
	EXPECT_EQ(EBUSY, error_of(mq_notify(self->mq, &none)));
	EXPECT_EQ(EBUSY, child_run(notify_signal_in_child, &self->mq));
	/* It is used up as any other. */
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, child_run(notify_signal_in_child, &self->mq));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(0, mq_notify(self->mq, &none));
	EXPECT_EQ(0, mq_notify(self->mq, NULL));
	EXPECT_EQ(0, child_run(notify_signal_in_child, &self->mq));
}

TEST_F(mq, notify_wrong)
{
	static const struct sigevent wrong[] = {
		{ .sigev_notify = -1 }, { .sigev_notify = 3 }, { .sigev_notify = 4 },
		{ .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 },
		{ .sigev_notify = SIGEV_SIGNAL, .sigev_signo = -1 },
		{ .sigev_notify = SIGEV_SIGNAL, .sigev_signo = INT_MAX },
	};
	siginfo_t info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(EINVAL, error_of(mq_notify(self->mq, &wrong[i]))) TH_LOG("%zu", i);
	EXPECT_EQ(0, notify_signal(self->mq));
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(EINVAL, error_of(mq_notify(self->mq, &wrong[i])));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(SIGNO, signalled(&info));
}

TEST_F(mq, notify_whatever_the_access)
{
	mqd_t writer = mq_open(QUEUE, O_WRONLY);
	siginfo_t info;

	ASSERT_LE(0, writer);
	EXPECT_EQ(0, notify_signal(writer));
	EXPECT_EQ(EBUSY, notify_signal(self->mq));
	EXPECT_EQ(0, send_number(writer, 0, 1));
	EXPECT_EQ(SIGNO, signalled(&info));
	mq_close(writer);
}

TEST_F(mq, notify_ends_with_the_descriptor)
{
	mqd_t other = mq_open(QUEUE, O_RDWR);
	siginfo_t info;

	EXPECT_EQ(0, notify_signal(other));
	EXPECT_EQ(0, mq_close(other));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(1, receive_number(self->mq));

	/* A copy of it counts as well. */
	EXPECT_EQ(0, notify_signal(self->mq));
	other = dup(self->mq);
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(0, send_number(self->mq, 0, 2));
	EXPECT_EQ(0, signalled(&info));
	EXPECT_EQ(0, notify_signal(self->mq));
}

TEST_F(mq, notify_ends_with_the_process)
{
	siginfo_t info;

	EXPECT_EQ(0, child_run(notify_signal_in_child, &self->mq));
	EXPECT_EQ(0, notify_signal(self->mq));
	/* The child of fork() is another process. */
	EXPECT_EQ(0, child_run(send_in_child, &self->mq));
	EXPECT_EQ(SIGNO, signalled(&info));
}

/* What threads of notifications leave. */
static struct told {
	volatile int count;
	volatile int value;
	volatile pthread_t thread;
	volatile bool unblocked;
	volatile size_t stack;
	volatile mqd_t mq;
} told;

static void tell(union sigval value)
{
	pthread_attr_t attr;
	sigset_t signals;
	size_t size = 0;

	pthread_sigmask(SIG_SETMASK, NULL, &signals);
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstacksize(&attr, &size);
	pthread_attr_destroy(&attr);
	told.unblocked = !sigismember(&signals, SIGNO) && !sigismember(&signals, SIGUSR1);
	told.stack = size;
	told.thread = pthread_self();
	told.value = value.sival_int;
	__atomic_add_fetch(&told.count, 1, __ATOMIC_SEQ_CST);
}

static int notify_thread(mqd_t mq, void (*function)(union sigval), int value,
			 pthread_attr_t *attr)
{
	const struct sigevent event = {
		.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = value,
		.sigev_notify_function = function, .sigev_notify_attributes = attr,
	};

	return error_of(mq_notify(mq, &event));
}

static bool is_told(int count)
{
	if (await_value(&told.count, count))
		usleep(SOON_NS / 2000);
	return told.count == count;
}

TEST_F(mq, notify_by_thread)
{
	siginfo_t info;
	sigset_t signals;

	block_signals(&signals);
	EXPECT_EQ(EBADF, notify_thread(-1, tell, 1, NULL));
	EXPECT_EQ(0, notify_thread(self->mq, tell, 2, NULL));
	EXPECT_EQ(EBUSY, notify_thread(self->mq, tell, 3, NULL));
	EXPECT_EQ(EBUSY, notify_signal(self->mq));
	EXPECT_TRUE(is_told(0));
	EXPECT_EQ(0, child_run(send_in_child, &self->mq));
	ASSERT_TRUE(is_told(1));
	EXPECT_EQ(2, told.value);
	EXPECT_TRUE(told.unblocked);
	EXPECT_NE(pthread_self(), told.thread);

	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(11, receive_number(self->mq));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_TRUE(is_told(1));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(0, notify_thread(self->mq, tell, 4, NULL));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	ASSERT_TRUE(is_told(2));
	EXPECT_EQ(4, told.value);
	EXPECT_EQ(0, signalled(&info));
}

TEST_F(mq, notify_by_thread_of_its_kind)
{
	pthread_attr_t attr;
	int state;

	for (state = 0; state < 2; state++) {
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, 123 * 4096);
		pthread_attr_setdetachstate(&attr, state ? PTHREAD_CREATE_DETACHED :
							   PTHREAD_CREATE_JOINABLE);
		EXPECT_EQ(0, notify_thread(self->mq, tell, state, &attr));
		pthread_attr_destroy(&attr);
		EXPECT_EQ(0, send_number(self->mq, 0, 1));
		ASSERT_TRUE(is_told(state + 1));
		EXPECT_EQ(123 * 4096, told.stack);
		EXPECT_EQ(1, receive_number(self->mq));
	}
}

TEST_F(mq, notify_by_thread_taken_back)
{
	mqd_t other;

	EXPECT_EQ(0, notify_thread(self->mq, tell, 1, NULL));
	EXPECT_EQ(0, mq_notify(self->mq, NULL));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_TRUE(is_told(0));
	EXPECT_EQ(1, receive_number(self->mq));

	other = mq_open(QUEUE, O_RDWR);
	EXPECT_EQ(0, notify_thread(other, tell, 2, NULL));
	EXPECT_EQ(0, mq_close(other));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_TRUE(is_told(0));
	EXPECT_EQ(1, receive_number(self->mq));

	/* Each as it was registered last. */
	EXPECT_EQ(0, notify_thread(self->mq, tell, 3, NULL));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	ASSERT_TRUE(is_told(1));
	EXPECT_EQ(3, told.value);
}

static void tell_again(union sigval value)
{
	char buf[LENGTH];

	/* As mq_notify(3) shows it: first register, then empty the queue. */
	notify_thread(told.mq, tell_again, value.sival_int + 1, NULL);
	set_nonblock(told.mq, true);
	while (mq_receive(told.mq, buf, sizeof(buf), NULL) >= 0)
		__atomic_add_fetch(&told.count, 1, __ATOMIC_SEQ_CST);
}

TEST_F(mq, notify_by_thread_again_and_again)
{
	int i;

	told.mq = self->mq;
	EXPECT_EQ(0, notify_thread(self->mq, tell_again, 0, NULL));
	for (i = 1; i <= 20; i++) {
		EXPECT_EQ(0, send_number(self->mq, 0, i));
		ASSERT_TRUE(await_value(&told.count, i));
	}
	EXPECT_EQ(0, mq_notify(self->mq, NULL));
}

static bool state_is(int how, int signo, pid_t pid)
{
	mqd_t mq = mq_open(QUEUE, O_RDONLY);
	char text[200] = "", expected[200];

	snprintf(expected, sizeof(expected), "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
		 0, how, signo, pid);
	if (read(mq, text, sizeof(text) - 1) < 0)
		perror("# read");
	close(mq);
	if (strcmp(text, expected))
		fprintf(stderr, "# %s# not %s", text, expected);
	return !strcmp(text, expected);
}

/* Looking by another process, as its close() is none of who has registered. */
static int look_at_state(void *arg)
{
	const int *expected = arg;

	return !state_is(expected[0], expected[1], getppid());
}

TEST_F(mq, notify_state)
{
	int by_signal[2] = { SIGEV_SIGNAL, SIGNO }, by_thread[2] = { SIGEV_THREAD, 0 };

	EXPECT_TRUE(state_is(0, 0, 0));
	EXPECT_EQ(0, notify_signal(self->mq));
	EXPECT_EQ(0, child_run(look_at_state, by_signal));
	EXPECT_EQ(0, mq_notify(self->mq, NULL));
	EXPECT_EQ(0, notify_thread(self->mq, tell, 1, NULL));
	EXPECT_EQ(0, child_run(look_at_state, by_thread));
	EXPECT_EQ(0, mq_notify(self->mq, NULL));
	EXPECT_TRUE(state_is(0, 0, 0));
}

/*
 * The child of fork(2) knows nothing of it.  (Threads for notifications of its own it may get or
 * not: those of the C library read its parent's, too.)
 */
TEST_F(mq, notify_by_thread_and_fork)
{
	EXPECT_EQ(0, notify_thread(self->mq, tell, 5, NULL));
	EXPECT_EQ(EBUSY, child_run(notify_signal_in_child, &self->mq));
	EXPECT_EQ(0, child_run(take_back_in_child, &self->mq));
	EXPECT_TRUE(is_told(0));
	EXPECT_EQ(0, child_run(send_in_child, &self->mq));
	ASSERT_TRUE(is_told(1));
	EXPECT_EQ(5, told.value);
}

TEST_HARNESS_MAIN
