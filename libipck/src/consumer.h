/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Consumer: receiving from a channel. */
#ifndef IPCK_CONSUMER_H
#define IPCK_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ipcmbox.h>

#include "lock.h"
#include "ring.h"
#include "spin.h"

struct ipck_deadline;
struct ipck_msg;
struct ipck_payload;

/**
 * struct ipck_lane - a lane, as its consumer has it
 * @sender: who it is, as the kernel says; the id is 0 if there is no lane
 * @producer_waits: of it, on the board
 * @reader: its ring
 */
struct ipck_lane {
	struct ipcmbox_channel_sender sender;
	const uint32_t *producer_waits;
	struct ipck_reader reader;
};

/**
 * struct ipck_consumer - the receiving side of a handle
 * @lock: of what changes: all that follows @acks
 * @board: of the channel
 * @acks: of the channel
 * @fd: of the handle
 * @max_length: bytes of the longest message
 * @ring_bytes: of each lane
 * @spin: how long to look for messages before sleeping
 * @lanes_serial: of the board, when @lanes was as the kernel has it
 * @stale: not all of @lanes is
 * @held: a record of @next has been peeked at and not released
 * @held_length: of that record
 * @next: lane to look at first
 * @mapped: those of @lanes that are there, as bits
 * @lanes: the lanes
 */
struct ipck_consumer {
	struct ipck_lock lock;
	const struct ipcmbox_channel_board *board;
	struct ipcmbox_channel_acks *acks;
	int fd;
	uint32_t max_length;
	uint64_t ring_bytes;
	struct ipck_spin spin;
	uint32_t lanes_serial;
	bool stale;
	bool held;
	uint32_t held_length;
	uint32_t next;
	uint64_t mapped;
	struct ipck_lane lanes[IPCMBOX_CHANNEL_LANES_MAX];
};

/**
 * ipck_consumer_open() - be the consumer
 * @consumer: where it goes, all 0
 * @fd: of the channel
 * @info: of the descriptor
 * @board: of the channel
 * @acks: of the channel, writable
 */
void ipck_consumer_open(struct ipck_consumer *consumer, int fd,
			const struct ipcmbox_channel_info *info,
			const struct ipcmbox_channel_board *board,
			struct ipcmbox_channel_acks *acks);

/**
 * ipck_consumer_close() - unmap all lanes
 * @consumer: the consumer; nobody uses it
 */
void ipck_consumer_close(struct ipck_consumer *consumer);

/**
 * ipck_consumer_take() - receive a message
 * @consumer: the consumer
 * @payload: where it goes
 * @stay: leave it there
 * @deadline: how long to wait for it
 * @msg: optional: what is known about it; has the length after -EMSGSIZE, too
 *
 * Return: its length, or -EAGAIN, -EBUSY, -EINTR, -EMSGSIZE, -ENOMEM, -EPIPE,
 * -EPROTO, -ETIMEDOUT.
 */
int ipck_consumer_take(struct ipck_consumer *consumer,
		       const struct ipck_payload *payload, bool stay,
		       const struct ipck_deadline *deadline,
		       struct ipck_msg *msg);

/**
 * ipck_consumer_take_plain() - receive with nothing asked for
 * @consumer: the consumer
 * @buf: where it goes
 * @size: bytes there
 *
 * Return: as ipck_consumer_take(), or -EFAULT.
 */
ssize_t ipck_consumer_take_plain(struct ipck_consumer *consumer, void *buf,
				 size_t size);

/**
 * ipck_consumer_peek() - hold a message where it is
 * @consumer: the consumer
 * @payload: where it is
 * @deadline: how long to wait for it
 * @msg: optional: what is known about it
 *
 * Return: its length, or as ipck_consumer_take().
 */
int ipck_consumer_peek(struct ipck_consumer *consumer, const void **payload,
		       const struct ipck_deadline *deadline,
		       struct ipck_msg *msg);

/**
 * ipck_consumer_release() - be done with the message that is held
 * @consumer: the consumer
 *
 * Return: 0, or -EINVAL: there is none.
 */
int ipck_consumer_release(struct ipck_consumer *consumer);

#endif /* IPCK_CONSUMER_H */
