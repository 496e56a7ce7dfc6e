// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: each side of a channel, whose other side writes what the input says over everything it
 * can write. As selftests/hostile, but one step after the other, and guided.
 *
 * The first byte says which side suffers, and each three after it are an operation: which, and a
 * number for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consumer.h"
#include "deadline.h"
#include "hostile.h"
#include "ipck.h"
#include "parse.h"
#include "payload.h"
#include "producer.h"

#define LANE	0

static const struct ipck_deadline now = { .flags = IPCMBOX_NONBLOCK };
static const struct ipcmbox_channel_info info = {
	.ring_bytes = RING, .max_length = LONGEST, .lane = LANE,
};

static void check(bool is_so)
{
	if (!is_so)
		abort();
}

static uint64_t *head(void)
{
	return (uint64_t *)&world.acks->lane[LANE].head;
}

static uint64_t *tail(void)
{
	return (uint64_t *)&world.header[LANE]->tail;
}

static void write_ring(uint64_t position, uint32_t number)
{
	memcpy(world.ring[LANE] + position % (RING - sizeof(number)), &number, sizeof(number));
}

static void receive(struct ipck_consumer *consumer, bool peek, uint32_t room)
{
	static unsigned char buf[LONGEST];
	struct ipck_msg msg = { 0 };
	struct ipck_payload payload;
	long ret;

	room %= LONGEST + 1;
	ipck_payload_from(&payload, buf, room, 0);
	ret = ipck_consumer_take(consumer, &payload, peek, &now, &msg);
	check(ret == -EAGAIN || ret == -EPROTO || ret == -EMSGSIZE || (ret >= 0 && ret <= room));
}

static void receive_in_place(struct ipck_consumer *consumer)
{
	static unsigned char buf[LONGEST];
	struct ipck_msg msg = { 0 };
	const void *payload;
	long ret = ipck_consumer_peek(consumer, &payload, &now, &msg);

	check(ret == -EAGAIN || ret == -EPROTO || (ret >= 0 && ret <= LONGEST));
	if (ret < 0)
		return;
	memcpy(buf, payload, ret);
	check(!ipck_consumer_release(consumer));
}

static void suffer_producer(struct ipck_consumer *consumer, uint32_t what, uint32_t number)
{
	switch (what) {
	case 0:
		*tail() = *head() + number;
		break;
	case 1:
		*tail() += 8 * (number % 256);
		break;
	case 2:
		write_ring(*head() % RING, number);
		break;
	case 3:
		write_ring(*tail() % RING, number % (LONGEST + 2));
		*tail() += IPCMBOX_CHANNEL_RECORD_SIZE(number % (LONGEST + 2));
		break;
	case 4:
		*tail() = (uint64_t)number << 48;
		break;
	case 5:
		receive_in_place(consumer);
		break;
	default:
		receive(consumer, what == 6, number);
	}
	/* A lane that was evicted comes again. */
	if (world.board->lane[LANE].state == IPCMBOX_LANE_EVICTED)
		world_open_lane(LANE);
}

static void send_in_place(struct ipck_producer *producer, uint32_t length)
{
	void *place;
	int ret = ipck_producer_reserve(producer, length % (LONGEST + 2), 0, &now, &place);

	check(!ret || ret == -EAGAIN || ret == -EPROTO || ret == -EMSGSIZE);
	if (ret < 0)
		return;
	memset(place, 0x5a, length % (LONGEST + 2));
	check(!ipck_producer_commit(producer, length & 1 ? length % (LONGEST + 2) : IPCK_ABANDON));
}

static void send(struct ipck_producer *producer, uint32_t length)
{
	static unsigned char buf[LONGEST + 1];
	struct ipck_payload payload;
	int ret;

	length %= LONGEST + 2;
	ipck_payload_from(&payload, buf, length, 0);
	ret = ipck_producer_put(producer, &payload, 0, &now);
	ipck_producer_flush(producer);
	check(!ret || ret == -EAGAIN || ret == -EPROTO || (ret == -EMSGSIZE && length > LONGEST));
}

static void suffer_consumer(struct ipck_producer *producer, uint32_t what, uint32_t number)
{
	switch (what) {
	case 0:
		*head() = *tail() - number;
		break;
	case 1:
		*head() = *tail();
		break;
	case 2:
		*head() = (uint64_t)number << 48;
		break;
	case 3:
		*head() += number;
		break;
	case 4:
		send_in_place(producer, number);
		break;
	default:
		send(producer, number);
	}
	check(*tail() == producer->writer.tail);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	world_make();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipck_consumer *consumer = calloc(1, sizeof(*consumer));
	struct ipck_producer *producer = calloc(1, sizeof(*producer));
	const bool is_consumer = size && data[0] & 1;
	size_t i;

	world.board->lane[LANE].state = IPCMBOX_LANE_FREE;
	world_open_lane(LANE);
	if (is_consumer)
		ipck_consumer_open(consumer, world.fd, &info, world.board, world.acks);
	else
		check(!ipck_producer_open(producer, world.fd, &info, world.board, world.acks));
	for (i = 1; i + 2 < size; i += 3) {
		if (is_consumer)
			suffer_producer(consumer, data[i] % 8, data[i + 1] << 8 | data[i + 2]);
		else
			suffer_consumer(producer, data[i] % 8, data[i + 1] << 8 | data[i + 2]);
	}
	if (is_consumer)
		ipck_consumer_close(consumer);
	else
		ipck_producer_close(producer);
	free(producer);
	free(consumer);
	return 0;
}
