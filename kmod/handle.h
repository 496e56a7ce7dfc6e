/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_HANDLE_H
#define _IPCMBOX_HANDLE_H

#include <linux/types.h>

#include "mailbox.h"

struct file;
struct ipcmbox_registry;
struct ipcmbox_user;

/**
 * DOC: Handles
 *
 * A handle is an open description of a mailbox, the private data of its file. What it may do was
 * decided when it was made and is in the file's mode (FMODE_READ: receive, FMODE_WRITE: send), so
 * that passing the descriptor passes the right.
 */

/**
 * struct ipcmbox_handle - an open description of a mailbox
 * @mailbox: reference (constant once the file is published)
 * @file: its file, which it ends with (constant)
 * @user: account of the user who opened it, reference (constant); a shortcut for the usual case
 *	that the same user sends
 */
struct ipcmbox_handle {
	struct ipcmbox_mailbox *mailbox;
	struct file *file;
	struct ipcmbox_user *user;
};

/* Where messages go that are sent on the handle. */
static inline struct ipcmbox_mailbox *ipcmbox_handle_target(const struct ipcmbox_handle *handle)
{
	return unlikely(handle->mailbox->parent) ? handle->mailbox->parent : handle->mailbox;
}

bool ipcmbox_handle_is_of(const struct file *file);
struct file *ipcmbox_handle_new(struct ipcmbox_registry *registry, u32 access, bool nonblock);
void ipcmbox_handle_discard(struct file *file);

#endif /* _IPCMBOX_HANDLE_H */
