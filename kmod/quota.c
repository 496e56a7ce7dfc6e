// SPDX-License-Identifier: GPL-2.0-only
/*
 * Budgets of users.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <uapi/linux/ipcmbox.h>

#include "quota.h"

static unsigned long user_mailboxes = 4096;
module_param(user_mailboxes, ulong, 0644);
MODULE_PARM_DESC(user_mailboxes, "Mailboxes a user may have in an IPC namespace");

static unsigned long user_messages = 262144;
module_param(user_messages, ulong, 0644);
MODULE_PARM_DESC(user_messages, "Messages a user may have under way in an IPC namespace");

static unsigned long user_bytes;
module_param(user_bytes, ulong, 0644);
MODULE_PARM_DESC(user_bytes,
		 "Bytes a user may have under way in an IPC namespace (default: 1/16 of the memory, 64 to 512 MiB)");

static unsigned long user_segments = 4096;
module_param(user_segments, ulong, 0644);
MODULE_PARM_DESC(user_segments, "Segments a user may have in an IPC namespace");

static unsigned long user_segment_bytes;
module_param(user_segment_bytes, ulong, 0644);
MODULE_PARM_DESC(user_segment_bytes,
		 "Bytes of segments a user may have in an IPC namespace (default: half of the memory)");

/**
 * ipcmbox_quota_init() - set the budgets that depend on the machine
 */
void ipcmbox_quota_init(void)
{
	if (!user_bytes)
		user_bytes = clamp(totalram_pages() << (PAGE_SHIFT - 4), 64UL << 20, 512UL << 20);
	if (!user_segment_bytes)
		user_segment_bytes = totalram_pages() << (PAGE_SHIFT - 1);
}

void ipcmbox_users_init(struct ipcmbox_users *users)
{
	spin_lock_init(&users->lock);
	users->tree = RB_ROOT;
}

static struct ipcmbox_user *users_lookup_locked(struct ipcmbox_users *users, kuid_t uid,
						struct rb_node **parent, struct rb_node ***link)
{
	struct ipcmbox_user *user;

	lockdep_assert_held(&users->lock);

	*parent = NULL;
	*link = &users->tree.rb_node;
	while (**link) {
		*parent = **link;
		user = rb_entry(*parent, struct ipcmbox_user, node);
		if (uid_eq(uid, user->uid))
			return user;
		*link = uid_lt(uid, user->uid) ? &(*parent)->rb_left : &(*parent)->rb_right;
	}
	return NULL;
}

/**
 * ipcmbox_user_find() - find or make the account of a user
 * @users: the namespace's users
 * @uid: real user id
 *
 * Context: may sleep.
 * Return: a reference, or NULL: no memory.
 */
struct ipcmbox_user *ipcmbox_user_find(struct ipcmbox_users *users, kuid_t uid)
{
	struct ipcmbox_user *user, *new = NULL;
	struct rb_node *parent, **link;

	for (;;) {
		spin_lock(&users->lock);
		user = users_lookup_locked(users, uid, &parent, &link);
		if (user) {
			/* In the tree under the lock, so its last reference is not gone yet. */
			refcount_inc(&user->refs);
		} else if (new) {
			rb_link_node(&new->node, parent, link);
			rb_insert_color(&new->node, &users->tree);
			user = new;
			new = NULL;
		}
		spin_unlock(&users->lock);

		if (user) {
			kfree(new);
			return user;
		}

		new = kzalloc(sizeof(*new), IPCMBOX_GFP);
		if (!new)
			return NULL;
		new->users = users;
		new->uid = uid;
		refcount_set(&new->refs, 1);
	}
}

/* Nothing is charged to it: what has been was given back. */
static bool is_even(struct ipcmbox_user *user)
{
	return !atomic_long_read(&user->mailboxes) && !atomic_long_read(&user->messages) &&
	       !atomic_long_read(&user->bytes) && !atomic_long_read(&user->files) &&
	       !atomic_long_read(&user->segments) && !atomic_long_read(&user->segment_bytes);
}

void ipcmbox_user_put(struct ipcmbox_user *user)
{
	struct ipcmbox_users *users;
	bool last;

	if (!user || refcount_dec_not_one(&user->refs))
		return;

	users = user->users;
	spin_lock(&users->lock);
	last = refcount_dec_and_test(&user->refs);
	if (last)
		rb_erase(&user->node, &users->tree);
	spin_unlock(&users->lock);
	if (!last)
		return;
	/*
	 * Else it would be forgotten here, and nobody could see it.  Whoever gives back does so
	 * before his put, which is a release: refcount_dec_and_test() above, if it is the last,
	 * acquires.
	 */
	WARN_ON_ONCE(!is_even(user));
	kfree(user);
}

/* Adds first and looks then, so that two chargers cannot both take the last unit. */
static bool charge(atomic_long_t *counter, unsigned long amount, unsigned long budget)
{
	if (likely((unsigned long)atomic_long_add_return(amount, counter) <= budget))
		return true;
	atomic_long_sub(amount, counter);
	return false;
}

/**
 * ipcmbox_user_charge_mailbox() - charge one mailbox
 * @user: its creator
 * @limit: set to the limit that was hit
 *
 * Return: 0, or -EDQUOT.
 */
int ipcmbox_user_charge_mailbox(struct ipcmbox_user *user, u32 *limit)
{
	if (charge(&user->mailboxes, 1, READ_ONCE(user_mailboxes)))
		return 0;
	*limit = IPCMBOX_LIMIT_USER_MAILBOXES;
	return -EDQUOT;
}

void ipcmbox_user_uncharge_mailbox(struct ipcmbox_user *user)
{
	atomic_long_dec(&user->mailboxes);
}

/**
 * ipcmbox_user_charge_messages() - charge messages
 * @user: their sender
 * @nr: how many
 * @bytes: memory they take together
 * @limit: set to the limit that was hit
 *
 * Return: 0, or -EDQUOT.
 */
int ipcmbox_user_charge_messages(struct ipcmbox_user *user, unsigned int nr, size_t bytes,
				 u32 *limit)
{
	if (!charge(&user->messages, nr, READ_ONCE(user_messages))) {
		*limit = IPCMBOX_LIMIT_USER_MESSAGES;
		return -EDQUOT;
	}
	if (!charge(&user->bytes, bytes, READ_ONCE(user_bytes))) {
		atomic_long_sub(nr, &user->messages);
		*limit = IPCMBOX_LIMIT_USER_BYTES;
		return -EDQUOT;
	}
	return 0;
}

void ipcmbox_user_uncharge_message(struct ipcmbox_user *user, size_t bytes)
{
	atomic_long_sub(bytes, &user->bytes);
	atomic_long_dec(&user->messages);
}

/**
 * ipcmbox_user_charge_bytes() - charge memory that is no message's
 * @user: who asked for it
 * @bytes: how much
 *
 * Return: whether the budget allows it.
 */
bool ipcmbox_user_charge_bytes(struct ipcmbox_user *user, size_t bytes)
{
	return charge(&user->bytes, bytes, READ_ONCE(user_bytes));
}

void ipcmbox_user_uncharge_bytes(struct ipcmbox_user *user, size_t bytes)
{
	atomic_long_sub(bytes, &user->bytes);
}

/**
 * ipcmbox_user_charge_files() - charge the descriptors of one message
 * @user: its sender, the calling task's
 * @nr: how many
 * @limit: set to the limit that was hit
 *
 * Return: 0, or -EDQUOT.
 */
int ipcmbox_user_charge_files(struct ipcmbox_user *user, u32 nr, u32 *limit)
{
	if (charge(&user->files, nr, rlimit(RLIMIT_NOFILE)))
		return 0;
	*limit = IPCMBOX_LIMIT_USER_FDS;
	return -EDQUOT;
}

void ipcmbox_user_uncharge_files(struct ipcmbox_user *user, u32 nr)
{
	atomic_long_sub(nr, &user->files);
}

/**
 * ipcmbox_user_charge_segment() - charge one segment
 * @user: its creator
 * @limit: set to the limit that was hit
 *
 * Return: 0, or -EDQUOT.
 */
int ipcmbox_user_charge_segment(struct ipcmbox_user *user, u32 *limit)
{
	if (charge(&user->segments, 1, READ_ONCE(user_segments)))
		return 0;
	*limit = IPCMBOX_LIMIT_USER_SEGMENTS;
	return -EDQUOT;
}

void ipcmbox_user_uncharge_segment(struct ipcmbox_user *user)
{
	atomic_long_dec(&user->segments);
}

/**
 * ipcmbox_user_charge_segment_bytes() - charge memory of a segment
 * @user: who makes it grow
 * @bytes: by how much
 * @limit: set to the limit that was hit
 *
 * Return: 0, or -EDQUOT.
 */
int ipcmbox_user_charge_segment_bytes(struct ipcmbox_user *user, u64 bytes, u32 *limit)
{
	unsigned long budget = READ_ONCE(user_segment_bytes);

	/* It can be any number, and must not wrap the counter around. */
	if (bytes <= budget && charge(&user->segment_bytes, bytes, budget))
		return 0;
	*limit = IPCMBOX_LIMIT_USER_SEGMENT_BYTES;
	return -EDQUOT;
}

void ipcmbox_user_uncharge_segment_bytes(struct ipcmbox_user *user, u64 bytes)
{
	atomic_long_sub(bytes, &user->segment_bytes);
}

/**
 * ipcmbox_user_report() - fill in the budgets and what is used of them
 * @user: whose
 * @query: fields max_* and user_* are written
 */
void ipcmbox_user_report(const struct ipcmbox_user *user, struct ipcmbox_query *query)
{
	query->max_mailboxes = READ_ONCE(user_mailboxes);
	query->max_user_messages = READ_ONCE(user_messages);
	query->max_user_bytes = READ_ONCE(user_bytes);
	query->user_mailboxes = atomic_long_read(&user->mailboxes);
	query->user_messages = atomic_long_read(&user->messages);
	query->user_bytes = atomic_long_read(&user->bytes);
	query->max_user_fds = rlimit(RLIMIT_NOFILE);
	query->user_fds = atomic_long_read(&user->files);
	query->max_user_segments = READ_ONCE(user_segments);
	query->max_user_segment_bytes = READ_ONCE(user_segment_bytes);
	query->user_segments = atomic_long_read(&user->segments);
	query->user_segment_bytes = atomic_long_read(&user->segment_bytes);
}
