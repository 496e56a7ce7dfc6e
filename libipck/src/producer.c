// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/mman.h>

#include "area.h"
#include "deadline.h"
#include "doorbell.h"
#include "ipck.h"
#include "payload.h"
#include "producer.h"

#define PATIENT_LOOKS	24

/* A descriptor may come from somebody who has been using it. */
static int go_on(struct ipck_writer *writer)
{
	writer->tail = __atomic_load_n(&writer->header->tail, __ATOMIC_RELAXED);
	writer->sent = __atomic_load_n(&writer->header->sent, __ATOMIC_RELAXED);
	writer->published = writer->tail;
	writer->head = __atomic_load_n(&writer->ack->head, __ATOMIC_ACQUIRE);
	if (writer->tail % 8 || writer->tail - writer->head > writer->bytes)
		return -EPROTO;
	return 0;
}

int ipck_producer_open(struct ipck_producer *producer, int fd,
		       const struct ipcmbox_channel_info *info,
		       const struct ipcmbox_channel_board *board,
		       const struct ipcmbox_channel_acks *acks)
{
	struct ipck_writer *writer = &producer->writer;
	void *header, *ring;
	int ret;

	ipck_lock_init(&producer->lock);
	ipck_spin_init(&producer->spin);
	producer->board = board;
	producer->fd = fd;
	producer->lane_state = &board->lane[info->lane].state;
	producer->max_length = info->max_length;
	producer->fail = info->overflow == IPCMBOX_OVERFLOW_FAIL;
	writer->bytes = info->ring_bytes;
	writer->ack = &acks->lane[info->lane];
	ret = ipck_area_map(&header, fd, IPCMBOX_CHANNEL_HEADER(info->lane), 0,
			    PROT_READ | PROT_WRITE);
	if (ret < 0)
		return ret;
	writer->header = header;
	ret = ipck_area_map_twice(&ring, fd, IPCMBOX_CHANNEL_RING(info->lane),
				  writer->bytes, PROT_READ | PROT_WRITE);
	if (ret < 0)
		return ret;
	writer->ring = ring;
	return go_on(writer);
}

void ipck_producer_close(struct ipck_producer *producer)
{
	struct ipck_writer *writer = &producer->writer;

	ipck_area_unmap(writer->ring, 2 * writer->bytes);
	ipck_area_unmap(writer->header, 0);
	ipck_lock_destroy(&producer->lock);
}

/* With the lock held.  Return: whether the consumer is to be kicked. */
static inline bool publish(struct ipck_producer *producer)
{
	if (producer->writer.published == producer->writer.tail)
		return false;
	ipck_writer_publish(&producer->writer);
	/* (P3) pairs with (K1). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* (P4) */
	return __atomic_load_n(&producer->board->consumer_waits,
			       __ATOMIC_RELAXED);
}

/* Gives the lock back. */
static inline void flush(struct ipck_producer *producer)
{
	bool waits = publish(producer);

	ipck_unlock(&producer->lock);
	if (waits)
		ipck_doorbell_kick_consumer(producer->fd);
}

void ipck_producer_flush(struct ipck_producer *producer)
{
	ipck_lock(&producer->lock);
	flush(producer);
}

/* Return: 1: there is room; 0: not yet. */
static inline int look(struct ipck_producer *producer, uint64_t size)
{
	const uint32_t *gone = &producer->board->consumer_gone;
	const uint32_t *state = producer->lane_state;

	if (producer->reserved)
		return -EBUSY;
	if (__atomic_load_n(gone, __ATOMIC_RELAXED) ||
	    __atomic_load_n(state, __ATOMIC_RELAXED) == IPCMBOX_LANE_EVICTED)
		return -EPIPE;
	return ipck_writer_has_room(&producer->writer, size);
}

/* The lock is released meanwhile. */
static int pause_or_sleep(struct ipck_producer *producer, uint64_t size,
			  const struct ipck_deadline *deadline,
			  struct ipck_turn *turn)
{
	int ret = 0;

	turn->slept = !ipck_spin_again(&producer->spin, turn, deadline);
	flush(producer);
	if (turn->slept)
		ret = ipck_doorbell_await_room(producer->fd, size, deadline);
	else
		ipck_spin_pause();
	ipck_lock(&producer->lock);
	return ret;
}

/*
 * How much room to go on for.  While the consumer takes one message after the other
 * it is enough for several: or the two would meet at every single one, and at its
 * cache lines.  A consumer that takes just one is not waited for longer than for
 * some looks.
 */
static uint64_t enough_room(const struct ipck_producer *producer, uint64_t size,
			    const struct ipck_turn *turn)
{
	uint64_t several = producer->writer.bytes / 4;

	if (turn->slept || turn->looks >= PATIENT_LOOKS || size > several)
		return size;
	return several;
}

/*
 * With the lock held, but not while this pauses or sleeps.  A wait that ends with
 * nothing to see has its deadline looked at here: a consumer that plays with its
 * head could make every wait end so.
 */
static __attribute__((noinline)) int
wait_for_room(struct ipck_producer *producer, uint64_t size,
	      const struct ipck_deadline *deadline)
{
	struct ipck_turn turn = { 0 };
	int ret;

	if (producer->fail || deadline->flags & IPCMBOX_NONBLOCK)
		return -EAGAIN;
	do {
		ret = pause_or_sleep(producer, size, deadline, &turn);
		if (ret >= 0)
			ret = look(producer, enough_room(producer, size, &turn));
		if (!ret && turn.slept && ipck_deadline_is_over(deadline))
			ret = -ETIMEDOUT;
	} while (!ret);
	if (ret < 0) {
		ipck_spin_fail(&producer->spin);
		return ret;
	}
	ipck_spin_learn(&producer->spin, &turn);
	return 0;
}

/* With the lock held. */
static inline int find_room(struct ipck_producer *producer, uint64_t size,
			    const struct ipck_deadline *deadline)
{
	int ret = look(producer, size);

	if (__builtin_expect(ret > 0, 1))
		return 0;
	return ret < 0 ? ret : wait_for_room(producer, size, deadline);
}

/* With the lock held. */
static inline __attribute__((always_inline)) int
put_record(struct ipck_producer *producer, const struct ipck_payload *payload,
	   uint32_t events, const struct ipck_deadline *deadline)
{
	struct ipck_writer *writer = &producer->writer;
	int ret;

	ret = find_room(producer, IPCMBOX_CHANNEL_RECORD_SIZE(payload->length),
			deadline);
	if (ret < 0)
		return ret;
	ipck_payload_gather(payload, ipck_writer_payload(writer));
	ipck_writer_put(writer, payload->length, events);
	return 0;
}

int ipck_producer_put(struct ipck_producer *producer,
		      const struct ipck_payload *payload, uint32_t events,
		      const struct ipck_deadline *deadline)
{
	int ret;

	if (payload->length > producer->max_length)
		return -EMSGSIZE;
	ipck_lock(&producer->lock);
	ret = put_record(producer, payload, events, deadline);
	ipck_unlock(&producer->lock);
	return ret;
}

/* Inline, for what a caller does not ask for to cost nothing. */
static inline __attribute__((always_inline)) int
send_record(struct ipck_producer *producer, const struct ipck_payload *payload,
	    uint32_t events, const struct ipck_deadline *deadline)
{
	int ret;

	if (payload->length > producer->max_length)
		return -EMSGSIZE;
	ipck_lock(&producer->lock);
	ret = put_record(producer, payload, events, deadline);
	flush(producer);
	return ret;
}

int ipck_producer_send(struct ipck_producer *producer,
		       const struct ipck_payload *payload, uint32_t events,
		       const struct ipck_deadline *deadline)
{
	return send_record(producer, payload, events, deadline);
}

int ipck_producer_send_plain(struct ipck_producer *producer, const void *buf,
			     size_t len)
{
	static const struct ipck_deadline never;
	struct ipck_payload payload;
	int ret;

	ret = ipck_payload_plain(&payload, buf, len);
	if (ret < 0)
		return ret;
	return send_record(producer, &payload, 0, &never);
}

int ipck_producer_reserve(struct ipck_producer *producer, uint32_t length,
			  uint32_t events, const struct ipck_deadline *deadline,
			  void **payload)
{
	int ret;

	if (length > producer->max_length)
		return -EMSGSIZE;
	ipck_lock(&producer->lock);
	ret = find_room(producer, IPCMBOX_CHANNEL_RECORD_SIZE(length),
			deadline);
	if (!ret) {
		producer->reserved = true;
		producer->room = length;
		producer->events = events;
		*payload = ipck_writer_payload(&producer->writer);
	}
	ipck_unlock(&producer->lock);
	return ret;
}

int ipck_producer_commit(struct ipck_producer *producer, size_t length)
{
	bool abandon = length == IPCK_ABANDON;
	int ret = 0;

	ipck_lock(&producer->lock);
	if (!producer->reserved) {
		ret = -EINVAL;
	} else if (!abandon && length > producer->room) {
		ret = -EMSGSIZE;
	} else {
		producer->reserved = false;
		if (!abandon)
			ret = look(producer, 0);
		if (ret > 0) {
			ipck_writer_put(&producer->writer, length,
					producer->events);
			ret = 0;
		}
	}
	flush(producer);
	return ret;
}
