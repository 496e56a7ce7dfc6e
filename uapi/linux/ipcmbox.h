/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * ipcmbox: mailboxes between processes, as a loadable kernel module.
 *
 * This header is the ABI and its reference manual.
 */
#ifndef _UAPI_LINUX_IPCMBOX_H
#define _UAPI_LINUX_IPCMBOX_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Overview
 *
 * /dev/ipcmbox is the way in. Commands on a descriptor of the device find, create, list and unlink
 * *mailboxes*; %IPCMBOX_IOC_OPEN makes a descriptor of one mailbox, and commands on that
 * descriptor send, receive, look and administer. A mailbox descriptor can be polled, inherited,
 * passed over an AF_UNIX socket, and used with read(2) and write(2), each of which moves one
 * message.
 *
 * A device descriptor belongs to the IPC namespace of the process that opened it. Names and ids
 * of one namespace cannot be seen from another.
 *
 * A mailbox has a 64-bit id, never 0 and never used again while the module is loaded, an owner, a
 * group, a mode, and, unless it is unnamed, a name. An unnamed mailbox and a transient name live
 * as long as their descriptors; any other name lives until it is unlinked, the namespace ends, or
 * the module is unloaded. Messages of an unlinked mailbox live as long as its descriptors.
 *
 * Every structure has fixed size and layout, the same for 32-bit and 64-bit callers. Structures
 * grow at their end only: the kernel takes the size from the command, reads a shorter structure as
 * if the missing tail were zero, and refuses a longer one unless what it does not know is zero.
 * The unknown tail of a structure that is only written becomes zero. Fields marked *in* are read,
 * fields marked *out* are written and ignored when read, padding must be zero.
 */

/**
 * DOC: Errors
 *
 * One meaning each, the same for every command. A command that fails has changed nothing: a send
 * has delivered nothing and never will, a receive has left the message where it was.
 *
 * ========== =====================================================================================
 * ENOTTY     Unknown command, or not a command of this kind of descriptor.
 * EINVAL     Bad value, unknown flag, non-zero padding, a structure shorter than its first version.
 * E2BIG      A longer structure whose unknown tail is not zero.
 * EFAULT     Memory of the caller that cannot be read or written.
 * EACCES     The mode of the mailbox, or the access the descriptor was opened with, forbids it.
 * EPERM      Only the owner may, or CAP_IPC_OWNER in the user namespace of the IPC namespace.
 * ENOENT     No mailbox of that name or id.
 * EEXIST     The name exists and %IPCMBOX_OPEN_EXCL was given.
 * ENAMETOOLONG The name is longer than %IPCMBOX_NAME_MAX.
 * EAGAIN     Would block: no message, no room, or no receiver waiting.
 * ETIMEDOUT  The deadline has passed.
 * EINTR      A signal came. Interrupted calls restart by themselves under SA_RESTART.
 * EMSGSIZE   The message is longer than the mailbox allows, or than the buffer (the needed size is
 *            in &ipcmbox_recv.length).
 * EDQUOT     The calling user's budget is used up; @limit of the structure tells which one.
 * ENOMEM     No memory, or the memory cgroup of the caller is at its limit.
 * EPIPE      The other side is gone: the mailbox has no name (any more) and the last descriptor
 *            that could receive (or send) has been closed, and none been opened by id since.
 * EMFILE     No free descriptor number (also ENFILE).
 * ========== =====================================================================================
 *
 * read(2) and write(2) on a descriptor opened without the right fail with EBADF, as on any file.
 */

#define IPCMBOX_DEVICE		"/dev/ipcmbox"
#define IPCMBOX_IOC_MAGIC	0xBD

/** DOC: Fixed limits */
#define IPCMBOX_NAME_MAX	255		/* bytes of a name, without a NUL */
#define IPCMBOX_PRIORITY_MAX	32767		/* highest priority; 0 is the lowest */
#define IPCMBOX_LENGTH_MAX	(16U << 20)	/* bytes, longest message any mailbox can allow */
#define IPCMBOX_LENGTH_DEFAULT	(64U << 10)	/* bytes, &ipcmbox_open.max_length of 0 */
#define IPCMBOX_UNBOUNDED	0xffffffffU	/* &ipcmbox_open.max_messages: a send never waits */

/** DOC: Disciplines */
#define IPCMBOX_QUEUE		0		/* each message to exactly one receiver */

/**
 * DOC: Overflow policies
 *
 * What a send does when the mailbox is full. A dropped message counts as sent and as dropped, and
 * the next message received that came after the loss says how many were lost before it. A message
 * whose sender waits for %IPCMBOX_RECEIVED is not dropped silently: its sender gets EAGAIN.
 */
#define IPCMBOX_OVERFLOW_BLOCK		0	/* wait for room (EAGAIN if non-blocking) */
#define IPCMBOX_OVERFLOW_FAIL		1	/* EAGAIN, even if the send may block */
/*
 * Make room by dropping queued messages, the lowest priority first and the oldest first within it,
 * but none of higher priority than the new one, and no more than 64. If that is not enough, the new
 * message is dropped and no other.
 */
#define IPCMBOX_OVERFLOW_DROP_OLDEST	2
#define IPCMBOX_OVERFLOW_DROP_NEWEST	3	/* drop the new message; the send succeeds */

/**
 * DOC: Completions
 *
 * What a blocking send waits for.
 */
#define IPCMBOX_QUEUED		0	/* accepted; capacity 0: handed to a receiver */
#define IPCMBOX_RECEIVED	1	/* copied to its receiver */

/**
 * DOC: Clocks
 *
 * Deadlines are absolute nanoseconds on one of these clocks, as clock_gettime(2) shows it to the
 * caller (time namespaces are respected); mind that these are not the numbers of clockid_t. A
 * deadline in the past means: try once, then ETIMEDOUT; on a descriptor with O_NONBLOCK it is not
 * looked at, and the error is EAGAIN.
 * Values beyond what the kernel's clock can count (2^63-1) mean for ever.
 */
#define IPCMBOX_CLOCK_MONOTONIC	0
#define IPCMBOX_CLOCK_REALTIME	1	/* follows steps of the clock */
#define IPCMBOX_CLOCK_BOOTTIME	2	/* goes on while the system is suspended */

/** DOC: Flags of a send or receive */
#define IPCMBOX_NONBLOCK	(1U << 0)	/* do not wait; as O_NONBLOCK */
#define IPCMBOX_DEADLINE	(1U << 1)	/* @deadline_ns, @clock are valid */
#define IPCMBOX_PEEK		(1U << 2)	/* receive only: leave the message */

/**
 * DOC: Limits
 *
 * Which limit a failed command met: the @limit field of its structure, written when the command
 * fails with EAGAIN, EMSGSIZE, EDQUOT or ENOMEM.
 */
#define IPCMBOX_LIMIT_NONE		0	/* none, or not known */
#define IPCMBOX_LIMIT_CAPACITY		1	/* messages or bytes the mailbox holds */
#define IPCMBOX_LIMIT_LENGTH		2	/* &ipcmbox_open.max_length of the mailbox */
#define IPCMBOX_LIMIT_BUFFER		3	/* &ipcmbox_recv.buf_len of the receiver */
#define IPCMBOX_LIMIT_USER_MAILBOXES	4	/* mailboxes the user may have */
#define IPCMBOX_LIMIT_USER_MESSAGES	5	/* messages the user may have under way */
#define IPCMBOX_LIMIT_USER_BYTES	6	/* bytes the user may have under way */
#define IPCMBOX_LIMIT_MEMORY		7	/* memory of the system or of the memory cgroup */

/** DOC: Features, &ipcmbox_query.features */
#define IPCMBOX_FEATURE_QUEUE	(1ULL << 0)	/* %IPCMBOX_QUEUE with all of this header */

/**
 * struct ipcmbox_query - ioctl(IPCMBOX_IOC_QUERY) on the device: features and limits
 * @features: out: IPCMBOX_FEATURE_* bits
 * @length_max: out: %IPCMBOX_LENGTH_MAX of this module
 * @priority_max: out: %IPCMBOX_PRIORITY_MAX of this module
 * @name_max: out: %IPCMBOX_NAME_MAX of this module
 * @__reserved: out: 0
 * @max_mailboxes: out: mailboxes a user may have in a namespace
 * @max_user_messages: out: messages a user may have under way in a namespace
 * @max_user_bytes: out: bytes a user may have under way in a namespace
 * @user_mailboxes: out: mailboxes the calling user has now
 * @user_messages: out: messages the calling user has under way now
 * @user_bytes: out: bytes the calling user has under way now, kernel bookkeeping included
 *
 * The budget is of the caller's real user id in the IPC namespace of the descriptor. A message is
 * charged to its sender from the send until it is received, dropped or withdrawn.
 * Errors: EFAULT, ENOMEM. Never blocks.
 */
struct ipcmbox_query {
	__aligned_u64 features;
	__u32 length_max;
	__u32 priority_max;
	__u32 name_max;
	__u32 __reserved;
	__aligned_u64 max_mailboxes;
	__aligned_u64 max_user_messages;
	__aligned_u64 max_user_bytes;
	__aligned_u64 user_mailboxes;
	__aligned_u64 user_messages;
	__aligned_u64 user_bytes;
};

/** DOC: Flags of ioctl(IPCMBOX_IOC_OPEN) and ioctl(IPCMBOX_IOC_UNLINK) */
#define IPCMBOX_OPEN_CREATE	(1U << 0)	/* create it unless the name exists */
#define IPCMBOX_OPEN_EXCL	(1U << 1)	/* with CREATE: EEXIST if the name exists */
#define IPCMBOX_OPEN_TRANSIENT	(1U << 2)	/* name goes with last descriptor */
#define IPCMBOX_OPEN_BY_ID	(1U << 3)	/* @id says which; not with a name or CREATE */
#define IPCMBOX_OPEN_NONBLOCK	(1U << 4)	/* set O_NONBLOCK on the new descriptor */

/** DOC: Access of a descriptor, &ipcmbox_open.access */
#define IPCMBOX_READ		(1U << 0)	/* receive */
#define IPCMBOX_WRITE		(1U << 1)	/* send */

/**
 * struct ipcmbox_open - ioctl(IPCMBOX_IOC_OPEN) on the device: create or open a mailbox
 * @name_ptr: in: address of the name, @name_len bytes, no NUL needed; 0 if @name_len is 0
 * @name_len: in: 1 to %IPCMBOX_NAME_MAX bytes, or 0: an unnamed mailbox (CREATE), or by id (BY_ID)
 * @flags: in: IPCMBOX_OPEN_*
 * @id: in with BY_ID (else must be 0): the id to open; out: the id of the mailbox
 * @access: in: %IPCMBOX_READ, %IPCMBOX_WRITE or both; 0 for a descriptor to look (STAT) and to
 *	administer (SET) only: for the owner and CAP_IPC_OWNER, whatever the mode says
 * @mode: in with CREATE: permission bits of owner, group and others, 4 receive, 2 send, as in
 *	chmod(1), less the umask of the caller; no others
 * @discipline: in with CREATE: %IPCMBOX_QUEUE
 * @overflow: in with CREATE: IPCMBOX_OVERFLOW_*
 * @max_messages: in with CREATE: capacity; 0 is rendezvous, %IPCMBOX_UNBOUNDED no bound
 * @max_length: in with CREATE: bytes of the longest message, up to %IPCMBOX_LENGTH_MAX; 0 is the
 *	smaller of %IPCMBOX_LENGTH_DEFAULT and @max_bytes
 * @max_bytes: in with CREATE: bytes of payload the mailbox holds, at least @max_length; 0 is no
 *	bound
 * @limit: out on EDQUOT and ENOMEM: IPCMBOX_LIMIT_*
 * @__reserved: must be 0
 *
 * Without CREATE, the fields used with CREATE only must be 0. When the name exists, CREATE opens
 * the mailbox and its attributes stay as they are. A name is made of bytes other than 0 and '/',
 * and is neither "." nor "..". The descriptor is close-on-exec.
 *
 * Rights are checked here, against the effective ids of the caller, and go with the descriptor to
 * whoever it is passed to. CAP_IPC_OWNER in the user namespace that owns the IPC namespace
 * overrides the mode.
 *
 * Return: the new descriptor. Errors: EACCES, EEXIST, EDQUOT, EFAULT, EINVAL, EMFILE,
 * ENAMETOOLONG, ENOENT, ENOMEM. Never blocks.
 */
struct ipcmbox_open {
	__aligned_u64 name_ptr;
	__u32 name_len;
	__u32 flags;
	__aligned_u64 id;
	__u32 access;
	__u32 mode;
	__u32 discipline;
	__u32 overflow;
	__u32 max_messages;
	__u32 max_length;
	__aligned_u64 max_bytes;
	__u32 limit;
	__u32 __reserved;
};

/**
 * struct ipcmbox_unlink - ioctl(IPCMBOX_IOC_UNLINK) on the device: remove a name
 * @name_ptr: in: address of the name, or 0
 * @name_len: in: length of the name, or 0
 * @flags: in: 0, or %IPCMBOX_OPEN_BY_ID: @id says which
 * @id: in with BY_ID, else must be 0
 *
 * The name is free at once; the mailbox lives on without a name until its last descriptor is
 * closed. If nobody has it open, it and its messages end now.
 *
 * Return: 0. Errors: EFAULT, EINVAL, ENAMETOOLONG, ENOENT (also: has no name), ENOMEM, EPERM. Never
 * blocks.
 */
struct ipcmbox_unlink {
	__aligned_u64 name_ptr;
	__u32 name_len;
	__u32 flags;
	__aligned_u64 id;
};

/** DOC: State bits, &ipcmbox_info.flags */
#define IPCMBOX_INFO_NAMED	(1U << 0) /* has a name; else @name is a former one */
#define IPCMBOX_INFO_TRANSIENT	(1U << 1) /* it goes with the last descriptor */

/**
 * struct ipcmbox_info - ioctl(IPCMBOX_IOC_STAT) on a mailbox, and the element of IPCMBOX_IOC_LIST
 * @id: out: the id
 * @uid: out: owner, in the user namespace of the caller
 * @gid: out: group, likewise
 * @mode: out: permission bits
 * @flags: out: IPCMBOX_INFO_*
 * @discipline: out: IPCMBOX_QUEUE
 * @overflow: out: IPCMBOX_OVERFLOW_*
 * @max_messages: out: capacity in messages
 * @max_length: out: bytes of the longest message
 * @max_bytes: out: capacity in bytes, 0 is no bound
 * @messages: out: messages accepted and not yet received: queued, or in the hands of a receiver
 * @bytes: out: payload of those that are queued, bytes
 * @receiving: out: how many of @messages are in the hands of a receiver just now
 * @readers: out: open descriptions that can receive
 * @writers: out: open descriptions that can send
 * @waiting_receivers: out: receives that wait for a message
 * @waiting_senders: out: sends that wait for room or for their completion
 * @__reserved: out: 0
 * @sent: out: messages accepted since creation
 * @received: out: messages received; @sent == @received + @dropped + @messages at all times
 * @dropped: out: messages dropped by the overflow policy
 * @withdrawn: out: accepted messages whose blocked sender gave up (no longer in @sent)
 * @unreported: out: drops no received message has told of yet
 * @wakeups: out: waiting calls that were completed by somebody else
 * @peak_messages: out: highest number of queued messages so far
 * @peak_bytes: out: highest payload of queued messages so far, bytes
 * @oldest_ns: out: age of the oldest queued message, ns (a tick of the kernel exact), 0 if none;
 *	with more than 256 priorities in use, of the oldest among the 256 lowest
 * @next_seq: out: sequence number the next message will get
 * @name: out: the name, ended by a NUL
 *
 * All of a namespace's mailboxes can be listed by whoever opened the device in it, as with
 * /proc/sysvipc; looking needs no right. Never blocks.
 */
struct ipcmbox_info {
	__aligned_u64 id;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 flags;
	__u32 discipline;
	__u32 overflow;
	__u32 max_messages;
	__u32 max_length;
	__aligned_u64 max_bytes;
	__aligned_u64 messages;
	__aligned_u64 bytes;
	__u32 receiving;
	__u32 readers;
	__u32 writers;
	__u32 waiting_receivers;
	__u32 waiting_senders;
	__u32 __reserved;
	__aligned_u64 sent;
	__aligned_u64 received;
	__aligned_u64 dropped;
	__aligned_u64 withdrawn;
	__aligned_u64 unreported;
	__aligned_u64 wakeups;
	__aligned_u64 peak_messages;
	__aligned_u64 peak_bytes;
	__aligned_u64 oldest_ns;
	__aligned_u64 next_seq;
	char name[IPCMBOX_NAME_MAX + 1];
};

/**
 * struct ipcmbox_list - ioctl(IPCMBOX_IOC_LIST) on the device: the mailboxes of the namespace
 * @after_id: in: list mailboxes with a greater id, ascending; 0 starts
 * @buf_ptr: in: array of @count elements of @element_size bytes each
 * @count: in: elements there is room for, at least 1; out: elements written, 0 at the end
 * @element_size: in: sizeof(struct ipcmbox_info) of the caller, the first version's at least; the
 *	kernel cuts or zero-fills
 *
 * Return: 0. Errors: EFAULT, EINVAL, ENOMEM. Never blocks. Mailboxes that come or go meanwhile may
 * be missed or listed; no other is missed or listed twice.
 */
struct ipcmbox_list {
	__aligned_u64 after_id;
	__aligned_u64 buf_ptr;
	__u32 count;
	__u32 element_size;
};

/** DOC: What to change, &ipcmbox_set.mask; fields not named in the mask must be 0 */
#define IPCMBOX_SET_MODE		(1U << 0)
#define IPCMBOX_SET_UID			(1U << 1)	/* needs CAP_CHOWN as well */
#define IPCMBOX_SET_GID			(1U << 2)	/* a group of the caller's, or CAP_CHOWN */
#define IPCMBOX_SET_MAX_MESSAGES	(1U << 3)
#define IPCMBOX_SET_MAX_BYTES		(1U << 4)
#define IPCMBOX_SET_OVERFLOW		(1U << 5)

/**
 * struct ipcmbox_set - ioctl(IPCMBOX_IOC_SET) on a mailbox: change attributes
 * @mask: in: IPCMBOX_SET_*
 * @mode: in: new permission bits; the umask does not apply
 * @uid: in: new owner
 * @gid: in: new group
 * @max_messages: in: new capacity; what is queued beyond a smaller one stays
 * @overflow: in: new policy; sends that wait already go on waiting
 * @max_bytes: in: new capacity in bytes, at least max_length, or 0 for no bound
 *
 * For the owner (effective user id of the caller) and CAP_IPC_OWNER; all changes or none. Open
 * descriptors keep their rights. Greater capacity admits blocked senders at once.
 *
 * Return: 0. Errors: EINVAL, EPERM. Never blocks.
 */
struct ipcmbox_set {
	__u32 mask;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 max_messages;
	__u32 overflow;
	__aligned_u64 max_bytes;
};

/** DOC: Positive results of ioctl(IPCMBOX_IOC_SEND) */
#define IPCMBOX_SENT_DROPPED	1	/* the overflow policy dropped this message */

/**
 * struct ipcmbox_send - ioctl(IPCMBOX_IOC_SEND) on a mailbox: send one message
 * @buf_ptr: in: address of the payload
 * @buf_len: in: its length in bytes, 0 upwards
 * @flags: in: %IPCMBOX_NONBLOCK or %IPCMBOX_DEADLINE
 * @deadline_ns: in with DEADLINE, else must be 0
 * @clock: in with DEADLINE: IPCMBOX_CLOCK_*, else must be 0
 * @priority: in: 0 to %IPCMBOX_PRIORITY_MAX
 * @completion: in: %IPCMBOX_QUEUED or %IPCMBOX_RECEIVED
 * @limit: out on EAGAIN, EMSGSIZE, EDQUOT, ENOMEM: IPCMBOX_LIMIT_*
 *
 * Messages are received by priority, highest first, and in order of arrival within a priority, as
 * mq_send(3) has it. A send that has to wait for room gets it by the priority of its message, then
 * in order of arrival. A non-blocking send with completion RECEIVED, and any non-blocking send to
 * capacity 0 that the policy does not drop, succeeds only if a receiver is waiting, and succeeds
 * when the message is handed to it.
 *
 * May block until the completion. A blocked send that fails has withdrawn its message; if a
 * receiver copies the message just then, it waits for the outcome of the copy first (killable),
 * which takes no longer than the copying itself. No SIGPIPE comes with EPIPE.
 *
 * Return: 0 or %IPCMBOX_SENT_DROPPED. Errors: EACCES, EAGAIN, EDQUOT, EFAULT, EINTR, EINVAL,
 * EMSGSIZE, ENOMEM, EPIPE, ETIMEDOUT.
 */
struct ipcmbox_send {
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 flags;
	__aligned_u64 deadline_ns;
	__u32 clock;
	__u32 priority;
	__u32 completion;
	__u32 limit;
};

/**
 * struct ipcmbox_recv - ioctl(IPCMBOX_IOC_RECV) on a mailbox: receive one message
 * @buf_ptr: in: where the payload goes
 * @buf_len: in: room there, bytes
 * @flags: in: %IPCMBOX_NONBLOCK or %IPCMBOX_DEADLINE, %IPCMBOX_PEEK
 * @deadline_ns: in with DEADLINE, else must be 0
 * @clock: in with DEADLINE: IPCMBOX_CLOCK_*, else must be 0
 * @min_priority: in: receive only messages of this priority or higher
 * @length: out: length of the message; also on EMSGSIZE: the room it needs
 * @priority: out: its priority
 * @seq: out: its sequence number in the mailbox, from 1 in order of sending; numbers of withdrawn
 *	messages are missing without a loss
 * @lost: out: messages the overflow policy dropped before this one and after the last that said so
 * @sender_endpoint: out: never-reused id of the sender's endpoint, 0 if it has none
 * @pid: out: process that sent, in the receiver's pid namespace, 0 if not visible there
 * @tid: out: thread that sent, likewise
 * @uid: out: effective user id of the sender at the send, in the receiver's user namespace (the
 *	overflow id if it has none there)
 * @gid: out: effective group id, likewise
 * @limit: out on EMSGSIZE: %IPCMBOX_LIMIT_BUFFER
 * @__reserved: must be 0
 *
 * May block until there is a message. Waiting receivers are served in order of arrival, and one
 * message wakes one of them; a peek takes no turn. A receive that fails after it had a message
 * (EFAULT, a fatal signal) puts it back in its old place, even if the mailbox is full. While a
 * receiver waits for its own memory (swap, userfaultfd), a sender that waits for the receipt can
 * withdraw the message.
 *
 * Return: the length. Errors: EACCES, EAGAIN, EFAULT, EINTR, EINVAL, EMSGSIZE, EPIPE, ETIMEDOUT.
 */
struct ipcmbox_recv {
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 flags;
	__aligned_u64 deadline_ns;
	__u32 clock;
	__u32 min_priority;
	__u32 length;
	__u32 priority;
	__aligned_u64 seq;
	__aligned_u64 lost;
	__aligned_u64 sender_endpoint;
	__s32 pid;
	__s32 tid;
	__u32 uid;
	__u32 gid;
	__u32 limit;
	__u32 __reserved;
};

/* On the device: 0x00 general, 0x10 mailboxes. */
#define IPCMBOX_IOC_QUERY	_IOR(IPCMBOX_IOC_MAGIC, 0x00, struct ipcmbox_query)
#define IPCMBOX_IOC_OPEN	_IOWR(IPCMBOX_IOC_MAGIC, 0x10, struct ipcmbox_open)
#define IPCMBOX_IOC_UNLINK	_IOW(IPCMBOX_IOC_MAGIC, 0x11, struct ipcmbox_unlink)
#define IPCMBOX_IOC_LIST	_IOWR(IPCMBOX_IOC_MAGIC, 0x12, struct ipcmbox_list)

/* On a mailbox: 0x40 messages, 0x50 administration. */
#define IPCMBOX_IOC_SEND	_IOWR(IPCMBOX_IOC_MAGIC, 0x40, struct ipcmbox_send)
#define IPCMBOX_IOC_RECV	_IOWR(IPCMBOX_IOC_MAGIC, 0x41, struct ipcmbox_recv)
#define IPCMBOX_IOC_STAT	_IOR(IPCMBOX_IOC_MAGIC, 0x50, struct ipcmbox_info)
#define IPCMBOX_IOC_SET		_IOW(IPCMBOX_IOC_MAGIC, 0x51, struct ipcmbox_set)

#endif /* _UAPI_LINUX_IPCMBOX_H */
