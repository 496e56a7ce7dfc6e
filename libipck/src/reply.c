// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reply: answering calls. */
#include "export.h"
#include "ioctl.h"
#include "mailbox.h"
#include "message.h"
#include "reserved.h"

#define RECV_FLAGS	(IPCK_TOKEN | IPCK_IOVEC)

static int reply_to_uapi(struct ipcmbox_reply *args, uint64_t token,
			 const void *buf, size_t len,
			 const struct ipck_reply_opt *opt,
			 struct ipck_iovec *room)
{
	static const struct ipck_reply_opt plain;

	if (!opt)
		opt = &plain;
	if (!ipck_is_reserved_zero(opt) || opt->flags & ~(IPCK_IOVEC | IPCK_MOVE))
		return -EINVAL;
	args->token = token;
	args->flags = opt->flags;
	args->status = opt->status;
	args->nr_fds = opt->nr_fds;
	args->fds_ptr = opt->nr_fds ? (uintptr_t)opt->fds : 0;
	return ipck_out_to_uapi(buf, len, opt->flags, room, &args->buf_ptr,
				&args->buf_len);
}

static int reply_message(struct ipck *mb, uint64_t token, const void *buf,
			 size_t len, const struct ipck_reply_opt *opt,
			 unsigned int *limit)
{
	struct ipcmbox_reply args = { 0 };
	struct ipck_iovec room;
	int ret;

	if (!mb)
		return -EINVAL;
	ret = reply_to_uapi(&args, token, buf, len, opt, &room);
	if (ret == -EMSGSIZE)
		*limit = IPCK_LIMIT_LENGTH;
	if (ret < 0)
		return ret;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_REPLY, &args);
	if (ipck_has_limit(ret))
		*limit = args.limit;
	return ret;
}

IPCK_API int ipck_reply_opt(struct ipck *mb, uint64_t token, const void *buf,
			    size_t len, const struct ipck_reply_opt *opt,
			    unsigned int *limit)
{
	unsigned int met = IPCK_LIMIT_NONE;
	int ret;

	ret = reply_message(mb, token, buf, len, opt, &met);
	if (limit)
		*limit = met;
	return ret;
}

IPCK_API int ipck_reply(struct ipck *mb, uint64_t token, const void *buf,
			size_t len)
{
	return ipck_reply_opt(mb, token, buf, len, NULL, NULL);
}

/* Both commands in one; @args are all 0, but the token of the reply. */
static int reply_recv(struct ipck *mb, struct ipcmbox_reply *reply_args,
		      struct ipcmbox_recv *recv_args)
{
	struct ipcmbox_reply_recv args = {
		.reply_ptr = (uintptr_t)reply_args,
		.recv_ptr = (uintptr_t)recv_args,
		.reply_size = sizeof(*reply_args),
		.recv_size = sizeof(*recv_args),
	};

	return ipck_ioctl(mb->fd, IPCMBOX_IOC_REPLY_RECV, &args);
}

/* The token tells how far it got: as long as it is there, nothing was received. */
static void msg_from_both(struct ipck_msg *msg,
			  const struct ipcmbox_reply *reply_args,
			  const struct ipcmbox_recv *recv_args, int ret)
{
	if (ret >= 0 || !reply_args->token) {
		ipck_msg_from_uapi(msg, recv_args, ret);
		return;
	}
	*msg = (struct ipck_msg){ .token = reply_args->token };
	if (ipck_has_limit(ret))
		msg->limit = reply_args->limit;
}

IPCK_API ssize_t ipck_reply_recv_opt(struct ipck *mb, const void *reply,
				     size_t len,
				     const struct ipck_reply_opt *reply_opt,
				     void *buf, size_t size,
				     const struct ipck_recv_opt *recv_opt,
				     struct ipck_msg *msg)
{
	static const struct ipck_recv_opt plain;
	struct ipck_iovec reply_room, recv_room;
	struct ipcmbox_reply reply_args = { 0 };
	struct ipcmbox_recv recv_args = { 0 };
	int ret;

	if (!recv_opt)
		recv_opt = &plain;
	if (!msg)
		return -EINVAL;
	*msg = (struct ipck_msg){ .token = msg->token };
	if (!mb || recv_opt->flags & ~RECV_FLAGS)
		return -EINVAL;
	if (msg->token) {
		ret = reply_to_uapi(&reply_args, msg->token, reply, len,
				    reply_opt, &reply_room);
		if (ret == -EMSGSIZE)
			msg->limit = IPCK_LIMIT_LENGTH;
		if (ret < 0)
			return ret;
	}
	ret = ipck_recv_to_uapi(&recv_args, recv_opt);
	if (ret < 0)
		return ret;
	ret = ipck_in_to_uapi(buf, size, recv_opt->flags, &recv_room,
			      &recv_args.buf_ptr, &recv_args.buf_len);
	if (ret < 0)
		return ret;
	ret = reply_recv(mb, &reply_args, &recv_args);
	msg_from_both(msg, &reply_args, &recv_args, ret);
	return ret;
}

IPCK_API ssize_t ipck_reply_recv(struct ipck *mb, const void *reply, size_t len,
				 void *buf, size_t size, struct ipck_msg *msg)
{
	return ipck_reply_recv_opt(mb, reply, len, NULL, buf, size, NULL, msg);
}
