/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_FILES_H
#define _IPCMBOX_FILES_H

#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

struct file;
struct ipcmbox_mailbox;
struct ipcmbox_sending;

/**
 * DOC: Files
 *
 * A message can bring descriptors: references to open files, taken from the sender's table before
 * any lock, dropped with the content of the message, whatever becomes of it, and never under a
 * port's lock. All copies of an event share them.
 *
 * A receiver gets all of them or none. Numbers are *reserved* and written to its memory first,
 * where nobody sees them; that can fail, and the message goes back. Then the files are *installed*
 * under these numbers by the only function that asks the security modules and is there for
 * modules, receive_fd(). It chooses the number itself, the one that was given back just before;
 * another thread of the receiver can be faster, so numbers can still change, or, at the limit, run
 * out: then what was installed is *recalled*. What a security module keeps from the receiver
 * arrives as -1: one sender must not be able to block the others' messages.
 *
 * References can form cycles, and then nothing is closed by anybody any more. None can keep itself
 * alive here::
 *
 *	1. What holds files otherwise than in the table of a process is refused in messages:
 *	   AF_UNIX sockets, which have messages of their own, and io_uring. So is what makes
 *	   descriptors, this module's device, and whoever can receive.
 *	2. So each cycle is one of mailboxes, whose messages bring descriptors of the next that can
 *	   only send or only look; and nobody outside has any descriptor of any of them that can
 *	   receive, or else a message of that mailbox is still to be had.
 *	3. A mailbox without a lasting name and without a descriptor that can receive *refuses
 *	   files*: it drops what messages with descriptors it has, and accepts no more. (A transient
 *	   name lasts as long as the descriptors do, also those in messages, and proves nothing.)
 *	4. So each mailbox of a cycle has a lasting name: it is there because somebody wanted it
 *	   to be, and not because of the cycle. When the name goes, 3 applies.
 *
 *	5. A reply that is kept for its caller lasts as long as the caller's handle: replies bring
 *	   no descriptors of this module's mailboxes at all.
 *	6. A segment holds no files but its memory, which holds none: no cycle goes through it.
 *
 * Whether a mailbox refuses files changes with its descriptors and its name under the registry's
 * lock, and that lock is held until the last of them is out. Closing a file is put off by the
 * kernel until the task returns to user space, or to a worker: dropping a message never closes
 * anything by itself, however long the chain of mailboxes is that follows.
 */

/**
 * struct ipcmbox_files - descriptors in a message
 * @nr: how many, 1 to IPCMBOX_FDS_MAX
 * @file: references
 *
 * Constant once imported.
 */
struct ipcmbox_files {
	u32 nr;
	struct file *file[];
};

/**
 * struct ipcmbox_numbers - descriptors of the calling process for the files of a message
 * @nr: reserved, or installed
 * @fd: numbers; after installing -1 for what a security module keeps back
 */
struct ipcmbox_numbers {
	u32 nr;
	s32 fd[IPCMBOX_FDS_MAX];
};

int ipcmbox_files_import(struct ipcmbox_sending *sending, u64 fds_ptr, u32 nr);
int ipcmbox_files_import_for_reply(struct ipcmbox_sending *sending, u64 fds_ptr, u32 nr);
void ipcmbox_files_put(struct ipcmbox_files *files);

int ipcmbox_files_reserve(const struct ipcmbox_files *files, s32 __user *ufds,
			  struct ipcmbox_numbers *numbers);
int ipcmbox_files_install(const struct ipcmbox_files *files, s32 __user *ufds,
			  struct ipcmbox_numbers *numbers);
void ipcmbox_files_recall(struct ipcmbox_numbers *numbers);

void ipcmbox_files_update(struct ipcmbox_mailbox *mailbox);

#endif /* _IPCMBOX_FILES_H */
