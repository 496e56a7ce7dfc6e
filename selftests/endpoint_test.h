/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of endpoints share: deeds for actors, and for the test itself.
 */
#ifndef ENDPOINT_TEST_H
#define ENDPOINT_TEST_H

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipcmbox_test.h"

/* In each process its own. */
static int dev, inbox;

static inline pid_t gettid_(void)
{
	return syscall(SYS_gettid);
}

static inline int open_inbox(int flags)
{
	inbox = endpoint_new(dev, .flags = flags, .max_messages = 4);
	return inbox < 0 ? inbox : (int)mailbox_id(inbox);
}

static inline int open_rendezvous(int flags)
{
	inbox = endpoint_new(dev, .flags = flags);
	return inbox < 0 ? inbox : (int)mailbox_id(inbox);
}

static inline int close_inbox(int unused)
{
	(void)unused;
	return close(inbox);
}

static inline int take_inbox(int unused)
{
	(void)unused;
	return take(inbox);
}

static inline int take_waiting(int unused)
{
	__u32 number;
	int ret = message_recv(inbox, .buf_ptr = ptr_u64(&number), .buf_len = 4);

	(void)unused;
	return ret < 0 ? ret : (int)number;
}

static inline int put_to(__u32 kind, __u64 to, __u32 number)
{
	return message_send(inbox, .buf_ptr = ptr_u64(&number), .buf_len = 4, .to_kind = kind,
			    .to = to, .flags = IPCMBOX_NONBLOCK);
}

static inline int put_box(int fd)
{
	return put(fd, 0, 1);
}

static inline int put_to_parent(int number)
{
	return put_to(IPCMBOX_PROCESS, getppid(), number);
}

static inline bool is_hung_up(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 1 && pfd.revents == (POLLOUT | POLLHUP);
}

static inline bool await_hang_up(int fd)
{
	struct pollfd pfd = { .fd = fd };

	return poll(&pfd, 1, PATIENCE_NS / NSEC_PER_MSEC) == 1 && pfd.revents & POLLHUP;
}

#endif /* ENDPOINT_TEST_H */
