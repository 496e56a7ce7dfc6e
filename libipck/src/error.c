// SPDX-License-Identifier: LGPL-2.1-or-later
/* Error: errno values and limits in words. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "ipck.h"

static_assert((int)IPCK_LIMIT_NONE == IPCMBOX_LIMIT_NONE, "ABI");
static_assert((int)IPCK_LIMIT_CAPACITY == IPCMBOX_LIMIT_CAPACITY, "ABI");
static_assert((int)IPCK_LIMIT_LENGTH == IPCMBOX_LIMIT_LENGTH, "ABI");
static_assert((int)IPCK_LIMIT_BUFFER == IPCMBOX_LIMIT_BUFFER, "ABI");
static_assert((int)IPCK_LIMIT_USER_MAILBOXES == IPCMBOX_LIMIT_USER_MAILBOXES,
	      "ABI");
static_assert((int)IPCK_LIMIT_USER_MESSAGES == IPCMBOX_LIMIT_USER_MESSAGES,
	      "ABI");
static_assert((int)IPCK_LIMIT_USER_BYTES == IPCMBOX_LIMIT_USER_BYTES, "ABI");
static_assert((int)IPCK_LIMIT_MEMORY == IPCMBOX_LIMIT_MEMORY, "ABI");
static_assert((int)IPCK_LIMIT_USER_FDS == IPCMBOX_LIMIT_USER_FDS, "ABI");
static_assert((int)IPCK_LIMIT_FDS == IPCMBOX_LIMIT_FDS, "ABI");
static_assert((int)IPCK_LIMIT_USER_SEGMENTS == IPCMBOX_LIMIT_USER_SEGMENTS,
	      "ABI");
static_assert((int)IPCK_LIMIT_USER_SEGMENT_BYTES ==
	      IPCMBOX_LIMIT_USER_SEGMENT_BYTES, "ABI");

struct text {
	int error;
	unsigned int limit;
	const char *text;
};

/* The first entry that fits is taken: those with a limit come first. */
static const struct text texts[] = {
	{ EAGAIN, IPCK_LIMIT_CAPACITY,
	  "mailbox is full, or no receiver is waiting" },
	{ EAGAIN, IPCK_LIMIT_USER_MESSAGES,
	  "too many messages of this user are under way" },
	{ EAGAIN, IPCK_LIMIT_USER_BYTES,
	  "too many bytes of this user are under way" },
	{ EMSGSIZE, IPCK_LIMIT_LENGTH,
	  "message is longer than the mailbox allows" },
	{ EMSGSIZE, IPCK_LIMIT_CAPACITY,
	  "message is longer than the mailbox can hold" },
	{ EMSGSIZE, IPCK_LIMIT_BUFFER,
	  "message is longer than the buffer of the receiver" },
	{ EMSGSIZE, IPCK_LIMIT_FDS,
	  "message has more descriptors than the receiver has room for" },
	{ EDQUOT, IPCK_LIMIT_USER_MAILBOXES,
	  "this user has too many mailboxes" },
	{ EDQUOT, IPCK_LIMIT_USER_MESSAGES,
	  "too many messages of this user are under way" },
	{ EDQUOT, IPCK_LIMIT_USER_BYTES,
	  "too many bytes of this user are under way" },
	{ EDQUOT, IPCK_LIMIT_USER_FDS,
	  "too many descriptors of this user are under way" },
	{ EDQUOT, IPCK_LIMIT_USER_SEGMENTS,
	  "this user has too many segments" },
	{ EDQUOT, IPCK_LIMIT_USER_SEGMENT_BYTES,
	  "segments of this user are too long together" },
	{ ENOMEM, IPCK_LIMIT_MEMORY,
	  "no memory in the system or in the memory cgroup" },
	{ 0, 0, "success" },
	{ EACCES, 0, "permission denied" },
	{ EAGAIN, 0, "no message, no room, or no receiver waiting" },
	{ EBADF, 0, "bad file descriptor" },
	{ EBADMSG, 0, "message does not hand over a segment" },
	{ EBUSY, 0, "there is one already (consumer, notification, message), or it is in use" },
	{ EDEADLK, 0, "callers would wait for each other in a circle" },
	{ EDQUOT, 0, "budget of this user is used up" },
	{ EEXIST, 0, "it exists already" },
	{ EFAULT, 0, "bad address" },
	{ EFBIG, 0, "segment would be too long" },
	{ EINTR, 0, "interrupted by a signal" },
	{ EINVAL, 0, "invalid value" },
	{ ELOOP, 0, "descriptor is of a kind that must not be sent" },
	{ EMFILE, 0, "too many open files in this process" },
	{ EMSGSIZE, 0, "message is too long" },
	{ ENAMETOOLONG, 0, "name is too long" },
	{ ENFILE, 0, "too many open files in the system" },
	{ ENODEV, 0, "no mailbox device (is the module loaded?)" },
	{ ENOENT, 0, "no such mailbox or segment" },
	{ ENOMEM, 0, "out of memory" },
	{ ENOSPC, 0, "no memory left to commit" },
	{ ENOTTY, 0, "not a mailbox or segment, or not known to this version of the module" },
	{ E2BIG, 0, "not known to this version of the module" },
	{ EPERM, 0, "only its owner may do that, or it is sealed or moved" },
	{ EOPNOTSUPP, 0, "/proc is not mounted" },
	{ EPIPE, 0, "other side is gone" },
	{ EPROTO, 0, "other side of the channel breaks its rules" },
	{ ESRCH, 0, "no such process or thread, or it has no endpoint" },
	{ ESTALE, 0, "message is replied to, settled, or has gone back" },
	{ ETIMEDOUT, 0, "timed out" },
};

IPCK_API const char *ipck_strerror(int error, unsigned int limit)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].error != error && -texts[i].error != error)
			continue;
		if (!texts[i].limit || texts[i].limit == limit)
			return texts[i].text;
	}
	return "unexpected error";
}
