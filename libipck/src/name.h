/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name: how programs write the name of a mailbox. */
#ifndef IPCK_NAME_H
#define IPCK_NAME_H

#include <linux/types.h>

/**
 * ipck_name_to_uapi() - turn a name into what the kernel wants
 * @name: name as the program wrote it
 * @ptr: address of its first byte that counts
 * @len: how many bytes count
 *
 * Return: 0, or -EINVAL for an empty name, which means something else to the
 * kernel.
 */
int ipck_name_to_uapi(const char *name, __u64 *ptr, __u32 *len);

#endif /* IPCK_NAME_H */
