// SPDX-License-Identifier: LGPL-2.1-or-later
/* Member: joining and leaving event mailboxes. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"
#include "reserved.h"

static_assert(IPCK_EVENTS_USER == IPCMBOX_EVENTS_USER, "ABI");
static_assert(IPCK_EVENT_JOINED == IPCMBOX_EVENT_JOINED, "ABI");
static_assert(IPCK_EVENT_LEFT == IPCMBOX_EVENT_LEFT, "ABI");
static_assert(IPCK_EVENT_DIED == IPCMBOX_EVENT_DIED, "ABI");
static_assert(IPCK_JOIN_OVERFLOW == IPCMBOX_JOIN_OVERFLOW, "ABI");
static_assert(IPCK_JOIN_NONBLOCK == IPCMBOX_JOIN_NONBLOCK, "ABI");

IPCK_API int ipck_join(struct ipck **member, struct ipck *mb,
		       const struct ipck_join_attr *attr)
{
	static const struct ipck_join_attr defaults;
	struct ipcmbox_join args;
	struct ipck *new;
	int fd;

	if (!member)
		return -EINVAL;
	*member = NULL;
	if (!attr)
		attr = &defaults;
	if (!mb || !ipck_is_reserved_zero(attr))
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	args = (struct ipcmbox_join){
		.mask = attr->mask,
		.max_bytes = attr->max_bytes,
		.max_messages = attr->capacity,
		.overflow = attr->overflow,
		.flags = attr->flags,
	};
	fd = ipck_ioctl(mb->fd, IPCMBOX_IOC_JOIN, &args);
	if (fd < 0) {
		free(new);
		return fd;
	}
	new->fd = fd;
	new->id = args.id;
	*member = new;
	return 0;
}

IPCK_API int ipck_leave(struct ipck *member)
{
	if (!member)
		return -EINVAL;
	return ipck_ioctl(member->fd, IPCMBOX_IOC_LEAVE, NULL);
}
