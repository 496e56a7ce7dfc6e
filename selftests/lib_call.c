// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: calls, replies, tokens and leases do what ipck.h says.
 */
#include <signal.h>

#include "lib_test.h"

#define SPAN	(30 * NSEC_PER_MSEC)

static const struct ipck_recv_opt with_token = { .flags = IPCK_TOKEN };

/* A call in a thread, and what came of it. */
struct calling {
	struct job job;
	struct ipck *mb;
	struct ipck_call_opt opt;
	struct ipck_answer answer;
	const char *text;
	char reply[32];
};

static int calling_body(void *arg)
{
	struct calling *calling = arg;

	return ipck_call_opt(calling->mb, calling->text, strlen(calling->text), calling->reply,
			     sizeof(calling->reply), &calling->opt, &calling->answer);
}

static bool calling_start(struct calling *calling, struct ipck *mb, const char *text)
{
	calling->mb = mb;
	calling->text = text;
	return job_start(&calling->job, calling_body, calling);
}

static int calling_join(struct calling *calling)
{
	return job_join(&calling->job);
}

TEST_F(lib, call_and_reply)
{
	const struct ipck_reply_opt opt = { .status = -7 };
	struct calling calling = {};
	struct ipck_msg msg;
	char text[16];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_EQ(0, memcmp("ping", text, 4));
	EXPECT_NE(0, msg.token);
	EXPECT_EQ(IPCK_HANDLED, msg.completion);
	EXPECT_EQ(UINT64_MAX, msg.call_deadline_ns);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(calling.job.tid, msg.tid);
	EXPECT_EQ(1, info_of(self->mb).held);
	ASSERT_EQ(0, ipck_reply_opt(self->mb, msg.token, "pong!", 5, &opt, NULL));
	EXPECT_EQ(5, calling_join(&calling));
	EXPECT_EQ(0, memcmp("pong!", calling.reply, 5));
	EXPECT_EQ(5, calling.answer.length);
	EXPECT_EQ(-7, calling.answer.status);
	EXPECT_EQ(0, calling.answer.cookie);
	EXPECT_EQ(IPCK_LIMIT_NONE, calling.answer.limit);
	EXPECT_EQ(0, info_of(self->mb).held);
	/* Once. */
	EXPECT_EQ(-ESTALE, ipck_reply(self->mb, msg.token, "again", 5));
	EXPECT_EQ(-ESTALE, ipck_ack(self->mb, msg.token));
}

/* A server of one call that answers with what it got. */
static int echo_body(void *arg)
{
	struct ipck *mb = arg;
	struct ipck_msg msg;
	char text[32];
	ssize_t ret;

	ret = ipck_recv_opt(mb, text, sizeof(text), &with_token, &msg);
	return ret < 0 ? ret : ipck_reply(mb, msg.token, text, ret);
}

TEST_F(lib, simple_call)
{
	char reply[8] = "xxxxxxxx";
	struct job job;

	ASSERT_TRUE(job_start(&job, echo_body, self->mb));
	EXPECT_EQ(3, ipck_call(self->mb, "abc", 3, reply, sizeof(reply)));
	EXPECT_EQ(0, memcmp("abcx", reply, 4));
	EXPECT_EQ(0, job_join(&job));
}

static int handled_body(void *arg)
{
	const struct ipck_send_opt opt = { .completion = IPCK_HANDLED };

	return ipck_send_opt(arg, "x", 1, &opt, NULL);
}

TEST_F(lib, handled)
{
	struct ipck_msg msg;
	struct job job;
	char byte;

	ASSERT_TRUE(job_start(&job, handled_body, self->mb));
	ASSERT_EQ(1, ipck_recv_opt(self->mb, &byte, 1, &with_token, &msg));
	EXPECT_EQ(0, job.done);
	EXPECT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, job_join(&job));
}

/* Whoever takes no token has handled the message as it has it. */
TEST_F(lib, handled_by_whoever_takes_no_token)
{
	const struct ipck_recv_opt select = { .events = 0, .max_fds = 1, .fds = (int[1]){} };
	struct ipck_msg msg;
	struct job job;
	char byte;

	ASSERT_TRUE(job_start(&job, handled_body, self->mb));
	EXPECT_EQ(1, ipck_recv(self->mb, &byte, 1));
	EXPECT_EQ(0, job_join(&job));
	ASSERT_TRUE(job_start(&job, handled_body, self->mb));
	EXPECT_EQ(1, ipck_recv_opt(self->mb, &byte, 1, NULL, &msg));
	EXPECT_EQ(0, msg.token);
	EXPECT_EQ(IPCK_HANDLED, msg.completion);
	EXPECT_EQ(0, job_join(&job));
	ASSERT_TRUE(job_start(&job, handled_body, self->mb));
	EXPECT_EQ(1, ipck_recv_opt(self->mb, &byte, 1, &select, NULL));
	EXPECT_EQ(0, job_join(&job));
	EXPECT_EQ(0, info_of(self->mb).held);
}

TEST_F(lib, acknowledged_call)
{
	struct calling calling = {};
	struct ipck_msg msg;
	char text[8];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, calling_join(&calling));
	EXPECT_EQ(0, calling.answer.status);
}

#define TURNS	3

static int server_body(void *arg)
{
	struct ipck_msg msg = {};
	struct ipck *mb = arg;
	char text[32];
	ssize_t ret = 0;
	int turn;

	for (turn = 0; turn < TURNS; turn++) {
		ret = ipck_reply_recv(mb, text, ret, text, sizeof(text), &msg);
		if (ret < 0)
			return ret;
	}
	return ipck_reply(mb, msg.token, text, ret);
}

TEST_F(lib, reply_and_receive)
{
	struct job job;
	char reply[8];
	int turn;

	ASSERT_TRUE(job_start(&job, server_body, self->mb));
	for (turn = 0; turn < TURNS; turn++)
		EXPECT_EQ(turn + 1, ipck_call(self->mb, "abcdefgh", turn + 1, reply, 8));
	EXPECT_EQ(0, job_join(&job));
}

TEST_F(lib, reply_and_receive_that_fail)
{
	const struct ipck_recv_opt now = { .wait = IPCK_WAIT_NEVER };
	struct ipck_msg msg = {};
	struct calling calling = {};
	char text[8];

	/* Nothing to answer, nothing there. */
	EXPECT_EQ(-EAGAIN, ipck_reply_recv_opt(self->mb, NULL, 0, NULL, text, 8, &now, &msg));
	EXPECT_EQ(0, msg.token);
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_reply_recv(self->mb, NULL, 0, text, sizeof(text), &msg));
	/* The reply is too long, and still to be given. */
	EXPECT_EQ(-EMSGSIZE, ipck_reply_recv_opt(self->mb, text, IPCK_LENGTH_DEFAULT + 1, NULL,
						 text, 8, &now, &msg));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, msg.limit);
	EXPECT_NE(0, msg.token);
	/* It is given, and nothing is there. */
	EXPECT_EQ(-EAGAIN, ipck_reply_recv_opt(self->mb, "pong", 4, NULL, text, 8, &now, &msg));
	EXPECT_EQ(0, msg.token);
	EXPECT_EQ(4, calling_join(&calling));
	/* A caller that is gone keeps nobody from the next message. */
	ASSERT_EQ(0, send_number(self->mb, 5));
	msg.token = 0;
	EXPECT_EQ(4, ipck_reply_recv(self->mb, NULL, 0, text, 8, &msg));
	EXPECT_EQ(0, msg.token);
	EXPECT_EQ(IPCK_QUEUED, msg.completion);
}

TEST_F(lib, resumed_after_a_timeout)
{
	struct calling calling = {
		.opt = { .wait = IPCK_WAIT_FOR, .wait_ns = SPAN },
	};
	struct ipck_msg msg;
	char text[8];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_NE(UINT64_MAX, msg.call_deadline_ns);
	EXPECT_EQ(-ETIMEDOUT, calling_join(&calling));
	ASSERT_NE(0, calling.answer.cookie);

	/* Not by this thread, which would wait for itself. */
	calling.opt = (struct ipck_call_opt){ .wait = IPCK_WAIT_NEVER };
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	EXPECT_EQ(-EAGAIN, calling_join(&calling));
	EXPECT_NE(0, calling.answer.cookie);
	calling.opt = (struct ipck_call_opt){};
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(0, ipck_reply(self->mb, msg.token, "pong!", 5));
	EXPECT_EQ(5, calling_join(&calling));
	EXPECT_EQ(0, calling.answer.cookie);
	EXPECT_EQ(1, info_of(self->mb).sent);
}

TEST_F(lib, reply_that_is_too_long)
{
	struct ipck_answer answer = {};
	struct job job;
	char reply[8];

	ASSERT_TRUE(job_start(&job, echo_body, self->mb));
	EXPECT_EQ(-EMSGSIZE, ipck_call_opt(self->mb, "abcd", 4, reply, 3, NULL, &answer));
	EXPECT_EQ(4, answer.length);
	EXPECT_EQ(IPCK_LIMIT_BUFFER, answer.limit);
	ASSERT_NE(0, answer.cookie);
	EXPECT_EQ(4, ipck_call_opt(self->mb, "abcd", 4, reply, 8, NULL, &answer));
	EXPECT_EQ(0, answer.cookie);
	EXPECT_EQ(0, job_join(&job));
	/* The request, now. */
	EXPECT_EQ(-EMSGSIZE, ipck_call_opt(self->mb, NULL, IPCK_LENGTH_MAX + 1UL, reply, 8, NULL,
					   &answer));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, answer.limit);
	EXPECT_EQ(0, answer.cookie);
}

struct impatient {
	struct ipck *mb;
	struct ipck_call_opt opt;
};

static int impatient_body(void *arg)
{
	struct impatient *impatient = arg;
	char byte;

	return ipck_call_opt(impatient->mb, "x", 1, &byte, 1, &impatient->opt, NULL);
}

TEST_F(lib, call_that_fails_is_given_up)
{
	struct impatient impatient = {
		.mb = self->mb, .opt = { .wait = IPCK_WAIT_FOR, .wait_ns = SPAN },
	};
	struct ipck_msg msg;
	struct job job;
	char byte;

	/* Before it was received it is withdrawn. */
	EXPECT_EQ(-ETIMEDOUT, impatient_body(&impatient));
	EXPECT_EQ(0, info_of(self->mb).messages);
	ASSERT_TRUE(job_start(&job, impatient_body, &impatient));
	ASSERT_EQ(1, ipck_recv_opt(self->mb, &byte, 1, &with_token, &msg));
	EXPECT_EQ(-ETIMEDOUT, job_join(&job));
	EXPECT_EQ(-EPIPE, ipck_reply(self->mb, msg.token, "late", 4));
	EXPECT_EQ(0, info_of(self->mb).held);
}

TEST_F(lib, cancel)
{
	struct calling calling = {
		.opt = { .wait = IPCK_WAIT_FOR, .wait_ns = SPAN },
	};
	struct ipck_msg msg;
	char text[8];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_EQ(-ETIMEDOUT, calling_join(&calling));
	EXPECT_EQ(0, ipck_call_cancel(self->mb, calling.answer.cookie));
	EXPECT_EQ(-ESTALE, ipck_call_cancel(self->mb, calling.answer.cookie));
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	EXPECT_EQ(-ESTALE, calling_join(&calling));
	EXPECT_EQ(-EPIPE, ipck_ack(self->mb, msg.token));
}

/* Without a name, the last reader's close is its end. */
TEST_F(lib, receiver_goes)
{
	struct calling calling = {};
	struct ipck *mb = unnamed(NULL), *writer;
	struct ipck_msg msg;
	char text[8];

	ASSERT_EQ(0, ipck_open_id(&writer, ipck_id(mb), O_WRONLY));
	ASSERT_TRUE(calling_start(&calling, writer, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(mb, text, sizeof(text), &with_token, &msg));
	ipck_close(mb);
	EXPECT_EQ(-EPIPE, calling_join(&calling));
	EXPECT_EQ(0, calling.answer.cookie);
	ipck_close(writer);
}

static int receive_and_wait(void *arg)
{
	struct ipck_msg msg;
	struct ipck *mb;
	char text[8];

	/* Only what this process opens itself ends with it. */
	(void)arg;
	close_all_but(-1);
	if (ipck_open(&mb, "test", O_RDONLY, NULL) ||
	    ipck_recv_opt(mb, text, sizeof(text), &with_token, &msg) != 4)
		return 1;
	pause();
	return 2;
}

/* With a name, too, though somebody else could have received it. */
TEST_F(lib, receiver_dies)
{
	struct calling calling = {};
	pid_t pid = child_start(receive_and_wait, NULL);

	ASSERT_TRUE(await_receivers(ipck_fd(self->mb), 1));
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	while (!info_of(self->mb).held)
		usleep(1000);
	kill(pid, SIGKILL);
	EXPECT_EQ(-EPIPE, calling_join(&calling));
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(0, info_of(self->mb).messages);
}

/* ... and when nobody else could have. */
TEST_F(lib, only_receiver_dies)
{
	struct calling calling = {};
	pid_t pid = child_start(receive_and_wait, NULL);
	struct ipck *writer;

	ASSERT_EQ(0, ipck_open(&writer, "test", O_WRONLY, NULL));
	ipck_close(self->mb);
	self->mb = NULL;
	ASSERT_TRUE(calling_start(&calling, writer, "ping"));
	while (!info_of(writer).held)
		usleep(1000);
	kill(pid, SIGKILL);
	EXPECT_EQ(-EPIPE, calling_join(&calling));
	EXPECT_EQ(255, child_wait(pid));
	EXPECT_EQ(0, info_of(writer).messages);
	ipck_close(writer);
}

TEST_F(lib, bad_calls)
{
	static const struct ipck_call_opt bad[] = {
		{ .flags = 1 }, { .flags = 1U << 5 },
		{ .priority = IPCK_PRIORITY_MAX + 1 },
		{ .wait = (enum ipck_wait)4 }, { .wait_ns = 1 },
		{ .clock = IPCK_CLOCK_REALTIME },
		{ .nr_fds = IPCK_FDS_MAX + 1 },
		{ .reserved = { 1 } }, { .reserved = { 0, 0, 0, 1 } },
	};
	const struct ipck_call_opt now = { .wait = IPCK_WAIT_NEVER };
	struct ipck_answer answer;
	struct ipck_msg msg = {};
	char byte;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&answer, 0, sizeof(answer));
		answer.limit = 77;
		EXPECT_EQ(-EINVAL, ipck_call_opt(self->mb, "x", 1, &byte, 1, &bad[i], &answer))
			TH_LOG("option %zu", i);
		EXPECT_EQ(IPCK_LIMIT_NONE, answer.limit);
	}
	EXPECT_EQ(-EAGAIN, ipck_call_opt(self->mb, "x", 1, &byte, 1, &now, NULL));
	EXPECT_EQ(0, info_of(self->mb).messages);
	EXPECT_EQ(-EINVAL, ipck_call(NULL, "x", 1, &byte, 1));
	EXPECT_EQ(-EINVAL, ipck_call_cancel(NULL, 1));
	EXPECT_EQ(-EINVAL, ipck_call_cancel(self->mb, 0));
	EXPECT_EQ(-EINVAL, ipck_reply(NULL, 1, "x", 1));
	EXPECT_EQ(-EINVAL, ipck_reply_recv(NULL, "x", 1, &byte, 1, &msg));
	EXPECT_EQ(-EINVAL, ipck_reply_recv(self->mb, "x", 1, &byte, 1, NULL));
	EXPECT_EQ(-EINVAL, ipck_recv_opt(self->mb, &byte, 1, &with_token, NULL));
}

TEST_F(lib, bad_tokens)
{
	static const struct ipck_reply_opt bad[] = {
		{ .flags = 1 }, { .nr_fds = IPCK_FDS_MAX + 1 }, { .reserved = { 1 } },
		{ .reserved = { 0, 0, 0, 0, 1 } },
	};
	struct calling calling = {};
	unsigned int limit;
	struct ipck_msg msg;
	struct ipck *writer;
	char text[8];
	size_t i;

	EXPECT_EQ(-EINVAL, ipck_ack(self->mb, 0));
	EXPECT_EQ(-EINVAL, ipck_ack(self->mb, UINT64_MAX));
	EXPECT_EQ(-EINVAL, ipck_refuse(self->mb, UINT64_MAX));
	EXPECT_EQ(-EINVAL, ipck_renew(self->mb, UINT64_MAX, 1));
	EXPECT_EQ(-EINVAL, ipck_reply(self->mb, UINT64_MAX, "x", 1));
	EXPECT_EQ(-EINVAL, ipck_ack(NULL, 1));
	ASSERT_EQ(0, ipck_open(&writer, "test", O_WRONLY, NULL));
	ASSERT_TRUE(calling_start(&calling, writer, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_EQ(-EACCES, ipck_reply(writer, msg.token, "x", 1));
	EXPECT_EQ(-EACCES, ipck_ack(writer, msg.token));
	EXPECT_EQ(-EINVAL, ipck_renew(self->mb, msg.token, 0));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, ipck_reply_opt(self->mb, msg.token, "x", 1, &bad[i], NULL))
			TH_LOG("option %zu", i);
	EXPECT_EQ(-EMSGSIZE, ipck_reply_opt(self->mb, msg.token, NULL, IPCK_LENGTH_MAX + 1UL,
					    NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_LENGTH, limit);
	EXPECT_EQ(0, ipck_reply_opt(self->mb, msg.token, "x", 1, NULL, &limit));
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	EXPECT_EQ(1, calling_join(&calling));
	ipck_close(writer);
}

TEST_F(lib, refuse)
{
	struct calling calling = {};
	struct ipck_msg msg;
	char text[8];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_EQ(0, msg.redelivered);
	EXPECT_EQ(0, ipck_refuse(self->mb, msg.token));
	EXPECT_EQ(-ESTALE, ipck_reply(self->mb, msg.token, "x", 1));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_EQ(1, msg.redelivered);
	EXPECT_EQ(1, msg.seq);
	EXPECT_EQ(0, ipck_reply(self->mb, msg.token, "x", 1));
	EXPECT_EQ(1, calling_join(&calling));
	EXPECT_EQ(1, info_of(self->mb).redelivered);
}

/*
 * Leases
 */

TEST_F(lib, lease)
{
	const struct ipck_recv_opt opt = { .lease_ns = 60 * NSEC_PER_SEC };
	struct ipck_msg msg;
	__u32 number;

	ASSERT_EQ(0, send_number(self->mb, 1));
	EXPECT_EQ(-EINVAL, ipck_recv_opt(self->mb, &number, 4, &opt, NULL));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, &number, 4, &opt, &msg));
	ASSERT_NE(0, msg.token);
	EXPECT_EQ(IPCK_QUEUED, msg.completion);
	EXPECT_EQ(1, info_of(self->mb).held);
	EXPECT_EQ(1, info_of(self->mb).messages);
	EXPECT_EQ(-EAGAIN, recv_number(self->mb));
	EXPECT_EQ(0, ipck_renew(self->mb, msg.token, 60 * NSEC_PER_SEC));
	EXPECT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(-ESTALE, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, info_of(self->mb).messages);
	EXPECT_EQ(1, info_of(self->mb).received);
}

/* A lease on a request: whoever acknowledges it has replied. */
TEST_F(lib, leased_call)
{
	const struct ipck_recv_opt opt = { .lease_ns = 60 * NSEC_PER_SEC };
	struct calling calling = {};
	struct ipck_msg msg;
	char text[8];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &opt, &msg));
	EXPECT_EQ(IPCK_HANDLED, msg.completion);
	ASSERT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, calling_join(&calling));

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &opt, &msg));
	ASSERT_EQ(0, ipck_reply(self->mb, msg.token, "pong!", 5));
	EXPECT_EQ(5, calling_join(&calling));
}

TEST_F(lib, lease_that_ends)
{
	struct ipck_recv_opt opt = { .lease_ns = SPAN };
	struct ipck_msg msg;
	__u32 number;

	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(0, send_number(self->mb, 2));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, &number, 4, &opt, &msg));
	/* It comes back to its old place. */
	ASSERT_EQ(4, ipck_recv(self->mb, &number, 4));
	EXPECT_EQ(2, number);
	opt.lease_ns = 0;
	ASSERT_EQ(4, ipck_recv_opt(self->mb, &number, 4, &opt, &msg));
	EXPECT_EQ(1, number);
	EXPECT_EQ(1, msg.redelivered);
	EXPECT_EQ(0, msg.token);
}

TEST_F(lib, lease_ends_with_the_descriptor)
{
	const struct ipck_recv_opt opt = { .lease_ns = 60 * NSEC_PER_SEC };
	struct ipck_msg msg;
	struct ipck *mb;
	__u32 number;

	ASSERT_EQ(0, ipck_open(&mb, "test", O_RDONLY, NULL));
	ASSERT_EQ(0, send_number(self->mb, 1));
	ASSERT_EQ(4, ipck_recv_opt(mb, &number, 4, &opt, &msg));
	EXPECT_EQ(-EAGAIN, recv_number(self->mb));
	ipck_close(mb);
	EXPECT_EQ(-ESTALE, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(1, recv_number(self->mb));
}

TEST_F(lib, dead_letter)
{
	struct ipck *dead = unnamed(NULL);
	const struct ipck_change change = {
		.mask = IPCK_SET_DEAD_LETTER, .dead_letter = ipck_id(dead), .max_deliveries = 2,
	};
	const struct ipck_recv_opt opt = { .lease_ns = 60 * NSEC_PER_SEC };
	struct ipck_msg msg;
	__u32 number;
	int i;

	ASSERT_EQ(0, ipck_set(self->mb, &change));
	EXPECT_EQ(ipck_id(dead), info_of(self->mb).dead_letter);
	EXPECT_EQ(2, info_of(self->mb).max_deliveries);
	ASSERT_EQ(0, send_number(self->mb, 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(4, ipck_recv_opt(self->mb, &number, 4, &opt, &msg));
		EXPECT_EQ(0, ipck_refuse(self->mb, msg.token));
	}
	EXPECT_EQ(-EAGAIN, recv_number(self->mb));
	EXPECT_EQ(1, recv_number(dead));
	EXPECT_EQ(1, info_of(self->mb).dead_letters);
	ipck_close(dead);
}

/*
 * Deadlines and circles
 */

TEST_F(lib, deadline_of_the_caller)
{
	struct calling calling = {
		.opt = { .wait = IPCK_WAIT_FOR, .wait_ns = 20 * NSEC_PER_SEC },
	};
	uint64_t before = now_ns(IPCMBOX_CLOCK_MONOTONIC), deadline;
	struct ipck_msg msg;
	char text[8];

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	EXPECT_GE(msg.call_deadline_ns, before + 20 * NSEC_PER_SEC);
	EXPECT_LE(msg.call_deadline_ns,
		  now_ns(IPCMBOX_CLOCK_MONOTONIC) + 20 * NSEC_PER_SEC);
	EXPECT_EQ(msg.call_deadline_ns, ipck_deadline(&msg, UINT64_MAX));
	EXPECT_EQ(msg.call_deadline_ns, ipck_deadline(&msg, 1000 * NSEC_PER_SEC));
	deadline = ipck_deadline(&msg, NSEC_PER_SEC);
	EXPECT_LT(deadline, msg.call_deadline_ns);
	EXPECT_GE(deadline, before + NSEC_PER_SEC);
	EXPECT_EQ(0, ipck_ack(self->mb, msg.token));
	EXPECT_EQ(0, calling_join(&calling));
}

TEST_F(lib, deadline_without_a_caller)
{
	struct ipck_msg plain = {};
	uint64_t before = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	EXPECT_EQ(UINT64_MAX, ipck_deadline(NULL, UINT64_MAX));
	EXPECT_EQ(UINT64_MAX, ipck_deadline(&plain, UINT64_MAX));
	EXPECT_GE(ipck_deadline(NULL, NSEC_PER_SEC), before + NSEC_PER_SEC);
	EXPECT_LE(ipck_deadline(&plain, 0), now_ns(IPCMBOX_CLOCK_MONOTONIC));
}

static int open_soon(struct ipck **mb, const char *name)
{
	int ret;

	do
		ret = ipck_open(mb, name, O_WRONLY, NULL);
	while (ret == -ENOENT);
	return ret;
}

/* A client of "test2", which also serves "test3", and for that calls "test2" again. */
static int call_back(void *arg)
{
	struct ipck_msg msg = {};
	struct ipck *mine, *caller;
	char byte;
	int ret;

	(void)arg;
	close_all_but(-1);
	if (ipck_open(&mine, "test3", O_RDONLY | O_CREAT, NULL) || open_soon(&caller, "test2"))
		return 1;
	if (ipck_call(caller, "x", 1, &byte, 1))
		return 2;
	ret = ipck_reply_recv(mine, NULL, 0, &byte, 1, &msg);
	if (ret != 1 || !msg.token)
		return 3;
	ret = ipck_call(caller, "x", 1, &byte, 1);
	return ipck_reply(mine, msg.token, &ret, sizeof(ret)) ? 4 : 0;
}

/* Who serves "test2" is known from the first call, and that it waits from the second. */
TEST_F(lib, circle_of_callers)
{
	pid_t pid = child_start(call_back, NULL);
	struct ipck *mine, *server;
	struct ipck_msg msg = {};
	int result = 0;
	char byte;

	ASSERT_EQ(0, ipck_open(&mine, "test2", O_RDONLY | O_CREAT, NULL));
	ASSERT_EQ(1, ipck_reply_recv(mine, NULL, 0, &byte, 1, &msg));
	ASSERT_EQ(0, ipck_ack(mine, msg.token));
	ASSERT_EQ(0, open_soon(&server, "test3"));
	EXPECT_EQ(sizeof(result), ipck_call(server, "x", 1, &result, sizeof(result)));
	EXPECT_EQ(-EDEADLK, result);
	EXPECT_EQ(0, child_wait(pid));
	ipck_close(server);
	ipck_close(mine);
}

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

/* A signal before the request is received withdraws it; later, the call can be resumed. */
TEST_F(lib, interrupted)
{
	struct sigaction action = { .sa_handler = handler };
	struct calling calling = {};
	struct ipck_msg msg;
	char text[8];

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_TRUE(await_senders(ipck_fd(self->mb), 1));
	pthread_kill(calling.job.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, calling_join(&calling));
	EXPECT_EQ(0, calling.answer.cookie);
	EXPECT_EQ(0, info_of(self->mb).messages);

	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	ASSERT_TRUE(await_thread_asleep(getpid(), calling.job.tid));
	pthread_kill(calling.job.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, calling_join(&calling));
	EXPECT_NE(0, calling.answer.cookie);
	ASSERT_EQ(0, ipck_reply(self->mb, msg.token, "x", 1));
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	EXPECT_EQ(1, calling_join(&calling));

	/* It goes on by itself. */
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	handled = 0;
	ASSERT_TRUE(calling_start(&calling, self->mb, "ping"));
	ASSERT_EQ(4, ipck_recv_opt(self->mb, text, sizeof(text), &with_token, &msg));
	ASSERT_TRUE(await_thread_asleep(getpid(), calling.job.tid));
	pthread_kill(calling.job.thread, SIGUSR1);
	ASSERT_TRUE(await_value(&handled, 1));
	ASSERT_EQ(0, ipck_reply(self->mb, msg.token, "xy", 2));
	EXPECT_EQ(2, calling_join(&calling));
}

TEST_HARNESS_MAIN
