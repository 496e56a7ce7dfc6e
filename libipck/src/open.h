/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open: what mailboxes and segments have in common when they are found, made
 * and removed.
 */
#ifndef IPCK_OPEN_H
#define IPCK_OPEN_H

#include <linux/types.h>

#include "ipck.h"

/* Flags that make sense only where something can be made. */
#define IPCK_OPEN_CREATE_FLAGS	(O_EXCL | IPCK_O_TRANSIENT)

/**
 * ipck_open_access() - the access that flags of open(2) ask for
 * @oflag: O_RDONLY, O_WRONLY, O_RDWR or IPCK_O_ADMIN, and any others
 * @access: IPCMBOX_READ, IPCMBOX_WRITE, both or neither
 *
 * Return: 0 or -EINVAL.
 */
int ipck_open_access(int oflag, __u32 *access);

/* ipck_open_flags() - IPCMBOX_OPEN_* of flags of open(2), but for the access */
__u32 ipck_open_flags(int oflag);

/**
 * ipck_open_name() - which one to open, by name, or to make
 * @name: name, or NULL: a new one without a name
 * @oflag: flags that are allowed
 * @ptr: address of the first byte of the name that counts
 * @len: how many bytes count
 *
 * Return: 0, or -EINVAL: there would be nothing to open, or nothing to make
 * with flags for that.
 */
int ipck_open_name(const char *name, int oflag, __u64 *ptr, __u32 *len);

/**
 * ipck_remove_name() - remove a name by a command
 * @cmd: IPCMBOX_IOC_UNLINK or IPCMBOX_IOC_SEGMENT_UNLINK
 * @name: the name
 *
 * Return: 0 or -errno.
 */
int ipck_remove_name(unsigned long cmd, const char *name);

/* ipck_remove_name_of() - the same for the object with an id */
int ipck_remove_name_of(unsigned long cmd, uint64_t id);

#endif /* IPCK_OPEN_H */
