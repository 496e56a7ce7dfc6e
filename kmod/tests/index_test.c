// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of indexes: what is found, what it takes, what happens while one is built.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <uapi/linux/ipcmbox.h>

#include "../exchange.h"
#include "../index.h"
#include "../message.h"
#include "../port.h"
#include "../queue.h"
#include "../selection.h"
#include "../transfer.h"
#include "../wait.h"

/* Who sends is only compared. */
#define PROCESS(n)	((struct pid *)(0x1000UL * (1 + (n))))
#define THREAD(n, m)	((struct pid *)(0x1000UL * (1 + (n)) + 0x10 * (m)))

/**
 * struct letter - a message of its own
 * @message: the envelope
 * @content: all of the content that matters here
 * @waiter: of its sender, if that waits
 */
struct letter {
	struct ipcmbox_message message;
	struct ipcmbox_content content;
	struct ipcmbox_waiter waiter;
};

/**
 * struct shelf - a port and the messages for it
 * @port: the port
 * @wakes: nobody waits, so it stays empty
 * @letters: the messages
 * @count: how many
 * @used: how many have been sent
 * @senders_wait: until what they have sent is received
 */
struct shelf {
	struct ipcmbox_port port;
	struct ipcmbox_wakes wakes;
	struct letter *letters;
	unsigned int count;
	unsigned int used;
	bool senders_wait;
};

static struct shelf *make_shelf(struct kunit *test, unsigned int count)
{
	struct shelf *shelf = kunit_kzalloc(test, sizeof(*shelf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shelf);
	shelf->letters = kvcalloc(count, sizeof(*shelf->letters), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shelf->letters);
	shelf->count = count;
	ipcmbox_port_init(&shelf->port, IPCMBOX_UNBOUNDED, 1, 0, IPCMBOX_OVERFLOW_BLOCK);
	/* Nobody is to be remembered, as the port is not drained. */
	shelf->port.many_receivers = true;
	ipcmbox_wakes_init(&shelf->wakes);
	return shelf;
}

static void free_shelf(struct shelf *shelf)
{
	kvfree(shelf->letters);
}

static struct ipcmbox_message *send(struct kunit *test, struct shelf *shelf, struct pid *process,
				    struct pid *thread, u64 endpoint, u64 events, u16 priority)
{
	struct letter *letter = &shelf->letters[shelf->used++];
	int ret;

	KUNIT_ASSERT_LE(test, shelf->used, shelf->count);
	letter->content.tgid = process;
	letter->content.tid = thread;
	letter->content.endpoint = endpoint;
	letter->content.events = events;
	letter->message.content = &letter->content;
	letter->message.priority = priority;
	letter->message.length = 1;
	/* What an index would find there if it did not know better. */
	memset(&letter->message.index_node, 0xa5, sizeof(letter->message.index_node));
	letter->message.completion = shelf->senders_wait ? IPCMBOX_RECEIVED : IPCMBOX_QUEUED;
	refcount_set(&letter->message.refs, 1);

	spin_lock(&shelf->port.lock);
	ret = ipcmbox_port_post(&shelf->port, &letter->message,
				shelf->senders_wait ? &letter->waiter : NULL, &shelf->wakes);
	spin_unlock(&shelf->port.lock);
	KUNIT_EXPECT_EQ(test, ret, shelf->senders_wait ? IPCMBOX_POSTED_WAIT : IPCMBOX_POSTED);
	return &letter->message;
}

/* Returns the message, or NULL and the error. */
static struct ipcmbox_message *receive(struct shelf *shelf,
				       const struct ipcmbox_selection *selection,
				       u32 min_priority, int *error)
{
	struct ipcmbox_reception reception = {
		.thread = task_pid(current), .selection = selection,
		.min_priority = min_priority, .room = 1,
	};
	struct ipcmbox_waiter waiter = { .reception = &reception };

	spin_lock(&shelf->port.lock);
	*error = ipcmbox_port_take(&shelf->port, &waiter, &shelf->wakes);
	spin_unlock(&shelf->port.lock);
	return *error ? NULL : waiter.message;
}

static void put_back(struct shelf *shelf, struct ipcmbox_message *message)
{
	spin_lock(&shelf->port.lock);
	ipcmbox_port_put_back(&shelf->port, message, &shelf->wakes);
	spin_unlock(&shelf->port.lock);
}

static struct ipcmbox_message *find(struct shelf *shelf, const struct ipcmbox_selection *selection,
				    u32 min_priority)
{
	struct ipcmbox_message *message;

	spin_lock(&shelf->port.lock);
	message = ipcmbox_index_find(&shelf->port.index, selection, min_priority);
	spin_unlock(&shelf->port.lock);
	return message;
}

/* The same by looking at all. */
static struct ipcmbox_message *look_for(struct shelf *shelf,
					const struct ipcmbox_selection *selection,
					u32 min_priority)
{
	struct ipcmbox_message *message;

	for (message = ipcmbox_queue_first(&shelf->port.queue); message;
	     message = ipcmbox_queue_next(message))
		if (message->priority >= min_priority &&
		    ipcmbox_selection_admits(selection, message))
			return message;
	return NULL;
}

/* Every way to choose, for small numbers of everything. */
static void expect_all_found(struct kunit *test, struct shelf *shelf)
{
	struct ipcmbox_selection selection;
	unsigned int n;

	for (n = 0; n < 6 * 4 * 4 * 4 * 3; n++) {
		unsigned int process = n % 6, thread = n / 6 % 4, endpoint = n / 24 % 4;
		unsigned int events = n / 96 % 4, priority = n / 384;

		memset(&selection, 0, sizeof(selection));
		selection.tgid = process < 5 ? PROCESS(process) : NULL;
		selection.tid = thread < 3 ? THREAD(process % 5, thread) : NULL;
		selection.endpoint = endpoint;
		selection.events = events;
		KUNIT_EXPECT_PTR_EQ(test, find(shelf, &selection, priority),
				    look_for(shelf, &selection, priority));
	}
}

static struct ipcmbox_message *send_random(struct kunit *test, struct shelf *shelf,
					   struct rnd_state *random)
{
	u32 dice = prandom_u32_state(random);
	unsigned int process = dice % 4, thread = dice / 4 % 3;

	return send(test, shelf, PROCESS(process), THREAD(process, thread), dice / 12 % 3,
		    dice / 36 % 4, dice / 144 % 3);
}

static void index_finds(struct kunit *test)
{
	struct shelf *shelf = make_shelf(test, 600);
	struct ipcmbox_message *message;
	struct rnd_state random;
	int i, error;

	prandom_seed_state(&random, 4711);
	for (i = 0; i < 300; i++)
		send_random(test, shelf, &random);
	ipcmbox_index_build(&shelf->port);
	KUNIT_EXPECT_TRUE(test, ipcmbox_index_is_ready(&shelf->port.index));
	expect_all_found(test, shelf);

	for (i = 0; i < 300; i++) {
		struct ipcmbox_selection selection = {
			.tgid = i % 2 ? PROCESS(i % 5) : NULL, .events = i % 3,
		};

		message = receive(shelf, &selection, 0, &error);
		if (message && i % 4 == 0)
			put_back(shelf, message);
		if (i % 10 == 0)
			send_random(test, shelf, &random);
	}
	expect_all_found(test, shelf);
	free_shelf(shelf);
}

static void index_ends_with_the_queue(struct kunit *test)
{
	struct ipcmbox_selection selection = { .tgid = PROCESS(9) };
	struct shelf *shelf = make_shelf(test, 200);
	struct rnd_state random;
	int i, error;

	prandom_seed_state(&random, 42);
	for (i = 0; i < 100; i++)
		send_random(test, shelf, &random);
	KUNIT_EXPECT_NULL(test, receive(shelf, &selection, 0, &error));
	KUNIT_EXPECT_EQ(test, error, -EBUSY);
	KUNIT_EXPECT_FALSE(test, shelf->port.index.is_used);
	ipcmbox_index_build(&shelf->port);
	KUNIT_EXPECT_NULL(test, receive(shelf, &selection, 0, &error));
	KUNIT_EXPECT_EQ(test, error, -EAGAIN);

	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_TRUE(test, shelf->port.index.is_used);
		KUNIT_EXPECT_NOT_NULL(test, receive(shelf, NULL, 0, &error));
	}
	KUNIT_EXPECT_FALSE(test, shelf->port.index.is_used);
	KUNIT_EXPECT_EQ(test, shelf->port.queue.count, 0UL);

	/* A short queue has none. */
	for (i = 0; i < IPCMBOX_INDEX_SCAN; i++)
		send_random(test, shelf, &random);
	KUNIT_EXPECT_NULL(test, receive(shelf, &selection, 0, &error));
	KUNIT_EXPECT_EQ(test, error, -EAGAIN);
	send(test, shelf, PROCESS(9), PROCESS(9), 0, 0, 0);
	KUNIT_EXPECT_NULL(test, receive(shelf, &selection, 0, &error));
	KUNIT_EXPECT_EQ(test, error, -EBUSY);
	free_shelf(shelf);
}

static bool build_part(struct shelf *shelf)
{
	bool more;

	spin_lock(&shelf->port.lock);
	more = ipcmbox_index_build_part(&shelf->port);
	spin_unlock(&shelf->port.lock);
	return more;
}

/* A blocked sender takes its message out, wherever that is. */
static void withdraw(struct kunit *test, struct shelf *shelf, struct ipcmbox_message *message)
{
	struct letter *letter = container_of(message, struct letter, message);
	enum ipcmbox_withdrawal how;

	spin_lock(&shelf->port.lock);
	how = ipcmbox_port_withdraw(&shelf->port, &letter->waiter, -EINTR, &shelf->wakes);
	spin_unlock(&shelf->port.lock);
	KUNIT_EXPECT_EQ(test, how, IPCMBOX_WITHDRAWN);
}

/* Between two parts messages come, go, and come back: before the cursor, at it, and after it. */
static void index_is_built_in_parts(struct kunit *test)
{
	struct ipcmbox_message *before, *cursor, *next;
	struct shelf *shelf = make_shelf(test, 4000);
	struct rnd_state random;
	int i, parts = 0, error;

	prandom_seed_state(&random, 815);
	shelf->senders_wait = true;
	for (i = 0; i < 2000; i++)
		send_random(test, shelf, &random);
	while (build_part(shelf)) {
		KUNIT_EXPECT_FALSE(test, ipcmbox_index_is_ready(&shelf->port.index));
		cursor = shelf->port.index.cursor;
		next = ipcmbox_queue_next(cursor);
		before = receive(shelf, NULL, 0, &error);
		KUNIT_ASSERT_NOT_NULL(test, before);
		withdraw(test, shelf, cursor);
		KUNIT_EXPECT_PTR_EQ(test, shelf->port.index.cursor, next);
		if (next)
			withdraw(test, shelf, ipcmbox_queue_next(next) ?: next);
		for (i = 0; i < 3; i++)
			send_random(test, shelf, &random);
		if (parts++ % 2)
			put_back(shelf, before);
	}
	KUNIT_EXPECT_GT(test, parts, 10);
	KUNIT_EXPECT_TRUE(test, ipcmbox_index_is_ready(&shelf->port.index));
	expect_all_found(test, shelf);
	free_shelf(shelf);
}

/* All of it in one part, or what is left taken away from under the building. */
static void index_is_built_of_little(struct kunit *test)
{
	struct shelf *shelf = make_shelf(test, 1000);
	struct rnd_state random;
	int i, error;

	prandom_seed_state(&random, 1);
	KUNIT_EXPECT_FALSE(test, build_part(shelf));
	for (i = 0; i < 500; i++)
		send_random(test, shelf, &random);
	KUNIT_EXPECT_TRUE(test, ipcmbox_index_is_ready(&shelf->port.index));
	expect_all_found(test, shelf);
	while (receive(shelf, NULL, 0, &error))
		;
	KUNIT_EXPECT_FALSE(test, shelf->port.index.is_used);

	for (i = 0; i < 400; i++)
		send_random(test, shelf, &random);
	KUNIT_EXPECT_TRUE(test, build_part(shelf));
	while (receive(shelf, NULL, 0, &error))
		;
	KUNIT_EXPECT_FALSE(test, shelf->port.index.is_used);
	send_random(test, shelf, &random);
	KUNIT_EXPECT_FALSE(test, build_part(shelf));
	expect_all_found(test, shelf);
	free_shelf(shelf);
}

static u64 steps_to_find(struct shelf *shelf, const struct ipcmbox_selection *selection,
			 const struct ipcmbox_message *expected, struct kunit *test)
{
	u64 before = shelf->port.index.steps;

	KUNIT_EXPECT_PTR_EQ(test, find(shelf, selection, 0), expected);
	return shelf->port.index.steps - before;
}

#define MANY	100000

/*
 * What it takes to find the last of 100 000 messages does not depend on how many there are, as long
 * as the others are from somebody else, or alike.
 */
static void index_counts_steps(struct kunit *test)
{
	struct ipcmbox_selection by_process = { .tgid = PROCESS(1) };
	struct ipcmbox_selection by_thread = { .tgid = PROCESS(1), .tid = THREAD(1, 3) };
	struct ipcmbox_selection by_endpoint = { .tgid = PROCESS(1), .endpoint = 77 };
	struct ipcmbox_selection by_dead_endpoint = { .endpoint = 77 };
	struct ipcmbox_selection by_events = { .events = 1ULL << 40 };
	struct ipcmbox_selection of_nobody = { .tgid = PROCESS(7) };
	struct shelf *shelf = make_shelf(test, MANY + 10);
	struct ipcmbox_message *message;
	int i;

	/* 300 senders: of other processes before it and behind it, and threads of its own. */
	for (i = 0; i < MANY; i++) {
		unsigned int process = i % 3;

		send(test, shelf, PROCESS(process), THREAD(process, i / 3 % 100 + 4),
		     process == 1 ? 0 : i % 3, 1 << (i % 2), i % 5);
	}
	message = send(test, shelf, PROCESS(1), THREAD(1, 3), 77, 1ULL << 40, 0);
	ipcmbox_index_build(&shelf->port);
	KUNIT_EXPECT_TRUE(test, ipcmbox_index_is_ready(&shelf->port.index));

	KUNIT_EXPECT_LE(test, steps_to_find(shelf, &by_thread, message, test), 3ULL);
	KUNIT_EXPECT_LE(test, steps_to_find(shelf, &of_nobody, NULL, test), 1ULL);
	/* As many as it has threads, and each has used two combinations of events. */
	KUNIT_EXPECT_LE(test, steps_to_find(shelf, &by_endpoint, message, test), 102ULL);
	by_process.events = 1ULL << 40;
	KUNIT_EXPECT_LE(test, steps_to_find(shelf, &by_process, message, test), 202ULL);
	/* All classes. */
	KUNIT_EXPECT_LE(test, steps_to_find(shelf, &by_dead_endpoint, message, test), 602ULL);
	KUNIT_EXPECT_LE(test, steps_to_find(shelf, &by_events, message, test), 602ULL);
	free_shelf(shelf);
}

static struct kunit_case index_cases[] = {
	KUNIT_CASE(index_finds),
	KUNIT_CASE(index_ends_with_the_queue),
	KUNIT_CASE(index_is_built_in_parts),
	KUNIT_CASE(index_is_built_of_little),
	KUNIT_CASE(index_counts_steps),
	{}
};

static struct kunit_suite index_suite = {
	.name = "ipcmbox_index",
	.test_cases = index_cases,
};

kunit_test_suite(index_suite);
