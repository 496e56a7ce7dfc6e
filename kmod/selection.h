/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_SELECTION_H
#define _IPCMBOX_SELECTION_H

#include <linux/types.h>

struct ipcmbox_message;
struct ipcmbox_port;
struct pid;

/**
 * DOC: Selections
 *
 * What a receiver wants, besides a lowest priority: messages of one sender, or with certain event
 * bits. Of the messages that match, the first in order is received.
 */

/**
 * struct ipcmbox_selection - which messages a receiver takes
 * @events: one of these event bits, or 0: any message
 * @pid: of this process or thread, reference; NULL: of anybody
 * @is_thread: @pid is a thread
 * @endpoint: of the endpoint with this id; 0: of any
 *
 * Owned by the receiving call, constant while its waiter is linked.
 */
struct ipcmbox_selection {
	u64 events;
	struct pid *pid;
	bool is_thread;
	u64 endpoint;
};

bool ipcmbox_selection_admits(const struct ipcmbox_selection *selection,
			      const struct ipcmbox_message *message);
struct ipcmbox_message *ipcmbox_selection_find(const struct ipcmbox_selection *selection,
					       struct ipcmbox_port *port, u32 min_priority);

#endif /* _IPCMBOX_SELECTION_H */
