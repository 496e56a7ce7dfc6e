/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_HANDLE_H
#define _IPCMBOX_HANDLE_H

#include <linux/fs.h>
#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

#include "mailbox.h"

struct ipcmbox_lane;
struct ipcmbox_registry;
struct ipcmbox_user;

/**
 * DOC: Handles
 *
 * A handle is an open description of a mailbox, the private data of its file. What it may do was
 * decided when it was made and is in the file's mode (FMODE_READ: receive, FMODE_WRITE: send), so
 * that passing the descriptor passes the right. Only the descriptors of a channel, which have file
 * operations of their own, have all rights as a file, as mmap(2) wants it; @access is what counts.
 */

/**
 * struct ipcmbox_handle - an open description of a mailbox
 * @mailbox: reference (constant once the file is published)
 * @file: its file, which it ends with (constant)
 * @user: account of the user who opened it, reference (constant); a shortcut for the usual case
 *	that the same user sends
 * @access: IPCMBOX_READ, IPCMBOX_WRITE: what it was opened for (constant)
 * @lane: of a channel's producer, reference; else NULL (constant once the file is published)
 */
struct ipcmbox_handle {
	struct ipcmbox_mailbox *mailbox;
	struct file *file;
	struct ipcmbox_user *user;
	u32 access;
	struct ipcmbox_lane *lane;
};

/* Where messages go that are sent on the handle. */
static inline struct ipcmbox_mailbox *ipcmbox_handle_target(const struct ipcmbox_handle *handle)
{
	return unlikely(handle->mailbox->parent) ? handle->mailbox->parent : handle->mailbox;
}

/* What the handle counts as in its mailbox. */
static inline fmode_t ipcmbox_handle_mode(const struct ipcmbox_handle *handle)
{
	return (handle->access & IPCMBOX_READ ? FMODE_READ : 0) |
	       (handle->access & IPCMBOX_WRITE ? FMODE_WRITE : 0);
}

bool ipcmbox_handle_is_of(const struct file *file);
struct file *ipcmbox_handle_new_of(struct ipcmbox_registry *registry,
				   const struct file_operations *fops, u32 access, bool nonblock);
struct file *ipcmbox_handle_new(struct ipcmbox_registry *registry, u32 access, bool nonblock);
void ipcmbox_handle_discard(struct file *file);

#endif /* _IPCMBOX_HANDLE_H */
