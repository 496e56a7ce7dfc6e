// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile [OPERATIONS [SEED]]: each side of a channel at work while the other one writes random
 * bytes over everything it can write.
 *
 * Half of the operations are receives, from a lane of a hostile producer and one of an honest one,
 * whose messages must come as they were sent; half are sends to a hostile consumer. Nothing may be
 * read or written outside the pages (this is built with sanitizers, and each mapping has pages
 * around it that nobody can touch), and every operation must end, with a message or an error of
 * those that are documented. Says nothing if all is well, but for a line on how it went.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consumer.h"
#include "deadline.h"
#include "doorbell.h"
#include "hostile.h"
#include "ipck.h"
#include "payload.h"
#include "producer.h"

#define HOSTILE	0	/* lanes */
#define HONEST	1

static bool over;
static uint64_t messages, refusals;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fail(const char *what, long value)
{
	fprintf(stderr, "hostile: %s: %ld\n", what, value);
	exit(1);
}

static const struct ipcmbox_channel_info *info_of(int lane)
{
	static struct ipcmbox_channel_info info;

	info = (struct ipcmbox_channel_info){
		.ring_bytes = RING, .max_length = LONGEST, .lane = lane,
	};
	return &info;
}

static void deadline_make(struct ipck_deadline *deadline, uint64_t choice)
{
	*deadline = (struct ipck_deadline){ .flags = IPCMBOX_NONBLOCK };
	if (choice % 64)
		return;
	deadline->flags = IPCMBOX_DEADLINE;
	ipck_deadline_in(&deadline->ns, IPCK_CLOCK_MONOTONIC, 20000);
}

/* A hostile producer. */

static void write_position(__u64 *position, uint64_t value)
{
	__atomic_store_n(position, value, __ATOMIC_RELAXED);
}

/* A record at the tail that is right but for what is written over it. */
static void pretend_to_send(uint64_t *tail, uint64_t *state)
{
	uint32_t length = random_next(state) % (LONGEST + 2);
	unsigned char *at = world.ring[HOSTILE] + *tail % RING;

	/* The ring is mapped once here, and most records do not cross its end. */
	if (*tail % RING <= RING - sizeof(length))
		memcpy(at, &length, sizeof(length));
	*tail += IPCMBOX_CHANNEL_RECORD_SIZE(length);
	if (*tail - world.acks->lane[HOSTILE].head <= RING)
		write_position(&world.header[HOSTILE]->tail, *tail);
	else
		*tail -= IPCMBOX_CHANNEL_RECORD_SIZE(length);
}

static void scribble_lane(uint64_t *tail, uint64_t *state)
{
	struct ipcmbox_channel_header *header = world.header[HOSTILE];
	uint64_t choice = random_next(state), value = random_next(state);
	uint64_t head = world.acks->lane[HOSTILE].head;

	switch (choice % 256) {
	case 0:
		write_position(&header->tail, value);
		break;
	case 1:
		write_position(&header->tail, head + value % (2 * RING));
		break;
	case 2:
		write_position(&header->tail, head - value % RING);
		break;
	case 3:
		write_position(&header->sent, value);
		break;
	case 4:
		/* The length of the record that is about to be read. */
		memcpy(world.ring[HOSTILE] + head % (RING - 8), &value, 4);
		break;
	case 5:
		write_position(&header->tail, head + value % RING / 8 * 8);
		break;
	case 6 ... 40:
		world.ring[HOSTILE][value % RING] = value >> 32;
		break;
	default:
		pretend_to_send(tail, state);
	}
}

static void *hostile_producer(void *seed)
{
	const uint32_t *evicted = &world.board->lane[HOSTILE].state;
	uint64_t state = (uintptr_t)seed, tail = 0;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(evicted, __ATOMIC_RELAXED) == IPCMBOX_LANE_EVICTED) {
			world_open_lane(HOSTILE);
			tail = 0;
		}
		scribble_lane(&tail, &state);
	}
	return NULL;
}

static void *honest_producer(void *unused)
{
	struct ipck_producer *producer = calloc(1, sizeof(*producer));
	const struct ipck_deadline never = { .flags = IPCMBOX_NONBLOCK };
	struct ipck_payload payload;
	uint64_t number = 0;

	if (ipck_producer_open(producer, world.fd, info_of(HONEST), world.board, world.acks))
		fail("open a producer", 0);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		ipck_payload_from(&payload, &number, sizeof(number), 0);
		if (ipck_producer_put(producer, &payload, 77, &never)) {
			sched_yield();
			continue;
		}
		ipck_producer_flush(producer);
		number++;
	}
	ipck_producer_close(producer);
	free(producer);
	return unused;
}

static void check_honest(const unsigned char *buf, long ret, const struct ipck_msg *msg)
{
	static uint64_t expected;
	uint64_t number;

	if (ret < 0 || msg->sender_endpoint != HONEST)
		return;
	memcpy(&number, buf, sizeof(number));
	if (ret != sizeof(number) || number != expected++ || msg->events != 77)
		fail("an honest message is not as it was sent", number);
}

/* Reads every byte that is there, twice. */
static long peek(struct ipck_consumer *consumer, const struct ipck_deadline *deadline,
		 unsigned char *buf, struct ipck_msg *msg)
{
	const void *payload;
	long ret = ipck_consumer_peek(consumer, &payload, deadline, msg);

	if (ret < 0)
		return ret;
	if (ret > LONGEST)
		fail("a message is too long", ret);
	memcpy(buf, payload, ret);
	memcpy(buf, payload, ret);
	if (ipck_consumer_release(consumer))
		fail("release", ret);
	return ret;
}

static void receive(struct ipck_consumer *consumer, uint64_t choice)
{
	static unsigned char buf[LONGEST];
	size_t size = choice % 8 ? LONGEST : choice / 8 % LONGEST;
	struct ipck_deadline deadline;
	struct ipck_payload payload;
	struct ipck_msg msg = { 0 };
	long ret;

	deadline_make(&deadline, choice / 64);
	ipck_payload_from(&payload, buf, size, 0);
	if (choice % 16 == 1)
		ret = peek(consumer, &deadline, buf, &msg);
	else
		ret = ipck_consumer_take(consumer, &payload, choice % 16 == 2, &deadline, &msg);
	if (ret == -EPROTO) {
		refusals++;
	} else if (ret >= 0) {
		messages++;
		if (choice % 16 != 2)
			check_honest(buf, ret, &msg);
	} else if (ret != -EAGAIN && ret != -ETIMEDOUT && ret != -EMSGSIZE) {
		fail("a receive", ret);
	} else if (choice % 4 == 0) {
		sched_yield();
	}
}

static void suffer_producer(uint64_t operations, uint64_t state)
{
	struct ipck_consumer *consumer = calloc(1, sizeof(*consumer));
	pthread_t hostile, honest;

	ipck_consumer_open(consumer, world.fd, info_of(-1), world.board, world.acks);
	world_open_lane(HOSTILE);
	world_open_lane(HONEST);
	pthread_create(&hostile, NULL, hostile_producer, (void *)random_next(&state));
	pthread_create(&honest, NULL, honest_producer, NULL);
	while (operations--)
		receive(consumer, random_next(&state));
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(hostile, NULL);
	pthread_join(honest, NULL);
	ipck_consumer_close(consumer);
	free(consumer);
}

/* A hostile consumer. */

static void *hostile_consumer(void *seed)
{
	uint64_t state = (uintptr_t)seed, choice, value, tail;
	unsigned char *acks = (void *)world.acks;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		choice = random_next(&state);
		value = random_next(&state);
		tail = __atomic_load_n(&world.header[HOSTILE]->tail, __ATOMIC_RELAXED);
		if (choice % 64 == 0)
			write_position(&world.acks->lane[HOSTILE].head, value);
		else if (choice % 64 < 4)
			acks[value % sizeof(*world.acks)] = choice >> 32;
		else
			write_position(&world.acks->lane[HOSTILE].head, tail - value % (RING + 64));
		if (choice % 128 == 5)
			ipck_doorbell_kick_producer(world.fd, HOSTILE);
	}
	return NULL;
}

static int send_in_place(struct ipck_producer *producer, uint32_t length,
			 const struct ipck_deadline *deadline, uint64_t choice)
{
	void *place;
	int ret = ipck_producer_reserve(producer, length, 0, deadline, &place);

	if (ret < 0)
		return ret;
	memset(place, 0x5a, length);
	return ipck_producer_commit(producer, choice % 4 ? length : IPCK_ABANDON);
}

static void send_one(struct ipck_producer *producer, uint64_t choice)
{
	static unsigned char buf[LONGEST + 1];
	uint32_t length = choice / 64 % (LONGEST + 2);
	struct ipck_deadline deadline;
	struct ipck_payload payload;
	int ret;

	deadline_make(&deadline, choice / 4096);
	if (choice % 16 == 1) {
		ret = send_in_place(producer, length, &deadline, choice / 16);
	} else {
		ipck_payload_from(&payload, buf, length, 0);
		ret = ipck_producer_put(producer, &payload, 0, &deadline);
		ipck_producer_flush(producer);
	}
	if (!ret)
		messages++;
	else if (ret == -EPROTO)
		refusals++;
	else if (ret != -EAGAIN && ret != -ETIMEDOUT && (ret != -EMSGSIZE || length <= LONGEST))
		fail("a send", ret);
	if (ret && choice % 16 == 3)
		sched_yield();
	if (world.header[HOSTILE]->tail != producer->writer.tail)
		fail("the tail is not the producer's", choice);
}

static void suffer_consumer(uint64_t operations, uint64_t state)
{
	struct ipck_producer *producer = calloc(1, sizeof(*producer));
	pthread_t hostile;

	over = false;
	world_open_lane(HOSTILE);
	if (ipck_producer_open(producer, world.fd, info_of(HOSTILE), world.board, world.acks))
		fail("open a producer", 0);
	pthread_create(&hostile, NULL, hostile_consumer, (void *)random_next(&state));
	while (operations--)
		send_one(producer, random_next(&state));
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(hostile, NULL);
	ipck_producer_close(producer);
	free(producer);
}

/* Waits that end for nothing, each of them: the deadline is what ends the operation. */
static void suffer_restlessness(void)
{
	struct ipck_consumer *consumer = calloc(1, sizeof(*consumer));
	struct ipck_producer *producer = calloc(1, sizeof(*producer));
	struct ipck_deadline deadline = { .flags = IPCMBOX_DEADLINE };
	static unsigned char buf[LONGEST];
	struct ipck_payload payload;
	int ret;

	world.is_restless = true;
	world_open_lane(HOSTILE);
	ipck_consumer_open(consumer, world.fd, info_of(-1), world.board, world.acks);
	if (ipck_producer_open(producer, world.fd, info_of(HOSTILE), world.board, world.acks))
		fail("open a producer", 0);
	ipck_payload_from(&payload, buf, LONGEST, 0);
	ipck_deadline_in(&deadline.ns, IPCK_CLOCK_MONOTONIC, 1000000);
	ret = ipck_consumer_take(consumer, &payload, false, &deadline, NULL);
	if (ret != -ETIMEDOUT)
		fail("a receive without rest", ret);
	do
		ret = ipck_producer_put(producer, &payload, 0, &deadline);
	while (!ret);
	if (ret != -ETIMEDOUT)
		fail("a send without rest", ret);
	world.is_restless = false;
	world.board->lane[HOSTILE].state = IPCMBOX_LANE_EVICTED;
	ipck_producer_close(producer);
	ipck_consumer_close(consumer);
	free(producer);
	free(consumer);
}

int main(int argc, char **argv)
{
	uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : getpid() * 2654435761ULL + 1;

	printf("%llu operations, seed %llu\n", (unsigned long long)operations,
	       (unsigned long long)seed);
	fflush(stdout);
	world_make();
	suffer_restlessness();
	suffer_producer(operations / 2, seed);
	printf("received %llu, refused %llu, evicted %llu\n", (unsigned long long)messages,
	       (unsigned long long)refusals, (unsigned long long)world_evictions());
	if (!messages || !refusals || world_evictions() < refusals)
		fail("receives that came to nothing", refusals);
	messages = 0;
	refusals = 0;
	suffer_consumer(operations - operations / 2, seed);
	printf("sent %llu, refused %llu\n", (unsigned long long)messages,
	       (unsigned long long)refusals);
	if (!messages || !refusals)
		fail("sends that came to nothing", refusals);
	return 0;
}
