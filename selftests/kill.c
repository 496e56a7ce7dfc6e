// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 of whom others wait for, at each point where they are blocked: they return in time and
 * with the right error, or go on with somebody else, and nothing leaks.
 *
 * Simple sends and receives are in death.c, owners of endpoints whose inbox lives on in other hands
 * in owner.c, and those who are killed while they wait in victim.c. A victim is known to be blocked
 * before it is killed, and time counts from when the kill is complete.
 */
#include "kill_test.h"

/**
 * struct wait - what somebody does who waits for the victim
 * @name: for the log
 * @kind: command
 * @completion: of a send
 * @what: in what it is blocked
 * @full: there is no room before
 * @rendezvous: there is never room
 * @taken: the victim has received the message
 * @resumed: a signal has ended the call, which goes on
 * @middle: the vector is half sent
 * @to: by number, from an inbox of ones own
 */
struct wait {
	char name[40];
	enum call_kind kind;
	__u32 completion;
	__u32 what;
	bool full, rendezvous, taken, resumed, middle, to;
};

static const struct wait waits[] = {
	{ "send, no room", CALL_SEND, .what = IPCMBOX_BLOCKED_ROOM, .full = true },
	{ "send, rendezvous", CALL_SEND, .what = IPCMBOX_BLOCKED_ROOM, .rendezvous = true },
	{ "send to be received, no room", CALL_SEND, IPCMBOX_RECEIVED, IPCMBOX_BLOCKED_ROOM,
	  .full = true },
	{ "send to be received", CALL_SEND, IPCMBOX_RECEIVED, IPCMBOX_BLOCKED_RECEIPT },
	{ "send to be handled, no room", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_ROOM,
	  .full = true },
	{ "send to be handled", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_RECEIPT },
	{ "send to be handled, received", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_REPLY,
	  .taken = true },
	{ "call, no room", CALL_CALL, .what = IPCMBOX_BLOCKED_ROOM, .full = true },
	{ "call, rendezvous", CALL_CALL, .what = IPCMBOX_BLOCKED_ROOM, .rendezvous = true },
	{ "call", CALL_CALL, .what = IPCMBOX_BLOCKED_RECEIPT },
	{ "call, received", CALL_CALL, .what = IPCMBOX_BLOCKED_REPLY, .taken = true },
	{ "call, resumed", CALL_CALL, .what = IPCMBOX_BLOCKED_REPLY, .taken = true,
	  .resumed = true },
	{ "vector", CALL_SENDV, .what = IPCMBOX_BLOCKED_ROOM, .full = true },
	{ "vector, half sent", CALL_SENDV, .what = IPCMBOX_BLOCKED_ROOM, .middle = true },
	{ "vector to be received", CALL_SENDV, IPCMBOX_RECEIVED, IPCMBOX_BLOCKED_RECEIPT },
	{ "write", CALL_WRITE, .what = IPCMBOX_BLOCKED_ROOM, .full = true },
	{ "send to, no room", CALL_SEND, .what = IPCMBOX_BLOCKED_ROOM, .full = true,
	  .to = true },
	{ "send to, handled", CALL_SEND, IPCMBOX_HANDLED, IPCMBOX_BLOCKED_REPLY, .taken = true,
	  .to = true },
};

#define WAITS	ARRAY_SIZE(waits)
#define CAPACITY	2
#define ELEMENTS	4

FIXTURE(orphan) {
	int dev, fd, inbox;
	__u64 id;
	struct victim *victim;
	struct call *calls;
	struct ipcmbox_send sends[WAITS][ELEMENTS];
	struct ipcmbox_query before;
};

FIXTURE_VARIANT(orphan) {
	enum target target;
};

FIXTURE_VARIANT_ADD(orphan, mailbox) { .target = MAILBOX };
FIXTURE_VARIANT_ADD(orphan, process) { .target = PROCESS };
FIXTURE_VARIANT_ADD(orphan, thread) { .target = THREAD };

FIXTURE_SETUP(orphan)
{
	signal(SIGPIPE, SIG_IGN);
	handle(0);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->inbox = endpoint_new(self->dev, .max_messages = 1);
	ASSERT_GE(self->inbox, 0);
	self->fd = -1;
	self->victim = victim_alloc();
	self->calls = calls_alloc(WAITS);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
}

FIXTURE_TEARDOWN(orphan)
{
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->inbox);
	close(self->dev);
}

static bool applies(const struct wait *wait, const FIXTURE_VARIANT(orphan) *variant)
{
	return variant->target != MAILBOX || !wait->to;
}

/* A victim that takes @takes messages; @self->fd sends to it. */
static bool begin(FIXTURE_DATA(orphan) *self, const FIXTURE_VARIANT(orphan) *variant, int takes,
		  __u32 capacity)
{
	struct victim *victim = self->victim;

	*victim = (struct victim){
		.target = variant->target, .takes = takes, .capacity = capacity,
	};
	if (variant->target == MAILBOX) {
		self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600,
				       .max_messages = capacity);
		victim->fd = mailbox_by_id(self->dev, mailbox_id(self->fd), IPCMBOX_READ);
	}
	victim_start(victim);
	if (!await_value(&victim->tid, 1))
		return false;
	if (variant->target == MAILBOX)
		close(victim->fd);
	else
		self->fd = endpoint_connect(self->dev, variant->target == THREAD ?
					    IPCMBOX_THREAD : IPCMBOX_PROCESS, victim->pid);
	self->id = mailbox_id(self->fd);
	return self->fd >= 0;
}

static void vector_start(FIXTURE_DATA(orphan) *self, const struct wait *wait, struct call *call)
{
	struct ipcmbox_send *sends = self->sends[wait - waits];
	int i;

	for (i = 0; i < ELEMENTS; i++)
		sends[i] = (struct ipcmbox_send){
			.buf_ptr = ptr_u64("item"), .buf_len = 4, .completion = wait->completion,
		};
	*call = (struct call){
		.kind = CALL_SENDV, .fd = self->fd,
		.vector = { .array_ptr = ptr_u64(sends), .count = ELEMENTS },
	};
	call_start(call);
}

static void wait_start(FIXTURE_DATA(orphan) *self, const struct wait *wait, struct call *call)
{
	switch (wait->kind) {
	case CALL_CALL:
		ask(call, self->fd, "call");
		return;
	case CALL_SENDV:
		vector_start(self, wait, call);
		return;
	case CALL_WRITE:
		*call = (struct call){
			.kind = CALL_WRITE, .fd = self->fd, .send.buf_len = 4, .data = "text",
		};
		call_start(call);
		return;
	default:
		send_start(call, wait->to ? self->inbox : self->fd, .buf_ptr = ptr_u64("send"),
			   .buf_len = 4, .completion = wait->completion,
			   .to_kind = wait->to ? IPCMBOX_ENDPOINT_ID : 0,
			   .to = wait->to ? self->id : 0);
	}
}

/* Starts a call, and sees to it that it is blocked as it should be. */
static bool wait_begins(FIXTURE_DATA(orphan) *self, const struct wait *wait, struct call *call)
{
	pid_t peer = 0;

	wait_start(self, wait, call);
	if (wait->resumed) {
		if (!call_blocks(self->dev, call, self->id, wait->what))
			return false;
		syscall(SYS_tgkill, getpid(), call->tid, SIGUSR1);
		if (call_join(call) != -EINTR || !call->call.cookie)
			return false;
		ask_on(call);
	}
	return await_blocked(self->dev, self->id, &call->tid, wait->what, 0, &peer) &&
	       !call->done && (!wait->taken || peer == self->victim->pid);
}

static bool wait_ended(FIXTURE_DATA(orphan) *self, const struct wait *wait, struct call *call,
		       __u64 death)
{
	int ret = call_join(call);

	if (wait->middle)
		return in_time(call, death) && ret == CAPACITY &&
		       self->sends[wait - waits][CAPACITY].result == -EPIPE;
	/* A cookie of a call that is over would never be used up. */
	return in_time(call, death) && ret == -EPIPE && !call->call.cookie;
}

/* What is left at a mailbox nobody receives from any more. */
static bool left(int fd, __u32 messages)
{
	struct ipcmbox_info info = mailbox_info(fd);

	if (info.waiting_senders | info.waiting_receivers | info.receiving | info.held)
		return false;
	return info.messages == messages && !info.readers && mailbox_balanced(fd);
}

TEST_F_TIMEOUT(orphan, each, 60)
{
	const struct wait *wait;
	struct call *call = self->calls;
	__u64 death;
	__u32 i, sent;

	for (wait = waits; wait < waits + WAITS; wait++) {
		if (!applies(wait, variant))
			continue;
		ASSERT_TRUE(begin(self, variant, wait->taken, wait->rendezvous ? 0 : CAPACITY));
		sent = wait->full || wait->middle ? CAPACITY : 0;
		for (i = 0; wait->full && i < sent; i++)
			ASSERT_EQ(0, put(self->fd, 0, i));
		ASSERT_TRUE(wait_begins(self, wait, call)) TH_LOG("%s", wait->name);
		ASSERT_TRUE(victim_waits(self->dev, self->victim, self->id));

		death = kill_completely(self->victim->pid);
		EXPECT_TRUE(wait_ended(self, wait, call, death))
			TH_LOG("%s: %d", wait->name, call->result);
		EXPECT_TRUE(left(self->fd, sent)) TH_LOG("%s", wait->name);
		/* And from now on without waiting. */
		if (!wait->to) {
			wait_start(self, wait, call);
			EXPECT_EQ(-EPIPE, call_join(call)) TH_LOG("%s", wait->name);
		}
		EXPECT_EQ(255, child_wait(self->victim->pid));
		close(self->fd);
		EXPECT_TRUE(is_even(self->dev, &self->before)) TH_LOG("%s", wait->name);
	}
}

/* In the order in which they can all be blocked: received, queued, without room. */
static int stage(const struct wait *wait)
{
	return wait->taken ? 0 : wait->full ? 2 : 1;
}

TEST_F(orphan, all_at_once)
{
	__u32 count[3] = {}, i, s;
	__u64 death;

#define is_there(i, s) \
	(applies(&waits[i], variant) && !waits[i].middle && !waits[i].rendezvous && \
	 stage(&waits[i]) == (s))
	for (s = 0; s < 3; s++)
		for (i = 0; i < WAITS; i++)
			count[s] += is_there(i, s);
	ASSERT_TRUE(begin(self, variant, count[0], count[1]));
	for (s = 0; s < 3; s++) {
		for (i = 0; i < WAITS; i++)
			if (is_there(i, s))
				ASSERT_TRUE(wait_begins(self, &waits[i], &self->calls[i]))
					TH_LOG("%s", waits[i].name);
		if (!s)
			ASSERT_TRUE(victim_waits(self->dev, self->victim, self->id));
	}
	EXPECT_EQ(count[0] + count[1] + count[2], mailbox_info(self->fd).waiting_senders);

	death = kill_completely(self->victim->pid);
	for (s = 0; s < 3; s++)
		for (i = 0; i < WAITS; i++)
			if (is_there(i, s))
				EXPECT_TRUE(wait_ended(self, &waits[i], &self->calls[i], death))
					TH_LOG("%s: %d", waits[i].name, self->calls[i].result);
	EXPECT_TRUE(left(self->fd, 0));
	EXPECT_EQ(count[1], mailbox_info(self->fd).withdrawn);
	EXPECT_EQ(count[0], mailbox_info(self->fd).received);
	close(self->fd);
}

/* Receive and acknowledge all that is there. */
static int serve_all(int fd)
{
	struct ipcmbox_recv recv;
	char buf[16];
	int n = 0;

	while (message_receive(fd, .flags = IPCMBOX_PEEK | IPCMBOX_NONBLOCK,
			       .buf_ptr = ptr_u64(buf), .buf_len = sizeof(buf)) >= 0) {
		if (serve(fd, &recv, buf, sizeof(buf)) < 0 ||
		    (recv.token && acknowledge(fd, recv.token)))
			return -1;
		n++;
	}
	return n;
}

/* Another receives as well: only what the victim had received is lost with it. */
TEST_F_TIMEOUT(orphan, not_the_only_receiver, 60)
{
	const struct wait *wait;
	struct call *call = self->calls;
	int other, expected;
	__u64 death;

	for (wait = waits; variant->target == MAILBOX && wait < waits + WAITS; wait++) {
		if (!applies(wait, variant))
			continue;
		ASSERT_TRUE(begin(self, variant, wait->taken, wait->rendezvous ? 0 : CAPACITY));
		other = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);
		ASSERT_GE(other, 0);
		while (wait->full && !put(self->fd, 0, 1))
			;
		ASSERT_TRUE(wait_begins(self, wait, call)) TH_LOG("%s", wait->name);
		ASSERT_TRUE(victim_waits(self->dev, self->victim, self->id));

		death = kill_completely(self->victim->pid);
		if (wait->taken) {
			EXPECT_TRUE(wait_ended(self, wait, call, death)) TH_LOG("%s", wait->name);
		} else {
			EXPECT_TRUE(call_blocks(self->dev, call, self->id, wait->what));
			expected = wait->kind == CALL_SENDV || wait->kind == CALL_WRITE ? 4 : 0;
			while (!call->done)
				ASSERT_GE(serve_all(other), 0);
			EXPECT_EQ(expected, call_join(call)) TH_LOG("%s", wait->name);
		}
		ASSERT_GE(serve_all(other), 0);
		EXPECT_TRUE(is_at_rest(self->fd)) TH_LOG("%s", wait->name);
		EXPECT_EQ(0, mailbox_info(self->fd).withdrawn);
		child_wait(self->victim->pid);
		close(other);
		close(self->fd);
	}
}

/* Those who wait for messages of the victim: by its number, by its id. */
TEST_F(orphan, of_a_sender)
{
	struct ipcmbox_recv recvs[2];
	struct call *call = self->calls;
	char data[8];
	__u64 death;
	int box, i;

	if (variant->target == MAILBOX)
		return;
	box = mailbox_new(self->dev, .max_messages = 4);
	ASSERT_TRUE(begin(self, variant, 0, 1));
	for (i = 0; i < 5; i++)
		receive_prepare(&call[i], i & 1 ? box : self->inbox,
				.from_kind = i & 1 ? IPCMBOX_ENDPOINT_ID :
				variant->target == THREAD ? IPCMBOX_THREAD : IPCMBOX_PROCESS,
				.from = i & 1 ? self->id : self->victim->pid);
	call[1].recv.flags = IPCMBOX_LEASE;
	call[1].recv.lease_ns = HOUR_NS;
	call[2].recv.flags = IPCMBOX_PEEK;
	call[3].kind = CALL_REPLY_RECV;
	for (i = 0; i < 2; i++) {
		recvs[i] = call[4].recv;
		recvs[i].buf_ptr = ptr_u64(data);
		recvs[i].buf_len = sizeof(data);
	}
	call[4].kind = CALL_RECVV;
	call[4].vector = (struct ipcmbox_vector){ .array_ptr = ptr_u64(recvs), .count = 2 };
	for (i = 0; i < 5; i++) {
		call_start(&call[i]);
		ASSERT_TRUE(call_blocks(self->dev, &call[i], mailbox_id(call[i].fd),
					IPCMBOX_BLOCKED_RECV));
		/* Each waits on the list of the endpoint when it sleeps. */
		ASSERT_TRUE(call_await_asleep(&call[i]));
	}
	ASSERT_TRUE(victim_waits(self->dev, self->victim, self->id));

	death = kill_completely(self->victim->pid);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EPIPE, call_join(&call[i])) TH_LOG("call %d", i);
		EXPECT_TRUE(in_time(&call[i], death)) TH_LOG("call %d", i);
	}
	EXPECT_TRUE(is_at_rest(box));
	EXPECT_TRUE(is_at_rest(self->inbox));
	child_wait(self->victim->pid);
	close(self->fd);
	close(box);
}

/*
 * Events
 */

#define MEMBERS	3

/* A member with room for one event, that waits for an urgent one. */
static int member_body(void *arg)
{
	struct victim *victim = arg;
	int fd;

	close_all_but(victim->fd);
	fd = member_new(victim->fd, .max_messages = 1);
	if (fd < 0)
		return 1;
	close(victim->fd);
	victim->tid = syscall(SYS_gettid);
	message_receive(fd, .min_priority = IPCMBOX_PRIORITY_MAX);
	return 2;
}

FIXTURE(member) {
	int dev, event, witness;
	struct victim *victims[MEMBERS];
	struct call *calls;
	struct ipcmbox_query before;
};

FIXTURE_SETUP(member)
{
	int i;

	signal(SIGPIPE, SIG_IGN);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 20);
	ASSERT_GE(self->event, 0);
	self->calls = calls_alloc(4);
	for (i = 0; i < MEMBERS; i++) {
		self->victims[i] = victim_alloc();
		self->victims[i]->fd = self->event;
		self->victims[i]->pid = child_start(member_body, self->victims[i]);
		ASSERT_TRUE(await_value(&self->victims[i]->tid, 1));
	}
	self->witness = member_new(self->event,
				   .mask = IPCMBOX_EVENTS_USER | IPCMBOX_EVENT_DIED);
	ASSERT_GE(self->witness, 0);
	ASSERT_EQ(0, put_event(self->event, 1, 0, 0));
	EXPECT_EQ(0, take(self->witness));
}

FIXTURE_TEARDOWN(member)
{
	struct ipcmbox_query after;
	int i;

	for (i = 0; i < MEMBERS; i++) {
		kill(self->victims[i]->pid, SIGKILL);
		child_wait(self->victims[i]->pid);
	}
	close(self->witness);
	close(self->event);
	EXPECT_TRUE(is_even(self->dev, &self->before));
	EXPECT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_mailboxes, after.user_mailboxes);
	close(self->dev);
}

/* An event waits for three; when the last of them is dead it is with whoever is left. */
TEST_F(member, that_others_wait_for)
{
	__u64 id = mailbox_id(self->event), death = 0;
	__u32 numbers[] = { 1, 2 }, number, seen = 0, died = 0;
	struct ipcmbox_send sends[2];
	struct ipcmbox_recv recv;
	int i;

	for (i = 0; i < 2; i++)
		sends[i] = (struct ipcmbox_send){
			.buf_ptr = ptr_u64(&numbers[i]), .buf_len = 4, .events = 1,
		};
	self->calls[0] = (struct call){
		.kind = CALL_SENDV, .fd = self->event,
		.vector = { .array_ptr = ptr_u64(sends), .count = 2 },
	};
	call_start(&self->calls[0]);
	ASSERT_TRUE(call_blocks(self->dev, &self->calls[0], id, IPCMBOX_BLOCKED_ROOM));
	self->calls[1] = (struct call){
		.kind = CALL_WRITE, .fd = self->event, .send.buf_len = 4,
	};
	call_start(&self->calls[1]);
	ASSERT_TRUE(call_blocks(self->dev, &self->calls[1], id, IPCMBOX_BLOCKED_ROOM));
	recv_start(&self->calls[2], self->witness);
	ASSERT_TRUE(call_blocks(self->dev, &self->calls[2], mailbox_id(self->witness),
				IPCMBOX_BLOCKED_RECV));

	for (i = 0; i < MEMBERS; i++) {
		EXPECT_EQ(2, mailbox_info(self->event).waiting_senders);
		EXPECT_EQ(0, self->calls[0].done | self->calls[1].done);
		death = kill_completely(self->victims[i]->pid);
	}
	EXPECT_EQ(2, call_join(&self->calls[0]));
	EXPECT_EQ(4, call_join(&self->calls[1]));
	EXPECT_TRUE(in_time(&self->calls[0], death));
	EXPECT_TRUE(in_time(&self->calls[1], death));
	/* The first news for the witness were of the first death. */
	EXPECT_EQ(0, call_join(&self->calls[2]));
	EXPECT_EQ(self->victims[0]->pid, self->calls[2].recv.pid);

	while (take_event(self->witness, &number, &recv) >= 0) {
		died += recv.events == IPCMBOX_EVENT_DIED;
		seen += recv.events != IPCMBOX_EVENT_DIED;
	}
	EXPECT_EQ(MEMBERS - 1, died);
	EXPECT_EQ(3, seen);
	EXPECT_EQ(1, mailbox_info(self->event).members);
	EXPECT_TRUE(is_at_rest(self->event));
	EXPECT_TRUE(is_at_rest(self->witness));
}

/*
 * Leases
 */

FIXTURE(holder) {
	int dev, fd, dead;
	__u64 id;
	struct victim *victim;
	struct call *calls;
	struct ipcmbox_query before;
};

FIXTURE_VARIANT(holder) {
	bool called;		/* what is leased is a call */
	__u32 max_deliveries;
};

FIXTURE_VARIANT_ADD(holder, message) { };
FIXTURE_VARIANT_ADD(holder, call) { .called = true };
FIXTURE_VARIANT_ADD(holder, message_once) { .max_deliveries = 1 };
FIXTURE_VARIANT_ADD(holder, call_once) { .called = true, .max_deliveries = 1 };

FIXTURE_SETUP(holder)
{
	struct call *sender;

	signal(SIGPIPE, SIG_IGN);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->fd = mailbox_new(self->dev, .access = IPCMBOX_WRITE, .mode = 0600,
			       .max_messages = 4);
	self->dead = mailbox_new(self->dev, .max_messages = 4);
	ASSERT_GE(self->dead, 0);
	self->id = mailbox_id(self->fd);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_DEAD_LETTER,
				    .dead_letter = mailbox_id(self->dead),
				    .max_deliveries = variant->max_deliveries));
	self->calls = calls_alloc(4);
	self->victim = victim_alloc();
	*self->victim = (struct victim){
		.fd = mailbox_by_id(self->dev, self->id, IPCMBOX_READ),
		.lease_ns = HOUR_NS, .takes = 1,
	};
	victim_start(self->victim);

	sender = &self->calls[0];
	if (variant->called)
		ask(sender, self->fd, "mine");
	else
		send_start(sender, self->fd, .buf_ptr = ptr_u64("mine"), .buf_len = 4,
			   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(victim_waits(self->dev, self->victim, self->id));
	ASSERT_EQ(1, mailbox_info(self->fd).held);
	/* A copy of the descriptor would keep the lease. */
	close(self->victim->fd);
}

FIXTURE_TEARDOWN(holder)
{
	EXPECT_TRUE(is_at_rest(self->fd));
	EXPECT_TRUE(is_at_rest(self->dead));
	EXPECT_EQ(255, child_wait(self->victim->pid));
	close(self->fd);
	close(self->dead);
	EXPECT_TRUE(is_even(self->dev, &self->before));
	close(self->dev);
}

/* Whoever waits for the next message gets the one that comes back, or else it is a dead letter. */
TEST_F(holder, leaves_it_to_another)
{
	bool dead = variant->max_deliveries;
	struct call *sender = &self->calls[0], *next = &self->calls[1];
	int other = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);
	int fd = dead ? self->dead : other;
	__u64 death;

	receive_start(next, fd);
	ASSERT_TRUE(call_blocks(self->dev, next, mailbox_id(fd), IPCMBOX_BLOCKED_RECV));
	death = kill_completely(self->victim->pid);
	EXPECT_EQ(4, call_join(next));
	EXPECT_TRUE(in_time(next, death));
	EXPECT_EQ(0, memcmp(next->data, "mine", 4));
	EXPECT_EQ(!dead, next->recv.redelivered);
	EXPECT_EQ(1, mailbox_info(self->fd).redelivered);
	EXPECT_EQ(dead, mailbox_info(self->fd).dead_letters);

	if (variant->called && !dead) {
		/* The caller knows nothing of it. */
		EXPECT_TRUE(call_blocks(self->dev, sender, self->id, IPCMBOX_BLOCKED_REPLY));
		EXPECT_EQ(0, answer(fd, next->recv.token, "well", 4, 0));
	}
	EXPECT_EQ(!variant->called ? 0 : dead ? -EPIPE : 4, call_join(sender));
	close(other);
}

/* There is nobody else. The message is kept for who comes, but no call is. */
TEST_F(holder, was_the_last)
{
	bool dead = variant->max_deliveries;
	struct call *sender = &self->calls[0];
	__u64 death;
	int fd;

	death = kill_completely(self->victim->pid);
	EXPECT_EQ(variant->called ? -EPIPE : 0, call_join(sender));
	EXPECT_TRUE(in_time(sender, death));
	EXPECT_EQ(0, mailbox_info(self->fd).held);
	EXPECT_EQ(!variant->called && !dead, mailbox_info(self->fd).messages);
	fd = mailbox_by_id(self->dev, self->id, IPCMBOX_READ);
	EXPECT_EQ(!variant->called && !dead, take(fd) >= 0);
	EXPECT_EQ(dead, take(self->dead) >= 0);
	EXPECT_EQ(-EAGAIN, take(fd));
	close(fd);
}

/*
 * A chain of callers: each link hears of the next one only.
 */

struct link {
	int serves, calls;
	volatile int tid;
	pid_t pid;
	volatile int result;
};

/* Serves one call by calling another, passes its error on, and waits. */
static int link_body(void *arg)
{
	struct link *link = arg;
	struct ipcmbox_recv recv;
	char buf[8];

	link->tid = syscall(SYS_gettid);
	if (serve(link->serves, &recv, buf, sizeof(buf)) != 4)
		return 1;
	link->result = message_call(link->calls, .buf_ptr = ptr_u64(buf), .buf_len = 4,
				    .reply_ptr = ptr_u64(buf), .reply_len = sizeof(buf));
	if (answer(link->serves, recv.token, "fail", 4, link->result))
		return 2;
	return 0;
}

TEST(end_of_a_chain)
{
	struct link *link = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				 -1, 0);
	struct victim *last = victim_alloc();
	struct call *caller = calls_alloc(1);
	int dev = device_open(), first, second;
	__u64 death;
	pid_t peer;

	first = mailbox_new(dev, .max_messages = 1);
	second = mailbox_new(dev, .access = IPCMBOX_WRITE, .mode = 0600, .max_messages = 1);
	*last = (struct victim){
		.fd = mailbox_by_id(dev, mailbox_id(second), IPCMBOX_READ), .takes = 1,
	};
	victim_start(last);
	close(last->fd);
	link->serves = first;
	link->calls = second;
	link->pid = child_start(link_body, link);
	ask(caller, first, "link");
	ASSERT_TRUE(await_blocked(dev, mailbox_id(second), &link->tid,
				  IPCMBOX_BLOCKED_REPLY, 0, &peer));
	EXPECT_EQ(last->pid, peer);
	ASSERT_TRUE(victim_waits(dev, last, mailbox_id(second)));

	death = kill_completely(last->pid);
	EXPECT_EQ(4, call_join(caller));
	EXPECT_TRUE(in_time(caller, death));
	EXPECT_EQ(-EPIPE, caller->call.status);
	EXPECT_EQ(-EPIPE, link->result);
	EXPECT_EQ(0, child_wait(link->pid));
	EXPECT_EQ(255, child_wait(last->pid));
	EXPECT_TRUE(is_at_rest(first));
	EXPECT_TRUE(is_at_rest(second));
	close(first);
	close(second);
	close(dev);
}

/* As one would who is first himself, and does not stop. */
static int keep_cpu(void *arg)
{
	const struct sched_param first = { .sched_priority = 99 };
	__u64 end;
	cpu_set_t set;

	(void)arg;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &first))
		return 1;
	end = now_ns(IPCMBOX_CLOCK_MONOTONIC) + 50 * NSEC_PER_MSEC;
	while (now_ns(IPCMBOX_CLOCK_MONOTONIC) < end)
		;
	return 0;
}

TEST(stalls_are_seen)
{
	__u64 begin = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	ASSERT_EQ(0, child_run(keep_cpu, NULL));
	EXPECT_LE(40 * NSEC_PER_MSEC, stalled_ns(begin, now_ns(IPCMBOX_CLOCK_MONOTONIC)));
	EXPECT_EQ(0, stalled_ns(begin, begin));
}

TEST_HARNESS_MAIN
