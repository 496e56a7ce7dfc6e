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
#include "message.h"
#include "quota.h"

/**
 * struct size_class - messages whose objects are of one size
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
#define ROOM(size)	((size) - sizeof(void *) - offsetof(struct ipcmbox_message, data))
#define ROOM_SHORT	ROOM(256)
#define ROOM_MAX	4096

static struct size_class size_classes[] = {
	{ .name = "ipcmbox_message_256", .room = ROOM_SHORT },
	{ .name = "ipcmbox_message_512", .room = ROOM(512) },
	{ .name = "ipcmbox_message_1k", .room = 1024 },
	{ .name = "ipcmbox_message_4k", .room = ROOM_MAX },
};

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

/**
 * ipcmbox_message_init() - make the caches
 *
 * Return: 0 or -ENOMEM.
 */
int ipcmbox_message_init(void)
{
	struct size_class *class;
	int i;

	for (i = 0; i < ARRAY_SIZE(size_classes); i++) {
		class = &size_classes[i];
		class->cache = kmem_cache_create_usercopy(class->name,
							  struct_size((struct ipcmbox_message *)0,
								      data, class->room),
							  __alignof__(struct ipcmbox_message),
							  SLAB_ACCOUNT,
							  offsetof(struct ipcmbox_message, data),
							  class->room, message_construct);
		if (!class->cache) {
			ipcmbox_message_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void ipcmbox_message_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(size_classes); i++)
		kmem_cache_destroy(size_classes[i].cache);
}

/* The smallest class with room for the payload; the smallest of all for what lies in chunks. */
static const struct size_class *size_class_of(size_t length)
{
	const struct size_class *class = size_classes;

	if (likely(length <= ROOM_SHORT) || length > ROOM_MAX)
		return class;
	while (length > class->room)
		class++;
	return class;
}

/* A single piece of user memory, and a processor that does not mind where words begin. */
static bool is_plain(const struct iov_iter *iter)
{
	return iter_is_ubuf(iter) && IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS);
}

/*
 * Copies of payloads that lie in the object. Its size class was chosen by their length, so
 * copy_from_user() need not ask the allocator for the size of the object; and the short ones are
 * copied word by word, which takes less than calling and counting.
 */

struct words {
	u64 word[4];
};

static bool fetch(u8 *to, const void __user *from, size_t length)
{
	struct words *w = (struct words *)to;
	const struct words __user *u = from;

	if (length > ROOM_SHORT)
		return !_copy_from_user(to, from, length);

	if (!user_read_access_begin(from, length))
		return false;
	for (; length >= sizeof(*w); length -= sizeof(*w), w++, u++) {
		unsafe_get_user(w->word[0], &u->word[0], fault);
		unsafe_get_user(w->word[1], &u->word[1], fault);
		unsafe_get_user(w->word[2], &u->word[2], fault);
		unsafe_get_user(w->word[3], &u->word[3], fault);
	}
	for (; length >= sizeof(w->word[0]); length -= sizeof(w->word[0])) {
		unsafe_get_user(w->word[0], &u->word[0], fault);
		w = (void *)&w->word[1];
		u = (const void __user *)&u->word[1];
	}
	for (to = (u8 *)w, from = u; length; length--)
		unsafe_get_user(*to++, (const u8 __user *)from++, fault);
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

static bool store(void __user *to, const u8 *from, size_t length)
{
	const struct words *w = (const struct words *)from;
	struct words __user *u = to;

	if (length > ROOM_SHORT)
		return !_copy_to_user(to, from, length);

	if (!user_write_access_begin(to, length))
		return false;
	for (; length >= sizeof(*w); length -= sizeof(*w), w++, u++) {
		unsafe_put_user(w->word[0], &u->word[0], fault);
		unsafe_put_user(w->word[1], &u->word[1], fault);
		unsafe_put_user(w->word[2], &u->word[2], fault);
		unsafe_put_user(w->word[3], &u->word[3], fault);
	}
	for (; length >= sizeof(w->word[0]); length -= sizeof(w->word[0])) {
		unsafe_put_user(w->word[0], &u->word[0], fault);
		w = (const void *)&w->word[1];
		u = (void __user *)&u->word[1];
	}
	for (from = (const u8 *)w, to = u; length; length--)
		unsafe_put_user(*from++, (u8 __user *)to++, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
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
 * message.
 */
static noinline int message_fill(struct ipcmbox_message *message, struct iov_iter *from)
{
	struct ipcmbox_chunk **link = &message->chunks;
	size_t left = message->length;

	if (left <= ROOM_MAX)
		return copy_from_iter(message->data, left, from) == left ? 0 : -EFAULT;

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

static int message_copy_in(struct ipcmbox_message *message, struct iov_iter *from)
{
	if (message->length > ROOM_MAX || !is_plain(from))
		return message_fill(message, from);
	return fetch(message->data, from->ubuf + from->iov_offset, message->length) ? 0 : -EFAULT;
}

static void message_free(struct ipcmbox_message *message)
{
	if (message->chunks)
		chunks_free(message->chunks);
	if (message->tid != message->tgid)
		put_pid(message->tid);
	put_pid(message->tgid);
	ipcmbox_user_uncharge_message(message->user, message->charge);
	if (message->owns_user)
		ipcmbox_user_put(message->user);
	/* The allocator knows which cache it is from. */
	kfree(message);
}

/**
 * ipcmbox_message_import() - make a message of what the caller sends
 * @user: account of the calling user
 * @creator: account that the mailbox refers to for as long as it has messages
 * @from: the payload, all of it
 * @priority: of the message
 * @limit: set to the limit that was hit
 *
 * Context: may sleep and fault, no locks held.
 * Return: a message owned by the caller, or -EDQUOT, -ENOMEM, -EFAULT, -EINTR (a fatal signal).
 */
struct ipcmbox_message *ipcmbox_message_import(struct ipcmbox_user *user,
					       const struct ipcmbox_user *creator,
					       struct iov_iter *from, u32 priority, u32 *limit)
{
	size_t length = iov_iter_count(from);
	const struct size_class *class = size_class_of(length);
	struct ipcmbox_message *message;
	u32 charge;
	int ret;

	charge = sizeof(*message) + class->room;
	if (length > ROOM_MAX)
		charge += length;
	ret = ipcmbox_user_charge_message(user, charge, limit);
	if (ret)
		return ERR_PTR(ret);

	message = kmem_cache_alloc(class->cache, IPCMBOX_GFP);
	if (!message) {
		ipcmbox_user_uncharge_message(user, charge);
		*limit = IPCMBOX_LIMIT_MEMORY;
		return ERR_PTR(-ENOMEM);
	}

	message->priority = priority;
	message->length = length;
	message->sender = NULL;
	message->lost = 0;
	message->place = IPCMBOX_MESSAGE_OWNED;
	message->charge = charge;
	refcount_set(&message->refs, 1);
	current_euid_egid(&message->uid, &message->gid);
	message->tgid = get_pid(task_tgid(current));
	message->tid = task_pid(current);
	if (message->tid != message->tgid)
		get_pid(message->tid);
	message->user = user;
	message->owns_user = user != creator;
	if (message->owns_user)
		ipcmbox_user_get(user);
	message->chunks = NULL;

	ret = message_copy_in(message, from);
	if (ret) {
		if (ret == -ENOMEM)
			*limit = IPCMBOX_LIMIT_MEMORY;
		message_free(message);
		return ERR_PTR(ret);
	}
	return message;
}

/**
 * ipcmbox_message_put() - drop a reference
 * @message: or NULL
 *
 * Context: any without a port's lock.
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

/* Any payload into any kind of buffer. */
static noinline bool copy_out(const struct ipcmbox_message *message, const struct iov_iter *buffer)
{
	const struct ipcmbox_chunk *chunk;
	struct iov_iter to = *buffer;

	if (message->length <= ROOM_MAX)
		return copy_to_iter(message->data, message->length, &to) == message->length;

	for (chunk = message->chunks; chunk; chunk = chunk->next)
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
		return store(to->ubuf + to->iov_offset, message->data, message->length);
	return copy_out(message, to);
}

/* As pid_nr_ns(); in the first namespace everybody has a number. */
static pid_t pid_in(struct pid *pid, struct pid_namespace *ns)
{
	return likely(!ns->level) ? pid->numbers[0].nr : pid_nr_ns(pid, ns);
}

/**
 * ipcmbox_message_describe() - tell the calling receiver about a message
 * @message: the message
 * @arg: length, priority, seq and the sender's identity in the caller's namespaces are set
 */
void ipcmbox_message_describe(const struct ipcmbox_message *message, struct ipcmbox_recv *arg)
{
	struct pid_namespace *pid_ns = ns_of_pid(task_pid(current));
	struct user_namespace *user_ns = current_user_ns();

	arg->length = message->length;
	arg->priority = message->priority;
	arg->seq = message->seq;
	arg->sender_endpoint = 0;
	arg->pid = pid_in(message->tgid, pid_ns);
	arg->tid = pid_in(message->tid, pid_ns);
	if (user_ns == &init_user_ns) {
		/* Every id is itself there. */
		arg->uid = __kuid_val(message->uid);
		arg->gid = __kgid_val(message->gid);
	} else {
		arg->uid = from_kuid_munged(user_ns, message->uid);
		arg->gid = from_kgid_munged(user_ns, message->gid);
	}
}
