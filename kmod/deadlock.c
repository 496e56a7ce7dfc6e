// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlocks: threads that wait for each other's replies.
 */
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "deadlock.h"
#include "endpoint.h"
#include "handle.h"
#include "port.h"

/* Longer chains than this are not followed to their end. */
#define HOPS_MAX	128

static DEFINE_SPINLOCK(callers_lock);
static DEFINE_HASHTABLE(callers, 8);	/* callers_lock */

static struct ipcmbox_caller *find_caller(const struct pid *thread)
{
	struct ipcmbox_caller *caller;

	hash_for_each_possible(callers, caller, node, (unsigned long)thread)
		if (caller->thread == thread)
			return caller;
	return NULL;
}

static bool is_alone_in_process(struct pid *thread)
{
	struct task_struct *task;
	bool alone;

	rcu_read_lock();
	task = pid_task(thread, PIDTYPE_PID);
	alone = task && thread_group_empty(task) && !(READ_ONCE(task->flags) & PF_EXITING);
	rcu_read_unlock();
	return alone;
}

/* Who alone is going to receive what is queued, if that is sure; only to be compared. */
static struct pid *only_server(struct ipcmbox_port *port)
{
	struct ipcmbox_mailbox *mailbox = container_of(port, struct ipcmbox_mailbox, port);
	struct pid *server = NULL;

	if (mailbox->endpoint && mailbox->endpoint->is_thread)
		return mailbox->endpoint->owner;

	spin_lock(&port->lock);
	if (port->only_receiver && list_empty(&port->receivers) && port->last_holder &&
	    file_count(port->last_holder->file) == 1 && READ_ONCE(mailbox->entry.readers) == 1 &&
	    is_alone_in_process(port->only_receiver))
		server = port->only_receiver;
	spin_unlock(&port->lock);
	return server;
}

static struct pid *server_of(const struct ipcmbox_caller *caller)
{
	return READ_ONCE(caller->server) ?: only_server(caller->port);
}

static bool closes_cycle(const struct ipcmbox_caller *newcomer)
{
	const struct ipcmbox_caller *caller = newcomer;
	const struct pid *server;
	int hops;

	for (hops = 0; caller && hops < HOPS_MAX; hops++) {
		server = server_of(caller);
		if (!server)
			return false;
		if (server == newcomer->thread)
			return true;
		caller = find_caller(server);
	}
	return false;
}

/**
 * ipcmbox_deadlock_enter() - the calling thread is going to wait for its message to be handled
 * @caller: on its stack, with @server if that is known
 * @port: where the message goes, or is
 *
 * Context: process context, no locks held; takes the locks of ports.
 * Return: 0, or -EDEADLK: it would wait for itself.
 */
int ipcmbox_deadlock_enter(struct ipcmbox_caller *caller, struct ipcmbox_port *port)
{
	int ret = 0;

	caller->thread = task_pid(current);
	caller->port = port;

	spin_lock(&callers_lock);
	if (closes_cycle(caller))
		ret = -EDEADLK;
	else
		hash_add(callers, &caller->node, (unsigned long)caller->thread);
	spin_unlock(&callers_lock);
	return ret;
}

/**
 * ipcmbox_deadlock_leave() - the calling thread does not wait any more
 * @caller: entered
 */
void ipcmbox_deadlock_leave(struct ipcmbox_caller *caller)
{
	spin_lock(&callers_lock);
	hash_del(&caller->node);
	spin_unlock(&callers_lock);
}
