/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_SELECTION_H
#define _IPCMBOX_SELECTION_H

#include <linux/types.h>

struct ipcmbox_endpoint;
struct ipcmbox_message;
struct ipcmbox_port;
struct ipcmbox_recv;
struct ipcmbox_registry;
struct pid;
struct pid_namespace;

/**
 * DOC: Selections
 *
 * What a receiver wants, besides a lowest priority: messages of one sender, or with certain event
 * bits, or both. Of the messages that match, the first in order is received.
 *
 * A sender that is named by number is the process or thread that has the number when the receive
 * begins, whoever has had it before. Only if nobody has it are messages compared by the numbers
 * they would tell the receiver.
 */

/**
 * struct ipcmbox_selection - which messages a receiver takes
 * @events: one of these event bits, or 0: any message
 * @kind: whom the sender is named by: IPCMBOX_PROCESS, _THREAD, _ENDPOINT_ID, or _ANY
 * @tgid: of this process, reference; NULL: of any
 * @tid: of this thread, reference; NULL: of any
 * @endpoint: of the endpoint with this id; 0: of any
 * @number: of a process or thread that had this number in @pid_ns; 0: of any; -1: of none
 * @pid_ns: of the receiver, who is in it
 * @registry: where the sender's endpoint would be; of the mailbox, which refers to it
 *
 * All that is said must hold; of an endpoint that is there, the process and the thread are said,
 * too, as they lead to its messages. Owned by the receiving call, constant while its waiter is
 * linked.
 */
struct ipcmbox_selection {
	u64 events;
	u32 kind;
	struct pid *tgid;
	struct pid *tid;
	u64 endpoint;
	pid_t number;
	struct pid_namespace *pid_ns;
	struct ipcmbox_registry *registry;
};

int ipcmbox_selection_import(struct ipcmbox_selection *selection,
			     struct ipcmbox_registry *registry, const struct ipcmbox_recv *arg);
void ipcmbox_selection_release(struct ipcmbox_selection *selection);
struct ipcmbox_endpoint *ipcmbox_selection_endpoint(const struct ipcmbox_selection *selection);

bool ipcmbox_selection_admits(const struct ipcmbox_selection *selection,
			      const struct ipcmbox_message *message);
int ipcmbox_selection_find(const struct ipcmbox_selection *selection, struct ipcmbox_port *port,
			   u32 min_priority, struct ipcmbox_message **found);

#endif /* _IPCMBOX_SELECTION_H */
