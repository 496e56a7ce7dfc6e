// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: identity, rights, life time.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "channel.h"
#include "endpoint.h"
#include "event.h"
#include "exchange.h"
#include "files.h"
#include "handle.h"
#include "lease.h"
#include "mailbox.h"
#include "member.h"
#include "message.h"
#include "quota.h"
#include "record.h"
#include "registry.h"
#include "wait.h"

#define SET_CAPACITY	(IPCMBOX_SET_MAX_MESSAGES | IPCMBOX_SET_MAX_BYTES | IPCMBOX_SET_OVERFLOW)
#define SET_VALID	(IPCMBOX_SET_RIGHTS | SET_CAPACITY | IPCMBOX_SET_DEAD_LETTER | \
			 IPCMBOX_SET_RECORDER)

/* Rights. */

static bool may_administer(const struct ipcmbox_mailbox *mailbox)
{
	return ipcmbox_rights_may_administer(&mailbox->entry.rights, mailbox->registry->user_ns);
}

/**
 * ipcmbox_mailbox_may_administer() - is the caller the owner, or as good as that?
 * @mailbox: the mailbox
 *
 * Context: may sleep; the registry's lock is not held.
 */
bool ipcmbox_mailbox_may_administer(struct ipcmbox_mailbox *mailbox)
{
	bool may;

	mutex_lock(&mailbox->registry->lock);
	may = may_administer(mailbox);
	mutex_unlock(&mailbox->registry->lock);
	return may;
}

/**
 * ipcmbox_mailbox_check_access() - may the calling task do this with a mailbox?
 * @mailbox: the mailbox
 * @access: IPCMBOX_READ, IPCMBOX_WRITE
 *
 * Context: the registry's lock is held.
 * Return: 0 or -EACCES.
 */
int ipcmbox_mailbox_check_access(const struct ipcmbox_mailbox *mailbox, u32 access)
{
	lockdep_assert_held(&mailbox->registry->lock);

	/* Who receives from a member is decided by who joins. */
	if (access && mailbox->member)
		return -EACCES;
	return ipcmbox_rights_check(&mailbox->entry.rights, mailbox->registry->user_ns, access);
}

/* Birth and end. */

/* Mailboxes without a name are many as a rule, and fit badly into what kmalloc() has. */
static struct kmem_cache *unnamed_cache;

/**
 * ipcmbox_mailbox_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int ipcmbox_mailbox_init(void)
{
	unnamed_cache = kmem_cache_create("ipcmbox_mailbox", sizeof(struct ipcmbox_mailbox) + 1,
					  __alignof__(struct ipcmbox_mailbox),
					  SLAB_ACCOUNT | SLAB_HWCACHE_ALIGN, NULL);
	return unnamed_cache ? 0 : -ENOMEM;
}

void ipcmbox_mailbox_exit(void)
{
	kmem_cache_destroy(unnamed_cache);
}

/**
 * ipcmbox_mailbox_length() - bytes of the longest message of a new mailbox
 * @arg: what it shall be; its bounds have not been compared yet
 */
u32 ipcmbox_mailbox_length(const struct ipcmbox_open *arg)
{
	if (arg->max_length)
		return arg->max_length;
	if (arg->discipline == IPCMBOX_CHANNEL)
		return ipcmbox_channel_default_length(arg);
	if (arg->max_bytes && arg->max_bytes < IPCMBOX_LENGTH_DEFAULT)
		return arg->max_bytes;
	return IPCMBOX_LENGTH_DEFAULT;
}

/* Zeroed; kfree() knows where it is from. */
static struct ipcmbox_mailbox *allocate(size_t name_len)
{
	struct ipcmbox_mailbox *mailbox;

	if (!name_len)
		return kmem_cache_zalloc(unnamed_cache, IPCMBOX_GFP);
	return kzalloc(struct_size(mailbox, name, name_len + 1), IPCMBOX_GFP);
}

/**
 * ipcmbox_mailbox_new() - make a mailbox
 * @registry: where it will be
 * @creator: who is charged for it
 * @name: or NULL
 * @arg: what it shall be
 *
 * Context: may sleep.
 * Return: a mailbox that is neither charged nor published yet, or NULL: no memory.
 */
struct ipcmbox_mailbox *ipcmbox_mailbox_new(struct ipcmbox_registry *registry,
					    struct ipcmbox_user *creator, const char *name,
					    const struct ipcmbox_open *arg)
{
	struct ipcmbox_mailbox *mailbox;

	mailbox = allocate(arg->name_len);
	if (!mailbox)
		return NULL;
	if (arg->discipline == IPCMBOX_ENDPOINT) {
		mailbox->endpoint = ipcmbox_endpoint_new(arg->flags & IPCMBOX_OPEN_THREAD);
		if (!mailbox->endpoint) {
			kfree(mailbox);
			return NULL;
		}
	}

	if (arg->discipline == IPCMBOX_EVENT) {
		mailbox->event = ipcmbox_event_new(arg->flags & IPCMBOX_OPEN_KEEP_LAST);
		if (!mailbox->event) {
			kfree(mailbox);
			return NULL;
		}
	}
	refcount_set(&mailbox->entry.refs, 1);
	mailbox->entry.is_named = arg->name_len;
	mailbox->entry.is_transient = arg->flags & IPCMBOX_OPEN_TRANSIENT;
	mailbox->entry.name = mailbox->name;
	mailbox->entry.name_len = arg->name_len;
	ipcmbox_rights_init(&mailbox->entry.rights, arg->mode);
	mailbox->discipline = arg->discipline;
	mailbox->takes_files = arg->flags & IPCMBOX_OPEN_FDS;
	mailbox->is_special = arg->discipline == IPCMBOX_EVENT || arg->flags & IPCMBOX_OPEN_POSIX;
	mailbox->max_length = ipcmbox_mailbox_length(arg);
	mailbox->registry = ipcmbox_registry_get(registry);
	mailbox->creator = ipcmbox_user_get(creator);
	if (name)
		memcpy(mailbox->name, name, arg->name_len);
	ipcmbox_port_init(&mailbox->port, arg->max_messages, mailbox->max_length, arg->max_bytes,
			  arg->overflow);
	mailbox->port.of_event = arg->discipline == IPCMBOX_EVENT ||
				 arg->discipline == IPCMBOX_MEMBER;
	if (mailbox->port.of_event)
		ipcmbox_port_shun_yields(&mailbox->port);
	ipcmbox_lease_init(mailbox);
	return mailbox;
}

/**
 * ipcmbox_mailbox_free() - free a mailbox that is not published, or not any more
 * @mailbox: nobody else can reach it
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_mailbox_free(struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_registry *registry = mailbox->registry;
	struct ipcmbox_mailbox *parent = mailbox->parent;

	ipcmbox_channel_free(mailbox->channel);
	ipcmbox_event_free(mailbox->event);
	ipcmbox_member_free(mailbox->member);
	ipcmbox_user_put(mailbox->creator);
	ipcmbox_endpoint_put(mailbox->endpoint);
	kfree(mailbox);
	ipcmbox_mailbox_put(parent);
	ipcmbox_registry_put(registry);
}

/**
 * ipcmbox_mailbox_publish() - charge a mailbox and put it in its registry
 * @mailbox: complete
 * @limit: set to the limit that was hit
 *
 * Context: the registry's lock is held.
 * Return: 0 or -EDQUOT.
 */
int ipcmbox_mailbox_publish(struct ipcmbox_mailbox *mailbox, u32 *limit)
{
	int ret;

	ret = ipcmbox_user_charge_mailbox(mailbox->creator, limit);
	if (ret)
		return ret;
	mailbox->entry.id = ipcmbox_entry_new_id();
	mailbox->port.id = mailbox->entry.id;
	if (mailbox->endpoint) {
		ret = ipcmbox_endpoint_add(mailbox->endpoint, mailbox, mailbox->entry.id);
		if (ret) {
			ipcmbox_user_uncharge_mailbox(mailbox->creator);
			return ret;
		}
	}
	ipcmbox_directory_add(&mailbox->registry->mailboxes, &mailbox->entry);
	return 0;
}

/**
 * ipcmbox_mailbox_put() - drop a reference
 * @mailbox: or NULL
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_mailbox_put(struct ipcmbox_mailbox *mailbox)
{
	struct ipcmbox_registry *registry;
	bool last;

	if (!mailbox || refcount_dec_not_one(&mailbox->entry.refs))
		return;

	/* Another put may be the last one as soon as the lock is free: unlock it on a reference. */
	registry = ipcmbox_registry_get(mailbox->registry);
	mutex_lock(&registry->lock);
	last = refcount_dec_and_test(&mailbox->entry.refs);
	if (last)
		ipcmbox_directory_remove(&registry->mailboxes, &mailbox->entry);
	mutex_unlock(&registry->lock);

	if (last) {
		ipcmbox_lease_exit(mailbox);
		ipcmbox_port_drain(&mailbox->port);
		ipcmbox_user_uncharge_mailbox(mailbox->creator);
		ipcmbox_mailbox_free(mailbox);
	}
	ipcmbox_registry_put(registry);
}

/**
 * ipcmbox_mailbox_update_gone() - tell the port whether somebody can still come to receive and send
 * @mailbox: the mailbox
 *
 * Context: may sleep; the registry's lock is held.
 */
void ipcmbox_mailbox_update_gone(struct ipcmbox_mailbox *mailbox)
{
	const struct ipcmbox_entry *entry = &mailbox->entry;
	bool may_be_gone = !entry->is_named && !ipcmbox_mailbox_is_posix(mailbox);
	bool receivers_gone = may_be_gone && mailbox->had_reader && !entry->readers;
	bool senders_gone = may_be_gone && mailbox->had_writer && !entry->writers;
	struct ipcmbox_port *port = &mailbox->port;
	struct ipcmbox_wakes wakes;

	lockdep_assert_held(&mailbox->registry->lock);

	if (mailbox->takes_files)
		ipcmbox_files_update(mailbox);
	if (port->of_event) {
		ipcmbox_event_set_gone(mailbox, receivers_gone, senders_gone);
		return;
	}
	if (mailbox->channel) {
		ipcmbox_channel_set_gone(mailbox, receivers_gone, senders_gone);
		return;
	}

	/* While it has an owner, whoever finds it can send. */
	if (mailbox->endpoint) {
		receivers_gone = mailbox->endpoint->is_dead;
		senders_gone = mailbox->endpoint->is_dead;
	}
	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ipcmbox_port_set_gone(port, receivers_gone, senders_gone, &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
}

/**
 * ipcmbox_mailbox_drop_name_locked() - make a mailbox unnamed
 * @mailbox: has a name; if that is a lasting one, the caller must put a reference afterwards
 *
 * Context: the registry's lock is held.
 */
void ipcmbox_mailbox_drop_name_locked(struct ipcmbox_mailbox *mailbox)
{
	ipcmbox_directory_remove_name(&mailbox->registry->mailboxes, &mailbox->entry);
	ipcmbox_mailbox_update_gone(mailbox);
}

/* Descriptors. */

/**
 * ipcmbox_mailbox_attach() - a descriptor of the mailbox comes to be
 * @mailbox: gets a reference
 * @mode: FMODE_READ, FMODE_WRITE
 *
 * Context: the registry's lock is held.
 */
void ipcmbox_mailbox_attach(struct ipcmbox_mailbox *mailbox, fmode_t mode)
{
	ipcmbox_entry_attach(&mailbox->entry, mode);
	if (mode & FMODE_READ)
		mailbox->had_reader = true;
	if (mode & FMODE_WRITE)
		mailbox->had_writer = true;
	ipcmbox_mailbox_update_gone(mailbox);
}

/**
 * ipcmbox_mailbox_detach() - a descriptor of the mailbox is closed
 * @mailbox: its reference is dropped
 * @mode: as attached
 *
 * Context: may sleep.
 */
void ipcmbox_mailbox_detach(struct ipcmbox_mailbox *mailbox, fmode_t mode)
{
	struct ipcmbox_registry *registry = mailbox->registry;
	bool is_member = mailbox->member && mode & FMODE_READ;

	if (is_member)
		ipcmbox_member_close(mailbox);

	mutex_lock(&registry->lock);
	if (ipcmbox_entry_detach(&mailbox->entry, mode))
		ipcmbox_directory_remove_name(&registry->mailboxes, &mailbox->entry);
	if (mailbox->endpoint && !mailbox->entry.readers)
		ipcmbox_endpoint_end(mailbox->endpoint);
	ipcmbox_mailbox_update_gone(mailbox);
	mutex_unlock(&registry->lock);
	if (is_member)
		ipcmbox_mailbox_detach(mailbox->parent, mode & FMODE_WRITE);
	ipcmbox_mailbox_put(mailbox);
}

/* ioctl(SET). */

static int check_set(const struct ipcmbox_mailbox *mailbox, const struct ipcmbox_set *arg)
{
	u32 mask = arg->mask;

	if (mailbox->channel && mask & (SET_CAPACITY | IPCMBOX_SET_DEAD_LETTER |
					IPCMBOX_SET_RECORDER))
		return -EINVAL;
	if (mask & ~SET_VALID || arg->overflow > IPCMBOX_OVERFLOW_DROP_NEWEST ||
	    (arg->max_bytes && arg->max_bytes < mailbox->max_length) ||
	    arg->max_deliveries > U16_MAX || arg->recorder > IPCMBOX_RECORDER_MAX)
		return -EINVAL;

	if ((!(mask & IPCMBOX_SET_MAX_MESSAGES) && arg->max_messages) ||
	    (!(mask & IPCMBOX_SET_MAX_BYTES) && arg->max_bytes) ||
	    (!(mask & IPCMBOX_SET_OVERFLOW) && arg->overflow) ||
	    (!(mask & IPCMBOX_SET_DEAD_LETTER) && (arg->dead_letter || arg->max_deliveries)) ||
	    (!(mask & IPCMBOX_SET_RECORDER) && arg->recorder))
		return -EINVAL;
	return 0;
}

static int check_set_dead_letter(const struct ipcmbox_mailbox *mailbox,
				 const struct ipcmbox_set *arg)
{
	struct ipcmbox_mailbox *target;

	if (!arg->dead_letter)
		return 0;
	target = ipcmbox_registry_find_id(mailbox->registry, arg->dead_letter);
	if (!target)
		return -ENOENT;
	if (target == mailbox || target->discipline != IPCMBOX_QUEUE)
		return -EINVAL;
	return ipcmbox_mailbox_check_access(target, IPCMBOX_WRITE);
}

static void set_dead_letter(struct ipcmbox_mailbox *mailbox, const struct ipcmbox_set *arg)
{
	mailbox->dead_letter = arg->dead_letter;
	spin_lock(&mailbox->port.lock);
	mailbox->port.max_deliveries = arg->max_deliveries;
	spin_unlock(&mailbox->port.lock);
}

static void set_capacity(struct ipcmbox_port *port, const struct ipcmbox_set *arg)
{
	struct ipcmbox_wakes wakes;

	ipcmbox_wakes_init(&wakes);
	spin_lock(&port->lock);
	ipcmbox_port_set_capacity(port,
				  arg->mask & IPCMBOX_SET_MAX_MESSAGES ? arg->max_messages :
									 port->max_messages,
				  arg->mask & IPCMBOX_SET_MAX_BYTES ? arg->max_bytes :
								      port->max_bytes,
				  arg->mask & IPCMBOX_SET_OVERFLOW ? arg->overflow : port->overflow,
				  &wakes);
	spin_unlock(&port->lock);
	ipcmbox_wakes_flush(&wakes, &port->pollers);
}

/**
 * ipcmbox_mailbox_set() - change attributes
 * @mailbox: the mailbox
 * @arg: of the ioctl, completed
 *
 * Context: may sleep.
 * Return: 0, or an error of struct ipcmbox_set.
 */
int ipcmbox_mailbox_set(struct ipcmbox_mailbox *mailbox, struct ipcmbox_set *arg)
{
	struct ipcmbox_registry *registry = mailbox->registry;
	struct ipcmbox_rights *rights = &mailbox->entry.rights;
	struct ipcmbox_recorder *recorder = NULL;
	struct ipcmbox_rights_change change;
	int ret;

	ret = check_set(mailbox, arg);
	if (!ret)
		ret = ipcmbox_rights_import(&change, arg->mask, arg->mode, arg->uid, arg->gid);
	if (ret)
		return ret;
	if (arg->recorder) {
		recorder = ipcmbox_recorder_new(registry, arg->recorder);
		if (IS_ERR(recorder))
			return PTR_ERR(recorder);
	}

	mutex_lock(&registry->lock);
	ret = ipcmbox_rights_check_change(rights, registry->user_ns, &change);
	if (!ret && mailbox->port.of_event)
		ret = ipcmbox_member_check_set(mailbox, arg);
	if (!ret)
		ret = check_set_dead_letter(mailbox, arg);
	if (!ret) {
		ipcmbox_rights_change(rights, &change);
		if (arg->mask & SET_CAPACITY)
			set_capacity(&mailbox->port, arg);
		if (arg->mask & IPCMBOX_SET_DEAD_LETTER)
			set_dead_letter(mailbox, arg);
		if (arg->mask & IPCMBOX_SET_RECORDER)
			recorder = ipcmbox_recorder_swap(&mailbox->port, recorder);
	}
	mutex_unlock(&registry->lock);
	/* The old one, or the one that nobody needs. */
	ipcmbox_recorder_free(recorder);
	return ret;
}

/**
 * ipcmbox_mailbox_report() - fill in everything that is known of a mailbox
 * @mailbox: the mailbox
 * @info: all fields are written, names of users and groups as the calling task sees them
 *
 * Context: may sleep.
 */
void ipcmbox_mailbox_report(struct ipcmbox_mailbox *mailbox, struct ipcmbox_info *info)
{
	struct user_namespace *user_ns = current_user_ns();

	memset(info, 0, sizeof(*info));
	info->id = mailbox->entry.id;
	info->discipline = mailbox->discipline;
	info->max_length = mailbox->max_length;
	memcpy(info->name, mailbox->name, mailbox->entry.name_len);
	if (mailbox->endpoint)
		ipcmbox_endpoint_report(mailbox->endpoint, info);

	mutex_lock(&mailbox->registry->lock);
	info->uid = from_kuid_munged(user_ns, mailbox->entry.rights.uid);
	info->gid = from_kgid_munged(user_ns, mailbox->entry.rights.gid);
	info->mode = mailbox->entry.rights.mode;
	info->readers = mailbox->entry.readers;
	info->writers = mailbox->entry.writers;
	if (mailbox->entry.is_named)
		info->flags |= IPCMBOX_INFO_NAMED;
	info->dead_letter = mailbox->dead_letter;
	if (mailbox->entry.is_transient)
		info->flags |= IPCMBOX_INFO_TRANSIENT;
	if (mailbox->takes_files)
		info->flags |= IPCMBOX_INFO_FDS;
	if (ipcmbox_mailbox_is_posix(mailbox))
		info->flags |= IPCMBOX_INFO_POSIX;
	mutex_unlock(&mailbox->registry->lock);

	ipcmbox_port_report(&mailbox->port, info);
	if (mailbox->port.of_event)
		ipcmbox_member_report(mailbox, info);
	if (mailbox->channel)
		ipcmbox_channel_report(mailbox, info);
}
