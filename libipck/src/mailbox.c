// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "attr.h"
#include "channel.h"
#include "device.h"
#include "export.h"
#include "ipck.h"
#include "mailbox.h"
#include "open.h"

#define OPEN_ID_FLAGS	(O_ACCMODE | IPCK_O_ADMIN | O_NONBLOCK | O_CLOEXEC)
#define OPEN_FLAGS	(OPEN_ID_FLAGS | O_CREAT | IPCK_OPEN_CREATE_FLAGS)

static_assert(IPCK_NAME_MAX == IPCMBOX_NAME_MAX, "ABI");

/* The handle is made first, so that nothing has to be undone for want of it. */
int ipck_open_handle(struct ipck **mbp, struct ipcmbox_open *args)
{
	struct ipck *mb;
	int fd, ret;

	mb = calloc(1, sizeof(*mb));
	if (!mb)
		return -ENOMEM;
	fd = ipck_device_ioctl(IPCMBOX_IOC_OPEN, args);
	if (fd < 0) {
		free(mb);
		return fd;
	}
	mb->fd = fd;
	mb->id = args->id;
	ret = ipck_channel_open(&mb->channel, fd);
	if (ret < 0) {
		ipck_close(mb);
		return ret;
	}
	*mbp = mb;
	return 0;
}

static int open_args(struct ipcmbox_open *args, const char *name, int oflag,
		     const struct ipck_attr *attr)
{
	int ret;

	if (oflag & ~OPEN_FLAGS)
		return -EINVAL;
	ret = ipck_open_name(name, oflag, &args->name_ptr, &args->name_len);
	if (ret < 0)
		return ret;
	ret = ipck_open_access(oflag, &args->access);
	if (ret < 0)
		return ret;
	args->flags = ipck_open_flags(oflag);
	return oflag & O_CREAT ? ipck_attr_to_uapi(attr, args) : 0;
}

IPCK_API int ipck_open(struct ipck **mb, const char *name, int oflag,
		       const struct ipck_attr *attr)
{
	struct ipcmbox_open args = { 0 };
	int ret;

	if (!mb)
		return -EINVAL;
	*mb = NULL;
	ret = open_args(&args, name, oflag, attr);
	if (ret < 0)
		return ret;
	return ipck_open_handle(mb, &args);
}

IPCK_API int ipck_open_id(struct ipck **mb, uint64_t id, int oflag)
{
	struct ipcmbox_open args = { .id = id };
	int ret;

	if (!mb)
		return -EINVAL;
	*mb = NULL;
	if (oflag & ~OPEN_ID_FLAGS)
		return -EINVAL;
	ret = ipck_open_access(oflag, &args.access);
	if (ret < 0)
		return ret;
	args.flags = ipck_open_flags(oflag) | IPCMBOX_OPEN_BY_ID;
	return ipck_open_handle(mb, &args);
}

IPCK_API int ipck_from_fd(struct ipck **mbp, int fd)
{
	struct ipck_info info;
	struct ipck *mb;
	int ret;

	if (!mbp)
		return -EINVAL;
	*mbp = NULL;
	mb = calloc(1, sizeof(*mb));
	if (!mb)
		return -ENOMEM;
	mb->fd = fd;
	ret = ipck_stat(mb, &info);
	if (!ret)
		ret = ipck_channel_open(&mb->channel, fd);
	if (ret < 0) {
		free(mb);
		return ret;
	}
	mb->id = info.id;
	*mbp = mb;
	return 0;
}

IPCK_API void ipck_close(struct ipck *mb)
{
	int saved = errno;

	if (!mb)
		return;
	ipck_channel_close(mb->channel);
	close(mb->fd);
	free(mb);
	errno = saved;
}

IPCK_API int ipck_fd(const struct ipck *mb)
{
	return mb ? mb->fd : -EINVAL;
}

IPCK_API uint64_t ipck_id(const struct ipck *mb)
{
	return mb ? mb->id : 0;
}

IPCK_API int ipck_unlink(const char *name)
{
	return ipck_remove_name(IPCMBOX_IOC_UNLINK, name);
}

IPCK_API int ipck_unlink_id(uint64_t id)
{
	return ipck_remove_name_of(IPCMBOX_IOC_UNLINK, id);
}
