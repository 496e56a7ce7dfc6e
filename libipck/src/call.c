// SPDX-License-Identifier: LGPL-2.1-or-later
/* Call: a request, and waiting for its reply. */
#include "deadline.h"
#include "export.h"
#include "ioctl.h"
#include "mailbox.h"
#include "message.h"
#include "reserved.h"

static int call_to_uapi(struct ipcmbox_call *args,
			const struct ipck_call_opt *opt)
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
	args->nr_fds = opt->nr_fds;
	args->fds_ptr = opt->nr_fds ? (uintptr_t)opt->fds : 0;
	args->max_reply_fds = opt->max_reply_fds;
	args->reply_fds_ptr = opt->max_reply_fds ?
			      (uintptr_t)opt->reply_fds : 0;
	return 0;
}

static void answer_from_uapi(struct ipck_answer *answer,
			     const struct ipcmbox_call *args, int ret)
{
	*answer = (struct ipck_answer){ .cookie = args->cookie };
	if (ipck_has_limit(ret))
		answer->limit = args->limit;
	if (ret >= 0 || ret == -EMSGSIZE)
		answer->length = args->reply_length;
	if (ret >= 0) {
		answer->status = args->status;
		answer->nr_fds = args->nr_reply_fds;
	}
}

static int call(struct ipck *mb, const void *buf, size_t len, void *reply,
		size_t size, const struct ipck_call_opt *opt,
		struct ipck_answer *answer)
{
	struct ipcmbox_call args = { .cookie = answer->cookie };
	struct ipck_iovec room, reply_room;
	int ret;

	*answer = (struct ipck_answer){ .cookie = args.cookie };
	if (!mb)
		return -EINVAL;
	ret = call_to_uapi(&args, opt);
	if (ret < 0)
		return ret;
	ret = ipck_out_to_uapi(buf, len, opt->flags, &room, &args.buf_ptr,
			       &args.buf_len);
	if (ret == -EMSGSIZE)
		answer->limit = IPCK_LIMIT_LENGTH;
	if (ret < 0)
		return ret;
	ret = ipck_in_to_uapi(reply, size, opt->flags, &reply_room,
			      &args.reply_ptr, &args.reply_len);
	if (ret < 0)
		return ret;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_CALL, &args);
	answer_from_uapi(answer, &args, ret);
	return ret;
}

IPCK_API ssize_t ipck_call_opt(struct ipck *mb, const void *buf, size_t len,
			       void *reply, size_t size,
			       const struct ipck_call_opt *opt,
			       struct ipck_answer *answer)
{
	static const struct ipck_call_opt plain;
	struct ipck_answer unwanted = { 0 };
	int ret;

	if (!opt)
		opt = &plain;
	if (answer)
		return call(mb, buf, len, reply, size, opt, answer);
	ret = call(mb, buf, len, reply, size, opt, &unwanted);
	/* Nobody could resume it. */
	if (ret < 0 && unwanted.cookie)
		ipck_call_cancel(mb, unwanted.cookie);
	return ret;
}

IPCK_API ssize_t ipck_call(struct ipck *mb, const void *buf, size_t len,
			   void *reply, size_t size)
{
	return ipck_call_opt(mb, buf, len, reply, size, NULL, NULL);
}

IPCK_API int ipck_call_cancel(struct ipck *mb, uint64_t cookie)
{
	struct ipcmbox_call args = {
		.flags = IPCMBOX_CALL_CANCEL,
		.cookie = cookie,
	};

	/* Without a cookie it would be a call. */
	if (!mb || !cookie)
		return -EINVAL;
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_CALL, &args);
}
