// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain messages: an address and a length.
 */
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "handle.h"
#include "plain.h"
#include "transfer.h"
#include "wait.h"

/* Whoever copies checks that an address is the user's. */

/**
 * ipcmbox_plain_send() - ioctl(WRITE)
 * @file: the descriptor
 * @at: where the payload is
 * @length: its length
 *
 * Return: 0, IPCMBOX_SENT_DROPPED, or an error of struct ipcmbox_send.
 */
noinline __flatten long ipcmbox_plain_send(struct file *file, const void __user *at, size_t length)
{
	struct ipcmbox_deadline deadline __uninitialized;
	struct ipcmbox_sending sending __uninitialized;
	struct iov_iter from __uninitialized;

	if (unlikely(!(file->f_mode & FMODE_WRITE)))
		return -EACCES;
	iov_iter_ubuf(&from, ITER_SOURCE, (void __user *)at, length);

	ipcmbox_deadline_set_plain(&deadline, file->f_flags);
	sending.mailbox = ipcmbox_handle_target(file->private_data);
	sending.thread = task_pid(current);
	sending.from = &from;
	sending.deadline = &deadline;
	sending.files = NULL;
	sending.events = 0;
	sending.priority = 0;
	sending.completion = IPCMBOX_QUEUED;
	return ipcmbox_transfer_send(file->private_data, &sending);
}

/**
 * ipcmbox_plain_recv() - ioctl(READ)
 * @file: the descriptor
 * @file_flags: its flags, or those and O_NONBLOCK
 * @at: where the payload goes
 * @room: bytes there
 * @upart: where the length goes besides, with the payload, or NULL
 *
 * Return: the length, or an error of struct ipcmbox_recv.
 */
noinline __flatten long ipcmbox_plain_recv(struct file *file, unsigned int file_flags,
					   void __user *at, size_t room,
					   struct ipcmbox_part __user *upart)
{
	struct ipcmbox_reception reception __uninitialized;
	struct ipcmbox_deadline deadline __uninitialized;
	struct iov_iter to __uninitialized;

	if (unlikely(!(file->f_mode & FMODE_READ)))
		return -EACCES;
	iov_iter_ubuf(&to, ITER_DEST, at, room);

	ipcmbox_deadline_set_plain(&deadline, file_flags);
	reception.handle = file->private_data;
	reception.thread = task_pid(current);
	reception.to = &to;
	reception.deadline = &deadline;
	reception.uarg = NULL;
	reception.upart = upart;
	reception.usize = 0;
	reception.selection = NULL;
	reception.min_priority = 0;
	reception.room = room;
	reception.max_fds = 0;
	reception.peek = false;
	reception.lease_ns = 0;
	return ipcmbox_transfer_receive(&reception);
}

/**
 * ipcmbox_plain_send_part() - send one message of many
 * @file: the descriptor
 * @upart: the caller's; @result is set to 0 before anything is done
 *
 * Return: as ipcmbox_plain_send().
 */
long ipcmbox_plain_send_part(struct file *file, struct ipcmbox_part __user *upart)
{
	u32 length;
	long ret;
	u64 at;

	if (!user_access_begin(upart, sizeof(*upart)))
		return -EFAULT;
	unsafe_get_user(at, &upart->buf_ptr, fault);
	unsafe_get_user(length, &upart->buf_len, fault);
	unsafe_put_user(0, &upart->result, fault);
	user_access_end();

	if (at != (unsigned long)at)
		return -EFAULT;
	ret = ipcmbox_plain_send(file, u64_to_user_ptr(at), length);
	/* Just written to: fails only if the caller unmaps it under its own feet. */
	if (unlikely(ret > 0))
		put_user((s32)ret, &upart->result);
	return ret;
fault:
	user_access_end();
	return -EFAULT;
}

/**
 * ipcmbox_plain_recv_part() - receive one message of many
 * @file: the descriptor
 * @file_flags: its flags, or those and O_NONBLOCK
 * @upart: the caller's; @result is written on success
 *
 * Return: as ipcmbox_plain_recv().
 */
long ipcmbox_plain_recv_part(struct file *file, unsigned int file_flags,
			     struct ipcmbox_part __user *upart)
{
	u32 room;
	u64 at;

	if (!user_read_access_begin(upart, sizeof(*upart)))
		return -EFAULT;
	unsafe_get_user(at, &upart->buf_ptr, fault);
	unsafe_get_user(room, &upart->buf_len, fault);
	user_read_access_end();

	if (at != (unsigned long)at)
		return -EFAULT;
	return ipcmbox_plain_recv(file, file_flags, u64_to_user_ptr(at), room, upart);
fault:
	user_read_access_end();
	return -EFAULT;
}
