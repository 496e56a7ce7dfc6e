// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members: joining and leaving, capacity and policy.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <uapi/linux/ipcmbox.h>

#include "event.h"
#include "handle.h"
#include "mailbox.h"
#include "member.h"
#include "port.h"
#include "quota.h"
#include "registry.h"

#define JOIN_VALID	(IPCMBOX_JOIN_OVERFLOW | IPCMBOX_JOIN_NONBLOCK)

/* Birth and end. */

/* Returns a member that has not joined, of who calls. */
static struct ipcmbox_member *member_new(u64 mask)
{
	struct ipcmbox_member *member;

	member = kzalloc(sizeof(*member), IPCMBOX_GFP);
	if (!member)
		return NULL;
	INIT_LIST_HEAD(&member->link);
	member->mask = mask ?: IPCMBOX_EVENTS_USER;
	current_euid_egid(&member->uid, &member->gid);
	member->tgid = get_pid(task_tgid(current));
	member->tid = get_pid(task_pid(current));
	return member;
}

void ipcmbox_member_free(struct ipcmbox_member *member)
{
	if (!member)
		return;
	put_pid(member->tid);
	put_pid(member->tgid);
	kfree(member);
}

/* Capacity and policy: within those of the event mailbox at @parent. */

static bool is_valid_count(const struct ipcmbox_port *parent, u32 max_messages)
{
	/* IPCMBOX_UNBOUNDED is the greatest. */
	return max_messages <= parent->max_messages;
}

static bool is_valid_size(const struct ipcmbox_port *parent, u64 max_bytes)
{
	return !max_bytes || (max_bytes >= parent->max_length &&
			      (!parent->max_bytes || max_bytes <= parent->max_bytes));
}

static bool is_valid_policy(const struct ipcmbox_port *parent, u32 overflow)
{
	switch (overflow) {
	case IPCMBOX_OVERFLOW_BLOCK:
		return parent->overflow == IPCMBOX_OVERFLOW_BLOCK;
	case IPCMBOX_OVERFLOW_FAIL:
		return !ipcmbox_port_never_blocks(parent);
	default:
		return true;
	}
}

/**
 * ipcmbox_member_check_set() - complete and check the capacity and policy to be set
 * @mailbox: an event mailbox or a member
 * @arg: of the ioctl; where 0 stands for the capacity of the event mailbox, that is filled in
 *
 * Context: the registry's lock is held.
 * Return: 0 or -EINVAL.
 */
int ipcmbox_member_check_set(const struct ipcmbox_mailbox *mailbox, struct ipcmbox_set *arg)
{
	const struct ipcmbox_port *parent;

	lockdep_assert_held(&mailbox->registry->lock);

	if (mailbox->event)
		return arg->mask & IPCMBOX_SET_MAX_MESSAGES && !arg->max_messages ? -EINVAL : 0;

	parent = &mailbox->parent->port;
	if (!is_valid_count(parent, arg->max_messages) || !is_valid_size(parent, arg->max_bytes))
		return -EINVAL;
	if (arg->mask & IPCMBOX_SET_OVERFLOW && !is_valid_policy(parent, arg->overflow))
		return -EINVAL;
	if (arg->mask & IPCMBOX_SET_MAX_MESSAGES && !arg->max_messages)
		arg->max_messages = parent->max_messages;
	if (arg->mask & IPCMBOX_SET_MAX_BYTES && !arg->max_bytes)
		arg->max_bytes = parent->max_bytes;
	return 0;
}

/* ioctl(JOIN). */

static int check_join(const struct file *file, const struct ipcmbox_join *arg)
{
	const struct ipcmbox_handle *handle = file->private_data;

	if (!handle->mailbox->event || arg->flags & ~JOIN_VALID ||
	    arg->overflow > IPCMBOX_OVERFLOW_DROP_NEWEST)
		return -EINVAL;
	if (!(arg->flags & IPCMBOX_JOIN_OVERFLOW) && arg->overflow)
		return -EINVAL;
	return file->f_mode & FMODE_READ ? 0 : -EACCES;
}

/* Completes @arg by what the parent has. */
static int agree(const struct ipcmbox_port *parent, struct ipcmbox_join *arg)
{
	if (!(arg->flags & IPCMBOX_JOIN_OVERFLOW))
		arg->overflow = parent->overflow;
	if (!is_valid_count(parent, arg->max_messages) || !is_valid_size(parent, arg->max_bytes) ||
	    !is_valid_policy(parent, arg->overflow))
		return -EINVAL;
	arg->max_messages = arg->max_messages ?: parent->max_messages;
	arg->max_bytes = arg->max_bytes ?: parent->max_bytes;
	return 0;
}

/* Returns a mailbox that has not joined, nor been published. */
static struct ipcmbox_mailbox *member_mailbox_new(struct ipcmbox_mailbox *parent,
						  struct ipcmbox_user *creator, u64 mask)
{
	const struct ipcmbox_open attributes = {
		.flags = parent->takes_files ? IPCMBOX_OPEN_FDS : 0,
		.discipline = IPCMBOX_MEMBER,
		.max_length = parent->max_length,
	};
	struct ipcmbox_mailbox *mailbox;

	mailbox = ipcmbox_mailbox_new(parent->registry, creator, NULL, &attributes);
	if (!mailbox)
		return NULL;
	mailbox->member = member_new(mask);
	if (!mailbox->member) {
		ipcmbox_mailbox_free(mailbox);
		return NULL;
	}
	mailbox->member->mailbox = mailbox;
	mailbox->parent = parent;
	refcount_inc(&parent->entry.refs);
	return mailbox;
}

/* Nobody else knows @mailbox yet; on success it belongs to the descriptor with @mode. */
static int enter(struct ipcmbox_mailbox *mailbox, fmode_t mode, struct ipcmbox_join *arg)
{
	struct ipcmbox_mailbox *parent = mailbox->parent;
	struct ipcmbox_port *port = &mailbox->port;
	int ret;

	lockdep_assert_held(&parent->registry->lock);

	ret = agree(&parent->port, arg);
	if (!ret)
		ret = ipcmbox_mailbox_publish(mailbox, &arg->limit);
	if (ret)
		return ret;

	port->max_messages = arg->max_messages;
	port->max_bytes = arg->max_bytes;
	ipcmbox_event_add(parent, mailbox->member, arg->overflow);
	ipcmbox_mailbox_attach(mailbox, mode);
	ipcmbox_mailbox_attach(parent, mode & FMODE_WRITE);
	/* The first reference. */
	refcount_dec(&mailbox->entry.refs);
	return 0;
}

/**
 * ipcmbox_member_join() - make a member of an event mailbox
 * @file: descriptor of the event mailbox
 * @arg: of the ioctl; @id is set on success, @limit on -EDQUOT
 * @filep: set to a new file, not yet installed
 *
 * Context: may sleep.
 * Return: 0, or an error of struct ipcmbox_join; then nothing has changed.
 */
int ipcmbox_member_join(struct file *file, struct ipcmbox_join *arg, struct file **filep)
{
	struct ipcmbox_mailbox *parent, *mailbox;
	struct ipcmbox_handle *handle = file->private_data;
	u32 access = IPCMBOX_READ;
	struct file *new;
	int ret;

	ret = check_join(file, arg);
	if (ret)
		return ret;

	parent = handle->mailbox;
	if (file->f_mode & FMODE_WRITE)
		access |= IPCMBOX_WRITE;
	new = ipcmbox_handle_new(parent->registry, access, arg->flags & IPCMBOX_JOIN_NONBLOCK);
	if (IS_ERR(new))
		return PTR_ERR(new);
	handle = new->private_data;

	mailbox = member_mailbox_new(parent, handle->user, arg->mask);
	if (!mailbox) {
		ipcmbox_handle_discard(new);
		return -ENOMEM;
	}
	mutex_lock(&parent->registry->lock);
	ret = enter(mailbox, new->f_mode, arg);
	mutex_unlock(&parent->registry->lock);
	if (ret) {
		ipcmbox_mailbox_free(mailbox);
		ipcmbox_handle_discard(new);
		return ret;
	}

	handle->mailbox = mailbox;
	arg->id = mailbox->entry.id;
	ipcmbox_event_announce(parent, mailbox->member, IPCMBOX_EVENT_JOINED);
	*filep = new;
	return 0;
}

/* ioctl(LEAVE), and the end. */

/**
 * ipcmbox_member_leave() - a member wants no more events
 * @file: its descriptor
 *
 * Context: may sleep.
 * Return: 0; -EINVAL it is not a member, or has left; -EACCES.
 */
int ipcmbox_member_leave(struct file *file)
{
	struct ipcmbox_handle *handle = file->private_data;
	struct ipcmbox_mailbox *mailbox = handle->mailbox;

	if (!mailbox->member)
		return -EINVAL;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (!ipcmbox_event_remove(mailbox->parent, mailbox->member))
		return -EINVAL;
	ipcmbox_event_announce(mailbox->parent, mailbox->member, IPCMBOX_EVENT_LEFT);
	return 0;
}

/**
 * ipcmbox_member_close() - the descriptor that receives is closed
 * @mailbox: the member, which leaves if it has not before
 *
 * A descriptor that a process leaves behind is closed by its last thread on the way out.
 *
 * Context: may sleep.
 */
void ipcmbox_member_close(struct ipcmbox_mailbox *mailbox)
{
	bool died = current->flags & PF_EXITING;

	if (ipcmbox_event_remove(mailbox->parent, mailbox->member))
		ipcmbox_event_announce(mailbox->parent, mailbox->member,
				       died ? IPCMBOX_EVENT_DIED : IPCMBOX_EVENT_LEFT);
}

/* Report. */

static void report_event(struct ipcmbox_event *event, struct ipcmbox_info *info)
{
	if (event->kept)
		info->flags |= IPCMBOX_INFO_KEEP_LAST;
	mutex_lock(&event->lock);
	info->members = event->nr_members;
	mutex_unlock(&event->lock);
}

/**
 * ipcmbox_member_report() - fill in what is special
 * @mailbox: an event mailbox or a member
 * @info: otherwise complete
 *
 * Context: may sleep, no locks held.
 */
void ipcmbox_member_report(struct ipcmbox_mailbox *mailbox, struct ipcmbox_info *info)
{
	struct ipcmbox_mailbox *parent = mailbox->parent;

	if (mailbox->event) {
		report_event(mailbox->event, info);
		return;
	}
	info->parent = parent->entry.id;
	info->events = mailbox->member->mask;
	info->pid = pid_vnr(mailbox->member->tgid);
	info->tid = pid_vnr(mailbox->member->tid);
	/* It is numbered there. */
	spin_lock(&parent->port.lock);
	info->next_seq = parent->port.next_seq;
	spin_unlock(&parent->port.lock);
}
