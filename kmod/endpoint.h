/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_ENDPOINT_H
#define _IPCMBOX_ENDPOINT_H

#include <linux/compiler.h>
#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct ipcmbox_info;
struct ipcmbox_mailbox;
struct ipcmbox_port;
struct ipcmbox_registry;
struct ipcmbox_waiter;
struct pid;

/**
 * DOC: Endpoints
 *
 * An endpoint makes a mailbox the inbox of a process, or of a thread. It knows its owner by struct
 * pid: that is the same for as long as somebody refers to it, and never another's, however often
 * the number is given out again. A number leads to a struct pid, in the namespace of whoever uses
 * the number and at the time of the call, and from there to an endpoint; a descriptor, once there,
 * stays with the endpoint.
 *
 * An endpoint ends with its owner, or with the last descriptor that receives from it; only the
 * owner can make one, and only with the endpoint itself. What has ended is found no more, its id is
 * never given out again, and whoever is blocked on it learns it with EPIPE: senders at its port and
 * those who look at it with poll, and receives elsewhere that want messages of its owner only, the
 * *awaitings*. What is queued can still be received by whoever has inherited a descriptor.
 *
 * The owner may have passed its descriptors on, or have shared them with another process, so their
 * closing does not tell of its death. The kernel wakes the wait queue of a process's struct pid
 * when it exits, for those who poll a pidfd; an endpoint waits there as well. It is woken with
 * locks held, and so lets a worker look and end what has no owner any more. Of the exit of a thread
 * that does not lead its process not every supported kernel tells: while somebody is blocked on the
 * endpoint of a thread the worker looks every few hundredths of a second, and nobody has to sleep
 * in slices. In between, whoever sends or connects looks for himself.
 */

/* Buckets of the tables. */
#define IPCMBOX_ENDPOINT_BITS	8

/**
 * struct ipcmbox_endpoints - the endpoints of a registry
 * @count: how many there are (registry lock, read without it)
 * @by_owner: by struct pid (registry lock, RCU)
 * @by_id: by id (registry lock, RCU)
 */
struct ipcmbox_endpoints {
	unsigned int count;
	DECLARE_HASHTABLE(by_owner, IPCMBOX_ENDPOINT_BITS);
	DECLARE_HASHTABLE(by_id, IPCMBOX_ENDPOINT_BITS);
};

/**
 * struct ipcmbox_endpoint - what makes a mailbox an endpoint
 * @refs: of its mailbox, and of whoever has found it without the registry's lock
 * @owner_node: in &ipcmbox_endpoints.by_owner until it ends (registry lock, RCU)
 * @id_node: in &ipcmbox_endpoints.by_id until it ends (registry lock, RCU)
 * @owner: process, or thread if @is_thread, reference (constant)
 * @tgid: the process of @owner, reference (constant)
 * @is_thread: of a single thread (constant)
 * @id: of the mailbox (constant once it is found)
 * @mailbox: only there until it ends, for whoever holds the registry's lock (constant once it is
 *	found)
 * @exit: in the wait queue of @owner until it ends (that queue's lock)
 * @lock: protects @awaitings; taken inside of the registry's lock, and outside of those of ports
 * @is_dead: it has ended (written under the registry's lock and @lock)
 * @awaitings: receives that wait for messages of the owner (@lock)
 * @rcu: to free it
 */
struct ipcmbox_endpoint {
	refcount_t refs;
	struct hlist_node owner_node;
	struct hlist_node id_node;
	struct pid *owner;
	struct pid *tgid;
	bool is_thread;
	u64 id;
	struct ipcmbox_mailbox *mailbox;
	struct wait_queue_entry exit;
	spinlock_t lock;
	bool is_dead;
	struct list_head awaitings;
	struct rcu_head rcu;
};

/**
 * struct ipcmbox_awaiting - a receive that waits for messages of one owner
 * @link: in &ipcmbox_endpoint.awaitings (its lock); empty once the endpoint has ended
 * @endpoint: of the owner, reference (constant)
 * @port: where the receive waits (constant)
 * @waiter: of the receive; linked there, or claimed, for as long as this is linked (constant)
 *
 * On the stack of the receiving task.
 */
struct ipcmbox_awaiting {
	struct list_head link;
	struct ipcmbox_endpoint *endpoint;
	struct ipcmbox_port *port;
	struct ipcmbox_waiter *waiter;
};

void ipcmbox_endpoint_exit(void);
void ipcmbox_endpoints_init(struct ipcmbox_endpoints *endpoints);

struct ipcmbox_endpoint *ipcmbox_endpoint_new(bool is_thread);
void ipcmbox_endpoint_put(struct ipcmbox_endpoint *endpoint);
int ipcmbox_endpoint_add(struct ipcmbox_endpoint *endpoint, struct ipcmbox_mailbox *mailbox,
			 u64 id);
void ipcmbox_endpoint_end(struct ipcmbox_endpoint *endpoint);

struct ipcmbox_endpoint *ipcmbox_endpoint_of_owner(struct ipcmbox_registry *registry,
						   struct pid *owner, bool is_thread);
struct ipcmbox_endpoint *ipcmbox_endpoint_of_id(struct ipcmbox_registry *registry, u64 id);
struct ipcmbox_mailbox *ipcmbox_endpoint_find_locked(struct ipcmbox_registry *registry, u32 kind,
						     u64 number);
struct ipcmbox_mailbox *ipcmbox_endpoint_address(const struct ipcmbox_endpoint *inbox, u32 kind,
						 u64 number);

int ipcmbox_endpoint_check(struct ipcmbox_endpoint *endpoint);
void ipcmbox_endpoint_watch(const struct ipcmbox_endpoint *endpoint);
void ipcmbox_endpoint_report(const struct ipcmbox_endpoint *endpoint, struct ipcmbox_info *info);

int ipcmbox_awaiting_begin(struct ipcmbox_awaiting *awaiting, struct ipcmbox_endpoint *endpoint,
			   struct ipcmbox_port *port, struct ipcmbox_waiter *waiter);
void ipcmbox_awaiting_end(struct ipcmbox_awaiting *awaiting);

u64 ipcmbox_endpoint_find_sender(struct ipcmbox_endpoints *endpoints, const struct pid *thread);

/**
 * ipcmbox_endpoint_of_sender() - which endpoint a message of the calling process tells
 * @endpoints: of the registry the message goes to
 * @thread: who sends
 *
 * Return: the id of the endpoint of the thread, or else of its process, or 0.
 */
static inline u64 ipcmbox_endpoint_of_sender(struct ipcmbox_endpoints *endpoints,
					     const struct pid *thread)
{
	if (likely(!READ_ONCE(endpoints->count)))
		return 0;
	return ipcmbox_endpoint_find_sender(endpoints, thread);
}

#endif /* _IPCMBOX_ENDPOINT_H */
