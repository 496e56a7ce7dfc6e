/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_TRANSFER_H
#define _IPCMBOX_TRANSFER_H

#include <linux/compiler_types.h>
#include <linux/types.h>

struct iov_iter;
struct ipcmbox_deadline;
struct ipcmbox_handle;
struct ipcmbox_recv;

/**
 * DOC: Transfers
 *
 * The one send path and the one receive path::
 *
 *	send     import the message (budget, memory, user copy)       no lock
 *	         post it: hand over, queue, or wait for room          port lock
 *	         wait for the completion                              no lock
 *
 *	receive  take a message, or wait until one is handed over     port lock
 *	         export it (user copy)                                no lock
 *	         finish it (port lock only if its sender waits)       no lock
 *	         or put it back                                       port lock
 *
 * Between take and finish a sender may be waiting for the outcome, so the user copy of a taken
 * message must not wait for anything: page faults are disabled. If the buffer is not all present,
 * the receiver pauses while it is faulted in: it keeps the message, so that no other receiver gets
 * later ones first and then this one, but its sender may withdraw it. If the buffer is bad, the
 * message goes back to its old place. A receiver with a bad or a hostile buffer can so neither lose
 * a message nor hold up its sender.
 */

int ipcmbox_transfer_send(struct ipcmbox_handle *handle, struct iov_iter *from, u32 priority,
			  bool receipt, const struct ipcmbox_deadline *deadline, u32 *limit);

/**
 * struct ipcmbox_reception - one receive
 * @to: where the payload goes; its length is the room
 * @arg: min_priority in; everything that is out is written
 * @uarg: where what is out of @arg is copied to together with the payload, or NULL
 * @peek: leave the message
 * @tries: how often the buffer may still be faulted in
 */
struct ipcmbox_reception {
	struct iov_iter *to;
	struct ipcmbox_recv *arg;
	struct ipcmbox_recv __user *uarg;
	bool peek;
	int tries;
};

long ipcmbox_transfer_receive(struct ipcmbox_handle *handle, struct ipcmbox_reception *reception,
			      const struct ipcmbox_deadline *deadline);

#endif /* _IPCMBOX_TRANSFER_H */
