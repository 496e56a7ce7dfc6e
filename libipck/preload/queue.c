// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Queue: mq_open(3), mq_close(3), mq_unlink(3).
 *
 * A queue is first looked for and then made, so that one that exists among the
 * kernel's own is noticed before another of its name is made here.
 */
#undef _FORTIFY_SOURCE	/* mq_open() would be defined in the header, too */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "glibc.h"
#include "ipck.h"
#include "kernel.h"
#include "limits.h"
#include "mailbox.h"
#include "notification.h"
#include "result.h"

/* As the C library and the kernel look at it, in their order. */
static int name_to_uapi(const char *name, __u64 *ptr, __u32 *len)
{
	size_t length;

	if (*name++ != '/')
		return -EINVAL;
	length = strlen(name);
	if (!length)
		return -ENOENT;
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	if (length > IPCMBOX_NAME_MAX)
		return -ENAMETOOLONG;
	*ptr = (uintptr_t)name;
	*len = length;
	return 0;
}

/* What else there is of that name is not for these functions. */
static int check_queue(int fd)
{
	struct ipck mb = { .fd = fd };
	struct ipck_info info;
	int ret;

	ret = ipck_stat(&mb, &info);
	if (!ret && info.discipline != IPCK_QUEUE)
		ret = -EINVAL;
	if (ret < 0)
		close(fd);
	return ret < 0 ? ret : fd;
}

/*
 * The two accesses that are none: looking whether the name exists, and the one
 * that only a new queue can be opened with.
 */
static bool is_look(int oflag)
{
	return (oflag & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
}

static bool is_without_access(int oflag)
{
	return (oflag & O_ACCMODE) == O_ACCMODE;
}

static __u32 access_of(int oflag)
{
	static const __u32 accesses[] = {
		[O_RDONLY] = IPCMBOX_READ,
		[O_WRONLY] = IPCMBOX_WRITE,
		[O_RDWR] = IPCMBOX_READ | IPCMBOX_WRITE,
		[O_ACCMODE] = 0,
	};

	return accesses[oflag & O_ACCMODE];
}

static int find(struct ipcmbox_open args, int oflag)
{
	int ret;

	if (is_look(oflag))
		args.access = 0;
	ret = ipck_device_ioctl(IPCMBOX_IOC_OPEN, &args);
	if (is_look(oflag) || is_without_access(oflag)) {
		if (ret >= 0)
			close(ret);
		/* It is there, whether or not it is the caller's to look at. */
		if (ret >= 0 || ret == -EACCES)
			return is_look(oflag) ? -EEXIST : -EINVAL;
	}
	/* A channel that has its consumer. */
	if (ret == -EBUSY)
		ret = -EINVAL;
	return ret < 0 ? ret : check_queue(ret);
}

static int create(struct ipcmbox_open args, int oflag, mode_t mode,
		  const struct mq_attr *attr)
{
	int ret;

	ret = ipck_limits_of_queue(attr, &args);
	if (ret < 0)
		return ret;
	args.flags |= IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_POSIX;
	if (oflag & O_EXCL)
		args.flags |= IPCMBOX_OPEN_EXCL;
	args.mode = mode & 0666;
	ret = ipck_device_ioctl(IPCMBOX_IOC_OPEN, &args);
	if (ret == -EDQUOT)
		ret = -ENOSPC;
	return ret < 0 ? ret : check_queue(ret);
}

static int open_next(const char *name, int oflag, mode_t mode,
		     struct mq_attr *attr)
{
	__typeof__(&mq_open) next = IPCK_NEXT(mq_open);
	int ret = next ? next(name, oflag, mode, attr) : -1;

	return ret >= 0 ? ret : next ? -errno : -ENODEV;
}

static int open_queue(const char *name, int oflag, mode_t mode,
		      struct mq_attr *attr)
{
	struct ipcmbox_open args = {
		.flags = oflag & O_NONBLOCK ? IPCMBOX_OPEN_NONBLOCK : 0,
		.access = access_of(oflag),
	};
	bool is_strange;
	int ret;

	ret = name_to_uapi(name, &args.name_ptr, &args.name_len);
	if (ret < 0)
		return ret;
	ret = find(args, oflag);
	is_strange = ret == -ENOENT && ipck_kernel_has_queue(name);
	if ((is_strange || ret == -ENODEV) &&
	    ipck_kernel_instead("queue", name, ret))
		return open_next(name, oflag, mode, attr);
	if (ret == -ENOENT && oflag & O_CREAT)
		ret = create(args, oflag, mode, attr);
	return ret;
}

IPCK_API mqd_t mq_open(const char *name, int oflag, ...)
{
	struct mq_attr *attr = NULL;
	mode_t mode = 0;
	int ret, state;
	va_list args;

	if (oflag & O_CREAT) {
		va_start(args, oflag);
		mode = va_arg(args, mode_t);
		attr = va_arg(args, struct mq_attr *);
		va_end(args);
	}
	state = ipck_uncancelable();
	ret = open_queue(name, oflag, mode, attr);
	ipck_cancelable(state);
	return ipck_device_result(ret);
}

IPCK_API mqd_t __mq_open_2(const char *name, int oflag)
{
	static const char text[] =
		"*** invalid mq_open call: O_CREAT without mode and attr ***\n";

	if (oflag & O_CREAT) {
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			abort();
		abort();
	}
	return mq_open(name, oflag);
}

/* No cancellation point, other than close(2). */
IPCK_API int mq_close(mqd_t mqdes)
{
	int ret = syscall(SYS_close, mqdes);

	ipck_notification_sweep();
	return ret;
}

static int unlink_next(const char *name)
{
	__typeof__(&mq_unlink) next = IPCK_NEXT(mq_unlink);
	int ret = next ? next(name) : -1;

	return ret >= 0 ? ret : next ? -errno : -ENODEV;
}

static int unlink_queue(const char *name)
{
	struct ipcmbox_unlink args = { 0 };
	bool is_strange;
	int ret;

	ret = name_to_uapi(name, &args.name_ptr, &args.name_len);
	if (ret < 0)
		return ret;
	ret = ipck_device_ioctl(IPCMBOX_IOC_UNLINK, &args);
	is_strange = ret == -ENOENT && ipck_kernel_has_queue(name);
	if ((is_strange || ret == -ENODEV) &&
	    ipck_kernel_instead("queue", name, ret))
		return unlink_next(name);
	return ret == -EPERM ? -EACCES : ret;
}

IPCK_API int mq_unlink(const char *name)
{
	int ret, state;

	state = ipck_uncancelable();
	ret = unlink_queue(name);
	ipck_cancelable(state);
	return ipck_device_result(ret);
}
