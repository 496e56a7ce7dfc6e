/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Result: how what libipck returns becomes what POSIX functions do. */
#ifndef IPCK_RESULT_H
#define IPCK_RESULT_H

#include <errno.h>
#include <pthread.h>

/* -1 and errno, or a count. */
static inline int ipck_result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* The same of what needs the module: without it there are no such functions. */
static inline int ipck_device_result(int ret)
{
	return ipck_result(ret == -ENODEV ? -ENOSYS : ret);
}

/*
 * The same of what was done with a descriptor: one that is not a mailbox, or was
 * not opened for that, is EBADF.
 */
static inline int ipck_queue_result(int ret)
{
	switch (ret) {
	case -ENOTTY:
	case -EACCES:
		return ipck_result(-EBADF);
	case -EDQUOT:
		return ipck_result(-ENOMEM);
	default:
		return ipck_result(ret);
	}
}

/*
 * What opens and closes descriptors on its way must not be cancelled there, and
 * is no cancellation point.
 */
static inline int ipck_uncancelable(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void ipck_cancelable(int state)
{
	pthread_setcancelstate(state, &state);
}

#endif /* IPCK_RESULT_H */
