/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Producer: sending to a channel. */
#ifndef IPCK_PRODUCER_H
#define IPCK_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ipcmbox.h>

#include "lock.h"
#include "ring.h"
#include "spin.h"

struct ipck_deadline;
struct ipck_payload;

/**
 * struct ipck_producer - the sending side of a handle
 * @lock: of what changes: @writer, @spin, @reserved, @room
 * @writer: its lane
 * @spin: how long to look for room before sleeping
 * @board: of the channel
 * @fd: of the handle
 * @lane_state: of its lane, on the board
 * @max_length: bytes of the longest message
 * @fail: do not wait for room
 * @reserved: there is a reservation
 * @room: bytes of payload of that
 * @events: of the message to be committed
 */
struct ipck_producer {
	struct ipck_lock lock;
	struct ipck_writer writer;
	struct ipck_spin spin;
	const struct ipcmbox_channel_board *board;
	const uint32_t *lane_state;
	int fd;
	uint32_t max_length;
	bool fail;
	bool reserved;
	uint32_t room;
	uint32_t events;
};

/**
 * ipck_producer_open() - map the lane of a descriptor
 * @producer: where it goes, all 0
 * @fd: of the channel
 * @info: of the descriptor
 * @board: of the channel
 * @acks: of the channel
 *
 * Return: 0 or -errno.  ipck_producer_close() is good after failures too.
 */
int ipck_producer_open(struct ipck_producer *producer, int fd,
		       const struct ipcmbox_channel_info *info,
		       const struct ipcmbox_channel_board *board,
		       const struct ipcmbox_channel_acks *acks);

/**
 * ipck_producer_close() - unmap it
 * @producer: the producer; nobody uses it
 */
void ipck_producer_close(struct ipck_producer *producer);

/**
 * ipck_producer_put() - write a message, which the consumer need not see yet
 * @producer: the producer
 * @payload: the message
 * @events: of it
 * @deadline: how long to wait for room
 *
 * Return: 0, or -EAGAIN, -EBUSY, -EINTR, -EMSGSIZE, -EPIPE, -EPROTO, -ETIMEDOUT.
 */
int ipck_producer_put(struct ipck_producer *producer,
		      const struct ipck_payload *payload, uint32_t events,
		      const struct ipck_deadline *deadline);

/**
 * ipck_producer_send() - put and flush
 * @producer: the producer
 * @payload: the message
 * @events: of it
 * @deadline: how long to wait for room
 *
 * Return: as ipck_producer_put().
 */
int ipck_producer_send(struct ipck_producer *producer,
		       const struct ipck_payload *payload, uint32_t events,
		       const struct ipck_deadline *deadline);

/**
 * ipck_producer_send_plain() - send with nothing asked for
 * @producer: the producer
 * @buf: the message
 * @len: bytes of it
 *
 * Return: as ipck_producer_put(), or -EFAULT.
 */
int ipck_producer_send_plain(struct ipck_producer *producer, const void *buf,
			     size_t len);

/**
 * ipck_producer_flush() - let the consumer see what is written, and wake it
 * @producer: the producer
 */
void ipck_producer_flush(struct ipck_producer *producer);

/**
 * ipck_producer_reserve() - get room for a message
 * @producer: the producer
 * @length: of the message
 * @events: of it
 * @deadline: how long to wait for room
 * @payload: where the room is
 *
 * Return: as ipck_producer_put().
 */
int ipck_producer_reserve(struct ipck_producer *producer, uint32_t length,
			  uint32_t events, const struct ipck_deadline *deadline,
			  void **payload);

/**
 * ipck_producer_commit() - send what is in the reservation
 * @producer: the producer
 * @length: of the message, or %IPCK_ABANDON
 *
 * Return: 0, -EINVAL, -EMSGSIZE, or -EPIPE: it is gone.
 */
int ipck_producer_commit(struct ipck_producer *producer, size_t length);

#endif /* IPCK_PRODUCER_H */
