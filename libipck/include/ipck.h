/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libipck: mailboxes between processes.
 *
 * This header is the reference manual of the library.
 */
#ifndef IPCK_H
#define IPCK_H

#include <fcntl.h>	/* the O_* flags of ipck_open() */
#include <signal.h>	/* union sigval */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A mailbox is an object of the kernel that holds messages until somebody
 * receives them.  Processes find it by its name, by its id, or by getting a
 * descriptor of it from somebody else.  The smallest exchange there is::
 *
 *	struct ipck *mb;
 *	char text[64];
 *
 *	ipck_open(&mb, "jobs", O_RDWR | O_CREAT, NULL);
 *	ipck_send(mb, "hello", 6, 0);
 *	ipck_recv(mb, text, sizeof(text));
 *	ipck_close(mb);
 *
 * Messages are received by priority, highest first, and in the order of their
 * arrival within a priority, as mq_send(3) has it.  A function that fails has
 * changed nothing: a failed send has delivered nothing and never will, a failed
 * receive has left the message in its place.
 *
 * Who receives a message is said by the discipline of the mailbox,
 * &enum ipck_discipline: one receiver, every member that joined, the process or
 * thread it is addressed to, or the consumer of a channel.  What "sent" means is
 * said by the completion, &enum ipck_completion: the message is queued, received,
 * or handled.  A call (ipck_call()) is a send that waits until it is handled, and
 * whose reply carries data.
 *
 * Link with -lipck, or ask ``pkg-config libipck``.
 */

/**
 * DOC: Rules of the whole library
 *
 * *Results.*  A function that returns int or ssize_t returns 0 or a positive
 * count if it succeeded and a negative errno value, such as -ENOENT, if it
 * failed.  The variable errno has no meaning after a call.  What a function
 * gives back through pointers is valid after success only, unless said
 * otherwise.
 *
 * *NULL.*  A pointer described as optional may be NULL, and ipck_close(NULL)
 * does nothing.  Any other NULL gives -EINVAL, and -EFAULT if it is where a
 * payload should be.
 *
 * *Structures.*  Set members without a meaning for you to 0, which is their
 * default; the easy way is an initialiser (``= { .priority = 7 }``).  Reserved
 * members must be 0: this is how a structure can get members later.  Names are
 * ended by a NUL, lengths and sizes are bytes, times are nanoseconds.
 *
 * *Threads.*  Any number of threads may use a handle at once.  Only
 * ipck_close() must be the last use of it.
 *
 * *Processes.*  A handle may be used after fork() on both sides, and each side
 * closes its own.  The descriptor behind it is closed by execve(); clear
 * FD_CLOEXEC to let a program inherit it, which calls ipck_from_fd().  (That of a
 * channel is for one process at a time, see there.)
 *
 * *Costs.*  There are no hidden threads and no global state.  Sending,
 * receiving, calling and replying never allocate memory in the process, and are
 * one system call each; where it is more, the description says so.  (With
 * %IPCK_WAIT_FOR, clock_gettime(2) is asked, which mostly is none.)
 *
 * *Blocking.*  Only sending, receiving, calling and ipck_wait_any() may block.
 *
 * *The device.*  Functions without a handle open the device for a moment: to
 * open, to unlink and to list mailboxes and segments, ipck_blocked() and
 * ipck_limits().  That can fail with -EACCES (the mode of the device node),
 * -EMFILE, -ENODEV and -ENOMEM.
 *
 * *Older modules.*  ipck_limits() tells what the running module knows.  What it
 * does not know fails with -ENOTTY, -E2BIG or -EINVAL, and changes nothing.
 *
 * *Opaque handles.*  All that a program knows of a handle is in this header,
 * because not every kind of mailbox is a mere descriptor: a channel has its
 * pages behind the same calls.
 */

/**
 * DOC: Errors
 *
 * One meaning each, for every function; ipck_strerror() puts it in words.
 *
 * ============= =============================================================
 * -EACCES       The mode of the mailbox, the access the handle was opened
 *               with, or the mode of the device node does not allow it.
 * -EAGAIN       It would block: no message, no room, or no receiver waiting.
 * -EBADF        A descriptor is not open.
 * -EBADMSG      A message that was received hands over no segment.
 * -EBUSY        A notification is registered already; a channel has a consumer
 *               already, or no lane left; its handle has a message reserved or
 *               peeked at; a segment that is to be moved is mapped, written or
 *               pinned.
 * -EDEADLK      The call would close a circle of threads that wait for each
 *               other's replies.
 * -EDQUOT       The calling user's budget is used up, see ipck_limits().
 * -EEXIST       The name exists, and O_EXCL was given; the process or thread
 *               has an endpoint.
 * -EFAULT       A payload or a name that cannot be read or written.
 * -EFBIG        A segment longer than a file can be, or RLIMIT_FSIZE allows.
 * -EINTR        A signal came whose handler does not have SA_RESTART.
 * -EINVAL       A bad value, a forbidden NULL, a reserved member that is not 0.
 * -ELOOP        A descriptor of a kind that must not be sent in a message.
 * -EMFILE       No free descriptor number (also -ENFILE).
 * -EMSGSIZE     The message is longer than the mailbox allows, or than the
 *               buffer of the receiver, or has more descriptors than that has
 *               room for.
 * -ENAMETOOLONG The name is longer than %IPCK_NAME_MAX.
 * -ENODEV       There is no mailbox device: the module is not loaded.
 * -ENOENT       No mailbox, or no segment, of that name or id.
 * -ENOMEM       No memory, or the memory cgroup is at its limit.
 * -ENOSPC       No memory for a segment: the system commits no more.
 * -ENOTTY       The descriptor is not one of a mailbox (of a segment), or the
 *               module is older than what was asked for.
 * -EPERM        Only the owner may; the segment is sealed, or moved away.
 * -EPIPE        The other side is gone for good: the mailbox has no name (any
 *               more), and the last descriptor that could receive what was to
 *               be sent, or send what was to be received, has been closed; the
 *               owner of the endpoint has died; the receiver of a call has
 *               closed its descriptor or died; whoever called does not wait for
 *               the reply any more; the consumer of the channel has refused to
 *               read on.
 * -EPROTO       The other side of a channel has written nonsense in its pages.
 * -ESRCH        No such process or thread, or it has no endpoint.
 * -ESTALE       The token or the cookie was used: the message is replied to,
 *               settled, or has gone back.
 * -ETIMEDOUT    The time to wait is over.
 * -E2BIG        The module is older than what was asked for.
 * ============= =============================================================
 */

/** DOC: Version of this interface; ipck_version() tells that of the library */
#define IPCK_VERSION_MAJOR	0
#define IPCK_VERSION_MINOR	2

/** DOC: Fixed limits; ipck_limits() tells those of the running kernel */
#define IPCK_NAME_MAX		255		/* bytes of a name */
#define IPCK_PRIORITY_MAX	32767		/* highest; 0 is the lowest */
#define IPCK_LENGTH_MAX		(16U << 20)	/* bytes of any message */
#define IPCK_IOVEC_MAX		64		/* parts of a payload */
#define IPCK_FDS_MAX		16		/* descriptors in a message */
#define IPCK_RECORDER_MAX	65536		/* steps a recorder can keep */

/** DOC: Defaults of a new mailbox */
#define IPCK_CAPACITY_DEFAULT	64U		/* messages, without attributes */
#define IPCK_LENGTH_DEFAULT	(64U << 10)	/* bytes of its longest message */
#define IPCK_MODE_DEFAULT	0600U		/* the owner sends and receives */

/** DOC: &ipck_attr.capacity of a mailbox whose senders never wait for room */
#define IPCK_UNBOUNDED		0xffffffffU

/** DOC: Flags of ipck_open() beside O_* */
#define IPCK_O_TRANSIENT	0x40000000 /* name goes with last descriptor */
#define IPCK_O_ADMIN		0x20000000 /* neither receive nor send */

/** DOC: Positive result of a send: the overflow policy dropped this message */
#define IPCK_SENT_DROPPED	1

/**
 * enum ipck_discipline - who receives the messages of a mailbox
 * @IPCK_QUEUE: each goes to exactly one receiver
 * @IPCK_EVENT: each goes to every member that joined, see ipck_join()
 * @IPCK_MEMBER: of an event mailbox, made by ipck_join()
 * @IPCK_ENDPOINT: inbox of a process or a thread, see ipck_endpoint()
 * @IPCK_CHANNEL: each goes to the one consumer, through shared pages, see
 *	ipck_reserve()
 */
enum ipck_discipline {
	IPCK_QUEUE = 0,
	IPCK_EVENT = 1,
	IPCK_MEMBER = 2,
	IPCK_ENDPOINT = 3,
	IPCK_CHANNEL = 4
};

/**
 * enum ipck_overflow - what a send does when the mailbox is full
 * @IPCK_OVERFLOW_BLOCK: it waits for room (-EAGAIN if it must not wait)
 * @IPCK_OVERFLOW_FAIL: -EAGAIN, even if it might wait
 * @IPCK_OVERFLOW_DROP_OLDEST: it makes room by dropping messages, the lowest
 *	priority first and the oldest first within it, but none of higher
 *	priority than the new one, which is dropped itself if that is not enough
 * @IPCK_OVERFLOW_DROP_NEWEST: the new message is dropped
 *
 * A dropped message counts as sent and as dropped, and the next message
 * received that came after the loss tells how many were lost before it
 * (&ipck_msg.lost).  A message whose sender waits for %IPCK_RECEIVED or
 * %IPCK_HANDLED is never dropped silently: its sender gets -EAGAIN.
 */
enum ipck_overflow {
	IPCK_OVERFLOW_BLOCK = 0,
	IPCK_OVERFLOW_FAIL = 1,
	IPCK_OVERFLOW_DROP_OLDEST = 2,
	IPCK_OVERFLOW_DROP_NEWEST = 3
};

/**
 * enum ipck_completion - when a message counts as sent
 * @IPCK_QUEUED: accepted by the mailbox; with capacity 0, handed to a receiver
 * @IPCK_RECEIVED: copied to its receiver
 * @IPCK_HANDLED: replied to or acknowledged by its receiver.  A receive that
 *	takes no token (%IPCK_TOKEN) acknowledges the message by itself
 *
 * Events are for many, and can be %IPCK_QUEUED only.
 *
 * With %IPCK_RECEIVED and %IPCK_HANDLED, and in a call, the receiver reads a
 * payload of 8 KiB or more from the memory of its sender, who must not write
 * there before the function returns.
 */
enum ipck_completion {
	IPCK_QUEUED = 0,
	IPCK_RECEIVED = 1,
	IPCK_HANDLED = 2
};

/**
 * enum ipck_peer - whom a process, a thread or its endpoint is named by
 * @IPCK_ANY: nobody in particular
 * @IPCK_PROCESS: process id, as the caller sees it
 * @IPCK_THREAD: thread id, as the caller sees it
 * @IPCK_ENDPOINT_ID: id of an endpoint: ipck_id(), or &ipck_msg.sender_endpoint
 * @IPCK_PIDFD: pidfd of a process; for ipck_connect() only
 *
 * Process and thread ids are used again when their owner is dead, ids of
 * endpoints are not.
 */
enum ipck_peer {
	IPCK_ANY = 0,
	IPCK_PROCESS = 1,
	IPCK_THREAD = 2,
	IPCK_ENDPOINT_ID = 3,
	IPCK_PIDFD = 4
};

/**
 * enum ipck_wait - how long a send, a receive or a call may wait
 * @IPCK_WAIT_FOREVER: until it succeeds or fails
 * @IPCK_WAIT_NEVER: not at all: -EAGAIN if it would block
 * @IPCK_WAIT_FOR: as long as @wait_ns says, then -ETIMEDOUT
 * @IPCK_WAIT_UNTIL: until the clock shows @wait_ns, then -ETIMEDOUT
 *
 * A span that is over or 0 long, and a moment that has passed, mean: try once,
 * then -ETIMEDOUT.  More than the clock can count is for ever.  A span becomes a
 * moment once, at the start of the call, so that signals do not lengthen it.
 *
 * O_NONBLOCK on the descriptor makes each of them %IPCK_WAIT_NEVER.
 */
enum ipck_wait {
	IPCK_WAIT_FOREVER = 0,
	IPCK_WAIT_NEVER = 1,
	IPCK_WAIT_FOR = 2,
	IPCK_WAIT_UNTIL = 3
};

/**
 * enum ipck_clock - the clock that &enum ipck_wait is about
 * @IPCK_CLOCK_MONOTONIC: CLOCK_MONOTONIC
 * @IPCK_CLOCK_REALTIME: CLOCK_REALTIME; waiting follows steps of the clock
 * @IPCK_CLOCK_BOOTTIME: CLOCK_BOOTTIME: goes on while the system is suspended
 *
 * As clock_gettime(2) shows it to the caller.  These are not the numbers of
 * clockid_t, among which 0 is CLOCK_REALTIME.
 */
enum ipck_clock {
	IPCK_CLOCK_MONOTONIC = 0,
	IPCK_CLOCK_REALTIME = 1,
	IPCK_CLOCK_BOOTTIME = 2
};

/**
 * enum ipck_limit - which limit a failed call met
 * @IPCK_LIMIT_NONE: none, or not known
 * @IPCK_LIMIT_CAPACITY: messages or bytes the mailbox holds
 * @IPCK_LIMIT_LENGTH: longest message of the mailbox
 * @IPCK_LIMIT_BUFFER: size of the receiver's buffer
 * @IPCK_LIMIT_USER_MAILBOXES: mailboxes the user may have
 * @IPCK_LIMIT_USER_MESSAGES: messages the user may have under way
 * @IPCK_LIMIT_USER_BYTES: bytes the user may have under way
 * @IPCK_LIMIT_MEMORY: memory of the system or of the memory cgroup
 * @IPCK_LIMIT_USER_FDS: descriptors the user may have under way
 * @IPCK_LIMIT_FDS: room for descriptors of the receiver
 * @IPCK_LIMIT_USER_SEGMENTS: segments the user may have
 * @IPCK_LIMIT_USER_SEGMENT_BYTES: bytes of segments the user may have
 */
enum ipck_limit {
	IPCK_LIMIT_NONE = 0,
	IPCK_LIMIT_CAPACITY = 1,
	IPCK_LIMIT_LENGTH = 2,
	IPCK_LIMIT_BUFFER = 3,
	IPCK_LIMIT_USER_MAILBOXES = 4,
	IPCK_LIMIT_USER_MESSAGES = 5,
	IPCK_LIMIT_USER_BYTES = 6,
	IPCK_LIMIT_MEMORY = 7,
	IPCK_LIMIT_USER_FDS = 8,
	IPCK_LIMIT_FDS = 9,
	IPCK_LIMIT_USER_SEGMENTS = 10,
	IPCK_LIMIT_USER_SEGMENT_BYTES = 11
};

/*
 * An open mailbox: made by ipck_open(), ipck_open_id(), ipck_from_fd(),
 * ipck_join(), ipck_endpoint() and ipck_connect(), ended by ipck_close().
 */
struct ipck;

/** DOC: Flags of &ipck_attr.flags */
#define IPCK_ATTR_KEEP_LAST	(1U << 0)	/* events: for new members */
#define IPCK_ATTR_FDS		(1U << 1)	/* messages can bring fds */
#define IPCK_ATTR_THREAD	(1U << 2)	/* endpoint: of this thread */
#define IPCK_ATTR_POSIX		(1U << 3)	/* queue: as mq_open(3) */

/**
 * struct ipck_attr - how a new mailbox shall be
 * @capacity: messages it holds: 0 is a rendezvous, where a send ends when its
 *	message has been handed to a receiver; %IPCK_UNBOUNDED holds what the
 *	budgets of its senders allow
 * @max_length: bytes of its longest message, up to %IPCK_LENGTH_MAX; 0 is the
 *	smaller of %IPCK_LENGTH_DEFAULT and @max_bytes
 * @max_bytes: bytes of payload it holds, at least @max_length; 0 is no bound
 * @overflow: what a send does when the mailbox is full
 * @mode: who may open it: permission bits of owner, group and others as of
 *	chmod(1), 4 to receive and 2 to send, less the umask of the process;
 *	0 is %IPCK_MODE_DEFAULT (only ipck_set() can take all rights away)
 * @discipline: who receives its messages: %IPCK_QUEUE, %IPCK_EVENT,
 *	%IPCK_ENDPOINT or %IPCK_CHANNEL
 * @flags: %IPCK_ATTR_FDS: its messages can bring descriptors, which any sender
 *	could fill the receiver's table with otherwise.  %IPCK_ATTR_KEEP_LAST,
 *	for %IPCK_EVENT: the last message of each event bit is kept, and a new
 *	member gets it.  %IPCK_ATTR_THREAD, for %IPCK_ENDPOINT: of the calling
 *	thread alone.  %IPCK_ATTR_POSIX, for %IPCK_QUEUE: as mq_open(3) has it
 *	where that is different: receives fail (-EMSGSIZE) whose buffer does not
 *	hold the longest message, none fails (-EPIPE) as the other side is gone,
 *	notifications can be registered without the right to receive, and
 *	read(2) and write(2) move no messages.  libipck-posix(7) makes such
 *	queues
 * @reserved: 0
 *
 * 0 is the default of every member but @capacity, whose 0 has its own meaning.
 * Start with %IPCK_ATTR_INIT, which is what no attributes at all mean too, or
 * with the capacity: ``struct ipck_attr attr = { .capacity = 8 };``.
 *
 * An event mailbox has no queue of its own: capacity (which cannot be 0), bytes
 * and policy are what its members have unless they ask for less.
 *
 * A channel has no capacity in messages: 0 or %IPCK_UNBOUNDED.  @max_bytes is the
 * size of the ring of each sender, rounded up to a power of two, up to 64 MiB; 0
 * is 256 KiB.  @max_length is less than half of that.  @overflow is
 * %IPCK_OVERFLOW_BLOCK or %IPCK_OVERFLOW_FAIL.
 */
struct ipck_attr {
	uint32_t capacity;
	uint32_t max_length;
	uint64_t max_bytes;
	enum ipck_overflow overflow;
	uint32_t mode;
	enum ipck_discipline discipline;
	uint32_t flags;
	uint32_t reserved[8];
};

#define IPCK_ATTR_INIT \
	{ IPCK_CAPACITY_DEFAULT, 0, 0, IPCK_OVERFLOW_BLOCK, 0, IPCK_QUEUE, 0, \
	  { 0, 0, 0, 0, 0, 0, 0, 0 } }

/**
 * ipck_open() - open a mailbox by its name, or create one
 * @mb: where the handle goes; *mb is NULL after a failure
 * @name: 1 to %IPCK_NAME_MAX bytes other than '/', and neither "." nor "..".
 *	One '/' before it is ignored, for programs that write names as
 *	mq_open(3) wants them.  NULL with O_CREAT makes a mailbox without a
 *	name, which others find by its id or by its descriptor.
 * @oflag: O_RDONLY to receive, O_WRONLY to send, or O_RDWR, and any of
 *	O_CREAT to create it unless the name exists; O_EXCL with O_CREAT to fail
 *	if it does; O_NONBLOCK to wait in no call; %IPCK_O_TRANSIENT with
 *	O_CREAT for a name that goes with the last descriptor.  O_CLOEXEC is
 *	accepted, and always on.  %IPCK_O_ADMIN in place of O_RDONLY, O_WRONLY
 *	and O_RDWR is for ipck_stat(), ipck_set() and ipck_record() only; the
 *	owner and CAP_IPC_OWNER may, whatever the mode says
 * @attr: optional: how a mailbox created here shall be; without it as
 *	%IPCK_ATTR_INIT.  Not looked at without O_CREAT, and without effect on a
 *	mailbox that exists.
 *
 * Rights are checked here, against the effective ids of the process, and go
 * with the descriptor to whoever it is passed to.  CAP_IPC_OWNER overrides the
 * mode.
 *
 * A name lives until it is unlinked (or the module is unloaded), also when
 * nobody has the mailbox open; so do the messages in it.  A transient name and
 * a mailbox without a name live as long as their descriptors.
 *
 * Return: 0, or
 * -EACCES (rights), -EBUSY (a channel: it has a consumer, or no lane is left),
 * -EDQUOT (%IPCK_LIMIT_USER_MAILBOXES; for the pages of a channel
 * %IPCK_LIMIT_USER_BYTES), -EEXIST, -EINVAL (also: unknown flags; O_EXCL or
 * %IPCK_O_TRANSIENT without O_CREAT), -EMFILE, -ENAMETOOLONG, -ENODEV, -ENOENT (no
 * such name, and no O_CREAT), -ENOMEM.
 */
int ipck_open(struct ipck **mb, const char *name, int oflag,
	      const struct ipck_attr *attr);

/**
 * ipck_open_id() - open a mailbox by its id
 * @mb: where the handle goes; *mb is NULL after a failure
 * @id: id from ipck_id(), ipck_stat() or ipck_list()
 * @oflag: O_RDONLY, O_WRONLY, O_RDWR or %IPCK_O_ADMIN, and O_NONBLOCK, as in
 *	ipck_open().  Endpoints can be opened with O_WRONLY and %IPCK_O_ADMIN,
 *	members with %IPCK_O_ADMIN only
 *
 * Ids are never used again while the module is loaded.
 *
 * Return: 0, or -EACCES, -EBUSY and -EDQUOT (channels, as in ipck_open()), -EINVAL,
 * -EMFILE, -ENODEV, -ENOENT, -ENOMEM.
 */
int ipck_open_id(struct ipck **mb, uint64_t id, int oflag);

/**
 * ipck_from_fd() - make a handle of a descriptor that is there already
 * @mb: where the handle goes; *mb is NULL after a failure
 * @fd: a descriptor of a mailbox: inherited, or received over a socket
 *
 * The handle owns @fd from now on.  After a failure the caller still does.
 * The flags of the descriptor stay as they are.
 *
 * Return: 0, or -EBADF (not open), -EINVAL, -ENOMEM, -ENOTTY (not a mailbox).
 */
int ipck_from_fd(struct ipck **mb, int fd);

/**
 * ipck_close() - end a handle
 * @mb: optional: the handle; no thread may be using it
 *
 * Closes the descriptor.  Messages sent stay in the mailbox if it lives on.
 */
void ipck_close(struct ipck *mb);

/**
 * ipck_fd() - the descriptor of a handle
 * @mb: the handle, which keeps owning the descriptor
 *
 * For poll(2) and epoll(7) (POLLIN: a receive would not block, POLLOUT: a send
 * would not, POLLHUP: the other side is gone for good), for fcntl(2), to pass it
 * over a socket, and for read(2) and write(2), each of which moves one message.
 *
 * Return: the descriptor, or -EINVAL.
 */
int ipck_fd(const struct ipck *mb);

/**
 * ipck_id() - the id of a mailbox
 * @mb: the handle
 *
 * Return: the id, or 0 (which no mailbox has) if @mb is NULL.
 */
uint64_t ipck_id(const struct ipck *mb);

/**
 * ipck_unlink() - remove a name
 * @name: the name, as in ipck_open()
 *
 * The name is free at once.  The mailbox lives on without it until its last
 * descriptor is closed; if nobody has it open, it and its messages end now.
 *
 * Return: 0, or -EINVAL, -ENAMETOOLONG, -ENODEV, -ENOENT, -EPERM (not the owner).
 */
int ipck_unlink(const char *name);

/**
 * ipck_unlink_id() - remove the name of the mailbox with an id
 * @id: the id
 *
 * Return: 0, or -EINVAL, -ENODEV, -ENOENT (also: has no name), -EPERM.
 */
int ipck_unlink_id(uint64_t id);

/**
 * ipck_send() - send a message
 * @mb: the mailbox, opened for sending
 * @buf: the payload
 * @len: its length, 0 upwards
 * @priority: 0 to %IPCK_PRIORITY_MAX
 *
 * Blocks while the mailbox is full, unless O_NONBLOCK is set.  Sends that wait
 * get room by the priority of their message, then in the order of arrival.
 *
 * Return: 0; %IPCK_SENT_DROPPED if the overflow policy dropped this message; or
 * -EACCES (not opened for sending), -EAGAIN, -EDQUOT, -EFAULT, -EINTR, -EINVAL,
 * -EMSGSIZE (longer than the mailbox allows), -ENOMEM, -EPIPE.
 */
int ipck_send(struct ipck *mb, const void *buf, size_t len,
	      unsigned int priority);

/**
 * ipck_recv() - receive a message
 * @mb: the mailbox, opened for receiving
 * @buf: where the payload goes
 * @size: room there; &ipck_info.max_length is enough for every message
 *
 * Blocks until there is a message, unless O_NONBLOCK is set.  Receivers that
 * wait are served in the order of their arrival, and one message wakes one.
 *
 * Return: the length of the message, which may be 0, or
 * -EACCES (not opened for receiving), -EAGAIN, -EFAULT, -EINTR, -EINVAL, -EMSGSIZE
 * (@size is too small: the message stays, ipck_recv_opt() tells its length),
 * -EPIPE.
 */
ssize_t ipck_recv(struct ipck *mb, void *buf, size_t size);

/**
 * DOC: Flag of sends, receives, calls and replies: a payload in parts
 *
 * With %IPCK_IOVEC the payload is an array of struct iovec: the pointer to the
 * payload is the array's, and its length how many elements there are, up to
 * %IPCK_IOVEC_MAX.  (On 32-bit systems they are copied on the stack.)
 */
#define IPCK_IOVEC		(1U << 4)

/**
 * DOC: Flag of sends, calls and replies: segments among the descriptors move
 *
 * The receiver alone can write to them until it lets go of them, see
 * ipck_shm_send().
 */
#define IPCK_MOVE		(1U << 6)

/**
 * struct ipck_send_opt - how to send
 * @flags: 0, or of %IPCK_IOVEC and %IPCK_MOVE
 * @priority: 0 to %IPCK_PRIORITY_MAX
 * @completion: when the message counts as sent, and what the send waits for
 * @wait: how long it may wait
 * @wait_ns: span of %IPCK_WAIT_FOR, moment of %IPCK_WAIT_UNTIL, else 0
 * @clock: clock of %IPCK_WAIT_FOR and %IPCK_WAIT_UNTIL, else 0
 * @to_kind: on an own endpoint, and only there: what @to is; the message goes to
 *	that endpoint, see ipck_send_to().  %IPCK_ANY: to the mailbox
 * @to: whom it is for
 * @events: event bits of the message, of %IPCK_EVENTS_USER.  Members get it if
 *	their mask has one of them, or if it has none; any receive can select by
 *	them
 * @fds: descriptors in the message.  The receiver gets the same open file
 *	descriptions, under numbers of its own; the sender keeps what it has.
 *	For mailboxes with %IPCK_ATTR_FDS only (else -EACCES).  Sockets of
 *	AF_UNIX, io_uring, and mailboxes opened for receiving are refused
 *	(-ELOOP)
 * @nr_fds: how many, up to %IPCK_FDS_MAX
 * @reserved: 0
 *
 * All 0 is what ipck_send() does.
 */
struct ipck_send_opt {
	uint32_t flags;
	uint32_t priority;
	enum ipck_completion completion;
	enum ipck_wait wait;
	uint64_t wait_ns;
	enum ipck_clock clock;
	enum ipck_peer to_kind;
	uint64_t to;
	uint64_t events;
	const int *fds;
	uint32_t nr_fds;
	uint32_t reserved[9];
};

/**
 * ipck_send_opt() - send a message, with all the choices there are
 * @mb: the mailbox, opened for sending
 * @buf: the payload
 * @len: its length, 0 upwards
 * @opt: optional: how to send
 * @limit: optional: which limit the send met, an &enum ipck_limit, if it failed
 *	with -EAGAIN, -EDQUOT, -EMSGSIZE or -ENOMEM; else %IPCK_LIMIT_NONE.
 *	Always written; meant for ipck_strerror().
 *
 * May block until the completion, within the time that @opt allows.  Then it
 * has succeeded, or the message is withdrawn and nobody will receive it.  With
 * %IPCK_WAIT_NEVER, a send to capacity 0 and one with %IPCK_RECEIVED succeed only
 * if a receiver is waiting, and do when the message is handed to it.
 *
 * One exception: a send that waits until it is handled and is interrupted, or
 * runs out of time, when the message has been received, fails while the
 * receiver goes on with it.  ipck_call_opt() can be resumed instead.
 *
 * Return: as ipck_send(), and -EBADF (one of @opt->fds), -EDEADLK, -ELOOP,
 * -ESRCH, -ETIMEDOUT; with %IPCK_MOVE as ipck_shm_send().
 */
int ipck_send_opt(struct ipck *mb, const void *buf, size_t len,
		  const struct ipck_send_opt *opt, unsigned int *limit);

/** DOC: Flags of &ipck_recv_opt.flags, besides %IPCK_IOVEC */
#define IPCK_PEEK		(1U << 0)	/* leave the message there */
#define IPCK_TOKEN		(1U << 1)	/* take tokens: will reply */
#define IPCK_WAIT_FOR_ONE	(1U << 2)	/* ipck_recvv(): for the first */

/**
 * struct ipck_recv_opt - how to receive
 * @flags: any of %IPCK_PEEK, %IPCK_TOKEN, %IPCK_IOVEC
 * @min_priority: only messages of this priority or a higher one
 * @wait: how long the receive may wait
 * @clock: clock of %IPCK_WAIT_FOR and %IPCK_WAIT_UNTIL, else 0
 * @wait_ns: span of %IPCK_WAIT_FOR, moment of %IPCK_WAIT_UNTIL, else 0
 * @events: only messages with one of these event bits; 0: all
 * @from_kind: what @from is; %IPCK_ANY: messages of all senders
 * @max_fds: room at @fds
 * @from: only messages of this sender, see ipck_recv_from()
 * @lease_ns: 0, or how long the message may be kept: it stays with the mailbox
 *	until ipck_ack() or ipck_reply(), and goes back to its old place when the
 *	time is over or the last copy of the descriptor is closed, as when the
 *	process dies.  Not with %IPCK_PEEK
 * @fds: where the descriptors in the message go.  The caller owns them from then
 *	on; they are close-on-exec
 * @reserved: 0
 *
 * All 0 is what ipck_recv() does.
 */
struct ipck_recv_opt {
	uint32_t flags;
	uint32_t min_priority;
	enum ipck_wait wait;
	enum ipck_clock clock;
	uint64_t wait_ns;
	uint64_t events;
	enum ipck_peer from_kind;
	uint32_t max_fds;
	uint64_t from;
	uint64_t lease_ns;
	int *fds;
	uint32_t reserved[8];
};

/**
 * struct ipck_msg - what is known about a message beside its payload
 * @length: its length; after -EMSGSIZE the size of buffer it needs
 * @priority: its priority
 * @seq: its sequence number in the mailbox, from 1 in the order of sending
 * @lost: messages that the overflow policy dropped before this one, and after
 *	the last one that said so
 * @sender_endpoint: never-reused id of the sender's endpoint, 0 if it has none
 * @pid: process that sent it, 0 if the receiver's pid namespace does not show it
 * @tid: thread that sent it, likewise
 * @uid: effective user id of the sender when it sent, in the receiver's user
 *	namespace
 * @gid: effective group id, likewise
 * @limit: %IPCK_LIMIT_BUFFER or %IPCK_LIMIT_FDS after -EMSGSIZE, else
 *	%IPCK_LIMIT_NONE
 * @completion: what its sender waits for
 * @token: what ipck_reply(), ipck_ack(), ipck_refuse() and ipck_renew() want: with
 *	a lease, and with %IPCK_TOKEN if @completion is %IPCK_HANDLED; else 0.
 *	It is good on every descriptor that receives from the mailbox, once
 * @events: its event bits
 * @call_deadline_ns: when its sender gives up, if that waits until the message
 *	is handled: on CLOCK_MONOTONIC, UINT64_MAX: never.  See ipck_deadline()
 * @redelivered: how often it was delivered before and came back
 * @nr_fds: how many descriptors came; after -EMSGSIZE with %IPCK_LIMIT_FDS the
 *	room they need
 * @reserved: undefined
 *
 * The kernel says who the sender was, not the sender.
 */
struct ipck_msg {
	uint32_t length;
	uint32_t priority;
	uint64_t seq;
	uint64_t lost;
	uint64_t sender_endpoint;
	pid_t pid;
	pid_t tid;
	uid_t uid;
	gid_t gid;
	uint32_t limit;
	enum ipck_completion completion;
	uint64_t token;
	uint64_t events;
	uint64_t call_deadline_ns;
	uint32_t redelivered;
	uint32_t nr_fds;
	uint64_t reserved[4];
};

/**
 * ipck_recv_opt() - receive a message, with all the choices there are
 * @mb: the mailbox, opened for receiving
 * @buf: where the payload goes; may be NULL if @size is 0
 * @size: room there
 * @opt: optional: how to receive
 * @msg: what is known about the message.  After a failure all 0, except @length,
 *	@nr_fds and @limit after -EMSGSIZE.  Optional, unless @opt asks for
 *	tokens or a lease
 *
 * May block until there is a message to the liking of @opt, within the time it
 * allows.  %IPCK_PEEK with a @size of 0 asks for the length of the next message.
 *
 * Whoever asks for tokens has to give each of them back: with ipck_reply(),
 * ipck_ack() or ipck_refuse().  Their senders wait for it; they get -EPIPE when
 * the descriptor is closed.  Without %IPCK_TOKEN a message whose sender waits
 * until it is handled is acknowledged here, which is a system call more.
 *
 * What is queued of the sender @opt->from is received even if that is dead.  To
 * wait for more it must be alive (else -EPIPE) and have an endpoint (else
 * -ESRCH).
 *
 * Return: as ipck_recv(), and -EMFILE (for the descriptors in the message, which
 * stays), -ESRCH, -ETIMEDOUT.
 */
ssize_t ipck_recv_opt(struct ipck *mb, void *buf, size_t size,
		      const struct ipck_recv_opt *opt, struct ipck_msg *msg);

/**
 * struct ipck_send_item - a message of ipck_sendv()
 * @buf: its payload
 * @len: the length of that
 * @events: its event bits
 * @fds: descriptors in it
 * @nr_fds: how many
 * @priority: its priority
 * @result: what became of it: 0, %IPCK_SENT_DROPPED or a negative errno value
 * @limit: which limit it met, if it failed; else %IPCK_LIMIT_NONE
 * @reserved: 0
 */
struct ipck_send_item {
	const void *buf;
	size_t len;
	uint64_t events;
	const int *fds;
	uint32_t nr_fds;
	uint32_t priority;
	int result;
	uint32_t limit;
	uint32_t reserved[4];
};

/**
 * ipck_sendv() - send many messages
 * @mb: the mailbox, opened for sending
 * @items: the messages
 * @count: how many, 1 to INT_MAX
 * @opt: optional: how to send them; what an item says for itself (priority,
 *	events, descriptors), and flags, must be 0
 *
 * One system call for each 32 messages.  They are sent one after the other, as
 * ipck_send_opt() does, and a time to wait is for all of them together.  The
 * first that fails ends it, as with sendmmsg(2): those before it are sent, and
 * those after it are not looked at, and their results are as they were.
 *
 * Return: how many were sent (the result of the next one says why it was not),
 * or, if there were none, what the first one failed with, as ipck_send_opt().
 */
int ipck_sendv(struct ipck *mb, struct ipck_send_item *items,
	       unsigned int count, const struct ipck_send_opt *opt);

/**
 * struct ipck_recv_item - a message of ipck_recvv()
 * @buf: where its payload goes
 * @size: room there
 * @fds: where its descriptors go
 * @max_fds: room there
 * @result: what became of it: its length, or a negative errno value
 * @reserved: 0
 * @msg: what is known about it, as from ipck_recv_opt()
 */
struct ipck_recv_item {
	void *buf;
	size_t size;
	int *fds;
	uint32_t max_fds;
	int result;
	uint32_t reserved[4];
	struct ipck_msg msg;
};

/**
 * ipck_recvv() - receive many messages
 * @mb: the mailbox, opened for receiving
 * @items: room for the messages
 * @count: how many, 1 to INT_MAX
 * @opt: optional: how to receive them; what an item says for itself
 *	(descriptors) must be 0.  Flags are %IPCK_TOKEN and %IPCK_WAIT_FOR_ONE
 *
 * One system call for each 32 messages.  Waits until there have been @count
 * messages; with %IPCK_WAIT_FOR_ONE for the first only, and then takes what is
 * there.  The time to wait is for all of them together.  The first that fails
 * ends it, as with ipck_sendv().
 *
 * Return: how many were received, or, if there were none, what the first one
 * failed with, as ipck_recv_opt().
 */
int ipck_recvv(struct ipck *mb, struct ipck_recv_item *items,
	       unsigned int count, const struct ipck_recv_opt *opt);

/**
 * struct ipck_plain - a message that is a payload and nothing else
 * @buf: the payload, which ipck_send_many() does not write to, or where it goes
 * @size: its length, or the room there
 * @result: what became of it: as of ipck_send() or ipck_recv()
 */
struct ipck_plain {
	void *buf;
	size_t size;
	int result;
};

/**
 * ipck_send_many() - send many plain messages
 * @mb: the mailbox, opened for sending
 * @items: the messages
 * @count: how many, 1 to INT_MAX
 *
 * One system call for each 64 messages, and half of what ipck_sendv() takes for
 * each: there is nothing to say of them but where they are.  They are sent one
 * after the other, with priority 0, as by ipck_send(), which may block.  The
 * first that fails ends it, as with ipck_sendv().
 *
 * Return: how many were sent (the result of the next one says why it was not),
 * or, if there were none, what the first one failed with, as ipck_send().
 */
int ipck_send_many(struct ipck *mb, struct ipck_plain *items,
		   unsigned int count);

/**
 * ipck_recv_many() - receive plain messages, as many as there are
 * @mb: the mailbox, opened for receiving
 * @items: room for the messages
 * @count: for how many, 1 to INT_MAX
 *
 * Waits for one message, as ipck_recv() does, and takes what else is there, in
 * the same system call: up to 64, from a channel one.  The first that fails ends
 * it, and has its result; that there is no other is -EAGAIN.
 *
 * Return: how many were received, or, if there were none, what the first one
 * failed with, as ipck_recv().
 */
int ipck_recv_many(struct ipck *mb, struct ipck_plain *items,
		   unsigned int count);

/**
 * ipck_endpoint() - make the inbox of this process or thread
 * @mb: where the handle goes; *mb is NULL after a failure
 * @oflag: 0 or O_NONBLOCK; O_CLOEXEC is accepted, and always on
 * @attr: optional: how it shall be, as for ipck_open(): the mode says who may
 *	connect to it and send, %IPCK_ATTR_THREAD makes it the calling thread's.
 *	The discipline is %IPCK_ENDPOINT, or 0
 *
 * A process has one endpoint at most, and so has each of its threads.  Others
 * find it by the process or thread id.  It ends with its owner (after fork() the
 * child has the handle, but not the endpoint) or with its last descriptor;
 * everybody who waits for it then gets -EPIPE.
 *
 * The handle is for receiving, and for ipck_send_to().  Messages that the owner
 * sends tell its endpoint (&ipck_msg.sender_endpoint).
 *
 * Return: 0, or -EDQUOT (%IPCK_LIMIT_USER_MAILBOXES), -EEXIST, -EINVAL, -EMFILE,
 * -ENODEV, -ENOMEM.
 */
int ipck_endpoint(struct ipck **mb, int oflag, const struct ipck_attr *attr);

/**
 * ipck_connect() - connect to the inbox of another process or thread
 * @mb: where the handle goes; *mb is NULL after a failure
 * @kind: how @who is to be understood; not %IPCK_ANY
 * @who: a process id, a thread id, the id of an endpoint, or a pidfd
 * @oflag: 0 or O_NONBLOCK; O_CLOEXEC is accepted, and always on
 *
 * The handle is for sending, and stays connected to that very process or thread:
 * when it dies, sends fail with -EPIPE, even if its number is used again.  Only
 * a pidfd makes sure that the number was not used again before (it stays the
 * caller's; /proc must be mounted).
 *
 * Return: 0, or -EACCES (its mode does not allow it), -EBADF (no pidfd), -EINVAL,
 * -EMFILE, -ENODEV, -ENOENT (no endpoint of that id), -ENOMEM,
 * -EOPNOTSUPP (no /proc), -ESRCH.
 */
int ipck_connect(struct ipck **mb, enum ipck_peer kind, uint64_t who,
		 int oflag);

/**
 * ipck_send_to() - send a message to a process or a thread
 * @endpoint: the endpoint of the sender: its own, see ipck_endpoint()
 * @kind: how @who is to be understood: %IPCK_PROCESS, %IPCK_THREAD or
 *	%IPCK_ENDPOINT_ID
 * @who: whom it is for
 * @buf: the payload
 * @len: its length, 0 upwards
 * @priority: 0 to %IPCK_PRIORITY_MAX
 *
 * The send(P, message) of the textbooks.  Blocks while the inbox of the receiver
 * is full, unless O_NONBLOCK is set.
 *
 * Return: as ipck_send(), and -EACCES (the mode of that endpoint), -ESRCH.
 */
int ipck_send_to(struct ipck *endpoint, enum ipck_peer kind, uint64_t who,
		 const void *buf, size_t len, unsigned int priority);

/**
 * ipck_recv_from() - receive a message of a certain sender
 * @mb: the mailbox, opened for receiving; mostly an own endpoint
 * @kind: how @who is to be understood: %IPCK_PROCESS, %IPCK_THREAD,
 *	%IPCK_ENDPOINT_ID, or %IPCK_ANY, for which @who is 0
 * @who: whose message is wanted
 * @buf: where the payload goes
 * @size: room there
 *
 * The receive(Q, message) of the textbooks, and receive(ANY, message).  Blocks
 * until there is such a message, unless O_NONBLOCK is set.
 *
 * Return: as ipck_recv(), and -EPIPE (the sender is dead), -ESRCH.
 */
ssize_t ipck_recv_from(struct ipck *mb, enum ipck_peer kind, uint64_t who,
		       void *buf, size_t size);

/** DOC: Event bits, &ipck_send_opt.events and &ipck_join_attr.mask */
#define IPCK_EVENTS_USER	((1ULL << 61) - 1)	/* of the senders */
#define IPCK_EVENT_JOINED	(1ULL << 61)	/* a member has joined */
#define IPCK_EVENT_LEFT		(1ULL << 62)	/* ... has left */
#define IPCK_EVENT_DIED		(1ULL << 63)	/* ... its process has died */

/** DOC: Flags of &ipck_join_attr.flags */
#define IPCK_JOIN_OVERFLOW	(1U << 0)	/* @overflow counts */
#define IPCK_JOIN_NONBLOCK	(1U << 1)	/* to wait in no call */

/**
 * struct ipck_join_attr - how a new member shall be
 * @mask: event bits to receive; 0 is %IPCK_EVENTS_USER.  Messages without bits
 *	come always
 * @max_bytes: bytes it holds, up to those of the event mailbox, and at least its
 *	longest message; 0 is as the event mailbox
 * @capacity: messages it holds, up to those of the event mailbox; 0 is as that
 * @overflow: with %IPCK_JOIN_OVERFLOW: what a send does when the member is full;
 *	%IPCK_OVERFLOW_BLOCK only if the event mailbox has it, %IPCK_OVERFLOW_FAIL
 *	only if that has it or %IPCK_OVERFLOW_BLOCK
 * @flags: IPCK_JOIN_*
 * @reserved: 0
 */
struct ipck_join_attr {
	uint64_t mask;
	uint64_t max_bytes;
	uint32_t capacity;
	enum ipck_overflow overflow;
	uint32_t flags;
	uint32_t reserved[5];
};

/**
 * ipck_join() - become a member of an event mailbox
 * @member: where the handle goes; *member is NULL after a failure
 * @mb: the event mailbox, opened for receiving
 * @attr: optional: how the member shall be
 *
 * A member is a mailbox with a queue of its own.  What is sent to the event
 * mailbox goes to all members whose mask it meets: to each of them, or, if the
 * send fails, to none.  Joins, leaves and deaths of members are events too: from
 * the kernel, to the others, without payload, and with the identity of the member.
 * They wait for nobody: a member that is full loses them, and is told so with the
 * next message.
 *
 * The new handle is for receiving, and for sending to all if @mb is.  A member
 * counts as a mailbox of the user who joins.
 *
 * Return: 0, or -EACCES (@mb is not for receiving), -EDQUOT
 * (%IPCK_LIMIT_USER_MAILBOXES), -EINVAL (also: no event mailbox), -EMFILE, -ENOMEM,
 * -ENOTTY (likewise).
 */
int ipck_join(struct ipck **member, struct ipck *mb,
	      const struct ipck_join_attr *attr);

/**
 * ipck_leave() - be a member no more
 * @member: the handle, which still has to be closed
 *
 * Ends the membership at once, even if the descriptor has copies: no more events
 * come.  Those that have can still be received, and then receives fail with
 * -EPIPE.  Closing the last copy leaves as well.  Needs the handle that
 * ipck_join() made, or a copy of its descriptor.
 *
 * Return: 0, or -EACCES, -EINVAL (not a member, or it has left).
 */
int ipck_leave(struct ipck *member);

/**
 * ipck_call() - send a request and wait for the reply
 * @mb: the mailbox, opened for sending
 * @buf: the request
 * @len: its length, 0 upwards
 * @reply: where the reply goes
 * @size: room there
 *
 * Blocks until the receiver of the request has replied or acknowledged (which is
 * an empty reply).  A call that fails has been given up: no reply will come any
 * more, and the receiver learns it by -EPIPE when it replies.  (If the request
 * was received before, that takes another system call.)
 *
 * Return: the length of the reply, which may be 0, or
 * -EACCES (not opened for sending), -EAGAIN, -EDEADLK (whoever should reply waits
 * for the calling thread itself), -EDQUOT, -EFAULT, -EINTR, -EINVAL, -EMSGSIZE
 * (request too long, or @size too small), -ENOMEM, -EPIPE (the receiver has
 * closed its descriptor, or died).
 */
ssize_t ipck_call(struct ipck *mb, const void *buf, size_t len, void *reply,
		  size_t size);

/**
 * struct ipck_call_opt - how to call
 * @flags: 0, or of %IPCK_IOVEC (request and reply) and %IPCK_MOVE (request)
 * @priority: of the request
 * @wait: how long the call may wait for its reply
 * @clock: clock of %IPCK_WAIT_FOR and %IPCK_WAIT_UNTIL, else 0
 * @wait_ns: span of %IPCK_WAIT_FOR, moment of %IPCK_WAIT_UNTIL, else 0
 * @fds: descriptors in the request, as in &struct ipck_send_opt
 * @reply_fds: where the descriptors in the reply go
 * @nr_fds: how many there are in the request
 * @max_reply_fds: room for those in the reply
 * @reserved: 0
 */
struct ipck_call_opt {
	uint32_t flags;
	uint32_t priority;
	enum ipck_wait wait;
	enum ipck_clock clock;
	uint64_t wait_ns;
	const int *fds;
	int *reply_fds;
	uint32_t nr_fds;
	uint32_t max_reply_fds;
	uint32_t reserved[8];
};

/**
 * struct ipck_answer - how a call has ended, or not
 * @cookie: in and out: 0 before the call, and after its end.  If it is not 0
 *	after a failure, the request has been received: the call can be resumed
 *	by the same function with the same @cookie, or has to be given up by
 *	ipck_call_cancel()
 * @length: out: length of the reply; after -EMSGSIZE the size of buffer it needs
 * @status: out: what the receiver said with the reply; 0 if it acknowledged
 * @nr_fds: out: how many descriptors came; after -EMSGSIZE with %IPCK_LIMIT_FDS
 *	the room they need
 * @limit: out: which limit the call met, if it failed; else %IPCK_LIMIT_NONE
 * @reserved: undefined
 */
struct ipck_answer {
	uint64_t cookie;
	uint32_t length;
	int32_t status;
	uint32_t nr_fds;
	uint32_t limit;
	uint64_t reserved[2];
};

/**
 * ipck_call_opt() - send a request and wait for the reply, with all the choices
 * @mb: the mailbox, opened for sending
 * @buf: the request
 * @len: its length, 0 upwards
 * @reply: where the reply goes
 * @size: room there
 * @opt: optional: how to call
 * @answer: optional: what there is beside the reply.  Written in any case.
 *	Without it a call that fails is given up, as in ipck_call()
 *
 * May block until there is a reply, within the time that @opt allows.  A call
 * that fails before its request was received is withdrawn: nothing has happened.
 * When it fails later with -EINTR, -ETIMEDOUT, -EAGAIN, -EMSGSIZE, -EFAULT or
 * -EMFILE it is still there, and @answer->cookie resumes it: it goes on waiting,
 * and sends nothing again::
 *
 *	struct ipck_answer answer = { 0 };
 *	ssize_t ret;
 *
 *	do
 *		ret = ipck_call_opt(mb, buf, len, reply, size, &opt, &answer);
 *	while (ret == -EINTR && answer.cookie);
 *
 * A call never waits with %IPCK_WAIT_NEVER: without a cookie it is -EAGAIN, with
 * one it looks for the reply.
 *
 * Return: as ipck_call(), and -EBADF, -ELOOP, -EMFILE, -ESTALE (no such cookie on
 * this descriptor), -ETIMEDOUT; with %IPCK_MOVE as ipck_shm_send().
 */
ssize_t ipck_call_opt(struct ipck *mb, const void *buf, size_t len,
		      void *reply, size_t size,
		      const struct ipck_call_opt *opt,
		      struct ipck_answer *answer);

/**
 * ipck_call_cancel() - give up a call
 * @mb: the mailbox it was made on
 * @cookie: of the call, from &ipck_answer.cookie
 *
 * The receiver learns it by -EPIPE when it replies.
 *
 * Return: 0, or -EACCES, -EINVAL, -ESTALE (no such cookie).
 */
int ipck_call_cancel(struct ipck *mb, uint64_t cookie);

/**
 * ipck_deadline() - until when to work for a caller
 * @msg: optional: the request, received with %IPCK_TOKEN
 * @span_ns: the longest it may take from now; UINT64_MAX: no matter how long
 *
 * For calls a server makes to answer one: no longer than its own caller waits::
 *
 *	struct ipck_call_opt opt = {
 *		.wait = IPCK_WAIT_UNTIL,
 *		.wait_ns = ipck_deadline(&msg, 2000000000),
 *	};
 *
 * Return: a moment on CLOCK_MONOTONIC, as %IPCK_WAIT_UNTIL wants it: the earlier
 * of @span_ns from now and &ipck_msg.call_deadline_ns; UINT64_MAX is for ever.
 */
uint64_t ipck_deadline(const struct ipck_msg *msg, uint64_t span_ns);

/**
 * ipck_reply() - answer a call, once
 * @mb: the mailbox the request came from, opened for receiving; any handle of
 *	it, in any process, will do
 * @token: of the request, from &ipck_msg.token
 * @buf: the reply
 * @len: its length, 0 upwards
 *
 * The message is settled by this.  A leased message whose sender waits for
 * nothing is acknowledged, and the reply is thrown away.  Never blocks.
 *
 * Return: 0, or
 * -EACCES (not opened for receiving), -EDQUOT, -EFAULT, -EINVAL (also: no such
 * token), -EMSGSIZE (longer than the mailbox allows), -ENOMEM, -EPIPE (the caller
 * has given up), -ESTALE.
 */
int ipck_reply(struct ipck *mb, uint64_t token, const void *buf, size_t len);

/**
 * struct ipck_reply_opt - how to reply
 * @flags: 0, or of %IPCK_IOVEC and %IPCK_MOVE
 * @status: what the caller finds in &ipck_answer.status; its meaning is up to
 *	the two
 * @fds: descriptors in the reply, as in &struct ipck_send_opt
 * @nr_fds: how many
 * @reserved: 0
 */
struct ipck_reply_opt {
	uint32_t flags;
	int32_t status;
	const int *fds;
	uint32_t nr_fds;
	uint32_t reserved[5];
};

/**
 * ipck_reply_opt() - answer a call, with all the choices there are
 * @mb: the mailbox the request came from, opened for receiving
 * @token: of the request
 * @buf: the reply
 * @len: its length, 0 upwards
 * @opt: optional: how to reply
 * @limit: optional: which limit it met, as in ipck_send_opt()
 *
 * Return: as ipck_reply(), and -EBADF, -ELOOP; with %IPCK_MOVE as ipck_shm_send().
 */
int ipck_reply_opt(struct ipck *mb, uint64_t token, const void *buf,
		   size_t len, const struct ipck_reply_opt *opt,
		   unsigned int *limit);

/**
 * ipck_reply_recv() - answer a call and receive the next message
 * @mb: the mailbox, opened for receiving
 * @reply: the reply to what @msg->token says; not looked at if that is 0
 * @len: its length, 0 upwards
 * @buf: where the payload of the next message goes
 * @size: room there
 * @msg: in: its @token is that of the request to be answered, or 0; out: what is
 *	known about the next message
 *
 * One system call for the loop of a server::
 *
 *	struct ipck_msg msg = { 0 };
 *	size_t len = 0;
 *	ssize_t ret;
 *
 *	while ((ret = ipck_reply_recv(mb, reply, len, buf, sizeof(buf), &msg)) >= 0)
 *		len = serve(reply, buf, ret);
 *
 * Messages whose sender waits for nothing bring no token, so that there is
 * nothing to answer in the next turn.  The caller being gone (-EPIPE, -ESTALE)
 * keeps nobody from the next message.  Any other failure of the reply ends this
 * before the receive, and leaves @msg->token as it is; when the reply has been
 * given and the receive fails, @msg->token is 0.  The rest of @msg is then as
 * after a failure of ipck_recv_opt().
 *
 * Blocks until there is a message, unless O_NONBLOCK is set.
 *
 * Return: as ipck_recv(), and what ipck_reply() fails with.
 */
ssize_t ipck_reply_recv(struct ipck *mb, const void *reply, size_t len,
			void *buf, size_t size, struct ipck_msg *msg);

/**
 * ipck_reply_recv_opt() - answer and receive, with all the choices there are
 * @mb: the mailbox, opened for receiving
 * @reply: the reply to what @msg->token says; not looked at if that is 0
 * @len: its length, 0 upwards
 * @reply_opt: optional: how to reply; not looked at if @msg->token is 0
 * @buf: where the payload of the next message goes
 * @size: room there
 * @recv_opt: optional: how to receive; %IPCK_TOKEN is on in any case
 * @msg: as in ipck_reply_recv(); its @limit is also that of the reply
 *
 * Return: as ipck_recv_opt(), and what ipck_reply_opt() fails with.
 */
ssize_t ipck_reply_recv_opt(struct ipck *mb, const void *reply, size_t len,
			    const struct ipck_reply_opt *reply_opt,
			    void *buf, size_t size,
			    const struct ipck_recv_opt *recv_opt,
			    struct ipck_msg *msg);

/**
 * ipck_ack() - say that a message is handled
 * @mb: the mailbox it came from, opened for receiving
 * @token: of the message
 *
 * A call gets an empty reply, of status 0.  Never blocks.
 *
 * Return: 0, or -EACCES, -EINVAL (also: no such token), -EPIPE (whoever sent it
 * has given up; it is settled), -ESTALE.
 */
int ipck_ack(struct ipck *mb, uint64_t token);

/**
 * ipck_refuse() - put a message back
 * @mb: the mailbox it came from, opened for receiving
 * @token: of the message
 *
 * It goes to its old place, for anybody, and tells the next receiver that it was
 * delivered before (&ipck_msg.redelivered).  Never blocks.
 *
 * Return: as ipck_ack().
 */
int ipck_refuse(struct ipck *mb, uint64_t token);

/**
 * ipck_renew() - keep a leased message longer
 * @mb: the mailbox it came from, opened for receiving
 * @token: of the message
 * @lease_ns: how long from now on, at least 1
 *
 * Never blocks.
 *
 * Return: as ipck_ack().
 */
int ipck_renew(struct ipck *mb, uint64_t token, uint64_t lease_ns);

/**
 * DOC: Channels
 *
 * The messages of a channel are in pages that both sides have mapped.  While both
 * are busy, sending and receiving are no system calls; the kernel is there to
 * sleep and to wake.  Before it sleeps, on a system with more than one CPU, a side
 * looks again for some microseconds, for as long as that has been worth it.
 *
 * A channel has one consumer, the handle opened for receiving (a second one is
 * -EBUSY), and up to 64 producers, the handles opened for sending.  Each of these
 * has a lane: a ring of its own, first in, first out; the consumer takes from the
 * lanes in turn.  &ipck_msg.seq counts the messages of a lane.  Who the sender is,
 * the kernel says: whoever opened the lane.
 *
 * The functions for mailboxes are for channels, too: ipck_send(), ipck_recv(),
 * ipck_send_opt(), ipck_recv_opt(), ipck_sendv(), ipck_recvv(), ipck_stat(),
 * ipck_set() of mode and owner, ipck_wait_any(), and poll(2) with ipck_fd().
 * There are no priorities, no other completion than %IPCK_QUEUED, no descriptors,
 * no leases, no choice among messages, and event bits up to 32 (all else is
 * -EINVAL); calls and notifications are -ENOTTY.  A payload that cannot be read or
 * written is a crash, as with memcpy(3), unless it is NULL.  To open a channel, or
 * to meet a new producer, takes some system calls and maps memory.
 *
 * *Trust.*  The other side may be another user and may write into its pages what
 * it wants.  What it says is checked before use: a producer that breaks the rules
 * is evicted (the receive fails with -EPROTO once, and its sends with -EPIPE from
 * then on), and a consumer that does makes sends fail with -EPROTO.  What a
 * message contains it can still change while it is in the ring: ipck_recv() copies
 * it, after ipck_peek() the program has to.
 *
 * *Processes and threads.*  Threads may share a handle.  After fork() one of the
 * two processes goes on with it, and the other only closes it.  A handler of a
 * signal must not use the handle of a channel that the program uses elsewhere: what
 * it sends could come into the middle of a message.  (That of any other mailbox it
 * may, as each function is one system call.)
 *
 * *Death.*  Whatever a producer has sent before it died is received.  The consumer
 * of a channel with a name may be followed by another one, who goes on where it
 * was: a message the first one was about to receive is received again.
 */

/** DOC: Length for ipck_commit(): there will be no message */
#define IPCK_ABANDON		((size_t)-1)

/**
 * ipck_reserve() - get room for a message in the ring of a channel
 * @mb: the channel, opened for sending
 * @len: most bytes the message can have
 * @buf: where the room is; *buf is valid until ipck_commit()
 * @opt: optional: how to send; @flags must be 0
 *
 * To make a message where its receiver will read it, without a copy.  There is
 * one reservation at a time: until it is committed, other sends on this handle
 * fail with -EBUSY.
 *
 * Return: 0, or as ipck_send_opt(), and -EBUSY, -EPROTO.
 */
int ipck_reserve(struct ipck *mb, size_t len, void **buf,
		 const struct ipck_send_opt *opt);

/**
 * ipck_commit() - send what has been made in the reservation
 * @mb: the channel
 * @len: length of the message, up to what was reserved; or %IPCK_ABANDON
 *
 * Never blocks.
 *
 * Return: 0, or -EACCES, -EINVAL (nothing is reserved), -EMSGSIZE (it stays
 * reserved), -EPIPE, -EPROTO (it is gone).
 */
int ipck_commit(struct ipck *mb, size_t len);

/**
 * ipck_peek() - look at the next message in the ring of a channel
 * @mb: the channel, opened for receiving
 * @buf: where the message is; *buf is valid until ipck_release()
 * @opt: optional: how to receive; @flags must be 0
 * @msg: optional: what is known about it, as from ipck_recv_opt()
 *
 * To read a message where its sender has made it, without a copy.  One message is
 * held at a time: until it is released, other receives on this handle fail with
 * -EBUSY.  Its sender can still write there: what is read twice may differ.
 *
 * Return: its length, or as ipck_recv_opt(), and -EBUSY, -EPROTO.
 */
ssize_t ipck_peek(struct ipck *mb, const void **buf,
		  const struct ipck_recv_opt *opt, struct ipck_msg *msg);

/**
 * ipck_release() - be done with the message that was peeked at
 * @mb: the channel
 *
 * It counts as received from now on.  Never blocks.
 *
 * Return: 0, or -EACCES, -EINVAL (nothing is held).
 */
int ipck_release(struct ipck *mb);

/** DOC: Most handles that ipck_wait_any() takes */
#define IPCK_WAIT_ANY_MAX	64

/**
 * ipck_wait_any() - wait until one of several mailboxes is ready
 * @mbs: their handles
 * @count: how many, 1 to %IPCK_WAIT_ANY_MAX
 * @events: as of poll(2): POLLIN (a receive would not block), POLLOUT (a send
 *	would not), or both
 * @wait: how long it may wait
 * @wait_ns: span of %IPCK_WAIT_FOR, moment of %IPCK_WAIT_UNTIL, on
 *	CLOCK_MONOTONIC; else 0
 * @ready: optional: all that are ready, bit i for @mbs[i]; 0 after a failure
 *
 * A mailbox whose other side is gone for good is ready as well: what is done
 * with it will not block, but fail.  Others may be faster to take what is there;
 * for certainty, receive with %IPCK_WAIT_NEVER.  O_NONBLOCK does not matter.
 *
 * Return: the lowest index of one that is ready, or -EAGAIN (none is, with
 * %IPCK_WAIT_NEVER), -EINTR (whatever SA_RESTART says), -EINVAL, -ENOMEM,
 * -ETIMEDOUT.
 */
int ipck_wait_any(struct ipck *const mbs[], unsigned int count, short events,
		  enum ipck_wait wait, uint64_t wait_ns, uint64_t *ready);

/**
 * struct ipck_uring - a send or a receive that a ring of io_uring does
 * @mb: the mailbox
 * @fd: its descriptor
 * @command: of the kernel
 * @settles: a message whose sender waits until it is handled, and whose token
 *	nobody wants, is to be acknowledged
 * @max_fds: room for descriptors, also when the command has told how many there are
 * @reserved: unused
 * @args: what the command is given, and gives back
 *
 * Set by ipck_uring_send() and ipck_uring_recv(), and not to be looked into.
 * Together with the payload and the arrays of descriptors it must stay where and
 * as it is until the entry of the ring is completed.
 */
struct ipck_uring {
	struct ipck *mb;
	int fd;
	uint32_t command;
	uint32_t settles;
	uint32_t max_fds;
	uint32_t reserved[2];
	uint64_t args[32];
};

/**
 * ipck_uring_send() - get a send ready for a ring
 * @uring: set on success, undefined on failure
 * @mb: the mailbox, opened for sending
 * @buf: the payload
 * @len: its length, 0 upwards
 * @opt: optional: how to send, without flags
 *
 * Nothing is sent before an entry of a ring is filled in with it, which
 * ``ipck_uring_prep()`` of <ipck_uring.h> does, and submitted::
 *
 *	struct ipck_uring hello;
 *
 *	ipck_uring_send(&hello, mb, "hello", 6, NULL);
 *	ipck_uring_prep(io_uring_get_sqe(&ring), &hello);
 *	io_uring_submit(&ring);
 *
 * The result of the entry goes to ipck_uring_result().  The time to wait of
 * %IPCK_WAIT_FOR begins here.  A channel knows no rings.
 *
 * The kernel does at once what need not wait; for the rest it has workers, not
 * all that many, which the thread needs for its files, too: see ipcmbox(4).  A
 * wait is ended by cancelling the entry (-EINTR, -ECANCELED), and by the end of
 * the ring.  The sender is the process and the thread that has submitted it.
 *
 * The library has nothing to do with rings but this, and needs no liburing.
 * %IPCK_FEATURE_URING tells whether the module knows rings.
 *
 * Return: 0, or -EINVAL (also: a channel), -EMSGSIZE.
 */
int ipck_uring_send(struct ipck_uring *uring, struct ipck *mb, const void *buf,
		    size_t len, const struct ipck_send_opt *opt);

/**
 * ipck_uring_recv() - get a receive ready for a ring
 * @uring: set on success, undefined on failure
 * @mb: the mailbox, opened for receiving
 * @buf: where the payload goes
 * @size: room there
 * @opt: optional: how to receive, without %IPCK_IOVEC
 *
 * As ipck_uring_send(). After ipck_uring_result() it can be submitted again as it
 * is, unless its time to wait is limited.
 *
 * Return: 0, or -EINVAL (also: a channel).
 */
int ipck_uring_recv(struct ipck_uring *uring, struct ipck *mb, void *buf,
		    size_t size, const struct ipck_recv_opt *opt);

/**
 * ipck_uring_result() - what came of a send or a receive that a ring has done
 * @uring: the send, or the receive; its entry is completed
 * @res: the result of the entry
 * @msg: optional: of a receive what is known about the message, as
 *	ipck_recv_opt() tells it; of a send all 0 but for @limit
 *
 * To be called once for each message received: like ipck_recv_opt() it
 * acknowledges what nobody wants the token of.
 *
 * Return: @res: what ipck_send_opt() or ipck_recv_opt() would have returned; or
 * -ECANCELED (cancelled, or what it was linked to has failed), or -EINVAL.
 */
ssize_t ipck_uring_result(struct ipck_uring *uring, int res,
			  struct ipck_msg *msg);

/**
 * ipck_notify_signal() - get a signal when a mailbox is no longer empty
 * @mb: the mailbox, opened for receiving
 * @signo: the signal, 1 to SIGRTMAX
 * @value: comes with it, as of sigqueue(3)
 *
 * As mq_notify(3): once, for a message that arrives when the mailbox is empty
 * and nobody waits for it; then it is used up.  A mailbox has one notification
 * at a time.  It is also gone when the handle is closed.  The signal has si_code
 * SI_MESGQ, and pid and uid of the sender.
 *
 * Return: 0, or -EACCES (not opened for receiving), -EBUSY, -EINVAL, -ENOMEM.
 */
int ipck_notify_signal(struct ipck *mb, int signo, union sigval value);

/**
 * ipck_notify_eventfd() - add to an eventfd when a mailbox is no longer empty
 * @mb: the mailbox, opened for receiving
 * @eventfd: descriptor of the eventfd, which stays the caller's; 1 is added
 *
 * Otherwise as ipck_notify_signal().
 *
 * Return: 0, or -EACCES, -EBADF, -EBUSY, -EINVAL (also: not an eventfd), -ENOMEM.
 */
int ipck_notify_eventfd(struct ipck *mb, int eventfd);

/**
 * ipck_notify_none() - take the notification back
 * @mb: the mailbox, opened for receiving
 *
 * That of another process stays.
 *
 * Return: 0, or -EACCES, -EINVAL.
 */
int ipck_notify_none(struct ipck *mb);

/** DOC: State bits, &ipck_info.flags */
#define IPCK_INFO_NAMED		(1U << 0)	/* else the name is a former one */
#define IPCK_INFO_TRANSIENT	(1U << 1)	/* it goes with the last descriptor */
#define IPCK_INFO_FDS		(1U << 2)	/* messages can bring descriptors */
#define IPCK_INFO_KEEP_LAST	(1U << 3)	/* last messages for new members */
#define IPCK_INFO_THREAD	(1U << 4)	/* endpoint of a single thread */
#define IPCK_INFO_POSIX		(1U << 8)	/* with %IPCK_ATTR_POSIX */

/**
 * struct ipck_info - state, attributes and counters of a mailbox
 * @id: its id
 * @uid: owner, in the user namespace of the caller
 * @gid: group, likewise
 * @mode: permission bits
 * @flags: IPCK_INFO_*
 * @discipline: who receives its messages
 * @overflow: what a send does when the mailbox is full
 * @capacity: messages it holds; 0 is a rendezvous; %IPCK_UNBOUNDED
 * @max_length: bytes of its longest message
 * @max_bytes: bytes it holds, 0 is no bound
 * @messages: messages accepted and not yet received: queued, in the hands of a
 *	receiver, or held
 * @bytes: bytes of payload of those that are queued
 * @receiving: how many of @messages are in the hands of a receiver just now, or
 *	held
 * @readers: open descriptions that can receive
 * @writers: open descriptions that can send
 * @waiting_receivers: receives that wait for a message
 * @waiting_senders: sends that wait for room or for their completion
 * @sent: messages accepted since creation
 * @received: messages received; sent == received + dropped + messages, always
 * @dropped: messages dropped by the overflow policy
 * @withdrawn: accepted messages whose sender gave up waiting; not in @sent
 * @unreported: drops that no received message has told of yet
 * @wakeups: waiting calls that were completed by somebody else
 * @peak_messages: highest number of queued messages so far
 * @peak_bytes: highest payload of queued messages so far, bytes
 * @oldest_ns: age of the oldest queued message, 0 if there is none
 * @next_seq: sequence number the next message will get
 * @parent: member: id of its event mailbox
 * @events: member: its mask
 * @pid: endpoint: process that owns it; member: process that joined; as the
 *	caller sees it
 * @tid: thread, likewise; 0 for the endpoint of a process
 * @members: event mailbox: how many have joined
 * @held: how many of @receiving have a lease, or a sender that waits until they
 *	are handled
 * @max_deliveries: how often a message is delivered before it is a dead letter;
 *	0: there is no limit
 * @recorder: steps the flight recorder keeps; 0: it is off
 * @dead_letter: id of the mailbox that gets dead letters; 0: they are dropped
 * @redelivered: messages that came back, as their lease ended or was refused
 * @dead_letters: messages that reached @max_deliveries; they count as received
 * @reserved: undefined
 * @name: its name, a former one, or empty
 */
struct ipck_info {
	uint64_t id;
	uid_t uid;
	gid_t gid;
	uint32_t mode;
	uint32_t flags;
	enum ipck_discipline discipline;
	enum ipck_overflow overflow;
	uint32_t capacity;
	uint32_t max_length;
	uint64_t max_bytes;
	uint64_t messages;
	uint64_t bytes;
	uint32_t receiving;
	uint32_t readers;
	uint32_t writers;
	uint32_t waiting_receivers;
	uint32_t waiting_senders;
	uint64_t sent;
	uint64_t received;
	uint64_t dropped;
	uint64_t withdrawn;
	uint64_t unreported;
	uint64_t wakeups;
	uint64_t peak_messages;
	uint64_t peak_bytes;
	uint64_t oldest_ns;
	uint64_t next_seq;
	uint64_t parent;
	uint64_t events;
	pid_t pid;
	pid_t tid;
	uint32_t members;
	uint32_t held;
	uint32_t max_deliveries;
	uint32_t recorder;
	uint64_t dead_letter;
	uint64_t redelivered;
	uint64_t dead_letters;
	uint64_t reserved[8];
	char name[IPCK_NAME_MAX + 1];
};

/**
 * ipck_stat() - look at a mailbox
 * @mb: the mailbox, opened in whatever way
 * @info: where the answer goes; all of one moment
 *
 * Return: 0, or -EINVAL.
 */
int ipck_stat(struct ipck *mb, struct ipck_info *info);

/**
 * ipck_list() - look at all mailboxes
 * @after_id: only mailboxes with a greater id; 0 to begin
 * @infos: array the answer goes to, by ascending id
 * @count: elements of @infos, at least 1
 *
 * Lists the mailboxes of the IPC namespace of the process; looking needs no
 * right.  Mailboxes that come or go meanwhile may be listed or not, no other is
 * missed, and none is listed twice::
 *
 *	struct ipck_info infos[16];
 *	uint64_t last = 0;
 *	int n, i;
 *
 *	while ((n = ipck_list(last, infos, 16)) > 0) {
 *		for (i = 0; i < n; i++)
 *			puts(infos[i].name);
 *		last = infos[n - 1].id;
 *	}
 *
 * Return: elements written, 0 at the end, or -EINVAL, -EMFILE, -ENODEV.
 */
int ipck_list(uint64_t after_id, struct ipck_info *infos, unsigned int count);

/** DOC: What to change, &ipck_change.mask */
#define IPCK_SET_MODE		(1U << 0)
#define IPCK_SET_UID		(1U << 1)	/* needs CAP_CHOWN as well */
#define IPCK_SET_GID		(1U << 2)	/* to an own group, or CAP_CHOWN */
#define IPCK_SET_CAPACITY	(1U << 3)
#define IPCK_SET_MAX_BYTES	(1U << 4)
#define IPCK_SET_OVERFLOW	(1U << 5)
#define IPCK_SET_DEAD_LETTER	(1U << 6)	/* and max_deliveries */
#define IPCK_SET_RECORDER	(1U << 7)

/**
 * struct ipck_change - a change of the attributes of a mailbox
 * @mask: IPCK_SET_*: the members that count; the others must be 0
 * @mode: new permission bits, taken as they are: no default, no umask
 * @uid: new owner
 * @gid: new group
 * @capacity: new capacity; what is queued beyond a smaller one stays
 * @overflow: new policy; sends that wait already go on waiting
 * @max_bytes: new capacity in bytes, at least the max_length of the mailbox, or
 *	0 for no bound
 * @dead_letter: id of the mailbox, of discipline %IPCK_QUEUE and another than
 *	this one, for messages that came back @max_deliveries times; 0: they are
 *	dropped.  So they are if it does not exist any more or has no room
 * @max_deliveries: how often a message is delivered at most, up to 65535; 0: no
 *	limit
 * @recorder: how many steps the flight recorder keeps, up to
 *	%IPCK_RECORDER_MAX; 0 switches it off.  What it has recorded goes
 * @reserved: 0
 */
struct ipck_change {
	uint32_t mask;
	uint32_t mode;
	uid_t uid;
	gid_t gid;
	uint32_t capacity;
	enum ipck_overflow overflow;
	uint64_t max_bytes;
	uint64_t dead_letter;
	uint32_t max_deliveries;
	uint32_t recorder;
	uint32_t reserved[8];
};

/**
 * ipck_set() - change attributes of a mailbox
 * @mb: the mailbox, opened in whatever way
 * @change: what to change; all of it happens, or nothing
 *
 * For the owner and CAP_IPC_OWNER.  Open descriptors keep their rights.  More
 * capacity admits waiting sends at once.
 *
 * Return: 0, or -EDQUOT (%IPCK_LIMIT_USER_BYTES: for the recorder), -EINVAL, -ENOENT
 * (no such mailbox for dead letters), -ENOMEM, -EPERM.
 */
int ipck_set(struct ipck *mb, const struct ipck_change *change);

/** DOC: What a task is blocked in, &ipck_blocked.what */
#define IPCK_BLOCKED_RECV	1U	/* receives: no message that it takes */
#define IPCK_BLOCKED_ROOM	2U	/* sends: there is no room */
#define IPCK_BLOCKED_RECEIPT	3U	/* sends: not yet received */
#define IPCK_BLOCKED_REPLY	4U	/* sends or calls: not yet handled */

/**
 * struct ipck_blocked - a task that waits
 * @mailbox: where
 * @seq: sequence number of the message it sends, 0 if it receives
 * @since_ns: for how long it has been waiting
 * @what: IPCK_BLOCKED_*
 * @priority: of the message it sends; the lowest it receives
 * @pid: its process, as the caller sees it; 0 if not visible
 * @tid: the thread, likewise
 * @peer_pid: process it waits for, 0 if that is not known: who has received its
 *	message, or, for one that is queued, the only one that receives here;
 *	whose message it wants to receive
 * @peer_tid: thread, likewise
 */
struct ipck_blocked {
	uint64_t mailbox;
	uint64_t seq;
	uint64_t since_ns;
	uint32_t what;
	uint32_t priority;
	pid_t pid;
	pid_t tid;
	pid_t peer_pid;
	pid_t peer_tid;
};

/**
 * ipck_blocked() - who waits at a mailbox, and for whom
 * @id: the mailbox
 * @tasks: array the answer goes to; all of one moment
 * @count: elements of it, 1 to 4096
 * @total: optional: how many tasks wait there, which may be more
 *
 * Looking needs no right.
 *
 * Return: elements written, or -EINVAL, -EMFILE, -ENODEV, -ENOENT, -ENOMEM.
 */
int ipck_blocked(uint64_t id, struct ipck_blocked *tasks, unsigned int count,
		 unsigned int *total);

/** DOC: Steps of a message, &ipck_record.step */
#define IPCK_STEP_SENT		1U	/* queued, or handed to a receiver */
#define IPCK_STEP_BLOCKED	2U	/* its sender waits for room */
#define IPCK_STEP_TAKEN		3U	/* in the hands of a receiver */
#define IPCK_STEP_RETURNED	4U	/* put back */
#define IPCK_STEP_REPLIED	5U	/* replied to or acknowledged */
#define IPCK_STEP_DROPPED	6U	/* by the overflow policy */
#define IPCK_STEP_WITHDRAWN	7U	/* its sender gave up */
#define IPCK_STEP_DEAD		8U	/* became a dead letter */

/**
 * struct ipck_record - a step of a message
 * @serial: number of the step, from 1
 * @time_ns: when, on CLOCK_MONOTONIC
 * @seq: sequence number of the message
 * @events: its event bits
 * @pid: process of the sender, as the caller sees it
 * @tid: thread, likewise
 * @uid: effective user id of the sender, in the user namespace of the caller
 * @length: its length
 * @priority: its priority
 * @step: IPCK_STEP_*
 */
struct ipck_record {
	uint64_t serial;
	uint64_t time_ns;
	uint64_t seq;
	uint64_t events;
	pid_t pid;
	pid_t tid;
	uid_t uid;
	uint32_t length;
	uint32_t priority;
	uint32_t step;
};

/**
 * ipck_record() - read what the flight recorder of a mailbox has
 * @mb: the mailbox, opened in whatever way
 * @after: only steps with a greater serial; 0 to begin
 * @records: array the answer goes to, by ascending serial
 * @count: elements of it, at least 1
 *
 * The recorder keeps the last steps, as many as &ipck_change.recorder says.  For
 * whoever may ipck_set().
 *
 * Return: elements written, 0 at the end, or -EINVAL, -ENOMEM, -EPERM.
 */
int ipck_record(struct ipck *mb, uint64_t after, struct ipck_record *records,
		unsigned int count);

/**
 * DOC: Segments
 *
 * A segment is memory that processes share: open, resize, map, unmap, unlink,
 * as with shm_open(3), and on the same kind of memory, so that process-shared
 * mutexes, robust ones too, condition variables and semaphores work in it::
 *
 *	struct ipck_shm_attr attr = { .size = 4096 };
 *	struct ipck_shm *shm;
 *	struct ipck_map map;
 *
 *	ipck_shm_open(&shm, "table", O_RDWR | O_CREAT, &attr, NULL);
 *	ipck_shm_map(shm, &map, 0, 0, PROT_READ | PROT_WRITE);
 *	memcpy(map.addr, "hello", 6);
 *	ipck_shm_unmap(&map);
 *	ipck_shm_close(shm);
 *
 * It has its memory as soon as it has its size: there is no SIGBUS in the middle
 * of work, but for access beyond the end.  A handle that was opened to read can
 * never be used to write, nor can a descriptor of it, whoever gets it.  Segments
 * have names and ids, rights and namespaces as mailboxes have them; their names
 * are of their own.  linux/ipcmbox.h tells more.
 */

/*
 * An open segment: made by ipck_shm_open(), ipck_shm_open_id(),
 * ipck_shm_from_fd() and ipck_shm_recv(), ended by ipck_shm_close().
 */
struct ipck_shm;

/** DOC: Flags of &ipck_shm_attr.flags */
#define IPCK_SHM_SEALABLE	(1U << 0)	/* seals can be added later */

/**
 * struct ipck_shm_attr - attributes of a new segment
 * @size: bytes, all 0 at first
 * @mode: permission bits, 4 to read and 2 to write, less the umask; 0 is
 *	%IPCK_MODE_DEFAULT
 * @flags: 0 or %IPCK_SHM_SEALABLE
 * @seals: F_SEAL_* of fcntl(2), in force from the beginning
 * @reserved: 0
 */
struct ipck_shm_attr {
	uint64_t size;
	uint32_t mode;
	uint32_t flags;
	uint32_t seals;
	uint32_t reserved[9];
};

/**
 * ipck_shm_open() - open or create a segment
 * @shm: where the handle goes; *shm is NULL after a failure
 * @name: its name, as in ipck_open(); NULL with O_CREAT: an unnamed one, that
 *	others get by its descriptor
 * @oflag: O_RDONLY, O_RDWR or %IPCK_O_ADMIN, and any of O_CREAT, O_EXCL,
 *	%IPCK_O_TRANSIENT, O_TRUNC (with O_RDWR: what exists has size 0 then);
 *	O_CLOEXEC is always on
 * @attr: optional: attributes, if it is created; one that exists stays as it is
 * @limit: optional: which limit was met, an &enum ipck_limit, if this failed
 *	with -EDQUOT or -ENOMEM; else %IPCK_LIMIT_NONE.  Always written
 *
 * An unnamed segment, and a transient name, end with the last descriptor and the
 * last mapping; any other name lives until it is unlinked.
 *
 * Return: 0, or -EACCES, -EDQUOT, -EEXIST, -EFBIG, -EINTR, -EINVAL, -EMFILE,
 * -ENAMETOOLONG, -ENODEV, -ENOENT, -ENOMEM, -ENOSPC, -EPERM (O_TRUNC: sealed).
 */
int ipck_shm_open(struct ipck_shm **shm, const char *name, int oflag,
		  const struct ipck_shm_attr *attr, unsigned int *limit);

/**
 * ipck_shm_open_id() - open a segment by its id
 * @shm: where the handle goes; *shm is NULL after a failure
 * @id: id from ipck_shm_id(), ipck_shm_stat() or ipck_shm_list()
 * @oflag: O_RDONLY, O_RDWR or %IPCK_O_ADMIN, and O_TRUNC
 *
 * Return: as ipck_shm_open().
 */
int ipck_shm_open_id(struct ipck_shm **shm, uint64_t id, int oflag);

/**
 * ipck_shm_from_fd() - make a handle of a descriptor that is there already
 * @shm: where the handle goes; *shm is NULL after a failure
 * @fd: a descriptor of a segment; the handle owns it from now on, after a
 *	failure the caller still does
 *
 * Return: 0, or -EBADF, -EINVAL, -ENOMEM, -ENOTTY (not a segment).
 */
int ipck_shm_from_fd(struct ipck_shm **shm, int fd);

/**
 * ipck_shm_close() - end a handle
 * @shm: optional: the handle; no thread may be using it
 *
 * Mappings stay.
 */
void ipck_shm_close(struct ipck_shm *shm);

/**
 * ipck_shm_fd() - the descriptor of a handle
 * @shm: the handle, which keeps owning the descriptor
 *
 * For mmap(2), fstat(2), fcntl(2) with F_ADD_SEALS, read(2), write(2), to be sent
 * in messages and passed over sockets.
 *
 * Return: the descriptor, or -EINVAL.
 */
int ipck_shm_fd(const struct ipck_shm *shm);

/**
 * ipck_shm_id() - the id of a segment
 * @shm: the handle
 *
 * Return: the id, or 0 if @shm is NULL.
 */
uint64_t ipck_shm_id(const struct ipck_shm *shm);

/**
 * ipck_shm_resize() - change the size of a segment
 * @shm: the segment, opened with O_RDWR
 * @size: in bytes; what is new is 0
 *
 * The memory is there after success.  Whoever makes a segment longer is charged
 * for all of it.
 *
 * Return: 0, or -EACCES, -EDQUOT, -EFBIG, -EINTR, -EINVAL, -ENOMEM, -ENOSPC,
 * -EPERM (sealed, or moved away).
 */
int ipck_shm_resize(struct ipck_shm *shm, uint64_t size);

/**
 * struct ipck_map - a mapped part of a segment
 * @addr: where it is
 * @length: bytes
 */
struct ipck_map {
	void *addr;
	size_t length;
};

/**
 * ipck_shm_map() - map a part of a segment
 * @shm: the segment
 * @map: set; all 0 after a failure
 * @offset: where the part begins; it need not begin with a page
 * @length: its length; 0: up to the end of the segment
 * @prot: PROT_READ, or with PROT_WRITE for a segment opened with O_RDWR
 *
 * Shared, as mmap(2) with MAP_SHARED.  The mapping stays when the handle is
 * closed.
 *
 * Return: 0, or -EACCES, -EAGAIN, -EINVAL (also: 0, and nothing is there),
 * -ENOMEM, -EPERM (sealed, moved away, or PROT_EXEC).
 */
int ipck_shm_map(struct ipck_shm *shm, struct ipck_map *map, uint64_t offset,
		 size_t length, int prot);

/**
 * ipck_shm_unmap() - end a mapping
 * @map: optional: the mapping; all 0 afterwards, and nothing happens if it is
 */
void ipck_shm_unmap(struct ipck_map *map);

/**
 * ipck_shm_unlink() - remove the name of a segment
 * @name: the name
 *
 * The name is free at once; the segment ends with its last user.
 *
 * Return: as ipck_unlink().
 */
int ipck_shm_unlink(const char *name);

/**
 * ipck_shm_unlink_id() - remove the name of the segment with an id
 * @id: the id
 *
 * Return: as ipck_unlink_id().
 */
int ipck_shm_unlink_id(uint64_t id);

/** DOC: State bits, &ipck_shm_info.flags, besides _NAMED and _TRANSIENT */
#define IPCK_INFO_SEALABLE	(1U << 5)	/* seals can be added */
#define IPCK_INFO_MAPPED	(1U << 6)	/* somebody has it mapped */
#define IPCK_INFO_MOVED		(1U << 7)	/* its receiver alone can write */

/**
 * struct ipck_shm_info - state and attributes of a segment
 * @id: its id
 * @size: bytes
 * @charged: bytes that @payer is charged for
 * @uid: owner, in the user namespace of the caller
 * @gid: group, likewise
 * @mode: permission bits
 * @flags: IPCK_INFO_*
 * @seals: F_SEAL_*
 * @readers: open descriptions that can read: of descriptors, in mappings, in
 *	messages
 * @writers: how many of them were opened to write
 * @payer: who made it grow last, in the user namespace of the caller
 * @pid: process that created it, as the caller sees it, 0 if not visible; it may
 *	have ended
 * @reserved: undefined
 * @name: its name, a former one, or empty
 */
struct ipck_shm_info {
	uint64_t id;
	uint64_t size;
	uint64_t charged;
	uid_t uid;
	gid_t gid;
	uint32_t mode;
	uint32_t flags;
	uint32_t seals;
	uint32_t readers;
	uint32_t writers;
	uid_t payer;
	pid_t pid;
	uint32_t reserved[9];
	char name[IPCK_NAME_MAX + 1];
};

/**
 * ipck_shm_stat() - look at a segment
 * @shm: the segment, opened in whatever way
 * @info: where the answer goes
 *
 * Return: 0, or -EINVAL.
 */
int ipck_shm_stat(struct ipck_shm *shm, struct ipck_shm_info *info);

/**
 * ipck_shm_list() - look at all segments
 * @after_id: only segments with a greater id; 0 to begin
 * @infos: array the answer goes to, by ascending id
 * @count: elements of @infos, at least 1
 *
 * As ipck_list().
 *
 * Return: elements written, 0 at the end, or -EINVAL, -EMFILE, -ENODEV.
 */
int ipck_shm_list(uint64_t after_id, struct ipck_shm_info *infos,
		  unsigned int count);

/**
 * struct ipck_shm_change - a change of the rights of a segment
 * @mask: %IPCK_SET_MODE, _UID, _GID: the members that count; the others must be 0
 * @mode: new permission bits, taken as they are
 * @uid: new owner
 * @gid: new group
 * @reserved: 0
 */
struct ipck_shm_change {
	uint32_t mask;
	uint32_t mode;
	uid_t uid;
	gid_t gid;
	uint32_t reserved[8];
};

/**
 * ipck_shm_set() - change the rights of a segment
 * @shm: the segment, opened in whatever way
 * @change: what to change; all of it happens, or nothing
 *
 * For the owner and CAP_IPC_OWNER.  Open descriptors keep their rights.
 *
 * Return: 0, or -EINVAL, -EPERM.
 */
int ipck_shm_set(struct ipck_shm *shm, const struct ipck_shm_change *change);

/**
 * struct ipck_range - a part of a segment; the payload of ipck_shm_send()
 * @offset: where it begins
 * @length: bytes
 *
 * 16 bytes in the byte order of the machine.
 */
struct ipck_range {
	uint64_t offset;
	uint64_t length;
};

/**
 * ipck_shm_send() - send a segment, or a part of it
 * @mb: the mailbox, with %IPCK_ATTR_FDS, opened for sending
 * @shm: the segment
 * @range: optional: which part is meant; NULL: all of it
 * @opt: optional: how to send, without @fds and %IPCK_IOVEC
 * @limit: optional: which limit the send met, as in ipck_send_opt()
 *
 * Sends one descriptor, and @range as payload: nothing of the content is
 * copied, however long it is.  The receiver gets the rights that @shm has, to all
 * of the segment: @range only says what the message is about.
 *
 * Without %IPCK_MOVE sender and receiver share the segment.  With it the right to
 * write goes with the message, so that the receiver can rely on what it has
 * looked at: until it has closed and unmapped what it received, or died, or
 * moved the segment on, nobody else can write, and -EPERM is what others get who
 * try.  Unmap the segment before you move it, everywhere where it is mapped of a
 * descriptor that can write; else it is -EBUSY.
 *
 * Return: as ipck_send_opt(), and with %IPCK_MOVE -EACCES (@shm cannot write),
 * -EPERM (the right is elsewhere), -EBUSY.
 */
int ipck_shm_send(struct ipck *mb, struct ipck_shm *shm,
		  const struct ipck_range *range,
		  const struct ipck_send_opt *opt, unsigned int *limit);

/**
 * ipck_shm_recv() - receive a segment
 * @mb: the mailbox, opened for receiving
 * @shm: where the handle goes; *shm is NULL after a failure
 * @range: which part is meant, within the size the segment has now; whoever can
 *	write can still make it shorter, unless it is sealed or was moved
 * @opt: optional: how to receive, without @fds and %IPCK_IOVEC
 * @msg: optional: what is known about the message
 *
 * Allocates the handle.
 *
 * Return: 0, or as ipck_recv_opt(); -EBADMSG: a message was received, and is
 * gone, that is not one of ipck_shm_send(); its descriptor is closed.  (So it is
 * with -ENOMEM for the handle.)
 */
int ipck_shm_recv(struct ipck *mb, struct ipck_shm **shm,
		  struct ipck_range *range, const struct ipck_recv_opt *opt,
		  struct ipck_msg *msg);

/** DOC: Features, &ipck_limits.features */
#define IPCK_FEATURE_QUEUE	(1ULL << 0)	/* %IPCK_QUEUE, %IPCK_RECEIVED */
#define IPCK_FEATURE_EVENT	(1ULL << 1)	/* ipck_join() */
#define IPCK_FEATURE_ENDPOINT	(1ULL << 2)	/* ipck_endpoint() */
#define IPCK_FEATURE_CALL	(1ULL << 3)	/* %IPCK_HANDLED, ipck_call() */
#define IPCK_FEATURE_LEASE	(1ULL << 4)	/* &ipck_recv_opt.lease_ns */
#define IPCK_FEATURE_FDS	(1ULL << 5)	/* descriptors in messages */
#define IPCK_FEATURE_VECTOR	(1ULL << 6)	/* ipck_sendv(), %IPCK_IOVEC */
#define IPCK_FEATURE_NOTIFY	(1ULL << 7)	/* ipck_notify_signal() */
#define IPCK_FEATURE_BLOCKED	(1ULL << 8)	/* ipck_blocked() */
#define IPCK_FEATURE_RECORD	(1ULL << 9)	/* ipck_record() */
#define IPCK_FEATURE_SEGMENT	(1ULL << 10)	/* ipck_shm_open() */
#define IPCK_FEATURE_MOVE	(1ULL << 11)	/* %IPCK_MOVE */
#define IPCK_FEATURE_CHANNEL	(1ULL << 12)	/* %IPCK_CHANNEL */
#define IPCK_FEATURE_PLAIN	(1ULL << 13)	/* ipck_send_many() */
#define IPCK_FEATURE_POSIX	(1ULL << 14)	/* %IPCK_ATTR_POSIX */
#define IPCK_FEATURE_URING	(1ULL << 15)	/* ipck_uring_recv() */

/**
 * struct ipck_limits - what the running kernel can do, and the user may
 * @features: IPCK_FEATURE_*
 * @length_max: bytes of the longest message a mailbox can allow
 * @priority_max: highest priority
 * @name_max: bytes of the longest name
 * @max_mailboxes: mailboxes a user may have
 * @max_user_messages: messages a user may have under way
 * @max_user_bytes: bytes a user may have under way
 * @user_mailboxes: mailboxes the calling user has now
 * @user_messages: messages the calling user has under way now
 * @user_bytes: bytes the calling user has under way now, with the bookkeeping
 *	of the kernel
 * @fds_max: descriptors a message can bring
 * @iovec_max: parts of a payload
 * @max_user_fds: descriptors a user may have under way
 * @user_fds: descriptors the calling user has under way now
 * @max_user_segments: segments a user may have
 * @max_user_segment_bytes: bytes of segments a user may have
 * @user_segments: segments the calling user has now
 * @user_segment_bytes: bytes of them now, in whole pages
 * @reserved: undefined
 *
 * The budget is that of the real user id in the IPC namespace of the process.
 * A message is charged to its sender from the send until it is received, dropped
 * or withdrawn; one with a token until it is settled.  An event is a message for
 * each member that gets it.
 */
struct ipck_limits {
	uint64_t features;
	uint32_t length_max;
	uint32_t priority_max;
	uint32_t name_max;
	uint64_t max_mailboxes;
	uint64_t max_user_messages;
	uint64_t max_user_bytes;
	uint64_t user_mailboxes;
	uint64_t user_messages;
	uint64_t user_bytes;
	uint32_t fds_max;
	uint32_t iovec_max;
	uint64_t max_user_fds;
	uint64_t user_fds;
	uint64_t max_user_segments;
	uint64_t max_user_segment_bytes;
	uint64_t user_segments;
	uint64_t user_segment_bytes;
	uint64_t reserved[4];
};

/**
 * ipck_limits() - ask for features and limits
 * @limits: where the answer goes
 *
 * Return: 0, or -EINVAL, -EMFILE, -ENODEV.
 */
int ipck_limits(struct ipck_limits *limits);

/**
 * ipck_strerror() - put an error in words
 * @error: what a function returned; without its sign it means the same
 * @limit: an &enum ipck_limit that came with it, or 0
 *
 * Return: a text without a final stop, in English, that nobody may change or
 * free.  Never NULL.
 */
const char *ipck_strerror(int error, unsigned int limit);

/**
 * ipck_version() - the version of the library that is running
 *
 * Return: "major.minor.patch", as %IPCK_VERSION_MAJOR and %IPCK_VERSION_MINOR.
 */
const char *ipck_version(void);

#ifdef __cplusplus
}
#endif

#endif /* IPCK_H */
