// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Message: sending and receiving.
 *
 * What needs no more than the first version of a command's structure uses that:
 * it is the shorter way through the kernel.
 *
 * A value that the kernel has to judge anyhow is passed on, for it to refuse.
 */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "deadline.h"
#include "export.h"
#include "ioctl.h"
#include "mailbox.h"
#include "message.h"
#include "reserved.h"

#define RECV_FLAGS	(IPCK_PEEK | IPCK_TOKEN | IPCK_IOVEC)

static_assert(IPCK_PRIORITY_MAX == IPCMBOX_PRIORITY_MAX, "ABI");
static_assert(IPCK_SENT_DROPPED == IPCMBOX_SENT_DROPPED, "ABI");
static_assert((int)IPCK_QUEUED == IPCMBOX_QUEUED, "ABI");
static_assert((int)IPCK_RECEIVED == IPCMBOX_RECEIVED, "ABI");
static_assert((int)IPCK_HANDLED == IPCMBOX_HANDLED, "ABI");
static_assert((int)IPCK_ANY == IPCMBOX_ANY, "ABI");
static_assert((int)IPCK_PROCESS == IPCMBOX_PROCESS, "ABI");
static_assert((int)IPCK_THREAD == IPCMBOX_THREAD, "ABI");
static_assert((int)IPCK_ENDPOINT_ID == IPCMBOX_ENDPOINT_ID, "ABI");

int ipck_out_to_uapi(const void *buf, size_t len, uint32_t flags,
		     struct ipck_iovec *room, __u64 *buf_ptr, __u32 *buf_len)
{
	if (flags & IPCK_IOVEC)
		return ipck_iovec_to_uapi(buf, len, room, buf_ptr, buf_len);
	if (len > IPCMBOX_LENGTH_MAX)
		return -EMSGSIZE;
	*buf_ptr = (uintptr_t)buf;
	*buf_len = len;
	return 0;
}

int ipck_in_to_uapi(void *buf, size_t size, uint32_t flags,
		    struct ipck_iovec *room, __u64 *buf_ptr, __u32 *buf_len)
{
	if (flags & IPCK_IOVEC)
		return ipck_iovec_to_uapi(buf, size, room, buf_ptr, buf_len);
	*buf_ptr = (uintptr_t)buf;
	/* No message is longer than this, so a larger buffer is no use. */
	*buf_len = size < IPCMBOX_LENGTH_MAX ? size : IPCMBOX_LENGTH_MAX;
	return 0;
}

/* What the first version of the structure has. */
static int send_to_v0(struct ipcmbox_send *args,
		      const struct ipck_send_opt *opt)
{
	struct ipck_deadline deadline;
	int ret;

	if (!ipck_is_reserved_zero(opt) || opt->flags & ~(IPCK_IOVEC | IPCK_MOVE))
		return -EINVAL;
	ret = ipck_deadline_from(&deadline, opt->wait, opt->clock,
				 opt->wait_ns);
	if (ret < 0)
		return ret;
	args->flags = deadline.flags | opt->flags;
	args->clock = deadline.clock;
	args->deadline_ns = deadline.ns;
	args->priority = opt->priority;
	args->completion = opt->completion;
	return 0;
}

int ipck_send_to_uapi(struct ipcmbox_send *args,
		      const struct ipck_send_opt *opt)
{
	args->events = opt->events;
	args->to = opt->to;
	args->to_kind = opt->to_kind;
	args->nr_fds = opt->nr_fds;
	args->fds_ptr = opt->nr_fds ? (uintptr_t)opt->fds : 0;
	return send_to_v0(args, opt);
}

static bool send_is_v0(const struct ipck_send_opt *opt)
{
	return !opt->flags && opt->completion <= IPCK_RECEIVED &&
	       !opt->events && !opt->to && !opt->to_kind && !opt->nr_fds;
}

static int send_message(struct ipck *mb, const void *buf, size_t len,
			const struct ipck_send_opt *opt, unsigned int *limit)
{
	bool v0 = send_is_v0(opt);
	struct ipcmbox_send args;
	struct ipck_iovec room;
	int ret;

	if (!mb)
		return -EINVAL;
	if (mb->channel)
		return ipck_channel_send(mb->channel, buf, len, opt, limit);
	memset(&args, 0, v0 ? IPCMBOX_SEND_SIZE_V0 : sizeof(args));
	ret = v0 ? send_to_v0(&args, opt) : ipck_send_to_uapi(&args, opt);
	if (ret < 0)
		return ret;
	ret = ipck_out_to_uapi(buf, len, opt->flags, &room, &args.buf_ptr,
			       &args.buf_len);
	if (ret == -EMSGSIZE)
		*limit = IPCK_LIMIT_LENGTH;
	if (ret < 0)
		return ret;
	ret = ipck_ioctl(mb->fd, v0 ? IPCMBOX_IOC_SEND_V0 : IPCMBOX_IOC_SEND,
			 &args);
	if (ipck_has_limit(ret))
		*limit = args.limit;
	return ret;
}

IPCK_API int ipck_send_opt(struct ipck *mb, const void *buf, size_t len,
			   const struct ipck_send_opt *opt, unsigned int *limit)
{
	static const struct ipck_send_opt plain;
	unsigned int met = IPCK_LIMIT_NONE;
	int ret;

	ret = send_message(mb, buf, len, opt ? opt : &plain, &met);
	if (limit)
		*limit = met;
	return ret;
}

IPCK_API int ipck_send(struct ipck *mb, const void *buf, size_t len,
		       unsigned int priority)
{
	struct ipcmbox_send args;

	if (!mb)
		return -EINVAL;
	if (mb->channel)
		return priority ? -EINVAL :
		       ipck_channel_send_plain(mb->channel, buf, len);
	if (len > IPCMBOX_LENGTH_MAX)
		return -EMSGSIZE;
	if (!priority && len <= IPCMBOX_PLAIN_MAX)
		return ipck_ioctl(mb->fd, IPCMBOX_IOC_WRITE(len), (void *)buf);
	memset(&args, 0, IPCMBOX_SEND_SIZE_V0);
	args.buf_ptr = (uintptr_t)buf;
	args.buf_len = len;
	args.priority = priority;
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_SEND_V0, &args);
}

/* What the first version of the structure has. */
static int recv_to_v0(struct ipcmbox_recv *args,
		      const struct ipck_recv_opt *opt)
{
	struct ipck_deadline deadline;
	int ret;

	if (!ipck_is_reserved_zero(opt))
		return -EINVAL;
	ret = ipck_deadline_from(&deadline, opt->wait, opt->clock,
				 opt->wait_ns);
	if (ret < 0)
		return ret;
	args->flags = deadline.flags | (opt->flags & IPCK_IOVEC);
	if (opt->flags & IPCK_PEEK)
		args->flags |= IPCMBOX_PEEK;
	args->clock = deadline.clock;
	args->deadline_ns = deadline.ns;
	args->min_priority = opt->min_priority;
	return 0;
}

int ipck_recv_to_uapi(struct ipcmbox_recv *args,
		      const struct ipck_recv_opt *opt)
{
	int ret;

	ret = recv_to_v0(args, opt);
	if (ret < 0)
		return ret;
	if (opt->lease_ns)
		args->flags |= IPCMBOX_LEASE;
	args->lease_ns = opt->lease_ns;
	args->select_events = opt->events;
	args->from = opt->from;
	args->from_kind = opt->from_kind;
	args->max_fds = opt->max_fds;
	args->fds_ptr = opt->max_fds ? (uintptr_t)opt->fds : 0;
	return 0;
}

/* Also true for what only the kernel can refuse. */
static bool recv_is_v0(const struct ipck_recv_opt *opt)
{
	return !(opt->flags & ~IPCK_PEEK) && !opt->events && !opt->from_kind &&
	       !opt->from && !opt->max_fds && !opt->lease_ns;
}

void ipck_msg_from_uapi(struct ipck_msg *msg, const struct ipcmbox_recv *args,
			int ret)
{
	*msg = (struct ipck_msg){ 0 };
	if (ret == -EMSGSIZE) {
		msg->length = args->length;
		msg->limit = args->limit;
		if (args->limit == IPCMBOX_LIMIT_FDS)
			msg->nr_fds = args->max_fds;
	}
	if (ret < 0)
		return;
	*msg = (struct ipck_msg){
		.length = args->length,
		.priority = args->priority,
		.seq = args->seq,
		.lost = args->lost,
		.sender_endpoint = args->sender_endpoint,
		.pid = args->pid,
		.tid = args->tid,
		.uid = args->uid,
		.gid = args->gid,
		.completion = (enum ipck_completion)args->completion,
		.token = args->token,
		.events = args->events,
		.call_deadline_ns = args->completion == IPCMBOX_HANDLED ?
				    args->call_deadline_ns : UINT64_MAX,
		.redelivered = args->redelivered,
		.nr_fds = args->nr_fds,
	};
}

/* That its sender may have given up meanwhile is nothing to tell a receiver. */
void ipck_msg_settle(struct ipck *mb, const struct ipck_recv_opt *opt,
		     struct ipck_msg *msg)
{
	if (!msg->token || opt->flags & IPCK_TOKEN || opt->lease_ns)
		return;
	ipck_ack(mb, msg->token);
	msg->token = 0;
}

/* Messages whose sender waits until they are handled are settled by this. */
static int recv_v0(struct ipck *mb, void *buf, size_t size,
		   const struct ipck_recv_opt *opt)
{
	struct ipcmbox_recv args;
	int ret;

	memset(&args, 0, IPCMBOX_RECV_SIZE_V0);
	ret = recv_to_v0(&args, opt);
	if (ret < 0)
		return ret;
	args.buf_ptr = (uintptr_t)buf;
	args.buf_len = size < IPCMBOX_LENGTH_MAX ? size : IPCMBOX_LENGTH_MAX;
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_RECV_V0, &args);
}

static int recv_message(struct ipck *mb, void *buf, size_t size,
			const struct ipck_recv_opt *opt, struct ipck_msg *msg)
{
	struct ipcmbox_recv args = { 0 };
	struct ipck_iovec room;
	int ret;

	ret = ipck_recv_to_uapi(&args, opt);
	if (ret < 0)
		return ret;
	ret = ipck_in_to_uapi(buf, size, opt->flags, &room, &args.buf_ptr,
			      &args.buf_len);
	if (ret < 0)
		return ret;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_RECV, &args);
	ipck_msg_from_uapi(msg, &args, ret);
	ipck_msg_settle(mb, opt, msg);
	return ret;
}

IPCK_API ssize_t ipck_recv_opt(struct ipck *mb, void *buf, size_t size,
			       const struct ipck_recv_opt *opt,
			       struct ipck_msg *msg)
{
	static const struct ipck_recv_opt plain;
	struct ipck_msg unwanted;

	if (!opt)
		opt = &plain;
	if (msg)
		*msg = (struct ipck_msg){ 0 };
	if (!mb || opt->flags & ~RECV_FLAGS)
		return -EINVAL;
	if (mb->channel)
		return ipck_channel_recv(mb->channel, buf, size, opt, msg);
	if (msg)
		return recv_message(mb, buf, size, opt, msg);
	/* Who asks for a token must look at it. */
	if (opt->flags & IPCK_TOKEN || opt->lease_ns)
		return -EINVAL;
	if (recv_is_v0(opt))
		return recv_v0(mb, buf, size, opt);
	return recv_message(mb, buf, size, opt, &unwanted);
}

/* Sets what the kernel reads; all the rest of it is written. */
IPCK_API ssize_t ipck_recv(struct ipck *mb, void *buf, size_t size)
{
	struct ipcmbox_recv args;

	if (!mb)
		return -EINVAL;
	if (mb->channel)
		return ipck_channel_recv_plain(mb->channel, buf, size);
	if (size <= IPCMBOX_PLAIN_MAX)
		return ipck_ioctl(mb->fd, IPCMBOX_IOC_READ(size), buf);
	args.buf_ptr = (uintptr_t)buf;
	args.buf_len = size < IPCMBOX_LENGTH_MAX ? size : IPCMBOX_LENGTH_MAX;
	args.flags = 0;
	args.deadline_ns = 0;
	args.clock = 0;
	args.min_priority = 0;
	args.__reserved = 0;
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_RECV_V0, &args);
}
