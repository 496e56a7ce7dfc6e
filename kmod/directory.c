// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories: objects by name and by id.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <uapi/linux/ipcmbox.h>

#include "directory.h"

/* 64 bits count objects for longer than the machine lasts. */
static atomic64_t last_id;

u64 ipcmbox_entry_new_id(void)
{
	return atomic64_inc_return(&last_id);
}

/**
 * ipcmbox_entry_had_id() - has there been an object of this id, of whatever kind and namespace?
 * @id: the id
 */
bool ipcmbox_entry_had_id(u64 id)
{
	return id && id <= atomic64_read(&last_id);
}

/* Names. */

static bool is_valid_name(const char *name, u32 name_len)
{
	if (name[0] == '.' && (name_len == 1 || (name_len == 2 && name[1] == '.')))
		return false;
	return !memchr(name, '/', name_len) && !memchr(name, 0, name_len);
}

/**
 * ipcmbox_name_import() - copy a name from the caller, and check it
 * @name_ptr: its address, or 0
 * @name_len: its length, or 0
 *
 * Context: may sleep and fault.
 * Return: the name ended by a NUL, to be freed with kfree(); NULL if there is none; -EINVAL,
 * -ENAMETOOLONG, -EFAULT, -ENOMEM.
 */
char *ipcmbox_name_import(u64 name_ptr, u32 name_len)
{
	char *name;

	if (!name_len)
		return name_ptr ? ERR_PTR(-EINVAL) : NULL;
	if (name_len > IPCMBOX_NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	if (name_ptr != (unsigned long)name_ptr)
		return ERR_PTR(-EFAULT);

	name = memdup_user_nul(u64_to_user_ptr(name_ptr), name_len);
	if (!IS_ERR(name) && !is_valid_name(name, name_len)) {
		kfree(name);
		return ERR_PTR(-EINVAL);
	}
	return name;
}

/* Descriptors. */

/**
 * ipcmbox_entry_attach() - a descriptor of an object comes to be
 * @entry: gets a reference
 * @mode: FMODE_READ, FMODE_WRITE
 */
void ipcmbox_entry_attach(struct ipcmbox_entry *entry, fmode_t mode)
{
	refcount_inc(&entry->refs);
	entry->descriptors++;
	if (mode & FMODE_READ)
		WRITE_ONCE(entry->readers, entry->readers + 1);
	if (mode & FMODE_WRITE)
		entry->writers++;
}

/**
 * ipcmbox_entry_detach() - a descriptor of an object is closed
 * @entry: its reference is still to be put
 * @mode: as attached
 *
 * Return: whether a transient name must go, as it was the last descriptor: even if somebody still
 * looks at the object.
 */
bool ipcmbox_entry_detach(struct ipcmbox_entry *entry, fmode_t mode)
{
	if (mode & FMODE_READ)
		WRITE_ONCE(entry->readers, entry->readers - 1);
	if (mode & FMODE_WRITE)
		entry->writers--;
	return !--entry->descriptors && entry->is_transient && entry->is_named;
}

/* Trees. */

static struct ipcmbox_entry *by_id(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcmbox_entry, id_node);
}

static struct ipcmbox_entry *by_name(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcmbox_entry, name_node);
}

static bool id_less(struct rb_node *a, const struct rb_node *b)
{
	return by_id(a)->id < by_id(b)->id;
}

static int name_cmp(const char *a, u32 a_len, const char *b, u32 b_len)
{
	return memcmp(a, b, min(a_len, b_len)) ?: (int)a_len - (int)b_len;
}

static bool name_less(struct rb_node *a, const struct rb_node *b)
{
	return name_cmp(by_name(a)->name, by_name(a)->name_len,
			by_name(b)->name, by_name(b)->name_len) < 0;
}

/**
 * ipcmbox_directory_add() - publish an object
 * @directory: where
 * @entry: new; under its name too if it has one, which nobody else has
 */
void ipcmbox_directory_add(struct ipcmbox_directory *directory, struct ipcmbox_entry *entry)
{
	rb_add(&entry->id_node, &directory->ids, id_less);
	if (entry->is_named)
		rb_add(&entry->name_node, &directory->names, name_less);
}

/**
 * ipcmbox_directory_remove() - unpublish an object that ends
 * @directory: where
 * @entry: the object
 */
void ipcmbox_directory_remove(struct ipcmbox_directory *directory, struct ipcmbox_entry *entry)
{
	rb_erase(&entry->id_node, &directory->ids);
	if (entry->is_named)
		ipcmbox_directory_remove_name(directory, entry);
}

void ipcmbox_directory_remove_name(struct ipcmbox_directory *directory,
				   struct ipcmbox_entry *entry)
{
	rb_erase(&entry->name_node, &directory->names);
	entry->is_named = false;
}

struct ipcmbox_entry *ipcmbox_directory_find_name(const struct ipcmbox_directory *directory,
						  const char *name, u32 name_len)
{
	struct rb_node *node = directory->names.rb_node;
	struct ipcmbox_entry *entry;
	int cmp;

	while (node) {
		entry = by_name(node);
		cmp = name_cmp(name, name_len, entry->name, entry->name_len);
		if (!cmp)
			return entry;
		node = cmp < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The object with the smallest id that is at least @id. */
static struct ipcmbox_entry *find_from(const struct ipcmbox_directory *directory, u64 id)
{
	struct ipcmbox_entry *entry, *found = NULL;
	struct rb_node *node = directory->ids.rb_node;

	while (node) {
		entry = by_id(node);
		if (entry->id < id) {
			node = node->rb_right;
		} else {
			found = entry;
			node = node->rb_left;
		}
	}
	return found;
}

struct ipcmbox_entry *ipcmbox_directory_find_id(const struct ipcmbox_directory *directory, u64 id)
{
	struct ipcmbox_entry *entry = find_from(directory, id);

	return entry && entry->id == id && ipcmbox_entry_is_alive(entry) ? entry : NULL;
}

/**
 * ipcmbox_directory_next() - go through the objects
 * @directory: which
 * @after_id: where to go on
 *
 * Return: the living object with the next greater id, or NULL.
 */
struct ipcmbox_entry *ipcmbox_directory_next(const struct ipcmbox_directory *directory,
					     u64 after_id)
{
	struct ipcmbox_entry *entry;

	if (after_id == U64_MAX)
		return NULL;

	entry = find_from(directory, after_id + 1);
	while (entry && !ipcmbox_entry_is_alive(entry))
		entry = by_id(rb_next(&entry->id_node));
	return entry;
}
