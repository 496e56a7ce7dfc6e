// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Message: mq_send(3), mq_receive(3), and both with a deadline.
 *
 * One system call each.  They are cancellation points: as in the C library, the
 * thread can be cancelled at any moment of that call, and a message that it has
 * sent or received in this very moment has been sent or received.
 *
 * A deadline is on CLOCK_REALTIME, and who waits follows its steps: when an
 * administrator or NTP sets the clock back by an hour, one that waits for a second
 * waits for an hour more.  With IPCK_MQ_CLOCK=monotonic the deadline is converted
 * at the beginning of the call: what is left of the time by CLOCK_REALTIME at this
 * moment is waited for by CLOCK_MONOTONIC.  Steps during the call are harmless
 * then; one between the making of the deadline and the call is not known, nor is
 * one before a call that is made again with the old deadline after EINTR (which
 * does not happen under SA_RESTART: that goes on with what was converted).
 */
#include <errno.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <linux/ipcmbox.h>

#include "export.h"
#include "glibc.h"
#include "ioctl.h"
#include "kernel.h"
#include "result.h"
#include "settings.h"

#define NSEC_PER_SEC 1000000000LL

/**
 * struct until - how long to wait
 * @flags: of the command
 * @clock: of the command
 * @ns: of the command
 *
 * All 0 is for ever.
 */
struct until {
	__u32 flags;
	__u32 clock;
	__u64 ns;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static int64_t monotonic_from(int64_t realtime)
{
	int64_t left = realtime - clock_ns(CLOCK_REALTIME);
	int64_t ns;

	if (left <= 0)
		return 0;
	if (__builtin_add_overflow(clock_ns(CLOCK_MONOTONIC), left, &ns))
		return INT64_MAX;
	return ns;
}

static int until_from(struct until *until, int64_t sec, int64_t nsec)
{
	int64_t ns;

	if (sec < 0 || nsec < 0 || nsec >= NSEC_PER_SEC)
		return -EINVAL;
	until->flags = IPCMBOX_DEADLINE;
	until->clock = IPCMBOX_CLOCK_REALTIME;
	until->ns = UINT64_MAX;
	if (__builtin_mul_overflow(sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, nsec, &ns))
		return 0;
	if (ipck_settings()->monotonic) {
		until->clock = IPCMBOX_CLOCK_MONOTONIC;
		ns = monotonic_from(ns);
	}
	until->ns = ns;
	return 0;
}

static int cancelable_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret, type;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	ret = ipck_ioctl(fd, cmd, arg);
	pthread_setcanceltype(type, &type);
	return ret;
}

static int send_until(mqd_t mqdes, const char *buf, size_t len,
		      unsigned int priority, const struct until *until)
{
	struct ipcmbox_send args;

	if (priority > IPCMBOX_PRIORITY_MAX)
		return -EINVAL;
	if (!priority && !until->flags && len <= IPCMBOX_PLAIN_MAX)
		return cancelable_ioctl(mqdes, IPCMBOX_IOC_WRITE(len),
					(void *)buf);
	memset(&args, 0, IPCMBOX_SEND_SIZE_V0);
	args.buf_ptr = (uintptr_t)buf;
	/* What is too long for any queue is too long for the kernel to say so. */
	args.buf_len = len <= IPCMBOX_LENGTH_MAX ? len : IPCMBOX_LENGTH_MAX + 1;
	args.flags = until->flags;
	args.clock = until->clock;
	args.deadline_ns = until->ns;
	args.priority = priority;
	return cancelable_ioctl(mqdes, IPCMBOX_IOC_SEND_V0, &args);
}

/* That a policy, which mq_open() does not set, dropped it is no error. */
static int send_result(int ret)
{
	return ipck_queue_result(ret > 0 ? 0 : ret);
}

static int receive_until(mqd_t mqdes, char *buf, size_t size,
			 unsigned int *priority, const struct until *until)
{
	struct ipcmbox_recv args;
	int ret;

	if (!priority && !until->flags && size <= IPCMBOX_PLAIN_MAX)
		return cancelable_ioctl(mqdes, IPCMBOX_IOC_READ(size), buf);
	memset(&args, 0, IPCMBOX_RECV_SIZE_V0);
	args.buf_ptr = (uintptr_t)buf;
	args.buf_len = size < IPCMBOX_LENGTH_MAX ? size : IPCMBOX_LENGTH_MAX;
	args.flags = until->flags;
	args.clock = until->clock;
	args.deadline_ns = until->ns;
	ret = cancelable_ioctl(mqdes, IPCMBOX_IOC_RECV_V0, &args);
	if (ret >= 0 && priority)
		*priority = args.priority;
	return ret;
}

IPCK_API int mq_send(mqd_t mqdes, const char *buf, size_t len,
		     unsigned int priority)
{
	const struct until ever = { 0 };
	__typeof__(&mq_send) next;
	int ret;

	ret = send_until(mqdes, buf, len, priority, &ever);
	next = IPCK_NEXT_AFTER(ret, mq_send);
	return next ? next(mqdes, buf, len, priority) : send_result(ret);
}

IPCK_API ssize_t mq_receive(mqd_t mqdes, char *buf, size_t size,
			    unsigned int *priority)
{
	const struct until ever = { 0 };
	__typeof__(&mq_receive) next;
	int ret;

	ret = receive_until(mqdes, buf, size, priority, &ever);
	next = IPCK_NEXT_AFTER(ret, mq_receive);
	return next ? next(mqdes, buf, size, priority) : ipck_queue_result(ret);
}

/* The header says that it is not NULL; the C library takes that for ever. */
static int until_timespec(struct until *until, const struct timespec *when)
{
	*until = (struct until){ 0 };
	return when ? until_from(until, when->tv_sec, when->tv_nsec) : 0;
}

IPCK_API int mq_timedsend(mqd_t mqdes, const char *buf, size_t len,
			  unsigned int priority, const struct timespec *when)
{
	__typeof__(&mq_timedsend) next;
	struct until until;
	int ret;

	ret = until_timespec(&until, when);
	if (!ret)
		ret = send_until(mqdes, buf, len, priority, &until);
	next = IPCK_NEXT_AFTER(ret, mq_timedsend);
	return next ? next(mqdes, buf, len, priority, when) : send_result(ret);
}

IPCK_API ssize_t mq_timedreceive(mqd_t mqdes, char *buf, size_t size,
				 unsigned int *priority,
				 const struct timespec *when)
{
	__typeof__(&mq_timedreceive) next;
	struct until until;
	int ret;

	ret = until_timespec(&until, when);
	if (!ret)
		ret = receive_until(mqdes, buf, size, priority, &until);
	next = IPCK_NEXT_AFTER(ret, mq_timedreceive);
	return next ? next(mqdes, buf, size, priority, when) :
		      ipck_queue_result(ret);
}

#ifdef IPCK_HAS_TIME64
static int until_timespec64(struct until *until, const struct timespec64 *when)
{
	*until = (struct until){ 0 };
	return when ? until_from(until, when->tv_sec, when->tv_nsec) : 0;
}

IPCK_API int __mq_timedsend_time64(mqd_t mqdes, const char *buf, size_t len,
				   unsigned int priority,
				   const struct timespec64 *when)
{
	__typeof__(&__mq_timedsend_time64) next;
	struct until until;
	int ret;

	ret = until_timespec64(&until, when);
	if (!ret)
		ret = send_until(mqdes, buf, len, priority, &until);
	next = IPCK_NEXT_AFTER(ret, __mq_timedsend_time64);
	return next ? next(mqdes, buf, len, priority, when) : send_result(ret);
}

IPCK_API ssize_t __mq_timedreceive_time64(mqd_t mqdes, char *buf, size_t size,
					  unsigned int *priority,
					  const struct timespec64 *when)
{
	__typeof__(&__mq_timedreceive_time64) next;
	struct until until;
	int ret;

	ret = until_timespec64(&until, when);
	if (!ret)
		ret = receive_until(mqdes, buf, size, priority, &until);
	next = IPCK_NEXT_AFTER(ret, __mq_timedreceive_time64);
	return next ? next(mqdes, buf, size, priority, when) :
		      ipck_queue_result(ret);
}
#endif
