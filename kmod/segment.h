/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_SEGMENT_H
#define _IPCMBOX_SEGMENT_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "directory.h"

struct ipcmbox_registry;
struct ipcmbox_rights_change;
struct ipcmbox_segment_info;
struct ipcmbox_segment_open;
struct ipcmbox_unlink;
struct ipcmbox_user;
struct pid;

/**
 * DOC: Segments
 *
 * A segment is memory with an identity: id, name, owner, mode, as a mailbox has them. Its memory is
 * in memory.h, its descriptors are in view.h.
 *
 * A segment lives as long as its files and, while it has one, its lasting name. A file is there for
 * descriptors, for the mappings made of them, and in messages; so the kernel's reference counts are
 * the life time, whatever its users do, and kill -9 leaves nothing behind. With the last reference
 * goes the content, whoever still holds a page of it.
 *
 * The size is what the memory is charged for: whoever makes a segment grow takes over the charge
 * for all of it. Charging comes first, then memory, then the size, so that nobody ever sees a size
 * that has no memory.
 */

/**
 * struct ipcmbox_segment - a shared memory object
 * @entry: id, name, rights, descriptors
 * @registry: where it is, reference (constant)
 * @creator: who is charged for there being a segment, reference (constant)
 * @pid: process that created it, reference (constant)
 * @backing: its memory, owned (constant)
 * @is_sealable: seals could be added from the beginning (constant)
 * @size_mutex: held to change the size, and with it the charge
 * @lock: protects what is said below; a leaf, inside of the inode's lock and of mmap_lock
 * @payer: who is charged for @charged, reference; NULL if that is 0 (@size_mutex and @lock to
 *	write)
 * @charged: bytes of whole pages, for the size (@size_mutex and @lock to write)
 * @exclusive: the view that alone may write, or NULL, see move.h (@lock; read without)
 * @writing: writes and changes of size under way (@lock)
 * @was_writable: it has been mapped so that it could be written since it was moved (likewise)
 * @seals_suspended: it is moved, and seals could be added before (inode's lock)
 * @name: of @entry (constant)
 */
struct ipcmbox_segment {
	struct ipcmbox_entry entry;
	struct ipcmbox_registry *registry;
	struct ipcmbox_user *creator;
	struct pid *pid;
	struct file *backing;
	bool is_sealable;
	struct mutex size_mutex;
	spinlock_t lock;
	struct ipcmbox_user *payer;
	u64 charged;
	const struct file *exclusive;
	unsigned int writing;
	bool was_writable;
	bool seals_suspended;
	char name[];
};

int ipcmbox_segment_open(struct ipcmbox_registry *registry, struct ipcmbox_segment_open *arg,
			 struct file **filep);
int ipcmbox_segment_unlink(struct ipcmbox_registry *registry, const struct ipcmbox_unlink *arg);
int ipcmbox_segment_set(struct ipcmbox_segment *segment,
			const struct ipcmbox_rights_change *change);
void ipcmbox_segment_report(struct ipcmbox_segment *segment, struct ipcmbox_segment_info *info);

struct ipcmbox_segment *ipcmbox_segment_next(struct ipcmbox_registry *registry, u64 after_id);
void ipcmbox_segment_put(struct ipcmbox_segment *segment);
void ipcmbox_segment_attach(struct ipcmbox_segment *segment, fmode_t mode);
void ipcmbox_segment_detach(struct ipcmbox_segment *segment, fmode_t mode);
void ipcmbox_segment_drop_names(struct ipcmbox_registry *registry);

/* size.c */
int ipcmbox_segment_resize(struct ipcmbox_segment *segment, u64 size, u32 *limit);
int ipcmbox_segment_grow(struct ipcmbox_segment *segment, u64 size);
int ipcmbox_segment_append(struct ipcmbox_segment *segment, size_t count, loff_t *pos);

#endif /* _IPCMBOX_SEGMENT_H */
