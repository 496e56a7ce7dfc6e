// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: channels do what ipck.h says.
 */
#include <poll.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "lib_test.h"

#define RING	4096U
#define LONGEST	2040U	/* of that ring */

static const struct ipck_attr small = { .discipline = IPCK_CHANNEL, .max_bytes = RING };
static const struct ipck_send_opt now = { .wait = IPCK_WAIT_NEVER };
static const struct ipck_recv_opt there = { .wait = IPCK_WAIT_NEVER };

FIXTURE(channel) {
	int dev;
	struct ipck *in, *out;
};

FIXTURE_SETUP(channel)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	ASSERT_EQ(0, ipck_open(&self->in, "test", O_RDONLY | O_CREAT | O_EXCL, &small));
	ASSERT_EQ(0, ipck_open(&self->out, "test", O_WRONLY, NULL));
}

FIXTURE_TEARDOWN(channel)
{
	ipck_close(self->out);
	ipck_close(self->in);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static struct ipck *producer_of(struct ipck *mb)
{
	struct ipck *out;

	return ipck_open_id(&out, ipck_id(mb), O_WRONLY) ? NULL : out;
}

static int block_in_recv(void *arg)
{
	__u32 number;
	int ret = ipck_recv(arg, &number, sizeof(number));

	return ret < 0 ? ret : (int)number;
}

static int block_in_send(void *arg)
{
	static const char longest[LONGEST];

	return ipck_send(arg, longest, LONGEST, 0);
}

TEST_F(channel, passes_messages)
{
	struct ipck_info info;
	struct ipck_msg msg;
	__u32 i, number;

	for (i = 0; i < 10; i++)
		EXPECT_EQ(0, send_number(self->out, i));
	info = info_of(self->in);
	EXPECT_EQ(IPCK_CHANNEL, info.discipline);
	EXPECT_EQ(10, info.messages);
	EXPECT_EQ(10, info.sent);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(1, info.writers);
	for (i = 0; i < 10; i++) {
		memset(&msg, POISON, sizeof(msg));
		EXPECT_EQ(4, ipck_recv_opt(self->in, &number, 4, NULL, &msg));
		EXPECT_EQ(i, number);
		EXPECT_EQ(4, msg.length);
		EXPECT_EQ(i + 1, msg.seq);
		EXPECT_EQ(getpid(), msg.pid);
		EXPECT_EQ(geteuid(), msg.uid);
		EXPECT_EQ(getegid(), msg.gid);
		EXPECT_EQ(IPCK_QUEUED, msg.completion);
		EXPECT_EQ(0, msg.token);
	}
	EXPECT_EQ(-EAGAIN, recv_number(self->in));
	EXPECT_EQ(0, info_of(self->in).messages);
	EXPECT_EQ(10, info_of(self->in).received);
}

TEST_F(channel, has_one_consumer)
{
	struct ipck *other;

	EXPECT_EQ(-EBUSY, ipck_open(&other, "test", O_RDONLY, NULL));
	EXPECT_EQ(NULL, other);
	ipck_close(self->in);
	self->in = NULL;
	EXPECT_EQ(0, send_number(self->out, 5));
	EXPECT_EQ(0, ipck_open(&self->in, "test", O_RDWR, NULL));
	EXPECT_EQ(0, send_number(self->in, 6));
	EXPECT_EQ(11, recv_number(self->in) + recv_number(self->in));
	EXPECT_EQ(-EAGAIN, recv_number(self->in));
}

TEST_F(channel, refuses_what_it_cannot_do)
{
	const struct ipck_send_opt sends[] = {
		{ .priority = 1 }, { .completion = IPCK_RECEIVED }, { .completion = IPCK_HANDLED },
		{ .to_kind = IPCK_PROCESS, .to = 1 }, { .events = 1ULL << 32 }, { .flags = 1 },
		{ .fds = &self->dev, .nr_fds = 1 }, { .wait = 9 }, { .reserved = { 1 } },
	};
	const struct ipck_recv_opt recvs[] = {
		{ .min_priority = 1 }, { .events = 1 }, { .from_kind = IPCK_PROCESS, .from = 1 },
		{ .lease_ns = 1 }, { .flags = 1U << 31 }, { .wait = 9 }, { .reserved = { 1 } },
	};
	struct ipck *admin;
	char text[8] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sends); i++)
		EXPECT_EQ(-EINVAL, ipck_send_opt(self->out, "x", 1, &sends[i], NULL))
			TH_LOG("send %zu", i);
	EXPECT_EQ(-EINVAL, ipck_send(self->out, "x", 1, 1));
	EXPECT_EQ(-EFAULT, ipck_send(self->out, NULL, 1, 0));
	EXPECT_EQ(0, info_of(self->in).sent);
	EXPECT_EQ(0, ipck_send(self->out, NULL, 0, 0));
	for (i = 0; i < ARRAY_SIZE(recvs); i++)
		EXPECT_EQ(-EINVAL, ipck_recv_opt(self->in, text, 8, &recvs[i], NULL))
			TH_LOG("receive %zu", i);
	EXPECT_EQ(-EACCES, ipck_send(self->in, "x", 1, 0));
	EXPECT_EQ(-EACCES, ipck_recv(self->out, text, 8));
	EXPECT_EQ(-ENOTTY, ipck_call(self->out, "x", 1, text, 8));
	EXPECT_EQ(-ENOTTY, ipck_ack(self->in, 1));
	EXPECT_EQ(0, ipck_open(&admin, "test", IPCK_O_ADMIN, NULL));
	EXPECT_EQ(-EACCES, ipck_send(admin, "x", 1, 0));
	EXPECT_EQ(-EACCES, ipck_recv(admin, text, 8));
	EXPECT_EQ(1, info_of(admin).messages);
	ipck_close(admin);
	EXPECT_EQ(0, ipck_recv(self->in, text, 8));
}

TEST_F(channel, has_a_longest_message)
{
	static unsigned char out[LONGEST + 1], in[LONGEST];
	unsigned int limit = POISON32;
	struct ipck_msg msg;

	EXPECT_EQ(LONGEST, info_of(self->in).max_length);
	EXPECT_EQ(-EMSGSIZE, ipck_send_opt(self->out, out, LONGEST + 1, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, limit);
	fill_pattern(out, LONGEST, 1);
	EXPECT_EQ(0, ipck_send_opt(self->out, out, LONGEST, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	memset(&msg, POISON, sizeof(msg));
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(self->in, in, LONGEST - 1, NULL, &msg));
	EXPECT_EQ(LONGEST, msg.length);
	EXPECT_EQ(IPCK_LIMIT_BUFFER, msg.limit);
	EXPECT_EQ(0, msg.pid);
	EXPECT_EQ(LONGEST, ipck_recv(self->in, in, LONGEST));
	EXPECT_TRUE(check_pattern(in, LONGEST, 1));
}

/* Every length at every place of the ring that it can have. */
TEST_F(channel, wraps_around)
{
	static unsigned char out[LONGEST], in[LONGEST];
	__u32 i, length;

	for (i = 0; i < 3 * LONGEST; i++) {
		length = i * 7 % (LONGEST + 1);
		fill_pattern(out, length, i);
		memset(in, POISON, length);
		ASSERT_EQ(0, ipck_send_opt(self->out, out, length, &now, NULL));
		ASSERT_EQ(length, ipck_recv_opt(self->in, in, LONGEST, &there, NULL));
		ASSERT_TRUE(check_pattern(in, length, i)) TH_LOG("message %u", i);
	}
}

TEST_F(channel, is_full_some_time)
{
	const struct ipck_send_opt shortly = { .wait = IPCK_WAIT_FOR, .wait_ns = NSEC_PER_MSEC };
	unsigned int limit = POISON32;
	struct job job;
	__u32 i;

	for (i = 0; !ipck_send_opt(self->out, &i, 4, &now, &limit); i++)
		;
	EXPECT_EQ(RING / 16, i);
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, limit);
	EXPECT_EQ(-ETIMEDOUT, ipck_send_opt(self->out, &i, 4, &shortly, NULL));
	EXPECT_EQ(0, recv_number(self->in));
	EXPECT_EQ(0, ipck_send_opt(self->out, &i, 4, &now, NULL));

	ASSERT_TRUE(job_start(&job, block_in_send, self->out));
	ASSERT_TRUE(await_senders(ipck_fd(self->in), 1));
	for (i = 1; i < LONGEST / 16; i++)
		EXPECT_EQ(i, recv_number(self->in));
	EXPECT_EQ(0, job.done);
	EXPECT_EQ(i++, recv_number(self->in));
	EXPECT_EQ(i++, recv_number(self->in));
	EXPECT_EQ(0, job_join(&job));
}

TEST_F(channel, can_fail_when_full)
{
	const struct ipck_attr attr = {
		.discipline = IPCK_CHANNEL, .max_bytes = RING, .overflow = IPCK_OVERFLOW_FAIL,
	};
	struct ipck *mb = unnamed(&attr);
	__u32 i = 0;
	int ret;

	ASSERT_NE(NULL, mb);
	while (!(ret = ipck_send(mb, &i, 4, 0)))
		i++;
	EXPECT_EQ(-EAGAIN, ret);
	EXPECT_EQ(RING / 16, i);
	ipck_close(mb);
}

TEST_F(channel, wakes_its_consumer)
{
	const struct ipck_recv_opt shortly = { .wait = IPCK_WAIT_FOR, .wait_ns = NSEC_PER_MSEC };
	struct job job;
	__u32 i;

	EXPECT_EQ(-ETIMEDOUT, ipck_recv_opt(self->in, &i, 4, &shortly, NULL));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(job_start(&job, block_in_recv, self->in));
		ASSERT_TRUE(await_receivers(ipck_fd(self->in), 1));
		EXPECT_EQ(0, send_number(self->out, i));
		EXPECT_EQ(i, job_join(&job));
	}
}

TEST_F(channel, polls)
{
	struct pollfd in = { .fd = ipck_fd(self->in), .events = POLLIN };
	struct pollfd out = { .fd = ipck_fd(self->out), .events = POLLOUT };
	struct ipck *both[] = { self->in, self->out };
	static const char longest[LONGEST];
	uint64_t ready = 0;

	EXPECT_EQ(0, poll(&in, 1, 0));
	EXPECT_EQ(1, poll(&out, 1, 0));
	EXPECT_EQ(-EAGAIN, ipck_wait_any(both, 1, POLLIN, IPCK_WAIT_NEVER, 0, NULL));
	EXPECT_EQ(0, ipck_send(self->out, longest, LONGEST, 0));
	EXPECT_EQ(1, poll(&in, 1, 0));
	EXPECT_EQ(POLLIN, in.revents & POLLIN);
	EXPECT_EQ(0, ipck_wait_any(both, 2, POLLIN, IPCK_WAIT_FOREVER, 0, &ready));
	EXPECT_EQ(1, ready);
	EXPECT_EQ(0, ipck_send(self->out, longest, LONGEST, 0));
	EXPECT_EQ(0, poll(&out, 1, 0));
	EXPECT_EQ(-EAGAIN, ipck_wait_any(both + 1, 1, POLLOUT, IPCK_WAIT_NEVER, 0, NULL));
}

static int wait_for_any(void *arg)
{
	return ipck_wait_any(arg, 2, POLLIN, IPCK_WAIT_FOREVER, 0, NULL);
}

TEST_F(channel, wakes_who_waits_for_any)
{
	struct ipck *queue = unnamed(NULL), *both[2] = { queue, self->in };
	struct job job;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(job_start(&job, wait_for_any, both));
		ASSERT_TRUE(await_thread_asleep(getpid(), job.tid));
		EXPECT_EQ(0, send_number(self->out, i));
		EXPECT_EQ(1, job_join(&job));
		EXPECT_EQ(i, recv_number(self->in));
	}
	ipck_close(queue);
}

TEST_F(channel, takes_payloads_in_parts)
{
	char text[4], rest[8];
	const struct iovec out[] = { { "abc", 3 }, { NULL, 0 }, { "defg", 4 } };
	struct iovec in[] = { { text, 4 }, { rest, 8 } };
	const struct ipck_send_opt send = { .flags = IPCK_IOVEC, .events = 0x80000001 };
	const struct ipck_recv_opt recv = { .flags = IPCK_IOVEC };
	struct ipck_msg msg;

	EXPECT_EQ(0, ipck_send_opt(self->out, out, 3, &send, NULL));
	EXPECT_EQ(-EINVAL, ipck_send_opt(self->out, out, IPCK_IOVEC_MAX + 1, &send, NULL));
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(self->in, in, 1, &recv, &msg));
	EXPECT_EQ(7, msg.length);
	EXPECT_EQ(7, ipck_recv_opt(self->in, in, 2, &recv, &msg));
	EXPECT_EQ(0, memcmp(text, "abcd", 4));
	EXPECT_EQ(0, memcmp(rest, "efg", 3));
	EXPECT_EQ(0x80000001, msg.events);
}

TEST_F(channel, takes_many_at_once)
{
	static struct ipck_send_item sends[300];
	static struct ipck_recv_item recvs[300];
	const struct ipck_recv_opt one = { .flags = IPCK_WAIT_FOR_ONE };
	__u32 in[300], i;

	for (i = 0; i < 300; i++) {
		sends[i] = (struct ipck_send_item){ .buf = &sends[i].events, .len = 4,
						    .events = i, .result = 77 };
		recvs[i] = (struct ipck_recv_item){ .buf = &in[i], .size = 4, .result = 77 };
	}
	EXPECT_EQ(RING / 16, ipck_sendv(self->out, sends, 300, &now));
	EXPECT_EQ(-EAGAIN, sends[RING / 16].result);
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, sends[RING / 16].limit);
	EXPECT_EQ(77, sends[RING / 16 + 1].result);
	EXPECT_EQ(RING / 16, ipck_recvv(self->in, recvs, 300, &one));
	EXPECT_EQ(-EAGAIN, recvs[RING / 16].result);
	for (i = 0; i < RING / 16; i++) {
		EXPECT_EQ(0, sends[i].result);
		EXPECT_EQ(4, recvs[i].result);
		EXPECT_EQ(i, in[i]);
		EXPECT_EQ(i, recvs[i].msg.events);
		EXPECT_EQ(i + 1, recvs[i].msg.seq);
	}
	sends[3].priority = 1;
	EXPECT_EQ(3, ipck_sendv(self->out, sends, 5, NULL));
	EXPECT_EQ(-EINVAL, sends[3].result);
	EXPECT_EQ(3, ipck_recvv(self->in, recvs, 5, &there));
}

TEST_F(channel, lets_messages_be_made_in_place)
{
	const void *in;
	void *out, *again;
	struct ipck_msg msg;

	EXPECT_EQ(-EINVAL, ipck_commit(self->out, 0));
	EXPECT_EQ(-EINVAL, ipck_release(self->in));
	EXPECT_EQ(-EMSGSIZE, ipck_reserve(self->out, LONGEST + 1, &out, NULL));
	EXPECT_EQ(0, ipck_reserve(self->out, LONGEST, &out, NULL));
	EXPECT_EQ(-EBUSY, ipck_reserve(self->out, 1, &again, NULL));
	EXPECT_EQ(-EBUSY, send_number(self->out, 1));
	fill_pattern(out, 100, 3);
	EXPECT_EQ(-EAGAIN, ipck_peek(self->in, &in, &there, NULL));
	EXPECT_EQ(-EMSGSIZE, ipck_commit(self->out, LONGEST + 1));
	EXPECT_EQ(0, ipck_commit(self->out, 100));

	EXPECT_EQ(100, ipck_peek(self->in, &in, NULL, &msg));
	EXPECT_TRUE(check_pattern(in, 100, 3));
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(-EBUSY, recv_number(self->in));
	EXPECT_EQ(1, info_of(self->in).messages);
	EXPECT_EQ(0, ipck_release(self->in));
	EXPECT_EQ(-EAGAIN, recv_number(self->in));

	EXPECT_EQ(0, ipck_reserve(self->out, 8, &out, NULL));
	EXPECT_EQ(0, ipck_commit(self->out, IPCK_ABANDON));
	EXPECT_EQ(-EAGAIN, recv_number(self->in));
	EXPECT_EQ(-EACCES, ipck_reserve(self->in, 8, &out, NULL));
	EXPECT_EQ(-EACCES, ipck_peek(self->out, &in, NULL, NULL));
}

TEST_F(lib, in_place_is_for_channels)
{
	const void *in;
	void *out;

	EXPECT_EQ(-EINVAL, ipck_reserve(self->mb, 8, &out, NULL));
	EXPECT_EQ(-EINVAL, ipck_commit(self->mb, 8));
	EXPECT_EQ(-EINVAL, ipck_peek(self->mb, &in, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_release(self->mb));
}

TEST_F(channel, can_be_looked_into)
{
	const struct ipck_recv_opt peek = { .flags = IPCK_PEEK };
	struct ipck_msg msg;
	__u32 number;

	EXPECT_EQ(0, send_number(self->out, 7));
	EXPECT_EQ(-EMSGSIZE, ipck_recv_opt(self->in, NULL, 0, &peek, &msg));
	EXPECT_EQ(4, msg.length);
	EXPECT_EQ(4, ipck_recv_opt(self->in, &number, 4, &peek, &msg));
	EXPECT_EQ(7, number);
	EXPECT_EQ(7, recv_number(self->in));
}

TEST_F(channel, serves_lanes_in_turn)
{
	struct ipck *other = producer_of(self->in);
	__u32 i, last[2] = { 0, 100 }, turns = 0;
	__s64 number, before = 0;

	ASSERT_NE(NULL, other);
	for (i = 1; i <= 10; i++) {
		EXPECT_EQ(0, send_number(self->out, i));
		EXPECT_EQ(0, send_number(other, 100 + i));
	}
	for (i = 0; i < 20; i++) {
		number = recv_number(self->in);
		EXPECT_EQ(++last[number > 100], number);
		turns += i && (number > 100) != (before > 100);
		before = number;
	}
	EXPECT_EQ(19, turns);
	ipck_close(other);
}

TEST_F(channel, outlives_producers)
{
	struct ipck *other;
	int i, status;
	pid_t pid;

	for (i = 0; i < 70; i++) {
		pid = fork();
		if (!pid) {
			other = producer_of(self->in);
			if (!other || send_number(other, 2 * i) || send_number(other, 2 * i + 1))
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		/* Sometimes more than one is dead before it is received. */
		if (i % 3 != 2)
			continue;
		EXPECT_EQ(2 * (2 * i - 4) + 1 + 2 * (2 * i - 2) + 1 + 2 * 2 * i + 1,
			  recv_number(self->in) + recv_number(self->in) + recv_number(self->in) +
			  recv_number(self->in) + recv_number(self->in) + recv_number(self->in));
		EXPECT_EQ(-EAGAIN, recv_number(self->in));
	}
}

TEST_F(channel, tells_that_the_others_are_gone)
{
	struct ipck *in = NULL, *out;
	struct job job;

	ASSERT_EQ(0, ipck_open(&in, NULL, O_RDONLY | O_CREAT, &small));
	out = producer_of(in);
	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, send_number(out, 1));
	ipck_close(out);
	EXPECT_EQ(1, recv_number(in));
	EXPECT_EQ(-EPIPE, recv_number(in));
	EXPECT_EQ(-EPIPE, block_in_recv(in));

	out = producer_of(in);
	ASSERT_NE(NULL, out);
	EXPECT_EQ(-EAGAIN, recv_number(in));
	ASSERT_TRUE(job_start(&job, block_in_recv, in));
	ASSERT_TRUE(await_receivers(ipck_fd(in), 1));
	ipck_close(out);
	EXPECT_EQ(-EPIPE, job_join(&job));

	out = producer_of(in);
	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, block_in_send(out));
	EXPECT_EQ(0, block_in_send(out));
	ASSERT_TRUE(job_start(&job, block_in_send, out));
	ASSERT_TRUE(await_senders(ipck_fd(in), 1));
	ipck_close(in);
	EXPECT_EQ(-EPIPE, job_join(&job));
	EXPECT_EQ(-EPIPE, send_number(out, 1));
	ipck_close(out);
}

TEST_F(channel, has_consumers_one_after_the_other)
{
	struct ipck *in;
	__u32 number;
	int i, status;
	pid_t pid;

	ipck_close(self->in);
	self->in = NULL;
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, send_number(self->out, i));
	for (i = 0; i < 10; i++) {
		pid = fork();
		if (!pid) {
			if (ipck_open(&in, "test", O_RDONLY, NULL) ||
			    ipck_recv(in, &number, 4) != 4 || number != i)
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status %x", status);
	}
	EXPECT_EQ(0, ipck_open(&self->in, "test", O_RDONLY, NULL));
	EXPECT_EQ(10, recv_number(self->in));
}

TEST_F(channel, passes_from_hand_to_hand)
{
	struct ipck *again;
	int fd;

	EXPECT_EQ(0, send_number(self->out, 1));
	fd = dup(ipck_fd(self->out));
	ipck_close(self->out);
	self->out = NULL;
	ASSERT_EQ(0, ipck_from_fd(&again, fd));
	EXPECT_EQ(0, send_number(again, 2));
	EXPECT_EQ(1, recv_number(self->in));
	fd = dup(ipck_fd(self->in));
	ipck_close(self->in);
	ASSERT_EQ(0, ipck_from_fd(&self->in, fd));
	EXPECT_EQ(2, recv_number(self->in));
	ipck_close(again);
}

/* Threads of both sides, each with the one handle of its side. */
#define THREADS	3

struct share {
	struct ipck *mb;
	__u32 count;		/* of each thread */
	__u32 seen[THREADS];	/* how many of each sender, by all receivers */
	int next;
};

static int send_share(void *arg)
{
	struct share *share = arg;
	__u32 i, me = __atomic_fetch_add(&share->next, 1, __ATOMIC_RELAXED);
	int ret = 0;

	for (i = 0; i < share->count && !ret; i++)
		ret = send_number(share->mb, me << 24 | i);
	return ret;
}

static int recv_share(void *arg)
{
	struct share *share = arg;
	__u32 i, number;

	for (i = 0; i < share->count; i++) {
		if (ipck_recv(share->mb, &number, 4) != 4 || number >> 24 >= THREADS)
			return -EBADMSG;
		__atomic_fetch_add(&share->seen[number >> 24], 1 + (number & 0xffffff),
				   __ATOMIC_RELAXED);
	}
	return 0;
}

TEST_F_TIMEOUT(channel, serves_threads, 120)
{
	__u32 i, count = scaled(4000);
	struct share out = { .mb = self->out, .count = count };
	struct share in = { .mb = self->in, .count = count };
	struct job senders[THREADS], receivers[THREADS];

	for (i = 0; i < THREADS; i++) {
		ASSERT_TRUE(job_start(&senders[i], send_share, &out));
		ASSERT_TRUE(job_start(&receivers[i], recv_share, &in));
	}
	for (i = 0; i < THREADS; i++) {
		EXPECT_EQ(0, job_join(&senders[i]));
		EXPECT_EQ(0, job_join(&receivers[i]));
	}
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(count * (count + 1) / 2, in.seen[i]);
	EXPECT_EQ(-EAGAIN, recv_number(self->in));
}

/* Processes, with lengths of all kinds; each lane in its order, nothing lost. */
TEST_F_TIMEOUT(channel, serves_processes, 120)
{
	static unsigned char buf[LONGEST];
	__u32 i, count = scaled(10000), next[THREADS] = { 0 };
	struct ipck_msg msg;
	pid_t pid[THREADS];
	struct ipck *out;
	int n, status;

	for (n = 0; n < THREADS; n++) {
		pid[n] = fork();
		if (pid[n])
			continue;
		out = producer_of(self->in);
		for (i = 0; i < count; i++) {
			fill_pattern(buf, i * 13 % 300, i);
			if (ipck_send(out, buf, i * 13 % 300, 0))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < THREADS * count; i++) {
		ASSERT_LE(0, ipck_recv_opt(self->in, buf, LONGEST, NULL, &msg));
		for (n = 0; n < THREADS - 1 && pid[n] != msg.pid; n++)
			;
		ASSERT_EQ(pid[n], msg.pid);
		ASSERT_EQ(next[n] * 13 % 300, msg.length);
		ASSERT_TRUE(check_pattern(buf, msg.length, next[n]));
		ASSERT_EQ(++next[n], msg.seq);
	}
	for (n = 0; n < THREADS; n++) {
		ASSERT_EQ(pid[n], waitpid(pid[n], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(-EAGAIN, recv_number(self->in));
}

TEST_HARNESS_MAIN
