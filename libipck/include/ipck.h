/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libipck: mailboxes between processes.
 *
 * This header is the reference manual of the library.
 */
#ifndef IPCK_H
#define IPCK_H

#include <fcntl.h>	/* the O_* flags of ipck_open() */
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
 * arrival within a priority, as mq_send(3) has it.  Each message goes to exactly
 * one receiver.  A call that fails has changed nothing: a failed send has
 * delivered nothing and never will, a failed receive has left the message in
 * its place.
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
 * FD_CLOEXEC to let a program inherit it, which calls ipck_from_fd().
 *
 * *Costs.*  There are no hidden threads and no global state.  Sending and
 * receiving never allocate memory in the process, and are one system call each
 * (two with %IPCK_WAIT_FOR).
 *
 * *Blocking.*  Only sending and receiving may block.
 *
 * *Opaque handles.*  All that a program knows of a handle is in this header,
 * because not every kind of mailbox will be a mere descriptor: one kept in
 * shared memory has its mapping behind the same calls.
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
 * -EDQUOT       The calling user's budget is used up, see ipck_limits().
 * -EEXIST       The name exists, and O_EXCL was given.
 * -EFAULT       A payload or a name that cannot be read or written.
 * -EINTR        A signal came whose handler does not have SA_RESTART.
 * -EINVAL       A bad value, a forbidden NULL, a reserved member that is not 0.
 * -EMFILE       No free descriptor number (also -ENFILE).
 * -EMSGSIZE     The message is longer than the mailbox allows, or than the
 *               buffer of the receiver.
 * -ENAMETOOLONG The name is longer than %IPCK_NAME_MAX.
 * -ENODEV       There is no mailbox device: the module is not loaded.
 * -ENOENT       No mailbox of that name or id.
 * -ENOMEM       No memory, or the memory cgroup is at its limit.
 * -ENOTTY       The descriptor is not one of a mailbox, or the module is older
 *               than what was asked for.
 * -EPERM        Only the owner of the mailbox may.
 * -EPIPE        The other side is gone for good: the mailbox has no name (any
 *               more), and the last descriptor that could receive what was to
 *               be sent, or send what was to be received, has been closed.
 * -ETIMEDOUT    The time to wait is over.
 * ============= =============================================================
 */

/** DOC: Version of this interface; ipck_version() tells that of the library */
#define IPCK_VERSION_MAJOR	0
#define IPCK_VERSION_MINOR	1

/** DOC: Fixed limits; ipck_limits() tells those of the running kernel */
#define IPCK_NAME_MAX		255		/* bytes of a name */
#define IPCK_PRIORITY_MAX	32767		/* highest; 0 is the lowest */
#define IPCK_LENGTH_MAX		(16U << 20)	/* bytes of any message */

/** DOC: Defaults of a new mailbox */
#define IPCK_CAPACITY_DEFAULT	64U		/* messages, without attributes */
#define IPCK_LENGTH_DEFAULT	(64U << 10)	/* bytes of its longest message */
#define IPCK_MODE_DEFAULT	0600U		/* the owner sends and receives */

/** DOC: &ipck_attr.capacity of a mailbox whose senders never wait for room */
#define IPCK_UNBOUNDED		0xffffffffU

/** DOC: Flag of ipck_open() beside O_*: the name goes with the last descriptor */
#define IPCK_O_TRANSIENT	0x40000000

/** DOC: Positive result of a send: the overflow policy dropped this message */
#define IPCK_SENT_DROPPED	1

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
 * (&ipck_msg.lost).  A message whose sender waits for %IPCK_RECEIVED is never
 * dropped silently: its sender gets -EAGAIN.
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
 */
enum ipck_completion {
	IPCK_QUEUED = 0,
	IPCK_RECEIVED = 1
};

/**
 * enum ipck_wait - how long a send or a receive may wait
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
 */
enum ipck_limit {
	IPCK_LIMIT_NONE = 0,
	IPCK_LIMIT_CAPACITY = 1,
	IPCK_LIMIT_LENGTH = 2,
	IPCK_LIMIT_BUFFER = 3,
	IPCK_LIMIT_USER_MAILBOXES = 4,
	IPCK_LIMIT_USER_MESSAGES = 5,
	IPCK_LIMIT_USER_BYTES = 6,
	IPCK_LIMIT_MEMORY = 7
};

/*
 * An open mailbox: made by ipck_open(), ipck_open_id() and ipck_from_fd(),
 * ended by ipck_close().
 */
struct ipck;

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
 * @reserved: 0
 *
 * 0 is the default of every member but @capacity, whose 0 has its own meaning.
 * Start with %IPCK_ATTR_INIT, which is what no attributes at all mean too, or
 * with the capacity: ``struct ipck_attr attr = { .capacity = 8 };``.
 */
struct ipck_attr {
	uint32_t capacity;
	uint32_t max_length;
	uint64_t max_bytes;
	enum ipck_overflow overflow;
	uint32_t mode;
	uint64_t reserved[4];
};

#define IPCK_ATTR_INIT \
	{ IPCK_CAPACITY_DEFAULT, 0, 0, IPCK_OVERFLOW_BLOCK, 0, { 0, 0, 0, 0 } }

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
 *	accepted, and always on.
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
 * -EACCES (rights), -EDQUOT (%IPCK_LIMIT_USER_MAILBOXES), -EEXIST, -EINVAL (also:
 * unknown flags; O_EXCL or %IPCK_O_TRANSIENT without O_CREAT), -EMFILE,
 * -ENAMETOOLONG, -ENODEV, -ENOENT (no such name, and no O_CREAT), -ENOMEM.
 */
int ipck_open(struct ipck **mb, const char *name, int oflag,
	      const struct ipck_attr *attr);

/**
 * ipck_open_id() - open a mailbox by its id
 * @mb: where the handle goes; *mb is NULL after a failure
 * @id: id from ipck_id(), ipck_stat() or ipck_list()
 * @oflag: O_RDONLY, O_WRONLY or O_RDWR, and O_NONBLOCK, as in ipck_open()
 *
 * Ids are never used again while the module is loaded.
 *
 * Return: 0, or -EACCES, -EINVAL, -EMFILE, -ENODEV, -ENOENT, -ENOMEM.
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
 * struct ipck_send_opt - how to send
 * @priority: 0 to %IPCK_PRIORITY_MAX
 * @completion: when the message counts as sent, and what the send waits for
 * @wait: how long it may wait
 * @clock: clock of %IPCK_WAIT_FOR and %IPCK_WAIT_UNTIL, else 0
 * @wait_ns: span of %IPCK_WAIT_FOR, moment of %IPCK_WAIT_UNTIL, else 0
 * @reserved: 0
 *
 * All 0 is what ipck_send() does.
 */
struct ipck_send_opt {
	uint32_t priority;
	enum ipck_completion completion;
	enum ipck_wait wait;
	enum ipck_clock clock;
	uint64_t wait_ns;
	uint64_t reserved[4];
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
 * Return: as ipck_send(), and -ETIMEDOUT.
 */
int ipck_send_opt(struct ipck *mb, const void *buf, size_t len,
		  const struct ipck_send_opt *opt, unsigned int *limit);

/** DOC: Flag of &ipck_recv_opt.flags: leave the message in the mailbox */
#define IPCK_PEEK		(1U << 0)

/**
 * struct ipck_recv_opt - how to receive
 * @flags: 0 or %IPCK_PEEK
 * @min_priority: only messages of this priority or a higher one
 * @wait: how long the receive may wait
 * @clock: clock of %IPCK_WAIT_FOR and %IPCK_WAIT_UNTIL, else 0
 * @wait_ns: span of %IPCK_WAIT_FOR, moment of %IPCK_WAIT_UNTIL, else 0
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
	uint64_t reserved[4];
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
 * @limit: %IPCK_LIMIT_BUFFER after -EMSGSIZE, else %IPCK_LIMIT_NONE
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
	uint32_t reserved[7];
};

/**
 * ipck_recv_opt() - receive a message, with all the choices there are
 * @mb: the mailbox, opened for receiving
 * @buf: where the payload goes; may be NULL if @size is 0
 * @size: room there
 * @opt: optional: how to receive
 * @msg: optional: what is known about the message.  After a failure all 0,
 *	except @length and @limit after -EMSGSIZE.
 *
 * May block until there is a message to the liking of @opt, within the time it
 * allows.  %IPCK_PEEK with a @size of 0 asks for the length of the next message.
 *
 * Return: as ipck_recv(), and -ETIMEDOUT.
 */
ssize_t ipck_recv_opt(struct ipck *mb, void *buf, size_t size,
		      const struct ipck_recv_opt *opt, struct ipck_msg *msg);

/** DOC: State bits, &ipck_info.flags */
#define IPCK_INFO_NAMED		(1U << 0)	/* else the name is a former one */
#define IPCK_INFO_TRANSIENT	(1U << 1)	/* it goes with the last descriptor */

/**
 * struct ipck_info - state, attributes and counters of a mailbox
 * @id: its id
 * @uid: owner, in the user namespace of the caller
 * @gid: group, likewise
 * @mode: permission bits
 * @flags: IPCK_INFO_*
 * @discipline: 0: each message to exactly one receiver
 * @overflow: what a send does when the mailbox is full
 * @capacity: messages it holds; 0 is a rendezvous; %IPCK_UNBOUNDED
 * @max_length: bytes of its longest message
 * @max_bytes: bytes it holds, 0 is no bound
 * @messages: messages accepted and not yet received
 * @bytes: bytes of their payload
 * @receiving: how many of @messages are in the hands of a receiver just now
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
 * @reserved: undefined
 * @name: its name, a former one, or empty
 */
struct ipck_info {
	uint64_t id;
	uid_t uid;
	gid_t gid;
	uint32_t mode;
	uint32_t flags;
	uint32_t discipline;
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
	uint64_t reserved[4];
};

/**
 * ipck_set() - change attributes of a mailbox
 * @mb: the mailbox, opened in whatever way
 * @change: what to change; all of it happens, or nothing
 *
 * For the owner and CAP_IPC_OWNER.  Open descriptors keep their rights.  More
 * capacity admits waiting sends at once.
 *
 * Return: 0, or -EINVAL, -EPERM.
 */
int ipck_set(struct ipck *mb, const struct ipck_change *change);

/** DOC: Features, &ipck_limits.features */
#define IPCK_FEATURE_QUEUE	(1ULL << 0)	/* all of this header */

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
 * @reserved: undefined
 *
 * The budget is that of the real user id in the IPC namespace of the process.
 * A message is charged to its sender from the send until it is received, dropped
 * or withdrawn.
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
	uint64_t reserved[8];
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
