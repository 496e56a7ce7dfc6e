// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: import from and export to user space.
 */
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "endpoint.h"
#include "files.h"
#include "loan.h"
#include "mailbox.h"
#include "message.h"
#include "quota.h"
#include "registry.h"
#include "stash.h"
#include "transfer.h"
#include "wait.h"
#include "words.h"

/**
 * struct parcel - a message and its content
 * @message: the envelope it was imported in
 * @content: ends with the last envelope, and the parcel with it
 *
 * One object of a &struct size_class.
 */
struct parcel {
	struct ipcmbox_message message;
	struct ipcmbox_content content;
};

/**
 * struct size_class - parcels of one size
 * @name: of the cache
 * @room: bytes of payload in the object
 * @cache: where they come from
 *
 * Set up once, then constant.
 */
struct size_class {
	const char *name;
	u32 room;
	struct kmem_cache *cache;
};

/* The allocator adds a word, which brings the first two to 256 and 512 bytes. */
#define ROOM(size)	((size) - sizeof(void *) - offsetof(struct parcel, content.data))
#define ROOM_SHORT	ROOM(256)
#define ROOM_MAX	4096

static struct size_class size_classes[] = {
	{ .name = "ipcmbox_message_256", .room = ROOM_SHORT },
	{ .name = "ipcmbox_message_512", .room = ROOM(512) },
	{ .name = "ipcmbox_message_1k", .room = 1024 },
	{ .name = "ipcmbox_message_4k", .room = ROOM_MAX },
};

/* Envelopes of copies. */
static struct kmem_cache *envelope_cache;

/* Envelopes and parcels of the smallest class that were freed. */
static struct ipcmbox_stash __percpu *envelope_stash;
static struct ipcmbox_stash __percpu *parcel_stash;

/*
 * Chunks start at what the page allocator gives out without compacting memory, and fall back to
 * single pages.
 */
#define CHUNK_SIZE_MAX	(PAGE_SIZE << 3)
#define CHUNK_SIZE_MIN	PAGE_SIZE

/**
 * struct ipcmbox_chunk - a part of a long payload
 * @next: the following part
 * @length: bytes in @data
 * @data: payload
 *
 * Constant after import.
 */
struct ipcmbox_chunk {
	struct ipcmbox_chunk *next;
	size_t length;
	u8 data[];
};

/*
 * All of a message is written before it is used, and no more of @data is read than was written. The
 * allocator cannot know; where it clears all memory it gives out, it does not clear what has a
 * constructor.
 */
static void message_construct(void *object)
{
}

static bool size_class_init(struct size_class *class)
{
	size_t offset = offsetof(struct parcel, content.data);

	class->cache = kmem_cache_create_usercopy(class->name, offset + class->room,
						  __alignof__(struct parcel), SLAB_ACCOUNT, offset,
						  class->room, message_construct);
	return class->cache;
}

/**
 * ipcmbox_message_init() - make the caches
 *
 * Return: 0 or -ENOMEM.
 */
int ipcmbox_message_init(void)
{
	int i;

	envelope_cache = kmem_cache_create("ipcmbox_envelope", sizeof(struct ipcmbox_message),
					   __alignof__(struct ipcmbox_message), SLAB_ACCOUNT,
					   message_construct);
	envelope_stash = alloc_percpu(struct ipcmbox_stash);
	parcel_stash = alloc_percpu(struct ipcmbox_stash);
	if (!envelope_cache || !envelope_stash || !parcel_stash) {
		ipcmbox_message_exit();
		return -ENOMEM;
	}

	for (i = 0; i < ARRAY_SIZE(size_classes); i++) {
		if (!size_class_init(&size_classes[i])) {
			ipcmbox_message_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void ipcmbox_message_exit(void)
{
	int i;

	ipcmbox_stash_end(envelope_stash);
	ipcmbox_stash_end(parcel_stash);
	for (i = 0; i < ARRAY_SIZE(size_classes); i++)
		kmem_cache_destroy(size_classes[i].cache);
	kmem_cache_destroy(envelope_cache);
}

/* The payload fits into an object of the smallest class, or lies in chunks. */
static bool is_smallest(size_t length)
{
	return likely(length <= ROOM_SHORT) || length > ROOM_MAX;
}

static const struct size_class *size_class_of(size_t length)
{
	const struct size_class *class = size_classes;

	if (is_smallest(length))
		return class;
	while (length > class->room)
		class++;
	return class;
}

static struct parcel *parcel_alloc(size_t length)
{
	struct kmem_cache *cache = size_class_of(length)->cache;
	struct parcel *parcel;
	u64 cgroup = 0;

	if (is_smallest(length))
		parcel = ipcmbox_stash_alloc(parcel_stash, cache, &cgroup);
	else
		parcel = kmem_cache_alloc(cache, IPCMBOX_GFP);
	if (parcel)
		parcel->content.cgroup = cgroup;
	return parcel;
}

static void parcel_free(struct parcel *parcel, size_t length, u64 cgroup)
{
	if (is_smallest(length))
		ipcmbox_stash_free(parcel_stash, parcel, cgroup);
	else
		kfree(parcel);
}

/* A single piece of user memory, and a processor that does not mind where words begin. */
static bool is_plain(const struct iov_iter *iter)
{
	return iter_is_ubuf(iter) && IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS);
}

static struct ipcmbox_chunk *chunk_alloc(size_t length)
{
	size_t size = min(length + sizeof(struct ipcmbox_chunk), CHUNK_SIZE_MAX);
	struct ipcmbox_chunk *chunk = NULL;

	if (size > CHUNK_SIZE_MIN) {
		chunk = kmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_NORETRY);
		if (!chunk)
			size = CHUNK_SIZE_MIN;
	}
	if (!chunk)
		chunk = kmalloc(size, IPCMBOX_GFP);
	if (!chunk)
		return NULL;

	chunk->next = NULL;
	chunk->length = min(length, size - sizeof(*chunk));
	return chunk;
}

static noinline void chunks_free(struct ipcmbox_chunk *chunk)
{
	struct ipcmbox_chunk *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		kfree(chunk);
	}
}

/*
 * Any payload from any kind of buffer. On failure the caller frees what was allocated, with the
 * content.
 */
static noinline int content_fill(struct ipcmbox_content *content, size_t left,
				 struct iov_iter *from)
{
	struct ipcmbox_chunk **link = &content->chunks;

	if (left <= ROOM_MAX)
		return copy_from_iter(content->data, left, from) == left ? 0 : -EFAULT;

	/* Up to 16 MiB: give way between chunks, and stop when killed. */
	for (; left; left -= (*link)->length, link = &(*link)->next) {
		*link = chunk_alloc(left);
		if (!*link)
			return -ENOMEM;
		if (copy_from_iter((*link)->data, (*link)->length, from) != (*link)->length)
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Who waits until the message is received or handled can lend its memory. */
static bool can_lend(const struct ipcmbox_sending *sending, size_t length)
{
	return length >= IPCMBOX_LOAN_MIN && sending->completion != IPCMBOX_QUEUED &&
	       !sending->deadline->nonblock && iter_is_ubuf(sending->from);
}

/* Of a long payload. */
static noinline void content_borrow(struct ipcmbox_content *content, size_t length,
				    const struct ipcmbox_sending *sending)
{
	const struct iov_iter *from = sending->from;

	content->chunks = NULL;
	content->loan = NULL;
	if (can_lend(sending, length))
		content->loan = ipcmbox_loan_new(from->ubuf + from->iov_offset, length);
}

static bool is_borrowed(const struct ipcmbox_content *content, size_t length)
{
	return unlikely(length > ROOM_MAX) && content->loan;
}

static int content_copy_in(struct ipcmbox_content *content, size_t length, struct iov_iter *from)
{
	if (length > ROOM_MAX || !is_plain(from))
		return content_fill(content, length, from);
	return ipcmbox_words_fetch(content->data, from->ubuf + from->iov_offset, length) ?
	       0 : -EFAULT;
}

/* What a parcel is charged with. */
static u32 charge_of(size_t length)
{
	if (likely(length <= ROOM_SHORT))
		return sizeof(struct parcel) + ROOM_SHORT;
	if (length > ROOM_MAX)
		return sizeof(struct parcel) + ROOM_SHORT + length;
	return sizeof(struct parcel) + size_class_of(length)->room;
}

static noinline void drop_files(struct ipcmbox_content *content)
{
	ipcmbox_user_uncharge_files(content->user, content->files->nr);
	ipcmbox_files_put(content->files);
	content->cgroup = 0;
}

static void content_free(struct ipcmbox_content *content, size_t length, u8 nr_fds)
{
	if (unlikely(nr_fds))
		drop_files(content);
	if (length > ROOM_MAX) {
		chunks_free(content->chunks);
		ipcmbox_loan_free(content->loan);
	}
	if (content->tid != content->tgid)
		put_pid(content->tid);
	put_pid(content->tgid);
	ipcmbox_user_uncharge_message(content->user, charge_of(length));
	if (content->owns_user)
		ipcmbox_user_put(content->user);
	parcel_free(container_of(content, struct parcel, content), length, content->cgroup);
}

/* What ipcmbox_message_copy() made, and not what it was made of. */
static bool is_copy(const struct ipcmbox_message *message)
{
	return message->content != &container_of(message, const struct parcel, message)->content;
}

static void envelope_free(struct ipcmbox_message *message)
{
	ipcmbox_stash_free(envelope_stash, message,
			   message->is_cocharged ? message->content->cgroup : 0);
}

static noinline void sharer_free(struct ipcmbox_message *message)
{
	struct ipcmbox_content *content = message->content;
	u32 length = message->length;
	u8 nr_fds = message->nr_fds;

	if (is_copy(message)) {
		ipcmbox_user_uncharge_message(content->user, sizeof(*message));
		envelope_free(message);
	}
	if (refcount_dec_and_test(&content->refs))
		content_free(content, length, nr_fds);
}

static void message_free(struct ipcmbox_message *message)
{
	if (unlikely(message->content->is_shared))
		sharer_free(message);
	else
		content_free(message->content, message->length, message->nr_fds);
}

/* Everything but the payload. */
static void stamp(struct parcel *parcel, struct ipcmbox_user *user,
		  const struct ipcmbox_user *creator, const struct ipcmbox_sending *sending)
{
	struct ipcmbox_message *message = &parcel->message;
	struct ipcmbox_content *content = &parcel->content;

	message->content = content;
	message->sender = NULL;
	message->lost = 0;
	message->length = iov_iter_count(sending->from);
	refcount_set(&message->refs, 1);
	message->redelivered = 0;
	message->nr_fds = 0;
	message->place = IPCMBOX_MESSAGE_OWNED;
	message->priority = sending->priority;
	message->completion = sending->completion;
	message->is_disowned = false;
	message->is_cocharged = false;

	refcount_set(&content->refs, 1);
	content->is_shared = false;
	current_euid_egid(&content->uid, &content->gid);
	content->tgid = get_pid(task_tgid(current));
	content->tid = sending->thread;
	if (content->tid != content->tgid)
		get_pid(content->tid);
	content->user = user;
	content->owns_user = user != creator;
	if (content->owns_user)
		ipcmbox_user_get(user);
	content->endpoint = ipcmbox_endpoint_of_sender(&sending->mailbox->registry->endpoints,
						       sending->thread);
	content->events = sending->events;
}

/* Takes over what was imported before. */
static noinline int enclose_files(struct parcel *parcel, struct ipcmbox_sending *sending)
{
	struct ipcmbox_files *files = sending->files;
	int ret;

	ret = ipcmbox_user_charge_files(parcel->content.user, files->nr, &sending->limit);
	if (ret)
		return ret;
	parcel->content.files = files;
	parcel->message.nr_fds = files->nr;
	sending->files = NULL;
	return 0;
}

/* Its payload could not be imported, or its descriptors. */
static noinline struct ipcmbox_message *fail(struct parcel *parcel,
					     struct ipcmbox_sending *sending, int error)
{
	if (error == -ENOMEM)
		sending->limit = IPCMBOX_LIMIT_MEMORY;
	ipcmbox_message_put(&parcel->message);
	return ERR_PTR(error);
}

/**
 * ipcmbox_message_import() - make a message of what the caller sends
 * @user: account of the calling user
 * @creator: account that the mailbox refers to for as long as it has messages
 * @sending: what is sent; @files, when it is taken over, is set to NULL, @limit to the limit that
 *	was hit
 *
 * Context: may sleep and fault, no locks held.
 * Return: a message owned by the caller, or -EDQUOT, -ENOMEM, -EFAULT, -EINTR (a fatal signal).
 */
struct ipcmbox_message *ipcmbox_message_import(struct ipcmbox_user *user,
					       const struct ipcmbox_user *creator,
					       struct ipcmbox_sending *sending)
{
	size_t length = iov_iter_count(sending->from);
	struct parcel *parcel;
	int ret;

	ret = ipcmbox_user_charge_messages(user, 1, charge_of(length), &sending->limit);
	if (ret)
		return ERR_PTR(ret);

	parcel = parcel_alloc(length);
	if (!parcel) {
		ipcmbox_user_uncharge_message(user, charge_of(length));
		sending->limit = IPCMBOX_LIMIT_MEMORY;
		return ERR_PTR(-ENOMEM);
	}

	stamp(parcel, user, creator, sending);
	if (length > ROOM_MAX)
		content_borrow(&parcel->content, length, sending);
	ret = unlikely(sending->files) ? enclose_files(parcel, sending) : 0;
	if (likely(!ret) && !is_borrowed(&parcel->content, length))
		ret = content_copy_in(&parcel->content, length, sending->from);
	if (unlikely(ret))
		return fail(parcel, sending, ret);
	return &parcel->message;
}

/* Returns how many of @count it got, or 0; and whose memory they are, if that is certain. */
static unsigned int envelopes_alloc(void **envelopes, unsigned int count, u64 *cgroup)
{
	unsigned int nr;

	*cgroup = 0;
	if (IPCMBOX_STASHES) {
		nr = ipcmbox_stash_take_many(envelope_stash, envelopes, count, cgroup);
		if (nr)
			return nr;
	}
	if (!kmem_cache_alloc_bulk(envelope_cache, IPCMBOX_GFP, count, envelopes))
		return 0;
	if (*cgroup)
		*cgroup = ipcmbox_stash_paid(*cgroup);
	return count;
}

static void copy_envelope(struct ipcmbox_message *copy, const struct ipcmbox_message *message,
			  u64 cgroup)
{
	*copy = *message;
	copy->sender = NULL;
	copy->lost = 0;
	copy->place = IPCMBOX_MESSAGE_OWNED;
	copy->is_cocharged = !message->nr_fds && cgroup && cgroup == message->content->cgroup;
	refcount_set(&copy->refs, 1);
}

/* Up to so many envelopes are allocated and charged at a time. */
#define COPIES_MAX	16

static int copy_some(struct ipcmbox_message *message, unsigned int count,
		     struct ipcmbox_message **copies, u32 *limit)
{
	struct ipcmbox_content *content = message->content;
	void *envelopes[COPIES_MAX] __uninitialized;
	struct ipcmbox_message *copy;
	unsigned int nr, i;
	u64 cgroup;
	int ret;

	nr = envelopes_alloc(envelopes, count, &cgroup);
	if (!nr) {
		*limit = IPCMBOX_LIMIT_MEMORY;
		return -ENOMEM;
	}
	ret = ipcmbox_user_charge_messages(content->user, nr, nr * sizeof(*copy), limit);
	if (ret) {
		kmem_cache_free_bulk(envelope_cache, nr, envelopes);
		return ret;
	}

	if (!content->is_shared)
		content->is_shared = true;
	refcount_add(nr, &content->refs);
	for (i = 0; i < nr; i++) {
		copy = envelopes[i];
		copy_envelope(copy, message, cgroup);
		copy->next_victim = *copies;
		*copies = copy;
	}
	return nr;
}

/**
 * ipcmbox_message_copy() - make other messages of the same content
 * @message: owned by the caller
 * @count: how many are wanted, more than 0
 * @copies: they are added to this list, linked by &ipcmbox_message.next_victim
 * @limit: set to the limit that was hit
 *
 * The copies are charged to the sender as well, but for the content.
 *
 * Context: may sleep.
 * Return: how many it has made, or -EDQUOT, -ENOMEM: there is not enough for one.
 */
int ipcmbox_message_copy(struct ipcmbox_message *message, unsigned int count,
			 struct ipcmbox_message **copies, u32 *limit)
{
	int ret;

	count = min_t(unsigned int, count, COPIES_MAX);
	ret = copy_some(message, count, copies, limit);
	if (unlikely(ret < 0) && count > 1)
		ret = copy_some(message, 1, copies, limit);
	return ret;
}

/**
 * ipcmbox_message_set_sender() - let a message be from somebody else
 * @message: owned by the caller, and in no port yet
 * @tgid: process
 * @tid: thread
 * @uid: effective uid
 * @gid: effective gid
 */
void ipcmbox_message_set_sender(struct ipcmbox_message *message, struct pid *tgid, struct pid *tid,
				kuid_t uid, kgid_t gid)
{
	struct ipcmbox_content *content = message->content;

	if (content->tid != content->tgid)
		put_pid(content->tid);
	put_pid(content->tgid);
	content->tgid = get_pid(tgid);
	content->tid = tid;
	if (tid != tgid)
		get_pid(tid);
	content->uid = uid;
	content->gid = gid;
	content->endpoint = 0;
}

/**
 * ipcmbox_message_put() - drop a reference
 * @message: or NULL
 *
 * Context: process context, no port's lock held.
 */
void ipcmbox_message_put(struct ipcmbox_message *message)
{
	if (!message)
		return;
	/* The last reference cannot become two: nobody finds the message any more. */
	if (likely(refcount_read(&message->refs) == 1))
		smp_rmb(); /* what a peeker that is done has read, see refcount_dec_and_test() */
	else if (!refcount_dec_and_test(&message->refs))
		return;
	message_free(message);
}

/**
 * ipcmbox_message_put_victims() - put messages that were dropped under a port's lock
 * @victim: the first, or NULL
 */
void ipcmbox_message_put_victims(struct ipcmbox_message *victim)
{
	struct ipcmbox_message *next;

	for (; victim; victim = next) {
		next = victim->next_victim;
		ipcmbox_message_put(victim);
	}
}

/**
 * ipcmbox_message_is_lent() - does the payload lie in the memory of the sender?
 * @message: the message
 */
bool ipcmbox_message_is_lent(const struct ipcmbox_message *message)
{
	const struct ipcmbox_content *content = message->content;

	return message->length > ROOM_MAX && content->loan && !READ_ONCE(content->chunks);
}

/**
 * ipcmbox_message_keep() - copy the payload, if it is lent, for its sender is about to leave
 * @message: the caller has a reference, or is who sends it
 *
 * Whoever copies from the loan meanwhile goes on with that.
 *
 * Context: may sleep, no locks held.
 * Return: 0, -ENOMEM, or -EINTR: a fatal signal.
 */
int ipcmbox_message_keep(struct ipcmbox_message *message)
{
	struct ipcmbox_content *content = message->content;
	struct ipcmbox_chunk *chunks = NULL, **link = &chunks;
	size_t done = 0;
	int ret = 0;

	if (!ipcmbox_message_is_lent(message))
		return 0;
	for (; done < message->length; done += (*link)->length, link = &(*link)->next) {
		*link = chunk_alloc(message->length - done);
		ret = *link ? 0 : -ENOMEM;
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			break;
		ipcmbox_loan_read(content->loan, done, (*link)->data, (*link)->length);
		cond_resched();
	}
	/* Somebody else may have kept it; pairs with copy_out(). */
	if (ret || cmpxchg_release(&content->chunks, NULL, chunks))
		chunks_free(chunks);
	return ret;
}

/* Any payload into any kind of buffer. */
static noinline bool copy_out(const struct ipcmbox_message *message, const struct iov_iter *buffer)
{
	const struct ipcmbox_chunk *chunk;
	struct iov_iter to = *buffer;

	if (message->length <= ROOM_MAX)
		return copy_to_iter(message->content->data, message->length, &to) ==
		       message->length;

	/* Pairs with ipcmbox_message_keep(). */
	chunk = smp_load_acquire(&message->content->chunks);
	if (!chunk)
		return ipcmbox_loan_copy_out(message->content->loan, message->length, &to);
	for (; chunk; chunk = chunk->next)
		if (copy_to_iter(chunk->data, chunk->length, &to) != chunk->length)
			return false;
	return true;
}

/**
 * ipcmbox_message_copy_out() - copy the payload
 * @message: stays as it is
 * @to: at least as long as the payload; stays as it is
 *
 * Return: whether all of it could be copied.
 */
bool ipcmbox_message_copy_out(const struct ipcmbox_message *message, const struct iov_iter *to)
{
	if (message->length <= ROOM_MAX && is_plain(to))
		return ipcmbox_words_store(to->ubuf + to->iov_offset, message->content->data,
					   message->length);
	return copy_out(message, to);
}

/* As pid_nr_ns(); in the first namespace everybody has a number. */
static pid_t pid_in(struct pid *pid, struct pid_namespace *ns)
{
	return likely(!ns->level) ? pid->numbers[0].nr : pid_nr_ns(pid, ns);
}

/**
 * ipcmbox_message_identify() - tell the calling receiver who has sent a message
 * @message: the message
 * @sender: set
 */
void ipcmbox_message_identify(const struct ipcmbox_message *message,
			      struct ipcmbox_identity *sender)
{
	const struct ipcmbox_content *content = message->content;
	struct pid_namespace *pid_ns = ns_of_pid(task_pid(current));
	struct user_namespace *user_ns = current_user_ns();

	sender->pid = pid_in(content->tgid, pid_ns);
	sender->tid = pid_in(content->tid, pid_ns);
	if (likely(user_ns == &init_user_ns)) {
		/* Every id is itself there. */
		sender->uid = __kuid_val(content->uid);
		sender->gid = __kgid_val(content->gid);
	} else {
		sender->uid = from_kuid_munged(user_ns, content->uid);
		sender->gid = from_kgid_munged(user_ns, content->gid);
	}
}
