// SPDX-License-Identifier: LGPL-2.1-or-later
/* Shm: segments of shared memory, opening and closing. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "ipck.h"
#include "open.h"
#include "reserved.h"
#include "shm.h"

#define OPEN_ID_FLAGS	(O_ACCMODE | IPCK_O_ADMIN | O_TRUNC | O_CLOEXEC)
#define OPEN_FLAGS	(OPEN_ID_FLAGS | O_CREAT | IPCK_OPEN_CREATE_FLAGS)

/* There is no segment that can only be written: mmap(2) has no such mapping. */
static int access_to_uapi(int oflag, uint32_t *access)
{
	return (oflag & O_ACCMODE) == O_WRONLY ? -EINVAL :
						 ipck_open_access(oflag, access);
}

/* The handle is made first, as in ipck_open_handle(). */
static int open_handle(struct ipck_shm **shmp,
		       struct ipcmbox_segment_open *args, unsigned int *limit)
{
	struct ipck_shm *shm;
	int fd;

	shm = malloc(sizeof(*shm));
	if (!shm)
		return -ENOMEM;
	fd = ipck_device_ioctl(IPCMBOX_IOC_SEGMENT_OPEN, args);
	if (fd < 0) {
		free(shm);
		if (fd == -EDQUOT || fd == -ENOMEM)
			*limit = args->limit;
		return fd;
	}
	shm->fd = fd;
	shm->id = args->id;
	*shmp = shm;
	return 0;
}

static int attr_to_uapi(const struct ipck_shm_attr *attr,
			struct ipcmbox_segment_open *args)
{
	static const struct ipck_shm_attr defaults;

	if (!attr)
		attr = &defaults;
	if (!ipck_is_reserved_zero(attr) || attr->flags & ~IPCK_SHM_SEALABLE)
		return -EINVAL;
	if (attr->flags & IPCK_SHM_SEALABLE)
		args->flags |= IPCMBOX_OPEN_SEALABLE;
	args->size = attr->size;
	args->seals = attr->seals;
	args->mode = attr->mode ? attr->mode : IPCK_MODE_DEFAULT;
	return 0;
}

static int open_args(struct ipcmbox_segment_open *args, const char *name,
		     int oflag, const struct ipck_shm_attr *attr)
{
	int ret;

	if (oflag & ~OPEN_FLAGS)
		return -EINVAL;
	ret = ipck_open_name(name, oflag, &args->name_ptr, &args->name_len);
	if (ret < 0)
		return ret;
	ret = access_to_uapi(oflag, &args->access);
	if (ret < 0)
		return ret;
	args->flags = ipck_open_flags(oflag);
	return oflag & O_CREAT ? attr_to_uapi(attr, args) : 0;
}

IPCK_API int ipck_shm_open(struct ipck_shm **shm, const char *name, int oflag,
			   const struct ipck_shm_attr *attr,
			   unsigned int *limit)
{
	struct ipcmbox_segment_open args = { 0 };
	unsigned int met = IPCK_LIMIT_NONE;
	int ret;

	if (limit)
		*limit = met;
	if (!shm)
		return -EINVAL;
	*shm = NULL;
	ret = open_args(&args, name, oflag, attr);
	if (ret < 0)
		return ret;
	ret = open_handle(shm, &args, &met);
	if (limit)
		*limit = met;
	return ret;
}

IPCK_API int ipck_shm_open_id(struct ipck_shm **shm, uint64_t id, int oflag)
{
	struct ipcmbox_segment_open args = { .id = id };
	unsigned int limit;
	int ret;

	if (!shm)
		return -EINVAL;
	*shm = NULL;
	if (oflag & ~OPEN_ID_FLAGS)
		return -EINVAL;
	ret = access_to_uapi(oflag, &args.access);
	if (ret < 0)
		return ret;
	args.flags = ipck_open_flags(oflag) | IPCMBOX_OPEN_BY_ID;
	return open_handle(shm, &args, &limit);
}

IPCK_API int ipck_shm_from_fd(struct ipck_shm **shmp, int fd)
{
	struct ipck_shm_info info;
	struct ipck_shm *shm;
	int ret;

	if (!shmp)
		return -EINVAL;
	*shmp = NULL;
	shm = malloc(sizeof(*shm));
	if (!shm)
		return -ENOMEM;
	shm->fd = fd;
	ret = ipck_shm_stat(shm, &info);
	if (ret < 0) {
		free(shm);
		return ret;
	}
	shm->id = info.id;
	*shmp = shm;
	return 0;
}

IPCK_API void ipck_shm_close(struct ipck_shm *shm)
{
	int saved = errno;

	if (!shm)
		return;
	close(shm->fd);
	free(shm);
	errno = saved;
}

IPCK_API int ipck_shm_fd(const struct ipck_shm *shm)
{
	return shm ? shm->fd : -EINVAL;
}

IPCK_API uint64_t ipck_shm_id(const struct ipck_shm *shm)
{
	return shm ? shm->id : 0;
}

IPCK_API int ipck_shm_unlink(const char *name)
{
	return ipck_remove_name(IPCMBOX_IOC_SEGMENT_UNLINK, name);
}

IPCK_API int ipck_shm_unlink_id(uint64_t id)
{
	return ipck_remove_name_of(IPCMBOX_IOC_SEGMENT_UNLINK, id);
}
