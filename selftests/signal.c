// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to calls that wait: EINTR or a restart, and nothing half done.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

/* The cases in which a call waits */
enum blocked {
	SEND_FULL, SEND_RENDEZVOUS, SEND_RECEIVED, SEND_DEADLINE, WRITE_FULL,
	RECV_EMPTY, RECV_PRIORITY, RECV_PEEK, RECV_DEADLINE, READ_EMPTY,
};

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

FIXTURE(signal) {
	int dev, fd;
	struct call *call;
	struct ipcmbox_info before;
};

FIXTURE_VARIANT(signal) {
	enum blocked blocked;
	__u32 capacity;
	int queued;		/* messages there before */
};

FIXTURE_VARIANT_ADD(signal, send_full) { SEND_FULL, 2, 2 };
FIXTURE_VARIANT_ADD(signal, send_rendezvous) { SEND_RENDEZVOUS, 0, 0 };
FIXTURE_VARIANT_ADD(signal, send_received) { SEND_RECEIVED, 2, 0 };
FIXTURE_VARIANT_ADD(signal, send_deadline) { SEND_DEADLINE, 2, 2 };
FIXTURE_VARIANT_ADD(signal, write_full) { WRITE_FULL, 2, 2 };
FIXTURE_VARIANT_ADD(signal, recv_empty) { RECV_EMPTY, 2, 0 };
FIXTURE_VARIANT_ADD(signal, recv_priority) { RECV_PRIORITY, 2, 2 };
FIXTURE_VARIANT_ADD(signal, recv_peek) { RECV_PEEK, 2, 0 };
FIXTURE_VARIANT_ADD(signal, recv_deadline) { RECV_DEADLINE, 2, 0 };
FIXTURE_VARIANT_ADD(signal, read_empty) { READ_EMPTY, 2, 0 };

FIXTURE_SETUP(signal)
{
	int i;

	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = variant->capacity);
	ASSERT_GE(self->fd, 0);
	self->call = calls_alloc(1);
	for (i = 0; i < variant->queued; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	handled = 0;
}

FIXTURE_TEARDOWN(signal)
{
	close(self->fd);
	close(self->dev);
}

static bool is_send(enum blocked blocked)
{
	return blocked <= WRITE_FULL;
}

static bool is_peek(enum blocked blocked)
{
	return blocked == RECV_PEEK;
}

static void start_call(FIXTURE_DATA(signal) *self, enum blocked blocked)
{
	struct call *call = self->call;

	switch (blocked) {
	case SEND_FULL:
	case SEND_RENDEZVOUS:
		put_start(call, self->fd, 2, 42);
		return;
	case SEND_RECEIVED:
		send_start(call, self->fd, .buf_ptr = ptr_u64("*\0\0"), .buf_len = 4,
			   .priority = 2, .completion = IPCMBOX_RECEIVED);
		return;
	case SEND_DEADLINE:
		send_start(call, self->fd, .buf_ptr = ptr_u64("*\0\0"), .buf_len = 4,
			   .priority = 2, .flags = IPCMBOX_DEADLINE, .deadline_ns = ~0ULL);
		return;
	case WRITE_FULL:
		*call = (struct call){
			.kind = CALL_WRITE, .fd = self->fd, .send.buf_len = 4, .data = "*",
		};
		break;
	case RECV_EMPTY:
		recv_prepare(call, self->fd);
		break;
	case RECV_PRIORITY:
		recv_prepare(call, self->fd, .min_priority = 2);
		break;
	case RECV_PEEK:
		recv_prepare(call, self->fd, .flags = IPCMBOX_PEEK);
		break;
	case RECV_DEADLINE:
		recv_prepare(call, self->fd, .flags = IPCMBOX_DEADLINE, .deadline_ns = ~0ULL);
		break;
	case READ_EMPTY:
		*call = (struct call){ .kind = CALL_READ, .fd = self->fd };
		break;
	}
	call_start(call);
}

static bool await_blocked(FIXTURE_DATA(signal) *self, enum blocked blocked)
{
	if (is_peek(blocked))
		return call_await_asleep(self->call);
	return is_send(blocked) ? await_senders(self->fd, 1) : await_receivers(self->fd, 1);
}

static void interrupt(struct call *call, int sig)
{
	syscall(SYS_tgkill, getpid(), call->tid, sig);
}

TEST_F(signal, eintr)
{
	struct ipcmbox_info before, after;
	struct ipcmbox_query used, now;
	int i;

	handle(SIGUSR1, 0);
	ASSERT_EQ(0, query_budget(self->dev, &used));
	before = mailbox_info(self->fd);
	start_call(self, variant->blocked);
	ASSERT_TRUE(await_blocked(self, variant->blocked));
	interrupt(self->call, SIGUSR1);
	EXPECT_EQ(-EINTR, call_join(self->call));
	EXPECT_EQ(1, handled);

	after = mailbox_info(self->fd);
	EXPECT_EQ(0, after.waiting_senders | after.waiting_receivers | after.receiving);
	EXPECT_EQ(before.messages, after.messages);
	EXPECT_EQ(before.bytes, after.bytes);
	EXPECT_EQ(before.sent, after.sent);
	EXPECT_EQ(before.received, after.received);
	EXPECT_EQ(variant->blocked == SEND_RECEIVED, after.withdrawn);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(used.user_messages, now.user_messages);
	EXPECT_EQ(used.user_bytes, now.user_bytes);
	for (i = 0; i < variant->queued; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd)) TH_LOG("an interrupted send was delivered");
}

/* What the call waited for comes after the signal: with SA_RESTART it is still there. */
TEST_F(signal, restart)
{
	int i;

	handle(SIGUSR1, SA_RESTART);
	start_call(self, variant->blocked);
	for (i = 1; i <= 5; i++) {
		ASSERT_TRUE(await_blocked(self, variant->blocked));
		interrupt(self->call, SIGUSR1);
		ASSERT_TRUE(await_value(&handled, i));
	}
	ASSERT_TRUE(await_blocked(self, variant->blocked));
	EXPECT_EQ(0, self->call->done);
	if (is_send(variant->blocked)) {
		__s64 got, seen = 0;

		for (i = 0; i <= variant->queued; i++) {
			got = take(self->fd);
			EXPECT_GE(got, 0);
			seen += got == 42;
		}
		EXPECT_EQ(0, call_join(self->call) & ~4);
		EXPECT_EQ(1, seen);
	} else {
		ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
					    .max_messages = 10));
		ASSERT_EQ(0, put(self->fd, 2, 43));
		EXPECT_EQ(4, call_join(self->call));
		EXPECT_EQ(43, call_number(self->call));
	}
	while (take(self->fd) >= 0)
		;
	EXPECT_EQ(variant->queued + 1, mailbox_info(self->fd).received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* A signal that is ignored or blocked disturbs nobody. */
TEST_F(signal, ignored)
{
	signal(SIGUSR1, SIG_IGN);
	start_call(self, variant->blocked);
	ASSERT_TRUE(await_blocked(self, variant->blocked));
	interrupt(self->call, SIGUSR1);
	EXPECT_EQ(0, self->call->done);
	handle(SIGUSR2, 0);
	interrupt(self->call, SIGUSR2);
	EXPECT_EQ(-EINTR, call_join(self->call));
}

/* A call that need not wait does not look for signals. */
TEST_F(signal, pending_signal_and_message)
{
	sigset_t set;

	if (is_send(variant->blocked) || variant->queued)
		return;
	handle(SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, raise(SIGUSR1));
	ASSERT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(5, take(self->fd));
	EXPECT_EQ(0, handled);
}

/*
 * A constant storm of signals over two processes that play ping-pong.
 */

struct player {
	int in, out;
	__u32 rounds;
	__u32 completion;
	bool restart;
	bool serves;
};

FIXTURE(storm) {
	int dev, ping, pong;
};

FIXTURE_VARIANT(storm) {
	__u32 capacity;
	__u32 completion;
	bool restart;
};

FIXTURE_VARIANT_ADD(storm, rendezvous) { 0, IPCMBOX_QUEUED, true };
FIXTURE_VARIANT_ADD(storm, rendezvous_eintr) { 0, IPCMBOX_QUEUED, false };
FIXTURE_VARIANT_ADD(storm, queued) { 1, IPCMBOX_QUEUED, true };
FIXTURE_VARIANT_ADD(storm, queued_eintr) { 1, IPCMBOX_QUEUED, false };
FIXTURE_VARIANT_ADD(storm, received) { 1, IPCMBOX_RECEIVED, true };
FIXTURE_VARIANT_ADD(storm, received_eintr) { 1, IPCMBOX_RECEIVED, false };

FIXTURE_SETUP(storm)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->ping = mailbox_new(self->dev, .max_messages = variant->capacity);
	self->pong = mailbox_new(self->dev, .max_messages = variant->capacity);
	ASSERT_GE(self->ping, 0);
	ASSERT_GE(self->pong, 0);
}

FIXTURE_TEARDOWN(storm)
{
	close(self->ping);
	close(self->pong);
	close(self->dev);
}

/* What failed with EINTR has not happened, so doing it again does not double it. */
static int send_anyhow(const struct player *player, __u32 number)
{
	int ret;

	do {
		ret = message_send(player->out, .buf_ptr = ptr_u64(&number),
				   .buf_len = sizeof(number), .completion = player->completion);
	} while (ret == -EINTR && !player->restart);
	return ret;
}

static int recv_anyhow(const struct player *player, __u32 *number)
{
	int ret;

	do {
		ret = message_recv(player->in, .buf_ptr = ptr_u64(number),
				   .buf_len = sizeof(*number));
	} while (ret == -EINTR && !player->restart);
	return ret;
}

static int play(void *arg)
{
	const struct player *player = arg;
	const struct itimerval storm = {
		.it_interval.tv_usec = 3000,
		.it_value.tv_usec = player->serves ? 1000 : 2000,
	};
	__u32 i, number;

	handle(SIGALRM, player->restart ? SA_RESTART : 0);
	setitimer(ITIMER_REAL, &storm, NULL);
	for (i = 0; i < player->rounds; i++) {
		if (player->serves && send_anyhow(player, i))
			return 1;
		if (recv_anyhow(player, &number) != sizeof(number))
			return 2;
		if (number != i)
			return 3;
		if (!player->serves && send_anyhow(player, i))
			return 4;
	}
	return 0;
}

TEST_F_TIMEOUT(storm, ping_pong, 60)
{
	struct player a = {
		.in = self->pong, .out = self->ping, .rounds = scaled(300),
		.completion = variant->completion, .restart = variant->restart, .serves = true,
	};
	struct player b = a;
	pid_t pids[2];

	b.in = self->ping;
	b.out = self->pong;
	b.serves = false;
	pids[0] = child_start(play, &a);
	pids[1] = child_start(play, &b);
	EXPECT_EQ(0, child_wait(pids[0]));
	EXPECT_EQ(0, child_wait(pids[1]));
	EXPECT_EQ(a.rounds, mailbox_info(self->ping).received);
	EXPECT_EQ(a.rounds, mailbox_info(self->pong).received);
	EXPECT_EQ(-EAGAIN, take(self->ping));
	EXPECT_EQ(-EAGAIN, take(self->pong));
	EXPECT_TRUE(mailbox_balanced(self->ping));
	EXPECT_TRUE(mailbox_balanced(self->pong));
}

TEST_HARNESS_MAIN
