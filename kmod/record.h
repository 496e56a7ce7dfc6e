/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_RECORD_H
#define _IPCMBOX_RECORD_H

#include <linux/types.h>

struct ipcmbox_ioctl;
struct ipcmbox_message;
struct ipcmbox_port;
struct ipcmbox_recorder;
struct ipcmbox_registry;

/**
 * DOC: Flight recorder
 *
 * A ring of the last steps of a port's messages, made when it is switched on, so that nothing has
 * to be allocated when there is something to record. It belongs to the port and is protected by its
 * lock. It holds references to the senders' process ids, as numbers would mean nothing to somebody
 * in another namespace, or once they are used again; they go when the record is overwritten.
 *
 * Steps are numbered by the port, so that numbers go on when the recorder is set anew, and whoever
 * follows them misses nothing but what was overwritten.
 */

struct ipcmbox_recorder *ipcmbox_recorder_new(struct ipcmbox_registry *registry, u32 size);
void ipcmbox_recorder_free(struct ipcmbox_recorder *recorder);
struct ipcmbox_recorder *ipcmbox_recorder_swap(struct ipcmbox_port *port,
					       struct ipcmbox_recorder *recorder);
u32 ipcmbox_recorder_size(const struct ipcmbox_port *port);

void ipcmbox_recorder_add(struct ipcmbox_port *port, const struct ipcmbox_message *message,
			  u32 step);

long ipcmbox_recorder_ioctl(struct ipcmbox_ioctl *call);

#endif /* _IPCMBOX_RECORD_H */
