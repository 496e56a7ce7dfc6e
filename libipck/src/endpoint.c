// SPDX-License-Identifier: LGPL-2.1-or-later
/* Endpoint: the inbox of a process or a thread. */
#include <errno.h>
#include <limits.h>

#include <linux/ipcmbox.h>

#include "attr.h"
#include "export.h"
#include "ipck.h"
#include "mailbox.h"
#include "pidfd.h"

#define OPEN_FLAGS	(O_NONBLOCK | O_CLOEXEC)

IPCK_API int ipck_endpoint(struct ipck **mb, int oflag,
			   const struct ipck_attr *attr)
{
	struct ipcmbox_open args = {
		.flags = IPCMBOX_OPEN_CREATE,
		.access = IPCMBOX_READ,
	};
	int ret;

	if (!mb)
		return -EINVAL;
	*mb = NULL;
	if (oflag & ~OPEN_FLAGS)
		return -EINVAL;
	if (oflag & O_NONBLOCK)
		args.flags |= IPCMBOX_OPEN_NONBLOCK;
	ret = ipck_attr_to_uapi(attr, &args);
	if (ret < 0)
		return ret;
	if (args.discipline != IPCMBOX_QUEUE &&
	    args.discipline != IPCMBOX_ENDPOINT)
		return -EINVAL;
	args.discipline = IPCMBOX_ENDPOINT;
	return ipck_open_handle(mb, &args);
}

/*
 * The number was that of the process when it was read, and, if the process still
 * lives when the endpoint is open, also when that was opened.
 */
static int connect_pidfd(struct ipck **mb, struct ipcmbox_open *args,
			 uint64_t pidfd)
{
	uint64_t pid;
	int ret;

	if (pidfd > INT_MAX)
		return -EBADF;
	ret = ipck_pidfd_pid(pidfd, &pid);
	if (ret < 0)
		return ret;
	args->id = pid;
	args->flags |= IPCMBOX_OPEN_BY_PID;
	ret = ipck_open_handle(mb, args);
	if (ret < 0)
		return ret;
	ret = ipck_pidfd_check(pidfd);
	if (ret < 0) {
		ipck_close(*mb);
		*mb = NULL;
	}
	return ret;
}

IPCK_API int ipck_connect(struct ipck **mb, enum ipck_peer kind, uint64_t who,
			  int oflag)
{
	struct ipcmbox_open args = { .id = who, .access = IPCMBOX_WRITE };

	if (!mb)
		return -EINVAL;
	*mb = NULL;
	if (oflag & ~OPEN_FLAGS)
		return -EINVAL;
	if (oflag & O_NONBLOCK)
		args.flags |= IPCMBOX_OPEN_NONBLOCK;
	switch (kind) {
	case IPCK_PROCESS:
		args.flags |= IPCMBOX_OPEN_BY_PID;
		break;
	case IPCK_THREAD:
		args.flags |= IPCMBOX_OPEN_BY_TID;
		break;
	case IPCK_ENDPOINT_ID:
		args.flags |= IPCMBOX_OPEN_BY_ID;
		break;
	case IPCK_PIDFD:
		return connect_pidfd(mb, &args, who);
	default:
		return -EINVAL;
	}
	return ipck_open_handle(mb, &args);
}

IPCK_API int ipck_send_to(struct ipck *endpoint, enum ipck_peer kind,
			  uint64_t who, const void *buf, size_t len,
			  unsigned int priority)
{
	const struct ipck_send_opt opt = {
		.priority = priority,
		.to_kind = kind,
		.to = who,
	};

	if (kind == IPCK_ANY)
		return -EINVAL;
	return ipck_send_opt(endpoint, buf, len, &opt, NULL);
}

IPCK_API ssize_t ipck_recv_from(struct ipck *mb, enum ipck_peer kind,
				uint64_t who, void *buf, size_t size)
{
	const struct ipck_recv_opt opt = { .from_kind = kind, .from = who };

	return ipck_recv_opt(mb, buf, size, &opt, NULL);
}
