/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_BLOCKED_H
#define _IPCMBOX_BLOCKED_H

#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

struct ipcmbox_blocked_entry;
struct ipcmbox_ioctl;
struct ipcmbox_mailbox;
struct pid_namespace;

/**
 * DOC: Blocked tasks
 *
 * Who waits at a mailbox, and for whom. A snapshot is taken under the port's lock, so that it is
 * one moment of the mailbox; it holds references to the process ids of all concerned, as a task
 * that waits now may have died when somebody reads of it. They become numbers outside of the lock.
 *
 * For whom a task waits is known from the message: who has it in its hands, who wants to receive it
 * from whom, or else the only thread that has been receiving at the mailbox.
 */

/* Tasks in one snapshot; says the UAPI header. */
#define IPCMBOX_BLOCKED_MAX	4096

/**
 * struct ipcmbox_blocked_snapshot - who waits at a mailbox
 * @mailbox: its id
 * @entries: as many as there is @room for
 * @room: length of @entries
 * @count: those in use
 * @total: how many tasks wait, in @entries or not
 *
 * Owned by one task.
 */
struct ipcmbox_blocked_snapshot {
	u64 mailbox;
	struct ipcmbox_blocked_entry *entries;
	u32 room;
	u32 count;
	u32 total;
};

int ipcmbox_blocked_init(struct ipcmbox_blocked_snapshot *snapshot, u32 room);
void ipcmbox_blocked_exit(struct ipcmbox_blocked_snapshot *snapshot);
void ipcmbox_blocked_take(struct ipcmbox_blocked_snapshot *snapshot,
			  struct ipcmbox_mailbox *mailbox);
void ipcmbox_blocked_describe(const struct ipcmbox_blocked_snapshot *snapshot, u32 i,
			      struct pid_namespace *ns, struct ipcmbox_blocked *blocked);

long ipcmbox_blocked_ioctl(struct ipcmbox_ioctl *call);

#endif /* _IPCMBOX_BLOCKED_H */
