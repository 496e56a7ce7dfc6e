/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_MESSAGE_H
#define _IPCMBOX_MESSAGE_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct iov_iter;
struct ipcmbox_files;
struct ipcmbox_handle;
struct ipcmbox_loan;
struct ipcmbox_sending;
struct ipcmbox_user;
struct ipcmbox_waiter;
struct pid;

/**
 * DOC: Messages
 *
 * A message is an envelope and its *content*: payload, descriptors, identity of the sender. It is
 * made by *import*, before any lock is taken, and ends with its last reference. In between it
 * belongs to one owner at a time: its sender, a port, or a receiver; only peeking shares it, by
 * reference, for as long as one copy takes.
 *
 * An event is in many ports at once: each has an envelope of its own, a *copy*, and all of them
 * refer to the same content. What depends on the port is in the envelope, what is the same for all,
 * and constant, in the content.
 *
 * Envelope, content and a payload of up to a page are one object, from a cache for its size, or,
 * when it is a short one, from those that were freed before, see stash.h. A longer payload lies in
 * a list of chunks, as large as the allocator has them without effort, so that no message depends
 * on finding much contiguous memory; or it stays where it is, if its sender waits for its receipt,
 * see loan.h. Payload never lies in vmalloc space, where the hardened user copy looks up every
 * address under a global lock.
 */

struct ipcmbox_chunk;

/**
 * enum ipcmbox_message_place - whose hands a message is in
 * @IPCMBOX_MESSAGE_OWNED: a task's alone
 * @IPCMBOX_MESSAGE_PENDING: of a sender blocked for room, in a port's pending queue
 * @IPCMBOX_MESSAGE_QUEUED: accepted by a port, in its queue
 * @IPCMBOX_MESSAGE_TAKEN: accepted; a receiver copies it
 * @IPCMBOX_MESSAGE_PAUSED: accepted; a receiver has it, but waits for memory and copies nothing
 * @IPCMBOX_MESSAGE_HELD: accepted and copied; it waits for its settlement, see hold.h
 * @IPCMBOX_MESSAGE_ANSWERED: a reply whose caller is away
 * @IPCMBOX_MESSAGE_ACKNOWLEDGED: a request that was acknowledged, whose caller is away
 * @IPCMBOX_MESSAGE_BROKEN: a request that gets no reply, whose caller is away
 */
enum ipcmbox_message_place {
	IPCMBOX_MESSAGE_OWNED,
	IPCMBOX_MESSAGE_PENDING,
	IPCMBOX_MESSAGE_QUEUED,
	IPCMBOX_MESSAGE_TAKEN,
	IPCMBOX_MESSAGE_PAUSED,
	IPCMBOX_MESSAGE_HELD,
	IPCMBOX_MESSAGE_ANSWERED,
	IPCMBOX_MESSAGE_ACKNOWLEDGED,
	IPCMBOX_MESSAGE_BROKEN,
};

/**
 * struct ipcmbox_content - what all copies of a message have in common
 * @refs: envelopes
 * @uid: effective uid of the sender
 * @gid: effective gid of the sender
 * @is_shared: there is more than one envelope, or was (written while there is but one)
 * @owns_user: @user is a reference; else it is the creator of the mailbox, who outlives it
 * @tgid: sender's process, reference
 * @tid: sender's thread, reference unless it is the same as @tgid
 * @user: who is charged
 * @endpoint: id of the sender's endpoint, 0 if it has none
 * @events: event bits
 * @status: a reply's
 * @cgroup: whose memory the object is, if the message brings no descriptors, see stash.h
 * @files: descriptors, charged to @user, if it does
 * @chunks: payload, if it is longer than what an object can hold; NULL as long as @loan has it
 *	(written once, see ipcmbox_message_keep())
 * @loan: payload that the sender has lent, or NULL, likewise
 * @data: payload, if it fits
 *
 * Constant once imported, but for @refs, @is_shared, @chunks, and until it is in a port @owns_user
 * and the identity.
 */
struct ipcmbox_content {
	refcount_t refs;
	kuid_t uid;
	kgid_t gid;
	bool is_shared;
	bool owns_user;
	struct pid *tgid;
	struct pid *tid;
	struct ipcmbox_user *user;
	u64 endpoint;
	union {
		u64 events;
		s32 status;
	};
	union {
		u64 cgroup;
		struct ipcmbox_files *files;
	};
	union {
		struct {
			struct ipcmbox_chunk *chunks;
			struct ipcmbox_loan *loan;
		};
		DECLARE_FLEX_ARRAY(u8, data);
	};
};

/**
 * struct ipcmbox_message - a message
 * @node: queued or pending, the first of its level: in &ipcmbox_queue.levels; held and
 *	after: in &ipcmbox_port.held (port lock)
 * @pauser: paused: the receiver that has it (port lock)
 * @next_victim: dropped: the next in &ipcmbox_wakes.victims; held no more: the next that goes back
 * @link: queued, pending: ring of the messages of its level (port lock)
 * @lease_expires: held: when it goes back, on CLOCK_MONOTONIC; KTIME_MAX: no lease (port lock)
 * @caller: held and after: the handle its call can be resumed on, or NULL (port lock)
 * @index_node: queued: in the index of its port, if that has one (port lock)
 * @token: held and after: what it is known by (port lock)
 * @holder: held: the handle it was received on (port lock)
 * @server: held: the thread that received it, reference (port lock)
 * @seq: number in order of sending to its port (port lock until taken)
 * @sender: the blocked call that sends it, NULL if none waits (port lock)
 * @lost: messages dropped just before it (port lock until taken)
 * @content: payload and identity, reference (constant)
 * @queued_at: jiffies when it was sent (port lock)
 * @length: bytes of payload (constant)
 * @refs: one of the owner, one of each peeker
 * @redelivered: how often it came back (port lock)
 * @nr_fds: descriptors it brings (constant)
 * @place: &enum ipcmbox_message_place (port lock)
 * @priority: 0 to IPCMBOX_PRIORITY_MAX (constant)
 * @completion: what its sender waits for, or would: IPCMBOX_QUEUED, _RECEIVED, _HANDLED (constant)
 * @is_disowned: its sender was killed while a receiver had it (port lock)
 * @is_cocharged: of a copy: it is memory of the same cgroup as the content (constant)
 */
struct ipcmbox_message {
	union {
		struct rb_node node;
		struct ipcmbox_waiter *pauser;
		struct ipcmbox_message *next_victim;
	};
	union {
		struct list_head link;
		struct {
			ktime_t lease_expires;
			struct ipcmbox_handle *caller;
		};
	};
	union {
		struct rb_node index_node;
		struct {
			u64 token;
			struct ipcmbox_handle *holder;
			struct pid *server;
		};
	};
	u64 seq;
	struct ipcmbox_waiter *sender;
	u64 lost;
	struct ipcmbox_content *content;
	unsigned long queued_at;
	u32 length;
	refcount_t refs;
	u16 redelivered;
	u8 nr_fds;
	u8 place;
	u16 priority;
	u8 completion;
	bool is_disowned : 1;
	bool is_cocharged : 1;
};

/**
 * ipcmbox_message_is_before() - the order in which messages are received
 * @a: of a port
 * @b: of the same port
 *
 * Return: whether @a is received before @b.
 */
static inline bool ipcmbox_message_is_before(const struct ipcmbox_message *a,
					     const struct ipcmbox_message *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->seq < b->seq;
}

int ipcmbox_message_init(void);
void ipcmbox_message_exit(void);

struct ipcmbox_message *ipcmbox_message_import(struct ipcmbox_user *user,
					       const struct ipcmbox_user *creator,
					       struct ipcmbox_sending *sending);
int ipcmbox_message_copy(struct ipcmbox_message *message, unsigned int count,
			 struct ipcmbox_message **copies, u32 *limit);
void ipcmbox_message_set_sender(struct ipcmbox_message *message, struct pid *tgid, struct pid *tid,
				kuid_t uid, kgid_t gid);
void ipcmbox_message_put(struct ipcmbox_message *message);
void ipcmbox_message_put_victims(struct ipcmbox_message *victim);
int ipcmbox_message_keep(struct ipcmbox_message *message);
bool ipcmbox_message_is_lent(const struct ipcmbox_message *message);
bool ipcmbox_message_copy_out(const struct ipcmbox_message *message, const struct iov_iter *to);

/**
 * struct ipcmbox_identity - who has sent a message, as a receiver sees it
 * @pid: process, 0 if it has no number there
 * @tid: thread, 0 as well
 * @uid: effective uid, the overflow uid if it is not mapped there
 * @gid: effective gid, likewise
 */
struct ipcmbox_identity {
	pid_t pid;
	pid_t tid;
	uid_t uid;
	gid_t gid;
};

void ipcmbox_message_identify(const struct ipcmbox_message *message,
			      struct ipcmbox_identity *sender);

#endif /* _IPCMBOX_MESSAGE_H */
