/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MESSAGING_H
#define _IPCMBOX_MESSAGING_H

#include <linux/types.h>

struct file;
struct ipcmbox_deadline;
struct ipcmbox_ioctl;
struct ipcmbox_recv;
struct ipcmbox_send;

/**
 * DOC: Messaging
 *
 * The commands that move messages: what the caller says is validated here, and becomes a &struct
 * ipcmbox_sending or a &struct ipcmbox_reception for the send path and the receive path.
 *
 * SEND and RECV with the first version of their structures are commands that matter: without a
 * table, and field by field, they are imported in a tenth of the instructions the dispatcher takes.
 * Who has nothing to say but where a payload is does without a structure, see plain.h.
 */

int ipcmbox_messaging_deadline(struct ipcmbox_deadline *deadline, unsigned int file_flags,
			       u32 flags, u32 clock, u64 ns);
long ipcmbox_messaging_receive(const struct ipcmbox_ioctl *call, const struct ipcmbox_recv *arg,
			       struct ipcmbox_recv __user *uarg, size_t usize);

long ipcmbox_messaging_send_v0(struct file *file, struct ipcmbox_send __user *uarg);
long ipcmbox_messaging_recv_v0(struct file *file, struct ipcmbox_recv __user *uarg);
long ipcmbox_messaging_send(struct ipcmbox_ioctl *call);
long ipcmbox_messaging_recv(struct ipcmbox_ioctl *call);
long ipcmbox_messaging_send_element(struct file *file, struct ipcmbox_send __user *uarg);
long ipcmbox_messaging_recv_element(struct file *file, unsigned int file_flags,
				    struct ipcmbox_recv __user *uarg);

#endif /* _IPCMBOX_MESSAGING_H */
