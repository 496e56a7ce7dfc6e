/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MOVE_H
#define _IPCMBOX_MOVE_H

#include <linux/types.h>

struct file;
struct ipcmbox_segment;
struct ipcmbox_sending;

/**
 * DOC: Moving
 *
 * A segment that is *moved* in a message takes along the right to write. Normally each view that
 * was opened for writing may write; a moved segment has one view that *alone* may, made for the
 * message, and all others have lost it until that ends. So the right comes back when the receiver
 * closes and unmaps what it got, when it dies, or when nobody ever receives the message; or it is
 * moved on, in yet another view.
 *
 * Whoever had the right must have let go of the memory before, and is refused with EBUSY otherwise;
 * the kernel takes away no mapping:
 *
 *	1. No mapping that could be written is left: the kernel counts those (i_mmap_writable), and
 *	   makes new ones only while that is not denied. A mapping under way has been counted before
 *	   it comes to view_mmap(), so either the move sees it, or it sees the move.
 *	2. No write(2) or change of size is under way: these are counted here, as no lock can be
 *	   held over a user's memory.
 *	3. No page is pinned, by direct I/O or a device or whatever has got it through a mapping and
 *	   does not need that any more: no page has more references than the page cache and its
 *	   mappings account for. A page that is new or was used has one for a while on the list of
 *	   some CPU (folio_batch); these lists are drained when a page looks pinned. Pages of a
 *	   segment that has not been mapped to be written since they were looked at last cannot have
 *	   been pinned so, and are not looked at.
 *
 * When 1 and 2 are so the right goes over, under the segment's lock; then pages are looked at, and
 * if 3 is not so it goes back: the new view is nobody's yet.
 *
 * No seals are added to a moved segment, by anybody, as the one side could hinder the other.
 */

bool ipcmbox_move_permits_map(struct ipcmbox_segment *segment, const struct file *view,
			      bool could_write);
int ipcmbox_move_begin_write(struct ipcmbox_segment *segment, const struct file *view);
void ipcmbox_move_end_write(struct ipcmbox_segment *segment);
void ipcmbox_move_end(struct ipcmbox_segment *segment, const struct file *view);

int ipcmbox_move_files(const struct ipcmbox_sending *sending);

#endif /* _IPCMBOX_MOVE_H */
