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
 * fails with is as of the C library and the kernel's own queues.  What remains
 * different is told in libipck-posix(7).
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
