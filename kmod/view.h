/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_VIEW_H
#define _IPCMBOX_VIEW_H

#include <linux/fs.h>
#include <linux/types.h>

struct ipcmbox_segment;

/**
 * DOC: Views
 *
 * A view is a file of a segment: what a descriptor of it refers to, and each mapping made of that.
 * What it may do was decided when it was made and is in the file's mode. Its private data is the
 * segment, to which it is attached until it is released.
 *
 * ftruncate(2) comes in with the inode's lock held, which growing needs to have free: it is given
 * back for the while, which notify_change() does not mind, as it has looked at nothing that it will
 * use again. write(2) never makes the segment longer by itself: what goes beyond the end is
 * preceded by growing, and looked at again under the inode's lock.
 */

extern const struct inode_operations ipcmbox_view_iops;

int ipcmbox_view_resize(struct file *file, u64 size, u32 *limit);
bool ipcmbox_view_is_of(const struct file *file);
fmode_t ipcmbox_view_mode(u32 access);
struct file *ipcmbox_view_new(struct ipcmbox_segment *segment, u32 access);

#endif /* _IPCMBOX_VIEW_H */
