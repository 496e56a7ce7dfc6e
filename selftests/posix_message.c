// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX message queues: messages, deadlines, the descriptor.
 */
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "posix_test.h"

/* Not what the compiler may assume of arguments that the header says are not NULL. */
static void *volatile none;

/*
 * Sending and receiving
 */

TEST_F(mq, payload)
{
	static const size_t lengths[] = { 0, 1, 7, 8, LENGTH - 1, LENGTH };
	char buf[2 * LENGTH];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill_pattern(self->buf, LENGTH, i);
		EXPECT_EQ(0, mq_send(self->mq, self->buf, lengths[i], i));
		memset(buf, POISON, sizeof(buf));
		self->priority = POISON32;
		EXPECT_EQ(lengths[i], mq_receive(self->mq, buf, i % 2 ? LENGTH : sizeof(buf),
						 &self->priority));
		EXPECT_EQ(i, self->priority);
		EXPECT_TRUE(check_pattern(buf, lengths[i], i));
		EXPECT_EQ((char)POISON, buf[lengths[i]]);

		EXPECT_EQ(0, mq_send(self->mq, self->buf, lengths[i], 0));
		memset(buf, POISON, sizeof(buf));
		EXPECT_EQ(lengths[i], mq_receive(self->mq, buf, sizeof(buf), NULL));
		EXPECT_TRUE(check_pattern(buf, lengths[i], i));
		EXPECT_EQ((char)POISON, buf[lengths[i]]);
	}
	EXPECT_EQ(0, mq_send(self->mq, none, 0, 0));
	EXPECT_EQ(0, mq_receive(self->mq, self->buf, LENGTH, NULL));
}

TEST_F(mq, long_payload)
{
	const struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 200000 };
	mqd_t mq = mq_open(OTHER, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	char *buf = malloc(attr.mq_msgsize);
	int i;

	ASSERT_LE(0, mq) TH_LOG("%m");
	for (i = 0; i < 2; i++) {
		fill_pattern(buf, attr.mq_msgsize, i);
		EXPECT_EQ(0, mq_send(mq, buf, attr.mq_msgsize - i, 0));
	}
	for (i = 0; i < 2; i++) {
		memset(buf, 0, attr.mq_msgsize);
		EXPECT_EQ(attr.mq_msgsize - i, mq_receive(mq, buf, attr.mq_msgsize, NULL));
		EXPECT_TRUE(check_pattern(buf, attr.mq_msgsize - i, i));
	}
	mq_close(mq);
	free(buf);
}

TEST_F(mq, priorities)
{
	static const unsigned int priorities[] = { 3, 32767, 3, 0 }, sorted[] = { 1, 0, 2, 3 };
	size_t i;

	for (i = 0; i < MESSAGES; i++)
		EXPECT_EQ(0, send_number(self->mq, priorities[i], i));
	for (i = 0; i < MESSAGES; i++) {
		EXPECT_EQ(sizeof(int), mq_receive(self->mq, self->buf, LENGTH, &self->priority));
		EXPECT_EQ(priorities[sorted[i]], self->priority);
		EXPECT_EQ(sorted[i], *(int *)self->buf);
	}
	EXPECT_EQ(EINVAL, send_number(self->mq, 32768, 1));
	EXPECT_EQ(EINVAL, send_number(self->mq, UINT_MAX, 1));
	EXPECT_EQ(EINVAL, error_of(mq_send(self->mq, self->buf, 1, INT_MAX)));
	EXPECT_EQ(0, attributes(self->mq).mq_curmsgs);
}

TEST_F(mq, too_long)
{
	EXPECT_EQ(EMSGSIZE, error_of(mq_send(self->mq, self->buf, LENGTH + 1, 0)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_send(self->mq, self->buf, LENGTH + 1, 1)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_send(self->mq, self->buf, (16 << 20) + 1, 0)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_send(self->mq, self->buf, SIZE_MAX / 2, 0)));
	EXPECT_EQ(0, attributes(self->mq).mq_curmsgs);

	/* It is the longest message that the buffer must hold, also if there is none. */
	EXPECT_EQ(EMSGSIZE, error_of(mq_receive(self->mq, self->buf, LENGTH - 1, NULL)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_receive(self->mq, self->buf, 0, &self->priority)));
	EXPECT_EQ(0, set_nonblock(self->mq, true));
	EXPECT_EQ(EMSGSIZE, error_of(mq_receive(self->mq, self->buf, LENGTH - 1, NULL)));
	EXPECT_EQ(0, mq_send(self->mq, self->buf, 1, 0));
	EXPECT_EQ(EMSGSIZE, error_of(mq_receive(self->mq, self->buf, LENGTH - 1, NULL)));
	EXPECT_EQ(EMSGSIZE, error_of(mq_receive(self->mq, self->buf, 1, &self->priority)));
	EXPECT_EQ(1, attributes(self->mq).mq_curmsgs);
	EXPECT_EQ(POISON32, self->priority);
	EXPECT_EQ(1, mq_receive(self->mq, self->buf, LENGTH, NULL));
}

TEST_F(mq, bad_payload)
{
	void *hidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, hidden);
	EXPECT_EQ(EFAULT, error_of(mq_send(self->mq, none, 1, 0)));
	EXPECT_EQ(EFAULT, error_of(mq_send(self->mq, hidden, LENGTH, 5)));
	EXPECT_EQ(0, attributes(self->mq).mq_curmsgs);

	/* Which is noticed before there is no room. */
	EXPECT_EQ(MESSAGES, fill(self->mq));
	EXPECT_EQ(0, set_nonblock(self->mq, true));
	EXPECT_EQ(EFAULT, error_of(mq_send(self->mq, hidden, 1, 0)));
	EXPECT_EQ(MESSAGES, attributes(self->mq).mq_curmsgs);
	EXPECT_EQ(EFAULT, error_of(mq_receive(self->mq, hidden, LENGTH, NULL)));
	while (receive_number(self->mq) >= 0)
		;
	EXPECT_EQ(EAGAIN, error_of(mq_receive(self->mq, hidden, LENGTH, NULL)));
	munmap(hidden, 4096);
}

TEST_F(mq, nonblocking)
{
	const struct timespec past = { 0 };
	struct timespec later = in_ns(PATIENCE_NS);

	EXPECT_EQ(0, set_nonblock(self->mq, true));
	EXPECT_EQ(EAGAIN, error_of(mq_receive(self->mq, self->buf, LENGTH, NULL)));
	EXPECT_EQ(EAGAIN, error_of(mq_receive(self->mq, self->buf, LENGTH, &self->priority)));
	EXPECT_EQ(EAGAIN, error_of(mq_timedreceive(self->mq, self->buf, LENGTH, NULL, &past)));
	EXPECT_EQ(EAGAIN, error_of(mq_timedreceive(self->mq, self->buf, LENGTH, NULL, &later)));
	EXPECT_EQ(MESSAGES, fill(self->mq));
	EXPECT_EQ(EAGAIN, error_of(mq_send(self->mq, self->buf, 1, 0)));
	EXPECT_EQ(EAGAIN, error_of(mq_send(self->mq, self->buf, 1, 9)));
	EXPECT_EQ(EAGAIN, error_of(mq_timedsend(self->mq, self->buf, 1, 0, &past)));
	EXPECT_EQ(EAGAIN, error_of(mq_timedsend(self->mq, self->buf, 1, 0, &later)));
	EXPECT_EQ(MESSAGES, attributes(self->mq).mq_curmsgs);
}

TEST_F(mq, deadlines)
{
	static const struct timespec wrong[] = {
		{ .tv_nsec = -1 }, { .tv_nsec = NSEC_PER_SEC }, { .tv_nsec = LONG_MAX },
		{ .tv_sec = -1 }, { .tv_sec = -1, .tv_nsec = 5 },
	};
	const struct timespec past = { .tv_sec = 1 }, never = { .tv_sec = sizeof(time_t) == 8 ?
		(time_t)LLONG_MAX : INT_MAX, .tv_nsec = 999999999 };
	struct timespec soon;
	size_t i;

	/* The past is no hindrance to what does not wait, nor is the far future. */
	EXPECT_EQ(0, mq_timedsend(self->mq, self->buf, 1, 0, &past));
	EXPECT_EQ(1, mq_timedreceive(self->mq, self->buf, LENGTH, NULL, &past));
	EXPECT_EQ(0, mq_timedsend(self->mq, self->buf, 1, 0, &never));
	EXPECT_EQ(1, mq_timedreceive(self->mq, self->buf, LENGTH, NULL, &never));
	/* What is wrong is so at any time. */
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(EINVAL, error_of(mq_timedsend(self->mq, self->buf, 1, 0, &wrong[i])));
		EXPECT_EQ(0, attributes(self->mq).mq_curmsgs);
		EXPECT_EQ(0, send_number(self->mq, 0, 1));
		EXPECT_EQ(EINVAL, error_of(mq_timedreceive(self->mq, self->buf, LENGTH, NULL,
							   &wrong[i])));
		EXPECT_EQ(1, receive_number(self->mq));
	}

	EXPECT_EQ(ETIMEDOUT, error_of(mq_timedreceive(self->mq, self->buf, LENGTH, NULL, &past)));
	soon = in_ns(SOON_NS);
	EXPECT_EQ(ETIMEDOUT, error_of(mq_timedreceive(self->mq, self->buf, LENGTH, &self->priority,
						      &soon)));
	EXPECT_LE(soon.tv_sec * NSEC_PER_SEC + soon.tv_nsec, now_ns(IPCMBOX_CLOCK_REALTIME));
	EXPECT_EQ(POISON32, self->priority);

	EXPECT_EQ(MESSAGES, fill(self->mq));
	EXPECT_EQ(ETIMEDOUT, error_of(mq_timedsend(self->mq, self->buf, 1, 0, &past)));
	soon = in_ns(SOON_NS);
	EXPECT_EQ(ETIMEDOUT, error_of(mq_timedsend(self->mq, self->buf, 1, 0, &soon)));
	EXPECT_LE(soon.tv_sec * NSEC_PER_SEC + soon.tv_nsec, now_ns(IPCMBOX_CLOCK_REALTIME));
	EXPECT_EQ(MESSAGES, attributes(self->mq).mq_curmsgs);
}

#ifdef HAS_TIME64
/* What programs with a time_t of 64 bits call. */
TEST_F(mq, deadlines_of_64_bits)
{
	const struct timespec64 past = { 0 }, wrong = { .tv_nsec = NSEC_PER_SEC };
	const struct timespec64 beyond = { .tv_sec = 1LL << 40 };

	EXPECT_EQ(0, __mq_timedsend_time64(self->mq, self->buf, 1, 2, &beyond));
	EXPECT_EQ(1, __mq_timedreceive_time64(self->mq, self->buf, LENGTH, &self->priority,
					      &beyond));
	EXPECT_EQ(2, self->priority);
	EXPECT_EQ(ETIMEDOUT, error_of(__mq_timedreceive_time64(self->mq, self->buf, LENGTH, NULL,
							       &past)));
	EXPECT_EQ(EINVAL, error_of(__mq_timedsend_time64(self->mq, self->buf, 1, 0, &wrong)));
	EXPECT_EQ(EINVAL, error_of(__mq_timedreceive_time64(self->mq, self->buf, LENGTH, NULL,
							    &wrong)));
	EXPECT_EQ(MESSAGES, fill(self->mq));
	EXPECT_EQ(ETIMEDOUT, error_of(__mq_timedsend_time64(self->mq, self->buf, 1, 0, &past)));
}
#endif

/*
 * Attributes
 */

TEST_F(mq, attributes_set)
{
	struct mq_attr attr = { .mq_flags = O_NONBLOCK, .mq_maxmsg = 77, .mq_msgsize = -1,
				.mq_curmsgs = 5 };
	struct mq_attr old;

	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	memset(&old, POISON, sizeof(old));
	EXPECT_EQ(0, mq_setattr(self->mq, &attr, &old));
	EXPECT_EQ(0, old.mq_flags);
	EXPECT_EQ(MESSAGES, old.mq_maxmsg);
	EXPECT_EQ(LENGTH, old.mq_msgsize);
	EXPECT_EQ(1, old.mq_curmsgs);

	EXPECT_EQ(O_NONBLOCK, attributes(self->mq).mq_flags);
	EXPECT_EQ(MESSAGES, attributes(self->mq).mq_maxmsg);
	EXPECT_EQ(O_NONBLOCK, fcntl(self->mq, F_GETFL) & O_NONBLOCK);
	attr.mq_flags = 0;
	EXPECT_EQ(0, mq_setattr(self->mq, &attr, &old));
	EXPECT_EQ(O_NONBLOCK, old.mq_flags);
	EXPECT_EQ(0, attributes(self->mq).mq_flags);
	EXPECT_EQ(O_RDWR, fcntl(self->mq, F_GETFL) & (O_ACCMODE | O_NONBLOCK));

	attr.mq_flags = O_NONBLOCK | O_APPEND;
	EXPECT_EQ(EINVAL, error_of(mq_setattr(self->mq, &attr, &old)));
	attr.mq_flags = 1;
	EXPECT_EQ(EINVAL, error_of(mq_setattr(self->mq, &attr, NULL)));
	EXPECT_EQ(0, attributes(self->mq).mq_flags);

	/* fcntl(2) does the same. */
	EXPECT_EQ(0, fcntl(self->mq, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(O_NONBLOCK, attributes(self->mq).mq_flags);
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(-EAGAIN, receive_number(self->mq));
}

/* Of the open description, not of the queue, nor of the descriptor. */
TEST_F(mq, nonblock_is_shared)
{
	mqd_t copy = dup(self->mq), other = mq_open(QUEUE, O_RDWR);

	EXPECT_EQ(0, set_nonblock(self->mq, true));
	EXPECT_EQ(O_NONBLOCK, attributes(copy).mq_flags);
	EXPECT_EQ(0, attributes(other).mq_flags);
	EXPECT_EQ(-EAGAIN, receive_number(copy));
	EXPECT_EQ(-ETIMEDOUT, receive_number(other));
	mq_close(copy);
	mq_close(other);
}

/*
 * The descriptor
 */

TEST_F(mq, fork)
{
	EXPECT_EQ(0, child_run(send_in_child, &self->mq));
	EXPECT_EQ(11, receive_number(self->mq));
}

TEST_F(mq, passed_over_a_socket)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char byte = 0;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2], passed = -1;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &self->mq, sizeof(int));
	ASSERT_EQ(1, sendmsg(pair[0], &msg, 0));
	ASSERT_EQ(1, recvmsg(pair[1], &msg, 0));
	memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	EXPECT_NE(self->mq, passed);
	EXPECT_EQ(0, send_number(passed, 0, 12));
	EXPECT_EQ(12, receive_number(self->mq));
	close(passed);
	close(pair[0]);
	close(pair[1]);
}

static short polled(mqd_t mq)
{
	struct pollfd poll_of = { .fd = mq, .events = POLLIN | POLLOUT | POLLPRI };

	return poll(&poll_of, 1, 0) < 0 ? -1 : poll_of.revents;
}

TEST_F(mq, state)
{
	char text[200] = "", expected[200];

	EXPECT_EQ(EINVAL, error_of(write(self->mq, text, 1)));
	EXPECT_EQ(0, mq_send(self->mq, self->buf, 5, 0));
	EXPECT_EQ(0, mq_send(self->mq, self->buf, 6, 1));
	EXPECT_EQ(10, read(self->mq, text, 10));
	EXPECT_EQ(0, strcmp(text, "QSIZE:11  "));
	mq_close(self->mq);
	self->mq = mq_open(QUEUE, O_RDWR);
	EXPECT_LT(0, read(self->mq, text, sizeof(text) - 1));
	snprintf(expected, sizeof(expected), "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
		 11, 0, 0, 0);
	EXPECT_EQ(0, strcmp(text, expected)) TH_LOG("%s", text);
	EXPECT_EQ(2, attributes(self->mq).mq_curmsgs);
	mq_close(self->mq);
	self->mq = mq_open(QUEUE, O_WRONLY);
	EXPECT_EQ(EBADF, error_of(read(self->mq, text, 1)));
}

TEST_F(mq, poll)
{
	int i;

	EXPECT_EQ(POLLOUT, polled(self->mq));
	for (i = 1; i < MESSAGES; i++) {
		EXPECT_EQ(0, send_number(self->mq, 0, i));
		EXPECT_EQ(POLLIN | POLLOUT, polled(self->mq));
	}
	EXPECT_EQ(0, send_number(self->mq, 0, i));
	EXPECT_EQ(POLLIN, polled(self->mq));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(POLLIN | POLLOUT, polled(self->mq));
}

TEST_F(mq, select)
{
	struct timeval at_once = { 0 };
	fd_set readable, writable;

	FD_ZERO(&readable);
	FD_SET(self->mq, &readable);
	writable = readable;
	EXPECT_EQ(1, select(self->mq + 1, &readable, &writable, NULL, &at_once));
	EXPECT_FALSE(FD_ISSET(self->mq, &readable));
	EXPECT_TRUE(FD_ISSET(self->mq, &writable));
}

TEST_F(mq, epoll)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(0);

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->mq, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(1, receive_number(self->mq));
	EXPECT_EQ(0, send_number(self->mq, 0, 2));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	close(epoll);
}

static void *poll_thread(void *arg)
{
	struct waiting *waiting = arg;
	struct pollfd poll_of = { .fd = waiting->mq, .events = POLLIN };

	waiting->tid = gettid();
	waiting->result = poll(&poll_of, 1, PATIENCE_NS / NSEC_PER_MSEC);
	return NULL;
}

TEST_F(mq, poll_is_woken)
{
	struct waiting waiting = { .mq = self->mq };

	ASSERT_EQ(0, pthread_create(&waiting.thread, NULL, poll_thread, &waiting));
	ASSERT_TRUE(await_value(&waiting.tid, 1));
	ASSERT_TRUE(await_thread_asleep(getpid(), waiting.tid));
	EXPECT_EQ(0, send_number(self->mq, 0, 1));
	EXPECT_EQ(1, end_waiting(&waiting));
}

/*
 * Many at once
 */

#define SENDERS		4
#define RECEIVERS	3
#define EACH		500

struct crowd {
	mqd_t mq;
	int number;
	volatile int *next;		/* of each sender, what this receiver expects at least */
	int received, wrong;
};

static void *send_many(void *arg)
{
	struct crowd *crowd = arg;
	int i, message[2] = { crowd->number };

	for (i = 0; i < EACH; i++) {
		message[1] = i;
		if (mq_send(crowd->mq, (char *)message, sizeof(message), 7))
			crowd->wrong++;
	}
	return NULL;
}

static void *receive_many(void *arg)
{
	struct crowd *crowd = arg;
	int at_least[SENDERS] = { 0 };
	char buf[LENGTH];
	int message[2];

	for (;;) {
		if (mq_receive(crowd->mq, buf, sizeof(buf), NULL) != sizeof(message)) {
			crowd->wrong++;
			break;
		}
		memcpy(message, buf, sizeof(message));
		if (message[0] < 0)
			break;
		crowd->received++;
		/* Each receiver gets those of a sender in their order. */
		if (message[1] < at_least[message[0]])
			crowd->wrong++;
		at_least[message[0]] = message[1] + 1;
		__atomic_add_fetch(&crowd->next[message[0]], 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

TEST_F(mq, many_at_once)
{
	struct crowd senders[SENDERS], receivers[RECEIVERS];
	pthread_t threads[SENDERS + RECEIVERS];
	volatile int counts[SENDERS] = { 0 };
	int i, received = 0, stop[2] = { -1, 0 };

	for (i = 0; i < SENDERS; i++) {
		senders[i] = (struct crowd){ .mq = self->mq, .number = i };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, send_many, &senders[i]));
	}
	for (i = 0; i < RECEIVERS; i++) {
		receivers[i] = (struct crowd){ .mq = self->mq, .next = counts };
		ASSERT_EQ(0, pthread_create(&threads[SENDERS + i], NULL, receive_many,
					    &receivers[i]));
	}
	for (i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, senders[i].wrong);
	}
	for (i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, mq_send(self->mq, (char *)stop, sizeof(stop), 0));
	for (i = 0; i < RECEIVERS; i++) {
		pthread_join(threads[SENDERS + i], NULL);
		EXPECT_EQ(0, receivers[i].wrong);
		received += receivers[i].received;
	}
	EXPECT_EQ(SENDERS * EACH, received);
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(EACH, counts[i]);
	EXPECT_EQ(0, attributes(self->mq).mq_curmsgs);
}

TEST_HARNESS_MAIN
