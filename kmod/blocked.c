// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocked tasks: who waits for whom.
 */
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include <uapi/linux/ipcmbox.h>

#include "blocked.h"
#include "channel.h"
#include "endpoint.h"
#include "event.h"
#include "ioctl.h"
#include "mailbox.h"
#include "member.h"
#include "message.h"
#include "quota.h"
#include "registry.h"
#include "selection.h"
#include "transfer.h"
#include "wait.h"

/* An element in the first version of the ABI. */
#define BLOCKED_SIZE_MIN	48

/**
 * struct ipcmbox_blocked_entry - a task that waits
 * @process: its process, reference
 * @thread: the thread, reference
 * @peer: for whom it waits, reference; NULL: not known
 * @peer_is_process: @peer is a process, else a thread
 * @what: IPCMBOX_BLOCKED_*
 * @priority: of its message, or the lowest it receives
 * @seq: of its message
 * @since: jiffies when it began
 */
struct ipcmbox_blocked_entry {
	struct pid *process;
	struct pid *thread;
	struct pid *peer;
	bool peer_is_process;
	u16 priority;
	u32 what;
	u64 seq;
	unsigned long since;
};

/**
 * ipcmbox_blocked_init() - get room for a snapshot
 * @snapshot: to be used, and to be exited
 * @room: for so many tasks, up to IPCMBOX_BLOCKED_MAX
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ipcmbox_blocked_init(struct ipcmbox_blocked_snapshot *snapshot, u32 room)
{
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->entries = kvmalloc_array(room, sizeof(*snapshot->entries), IPCMBOX_GFP);
	snapshot->room = room;
	return snapshot->entries ? 0 : -ENOMEM;
}

static void forget(struct ipcmbox_blocked_snapshot *snapshot)
{
	u32 i;

	for (i = 0; i < snapshot->count; i++) {
		put_pid(snapshot->entries[i].process);
		put_pid(snapshot->entries[i].thread);
		put_pid(snapshot->entries[i].peer);
	}
	snapshot->count = 0;
}

void ipcmbox_blocked_exit(struct ipcmbox_blocked_snapshot *snapshot)
{
	forget(snapshot);
	kvfree(snapshot->entries);
}

/* There is room for it; the caller completes it. */
static struct ipcmbox_blocked_entry *add(struct ipcmbox_blocked_snapshot *snapshot,
					 const struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_blocked_entry *entry;

	entry = &snapshot->entries[snapshot->count++];
	/* As long as its waiter is linked, a task is there and keeps its ids. */
	entry->process = get_pid(task_tgid(waiter->task));
	entry->thread = get_pid(task_pid(waiter->task));
	entry->peer = NULL;
	entry->peer_is_process = false;
	entry->since = waiter->since;
	return entry;
}

static void add_receiver(struct ipcmbox_blocked_snapshot *snapshot,
			 const struct ipcmbox_waiter *waiter)
{
	const struct ipcmbox_selection *selection = waiter->reception->selection;
	struct ipcmbox_blocked_entry *entry = add(snapshot, waiter);

	entry->what = IPCMBOX_BLOCKED_RECV;
	entry->priority = waiter->reception->min_priority;
	entry->seq = 0;
	if (selection && (selection->tid || selection->tgid)) {
		entry->peer = get_pid(selection->tid ?: selection->tgid);
		entry->peer_is_process = !selection->tid;
	}
}

/* Of a mailbox that nobody has received from yet. */
static void set_owner(struct ipcmbox_blocked_entry *entry, const struct ipcmbox_mailbox *mailbox)
{
	if (mailbox->endpoint) {
		entry->peer = get_pid(mailbox->endpoint->owner);
		entry->peer_is_process = !mailbox->endpoint->is_thread;
	} else if (mailbox->member) {
		entry->peer = get_pid(mailbox->member->tgid);
		entry->peer_is_process = true;
	}
}

/* Who will receive what is queued or pending at @mailbox, whose port is locked, if it is known. */
static void set_receiver(struct ipcmbox_blocked_entry *entry,
			 const struct ipcmbox_mailbox *mailbox)
{
	if (mailbox->port.only_receiver)
		entry->peer = get_pid(mailbox->port.only_receiver);
	else if (!mailbox->port.many_receivers)
		set_owner(entry, mailbox);
}

/* At a channel there are no messages, and one who can make room. */
static void add_at_channel(struct ipcmbox_blocked_snapshot *snapshot,
			   const struct ipcmbox_channel *channel,
			   const struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_blocked_entry *entry = add(snapshot, waiter);

	entry->what = waiter->lane ? IPCMBOX_BLOCKED_ROOM : IPCMBOX_BLOCKED_RECV;
	entry->priority = 0;
	entry->seq = 0;
	if (waiter->lane) {
		entry->peer = get_pid(channel->consumer_tgid);
		entry->peer_is_process = true;
	}
}

static void add_sender(struct ipcmbox_blocked_snapshot *snapshot,
		       const struct ipcmbox_mailbox *mailbox, const struct ipcmbox_waiter *waiter)
{
	struct ipcmbox_blocked_entry *entry = add(snapshot, waiter);
	const struct ipcmbox_message *message = waiter->message;

	entry->priority = message->priority;
	entry->seq = message->seq;

	switch (message->place) {
	case IPCMBOX_MESSAGE_PENDING:
		entry->what = IPCMBOX_BLOCKED_ROOM;
		set_receiver(entry, mailbox);
		break;
	case IPCMBOX_MESSAGE_HELD:
		entry->what = IPCMBOX_BLOCKED_REPLY;
		entry->peer = get_pid(message->server);
		break;
	case IPCMBOX_MESSAGE_PAUSED:
		entry->what = IPCMBOX_BLOCKED_RECEIPT;
		entry->peer = get_pid(task_pid(message->pauser->task));
		break;
	default:
		entry->what = IPCMBOX_BLOCKED_RECEIPT;
		set_receiver(entry, mailbox);
	}
}

static void take(struct ipcmbox_blocked_snapshot *snapshot, struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_port *port = &mailbox->port;
	const struct ipcmbox_waiter *waiter;

	spin_lock(&port->lock);
	snapshot->total = port->nr_receivers + port->nr_senders;
	list_for_each_entry(waiter, &port->receivers, link) {
		if (snapshot->count == snapshot->room)
			break;
		if (mailbox->channel)
			add_at_channel(snapshot, mailbox->channel, waiter);
		else
			add_receiver(snapshot, waiter);
	}
	list_for_each_entry(waiter, &port->senders, link) {
		if (snapshot->count == snapshot->room)
			break;
		if (mailbox->channel)
			add_at_channel(snapshot, mailbox->channel, waiter);
		else
			add_sender(snapshot, mailbox, waiter);
	}
	spin_unlock(&port->lock);
}

/* Whoever sends an event waits for the member that is not ready for the first of them. */
static void set_blocker(struct ipcmbox_blocked_snapshot *snapshot,
			struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_port *port = &mailbox->port;
	u32 i;

	spin_lock(&port->lock);
	for (i = 0; i < snapshot->count; i++)
		set_receiver(&snapshot->entries[i], mailbox);
	spin_unlock(&port->lock);
}

/**
 * ipcmbox_blocked_take() - look who waits now
 * @snapshot: what was in it is forgotten
 * @mailbox: where
 *
 * Context: may sleep; takes the port's lock, and an event's.
 */
void ipcmbox_blocked_take(struct ipcmbox_blocked_snapshot *snapshot,
			  struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_event *event = mailbox->event;

	forget(snapshot);
	snapshot->mailbox = mailbox->entry.id;

	if (!event) {
		take(snapshot, mailbox);
		return;
	}
	mutex_lock(&event->lock);
	take(snapshot, mailbox);
	if (event->blocker)
		set_blocker(snapshot, event->blocker->mailbox);
	mutex_unlock(&event->lock);
}

static bool is_dead(struct task_struct *task, bool is_process)
{
	return READ_ONCE(task->flags) & PF_EXITING && (!is_process || thread_group_empty(task));
}

static void describe_peer(const struct ipcmbox_blocked_entry *entry, struct pid_namespace *ns,
			  struct ipcmbox_blocked *blocked)
{
	struct task_struct *task;

	/* Whoever has died will not do anything about it. */
	rcu_read_lock();
	task = pid_task(entry->peer, entry->peer_is_process ? PIDTYPE_TGID : PIDTYPE_PID);
	if (task && !is_dead(task, entry->peer_is_process)) {
		blocked->peer_pid = task_tgid_nr_ns(task, ns);
		blocked->peer_tid = entry->peer_is_process ? 0 : pid_nr_ns(entry->peer, ns);
	}
	rcu_read_unlock();
}

/**
 * ipcmbox_blocked_describe() - tell of a task in a snapshot
 * @snapshot: taken
 * @i: which, less than @snapshot->count
 * @ns: whose numbers
 * @blocked: all fields are written
 */
void ipcmbox_blocked_describe(const struct ipcmbox_blocked_snapshot *snapshot, u32 i,
			      struct pid_namespace *ns, struct ipcmbox_blocked *blocked)
{
	const struct ipcmbox_blocked_entry *entry = &snapshot->entries[i];

	memset(blocked, 0, sizeof(*blocked));
	blocked->mailbox = snapshot->mailbox;
	blocked->seq = entry->seq;
	blocked->since_ns = jiffies64_to_nsecs(jiffies - entry->since);
	blocked->what = entry->what;
	blocked->priority = entry->priority;
	blocked->pid = pid_nr_ns(entry->process, ns);
	blocked->tid = pid_nr_ns(entry->thread, ns);
	if (entry->peer)
		describe_peer(entry, ns, blocked);
}

/* ioctl(BLOCKED). */

static int copy_out(const struct ipcmbox_blocked_snapshot *snapshot,
		    const struct ipcmbox_blocked_list *arg)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	void __user *to = u64_to_user_ptr(arg->buf_ptr);
	struct ipcmbox_blocked blocked;
	size_t size = min_t(size_t, arg->element_size, sizeof(blocked));
	u32 i;

	for (i = 0; i < snapshot->count; i++, to += arg->element_size) {
		ipcmbox_blocked_describe(snapshot, i, ns, &blocked);
		if (copy_to_user(to, &blocked, size) ||
		    (arg->element_size > size && clear_user(to + size, arg->element_size - size)))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

/**
 * ipcmbox_blocked_ioctl() - ioctl(BLOCKED) on the device
 * @call: the command
 *
 * Return: 0, or an error of struct ipcmbox_blocked_list.
 */
long ipcmbox_blocked_ioctl(struct ipcmbox_ioctl *call)
{
	struct ipcmbox_blocked_list *arg = &call->arg.blocked;
	struct ipcmbox_blocked_snapshot snapshot;
	struct ipcmbox_mailbox *mailbox;
	int ret;

	if (!arg->count || arg->count > IPCMBOX_BLOCKED_MAX || arg->__reserved ||
	    arg->element_size < BLOCKED_SIZE_MIN || arg->element_size > PAGE_SIZE)
		return -EINVAL;
	if (arg->buf_ptr != (unsigned long)arg->buf_ptr)
		return -EFAULT;

	mailbox = ipcmbox_registry_get_id(call->file->private_data, arg->id);
	if (!mailbox)
		return -ENOENT;
	ret = ipcmbox_blocked_init(&snapshot, arg->count);
	if (!ret)
		ipcmbox_blocked_take(&snapshot, mailbox);
	ipcmbox_mailbox_put(mailbox);
	if (ret)
		return ret;

	ret = copy_out(&snapshot, arg);
	arg->count = snapshot.count;
	arg->total = snapshot.total;
	ipcmbox_blocked_exit(&snapshot);
	return ret ?: ipcmbox_ioctl_reply(call, arg, sizeof(*arg));
}
