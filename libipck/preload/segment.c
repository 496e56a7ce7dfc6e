// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Segment: shm_open(3), shm_unlink(3).
 *
 * Looked for first and made then, as queues are (queue.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "kernel.h"
#include "result.h"

/* As the C library has it: any number of '/' before it, none in it. */
static int name_to_uapi(const char *name, __u64 *ptr, __u32 *len)
{
	size_t length;

	name += strspn(name, "/");
	length = strlen(name);
	if (!length || strchr(name, '/') || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return -EINVAL;
	if (length > IPCMBOX_NAME_MAX)
		return -ENAMETOOLONG;
	*ptr = (uintptr_t)name;
	*len = length;
	return 0;
}

static int access_to_uapi(int oflag, __u32 *access)
{
	switch (oflag & O_ACCMODE) {
	case O_RDONLY:
		*access = IPCMBOX_READ;
		return 0;
	case O_WRONLY:
	case O_RDWR:
		*access = IPCMBOX_READ | IPCMBOX_WRITE;
		return 0;
	default:
		return -EINVAL;
	}
}

static int open_by(struct ipcmbox_segment_open args)
{
	return ipck_device_ioctl(IPCMBOX_IOC_SEGMENT_OPEN, &args);
}

/* To look whether the name exists takes no access. */
static int exists(struct ipcmbox_segment_open args)
{
	int ret;

	args.access = 0;
	ret = open_by(args);
	if (ret >= 0)
		close(ret);
	return ret >= 0 || ret == -EACCES ? -EEXIST : ret;
}

/* Also for whom only wants to read it. */
static int truncate_by(struct ipcmbox_segment_open args)
{
	int ret;

	args.access = IPCMBOX_READ | IPCMBOX_WRITE;
	args.flags = IPCMBOX_OPEN_TRUNCATE;
	ret = open_by(args);
	if (ret >= 0)
		close(ret);
	return ret < 0 ? ret : 0;
}

static int find(const struct ipcmbox_segment_open *args, int oflag)
{
	int ret = 0;

	if ((oflag & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return exists(*args);
	if (oflag & O_TRUNC)
		ret = truncate_by(*args);
	return ret < 0 ? ret : open_by(*args);
}

static int create(struct ipcmbox_segment_open args, int oflag, mode_t mode)
{
	int ret;

	args.flags = IPCMBOX_OPEN_CREATE;
	if (oflag & O_EXCL)
		args.flags |= IPCMBOX_OPEN_EXCL;
	args.mode = mode & 0666;
	ret = open_by(args);
	return ret == -EDQUOT ? -ENOSPC : ret;
}

static int open_next(const char *name, int oflag, mode_t mode)
{
	__typeof__(&shm_open) next = IPCK_NEXT(shm_open);
	int ret = next ? next(name, oflag, mode) : -1;

	return ret >= 0 ? ret : next ? -errno : -ENODEV;
}

/* Who has it in /dev/shm, and not here, is told like who has such a queue. */
static bool is_next(int ret, const struct ipcmbox_segment_open *args,
		    const char *name)
{
	const char *bare = (const char *)(uintptr_t)args->name_ptr;

	return (ret == -ENODEV ||
		(ret == -ENOENT && ipck_kernel_has_segment(bare))) &&
	       ipck_kernel_instead("segment", name, ret);
}

static int open_segment(const char *name, int oflag, mode_t mode)
{
	struct ipcmbox_segment_open args = { 0 };
	int ret;

	ret = name_to_uapi(name, &args.name_ptr, &args.name_len);
	if (!ret)
		ret = access_to_uapi(oflag, &args.access);
	if (ret < 0)
		return ret;
	ret = find(&args, oflag);
	if (is_next(ret, &args, name))
		return open_next(name, oflag, mode);
	if (ret == -ENOENT && oflag & O_CREAT)
		ret = create(args, oflag, mode);
	return ret;
}

IPCK_API int shm_open(const char *name, int oflag, mode_t mode)
{
	int ret, state;

	state = ipck_uncancelable();
	ret = open_segment(name, oflag, mode);
	ipck_cancelable(state);
	return ipck_device_result(ret);
}

static int unlink_next(const char *name)
{
	__typeof__(&shm_unlink) next = IPCK_NEXT(shm_unlink);
	int ret = next ? next(name) : -1;

	return ret >= 0 ? ret : next ? -errno : -ENODEV;
}

static int unlink_segment(const char *name)
{
	struct ipcmbox_segment_open names = { 0 };
	struct ipcmbox_unlink args = { 0 };
	int ret;

	ret = name_to_uapi(name, &names.name_ptr, &names.name_len);
	if (ret < 0)
		return ret == -EINVAL ? -ENOENT : ret;
	args.name_ptr = names.name_ptr;
	args.name_len = names.name_len;
	ret = ipck_device_ioctl(IPCMBOX_IOC_SEGMENT_UNLINK, &args);
	if (is_next(ret, &names, name))
		return unlink_next(name);
	return ret == -EPERM ? -EACCES : ret;
}

IPCK_API int shm_unlink(const char *name)
{
	int ret, state;

	state = ipck_uncancelable();
	ret = unlink_segment(name);
	ipck_cancelable(state);
	return ipck_device_result(ret);
}
