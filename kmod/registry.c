// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registries: names and ids, per IPC namespace.
 */
#include <linux/ipc_namespace.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "mailbox.h"
#include "registry.h"
#include "segment.h"

/* How often to look for namespaces that ended and left names behind. */
#define REAP_INTERVAL	(5 * HZ)

static DEFINE_MUTEX(registries_lock);
static LIST_HEAD(registries);		/* registries_lock */
static unsigned long last_serial;	/* registries_lock */

static void reap_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(reap_work, reap_work_fn);

static struct ipcmbox_registry *registry_new(struct ipc_namespace *ipc_ns)
{
	struct ipcmbox_registry *registry;

	registry = kzalloc(sizeof(*registry), IPCMBOX_GFP);
	if (!registry)
		return NULL;

	refcount_set(&registry->refs, 1);
	registry->mount = mntget(ipc_ns->mq_mnt);
	registry->is_initial = ipc_ns->ns.inum == PROC_IPC_INIT_INO;
	registry->user_ns = get_user_ns(ipc_ns->user_ns);
	mutex_init(&registry->lock);
	ipcmbox_endpoints_init(&registry->endpoints);
	ipcmbox_users_init(&registry->users);
	return registry;
}

static void registry_free(struct ipcmbox_registry *registry)
{
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&registry->users.tree));
	mntput(registry->mount);
	put_user_ns(registry->user_ns);
	mutex_destroy(&registry->lock);
	kfree(registry);
}

/* Returns a reference or NULL. */
static struct ipcmbox_registry *find_registry(const struct vfsmount *mount)
{
	struct ipcmbox_registry *registry;

	lockdep_assert_held(&registries_lock);

	list_for_each_entry(registry, &registries, link) {
		if (registry->mount == mount) {
			/* In the list under the lock, so its last reference is not gone yet. */
			refcount_inc(&registry->refs);
			return registry;
		}
	}
	return NULL;
}

/**
 * ipcmbox_registry_open() - the device is opened
 *
 * Return: a reference to the registry of the calling task's IPC namespace, to be closed; NULL: no
 * memory.
 */
struct ipcmbox_registry *ipcmbox_registry_open(void)
{
	struct ipc_namespace *ipc_ns = current->nsproxy->ipc_ns;
	struct ipcmbox_registry *registry, *new = NULL;

	for (;;) {
		mutex_lock(&registries_lock);
		registry = find_registry(ipc_ns->mq_mnt);
		if (!registry && new) {
			new->serial = ++last_serial;
			list_add_tail(&new->link, &registries);
			registry = new;
			new = NULL;
		}
		if (registry)
			registry->devices++;
		mutex_unlock(&registries_lock);

		if (registry) {
			if (new)
				registry_free(new);
			return registry;
		}

		new = registry_new(ipc_ns);
		if (!new)
			return NULL;
	}
}

/**
 * ipcmbox_registry_close() - a descriptor of the device is closed
 * @registry: reference, dropped
 */
void ipcmbox_registry_close(struct ipcmbox_registry *registry)
{
	bool last;

	mutex_lock(&registries_lock);
	last = !--registry->devices;
	mutex_unlock(&registries_lock);

	if (last && !registry->is_initial)
		queue_delayed_work(system_power_efficient_wq, &reap_work, REAP_INTERVAL);
	ipcmbox_registry_put(registry);
}

void ipcmbox_registry_put(struct ipcmbox_registry *registry)
{
	if (!refcount_dec_and_mutex_lock(&registry->refs, &registries_lock))
		return;
	list_del(&registry->link);
	mutex_unlock(&registries_lock);
	registry_free(registry);
}

/* Mailboxes. */

static struct ipcmbox_mailbox *mailbox_of(struct ipcmbox_entry *entry)
{
	return entry ? container_of(entry, struct ipcmbox_mailbox, entry) : NULL;
}

struct ipcmbox_mailbox *ipcmbox_registry_find_name(struct ipcmbox_registry *registry,
						   const char *name, u32 name_len)
{
	lockdep_assert_held(&registry->lock);

	return mailbox_of(ipcmbox_directory_find_name(&registry->mailboxes, name, name_len));
}

struct ipcmbox_mailbox *ipcmbox_registry_find_id(struct ipcmbox_registry *registry, u64 id)
{
	lockdep_assert_held(&registry->lock);

	return mailbox_of(ipcmbox_directory_find_id(&registry->mailboxes, id));
}

/**
 * ipcmbox_registry_get_id() - find a mailbox to look at
 * @registry: registry, not locked
 * @id: of the mailbox
 *
 * Return: a reference, or NULL.
 */
struct ipcmbox_mailbox *ipcmbox_registry_get_id(struct ipcmbox_registry *registry, u64 id)
{
	struct ipcmbox_mailbox *mailbox;

	mutex_lock(&registry->lock);
	mailbox = ipcmbox_registry_find_id(registry, id);
	if (mailbox)
		refcount_inc(&mailbox->entry.refs);
	mutex_unlock(&registry->lock);
	return mailbox;
}

/**
 * ipcmbox_registry_next() - go through the mailboxes
 * @registry: registry, not locked
 * @after_id: where to go on
 *
 * Return: a reference to the mailbox with the next greater id, or NULL.
 */
struct ipcmbox_mailbox *ipcmbox_registry_next(struct ipcmbox_registry *registry, u64 after_id)
{
	struct ipcmbox_mailbox *mailbox;

	mutex_lock(&registry->lock);
	mailbox = mailbox_of(ipcmbox_directory_next(&registry->mailboxes, after_id));
	if (mailbox)
		refcount_inc(&mailbox->entry.refs);
	mutex_unlock(&registry->lock);
	return mailbox;
}

/* The end of a namespace. */

/* Removes all names of mailboxes, and with them those that nobody has open. */
static void drop_mailbox_names(struct ipcmbox_registry *registry)
{
	struct ipcmbox_entry *entry, *next;
	LIST_HEAD(victims);
	u64 id = 0;

	mutex_lock(&registry->lock);
	while ((entry = ipcmbox_directory_next(&registry->mailboxes, id))) {
		id = entry->id;
		if (!entry->is_named)
			continue;
		ipcmbox_mailbox_drop_name_locked(mailbox_of(entry));
		if (!entry->is_transient)
			list_add_tail(&entry->victims_link, &victims);
	}
	mutex_unlock(&registry->lock);

	list_for_each_entry_safe(entry, next, &victims, victims_link)
		ipcmbox_mailbox_put(mailbox_of(entry));
}

static void drop_names(struct ipcmbox_registry *registry)
{
	drop_mailbox_names(registry);
	ipcmbox_segment_drop_names(registry);
}

/*
 * Goes through the registries without holding the lock in between: what is done to one may end it.
 * Drops the reference to @registry and returns one to the next, or NULL.
 */
static struct ipcmbox_registry *next_registry(struct ipcmbox_registry *registry)
{
	struct list_head *link;
	struct ipcmbox_registry *next = NULL;

	mutex_lock(&registries_lock);
	link = registry ? registry->link.next : registries.next;
	if (link != &registries) {
		next = list_entry(link, struct ipcmbox_registry, link);
		refcount_inc(&next->refs);
	}
	mutex_unlock(&registries_lock);

	if (registry)
		ipcmbox_registry_put(registry);
	return next;
}

/**
 * enum reach - can somebody get at the names of a registry without having opened the device before?
 * @REACHABLE: yes, or there are none
 * @UNKNOWN: somebody may be in the namespace
 * @UNREACHABLE: no, the namespace has ended
 */
enum reach {
	REACHABLE,
	UNKNOWN,
	UNREACHABLE,
};

static bool has_names(const struct ipcmbox_registry *registry)
{
	return !RB_EMPTY_ROOT(&registry->mailboxes.names) ||
	       !RB_EMPTY_ROOT(&registry->segments.names);
}

static enum reach reach_of(struct ipcmbox_registry *registry)
{
	enum reach reach = REACHABLE;

	mutex_lock(&registries_lock);
	mutex_lock(&registry->lock);
	if (!registry->is_initial && !registry->devices && has_names(registry))
		reach = READ_ONCE(registry->mount->mnt_sb->s_fs_info) ? UNKNOWN : UNREACHABLE;
	mutex_unlock(&registry->lock);
	mutex_unlock(&registries_lock);
	return reach;
}

static void reap_work_fn(struct work_struct *work)
{
	struct ipcmbox_registry *registry = NULL;
	bool again = false;

	while ((registry = next_registry(registry))) {
		switch (reach_of(registry)) {
		case REACHABLE:
			break;
		case UNKNOWN:
			again = true;
			break;
		case UNREACHABLE:
			drop_names(registry);
			break;
		}
	}
	if (again)
		queue_delayed_work(system_power_efficient_wq, &reap_work, REAP_INTERVAL);
}

/**
 * ipcmbox_registry_for_each() - go through all registries
 * @visit: called with a reference, without locks
 * @data: for @visit
 */
void ipcmbox_registry_for_each(void (*visit)(struct ipcmbox_registry *registry, void *data),
			       void *data)
{
	struct ipcmbox_registry *registry = NULL;

	while ((registry = next_registry(registry)))
		visit(registry, data);
}

/**
 * ipcmbox_registry_exit() - the module goes: remove all names
 *
 * There are no descriptors any more, so lasting names are all that is left.
 */
void ipcmbox_registry_exit(void)
{
	struct ipcmbox_registry *registry = NULL;

	cancel_delayed_work_sync(&reap_work);
	while ((registry = next_registry(registry)))
		drop_names(registry);
}
