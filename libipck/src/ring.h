/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ring: records in the pages of a lane.
 *
 * The protocol, its barriers and its checks are those of the section Channels of
 * linux/ipcmbox.h; no system call is made here.  The other side may write what
 * it wants at any time: whatever comes from it is read once and checked before
 * anything is done with it.
 */
#ifndef IPCK_RING_H
#define IPCK_RING_H

#include <stdint.h>

#include <linux/ipcmbox.h>

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
int ipck_writer_has_room(struct ipck_writer *writer, uint64_t size);

/**
 * ipck_writer_payload() - where the payload of the next record goes
 * @writer: the writer
 *
 * Return: the place; what ipck_writer_has_room() said is there.
 */
void *ipck_writer_payload(const struct ipck_writer *writer);

/**
 * ipck_writer_put() - make what is written there a record
 * @writer: the writer, with room for it
 * @length: of the payload
 * @events: of the message
 *
 * Nobody sees it before ipck_writer_publish().
 */
void ipck_writer_put(struct ipck_writer *writer, uint32_t length,
		     uint32_t events);

/**
 * ipck_writer_publish() - let the consumer see all records: (P2)
 * @writer: the writer
 */
void ipck_writer_publish(struct ipck_writer *writer);

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
int ipck_reader_look(struct ipck_reader *reader, struct ipck_slot *slot);

/**
 * ipck_reader_advance() - be done with a record: (C2)
 * @reader: the reader
 * @length: as ipck_reader_look() told
 */
void ipck_reader_advance(struct ipck_reader *reader, uint32_t length);

#endif /* IPCK_RING_H */
