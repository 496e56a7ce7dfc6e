// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls and replies: what goes there and comes back, tokens, settlement, who may reply, counters.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "call_test.h"

#define LONG	(1U << 20)

FIXTURE(call) {
	int dev, fd, server;
	struct ipcmbox_query before;
	struct call *call;
	char buf[64];
};

/* @fd is the callers', @server a descriptor of its own, unnamed: when it is closed nobody comes. */
FIXTURE_SETUP(call)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600, .max_messages = 4,
			       .max_length = LONG);
	ASSERT_GE(self->fd, 0);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->server, 0);
	self->call = calls_alloc(5);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(call)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->fd);
	close(self->server);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static int serve_next(FIXTURE_DATA(call) *self, struct ipcmbox_recv *recv)
{
	return serve(self->server, recv, self->buf, sizeof(self->buf));
}

static int answer_with(FIXTURE_DATA(call) *self, const struct ipcmbox_recv *recv, const char *text)
{
	return answer(self->server, recv->token, text, strlen(text), 0);
}

TEST_F(call, request_and_reply)
{
	struct ipcmbox_recv recv;

	ask(&self->call[0], self->fd, "how much");
	ASSERT_EQ(8, serve_next(self, &recv));
	EXPECT_EQ(0, memcmp(self->buf, "how much", 8));
	EXPECT_EQ(IPCMBOX_HANDLED, recv.completion);
	EXPECT_NE(0, recv.token);
	EXPECT_EQ(0, recv.redelivered);
	EXPECT_EQ(~0ULL, recv.call_deadline_ns);
	EXPECT_EQ(getpid(), recv.pid);
	EXPECT_EQ(self->call[0].tid, recv.tid);

	EXPECT_EQ(0, answer(self->server, recv.token, "seven", 5, -7));
	EXPECT_EQ(5, call_join(&self->call[0]));
	EXPECT_EQ(5, self->call[0].call.reply_length);
	EXPECT_EQ(-7, self->call[0].call.status);
	EXPECT_EQ(0, self->call[0].call.cookie);
	EXPECT_EQ(0, memcmp(self->call[0].data, "seven", 5));
	EXPECT_EQ(0, self->call[0].data[5]) TH_LOG("more than the reply was written");
}

/* Of all lengths, one of them nothing. */
TEST_F(call, of_any_length)
{
	static const __u32 lengths[] = { 0, 1, 8, 300, 4096, 5000, 100000, LONG };
	char *request = malloc(LONG), *seen = malloc(LONG), *reply = malloc(LONG);
	char *got = malloc(LONG);
	struct call *call = self->call;
	struct ipcmbox_recv recv;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (j = 0; j < ARRAY_SIZE(lengths); j += (i + j) % 3 + 1) {
			fill_pattern(request, lengths[i], i);
			fill_pattern(reply, lengths[j], j + 1);
			call_prepare(call, self->fd, .buf_ptr = ptr_u64(request),
				     .buf_len = lengths[i], .reply_ptr = ptr_u64(got),
				     .reply_len = LONG);
			call_start(call);
			ASSERT_EQ(lengths[i], serve(self->server, &recv, seen, LONG));
			ASSERT_TRUE(check_pattern(seen, lengths[i], i));
			ASSERT_EQ(0, answer(self->server, recv.token, reply, lengths[j], i));
			ASSERT_EQ(lengths[j], call_join(call));
			ASSERT_EQ(lengths[j], call->call.reply_length);
			ASSERT_EQ(i, call->call.status);
			ASSERT_TRUE(check_pattern(got, lengths[j], j + 1));
		}
	}
	free(request);
	free(seen);
	free(reply);
	free(got);
}

/* Neither a buffer for the request nor one for the reply is needed. */
TEST_F(call, of_nothing)
{
	struct ipcmbox_call arg = {};
	struct ipcmbox_recv recv = {};

	self->call->kind = CALL_CALL;
	self->call->fd = self->fd;
	self->call->call = arg;
	call_start(self->call);
	ASSERT_EQ(0, mailbox_receive(self->server, &recv));
	EXPECT_EQ(0, message_reply(self->server, .token = recv.token));
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_EQ(0, self->call->call.reply_length);
	EXPECT_EQ(0, self->call->call.status);
}

TEST_F(call, counters_at_each_step)
{
	struct ipcmbox_query now;
	struct ipcmbox_info info;
	struct ipcmbox_recv recv;

	ask(self->call, self->fd, "step");
	ASSERT_TRUE(await_senders(self->fd, 1));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(4, info.bytes);
	EXPECT_EQ(1, info.sent);
	EXPECT_EQ(0, info.held | info.receiving | info.received);

	ASSERT_EQ(4, serve_next(self, &recv));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.messages);
	EXPECT_EQ(0, info.bytes);
	EXPECT_EQ(1, info.held);
	EXPECT_EQ(1, info.receiving);
	EXPECT_EQ(1, info.waiting_senders);
	EXPECT_EQ(0, info.received);
	EXPECT_TRUE(mailbox_balanced(self->fd));
	ASSERT_EQ(0, query_budget(self->dev, &now));
	EXPECT_EQ(self->before.user_messages + 1, now.user_messages);

	EXPECT_EQ(0, answer_with(self, &recv, "done"));
	EXPECT_EQ(4, call_join(self->call));
	info = mailbox_info(self->fd);
	EXPECT_EQ(1, info.received);
	EXPECT_EQ(0, info.messages | info.held | info.receiving | info.waiting_senders);
	EXPECT_EQ(0, info.redelivered | info.dead_letters | info.withdrawn | info.dropped);
}

/* What is held takes no room. */
TEST_F(call, held_requests_do_not_fill_the_mailbox)
{
	struct ipcmbox_recv recv[4];
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
				    .max_messages = 1));
	for (i = 0; i < 4; i++) {
		ask(&self->call[i], self->fd, "r");
		ASSERT_EQ(1, serve_next(self, &recv[i]));
	}
	EXPECT_EQ(4, mailbox_info(self->fd).held);
	EXPECT_EQ(4, mailbox_info(self->fd).waiting_senders);
	/* In another order than that of the requests. */
	for (i = 3; i >= 0; i--) {
		EXPECT_EQ(0, answer(self->server, recv[i].token, "abcd", i + 1, i));
		EXPECT_EQ(i + 1, call_join(&self->call[i]));
		EXPECT_EQ(i, self->call[i].call.status);
	}
	EXPECT_EQ(4, mailbox_info(self->fd).received);
}

TEST_F(call, without_capacity)
{
	struct ipcmbox_recv recv;
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	for (i = 0; i < 2; i++) {
		ask(self->call, self->fd, "meet");
		if (i)
			ASSERT_TRUE(await_senders(self->fd, 1));
		ASSERT_EQ(4, serve_next(self, &recv));
		EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
		EXPECT_EQ(0, answer_with(self, &recv, "met"));
		EXPECT_EQ(3, call_join(self->call));
	}
}

TEST_F(call, most_urgent_first)
{
	static const __u32 priorities[] = { 1, 9, 0, 9 };
	static const int order[] = { 1, 3, 0, 2 };
	struct ipcmbox_recv recv;
	int i;

	for (i = 0; i < 4; i++) {
		call_prepare(&self->call[i], self->fd, .buf_ptr = ptr_u64("0123" + i),
			     .buf_len = 1, .priority = priorities[i]);
		call_start(&self->call[i]);
		ASSERT_TRUE(await_senders(self->fd, i + 1));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, serve_next(self, &recv));
		EXPECT_EQ('0' + order[i], self->buf[0]);
		EXPECT_EQ(priorities[order[i]], recv.priority);
		EXPECT_EQ(0, answer(self->server, recv.token, self->buf, 1, 0));
		EXPECT_EQ(1, call_join(&self->call[order[i]]));
	}
}

/* A request can wait for room, too. */
TEST_F(call, blocked_for_room)
{
	struct ipcmbox_recv recv;
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES,
				    .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, 0, 1));
	ask(self->call, self->fd, "room");
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(4, serve_next(self, &recv));
	EXPECT_EQ(IPCMBOX_HANDLED, recv.completion);
	EXPECT_EQ(0, answer_with(self, &recv, "yes"));
	EXPECT_EQ(3, call_join(self->call));
}

/*
 * Tokens
 */

TEST_F(call, token_is_good_once)
{
	struct ipcmbox_recv recv;

	ask(self->call, self->fd, "once");
	ASSERT_EQ(4, serve_next(self, &recv));
	EXPECT_EQ(0, answer_with(self, &recv, "one"));
	EXPECT_EQ(3, call_join(self->call));
	EXPECT_EQ(-ESTALE, answer_with(self, &recv, "two"));
	EXPECT_EQ(-ESTALE, acknowledge(self->server, recv.token));
	EXPECT_EQ(-ESTALE, refuse(self->server, recv.token));
	EXPECT_EQ(-ESTALE, mailbox_settle(self->server, recv.token, IPCMBOX_SETTLE_RENEW, 1));
}

TEST_F(call, token_was_given_out)
{
	static const __s64 never[] = { 1, 2, 1000, -1 };
	struct ipcmbox_recv recv;
	int i;

	ask(self->call, self->fd, "mine");
	ASSERT_EQ(4, serve_next(self, &recv));
	for (i = 0; i < ARRAY_SIZE(never); i++) {
		__u64 token = never[i] < 0 ? ~0ULL : recv.token + never[i];

		EXPECT_EQ(-EINVAL, answer(self->server, token, "no", 2, 0));
		EXPECT_EQ(-EINVAL, acknowledge(self->server, token));
		EXPECT_EQ(-EINVAL, refuse(self->server, token));
		EXPECT_EQ(-EINVAL, mailbox_settle(self->server, token, IPCMBOX_SETTLE_RENEW, 1));
	}
	EXPECT_EQ(-EINVAL, answer(self->server, 0, "no", 2, 0));
	EXPECT_EQ(-EINVAL, acknowledge(self->server, 0));
	EXPECT_EQ(0, answer_with(self, &recv, "yes"));
	EXPECT_EQ(3, call_join(self->call));
}

/* A message that nobody waits to be handled has none. */
TEST_F(call, token_of_a_plain_message)
{
	struct ipcmbox_recv recv;

	ASSERT_EQ(0, put(self->fd, 0, 7));
	ASSERT_EQ(4, serve_next(self, &recv));
	EXPECT_EQ(0, recv.token);
	EXPECT_EQ(IPCMBOX_QUEUED, recv.completion);
	EXPECT_EQ(~0ULL, recv.call_deadline_ns);

	send_start(self->call, self->fd, .completion = IPCMBOX_RECEIVED);
	ASSERT_EQ(0, serve_next(self, &recv));
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_EQ(0, recv.token);
	EXPECT_EQ(IPCMBOX_RECEIVED, recv.completion);
}

TEST_F(call, peek_has_no_token)
{
	struct ipcmbox_recv recv = {
		.buf_ptr = ptr_u64(self->buf), .buf_len = 64, .flags = IPCMBOX_PEEK,
	};

	receive_start(&self->call[1], self->server, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ask(self->call, self->fd, "look");
	EXPECT_EQ(4, call_join(&self->call[1]));
	EXPECT_EQ(0, self->call[1].recv.token);
	EXPECT_EQ(IPCMBOX_HANDLED, self->call[1].recv.completion);
	ASSERT_EQ(4, mailbox_receive(self->server, &recv));
	EXPECT_EQ(0, recv.token);
	EXPECT_EQ(IPCMBOX_HANDLED, recv.completion);
	EXPECT_EQ(0, mailbox_info(self->fd).held);

	ASSERT_EQ(4, serve_next(self, &recv));
	EXPECT_NE(0, recv.token);
	EXPECT_EQ(0, answer_with(self, &recv, "seen"));
	EXPECT_EQ(4, call_join(self->call));
}

/*
 * Requests and replies that cannot be
 */

TEST_F(call, request_needs_a_descriptor_that_can_send)
{
	EXPECT_EQ(-EACCES, message_call(self->server));
	EXPECT_EQ(-EACCES, message_call(self->server, .cookie = 1));
	EXPECT_EQ(-EACCES, message_call(self->server, .cookie = 1, .flags = IPCMBOX_CALL_CANCEL));
}

TEST_F(call, request_that_is_too_long)
{
	struct ipcmbox_call arg = { .buf_ptr = ptr_u64(self->buf), .buf_len = LONG + 1 };

	EXPECT_EQ(-EMSGSIZE, mailbox_call(self->fd, &arg));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, arg.limit);
	EXPECT_EQ(0, arg.cookie);
	arg.buf_ptr = 4096;
	arg.buf_len = ~0U;
	EXPECT_EQ(-EMSGSIZE, mailbox_call(self->fd, &arg));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

/* Memory that is bad for sure is found before anything happens. */
TEST_F(call, request_with_bad_memory)
{
	EXPECT_EQ(-EFAULT, message_call(self->fd, .buf_ptr = 8, .buf_len = 8));
	EXPECT_EQ(-EFAULT, message_call(self->fd, .buf_ptr = ~0ULL << 12, .buf_len = 8));
	EXPECT_EQ(-EFAULT, message_call(self->fd, .reply_ptr = ~0ULL << 12, .reply_len = 8));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
}

TEST_F(call, request_to_nobody)
{
	close(self->server);
	EXPECT_EQ(-EPIPE, message_call(self->fd));
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
}

/* A call always waits. */
TEST_F(call, request_without_waiting)
{
	struct ipcmbox_call arg = { .flags = IPCMBOX_NONBLOCK };
	int i;

	receive_start(self->call, self->server);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EAGAIN, mailbox_call(self->fd, &arg));
		EXPECT_EQ(IPCMBOX_LIMIT_NONE, arg.limit);
		EXPECT_EQ(0, arg.cookie);
		arg.flags = 0;
		ASSERT_EQ(0, fcntl(self->fd, F_SETFL, i ? 0 : O_NONBLOCK));
	}
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->call));
}

TEST_F(call, reply_needs_a_descriptor_that_can_receive)
{
	struct ipcmbox_reply reply = {};
	struct ipcmbox_recv recv, next = {};

	ask(self->call, self->fd, "who");
	ASSERT_EQ(3, serve_next(self, &recv));
	reply.token = recv.token;
	EXPECT_EQ(-EACCES, answer(self->fd, recv.token, "me", 2, 0));
	EXPECT_EQ(-EACCES, acknowledge(self->fd, recv.token));
	EXPECT_EQ(-EACCES, refuse(self->fd, recv.token));
	EXPECT_EQ(-EACCES, mailbox_reply_recv(self->fd, &reply, &next));
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(0, answer_with(self, &recv, "you"));
	EXPECT_EQ(3, call_join(self->call));
}

/* What fails has not used the token up. */
TEST_F(call, reply_that_cannot_be)
{
	struct ipcmbox_reply reply = { .buf_ptr = ptr_u64(self->buf) };
	struct ipcmbox_recv recv;

	ask(self->call, self->fd, "much");
	ASSERT_EQ(4, serve_next(self, &recv));
	reply.token = recv.token;
	reply.buf_len = LONG + 1;
	EXPECT_EQ(-EMSGSIZE, mailbox_reply(self->server, &reply));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, reply.limit);
	reply.buf_len = ~0U;
	EXPECT_GT(0, mailbox_reply(self->server, &reply));
	EXPECT_EQ(-EFAULT, answer(self->server, recv.token, (char *)8, 8, 0));
	EXPECT_EQ(-EFAULT, answer(self->server, recv.token, (char *)8, 8000, 0));
	EXPECT_EQ(-EINVAL, message_reply(self->server, .token = recv.token,
					 .flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(0, self->call->done);
	EXPECT_EQ(1, mailbox_info(self->fd).held);
	EXPECT_EQ(0, answer_with(self, &recv, "ok"));
	EXPECT_EQ(2, call_join(self->call));
}

/* The reply stays, and can be fetched with a buffer that is long enough. */
TEST_F(call, reply_that_is_too_long_for_the_caller)
{
	struct call *call = self->call;
	char *big = malloc(LONG);
	struct ipcmbox_recv recv;
	int i;

	fill_pattern(big, LONG, 1);
	call_prepare(call, self->fd, .reply_ptr = ptr_u64(call->data), .reply_len = 5);
	call_start(call);
	ASSERT_EQ(0, serve_next(self, &recv));
	EXPECT_EQ(0, answer(self->server, recv.token, big, LONG, 3));
	EXPECT_EQ(-EMSGSIZE, call_join(call));
	EXPECT_EQ(-ESTALE, answer_with(self, &recv, "again"));
	memset(big, 0, LONG);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(LONG, call->call.reply_length);
		EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, call->call.limit);
		EXPECT_NE(0, call->call.cookie);
		EXPECT_EQ(0, mailbox_info(self->fd).messages);
		call->call.reply_len = i == 1 ? 0 : LONG - 1;
		call->call.reply_ptr = i == 1 ? 0 : ptr_u64(big);
		call->call.flags = i == 2 ? IPCMBOX_NONBLOCK : 0;
		EXPECT_EQ(-EMSGSIZE, mailbox_call(self->fd, &call->call));
	}
	EXPECT_EQ(0, call->data[0] | big[0]);
	call->call.reply_ptr = ptr_u64(big);
	call->call.reply_len = LONG;
	EXPECT_EQ(LONG, mailbox_call(self->fd, &call->call));
	EXPECT_EQ(0, call->call.cookie);
	EXPECT_EQ(3, call->call.status);
	EXPECT_TRUE(check_pattern(big, LONG, 1));
	free(big);
}

/* Of both lengths that take different ways, into memory that cannot be written. */
TEST_F(call, reply_into_bad_memory)
{
	static const __u32 lengths[] = { 8, 40, 3000, 50000 };
	size_t page = sysconf(_SC_PAGESIZE);
	struct call *call = self->call;
	char *buf = malloc(LONG), *map;
	struct ipcmbox_recv recv;
	int i;

	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill_pattern(buf, lengths[i], i);
		call_prepare(call, self->fd, .reply_ptr = ptr_u64(map + page - 4),
			     .reply_len = LONG);
		call_start(call);
		ASSERT_EQ(0, serve_next(self, &recv));
		EXPECT_EQ(0, answer(self->server, recv.token, buf, lengths[i], 3));
		EXPECT_EQ(-EFAULT, call_join(call));
		EXPECT_NE(0, call->call.cookie);
		EXPECT_EQ(-EFAULT, mailbox_call(self->fd, &call->call));
		EXPECT_NE(0, call->call.cookie);
		memset(buf, 0, lengths[i]);
		call->call.reply_ptr = ptr_u64(buf);
		EXPECT_EQ(lengths[i], mailbox_call(self->fd, &call->call));
		EXPECT_EQ(lengths[i], call->call.reply_length);
		EXPECT_EQ(3, call->call.status);
		EXPECT_EQ(0, call->call.cookie);
		EXPECT_TRUE(check_pattern(buf, lengths[i], i));
	}
	free(buf);
}

static void *call_read_only(void *arg)
{
	struct call *call = arg;

	call->result = ioctl(call->fd, IPCMBOX_IOC_CALL, call->call.buf_ptr) < 0 ? -errno : 0;
	return NULL;
}

/* Nor can the structure itself be written: nobody could come back, and nothing is left. */
TEST_F(call, reply_to_a_read_only_structure)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct ipcmbox_recv recv;
	char *map;
	int i;

	for (i = 0; i < 2; i++) {
		map = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, map);
		self->call->fd = self->fd;
		self->call->call.buf_ptr = ptr_u64(map);
		ASSERT_EQ(0, pthread_create(&self->call->thread, NULL, call_read_only,
					    self->call));
		ASSERT_EQ(0, serve_next(self, &recv));
		EXPECT_EQ(0, i ? answer_with(self, &recv, "read") :
				 acknowledge(self->server, recv.token));
		EXPECT_EQ(-EFAULT, call_join(self->call));
		munmap(map, page);
	}
}

/*
 * Settling without a reply
 */

TEST_F(call, acknowledged)
{
	struct ipcmbox_recv recv;

	ask(self->call, self->fd, "do");
	ASSERT_EQ(2, serve_next(self, &recv));
	EXPECT_EQ(0, acknowledge(self->server, recv.token));
	EXPECT_EQ(0, call_join(self->call));
	EXPECT_EQ(0, self->call->call.reply_length);
	EXPECT_EQ(0, self->call->call.status);
	EXPECT_EQ(0, self->call->call.cookie);
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

/* Who cannot have a token has handled it as he has received it. */
TEST_F(call, handled_at_receipt)
{
	int i;

	for (i = 0; i < 4; i++) {
		struct ipcmbox_recv recv = { .buf_ptr = ptr_u64(self->buf), .buf_len = 64 };

		/* With the receiver there first, and with the caller. */
		if (i & 1) {
			self->call[1] = (struct call){
				.kind = i & 2 ? CALL_READ : CALL_RECV, .fd = self->server,
				.recv = recv,
			};
			call_start(&self->call[1]);
			ASSERT_TRUE(await_receivers(self->fd, 1));
		}
		ask(self->call, self->fd, "simple");
		EXPECT_EQ(6, i & 1 ? call_join(&self->call[1]) :
			     i & 2 ? read(self->server, self->buf, 64) :
			     mailbox_recv(self->server, &recv));
		EXPECT_EQ(0, call_join(self->call));
		EXPECT_EQ(0, self->call->call.reply_length);
		EXPECT_EQ(0, self->call->call.status);
		EXPECT_EQ(0, self->call->call.cookie);
	}
}

TEST_F(call, refused_is_for_another)
{
	struct ipcmbox_recv first, second;
	int other = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);

	ASSERT_GE(other, 0);
	ask(self->call, self->fd, "hot");
	ASSERT_EQ(3, serve_next(self, &first));
	receive_start(&self->call[1], other);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(0, refuse(self->server, first.token));
	EXPECT_EQ(3, call_join(&self->call[1]));
	second = self->call[1].recv;
	EXPECT_NE(first.token, second.token);
	EXPECT_EQ(first.seq, second.seq);
	EXPECT_EQ(0, first.redelivered);
	EXPECT_EQ(1, second.redelivered);
	EXPECT_EQ(IPCMBOX_HANDLED, second.completion);
	EXPECT_EQ(-ESTALE, answer_with(self, &first, "mine"));
	EXPECT_EQ(0, self->call->done);
	EXPECT_EQ(1, mailbox_info(self->fd).redelivered);

	EXPECT_EQ(0, answer(other, second.token, "cold", 4, 0));
	EXPECT_EQ(4, call_join(self->call));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
	close(other);
}

TEST_F(call, refused_goes_to_its_old_place)
{
	static const char * const order[] = { "high", "first", "second" };
	struct ipcmbox_recv recv;
	int i;

	ask(&self->call[0], self->fd, "first");
	ASSERT_EQ(5, serve_next(self, &recv));
	ask(&self->call[1], self->fd, "second");
	ASSERT_TRUE(await_senders(self->fd, 2));
	call_prepare(&self->call[2], self->fd, .buf_ptr = ptr_u64("high"), .buf_len = 4,
		     .priority = 1);
	call_start(&self->call[2]);
	ASSERT_TRUE(await_senders(self->fd, 3));
	EXPECT_EQ(0, refuse(self->server, recv.token));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	EXPECT_EQ(15, mailbox_info(self->fd).bytes);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(strlen(order[i]), serve_next(self, &recv));
		EXPECT_EQ(0, memcmp(self->buf, order[i], strlen(order[i])));
		EXPECT_EQ(0, acknowledge(self->server, recv.token));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, call_join(&self->call[i]));
}

/* Only a lease can be renewed. */
TEST_F(call, renewed)
{
	struct ipcmbox_recv recv;

	ask(self->call, self->fd, "more");
	ASSERT_EQ(4, serve_next(self, &recv));
	EXPECT_EQ(-EINVAL, mailbox_settle(self->server, recv.token, IPCMBOX_SETTLE_RENEW,
					  NSEC_PER_SEC));
	EXPECT_EQ(0, acknowledge(self->server, recv.token));
	EXPECT_EQ(0, call_join(self->call));
}

/*
 * A send that waits to be handled is a call that wants no reply.
 */

TEST_F(call, send_handled)
{
	struct ipcmbox_recv recv;
	int i;

	for (i = 0; i < 3; i++) {
		send_start(self->call, self->fd, .buf_ptr = ptr_u64("send"), .buf_len = 4,
			   .completion = IPCMBOX_HANDLED);
		ASSERT_EQ(4, serve_next(self, &recv));
		EXPECT_NE(0, recv.token);
		EXPECT_EQ(IPCMBOX_HANDLED, recv.completion);
		EXPECT_EQ(0, self->call->done);
		if (i == 2) {
			EXPECT_EQ(0, refuse(self->server, recv.token));
			ASSERT_EQ(4, serve_next(self, &recv));
		}
		EXPECT_EQ(0, i ? acknowledge(self->server, recv.token) :
				 answer_with(self, &recv, "not asked for"));
		EXPECT_EQ(0, call_join(self->call));
	}
}

TEST_F(call, send_handled_without_waiting)
{
	receive_start(self->call, self->server);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(-EAGAIN, message_send(self->fd, .flags = IPCMBOX_NONBLOCK,
					.completion = IPCMBOX_HANDLED));
	EXPECT_EQ(0, mailbox_info(self->fd).sent);
	ASSERT_EQ(0, put(self->fd, 0, 1));
	EXPECT_EQ(4, call_join(self->call));
}

/* Whoever waits is not told that all is well when the message was dropped. */
TEST_F(call, overflow)
{
	static const __u32 policies[] = {
		IPCMBOX_OVERFLOW_FAIL, IPCMBOX_OVERFLOW_DROP_NEWEST, IPCMBOX_OVERFLOW_DROP_OLDEST,
	};
	int i, j;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		struct ipcmbox_send send = { .completion = IPCMBOX_HANDLED };
		struct ipcmbox_call call = {};

		ASSERT_EQ(0, mailbox_change(self->fd, .max_messages = 1, .overflow = policies[i],
					    .mask = IPCMBOX_SET_MAX_MESSAGES |
						    IPCMBOX_SET_OVERFLOW));
		ASSERT_EQ(0, put(self->fd, 5, 1));
		EXPECT_EQ(-EAGAIN, mailbox_send(self->fd, &send));
		EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, send.limit);
		EXPECT_EQ(-EAGAIN, mailbox_call(self->fd, &call));
		EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY, call.limit);
		EXPECT_EQ(0, mailbox_info(self->fd).dropped);
		EXPECT_EQ(1, take(self->server));
	}
	/* DROP_OLDEST drops a request that waits to be received. */
	for (j = 0; j < 2; j++) {
		if (j)
			ask(self->call, self->fd, "old");
		else
			send_start(self->call, self->fd, .completion = IPCMBOX_HANDLED);
		ASSERT_TRUE(await_senders(self->fd, 1));
		ASSERT_EQ(0, put(self->fd, 1, 2));
		EXPECT_EQ(-EAGAIN, call_join(self->call));
		EXPECT_EQ(IPCMBOX_LIMIT_CAPACITY,
			  j ? self->call->call.limit : self->call->send.limit);
		EXPECT_EQ(0, mailbox_info(self->fd).dropped);
		EXPECT_EQ(j + 1, mailbox_info(self->fd).withdrawn);
		EXPECT_EQ(2, take(self->server));
	}
}

/*
 * Who replies
 */

static void *reply_body(void *arg)
{
	struct call *call = arg;

	call->result = answer(call->fd, call->recv.token, "other", 5, call->call.status);
	return NULL;
}

TEST_F(call, answered_by_another_thread)
{
	struct call *replier = &self->call[1];

	ask(self->call, self->fd, "whom");
	ASSERT_EQ(4, serve_next(self, &replier->recv));
	replier->fd = self->server;
	ASSERT_EQ(0, pthread_create(&replier->thread, NULL, reply_body, replier));
	EXPECT_EQ(0, call_join(replier));
	EXPECT_EQ(5, call_join(self->call));
}

static int reply_child(void *arg)
{
	struct call *call = arg;

	close_all_but(call->fd);
	reply_body(call);
	return -call->result;
}

TEST_F(call, answered_by_a_child)
{
	struct call *replier = &self->call[1];

	ask(self->call, self->fd, "whom");
	ASSERT_EQ(4, serve_next(self, &replier->recv));
	replier->fd = self->server;
	EXPECT_EQ(0, child_run(reply_child, replier));
	EXPECT_EQ(5, call_join(self->call));
}

/* Its own open description, of the same mailbox. */
TEST_F(call, answered_on_another_descriptor)
{
	int other = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	struct ipcmbox_recv recv;

	ask(self->call, self->fd, "whom");
	ASSERT_EQ(4, serve_next(self, &recv));
	EXPECT_EQ(0, answer(other, recv.token, "us", 2, 0));
	EXPECT_EQ(2, call_join(self->call));
	close(other);
}

static int send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int recv_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -EBADF;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static int reply_stranger(void *arg)
{
	struct call *call = arg;
	int sock = call->fd;

	close_all_but(sock);
	call->fd = recv_fd(sock);
	reply_body(call);
	return -call->result;
}

TEST_F(call, answered_by_whom_the_descriptor_was_sent_to)
{
	struct call *replier = &self->call[1];
	int pair[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ask(self->call, self->fd, "whom");
	ASSERT_EQ(4, serve_next(self, &replier->recv));
	replier->fd = pair[0];
	pid = child_start(reply_stranger, replier);
	close(pair[0]);
	ASSERT_EQ(0, send_fd(pair[1], self->server));
	/* While it is on its way there is no descriptor here. */
	close(self->server);
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(5, call_join(self->call));
	close(pair[1]);
	self->server = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
}

/* Unlinking the name ends no call that somebody handles. */
TEST_F(call, of_a_name_that_goes)
{
	int fd = mailbox_new(self->dev, NAME("test"), .access = IPCMBOX_WRITE, .max_messages = 4);
	int server = mailbox_find(self->dev, "test", IPCMBOX_READ);
	struct ipcmbox_recv recv;

	ASSERT_GE(server, 0);
	ask(&self->call[0], fd, "held");
	ASSERT_EQ(4, serve(server, &recv, self->buf, 64));
	ask(&self->call[1], fd, "queued");
	ASSERT_TRUE(await_senders(fd, 2));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	EXPECT_EQ(2, mailbox_info(fd).waiting_senders);
	EXPECT_EQ(0, answer(server, recv.token, "ok", 2, 0));
	EXPECT_EQ(2, call_join(&self->call[0]));
	close(server);
	EXPECT_EQ(-EPIPE, call_join(&self->call[1]));
	EXPECT_TRUE(is_at_rest(fd));
	close(fd);
}

TEST_HARNESS_MAIN
