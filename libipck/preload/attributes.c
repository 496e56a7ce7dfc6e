// SPDX-License-Identifier: LGPL-2.1-or-later
/* Attributes: mq_getattr(3), mq_setattr(3). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdint.h>

#include "export.h"
#include "ipck.h"
#include "kernel.h"
#include "mailbox.h"
#include "result.h"

/* Those of a mailbox that was made otherwise may be beyond a long of 32 bits. */
static long clamp(uint64_t number)
{
	return number < LONG_MAX ? (long)number : LONG_MAX;
}

static int look(mqd_t mqdes, struct mq_attr *attr)
{
	struct ipck mb = { .fd = mqdes };
	struct ipck_info info;
	int ret;

	ret = ipck_stat(&mb, &info);
	if (ret < 0)
		return ret;
	if (info.discipline != IPCK_QUEUE)
		return -EBADF;
	*attr = (struct mq_attr){
		.mq_flags = fcntl(mqdes, F_GETFL) & O_NONBLOCK,
		.mq_maxmsg = clamp(info.capacity),
		.mq_msgsize = clamp(info.max_length),
		.mq_curmsgs = clamp(info.messages - info.receiving),
	};
	return 0;
}

static int set_nonblock(mqd_t mqdes, bool nonblock)
{
	int flags = fcntl(mqdes, F_GETFL);

	flags = nonblock ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(mqdes, F_SETFL, flags) < 0 ? -errno : 0;
}

/* Both ends are optional, as for the system call. */
static int get_and_set(mqd_t mqdes, const struct mq_attr *attr,
		       struct mq_attr *old)
{
	struct mq_attr found;
	int ret;

	if (attr && attr->mq_flags & ~O_NONBLOCK)
		return -EINVAL;
	ret = look(mqdes, &found);
	if (!ret && attr)
		ret = set_nonblock(mqdes, attr->mq_flags & O_NONBLOCK);
	if (!ret && old)
		*old = found;
	return ret;
}

IPCK_API int mq_getattr(mqd_t mqdes, struct mq_attr *attr)
{
	__typeof__(&mq_getattr) next;
	int ret;

	ret = get_and_set(mqdes, NULL, attr);
	next = IPCK_NEXT_AFTER(ret, mq_getattr);
	return next ? next(mqdes, attr) : ipck_queue_result(ret);
}

IPCK_API int mq_setattr(mqd_t mqdes, const struct mq_attr *attr,
			struct mq_attr *old)
{
	__typeof__(&mq_setattr) next;
	int ret;

	ret = get_and_set(mqdes, attr, old);
	next = IPCK_NEXT_AFTER(ret, mq_setattr);
	return next ? next(mqdes, attr, old) : ipck_queue_result(ret);
}
