// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: their end, and dead letters.
 */
#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include <uapi/linux/ipcmbox.h>

#include "exchange.h"
#include "hold.h"
#include "lease.h"
#include "mailbox.h"
#include "message.h"
#include "port.h"
#include "quota.h"
#include "registry.h"
#include "wait.h"

/* The message leaves the mailbox whose creator kept the account of its sender alive. */
static void own_user(struct ipcmbox_content *content)
{
	if (!xchg(&content->owns_user, true))
		ipcmbox_user_get(content->user);
}

/* Returns whether the message was taken over. */
static bool send_dead(struct ipcmbox_mailbox *mailbox, struct ipcmbox_message *message)
{
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_wakes wakes;
	int ret;

	if (mailbox->discipline != IPCMBOX_QUEUE || message->length > mailbox->max_length ||
	    (message->nr_fds && !mailbox->takes_files))
		return false;

	own_user(message->content);
	message->completion = IPCMBOX_QUEUED;
	message->redelivered = 0;
	message->lost = 0;
	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ret = ipcmbox_port_post(port, message, NULL, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
	return ret == IPCMBOX_POSTED;
}

/**
 * ipcmbox_lease_bury() - send dead letters
 * @mailbox: where they were delivered too often
 * @dead: the first of a list by @next_victim, owned by the caller; or NULL
 *
 * Context: may sleep; takes the registry's lock, under which the other mailbox stays.
 */
void ipcmbox_lease_bury(struct ipcmbox_mailbox *mailbox, struct ipcmbox_message *dead)
{
	struct ipcmbox_registry *registry = mailbox->registry;
	struct ipcmbox_message *message;
	struct ipcmbox_mailbox *target;
	bool sent;

	while ((message = dead)) {
		dead = message->next_victim;
		mutex_lock(&registry->lock);
		target = ipcmbox_registry_find_id(registry, mailbox->dead_letter);
		sent = target && send_dead(target, message);
		mutex_unlock(&registry->lock);
		if (!sent)
			ipcmbox_message_put(message);
		cond_resched();
	}
}

static void lease_work_fn(struct work_struct *work)
{
	struct ipcmbox_port *port = container_of(to_delayed_work(work), struct ipcmbox_port,
						 lease_work);
	struct ipcmbox_mailbox *mailbox = container_of(port, struct ipcmbox_mailbox, port);
	struct ipcmbox_sweep sweep = {
		.below = U64_MAX,
		.now = ktime_get(),
		.next = KTIME_MAX,
	};
	struct ipcmbox_wakes wakes;

	do {
		ipcmbox_wakes_init(&wakes);
		spin_lock(&port->lock);
		ipcmbox_hold_expire(port, &sweep, &wakes);
		spin_unlock(&port->lock);
		ipcmbox_wakes_flush(&wakes, &port->pollers);
		cond_resched();
	} while (sweep.below);
	ipcmbox_lease_bury(mailbox, sweep.dead);
}

void ipcmbox_lease_init(struct ipcmbox_mailbox *mailbox)
{
	INIT_DELAYED_WORK(&mailbox->port.lease_work, lease_work_fn);
}

/**
 * ipcmbox_lease_exit() - the mailbox ends, and with it no lease
 * @mailbox: it has no handles any more
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_lease_exit(struct ipcmbox_mailbox *mailbox)
{
	cancel_delayed_work_sync(&mailbox->port.lease_work);
}
