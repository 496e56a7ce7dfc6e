// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pidfd.h"

/* Enough for all that is known of a pidfd, in 32 nested pid namespaces. */
#define INFO_SIZE 1024

static int open_info(int fd)
{
	char path[64];
	int info;

	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info >= 0)
		return info;
	return errno == ENOENT ? -EOPNOTSUPP : -errno;
}

static int read_info(int fd, char *buf, size_t size)
{
	int info = open_info(fd);
	size_t done = 0;
	ssize_t n = 0;

	if (info < 0)
		return info;
	while (done < size - 1) {
		n = read(info, buf + done, size - 1 - done);
		if (n <= 0)
			break;
		done += n;
	}
	if (n < 0)
		n = -errno;
	buf[done] = '\0';
	close(info);
	return n < 0 ? n : 0;
}

/* "Pid: -1" is of a dead process, and 0 of one in a pid namespace elsewhere. */
static int parse_pid(const char *info, uint64_t *pid)
{
	static const char key[] = "\nPid:";
	const char *line = strstr(info, key);
	long number;

	if (!line)
		return -EBADF;
	number = strtol(line + strlen(key), NULL, 10);
	if (number <= 0)
		return -ESRCH;
	*pid = number;
	return 0;
}

int ipck_pidfd_pid(int pidfd, uint64_t *pid)
{
	char info[INFO_SIZE];
	int saved = errno, ret;

	ret = read_info(pidfd, info, sizeof(info));
	if (!ret)
		ret = parse_pid(info, pid);
	errno = saved;
	return ret;
}

int ipck_pidfd_check(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	int saved = errno, ret;

	ret = poll(&poll_fd, 1, 0);
	if (ret < 0)
		ret = -errno;
	else if (ret)
		ret = -ESRCH;
	errno = saved;
	return ret;
}
