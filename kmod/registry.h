/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_REGISTRY_H
#define _IPCMBOX_REGISTRY_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "directory.h"
#include "endpoint.h"
#include "quota.h"

struct ipcmbox_mailbox;
struct user_namespace;
struct vfsmount;

/**
 * DOC: Registries
 *
 * A registry is this module's part of an IPC namespace: the mailboxes and segments in it by name
 * and by id, and the accounts of its users. It is made when the device is opened in the namespace
 * for the first time, and lives as long as device descriptors, mailboxes and segments refer to it.
 *
 * A module can neither hold an IPC namespace nor hear of its end. It can hold the mount of the
 * namespace's message queue file system: the pointer is unique while it is held, and the file
 * system forgets its namespace (s_fs_info) when that ends. So the mount is the key. Names in a
 * namespace that has ended can be reached by nobody without a device descriptor; a worker looks
 * for such registries, at long intervals and only while some namespace other than the first has
 * names and no device descriptor.
 */

/**
 * struct ipcmbox_registry - mailboxes, segments and users of an IPC namespace
 * @link: in the list of registries (registries_lock)
 * @refs: device descriptors, mailboxes and segments
 * @devices: device descriptors (registries_lock)
 * @serial: to tell registries apart when shown (constant)
 * @mount: key, and hold on its identity (constant)
 * @is_initial: of the IPC namespace that never ends (constant)
 * @user_ns: owner of the IPC namespace, reference (constant)
 * @lock: protects the directories, and of what is in them what its structure says
 * @mailboxes: the mailboxes (@lock)
 * @segments: the segments (@lock)
 * @endpoints: endpoints of processes and threads
 * @users: accounts
 */
struct ipcmbox_registry {
	struct list_head link;
	refcount_t refs;
	unsigned int devices;
	unsigned long serial;
	struct vfsmount *mount;
	bool is_initial;
	struct user_namespace *user_ns;
	struct mutex lock;
	struct ipcmbox_directory mailboxes;
	struct ipcmbox_directory segments;
	struct ipcmbox_endpoints endpoints;
	struct ipcmbox_users users;
};

struct ipcmbox_registry *ipcmbox_registry_open(void);
void ipcmbox_registry_close(struct ipcmbox_registry *registry);
void ipcmbox_registry_put(struct ipcmbox_registry *registry);

static inline struct ipcmbox_registry *ipcmbox_registry_get(struct ipcmbox_registry *registry)
{
	refcount_inc(&registry->refs);
	return registry;
}

struct ipcmbox_mailbox *ipcmbox_registry_find_name(struct ipcmbox_registry *registry,
						   const char *name, u32 name_len);
struct ipcmbox_mailbox *ipcmbox_registry_find_id(struct ipcmbox_registry *registry, u64 id);
struct ipcmbox_mailbox *ipcmbox_registry_get_id(struct ipcmbox_registry *registry, u64 id);
struct ipcmbox_mailbox *ipcmbox_registry_next(struct ipcmbox_registry *registry, u64 after_id);

void ipcmbox_registry_for_each(void (*visit)(struct ipcmbox_registry *registry, void *data),
			       void *data);
void ipcmbox_registry_exit(void);

#endif /* _IPCMBOX_REGISTRY_H */
