/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MESSAGE_H
#define _IPCMBOX_MESSAGE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct iov_iter;
struct ipcmbox_recv;
struct ipcmbox_user;
struct ipcmbox_waiter;
struct pid;

/**
 * DOC: Messages
 *
 * A message is made by *import*: identity of the sender, budget, memory, payload, all before any
 * lock is taken. It ends with its last reference. In between it belongs to one owner at a time:
 * its sender, a port, or a receiver; only peeking shares it, by reference, for as long as one copy
 * takes.
 *
 * A payload of up to a page lies in the object itself, which comes from a cache for its size. A
 * longer one lies in a list of chunks, as large as the allocator has them without effort, so that
 * no message depends on finding much contiguous memory. Payload never lies in vmalloc space, where
 * the hardened user copy looks up every address under a global lock.
 */

struct ipcmbox_chunk;

/**
 * enum ipcmbox_message_place - whose hands a message is in
 * @IPCMBOX_MESSAGE_OWNED: a task's alone
 * @IPCMBOX_MESSAGE_PENDING: of a sender blocked for room, in a port's pending queue
 * @IPCMBOX_MESSAGE_QUEUED: accepted by a port, in its queue
 * @IPCMBOX_MESSAGE_TAKEN: accepted; a receiver copies it
 * @IPCMBOX_MESSAGE_PAUSED: accepted; a receiver has it, but waits for memory and copies nothing
 */
enum ipcmbox_message_place {
	IPCMBOX_MESSAGE_OWNED,
	IPCMBOX_MESSAGE_PENDING,
	IPCMBOX_MESSAGE_QUEUED,
	IPCMBOX_MESSAGE_TAKEN,
	IPCMBOX_MESSAGE_PAUSED,
};

/**
 * struct ipcmbox_message - a message
 * @node: queued or pending, the first of its level: in &ipcmbox_queue.levels (port lock)
 * @holder: paused: the receiver that has it (port lock)
 * @next_victim: dropped: the next in &ipcmbox_wakes.victims
 * @link: ring of the messages of its level (port lock)
 * @seq: number in order of sending to its port (port lock until taken)
 * @priority: 0 to IPCMBOX_PRIORITY_MAX (constant)
 * @length: bytes of payload (constant)
 * @sender: the blocked call that sends it, NULL if none waits (port lock)
 * @lost: messages dropped just before it (port lock until taken)
 * @queued_at: jiffies when it was sent (port lock)
 * @place: &enum ipcmbox_message_place (port lock)
 * @refs: one of the owner, one of each peeker
 * @uid: effective uid of the sender (constant)
 * @gid: effective gid of the sender (constant)
 * @tgid: sender's process, reference (constant)
 * @tid: sender's thread, reference unless it is the same as @tgid (constant)
 * @charge: bytes it is charged with (constant)
 * @user: who is charged (constant)
 * @owns_user: @user is a reference; else it is the creator of the mailbox, who outlives it
 *	(constant)
 * @chunks: payload, if it is longer than @data (constant)
 * @data: payload, if it fits
 */
struct ipcmbox_message {
	union {
		struct rb_node node;
		struct ipcmbox_waiter *holder;
		struct ipcmbox_message *next_victim;
	};
	struct list_head link;
	u64 seq;
	u32 priority;
	u32 length;
	struct ipcmbox_waiter *sender;
	u64 lost;
	unsigned long queued_at;
	u8 place;
	bool owns_user;
	refcount_t refs;
	u32 charge;
	kuid_t uid;
	kgid_t gid;
	struct pid *tgid;
	struct pid *tid;
	struct ipcmbox_user *user;
	struct ipcmbox_chunk *chunks;
	u8 data[];
};

int ipcmbox_message_init(void);
void ipcmbox_message_exit(void);

struct ipcmbox_message *ipcmbox_message_import(struct ipcmbox_user *user,
					       const struct ipcmbox_user *creator,
					       struct iov_iter *from, u32 priority, u32 *limit);
void ipcmbox_message_put(struct ipcmbox_message *message);
void ipcmbox_message_put_victims(struct ipcmbox_message *victim);
bool ipcmbox_message_copy_out(const struct ipcmbox_message *message, const struct iov_iter *to);
void ipcmbox_message_describe(const struct ipcmbox_message *message, struct ipcmbox_recv *arg);

#endif /* _IPCMBOX_MESSAGE_H */
