/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_DIRECTORY_H
#define _IPCMBOX_DIRECTORY_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "rights.h"

/**
 * DOC: Directories
 *
 * A directory has the objects of one kind and one IPC namespace, by id and by name. An *entry* is
 * what they have in common: id, perhaps a name, rights, how many descriptors there are. Ids are
 * given out once for all kinds and namespaces; each kind has names of its own.
 *
 * Everything here is protected by the registry's lock, which callers hold, but for what is constant
 * and for taking a further reference.
 */

/**
 * struct ipcmbox_entry - an object in a directory
 * @refs: descriptors, a lasting name, and whoever looks at it just now
 * @is_named: has a name now
 * @is_transient: the name does not keep it alive (constant)
 * @descriptors: open descriptions
 * @readers: open descriptions with FMODE_READ (read without a lock by deadlock.c, too)
 * @writers: open descriptions with FMODE_WRITE
 * @rights: owner, group, mode
 * @id: never used again while the module is loaded (constant once it can be found)
 * @id_node: in &ipcmbox_directory.ids
 * @name_node: in &ipcmbox_directory.names while @is_named
 * @victims_link: owner of a private list while it is destroyed
 * @name_len: bytes of @name, 0 if it never had one (constant)
 * @name: ended by a NUL (constant; lives as long as the object)
 */
struct ipcmbox_entry {
	refcount_t refs;
	bool is_named;
	bool is_transient;
	u32 descriptors;
	u32 readers;
	u32 writers;
	struct ipcmbox_rights rights;
	u64 id;
	struct rb_node id_node;
	struct rb_node name_node;
	struct list_head victims_link;
	u32 name_len;
	const char *name;
};

/**
 * struct ipcmbox_directory - the objects of a kind in a namespace
 * @names: by name
 * @ids: by id
 */
struct ipcmbox_directory {
	struct rb_root names;
	struct rb_root ids;
};

/* Else it is on its way out, and only still there for somebody who looks at it. */
static inline bool ipcmbox_entry_is_alive(const struct ipcmbox_entry *entry)
{
	return entry->is_named || entry->descriptors;
}

char *ipcmbox_name_import(u64 name_ptr, u32 name_len);

u64 ipcmbox_entry_new_id(void);
bool ipcmbox_entry_had_id(u64 id);
void ipcmbox_entry_attach(struct ipcmbox_entry *entry, fmode_t mode);
bool ipcmbox_entry_detach(struct ipcmbox_entry *entry, fmode_t mode);

void ipcmbox_directory_add(struct ipcmbox_directory *directory, struct ipcmbox_entry *entry);
void ipcmbox_directory_remove(struct ipcmbox_directory *directory, struct ipcmbox_entry *entry);
void ipcmbox_directory_remove_name(struct ipcmbox_directory *directory,
				   struct ipcmbox_entry *entry);
struct ipcmbox_entry *ipcmbox_directory_find_name(const struct ipcmbox_directory *directory,
						  const char *name, u32 name_len);
struct ipcmbox_entry *ipcmbox_directory_find_id(const struct ipcmbox_directory *directory, u64 id);
struct ipcmbox_entry *ipcmbox_directory_next(const struct ipcmbox_directory *directory,
					     u64 after_id);

#endif /* _IPCMBOX_DIRECTORY_H */
