/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_TRANSFER_H
#define _IPCMBOX_TRANSFER_H

#include <linux/compiler_types.h>
#include <linux/types.h>

#include <uapi/linux/ipcmbox.h>

struct iov_iter;
struct pid;
struct ipcmbox_caller;
struct ipcmbox_deadline;
struct ipcmbox_files;
struct ipcmbox_handle;
struct ipcmbox_mailbox;
struct ipcmbox_part;
struct ipcmbox_recv;
struct ipcmbox_selection;

/**
 * DOC: Transfers
 *
 * The one send path and the one receive path::
 *
 *	send     import the message (budget, memory, user copy)       no lock
 *	         post it: hand over, queue, or wait for room          port lock
 *	         wait for the completion                              no lock
 *
 *	receive  take a message, or wait until one is handed over     port lock
 *	         export it (user copy)                                no lock
 *	         finish it (port lock only if its sender waits)       no lock
 *	         or put it back                                       port lock
 *
 * Between take and finish a sender may be waiting for the outcome, so the user copy of a taken
 * message must not wait for anything: page faults are disabled. If the buffer is not all present,
 * the receiver pauses while it is faulted in: it keeps the message, so that no other receiver gets
 * later ones first and then this one, but its sender may withdraw it. If the buffer is bad, the
 * message goes back to its old place. A receiver with a bad or a hostile buffer can so neither lose
 * a message nor hold up its sender. Descriptors come last, when nothing else can fail, see files.h.
 */

/**
 * struct ipcmbox_sending - one send
 * @mailbox: where to
 * @thread: who sends: the calling thread, or the one it does it for, see uring.h
 * @from: payload, all of it
 * @deadline: how long to wait
 * @events: event bits
 * @priority: 0 to IPCMBOX_PRIORITY_MAX
 * @completion: what to wait for
 * @limit: out: set to the limit that was hit
 * @refused: out on -EAGAIN without waiting: to wait would not have helped
 * @files: descriptors that go with it, or NULL; set to NULL when the message has taken them over
 * @home: HANDLED: what the wait can be resumed on, or NULL (port lock while the sender waits)
 * @caller: HANDLED: the calling thread's place among the callers
 * @cookie: out with HANDLED: what to resume it by, 0 if the message was not received or has ended
 * @reply: out with HANDLED: on success the reply, owned by the caller, or NULL
 */
struct ipcmbox_sending {
	struct ipcmbox_mailbox *mailbox;
	struct pid *thread;
	struct iov_iter *from;
	const struct ipcmbox_deadline *deadline;
	struct ipcmbox_files *files;
	u64 events;
	u32 priority;
	u32 completion;
	u32 limit;
	bool refused;
	struct ipcmbox_handle *home;
	struct ipcmbox_caller *caller;
	u64 cookie;
	struct ipcmbox_message *reply;
};

int ipcmbox_transfer_send(struct ipcmbox_handle *handle, struct ipcmbox_sending *sending);
int ipcmbox_transfer_resume(struct ipcmbox_sending *sending, bool may_wait);
struct ipcmbox_message *ipcmbox_transfer_import(struct ipcmbox_handle *handle,
						struct ipcmbox_sending *sending);

/**
 * struct ipcmbox_reception - one receive
 * @handle: what it is received on
 * @thread: who receives: the calling thread, or the one it does it for, see uring.h
 * @to: where the payload goes
 * @deadline: how long to wait
 * @uarg: where what is told of the message goes, together with the payload, or NULL
 * @upart: if @uarg is NULL: where the length alone goes, together with the payload, or NULL
 * @usize: size of @uarg, at least that of the first version
 * @selection: which messages; NULL: all
 * @min_priority: which messages: of this priority or higher
 * @room: bytes of @to
 * @max_fds: room in @ufds
 * @peek: leave the message
 * @in_vector: @result of @uarg is written, too
 * @needed_fds: out with -EMSGSIZE: how many descriptors the message brings
 * @needed: out with -EMSGSIZE: how long it is (both under the port's lock while it waits)
 * @lease_ns: hold the message for so long, 0: no lease
 * @ufds: where descriptors go
 *
 * Owned by the receiving task, constant while it waits but for what is out.
 */
struct ipcmbox_reception {
	struct ipcmbox_handle *handle;
	struct pid *thread;
	struct iov_iter *to;
	const struct ipcmbox_deadline *deadline;
	struct ipcmbox_recv __user *uarg;
	struct ipcmbox_part __user *upart;
	size_t usize;
	const struct ipcmbox_selection *selection;
	u32 min_priority;
	u32 room;
	u8 max_fds;
	bool peek;
	bool in_vector;
	u8 needed_fds;
	u32 needed;
	u64 lease_ns;
	s32 __user *ufds;
};

/* Whether there is room to tell all that is known of the message. */
static inline bool ipcmbox_reception_is_extended(const struct ipcmbox_reception *reception)
{
	return reception->usize > IPCMBOX_RECV_SIZE_V0;
}

long ipcmbox_transfer_receive(struct ipcmbox_reception *reception);

#endif /* _IPCMBOX_TRANSFER_H */
