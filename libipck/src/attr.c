// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>

#include <linux/ipcmbox.h>

#include "attr.h"
#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"
#include "reserved.h"

static_assert(IPCK_UNBOUNDED == IPCMBOX_UNBOUNDED, "ABI");
static_assert(IPCK_LENGTH_DEFAULT == IPCMBOX_LENGTH_DEFAULT, "ABI");
static_assert(IPCK_LENGTH_MAX == IPCMBOX_LENGTH_MAX, "ABI");
static_assert((int)IPCK_OVERFLOW_BLOCK == IPCMBOX_OVERFLOW_BLOCK, "ABI");
static_assert((int)IPCK_OVERFLOW_FAIL == IPCMBOX_OVERFLOW_FAIL, "ABI");
static_assert((int)IPCK_OVERFLOW_DROP_OLDEST == IPCMBOX_OVERFLOW_DROP_OLDEST,
	      "ABI");
static_assert((int)IPCK_OVERFLOW_DROP_NEWEST == IPCMBOX_OVERFLOW_DROP_NEWEST,
	      "ABI");
static_assert(IPCK_SET_MODE == IPCMBOX_SET_MODE, "ABI");
static_assert(IPCK_SET_UID == IPCMBOX_SET_UID, "ABI");
static_assert(IPCK_SET_GID == IPCMBOX_SET_GID, "ABI");
static_assert(IPCK_SET_CAPACITY == IPCMBOX_SET_MAX_MESSAGES, "ABI");
static_assert(IPCK_SET_MAX_BYTES == IPCMBOX_SET_MAX_BYTES, "ABI");
static_assert(IPCK_SET_OVERFLOW == IPCMBOX_SET_OVERFLOW, "ABI");
static_assert(IPCK_SET_DEAD_LETTER == IPCMBOX_SET_DEAD_LETTER, "ABI");
static_assert(IPCK_SET_RECORDER == IPCMBOX_SET_RECORDER, "ABI");
static_assert(IPCK_RECORDER_MAX == IPCMBOX_RECORDER_MAX, "ABI");
static_assert((int)IPCK_QUEUE == IPCMBOX_QUEUE, "ABI");
static_assert((int)IPCK_EVENT == IPCMBOX_EVENT, "ABI");
static_assert((int)IPCK_MEMBER == IPCMBOX_MEMBER, "ABI");
static_assert((int)IPCK_ENDPOINT == IPCMBOX_ENDPOINT, "ABI");
static_assert((int)IPCK_CHANNEL == IPCMBOX_CHANNEL, "ABI");

#define ATTR_FLAGS	(IPCK_ATTR_KEEP_LAST | IPCK_ATTR_FDS | IPCK_ATTR_THREAD | \
		    IPCK_ATTR_POSIX)

static uint32_t flags_to_uapi(uint32_t flags)
{
	uint32_t result = 0;

	if (flags & IPCK_ATTR_KEEP_LAST)
		result |= IPCMBOX_OPEN_KEEP_LAST;
	if (flags & IPCK_ATTR_FDS)
		result |= IPCMBOX_OPEN_FDS;
	if (flags & IPCK_ATTR_THREAD)
		result |= IPCMBOX_OPEN_THREAD;
	if (flags & IPCK_ATTR_POSIX)
		result |= IPCMBOX_OPEN_POSIX;
	return result;
}

int ipck_attr_to_uapi(const struct ipck_attr *attr, struct ipcmbox_open *args)
{
	static const struct ipck_attr defaults = IPCK_ATTR_INIT;

	if (!attr)
		attr = &defaults;
	if (!ipck_is_reserved_zero(attr) || attr->flags & ~ATTR_FLAGS)
		return -EINVAL;
	args->flags |= flags_to_uapi(attr->flags);
	args->discipline = attr->discipline;
	args->max_messages = attr->capacity;
	/* The capacity of a channel is in bytes. */
	if (attr->discipline == IPCK_CHANNEL && !attr->capacity)
		args->max_messages = IPCMBOX_UNBOUNDED;
	args->max_length = attr->max_length;
	args->max_bytes = attr->max_bytes;
	args->overflow = attr->overflow;
	args->mode = attr->mode ? attr->mode : IPCK_MODE_DEFAULT;
	return 0;
}

IPCK_API int ipck_set(struct ipck *mb, const struct ipck_change *change)
{
	struct ipcmbox_set args;

	if (!mb || !change || !ipck_is_reserved_zero(change))
		return -EINVAL;
	args = (struct ipcmbox_set){
		.mask = change->mask,
		.mode = change->mode,
		.uid = change->uid,
		.gid = change->gid,
		.max_messages = change->capacity,
		.overflow = change->overflow,
		.max_bytes = change->max_bytes,
		.dead_letter = change->dead_letter,
		.max_deliveries = change->max_deliveries,
		.recorder = change->recorder,
	};
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_SET, &args);
}
