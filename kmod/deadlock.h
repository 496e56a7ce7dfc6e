/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_DEADLOCK_H
#define _IPCMBOX_DEADLOCK_H

#include <linux/list.h>
#include <linux/types.h>

struct ipcmbox_port;
struct pid;

/**
 * DOC: Deadlocks
 *
 * A thread that waits for its message to be handled waits for another thread: the one that has
 * received it, or, while it is queued, the one that is going to. If that waits in the same way, and
 * so on until a thread that waits for the first, nobody will ever reply. A call that would close
 * such a cycle fails instead.
 *
 * Threads that wait so are in a table, by thread, while they do; the last one to come sees all the
 * others. Who will receive a queued message is taken as known only if the port has seen one
 * receiving thread and no other, that thread is its process's only one, and the descriptor it has
 * received on is in one process only and no other can receive: then nobody else can come but by
 * opening the mailbox anew. What is in the inbox of a thread is for that thread, by definition.
 */

/**
 * struct ipcmbox_caller - a thread that waits for its message to be handled
 * @node: in the table (callers_lock)
 * @thread: who (constant; the thread holds it)
 * @port: where its message is (constant; the thread holds its mailbox)
 * @server: who has received its message, or NULL; only compared, never followed (written under the
 *	port's lock, read without)
 *
 * On the stack of the thread.
 */
struct ipcmbox_caller {
	struct hlist_node node;
	struct pid *thread;
	struct ipcmbox_port *port;
	struct pid *server;
};

int ipcmbox_deadlock_enter(struct ipcmbox_caller *caller, struct ipcmbox_port *port);
void ipcmbox_deadlock_leave(struct ipcmbox_caller *caller);

#endif /* _IPCMBOX_DEADLOCK_H */
