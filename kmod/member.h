/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MEMBER_H
#define _IPCMBOX_MEMBER_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct file;
struct ipcmbox_info;
struct ipcmbox_join;
struct ipcmbox_mailbox;
struct ipcmbox_set;
struct pid;

/**
 * DOC: Members
 *
 * A member is a mailbox without a name, made by ioctl(JOIN) on an event mailbox, its *parent*. It
 * has a port, and counters, of its own, is charged to who joins, and listed as any other. One
 * descriptor of it can receive, the one that JOIN returns; the member leaves when that is closed,
 * or before by ioctl(LEAVE), and then still has what it was given until it is received. Others can
 * be opened by id, to look and to administer.
 *
 * The descriptor counts as one of the parent's as well, so that this is there, and has its
 * transient name, as long as it has members; and as one that can send if it can.
 *
 * Capacity and policy of a member are within those of its parent when they are set. Both are set
 * under the registry's lock, and read for that under it.
 */

/**
 * struct ipcmbox_member - what makes a mailbox a member
 * @link: in &ipcmbox_event.members of the parent, empty when it has left (event lock)
 * @mailbox: it is part of (constant)
 * @mask: event bits it gets (constant)
 * @uid: effective uid of who joined (constant)
 * @gid: effective gid of who joined (constant)
 * @tgid: process that joined, reference (constant)
 * @tid: thread that joined, reference (constant)
 */
struct ipcmbox_member {
	struct list_head link;
	struct ipcmbox_mailbox *mailbox;
	u64 mask;
	kuid_t uid;
	kgid_t gid;
	struct pid *tgid;
	struct pid *tid;
};

void ipcmbox_member_free(struct ipcmbox_member *member);

int ipcmbox_member_join(struct file *file, struct ipcmbox_join *arg, struct file **filep);
int ipcmbox_member_leave(struct file *file);
void ipcmbox_member_close(struct ipcmbox_mailbox *mailbox);

int ipcmbox_member_check_set(const struct ipcmbox_mailbox *mailbox, struct ipcmbox_set *arg);
void ipcmbox_member_report(struct ipcmbox_mailbox *mailbox, struct ipcmbox_info *info);

#endif /* _IPCMBOX_MEMBER_H */
