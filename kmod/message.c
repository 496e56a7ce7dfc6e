// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: import from and export to user space.
 */
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include <uapi/linux/ipcmbox.h>

#include "message.h"
#include "quota.h"

#define MESSAGE_INLINE	(IPCMBOX_MESSAGE_SIZE - offsetof(struct ipcmbox_message, data))

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

static struct kmem_cache *message_cache;

int ipcmbox_message_cache_create(void)
{
	BUILD_BUG_ON(MESSAGE_INLINE < 64);

	message_cache = kmem_cache_create_usercopy("ipcmbox_message", IPCMBOX_MESSAGE_SIZE, 0,
						   SLAB_ACCOUNT | SLAB_HWCACHE_ALIGN,
						   offsetof(struct ipcmbox_message, data),
						   MESSAGE_INLINE, NULL);
	return message_cache ? 0 : -ENOMEM;
}

void ipcmbox_message_cache_destroy(void)
{
	kmem_cache_destroy(message_cache);
}

/*
 * Copies of short payloads, word by word: the general routines check and count for longer than such
 * a copy takes. The destination and the source in the kernel are always the message's own @data.
 */

static bool fetch(u8 *to, const void __user *from, size_t length)
{
	if (!user_read_access_begin(from, length))
		return false;
	for (; length >= sizeof(u64); length -= sizeof(u64)) {
		unsafe_get_user(*(u64 *)to, (const u64 __user *)from, fault);
		to += sizeof(u64);
		from += sizeof(u64);
	}
	for (; length; length--)
		unsafe_get_user(*to++, (const u8 __user *)from++, fault);
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

static bool store(void __user *to, const u8 *from, size_t length)
{
	if (!user_write_access_begin(to, length))
		return false;
	for (; length >= sizeof(u64); length -= sizeof(u64)) {
		unsafe_put_user(*(const u64 *)from, (u64 __user *)to, fault);
		to += sizeof(u64);
		from += sizeof(u64);
	}
	for (; length; length--)
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

static void chunks_free(struct ipcmbox_chunk *chunk)
{
	struct ipcmbox_chunk *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		kfree(chunk);
	}
}

/* On failure the caller frees what was allocated, with the message. */
static int message_fill(struct ipcmbox_message *message, struct iov_iter *from)
{
	struct ipcmbox_chunk **link = &message->chunks;
	size_t left = message->length;

	if (left <= MESSAGE_INLINE) {
		if (iter_is_ubuf(from) && IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))
			return fetch(message->data, from->ubuf + from->iov_offset, left) ? 0 : -EFAULT;
		return copy_from_iter(message->data, left, from) == left ? 0 : -EFAULT;
	}

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

static void message_free(struct ipcmbox_message *message)
{
	chunks_free(message->chunks);
	put_pid(message->tgid);
	put_pid(message->tid);
	ipcmbox_user_uncharge_message(message->user, IPCMBOX_MESSAGE_SIZE + message->length);
	ipcmbox_user_put(message->user);
	kmem_cache_free(message_cache, message);
}

/**
 * ipcmbox_message_import() - make a message of what the caller sends
 * @user: account of the calling user
 * @from: the payload, all of it
 * @priority: of the message
 * @limit: set to the limit that was hit
 *
 * Context: may sleep and fault, no locks held.
 * Return: a message owned by the caller, or -EDQUOT, -ENOMEM, -EFAULT, -EINTR (a fatal signal).
 */
struct ipcmbox_message *ipcmbox_message_import(struct ipcmbox_user *user, struct iov_iter *from,
					       u32 priority, u32 *limit)
{
	size_t length = iov_iter_count(from);
	struct ipcmbox_message *message;
	int ret;

	ret = ipcmbox_user_charge_message(user, IPCMBOX_MESSAGE_SIZE + length, limit);
	if (ret)
		return ERR_PTR(ret);

	message = kmem_cache_alloc(message_cache, IPCMBOX_GFP);
	if (!message) {
		ipcmbox_user_uncharge_message(user, IPCMBOX_MESSAGE_SIZE + length);
		*limit = IPCMBOX_LIMIT_MEMORY;
		return ERR_PTR(-ENOMEM);
	}

	message->priority = priority;
	message->length = length;
	message->sender = NULL;
	message->lost = 0;
	message->place = IPCMBOX_MESSAGE_OWNED;
	message->slot = false;
	refcount_set(&message->refs, 1);
	current_euid_egid(&message->uid, &message->gid);
	message->tgid = get_pid(task_tgid(current));
	message->tid = get_pid(task_pid(current));
	message->user = ipcmbox_user_get(user);
	message->chunks = NULL;

	ret = message_fill(message, from);
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
	if (message && refcount_dec_and_test(&message->refs))
		message_free(message);
}

/**
 * ipcmbox_message_copy_out() - copy the payload
 * @message: stays as it is
 * @to: at least as long as the payload; may be advanced
 *
 * Return: whether all of it could be copied.
 */
bool ipcmbox_message_copy_out(const struct ipcmbox_message *message, struct iov_iter *to)
{
	const struct ipcmbox_chunk *chunk;

	if (message->length <= MESSAGE_INLINE) {
		if (iter_is_ubuf(to) && IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))
			return store(to->ubuf + to->iov_offset, message->data,
				     message->length);
		return copy_to_iter(message->data, message->length, to) == message->length;
	}

	for (chunk = message->chunks; chunk; chunk = chunk->next)
		if (copy_to_iter(chunk->data, chunk->length, to) != chunk->length)
			return false;
	return true;
}

/**
 * ipcmbox_message_describe() - tell the calling receiver about a message
 * @message: the message
 * @arg: length, priority, seq and the sender's identity in the caller's namespaces are set
 */
void ipcmbox_message_describe(const struct ipcmbox_message *message, struct ipcmbox_recv *arg)
{
	struct user_namespace *user_ns = current_user_ns();

	arg->length = message->length;
	arg->priority = message->priority;
	arg->seq = message->seq;
	arg->sender_endpoint = 0;
	arg->pid = pid_vnr(message->tgid);
	arg->tid = message->tid == message->tgid ? arg->pid : pid_vnr(message->tid);
	if (user_ns == &init_user_ns) {
		/* Every id is itself there. */
		arg->uid = __kuid_val(message->uid);
		arg->gid = __kgid_val(message->gid);
	} else {
		arg->uid = from_kuid_munged(user_ns, message->uid);
		arg->gid = from_kgid_munged(user_ns, message->gid);
	}
}
