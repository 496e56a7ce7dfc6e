/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doorbell: what a channel needs the kernel for while it is in use. */
#ifndef IPCK_DOORBELL_H
#define IPCK_DOORBELL_H

#include <stdint.h>

#include <linux/ipcmbox.h>

struct ipck_deadline;

/**
 * ipck_doorbell_await_message() - sleep until there may be something to receive
 * @fd: of the consumer
 * @lanes_serial: of the board, as the consumer knows it
 * @deadline: how long
 *
 * Return: 0: look again, or -EAGAIN, -EINTR, -EPIPE, -ETIMEDOUT.
 */
int ipck_doorbell_await_message(int fd, uint32_t lanes_serial,
				const struct ipck_deadline *deadline);

/**
 * ipck_doorbell_await_room() - sleep until there may be room
 * @fd: of the producer
 * @bytes: how much
 * @deadline: how long
 *
 * Return: as ipck_doorbell_await_message().
 */
int ipck_doorbell_await_room(int fd, uint64_t bytes,
			     const struct ipck_deadline *deadline);

/* ipck_doorbell_kick_consumer() - wake it */
void ipck_doorbell_kick_consumer(int fd);

/* ipck_doorbell_kick_producer() - wake that of @lane */
void ipck_doorbell_kick_producer(int fd, uint32_t lane);

/* ipck_doorbell_evict() - be done with a lane, if it still is the one */
void ipck_doorbell_evict(int fd, uint32_t lane, uint64_t id);

/**
 * ipck_doorbell_lanes() - which lanes are there?
 * @fd: of the channel
 * @senders: room for %IPCMBOX_CHANNEL_LANES_MAX
 * @lanes_serial: set to that of the board at this moment
 *
 * Return: how many, or -errno.
 */
int ipck_doorbell_lanes(int fd, struct ipcmbox_channel_sender *senders,
			uint32_t *lanes_serial);

#endif /* IPCK_DOORBELL_H */
