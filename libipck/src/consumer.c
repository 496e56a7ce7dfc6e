// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "area.h"
#include "consumer.h"
#include "deadline.h"
#include "doorbell.h"
#include "ipck.h"
#include "payload.h"

#define LANES IPCMBOX_CHANNEL_LANES_MAX

/* Lanes.  All of this with the lock held. */

static void unmap_lane(struct ipck_consumer *consumer, uint32_t i)
{
	struct ipck_lane *lane = &consumer->lanes[i];

	ipck_area_unmap(lane->reader.ring, 2 * consumer->ring_bytes);
	ipck_area_unmap(lane->reader.header, 0);
	*lane = (struct ipck_lane){ 0 };
	consumer->mapped &= ~(1ULL << i);
}

/* The lane is none any more, or was not good. */
static void drop_lane(struct ipck_consumer *consumer, uint32_t i)
{
	ipck_doorbell_evict(consumer->fd, i, consumer->lanes[i].sender.id);
	unmap_lane(consumer, i);
}

static int map_pages(struct ipck_consumer *consumer, uint32_t i)
{
	struct ipck_reader *reader = &consumer->lanes[i].reader;
	void *area;
	int ret;

	ret = ipck_area_map(&area, consumer->fd, IPCMBOX_CHANNEL_HEADER(i), 0,
			    PROT_READ);
	if (ret < 0)
		return ret;
	reader->header = area;
	ret = ipck_area_map_twice(&area, consumer->fd, IPCMBOX_CHANNEL_RING(i),
				  consumer->ring_bytes, PROT_READ);
	if (ret < 0)
		return ret;
	reader->ring = area;
	return 0;
}

/*
 * Between the look at the lanes and the mapping the lane may have become another
 * one, or none: then the serial has changed, too.
 */
static int map_lane(struct ipck_consumer *consumer, uint32_t i, uint64_t id)
{
	struct ipck_reader *reader = &consumer->lanes[i].reader;
	const __u64 *now = &consumer->board->lane[i].id;
	int ret;

	ret = map_pages(consumer, i);
	if (!ret && __atomic_load_n(now, __ATOMIC_ACQUIRE) != id)
		ret = -ENOENT;
	if (ret < 0) {
		unmap_lane(consumer, i);
		return ret == -ENOENT ? 0 : ret;
	}
	consumer->lanes[i].producer_waits = &consumer->board->lane[i].producer_waits;
	reader->ack = &consumer->acks->lane[i];
	reader->bytes = consumer->ring_bytes;
	reader->max_length = consumer->max_length;
	reader->received = __atomic_load_n(&reader->ack->received,
					   __ATOMIC_RELAXED);
	reader->head = __atomic_load_n(&reader->ack->head, __ATOMIC_RELAXED);
	reader->tail = reader->head;
	consumer->mapped |= 1ULL << i;
	return 0;
}

static int update_lane(struct ipck_consumer *consumer,
		       const struct ipcmbox_channel_sender *sender)
{
	uint32_t i = sender->lane;
	int ret = 0;

	if (consumer->lanes[i].sender.id != sender->id)
		unmap_lane(consumer, i);
	if (!(consumer->mapped & 1ULL << i))
		ret = map_lane(consumer, i, sender->id);
	if (consumer->mapped & 1ULL << i)
		consumer->lanes[i].sender = *sender;
	return ret;
}

/* Makes the lanes what the kernel has. */
static int update_lanes(struct ipck_consumer *consumer)
{
	struct ipcmbox_channel_sender senders[LANES];
	uint64_t there = 0;
	uint32_t i;
	int n, ret = 0, count;

	count = ipck_doorbell_lanes(consumer->fd, senders,
				    &consumer->lanes_serial);
	if (count < 0)
		return count;
	for (n = 0; n < count; n++)
		if (senders[n].state != IPCMBOX_LANE_EVICTED)
			there |= 1ULL << senders[n].lane;
	for (i = 0; i < LANES; i++)
		if (consumer->mapped & ~there & 1ULL << i)
			unmap_lane(consumer, i);
	for (n = 0; n < count && !ret; n++)
		if (there & 1ULL << senders[n].lane)
			ret = update_lane(consumer, &senders[n]);
	consumer->stale = ret < 0;
	return ret;
}

/*
 * Return: 1: there is a record.  That the producer is gone was seen before the
 * tail is looked at, so what is not there now never will be.
 */
static inline int look_at_lane(struct ipck_consumer *consumer, uint32_t i,
			       struct ipck_slot *slot)
{
	struct ipck_lane *lane = &consumer->lanes[i];
	int ret;

	ret = ipck_reader_look(&lane->reader, slot);
	if (ret < 0 || (!ret && lane->sender.state == IPCMBOX_LANE_GONE))
		drop_lane(consumer, i);
	return ret;
}

/* The first of the lanes, from one on and then from the beginning. */
static inline uint32_t first_of(uint64_t lanes, uint32_t from)
{
	uint64_t later = lanes & ~0ULL << from;

	return __builtin_ctzll(later ? later : lanes);
}

/* Return: 1: there is a record, in the lane that is next; 0: there is none. */
static inline __attribute__((always_inline)) int
look(struct ipck_consumer *consumer, struct ipck_slot *slot)
{
	uint32_t serial, i;
	uint64_t left;
	int ret;

	if (consumer->held)
		return -EBUSY;
	/* (C0) pairs with (K3). */
	serial = __atomic_load_n(&consumer->board->lanes_serial,
				 __ATOMIC_ACQUIRE);
	if (serial != consumer->lanes_serial || consumer->stale) {
		ret = update_lanes(consumer);
		if (ret < 0)
			return ret;
	}
	for (left = consumer->mapped; left; left &= ~(1ULL << i)) {
		i = first_of(left, consumer->next);
		ret = look_at_lane(consumer, i, slot);
		if (ret)
			consumer->next = i;
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Receiving.  What is in the way of a message that is there already is inline, with
 * the slot in registers; waiting is not.
 */

/* The lock is released meanwhile. */
static int pause_or_sleep(struct ipck_consumer *consumer,
			  const struct ipck_deadline *deadline,
			  struct ipck_turn *turn)
{
	uint32_t serial = consumer->lanes_serial;
	int ret = 0;

	turn->slept = !ipck_spin_again(&consumer->spin, turn, deadline);
	ipck_unlock(&consumer->lock);
	if (turn->slept)
		ret = ipck_doorbell_await_message(consumer->fd, serial,
						  deadline);
	else
		ipck_spin_pause();
	ipck_lock(&consumer->lock);
	return ret;
}

/*
 * With the lock held, but not while this pauses or sleeps.  A wait that ends with
 * nothing to see has its deadline looked at here: a producer that plays with its
 * tail could make every wait end so.
 *
 * That nobody can send any more is seen before it is looked for a record, so what is
 * not there then never will be.
 */
static __attribute__((noinline)) int
wait_for_record(struct ipck_consumer *consumer,
		const struct ipck_deadline *deadline, struct ipck_slot *slot)
{
	const uint32_t *gone = &consumer->board->producers_gone;
	struct ipck_turn turn = { 0 };
	bool over;
	int ret;

	for (;;) {
		over = __atomic_load_n(gone, __ATOMIC_ACQUIRE);
		ret = look(consumer, slot);
		if (ret)
			break;
		if (over)
			ret = -EPIPE;
		else if (deadline->flags & IPCMBOX_NONBLOCK)
			return -EAGAIN;
		else if (turn.slept && ipck_deadline_is_over(deadline))
			ret = -ETIMEDOUT;
		else
			ret = pause_or_sleep(consumer, deadline, &turn);
		if (ret < 0)
			break;
	}
	if (ret < 0) {
		ipck_spin_fail(&consumer->spin);
		return ret;
	}
	ipck_spin_learn(&consumer->spin, &turn);
	return 0;
}

/* With the lock held. */
static inline __attribute__((always_inline)) int
find_record(struct ipck_consumer *consumer,
	    const struct ipck_deadline *deadline, struct ipck_slot *slot)
{
	struct ipck_slot later;
	int ret = look(consumer, slot);

	if (__builtin_expect(ret > 0, 1))
		return 0;
	if (ret)
		return ret;
	/* Another one, so that @slot can be in registers. */
	ret = wait_for_record(consumer, deadline, &later);
	if (!ret)
		*slot = later;
	return ret;
}

static __attribute__((noinline)) void
describe(const struct ipck_lane *lane, struct ipck_slot slot,
	 struct ipck_msg *msg)
{
	const struct ipcmbox_channel_sender *sender = &lane->sender;

	*msg = (struct ipck_msg){
		.length = slot.length,
		.seq = lane->reader.received + 1,
		.sender_endpoint = sender->endpoint,
		.pid = sender->pid,
		.tid = sender->tid,
		.uid = sender->uid,
		.gid = sender->gid,
		.events = slot.events,
		.call_deadline_ns = UINT64_MAX,
	};
}

/* Be done with a record of lane @i.  Return: whether its producer is to be kicked. */
static inline bool advance(struct ipck_consumer *consumer, uint32_t i,
			   uint32_t length)
{
	struct ipck_lane *lane = &consumer->lanes[i];

	consumer->next = (i + 1) % LANES;
	ipck_reader_advance(&lane->reader, length);
	/* (C3) pairs with (K2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* (C4) */
	return __atomic_load_n(lane->producer_waits, __ATOMIC_RELAXED);
}

/* Inline, for what a caller does not ask for to cost nothing. */
static inline __attribute__((always_inline)) int
take_record(struct ipck_consumer *consumer, const struct ipck_payload *payload,
	    bool stay, const struct ipck_deadline *deadline, struct ipck_msg *msg)
{
	struct ipck_slot slot;
	bool waits = false;
	uint32_t lane;
	int ret;

	ipck_lock(&consumer->lock);
	ret = find_record(consumer, deadline, &slot);
	lane = consumer->next;
	if (!ret && slot.length > payload->length) {
		ret = -EMSGSIZE;
		if (msg)
			*msg = (struct ipck_msg){
				.length = slot.length,
				.limit = IPCK_LIMIT_BUFFER,
			};
	} else if (!ret) {
		ipck_payload_scatter(payload, slot.payload, slot.length);
		if (msg)
			describe(&consumer->lanes[lane], slot, msg);
		if (!stay)
			waits = advance(consumer, lane, slot.length);
		ret = slot.length;
	}
	ipck_unlock(&consumer->lock);
	if (waits)
		ipck_doorbell_kick_producer(consumer->fd, lane);
	return ret;
}

int ipck_consumer_take(struct ipck_consumer *consumer,
		       const struct ipck_payload *payload, bool stay,
		       const struct ipck_deadline *deadline,
		       struct ipck_msg *msg)
{
	return take_record(consumer, payload, stay, deadline, msg);
}

ssize_t ipck_consumer_take_plain(struct ipck_consumer *consumer, void *buf,
				 size_t size)
{
	static const struct ipck_deadline never;
	struct ipck_payload payload;
	int ret;

	ret = ipck_payload_plain(&payload, buf, size);
	if (ret < 0)
		return ret;
	return take_record(consumer, &payload, false, &never, NULL);
}

int ipck_consumer_peek(struct ipck_consumer *consumer, const void **payload,
		       const struct ipck_deadline *deadline,
		       struct ipck_msg *msg)
{
	struct ipck_slot slot;
	int ret;

	ipck_lock(&consumer->lock);
	ret = find_record(consumer, deadline, &slot);
	if (!ret) {
		*payload = slot.payload;
		if (msg)
			describe(&consumer->lanes[consumer->next], slot, msg);
		consumer->held = true;
		consumer->held_length = slot.length;
		ret = slot.length;
	}
	ipck_unlock(&consumer->lock);
	return ret;
}

int ipck_consumer_release(struct ipck_consumer *consumer)
{
	bool waits = false;
	uint32_t lane;
	int ret = -EINVAL;

	ipck_lock(&consumer->lock);
	lane = consumer->next;
	if (consumer->held) {
		consumer->held = false;
		waits = advance(consumer, lane, consumer->held_length);
		ret = 0;
	}
	ipck_unlock(&consumer->lock);
	if (waits)
		ipck_doorbell_kick_producer(consumer->fd, lane);
	return ret;
}

void ipck_consumer_open(struct ipck_consumer *consumer, int fd,
			const struct ipcmbox_channel_info *info,
			const struct ipcmbox_channel_board *board,
			struct ipcmbox_channel_acks *acks)
{
	ipck_lock_init(&consumer->lock);
	ipck_spin_init(&consumer->spin);
	consumer->fd = fd;
	consumer->board = board;
	consumer->acks = acks;
	consumer->max_length = info->max_length;
	consumer->ring_bytes = info->ring_bytes;
	consumer->stale = true;
}

void ipck_consumer_close(struct ipck_consumer *consumer)
{
	uint32_t i;

	for (i = 0; i < LANES; i++)
		if (consumer->mapped & 1ULL << i)
			unmap_lane(consumer, i);
	ipck_lock_destroy(&consumer->lock);
}
