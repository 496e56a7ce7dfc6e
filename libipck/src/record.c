// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Record: what the flight recorder of a mailbox has.
 *
 * The kernel writes into the array of the program.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"

#define SAME(member) \
	static_assert(offsetof(struct ipck_record, member) == \
		      offsetof(struct ipcmbox_record, member) && \
		      sizeof(((struct ipck_record *)0)->member) == \
		      sizeof(((struct ipcmbox_record *)0)->member), "ABI")

static_assert(sizeof(struct ipck_record) == sizeof(struct ipcmbox_record),
	      "ABI");
SAME(serial);
SAME(time_ns);
SAME(seq);
SAME(events);
SAME(pid);
SAME(tid);
SAME(uid);
SAME(length);
SAME(priority);
SAME(step);
static_assert(IPCK_STEP_SENT == IPCMBOX_STEP_SENT, "ABI");
static_assert(IPCK_STEP_BLOCKED == IPCMBOX_STEP_BLOCKED, "ABI");
static_assert(IPCK_STEP_TAKEN == IPCMBOX_STEP_TAKEN, "ABI");
static_assert(IPCK_STEP_RETURNED == IPCMBOX_STEP_RETURNED, "ABI");
static_assert(IPCK_STEP_REPLIED == IPCMBOX_STEP_REPLIED, "ABI");
static_assert(IPCK_STEP_DROPPED == IPCMBOX_STEP_DROPPED, "ABI");
static_assert(IPCK_STEP_WITHDRAWN == IPCMBOX_STEP_WITHDRAWN, "ABI");
static_assert(IPCK_STEP_DEAD == IPCMBOX_STEP_DEAD, "ABI");

IPCK_API int ipck_record(struct ipck *mb, uint64_t after,
			 struct ipck_record *records, unsigned int count)
{
	struct ipcmbox_record_list args = {
		.after = after,
		.buf_ptr = (uintptr_t)records,
		.count = count,
		.element_size = sizeof(*records),
	};
	int ret;

	if (!mb || !records || count > INT_MAX)
		return -EINVAL;
	ret = ipck_ioctl(mb->fd, IPCMBOX_IOC_RECORD, &args);
	return ret < 0 ? ret : (int)args.count;
}
