/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_QUOTA_H
#define _IPCMBOX_QUOTA_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct ipcmbox_query;

/**
 * DOC: Budgets
 *
 * A user may have so many mailboxes, segments, messages and bytes in one IPC namespace, by real
 * user id as with the kernel's own resource limits. What counts is who sends, not who opened: a
 * descriptor that was passed on charges the one who uses it. Descriptors under way in messages are
 * bounded by the sender's RLIMIT_NOFILE, as those in AF_UNIX sockets are. Memory is charged to the
 * memory cgroup of the task that allocates it as well, by the allocator.
 *
 * The budgets are module parameters that the administrator can write at any time; they bind
 * everybody, root included, because on a device everything runs as root and it is the runaway
 * sender that must get the error. Lowering a budget takes nothing away from what is under way.
 *
 * A &struct ipcmbox_user exists while somebody refers to it: an open descriptor, a mailbox it is
 * charged for, or a message. Charges are atomics and need no lock. Each is given back before the
 * reference is dropped that it goes with, so an account that ends has none: else it warns.
 */

/*
 * For all that a user can make the module allocate: charged to the task's memory cgroup, and
 * refused at its limit. Without RETRY_MAYFAIL the kernel would rather kill a task than fail.
 */
#define IPCMBOX_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct ipcmbox_users - the users of a namespace
 * @lock: protects @tree; a leaf, held for a tree walk only
 * @tree: of struct ipcmbox_user, by uid
 */
struct ipcmbox_users {
	spinlock_t lock;
	struct rb_root tree;
};

/**
 * struct ipcmbox_user - what a user has under way in a namespace
 * @node: in @users->tree (@users->lock)
 * @users: where it belongs (constant; outlives it, as part of the namespace)
 * @uid: who (constant)
 * @refs: references; the last put takes it out of the tree
 * @mailboxes: mailboxes created and not gone (atomic)
 * @messages: messages sent and not received, dropped or withdrawn (atomic)
 * @bytes: their payload and bookkeeping, and flight recorders (atomic)
 * @files: descriptors in messages (atomic)
 * @segments: segments created and not gone (atomic)
 * @segment_bytes: whole pages of segments that the user made grow last (atomic)
 */
struct ipcmbox_user {
	struct rb_node node;
	struct ipcmbox_users *users;
	kuid_t uid;
	refcount_t refs;
	atomic_long_t mailboxes;
	atomic_long_t messages;
	atomic_long_t bytes;
	atomic_long_t files;
	atomic_long_t segments;
	atomic_long_t segment_bytes;
};

void ipcmbox_quota_init(void);

void ipcmbox_users_init(struct ipcmbox_users *users);
struct ipcmbox_user *ipcmbox_user_find(struct ipcmbox_users *users, kuid_t uid);
void ipcmbox_user_put(struct ipcmbox_user *user);

static inline struct ipcmbox_user *ipcmbox_user_get(struct ipcmbox_user *user)
{
	refcount_inc(&user->refs);
	return user;
}

int ipcmbox_user_charge_mailbox(struct ipcmbox_user *user, u32 *limit);
void ipcmbox_user_uncharge_mailbox(struct ipcmbox_user *user);
int ipcmbox_user_charge_messages(struct ipcmbox_user *user, unsigned int nr, size_t bytes,
				 u32 *limit);
void ipcmbox_user_uncharge_message(struct ipcmbox_user *user, size_t bytes);
bool ipcmbox_user_charge_bytes(struct ipcmbox_user *user, size_t bytes);
void ipcmbox_user_uncharge_bytes(struct ipcmbox_user *user, size_t bytes);
int ipcmbox_user_charge_files(struct ipcmbox_user *user, u32 nr, u32 *limit);
void ipcmbox_user_uncharge_files(struct ipcmbox_user *user, u32 nr);
int ipcmbox_user_charge_segment(struct ipcmbox_user *user, u32 *limit);
void ipcmbox_user_uncharge_segment(struct ipcmbox_user *user);
int ipcmbox_user_charge_segment_bytes(struct ipcmbox_user *user, u64 bytes, u32 *limit);
void ipcmbox_user_uncharge_segment_bytes(struct ipcmbox_user *user, u64 bytes);
void ipcmbox_user_report(const struct ipcmbox_user *user, struct ipcmbox_query *query);

#endif /* _IPCMBOX_QUOTA_H */
