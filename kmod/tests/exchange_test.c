// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of exchanges: one task plays all parties, step by step.
 */
#include <kunit/test.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>

#include <uapi/linux/ipcmbox.h>

#include "../exchange.h"
#include "../message.h"
#include "../port.h"
#include "../transfer.h"
#include "../wait.h"

/**
 * struct stage - a port and what its last steps left to do
 * @test: the test
 * @port: the port
 * @wakes: waiters claimed so far
 */
struct stage {
	struct kunit *test;
	struct ipcmbox_port port;
	struct ipcmbox_wakes wakes;
};

static struct stage *set_up(struct kunit *test, u32 capacity, u32 overflow)
{
	struct stage *stage = kunit_kzalloc(test, sizeof(*stage), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stage);
	stage->test = test;
	ipcmbox_port_init(&stage->port, capacity, 8, 0, overflow);
	/* Nobody is to be remembered, as the port is not drained. */
	stage->port.many_receivers = true;
	ipcmbox_wakes_init(&stage->wakes);
	return stage;
}

static struct ipcmbox_message *make(struct stage *stage, u32 priority)
{
	struct ipcmbox_message *message;

	message = kunit_kzalloc(stage->test, sizeof(*message), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(stage->test, message);
	message->priority = priority;
	message->length = 8;
	refcount_set(&message->refs, 1);
	return message;
}

static void expect_balance(struct stage *stage)
{
	struct ipcmbox_port *port = &stage->port;

	KUNIT_EXPECT_EQ(stage->test, port->sent,
			port->taken + port->dropped + port->queue.count);
}

/* Completes whom the last steps have claimed, so that their waiters can be used again. */
static void settle(struct stage *stage)
{
	/* The messages are the test's memory. */
	stage->wakes.victims = NULL;
	ipcmbox_wakes_flush(&stage->wakes, &stage->port.pollers);
	ipcmbox_wakes_init(&stage->wakes);
}

static int post(struct stage *stage, struct ipcmbox_message *message,
		struct ipcmbox_waiter *waiter, bool receipt)
{
	int ret;

	if (waiter)
		memset(waiter, 0, sizeof(*waiter));
	message->completion = receipt ? IPCMBOX_RECEIVED : IPCMBOX_QUEUED;
	spin_lock(&stage->port.lock);
	ret = ipcmbox_port_post(&stage->port, message, waiter, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	settle(stage);
	return ret;
}

static int take(struct stage *stage, struct ipcmbox_waiter *waiter, u32 min_priority, bool wait)
{
	struct ipcmbox_reception *reception;
	int ret;

	/* The waiter may stay linked. */
	reception = kunit_kzalloc(stage->test, sizeof(*reception), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(stage->test, reception);
	reception->thread = task_pid(current);
	reception->room = 8;
	reception->min_priority = min_priority;
	memset(waiter, 0, sizeof(*waiter));
	waiter->reception = reception;
	spin_lock(&stage->port.lock);
	ret = ipcmbox_port_take(&stage->port, waiter, &stage->wakes);
	if (ret == -EAGAIN && wait)
		ipcmbox_port_await(&stage->port, waiter, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	settle(stage);
	return ret;
}

static void finish(struct stage *stage, struct ipcmbox_message *message)
{
	struct ipcmbox_waiter receiver = { .message = message };

	spin_lock(&stage->port.lock);
	ipcmbox_port_finish(&stage->port, &receiver, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	settle(stage);
}

static bool put_back(struct stage *stage, struct ipcmbox_message *message)
{
	bool kept;

	spin_lock(&stage->port.lock);
	kept = ipcmbox_port_put_back(&stage->port, message, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	settle(stage);
	return kept;
}

static bool pause_taken(struct stage *stage, struct ipcmbox_waiter *receiver)
{
	bool held;

	spin_lock(&stage->port.lock);
	held = ipcmbox_port_pause(&stage->port, receiver, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	settle(stage);
	return held;
}

static bool resume(struct stage *stage, struct ipcmbox_waiter *receiver)
{
	bool held;

	spin_lock(&stage->port.lock);
	held = ipcmbox_port_resume(&stage->port, receiver);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	return held;
}

static enum ipcmbox_withdrawal withdraw(struct stage *stage, struct ipcmbox_waiter *waiter)
{
	enum ipcmbox_withdrawal how;

	spin_lock(&stage->port.lock);
	how = ipcmbox_port_withdraw(&stage->port, waiter, -ETIMEDOUT, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	settle(stage);
	return how;
}

static void exchange_bounded(struct kunit *test)
{
	struct ipcmbox_waiter low, high, receiver;
	struct stage *stage;

	stage = set_up(test, 1, IPCMBOX_OVERFLOW_BLOCK);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 5), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 5), NULL, false), -EAGAIN);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 1), &low, false),
			(int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 2), &high, false),
			(int)IPCMBOX_POSTED_WAIT);

	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_TRUE(test, high.claimed);
	KUNIT_EXPECT_EQ(test, high.result, 0);
	KUNIT_EXPECT_FALSE(test, low.claimed);

	KUNIT_EXPECT_EQ(test, (int)withdraw(stage, &high), (int)IPCMBOX_WITHDRAWN_CLAIMED);
	KUNIT_EXPECT_EQ(test, (int)withdraw(stage, &low), (int)IPCMBOX_WITHDRAWN);
	KUNIT_EXPECT_EQ(test, stage->port.nr_senders, 0U);
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 1UL);

	/* What is put back exceeds the capacity, and lets nothing in before it is gone. */
	KUNIT_EXPECT_TRUE(test, put_back(stage, receiver.message));
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 2UL);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 1), &low, false),
			(int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_EQ(test, receiver.message->seq, 1ULL);
	KUNIT_EXPECT_FALSE(test, low.claimed);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_TRUE(test, low.claimed);
}

static void exchange_rendezvous(struct kunit *test)
{
	struct ipcmbox_waiter sender, receiver;
	struct ipcmbox_message *message;
	struct stage *stage;

	stage = set_up(test, 0, IPCMBOX_OVERFLOW_BLOCK);
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, false), (int)IPCMBOX_POSTED_WAIT);

	/* The rendezvous is the taking; what cannot be copied then stays, as it has been sent. */
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_PTR_EQ(test, receiver.message, message);
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, sender.result, 0);
	KUNIT_EXPECT_TRUE(test, put_back(stage, message));
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 1UL);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	finish(stage, message);

	/* A sender that waits for the receipt goes on waiting. */
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, true), (int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_FALSE(test, sender.claimed);
	KUNIT_EXPECT_TRUE(test, put_back(stage, message));
	KUNIT_EXPECT_FALSE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	finish(stage, message);
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, stage->port.sent, 2ULL);
	KUNIT_EXPECT_EQ(test, stage->port.taken, 2ULL);

	/* A waiting receiver is handed the message, and the sender need not wait. */
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, true), -EAGAIN);
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, NULL, true), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_TRUE(test, receiver.claimed);
	KUNIT_EXPECT_PTR_EQ(test, receiver.message, message);

	/* It was promised, so it stays although there is no capacity. */
	KUNIT_EXPECT_TRUE(test, put_back(stage, message));
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 1UL);
}

/* The sender's time is up while a receiver copies. */
static void exchange_leaving(struct kunit *test)
{
	struct ipcmbox_waiter sender, receiver;
	struct ipcmbox_message *message;
	struct stage *stage;

	stage = set_up(test, 4, IPCMBOX_OVERFLOW_BLOCK);
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, true), (int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_EQ(test, (int)withdraw(stage, &sender), (int)IPCMBOX_WITHDRAWN_TAKEN);
	KUNIT_EXPECT_FALSE(test, put_back(stage, message));
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, sender.result, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, stage->port.sent, 0ULL);
	KUNIT_EXPECT_EQ(test, stage->port.withdrawn, 1ULL);

	/* And the copy succeeds: so has the send. */
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, true), (int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_EQ(test, (int)withdraw(stage, &sender), (int)IPCMBOX_WITHDRAWN_TAKEN);
	finish(stage, message);
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, sender.result, 0);

	/* Killed: the message has been sent, and stays if the receiver cannot have it. */
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, true), (int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	spin_lock(&stage->port.lock);
	KUNIT_EXPECT_TRUE(test, ipcmbox_port_disown(&stage->port, &sender));
	spin_unlock(&stage->port.lock);
	KUNIT_EXPECT_TRUE(test, put_back(stage, message));
	KUNIT_EXPECT_EQ(test, stage->port.nr_senders, 0U);
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 1UL);
}

/* A receiver that waits for memory keeps the message, unless its sender gives up. */
static void exchange_pause(struct kunit *test)
{
	struct ipcmbox_waiter sender, receiver, other;
	struct ipcmbox_message *message;
	struct stage *stage;

	stage = set_up(test, 2, IPCMBOX_OVERFLOW_BLOCK);
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_TRUE(test, pause_taken(stage, &receiver));
	KUNIT_EXPECT_EQ(test, take(stage, &other, 0, false), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, resume(stage, &receiver));
	finish(stage, message);

	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, true), (int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_TRUE(test, pause_taken(stage, &receiver));
	KUNIT_EXPECT_EQ(test, (int)withdraw(stage, &sender), (int)IPCMBOX_WITHDRAWN);
	KUNIT_EXPECT_FALSE(test, resume(stage, &receiver));
	KUNIT_EXPECT_EQ(test, atomic_read(&stage->port.receiving), 0);

	/* It gave up while the copy was under way: there is nothing to wait for. */
	message = make(stage, 0);
	KUNIT_EXPECT_EQ(test, post(stage, message, &sender, true), (int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_EQ(test, (int)withdraw(stage, &sender), (int)IPCMBOX_WITHDRAWN_TAKEN);
	KUNIT_EXPECT_FALSE(test, pause_taken(stage, &receiver));
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, sender.result, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, stage->port.withdrawn, 2ULL);
}

static void exchange_min_priority(struct kunit *test)
{
	struct ipcmbox_waiter urgent, sender, receiver;
	struct stage *stage;

	stage = set_up(test, 1, IPCMBOX_OVERFLOW_BLOCK);
	KUNIT_EXPECT_EQ(test, take(stage, &urgent, 10, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 3), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_FALSE(test, urgent.claimed);

	/* It passes a full mailbox: who waits for it would wait for ever. */
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 10), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_TRUE(test, urgent.claimed);
	finish(stage, urgent.message);

	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 11), &sender, false),
			(int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 11, false), 0);
	finish(stage, receiver.message);
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 4, false), -EAGAIN);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 3, false), 0);
}

static void exchange_drop_oldest(struct kunit *test)
{
	struct ipcmbox_waiter sender, receiver;
	struct stage *stage;

	stage = set_up(test, 2, IPCMBOX_OVERFLOW_DROP_OLDEST);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 1), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 9), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 5), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 2), NULL, false),
			(int)IPCMBOX_POSTED_DROPPED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 2), &sender, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, stage->port.dropped, 2ULL);

	/* One whose sender waits for its receipt is withdrawn, not dropped. */
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, false), 0);
	KUNIT_EXPECT_EQ(test, receiver.message->priority, 9U);
	KUNIT_EXPECT_EQ(test, receiver.lost, 1ULL);
	finish(stage, receiver.message);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 4), &sender, true),
			(int)IPCMBOX_POSTED_WAIT);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 6), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, sender.result, -EAGAIN);
	KUNIT_EXPECT_EQ(test, stage->port.dropped, 2ULL);
	KUNIT_EXPECT_EQ(test, stage->port.withdrawn, 1ULL);
}

/* Nothing is dropped for a message that would not fit all the same. */
static void exchange_drop_for_nothing(struct kunit *test)
{
	struct ipcmbox_message *message;
	struct stage *stage;

	stage = set_up(test, 10, IPCMBOX_OVERFLOW_DROP_OLDEST);
	stage->port.max_bytes = 24;
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 0), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 9), NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 9), NULL, false), (int)IPCMBOX_POSTED);

	message = make(stage, 5);
	message->length = 16;
	KUNIT_EXPECT_EQ(test, post(stage, message, NULL, false), (int)IPCMBOX_POSTED_DROPPED);
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 3UL);
	KUNIT_EXPECT_EQ(test, stage->port.dropped, 1ULL);

	message = make(stage, 9);
	message->length = 16;
	KUNIT_EXPECT_EQ(test, post(stage, message, NULL, false), (int)IPCMBOX_POSTED);
	KUNIT_EXPECT_EQ(test, stage->port.queue.count, 2UL);
	KUNIT_EXPECT_EQ(test, stage->port.dropped, 3ULL);
}

static void exchange_gone(struct kunit *test)
{
	struct ipcmbox_waiter sender, receiver;
	struct stage *stage;

	stage = set_up(test, 1, IPCMBOX_OVERFLOW_BLOCK);
	KUNIT_EXPECT_EQ(test, take(stage, &receiver, 0, true), -EAGAIN);
	spin_lock(&stage->port.lock);
	ipcmbox_port_set_gone(&stage->port, false, true, &stage->wakes);
	spin_unlock(&stage->port.lock);
	KUNIT_EXPECT_TRUE(test, receiver.claimed);
	KUNIT_EXPECT_EQ(test, receiver.result, -EPIPE);

	stage = set_up(test, 1, IPCMBOX_OVERFLOW_BLOCK);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 0), &sender, true),
			(int)IPCMBOX_POSTED_WAIT);
	spin_lock(&stage->port.lock);
	ipcmbox_port_set_gone(&stage->port, true, false, &stage->wakes);
	expect_balance(stage);
	spin_unlock(&stage->port.lock);
	KUNIT_EXPECT_TRUE(test, sender.claimed);
	KUNIT_EXPECT_EQ(test, sender.result, -EPIPE);
	KUNIT_EXPECT_NOT_NULL(test, stage->wakes.victims);
	KUNIT_EXPECT_EQ(test, post(stage, make(stage, 0), NULL, false), -EPIPE);
}

/* Who takes messages by turns gives way no more, whatever is learned; one alone may. */
static void exchange_crowd(struct kunit *test)
{
	struct stage *stage = set_up(test, 1, IPCMBOX_OVERFLOW_BLOCK);
	struct ipcmbox_port *port = &stage->port;

	rcu_read_lock();
	spin_lock(&port->lock);
	ipcmbox_port_change_receiver(port, task_pid(current));
	KUNIT_EXPECT_FALSE(test, port->many_receivers);
	KUNIT_EXPECT_FALSE(test, port->receive_patience.never_yields);
	KUNIT_EXPECT_FALSE(test, port->send_patience.never_yields);
	ipcmbox_port_change_receiver(port, find_pid_ns(1, &init_pid_ns));
	KUNIT_EXPECT_TRUE(test, port->many_receivers);
	KUNIT_EXPECT_TRUE(test, port->receive_patience.never_yields);
	KUNIT_EXPECT_TRUE(test, port->send_patience.never_yields);
	KUNIT_EXPECT_NULL(test, port->only_receiver);
	spin_unlock(&port->lock);
	rcu_read_unlock();
}

static struct kunit_case exchange_cases[] = {
	KUNIT_CASE(exchange_bounded),
	KUNIT_CASE(exchange_rendezvous),
	KUNIT_CASE(exchange_leaving),
	KUNIT_CASE(exchange_pause),
	KUNIT_CASE(exchange_min_priority),
	KUNIT_CASE(exchange_drop_oldest),
	KUNIT_CASE(exchange_drop_for_nothing),
	KUNIT_CASE(exchange_gone),
	KUNIT_CASE(exchange_crowd),
	{}
};

static struct kunit_suite exchange_suite = {
	.name = "ipcmbox_exchange",
	.test_cases = exchange_cases,
};

kunit_test_suite(exchange_suite);
