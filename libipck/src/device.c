// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "ioctl.h"

/* A missing node must not look like a missing mailbox. */
static int device_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
		return -ENODEV;
	default:
		return -error;
	}
}

static int device_open(void)
{
	int saved = errno;
	int fd;

	fd = open(IPCMBOX_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fd = device_error(errno);
		errno = saved;
	}
	return fd;
}

int ipck_device_ioctl(unsigned long cmd, void *arg)
{
	int fd, ret;

	fd = device_open();
	if (fd < 0)
		return fd;
	ret = ipck_ioctl(fd, cmd, arg);
	close(fd);
	return ret;
}
