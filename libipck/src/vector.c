// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Vector: many messages in few system calls.
 *
 * Items cross in batches on the stack.  One that is bad already here ends its
 * batch; those before it are done first, as if each were on its own.
 */
#include <limits.h>

#include "channel.h"
#include "export.h"
#include "ioctl.h"
#include "mailbox.h"
#include "message.h"
#include "reserved.h"

/* Messages of one system call: what of them is on the stack is 3 or 6 KiB. */
#define BATCH 32

#define RECV_FLAGS	(IPCK_TOKEN | IPCK_WAIT_FOR_ONE)

/* Return: how many elements are done, or what the first one failed with. */
static int run(struct ipck *mb, unsigned long cmd, void *array,
	       unsigned int count, size_t element_size, uint32_t flags)
{
	struct ipcmbox_vector vector = {
		.array_ptr = (uintptr_t)array,
		.count = count,
		.element_size = element_size,
		.flags = flags,
	};

	return count ? ipck_ioctl(mb->fd, cmd, &vector) : 0;
}

static int fill_send(struct ipcmbox_send *args, struct ipck_send_item *item)
{
	item->limit = IPCK_LIMIT_NONE;
	if (!ipck_is_reserved_zero(item))
		return -EINVAL;
	if (item->len > IPCMBOX_LENGTH_MAX) {
		item->limit = IPCK_LIMIT_LENGTH;
		return -EMSGSIZE;
	}
	args->buf_ptr = (uintptr_t)item->buf;
	args->buf_len = item->len;
	args->priority = item->priority;
	args->events = item->events;
	args->nr_fds = item->nr_fds;
	args->fds_ptr = item->nr_fds ? (uintptr_t)item->fds : 0;
	return 0;
}

/* Return: how many were sent; if not all, *error is what the next failed with. */
static unsigned int send_batch(struct ipck *mb, struct ipck_send_item *items,
			       unsigned int count,
			       const struct ipcmbox_send *all, int *error)
{
	struct ipcmbox_send args[BATCH];
	unsigned int filled, done = 0;
	int ret;

	*error = 0;
	for (filled = 0; filled < count; filled++) {
		args[filled] = *all;
		*error = fill_send(&args[filled], &items[filled]);
		if (*error)
			break;
	}
	ret = run(mb, IPCMBOX_IOC_SENDV, args, filled, sizeof(args[0]), 0);
	if (ret > 0)
		for (; done < (unsigned int)ret; done++)
			items[done].result = args[done].result;
	if (done < filled) {
		*error = ret < 0 ? ret : args[done].result;
		if (ipck_has_limit(*error))
			items[done].limit = args[done].limit;
	}
	if (*error)
		items[done].result = *error;
	return done;
}

IPCK_API int ipck_sendv(struct ipck *mb, struct ipck_send_item *items,
			unsigned int count, const struct ipck_send_opt *opt)
{
	static const struct ipck_send_opt plain;
	struct ipcmbox_send all = { 0 };
	unsigned int done = 0, n, want;
	int ret;

	if (!opt)
		opt = &plain;
	if (!mb || !items || !count || count > INT_MAX)
		return -EINVAL;
	if (opt->flags || opt->priority || opt->events || opt->nr_fds)
		return -EINVAL;
	if (mb->channel)
		return ipck_channel_sendv(mb->channel, items, count, opt);
	ret = ipck_send_to_uapi(&all, opt);
	if (ret < 0)
		return ret;
	do {
		want = count - done < BATCH ? count - done : BATCH;
		n = send_batch(mb, items + done, want, &all, &ret);
		done += n;
	} while (n == want && done < count);
	return done ? (int)done : ret;
}

static int fill_recv(struct ipcmbox_recv *args, struct ipck_recv_item *item)
{
	item->msg = (struct ipck_msg){ 0 };
	if (!ipck_is_reserved_zero(item))
		return -EINVAL;
	args->buf_ptr = (uintptr_t)item->buf;
	args->buf_len = item->size < IPCMBOX_LENGTH_MAX ? item->size :
							  IPCMBOX_LENGTH_MAX;
	args->max_fds = item->max_fds;
	args->fds_ptr = item->max_fds ? (uintptr_t)item->fds : 0;
	return 0;
}

static void finish_recv(struct ipck *mb, struct ipck_recv_item *item,
			const struct ipck_recv_opt *opt,
			const struct ipcmbox_recv *args, int result)
{
	item->result = result;
	ipck_msg_from_uapi(&item->msg, args, result);
	ipck_msg_settle(mb, opt, &item->msg);
}

/* Return: how many came; if not all, *error is what the next failed with. */
static unsigned int recv_batch(struct ipck *mb, struct ipck_recv_item *items,
			       unsigned int count,
			       const struct ipck_recv_opt *opt,
			       const struct ipcmbox_recv *all, int *error)
{
	struct ipcmbox_recv args[BATCH];
	unsigned int filled, done = 0;
	uint32_t flags = 0;
	int ret;

	if (opt->flags & IPCK_WAIT_FOR_ONE)
		flags = IPCMBOX_VECTOR_WAIT_FOR_ONE;
	*error = 0;
	for (filled = 0; filled < count; filled++) {
		args[filled] = *all;
		*error = fill_recv(&args[filled], &items[filled]);
		if (*error)
			break;
	}
	ret = run(mb, IPCMBOX_IOC_RECVV, args, filled, sizeof(args[0]), flags);
	if (ret > 0)
		for (; done < (unsigned int)ret; done++)
			finish_recv(mb, &items[done], opt, &args[done],
				    args[done].result);
	if (done < filled) {
		*error = ret < 0 ? ret : args[done].result;
		finish_recv(mb, &items[done], opt, &args[done], *error);
	} else if (*error) {
		items[done].result = *error;
	}
	return done;
}

IPCK_API int ipck_recvv(struct ipck *mb, struct ipck_recv_item *items,
			unsigned int count, const struct ipck_recv_opt *opt)
{
	static const struct ipck_recv_opt plain;
	struct ipcmbox_recv all = { 0 };
	unsigned int done = 0, n, want;
	int ret;

	if (!opt)
		opt = &plain;
	if (!mb || !items || !count || count > INT_MAX)
		return -EINVAL;
	if (opt->flags & ~RECV_FLAGS || opt->max_fds)
		return -EINVAL;
	if (mb->channel)
		return ipck_channel_recvv(mb->channel, items, count, opt);
	ret = ipck_recv_to_uapi(&all, opt);
	if (ret < 0)
		return ret;
	do {
		want = count - done < BATCH ? count - done : BATCH;
		n = recv_batch(mb, items + done, want, opt, &all, &ret);
		done += n;
		/* The one that is waited for has come. */
		if (opt->flags & IPCK_WAIT_FOR_ONE) {
			all.flags &= ~IPCMBOX_DEADLINE;
			all.flags |= IPCMBOX_NONBLOCK;
			all.deadline_ns = 0;
			all.clock = 0;
		}
	} while (n == want && done < count);
	return done ? (int)done : ret;
}
