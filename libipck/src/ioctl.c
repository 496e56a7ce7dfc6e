// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/ioctl.h>

#include "ioctl.h"

int ipck_ioctl(int fd, unsigned long cmd, void *arg)
{
	int saved = errno;
	int ret;

	ret = ioctl(fd, cmd, arg);
	if (ret < 0) {
		ret = -errno;
		errno = saved;
	}
	return ret;
}
