// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rights: fchmod(2) and fchown(2) of queues and segments.
 *
 * The module changes them by commands of its own only.  What is none of it is
 * left to the kernel, which says of a segment that it is not permitted, and which
 * must not be asked for a queue: its descriptor shares an inode with all kinds of
 * others.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "export.h"
#include "ipck.h"
#include "mailbox.h"
#include "result.h"
#include "shm.h"

/* With ids of 32 bits. */
#ifdef SYS_fchown32
#define FCHOWN SYS_fchown32
#else
#define FCHOWN SYS_fchown
#endif

static bool is_queue(int fd)
{
	struct ipck mb = { .fd = fd };
	int saved = errno;
	struct ipck_info info;
	struct stat st;
	bool is;

	is = !fstat(fd, &st) && !(st.st_mode & S_IFMT) && !ipck_stat(&mb, &info);
	errno = saved;
	return is;
}

static int change_queue(int fd, const struct ipck_shm_change *change)
{
	struct ipck mb = { .fd = fd };
	struct ipck_change same = {
		.mask = change->mask,
		.mode = change->mode,
		.uid = change->uid,
		.gid = change->gid,
	};

	return ipck_result(ipck_set(&mb, &same));
}

/* After the kernel has refused it. */
static int change_segment(int fd, const struct ipck_shm_change *change)
{
	struct ipck_shm shm = { .fd = fd };
	int ret;

	ret = ipck_shm_set(&shm, change);
	return ipck_result(ret == -ENOTTY ? -EPERM : ret);
}

IPCK_API int fchmod(int fd, mode_t mode)
{
	const struct ipck_shm_change change = {
		.mask = IPCK_SET_MODE,
		.mode = mode & 0666,
	};
	int ret;

	if (is_queue(fd))
		return change_queue(fd, &change);
	ret = syscall(SYS_fchmod, fd, mode);
	return ret < 0 && errno == EPERM ? change_segment(fd, &change) : ret;
}

IPCK_API int fchown(int fd, uid_t uid, gid_t gid)
{
	struct ipck_shm_change change = { 0 };
	int ret;

	if (uid != (uid_t)-1) {
		change.mask |= IPCK_SET_UID;
		change.uid = uid;
	}
	if (gid != (gid_t)-1) {
		change.mask |= IPCK_SET_GID;
		change.gid = gid;
	}
	if (is_queue(fd))
		return change_queue(fd, &change);
	ret = syscall(FCHOWN, fd, uid, gid);
	return ret < 0 && errno == EPERM ? change_segment(fd, &change) : ret;
}
