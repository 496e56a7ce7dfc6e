// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints: whose inbox a mailbox is, and the end of that.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/threads.h>
#include <linux/workqueue.h>

#include <uapi/linux/ipcmbox.h>

#include "endpoint.h"
#include "exchange.h"
#include "mailbox.h"
#include "port.h"
#include "quota.h"
#include "registry.h"
#include "wait.h"

/* How often to look whether threads live that somebody waits for; the UAPI header says 50 ms. */
#define WATCH_INTERVAL	(HZ / 25)

static void watch_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch_work_fn);

/* Owners. */

/**
 * enum life - what can be said of a process or a thread
 * @LIFE_NONE: there is none
 * @LIFE_OVER: it has ended, and its parent has not yet been told or asked
 * @LIFE_LIVES: it can still send and receive
 */
enum life {
	LIFE_NONE,
	LIFE_OVER,
	LIFE_LIVES,
};

static enum life life_of(struct pid *owner, bool is_thread)
{
	struct task_struct *task;
	enum life life = LIFE_NONE;

	rcu_read_lock();
	task = pid_task(owner, is_thread ? PIDTYPE_PID : PIDTYPE_TGID);
	/* A process lives on in its other threads when the one that leads it has ended. */
	if (task)
		life = (is_thread ? READ_ONCE(task->flags) & PF_EXITING :
				    !atomic_read(&task->signal->live)) ? LIFE_OVER : LIFE_LIVES;
	rcu_read_unlock();
	return life;
}

static bool is_over(const struct ipcmbox_endpoint *endpoint)
{
	return life_of(endpoint->owner, endpoint->is_thread) != LIFE_LIVES;
}

/* Ends soon what has no owner any more. Context: any. */
static void look_soon(void)
{
	mod_delayed_work(system_power_efficient_wq, &watch_work, 0);
}

/* The owner exits, or so it seems: who it is may change when a thread calls execve(). */
static int owner_exits(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	look_soon();
	return 0;
}

/* Birth and end. */

void ipcmbox_endpoints_init(struct ipcmbox_endpoints *endpoints)
{
	endpoints->count = 0;
	hash_init(endpoints->by_owner);
	hash_init(endpoints->by_id);
}

/**
 * ipcmbox_endpoint_new() - make an endpoint of the calling task
 * @is_thread: of the thread alone, not of the process
 *
 * Context: may sleep.
 * Return: a reference to an endpoint that nobody can find yet, or NULL.
 */
struct ipcmbox_endpoint *ipcmbox_endpoint_new(bool is_thread)
{
	struct ipcmbox_endpoint *endpoint;

	endpoint = kzalloc(sizeof(*endpoint), IPCMBOX_GFP);
	if (!endpoint)
		return NULL;

	refcount_set(&endpoint->refs, 1);
	INIT_HLIST_NODE(&endpoint->owner_node);
	INIT_HLIST_NODE(&endpoint->id_node);
	endpoint->owner = get_pid(is_thread ? task_pid(current) : task_tgid(current));
	endpoint->tgid = get_pid(task_tgid(current));
	endpoint->is_thread = is_thread;
	init_waitqueue_func_entry(&endpoint->exit, owner_exits);
	spin_lock_init(&endpoint->lock);
	INIT_LIST_HEAD(&endpoint->awaitings);
	return endpoint;
}

/**
 * ipcmbox_endpoint_put() - drop a reference
 * @endpoint: or NULL
 *
 * Context: any.
 */
void ipcmbox_endpoint_put(struct ipcmbox_endpoint *endpoint)
{
	if (!endpoint || !refcount_dec_and_test(&endpoint->refs))
		return;
	/* Those who still come across it in a table only compare the pointers. */
	put_pid(endpoint->owner);
	put_pid(endpoint->tgid);
	kfree_rcu(endpoint, rcu);
}

static struct ipcmbox_endpoint *find_owner(struct ipcmbox_endpoints *endpoints,
					   const struct pid *owner, bool is_thread)
{
	struct ipcmbox_endpoint *endpoint;

	hash_for_each_possible_rcu(endpoints->by_owner, endpoint, owner_node, (unsigned long)owner)
		if (endpoint->owner == owner && endpoint->is_thread == is_thread)
			return endpoint;
	return NULL;
}

static struct ipcmbox_endpoint *find_id(struct ipcmbox_endpoints *endpoints, u64 id)
{
	struct ipcmbox_endpoint *endpoint;

	hash_for_each_possible_rcu(endpoints->by_id, endpoint, id_node, id)
		if (endpoint->id == id)
			return endpoint;
	return NULL;
}

/**
 * ipcmbox_endpoint_add() - let an endpoint be found
 * @endpoint: new
 * @mailbox: its mailbox, which refers to it
 * @id: of the mailbox
 *
 * Context: the registry's lock is held.
 * Return: 0, or -EEXIST: its owner has one.
 */
int ipcmbox_endpoint_add(struct ipcmbox_endpoint *endpoint, struct ipcmbox_mailbox *mailbox,
			 u64 id)
{
	struct ipcmbox_endpoints *endpoints = &mailbox->registry->endpoints;
	bool exists;

	lockdep_assert_held(&mailbox->registry->lock);

	rcu_read_lock();
	exists = find_owner(endpoints, endpoint->owner, endpoint->is_thread);
	rcu_read_unlock();
	if (exists)
		return -EEXIST;

	endpoint->id = id;
	endpoint->mailbox = mailbox;
	hash_add_rcu(endpoints->by_owner, &endpoint->owner_node, (unsigned long)endpoint->owner);
	hash_add_rcu(endpoints->by_id, &endpoint->id_node, id);
	WRITE_ONCE(endpoints->count, endpoints->count + 1);
	/* The owner is the calling task, so it has not exited before this. */
	add_wait_queue(&endpoint->owner->wait_pidfd, &endpoint->exit);
	return 0;
}

/* Nobody waits for messages of the owner any more, now and from now on. */
static void end_awaitings(struct ipcmbox_endpoint *endpoint)
{
	struct ipcmbox_awaiting *awaiting, *next;
	struct ipcmbox_wakes wakes;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&endpoint->lock);
	WRITE_ONCE(endpoint->is_dead, true);
	list_for_each_entry_safe(awaiting, next, &endpoint->awaitings, link) {
		list_del_init(&awaiting->link);
		spin_lock(&awaiting->port->lock);
		ipcmbox_port_fail(awaiting->port, awaiting->waiter, -EPIPE, &wakes);
		spin_unlock(&awaiting->port->lock);
	}
	spin_unlock(&endpoint->lock);
	ipcmbox_wakes_complete(&wakes);
}

/**
 * ipcmbox_endpoint_end() - the owner, or the last descriptor that receives, is gone
 * @endpoint: has been added; may have ended before
 *
 * Context: may sleep; the registry's lock is held.
 */
void ipcmbox_endpoint_end(struct ipcmbox_endpoint *endpoint)
{
	struct ipcmbox_mailbox *mailbox = endpoint->mailbox;
	struct ipcmbox_endpoints *endpoints = &mailbox->registry->endpoints;

	lockdep_assert_held(&mailbox->registry->lock);

	if (endpoint->is_dead)
		return;
	remove_wait_queue(&endpoint->owner->wait_pidfd, &endpoint->exit);
	hash_del_rcu(&endpoint->owner_node);
	hash_del_rcu(&endpoint->id_node);
	WRITE_ONCE(endpoints->count, endpoints->count - 1);
	end_awaitings(endpoint);
	ipcmbox_mailbox_update_gone(mailbox);
}

/* Who is there. */

/**
 * ipcmbox_endpoint_of_owner() - find the endpoint of a process or a thread
 * @registry: where
 * @owner: the process, or the thread
 * @is_thread: which of the two
 *
 * Return: a reference to an endpoint that has not ended just before; -EPIPE: the owner has;
 * -ESRCH: there is no such owner, or it has no endpoint.
 */
struct ipcmbox_endpoint *ipcmbox_endpoint_of_owner(struct ipcmbox_registry *registry,
						   struct pid *owner, bool is_thread)
{
	struct ipcmbox_endpoint *endpoint;

	switch (life_of(owner, is_thread)) {
	case LIFE_NONE:
		return ERR_PTR(-ESRCH);
	case LIFE_OVER:
		return ERR_PTR(-EPIPE);
	case LIFE_LIVES:
		break;
	}

	rcu_read_lock();
	endpoint = find_owner(&registry->endpoints, owner, is_thread);
	if (endpoint && !refcount_inc_not_zero(&endpoint->refs))
		endpoint = NULL;
	rcu_read_unlock();
	return endpoint ?: ERR_PTR(-ESRCH);
}

/* Ids are given out in ascending order, and not twice. */
static int missing_id(struct ipcmbox_registry *registry, u64 id)
{
	struct ipcmbox_mailbox *mailbox;
	bool is_other;

	if (!ipcmbox_entry_had_id(id))
		return -ESRCH;
	mutex_lock(&registry->lock);
	mailbox = ipcmbox_registry_find_id(registry, id);
	is_other = mailbox && !mailbox->endpoint;
	mutex_unlock(&registry->lock);
	return is_other ? -ESRCH : -EPIPE;
}

/**
 * ipcmbox_endpoint_of_id() - find an endpoint by its id
 * @registry: where
 * @id: the id
 *
 * Context: may sleep; the registry's lock is not held.
 * Return: as ipcmbox_endpoint_of_owner().
 */
struct ipcmbox_endpoint *ipcmbox_endpoint_of_id(struct ipcmbox_registry *registry, u64 id)
{
	struct ipcmbox_endpoint *endpoint;

	rcu_read_lock();
	endpoint = find_id(&registry->endpoints, id);
	if (endpoint && !refcount_inc_not_zero(&endpoint->refs))
		endpoint = NULL;
	rcu_read_unlock();

	if (!endpoint)
		return ERR_PTR(missing_id(registry, id));
	if (ipcmbox_endpoint_check(endpoint)) {
		ipcmbox_endpoint_put(endpoint);
		return ERR_PTR(-EPIPE);
	}
	return endpoint;
}

static struct ipcmbox_endpoint *of_number(struct ipcmbox_registry *registry, u32 kind, u64 number)
{
	struct pid *owner = number < PID_MAX_LIMIT ? find_get_pid(number) : NULL;
	struct ipcmbox_endpoint *endpoint;

	if (!owner)
		return ERR_PTR(-ESRCH);
	endpoint = ipcmbox_endpoint_of_owner(registry, owner, kind == IPCMBOX_THREAD);
	put_pid(owner);
	return endpoint;
}

/**
 * ipcmbox_endpoint_find_locked() - find the mailbox of a process or a thread
 * @registry: where, locked
 * @kind: IPCMBOX_PROCESS or _THREAD
 * @number: its id in the caller's pid namespace
 *
 * Return: the mailbox, not a reference; or -ESRCH.
 */
struct ipcmbox_mailbox *ipcmbox_endpoint_find_locked(struct ipcmbox_registry *registry, u32 kind,
						     u64 number)
{
	struct ipcmbox_endpoint *endpoint = of_number(registry, kind, number);
	struct ipcmbox_mailbox *mailbox;

	lockdep_assert_held(&registry->lock);

	if (IS_ERR(endpoint))
		return ERR_PTR(-ESRCH);
	mailbox = endpoint->is_dead ? ERR_PTR(-ESRCH) : endpoint->mailbox;
	ipcmbox_endpoint_put(endpoint);
	return mailbox;
}

/**
 * ipcmbox_endpoint_address() - find the mailbox that a message without a descriptor goes to
 * @inbox: of the mailbox of the descriptor that is used instead; NULL: it has none
 * @kind: IPCMBOX_PROCESS, _THREAD or _ENDPOINT_ID
 * @number: the id that means
 *
 * Context: may sleep; the registry's lock is not held.
 * Return: a reference; or -EINVAL: @inbox is not the caller's; -EACCES; -ESRCH, -EPIPE: as
 * ipcmbox_endpoint_of_owner().
 */
struct ipcmbox_mailbox *ipcmbox_endpoint_address(const struct ipcmbox_endpoint *inbox, u32 kind,
						 u64 number)
{
	struct ipcmbox_endpoint *endpoint;
	struct ipcmbox_registry *registry;
	struct ipcmbox_mailbox *mailbox;
	int ret = -EPIPE;

	if (!inbox || inbox->tgid != task_tgid(current))
		return ERR_PTR(-EINVAL);
	registry = inbox->mailbox->registry;
	endpoint = kind == IPCMBOX_ENDPOINT_ID ? ipcmbox_endpoint_of_id(registry, number) :
						 of_number(registry, kind, number);
	if (IS_ERR(endpoint))
		return ERR_CAST(endpoint);

	mailbox = endpoint->mailbox;
	mutex_lock(&registry->lock);
	if (!endpoint->is_dead)
		ret = ipcmbox_mailbox_check_access(mailbox, IPCMBOX_WRITE);
	if (!ret)
		refcount_inc(&mailbox->entry.refs);
	mutex_unlock(&registry->lock);
	ipcmbox_endpoint_put(endpoint);
	return ret ? ERR_PTR(ret) : mailbox;
}

/* For senders who find that @endpoints are not empty. */
u64 ipcmbox_endpoint_find_sender(struct ipcmbox_endpoints *endpoints, const struct pid *thread)
{
	struct ipcmbox_endpoint *endpoint;
	u64 id;

	rcu_read_lock();
	endpoint = find_owner(endpoints, thread, true) ?:
		   find_owner(endpoints, task_tgid(current), false);
	id = endpoint ? endpoint->id : 0;
	rcu_read_unlock();
	return id;
}

void ipcmbox_endpoint_report(const struct ipcmbox_endpoint *endpoint, struct ipcmbox_info *info)
{
	struct pid_namespace *ns = ns_of_pid(task_pid(current));

	info->pid = pid_nr_ns(endpoint->tgid, ns);
	if (endpoint->is_thread) {
		info->tid = pid_nr_ns(endpoint->owner, ns);
		info->flags |= IPCMBOX_INFO_THREAD;
	}
}

/* Watching. */

/**
 * ipcmbox_endpoint_check() - does the owner live?
 * @endpoint: the endpoint; ends soon if not
 *
 * Context: any.
 * Return: 0 or -EPIPE.
 */
int ipcmbox_endpoint_check(struct ipcmbox_endpoint *endpoint)
{
	if (likely(!is_over(endpoint)))
		return 0;
	if (!READ_ONCE(endpoint->is_dead))
		look_soon();
	return -EPIPE;
}

/**
 * ipcmbox_endpoint_watch() - somebody begins to wait for the owner
 * @endpoint: the endpoint; that somebody waits can be seen there already
 *
 * Context: any.
 */
void ipcmbox_endpoint_watch(const struct ipcmbox_endpoint *endpoint)
{
	/*
	 * If the work is pending, it has yet to look who waits: what it looks at is written before
	 * this, which is as good as a barrier, see queue_work().
	 */
	if (endpoint->is_thread)
		queue_delayed_work(system_power_efficient_wq, &watch_work, WATCH_INTERVAL);
}

static bool is_awaited(const struct ipcmbox_endpoint *endpoint)
{
	struct ipcmbox_port *port = &endpoint->mailbox->port;

	/* Whoever comes too late to be seen here makes the work look again. */
	return READ_ONCE(port->nr_senders) || waitqueue_active(&port->pollers) ||
	       !list_empty(&endpoint->awaitings);
}

static void look_at(struct ipcmbox_registry *registry, void *data)
{
	struct ipcmbox_endpoint *endpoint;
	struct hlist_node *next;
	bool *again = data;
	int bucket;

	mutex_lock(&registry->lock);
	hash_for_each_safe(registry->endpoints.by_id, bucket, next, endpoint, id_node) {
		if (is_over(endpoint))
			ipcmbox_endpoint_end(endpoint);
		else if (endpoint->is_thread && is_awaited(endpoint))
			*again = true;
	}
	mutex_unlock(&registry->lock);
}

static void watch_work_fn(struct work_struct *work)
{
	bool again = false;

	ipcmbox_registry_for_each(look_at, &again);
	if (again)
		queue_delayed_work(system_power_efficient_wq, &watch_work, WATCH_INTERVAL);
}

/* The module goes: there are no endpoints, but the work may not have seen that yet. */
void ipcmbox_endpoint_exit(void)
{
	cancel_delayed_work_sync(&watch_work);
}

/**
 * ipcmbox_awaiting_begin() - a receive begins to wait for messages of one owner
 * @awaiting: to be ended, whatever is returned
 * @endpoint: of the owner; the reference is handed over
 * @port: where the receive waits
 * @waiter: linked there
 *
 * Return: 0: @waiter will be claimed with -EPIPE when the endpoint ends; or -EPIPE: it has.
 */
int ipcmbox_awaiting_begin(struct ipcmbox_awaiting *awaiting, struct ipcmbox_endpoint *endpoint,
			   struct ipcmbox_port *port, struct ipcmbox_waiter *waiter)
{
	int ret = 0;

	INIT_LIST_HEAD(&awaiting->link);
	awaiting->endpoint = endpoint;
	awaiting->port = port;
	awaiting->waiter = waiter;

	spin_lock(&endpoint->lock);
	if (endpoint->is_dead)
		ret = -EPIPE;
	else
		list_add_tail(&awaiting->link, &endpoint->awaitings);
	spin_unlock(&endpoint->lock);
	if (!ret)
		ipcmbox_endpoint_watch(endpoint);
	return ret;
}

/**
 * ipcmbox_awaiting_end() - the receive has got what it waited for, or gives up
 * @awaiting: begun; its waiter has not been taken from the port by its own task
 */
void ipcmbox_awaiting_end(struct ipcmbox_awaiting *awaiting)
{
	struct ipcmbox_endpoint *endpoint = awaiting->endpoint;

	spin_lock(&endpoint->lock);
	list_del_init(&awaiting->link);
	spin_unlock(&endpoint->lock);
	ipcmbox_endpoint_put(endpoint);
}
