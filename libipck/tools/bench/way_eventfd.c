// SPDX-License-Identifier: LGPL-2.1-or-later
/* Event descriptors: a number, and who is waiting wakes. They are what rings sleep on. */
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "way.h"

static int open_event(struct line *line, size_t size)
{
	(void)size;
	line->tx = eventfd(0, EFD_CLOEXEC);
	line->rx = line->tx;
	return line->tx < 0 ? -errno : 0;
}

static int send_number(const struct line *line, const void *buf, size_t size)
{
	return way_result(write(line->tx, buf, size), size);
}

static int recv_number(const struct line *line, void *buf, size_t size)
{
	return way_result(read(line->rx, buf, size), size);
}

const struct way eventfd_way = {
	.name = "eventfd",
	.max_size = sizeof(uint64_t),
	.turns_only = true,
	.open = open_event,
	.send = send_number,
	.recv = recv_number,
};
