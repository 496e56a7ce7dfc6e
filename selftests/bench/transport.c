// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the transports have in common.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport.h"

void ends_open(struct end ends[2], const struct shape *shape,
	       int (*open_queue)(const struct shape *shape))
{
	ends[0].tx = open_queue(shape);
	ends[1].rx = ends[0].tx;
	ends[1].tx = shape->duplex ? open_queue(shape) : -1;
	ends[0].rx = ends[1].tx;
}

void ends_close(struct end ends[2], void (*close_queue)(int queue))
{
	close_queue(ends[0].tx);
	if (ends[1].tx >= 0)
		close_queue(ends[1].tx);
}

void close_descriptor(int fd)
{
	if (close(fd))
		err(EXIT_FAILURE, "close");
}

void write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(EXIT_FAILURE, "%s", path);
	close_descriptor(fd);
}
