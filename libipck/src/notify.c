// SPDX-License-Identifier: LGPL-2.1-or-later
/* Notify: being told when a mailbox is no longer empty. */
#include <errno.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"

static int notify(struct ipck *mb, struct ipcmbox_notify *args)
{
	if (!mb)
		return -EINVAL;
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_NOTIFY, args);
}

IPCK_API int ipck_notify_signal(struct ipck *mb, int signo, union sigval value)
{
	struct ipcmbox_notify args = {
		.method = IPCMBOX_NOTIFY_SIGNAL,
		.signo = signo,
		.value = (uintptr_t)value.sival_ptr,
	};

	return notify(mb, &args);
}

IPCK_API int ipck_notify_eventfd(struct ipck *mb, int eventfd)
{
	struct ipcmbox_notify args = {
		.method = IPCMBOX_NOTIFY_EVENTFD,
		.eventfd = eventfd,
		.value = 1,
	};

	return notify(mb, &args);
}

IPCK_API int ipck_notify_none(struct ipck *mb)
{
	struct ipcmbox_notify args = { .method = IPCMBOX_NOTIFY_NONE };

	return notify(mb, &args);
}
