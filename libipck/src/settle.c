// SPDX-License-Identifier: LGPL-2.1-or-later
/* Settle: what becomes of a message whose token was taken. */
#include <errno.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "ioctl.h"
#include "ipck.h"
#include "mailbox.h"

static int settle(struct ipck *mb, uint64_t token, uint32_t action,
		  uint64_t lease_ns)
{
	struct ipcmbox_settle args = {
		.token = token,
		.action = action,
		.lease_ns = lease_ns,
	};

	if (!mb)
		return -EINVAL;
	return ipck_ioctl(mb->fd, IPCMBOX_IOC_SETTLE, &args);
}

IPCK_API int ipck_ack(struct ipck *mb, uint64_t token)
{
	return settle(mb, token, IPCMBOX_SETTLE_ACK, 0);
}

IPCK_API int ipck_refuse(struct ipck *mb, uint64_t token)
{
	return settle(mb, token, IPCMBOX_SETTLE_REFUSE, 0);
}

IPCK_API int ipck_renew(struct ipck *mb, uint64_t token, uint64_t lease_ns)
{
	return settle(mb, token, IPCMBOX_SETTLE_RENEW, lease_ns);
}
