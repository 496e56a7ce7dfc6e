// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings: commands from io_uring.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring_types.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include <uapi/linux/ipcmbox.h>

#include "compat.h"
#include "ioctl.h"
#include "uring.h"

#include IPCMBOX_URING_HEADER

/* What the caller can set in the flags of the command; the kernel keeps the rest for itself. */
#define USER_FLAGS	GENMASK(23, 0)

/* Of those that the kernel keeps for itself, which a caller cannot set: see import(). */
#define IMPORTED	BIT(24)

/* Returns NULL if a ring has no such command. */
static const struct ipcmbox_command *find(unsigned int cmd)
{
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(IPCMBOX_IOC_SEND):
	case _IOC_NR(IPCMBOX_IOC_RECV):
	case _IOC_NR(IPCMBOX_IOC_CALL):
	case _IOC_NR(IPCMBOX_IOC_REPLY):
	case _IOC_NR(IPCMBOX_IOC_SETTLE):
		return ipcmbox_ioctl_find_mailbox(cmd);
	}
	return NULL;
}

/*
 * The entry is in memory that the caller can write to, and once the command is submitted it may be
 * another one. So what it says is kept when it is first seen: 6.12 shows a worker the entry, and
 * not the copy it has made.
 */
static int import(struct io_uring_cmd *cmd, void __user **uarg)
{
	void __user **kept = (void __user **)cmd->pdu;
	const struct ipcmbox_uring *entry;
	u64 arg_ptr;

	BUILD_BUG_ON(sizeof(*kept) > sizeof(cmd->pdu));
	/* In an entry of the usual size, and all that 6.1 copies. */
	BUILD_BUG_ON(sizeof(*entry) > 16);
	if (!(cmd->flags & IMPORTED)) {
		entry = ipcmbox_uring_payload(cmd);
		arg_ptr = READ_ONCE(entry->arg_ptr);
		if (cmd->flags & USER_FLAGS || READ_ONCE(entry->__reserved))
			return -EINVAL;
		if (arg_ptr != (unsigned long)arg_ptr)
			return -EFAULT;
		*kept = u64_to_user_ptr(arg_ptr);
		cmd->flags |= IMPORTED;
	}
	*uarg = *kept;
	return 0;
}

static u32 flags_of(const struct ipcmbox_ioctl *call, unsigned int nr)
{
	switch (nr) {
	case _IOC_NR(IPCMBOX_IOC_SEND):
		return call->arg.send.flags;
	case _IOC_NR(IPCMBOX_IOC_RECV):
		return call->arg.recv.flags;
	case _IOC_NR(IPCMBOX_IOC_CALL):
		return call->arg.call.flags;
	case _IOC_NR(IPCMBOX_IOC_REPLY):
		return call->arg.reply.flags;
	}
	return 0;
}

/* To try it is to no purpose, or too much: see uring.h. */
static bool must_wait(const struct ipcmbox_ioctl *call, unsigned int nr)
{
	switch (nr) {
	case _IOC_NR(IPCMBOX_IOC_SEND):
		return call->arg.send.completion != IPCMBOX_QUEUED;
	case _IOC_NR(IPCMBOX_IOC_CALL):
		return !call->arg.call.cookie;
	}
	return false;
}

/* As if the descriptor had O_NONBLOCK. Returns -EINPROGRESS if it would wait. */
static long try(struct ipcmbox_ioctl *call, const struct ipcmbox_command *command)
{
	long ret;

	if (must_wait(call, _IOC_NR(command->cmd)))
		return -EINPROGRESS;
	call->file_flags |= O_NONBLOCK | IPCMBOX_TRY;
	ret = command->handler(call);
	/* A send knows the difference. */
	if (ret == -EAGAIN && command->cmd != IPCMBOX_IOC_SEND)
		return -EINPROGRESS;
	return ret;
}

/* Returns what the command returned; or -EINPROGRESS: it would wait, which @here it must not. */
static long run(struct io_uring_cmd *cmd, bool here)
{
	const struct ipcmbox_command *command = find(cmd->cmd_op);
	struct ipcmbox_ioctl call __uninitialized;
	void __user *uarg;
	u32 flags;
	int ret;

	if (!command)
		return -ENOTTY;
	ret = import(cmd, &uarg);
	if (ret)
		return ret;
	call.file = cmd->file;
	call.file_flags = cmd->file->f_flags;
	call.thread = task_pid(ipcmbox_uring_task(cmd));
	ret = ipcmbox_ioctl_prepare(&call, command, cmd->cmd_op, uarg);
	if (ret)
		return ret;

	flags = flags_of(&call, _IOC_NR(cmd->cmd_op));
	/* The right to write comes back when a file is closed, which a worker does later. */
	if (flags & IPCMBOX_MOVE)
		return -EINVAL;
	if (here && !(flags & IPCMBOX_NONBLOCK) && !(call.file_flags & O_NONBLOCK))
		return try(&call, command);
	return command->handler(&call);
}

/**
 * ipcmbox_uring_cmd() - a command of a ring, on a descriptor of a mailbox
 * @cmd: the command
 * @issue_flags: of io_uring
 *
 * Context: process context: the caller, with the lock of its ring held, or a worker.
 * Return: -EAGAIN: it wants to be done by a worker; else -EIOCBQUEUED, and it is done. Other ways
 * of telling the result do not work everywhere: 6.1 loses a positive one of a worker, and -EAGAIN
 * has its meaning already.
 */
int ipcmbox_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	long ret = run(cmd, issue_flags & IO_URING_F_NONBLOCK);

	if (ret == -EINPROGRESS)
		return -EAGAIN;
	/* There is no system call to begin again. */
	if (ret == -ERESTARTSYS)
		ret = -EINTR;
	ipcmbox_uring_done(cmd, ret, issue_flags);
	return -EIOCBQUEUED;
}
