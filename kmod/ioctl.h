/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_IOCTL_H
#define _IPCMBOX_IOCTL_H

#include <linux/bits.h>
#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

struct file;
struct pid;

/**
 * DOC: Commands
 *
 * A table per kind of descriptor says for each command how long its structure was in the first
 * version of the ABI and how long it is now; the dispatcher copies it in whole, checks what it
 * does not know to be zero, and calls the handler. Handlers see a kernel copy only, and write
 * results back last.
 */

/*
 * No flag of files has this bit: a command is tried, and will be done if to wait would help, see
 * uring.h. A send says -EINPROGRESS then, and -EAGAIN if it would not help.
 */
#define IPCMBOX_TRY	BIT(31)

/**
 * struct ipcmbox_ioctl - a command under way
 * @file: the descriptor
 * @file_flags: its flags, or those and O_NONBLOCK and IPCMBOX_TRY
 * @thread: whose command it is: the calling thread, or the one it does it for, likewise
 * @uarg: the caller's structure
 * @usize: its size
 * @arg: kernel copy, extended with zeroes to what this module knows
 */
struct ipcmbox_ioctl {
	struct file *file;
	unsigned int file_flags;
	struct pid *thread;
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

/**
 * struct ipcmbox_command - what there is to know of a command
 * @cmd: the number, with the size of today
 * @min_size: the size of the first version
 * @handler: does it
 */
struct ipcmbox_command {
	unsigned int cmd;
	unsigned int min_size;
	long (*handler)(struct ipcmbox_ioctl *call);
};

int ipcmbox_ioctl_import(void *to, size_t known, const void __user *from, size_t usize);
int ipcmbox_ioctl_reply(const struct ipcmbox_ioctl *call, const void *result, size_t size);

const struct ipcmbox_command *ipcmbox_ioctl_find_mailbox(unsigned int cmd);
int ipcmbox_ioctl_prepare(struct ipcmbox_ioctl *call, const struct ipcmbox_command *command,
			  unsigned int cmd, void __user *uarg);

long ipcmbox_ioctl_device(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_mailbox(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_segment(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_channel(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _IPCMBOX_IOCTL_H */
