// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>

#include "iovec.h"
#include "ipck.h"

static_assert(IPCK_IOVEC_MAX == IPCMBOX_IOVEC_MAX, "ABI");
static_assert(IPCK_IOVEC == IPCMBOX_IOVEC, "ABI");
#if !IPCK_IOVEC_SPACE
static_assert(sizeof(struct iovec) == sizeof(struct ipcmbox_iovec), "ABI");
static_assert(offsetof(struct iovec, iov_base) ==
	      offsetof(struct ipcmbox_iovec, base), "ABI");
static_assert(offsetof(struct iovec, iov_len) ==
	      offsetof(struct ipcmbox_iovec, length), "ABI");
#endif

int ipck_iovec_to_uapi(const struct iovec *iov, size_t count,
		       struct ipck_iovec *room, __u64 *ptr, __u32 *len)
{
	size_t i;

	if (count > IPCMBOX_IOVEC_MAX)
		return -EINVAL;
	if (!iov && count)
		return -EFAULT;
	*len = count;
	if (!IPCK_IOVEC_SPACE) {
		*ptr = (uintptr_t)iov;
		return 0;
	}
	for (i = 0; i < count; i++) {
		room->part[i].base = (uintptr_t)iov[i].iov_base;
		room->part[i].length = iov[i].iov_len;
	}
	*ptr = (uintptr_t)room->part;
	return 0;
}
