/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_DELIVERY_H
#define _IPCMBOX_DELIVERY_H

#include <linux/types.h>

struct ipcmbox_numbers;
struct ipcmbox_reception;
struct ipcmbox_waiter;

/**
 * DOC: Delivery
 *
 * What a receiver gets: the payload, what it is told of it, and descriptors, in this order. While
 * a message is exported nothing is waited for; if memory is not present, the receive path pauses,
 * has it faulted in and tries again, see transfer.h.
 */

bool ipcmbox_delivery_export(const struct ipcmbox_waiter *waiter);
int ipcmbox_delivery_fault_in(const struct ipcmbox_reception *reception, size_t length);
int ipcmbox_delivery_export_files(const struct ipcmbox_waiter *waiter,
				  struct ipcmbox_numbers *numbers);

#endif /* _IPCMBOX_DELIVERY_H */
