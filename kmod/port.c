// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports: birth, end, and what can be seen of them.
 */
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include <uapi/linux/ipcmbox.h>

#include "message.h"
#include "port.h"
#include "record.h"
#include "transfer.h"
#include "wait.h"
#include "yield.h"

void ipcmbox_port_init(struct ipcmbox_port *port, u32 max_messages, u32 max_length, u64 max_bytes,
		       u32 overflow)
{
	memset(port, 0, sizeof(*port));
	spin_lock_init(&port->lock);
	ipcmbox_queue_init(&port->queue);
	ipcmbox_queue_init(&port->pending);
	INIT_LIST_HEAD(&port->receivers);
	INIT_LIST_HEAD(&port->senders);
	port->held = RB_ROOT;
	port->next_expiry = KTIME_MAX;
	port->receive_patience.yield = IPCMBOX_YIELD_BEGIN;
	port->send_patience.yield = IPCMBOX_YIELD_BEGIN;
	init_waitqueue_head(&port->pollers);
	port->max_messages = max_messages;
	port->max_length = max_length;
	port->max_bytes = max_bytes;
	port->overflow = overflow;
	port->next_seq = 1;
}

/**
 * ipcmbox_port_drain() - free what a port holds at its end
 * @port: nobody else can reach it any more
 *
 * Context: may sleep.
 */
void ipcmbox_port_drain(struct ipcmbox_port *port)
{
	struct ipcmbox_message *message;

	WARN_ON_ONCE(port->nr_receivers || port->nr_senders ||
		     atomic_read(&port->receiving) || !RB_EMPTY_ROOT(&port->held) ||
		     port->notification);

	while ((message = ipcmbox_queue_first(&port->queue))) {
		ipcmbox_queue_remove(&port->queue, message);
		ipcmbox_message_put(message);
		cond_resched();
	}
	put_pid(port->only_receiver);
	ipcmbox_recorder_free(port->recorder);
}

/**
 * ipcmbox_port_change_receiver() - a message is taken by another thread than those before
 * @port: the port
 * @receiver: the thread
 *
 * Not called any more once there have been several at a time. A thread that has died does not
 * count: a server that was started anew is the only one again.
 *
 * Context: the port's lock is held.
 */
void ipcmbox_port_change_receiver(struct ipcmbox_port *port, struct pid *receiver)
{
	const struct task_struct *task;

	lockdep_assert_held(&port->lock);

	rcu_read_lock();
	task = pid_task(port->only_receiver, PIDTYPE_PID);
	port->many_receivers = task && !(READ_ONCE(task->flags) & PF_EXITING);
	rcu_read_unlock();
	put_pid(port->only_receiver);
	port->only_receiver = port->many_receivers ? NULL : get_pid(receiver);
	if (port->many_receivers)
		ipcmbox_port_shun_yields(port);
}

/**
 * ipcmbox_port_poll() - what would not block
 * @port: the port
 *
 * Context: takes the port's lock.
 * Return: EPOLLIN, EPOLLOUT, EPOLLHUP and relatives.
 */
__poll_t ipcmbox_port_poll(struct ipcmbox_port *port)
{
	struct ipcmbox_waiter *waiter;
	__poll_t events = 0;

	spin_lock(&port->lock);
	if (ipcmbox_queue_first(&port->queue) || ipcmbox_queue_first(&port->pending))
		events |= IPCMBOX_POLL_RECEIVE;

	/* However long the next message is: a poll for room that is not enough would spin. */
	if (ipcmbox_port_never_blocks(port) ||
	    (ipcmbox_port_has_room(port, port->max_length, 0, 0) &&
	     !ipcmbox_queue_first(&port->pending)))
		events |= IPCMBOX_POLL_SEND;
	else
		list_for_each_entry(waiter, &port->receivers, link)
			if (!waiter->reception->peek) {
				events |= IPCMBOX_POLL_SEND;
				break;
			}

	if (port->receivers_gone)
		events |= EPOLLHUP | IPCMBOX_POLL_SEND;
	if (port->senders_gone)
		events |= EPOLLHUP | IPCMBOX_POLL_RECEIVE;
	spin_unlock(&port->lock);
	return events;
}

/**
 * ipcmbox_port_report() - fill in what a port holds and has done
 * @port: the port
 * @info: its fields of these names are written
 *
 * Context: takes the port's lock.
 */
void ipcmbox_port_report(struct ipcmbox_port *port, struct ipcmbox_info *info)
{
	const struct ipcmbox_message *oldest;
	u32 receiving;

	spin_lock(&port->lock);
	receiving = atomic_read(&port->receiving);
	info->overflow = port->overflow;
	info->max_messages = port->max_messages;
	info->max_bytes = port->max_bytes;
	info->messages = port->queue.count + receiving;
	info->bytes = port->queue.bytes;
	info->receiving = receiving;
	info->waiting_receivers = port->nr_receivers;
	info->waiting_senders = port->nr_senders;
	info->sent = port->sent;
	info->received = port->taken - receiving;
	info->dropped = port->dropped;
	info->withdrawn = port->withdrawn;
	info->unreported = port->dropped - port->reported;
	info->wakeups = port->wakeups;
	info->peak_messages = port->peak_messages;
	info->peak_bytes = port->peak_bytes;
	info->next_seq = port->next_seq;
	info->recorder = ipcmbox_recorder_size(port);
	info->held = port->nr_held;
	info->max_deliveries = port->max_deliveries;
	info->redelivered = port->redelivered;
	info->dead_letters = port->dead_letters;
	oldest = ipcmbox_queue_oldest(&port->queue);
	info->oldest_ns = oldest ? jiffies64_to_nsecs(jiffies - oldest->queued_at) : 0;
	spin_unlock(&port->lock);
}
