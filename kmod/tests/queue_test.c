// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of queues: order, levels, putting back.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../message.h"
#include "../queue.h"

static struct ipcmbox_message *make(struct kunit *test, u32 priority, u64 seq)
{
	struct ipcmbox_message *message;

	message = kunit_kzalloc(test, sizeof(*message), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, message);
	message->priority = priority;
	message->seq = seq;
	message->length = priority + 1;
	return message;
}

static struct ipcmbox_message *pop(struct ipcmbox_queue *queue)
{
	struct ipcmbox_message *message = ipcmbox_queue_first(queue);

	if (message)
		ipcmbox_queue_remove(queue, message);
	return message;
}

static void expect_order(struct kunit *test, struct ipcmbox_queue *queue)
{
	struct ipcmbox_message *message, *last = NULL;

	while ((message = pop(queue))) {
		if (last) {
			KUNIT_EXPECT_LE(test, message->priority, last->priority);
			if (message->priority == last->priority)
				KUNIT_EXPECT_GT(test, message->seq, last->seq);
		}
		last = message;
	}
	KUNIT_EXPECT_EQ(test, queue->count, 0UL);
	KUNIT_EXPECT_EQ(test, queue->bytes, 0ULL);
}

static void queue_empty(struct kunit *test)
{
	struct ipcmbox_queue queue;

	ipcmbox_queue_init(&queue);
	KUNIT_EXPECT_NULL(test, ipcmbox_queue_first(&queue));
	KUNIT_EXPECT_NULL(test, ipcmbox_queue_least(&queue));
	KUNIT_EXPECT_NULL(test, ipcmbox_queue_oldest(&queue));
}

static void queue_orders(struct kunit *test)
{
	static const u32 priorities[] = { 3, 1, 3, 32767, 0, 1, 1, 3, 0, 32767 };
	struct ipcmbox_queue queue;
	u64 bytes = 0;
	int i;

	ipcmbox_queue_init(&queue);
	for (i = 0; i < ARRAY_SIZE(priorities); i++) {
		ipcmbox_queue_insert(&queue, make(test, priorities[i], i + 1));
		bytes += priorities[i] + 1;
	}
	KUNIT_EXPECT_EQ(test, queue.count, (unsigned long)ARRAY_SIZE(priorities));
	KUNIT_EXPECT_EQ(test, queue.bytes, bytes);
	KUNIT_EXPECT_EQ(test, ipcmbox_queue_first(&queue)->seq, 4ULL);
	KUNIT_EXPECT_EQ(test, ipcmbox_queue_least(&queue)->seq, 5ULL);
	KUNIT_EXPECT_EQ(test, ipcmbox_queue_oldest(&queue)->seq, 1ULL);
	expect_order(test, &queue);
}

/* Whatever is put back, and in whatever order, is in its old place. */
static void queue_puts_back(struct kunit *test)
{
	struct ipcmbox_message *taken[4];
	struct ipcmbox_queue queue;
	int i, j;

	for (i = 0; i < 24; i++) {
		int order[4] = { 0, 1, 2, 3 }, code = i;

		ipcmbox_queue_init(&queue);
		for (j = 1; j <= 6; j++)
			ipcmbox_queue_insert(&queue, make(test, 7, j));
		for (j = 0; j < 4; j++)
			taken[j] = pop(&queue);
		/* The i-th permutation. */
		for (j = 4; j > 1; code /= j, j--)
			swap(order[j - 1], order[code % j]);
		for (j = 0; j < 4; j++)
			ipcmbox_queue_insert(&queue, taken[order[j]]);

		for (j = 1; j <= 6; j++)
			KUNIT_EXPECT_EQ(test, pop(&queue)->seq, (u64)j);
	}
}

/* A message in the middle goes, a first one goes, a level goes. */
static void queue_removes(struct kunit *test)
{
	struct ipcmbox_message *messages[6];
	struct ipcmbox_queue queue;
	int i;

	ipcmbox_queue_init(&queue);
	for (i = 0; i < 6; i++) {
		messages[i] = make(test, i / 3, i + 1);
		ipcmbox_queue_insert(&queue, messages[i]);
	}
	ipcmbox_queue_remove(&queue, messages[1]);
	KUNIT_EXPECT_PTR_EQ(test, ipcmbox_queue_least(&queue), messages[0]);
	ipcmbox_queue_remove(&queue, messages[0]);
	KUNIT_EXPECT_PTR_EQ(test, ipcmbox_queue_least(&queue), messages[2]);
	ipcmbox_queue_remove(&queue, messages[2]);
	KUNIT_EXPECT_PTR_EQ(test, ipcmbox_queue_least(&queue), messages[3]);
	KUNIT_EXPECT_PTR_EQ(test, ipcmbox_queue_oldest(&queue), messages[3]);
	expect_order(test, &queue);
}

/* Many levels, many operations, compared with what must hold of any queue. */
static void queue_random(struct kunit *test)
{
	struct ipcmbox_message *spare = NULL;
	struct ipcmbox_queue queue;
	struct rnd_state random;
	u64 seq = 0;
	int i;

	prandom_seed_state(&random, 4711);
	ipcmbox_queue_init(&queue);
	for (i = 0; i < 2000; i++) {
		u32 dice = prandom_u32_state(&random);

		if (dice % 3) {
			ipcmbox_queue_insert(&queue, make(test, (dice >> 8) % 40, ++seq));
		} else if (spare) {
			ipcmbox_queue_insert(&queue, spare);
			spare = NULL;
		} else {
			spare = pop(&queue);
		}
	}
	expect_order(test, &queue);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(queue_empty),
	KUNIT_CASE(queue_orders),
	KUNIT_CASE(queue_puts_back),
	KUNIT_CASE(queue_removes),
	KUNIT_CASE(queue_random),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "ipcmbox_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
