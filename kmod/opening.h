/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_OPENING_H
#define _IPCMBOX_OPENING_H

struct file;
struct ipcmbox_open;
struct ipcmbox_registry;
struct ipcmbox_unlink;

/**
 * DOC: Opening
 *
 * ioctl(OPEN) makes everything that takes memory first, the descriptor's file and, with CREATE, a
 * mailbox, and then, under the registry's lock, either finds a mailbox or publishes the new one. So
 * two who create the same name get the same mailbox, and an open that fails has changed nothing.
 *
 * Only a descriptor of a channel depends on what it is of: its lane has the channel's ring. If the
 * lock shows another ring than it was made for, it is made once more.
 */

int ipcmbox_mailbox_open(struct ipcmbox_registry *registry, struct ipcmbox_open *arg,
			 struct file **filep);
int ipcmbox_mailbox_unlink(struct ipcmbox_registry *registry, const struct ipcmbox_unlink *arg);

#endif /* _IPCMBOX_OPENING_H */
