// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "ring.h"

#define ALIGNMENT 8

static uint64_t place(uint64_t position, uint64_t bytes)
{
	return position & (bytes - 1);
}

int ipck_writer_has_room(struct ipck_writer *writer, uint64_t size)
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

void *ipck_writer_payload(const struct ipck_writer *writer)
{
	return writer->ring + place(writer->tail, writer->bytes) +
	       sizeof(struct ipcmbox_channel_record);
}

void ipck_writer_put(struct ipck_writer *writer, uint32_t length,
		     uint32_t events)
{
	struct ipcmbox_channel_record *record;

	record = (void *)(writer->ring + place(writer->tail, writer->bytes));
	record->length = length;
	record->events = events;
	writer->tail += IPCMBOX_CHANNEL_RECORD_SIZE(length);
	writer->sent++;
}

void ipck_writer_publish(struct ipck_writer *writer)
{
	__atomic_store_n(&writer->header->sent, writer->sent, __ATOMIC_RELAXED);
	/* (P2) pairs with (C1). */
	__atomic_store_n(&writer->header->tail, writer->tail, __ATOMIC_RELEASE);
	writer->published = writer->tail;
}

/* Return: 1: the tail is another than the head, and makes sense. */
static int look_at_tail(struct ipck_reader *reader)
{
	uint64_t tail, used;

	/* (C1) pairs with (P2). */
	tail = __atomic_load_n(&reader->header->tail, __ATOMIC_ACQUIRE);
	used = tail - reader->head;
	if (!used)
		return 0;
	/* The head may be one that another consumer has left. */
	if (used > reader->bytes || used % ALIGNMENT || tail % ALIGNMENT)
		return -EPROTO;
	reader->tail = tail;
	return 1;
}

int ipck_reader_look(struct ipck_reader *reader, struct ipck_slot *slot)
{
	const struct ipcmbox_channel_record *record;
	int ret;

	if (reader->tail == reader->head) {
		ret = look_at_tail(reader);
		if (ret <= 0)
			return ret;
	}
	record = (const void *)(reader->ring +
				place(reader->head, reader->bytes));
	slot->length = __atomic_load_n(&record->length, __ATOMIC_RELAXED);
	slot->events = __atomic_load_n(&record->events, __ATOMIC_RELAXED);
	slot->payload = record + 1;
	if (slot->length > reader->max_length ||
	    IPCMBOX_CHANNEL_RECORD_SIZE(slot->length) >
	    reader->tail - reader->head)
		return -EPROTO;
	return 1;
}

void ipck_reader_advance(struct ipck_reader *reader, uint32_t length)
{
	reader->head += IPCMBOX_CHANNEL_RECORD_SIZE(length);
	reader->received++;
	__atomic_store_n(&reader->ack->received, reader->received,
			 __ATOMIC_RELAXED);
	/* (C2) pairs with (P1). */
	__atomic_store_n(&reader->ack->head, reader->head, __ATOMIC_RELEASE);
}
