// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "action.h"
#include "scene.h"
#include "stage.h"

#define PASSED	4	/* descriptors at a time */

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

long action_ioctl(struct actor *actor, const uint64_t *args)
{
	return result(ioctl(actor->fd, args[0], args[1]));
}

long action_plain_write(struct actor *actor, const uint64_t *args)
{
	return result(ioctl(actor->fd, IPCMBOX_IOC_WRITE(args[1] & _IOC_SIZEMASK), args[0]));
}

long action_plain_read(struct actor *actor, const uint64_t *args)
{
	return result(ioctl(actor->fd, IPCMBOX_IOC_READ(args[1] & _IOC_SIZEMASK), args[0]));
}

long action_write(struct actor *actor, const uint64_t *args)
{
	return result(write(actor->fd, (void *)(uintptr_t)args[0], args[1]));
}

long action_read(struct actor *actor, const uint64_t *args)
{
	return result(read(actor->fd, (void *)(uintptr_t)args[0], args[1]));
}

/* The standard ones stay open, for what others have to say. */
long action_close(struct actor *actor, const uint64_t *args)
{
	(void)args;
	return actor->fd <= STDERR_FILENO ? -EBADF : result(close(actor->fd));
}

long action_dup(struct actor *actor, const uint64_t *args)
{
	(void)args;
	return result(fcntl(actor->fd, F_DUPFD_CLOEXEC, STDERR_FILENO));
}

long action_device(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	(void)args;
	return result(open(IPCMBOX_DEVICE, O_RDWR | O_CLOEXEC));
}

long action_eventfd(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	(void)args;
	return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

long action_memfd(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	(void)args;
	return result(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

long action_socketpair(struct actor *actor, const uint64_t *args)
{
	int fds[2], ret;

	(void)args;
	ret = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds);
	if (ret < 0)
		return -errno;
	scene_keep(actor->operation->out + 1, fds[1]);
	return fds[0];
}

struct passing {
	struct msghdr header;
	struct iovec vector;
	char byte;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(PASSED * sizeof(int))];
	} control;
};

static void passing_prepare(struct passing *passing)
{
	memset(passing, 0, sizeof(*passing));
	passing->vector.iov_base = &passing->byte;
	passing->vector.iov_len = 1;
	passing->header.msg_iov = &passing->vector;
	passing->header.msg_iovlen = 1;
	passing->header.msg_control = &passing->control;
	passing->header.msg_controllen = sizeof(passing->control);
}

long action_pass(struct actor *actor, const uint64_t *args)
{
	const int *fds = (const int *)(uintptr_t)args[0];
	struct passing passing;
	uint32_t count = 0;

	if (actor->operation->values[0].kind != VALUE_SLOTS)
		return -EINVAL;
	while (count < PASSED && fds[count] >= 0)
		count++;
	passing_prepare(&passing);
	passing.control.header.cmsg_level = SOL_SOCKET;
	passing.control.header.cmsg_type = SCM_RIGHTS;
	passing.control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&passing.control.header), fds, count * sizeof(int));
	passing.header.msg_controllen = CMSG_SPACE(count * sizeof(int));
	return result(sendmsg(actor->fd, &passing.header, MSG_DONTWAIT | MSG_NOSIGNAL));
}

long action_accept(struct actor *actor, const uint64_t *args)
{
	struct passing passing;
	int fds[PASSED];
	uint32_t i, count;
	long ret;

	(void)args;
	passing_prepare(&passing);
	ret = recvmsg(actor->fd, &passing.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (ret <= 0 || passing.header.msg_controllen < CMSG_LEN(sizeof(int)))
		return result(ret);
	count = (passing.control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(&passing.control.header), count * sizeof(int));
	for (i = 0; i < count; i++)
		scene_keep(actor->operation->out + i, fds[i]);
	return count;
}

long action_poll(struct actor *actor, const uint64_t *args)
{
	struct pollfd fd = { .fd = actor->fd, .events = args[0] };
	int ret = poll(&fd, 1, args[1] % 16);

	return ret == 1 ? fd.revents : result(ret);
}

long action_epoll_create(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	(void)args;
	return result(epoll_create1(EPOLL_CLOEXEC));
}

long action_epoll_ctl(struct actor *actor, const uint64_t *args)
{
	struct epoll_event event = { .events = args[2] };

	return result(epoll_ctl(actor->fd, args[1], args[0], &event));
}

long action_epoll_wait(struct actor *actor, const uint64_t *args)
{
	struct epoll_event events[4];

	return result(epoll_wait(actor->fd, events, 4, args[0] % 16));
}

long action_sleep(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	return result(usleep(args[0] % 16 * 1000));
}

long action_fork(struct actor *actor, const uint64_t *args)
{
	(void)args;
	return stage_fork(actor);
}

/* Signals that stop a process are no use here. */
long action_kill(struct actor *actor, const uint64_t *args)
{
	const uint32_t victim = args[0] % ACTORS;
	const int signal = args[1];
	const int32_t process = actor->stage->processes[victim];

	if (!process || (signal >= SIGSTOP && signal <= SIGTTOU))
		return -ESRCH;
	return result(syscall(SYS_tgkill, process, actor->stage->threads[victim], signal));
}

long action_exit(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	(void)args;
	_exit(0);
}

/* The one of that number, or what has no address. */
static struct mapping *mapping(uint64_t number)
{
	static struct mapping none;
	struct mapping *mapped = __atomic_load_n(&scene.mappings[number % MAPPINGS],
						 __ATOMIC_ACQUIRE);

	return mapped ?: &none;
}

long action_mmap(struct actor *actor, const uint64_t *args)
{
	struct mapping *mapped = &scene.mapped[actor->operation - actor->stage->program.operations];
	void *at;

	at = mmap64(NULL, args[1], args[2] & 7, args[3] & 3, actor->fd, args[4]);
	if (at == MAP_FAILED)
		return -errno;
	mapped->length = args[1];
	__atomic_store_n(&mapped->at, at, __ATOMIC_RELEASE);
	mapped = __atomic_exchange_n(&scene.mappings[args[0] % MAPPINGS], mapped, __ATOMIC_ACQ_REL);
	return mapped ? result(scene_unmap(mapped)) : 0;
}

long action_munmap(struct actor *actor, const uint64_t *args)
{
	struct mapping *mapped = mapping(args[0]);
	const uint64_t offset = args[1] & ~(PAGE - 1);
	const struct mapping old = *mapped;

	(void)actor;
	if (!old.at || offset >= old.length)
		return -EINVAL;
	if (args[2] && args[2] < old.length - offset)
		return result(munmap(old.at + offset, args[2]));
	if (offset)
		return result(munmap(old.at + offset, old.length - offset));
	return result(scene_unmap(mapped));
}

long action_mremap(struct actor *actor, const uint64_t *args)
{
	struct mapping *mapped = mapping(args[0]);
	unsigned char *old;
	void *at;
	long ret;

	(void)actor;
	if (args[1] > ARENA)
		return -EINVAL;
	old = __atomic_exchange_n(&mapped->at, NULL, __ATOMIC_ACQ_REL);
	if (!old)
		return -EINVAL;
	at = mremap(old, mapped->length, args[1], args[2] & (MREMAP_MAYMOVE | 4), NULL);
	ret = at == MAP_FAILED ? -errno : 0;
	if (!ret)
		mapped->length = args[1];
	__atomic_store_n(&mapped->at, ret ? old : at, __ATOMIC_RELEASE);
	return ret;
}

long action_mprotect(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	if (!mapping(args[0])->at)
		return -EINVAL;
	return result(mprotect(mapping(args[0])->at, mapping(args[0])->length, args[1] & 7));
}

long action_madvise(struct actor *actor, const uint64_t *args)
{
	(void)actor;
	if (!mapping(args[0])->at || args[1] >= 100)
		return -EINVAL;
	return result(madvise(mapping(args[0])->at, mapping(args[0])->length, args[1]));
}

/* By way of a file, so that a bad address is EFAULT and no signal. */
long action_store(struct actor *actor, const uint64_t *args)
{
	const struct mapping *mapped = mapping(args[0]);
	const off_t own = actor->number * sizeof(args[2]);

	if (!mapped->at || args[1] >= mapped->length)
		return -EFAULT;
	if (pwrite(scene.pad, &args[2], sizeof(args[2]), own) < 0)
		return -errno;
	return result(pread(scene.pad, mapped->at + args[1], sizeof(args[2]), own));
}

/* A segment that takes the guest's memory is of no use. */
long action_ftruncate(struct actor *actor, const uint64_t *args)
{
	return args[0] > 64 * ARENA && (int64_t)args[0] > 0 ? -EFBIG :
	       result(ftruncate(actor->fd, args[0]));
}

long action_fallocate(struct actor *actor, const uint64_t *args)
{
	return result(fallocate(actor->fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0,
				args[0]));
}

long action_fcntl(struct actor *actor, const uint64_t *args)
{
	switch (args[0]) {
	case 0:
		return result(fcntl(actor->fd, F_SETFL, args[1] & 1 ? O_NONBLOCK : 0));
	case 1:
		return result(fcntl(actor->fd, F_ADD_SEALS, args[1]));
	case 2:
		return result(fcntl(actor->fd, F_GET_SEALS));
	default:
		return result(fcntl(actor->fd, F_GETFL));
	}
}

long action_fstat(struct actor *actor, const uint64_t *args)
{
	struct stat stat;

	(void)args;
	return result(fstat(actor->fd, &stat));
}

long action_show(struct actor *actor, const uint64_t *args)
{
	char path[64], text[4096];
	ssize_t ret, all = 0;
	int fd;

	switch (args[0] % 5) {
	case 0:
		snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", actor->fd);
		break;
	case 1:
		snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", actor->fd);
		break;
	default:
		snprintf(path, sizeof(path), "/sys/kernel/debug/ipcmbox/%s",
			 args[0] % 5 == 2 ? "mailboxes" :
			 args[0] % 5 == 3 ? "segments" : "blocked");
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		ret = read(fd, text, sizeof(text));
		all += ret > 0 ? ret : 0;
	} while (ret > 0 && all < 64 << 10);
	close(fd);
	return all > 0;
}

long action_limit(struct actor *actor, const uint64_t *args)
{
	static const int resources[] = { RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_FSIZE };
	const struct rlimit limit = { .rlim_cur = args[1], .rlim_max = RLIM_INFINITY };

	(void)actor;
	return result(setrlimit(resources[args[0] % 3], &limit));
}

long action_become(struct actor *actor, const uint64_t *args)
{
	const long user = args[0] & 1 ? 65534 : 0;

	(void)actor;
	return result(syscall(SYS_setresuid, -1, user, 0));
}

long action_unshare(struct actor *actor, const uint64_t *args)
{
	if (unshare(CLONE_NEWIPC))
		return -errno;
	return action_device(actor, args);
}
