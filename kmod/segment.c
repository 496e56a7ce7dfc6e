// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments: identity, rights, life time, size.
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "memory.h"
#include "quota.h"
#include "registry.h"
#include "rights.h"
#include "segment.h"
#include "trace.h"
#include "view.h"

#define OPEN_VALID	(IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT | \
			 IPCMBOX_OPEN_BY_ID | IPCMBOX_OPEN_TRUNCATE | IPCMBOX_OPEN_SEALABLE)
#define SEALS_VALID	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | \
			 F_SEAL_FUTURE_WRITE)

static struct ipcmbox_segment *segment_of(struct ipcmbox_entry *entry)
{
	return entry ? container_of(entry, struct ipcmbox_segment, entry) : NULL;
}

/* Birth and end. */

static struct ipcmbox_segment *segment_alloc(struct ipcmbox_registry *registry, const char *name,
					     const struct ipcmbox_segment_open *arg)
{
	struct ipcmbox_segment *segment;

	segment = kzalloc(struct_size(segment, name, arg->name_len + 1), IPCMBOX_GFP);
	if (!segment)
		return NULL;
	refcount_set(&segment->entry.refs, 1);
	segment->entry.is_named = arg->name_len;
	segment->entry.is_transient = arg->flags & IPCMBOX_OPEN_TRANSIENT;
	segment->entry.name = segment->name;
	segment->entry.name_len = arg->name_len;
	ipcmbox_rights_init(&segment->entry.rights, arg->mode);
	if (name)
		memcpy(segment->name, name, arg->name_len);
	segment->is_sealable = arg->flags & IPCMBOX_OPEN_SEALABLE;
	mutex_init(&segment->size_mutex);
	spin_lock_init(&segment->lock);
	segment->registry = ipcmbox_registry_get(registry);
	segment->pid = get_pid(task_tgid(current));
	return segment;
}

/* Nobody else can reach it. */
static void segment_free(struct ipcmbox_segment *segment)
{
	struct ipcmbox_registry *registry = segment->registry;

	/* One that has never been published has not been seen. */
	if (segment->entry.id)
		trace_ipcmbox_segment_destroy(segment);
	if (segment->backing)
		ipcmbox_memory_end(segment->backing);
	if (segment->payer) {
		ipcmbox_user_uncharge_segment_bytes(segment->payer, segment->charged);
		ipcmbox_user_put(segment->payer);
	}
	if (segment->creator) {
		ipcmbox_user_uncharge_segment(segment->creator);
		ipcmbox_user_put(segment->creator);
	}
	put_pid(segment->pid);
	mutex_destroy(&segment->size_mutex);
	kfree(segment);
	ipcmbox_registry_put(registry);
}

/* Charges its creator for it. */
static int charge_creator(struct ipcmbox_segment *segment, u32 *limit)
{
	struct ipcmbox_user *user;
	int ret;

	user = ipcmbox_user_find(&segment->registry->users, current_uid());
	if (!user)
		return -ENOMEM;
	ret = ipcmbox_user_charge_segment(user, limit);
	if (ret)
		ipcmbox_user_put(user);
	else
		segment->creator = user;
	return ret;
}

/* Returns a segment that is not published yet, or an error. */
static struct ipcmbox_segment *segment_new(struct ipcmbox_registry *registry, const char *name,
					   struct ipcmbox_segment_open *arg)
{
	unsigned int seals = arg->seals | (arg->flags & IPCMBOX_OPEN_SEALABLE ? 0 : F_SEAL_SEAL);
	struct ipcmbox_segment *segment;
	struct file *backing;
	int ret;

	segment = segment_alloc(registry, name, arg);
	if (!segment)
		return ERR_PTR(-ENOMEM);
	ret = charge_creator(segment, &arg->limit);
	if (ret)
		goto err_free;
	backing = ipcmbox_memory_new(&ipcmbox_view_iops);
	if (IS_ERR(backing)) {
		ret = PTR_ERR(backing);
		goto err_free;
	}
	segment->backing = backing;
	ipcmbox_memory_set_rights(backing, &segment->entry.rights);
	ret = ipcmbox_segment_resize(segment, arg->size, &arg->limit);
	if (!ret)
		ret = ipcmbox_memory_set_seals(backing, seals);
	if (!ret)
		return segment;

err_free:
	segment_free(segment);
	return ERR_PTR(ret);
}

/**
 * ipcmbox_segment_put() - drop a reference
 * @segment: the segment
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_segment_put(struct ipcmbox_segment *segment)
{
	struct ipcmbox_registry *registry;
	bool last;

	if (refcount_dec_not_one(&segment->entry.refs))
		return;

	/* As in ipcmbox_mailbox_put(). */
	registry = ipcmbox_registry_get(segment->registry);
	mutex_lock(&registry->lock);
	last = refcount_dec_and_test(&segment->entry.refs);
	if (last && segment->entry.id)
		ipcmbox_directory_remove(&registry->segments, &segment->entry);
	mutex_unlock(&registry->lock);

	if (last)
		segment_free(segment);
	ipcmbox_registry_put(registry);
}

/* Files. */

/**
 * ipcmbox_segment_attach() - a file of the segment comes to be
 * @segment: gets a reference
 * @mode: FMODE_READ, FMODE_WRITE
 *
 * Context: the registry's lock is held.
 */
void ipcmbox_segment_attach(struct ipcmbox_segment *segment, fmode_t mode)
{
	lockdep_assert_held(&segment->registry->lock);

	ipcmbox_entry_attach(&segment->entry, mode);
}

/**
 * ipcmbox_segment_detach() - a file of the segment ends
 * @segment: its reference is dropped
 * @mode: as attached
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_segment_detach(struct ipcmbox_segment *segment, fmode_t mode)
{
	struct ipcmbox_registry *registry = segment->registry;

	mutex_lock(&registry->lock);
	if (ipcmbox_entry_detach(&segment->entry, mode) && segment->entry.id)
		ipcmbox_directory_remove_name(&registry->segments, &segment->entry);
	mutex_unlock(&registry->lock);
	ipcmbox_segment_put(segment);
}

/* ioctl(SEGMENT_OPEN). */

static int check_open(const struct ipcmbox_segment_open *arg)
{
	u32 flags = arg->flags;

	if (flags & ~OPEN_VALID)
		return -EINVAL;
	switch (arg->access) {
	case 0:
	case IPCMBOX_READ:
		if (flags & IPCMBOX_OPEN_TRUNCATE)
			return -EINVAL;
		break;
	case IPCMBOX_READ | IPCMBOX_WRITE:
		break;
	default:
		return -EINVAL;
	}

	if (flags & IPCMBOX_OPEN_BY_ID ? arg->name_len || flags & IPCMBOX_OPEN_CREATE : arg->id)
		return -EINVAL;
	if (flags & IPCMBOX_OPEN_CREATE) {
		if (!arg->name_len && flags & (IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT))
			return -EINVAL;
		return arg->mode & ~IPCMBOX_MODE_VALID || arg->seals & ~SEALS_VALID ? -EINVAL : 0;
	}
	if (flags & (IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT | IPCMBOX_OPEN_SEALABLE) ||
	    !(flags & IPCMBOX_OPEN_BY_ID || arg->name_len))
		return -EINVAL;
	return arg->mode || arg->size || arg->seals ? -EINVAL : 0;
}

/* Returns NULL if there is none. */
static struct ipcmbox_segment *find(struct ipcmbox_registry *registry, const char *name,
				    const struct ipcmbox_segment_open *arg)
{
	if (name)
		return segment_of(ipcmbox_directory_find_name(&registry->segments, name,
							      arg->name_len));
	if (arg->flags & IPCMBOX_OPEN_BY_ID)
		return segment_of(ipcmbox_directory_find_id(&registry->segments, arg->id));
	return NULL;
}

/* Returns a segment that has been attached, NULL if there is none, or an error. */
static struct ipcmbox_segment *find_and_attach(struct ipcmbox_registry *registry, const char *name,
					       const struct ipcmbox_segment_open *arg)
{
	struct ipcmbox_segment *segment;
	int ret = 0;

	mutex_lock(&registry->lock);
	segment = find(registry, name, arg);
	if (segment) {
		ret = arg->flags & IPCMBOX_OPEN_EXCL ? -EEXIST :
		      ipcmbox_rights_check(&segment->entry.rights, registry->user_ns, arg->access);
		if (!ret)
			ipcmbox_segment_attach(segment, ipcmbox_view_mode(arg->access));
	}
	mutex_unlock(&registry->lock);
	return ret ? ERR_PTR(ret) : segment;
}

/* Opens what has been attached, for good or not. */
static struct file *open_existing(struct ipcmbox_segment *segment,
				  struct ipcmbox_segment_open *arg)
{
	struct file *file;
	int ret = 0;

	/* What is attached lives: its id is constant. */
	arg->id = segment->entry.id;
	file = ipcmbox_view_new(segment, arg->access);
	if (IS_ERR(file))
		return file;
	if (arg->flags & IPCMBOX_OPEN_TRUNCATE)
		ret = ipcmbox_view_resize(file, 0, &arg->limit);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}

/* Returns false if there is a segment of that name by now. */
static bool publish(struct ipcmbox_segment *new, const struct ipcmbox_segment_open *arg)
{
	struct ipcmbox_registry *registry = new->registry;
	bool first;

	mutex_lock(&registry->lock);
	first = !new->entry.is_named || !find(registry, new->name, arg);
	if (first) {
		new->entry.id = ipcmbox_entry_new_id();
		ipcmbox_directory_add(&registry->segments, &new->entry);
		trace_ipcmbox_segment_create(new);
	}
	mutex_unlock(&registry->lock);
	return first;
}

/* Returns a file of a new segment, NULL if there is a segment of that name by now, or an error. */
static struct file *create(struct ipcmbox_registry *registry, const char *name,
			   struct ipcmbox_segment_open *arg)
{
	struct ipcmbox_segment *new;
	struct file *file;

	new = segment_new(registry, name, arg);
	if (IS_ERR(new))
		return ERR_CAST(new);
	mutex_lock(&registry->lock);
	ipcmbox_segment_attach(new, ipcmbox_view_mode(arg->access));
	mutex_unlock(&registry->lock);
	file = ipcmbox_view_new(new, arg->access);
	if (!IS_ERR(file) && !publish(new, arg)) {
		fput(file);
		file = NULL;
	}
	if (IS_ERR_OR_NULL(file)) {
		ipcmbox_segment_put(new);
		return file;
	}
	arg->id = new->entry.id;
	/* The first reference is a lasting name's. */
	if (!name || arg->flags & IPCMBOX_OPEN_TRANSIENT)
		ipcmbox_segment_put(new);
	return file;
}

static struct file *find_or_create(struct ipcmbox_registry *registry, const char *name,
				   struct ipcmbox_segment_open *arg)
{
	struct ipcmbox_segment *segment;
	struct file *file;

	do {
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		segment = find_and_attach(registry, name, arg);
		if (IS_ERR(segment))
			return ERR_CAST(segment);
		if (segment)
			return open_existing(segment, arg);
		if (!(arg->flags & IPCMBOX_OPEN_CREATE))
			return ERR_PTR(-ENOENT);
		file = create(registry, name, arg);
	} while (!file);
	return file;
}

/**
 * ipcmbox_segment_open() - create or find a segment and open it
 * @registry: where
 * @arg: of the ioctl; @id is set on success, @limit on -EDQUOT
 * @filep: set to a new file, not yet installed
 *
 * Context: may sleep.
 * Return: 0, or an error of struct ipcmbox_segment_open; then nothing has changed.
 */
int ipcmbox_segment_open(struct ipcmbox_registry *registry, struct ipcmbox_segment_open *arg,
			 struct file **filep)
{
	struct file *file;
	char *name;
	int ret;

	ret = check_open(arg);
	if (ret)
		return ret;
	name = ipcmbox_name_import(arg->name_ptr, arg->name_len);
	if (IS_ERR(name))
		return PTR_ERR(name);
	file = find_or_create(registry, name, arg);
	kfree(name);
	if (IS_ERR(file))
		return PTR_ERR(file);
	*filep = file;
	return 0;
}

/* ioctl(SEGMENT_UNLINK). */

/* Returns the reference of a lasting name, or NULL. */
static struct ipcmbox_segment *drop_name(struct ipcmbox_segment *segment)
{
	ipcmbox_directory_remove_name(&segment->registry->segments, &segment->entry);
	return segment->entry.is_transient ? NULL : segment;
}

static int unlink(struct ipcmbox_registry *registry, const char *name,
		  const struct ipcmbox_unlink *arg)
{
	struct ipcmbox_segment *segment, *named = NULL;
	struct ipcmbox_entry *entry;
	int ret = 0;

	mutex_lock(&registry->lock);
	entry = name ? ipcmbox_directory_find_name(&registry->segments, name, arg->name_len) :
		       ipcmbox_directory_find_id(&registry->segments, arg->id);
	segment = segment_of(entry);
	if (!segment || !segment->entry.is_named)
		ret = -ENOENT;
	else if (!ipcmbox_rights_may_administer(&segment->entry.rights, registry->user_ns))
		ret = -EPERM;
	else
		named = drop_name(segment);
	mutex_unlock(&registry->lock);
	if (named)
		ipcmbox_segment_put(named);
	return ret;
}

/**
 * ipcmbox_segment_unlink() - remove a name
 * @registry: where
 * @arg: of the ioctl
 *
 * Context: may sleep.
 * Return: 0, or an error of struct ipcmbox_unlink.
 */
int ipcmbox_segment_unlink(struct ipcmbox_registry *registry, const struct ipcmbox_unlink *arg)
{
	bool by_id = arg->flags & IPCMBOX_OPEN_BY_ID;
	char *name;
	int ret;

	if (arg->flags & ~IPCMBOX_OPEN_BY_ID)
		return -EINVAL;
	if (by_id ? arg->name_len || arg->name_ptr : arg->id || !arg->name_len)
		return -EINVAL;
	name = ipcmbox_name_import(arg->name_ptr, arg->name_len);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = unlink(registry, name, arg);
	kfree(name);
	return ret;
}

/**
 * ipcmbox_segment_drop_names() - remove all names of segments, and those that nobody has open
 * @registry: where
 *
 * Context: may sleep; the registry's lock is not held.
 */
void ipcmbox_segment_drop_names(struct ipcmbox_registry *registry)
{
	struct ipcmbox_entry *entry, *next;
	LIST_HEAD(victims);
	u64 id = 0;

	mutex_lock(&registry->lock);
	while ((entry = ipcmbox_directory_next(&registry->segments, id))) {
		id = entry->id;
		if (entry->is_named && drop_name(segment_of(entry)))
			list_add_tail(&entry->victims_link, &victims);
	}
	mutex_unlock(&registry->lock);

	list_for_each_entry_safe(entry, next, &victims, victims_link)
		ipcmbox_segment_put(segment_of(entry));
}

/* Looking and administering. */

/**
 * ipcmbox_segment_next() - go through the segments
 * @registry: registry, not locked
 * @after_id: where to go on
 *
 * Return: a reference to the segment with the next greater id, or NULL.
 */
struct ipcmbox_segment *ipcmbox_segment_next(struct ipcmbox_registry *registry, u64 after_id)
{
	struct ipcmbox_entry *entry;

	mutex_lock(&registry->lock);
	entry = ipcmbox_directory_next(&registry->segments, after_id);
	if (entry)
		refcount_inc(&entry->refs);
	mutex_unlock(&registry->lock);
	return segment_of(entry);
}

/**
 * ipcmbox_segment_set() - change rights
 * @segment: the segment
 * @change: what shall be
 *
 * Context: may sleep.
 * Return: 0, -EPERM, -EINVAL.
 */
int ipcmbox_segment_set(struct ipcmbox_segment *segment,
			const struct ipcmbox_rights_change *change)
{
	struct ipcmbox_registry *registry = segment->registry;
	struct ipcmbox_rights *rights = &segment->entry.rights;
	int ret;

	mutex_lock(&registry->lock);
	ret = ipcmbox_rights_check_change(rights, registry->user_ns, change);
	if (!ret) {
		ipcmbox_rights_change(rights, change);
		ipcmbox_memory_set_rights(segment->backing, rights);
	}
	mutex_unlock(&registry->lock);
	return ret;
}

/**
 * ipcmbox_segment_report() - fill in everything that is known of a segment
 * @segment: the segment
 * @info: all fields are written, names of users and groups as the calling task sees them
 *
 * Context: may sleep.
 */
void ipcmbox_segment_report(struct ipcmbox_segment *segment, struct ipcmbox_segment_info *info)
{
	const struct ipcmbox_entry *entry = &segment->entry;
	struct user_namespace *user_ns = current_user_ns();
	kuid_t payer = segment->creator->uid;

	memset(info, 0, sizeof(*info));
	info->id = entry->id;
	info->pid = pid_nr_ns(segment->pid, task_active_pid_ns(current));
	info->size = ipcmbox_memory_size(segment->backing);
	info->seals = ipcmbox_memory_seals(segment->backing);
	memcpy(info->name, segment->name, entry->name_len);
	if (entry->is_transient)
		info->flags |= IPCMBOX_INFO_TRANSIENT;
	if (segment->is_sealable)
		info->flags |= IPCMBOX_INFO_SEALABLE;
	if (mapping_mapped(segment->backing->f_mapping))
		info->flags |= IPCMBOX_INFO_MAPPED;

	mutex_lock(&segment->registry->lock);
	info->uid = from_kuid_munged(user_ns, entry->rights.uid);
	info->gid = from_kgid_munged(user_ns, entry->rights.gid);
	info->mode = entry->rights.mode;
	info->readers = entry->readers;
	info->writers = entry->writers;
	if (entry->is_named)
		info->flags |= IPCMBOX_INFO_NAMED;
	mutex_unlock(&segment->registry->lock);

	spin_lock(&segment->lock);
	if (segment->exclusive)
		info->flags |= IPCMBOX_INFO_MOVED;
	info->charged = segment->charged;
	if (segment->payer)
		payer = segment->payer->uid;
	spin_unlock(&segment->lock);
	info->payer = from_kuid_munged(user_ns, payer);
}
