/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_IOCTL_H
#define _IPCMBOX_IOCTL_H

struct file;

/**
 * DOC: Commands
 *
 * A table per kind of descriptor says for each command how long its structure was in the first
 * version of the ABI and how long it is now; the dispatcher copies it in whole, checks what it
 * does not know to be zero, and calls the handler. Handlers see a kernel copy only, and write
 * results back last.
 */

long ipcmbox_ioctl_device(struct file *file, unsigned int cmd, unsigned long arg);
long ipcmbox_ioctl_mailbox(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _IPCMBOX_IOCTL_H */
