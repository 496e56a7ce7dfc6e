// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selections: which messages a receiver takes.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/threads.h>

#include <uapi/linux/ipcmbox.h>

#include "endpoint.h"
#include "index.h"
#include "message.h"
#include "port.h"
#include "queue.h"
#include "selection.h"

static void choose_process(struct ipcmbox_selection *selection, u64 number)
{
	selection->tgid = number < PID_MAX_LIMIT ? find_get_pid(number) : NULL;
	if (!selection->tgid)
		selection->number = number && number < PID_MAX_LIMIT ? number : -1;
}

static void choose_thread(struct ipcmbox_selection *selection, u64 number)
{
	struct task_struct *task;

	selection->tid = number < PID_MAX_LIMIT ? find_get_pid(number) : NULL;
	if (!selection->tid) {
		selection->number = number && number < PID_MAX_LIMIT ? number : -1;
		return;
	}
	rcu_read_lock();
	task = pid_task(selection->tid, PIDTYPE_PID);
	if (task)
		selection->tgid = get_pid(task_tgid(task));
	rcu_read_unlock();
}

static void choose_endpoint(struct ipcmbox_selection *selection, u64 id)
{
	struct ipcmbox_endpoint *endpoint;

	selection->endpoint = id;
	if (!id)
		selection->number = -1;
	endpoint = ipcmbox_endpoint_of_id(selection->registry, id);
	if (IS_ERR(endpoint))
		return;
	selection->tgid = get_pid(endpoint->tgid);
	if (endpoint->is_thread)
		selection->tid = get_pid(endpoint->owner);
	ipcmbox_endpoint_put(endpoint);
}

/**
 * ipcmbox_selection_import() - what the caller says about messages it wants
 * @selection: filled in; to be released unless this fails
 * @registry: of the mailbox
 * @arg: select_events, from, from_kind
 *
 * Context: may sleep.
 * Return: 0 or -EINVAL.
 */
int ipcmbox_selection_import(struct ipcmbox_selection *selection,
			     struct ipcmbox_registry *registry, const struct ipcmbox_recv *arg)
{
	*selection = (struct ipcmbox_selection){
		.events = arg->select_events,
		.kind = arg->from_kind,
		.pid_ns = ns_of_pid(task_pid(current)),
		.registry = registry,
	};
	switch (arg->from_kind) {
	case IPCMBOX_ANY:
		return arg->from ? -EINVAL : 0;
	case IPCMBOX_PROCESS:
		choose_process(selection, arg->from);
		return 0;
	case IPCMBOX_THREAD:
		choose_thread(selection, arg->from);
		return 0;
	case IPCMBOX_ENDPOINT_ID:
		choose_endpoint(selection, arg->from);
		return 0;
	}
	return -EINVAL;
}

void ipcmbox_selection_release(struct ipcmbox_selection *selection)
{
	put_pid(selection->tgid);
	put_pid(selection->tid);
}

/**
 * ipcmbox_selection_endpoint() - whose end ends the wait for more
 * @selection: of one sender
 *
 * Context: may sleep, no locks held.
 * Return: a reference; or -ESRCH, -EPIPE: as ipcmbox_endpoint_of_owner().
 */
struct ipcmbox_endpoint *ipcmbox_selection_endpoint(const struct ipcmbox_selection *selection)
{
	if (selection->kind == IPCMBOX_ENDPOINT_ID)
		return ipcmbox_endpoint_of_id(selection->registry, selection->endpoint);
	if (selection->number)
		return ERR_PTR(-ESRCH);
	if (selection->kind == IPCMBOX_THREAD)
		return ipcmbox_endpoint_of_owner(selection->registry, selection->tid, true);
	return ipcmbox_endpoint_of_owner(selection->registry, selection->tgid, false);
}

/**
 * ipcmbox_selection_admits() - would the receiver take the message?
 * @selection: what it wants
 * @message: the message
 */
noinline bool ipcmbox_selection_admits(const struct ipcmbox_selection *selection,
				       const struct ipcmbox_message *message)
{
	const struct ipcmbox_content *content = message->content;
	bool by_thread = selection->kind == IPCMBOX_THREAD;

	if (selection->events && !(selection->events & content->events))
		return false;
	if (selection->endpoint && selection->endpoint != content->endpoint)
		return false;
	if ((selection->tgid && selection->tgid != content->tgid) ||
	    (selection->tid && selection->tid != content->tid))
		return false;
	if (likely(!selection->number))
		return true;
	return selection->number == pid_nr_ns(by_thread ? content->tid : content->tgid,
					      selection->pid_ns);
}

/*
 * Looks at @n messages at most. Returns -EBUSY if what is wanted is not among them and there are
 * more; else 0 with @found set to the first that is admitted, or to NULL.
 */
static int scan(const struct ipcmbox_selection *selection, const struct ipcmbox_queue *queue,
		u32 min_priority, unsigned int n, struct ipcmbox_message **found)
{
	struct ipcmbox_message *message;

	for (message = ipcmbox_queue_first(queue); message; message = ipcmbox_queue_next(message)) {
		if (message->priority < min_priority) {
			message = NULL;
			break;
		}
		if (!n--)
			return -EBUSY;
		if (ipcmbox_selection_admits(selection, message))
			break;
	}
	*found = message;
	return 0;
}

/**
 * ipcmbox_selection_find() - find a message for a receiver
 * @selection: what it wants
 * @port: where, locked
 * @min_priority: of messages of this priority or higher
 * @found: set to the first that is queued, or else pending, or to NULL
 *
 * Return: 0; or -EBUSY: the index must be built.
 */
noinline int ipcmbox_selection_find(const struct ipcmbox_selection *selection,
				    struct ipcmbox_port *port, u32 min_priority,
				    struct ipcmbox_message **found)
{
	int ret;

	ret = scan(selection, &port->queue, min_priority, IPCMBOX_INDEX_SCAN, found);
	if (ret && ipcmbox_index_is_ready(&port->index)) {
		*found = ipcmbox_index_find(&port->index, selection, min_priority);
		ret = 0;
	}
	/* What is pending are the messages of blocked tasks, which are few. */
	if (!ret && !*found)
		scan(selection, &port->pending, min_priority, UINT_MAX, found);
	return ret;
}
