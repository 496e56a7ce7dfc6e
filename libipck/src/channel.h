/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channel: a handle whose messages are in shared pages. */
#ifndef IPCK_CHANNEL_H
#define IPCK_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ipck_channel;
struct ipck_msg;
struct ipck_recv_item;
struct ipck_recv_opt;
struct ipck_send_item;
struct ipck_send_opt;

/**
 * ipck_channel_open() - map what a descriptor is of
 * @channel: where the channel goes; NULL, if it is no channel
 * @fd: a descriptor of a mailbox, which stays the caller's
 *
 * Return: 0 or -errno.
 */
int ipck_channel_open(struct ipck_channel **channel, int fd);

/**
 * ipck_channel_close() - unmap it all
 * @channel: the channel, or NULL
 */
void ipck_channel_close(struct ipck_channel *channel);

/* The following do to a channel what the functions of ipck.h promise. */

int ipck_channel_send(struct ipck_channel *channel, const void *buf, size_t len,
		      const struct ipck_send_opt *opt, unsigned int *limit);
ssize_t ipck_channel_recv(struct ipck_channel *channel, void *buf, size_t size,
			  const struct ipck_recv_opt *opt,
			  struct ipck_msg *msg);
int ipck_channel_send_plain(struct ipck_channel *channel, const void *buf,
			    size_t len);
ssize_t ipck_channel_recv_plain(struct ipck_channel *channel, void *buf,
				size_t size);
int ipck_channel_sendv(struct ipck_channel *channel,
		       struct ipck_send_item *items, unsigned int count,
		       const struct ipck_send_opt *opt);
int ipck_channel_recvv(struct ipck_channel *channel,
		       struct ipck_recv_item *items, unsigned int count,
		       const struct ipck_recv_opt *opt);

#endif /* IPCK_CHANNEL_H */
