/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_URING_H
#define _IPCMBOX_URING_H

struct io_uring_cmd;

/**
 * DOC: Rings
 *
 * A command that moves messages can be a command of a ring of io_uring. It is the same command,
 * done by the same handler: its structure is found through the ring's entry, and its result goes
 * into the ring.
 *
 * Whoever fills the ring must not be made to wait. So the command is *tried* first, as if the
 * descriptor had O_NONBLOCK. If it would wait, and the caller has not said that it must not, then
 * nothing has happened yet, and io_uring gives it to a *worker*, a thread of the caller's process,
 * which does all of it anew and waits as any thread does: interruptibly, and io_uring interrupts
 * it when the command is cancelled, the ring is closed, or its process ends. As deadlines are
 * absolute nothing is gained or lost between the two. What waits for more than room is not tried: a
 * send would be over when its message is handed to a receiver, and a call has no reply yet. What a
 * full mailbox refuses is refused when it is tried: it would only be refused once more, and by a
 * worker that others keep busy for as long as they wait.
 *
 * No segment is moved by a ring, as it comes back when a file is closed, which is put off until
 * after the result of what has failed can be seen.
 *
 * What the entry of the ring says is looked at once, when the command is first seen, and kept with
 * the command: the entry is the caller's again as soon as it is submitted, and not every kernel has
 * a copy where the worker looks. The command's structure is read anew, and the caller must leave it
 * as it is.
 *
 * Leaving the wait to the kernel's workers rather than parking the command here is what can be
 * cancelled on every kernel and by every means: what a file parks itself is not found by
 * IORING_OP_ASYNC_CANCEL, and before 6.7 not even by the end of the ring.
 *
 * A worker has the memory, descriptors and namespaces that its thread had when the worker was made,
 * and the credentials of the entry. But it is not the thread whose command it does: messages tell,
 * and endpoints are those of, the one that has filled the ring, &ipcmbox_sending.thread and
 * &ipcmbox_reception.thread, which also is who will reply to what it receives. io_uring keeps that
 * thread until its commands are done. Where it is about waiting itself, that is the worker's: it is
 * woken, and shown as blocked. It closes no cycle of callers either, as nobody ever waits for a
 * worker's replies.
 */

int ipcmbox_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

#endif /* _IPCMBOX_URING_H */
