/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ring: records in the pages of a lane.
 *
 * The protocol, its barriers and its checks are those of the section Channels of
 * linux/ipcmbox.h; no system call is made here.  The other side may write what
 * it wants at any time: whatever comes from it is read once and checked before
 * anything is done with it.
 *
 * All of it is in the way of every message, so it is inline.
 */
#ifndef IPCK_RING_H
#define IPCK_RING_H

#include <errno.h>
#include <stdint.h>

#include <linux/ipcmbox.h>

#define IPCK_RING_ALIGNMENT 8

static inline uint64_t ipck_ring_place(uint64_t position, uint64_t bytes)
{
	return position & (bytes - 1);
}

/**
 * struct ipck_writer - the producer's side of a lane
 * @header: first page of the lane
 * @ring: the ring, twice in a row
 * @ack: the consumer's word, read only
 * @bytes: of the ring
 * @head: how far the consumer was when last looked at; checked
 * @tail: end of what is written
 * @published: how much of that the consumer can see
 * @sent: messages written
 */
struct ipck_writer {
	struct ipcmbox_channel_header *header;
	unsigned char *ring;
	const struct ipcmbox_channel_ack *ack;
	uint64_t bytes;
	uint64_t head;
	uint64_t tail;
	uint64_t published;
	uint64_t sent;
};

/**
 * ipck_writer_has_room() - is there room for a record?
 * @writer: the writer
 * @size: of the record, at most that of the ring
 *
 * Return: 1 or 0, or -EPROTO: the consumer writes nonsense.
 */
static inline int ipck_writer_has_room(struct ipck_writer *writer,
				       uint64_t size)
{
	uint64_t head;

	if (writer->bytes - (writer->tail - writer->head) >= size)
		return 1;
	/* (P1) pairs with (C2). */
	head = __atomic_load_n(&writer->ack->head, __ATOMIC_ACQUIRE);
	if (writer->tail - head > writer->bytes)
		return -EPROTO;
	writer->head = head;
	return writer->bytes - (writer->tail - head) >= size;
}

/**
 * ipck_writer_payload() - where the payload of the next record goes
 * @writer: the writer
 *
 * Return: the place; what ipck_writer_has_room() said is there.
 */
static inline void *ipck_writer_payload(const struct ipck_writer *writer)
{
	return writer->ring + ipck_ring_place(writer->tail, writer->bytes) +
	       sizeof(struct ipcmbox_channel_record);
}

/**
 * ipck_writer_put() - make what is written there a record
 * @writer: the writer, with room for it
 * @length: of the payload
 * @events: of the message
 *
 * Nobody sees it before ipck_writer_publish().
 */
static inline void ipck_writer_put(struct ipck_writer *writer,
				   uint32_t length, uint32_t events)
{
	struct ipcmbox_channel_record *record;

	record = (void *)((unsigned char *)ipck_writer_payload(writer) -
			  sizeof(*record));
	record->length = length;
	record->events = events;
	writer->tail += IPCMBOX_CHANNEL_RECORD_SIZE(length);
	writer->sent++;
}

/**
 * ipck_writer_publish() - let the consumer see all records: (P2)
 * @writer: the writer
 */
static inline void ipck_writer_publish(struct ipck_writer *writer)
{
	struct ipcmbox_channel_header *header = writer->header;
	uint64_t tail = writer->tail;

	writer->published = tail;
	__atomic_store_n(&header->sent, writer->sent, __ATOMIC_RELAXED);
	/* (P2) pairs with (C1). */
	__atomic_store_n(&header->tail, tail, __ATOMIC_RELEASE);
}

/**
 * struct ipck_reader - the consumer's side of a lane
 * @header: first page of the lane, read only
 * @ring: the ring, twice in a row, read only
 * @ack: the consumer's word
 * @bytes: of the ring
 * @head: how far this is
 * @tail: how far the producer was when last looked at; checked
 * @received: messages read
 * @max_length: bytes of the longest message
 */
struct ipck_reader {
	const struct ipcmbox_channel_header *header;
	const unsigned char *ring;
	struct ipcmbox_channel_ack *ack;
	uint64_t bytes;
	uint64_t head;
	uint64_t tail;
	uint64_t received;
	uint32_t max_length;
};

/* Return: 1: the tail is another than the head, and makes sense. */
static inline int ipck_reader_look_at_tail(struct ipck_reader *reader)
{
	uint64_t tail, used;

	/* (C1) pairs with (P2). */
	tail = __atomic_load_n(&reader->header->tail, __ATOMIC_ACQUIRE);
	used = tail - reader->head;
	if (!used)
		return 0;
	/* The head may be one that another consumer has left. */
	if (used > reader->bytes || used % IPCK_RING_ALIGNMENT || tail % IPCK_RING_ALIGNMENT)
		return -EPROTO;
	reader->tail = tail;
	return 1;
}

/**
 * struct ipck_slot - a record that is there
 * @payload: in the ring, where its producer can still change it
 * @length: of that, checked
 * @events: of the message
 */
struct ipck_slot {
	const void *payload;
	uint32_t length;
	uint32_t events;
};

/**
 * ipck_reader_look() - is there a record?
 * @reader: the reader
 * @slot: set, if there is one
 *
 * Return: 1 or 0, or -EPROTO: the producer writes nonsense.
 */
static inline int ipck_reader_look(struct ipck_reader *reader, struct ipck_slot *slot)
{
	const struct ipcmbox_channel_record *record;
	uint64_t head = reader->head;
	uint64_t used = reader->tail - head;
	int ret;

	if (__builtin_expect(!used, 0)) {
		ret = ipck_reader_look_at_tail(reader);
		if (ret <= 0)
			return ret;
		used = reader->tail - head;
	}
	record = (const void *)(reader->ring +
				ipck_ring_place(head, reader->bytes));
	slot->length = __atomic_load_n(&record->length, __ATOMIC_RELAXED);
	slot->events = __atomic_load_n(&record->events, __ATOMIC_RELAXED);
	slot->payload = record + 1;
	if (slot->length > reader->max_length ||
	    IPCMBOX_CHANNEL_RECORD_SIZE(slot->length) > used)
		return -EPROTO;
	return 1;
}

/**
 * ipck_reader_advance() - be done with a record: (C2)
 * @reader: the reader
 * @length: as ipck_reader_look() told
 */
static inline void ipck_reader_advance(struct ipck_reader *reader, uint32_t length)
{
	uint64_t head = reader->head + IPCMBOX_CHANNEL_RECORD_SIZE(length);
	struct ipcmbox_channel_ack *ack = reader->ack;

	reader->head = head;
	__atomic_store_n(&ack->received, ++reader->received, __ATOMIC_RELAXED);
	/* (C2) pairs with (P1). */
	__atomic_store_n(&ack->head, head, __ATOMIC_RELEASE);
}

#endif /* IPCK_RING_H */
