// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: sending, receiving and waiting do what ipck.h says.
 */
#include <signal.h>
#include <sys/syscall.h>

#include "lib_test.h"

TEST_F(lib, what_is_known_of_a_message)
{
	struct ipck_msg msg;
	char text[16];

	memset(&msg, POISON, sizeof(msg));
	ASSERT_EQ(0, ipck_send(self->mb, "low", 3, 0));
	ASSERT_EQ(0, ipck_send(self->mb, "high", 5, IPCK_PRIORITY_MAX));
	ASSERT_EQ(5, ipck_recv_opt(self->mb, text, sizeof(text), NULL, &msg));
	EXPECT_STREQ("high", text);
	EXPECT_EQ(5, msg.length);
	EXPECT_EQ(IPCK_PRIORITY_MAX, msg.priority);
	EXPECT_EQ(2, msg.seq);
	EXPECT_EQ(0, msg.lost);
	EXPECT_EQ(0, msg.sender_endpoint);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(gettid(), msg.tid);
	EXPECT_EQ(geteuid(), msg.uid);
	EXPECT_EQ(getegid(), msg.gid);
	EXPECT_EQ(IPCK_LIMIT_NONE, msg.limit);
	EXPECT_EQ(3, ipck_recv(self->mb, text, sizeof(text)));
	EXPECT_EQ(0, memcmp("low", text, 3));
}

TEST_F(lib, empty_message)
{
	struct ipck_msg msg;
	char byte = 'x';

	ASSERT_EQ(0, ipck_send(self->mb, "", 0, 3));
	EXPECT_EQ(0, ipck_recv_opt(self->mb, &byte, 1, NULL, &msg));
	EXPECT_EQ(0, msg.length);
	EXPECT_EQ(3, msg.priority);
	EXPECT_EQ('x', byte);
}

TEST_F(lib, bad_options)
{
	static const struct ipck_send_opt sends[] = {
		{ .priority = IPCK_PRIORITY_MAX + 1 },
		{ .completion = (enum ipck_completion)3 },
		{ .wait = (enum ipck_wait)4 },
		{ .wait_ns = 1 },
		{ .wait = IPCK_WAIT_NEVER, .wait_ns = 1 },
		{ .clock = IPCK_CLOCK_REALTIME },
		{ .wait = IPCK_WAIT_NEVER, .clock = IPCK_CLOCK_BOOTTIME },
		{ .wait = IPCK_WAIT_FOR, .clock = (enum ipck_clock)3, .wait_ns = 1 },
		{ .wait = IPCK_WAIT_UNTIL, .clock = (enum ipck_clock)3, .wait_ns = 1 },
		{ .reserved = { 1 } },
		{ .reserved = { 0, 0, 0, 1 } },
	};
	static const struct ipck_recv_opt recvs[] = {
		{ .flags = IPCK_WAIT_FOR_ONE },
		{ .flags = 1U << 31 },
		{ .min_priority = IPCK_PRIORITY_MAX + 1 },
		{ .wait = (enum ipck_wait)4 },
		{ .wait_ns = 1 },
		{ .wait = IPCK_WAIT_NEVER, .wait_ns = 1 },
		{ .clock = IPCK_CLOCK_REALTIME },
		{ .wait = IPCK_WAIT_FOR, .clock = (enum ipck_clock)3, .wait_ns = 1 },
		{ .wait = IPCK_WAIT_UNTIL, .clock = (enum ipck_clock)3, .wait_ns = 1 },
		{ .reserved = { 1 } },
		{ .reserved = { 0, 0, 0, 1 } },
	};
	struct ipck_info info;
	struct ipck_msg msg;
	unsigned int limit;
	char byte = 'x';
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sends); i++) {
		limit = 77;
		EXPECT_EQ(-EINVAL, ipck_send_opt(self->mb, &byte, 1, &sends[i], &limit))
			TH_LOG("option %zu", i);
		EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	}
	EXPECT_EQ(-EINVAL, ipck_send(self->mb, &byte, 1, IPCK_PRIORITY_MAX + 1));
	EXPECT_EQ(0, info_of(self->mb).sent);
	ASSERT_EQ(0, ipck_send(self->mb, &byte, 1, 0));
	for (i = 0; i < ARRAY_SIZE(recvs); i++) {
		memset(&msg, POISON, sizeof(msg));
		EXPECT_EQ(-EINVAL, ipck_recv_opt(self->mb, &byte, 1, &recvs[i], &msg))
			TH_LOG("option %zu", i);
		EXPECT_EQ(0, msg.length | msg.seq | msg.limit);
	}
	info = info_of(self->mb);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(0, info.received);
}

TEST_F(lib, too_long)
{
	const struct ipck_attr attr = { .capacity = 2, .max_length = 8 };
	struct ipck *mb = unnamed(&attr);
	unsigned int limit = 77;
	struct ipck_msg msg;
	char text[16] = "123456789";

	EXPECT_EQ(-EMSGSIZE, ipck_send(mb, text, 9, 0));
	EXPECT_EQ(-EMSGSIZE, ipck_send_opt(mb, text, 9, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, limit);
	/* What no mailbox takes is not even looked at. */
	limit = 77;
	EXPECT_EQ(-EMSGSIZE, ipck_send_opt(mb, NULL, IPCK_LENGTH_MAX + 1UL, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, limit);
	limit = 77;
	EXPECT_EQ(-EMSGSIZE, ipck_send_opt(mb, NULL, SIZE_MAX, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, limit);
	EXPECT_EQ(0, info_of(mb).sent);

	ASSERT_EQ(0, ipck_send_opt(mb, text, 8, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	memset(&msg, POISON, sizeof(msg));
	EXPECT_EQ(-EMSGSIZE, ipck_recv(mb, text, 7));
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(mb, text, 7, NULL, &msg));
	EXPECT_EQ(8, msg.length);
	EXPECT_EQ(IPCK_LIMIT_BUFFER, msg.limit);
	EXPECT_EQ(0, msg.priority | msg.seq | msg.lost | msg.pid | msg.tid);
	EXPECT_EQ(8, ipck_recv(mb, text, 8));
	ipck_close(mb);
}

/* More room than a message can need. */
TEST_F(lib, huge_buffer)
{
	static char text[16];

	ASSERT_EQ(0, ipck_send(self->mb, "abc", 4, 0));
	EXPECT_EQ(4, ipck_recv(self->mb, text, IPCK_LENGTH_MAX + 1UL));
	EXPECT_STREQ("abc", text);
}

TEST_F(lib, peek)
{
	const struct ipck_recv_opt opt = { .flags = IPCK_PEEK, .wait = IPCK_WAIT_NEVER };
	struct ipck_msg msg;
	char text[8] = "";
	int i;

	EXPECT_EQ(-EAGAIN, ipck_recv_opt(self->mb, text, sizeof(text), &opt, NULL));
	ASSERT_EQ(0, ipck_send(self->mb, "abc", 4, 9));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &opt, &msg));
		EXPECT_STREQ("abc", text);
		EXPECT_EQ(9, msg.priority);
	}
	/* How long is it? */
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(self->mb, NULL, 0, &opt, &msg));
	EXPECT_EQ(4, msg.length);
	EXPECT_EQ(1, info_of(self->mb).messages);
	EXPECT_EQ(4, ipck_recv(self->mb, text, sizeof(text)));
}

TEST_F(lib, min_priority)
{
	struct ipck_recv_opt opt = { .wait = IPCK_WAIT_NEVER, .min_priority = 6 };
	char text[8];

	ASSERT_EQ(0, ipck_send(self->mb, "five", 5, 5));
	EXPECT_EQ(-EAGAIN, ipck_recv_opt(self->mb, text, sizeof(text), &opt, NULL));
	opt.min_priority = 5;
	EXPECT_EQ(5, ipck_recv_opt(self->mb, text, sizeof(text), &opt, NULL));
}

TEST_F(lib, dropped_and_lost)
{
	const struct ipck_attr attr = { .capacity = 1, .overflow = IPCK_OVERFLOW_DROP_NEWEST };
	struct ipck *mb = unnamed(&attr);
	struct ipck_msg msg;
	__u32 number;

	ASSERT_EQ(0, send_number(mb, 1));
	EXPECT_EQ(IPCK_SENT_DROPPED, send_number(mb, 2));
	EXPECT_EQ(IPCK_SENT_DROPPED, ipck_send_opt(mb, "", 0, NULL, NULL));
	EXPECT_EQ(2, info_of(mb).dropped);
	EXPECT_EQ(2, info_of(mb).unreported);
	EXPECT_EQ(1, recv_number(mb));
	ASSERT_EQ(0, send_number(mb, 3));
	EXPECT_EQ(4, ipck_recv_opt(mb, &number, sizeof(number), NULL, &msg));
	EXPECT_EQ(2, msg.lost);
	EXPECT_EQ(0, info_of(mb).unreported);
	ipck_close(mb);
}

/*
 * Waiting
 */

#define SPAN	(30 * NSEC_PER_MSEC)

static ssize_t recv_wait(struct ipck *mb, enum ipck_wait wait, enum ipck_clock clock, uint64_t ns)
{
	const struct ipck_recv_opt opt = { .wait = wait, .clock = clock, .wait_ns = ns };
	__u32 number;

	return ipck_recv_opt(mb, &number, sizeof(number), &opt, NULL);
}

static int send_wait(struct ipck *mb, enum ipck_wait wait, enum ipck_clock clock, uint64_t ns)
{
	const struct ipck_send_opt opt = { .wait = wait, .clock = clock, .wait_ns = ns };
	unsigned int limit = 77;
	int ret;

	ret = ipck_send_opt(mb, "1234", 4, &opt, &limit);
	return limit == (ret == -EAGAIN ? IPCK_LIMIT_CAPACITY : IPCK_LIMIT_NONE) ? ret : -EBADMSG;
}

TEST_F(lib, wait)
{
	const struct ipck_attr attr = { .capacity = 1 };
	struct ipck *full = unnamed(&attr);
	enum ipck_clock clock;
	uint64_t now, then;

	ASSERT_EQ(0, send_number(full, 1));
	for (clock = IPCK_CLOCK_MONOTONIC; clock <= IPCK_CLOCK_BOOTTIME; clock++) {
		now = now_ns(clock);
		EXPECT_EQ(-ETIMEDOUT, recv_wait(self->mb, IPCK_WAIT_FOR, clock, SPAN));
		EXPECT_GE(now_ns(clock), now + SPAN);
		now = now_ns(clock);
		EXPECT_EQ(-ETIMEDOUT, send_wait(full, IPCK_WAIT_FOR, clock, SPAN));
		EXPECT_GE(now_ns(clock), now + SPAN);
		then = now_ns(clock) + SPAN;
		EXPECT_EQ(-ETIMEDOUT, recv_wait(self->mb, IPCK_WAIT_UNTIL, clock, then));
		EXPECT_GE(now_ns(clock), then);
		then = now_ns(clock) + SPAN;
		EXPECT_EQ(-ETIMEDOUT, send_wait(full, IPCK_WAIT_UNTIL, clock, then));
		EXPECT_GE(now_ns(clock), then);

		/* Over at once, but tried. */
		EXPECT_EQ(-ETIMEDOUT, recv_wait(self->mb, IPCK_WAIT_FOR, clock, 0));
		EXPECT_EQ(-ETIMEDOUT, recv_wait(self->mb, IPCK_WAIT_UNTIL, clock, 0));
		EXPECT_EQ(-ETIMEDOUT, recv_wait(self->mb, IPCK_WAIT_UNTIL, clock, 1));
		EXPECT_EQ(-ETIMEDOUT, send_wait(full, IPCK_WAIT_FOR, clock, 0));
		EXPECT_EQ(0, send_wait(self->mb, IPCK_WAIT_FOR, clock, 0));
		EXPECT_EQ(4, recv_wait(self->mb, IPCK_WAIT_UNTIL, clock, 1));
	}
	EXPECT_EQ(-EAGAIN, recv_wait(self->mb, IPCK_WAIT_NEVER, 0, 0));
	EXPECT_EQ(-EAGAIN, send_wait(full, IPCK_WAIT_NEVER, 0, 0));
	ipck_close(full);
}

/* A message comes when somebody waits for one. */
struct late {
	struct ipck *mb;
	pthread_t thread;
};

static void *late_sender(void *arg)
{
	struct late *late = arg;

	if (await_receivers(ipck_fd(late->mb), 1))
		send_number(late->mb, 1);
	return NULL;
}

TEST_F(lib, wait_for_ever)
{
	static const struct { enum ipck_wait wait; uint64_t ns; } forever[] = {
		{ IPCK_WAIT_FOREVER, 0 }, { IPCK_WAIT_FOR, UINT64_MAX },
		{ IPCK_WAIT_UNTIL, UINT64_MAX }, { IPCK_WAIT_FOR, INT64_MAX },
		{ IPCK_WAIT_UNTIL, 1ULL << 63 }, { IPCK_WAIT_FOR, UINT64_MAX - NSEC_PER_SEC },
	};
	struct late late = { .mb = self->mb };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forever); i++) {
		ASSERT_EQ(0, pthread_create(&late.thread, NULL, late_sender, &late));
		EXPECT_EQ(4, recv_wait(self->mb, forever[i].wait, 0, forever[i].ns));
		pthread_join(late.thread, NULL);
	}
}

TEST_F(lib, nonblocking_descriptor_never_waits)
{
	const struct ipck_send_opt receipt = {
		.completion = IPCK_RECEIVED, .wait = IPCK_WAIT_FOR, .wait_ns = UINT64_MAX,
	};
	unsigned int limit;
	struct ipck *mb;
	char byte;

	ASSERT_EQ(0, ipck_open(&mb, "test", O_RDWR | O_NONBLOCK, NULL));
	EXPECT_EQ(-EAGAIN, ipck_recv(mb, &byte, 1));
	EXPECT_EQ(-EAGAIN, recv_wait(mb, IPCK_WAIT_FOREVER, 0, 0));
	EXPECT_EQ(-EAGAIN, recv_wait(mb, IPCK_WAIT_FOR, 0, UINT64_MAX));
	EXPECT_EQ(-EAGAIN, recv_wait(mb, IPCK_WAIT_FOR, 0, 0));
	EXPECT_EQ(-EAGAIN, recv_wait(mb, IPCK_WAIT_UNTIL, 0, UINT64_MAX));
	EXPECT_EQ(-EAGAIN, recv_wait(mb, IPCK_WAIT_UNTIL, 0, 1));
	EXPECT_EQ(-EAGAIN, ipck_send_opt(mb, "", 0, &receipt, &limit));
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, limit);
	ipck_close(mb);
}

struct sending {
	struct ipck *mb;
	struct ipck_send_opt opt;
	volatile int done;
	int ret;
};

static void *send_body(void *arg)
{
	struct sending *sending = arg;

	sending->ret = ipck_send_opt(sending->mb, "1234", 4, &sending->opt, NULL);
	sending->done = 1;
	return NULL;
}

TEST_F(lib, completion)
{
	struct sending sending = {
		.mb = self->mb, .opt = { .completion = IPCK_RECEIVED }, .ret = -EBADMSG,
	};
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_body, &sending));
	ASSERT_TRUE(await_senders(ipck_fd(self->mb), 1));
	EXPECT_EQ(1, info_of(self->mb).messages);
	EXPECT_EQ(0, sending.done);
	EXPECT_LE(0, recv_number(self->mb));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, sending.ret);
}

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

struct interrupter {
	int fd, tid, count;
	pthread_t thread;
};

static void *interrupt_receiver(void *arg)
{
	struct interrupter *interrupter = arg;
	int i, before;

	for (i = 0; i < interrupter->count; i++) {
		before = handled;
		if (!await_receivers(interrupter->fd, 1))
			break;
		syscall(SYS_tgkill, getpid(), interrupter->tid, SIGUSR1);
		if (!await_value(&handled, before + 1))
			break;
	}
	return NULL;
}

TEST_F(lib, signals)
{
	struct interrupter interrupter = {
		.fd = ipck_fd(self->mb), .tid = gettid(), .count = 1,
	};
	struct sigaction action = { .sa_handler = handler };
	uint64_t start;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, pthread_create(&interrupter.thread, NULL, interrupt_receiver, &interrupter));
	EXPECT_EQ(-EINTR, recv_wait(self->mb, IPCK_WAIT_FOREVER, 0, 0));
	pthread_join(interrupter.thread, NULL);

	/* It goes on, and the span does not begin anew. */
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	interrupter.count = 3;
	start = now_ns(0);
	ASSERT_EQ(0, pthread_create(&interrupter.thread, NULL, interrupt_receiver, &interrupter));
	EXPECT_EQ(-ETIMEDOUT, recv_wait(self->mb, IPCK_WAIT_FOR, 0, NSEC_PER_SEC));
	EXPECT_GE(now_ns(0), start + NSEC_PER_SEC);
	pthread_join(interrupter.thread, NULL);
	EXPECT_EQ(1 + 3, handled);
}

TEST_F(lib, other_side_gone)
{
	struct ipck *mb = unnamed(NULL), *reader, *writer;
	char byte = 'x';

	ASSERT_EQ(0, ipck_open_id(&reader, ipck_id(mb), O_RDONLY));
	ASSERT_EQ(0, ipck_open_id(&writer, ipck_id(mb), O_WRONLY));
	ipck_close(mb);
	ipck_close(writer);
	EXPECT_EQ(-EPIPE, ipck_recv(reader, &byte, 1));
	ASSERT_EQ(0, ipck_open_id(&writer, ipck_id(reader), O_WRONLY));
	ipck_close(reader);
	EXPECT_EQ(-EPIPE, ipck_send(writer, &byte, 1, 0));
	ipck_close(writer);
}

/*
 * Threads that share a handle
 */

#define SENDERS		3
#define RECEIVERS	2

struct worker {
	struct ipck *mb;
	pthread_t thread;
	__u32 count, from;
	__u64 sum;
	int failed;
};

static void *sender_body(void *arg)
{
	struct worker *worker = arg;
	__u32 i;

	for (i = 0; i < worker->count; i++)
		worker->failed |= send_number(worker->mb, worker->from + i);
	return NULL;
}

static void *receiver_body(void *arg)
{
	struct worker *worker = arg;
	__u32 i, number;

	for (i = 0; i < worker->count; i++) {
		if (ipck_recv(worker->mb, &number, sizeof(number)) == sizeof(number))
			worker->sum += number;
		else
			worker->failed = 1;
	}
	return NULL;
}

TEST_F(lib, threads)
{
	struct worker senders[SENDERS] = {}, receivers[RECEIVERS] = {};
	__u32 count = scaled(500) * RECEIVERS, total = SENDERS * count, i;
	__u64 sum = 0;

	for (i = 0; i < RECEIVERS; i++) {
		receivers[i].mb = self->mb;
		receivers[i].count = total / RECEIVERS;
		ASSERT_EQ(0, pthread_create(&receivers[i].thread, NULL, receiver_body,
					    &receivers[i]));
	}
	for (i = 0; i < SENDERS; i++) {
		senders[i].mb = self->mb;
		senders[i].count = count;
		senders[i].from = i * count;
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, sender_body, &senders[i]));
	}
	for (i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		EXPECT_EQ(0, senders[i].failed);
	}
	for (i = 0; i < RECEIVERS; i++) {
		pthread_join(receivers[i].thread, NULL);
		EXPECT_EQ(0, receivers[i].failed);
		sum += receivers[i].sum;
	}
	EXPECT_EQ((__u64)total * (total - 1) / 2, sum);
	EXPECT_EQ(total, info_of(self->mb).received);
}

/*
 * Looking and administering
 */

TEST_HARNESS_MAIN
