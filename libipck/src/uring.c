// SPDX-License-Identifier: LGPL-2.1-or-later
/* Uring: sends and receives that a ring of io_uring does. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "mailbox.h"
#include "message.h"

#define RECV_FLAGS	(IPCK_PEEK | IPCK_TOKEN)

static_assert(sizeof(struct ipcmbox_send) <= sizeof(((struct ipck_uring *)0)->args), "room");
static_assert(sizeof(struct ipcmbox_recv) <= sizeof(((struct ipck_uring *)0)->args), "room");

/* Returns the command's structure, all 0. */
static void *begin(struct ipck_uring *uring, struct ipck *mb, uint32_t command)
{
	memset(uring, 0, sizeof(*uring));
	uring->mb = mb;
	uring->fd = mb->fd;
	uring->command = command;
	return uring->args;
}

IPCK_API int ipck_uring_send(struct ipck_uring *uring, struct ipck *mb,
			     const void *buf, size_t len,
			     const struct ipck_send_opt *opt)
{
	static const struct ipck_send_opt plain;
	struct ipcmbox_send *args;
	int ret;

	if (!opt)
		opt = &plain;
	/* What is in pieces, or moves, is for system calls only. */
	if (!uring || !mb || mb->channel || opt->flags)
		return -EINVAL;
	args = begin(uring, mb, IPCMBOX_IOC_SEND);
	ret = ipck_send_to_uapi(args, opt);
	if (ret < 0)
		return ret;
	return ipck_out_to_uapi(buf, len, 0, NULL, &args->buf_ptr,
				&args->buf_len);
}

IPCK_API int ipck_uring_recv(struct ipck_uring *uring, struct ipck *mb,
			     void *buf, size_t size,
			     const struct ipck_recv_opt *opt)
{
	static const struct ipck_recv_opt plain;
	struct ipcmbox_recv *args;
	int ret;

	if (!opt)
		opt = &plain;
	if (!uring || !mb || mb->channel || opt->flags & ~RECV_FLAGS)
		return -EINVAL;
	args = begin(uring, mb, IPCMBOX_IOC_RECV);
	uring->settles = !(opt->flags & IPCK_TOKEN || opt->lease_ns);
	ret = ipck_recv_to_uapi(args, opt);
	if (ret < 0)
		return ret;
	uring->max_fds = args->max_fds;
	return ipck_in_to_uapi(buf, size, 0, NULL, &args->buf_ptr,
			       &args->buf_len);
}

/* What the command has told there is not told again when it is submitted again. */
static void reset_recv(struct ipck_uring *uring)
{
	struct ipcmbox_recv *args = (void *)uring->args;

	args->max_fds = uring->max_fds;
}

static uint32_t take_limit(struct ipck_uring *uring, int res)
{
	struct ipcmbox_send *args = (void *)uring->args;
	uint32_t limit = ipck_has_limit(res) ? args->limit : IPCK_LIMIT_NONE;

	args->limit = IPCK_LIMIT_NONE;
	return limit;
}

IPCK_API ssize_t ipck_uring_result(struct ipck_uring *uring, int res,
				   struct ipck_msg *msg)
{
	static const struct ipck_recv_opt settling, keeping = { .flags = IPCK_TOKEN };
	struct ipck_msg unwanted;

	if (!uring)
		return -EINVAL;
	if (!msg)
		msg = &unwanted;
	if (uring->command != IPCMBOX_IOC_RECV) {
		*msg = (struct ipck_msg){ .limit = take_limit(uring, res) };
		return res;
	}
	ipck_msg_from_uapi(msg, (const void *)uring->args, res);
	ipck_msg_settle(uring->mb, uring->settles ? &settling : &keeping, msg);
	reset_recv(uring);
	return res;
}
