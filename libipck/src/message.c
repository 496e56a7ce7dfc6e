// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Message: sending and receiving.
 *
 * A clock or a time without a wait that needs one is passed on, for the kernel
 * to refuse.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>

#include <linux/ipcmbox.h>

#include "deadline.h"
#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"
#include "reserved.h"

static_assert(IPCK_PRIORITY_MAX == IPCMBOX_PRIORITY_MAX, "ABI");
static_assert(IPCK_SENT_DROPPED == IPCMBOX_SENT_DROPPED, "ABI");
static_assert((int)IPCK_QUEUED == IPCMBOX_QUEUED, "ABI");
static_assert((int)IPCK_RECEIVED == IPCMBOX_RECEIVED, "ABI");
static_assert((int)IPCK_LIMIT_BUFFER == IPCMBOX_LIMIT_BUFFER, "ABI");

/* What the kernel says beside errno means something with these only. */
static bool has_limit(int ret)
{
	return ret == -EAGAIN || ret == -EMSGSIZE || ret == -EDQUOT ||
	       ret == -ENOMEM;
}

static int send_args(struct ipcmbox_send *args, const struct ipck_send_opt *opt)
{
	struct ipck_deadline deadline;
	int ret;

	if (!ipck_is_reserved_zero(opt))
		return -EINVAL;
	ret = ipck_deadline_from(&deadline, opt->wait, opt->clock,
				 opt->wait_ns);
	if (ret < 0)
		return ret;
	args->flags = deadline.flags;
	args->clock = deadline.clock;
	args->deadline_ns = deadline.ns;
	args->priority = opt->priority;
	args->completion = opt->completion;
	return 0;
}

static int send_message(struct ipck *mb, const void *buf, size_t len,
			const struct ipck_send_opt *opt, unsigned int *limit)
{
	struct ipcmbox_send args = { .buf_ptr = (uintptr_t)buf };
	int ret;

	if (!mb)
		return -EINVAL;
	ret = send_args(&args, opt);
	if (ret < 0)
		return ret;
	if (len > IPCMBOX_LENGTH_MAX) {
		*limit = IPCK_LIMIT_LENGTH;
		return -EMSGSIZE;
	}
	args.buf_len = len;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_SEND, &args);
	if (has_limit(ret))
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
	const struct ipck_send_opt opt = { .priority = priority };

	return ipck_send_opt(mb, buf, len, &opt, NULL);
}

static int recv_args(struct ipcmbox_recv *args, const struct ipck_recv_opt *opt)
{
	struct ipck_deadline deadline;
	int ret;

	if (!ipck_is_reserved_zero(opt) || opt->flags & ~IPCK_PEEK)
		return -EINVAL;
	ret = ipck_deadline_from(&deadline, opt->wait, opt->clock,
				 opt->wait_ns);
	if (ret < 0)
		return ret;
	args->flags = deadline.flags;
	if (opt->flags & IPCK_PEEK)
		args->flags |= IPCMBOX_PEEK;
	args->clock = deadline.clock;
	args->deadline_ns = deadline.ns;
	args->min_priority = opt->min_priority;
	return 0;
}

static void msg_from_uapi(struct ipck_msg *msg, const struct ipcmbox_recv *args)
{
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
	};
}

static int recv_message(struct ipck *mb, void *buf, size_t size,
			const struct ipck_recv_opt *opt, struct ipck_msg *msg)
{
	struct ipcmbox_recv args = { .buf_ptr = (uintptr_t)buf };
	int ret;

	if (!mb)
		return -EINVAL;
	ret = recv_args(&args, opt);
	if (ret < 0)
		return ret;
	/* No message is longer than this, so a larger buffer is no use. */
	args.buf_len = size < IPCMBOX_LENGTH_MAX ? size : IPCMBOX_LENGTH_MAX;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_RECV, &args);
	if (ret >= 0) {
		msg_from_uapi(msg, &args);
	} else if (ret == -EMSGSIZE) {
		msg->length = args.length;
		msg->limit = args.limit;
	}
	return ret;
}

IPCK_API ssize_t ipck_recv_opt(struct ipck *mb, void *buf, size_t size,
			       const struct ipck_recv_opt *opt,
			       struct ipck_msg *msg)
{
	static const struct ipck_recv_opt plain;
	struct ipck_msg about = { 0 };
	int ret;

	ret = recv_message(mb, buf, size, opt ? opt : &plain, &about);
	if (msg)
		*msg = about;
	return ret;
}

IPCK_API ssize_t ipck_recv(struct ipck *mb, void *buf, size_t size)
{
	return ipck_recv_opt(mb, buf, size, NULL, NULL);
}
