/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libipck-posix: <mqueue.h>, shm_open(3) and shm_unlink(3) on mailboxes and
 * segments, and fchmod(2) and fchown(2) of these, for programs that know nothing
 * of them: preloaded (LD_PRELOAD=libipck-posix.so), or linked before the C library
 * (-lipck-posix).
 *
 * A queue is a mailbox made with %IPCMBOX_OPEN_POSIX, and mqd_t its descriptor:
 * poll(2), fork(2), dup(2), close(2) and passing it over a socket are the
 * kernel's business.  All there is to know of a queue is in the mailbox, so that
 * nothing is kept here but two things: these settings, and what to call when a
 * SIGEV_THREAD comes (notification.c).  Names are the mailboxes': what mq_open(3)
 * calls "/jobs" is "jobs" for ipck(1), and the other way round.
 *
 * What a function does, in which order it looks at its arguments and what it
 * fails with is as of the C library and the kernel's own queues.  What is
 * different:
 *
 * - There is no limit but a message's 16 MiB, and no root is needed for that;
 *   but a send can fail with ENOMEM: the budget of the user (ipck_limits()) is
 *   used up.  Without attributes a queue is the kernel's default: 10 messages of
 *   8192 bytes.
 * - Waiting senders get room by the priority of their message, waiting receivers
 *   are served in order of arrival, whatever their scheduling.
 * - A receive whose buffer cannot be written to leaves the message there; but an
 *   argument other than that is read and written here, so that a bad address is
 *   a crash and not EFAULT.
 * - mq_notify(3) is undone by closing the descriptor it was called with, as POSIX
 *   has it, not by closing any of the queue.  Its signal goes to the thread that
 *   called, or if that blocks it to one that does not, and tells the effective
 *   user of the sender.  Signal 0 is EINVAL, as with kernels 7.x; older
 *   ones take it for SIGEV_NONE.
 * - There is no file: the state that read(2) tells is always read from its
 *   beginning, fstat(2) tells nothing (fchmod(2) and fchown(2) work), and the
 *   queues are listed by ipck(1), not in /dev/mqueue.  poll(2) tells what the
 *   descriptor was opened for.  Opening takes another descriptor number for a
 *   moment.
 * - Segments have their memory when they have their size: ftruncate(2) fails, and
 *   not an access later.  fallocate(2) is EOPNOTSUPP (posix_fallocate(3) works),
 *   PROT_EXEC is EPERM, and what was opened with O_WRONLY can be read, too.
 */
#ifndef IPCK_SETTINGS_H
#define IPCK_SETTINGS_H

#include <stdbool.h>

/**
 * struct ipck_settings - what the environment of the process asks for
 * @strict: IPCK_MQ_STRICT=1: the limits of the kernel's own queues, see limits.h
 * @monotonic: IPCK_MQ_CLOCK=monotonic: steps of the clock do no harm to those who
 *	wait, see message.c
 * @kernel: IPCK_MQ_FALLBACK=kernel: the kernel's own queues and segments where
 *	there are none here, see kernel.h
 *
 * For the whole process, from the first call on that needs them.  A program that
 * gains rights as it is started is not asked for any of it.
 */
struct ipck_settings {
	bool strict;
	bool monotonic;
	bool kernel;
};

const struct ipck_settings *ipck_settings(void);

#endif /* IPCK_SETTINGS_H */
