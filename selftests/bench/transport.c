// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the transports have in common.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* More queues are for transports of the kernel. */
#define QUEUES_MAX	8

/* What the kernel accounts on top of a message's bytes: more than it does. */
#define OVERHEAD	2048

static void make_socket_room(int fd, const struct shape *shape)
{
	int room = shape->capacity * (shape->size + OVERHEAD);
	int now;
	socklen_t length = sizeof(now);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &now, &length))
		err(EXIT_FAILURE, "SO_SNDBUF");
	if (now >= room)
		return;
	room /= 2; /* the kernel doubles it */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		err(EXIT_FAILURE, "SO_SNDBUFFORCE");
}

void sockets_open(struct end ends[2], const struct shape *shape, int type)
{
	int fds[2], i;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		err(EXIT_FAILURE, "socketpair");
	for (i = 0; i < 2; i++) {
		make_socket_room(fds[i], shape);
		ends[i].tx = fds[i];
		ends[i].rx = fds[i];
	}
}

void sockets_close(struct end ends[2])
{
	close_descriptor(ends[0].tx);
	close_descriptor(ends[1].tx);
}

void socket_send(const struct end *end, struct message *message, size_t size,
		 unsigned int priority)
{
	(void)priority;
	if (send(end->tx, message->data, size, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "send");
}

void socket_recv(const struct end *end, struct message *message, size_t size)
{
	if (recv(end->rx, message->data, size, 0) != (ssize_t)size)
		err(EXIT_FAILURE, "recv");
}

static void *queues[QUEUES_MAX];

int queue_number(void *queue)
{
	int number;

	for (number = 0; number < QUEUES_MAX; number++) {
		if (!queues[number]) {
			queues[number] = queue;
			return number;
		}
	}
	errx(EXIT_FAILURE, "too many queues");
}

void *queue_of(int number)
{
	return queues[number];
}

void queue_forget(int number)
{
	queues[number] = NULL;
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

void read_sysctl(const char *path, char *value, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, value, room - 1);

	if (length < 0)
		err(EXIT_FAILURE, "%s", path);
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	close_descriptor(fd);
}
