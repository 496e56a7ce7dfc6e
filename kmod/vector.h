/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_VECTOR_H
#define _IPCMBOX_VECTOR_H

struct ipcmbox_ioctl;

/**
 * DOC: Vectors
 *
 * Many sends, or many receives, in one system call. Each element is a send or a receive of its own,
 * which does what the single command does, in the order of the array; nothing is atomic but the
 * element. What is saved is the way into the kernel and out of it.
 *
 * An element tells its outcome in a field of its own, which must be written whatever happens. A
 * send proves that it can be before anything is sent; a receive writes it with the rest of what
 * the receiver is told, and has not received if it cannot.
 */

long ipcmbox_vector_send(struct ipcmbox_ioctl *call);
long ipcmbox_vector_recv(struct ipcmbox_ioctl *call);

#endif /* _IPCMBOX_VECTOR_H */
