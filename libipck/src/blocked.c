// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Blocked: who waits at a mailbox.
 *
 * The kernel writes into the array of the program, so that all of it is of one
 * moment.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "ipck.h"

#define SAME(member) \
	static_assert(offsetof(struct ipck_blocked, member) == \
		      offsetof(struct ipcmbox_blocked, member) && \
		      sizeof(((struct ipck_blocked *)0)->member) == \
		      sizeof(((struct ipcmbox_blocked *)0)->member), "ABI")

static_assert(sizeof(struct ipck_blocked) == sizeof(struct ipcmbox_blocked),
	      "ABI");
SAME(mailbox);
SAME(seq);
SAME(since_ns);
SAME(what);
SAME(priority);
SAME(pid);
SAME(tid);
SAME(peer_pid);
SAME(peer_tid);
static_assert(IPCK_BLOCKED_RECV == IPCMBOX_BLOCKED_RECV, "ABI");
static_assert(IPCK_BLOCKED_ROOM == IPCMBOX_BLOCKED_ROOM, "ABI");
static_assert(IPCK_BLOCKED_RECEIPT == IPCMBOX_BLOCKED_RECEIPT, "ABI");
static_assert(IPCK_BLOCKED_REPLY == IPCMBOX_BLOCKED_REPLY, "ABI");

IPCK_API int ipck_blocked(uint64_t id, struct ipck_blocked *tasks,
			  unsigned int count, unsigned int *total)
{
	struct ipcmbox_blocked_list args = {
		.id = id,
		.buf_ptr = (uintptr_t)tasks,
		.count = count,
		.element_size = sizeof(*tasks),
	};
	int ret;

	if (!tasks)
		return -EINVAL;
	ret = ipck_device_ioctl(IPCMBOX_IOC_BLOCKED, &args);
	if (ret < 0)
		return ret;
	if (total)
		*total = args.total;
	return args.count;
}
