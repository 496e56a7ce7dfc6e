/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of calls and leases start from: a mailbox without a name, a descriptor that sends
 * and one that receives, and the check that in the end nothing is left under way.
 */
#ifndef CALL_TEST_H
#define CALL_TEST_H

#include <stdio.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

/* What others may wait once there is nobody to wait for. */
#define BOUND_NS	(100 * NSEC_PER_MSEC)

/* Nobody waits, nothing is queued, received or held, and the accounts are even. */
static inline bool is_at_rest(int fd)
{
	struct ipcmbox_info info = mailbox_info(fd);

	if (!(info.messages | info.bytes | info.receiving | info.held | info.waiting_senders |
	      info.waiting_receivers))
		return mailbox_balanced(fd);
	fprintf(stderr, "# %llu messages, %u receiving, %u held, %u senders, %u receivers\n",
		(unsigned long long)info.messages, info.receiving, info.held, info.waiting_senders,
		info.waiting_receivers);
	return false;
}

/* Whether the user has as much under way as before. */
static inline bool is_even(int dev, const struct ipcmbox_query *before)
{
	struct ipcmbox_query now;

	if (query_budget(dev, &now))
		return false;
	if (now.user_messages == before->user_messages && now.user_bytes == before->user_bytes)
		return true;
	fprintf(stderr, "# %lld messages and %lld bytes are left\n",
		(long long)(now.user_messages - before->user_messages),
		(long long)(now.user_bytes - before->user_bytes));
	return false;
}

/* Receive, with a token if there is one to be had. */
static inline int serve(int fd, struct ipcmbox_recv *recv, void *buf, size_t size)
{
	*recv = (struct ipcmbox_recv){ .buf_ptr = ptr_u64(buf), .buf_len = size };
	return mailbox_receive(fd, recv);
}

static inline int lease(int fd, struct ipcmbox_recv *recv, void *buf, size_t size, __u64 lease_ns)
{
	*recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(buf), .buf_len = size, .flags = IPCMBOX_LEASE,
		.lease_ns = lease_ns,
	};
	return mailbox_receive(fd, recv);
}

static inline int answer(int fd, __u64 token, const void *buf, size_t length, int status)
{
	return message_reply(fd, .token = token, .buf_ptr = ptr_u64(buf), .buf_len = length,
			     .status = status);
}

static inline int acknowledge(int fd, __u64 token)
{
	return mailbox_settle(fd, token, IPCMBOX_SETTLE_ACK, 0);
}

static inline int refuse(int fd, __u64 token)
{
	return mailbox_settle(fd, token, IPCMBOX_SETTLE_REFUSE, 0);
}

/* Prepare, or start, a call with a text and the room of @data. */
static inline void ask_prepare(struct call *call, int fd, const char *text)
{
	call_prepare(call, fd, .buf_ptr = ptr_u64(text), .buf_len = strlen(text));
}

static inline void ask(struct call *call, int fd, const char *text)
{
	ask_prepare(call, fd, text);
	call_start(call);
}

/* Go on with a call that ended and left a cookie. */
static inline void ask_on(struct call *call)
{
	call->done = 0;
	call->tid = 0;
	call_start(call);
}

#endif /* CALL_TEST_H */
