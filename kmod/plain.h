/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_PLAIN_H
#define _IPCMBOX_PLAIN_H

#include <linux/types.h>

struct file;
struct ipcmbox_part;

/**
 * DOC: Plain messages
 *
 * Most messages are a payload and nothing else, and who sends or receives them has nothing else to
 * say: no deadline, no priority, no wish to know who it was. An address and a length say it all, so
 * there is no structure to import and none to fill in, which takes a quarter of a send or receive
 * that need not wait. Behind that it is the send path and the receive path, as for all others.
 */

long ipcmbox_plain_send(struct file *file, const void __user *at, size_t length);
long ipcmbox_plain_recv(struct file *file, unsigned int file_flags, void __user *at, size_t room,
			struct ipcmbox_part __user *upart);
long ipcmbox_plain_send_part(struct file *file, struct ipcmbox_part __user *upart);
long ipcmbox_plain_recv_part(struct file *file, unsigned int file_flags,
			     struct ipcmbox_part __user *upart);

#endif /* _IPCMBOX_PLAIN_H */
