// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits: what the running kernel can do, and the user may. */
#include <assert.h>
#include <errno.h>

#include <linux/ipcmbox.h>

#include "device.h"
#include "export.h"
#include "ipck.h"

static_assert(IPCK_FEATURE_QUEUE == IPCMBOX_FEATURE_QUEUE, "ABI");
static_assert(IPCK_FEATURE_EVENT == IPCMBOX_FEATURE_EVENT, "ABI");
static_assert(IPCK_FEATURE_ENDPOINT == IPCMBOX_FEATURE_ENDPOINT, "ABI");
static_assert(IPCK_FEATURE_CALL == IPCMBOX_FEATURE_CALL, "ABI");
static_assert(IPCK_FEATURE_LEASE == IPCMBOX_FEATURE_LEASE, "ABI");
static_assert(IPCK_FEATURE_FDS == IPCMBOX_FEATURE_FDS, "ABI");
static_assert(IPCK_FEATURE_VECTOR == IPCMBOX_FEATURE_VECTOR, "ABI");
static_assert(IPCK_FEATURE_NOTIFY == IPCMBOX_FEATURE_NOTIFY, "ABI");
static_assert(IPCK_FEATURE_BLOCKED == IPCMBOX_FEATURE_BLOCKED, "ABI");
static_assert(IPCK_FEATURE_RECORD == IPCMBOX_FEATURE_RECORD, "ABI");
static_assert(IPCK_FEATURE_SEGMENT == IPCMBOX_FEATURE_SEGMENT, "ABI");
static_assert(IPCK_FEATURE_MOVE == IPCMBOX_FEATURE_MOVE, "ABI");
static_assert(IPCK_FEATURE_CHANNEL == IPCMBOX_FEATURE_CHANNEL, "ABI");
static_assert(IPCK_FEATURE_PLAIN == IPCMBOX_FEATURE_PLAIN, "ABI");
static_assert(IPCK_FEATURE_POSIX == IPCMBOX_FEATURE_POSIX, "ABI");
static_assert(IPCK_FEATURE_URING == IPCMBOX_FEATURE_URING, "ABI");
static_assert(IPCK_FDS_MAX == IPCMBOX_FDS_MAX, "ABI");

IPCK_API int ipck_limits(struct ipck_limits *limits)
{
	struct ipcmbox_query args = { 0 };
	int ret;

	if (!limits)
		return -EINVAL;
	ret = ipck_device_ioctl(IPCMBOX_IOC_QUERY, &args);
	if (ret < 0)
		return ret;
	*limits = (struct ipck_limits){
		.features = args.features,
		.length_max = args.length_max,
		.priority_max = args.priority_max,
		.name_max = args.name_max,
		.max_mailboxes = args.max_mailboxes,
		.max_user_messages = args.max_user_messages,
		.max_user_bytes = args.max_user_bytes,
		.user_mailboxes = args.user_mailboxes,
		.user_messages = args.user_messages,
		.user_bytes = args.user_bytes,
		.fds_max = args.fds_max,
		.iovec_max = args.iovec_max,
		.max_user_fds = args.max_user_fds,
		.user_fds = args.user_fds,
		.max_user_segments = args.max_user_segments,
		.max_user_segment_bytes = args.max_user_segment_bytes,
		.user_segments = args.user_segments,
		.user_segment_bytes = args.user_segment_bytes,
	};
	return 0;
}
