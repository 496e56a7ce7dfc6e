// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening: finding and creating mailboxes, and removing their names.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <uapi/linux/ipcmbox.h>

#include "channel.h"
#include "directory.h"
#include "endpoint.h"
#include "handle.h"
#include "mailbox.h"
#include "opening.h"
#include "quota.h"
#include "registry.h"
#include "rights.h"
#include "trace.h"

#define OPEN_BY		(IPCMBOX_OPEN_BY_ID | IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_BY_TID)
#define OPEN_VALID	(IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT | \
			 IPCMBOX_OPEN_NONBLOCK | IPCMBOX_OPEN_KEEP_LAST | IPCMBOX_OPEN_FDS | \
			 IPCMBOX_OPEN_THREAD | IPCMBOX_OPEN_POSIX | OPEN_BY)

static bool is_valid_discipline(const struct ipcmbox_open *arg)
{
	u32 special = arg->flags & (IPCMBOX_OPEN_KEEP_LAST | IPCMBOX_OPEN_THREAD |
				    IPCMBOX_OPEN_POSIX);

	switch (arg->discipline) {
	case IPCMBOX_QUEUE:
		return !(special & ~IPCMBOX_OPEN_POSIX);
	case IPCMBOX_EVENT:
		return !(special & ~IPCMBOX_OPEN_KEEP_LAST) && arg->max_messages;
	case IPCMBOX_ENDPOINT:
		return !(special & ~IPCMBOX_OPEN_THREAD) && !arg->name_len &&
		       arg->access == IPCMBOX_READ;
	case IPCMBOX_CHANNEL:
		return !special && ipcmbox_channel_is_valid(arg);
	}
	return false;
}

static int check_create(const struct ipcmbox_open *arg)
{
	u32 max_length;

	if (!arg->name_len && arg->flags & (IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT))
		return -EINVAL;
	if (arg->mode & ~IPCMBOX_MODE_VALID || arg->overflow > IPCMBOX_OVERFLOW_DROP_NEWEST ||
	    !is_valid_discipline(arg))
		return -EINVAL;
	max_length = ipcmbox_mailbox_length(arg);
	if (max_length > IPCMBOX_LENGTH_MAX)
		return -EINVAL;
	/* A channel's bytes are rounded up, and have been compared. */
	if (arg->max_bytes && arg->max_bytes < max_length && arg->discipline != IPCMBOX_CHANNEL)
		return -EINVAL;
	return 0;
}

static int check_open(const struct ipcmbox_open *arg)
{
	u32 flags = arg->flags, by = flags & OPEN_BY;

	if (flags & ~OPEN_VALID || arg->__reserved)
		return -EINVAL;
	if (arg->access & ~(IPCMBOX_READ | IPCMBOX_WRITE))
		return -EINVAL;

	if (by ? arg->name_len || flags & IPCMBOX_OPEN_CREATE || hweight32(by) > 1 : arg->id)
		return -EINVAL;
	if (flags & IPCMBOX_OPEN_CREATE)
		return check_create(arg);

	if (flags & (IPCMBOX_OPEN_EXCL | IPCMBOX_OPEN_TRANSIENT | IPCMBOX_OPEN_THREAD |
		     IPCMBOX_OPEN_KEEP_LAST | IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_POSIX))
		return -EINVAL;
	if (by & ~IPCMBOX_OPEN_BY_ID && arg->access != IPCMBOX_WRITE)
		return -EINVAL;
	if (!by && !arg->name_len)
		return -EINVAL;
	if (arg->mode || arg->discipline || arg->overflow || arg->max_messages ||
	    arg->max_length || arg->max_bytes)
		return -EINVAL;
	return 0;
}

static struct ipcmbox_mailbox *find_by_id(struct ipcmbox_registry *registry,
					  const struct ipcmbox_open *arg)
{
	struct ipcmbox_mailbox *mailbox = ipcmbox_registry_find_id(registry, arg->id);

	if (!mailbox)
		return ERR_PTR(-ENOENT);
	if (mailbox->endpoint) {
		if (arg->access != IPCMBOX_WRITE)
			return ERR_PTR(-EINVAL);
		if (mailbox->endpoint->is_dead)
			return ERR_PTR(-ENOENT);
	}
	return mailbox;
}

/* Returns what @arg means; NULL if there is none of that name, or it has none; or an error. */
static struct ipcmbox_mailbox *find(struct ipcmbox_registry *registry, const char *name,
				    const struct ipcmbox_open *arg)
{
	if (name)
		return ipcmbox_registry_find_name(registry, name, arg->name_len);
	switch (arg->flags & OPEN_BY) {
	case IPCMBOX_OPEN_BY_ID:
		return find_by_id(registry, arg);
	case IPCMBOX_OPEN_BY_PID:
		return ipcmbox_endpoint_find_locked(registry, IPCMBOX_PROCESS, arg->id);
	case IPCMBOX_OPEN_BY_TID:
		return ipcmbox_endpoint_find_locked(registry, IPCMBOX_THREAD, arg->id);
	}
	return NULL;
}

/* A handle of a channel has a lane, which depends on the channel's ring; 0: not a channel. */
static u64 ring_of(const struct ipcmbox_mailbox *mailbox)
{
	return mailbox->channel ? mailbox->channel->ring_bytes : 0;
}

/*
 * Attaches @handle to the mailbox that is there, or to *@new, which is set to NULL then. Returns 1
 * if @handle was made for another ring than *@ring_bytes, which is what it should be.
 */
static int find_or_create(struct ipcmbox_registry *registry, struct ipcmbox_handle *handle,
			  const char *name, struct ipcmbox_open *arg, u64 *ring_bytes,
			  struct ipcmbox_mailbox **new)
{
	fmode_t mode = ipcmbox_handle_mode(handle);
	struct ipcmbox_mailbox *mailbox;
	u64 ring;
	int ret;

	lockdep_assert_held(&registry->lock);

	mailbox = find(registry, name, arg);
	if (IS_ERR(mailbox))
		return PTR_ERR(mailbox);
	if (mailbox) {
		if (arg->flags & IPCMBOX_OPEN_EXCL)
			return -EEXIST;
		ret = ipcmbox_mailbox_check_access(mailbox, arg->access);
		if (ret)
			return ret;
	} else if (!*new) {
		return -ENOENT;
	}

	ring = ring_of(mailbox ?: *new);
	if (ring != *ring_bytes) {
		*ring_bytes = ring;
		return 1;
	}

	if (mailbox) {
		ret = ring ? ipcmbox_channel_enter(mailbox, handle) : 0;
		if (ret)
			return ret;
		ipcmbox_mailbox_attach(mailbox, mode);
	} else {
		ret = ipcmbox_mailbox_publish(*new, &arg->limit);
		if (ret)
			return ret;
		mailbox = *new;
		*new = NULL;
		if (ring) {
			trace_ipcmbox_channel_create(&mailbox->port, ring);
			ipcmbox_channel_enter(mailbox, handle);
		}
		ipcmbox_mailbox_attach(mailbox, mode);
		/* The first reference is a lasting name's; the descriptor has its own now. */
		if (!mailbox->entry.is_named || mailbox->entry.is_transient)
			refcount_dec(&mailbox->entry.refs);
	}

	handle->mailbox = mailbox;
	arg->id = mailbox->entry.id;
	return 0;
}

/* A mailbox that is not published yet, or -ENOMEM, -EDQUOT. */
static struct ipcmbox_mailbox *make(struct ipcmbox_registry *registry, struct ipcmbox_user *creator,
				    const char *name, struct ipcmbox_open *arg)
{
	struct ipcmbox_mailbox *mailbox;
	int ret;

	mailbox = ipcmbox_mailbox_new(registry, creator, name, arg);
	if (!mailbox)
		return ERR_PTR(-ENOMEM);
	if (arg->discipline == IPCMBOX_CHANNEL) {
		ret = ipcmbox_channel_create(mailbox, arg, &arg->limit);
		if (ret) {
			ipcmbox_mailbox_free(mailbox);
			return ERR_PTR(ret);
		}
	}
	return mailbox;
}

/* With a handle for a channel of such a ring, or for no channel (0). Returns 1: try again. */
static int try_open(struct ipcmbox_registry *registry, const char *name, struct ipcmbox_open *arg,
		    u64 *ring_bytes, struct file **filep)
{
	struct ipcmbox_mailbox *new = NULL;
	struct ipcmbox_handle *handle;
	struct file *file;
	int ret;

	/* First what takes memory: nothing is to be undone then, and the lock is held briefly. */
	file = *ring_bytes ?
	       ipcmbox_channel_handle_new(registry, arg, *ring_bytes, &arg->limit) :
	       ipcmbox_handle_new(registry, arg->access, arg->flags & IPCMBOX_OPEN_NONBLOCK);
	if (IS_ERR(file))
		return PTR_ERR(file);
	handle = file->private_data;
	if (arg->flags & IPCMBOX_OPEN_CREATE) {
		new = make(registry, handle->user, name, arg);
		if (IS_ERR(new)) {
			ipcmbox_handle_discard(file);
			return PTR_ERR(new);
		}
	}

	mutex_lock(&registry->lock);
	ret = find_or_create(registry, handle, name, arg, ring_bytes, &new);
	mutex_unlock(&registry->lock);

	if (new)
		ipcmbox_mailbox_free(new);
	if (ret)
		ipcmbox_handle_discard(file);
	else
		*filep = file;
	return ret;
}

/**
 * ipcmbox_mailbox_open() - create or find a mailbox and open it
 * @registry: where
 * @arg: of the ioctl; @id is set on success, @limit on -EDQUOT
 * @filep: set to a new file, not yet installed
 *
 * Context: may sleep.
 * Return: 0, or an error of struct ipcmbox_open; then nothing has changed.
 */
int ipcmbox_mailbox_open(struct ipcmbox_registry *registry, struct ipcmbox_open *arg,
			 struct file **filep)
{
	u64 ring_bytes = 0;
	char *name;
	int ret;

	ret = check_open(arg);
	if (ret)
		return ret;
	name = ipcmbox_name_import(arg->name_ptr, arg->name_len);
	if (IS_ERR(name))
		return PTR_ERR(name);

	if (arg->flags & IPCMBOX_OPEN_CREATE && arg->discipline == IPCMBOX_CHANNEL)
		ring_bytes = ipcmbox_channel_ring_of(arg);
	/* Again if what is there is a channel, or another one by now. */
	do {
		ret = try_open(registry, name, arg, &ring_bytes, filep);
	} while (ret > 0);
	kfree(name);
	return ret;
}

/**
 * ipcmbox_mailbox_unlink() - remove a name
 * @registry: where
 * @arg: of the ioctl
 *
 * Context: may sleep.
 * Return: 0, or an error of struct ipcmbox_unlink.
 */
int ipcmbox_mailbox_unlink(struct ipcmbox_registry *registry, const struct ipcmbox_unlink *arg)
{
	bool by_id = arg->flags & IPCMBOX_OPEN_BY_ID;
	struct ipcmbox_mailbox *mailbox;
	bool lasting = false;
	char *name;
	int ret;

	if (arg->flags & ~IPCMBOX_OPEN_BY_ID)
		return -EINVAL;
	if (by_id ? arg->name_len || arg->name_ptr : arg->id || !arg->name_len)
		return -EINVAL;
	name = ipcmbox_name_import(arg->name_ptr, arg->name_len);
	if (IS_ERR(name))
		return PTR_ERR(name);

	mutex_lock(&registry->lock);
	mailbox = by_id ? ipcmbox_registry_find_id(registry, arg->id) :
			  ipcmbox_registry_find_name(registry, name, arg->name_len);
	if (!mailbox || !mailbox->entry.is_named) {
		ret = -ENOENT;
	} else if (!ipcmbox_rights_may_administer(&mailbox->entry.rights, registry->user_ns)) {
		ret = -EPERM;
	} else {
		ret = 0;
		lasting = !mailbox->entry.is_transient;
		ipcmbox_mailbox_drop_name_locked(mailbox);
	}
	mutex_unlock(&registry->lock);

	if (lasting)
		ipcmbox_mailbox_put(mailbox);
	kfree(name);
	return ret;
}
