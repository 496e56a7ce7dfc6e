/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message: how options and results cross to the kernel and back. */
#ifndef IPCK_MESSAGE_H
#define IPCK_MESSAGE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/ipcmbox.h>

#include "iovec.h"
#include "ipck.h"

/* What the kernel says in a limit field means something with these only. */
static inline bool ipck_has_limit(int ret)
{
	return ret == -EAGAIN || ret == -EMSGSIZE || ret == -EDQUOT ||
	       ret == -ENOMEM;
}

/**
 * ipck_out_to_uapi() - put a payload to be sent into a command
 * @buf: the payload
 * @len: its length
 * @flags: %IPCK_IOVEC, or 0
 * @room: for the parts
 * @buf_ptr: of the command
 * @buf_len: of the command
 *
 * Return: 0, or -EMSGSIZE (%IPCK_LIMIT_LENGTH), -EINVAL, -EFAULT.
 */
int ipck_out_to_uapi(const void *buf, size_t len, uint32_t flags,
		     struct ipck_iovec *room, __u64 *buf_ptr, __u32 *buf_len);

/* The same for a payload to be received; no length is too long. */
int ipck_in_to_uapi(void *buf, size_t size, uint32_t flags,
		    struct ipck_iovec *room, __u64 *buf_ptr, __u32 *buf_len);

/**
 * ipck_send_to_uapi() - put options into the command that sends
 * @args: the command, all 0
 * @opt: the options
 *
 * Return: 0, or -EINVAL.
 */
int ipck_send_to_uapi(struct ipcmbox_send *args,
		      const struct ipck_send_opt *opt);

/**
 * ipck_recv_to_uapi() - put options into the command that receives
 * @args: the command, all 0
 * @opt: the options
 *
 * Flags for the library only are not looked at.
 *
 * Return: 0, or -EINVAL.
 */
int ipck_recv_to_uapi(struct ipcmbox_recv *args,
		      const struct ipck_recv_opt *opt);

/**
 * ipck_msg_from_uapi() - what is known about a message after a receive
 * @msg: where it goes
 * @args: the command
 * @ret: what it returned
 */
void ipck_msg_from_uapi(struct ipck_msg *msg, const struct ipcmbox_recv *args,
			int ret);

/**
 * ipck_msg_settle() - acknowledge a message nobody wanted the token of
 * @mb: where it was received
 * @opt: how
 * @msg: what came; without a token afterwards
 */
void ipck_msg_settle(struct ipck *mb, const struct ipck_recv_opt *opt,
		     struct ipck_msg *msg);

#endif /* IPCK_MESSAGE_H */
