// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: sends and receives of a ring of io_uring do what ipck.h says.
 */
#include "lib_test.h"
#include "uring_test.h"

#define SPAN	(20 * NSEC_PER_MSEC)

static struct ring ring;

/* What ipck_uring_prep() does, which is for liburing. */
static struct io_uring_sqe *add(struct ipck_uring *uring)
{
	return ring_add(&ring, uring->fd, uring->command, uring->args);
}

static ssize_t run(struct ipck_uring *uring, struct ipck_msg *msg)
{
	add(uring);
	return ipck_uring_result(uring, ring_run(&ring), msg);
}

FIXTURE(ring) {
	struct ipck *mb;
	struct ipck_uring send, recv;
	char in[16];
};

FIXTURE_SETUP(ring)
{
	const struct ipck_attr attr = { .capacity = 2, .max_length = 64 };
	int ret;

	self->mb = unnamed(&attr);
	ASSERT_NE(NULL, self->mb);
	ret = ring_begin(&ring, 0);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring in this kernel, or not allowed: %s", strerror(-ret));
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(ring)
{
	ring_end(&ring);
	ipck_close(self->mb);
}

TEST_F(ring, feature_is_told)
{
	struct ipck_limits limits;

	ASSERT_EQ(0, ipck_limits(&limits));
	EXPECT_TRUE(limits.features & IPCK_FEATURE_URING);
}

TEST_F(ring, message_is_sent_and_received)
{
	const struct ipck_send_opt opt = { .priority = 9, .events = 5 };
	struct ipck_msg msg;

	ASSERT_EQ(0, ipck_uring_send(&self->send, self->mb, "hello", 5, &opt));
	memset(&msg, POISON, sizeof(msg));
	EXPECT_EQ(0, run(&self->send, &msg));
	EXPECT_EQ(IPCK_LIMIT_NONE, msg.limit);
	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, sizeof(self->in), NULL));
	ASSERT_EQ(5, run(&self->recv, &msg));
	EXPECT_EQ(0, memcmp("hello", self->in, 5));
	EXPECT_EQ(5, msg.length);
	EXPECT_EQ(9, msg.priority);
	EXPECT_EQ(5, msg.events);
	EXPECT_EQ(getpid(), msg.pid);

	/* Both of them again, as they are */
	EXPECT_EQ(0, run(&self->send, NULL));
	EXPECT_EQ(5, run(&self->recv, NULL));
}

TEST_F(ring, receive_waits)
{
	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, sizeof(self->in), NULL));
	add(&self->recv);
	ASSERT_EQ(1, ring_submit(&ring));
	ASSERT_TRUE(await_receivers(ipck_fd(self->mb), 1));
	ASSERT_EQ(0, send_number(self->mb, 3));
	EXPECT_EQ(4, ipck_uring_result(&self->recv, ring_await(&ring, 0), NULL));
	EXPECT_EQ(0, memcmp(&(__u32){ 3 }, self->in, 4));
}

/* Its span begins when it is got ready. */
TEST_F(ring, time_is_over)
{
	const struct ipck_recv_opt opt = { .wait = IPCK_WAIT_FOR, .wait_ns = SPAN };
	__u64 end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + SPAN;

	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, sizeof(self->in), &opt));
	EXPECT_EQ(-ETIMEDOUT, run(&self->recv, NULL));
	EXPECT_GE(now_ns(IPCMBOX_CLOCK_MONOTONIC), end);
}

TEST_F(ring, limit_is_told)
{
	const struct ipck_send_opt never = { .wait = IPCK_WAIT_NEVER };
	struct ipck_msg msg;

	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(0, send_number(self->mb, 2));
	ASSERT_EQ(0, ipck_uring_send(&self->send, self->mb, "full", 4, &never));
	EXPECT_EQ(-EAGAIN, run(&self->send, &msg));
	EXPECT_EQ(IPCK_LIMIT_CAPACITY, msg.limit);
	EXPECT_EQ(0, msg.length);

	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, 3, NULL));
	EXPECT_EQ(-EMSGSIZE, run(&self->recv, &msg));
	EXPECT_EQ(IPCK_LIMIT_BUFFER, msg.limit);
	EXPECT_EQ(4, msg.length);
	EXPECT_EQ(1, recv_number(self->mb));
}

/* It learns how many there are, and has no more room for them when it asks again. */
TEST_F(ring, descriptors_beyond_the_room_stay)
{
	int pair[2] = { 0, 1 }, fds[2] = { -1, -1 }, i;
	const struct ipck_attr attr = { .capacity = 1, .flags = IPCK_ATTR_FDS };
	const struct ipck_send_opt two = { .nr_fds = 2, .fds = pair };
	const struct ipck_recv_opt one = { .max_fds = 1, .fds = fds };
	struct ipck *mb = unnamed(&attr);
	struct ipck_msg msg;

	ASSERT_NE(NULL, mb);
	ASSERT_EQ(0, ipck_send_opt(mb, "two", 3, &two, NULL));
	ASSERT_EQ(0, ipck_uring_recv(&self->recv, mb, self->in, sizeof(self->in), &one));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EMSGSIZE, run(&self->recv, &msg));
		EXPECT_EQ(IPCK_LIMIT_FDS, msg.limit);
		EXPECT_EQ(2, msg.nr_fds);
		EXPECT_EQ(-1, fds[0]);
		EXPECT_EQ(-1, fds[1]);
	}
	ipck_close(mb);
}

static const struct ipck_send_opt handled = { .completion = IPCK_HANDLED };

/* Nobody wants its token. */
TEST_F(ring, unwanted_message_is_acknowledged)
{
	struct ipck_msg msg;

	ASSERT_EQ(0, ipck_uring_send(&self->send, self->mb, "do it", 5, &handled));
	add(&self->send);
	ASSERT_EQ(1, ring_submit(&ring));
	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, sizeof(self->in), NULL));
	EXPECT_EQ(5, run(&self->recv, &msg));
	EXPECT_EQ(0, msg.token);
	EXPECT_EQ(IPCK_HANDLED, msg.completion);
	EXPECT_EQ(0, ring_await(&ring, 0));
}

TEST_F(ring, token_is_given)
{
	const struct ipck_recv_opt with_token = { .flags = IPCK_TOKEN };
	struct ipck_msg msg;

	ASSERT_EQ(0, ipck_uring_send(&self->send, self->mb, "do it", 5, &handled));
	add(&self->send);
	ASSERT_EQ(1, ring_submit(&ring));
	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, sizeof(self->in),
				     &with_token));
	EXPECT_EQ(5, run(&self->recv, &msg));
	EXPECT_NE(0, msg.token);
	EXPECT_FALSE(ring_is_done(&ring, 0));
	EXPECT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, ring_await(&ring, 0));
}

TEST_F(ring, lease_is_kept)
{
	const struct ipck_recv_opt lease = { .lease_ns = 3600 * NSEC_PER_SEC };
	struct ipck_msg msg;

	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(0, ipck_uring_recv(&self->recv, self->mb, self->in, sizeof(self->in), &lease));
	EXPECT_EQ(4, run(&self->recv, &msg));
	EXPECT_NE(0, msg.token);
	EXPECT_EQ(1, info_of(self->mb).held);
	EXPECT_EQ(0, ipck_refuse(self->mb, msg.token));
	EXPECT_EQ(1, recv_number(self->mb));
}

TEST_F(ring, what_is_wrong_is_refused)
{
	const struct ipck_attr attr = { .discipline = IPCK_CHANNEL };
	const struct ipck_send_opt iovec = { .flags = IPCK_IOVEC }, move = { .flags = IPCK_MOVE };
	const struct ipck_send_opt bad = { .reserved = { 1 } };
	const struct ipck_recv_opt many = { .flags = IPCK_WAIT_FOR_ONE };
	const struct ipck_recv_opt parts = { .flags = IPCK_IOVEC };
	const struct ipck_recv_opt bad_recv = { .reserved = { 1 } };
	struct ipck_uring uring;
	struct ipck *channel;

	ASSERT_EQ(0, ipck_open(&channel, NULL, O_RDONLY | O_CREAT, &attr));
	EXPECT_EQ(-EINVAL, ipck_uring_send(NULL, self->mb, "", 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_send(&uring, NULL, "", 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_send(&uring, channel, "", 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_send(&uring, self->mb, "", 0, &iovec));
	EXPECT_EQ(-EINVAL, ipck_uring_send(&uring, self->mb, "", 0, &move));
	EXPECT_EQ(-EINVAL, ipck_uring_send(&uring, self->mb, "", 0, &bad));
	EXPECT_EQ(-EMSGSIZE, ipck_uring_send(&uring, self->mb, "", IPCK_LENGTH_MAX + 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_recv(NULL, self->mb, NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_recv(&uring, NULL, NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_recv(&uring, channel, NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, ipck_uring_recv(&uring, self->mb, NULL, 0, &parts));
	EXPECT_EQ(-EINVAL, ipck_uring_recv(&uring, self->mb, NULL, 0, &many));
	EXPECT_EQ(-EINVAL, ipck_uring_recv(&uring, self->mb, NULL, 0, &bad_recv));
	EXPECT_EQ(-EINVAL, ipck_uring_result(NULL, 0, NULL));
	ipck_close(channel);
}

TEST_HARNESS_MAIN
