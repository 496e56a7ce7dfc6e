/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_EVENT_H
#define _IPCMBOX_EVENT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

struct file;
struct ipcmbox_kept;
struct ipcmbox_mailbox;
struct ipcmbox_member;
struct ipcmbox_message;
struct ipcmbox_sending;

/**
 * DOC: Events
 *
 * An event mailbox holds no messages. A message sent to it is an *event*: it goes to the port of
 * every member whose mask it matches, in *copies* that share one content, or to none. So it is
 * first *prepared*, which can fail: there is a copy for each member, and each is ready, which means
 * that it has room, a waiting receiver, or a policy that drops. Then it is *committed*, which
 * cannot. From the look at the first member to the commitment at the last the event's lock is held,
 * so that nobody else fills the room that was found, joins or leaves.
 *
 * If a member is not ready, its policy says what that means. A sender that has to wait is suspended
 * at the port of the event mailbox with its copies, in the order of priority and arrival; whoever
 * makes room at a member admits the first, if every member is ready for it then, and so on. Making
 * room is: to receive, to wait for a message, to leave, to change the capacity. It is only noticed
 * where there was none before.
 *
 * Copies are allocated without the lock, as many as there are members that match; should more have
 * joined meanwhile, some more. A member that joins while an event is suspended gets its copy then.
 * If there is none to be had the member loses the event, and is told so.
 *
 * The kernel's own events wait for nobody: a member that is not ready loses them.
 *
 * A sender learns from success that its message is queued at all members whose policy let it in.
 */

/**
 * struct ipcmbox_event - what makes a mailbox an event mailbox
 * @lock: protects everything here; what is pending at the port of the mailbox, and whether senders
 *	and receivers are gone from the ports of mailbox and members, changes under it and the
 *	port's lock
 * @members: struct ipcmbox_member in order of joining
 * @nr_members: length of @members
 * @is_closed: nobody can join any more
 * @refuses_files: no message with descriptors is kept, see files.h
 * @blocker: the member that was not ready when that was last looked at, or NULL: where to look
 *	first
 * @kept: for those who join later, owned; NULL: nothing (the pointer is constant)
 */
struct ipcmbox_event {
	struct mutex lock;
	struct list_head members;
	u32 nr_members;
	bool is_closed;
	bool refuses_files;
	struct ipcmbox_member *blocker;
	struct ipcmbox_kept *kept;
};

struct ipcmbox_event *ipcmbox_event_new(bool keeps_last);
void ipcmbox_event_free(struct ipcmbox_event *event);

int ipcmbox_event_send(struct ipcmbox_sending *sending, struct ipcmbox_message *message);
void ipcmbox_event_announce(struct ipcmbox_mailbox *mailbox, const struct ipcmbox_member *about,
			    u64 bit);

void ipcmbox_event_add(struct ipcmbox_mailbox *mailbox, struct ipcmbox_member *member,
		       u32 overflow);
bool ipcmbox_event_remove(struct ipcmbox_mailbox *mailbox, struct ipcmbox_member *member);

void ipcmbox_event_admit(struct ipcmbox_mailbox *mailbox);
void ipcmbox_event_make_room(wait_queue_head_t *pollers);
void ipcmbox_event_refuse_files(struct ipcmbox_event *event, bool refuse);
void ipcmbox_event_set_gone(struct ipcmbox_mailbox *mailbox, bool joiners_gone, bool senders_gone);
__poll_t ipcmbox_event_poll(struct ipcmbox_mailbox *mailbox, struct file *file, poll_table *wait);

#endif /* _IPCMBOX_EVENT_H */
