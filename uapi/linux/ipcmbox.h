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
 * message (but not of POSIX queues, see Disciplines).
 *
 * A *segment* is memory that processes share: %IPCMBOX_IOC_SEGMENT_OPEN makes a descriptor of one,
 * which mmap(2), ftruncate(2), fstat(2), read(2) and write(2) take as they take a descriptor of
 * shm_open(3).
 *
 * A device descriptor belongs to the IPC namespace of the process that opened it. Names and ids
 * of one namespace cannot be seen from another.
 *
 * Everything that holds messages is a mailbox. Its *discipline* says who receives a message: one
 * receiver (%IPCMBOX_QUEUE), every member that joined (%IPCMBOX_EVENT, %IPCMBOX_MEMBER), the
 * process or thread it is addressed to (%IPCMBOX_ENDPOINT), or the one consumer of a channel
 * (%IPCMBOX_CHANNEL). A sender can wait until its message is queued, received, or handled; in a
 * *call* the answer carries data.
 *
 * A mailbox has a 64-bit id, never 0 and never used again while the module is loaded, an owner, a
 * group, a mode, and, unless it is unnamed, a name. An unnamed mailbox and a transient name live
 * as long as their descriptors; any other name lives until it is unlinked, the namespace ends, or
 * the module is unloaded. Messages of an unlinked mailbox live as long as its descriptors. All this
 * goes for segments as well, but that their mappings count as descriptors do. A mailbox and a
 * segment can have the same name, never the same id.
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
 * ============ ===================================================================================
 * ENOTTY       Unknown command, or not a command of this kind of descriptor (of a ring).
 * EINVAL       Bad value, unknown flag, non-zero padding, a structure shorter than its first
 *              version.
 * E2BIG        A longer structure whose unknown tail is not zero.
 * EFAULT       Memory of the caller that cannot be read or written.
 * EACCES       The mode of the mailbox, or the access the descriptor was opened with, forbids it.
 * EPERM        Only the owner may, or CAP_IPC_OWNER in the user namespace of the IPC namespace.
 * ENOENT       No mailbox, or no segment, of that name or id.
 * ESRCH        No such process or thread, or it has no endpoint.
 * EEXIST       The name exists and %IPCMBOX_OPEN_EXCL was given; the process or thread has an
 *              endpoint.
 * ENAMETOOLONG The name is longer than %IPCMBOX_NAME_MAX.
 * EAGAIN       Would block: no message, no room, or no receiver waiting.
 * ETIMEDOUT    The deadline has passed.
 * EINTR        A signal came. Interrupted calls restart by themselves under SA_RESTART.
 * EMSGSIZE     The message is longer than the mailbox allows, or than the buffer (the needed size
 *              is in &ipcmbox_recv.length).
 * EBADF        A descriptor to be sent in a message is not open.
 * ELOOP        A descriptor that could close a cycle of references, see &ipcmbox_send.fds_ptr.
 * EBUSY        A notification is registered already; the channel has a consumer already, or all its
 *              lanes are taken; a segment that is to be moved is in use.
 * EDEADLK      The call would close a cycle of threads that wait for each other's replies.
 * ESTALE       The token was used: the message is replied to, settled, or has gone back. The lane
 *              is not that lane any more.
 * EDQUOT       The calling user's budget is used up; @limit of the structure tells which one.
 * ENOMEM       No memory, or the memory cgroup of the caller is at its limit.
 * ENOSPC       No memory for a segment, as the system commits no more (vm.overcommit_memory).
 * EFBIG        A segment longer than a file can be, or than the caller's RLIMIT_FSIZE (SIGXFSZ).
 * ENXIO        A descriptor of a segment is opened again, through /proc.
 * EPIPE        The other side is gone: the mailbox has no name (any more) and the last descriptor
 *              that could receive (or send) has been closed, and none been opened by id since; the
 *              owner of the endpoint has died; the receiver of a call has closed its descriptor or
 *              died; whoever sent the call does not wait for a reply any more; the consumer of the
 *              channel has evicted the lane.
 * EMFILE       No free descriptor number (also ENFILE).
 * ============ ===================================================================================
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

/**
 * DOC: Disciplines
 *
 * *Event mailboxes.* Nobody receives from an event mailbox itself: %IPCMBOX_IOC_JOIN makes a
 * member, a mailbox of its own with its own capacity and overflow policy, and each message goes to
 * every member whose mask has one of the bits in &ipcmbox_send.events, or to all if it has none: to
 * all of these, or, if the send fails, to none. What a full member means is said by its policy: one
 * that blocks holds up the sender and with it all others, one that drops loses messages of its own
 * only, and the sender is not told. Members cannot be more patient than the mailbox: only where its
 * policy is BLOCK can theirs be. Sending needs WRITE on the event mailbox; a member's descriptor
 * with it can send as well. Members get the sequence numbers of the event mailbox, so that a gap
 * shows what went elsewhere.
 *
 * Joins, leaves and deaths of members are events too: bits 61 to 63, sent by the kernel to the
 * others, with an empty payload, priority 0 and the identity of the member. They wait for nobody: a
 * member that is full loses them, and is told so with the next message.
 *
 * With %IPCMBOX_OPEN_KEEP_LAST the mailbox keeps, for each of the bits 0 to 60 and for messages
 * without any, the last message sent, and a new member gets those that match, oldest first and
 * whatever its capacity.
 *
 * *Endpoints.* An endpoint is the inbox of a process, or of a single thread, and at most one of
 * each. It has no name; it is found by process id, thread id or by its own id, which is never used
 * again, while process ids are. A descriptor opened so stays connected to that very process: it
 * does not follow a number that is reused. The endpoint ends when its owner dies, whoever else has
 * inherited descriptors of it, or with its last receiving descriptor, which the owner alone can
 * make. Threads do not tell the kernel's modules of their end: of a thread's endpoint everybody
 * blocked on it hears within 50 ms.
 *
 * Every message tells the sender's endpoint: of its thread if it has one, else of its process.
 *
 * *Channels.* The messages of a channel are in pages that its two sides map, see Channels below.
 *
 * *POSIX queues.* A mailbox of QUEUE made with %IPCMBOX_OPEN_POSIX is as mq_open(3) has it where
 * that is different: a receive, but for a peek, fails with EMSGSIZE at once unless its buffer holds
 * the longest message the mailbox allows, whatever there is to receive; nobody is told that the
 * other side is gone, but waits on (no EPIPE, no POLLHUP); NOTIFY needs no right to receive; and
 * read(2) tells the state of the queue, in the words of files in /dev/mqueue, where write(2) is
 * EINVAL.
 */
#define IPCMBOX_QUEUE		0		/* each message to exactly one receiver */
#define IPCMBOX_EVENT		1		/* each message to every member */
#define IPCMBOX_MEMBER		2		/* of an event mailbox, made by JOIN */
#define IPCMBOX_ENDPOINT	3		/* inbox of a process or a thread */
#define IPCMBOX_CHANNEL		4		/* in shared pages, to its one consumer */

/** DOC: Event bits, &ipcmbox_send.events and &ipcmbox_join.mask */
#define IPCMBOX_EVENTS_USER	((1ULL << 61) - 1)	/* of the senders */
#define IPCMBOX_EVENT_JOINED	(1ULL << 61)	/* from the kernel: a member has joined */
#define IPCMBOX_EVENT_LEFT	(1ULL << 62)	/* ... has left, or closed its last descriptor */
#define IPCMBOX_EVENT_DIED	(1ULL << 63)	/* ... that was closed as its process died */

/** DOC: Whom a process, thread or endpoint is named by */
#define IPCMBOX_ANY		0		/* nobody in particular */
#define IPCMBOX_PROCESS		1		/* process id, as the caller sees it */
#define IPCMBOX_THREAD		2		/* thread id, as the caller sees it */
#define IPCMBOX_ENDPOINT_ID	3		/* id of an endpoint */

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
 * What a blocking send waits for. HANDLED ends with a reply (%IPCMBOX_IOC_REPLY) or a settlement
 * (%IPCMBOX_IOC_SETTLE) by whoever has the token of the message; a receive that cannot take a token
 * (read(2), the first version of &struct ipcmbox_recv) handles the message as it receives it, with
 * an empty reply. An event is for many and can be waited for until it is QUEUED only.
 *
 * While a sender waits for RECEIVED or HANDLED, a payload of 8 KiB or more in one piece is not
 * copied into the kernel: the receiver reads it from the sender's own pages, which count against
 * RLIMIT_MEMLOCK meanwhile (where that is used up, it is copied). So the buffer must not be written
 * to until the send returns; unmapping it, fork(2) and the death of either side do no harm.
 */
#define IPCMBOX_QUEUED		0	/* accepted; capacity 0: handed to a receiver */
#define IPCMBOX_RECEIVED	1	/* copied to its receiver */
#define IPCMBOX_HANDLED		2	/* replied to, or acknowledged, by its receiver */

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
#define IPCMBOX_LEASE		(1U << 3)	/* receive only: @lease_ns is valid */
#define IPCMBOX_IOVEC		(1U << 4)	/* @buf_ptr: @buf_len struct ipcmbox_iovec */
#define IPCMBOX_MOVE		(1U << 6)	/* send, call, reply: segments are moved */

/**
 * struct ipcmbox_iovec - a part of a payload, with %IPCMBOX_IOVEC
 * @base: in: address
 * @length: in: bytes, 0 upwards
 *
 * As struct iovec, the same for 32-bit callers. Up to %IPCMBOX_IOVEC_MAX of them make one payload.
 */
struct ipcmbox_iovec {
	__aligned_u64 base;
	__aligned_u64 length;
};

#define IPCMBOX_IOVEC_MAX	64
#define IPCMBOX_FDS_MAX		16	/* descriptors in one message */

/**
 * DOC: Spinning and giving way
 *
 * A call that has to wait, and has its CPU for itself, may spin for a while before it sleeps: never
 * longer than until its deadline, a signal, or the moment when another task wants the CPU. How long
 * is learned from the waits before at the same mailbox, on either side, and not at all where what
 * it waits for takes long; an idle mailbox costs no processor time. It makes an answer from another
 * CPU many times faster, and is paid for with processor time and power: two processes that do
 * nothing but exchange messages keep two CPUs busy.
 *
 * The module parameter spin_ns (in /sys/module/ipcmbox/parameters, to be changed at any time) is
 * the longest time in nanoseconds, up to 1000000; 0 switches spinning off. Do that where processor
 * time counts for more than latency: on battery, in virtual machines that share their CPUs with
 * others, where CPU quotas of cgroups are tight, or where hyperthreads next to the waiting one
 * have work to do.
 *
 * A call that has to wait, and has not its CPU for itself, may give way to others there, once,
 * before it sleeps, as sched_yield() does: it saves sleep and wake-up where the answer comes from
 * the same CPU, and is learned likewise. Calls of real-time tasks never do, nor calls whose
 * deadline is less than 10 ms away, nor is it done at events and where several threads receive.
 * Where tasks that use up their time slices share the CPU with one that must answer fast, a guess
 * that was wrong costs a time slice of each of them, at most once in 1024 waits in the long run;
 * a signal and the deadline are heard after it. The module parameter yield (Y or N) switches it
 * off.
 */

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
#define IPCMBOX_LIMIT_USER_FDS		8	/* descriptors the user may have under way */
#define IPCMBOX_LIMIT_FDS		9	/* &ipcmbox_recv.max_fds of the receiver */
#define IPCMBOX_LIMIT_USER_SEGMENTS	10	/* segments the user may have */
#define IPCMBOX_LIMIT_USER_SEGMENT_BYTES 11	/* bytes of segments the user may have */

/** DOC: Features, &ipcmbox_query.features */
#define IPCMBOX_FEATURE_QUEUE		(1ULL << 0)	/* %IPCMBOX_QUEUE, completion RECEIVED */
#define IPCMBOX_FEATURE_EVENT		(1ULL << 1)	/* %IPCMBOX_EVENT, JOIN, LEAVE */
#define IPCMBOX_FEATURE_ENDPOINT	(1ULL << 2)	/* %IPCMBOX_ENDPOINT, receive by sender */
#define IPCMBOX_FEATURE_CALL		(1ULL << 3)	/* HANDLED, CALL, REPLY, SETTLE */
#define IPCMBOX_FEATURE_LEASE		(1ULL << 4)	/* %IPCMBOX_LEASE, dead letters */
#define IPCMBOX_FEATURE_FDS		(1ULL << 5)	/* descriptors in messages */
#define IPCMBOX_FEATURE_VECTOR		(1ULL << 6)	/* SENDV, RECVV, %IPCMBOX_IOVEC */
#define IPCMBOX_FEATURE_NOTIFY		(1ULL << 7)	/* NOTIFY */
#define IPCMBOX_FEATURE_BLOCKED		(1ULL << 8)	/* BLOCKED */
#define IPCMBOX_FEATURE_RECORD		(1ULL << 9)	/* RECORD */
#define IPCMBOX_FEATURE_SEGMENT		(1ULL << 10)	/* segments */
#define IPCMBOX_FEATURE_MOVE		(1ULL << 11)	/* %IPCMBOX_MOVE */
#define IPCMBOX_FEATURE_CHANNEL		(1ULL << 12)	/* %IPCMBOX_CHANNEL, CHANNEL_* */
#define IPCMBOX_FEATURE_PLAIN		(1ULL << 13)	/* WRITE, READ, %IPCMBOX_VECTOR_PLAIN */
#define IPCMBOX_FEATURE_POSIX		(1ULL << 14)	/* %IPCMBOX_OPEN_POSIX */
#define IPCMBOX_FEATURE_URING		(1ULL << 15)	/* commands of rings of io_uring */

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
 * @fds_max: out: %IPCMBOX_FDS_MAX of this module
 * @iovec_max: out: %IPCMBOX_IOVEC_MAX of this module
 * @max_user_fds: out: descriptors a user may have under way in messages: the caller's RLIMIT_NOFILE
 * @user_fds: out: descriptors the calling user has under way now
 * @max_user_segments: out: segments a user may have in a namespace
 * @max_user_segment_bytes: out: bytes of segments a user may have in a namespace
 * @user_segments: out: segments the calling user has now
 * @user_segment_bytes: out: bytes of segments the calling user has now, whole pages
 *
 * The budget is of the caller's real user id in the IPC namespace of the descriptor. A message is
 * charged to its sender from the send until it is received, dropped or withdrawn; a call or a
 * leased message until it is settled. An event is a message for each member that gets it, and one
 * more while its mailbox keeps it, each until it is received or not kept any longer; but one of
 * them, with the payload, stays charged until that is true of all.
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
	__u32 fds_max;
	__u32 iovec_max;
	__aligned_u64 max_user_fds;
	__aligned_u64 user_fds;
	__aligned_u64 max_user_segments;
	__aligned_u64 max_user_segment_bytes;
	__aligned_u64 user_segments;
	__aligned_u64 user_segment_bytes;
};

/** DOC: Flags of ioctl(IPCMBOX_IOC_OPEN) and ioctl(IPCMBOX_IOC_UNLINK) */
#define IPCMBOX_OPEN_CREATE	(1U << 0)	/* create it unless the name exists */
#define IPCMBOX_OPEN_EXCL	(1U << 1)	/* with CREATE: EEXIST if the name exists */
#define IPCMBOX_OPEN_TRANSIENT	(1U << 2)	/* name goes with last descriptor */
#define IPCMBOX_OPEN_BY_ID	(1U << 3)	/* @id says which; not with a name or CREATE */
#define IPCMBOX_OPEN_NONBLOCK	(1U << 4)	/* set O_NONBLOCK on the new descriptor */
#define IPCMBOX_OPEN_KEEP_LAST	(1U << 5)	/* CREATE, EVENT: keep last messages for joiners */
#define IPCMBOX_OPEN_FDS	(1U << 6)	/* CREATE: messages can bring descriptors */
#define IPCMBOX_OPEN_THREAD	(1U << 7)	/* CREATE, ENDPOINT: of the calling thread alone */
#define IPCMBOX_OPEN_BY_PID	(1U << 8)	/* @id is a process id: connect to its endpoint */
#define IPCMBOX_OPEN_BY_TID	(1U << 9)	/* @id is a thread id: connect to its endpoint */
#define IPCMBOX_OPEN_TRUNCATE	(1U << 10)	/* segment, WRITE: if it exists, size is 0 */
#define IPCMBOX_OPEN_SEALABLE	(1U << 11)	/* segment, CREATE: seals can be added later */
#define IPCMBOX_OPEN_POSIX	(1U << 12)	/* CREATE, QUEUE: as mq_open(3), see Disciplines */

/** DOC: Access of a descriptor, &ipcmbox_open.access */
#define IPCMBOX_READ		(1U << 0)	/* receive; segment: read, map */
#define IPCMBOX_WRITE		(1U << 1)	/* send; segment: write, map to write, resize */

/**
 * struct ipcmbox_open - ioctl(IPCMBOX_IOC_OPEN) on the device: create or open a mailbox
 * @name_ptr: in: address of the name, @name_len bytes, no NUL needed; 0 if @name_len is 0
 * @name_len: in: 1 to %IPCMBOX_NAME_MAX bytes, or 0: an unnamed mailbox (CREATE), or by id (BY_ID)
 * @flags: in: IPCMBOX_OPEN_*
 * @id: in with BY_ID, BY_PID or BY_TID (at most one of them; else must be 0): what to open; out:
 *	the id of the mailbox
 * @access: in: %IPCMBOX_READ, %IPCMBOX_WRITE or both; 0 for a descriptor to look (STAT) and to
 *	administer (SET) only: for the owner and CAP_IPC_OWNER, whatever the mode says
 * @mode: in with CREATE: permission bits of owner, group and others, 4 receive, 2 send, as in
 *	chmod(1), less the umask of the caller; no others
 * @discipline: in with CREATE: %IPCMBOX_QUEUE, %IPCMBOX_EVENT, %IPCMBOX_ENDPOINT or
 *	%IPCMBOX_CHANNEL
 * @overflow: in with CREATE: IPCMBOX_OVERFLOW_*
 * @max_messages: in with CREATE: capacity; 0 is rendezvous, %IPCMBOX_UNBOUNDED no bound
 * @max_length: in with CREATE: bytes of the longest message, up to %IPCMBOX_LENGTH_MAX; 0 is the
 *	smaller of %IPCMBOX_LENGTH_DEFAULT and @max_bytes
 * @max_bytes: in with CREATE: bytes of payload the mailbox holds, at least @max_length; 0 is no
 *	bound
 * @limit: out on EDQUOT and ENOMEM: IPCMBOX_LIMIT_*
 * @__reserved: must be 0
 *
 * An event mailbox has no queue of its own: @max_messages, which cannot be 0, @max_bytes and
 * @overflow are what its members have unless they ask for less, or, as to @overflow, something
 *	else.
 *
 * An endpoint is created without a name, with access READ, by the process or thread itself; its
 * @mode says who may connect to it and send: 0600 is the same user. It is opened BY_PID, BY_TID or
 * BY_ID with access WRITE only. Members can be opened by id with access 0 only.
 *
 * A channel is created with @max_messages %IPCMBOX_UNBOUNDED and an @overflow of BLOCK or FAIL;
 * @max_bytes is the size of each lane's ring, rounded up to a power of two of at least a page, up
 * to %IPCMBOX_CHANNEL_RING_MAX, 0 is %IPCMBOX_CHANNEL_RING_DEFAULT; @max_length is at most half of
 * that, less a record's header. READ makes the descriptor the channel's consumer (EBUSY: it has
 * one), WRITE opens a lane (EBUSY: there are %IPCMBOX_CHANNEL_LANES_MAX). EDQUOT: a lane's pages
 * count as bytes of the user who opens it, the board and the acks as the creator's.
 *
 * Without CREATE, the fields used with CREATE only must be 0. When the name exists, CREATE opens
 * the mailbox and its attributes stay as they are. A name is made of bytes other than 0 and '/',
 * and is neither "." nor "..". The descriptor is close-on-exec.
 *
 * Rights are checked here, against the effective ids of the caller, and go with the descriptor to
 * whoever it is passed to. CAP_IPC_OWNER in the user namespace that owns the IPC namespace
 * overrides the mode.
 *
 * Return: the new descriptor. Errors: EACCES, EBUSY, EEXIST, EDQUOT, EFAULT, EINVAL, EMFILE,
 * ENAMETOOLONG, ENOENT, ENOMEM, ESRCH. Never blocks.
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
 * struct ipcmbox_unlink - ioctl(IPCMBOX_IOC_UNLINK), ioctl(IPCMBOX_IOC_SEGMENT_UNLINK)
 * @name_ptr: in: address of the name, or 0
 * @name_len: in: length of the name, or 0
 * @flags: in: 0, or %IPCMBOX_OPEN_BY_ID: @id says which
 * @id: in with BY_ID, else must be 0
 *
 * On the device: removes the name of a mailbox (of a segment). It is free at once; the mailbox
 * (segment) lives on without a name until its last descriptor is closed (and the last mapping
 * gone). If nobody has it open, it and its messages (its content) end now.
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
#define IPCMBOX_INFO_FDS	(1U << 2) /* messages can bring descriptors */
#define IPCMBOX_INFO_KEEP_LAST	(1U << 3) /* keeps last messages for new members */
#define IPCMBOX_INFO_THREAD	(1U << 4) /* endpoint of a single thread */
#define IPCMBOX_INFO_SEALABLE	(1U << 5) /* segment: seals can be added */
#define IPCMBOX_INFO_MAPPED	(1U << 6) /* segment: somebody has it mapped */
#define IPCMBOX_INFO_MOVED	(1U << 7) /* segment: one description alone can write */
#define IPCMBOX_INFO_POSIX	(1U << 8) /* made with IPCMBOX_OPEN_POSIX */

/**
 * struct ipcmbox_info - ioctl(IPCMBOX_IOC_STAT) on a mailbox, and the element of IPCMBOX_IOC_LIST
 * @id: out: the id
 * @uid: out: owner, in the user namespace of the caller
 * @gid: out: group, likewise
 * @mode: out: permission bits
 * @flags: out: IPCMBOX_INFO_*
 * @discipline: out: IPCMBOX_QUEUE, _EVENT, _MEMBER, _ENDPOINT, _CHANNEL
 * @overflow: out: IPCMBOX_OVERFLOW_*
 * @max_messages: out: capacity in messages
 * @max_length: out: bytes of the longest message
 * @max_bytes: out: capacity in bytes, 0 is no bound
 * @messages: out: messages accepted and not yet received: queued, in the hands of a receiver, or
 *	held: leased or called, and not settled
 * @bytes: out: payload of those that are queued, bytes
 * @receiving: out: how many of @messages are in the hands of a receiver just now, or held
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
 * @parent: out: member: id of its event mailbox
 * @events: out: member: its mask
 * @pid: out: endpoint: process that owns it; member: process that joined; as the caller sees it
 * @tid: out: thread, likewise; 0 for the endpoint of a process
 * @members: out: event mailbox: how many have joined
 * @held: out: how many of @receiving are leased or called and not settled
 * @max_deliveries: out: how often a leased message is delivered before it is a dead letter, 0: ever
 *	again
 * @recorder: out: steps the flight recorder keeps, 0: it is off
 * @dead_letter: out: id of the mailbox that gets dead letters, 0: they are dropped
 * @redelivered: out: messages that came back because their lease ended or was refused
 * @dead_letters: out: messages that reached @max_deliveries; they count as received
 *
 * Of a channel the kernel sees no messages: @messages, @sent and @received are what the two sides
 * write in their pages, @bytes is what is between tails and heads, and they are of one moment only
 * when nobody sends or receives.
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
	__aligned_u64 parent;
	__aligned_u64 events;
	__s32 pid;
	__s32 tid;
	__u32 members;
	__u32 held;
	__u32 max_deliveries;
	__u32 recorder;
	__aligned_u64 dead_letter;
	__aligned_u64 redelivered;
	__aligned_u64 dead_letters;
};

/**
 * struct ipcmbox_list - ioctl(IPCMBOX_IOC_LIST), ioctl(IPCMBOX_IOC_SEGMENT_LIST) on the device
 * @after_id: in: list mailboxes (segments) of the namespace with a greater id, ascending;
 *	0 starts
 * @buf_ptr: in: array of @count elements of @element_size bytes each
 * @count: in: elements there is room for, at least 1; out: elements written, 0 at the end
 * @element_size: in: sizeof(struct ipcmbox_info) (sizeof(struct ipcmbox_segment_info)) of the
 *	caller, the first version's at least; the kernel cuts or zero-fills
 *
 * Return: 0. Errors: EFAULT, EINVAL, ENOMEM. Never blocks. What comes or goes meanwhile may be
 * missed or listed; nothing else is missed or listed twice.
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
#define IPCMBOX_SET_DEAD_LETTER		(1U << 6)	/* @dead_letter and @max_deliveries */
#define IPCMBOX_SET_RECORDER		(1U << 7)

#define IPCMBOX_RECORDER_MAX	65536	/* highest &ipcmbox_set.recorder */

/**
 * struct ipcmbox_set - ioctl(IPCMBOX_IOC_SET) on a mailbox: change attributes
 * @mask: in: IPCMBOX_SET_*
 * @mode: in: new permission bits; the umask does not apply
 * @uid: in: new owner
 * @gid: in: new group
 * @max_messages: in: new capacity; what is queued beyond a smaller one stays
 * @overflow: in: new policy; sends that wait already go on waiting
 * @max_bytes: in: new capacity in bytes, at least max_length, or 0 for no bound
 * @dead_letter: in: id of a queue mailbox, other than this one, for messages whose lease ended
 *	without settlement @max_deliveries times; 0: they are dropped. If it does not exist when it
 *	is needed, or has no room, they are dropped as well
 * @max_deliveries: in: deliveries of one message, up to 65535; 0: no limit
 * @recorder: in: how many steps the flight recorder keeps, up to %IPCMBOX_RECORDER_MAX; 0 switches
 *	it off. What it has recorded goes when this is set. Counts as bytes of the calling user
 *
 * For the owner (effective user id of the caller) and CAP_IPC_OWNER; all changes or none. Open
 * descriptors keep their rights. Greater capacity admits blocked senders at once. An event mailbox
 * and its members can change capacity and policy within the rules of creation and JOIN; members
 * keep what they have. Of a channel only mode, owner and group can be changed.
 *
 * Return: 0. Errors: EDQUOT (bytes, for the recorder), EINVAL, ENOENT (no such mailbox for dead
 * letters), ENOMEM, EPERM. Never blocks.
 */
struct ipcmbox_set {
	__u32 mask;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 max_messages;
	__u32 overflow;
	__aligned_u64 max_bytes;
	__aligned_u64 dead_letter;
	__u32 max_deliveries;
	__u32 recorder;
};

/** DOC: Positive results of ioctl(IPCMBOX_IOC_SEND) */
#define IPCMBOX_SENT_DROPPED	1	/* the overflow policy dropped this message */

/**
 * struct ipcmbox_send - ioctl(IPCMBOX_IOC_SEND) on a mailbox: send one message
 * @buf_ptr: in: address of the payload
 * @buf_len: in: its length in bytes, 0 upwards
 * @flags: in: %IPCMBOX_NONBLOCK or %IPCMBOX_DEADLINE, %IPCMBOX_IOVEC, %IPCMBOX_MOVE
 * @deadline_ns: in with DEADLINE, else must be 0
 * @clock: in with DEADLINE: IPCMBOX_CLOCK_*, else must be 0
 * @priority: in: 0 to %IPCMBOX_PRIORITY_MAX
 * @completion: in: %IPCMBOX_QUEUED, %IPCMBOX_RECEIVED or %IPCMBOX_HANDLED; events: QUEUED
 * @limit: out on EAGAIN, EMSGSIZE, EDQUOT, ENOMEM: IPCMBOX_LIMIT_*
 * @events: in: event bits of the message, of %IPCMBOX_EVENTS_USER; whatever the discipline, a
 *	receive can select by them
 * @to: in with @to_kind: whom the message is for
 * @to_kind: in: on a descriptor that receives from the sender's own endpoint, and only there:
 *	%IPCMBOX_PROCESS, %IPCMBOX_THREAD or %IPCMBOX_ENDPOINT_ID: the message goes to the endpoint
 *	of @to, if its mode lets the caller send; else %IPCMBOX_ANY: to the mailbox of the
 *	descriptor
 * @nr_fds: in: descriptors in the message, up to %IPCMBOX_FDS_MAX
 * @fds_ptr: in: address of @nr_fds descriptors (__s32). The receiver gets the same open file
 *	descriptions. For a mailbox with %IPCMBOX_OPEN_FDS only (else EACCES). Refused with ELOOP:
 *	sockets of AF_UNIX, io_uring, and descriptors of this module that can receive (those of
 *	segments do not). Once a mailbox has no name and no receiving descriptor, messages with
 *	descriptors are dropped from it
 * @result: out in a vector only: what the send returned
 * @__reserved: must be 0
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
 * A send that waits to be HANDLED and is interrupted, or meets its deadline, after the message was
 * received, fails while the receiver goes on with it. %IPCMBOX_IOC_CALL can be resumed instead.
 *
 * Return: 0 or %IPCMBOX_SENT_DROPPED. Errors: EACCES, EAGAIN, EBADF, EDEADLK, EDQUOT, EFAULT,
 * EINTR, EINVAL, ELOOP, EMSGSIZE, ENOMEM, EPIPE, ESRCH, ETIMEDOUT; with MOVE also EBUSY, ENFILE
 * and EPERM, see Segments.
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
	__aligned_u64 events;
	__aligned_u64 to;
	__u32 to_kind;
	__u32 nr_fds;
	__aligned_u64 fds_ptr;
	__s32 result;
	__u32 __reserved;
};

/**
 * struct ipcmbox_recv - ioctl(IPCMBOX_IOC_RECV) on a mailbox: receive one message
 * @buf_ptr: in: where the payload goes
 * @buf_len: in: room there, bytes
 * @flags: in: %IPCMBOX_NONBLOCK or %IPCMBOX_DEADLINE, %IPCMBOX_PEEK or %IPCMBOX_LEASE,
 *	%IPCMBOX_IOVEC
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
 * @limit: out on EMSGSIZE: %IPCMBOX_LIMIT_BUFFER or %IPCMBOX_LIMIT_FDS
 * @__reserved: must be 0
 * @select_events: in: receive only messages with one of these event bits; 0: all messages
 * @from: in with @from_kind: receive only messages of this sender
 * @from_kind: in: %IPCMBOX_PROCESS, %IPCMBOX_THREAD, %IPCMBOX_ENDPOINT_ID, or %IPCMBOX_ANY. What is
 *	queued of the sender is received even if it is dead; to wait for more it must be alive (else
 *	EPIPE) and have an endpoint (else ESRCH): it would not be known to be dead otherwise
 * @max_fds: in: room at @fds_ptr; also out on EMSGSIZE with %IPCMBOX_LIMIT_FDS: what it needs
 * @fds_ptr: in: where the descriptors go (__s32 each). They are close-on-exec
 * @nr_fds: out: descriptors that came
 * @redelivered: out: how often the message was delivered from this mailbox before and came back
 * @events: out: its event bits
 * @token: out: with LEASE, or if @completion is HANDLED: for REPLY and SETTLE, else 0. A token is
 *	valid on every descriptor that receives from the mailbox
 * @lease_ns: in with LEASE, at least 1, else must be 0: how long the message may be kept, ns. Then,
 *	or when the last copy of the descriptor it was received on is closed, it goes back to its
 *	old place, and @redelivered counts
 * @call_deadline_ns: out: when the sender gives up if @completion is HANDLED: ns on CLOCK_MONOTONIC
 *	as the caller sees it, 2^64-1: never. For the deadline of what the receiver does for it
 * @result: out in a vector only: what the receive returned
 * @completion: out: what the sender waits for
 *
 * May block until there is a message. Waiting receivers are served in order of arrival, and one
 * message wakes one of them; a peek takes no turn. A receive that fails after it had a message
 * (EFAULT, a fatal signal) puts it back in its old place, even if the mailbox is full. While a
 * receiver waits for its own memory (swap, userfaultfd), a sender that waits for the receipt can
 * withdraw the message.
 *
 * A receiver that is not there any more when its descriptor is closed ends the calls it has
 * received and not replied to with EPIPE. If the memory for the descriptors turns out bad, or there
 * are no free descriptor numbers (EMFILE), the message goes back too.
 *
 * Return: the length. Errors: EACCES, EAGAIN, EFAULT, EINTR, EINVAL, EMFILE, EMSGSIZE, ENOMEM (many
 * pieces), EPIPE, ESRCH, ETIMEDOUT.
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
	__aligned_u64 select_events;
	__aligned_u64 from;
	__u32 from_kind;
	__u32 max_fds;
	__aligned_u64 fds_ptr;
	__u32 nr_fds;
	__u32 redelivered;
	__aligned_u64 events;
	__aligned_u64 token;
	__aligned_u64 lease_ns;
	__aligned_u64 call_deadline_ns;
	__s32 result;
	__u32 completion;
};

/**
 * DOC: ioctl(IPCMBOX_IOC_WRITE(length)) and ioctl(IPCMBOX_IOC_READ(length)) on a mailbox
 *
 * write(2) and read(2) with less on the way: the argument is the address of the payload, or of the
 * room for it, and its length is part of the command, which is none (ENOTTY) if that is greater
 * than %IPCMBOX_PLAIN_MAX. What is sent is what a &struct ipcmbox_send of zeroes sends, but for the
 * payload; who receives learns nothing but the payload, as with a &struct ipcmbox_recv of zeroes.
 * Both wait unless the descriptor has O_NONBLOCK.
 *
 * Return: of WRITE 0 or %IPCMBOX_SENT_DROPPED, of READ the length. Errors: as SEND and RECV, which
 * limit it was is not told.
 */
#define IPCMBOX_PLAIN_MAX	_IOC_SIZEMASK	/* 16383, on some architectures 8191 */
/* Evaluates @length twice. */
#define __IPCMBOX_IOC_PLAIN(direction, nr, length) \
	((unsigned long)(length) > IPCMBOX_PLAIN_MAX ? 0 : \
	 _IOC(direction, IPCMBOX_IOC_MAGIC, nr, (length)))

/** DOC: Flags of ioctl(IPCMBOX_IOC_SENDV) and ioctl(IPCMBOX_IOC_RECVV) */
#define IPCMBOX_VECTOR_WAIT_FOR_ONE	(1U << 0)	/* RECVV: wait for the first only */
#define IPCMBOX_VECTOR_PLAIN		(1U << 1)	/* elements are struct ipcmbox_part */

#define IPCMBOX_VECTOR_MAX	1024	/* elements of a vector */

/**
 * struct ipcmbox_vector - ioctl(IPCMBOX_IOC_SENDV), ioctl(IPCMBOX_IOC_RECVV) on a mailbox
 * @array_ptr: in: array of @count &struct ipcmbox_send (or &struct ipcmbox_recv), or, with
 *	%IPCMBOX_VECTOR_PLAIN, &struct ipcmbox_part
 * @count: in: elements, 1 to %IPCMBOX_VECTOR_MAX
 * @element_size: in: size of an element as the caller knows it, the one with @result at least; of
 *	&struct ipcmbox_part exactly
 * @flags: in: IPCMBOX_VECTOR_*
 * @__reserved: must be 0
 *
 * Many messages in one system call: each element in turn does what SEND (RECV) does, and has what
 * that returned in its @result. The first that fails ends the call, with -errno in its @result;
 * what went before it is done and stays so, as with sendmmsg(2). Plain elements do what WRITE
 * (READ) does, of any length.
 *
 * Return: how many are done, if any is; else as SEND (RECV) fails for the first.
 */
struct ipcmbox_vector {
	__aligned_u64 array_ptr;
	__u32 count;
	__u32 element_size;
	__u32 flags;
	__u32 __reserved;
};

/**
 * struct ipcmbox_part - a plain message of a vector
 * @buf_ptr: in: address of the payload, or of the room for it
 * @buf_len: in: bytes there
 * @result: out: what WRITE (READ) returned
 */
struct ipcmbox_part {
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__s32 result;
};

/** DOC: Flags of ioctl(IPCMBOX_IOC_CALL), besides NONBLOCK, DEADLINE and IOVEC */
#define IPCMBOX_CALL_CANCEL	(1U << 5)	/* give up the call of @cookie */

/**
 * struct ipcmbox_call - ioctl(IPCMBOX_IOC_CALL) on a mailbox: send a request, wait for the reply
 * @buf_ptr: in: address of the request
 * @buf_len: in: its length in bytes, 0 upwards
 * @flags: in: %IPCMBOX_NONBLOCK or %IPCMBOX_DEADLINE, %IPCMBOX_IOVEC (request and reply),
 *	%IPCMBOX_MOVE (request), %IPCMBOX_CALL_CANCEL
 * @deadline_ns: in with DEADLINE, else must be 0
 * @clock: in with DEADLINE: IPCMBOX_CLOCK_*, else must be 0
 * @priority: in: of the request
 * @reply_ptr: in: where the reply goes
 * @reply_len: in: room there, bytes (IOVEC: elements)
 * @reply_length: out: length of the reply; also on EMSGSIZE: the room it needs
 * @cookie: in and out: 0 starts a call, and is there again when it has ended. When it fails with
 *	EINTR, ETIMEDOUT, EAGAIN, EMSGSIZE, EFAULT or EMFILE after the request was received, this is
 *	not 0: issued again with it the call goes on waiting, and sends nothing
 * @status: out: what the receiver said with the reply, 0 if it acknowledged
 * @limit: out: as in &struct ipcmbox_send and &struct ipcmbox_recv
 * @fds_ptr: in: descriptors in the request
 * @reply_fds_ptr: in: where the descriptors in the reply go
 * @nr_fds: in: how many there are in the request
 * @max_reply_fds: in: room at @reply_fds_ptr
 * @nr_reply_fds: out: how many came
 * @__reserved: must be 0
 *
 * A signal before the request was received withdraws it: nothing has happened. After that the
 * kernel writes @cookie before it returns EINTR, so that under SA_RESTART the call goes on by
 * itself. A fatal signal, CANCEL, and the closing of the last copy of the descriptor the call was
 * made on give it up: the receiver learns it by EPIPE when it replies. A cookie is good on that
 * descriptor only. A call never waits with NONBLOCK: with a cookie it looks for the reply, without
 * one it is EAGAIN.
 *
 * EPIPE comes at once when the last descriptor that received the request is closed without a reply.
 * EDEADLK: the threads that would have to reply wait for the calling thread themselves. Known is
 * who has received a request; of one that is still queued, the thread that alone receives from the
 * mailbox, if its process has no other threads, and the thread of a thread's endpoint.
 *
 * Return: the length of the reply. Errors: as SEND and RECV, ESTALE (no such cookie).
 */
struct ipcmbox_call {
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 flags;
	__aligned_u64 deadline_ns;
	__u32 clock;
	__u32 priority;
	__aligned_u64 reply_ptr;
	__u32 reply_len;
	__u32 reply_length;
	__aligned_u64 cookie;
	__s32 status;
	__u32 limit;
	__aligned_u64 fds_ptr;
	__aligned_u64 reply_fds_ptr;
	__u32 nr_fds;
	__u32 max_reply_fds;
	__u32 nr_reply_fds;
	__u32 __reserved;
};

/**
 * struct ipcmbox_reply - ioctl(IPCMBOX_IOC_REPLY) on a mailbox: answer a call, once
 * @token: in: of the message, from &ipcmbox_recv.token
 * @buf_ptr: in: address of the reply
 * @buf_len: in: its length in bytes, 0 upwards, at most max_length of the mailbox
 * @flags: in: %IPCMBOX_IOVEC, %IPCMBOX_MOVE
 * @status: in: what the caller finds in &ipcmbox_call.status; its meaning is up to the two
 * @limit: out on EMSGSIZE, EDQUOT, ENOMEM: IPCMBOX_LIMIT_*
 * @fds_ptr: in: descriptors in the reply, as in &struct ipcmbox_send, but of this module's
 *	only those of segments
 * @nr_fds: in: how many
 * @__reserved: must be 0
 *
 * Needs a descriptor that can receive. Any thread and any process may reply that has one. A leased
 * message whose sender waits for nothing is acknowledged, and the reply is thrown away.
 *
 * Return: 0. Errors: EACCES, EBADF, EDQUOT, EFAULT, EINVAL (also: no such token), ELOOP, EMSGSIZE,
 * ENOMEM, EPIPE, ESTALE; with MOVE also EBUSY, EINTR, ENFILE and EPERM. Never blocks.
 */
struct ipcmbox_reply {
	__aligned_u64 token;
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 flags;
	__s32 status;
	__u32 limit;
	__aligned_u64 fds_ptr;
	__u32 nr_fds;
	__u32 __reserved;
};

/**
 * struct ipcmbox_reply_recv - ioctl(IPCMBOX_IOC_REPLY_RECV): answer a call and receive the next
 * @reply_ptr: in: &struct ipcmbox_reply; with a token of 0 there is nothing to answer
 * @recv_ptr: in: &struct ipcmbox_recv
 * @reply_size: in: size of the first as the caller knows it
 * @recv_size: in: size of the second as the caller knows it, the one with @token at least
 *
 * One system call for a server's loop. When the reply is done and the receive fails, the kernel has
 * set &ipcmbox_reply.token to 0: issued again, it only receives. When the reply fails with EPIPE or
 * ESTALE, which concerns a caller that is gone, the receive goes on, and &ipcmbox_reply.limit is
 * left alone; any other error of the reply ends the command before the receive.
 *
 * Return: as RECV. Errors: of REPLY but EPIPE and ESTALE, of RECV.
 */
struct ipcmbox_reply_recv {
	__aligned_u64 reply_ptr;
	__aligned_u64 recv_ptr;
	__u32 reply_size;
	__u32 recv_size;
};

/** DOC: What to do with a message, &ipcmbox_settle.action */
#define IPCMBOX_SETTLE_ACK	1	/* it is handled; a call gets an empty reply, status 0 */
#define IPCMBOX_SETTLE_REFUSE	2	/* back to its old place; counts as delivered */
#define IPCMBOX_SETTLE_RENEW	3	/* a leased message: @lease_ns from now on */

/**
 * struct ipcmbox_settle - ioctl(IPCMBOX_IOC_SETTLE) on a mailbox: acknowledge, refuse or renew
 * @token: in: of the message, from &ipcmbox_recv.token
 * @action: in: IPCMBOX_SETTLE_*
 * @__reserved: must be 0
 * @lease_ns: in with RENEW, at least 1, else must be 0
 *
 * Needs a descriptor that can receive. Return: 0. Errors: EACCES, EINVAL (also: no such token),
 * EPIPE (whoever sent it has given up; it is settled), ESTALE. Never blocks.
 */
struct ipcmbox_settle {
	__aligned_u64 token;
	__u32 action;
	__u32 __reserved;
	__aligned_u64 lease_ns;
};

/**
 * struct ipcmbox_uring - a command of a ring of io_uring, io_uring_sqe::cmd of its entry
 * @arg_ptr: in: address of the command's structure
 * @__reserved: must be 0
 *
 * SEND, RECV, CALL, REPLY and SETTLE can be commands of a ring: an entry with the opcode
 * %IORING_OP_URING_CMD, the descriptor of the mailbox (a registered one will do), the number of
 * the command in cmd_op, uring_cmd_flags of 0, and this in cmd. They do what they do as ioctl(2),
 * and the result of the entry is what that returns, or the error as a negative number. The kernel
 * must have %IORING_OP_URING_CMD; %IPCMBOX_FEATURE_URING tells that the module does.
 *
 * But for %IPCMBOX_MOVE, which is EINVAL: that the right to write is back when a send has failed
 * can be promised to a system call only.
 *
 * The structure, and all that it points to, must stay as it is until the entry has its result: it
 * is read more than once. The entry itself is the caller's again when it has been submitted; but
 * with Linux 6.12 one that is linked to another, or drained, only when its turn has come, unless it
 * has %IOSQE_ASYNC. Entries that are not linked (%IOSQE_IO_LINK) are done in any order.
 *
 * A command that need not wait is done, or refused, as soon as it is its turn. If it would wait,
 * and neither %IPCMBOX_NONBLOCK nor O_NONBLOCK is set, a worker of io_uring does, so its turn among
 * those who wait comes a little later; so it is with a CALL, and a SEND with a completion other
 * than QUEUED, whether or not they would. How many workers of this kind there are is limited, by
 * default to four for each CPU, or to the entries of the first ring of the thread if these are
 * fewer, and what is beyond waits for a worker first. They are the thread's, for all its rings, and
 * for the files it reads and writes by them: whoever has more receives wait than there are workers
 * keeps his files waiting, too. The first number of %IORING_REGISTER_IOWQ_MAX_WORKERS is the limit.
 * A receive that is the second of two linked entries, the first of which is %IORING_OP_POLL_ADD of
 * POLLIN on the mailbox, needs no worker unless another receiver is faster.
 *
 * %IORING_OP_ASYNC_CANCEL, %IORING_OP_LINK_TIMEOUT and the end of the ring, or of the thread that
 * has submitted it, end the wait as a signal does: EINTR, or ECANCELED if there was no worker yet.
 * So does what stops the process for a while, as SIGSTOP and debuggers do. As with a signal,
 * nothing has happened then, and a CALL can be resumed. A command under way holds the mailbox open:
 * closing the last descriptor does not end it.
 *
 * The sender is the process; its thread (&ipcmbox_recv.tid, and that of its endpoint) is the one
 * that has submitted the entry, with %IORING_SETUP_SQPOLL the one that the kernel has made to do
 * so. User and group are those the entry is done with: of the submitter, or of its personality.
 *
 * Errors: those of the command, EFAULT, EINVAL; ENOTTY: not one of these commands; EOPNOTSUPP: the
 * descriptor is of something else than a mailbox, or of a channel, or the ring is one that polls
 * for results (%IORING_SETUP_IOPOLL), which some kernels allow.
 */
struct ipcmbox_uring {
	__aligned_u64 arg_ptr;
	__aligned_u64 __reserved;
};

/** DOC: Flags of ioctl(IPCMBOX_IOC_JOIN) */
#define IPCMBOX_JOIN_OVERFLOW	(1U << 0)	/* @overflow is valid; else as the mailbox */
#define IPCMBOX_JOIN_NONBLOCK	(1U << 1)	/* set O_NONBLOCK on the new descriptor */

/**
 * struct ipcmbox_join - ioctl(IPCMBOX_IOC_JOIN) on an event mailbox: become a member
 * @mask: in: event bits to receive; 0 is %IPCMBOX_EVENTS_USER. Messages without bits come always
 * @id: out: id of the member
 * @max_bytes: in: capacity in bytes, at least max_length of the mailbox and at most its max_bytes;
 *	0 is as the mailbox
 * @max_messages: in: capacity, up to that of the mailbox; 0 is as the mailbox
 * @overflow: in with JOIN_OVERFLOW, else must be 0: IPCMBOX_OVERFLOW_*; BLOCK only if the mailbox's
 *	is, FAIL only if the mailbox's is that or BLOCK
 * @flags: in: IPCMBOX_JOIN_*
 * @limit: out on EDQUOT and ENOMEM: IPCMBOX_LIMIT_*
 *
 * Needs a descriptor of the event mailbox that can receive; the new one can receive, and send if
 * that one can. The new descriptor is close-on-exec. A member counts as a mailbox of the user who
 * joins.
 *
 * Return: the new descriptor. Errors: EACCES, EDQUOT, EFAULT, EINVAL, EMFILE, ENOMEM. Never blocks.
 */
struct ipcmbox_join {
	__aligned_u64 mask;
	__aligned_u64 id;
	__aligned_u64 max_bytes;
	__u32 max_messages;
	__u32 overflow;
	__u32 flags;
	__u32 limit;
};

/**
 * DOC: ioctl(IPCMBOX_IOC_LEAVE) on a member: leave
 *
 * No argument. No more events come; those that have can still be received, and then receives fail
 * with EPIPE. Closing the last copy of the descriptor that JOIN returned leaves as well. Needs that
 * descriptor.
 *
 * Return: 0. Errors: EACCES, EINVAL (not a member, or it has left). Never blocks.
 */

/** DOC: How to notify, &ipcmbox_notify.method */
#define IPCMBOX_NOTIFY_NONE	0	/* take the registration back */
#define IPCMBOX_NOTIFY_SIGNAL	1	/* @signo, with @value, to the registered process */
#define IPCMBOX_NOTIFY_EVENTFD	2	/* adds 1 to @eventfd */

/**
 * struct ipcmbox_notify - ioctl(IPCMBOX_IOC_NOTIFY) on a mailbox: tell when it is no longer empty
 * @method: in: IPCMBOX_NOTIFY_*
 * @signo: in with SIGNAL, else must be 0: 1 to SIGRTMAX
 * @eventfd: in with EVENTFD, else must be 0: descriptor
 * @__reserved: must be 0
 * @value: in with SIGNAL: si_value; with EVENTFD: 1; else must be 0
 *
 * As mq_notify(3): one registration per mailbox (EBUSY), for one message that arrives, or comes
 * back, when there is none to receive and no receiver waits that takes it; then it is used up. It
 * is also taken back by NONE from the same process (of another it does nothing), and when the
 * descriptor it was made on is closed: the last copy, or any by that process, or by its death.
 *
 * The signal has si_code SI_MESGQ, and pid and effective uid of the sender. It goes to the thread
 * that registered; or if that blocks it, and is not just waiting for it, to another thread of the
 * process that does not, if there is one. It does not go to a program that has been started since
 * by execve(2).
 *
 * Needs a descriptor that can receive (any, if it is a POSIX queue's), and not of an event mailbox
 * itself: its members get what it is sent.
 *
 * Return: 0. Errors: EACCES, EBADF, EBUSY, EINVAL, ENOMEM. Never blocks.
 */
struct ipcmbox_notify {
	__u32 method;
	__u32 signo;
	__s32 eventfd;
	__u32 __reserved;
	__aligned_u64 value;
};

/** DOC: What a task is blocked in, &ipcmbox_blocked.what */
#define IPCMBOX_BLOCKED_RECV	1	/* receives: there is no message it takes */
#define IPCMBOX_BLOCKED_ROOM	2	/* sends: there is no room */
#define IPCMBOX_BLOCKED_RECEIPT	3	/* sends: the message is not yet received */
#define IPCMBOX_BLOCKED_REPLY	4	/* sends or calls: received, not yet handled */

/**
 * struct ipcmbox_blocked - a blocked task, element of ioctl(IPCMBOX_IOC_BLOCKED)
 * @mailbox: out: where it waits
 * @seq: out: of the message it sends, 0 if it receives
 * @since_ns: out: for how long it has been waiting, ns (a tick of the kernel exact)
 * @what: out: IPCMBOX_BLOCKED_*
 * @priority: out: of the message it sends; the lowest it receives
 * @pid: out: its process, as the caller sees it, 0 if not visible
 * @tid: out: the thread, likewise
 * @peer_pid: out: process it waits for, 0 if that is not known: who has received its message; for
 *	one that is queued or needs room, the only thread that has been receiving here, or else the
 *	owner of the endpoint; for an event, the same of the member that is not ready for it; whose
 *	message it wants to receive
 * @peer_tid: out: thread, likewise; 0 if it is any thread of the process
 */
struct ipcmbox_blocked {
	__aligned_u64 mailbox;
	__aligned_u64 seq;
	__aligned_u64 since_ns;
	__u32 what;
	__u32 priority;
	__s32 pid;
	__s32 tid;
	__s32 peer_pid;
	__s32 peer_tid;
};

/**
 * struct ipcmbox_blocked_list - ioctl(IPCMBOX_IOC_BLOCKED) on the device: who waits at a mailbox
 * @id: in: the mailbox
 * @buf_ptr: in: array of @count elements of @element_size bytes each
 * @count: in: elements there is room for, 1 to 4096; out: elements written
 * @element_size: in: sizeof(struct ipcmbox_blocked) of the caller, the first version's at least;
 *	the kernel cuts or zero-fills
 * @total: out: how many tasks wait there
 * @__reserved: must be 0
 *
 * One consistent moment of the mailbox. Looking needs no right, as with LIST.
 * Return: 0. Errors: EFAULT, EINVAL, ENOENT, ENOMEM. Never blocks.
 */
struct ipcmbox_blocked_list {
	__aligned_u64 id;
	__aligned_u64 buf_ptr;
	__u32 count;
	__u32 element_size;
	__u32 total;
	__u32 __reserved;
};

/** DOC: Steps of a message, &ipcmbox_record.step */
#define IPCMBOX_STEP_SENT	1	/* queued, or handed to a receiver */
#define IPCMBOX_STEP_BLOCKED	2	/* its sender waits for room */
#define IPCMBOX_STEP_TAKEN	3	/* in the hands of a receiver */
#define IPCMBOX_STEP_RETURNED	4	/* put back: receive failed, lease ended, refused */
#define IPCMBOX_STEP_REPLIED	5	/* replied to or acknowledged */
#define IPCMBOX_STEP_DROPPED	6	/* by the overflow policy */
#define IPCMBOX_STEP_WITHDRAWN	7	/* its sender gave up */
#define IPCMBOX_STEP_DEAD	8	/* became a dead letter */

/**
 * struct ipcmbox_record - a step of a message, element of ioctl(IPCMBOX_IOC_RECORD)
 * @serial: out: number of the step, from 1; goes on when the recorder is set anew
 * @time_ns: out: when, ns on CLOCK_MONOTONIC as the caller sees it
 * @seq: out: of the message
 * @events: out: its event bits
 * @pid: out: process of the sender as the caller sees it
 * @tid: out: its thread
 * @uid: out: its effective user id, in the user namespace of the caller
 * @length: out: bytes of payload
 * @priority: out: of the message
 * @step: out: IPCMBOX_STEP_*
 */
struct ipcmbox_record {
	__aligned_u64 serial;
	__aligned_u64 time_ns;
	__aligned_u64 seq;
	__aligned_u64 events;
	__s32 pid;
	__s32 tid;
	__u32 uid;
	__u32 length;
	__u32 priority;
	__u32 step;
};

/**
 * struct ipcmbox_record_list - ioctl(IPCMBOX_IOC_RECORD) on a mailbox: what the flight recorder has
 * @after: in: give steps with a greater serial, ascending; 0 starts
 * @buf_ptr: in: array of @count elements of @element_size bytes each
 * @count: in: elements there is room for, at least 1; out: elements written, 0 at the end
 * @element_size: in: sizeof(struct ipcmbox_record) of the caller, the first version's at least
 *
 * The recorder keeps the last steps, as many as &ipcmbox_set.recorder says. Headers only, no
 * payload. For whoever may administer the mailbox.
 *
 * Return: 0. Errors: EFAULT, EINVAL, ENOMEM, EPERM. Never blocks.
 */
struct ipcmbox_record_list {
	__aligned_u64 after;
	__aligned_u64 buf_ptr;
	__u32 count;
	__u32 element_size;
};

/**
 * DOC: Segments
 *
 * A segment is memory that processes share, by mapping a descriptor of it. The memory is of the
 * kernel's own tmpfs, and what is not said here is as with shm_open(3): futexes and with them
 * process-shared mutexes (robust ones, too), condition variables and semaphores; mappings of parts,
 * private mappings, mremap(2), fork(2); swap. Memory is charged to the memory cgroup of whoever
 * makes the segment grow.
 *
 * *Size.* A segment is created with a size, and resized by ftruncate(2), or write(2) beyond its
 * end. It has its memory as soon as it has the size: growing it fails, with EDQUOT (budget of the
 * user), ENOMEM (memory cgroup, system) or ENOSPC, and has no effect then, or else no access within
 * the size fails later for want of memory. That is SIGBUS beyond the end only, as with any file. So
 * holes cannot be made: fallocate(2) and MADV_REMOVE are EOPNOTSUPP. Charged is, in whole pages,
 * the real user id of whoever made the segment grow last, for all of it. A signal does not
 * interrupt growing unless it is fatal.
 *
 * *Rights.* Reading needs READ, and for a mapping that could be written, ftruncate(2) and write(2)
 * WRITE. What a descriptor allows is decided when it is made; it can be passed on, inherited and
 * sent in messages, but not opened again, through /proc/PID/fd or /proc/PID/map_files, with other
 * rights or the same (ENXIO), by nobody. So who gets a descriptor with READ only can never write.
 * PROT_EXEC is EPERM. Owner, group and mode, which fstat(2) shows, are changed by
 * %IPCMBOX_IOC_SEGMENT_SET, not by fchmod(2) and its like (EPERM).
 *
 * *Mappings* are those of a file in tmpfs: of all, of parts, beyond the end; mremap(2) makes them
 * longer and shorter, moves them and, with MREMAP_DONTUNMAP, has two of one. A mapping that one
 * cannot write through stays so: mprotect(2) is EACCES; process_vm_writev(2), and read(2) and the
 * like with it as their buffer, are EFAULT; ptrace(2) and /proc/PID/mem are EIO, but change the
 * copy if it is a private one (the latter only for who traces it, if the kernel is configured so).
 * mlock(2), msync(2) and advice take nothing away from anybody: MADV_REMOVE is EACCES where one
 * cannot write, MADV_FREE and MADV_WIPEONFORK are EINVAL, MADV_HWPOISON is the administrator's
 * (EPERM, EINVAL). userfaultfd(2) finds no page missing: UFFDIO_COPY is EEXIST, and beyond the end
 * EFAULT (ENOMEM in 7.x). An offset that is no multiple of a page is EINVAL, one that overflows
 * EOVERFLOW; a negative size is EINVAL.
 *
 * *Seals* are those of memfd_create(2): F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE,
 * F_SEAL_FUTURE_WRITE, F_SEAL_SEAL. They are set at creation, and added with fcntl(2) F_ADD_SEALS
 * if the segment is %IPCMBOX_OPEN_SEALABLE; F_GET_SEALS reads them.
 *
 * *Handing over.* A descriptor of a segment in a message is the same open description for the
 * receiver: both can use it. With %IPCMBOX_MOVE the segments among the descriptors of the message,
 * at least one, are *moved*: the receiver gets an open description that alone can write, and all
 * others have lost that, whoever has them: mapping them to be written, write(2), ftruncate(2) and
 * moving them is EPERM, and new mappings of them can only be read; F_ADD_SEALS is EPERM for all.
 * (Reading goes on.) The right comes back to them when that description ends, that is, when all
 * descriptors and mappings of it are gone, if only because their owners died, or the message is
 * dropped; or the receiver moves it on. A send, call or reply that fails has given it back.
 *
 * Who moves must have the right to write (else EACCES, EPERM) and have let go of the memory: EBUSY
 * while anybody has a shared mapping, of a description that can write, whatever its protection;
 * while a write(2), a change of size or of the seals is under way; and while a page of it is
 * pinned, by direct I/O, a device or a pipe. So there is no write to what was received that its
 * receiver has not made: whoever keeps a mapping cannot move, and whoever tries to write to an
 * unmapped one gets SIGSEGV. Not to event mailboxes (EINVAL), as there are many receivers.
 */

/**
 * struct ipcmbox_segment_open - ioctl(IPCMBOX_IOC_SEGMENT_OPEN) on the device
 * @name_ptr: in: address of the name, @name_len bytes, no NUL needed; 0 if @name_len is 0
 * @name_len: in: 1 to %IPCMBOX_NAME_MAX bytes, or 0: an unnamed segment (CREATE), or by id (BY_ID)
 * @flags: in: %IPCMBOX_OPEN_CREATE, _EXCL, _TRANSIENT, _SEALABLE, _BY_ID, _TRUNCATE
 * @id: in with BY_ID, else must be 0: what to open; out: the id of the segment
 * @access: in: %IPCMBOX_READ, or %IPCMBOX_READ and %IPCMBOX_WRITE; 0 for a descriptor to look
 *	(SEGMENT_STAT) and to administer (SEGMENT_SET) only: for the owner and CAP_IPC_OWNER
 * @mode: in with CREATE: permission bits of owner, group and others, 4 read, 2 write, less the
 *	umask of the caller; no others
 * @size: in with CREATE: bytes, all 0 at first
 * @seals: in with CREATE: F_SEAL_* of linux/fcntl.h, in force from the beginning
 * @limit: out on EDQUOT and ENOMEM: IPCMBOX_LIMIT_*
 *
 * Creates or opens a segment. Without CREATE, the fields used with CREATE only must be 0. When the
 * name exists, CREATE opens the segment and its attributes stay as they are, its size too, but that
 * TRUNCATE makes it 0. Names are as those of mailboxes. The descriptor is close-on-exec.
 *
 * Return: the new descriptor. Errors: EACCES, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EMFILE,
 * ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, EPERM (TRUNCATE: sealed). Never blocks, but for the time it
 * takes to get the memory.
 */
struct ipcmbox_segment_open {
	__aligned_u64 name_ptr;
	__u32 name_len;
	__u32 flags;
	__aligned_u64 id;
	__u32 access;
	__u32 mode;
	__aligned_u64 size;
	__u32 seals;
	__u32 limit;
};

/**
 * struct ipcmbox_segment_info - ioctl(IPCMBOX_IOC_SEGMENT_STAT) on a segment, and the element of
 *	%IPCMBOX_IOC_SEGMENT_LIST
 * @id: out: the id
 * @size: out: bytes
 * @charged: out: bytes charged to @payer
 * @uid: out: owner, in the user namespace of the caller
 * @gid: out: group, likewise
 * @mode: out: permission bits
 * @flags: out: %IPCMBOX_INFO_NAMED, _TRANSIENT, _SEALABLE, _MAPPED, _MOVED
 * @seals: out: F_SEAL_*
 * @readers: out: open descriptions that can read: of descriptors, in mappings, in messages
 * @writers: out: how many of them can write
 * @payer: out: who is charged, in the user namespace of the caller
 * @pid: out: process that created it, as the caller sees it, 0 if not visible; it may have ended
 * @__reserved: out: 0
 * @name: out: the name, ended by a NUL; a former one unless NAMED
 *
 * Looking needs no right, as with mailboxes. Never blocks.
 */
struct ipcmbox_segment_info {
	__aligned_u64 id;
	__aligned_u64 size;
	__aligned_u64 charged;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 flags;
	__u32 seals;
	__u32 readers;
	__u32 writers;
	__u32 payer;
	__s32 pid;
	__u32 __reserved;
	char name[IPCMBOX_NAME_MAX + 1];
};

/**
 * struct ipcmbox_segment_set - ioctl(IPCMBOX_IOC_SEGMENT_SET) on a segment: change rights
 * @mask: in: %IPCMBOX_SET_MODE, _UID, _GID; fields not named in it must be 0
 * @mode: in: new permission bits; the umask does not apply
 * @uid: in: new owner
 * @gid: in: new group
 *
 * As ioctl(SET) on a mailbox. Return: 0. Errors: EINVAL, EPERM. Never blocks.
 */
struct ipcmbox_segment_set {
	__u32 mask;
	__u32 mode;
	__u32 uid;
	__u32 gid;
};

/**
 * DOC: Channels
 *
 * A channel is a mailbox whose messages are in pages that the two sides share. It has one
 * *consumer*, the open description with READ, and up to %IPCMBOX_CHANNEL_LANES_MAX *producers*, the
 * open descriptions with WRITE, each with a *lane*: a ring of its own. While both sides are busy
 * there is no system call; the kernel is there to sleep, to wake, to poll, and to tell of the end
 * of a peer. A lane is first in, first out; between lanes the consumer is fair as it likes. There
 * are no priorities, no descriptors, no completion but QUEUED.
 *
 * A description may be shared by threads and processes, as by fork(2), but it is one producer or
 * one consumer: whoever shares it must take turns.
 *
 * *Commands.* On a channel's descriptor there are STAT, SET and CHANNEL_*; all other commands of a
 * mailbox are ENOTTY there, as CHANNEL_* are on any other, read(2) and write(2) are EINVAL. The
 * descriptor's file mode is O_RDWR, as mmap(2) demands it, whatever the access. It can be sent in
 * messages of other mailboxes in either role, as a channel itself carries no descriptors.
 *
 * *Pages.* mmap(2) the descriptor, MAP_SHARED (MAP_PRIVATE: EINVAL) and without PROT_EXEC (EPERM),
 * whole areas or parts, any number of times, each mapping within one area (EINVAL). Nobody can
 * write what the other side owns, whatever it does with mprotect(2):
 *
 * =================================== ============================ ========= =====================
 * offset                              contents                     writable  readable
 * =================================== ============================ ========= =====================
 * %IPCMBOX_CHANNEL_BOARD              &struct ipcmbox_channel_board nobody   both sides
 * %IPCMBOX_CHANNEL_ACKS               &struct ipcmbox_channel_acks  consumer both sides
 * IPCMBOX_CHANNEL_HEADER(lane)        &struct ipcmbox_channel_header the     the lane's producer,
 *                                                                   lane's   consumer
 * IPCMBOX_CHANNEL_RING(lane)          records                       producer
 * =================================== ============================ ========= =====================
 *
 * What is not listed is EACCES, a lane that does not exist is ENOENT. The first three are one page
 * each; the ring is &ipcmbox_channel_info.ring_bytes. All pages exist from the open on, are zero
 * at first, and are never taken away: touching them cannot fail. Map a ring twice in a row, so that
 * every record is in one piece. The pages of a lane live as long as its producer, the channel's
 * slot for it or any mapping of it. A mapping is part of the description: while it is there, the
 * description is not closed.
 *
 * mremap(2) moves a mapping and makes it shorter; longer, or one more of it, is EFAULT,
 * MREMAP_DONTUNMAP is EINVAL. A mapping that one cannot write through stays so: mprotect(2) is
 * EACCES; process_vm_writev(2), and read(2) and the like with it as their buffer, are EFAULT;
 * ptrace(2) and /proc/PID/mem are EIO. Children inherit it unless MADV_DONTFORK, which in 7.x
 * cannot be undone (EINVAL); other advice, and mlock(2), takes nothing away: MADV_REMOVE is ENODEV,
 * or EACCES where one cannot write, MADV_FREE and MADV_WIPEONFORK are EINVAL, MADV_HWPOISON is the
 * administrator's (EPERM, EINVAL). EINVAL are userfaultfd(2), msync(2) with MS_SYNC, fsync(2),
 * ftruncate(2), splice(2); fallocate(2) is ENODEV, lseek(2) and pread(2) are ESPIPE.
 *
 * *Positions* count bytes; they are 64 bits, only grow, and start at 0. @tail is what the producer
 * has produced, @head what the consumer has consumed; @tail == @head is empty. A record is at
 * position & (ring_bytes - 1) of the ring: &struct ipcmbox_channel_record, then the payload, then
 * up to a multiple of 8, so that positions are multiples of 8, too.
 *
 * *Producer*, to send @length bytes, a record of @size = IPCMBOX_CHANNEL_RECORD_SIZE(length)::
 *
 *	     board.lane[i].state is EVICTED, or board.consumer_gone is not 0: EPIPE.
 *	(P1) head = load-acquire acks.lane[i].head, pairs with (C2).
 *	     tail - head > ring_bytes: the consumer writes nonsense, give up (EPROTO).
 *	     ring_bytes - (tail - head) < size: no room, WAIT for size bytes of ROOM, begin again.
 *	     Write the record at tail; header.sent += 1 (for STAT; before the tail).
 *	(P2) store-release header.tail = tail + size, pairs with (C1).
 *	(P3) full fence, pairs with (K1).
 *	(P4) load board.consumer_waits; not 0: KICK the CONSUMER.
 *
 * The producer keeps @tail for itself and only writes it to the page.
 *
 * *Consumer*, to receive, for the lanes in turn::
 *
 *	(C0) load-acquire board.lanes_serial, pairs with (K3); other than last time: look which
 *	     lanes there are, see below.
 *	(C1) tail = load-acquire header.tail, pairs with (P2). tail == head: the next lane.
 *	     Read record.length once. Unless 8 <= tail - head <= ring_bytes, tail is a multiple of
 *	     8, length <= max_length and RECORD_SIZE(length) <= tail - head: EVICT the lane, report
 *	     it once (EPROTO), go on with the others.
 *	     Copy the payload, and only then trust any of it. acks.lane[i].received += 1 (for STAT).
 *	(C2) store-release acks.lane[i].head = head + size, pairs with (P1).
 *	(C3) full fence, pairs with (K2).
 *	(C4) load board.lane[i].producer_waits; not 0: KICK the PRODUCER of the lane.
 *
 * No lane has anything: board.producers_gone is not 0: EPIPE; else WAIT to RECEIVE with the
 * lanes_serial of (C0), begin again. The consumer keeps @head for itself and only writes it to the
 * page, and it writes there of no lane but those it consumes; a new consumer of a channel finds
 * @head there and goes on.
 *
 * Several messages can be sent with one (P2) to (P4), and received with one (C2) to (C4), as
 * long as these are reached before the side waits.
 *
 * *Kernel*, in WAIT and poll(2), under a lock: links the waiter, stores 1 to @consumer_waits
 * (@producer_waits), (K1) (K2) full fence, looks at tails and heads; unless they say that there is
 * something, the task sleeps. KICK, under the lock: stores 0, wakes. So either the one side sees
 * the other's word, or the kernel sees its position. A wait that ends without a KICK leaves the
 * word as it is: a KICK for nobody costs one system call. WAIT can return 0 with nothing to see;
 * the caller looks again. The kernel compares these positions and does nothing else with them; who
 * writes nonsense harms its own messages.
 *
 * *Lanes* come and go::
 *
 *	FREE --OPEN with WRITE--> OPEN --its producer closes or dies--> GONE --EVICT--> FREE
 *	                          OPEN --EVICT--> EVICTED --its producer closes or dies--> FREE
 *
 * A lane that has nothing unread when its producer goes becomes FREE at once; one that is GONE and
 * has nothing unread any more may become FREE at any time. A record whose (P2) was not reached was
 * never sent. With each of these changes the kernel writes @state and @id, and then (K3)
 * store-releases @lanes_serial. A new lane has a new @id, its @tail and its @head are 0, and the
 * consumer maps it: @id before, mmap(2) the header and the ring, @id again; if that has changed, or
 * mmap(2) says ENOENT, look again. It unmaps a lane when the board has another @id for it, or 0, or
 * when it is GONE and all of it is read; then it EVICTs it, too, which frees the memory.
 */
#define IPCMBOX_CHANNEL_LANES_MAX	64
#define IPCMBOX_CHANNEL_RING_DEFAULT	(256U << 10)	/* bytes */
#define IPCMBOX_CHANNEL_RING_MAX	(64U << 20)	/* bytes */

/** DOC: Areas of a channel, offsets for mmap(2); 64 bits wide for 32-bit callers, too */
#define IPCMBOX_CHANNEL_BOARD		0ULL
#define IPCMBOX_CHANNEL_ACKS		(1ULL << 20)
#define IPCMBOX_CHANNEL_HEADER(lane)	(((lane) + 1ULL) << 28)
#define IPCMBOX_CHANNEL_RING(lane)	(IPCMBOX_CHANNEL_HEADER(lane) + (1ULL << 27))

/** DOC: State of a lane, &ipcmbox_channel_lane.state */
#define IPCMBOX_LANE_FREE	0	/* does not exist */
#define IPCMBOX_LANE_OPEN	1	/* has a producer */
#define IPCMBOX_LANE_GONE	2	/* its producer is gone, records are unread */
#define IPCMBOX_LANE_EVICTED	3	/* the consumer has evicted it, its producer has it still */

/**
 * struct ipcmbox_channel_lane - a lane as the board tells of it
 * @producer_waits: 1: its producer waits or polls: KICK it when there is more room
 * @state: IPCMBOX_LANE_*
 * @id: number of the lane, never used again in the channel; 0 if FREE
 * @__reserved: 0
 */
struct ipcmbox_channel_lane {
	__u32 producer_waits;
	__u32 state;
	__aligned_u64 id;
	__aligned_u64 __reserved[2];
};

/**
 * struct ipcmbox_channel_board - the page that the kernel writes
 * @consumer_waits: 1: the consumer waits or polls: KICK it when there is something to receive
 * @lanes_serial: changes when a lane comes, goes, or its producer does
 * @consumer_gone: 1: nobody can receive, for good: sends fail with EPIPE
 * @producers_gone: 1: nobody can send, for good: receives that find nothing fail with EPIPE
 * @__reserved: 0
 * @lane: the lanes
 */
struct ipcmbox_channel_board {
	__u32 consumer_waits;
	__u32 lanes_serial;
	__u32 consumer_gone;
	__u32 producers_gone;
	__aligned_u64 __reserved[6];
	struct ipcmbox_channel_lane lane[IPCMBOX_CHANNEL_LANES_MAX];
};

/**
 * struct ipcmbox_channel_ack - how far the consumer is with a lane
 * @head: bytes consumed; the kernel sets it to 0 for a new lane, before anybody can see that
 * @received: messages consumed, for STAT only; likewise
 * @__reserved: unused, a cache line each
 */
struct ipcmbox_channel_ack {
	__aligned_u64 head;
	__aligned_u64 received;
	__aligned_u64 __reserved[6];
};

/**
 * struct ipcmbox_channel_acks - the page that the consumer writes
 * @lane: the lanes
 */
struct ipcmbox_channel_acks {
	struct ipcmbox_channel_ack lane[IPCMBOX_CHANNEL_LANES_MAX];
};

/**
 * struct ipcmbox_channel_header - the first page of a lane, which its producer writes
 * @tail: bytes produced
 * @__reserved: unused, to the next cache line
 * @sent: messages produced, for STAT only
 */
struct ipcmbox_channel_header {
	__aligned_u64 tail;
	__aligned_u64 __reserved[7];
	__aligned_u64 sent;
};

/**
 * struct ipcmbox_channel_record - what is before the payload of a message in a ring
 * @length: of the payload, bytes, 0 to max_length
 * @events: for the two sides to agree on, 0 if they do not
 */
struct ipcmbox_channel_record {
	__u32 length;
	__u32 events;
};

#define IPCMBOX_CHANNEL_RECORD_SIZE(length) \
	((sizeof(struct ipcmbox_channel_record) + (__u64)(length) + 7) & ~7ULL)

/**
 * struct ipcmbox_channel_info - ioctl(IPCMBOX_IOC_CHANNEL_INFO) on a channel: what it takes to map
 * @ring_bytes: out: size of each lane's ring, a power of two
 * @id: out: id of the channel
 * @max_length: out: bytes of the longest message
 * @overflow: out: %IPCMBOX_OVERFLOW_BLOCK, or _FAIL: what a send does when its lane is full
 * @access: out: of the descriptor: %IPCMBOX_READ: the consumer's, %IPCMBOX_WRITE: it has @lane
 * @lane: out: the descriptor's own lane, -1 if it has none
 * @lane_id: out: its &ipcmbox_channel_lane.id, 0 if it has none
 *
 * All constant for the descriptor. Return: 0. Errors: EFAULT. Never blocks.
 */
struct ipcmbox_channel_info {
	__aligned_u64 ring_bytes;
	__aligned_u64 id;
	__u32 max_length;
	__u32 overflow;
	__u32 access;
	__s32 lane;
	__aligned_u64 lane_id;
};

/**
 * struct ipcmbox_channel_sender - a lane and its producer, element of CHANNEL_LANES
 * @id: out: &ipcmbox_channel_lane.id
 * @lane: out: which lane
 * @state: out: IPCMBOX_LANE_*, never FREE
 * @pid: out: process that opened it, as the caller sees it, 0 if not visible
 * @tid: out: its thread, likewise
 * @uid: out: its effective user id at that time, in the user namespace of the caller
 * @gid: out: its effective group id, likewise
 * @endpoint: out: never-reused id of its endpoint at that time, 0 if it had none
 *
 * The producer is who opened the lane: the kernel does not see who writes into pages. Who passes
 * the descriptor on lets others send in its name.
 */
struct ipcmbox_channel_sender {
	__aligned_u64 id;
	__u32 lane;
	__u32 state;
	__s32 pid;
	__s32 tid;
	__u32 uid;
	__u32 gid;
	__aligned_u64 endpoint;
};

/**
 * struct ipcmbox_channel_lanes - ioctl(IPCMBOX_IOC_CHANNEL_LANES) on a channel: who can send
 * @buf_ptr: in: array of @count elements of @element_size bytes each
 * @count: in: elements there is room for, 1 to %IPCMBOX_CHANNEL_LANES_MAX; out: elements written,
 *	by ascending lane
 * @element_size: in: sizeof(struct ipcmbox_channel_sender) of the caller, the first version's at
 *	least; the kernel cuts or zero-fills
 * @total: out: how many lanes there are
 * @lanes_serial: out: of the board, at the moment of looking
 *
 * One consistent moment of the channel. Needs no access.
 * Return: 0. Errors: EFAULT, EINVAL, ENOMEM. Never blocks.
 */
struct ipcmbox_channel_lanes {
	__aligned_u64 buf_ptr;
	__u32 count;
	__u32 element_size;
	__u32 total;
	__u32 lanes_serial;
};

/** DOC: What to wait for, &ipcmbox_channel_wait.what */
#define IPCMBOX_CHANNEL_RECEIVE	1	/* consumer: a message, or a change of the lanes */
#define IPCMBOX_CHANNEL_ROOM	2	/* producer: @bytes of room in its lane */

/**
 * struct ipcmbox_channel_wait - ioctl(IPCMBOX_IOC_CHANNEL_WAIT) on a channel: sleep until kicked
 * @what: in: IPCMBOX_CHANNEL_*
 * @flags: in: %IPCMBOX_NONBLOCK or %IPCMBOX_DEADLINE
 * @deadline_ns: in with DEADLINE, else must be 0
 * @clock: in with DEADLINE: IPCMBOX_CLOCK_*, else must be 0
 * @lanes_serial: in with RECEIVE, else must be 0: &ipcmbox_channel_board.lanes_serial as the caller
 *	knows it
 * @bytes: in with ROOM, 1 to the size of the ring, else must be 0: size of the record to be written
 *
 * RECEIVE returns when some lane that is not EVICTED has a tail other than its head, or the serial
 * is not @lanes_serial. ROOM returns when there is that much between the head and the tail of the
 * lane, or these are nonsense. Both may also return for nothing.
 *
 * RECEIVE fails with EPIPE if there is nothing to receive and nobody can send for good. ROOM fails
 * with EPIPE if the lane is EVICTED or nobody can receive for good, even if there is room.
 *
 * Return: 0. Errors: EACCES (RECEIVE needs READ, ROOM needs WRITE), EAGAIN (NONBLOCK or
 * O_NONBLOCK), EFAULT, EINTR, EINVAL, EPIPE, ETIMEDOUT.
 */
struct ipcmbox_channel_wait {
	__u32 what;
	__u32 flags;
	__aligned_u64 deadline_ns;
	__u32 clock;
	__u32 lanes_serial;
	__aligned_u64 bytes;
};

/** DOC: Whom to wake, &ipcmbox_channel_kick.whom */
#define IPCMBOX_CHANNEL_CONSUMER	1
#define IPCMBOX_CHANNEL_PRODUCER	2	/* of @lane */

/**
 * struct ipcmbox_channel_kick - ioctl(IPCMBOX_IOC_CHANNEL_KICK) on a channel: wake the other side
 * @whom: in: IPCMBOX_CHANNEL_CONSUMER (needs WRITE), _PRODUCER (needs READ)
 * @lane: in with PRODUCER, else must be 0: whose, less than %IPCMBOX_CHANNEL_LANES_MAX
 *
 * Wakes all that wait on that side, and its pollers; nobody, if nobody does.
 * Return: 0. Errors: EACCES, EFAULT, EINVAL. Never blocks.
 */
struct ipcmbox_channel_kick {
	__u32 whom;
	__u32 lane;
};

/**
 * struct ipcmbox_channel_evict - ioctl(IPCMBOX_IOC_CHANNEL_EVICT) on a channel: be done with a lane
 * @id: in: &ipcmbox_channel_lane.id of the lane
 * @lane: in: which
 * @__reserved: must be 0
 *
 * What is unread in it is lost. Its producer, if there is one, gets EPIPE, and keeps the lane until
 * it closes its descriptor; the next one of the same peer is a new lane. Needs READ.
 *
 * Return: 0. Errors: EACCES, EFAULT, EINVAL, ESTALE (not a lane of that id, or evicted already).
 * Never blocks.
 */
struct ipcmbox_channel_evict {
	__aligned_u64 id;
	__u32 lane;
	__u32 __reserved;
};

/* On the device: 0x00 general, 0x10 mailboxes, 0x20 segments. */
#define IPCMBOX_IOC_QUERY	_IOR(IPCMBOX_IOC_MAGIC, 0x00, struct ipcmbox_query)
#define IPCMBOX_IOC_OPEN	_IOWR(IPCMBOX_IOC_MAGIC, 0x10, struct ipcmbox_open)
#define IPCMBOX_IOC_UNLINK	_IOW(IPCMBOX_IOC_MAGIC, 0x11, struct ipcmbox_unlink)
#define IPCMBOX_IOC_LIST	_IOWR(IPCMBOX_IOC_MAGIC, 0x12, struct ipcmbox_list)
#define IPCMBOX_IOC_BLOCKED	_IOWR(IPCMBOX_IOC_MAGIC, 0x13, struct ipcmbox_blocked_list)
#define IPCMBOX_IOC_SEGMENT_OPEN _IOWR(IPCMBOX_IOC_MAGIC, 0x20, struct ipcmbox_segment_open)
#define IPCMBOX_IOC_SEGMENT_UNLINK _IOW(IPCMBOX_IOC_MAGIC, 0x21, struct ipcmbox_unlink)
#define IPCMBOX_IOC_SEGMENT_LIST _IOWR(IPCMBOX_IOC_MAGIC, 0x22, struct ipcmbox_list)

/* On a mailbox: 0x40 messages, 0x50 administration. */
#define IPCMBOX_IOC_SEND	_IOWR(IPCMBOX_IOC_MAGIC, 0x40, struct ipcmbox_send)
#define IPCMBOX_IOC_RECV	_IOWR(IPCMBOX_IOC_MAGIC, 0x41, struct ipcmbox_recv)
#define IPCMBOX_IOC_SENDV	_IOW(IPCMBOX_IOC_MAGIC, 0x42, struct ipcmbox_vector)
#define IPCMBOX_IOC_RECVV	_IOW(IPCMBOX_IOC_MAGIC, 0x43, struct ipcmbox_vector)
#define IPCMBOX_IOC_CALL	_IOWR(IPCMBOX_IOC_MAGIC, 0x44, struct ipcmbox_call)
#define IPCMBOX_IOC_REPLY	_IOWR(IPCMBOX_IOC_MAGIC, 0x45, struct ipcmbox_reply)
#define IPCMBOX_IOC_REPLY_RECV	_IOW(IPCMBOX_IOC_MAGIC, 0x46, struct ipcmbox_reply_recv)
#define IPCMBOX_IOC_SETTLE	_IOW(IPCMBOX_IOC_MAGIC, 0x47, struct ipcmbox_settle)
#define IPCMBOX_IOC_JOIN	_IOWR(IPCMBOX_IOC_MAGIC, 0x48, struct ipcmbox_join)
#define IPCMBOX_IOC_LEAVE	_IO(IPCMBOX_IOC_MAGIC, 0x49)
#define IPCMBOX_IOC_NOTIFY	_IOW(IPCMBOX_IOC_MAGIC, 0x4a, struct ipcmbox_notify)
#define IPCMBOX_IOC_WRITE(length) __IPCMBOX_IOC_PLAIN(_IOC_WRITE, 0x4b, length)
#define IPCMBOX_IOC_READ(length) __IPCMBOX_IOC_PLAIN(_IOC_READ, 0x4c, length)
#define IPCMBOX_IOC_STAT	_IOR(IPCMBOX_IOC_MAGIC, 0x50, struct ipcmbox_info)
#define IPCMBOX_IOC_SET		_IOW(IPCMBOX_IOC_MAGIC, 0x51, struct ipcmbox_set)
#define IPCMBOX_IOC_RECORD	_IOWR(IPCMBOX_IOC_MAGIC, 0x52, struct ipcmbox_record_list)

/* On a segment. */
#define IPCMBOX_IOC_SEGMENT_STAT _IOR(IPCMBOX_IOC_MAGIC, 0x80, struct ipcmbox_segment_info)
#define IPCMBOX_IOC_SEGMENT_SET	_IOW(IPCMBOX_IOC_MAGIC, 0x81, struct ipcmbox_segment_set)

/* On a channel, with STAT and SET. */
#define IPCMBOX_IOC_CHANNEL_INFO \
	_IOR(IPCMBOX_IOC_MAGIC, 0x60, struct ipcmbox_channel_info)
#define IPCMBOX_IOC_CHANNEL_LANES \
	_IOWR(IPCMBOX_IOC_MAGIC, 0x61, struct ipcmbox_channel_lanes)
#define IPCMBOX_IOC_CHANNEL_WAIT \
	_IOW(IPCMBOX_IOC_MAGIC, 0x62, struct ipcmbox_channel_wait)
#define IPCMBOX_IOC_CHANNEL_KICK \
	_IOW(IPCMBOX_IOC_MAGIC, 0x63, struct ipcmbox_channel_kick)
#define IPCMBOX_IOC_CHANNEL_EVICT \
	_IOW(IPCMBOX_IOC_MAGIC, 0x64, struct ipcmbox_channel_evict)

/*
 * SEND and RECV with the first version of their structures: what most messages need, and the
 * shorter way through the kernel.
 */
#define IPCMBOX_SEND_SIZE_V0	40
#define IPCMBOX_RECV_SIZE_V0	88
#define IPCMBOX_IOC_SEND_V0	_IOC(_IOC_READ | _IOC_WRITE, IPCMBOX_IOC_MAGIC, 0x40, \
				     IPCMBOX_SEND_SIZE_V0)
#define IPCMBOX_IOC_RECV_V0	_IOC(_IOC_READ | _IOC_WRITE, IPCMBOX_IOC_MAGIC, 0x41, \
				     IPCMBOX_RECV_SIZE_V0)

#endif /* _UAPI_LINUX_IPCMBOX_H */
