// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that are cut short, by a deadline or a signal, and go on: cookies. A request is withdrawn
 * or received once; whoever comes back finds what has become of it.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "call_test.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

static volatile int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

static void interrupt(const struct call *call)
{
	syscall(SYS_tgkill, getpid(), call->tid, SIGUSR1);
}

FIXTURE(resume) {
	int dev, fd, server;
	struct ipcmbox_query before;
	struct call *call;
	struct ipcmbox_recv recv;
	char buf[64];
};

FIXTURE_SETUP(resume)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600,
			       .max_messages = 4);
	ASSERT_GE(self->fd, 0);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->server, 0);
	self->call = calls_alloc(3);
	handled = 0;
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(resume)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->fd);
	close(self->server);
	close(self->dev);
}

static int serve_next(FIXTURE_DATA(resume) *self)
{
	return serve(self->server, &self->recv, self->buf, sizeof(self->buf));
}

static int reply_with(FIXTURE_DATA(resume) *self, const char *text)
{
	return answer(self->server, self->recv.token, text, strlen(text), 5);
}

/*
 * A call whose request is received, and that a signal has ended.  Returns whether it has a cookie.
 */
static bool ask_and_leave(FIXTURE_DATA(resume) *self)
{
	handle(0);
	ask(self->call, self->fd, "ask");
	if (serve_next(self) != 3)
		return false;
	interrupt(self->call);
	return call_join(self->call) == -EINTR && self->call->call.cookie;
}

static bool got_reply(const struct call *call, const char *text)
{
	return call->result == strlen(text) && call->call.reply_length == strlen(text) &&
	       call->call.status == 5 && !call->call.cookie &&
	       !memcmp(call->data, text, strlen(text));
}

/* What @call gets now, without waiting. */
static int look(struct call *call)
{
	call->call.flags = IPCMBOX_NONBLOCK;
	call->call.deadline_ns = 0;
	call->call.clock = 0;
	call->result = mailbox_call(call->fd, &call->call);
	call->call.flags = 0;
	return call->result;
}

/*
 * Signals
 */

TEST_F(resume, signal_before_receipt)
{
	handle(0);
	ask(self->call, self->fd, "early");
	ASSERT_TRUE(await_senders(self->fd, 1));
	interrupt(self->call);
	EXPECT_EQ(-EINTR, call_join(self->call));
	EXPECT_EQ(0, self->call->call.cookie);
	EXPECT_EQ(-EAGAIN, take(self->server));
	EXPECT_EQ(1, mailbox_info(self->fd).withdrawn);
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

TEST_F(resume, restart_before_receipt)
{
	int i;

	handle(SA_RESTART);
	ask(self->call, self->fd, "early");
	for (i = 1; i <= 5; i++) {
		ASSERT_TRUE(await_senders(self->fd, 1));
		interrupt(self->call);
		ASSERT_TRUE(await_value(&handled, i));
	}
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, self->call->done);
	ASSERT_EQ(5, serve_next(self));
	EXPECT_EQ(-EAGAIN, take(self->server)) TH_LOG("the request came twice");
	EXPECT_EQ(0, reply_with(self, "late"));
	call_join(self->call);
	EXPECT_TRUE(got_reply(self->call, "late"));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

TEST_F(resume, signal_after_receipt)
{
	struct ipcmbox_info info;

	ASSERT_TRUE(ask_and_leave(self));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.held);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(0, info.waiting_senders | info.withdrawn);
	EXPECT_TRUE(mailbox_balanced(self->fd));

	ask_on(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(-EAGAIN, take(self->server)) TH_LOG("the request came twice");
	EXPECT_EQ(0, reply_with(self, "here"));
	call_join(self->call);
	EXPECT_TRUE(got_reply(self->call, "here"));
	EXPECT_EQ(-ESTALE, reply_with(self, "again"));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

/* As often as signals come; the server sees one request. */
TEST_F(resume, restart_after_receipt)
{
	int i;

	handle(SA_RESTART);
	ask(self->call, self->fd, "once");
	ASSERT_EQ(4, serve_next(self));
	for (i = 1; i <= 5; i++) {
		ASSERT_TRUE(await_senders(self->fd, 1));
		interrupt(self->call);
		ASSERT_TRUE(await_value(&handled, i));
	}
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, self->call->done);
	EXPECT_EQ(-EAGAIN, take(self->server));
	EXPECT_EQ(0, reply_with(self, "restart"));
	call_join(self->call);
	EXPECT_TRUE(got_reply(self->call, "restart"));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
}

/* A send cannot be resumed, and must not be restarted: it would be received twice. */
TEST_F(resume, send_after_receipt)
{
	int i;

	for (i = 0; i < 2; i++) {
		handle(i ? SA_RESTART : 0);
		send_start(self->call, self->fd, .completion = IPCMBOX_HANDLED);
		ASSERT_EQ(0, serve_next(self));
		interrupt(self->call);
		EXPECT_EQ(-EINTR, call_join(self->call));
		EXPECT_EQ(-EAGAIN, take(self->server));
		EXPECT_EQ(1, mailbox_info(self->fd).held);
		EXPECT_EQ(-EPIPE, reply_with(self, "nobody"));
		EXPECT_EQ(-ESTALE, reply_with(self, "nobody"));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).received);
	}
}

TEST_F(resume, send_before_receipt)
{
	handle(SA_RESTART);
	send_start(self->call, self->fd, .completion = IPCMBOX_HANDLED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	interrupt(self->call);
	ASSERT_TRUE(await_value(&handled, 1));
	ASSERT_TRUE(await_senders(self->fd, 1));
	ASSERT_EQ(0, serve_next(self));
	EXPECT_EQ(-EAGAIN, take(self->server));
	EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
	EXPECT_EQ(0, call_join(self->call));
}

/*
 * What happens while the caller is away
 */

TEST_F(resume, answered_meanwhile)
{
	struct ipcmbox_info info;

	ASSERT_TRUE(ask_and_leave(self));
	EXPECT_EQ(0, reply_with(self, "kept"));
	info = mailbox_info(self->fd);
	EXPECT_EQ(0, info.held | info.messages | info.receiving);
	EXPECT_EQ(1, info.received);
	EXPECT_EQ(-ESTALE, reply_with(self, "twice"));
	EXPECT_EQ(4, look(self->call));
	EXPECT_TRUE(got_reply(self->call, "kept"));
}

TEST_F(resume, acknowledged_meanwhile)
{
	ASSERT_TRUE(ask_and_leave(self));
	EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	EXPECT_EQ(0, look(self->call));
	EXPECT_EQ(0, self->call->call.cookie);
	EXPECT_EQ(0, self->call->call.reply_length);
	EXPECT_EQ(0, self->call->call.status);
}

TEST_F(resume, broken_meanwhile)
{
	ASSERT_TRUE(ask_and_leave(self));
	close(self->server);
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	EXPECT_EQ(-EPIPE, look(self->call));
	EXPECT_EQ(0, self->call->call.cookie);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
}

TEST_F(resume, broken_while_waiting_again)
{
	ASSERT_TRUE(ask_and_leave(self));
	ask_on(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	close(self->server);
	EXPECT_EQ(-EPIPE, call_join(self->call));
	EXPECT_EQ(0, self->call->call.cookie);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
}

TEST_F(resume, acknowledged_while_waiting_again)
{
	ASSERT_TRUE(ask_and_leave(self));
	ask_on(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_EQ(0, self->call->call.cookie);
}

/* The request goes to another, while its caller waits again. */
TEST_F(resume, refused_while_waiting_again)
{
	__u64 cookie;

	ASSERT_TRUE(ask_and_leave(self));
	cookie = self->call->call.cookie;
	ask_on(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, refuse(self->server, self->recv.token));
	EXPECT_EQ(0, self->call->done);
	/* Now it is a request that was not received: a signal withdraws it. */
	interrupt(self->call);
	EXPECT_EQ(-EINTR, call_join(self->call));
	EXPECT_EQ(0, self->call->call.cookie);
	EXPECT_EQ(-EAGAIN, take(self->server));

	/* And begins again, as it would under SA_RESTART. */
	ask_on(self->call);
	ASSERT_EQ(3, serve_next(self));
	interrupt(self->call);
	EXPECT_EQ(-EINTR, call_join(self->call));
	EXPECT_NE(0, self->call->call.cookie);
	EXPECT_NE(cookie, self->call->call.cookie);
	ask_on(self->call);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(0, refuse(self->server, self->recv.token));
	ASSERT_EQ(3, serve_next(self));
	EXPECT_EQ(1, self->recv.redelivered);
	EXPECT_EQ(0, reply_with(self, "well"));
	call_join(self->call);
	EXPECT_TRUE(got_reply(self->call, "well"));
}

TEST_F(resume, looking)
{
	__u64 cookie;
	int i;

	ASSERT_TRUE(ask_and_leave(self));
	cookie = self->call->call.cookie;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EAGAIN, look(self->call));
		EXPECT_EQ(cookie, self->call->call.cookie);
		EXPECT_EQ(1, mailbox_info(self->fd).held);
	}
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, mailbox_call(self->fd, &self->call->call));
	EXPECT_EQ(cookie, self->call->call.cookie);
	EXPECT_EQ(0, reply_with(self, "seen"));
	EXPECT_EQ(4, mailbox_call(self->fd, &self->call->call));
	EXPECT_EQ(0, self->call->call.cookie);
}

TEST_F(resume, by_another_thread)
{
	struct call *other = &self->call[1];

	ASSERT_TRUE(ask_and_leave(self));
	other->kind = CALL_CALL;
	other->fd = self->fd;
	other->call = self->call->call;
	other->call.reply_ptr = ptr_u64(other->data);
	call_start(other);
	ASSERT_TRUE(await_senders(self->fd, 1));
	/* And only by one of them. */
	EXPECT_EQ(-ESTALE, look(self->call));
	EXPECT_EQ(0, reply_with(self, "other"));
	call_join(other);
	EXPECT_TRUE(got_reply(other, "other"));
	EXPECT_EQ(-ESTALE, look(self->call));
}

static int resume_child(void *arg)
{
	struct call *call = arg;

	close_all_but(call->fd);
	call->result = mailbox_call(call->fd, &call->call);
	return 0;
}

/* The descriptor says whose call it is, not the process. */
TEST_F(resume, by_a_child)
{
	ASSERT_TRUE(ask_and_leave(self));
	EXPECT_EQ(0, reply_with(self, "child"));
	EXPECT_EQ(0, child_run(resume_child, self->call));
	EXPECT_TRUE(got_reply(self->call, "child"));
}

TEST_F(resume, on_another_descriptor)
{
	int other = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	struct ipcmbox_call arg;
	int i;

	ASSERT_TRUE(ask_and_leave(self));
	arg = self->call->call;
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-ESTALE, mailbox_call(other, &arg));
		EXPECT_EQ(-ESTALE, message_call(other, .cookie = arg.cookie,
						.flags = IPCMBOX_CALL_CANCEL));
		if (!i)
			EXPECT_EQ(0, reply_with(self, "mine"));
	}
	EXPECT_EQ(4, look(self->call));
	EXPECT_TRUE(got_reply(self->call, "mine"));
	close(other);
}

TEST_F(resume, with_a_cookie_of_nothing)
{
	static const __u64 cookies[] = { 1, 2, 1000, ~0ULL };
	int i;

	for (i = 0; i < ARRAY_SIZE(cookies); i++) {
		EXPECT_EQ(-ESTALE, message_call(self->fd, .cookie = cookies[i]));
		EXPECT_EQ(-ESTALE, message_call(self->fd, .cookie = cookies[i],
						.flags = IPCMBOX_NONBLOCK));
		EXPECT_EQ(-ESTALE, message_call(self->fd, .cookie = cookies[i],
						.flags = IPCMBOX_CALL_CANCEL));
	}
	/* Nor is a token that is not of a call of one's own one. */
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ASSERT_EQ(4, lease(self->server, &self->recv, self->buf, 64, NSEC_PER_SEC * 100));
	EXPECT_EQ(-ESTALE, message_call(self->fd, .cookie = self->recv.token));
	EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
	EXPECT_EQ(0, mailbox_info(self->fd).messages);
}

/*
 * Giving up
 */

TEST_F(resume, cancelled)
{
	struct ipcmbox_call cancel = { .flags = IPCMBOX_CALL_CANCEL };
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(ask_and_leave(self));
		cancel.cookie = self->call->call.cookie;
		switch (i) {
		case 1:
			EXPECT_EQ(0, reply_with(self, "unheard"));
			break;
		case 2:
			EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
			break;
		}
		EXPECT_EQ(0, mailbox_call(self->fd, &cancel));
		EXPECT_EQ(0, cancel.cookie);
		EXPECT_EQ(-ESTALE, look(self->call));
		cancel.cookie = self->call->call.cookie;
		EXPECT_EQ(-ESTALE, mailbox_call(self->fd, &cancel));
		switch (i) {
		case 0:
			EXPECT_EQ(1, mailbox_info(self->fd).held);
			EXPECT_EQ(-EPIPE, reply_with(self, "nobody"));
			break;
		case 3:
			EXPECT_EQ(-EPIPE, acknowledge(self->server, self->recv.token));
			break;
		case 4:
			EXPECT_EQ(-EPIPE, refuse(self->server, self->recv.token));
			break;
		}
		EXPECT_EQ(-ESTALE, reply_with(self, "nobody"));
		EXPECT_TRUE(is_at_rest(self->fd));
		EXPECT_TRUE(is_even(self->dev, &self->before));
	}
}

TEST_F(resume, cancel_is_nothing_else)
{
	ASSERT_TRUE(ask_and_leave(self));
	EXPECT_EQ(-EINVAL, message_call(self->fd, .cookie = self->call->call.cookie,
					.flags = IPCMBOX_CALL_CANCEL | IPCMBOX_NONBLOCK));
	EXPECT_EQ(-EINVAL, message_call(self->fd, .cookie = self->call->call.cookie,
					.flags = IPCMBOX_CALL_CANCEL | IPCMBOX_DEADLINE,
					.deadline_ns = 1));
	EXPECT_EQ(-EINVAL, message_call(self->fd, .flags = IPCMBOX_CALL_CANCEL));
	EXPECT_EQ(0, reply_with(self, "fine"));
	EXPECT_EQ(4, look(self->call));
}

/* The closing of the descriptor gives up all calls that were made on it. */
TEST_F(resume, closed)
{
	int i, other;

	for (i = 0; i < 3; i++) {
		other = self->fd;
		self->fd = mailbox_by_id(self->dev, mailbox_id(other), IPCMBOX_WRITE);
		ASSERT_TRUE(ask_and_leave(self));
		switch (i) {
		case 0:
			close(self->fd);
			EXPECT_EQ(-EPIPE, reply_with(self, "nobody"));
			break;
		case 1:
			EXPECT_EQ(0, reply_with(self, "unheard"));
			close(self->fd);
			break;
		case 2:
			EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
			close(self->fd);
			break;
		}
		self->fd = other;
		EXPECT_TRUE(is_at_rest(self->fd));
		EXPECT_TRUE(is_even(self->dev, &self->before));
	}
}

/* A copy keeps it. */
TEST_F(resume, closed_but_for_a_copy)
{
	int copy = dup(self->fd);

	ASSERT_TRUE(ask_and_leave(self));
	close(self->fd);
	self->fd = copy;
	self->call->fd = copy;
	EXPECT_EQ(0, reply_with(self, "copy"));
	EXPECT_EQ(4, look(self->call));
	EXPECT_TRUE(got_reply(self->call, "copy"));
}

/* A call that waits goes on when its descriptor is closed, as others do. */
TEST_F(resume, closed_while_waiting)
{
	int other = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);

	ask(self->call, other, "on");
	ASSERT_EQ(2, serve_next(self));
	close(other);
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(0, reply_with(self, "yes"));
	call_join(self->call);
	EXPECT_TRUE(got_reply(self->call, "yes"));
}

/*
 * Deadlines
 */

FIXTURE(expired) {
	int dev, fd, server;
	struct ipcmbox_query before;
	struct call *call;
	struct ipcmbox_recv recv;
	char buf[64];
};

FIXTURE_VARIANT(expired) {
	__u32 clock;
};

FIXTURE_VARIANT_ADD(expired, monotonic) { .clock = IPCMBOX_CLOCK_MONOTONIC };
FIXTURE_VARIANT_ADD(expired, realtime) { .clock = IPCMBOX_CLOCK_REALTIME };
FIXTURE_VARIANT_ADD(expired, boottime) { .clock = IPCMBOX_CLOCK_BOOTTIME };

FIXTURE_SETUP(expired)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600,
			       .max_messages = 4);
	ASSERT_GE(self->fd, 0);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->server, 0);
	self->call = calls_alloc(3);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(expired)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->fd);
	close(self->server);
	close(self->dev);
}

/* With a receiver that waits the request is received, whenever the deadline is. */
static bool await_request(FIXTURE_DATA(expired) *self, struct call *receive)
{
	receive_start(receive, self->server);
	return await_receivers(self->fd, 1);
}

static void ask_until(FIXTURE_DATA(expired) *self, __u32 clock, __u64 deadline)
{
	call_prepare(self->call, self->fd, .buf_ptr = ptr_u64("until"), .buf_len = 5,
		     .flags = IPCMBOX_DEADLINE, .clock = clock, .deadline_ns = deadline);
	call_start(self->call);
}

TEST_F(expired, before_receipt)
{
	static const __s64 ahead[] = { 20 * NSEC_PER_MSEC, 0, -(__s64)NSEC_PER_SEC };
	__u64 deadline;
	int i;

	for (i = 0; i < ARRAY_SIZE(ahead); i++) {
		deadline = now_ns(variant->clock) + ahead[i];
		ask_until(self, variant->clock, deadline);
		EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
		EXPECT_GE(now_ns(variant->clock), deadline);
		EXPECT_EQ(0, self->call->call.cookie);
		EXPECT_EQ(-EAGAIN, take(self->server));
		EXPECT_EQ(i + 1, mailbox_info(self->fd).withdrawn);
	}
}

TEST_F(expired, after_receipt)
{
	struct call *receive = &self->call[1];
	__u64 deadline, cookie, token;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(await_request(self, receive));
		deadline = now_ns(variant->clock) + 20 * NSEC_PER_MSEC;
		ask_until(self, variant->clock, deadline);
		ASSERT_EQ(5, call_join(receive));
		token = receive->recv.token;
		EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
		EXPECT_GE(now_ns(variant->clock), deadline);
		cookie = self->call->call.cookie;
		ASSERT_NE(0, cookie);
		EXPECT_EQ(1, mailbox_info(self->fd).held);
		EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);

		/* Once more in vain, and then for as long as it takes. */
		ask_on(self->call);
		EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
		EXPECT_EQ(cookie, self->call->call.cookie);
		if (i)
			EXPECT_EQ(0, answer(self->server, token, "late", 4, 5));
		self->call->call.flags = 0;
		self->call->call.deadline_ns = 0;
		self->call->call.clock = 0;
		ask_on(self->call);
		if (!i) {
			ASSERT_TRUE(await_senders(self->fd, 1));
			EXPECT_EQ(0, answer(self->server, token, "late", 4, 5));
		}
		call_join(self->call);
		EXPECT_TRUE(got_reply(self->call, "late"));
	}
}

TEST_F(expired, send_after_receipt)
{
	struct call *receive = &self->call[1];

	ASSERT_TRUE(await_request(self, receive));
	send_start(self->call, self->fd, .flags = IPCMBOX_DEADLINE, .clock = variant->clock,
		   .completion = IPCMBOX_HANDLED,
		   .deadline_ns = now_ns(variant->clock) + 20 * NSEC_PER_MSEC);
	ASSERT_EQ(0, call_join(receive));
	EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(-EPIPE, acknowledge(self->server, receive->recv.token));
}

static bool about(__u64 a, __u64 b)
{
	__u64 apart = a > b ? a - b : b - a;

	/* Between the looks at two clocks a guest may stop. */
	if (apart < 500 * NSEC_PER_MSEC)
		return true;
	fprintf(stderr, "# %llu and %llu\n", (unsigned long long)a, (unsigned long long)b);
	return false;
}

/* The receiver learns it on its own clock. */
TEST_F(expired, is_told_to_the_receiver)
{
	static const __s64 ahead[] = {
		10 * NSEC_PER_SEC, 3600 * NSEC_PER_SEC, 400LL * 86400 * NSEC_PER_SEC,
	};
	__u64 deadline;
	int i;

	for (i = 0; i < ARRAY_SIZE(ahead); i++) {
		deadline = now_ns(IPCMBOX_CLOCK_MONOTONIC) + ahead[i];
		ask_until(self, variant->clock, now_ns(variant->clock) + ahead[i]);
		ASSERT_EQ(5, serve(self->server, &self->recv, self->buf, 64));
		EXPECT_TRUE(about(deadline, self->recv.call_deadline_ns));
		EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
		EXPECT_EQ(0, call_join(self->call));
	}
}

TEST_F(expired, never_is_told_to_the_receiver)
{
	static const __u64 never[] = { ~0ULL, 1ULL << 63, (1ULL << 63) - 1 };
	int i;

	for (i = 0; i < ARRAY_SIZE(never); i++) {
		ask_until(self, variant->clock, never[i]);
		ASSERT_EQ(5, serve(self->server, &self->recv, self->buf, 64));
		EXPECT_EQ(~0ULL, self->recv.call_deadline_ns);
		EXPECT_EQ(0, acknowledge(self->server, self->recv.token));
		EXPECT_EQ(0, call_join(self->call));
	}
}

/* A receiver that waits gets what was sent too late: that is past, and not far ahead. */
TEST_F(expired, past_is_told_to_the_receiver)
{
	static const __u64 ago[] = { 0, NSEC_PER_SEC, 3600 * NSEC_PER_SEC };
	struct call *receive = &self->call[1];
	__u64 now, deadline;
	int i;

	for (i = 0; i < ARRAY_SIZE(ago); i++) {
		ASSERT_TRUE(await_request(self, receive));
		now = now_ns(variant->clock);
		ask_until(self, variant->clock, now > ago[i] ? now - ago[i] : 0);
		EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
		EXPECT_NE(0, self->call->call.cookie);
		ASSERT_EQ(5, call_join(receive));
		deadline = receive->recv.call_deadline_ns;
		EXPECT_LE(deadline, now_ns(IPCMBOX_CLOCK_MONOTONIC));
		EXPECT_EQ(0, acknowledge(self->server, receive->recv.token));
		EXPECT_EQ(0, look(self->call));
	}
}

/* What a server asks others for a caller need not take longer than that waits. */
TEST_F(expired, nested)
{
	int inner = mailbox_new(self->dev, .max_messages = 4);
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	struct call *nested = &self->call[1], *receive = &self->call[2];

	ASSERT_TRUE(await_request(self, receive));
	ask_until(self, variant->clock, now_ns(variant->clock) + 100 * NSEC_PER_MSEC);
	ASSERT_EQ(5, call_join(receive));
	call_prepare(nested, inner, .flags = IPCMBOX_DEADLINE,
		     .deadline_ns = receive->recv.call_deadline_ns);
	call_start(nested);
	EXPECT_EQ(-ETIMEDOUT, call_join(nested));
	EXPECT_EQ(-ETIMEDOUT, call_join(self->call));
	EXPECT_LE(99 * NSEC_PER_MSEC, nested->end_ns - start);
	EXPECT_TRUE(about(self->call->end_ns, nested->end_ns));
	EXPECT_EQ(0, acknowledge(self->server, receive->recv.token));
	EXPECT_EQ(0, look(self->call));
	close(inner);
}

static int serve_shifted(void *arg)
{
	struct call *receive = arg;

	receive->result = mailbox_receive(receive->fd, &receive->recv);
	receive->end_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	return 0;
}

static int shift_clocks(void *arg)
{
	struct call *receive = arg;

	if (unshare(CLONE_NEWTIME))
		return 254;
	if (!write_file("/proc/self/timens_offsets", receive->data))
		return 253;
	return child_run(serve_shifted, receive);
}

/* And on its own clock in a time namespace as well. */
TEST_F(expired, is_told_in_a_time_namespace)
{
	static const char * const offsets[] = {
		"monotonic 1000000 0\nboottime 2000000 5\n", "monotonic -1 0\nboottime -1 0\n",
	};
	struct call *receive = &self->call[1];
	__u64 ahead = 3600 * NSEC_PER_SEC;
	pid_t pid;
	int i;

	if (access("/proc/self/ns/time", F_OK))
		SKIP(return, "no time namespaces in this kernel");
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		receive_prepare(receive, self->server);
		strcpy(receive->data, offsets[i]);
		pid = child_start(shift_clocks, receive);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		ask_until(self, variant->clock, now_ns(variant->clock) + ahead);
		ASSERT_EQ(0, child_wait(pid));
		ASSERT_EQ(5, receive->result);
		EXPECT_TRUE(about(receive->end_ns + ahead, receive->recv.call_deadline_ns));
		EXPECT_EQ(0, acknowledge(self->server, receive->recv.token));
		EXPECT_EQ(0, call_join(self->call));
	}
}

/* Which of the two wins is open; the caller and the server agree about it. */
TEST_F(expired, races_with_the_reply)
{
	struct call *receive = &self->call[1];
	__u32 i, n = scaled(100), late = 0;
	__u64 deadline;

	for (i = 0; i < n; i++) {
		ASSERT_TRUE(await_request(self, receive));
		deadline = now_ns(variant->clock) + 3 * NSEC_PER_MSEC;
		ask_until(self, variant->clock, deadline);
		ASSERT_EQ(5, call_join(receive));
		while (now_ns(variant->clock) < deadline + (i % 50) * 10000 - 100000)
			;
		ASSERT_EQ(0, answer(self->server, receive->recv.token, &i, sizeof(i), i));
		if (call_join(self->call) == -ETIMEDOUT) {
			late++;
			ASSERT_EQ(sizeof(i), look(self->call));
		}
		ASSERT_EQ(sizeof(i), self->call->result);
		ASSERT_EQ(i, self->call->call.status);
		ASSERT_EQ(i, call_number(self->call));
	}
	TH_LOG("%u of %u late", late, n);
}

TEST_HARNESS_MAIN
