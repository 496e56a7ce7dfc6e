// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "name.h"
#include "open.h"

#define FLAGS_OF_OPEN2	(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_NONBLOCK | \
			 O_CLOEXEC)

static_assert(!(IPCK_O_TRANSIENT & (FLAGS_OF_OPEN2 | IPCK_O_ADMIN)),
	      "IPCK_O_TRANSIENT is a flag of open(2)");
static_assert(!(IPCK_O_ADMIN & FLAGS_OF_OPEN2),
	      "IPCK_O_ADMIN is a flag of open(2)");

int ipck_open_access(int oflag, __u32 *access)
{
	switch (oflag & (O_ACCMODE | IPCK_O_ADMIN)) {
	case IPCK_O_ADMIN:
		*access = 0;
		return 0;
	case O_RDONLY:
		*access = IPCMBOX_READ;
		return 0;
	case O_WRONLY:
		*access = IPCMBOX_WRITE;
		return 0;
	case O_RDWR:
		*access = IPCMBOX_READ | IPCMBOX_WRITE;
		return 0;
	default:
		return -EINVAL;
	}
}

__u32 ipck_open_flags(int oflag)
{
	__u32 flags = 0;

	if (oflag & O_CREAT)
		flags |= IPCMBOX_OPEN_CREATE;
	if (oflag & O_EXCL)
		flags |= IPCMBOX_OPEN_EXCL;
	if (oflag & O_TRUNC)
		flags |= IPCMBOX_OPEN_TRUNCATE;
	if (oflag & O_NONBLOCK)
		flags |= IPCMBOX_OPEN_NONBLOCK;
	if (oflag & IPCK_O_TRANSIENT)
		flags |= IPCMBOX_OPEN_TRANSIENT;
	return flags;
}

int ipck_open_name(const char *name, int oflag, __u64 *ptr, __u32 *len)
{
	if (!(oflag & O_CREAT) && (oflag & IPCK_OPEN_CREATE_FLAGS || !name))
		return -EINVAL;
	return name ? ipck_name_to_uapi(name, ptr, len) : 0;
}

int ipck_remove_name(unsigned long cmd, const char *name)
{
	struct ipcmbox_unlink args = { 0 };
	int ret;

	ret = ipck_name_to_uapi(name, &args.name_ptr, &args.name_len);
	if (ret < 0)
		return ret;
	return ipck_device_ioctl(cmd, &args);
}

int ipck_remove_name_of(unsigned long cmd, uint64_t id)
{
	struct ipcmbox_unlink args = {
		.flags = IPCMBOX_OPEN_BY_ID,
		.id = id,
	};

	return ipck_device_ioctl(cmd, &args);
}
