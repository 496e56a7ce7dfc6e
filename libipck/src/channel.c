// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Channel: what a program asks for, told to the two sides of a channel.
 *
 * Of what a mailbox of the kernel can do, a channel has a part only; the rest is
 * refused here, as there is no kernel to judge it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/ipcmbox.h>

#include "area.h"
#include "channel.h"
#include "consumer.h"
#include "deadline.h"
#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"
#include "payload.h"
#include "producer.h"
#include "reserved.h"

#define RECV_FLAGS	(IPCK_PEEK | IPCK_TOKEN | IPCK_IOVEC)

/**
 * struct ipck_channel - an open channel
 * @board: the kernel's page
 * @acks: the consumer's page
 * @producer: or NULL
 * @consumer: or NULL
 */
struct ipck_channel {
	void *board;
	void *acks;
	struct ipck_producer *producer;
	struct ipck_consumer *consumer;
};

/* Opening and closing. */

static int map_pages(struct ipck_channel *channel, int fd, uint32_t access)
{
	int prot = PROT_READ;
	int ret;

	ret = ipck_area_map(&channel->board, fd, IPCMBOX_CHANNEL_BOARD, 0,
			    prot);
	if (ret < 0)
		return ret;
	if (access & IPCMBOX_READ)
		prot |= PROT_WRITE;
	return ipck_area_map(&channel->acks, fd, IPCMBOX_CHANNEL_ACKS, 0, prot);
}

static int open_sides(struct ipck_channel *channel, int fd,
		      const struct ipcmbox_channel_info *info)
{
	int ret;

	/* To administer it nothing needs to be mapped. */
	if (!info->access)
		return 0;
	ret = map_pages(channel, fd, info->access);
	if (ret < 0)
		return ret;
	if (info->access & IPCMBOX_READ) {
		channel->consumer = calloc(1, sizeof(*channel->consumer));
		if (!channel->consumer)
			return -ENOMEM;
		ipck_consumer_open(channel->consumer, fd, info, channel->board,
				   channel->acks);
	}
	if (info->access & IPCMBOX_WRITE) {
		channel->producer = calloc(1, sizeof(*channel->producer));
		if (!channel->producer)
			return -ENOMEM;
		return ipck_producer_open(channel->producer, fd, info,
					  channel->board, channel->acks);
	}
	return 0;
}

int ipck_channel_open(struct ipck_channel **channelp, int fd)
{
	struct ipcmbox_channel_info info;
	struct ipck_channel *channel;
	int ret;

	*channelp = NULL;
	ret = ipck_ioctl(fd, IPCMBOX_IOC_CHANNEL_INFO, &info);
	if (ret == -ENOTTY)
		return 0;
	if (ret < 0)
		return ret;
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	ret = open_sides(channel, fd, &info);
	if (ret < 0)
		ipck_channel_close(channel);
	else
		*channelp = channel;
	return ret;
}

void ipck_channel_close(struct ipck_channel *channel)
{
	if (!channel)
		return;
	if (channel->producer)
		ipck_producer_close(channel->producer);
	if (channel->consumer)
		ipck_consumer_close(channel->consumer);
	ipck_area_unmap(channel->acks, 0);
	ipck_area_unmap(channel->board, 0);
	free(channel->producer);
	free(channel->consumer);
	free(channel);
}

/* Sending. */

static int limit_of(int error)
{
	switch (error) {
	case -EAGAIN:
		return IPCK_LIMIT_CAPACITY;
	case -EMSGSIZE:
		return IPCK_LIMIT_LENGTH;
	default:
		return IPCK_LIMIT_NONE;
	}
}

static int judge_send(const struct ipck_channel *channel,
		      const struct ipck_send_opt *opt,
		      struct ipck_deadline *deadline)
{
	if (!ipck_is_reserved_zero(opt) || opt->flags & ~IPCK_IOVEC ||
	    opt->priority || opt->completion != IPCK_QUEUED || opt->to_kind ||
	    opt->to || opt->events > UINT32_MAX || opt->nr_fds)
		return -EINVAL;
	if (!channel->producer)
		return -EACCES;
	return ipck_deadline_from(deadline, opt->wait, opt->clock,
				  opt->wait_ns);
}

int ipck_channel_send(struct ipck_channel *channel, const void *buf, size_t len,
		      const struct ipck_send_opt *opt, unsigned int *limit)
{
	struct ipck_deadline deadline;
	struct ipck_payload payload;
	int ret;

	ret = judge_send(channel, opt, &deadline);
	if (!ret)
		ret = ipck_payload_from(&payload, buf, len, opt->flags);
	if (!ret)
		ret = ipck_producer_send(channel->producer, &payload,
					 opt->events, &deadline);
	*limit = limit_of(ret);
	return ret;
}

int ipck_channel_send_plain(struct ipck_channel *channel, const void *buf,
			    size_t len)
{
	if (!channel->producer)
		return -EACCES;
	return ipck_producer_send_plain(channel->producer, buf, len);
}

static int send_item(struct ipck_channel *channel,
		     const struct ipck_send_item *item,
		     const struct ipck_deadline *deadline)
{
	struct ipck_payload payload;
	int ret;

	if (!ipck_is_reserved_zero(item) || item->priority || item->nr_fds ||
	    item->events > UINT32_MAX)
		return -EINVAL;
	ret = ipck_payload_from(&payload, item->buf, item->len, 0);
	if (ret < 0)
		return ret;
	return ipck_producer_put(channel->producer, &payload, item->events,
				 deadline);
}

/* The consumer is told of all of them at once, or when one has to wait. */
int ipck_channel_sendv(struct ipck_channel *channel,
		       struct ipck_send_item *items, unsigned int count,
		       const struct ipck_send_opt *opt)
{
	struct ipck_deadline deadline;
	unsigned int done;
	int ret;

	ret = judge_send(channel, opt, &deadline);
	if (ret < 0)
		return ret;
	for (done = 0; done < count; done++) {
		ret = send_item(channel, &items[done], &deadline);
		items[done].result = ret;
		items[done].limit = limit_of(ret);
		if (ret < 0)
			break;
	}
	ipck_producer_flush(channel->producer);
	return done ? (int)done : ret;
}

/* Receiving. */

static int judge_recv(const struct ipck_channel *channel,
		      const struct ipck_recv_opt *opt,
		      struct ipck_deadline *deadline)
{
	if (!ipck_is_reserved_zero(opt) || opt->min_priority || opt->events ||
	    opt->from_kind || opt->from || opt->lease_ns)
		return -EINVAL;
	if (!channel->consumer)
		return -EACCES;
	return ipck_deadline_from(deadline, opt->wait, opt->clock,
				  opt->wait_ns);
}

ssize_t ipck_channel_recv(struct ipck_channel *channel, void *buf, size_t size,
			  const struct ipck_recv_opt *opt, struct ipck_msg *msg)
{
	struct ipck_deadline deadline;
	struct ipck_payload payload;
	int ret;

	if (opt->flags & ~RECV_FLAGS)
		return -EINVAL;
	ret = judge_recv(channel, opt, &deadline);
	if (ret < 0)
		return ret;
	ret = ipck_payload_from(&payload, buf, size, opt->flags);
	if (ret < 0)
		return ret;
	return ipck_consumer_take(channel->consumer, &payload,
				  opt->flags & IPCK_PEEK, &deadline, msg);
}

ssize_t ipck_channel_recv_plain(struct ipck_channel *channel, void *buf,
				size_t size)
{
	if (!channel->consumer)
		return -EACCES;
	return ipck_consumer_take_plain(channel->consumer, buf, size);
}

static int recv_item(struct ipck_channel *channel, struct ipck_recv_item *item,
		     const struct ipck_deadline *deadline)
{
	struct ipck_payload payload;
	int ret;

	item->msg = (struct ipck_msg){ 0 };
	if (!ipck_is_reserved_zero(item))
		return -EINVAL;
	ret = ipck_payload_from(&payload, item->buf, item->size, 0);
	if (ret < 0)
		return ret;
	return ipck_consumer_take(channel->consumer, &payload, false, deadline,
				  &item->msg);
}

int ipck_channel_recvv(struct ipck_channel *channel,
		       struct ipck_recv_item *items, unsigned int count,
		       const struct ipck_recv_opt *opt)
{
	struct ipck_deadline deadline;
	unsigned int done;
	int ret;

	ret = judge_recv(channel, opt, &deadline);
	if (ret < 0)
		return ret;
	for (done = 0; done < count; done++) {
		ret = recv_item(channel, &items[done], &deadline);
		items[done].result = ret;
		if (ret < 0)
			break;
		/* The one that is waited for has come. */
		if (opt->flags & IPCK_WAIT_FOR_ONE)
			deadline.flags = IPCMBOX_NONBLOCK;
	}
	return done ? (int)done : ret;
}

/* Messages where they are. */

IPCK_API int ipck_reserve(struct ipck *mb, size_t len, void **buf,
			  const struct ipck_send_opt *opt)
{
	static const struct ipck_send_opt plain;
	struct ipck_deadline deadline;
	int ret;

	if (!opt)
		opt = &plain;
	if (!mb || !buf || !mb->channel || opt->flags)
		return -EINVAL;
	ret = judge_send(mb->channel, opt, &deadline);
	if (ret < 0)
		return ret;
	if (len > IPCK_LENGTH_MAX)
		return -EMSGSIZE;
	return ipck_producer_reserve(mb->channel->producer, len, opt->events,
				     &deadline, buf);
}

IPCK_API int ipck_commit(struct ipck *mb, size_t len)
{
	if (!mb || !mb->channel)
		return -EINVAL;
	if (!mb->channel->producer)
		return -EACCES;
	return ipck_producer_commit(mb->channel->producer, len);
}

IPCK_API ssize_t ipck_peek(struct ipck *mb, const void **buf,
			   const struct ipck_recv_opt *opt,
			   struct ipck_msg *msg)
{
	static const struct ipck_recv_opt plain;
	struct ipck_deadline deadline;
	int ret;

	if (!opt)
		opt = &plain;
	if (msg)
		*msg = (struct ipck_msg){ 0 };
	if (!mb || !buf || !mb->channel || opt->flags)
		return -EINVAL;
	ret = judge_recv(mb->channel, opt, &deadline);
	if (ret < 0)
		return ret;
	return ipck_consumer_peek(mb->channel->consumer, buf, &deadline, msg);
}

IPCK_API int ipck_release(struct ipck *mb)
{
	if (!mb || !mb->channel)
		return -EINVAL;
	if (!mb->channel->consumer)
		return -EACCES;
	return ipck_consumer_release(mb->channel->consumer);
}
