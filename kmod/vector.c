// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors: many messages in one system call.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <uapi/linux/ipcmbox.h>

#include "ioctl.h"
#include "messaging.h"
#include "mutation.h"
#include "plain.h"
#include "vector.h"

/* Sizes of the elements in the first version that could be one: not to follow growth. */
#define SEND_SIZE_MIN	80
#define RECV_SIZE_MIN	168

static bool has_good_elements(const struct ipcmbox_vector *arg, u32 min_size)
{
	if (arg->flags & IPCMBOX_VECTOR_PLAIN)
		return arg->element_size == sizeof(struct ipcmbox_part);
	return arg->element_size >= min_size && arg->element_size <= PAGE_SIZE;
}

static int check(const struct ipcmbox_vector *arg, u32 valid_flags, u32 min_size)
{
	if (arg->flags & ~valid_flags || arg->__reserved)
		return -EINVAL;
	if (!arg->count || arg->count > IPCMBOX_VECTOR_MAX)
		return -EINVAL;
	if (!has_good_elements(arg, min_size))
		return -EINVAL;
	return arg->array_ptr == (unsigned long)arg->array_ptr ? 0 : -EFAULT;
}

/* What is longer than what this module knows must be zero there. */
static noinline int check_tail(const void __user *element, u32 known, u32 size)
{
	int ret = check_zeroed_user(element + known, size - known);

	return ret < 0 ? ret : ret ? 0 : -E2BIG;
}

/* Nothing has been done with the element that failed. Returns what the command returns. */
static noinline long fail(s32 __user *result, long error, u32 done)
{
	/* A caller who cannot be told learns it from the next call, or from this one's error. */
	put_user(error == -ERESTARTSYS ? -EINTR : (s32)error, result);
	return done ?: error;
}

/* Between two elements; returns whether to go on. */
static bool breathe(void)
{
	if (unlikely(need_resched()))
		cond_resched();
	return likely(!fatal_signal_pending(current));
}

static long send_plain(struct file *file, struct ipcmbox_part __user *part, u32 count)
{
	long ret;
	u32 i;

	for (i = 0; i < count; i++, part++) {
		ret = ipcmbox_plain_send_part(file, part);
		if (unlikely(ret < 0))
			return fail(&part->result, ret, i);
		if (!breathe())
			return i + 1;
	}
	return i;
}

static long recv_plain(struct file *file, struct ipcmbox_part __user *part, u32 count, u32 flags)
{
	unsigned int file_flags = file->f_flags;
	long ret;
	u32 i;

	for (i = 0; i < count; i++, part++) {
		ret = ipcmbox_plain_recv_part(file, file_flags, part);
		if (unlikely(ret < 0))
			return fail(&part->result, ret, i);
		if (flags & IPCMBOX_VECTOR_WAIT_FOR_ONE)
			file_flags |= O_NONBLOCK;
		if (!breathe())
			return i + 1;
	}
	return i;
}

/**
 * ipcmbox_vector_send() - ioctl(SENDV)
 * @call: the command
 *
 * Return: how many messages were sent, or the error of the first.
 */
long ipcmbox_vector_send(struct ipcmbox_ioctl *call)
{
	const struct ipcmbox_vector *arg = &call->arg.vector;
	struct ipcmbox_send __user *element = u64_to_user_ptr(arg->array_ptr);
	const u32 known = sizeof(*element);
	long ret;
	u32 i;

	ret = check(arg, IPCMBOX_VECTOR_PLAIN, SEND_SIZE_MIN);
	if (ret)
		return ret;
	if (arg->flags & IPCMBOX_VECTOR_PLAIN)
		return send_plain(call->file, u64_to_user_ptr(arg->array_ptr), arg->count);

	for (i = 0; i < arg->count; i++, element = (void __user *)element + arg->element_size) {
		if (unlikely(arg->element_size > known))
			ret = check_tail(element, known, arg->element_size);
		if (likely(!ret))
			ret = ipcmbox_messaging_send_element(call->file, element);
		if (mutated(vector_hole) && i && ret == -EAGAIN)
			ret = put_user(0, &element->result);
		if (unlikely(ret < 0))
			return fail(&element->result, ret, i);
		ret = 0;
		if (!breathe())
			return i + 1;
	}
	return i;
}

/**
 * ipcmbox_vector_recv() - ioctl(RECVV)
 * @call: the command
 *
 * Return: how many messages were received, or the error of the first.
 */
long ipcmbox_vector_recv(struct ipcmbox_ioctl *call)
{
	const struct ipcmbox_vector *arg = &call->arg.vector;
	struct ipcmbox_recv __user *element = u64_to_user_ptr(arg->array_ptr);
	unsigned int file_flags = call->file_flags;
	const u32 known = sizeof(*element);
	long ret;
	u32 i;

	ret = check(arg, IPCMBOX_VECTOR_WAIT_FOR_ONE | IPCMBOX_VECTOR_PLAIN, RECV_SIZE_MIN);
	if (ret)
		return ret;
	if (arg->flags & IPCMBOX_VECTOR_PLAIN)
		return recv_plain(call->file, u64_to_user_ptr(arg->array_ptr), arg->count,
				  arg->flags);

	for (i = 0; i < arg->count; i++, element = (void __user *)element + arg->element_size) {
		if (unlikely(arg->element_size > known))
			ret = check_tail(element, known, arg->element_size);
		if (likely(!ret))
			ret = ipcmbox_messaging_recv_element(call->file, file_flags, element);
		if (unlikely(ret < 0))
			return fail(&element->result, ret, i);
		ret = 0;
		if (arg->flags & IPCMBOX_VECTOR_WAIT_FOR_ONE)
			file_flags |= O_NONBLOCK;
		if (!breathe())
			return i + 1;
	}
	return i;
}
