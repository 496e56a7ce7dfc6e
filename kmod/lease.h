/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_LEASE_H
#define _IPCMBOX_LEASE_H

struct ipcmbox_mailbox;
struct ipcmbox_message;

/**
 * DOC: Leases
 *
 * A lease ends by settlement, by the closing of the handle it was received on, or by time. For the
 * last a mailbox has a work item, which is planned for the first lease to end and sweeps through
 * what is held; see hold.h for what happens to a message then.
 *
 * A message that came back too often is a dead letter. It moves to the mailbox that was named for
 * that, by id, and looked up when it is needed: naming a mailbox does not keep it alive, and two of
 * them can name each other. It is sent there as its sender would send it without waiting, and is
 * dropped where that would fail.
 */

void ipcmbox_lease_init(struct ipcmbox_mailbox *mailbox);
void ipcmbox_lease_exit(struct ipcmbox_mailbox *mailbox);
void ipcmbox_lease_bury(struct ipcmbox_mailbox *mailbox, struct ipcmbox_message *dead);

#endif /* _IPCMBOX_LEASE_H */
