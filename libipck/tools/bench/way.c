// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>

#include "way.h"

int way_stop_waiting(const struct line *line)
{
	int fd = line->to ? ipck_fd(line->to) : line->tx;

	return fcntl(fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

int way_result(ssize_t ret, size_t size)
{
	if (ret < 0)
		return -errno;
	return (size_t)ret == size ? 0 : -EBADMSG;
}
