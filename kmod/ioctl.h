/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_IOCTL_H
#define _IPCMBOX_IOCTL_H

#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

struct file;

/**
 * DOC: Commands
 *
 * A table per kind of descriptor says for each command how long its structure was in the first
 * version of the ABI and how long it is now; the dispatcher copies it in whole, checks what it
 * does not know to be zero, and calls the handler. Handlers see a kernel copy only, and write
 * results back last.
 */

/**
 * struct ipcmbox_ioctl - a command under way
 * @file: the descriptor
 * @uarg: the caller's structure
 * @usize: its size
 * @arg: kernel copy, extended with zeroes to what this module knows
 */
struct ipcmbox_ioctl {
	struct file *file;
	void __user *uarg;
	size_t usize;
	union {
		struct ipcmbox_open open;
		struct ipcmbox_unlink unlink;
		struct ipcmbox_list list;
		struct ipcmbox_blocked_list blocked;
		struct ipcmbox_send send;
		struct ipcmbox_recv recv;
		struct ipcmbox_vector vector;
		struct ipcmbox_call call;
		struct ipcmbox_reply reply;
		struct ipcmbox_reply_recv reply_recv;
		struct ipcmbox_settle settle;
		struct ipcmbox_join join;
		struct ipcmbox_notify notify;
		struct ipcmbox_set set;
		struct ipcmbox_record_list record;
		struct ipcmbox_segment_open segment_open;
		struct ipcmbox_segment_set segment_set;
		struct ipcmbox_channel_lanes channel_lanes;
		struct ipcmbox_channel_wait channel_wait;
		struct ipcmbox_channel_kick channel_kick;
		struct ipcmbox_channel_evict channel_evict;
	} arg;
};

int ipcmbox_ioctl_import(void *to, size_t known, const void __user *from, size_t usize);
int ipcmbox_ioctl_reply(const struct ipcmbox_ioctl *call, const void *result, size_t size);

long ipcmbox_ioctl_device(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_mailbox(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_segment(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_channel(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _IPCMBOX_IOCTL_H */
