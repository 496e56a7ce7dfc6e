/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* glibc: names that its headers make programs call, and that are in none of them. */
#ifndef IPCK_GLIBC_H
#define IPCK_GLIBC_H

#include <mqueue.h>
#include <stdint.h>

/* What mq_open() with two arguments is under _FORTIFY_SOURCE. */
mqd_t __mq_open_2(const char *name, int oflag);

#if defined(__TIMESIZE) && __TIMESIZE == 32
#define IPCK_HAS_TIME64

/* What a 32-bit program calls that was compiled with _TIME_BITS=64. */
struct timespec64 {
	int64_t tv_sec;
	int32_t tv_nsec;
	int32_t padding;
};

int __mq_timedsend_time64(mqd_t mqdes, const char *buf, size_t len,
			  unsigned int priority,
			  const struct timespec64 *when);
ssize_t __mq_timedreceive_time64(mqd_t mqdes, char *buf, size_t size,
				 unsigned int *priority,
				 const struct timespec64 *when);
#endif

#endif /* IPCK_GLIBC_H */
