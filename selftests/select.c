// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receives that choose: by minimum priority, by sender, by event bits, and without consuming
 * (peek).
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "endpoint_test.h"

FIXTURE(select) {
	int dev, fd;
	struct call *calls;
};

FIXTURE_SETUP(select)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, .max_messages = 3);
	ASSERT_GE(self->fd, 0);
	self->calls = calls_alloc(4);
}

FIXTURE_TEARDOWN(select)
{
	close(self->fd);
	close(self->dev);
}

static __s64 take_from(int fd, __u32 min_priority)
{
	__u32 number;
	int ret = take_info(fd, &number, &(struct ipcmbox_recv){ .min_priority = min_priority });

	return ret < 0 ? ret : (__s64)number;
}

static __s64 peek(int fd, struct ipcmbox_recv *recv)
{
	__u32 number;
	int ret;

	recv->flags |= IPCMBOX_PEEK;
	ret = take_info(fd, &number, recv);
	return ret < 0 ? ret : (__s64)number;
}

TEST_F(select, min_priority)
{
	ASSERT_EQ(0, put(self->fd, 3, 33));
	ASSERT_EQ(0, put(self->fd, 7, 77));
	ASSERT_EQ(0, put(self->fd, 7, 78));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 8));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, IPCMBOX_PRIORITY_MAX));
	EXPECT_EQ(77, take_from(self->fd, 7));
	EXPECT_EQ(78, take_from(self->fd, 4));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 4));
	EXPECT_EQ(33, take_from(self->fd, 3));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(select, highest_priority)
{
	ASSERT_EQ(0, put(self->fd, IPCMBOX_PRIORITY_MAX, 1));
	EXPECT_EQ(1, take_from(self->fd, IPCMBOX_PRIORITY_MAX));
}

/* What it does not want goes by it, to the queue or to the next. */
TEST_F(select, waiting_with_min_priority)
{
	struct call *choosy = &self->calls[0], *any = &self->calls[1];

	recv_start(choosy, self->fd, .min_priority = 5);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 4, 1));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_receivers);
	EXPECT_EQ(1, take(self->fd));

	recv_start(any, self->fd);
	ASSERT_TRUE(await_receivers(self->fd, 2));
	ASSERT_EQ(0, put(self->fd, 0, 2));
	EXPECT_EQ(4, call_join(any));
	EXPECT_EQ(2, call_number(any));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_receivers);

	ASSERT_EQ(0, put(self->fd, 5, 3));
	EXPECT_EQ(4, call_join(choosy));
	EXPECT_EQ(3, call_number(choosy));
	EXPECT_EQ(5, choosy->recv.priority);
	EXPECT_EQ(2, mailbox_info(self->fd).wakeups);
}

TEST_F(select, waits_while_lower_ones_are_queued)
{
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	recv_start(self->calls, self->fd, .min_priority = 2);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(22, call_number(self->calls));
	EXPECT_EQ(0, take(self->fd));
	EXPECT_EQ(1, take(self->fd));
}

/* The queue is full, but not of what it waits for. */
TEST_F(select, passes_a_full_queue)
{
	struct call *recv = &self->calls[0], *send = &self->calls[1];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	recv_start(recv, self->fd, .min_priority = 2);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	put_start(send, self->fd, 9, 99);
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(99, call_number(recv));
	EXPECT_EQ(0, call_join(send));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, take(self->fd));
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

TEST_F(select, takes_of_a_blocked_sender)
{
	struct call *send = &self->calls[0], *recv = &self->calls[1];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 1, i));
	put_start(send, self->fd, 9, 99);
	ASSERT_TRUE(await_senders(self->fd, 1));
	recv_start(recv, self->fd, .min_priority = 9);
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(99, call_number(recv));
	EXPECT_EQ(0, call_join(send));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
	EXPECT_TRUE(mailbox_balanced(self->fd));
}

/* Of two blocked senders to a rendezvous, the second is the one it wants. */
TEST_F(select, min_priority_at_a_rendezvous)
{
	struct call *low = &self->calls[0], *high = &self->calls[1];

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	put_start(low, self->fd, 1, 11);
	ASSERT_TRUE(await_senders(self->fd, 1));
	put_start(high, self->fd, 2, 22);
	ASSERT_TRUE(await_senders(self->fd, 2));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 3));
	EXPECT_EQ(22, take_from(self->fd, 2));
	EXPECT_EQ(0, call_join(high));
	EXPECT_EQ(-EAGAIN, take_from(self->fd, 2));
	EXPECT_EQ(11, take_from(self->fd, 0));
	EXPECT_EQ(0, call_join(low));
}

/* A receiver that would not take the message does not wait for it. */
TEST_F(select, rendezvous_needs_the_right_receiver)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	recv_start(self->calls, self->fd, .min_priority = 5);
	ASSERT_TRUE(await_receivers(self->fd, 1));
	EXPECT_EQ(-EAGAIN, put(self->fd, 4, 1));
	EXPECT_EQ(0, put(self->fd, 5, 2));
	EXPECT_EQ(4, call_join(self->calls));
	EXPECT_EQ(2, call_number(self->calls));
}

TEST_F(select, peek_leaves_the_message)
{
	struct ipcmbox_recv first = {}, second = {};
	__u32 number;
	int i;

	EXPECT_EQ(-EAGAIN, peek(self->fd, &first));
	ASSERT_EQ(0, put(self->fd, 1, 11));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(22, peek(self->fd, &first));
		EXPECT_EQ(2, first.priority);
		EXPECT_EQ(2, first.seq);
		EXPECT_EQ(4, first.length);
		EXPECT_EQ(getpid(), first.pid);
	}
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
	EXPECT_EQ(0, mailbox_info(self->fd).received);
	EXPECT_EQ(4, take_info(self->fd, &number, &second));
	EXPECT_EQ(22, number);
	EXPECT_EQ(first.seq, second.seq);
	EXPECT_EQ(11, peek(self->fd, &first));
	EXPECT_EQ(11, take(self->fd));
	EXPECT_EQ(-EAGAIN, peek(self->fd, &first));
}

TEST_F(select, peek_with_min_priority)
{
	struct ipcmbox_recv recv = { .min_priority = 2 };

	ASSERT_EQ(0, put(self->fd, 1, 11));
	EXPECT_EQ(-EAGAIN, peek(self->fd, &recv));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	EXPECT_EQ(22, peek(self->fd, &recv));
	EXPECT_EQ(2, mailbox_info(self->fd).messages);
}

/* That is how to learn the length. */
TEST_F(select, peek_without_room)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_PEEK };

	ASSERT_EQ(0, put(self->fd, 1, 11));
	EXPECT_EQ(-EMSGSIZE, mailbox_recv(self->fd, &recv));
	EXPECT_EQ(4, recv.length);
	EXPECT_EQ(IPCMBOX_LIMIT_BUFFER, recv.limit);
	EXPECT_EQ(11, take(self->fd));
}

TEST_F(select, peek_blocks)
{
	struct call *peek = &self->calls[0];

	recv_start(peek, self->fd, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(call_await_asleep(peek));
	ASSERT_EQ(0, put(self->fd, 1, 11));
	EXPECT_EQ(4, call_join(peek));
	EXPECT_EQ(11, call_number(peek));
	EXPECT_EQ(1, mailbox_info(self->fd).messages);
	EXPECT_EQ(11, take(self->fd));
}

TEST_F(select, peek_blocks_for_its_priority)
{
	struct call *peek = &self->calls[0];

	ASSERT_EQ(0, put(self->fd, 1, 11));
	recv_start(peek, self->fd, .flags = IPCMBOX_PEEK, .min_priority = 2);
	ASSERT_TRUE(call_await_asleep(peek));
	ASSERT_EQ(0, put(self->fd, 1, 12));
	ASSERT_TRUE(call_await_asleep(peek));
	ASSERT_EQ(0, put(self->fd, 2, 22));
	EXPECT_EQ(4, call_join(peek));
	EXPECT_EQ(22, call_number(peek));
	EXPECT_EQ(3, mailbox_info(self->fd).messages);
}

/* All who look are shown it, and still one receiver gets it. */
TEST_F(select, peek_takes_no_turn)
{
	struct call *recv = &self->calls[3];
	int i;

	for (i = 0; i < 3; i++) {
		recv_start(&self->calls[i], self->fd, .flags = IPCMBOX_PEEK);
		ASSERT_TRUE(call_await_asleep(&self->calls[i]));
	}
	ASSERT_EQ(0, put(self->fd, 1, 11));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(4, call_join(&self->calls[i]));
		EXPECT_EQ(11, call_number(&self->calls[i]));
	}
	recv_start(recv, self->fd);
	EXPECT_EQ(4, call_join(recv));
	EXPECT_EQ(1, mailbox_info(self->fd).received);
}

/* One that only looks does not make a non-blocking send to a rendezvous succeed. */
TEST_F(select, peek_is_no_receiver)
{
	struct call *peek = &self->calls[0], *send = &self->calls[1];

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	recv_start(peek, self->fd, .flags = IPCMBOX_PEEK);
	ASSERT_TRUE(call_await_asleep(peek));
	EXPECT_EQ(-EAGAIN, put(self->fd, 0, 1));
	put_start(send, self->fd, 0, 2);
	EXPECT_EQ(4, call_join(peek));
	EXPECT_EQ(2, call_number(peek));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_EQ(0, send->done);
	EXPECT_EQ(2, take(self->fd));
	EXPECT_EQ(0, call_join(send));
}

TEST_F(select, peek_at_a_rendezvous_sender)
{
	struct ipcmbox_recv recv = {};
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MAX_MESSAGES));
	put_start(self->calls, self->fd, 6, 66);
	ASSERT_TRUE(await_senders(self->fd, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(66, peek(self->fd, &recv));
		EXPECT_EQ(6, recv.priority);
		EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
		EXPECT_EQ(0, mailbox_info(self->fd).sent);
	}
	EXPECT_EQ(66, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

TEST_F(select, peek_is_no_receipt)
{
	struct ipcmbox_recv recv = {};

	send_start(self->calls, self->fd, .buf_ptr = ptr_u64("1234"), .buf_len = 4,
		   .completion = IPCMBOX_RECEIVED);
	ASSERT_TRUE(await_senders(self->fd, 1));
	EXPECT_NE(-EAGAIN, peek(self->fd, &recv));
	EXPECT_EQ(1, mailbox_info(self->fd).waiting_senders);
	EXPECT_NE(-EAGAIN, take(self->fd));
	EXPECT_EQ(0, call_join(self->calls));
}

/* Looking does not report a loss away. */
TEST_F(select, peek_keeps_the_loss)
{
	struct ipcmbox_recv first = {}, second = {};
	__u32 number;
	int i;

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_OVERFLOW,
				    .overflow = IPCMBOX_OVERFLOW_DROP_NEWEST));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, 0, i));
	ASSERT_EQ(IPCMBOX_SENT_DROPPED, put(self->fd, 0, 3));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(i, take(self->fd));
	ASSERT_EQ(0, put(self->fd, 0, 4));
	EXPECT_EQ(4, peek(self->fd, &first));
	EXPECT_EQ(1, first.lost);
	EXPECT_EQ(1, mailbox_info(self->fd).unreported);
	EXPECT_EQ(4, take_info(self->fd, &number, &second));
	EXPECT_EQ(1, second.lost);
	EXPECT_EQ(0, mailbox_info(self->fd).unreported);
}

/*
 * By sender and by event bits
 */

/* In each process its own. */
static int box;
static __u32 bits;

FIXTURE(choose) {
	struct actor *a, *b;
	struct call *calls;
};

/* @a has an inbox, @b has none; both send to @box. */
FIXTURE_SETUP(choose)
{
	dev = device_open();
	ASSERT_GE(dev, 0);
	box = mailbox_new(dev, .max_messages = IPCMBOX_UNBOUNDED);
	ASSERT_GE(box, 0);
	self->a = actor_start();
	self->b = actor_start();
	self->calls = calls_alloc(4);
}

FIXTURE_TEARDOWN(choose)
{
	actor_end(self->a);
	actor_end(self->b);
	close(box);
	close(dev);
}

static int set_bits(int value)
{
	bits = value;
	return 0;
}

static int put_number(int number)
{
	return message_send(box, .buf_ptr = ptr_u64(&number), .buf_len = 4, .events = bits,
			    .flags = IPCMBOX_NONBLOCK);
}

static int put_urgent(int number)
{
	return message_send(box, .buf_ptr = ptr_u64(&number), .buf_len = 4, .events = bits,
			    .flags = IPCMBOX_NONBLOCK, .priority = number);
}

static int put_waiting(int number)
{
	return message_send(box, .buf_ptr = ptr_u64(&number), .buf_len = 4, .events = bits);
}

static void *put_box_thread(void *arg)
{
	long *number = arg;

	put_number(*number);
	*number = gettid_();
	return NULL;
}

/* From a thread that has gone when this returns; its number. */
static int put_from_thread(int number)
{
	pthread_t thread;
	long arg = number;

	if (pthread_create(&thread, NULL, put_box_thread, &arg))
		return -EAGAIN;
	pthread_join(thread, NULL);
	return arg;
}

static int exit_after(int number)
{
	put_number(number);
	_exit(0);
}

/* Number or error, without waiting. */
static int take_of(__u32 kind, __u64 from)
{
	int number, ret;

	ret = message_receive(box, .buf_ptr = ptr_u64(&number), .buf_len = 4, .from_kind = kind,
			      .from = from, .flags = IPCMBOX_NONBLOCK);
	return ret < 0 ? ret : number;
}

static int take_events(__u64 events)
{
	int number, ret;

	ret = message_receive(box, .buf_ptr = ptr_u64(&number), .buf_len = 4,
			      .select_events = events, .flags = IPCMBOX_NONBLOCK);
	return ret < 0 ? ret : number;
}

TEST_F(choose, of_one_process)
{
	int id = actor_ask(self->a, open_inbox, 0);

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, actor_ask(self->b, put_number, 1));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 2));
	ASSERT_EQ(0, put_number(3));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 4));
	ASSERT_EQ(0, actor_ask(self->b, put_number, 5));
	EXPECT_EQ(2, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(3, take_of(IPCMBOX_THREAD, getpid()));
	EXPECT_EQ(4, take_of(IPCMBOX_ENDPOINT_ID, id));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_ENDPOINT_ID, id));
	EXPECT_EQ(1, take_of(IPCMBOX_ANY, 0));
	EXPECT_EQ(5, take_of(IPCMBOX_PROCESS, self->b->pid));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_ANY, 0));
	EXPECT_TRUE(mailbox_balanced(box));
}

/* The first of those it wants is the most urgent of them. */
TEST_F(choose, by_priority)
{
	ASSERT_GT(actor_ask(self->a, open_inbox, 0), 0);
	ASSERT_EQ(0, actor_ask(self->a, put_urgent, 1));
	ASSERT_EQ(0, actor_ask(self->a, put_urgent, 3));
	ASSERT_EQ(0, actor_ask(self->b, put_urgent, 5));
	ASSERT_EQ(0, actor_ask(self->a, put_urgent, 2));
	EXPECT_EQ(3, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(2, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(-EAGAIN, message_receive(box, .from_kind = IPCMBOX_PROCESS,
					   .from = self->a->pid, .min_priority = 2,
					   .flags = IPCMBOX_NONBLOCK));
	EXPECT_EQ(1, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(5, take_of(IPCMBOX_ANY, 0));
}

TEST_F(choose, by_events)
{
	int i;

	for (i = 0; i < 4; i++) {
		set_bits(1 << i);
		ASSERT_EQ(0, put_number(i));
		ASSERT_EQ(0, put_urgent(i + 10));
	}
	set_bits(0);
	ASSERT_EQ(0, put_number(100));
	EXPECT_EQ(12, take_events(4));
	EXPECT_EQ(2, take_events(4));
	EXPECT_EQ(-EAGAIN, take_events(4));
	EXPECT_EQ(-EAGAIN, take_events(1ULL << 63));
	EXPECT_EQ(13, take_events(8 | 1));
	EXPECT_EQ(10, take_events(8 | 1));
	EXPECT_EQ(0, take_events(8 | 1));
	EXPECT_EQ(3, take_events(8 | 1));
	EXPECT_EQ(11, take(box));
	EXPECT_EQ(1, take_events(~0ULL));
	EXPECT_EQ(-EAGAIN, take_events(~0ULL)) TH_LOG("without bits it is not an event");
	EXPECT_EQ(100, take(box));
}

TEST_F(choose, by_events_of_one_process)
{
	struct ipcmbox_recv recv = {};
	int number;

	ASSERT_GT(actor_ask(self->a, open_inbox, 0), 0);
	ASSERT_EQ(0, actor_ask(self->a, set_bits, 1));
	ASSERT_EQ(0, actor_ask(self->b, set_bits, 2));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 1));
	ASSERT_EQ(0, actor_ask(self->b, put_number, 2));
	ASSERT_EQ(0, actor_ask(self->a, set_bits, 2));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 3));
	recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(&number), .buf_len = 4, .flags = IPCMBOX_NONBLOCK,
		.from_kind = IPCMBOX_PROCESS, .from = self->a->pid, .select_events = 2,
	};
	EXPECT_EQ(4, mailbox_receive(box, &recv));
	EXPECT_EQ(3, number);
	EXPECT_EQ(2, recv.events);
	EXPECT_EQ(self->a->pid, recv.pid);
	EXPECT_EQ(-EAGAIN, mailbox_receive(box, &recv));
}

TEST_F(choose, by_thread)
{
	int tid = actor_ask(self->a, put_from_thread, 1);

	ASSERT_GT(tid, 0);
	ASSERT_EQ(0, actor_ask(self->a, put_number, 2));
	EXPECT_EQ(2, take_of(IPCMBOX_THREAD, self->a->pid));
	EXPECT_EQ(1, take_of(IPCMBOX_THREAD, tid)) TH_LOG("it is gone, its message is not");
	/* Depending on whether it has gone for good. */
	EXPECT_TRUE(take_of(IPCMBOX_THREAD, tid) == -ESRCH ||
		    take_of(IPCMBOX_THREAD, tid) == -EPIPE ||
		    take_of(IPCMBOX_THREAD, tid) == -ESRCH);
	ASSERT_GT(actor_ask(self->a, put_from_thread, 3), 0);
	EXPECT_EQ(-ESRCH, take_of(IPCMBOX_THREAD, self->a->pid)) TH_LOG("has no inbox");
	EXPECT_EQ(3, take_of(IPCMBOX_PROCESS, self->a->pid));
}

TEST_F(choose, peek_at_one_sender)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_NONBLOCK | IPCMBOX_PEEK };
	int number, i;

	ASSERT_GT(actor_ask(self->a, open_inbox, 0), 0);
	ASSERT_EQ(0, actor_ask(self->b, put_number, 1));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 2));
	recv.buf_ptr = ptr_u64(&number);
	recv.buf_len = 4;
	recv.from_kind = IPCMBOX_PROCESS;
	recv.from = self->a->pid;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(4, mailbox_receive(box, &recv));
		EXPECT_EQ(2, number);
	}
	EXPECT_EQ(2, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(-EAGAIN, mailbox_receive(box, &recv));
}

/* What others send goes by those who wait for somebody else. */
TEST_F(choose, waiting)
{
	struct call *of_a = &self->calls[0], *any = &self->calls[1], *events = &self->calls[2];
	int id = actor_ask(self->a, open_inbox, 0);

	receive_start(of_a, box, .from_kind = IPCMBOX_ENDPOINT_ID, .from = id);
	ASSERT_TRUE(await_receivers(box, 1));
	receive_start(events, box, .select_events = 4);
	ASSERT_TRUE(await_receivers(box, 2));
	ASSERT_EQ(0, actor_ask(self->b, put_number, 1));
	EXPECT_EQ(1, mailbox_info(box).messages);
	EXPECT_EQ(2, mailbox_info(box).waiting_receivers);
	EXPECT_EQ(1, take(box));

	receive_start(any, box);
	ASSERT_TRUE(await_receivers(box, 3));
	ASSERT_EQ(0, actor_ask(self->b, put_number, 2));
	EXPECT_EQ(4, call_join(any));
	EXPECT_EQ(2, call_number(any));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 3));
	EXPECT_EQ(4, call_join(of_a));
	EXPECT_EQ(3, call_number(of_a));
	EXPECT_EQ(id, of_a->recv.sender_endpoint);
	ASSERT_EQ(0, actor_ask(self->b, set_bits, 6));
	ASSERT_EQ(0, actor_ask(self->b, put_number, 4));
	EXPECT_EQ(4, call_join(events));
	EXPECT_EQ(4, call_number(events));
	EXPECT_EQ(6, events->recv.events);
	EXPECT_TRUE(mailbox_balanced(box));
}

TEST_F(choose, of_blocked_senders)
{
	ASSERT_EQ(0, mailbox_change(box, .mask = IPCMBOX_SET_MAX_MESSAGES));
	ASSERT_GT(actor_ask(self->a, open_inbox, 0), 0);
	actor_tell(self->b, put_waiting, 1);
	ASSERT_TRUE(await_senders(box, 1));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_PROCESS, self->a->pid));
	actor_tell(self->a, put_waiting, 2);
	ASSERT_TRUE(await_senders(box, 2));
	EXPECT_EQ(2, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(0, actor_hear(self->a));
	EXPECT_EQ(1, mailbox_info(box).waiting_senders);
	EXPECT_EQ(1, take_of(IPCMBOX_PROCESS, self->b->pid));
	EXPECT_EQ(0, actor_hear(self->b));

	/* Nor does a non-blocking send succeed because somebody waits for somebody else. */
	receive_start(self->calls, box, .from_kind = IPCMBOX_PROCESS, .from = self->a->pid);
	ASSERT_TRUE(await_receivers(box, 1));
	EXPECT_EQ(-EAGAIN, actor_ask(self->b, put_number, 3));
	EXPECT_EQ(0, actor_ask(self->a, put_number, 4));
	EXPECT_EQ(4, call_join(self->calls));
}

/*
 * Senders that are not there. Whether the call may wait makes no difference to what it is told.
 */

static int receive_of(__u32 kind, __u64 from, __u32 flags, __u64 deadline_ns)
{
	int number;

	return message_receive(box, .buf_ptr = ptr_u64(&number), .buf_len = 4, .from_kind = kind,
			       .from = from, .flags = flags, .deadline_ns = deadline_ns);
}

static bool all_fail(int error, __u32 kind, __u64 from)
{
	int i, ret[] = {
		receive_of(kind, from, 0, 0),
		receive_of(kind, from, IPCMBOX_NONBLOCK, 0),
		receive_of(kind, from, IPCMBOX_PEEK, 0),
		receive_of(kind, from, IPCMBOX_DEADLINE, 1),
		receive_of(kind, from, IPCMBOX_DEADLINE, ~0ULL),
	};

	for (i = 0; i < ARRAY_SIZE(ret); i++) {
		if (ret[i] != error) {
			fprintf(stderr, "# case %d: %d\n", i, ret[i]);
			return false;
		}
	}
	return true;
}

TEST_F(choose, nobody)
{
	static const __u64 numbers[] = { 0, 4000000, 4194304, 0x80000000, 0x100000001, ~0ULL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_PROCESS, numbers[i]));
		EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_THREAD, numbers[i]));
	}
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_ENDPOINT_ID, 0));
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_ENDPOINT_ID, ~0ULL));
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_ENDPOINT_ID, mailbox_id(box)));
	EXPECT_TRUE(all_fail(-EINVAL, IPCMBOX_ANY, 1));
	EXPECT_TRUE(all_fail(-EINVAL, 4, 1));
	/* A message without a sender's endpoint is not one of endpoint 0. */
	ASSERT_EQ(0, put_number(1));
	EXPECT_EQ(-ESRCH, take_of(IPCMBOX_ENDPOINT_ID, 0));
	EXPECT_EQ(1, take(box));
}

TEST_F(choose, without_an_inbox)
{
	ASSERT_EQ(0, actor_ask(self->b, put_number, 1));
	EXPECT_EQ(1, take_of(IPCMBOX_PROCESS, self->b->pid)) TH_LOG("what is there is there");
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_PROCESS, self->b->pid));
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_THREAD, self->b->pid));
	ASSERT_GT(actor_ask(self->b, open_inbox, IPCMBOX_OPEN_THREAD), 0);
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_PROCESS, self->b->pid));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_THREAD, self->b->pid));
	EXPECT_EQ(-ETIMEDOUT, receive_of(IPCMBOX_THREAD, self->b->pid, IPCMBOX_DEADLINE, 1));
	ASSERT_EQ(0, actor_ask(self->b, close_inbox, 0));
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_THREAD, self->b->pid));
}

/* What the dead have sent; and then, that they are dead. */
TEST_F(choose, of_the_dead)
{
	int id = actor_ask(self->a, open_inbox, 0), i;
	pid_t pid = self->a->pid;

	ASSERT_GT(id, 0);
	for (i = 1; i <= 6; i++)
		ASSERT_EQ(0, actor_ask(self->a, put_number, i));
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(1, take_of(IPCMBOX_PROCESS, pid));
	EXPECT_EQ(2, take_of(IPCMBOX_THREAD, pid));
	EXPECT_EQ(3, take_of(IPCMBOX_ENDPOINT_ID, id));

	/* Nobody has that number now. */
	actor_end(self->a);
	self->a = NULL;
	EXPECT_EQ(4, take_of(IPCMBOX_PROCESS, pid));
	EXPECT_EQ(5, take_of(IPCMBOX_THREAD, pid));
	EXPECT_EQ(6, take_of(IPCMBOX_ENDPOINT_ID, id));
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_PROCESS, pid));
	EXPECT_TRUE(all_fail(-ESRCH, IPCMBOX_THREAD, pid));
	EXPECT_TRUE(all_fail(-EPIPE, IPCMBOX_ENDPOINT_ID, id));
}

TEST_F(choose, of_a_zombie)
{
	int id = actor_ask(self->a, open_inbox, 0);
	pid_t pid = self->a->pid;

	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	EXPECT_TRUE(all_fail(-EPIPE, IPCMBOX_PROCESS, pid));
	EXPECT_TRUE(all_fail(-EPIPE, IPCMBOX_THREAD, pid));
	EXPECT_TRUE(all_fail(-EPIPE, IPCMBOX_ENDPOINT_ID, id));
}

/* Its last message comes first, however close behind it the end is. */
TEST_F(choose, last_words)
{
	__u32 i, rounds = scaled(100);
	struct call *call = self->calls;
	int ret;

	for (i = 0; i < rounds; i++) {
		struct actor *dying = actor_start();
		int id = actor_ask(dying, open_inbox, 0);

		receive_start(call, box, .from_kind = IPCMBOX_ENDPOINT_ID, .from = id);
		if (i % 2)
			ASSERT_TRUE(await_receivers(box, 1));
		actor_tell(dying, exit_after, i);
		EXPECT_EQ(4, call_join(call));
		EXPECT_EQ(i, call_number(call));
		while ((ret = take_of(IPCMBOX_ENDPOINT_ID, id)) == -EAGAIN)
			sched_yield();
		EXPECT_EQ(-EPIPE, ret);
		actor_end(dying);
	}
}

/* Without waiting the same holds. */
TEST_F(choose, last_words_looked_for)
{
	__u32 i, rounds = scaled(100);
	int ret;

	for (i = 1; i <= rounds; i++) {
		struct actor *dying = actor_start();
		int id = actor_ask(dying, open_inbox, 0);

		actor_tell(dying, exit_after, i);
		do {
			ret = i % 2 ? take_of(IPCMBOX_ENDPOINT_ID, id) :
				      take_of(IPCMBOX_PROCESS, dying->pid);
		} while (ret == -EAGAIN);
		EXPECT_EQ(i, ret);
		actor_end(dying);
	}
}

/*
 * Long queues
 */

#define LONG	3000

static int put_many(int count)
{
	int i, ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = put_number(1000000 + i);
	return ret;
}

TEST_F(choose, in_a_long_queue)
{
	int id = actor_ask(self->a, open_inbox, 0), tid, i;

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, actor_ask(self->b, put_many, LONG));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 1));
	ASSERT_EQ(0, put_many(LONG));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 2));
	tid = actor_ask(self->a, put_from_thread, 3);
	ASSERT_GT(tid, 0);
	ASSERT_EQ(0, actor_ask(self->a, set_bits, 16));
	ASSERT_EQ(0, actor_ask(self->a, put_number, 4));
	ASSERT_EQ(0, actor_ask(self->b, put_many, LONG));

	EXPECT_EQ(-EAGAIN, take_events(8));
	EXPECT_EQ(4, take_events(16));
	EXPECT_EQ(3, take_of(IPCMBOX_THREAD, tid));
	EXPECT_EQ(1, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(2, take_of(IPCMBOX_ENDPOINT_ID, id));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_ENDPOINT_ID, id));
	EXPECT_EQ(-EAGAIN, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(3 * LONG, mailbox_info(box).messages);

	/* What comes now is found as well, and what is urgent first. */
	ASSERT_EQ(0, actor_ask(self->a, put_number, 5));
	ASSERT_EQ(0, actor_ask(self->a, put_urgent, 6));
	EXPECT_EQ(6, take_of(IPCMBOX_PROCESS, self->a->pid));
	EXPECT_EQ(5, take_of(IPCMBOX_PROCESS, self->a->pid));

	/* Nothing of it disturbs those who do not choose. */
	for (i = 0; i < LONG; i++)
		ASSERT_EQ(1000000 + i, take(box));
	EXPECT_EQ(1000000, take_of(IPCMBOX_PROCESS, getpid()));
	EXPECT_EQ(1000000, take_of(IPCMBOX_PROCESS, self->b->pid));
	EXPECT_EQ(1000001, take(box));
	EXPECT_TRUE(mailbox_balanced(box));
}

/* A receive that fails leaves its message where it was. */
TEST_F(choose, put_back_in_a_long_queue)
{
	int i;

	ASSERT_GT(actor_ask(self->a, open_inbox, 0), 0);
	ASSERT_EQ(0, actor_ask(self->b, put_many, LONG));
	for (i = 1; i <= 3; i++)
		ASSERT_EQ(0, actor_ask(self->a, put_number, i));
	ASSERT_EQ(0, put_many(LONG));
	for (i = 1; i <= 3; i++) {
		EXPECT_EQ(-EFAULT, message_receive(box, .buf_ptr = 8, .buf_len = 4,
						   .from_kind = IPCMBOX_PROCESS,
						   .from = self->a->pid));
		EXPECT_EQ(-EMSGSIZE, message_receive(box, .from_kind = IPCMBOX_PROCESS,
						     .from = self->a->pid));
		EXPECT_EQ(i, take_of(IPCMBOX_PROCESS, self->a->pid));
	}
	EXPECT_EQ(2 * LONG, mailbox_info(box).messages);
}

/* The dead can be found in it, by what they were called. */
TEST_F(choose, of_the_dead_in_a_long_queue)
{
	int id = actor_ask(self->a, open_inbox, 0), i;
	pid_t pid = self->a->pid;

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, actor_ask(self->b, put_many, LONG));
	for (i = 1; i <= 3; i++)
		ASSERT_EQ(0, actor_ask(self->a, put_number, i));
	actor_end(self->a);
	self->a = NULL;
	EXPECT_EQ(1, take_of(IPCMBOX_PROCESS, pid));
	EXPECT_EQ(2, take_of(IPCMBOX_THREAD, pid));
	EXPECT_EQ(3, take_of(IPCMBOX_ENDPOINT_ID, id));
	EXPECT_EQ(-ESRCH, take_of(IPCMBOX_PROCESS, pid));
	EXPECT_EQ(-EPIPE, take_of(IPCMBOX_ENDPOINT_ID, id));
}

/*
 * Senders of numbers, a receiver for each, and one that puts back what it gets, so that it may be
 * late, but neither lost nor doubled.
 */
#define SENDERS	4

struct sender {
	pthread_t thread;
	volatile int tid;
	__u32 count;
	volatile int *over;
	int failures;
};

static void *send_numbers(void *arg)
{
	struct sender *sender = arg;
	__u32 i;

	inbox = endpoint_new(dev, .flags = IPCMBOX_OPEN_THREAD);
	sender->tid = gettid_();
	for (i = 0; i < sender->count; i++)
		put_number(i);
	while (!*sender->over)
		usleep(1000);
	return NULL;
}

static void *disturb(void *arg)
{
	volatile int *over = arg;

	while (!*over)
		message_receive(box, .buf_ptr = 8, .buf_len = 4, .flags = IPCMBOX_NONBLOCK,
				.select_events = rand() % 2);
	return NULL;
}

static void *receive_numbers(void *arg)
{
	struct sender *sender = arg;
	char *seen = calloc(1, sender->count);
	__u32 i, number;

	for (i = 0; i < sender->count && !sender->failures; i++) {
		sender->failures = message_receive(box, .buf_ptr = ptr_u64(&number), .buf_len = 4,
						   .from_kind = IPCMBOX_THREAD,
						   .from = sender->tid) != 4 ||
				   number >= sender->count || seen[number]++;
	}
	free(seen);
	return NULL;
}

TEST_F_TIMEOUT(choose, many_at_once, 90)
{
	struct sender senders[SENDERS] = {};
	pthread_t receivers[SENDERS], disturber;
	volatile int over = 0;
	int i;

	for (i = 0; i < SENDERS; i++) {
		senders[i].count = scaled(1500);
		senders[i].over = &over;
		pthread_create(&senders[i].thread, NULL, send_numbers, &senders[i]);
	}
	for (i = 0; i < SENDERS; i++)
		ASSERT_TRUE(await_value(&senders[i].tid, 1));
	pthread_create(&disturber, NULL, disturb, (void *)&over);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&receivers[i], NULL, receive_numbers, &senders[i]);
	for (i = 0; i < SENDERS; i++) {
		pthread_join(receivers[i], NULL);
		EXPECT_EQ(0, senders[i].failures);
	}
	over = 1;
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i].thread, NULL);
	pthread_join(disturber, NULL);
	EXPECT_EQ(0, mailbox_info(box).messages);
	EXPECT_TRUE(mailbox_balanced(box));
}

/*
 * Of 100 000 messages it costs no more than ten times what it costs not to choose. (What it costs
 * in steps, exactly, is in the unit tests of the index.)
 */
#define MANY	100000
#define ROUNDS	200

/* On a slow machine what can be sent in five seconds. Returns how many. */
static int put_very_many(int count)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	int i;

	for (i = 0; i < count && now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < 5 * NSEC_PER_SEC; i++) {
		if (put_number(i))
			break;
	}
	return i;
}

static __u64 time_of(__u32 kind, __u64 from)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (take_of(kind, from) < 0)
			return 0;
	}
	return now_ns(IPCMBOX_CLOCK_MONOTONIC) - start;
}

TEST_F_TIMEOUT(choose, among_very_many, 90)
{
	__u64 of_one, of_any, best = ~0ULL;
	int attempt, count;

	ASSERT_GT(actor_ask(self->a, open_inbox, 0), 0);
	count = actor_ask(self->b, put_very_many, MANY);
	ASSERT_GE(count, LONG);
	ASSERT_EQ(0, actor_ask(self->a, put_many, 6 * ROUNDS));
	/* That makes the index. */
	ASSERT_EQ(1000000, take_of(IPCMBOX_PROCESS, self->a->pid));
	for (attempt = 0; attempt < 5 && best > 10; attempt++) {
		of_any = time_of(IPCMBOX_ANY, 0);
		of_one = time_of(IPCMBOX_PROCESS, self->a->pid);
		ASSERT_NE(0, of_any);
		ASSERT_NE(0, of_one);
		TH_LOG("of %d any one: %llu ns, of one sender: %llu ns", count,
		       (unsigned long long)of_any / ROUNDS, (unsigned long long)of_one / ROUNDS);
		if (of_one / of_any < best)
			best = of_one / of_any;
	}
	EXPECT_LE(best, 10);
}

TEST_HARNESS_MAIN
