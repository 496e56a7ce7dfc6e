// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocked calls that spin before they sleep, for as long as may be, by default, and not at all; and
 * that give way to a peer on their own CPU, or do not: whatever a wait is ended by ends it as it
 * would end a sleep.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "call_test.h"

#define SPIN_NS	"/sys/module/ipcmbox/parameters/spin_ns"
#define YIELD	"/sys/module/ipcmbox/parameters/yield"
#define ROUNDS		600
#define VICTIMS		20
#define REPEATS		4
#define SLOW_ROUND_NS	150000

/* Of a pair: each has a CPU for itself, where there are two, or both have the same one. */
#define HERE		0
#define THERE		1

static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/**
 * struct peer - what the other process works with
 * @there: what it receives on
 * @back: what it sends on
 * @cpu: where it runs
 * @rounds: how often
 * @done: that it has done so many
 */
struct peer {
	int there, back;
	int cpu;
	__u32 rounds;
	volatile int *done;
};

static int send_number(int fd, __u32 number, __u32 completion)
{
	return message_send(fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
			    .completion = completion);
}

static int recv_number(int fd, __u32 *number)
{
	return message_recv(fd, .buf_ptr = ptr_u64(number), .buf_len = sizeof(*number));
}

static int echo(void *arg)
{
	const struct peer *peer = arg;
	__u32 i, number;

	move_to(peer->cpu);
	for (i = 0; i < peer->rounds; i++) {
		if (recv_number(peer->there, &number) != sizeof(number))
			return 1;
		if (send_number(peer->back, number, IPCMBOX_QUEUED))
			return 2;
	}
	return 0;
}

/* Answers every call with its own number, until nobody calls any more. */
static int serve_calls(void *arg)
{
	const struct peer *peer = arg;
	struct ipcmbox_reply reply = {};
	struct ipcmbox_recv recv;
	__u32 number;
	int ret;

	move_to(peer->cpu);
	for (;;) {
		recv = (struct ipcmbox_recv){
			.buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
		};
		ret = mailbox_reply_recv(peer->there, &reply, &recv);
		if (ret != sizeof(number))
			return ret == -EPIPE ? 0 : 1;
		(*peer->done)++;
		reply = (struct ipcmbox_reply){
			.token = recv.token, .buf_ptr = ptr_u64(&number), .buf_len = ret,
		};
	}
}

static int ask_number(int fd, __u32 number)
{
	__u32 answer = ~number;
	int ret;

	ret = message_call(fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
			   .reply_ptr = ptr_u64(&answer), .reply_len = sizeof(answer));
	if (ret < 0)
		return ret;
	return ret == sizeof(answer) && answer == number ? 0 : -EPROTO;
}

/* Calls until the server is gone. */
static int call_on(void *arg)
{
	const struct peer *peer = arg;
	__u32 i;
	int ret;

	move_to(HERE);
	for (i = 0;; i++) {
		ret = ask_number(peer->back, i);
		if (ret)
			return ret == -EPIPE ? 0 : 1;
	}
}

static volatile __u32 signals;

static void handler(int sig)
{
	(void)sig;
	signals++;
}

FIXTURE(spin) {
	char spin_ns[32];
	char yield[32];
	cpu_set_t cpus;
	int dev;
	struct ipcmbox_query used;
	volatile int *done;
};

FIXTURE_VARIANT(spin) {
	const char *ns;
	int cpu;
	const char *yield;
};

FIXTURE_VARIANT_ADD(spin, never) { "0", THERE, "Y" };
FIXTURE_VARIANT_ADD(spin, by_default) { "50000", THERE, "Y" };
FIXTURE_VARIANT_ADD(spin, most) { "1000000", THERE, "Y" };
FIXTURE_VARIANT_ADD(spin, give_way) { "50000", HERE, "Y" };
FIXTURE_VARIANT_ADD(spin, sleep) { "50000", HERE, "N" };

FIXTURE_SETUP(spin)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_TRUE(read_file(SPIN_NS, self->spin_ns, sizeof(self->spin_ns)));
	ASSERT_TRUE(read_file(YIELD, self->yield, sizeof(self->yield)));
	ASSERT_TRUE(write_file(SPIN_NS, variant->ns));
	ASSERT_TRUE(write_file(YIELD, variant->yield));
	ASSERT_EQ(0, query_budget(self->dev, &self->used));
	self->done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->done);
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(self->cpus), &self->cpus));
	move_to(HERE);
}

FIXTURE_TEARDOWN(spin)
{
	sched_setaffinity(0, sizeof(self->cpus), &self->cpus);
	EXPECT_TRUE(write_file(SPIN_NS, self->spin_ns));
	EXPECT_TRUE(write_file(YIELD, self->yield));
	EXPECT_TRUE(is_even(self->dev, &self->used));
	close(self->dev);
}

static void open_pair(int dev, int cpu, struct peer *peer, __u32 capacity, __u32 rounds)
{
	peer->there = mailbox_new(dev, .max_messages = capacity);
	peer->back = mailbox_new(dev, .max_messages = capacity);
	peer->cpu = cpu;
	peer->rounds = rounds;
}

static void close_pair(const struct peer *peer)
{
	close(peer->there);
	close(peer->back);
}

/* Sends to the peer, waits for the echo; interrupted calls are made again. */
static int ping(const struct peer *peer, __u32 number, __u32 completion)
{
	__u32 answer = ~number;
	int ret;

	do {
		ret = send_number(peer->there, number, completion);
	} while (ret == -EINTR);
	if (ret)
		return ret;
	do {
		ret = recv_number(peer->back, &answer);
	} while (ret == -EINTR);
	if (ret != sizeof(answer))
		return ret < 0 ? ret : -EPROTO;
	return answer == number ? 0 : -EPROTO;
}

/* Every kind of a wait: for a message, for room, for a receiver, for the receipt. */
TEST_F_TIMEOUT(spin, exchange, 120)
{
	static const __u32 capacities[] = { 0, 1, 64 };
	const __u32 rounds = scaled(ROUNDS);
	struct peer peer;
	__u32 c, i;
	pid_t pid;

	for (c = 0; c < 6; c++) {
		open_pair(self->dev, variant->cpu, &peer, capacities[c / 2], rounds);
		pid = child_start(echo, &peer);
		for (i = 0; i < rounds; i++)
			ASSERT_EQ(0, ping(&peer, i, c % 2 ? IPCMBOX_RECEIVED : IPCMBOX_QUEUED));
		ASSERT_EQ(0, child_wait(pid));
		EXPECT_TRUE(is_at_rest(peer.there));
		EXPECT_TRUE(is_at_rest(peer.back));
		EXPECT_EQ(rounds, mailbox_info(peer.there).received);
		close_pair(&peer);
	}
}

/* The parameters change all the time. */
TEST_F(spin, change)
{
	const __u32 rounds = scaled(ROUNDS);
	struct peer peer;
	pid_t pid;
	__u32 i;

	open_pair(self->dev, variant->cpu, &peer, 1, rounds);
	pid = child_start(echo, &peer);
	for (i = 0; i < rounds; i++) {
		if (i % 16 == 0) {
			ASSERT_TRUE(write_file(SPIN_NS, i % 32 ? variant->ns : "20000"));
			ASSERT_TRUE(write_file(YIELD, i % 32 ? variant->yield : "Y"));
		}
		ASSERT_EQ(0, ping(&peer, i, IPCMBOX_QUEUED));
	}
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_TRUE(is_at_rest(peer.there));
	close_pair(&peer);
}

/*
 * At most one for each round, sooner or later: a slow machine gets on, too. On a busy host no timer
 * may go off for all of the rounds; then they are made again, until the time is up.
 */
TEST_F_TIMEOUT(spin, signals, 120)
{
	struct sigaction action = { .sa_handler = handler };
	struct itimerval timer = {};
	const __u32 rounds = scaled(2 * ROUNDS);
	struct peer peer;
	pid_t pid;
	__u32 i;

	sigaction(SIGALRM, &action, NULL);
	for (signals = 0; !signals;) {
		open_pair(self->dev, variant->cpu, &peer, 1, rounds);
		pid = child_start(echo, &peer);
		for (i = 0; i < rounds; i++) {
			timer.it_value.tv_usec = 1 + i * 7 % 200;
			setitimer(ITIMER_REAL, &timer, NULL);
			ASSERT_EQ(0, ping(&peer, i, i % 3 ? IPCMBOX_QUEUED : IPCMBOX_RECEIVED));
		}
		timer.it_value.tv_usec = 0;
		setitimer(ITIMER_REAL, &timer, NULL);
		ASSERT_EQ(0, child_wait(pid));
		EXPECT_TRUE(is_at_rest(peer.there));
		EXPECT_TRUE(is_at_rest(peer.back));
		close_pair(&peer);
	}
	signal(SIGALRM, SIG_DFL);
}

/* A wait that ends before the spinning would: not too early, and nothing comes of it later. */
TEST_F_TIMEOUT(spin, deadline, 120)
{
	static const __u32 clocks[] = {
		IPCMBOX_CLOCK_MONOTONIC, IPCMBOX_CLOCK_REALTIME, IPCMBOX_CLOCK_BOOTTIME,
	};
	const __u32 rounds = scaled(ROUNDS / 4);
	__u32 i, clock, number;
	struct peer peer;
	__u64 deadline;
	pid_t pid;

	open_pair(self->dev, variant->cpu, &peer, 1, rounds * 8);
	pid = child_start(echo, &peer);
	for (i = 0; i < rounds * 8; i++) {
		ASSERT_EQ(0, ping(&peer, i, IPCMBOX_QUEUED));
		if (i % 8)
			continue;
		clock = clocks[i / 8 % 3];
		deadline = now_ns(clock) + 20000;
		ASSERT_EQ(-ETIMEDOUT, message_recv(peer.back, .buf_ptr = ptr_u64(&number),
						   .buf_len = sizeof(number), .clock = clock,
						   .flags = IPCMBOX_DEADLINE,
						   .deadline_ns = deadline));
		ASSERT_LE(deadline, now_ns(clock));
	}
	ASSERT_EQ(0, child_wait(pid));
	EXPECT_TRUE(is_at_rest(peer.back));
	close_pair(&peer);
}

TEST_F(spin, calls)
{
	const __u32 rounds = scaled(ROUNDS);
	struct peer peer = { .cpu = variant->cpu, .done = self->done };
	pid_t pid;
	__u32 i;

	peer.there = mailbox_new(self->dev, .max_messages = 4);
	ASSERT_GE(peer.there, 0);
	peer.back = mailbox_by_id(self->dev, mailbox_id(peer.there), IPCMBOX_WRITE);
	pid = child_start(serve_calls, &peer);
	for (i = 0; i < rounds; i++)
		ASSERT_EQ(0, ask_number(peer.back, i));
	EXPECT_EQ(rounds, *self->done);
	/* It waits for the next, and dies. */
	kill(pid, SIGKILL);
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_TRUE(is_at_rest(peer.there));
	close_pair(&peer);
}

/* One of a pair is killed in the midst of it: the other learns it, spinning or not. */
TEST_F_TIMEOUT(spin, kill, 120)
{
	struct peer peer = { .cpu = variant->cpu, .done = self->done };
	pid_t server, client;
	int i, reader;

	for (i = 0; i < VICTIMS; i++) {
		*self->done = 0;
		reader = mailbox_new(self->dev, .max_messages = 4, .access = IPCMBOX_READ);
		ASSERT_GE(reader, 0);
		peer.back = mailbox_by_id(self->dev, mailbox_id(reader), IPCMBOX_WRITE);
		ASSERT_GE(peer.back, 0);
		peer.there = -1;
		client = fork();
		if (!client) {
			close(reader);
			_exit(call_on(&peer));
		}
		close(peer.back);
		peer.there = reader;
		server = child_start(serve_calls, &peer);
		close(reader);
		ASSERT_TRUE(await_value(self->done, 10 + 7 * i));
		kill(i % 2 ? server : client, SIGKILL);
		EXPECT_EQ(i % 2 ? 255 : 0, child_wait(server));
		EXPECT_EQ(i % 2 ? 0 : 255, child_wait(client));
	}
}

/* Who has been fast, and then gets nothing, sleeps. */
TEST_F(spin, idle)
{
	const __u32 rounds = scaled(ROUNDS);
	struct call *call = calls_alloc(1);
	struct peer peer;
	pid_t pid;
	__u32 i;

	open_pair(self->dev, variant->cpu, &peer, 1, rounds);
	pid = child_start(echo, &peer);
	for (i = 0; i < rounds; i++)
		ASSERT_EQ(0, ping(&peer, i, IPCMBOX_QUEUED));
	ASSERT_EQ(0, child_wait(pid));
	recv_start(call, peer.back);
	EXPECT_TRUE(call_await_asleep(call));
	ASSERT_EQ(0, put(peer.back, 0, 42));
	EXPECT_EQ(4, call_join(call));
	close_pair(&peer);
}

static int burn(void *arg)
{
	volatile __u32 n = 0;

	(void)arg;
	move_to(HERE);
	while (true)
		n++;
	return 0;
}

/* Somebody else wants the CPU of both all the time: that may make it slow, but stops nothing. */
TEST_F_TIMEOUT(spin, beside_another, 300)
{
	const __u32 rounds = scaled(ROUNDS);
	struct peer peer;
	pid_t pid, other;
	__u32 i;

	open_pair(self->dev, variant->cpu, &peer, 1, rounds);
	other = child_start(burn, NULL);
	pid = child_start(echo, &peer);
	for (i = 0; i < rounds; i++)
		ASSERT_EQ(0, ping(&peer, i, i % 2 ? IPCMBOX_RECEIVED : IPCMBOX_QUEUED));
	ASSERT_EQ(0, child_wait(pid));
	kill(other, SIGKILL);
	EXPECT_EQ(255, child_wait(other));
	EXPECT_TRUE(is_at_rest(peer.back));
	close_pair(&peer);
}

static long count_sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw;
}

/*
 * Returns how often the calling process has slept in the second half of @rounds with a peer on the
 * same CPU, or a negative value. In the first half they may still have to get even: the scheduler
 * puts who is new at a disadvantage.
 */
static long sleeps_in(int dev, __u32 rounds)
{
	struct peer peer;
	long sleeps = 0;
	bool ok = true;
	pid_t pid;
	__u32 i;

	open_pair(dev, HERE, &peer, 1, rounds);
	pid = child_start(echo, &peer);
	for (i = 0; ok && i < rounds; i++) {
		if (i == rounds / 2)
			sleeps = -count_sleeps();
		ok = !ping(&peer, i, IPCMBOX_QUEUED);
	}
	if (!ok)
		kill(pid, SIGKILL);
	ok = !child_wait(pid) && ok;
	close_pair(&peer);
	return ok ? sleeps + count_sleeps() : -1;
}

FIXTURE(yield) {
	char before[32];
	cpu_set_t cpus;
	int dev;
};

FIXTURE_SETUP(yield)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_TRUE(read_file(YIELD, self->before, sizeof(self->before)));
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(self->cpus), &self->cpus));
	move_to(HERE);
}

FIXTURE_TEARDOWN(yield)
{
	sched_setaffinity(0, sizeof(self->cpus), &self->cpus);
	EXPECT_TRUE(write_file(YIELD, self->before));
	close(self->dev);
}

/* Who has no use for the CPU before the echo comes sleeps, or need not. */
TEST_F_TIMEOUT(yield, saves_sleeps, 300)
{
	const __u32 rounds = scaled(8 * ROUNDS);
	long slept, with = 0, without = 0;
	__u64 begun = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	int i;

	for (i = 0; i < 2 * REPEATS; i++) {
		ASSERT_TRUE(write_file(YIELD, i % 2 ? "Y" : "N"));
		slept = sleeps_in(self->dev, rounds);
		ASSERT_LE(0, slept);
		*(i % 2 ? &with : &without) += slept;
	}
	TH_LOG("%ld sleeps in %u rounds, %ld with giving way", without, REPEATS * rounds / 2, with);
	/* Where clock ticks pass in many of the rounds, giving way is given up. */
	if (now_ns(IPCMBOX_CLOCK_MONOTONIC) - begun > 2ULL * REPEATS * rounds * SLOW_ROUND_NS)
		SKIP(return, "the machine is too slow, or too busy");
	EXPECT_LT(with, without);
}

TEST_HARNESS_MAIN
