/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Iovec: a payload in parts. */
#ifndef IPCK_IOVEC_H
#define IPCK_IOVEC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/ipcmbox.h>

/*
 * Where pointers have 64 bits, a struct iovec is what the kernel wants, and this
 * is empty.
 */
#if UINTPTR_MAX == UINT64_MAX
#define IPCK_IOVEC_SPACE	0
#else
#define IPCK_IOVEC_SPACE	IPCMBOX_IOVEC_MAX
#endif

/**
 * struct ipck_iovec - room for what a struct iovec is for the kernel
 * @part: the parts
 */
struct ipck_iovec {
	struct ipcmbox_iovec part[IPCK_IOVEC_SPACE];
};

/**
 * ipck_iovec_to_uapi() - turn an array of struct iovec into what the kernel wants
 * @iov: the array
 * @count: elements of it
 * @room: used if the two are not the same; must live as long as the result
 * @ptr: address for the kernel
 * @len: length for the kernel
 *
 * Return: 0, -EINVAL (too many), or -EFAULT (@iov is NULL).
 */
int ipck_iovec_to_uapi(const struct iovec *iov, size_t count,
		       struct ipck_iovec *room, __u64 *ptr, __u32 *len);

#endif /* IPCK_IOVEC_H */
