/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of leases and dead letters share.
 */
#ifndef LEASE_TEST_H
#define LEASE_TEST_H

#include <poll.h>

#include "call_test.h"

/* A lease that no test lives to see the end of, and one that a test can wait for. */
#define LONG	(1000 * NSEC_PER_SEC)
#define SHORT	(20 * NSEC_PER_MSEC)

/* A number without waiting, as take(). */
static inline __s64 take_lease(int fd, struct ipcmbox_recv *recv, __u64 lease_ns)
{
	__u32 number = POISON32;
	int ret;

	*recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(&number), .buf_len = sizeof(number), .lease_ns = lease_ns,
		.flags = IPCMBOX_LEASE | IPCMBOX_NONBLOCK,
	};
	ret = mailbox_receive(fd, recv);
	return ret < 0 ? ret : (__s64)number;
}

static inline int renew(int fd, __u64 token, __u64 lease_ns)
{
	return mailbox_settle(fd, token, IPCMBOX_SETTLE_RENEW, lease_ns);
}

static inline bool settles_with(int fd, __u64 token, int error)
{
	return acknowledge(fd, token) == error && refuse(fd, token) == error &&
	       renew(fd, token, LONG) == error && answer(fd, token, "no", 2, 0) == error;
}

static inline bool is_stale(int fd, __u64 token)
{
	return settles_with(fd, token, -ESTALE);
}

static inline bool is_invalid(int fd, __u64 token)
{
	return settles_with(fd, token, -EINVAL);
}

static inline short readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

#endif /* LEASE_TEST_H */
