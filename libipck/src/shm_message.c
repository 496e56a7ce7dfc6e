// SPDX-License-Identifier: LGPL-2.1-or-later
/* Shm message: segments that are handed over. */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "ipck.h"
#include "shm.h"

static_assert(IPCK_MOVE == IPCMBOX_MOVE, "ABI");
static_assert(sizeof(struct ipck_range) == 16, "what is in the message");

IPCK_API int ipck_shm_send(struct ipck *mb, struct ipck_shm *shm,
			   const struct ipck_range *range,
			   const struct ipck_send_opt *opt, unsigned int *limit)
{
	struct ipck_send_opt with_segment = { 0 };
	struct ipck_shm_info info;
	struct ipck_range all;
	int ret;

	if (limit)
		*limit = IPCK_LIMIT_NONE;
	if (!shm)
		return -EINVAL;
	if (opt)
		with_segment = *opt;
	if (with_segment.nr_fds || with_segment.flags & IPCK_IOVEC)
		return -EINVAL;
	with_segment.fds = &shm->fd;
	with_segment.nr_fds = 1;
	if (!range) {
		ret = ipck_shm_stat(shm, &info);
		if (ret < 0)
			return ret;
		all = (struct ipck_range){ .length = info.size };
		range = &all;
	}
	return ipck_send_opt(mb, range, sizeof(*range), &with_segment, limit);
}

static int check_range(struct ipck_shm *shm, const struct ipck_range *range)
{
	struct ipck_shm_info info;
	int ret;

	ret = ipck_shm_stat(shm, &info);
	if (ret < 0)
		return ret;
	if (range->offset > info.size ||
	    range->length > info.size - range->offset)
		return -EBADMSG;
	return 0;
}

/* The descriptor @fd becomes the handle's, or is closed. */
static int take_over(struct ipck_shm **shm, int fd,
		     const struct ipck_range *range)
{
	int ret;

	ret = ipck_shm_from_fd(shm, fd);
	if (ret < 0) {
		if (fd >= 0)
			close(fd);
		return ret == -ENOMEM ? ret : -EBADMSG;
	}
	ret = check_range(*shm, range);
	if (ret < 0) {
		ipck_shm_close(*shm);
		*shm = NULL;
	}
	return ret;
}

IPCK_API int ipck_shm_recv(struct ipck *mb, struct ipck_shm **shm,
			   struct ipck_range *range,
			   const struct ipck_recv_opt *opt,
			   struct ipck_msg *msg)
{
	struct ipck_recv_opt with_segment = { 0 };
	struct ipck_msg unwanted;
	ssize_t length;
	int fd = -1;

	if (shm)
		*shm = NULL;
	if (!shm || !range)
		return -EINVAL;
	if (opt)
		with_segment = *opt;
	if (with_segment.max_fds || with_segment.flags & IPCK_IOVEC)
		return -EINVAL;
	/* As in ipck_recv_opt(): who asks for a token must look at it. */
	if (!msg && (with_segment.flags & IPCK_TOKEN || with_segment.lease_ns))
		return -EINVAL;
	with_segment.fds = &fd;
	with_segment.max_fds = 1;
	if (!msg)
		msg = &unwanted;
	length = ipck_recv_opt(mb, range, sizeof(*range), &with_segment, msg);
	if (length < 0)
		return length;
	if (length == sizeof(*range) && msg->nr_fds == 1)
		return take_over(shm, fd, range);
	if (msg->nr_fds == 1 && fd >= 0)
		close(fd);
	return -EBADMSG;
}
