// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 of a process while it waits: nothing is left of it, and who has to do with it goes on.
 *
 * What it means to those who wait for it is in kill.c.
 */
#include "kill_test.h"
#include "uffd_test.h"

#define ELEMENTS	4

/**
 * struct pose - how the victim is blocked
 * @name: for the log
 * @kind: command
 * @completion: of a send
 * @what: in what it is blocked
 * @capacity: of the mailbox
 * @queued: messages there before
 * @taken: the test has received its message
 * @restarted: after a signal
 * @receive: argument of a receive
 * @messages: there afterwards, beside what is @taken
 */
struct pose {
	char name[40];
	enum call_kind kind;
	__u32 completion;
	__u32 what;
	__u32 capacity;
	__u32 queued;
	bool taken, restarted;
	struct ipcmbox_recv receive;
	__u32 messages;
};

static const struct pose poses[] = {
	{ "send to be received", CALL_SEND, IPCMBOX_RECEIVED, IPCMBOX_BLOCKED_RECEIPT, 2 },
	{ "send to be handled, no room", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_ROOM, 2, 2,
	  .messages = 2 },
	{ "send to be handled", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_RECEIPT, 2 },
	{ "send to be handled, received", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_REPLY, 2,
	  .taken = true },
	{ "call, no room", CALL_CALL, 0, IPCMBOX_BLOCKED_ROOM, 2, 2, .messages = 2 },
	{ "call, rendezvous", CALL_CALL, 0, IPCMBOX_BLOCKED_ROOM, 0 },
	{ "call", CALL_CALL, 0, IPCMBOX_BLOCKED_RECEIPT, 2 },
	{ "call, restarted", CALL_CALL, 0, IPCMBOX_BLOCKED_RECEIPT, 2, .restarted = true },
	{ "call, received", CALL_CALL, 0, IPCMBOX_BLOCKED_REPLY, 2, .taken = true },
	{ "call, received and restarted", CALL_CALL, 0, IPCMBOX_BLOCKED_REPLY, 2, .taken = true,
	  .restarted = true },
	{ "vector, half sent", CALL_SENDV, 0, IPCMBOX_BLOCKED_ROOM, 2, .messages = 2 },
	{ "vector, half received", CALL_RECVV, 0, IPCMBOX_BLOCKED_RECV, 2, 1 },
	{ "lease", CALL_RECEIVE, 0, IPCMBOX_BLOCKED_RECV, 2,
	  .receive = { .flags = IPCMBOX_LEASE, .lease_ns = HOUR_NS } },
	{ "reply and receive", CALL_REPLY_RECV, 0, IPCMBOX_BLOCKED_RECV, 2 },
	{ "receive an event", CALL_RECEIVE, 0, IPCMBOX_BLOCKED_RECV, 2, 2,
	  .receive = { .select_events = 8 }, .messages = 2 },
};

FIXTURE(victim) {
	int dev, fd;
	struct call *call;
	struct ipcmbox_send sends[ELEMENTS];
	struct ipcmbox_recv recvs[ELEMENTS];
	char data[ELEMENTS][8];
	struct ipcmbox_query before;
};

FIXTURE_SETUP(victim)
{
	signal(SIGPIPE, SIG_IGN);
	handle(SA_RESTART);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->call = calls_alloc(4);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(victim)
{
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->dev);
}

static void pose_vectors(FIXTURE_DATA(victim) *self)
{
	int i;

	for (i = 0; i < ELEMENTS; i++) {
		self->sends[i] = (struct ipcmbox_send){
			.buf_ptr = ptr_u64(self->data[i]), .buf_len = 4,
		};
		self->recvs[i] = (struct ipcmbox_recv){
			.buf_ptr = ptr_u64(self->data[i]), .buf_len = 8,
		};
	}
}

static void pose_start(FIXTURE_DATA(victim) *self, const struct pose *pose)
{
	struct call *call = self->call;

	pose_vectors(self);
	switch (pose->kind) {
	case CALL_CALL:
		ask_prepare(call, self->fd, "call");
		break;
	case CALL_SEND:
		send_prepare(call, self->fd, .buf_ptr = ptr_u64("send"), .buf_len = 4,
			     .completion = pose->completion);
		break;
	default:
		call_prepare_receive(call, self->fd, &pose->receive);
		call->kind = pose->kind;
		call->vector = (struct ipcmbox_vector){
			.array_ptr = pose->kind == CALL_SENDV ? ptr_u64(self->sends) :
								ptr_u64(self->recvs),
			.count = ELEMENTS,
		};
	}
	call_fork(call);
}

static bool pose_is_taken(FIXTURE_DATA(victim) *self, const struct pose *pose, __u64 *token)
{
	struct ipcmbox_recv recv;
	char buf[8];

	*token = 0;
	if (!pose->taken)
		return true;
	if (serve(self->fd, &recv, buf, sizeof(buf)) != 4)
		return false;
	*token = recv.token;
	return recv.token;
}

static bool pose_is_restarted(FIXTURE_DATA(victim) *self, const struct pose *pose)
{
	if (!pose->restarted)
		return true;
	if (!call_blocks(self->dev, self->call, mailbox_id(self->fd), pose->what))
		return false;
	*handled = 0;
	kill(self->call->pid, SIGUSR1);
	return await_value(handled, 1);
}

TEST_F_TIMEOUT(victim, leaves_nothing, 60)
{
	const struct pose *pose;
	struct ipcmbox_info info;
	__u64 token;
	__u32 i;

	for (pose = poses; pose < poses + ARRAY_SIZE(poses); pose++) {
		self->fd = mailbox_new(self->dev, .max_messages = pose->capacity);
		ASSERT_GE(self->fd, 0);
		for (i = 0; i < pose->queued; i++)
			ASSERT_EQ(0, put(self->fd, 0, i));
		pose_start(self, pose);
		ASSERT_TRUE(pose_is_taken(self, pose, &token)) TH_LOG("%s", pose->name);
		ASSERT_TRUE(pose_is_restarted(self, pose)) TH_LOG("%s", pose->name);
		ASSERT_TRUE(call_blocks(self->dev, self->call, mailbox_id(self->fd), pose->what))
			TH_LOG("%s", pose->name);

		kill_completely(self->call->pid);
		info = mailbox_info(self->fd);
		EXPECT_EQ(0, info.waiting_senders | info.waiting_receivers)
			TH_LOG("%s", pose->name);
		EXPECT_EQ(pose->taken, info.held) TH_LOG("%s", pose->name);
		EXPECT_EQ(pose->taken + pose->messages, info.messages) TH_LOG("%s", pose->name);
		EXPECT_TRUE(mailbox_balanced(self->fd)) TH_LOG("%s", pose->name);
		if (pose->taken) {
			EXPECT_EQ(-EPIPE, answer(self->fd, token, "x", 1, 0));
			EXPECT_EQ(-ESTALE, answer(self->fd, token, "x", 1, 0));
		}
		for (i = 0; i < pose->messages; i++)
			EXPECT_GE(take(self->fd), 0);
		EXPECT_EQ(-EAGAIN, take(self->fd)) TH_LOG("%s", pose->name);
		EXPECT_TRUE(is_at_rest(self->fd)) TH_LOG("%s", pose->name);
		EXPECT_EQ(255, child_wait(self->call->pid));
		close(self->fd);
		EXPECT_TRUE(is_even(self->dev, &self->before)) TH_LOG("%s", pose->name);
	}
}

/* A server with both hands full: one call to answer, one in the loop, others behind. */
TEST_F(victim, server_goes_on_without_its_caller)
{
	struct call *loop = &self->call[1], *next = &self->call[2];
	struct ipcmbox_recv recv;
	char buf[8];

	self->fd = mailbox_new(self->dev, .max_messages = 4);
	ask_prepare(self->call, self->fd, "dead");
	call_fork(self->call);
	ASSERT_EQ(4, serve(self->fd, &recv, buf, sizeof(buf)));
	ASSERT_TRUE(call_blocks(self->dev, self->call, mailbox_id(self->fd),
				IPCMBOX_BLOCKED_REPLY));
	kill_completely(self->call->pid);

	/* The reply is for nobody, and the receive goes on. */
	receive_prepare(loop, self->fd);
	loop->kind = CALL_REPLY_RECV;
	loop->reply = (struct ipcmbox_reply){ .token = recv.token };
	call_start(loop);
	ASSERT_TRUE(call_blocks(self->dev, loop, mailbox_id(self->fd), IPCMBOX_BLOCKED_RECV));
	ask(next, self->fd, "next");
	EXPECT_EQ(4, call_join(loop));
	EXPECT_EQ(0, memcmp(loop->data, "next", 4));
	EXPECT_EQ(0, answer(self->fd, loop->recv.token, "yes", 3, 0));
	EXPECT_EQ(3, call_join(next));
	EXPECT_TRUE(is_at_rest(self->fd));
	child_wait(self->call->pid);
	close(self->fd);
}

/* It was the last that could send: whoever receives hears of it. */
TEST_F(victim, last_sender)
{
	struct call *calls = calls_alloc(7);
	struct ipcmbox_recv recv;
	char buf[8];
	int writer, i;
	__u64 death;

	self->fd = mailbox_new(self->dev, .access = IPCMBOX_READ, .mode = 0600,
			       .max_messages = 4);
	writer = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_WRITE);
	ask_prepare(self->call, writer, "call");
	call_fork(self->call);
	ASSERT_EQ(4, serve(self->fd, &recv, buf, sizeof(buf)));
	ASSERT_TRUE(call_blocks(self->dev, self->call, mailbox_id(self->fd),
				IPCMBOX_BLOCKED_REPLY));
	ASSERT_EQ(0, put(writer, 0, 7));
	close(writer);

	pose_vectors(self);
	for (i = 0; i < 7; i++)
		receive_prepare(&calls[i], self->fd);
	/* The first gets the message that is there, and waits for more. */
	calls[0].kind = CALL_RECVV;
	calls[0].vector = (struct ipcmbox_vector){
		.array_ptr = ptr_u64(self->recvs), .count = ELEMENTS,
	};
	calls[1].kind = CALL_REPLY_RECV;
	calls[2].recv.flags = IPCMBOX_LEASE;
	calls[2].recv.lease_ns = HOUR_NS;
	calls[3].recv.select_events = 1;
	calls[4].recv.flags = IPCMBOX_PEEK;
	calls[5].kind = CALL_READ;
	calls[6].kind = CALL_RECV;
	for (i = 0; i < 7; i++) {
		call_start(&calls[i]);
		ASSERT_TRUE(call_blocks(self->dev, &calls[i], mailbox_id(self->fd),
					IPCMBOX_BLOCKED_RECV)) TH_LOG("call %d", i);
	}

	death = kill_completely(self->call->pid);
	for (i = 0; i < 7; i++) {
		EXPECT_EQ(i ? -EPIPE : 1, call_join(&calls[i])) TH_LOG("call %d", i);
		EXPECT_TRUE(in_time(&calls[i], death)) TH_LOG("call %d", i);
	}
	EXPECT_EQ(-EPIPE, self->recvs[1].result);
	EXPECT_EQ(-EPIPE, answer(self->fd, recv.token, "x", 1, 0));
	EXPECT_TRUE(is_at_rest(self->fd));
	child_wait(self->call->pid);
	close(self->fd);
}

/* In the middle of receiving: its buffer is not there yet. */

static int receive_into_nothing(void *arg)
{
	struct call *call = arg;
	struct hold hold;

	close_all_but(call->fd);
	if (!hold_begin(&hold))
		return 1;
	call->recv.buf_ptr = ptr_u64(hold.page);
	call->recv.buf_len = hold.size;
	call->tid = syscall(SYS_gettid);
	mailbox_receive(call->fd, &call->recv);
	return 2;
}

/* The victim has the message, and waits for its memory. */
static bool callee_pauses(FIXTURE_DATA(victim) *self, const struct call *caller, __u64 id)
{
	pid_t peer = 0;

	return await_receiving(caller->fd, 1) && call_await_asleep(self->call) &&
	       await_blocked(self->dev, id, &caller->tid, IPCMBOX_BLOCKED_RECEIPT, 0, &peer) &&
	       peer == self->call->pid;
}

TEST_F(victim, callee_during_receipt)
{
	struct call *caller = &self->call[1];
	struct ipcmbox_recv recv;
	int last, other;
	__u64 death, id;
	char buf[8];

	for (last = 0; last < 2; last++) {
		self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600,
				       .max_messages = 4);
		id = mailbox_id(self->fd);
		other = mailbox_by_id(self->dev, id, IPCMBOX_READ);
		receive_prepare(self->call, other);
		self->call->pid = child_start(receive_into_nothing, self->call);
		ASSERT_TRUE(await_receivers(self->fd, 1));
		if (last)
			close(other);
		ask(caller, self->fd, "call");
		ASSERT_TRUE(callee_pauses(self, caller, id));

		death = kill_completely(self->call->pid);
		if (!last) {
			/* Nobody has received it; another does. */
			EXPECT_TRUE(call_blocks(self->dev, caller, id, IPCMBOX_BLOCKED_RECEIPT));
			ASSERT_EQ(4, serve(other, &recv, buf, sizeof(buf)));
			EXPECT_EQ(0, answer(other, recv.token, "good", 4, 0));
			EXPECT_EQ(4, call_join(caller));
			close(other);
		} else {
			EXPECT_EQ(-EPIPE, call_join(caller));
			EXPECT_TRUE(in_time(caller, death));
			EXPECT_EQ(1, mailbox_info(self->fd).withdrawn);
		}
		EXPECT_EQ(0, caller->call.cookie);
		EXPECT_TRUE(is_at_rest(self->fd));
		child_wait(self->call->pid);
		close(self->fd);
	}
}

/* While its request is in the hands of one who waits for memory. */
TEST_F(victim, caller_during_receipt)
{
	struct call *callee = &self->call[1];
	struct hold hold;
	__u64 id;

	self->fd = mailbox_new(self->dev, .max_messages = 4);
	id = mailbox_id(self->fd);
	ASSERT_TRUE(hold_begin(&hold));
	receive_prepare(callee, self->fd, .buf_ptr = ptr_u64(hold.page), .buf_len = hold.size);
	call_start(callee);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ask_prepare(self->call, self->fd, "call");
	call_fork(self->call);
	ASSERT_TRUE(hold_await(&hold));
	ASSERT_TRUE(call_blocks(self->dev, self->call, id, IPCMBOX_BLOCKED_RECEIPT));

	kill_completely(self->call->pid);
	EXPECT_EQ(0, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(1, mailbox_info(self->fd).withdrawn);
	/* The callee waits for the next one instead. */
	ASSERT_TRUE(hold_end(&hold));
	ASSERT_TRUE(call_blocks(self->dev, callee, id, IPCMBOX_BLOCKED_RECV));
	EXPECT_EQ(0, put(self->fd, 0, 5));
	EXPECT_EQ(4, call_join(callee));
	EXPECT_EQ(0, callee->recv.token);
	EXPECT_TRUE(is_at_rest(self->fd));
	child_wait(self->call->pid);
	close(self->fd);
	close(hold.uffd);
	munmap(hold.page, hold.size);
}

/* Who is killed while it waits for a member sends nothing; and it was the last who could. */
TEST_F(victim, sender_of_an_event)
{
	int writer, slow, quick;
	struct call *receiver = &self->call[1];
	__u64 id, death;

	self->fd = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4,
			       .access = IPCMBOX_READ);
	ASSERT_GE(self->fd, 0);
	id = mailbox_id(self->fd);
	writer = mailbox_by_id(self->dev, id, IPCMBOX_WRITE);
	slow = member_new(self->fd, .max_messages = 1);
	quick = member_new(self->fd);
	ASSERT_GE(quick, 0);
	ASSERT_EQ(0, put_event(writer, 1, 0, 1));
	EXPECT_EQ(1, take(quick));

	send_prepare(self->call, writer, .buf_ptr = ptr_u64("dead"), .buf_len = 4, .events = 1);
	call_fork(self->call);
	ASSERT_TRUE(call_blocks(self->dev, self->call, id, IPCMBOX_BLOCKED_ROOM));
	close(writer);
	recv_start(receiver, quick);
	ASSERT_TRUE(call_blocks(self->dev, receiver, mailbox_id(quick), IPCMBOX_BLOCKED_RECV));

	death = kill_completely(self->call->pid);
	EXPECT_EQ(-EPIPE, call_join(receiver));
	EXPECT_TRUE(in_time(receiver, death));
	EXPECT_EQ(1, take(slow));
	EXPECT_EQ(-EPIPE, take(slow));
	EXPECT_EQ(1, mailbox_info(self->fd).sent);
	EXPECT_TRUE(is_at_rest(self->fd));
	child_wait(self->call->pid);
	close(slow);
	close(quick);
	close(self->fd);
}

TEST_HARNESS_MAIN
