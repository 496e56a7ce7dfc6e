/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ioctl: the only way from the library into the kernel. */
#ifndef IPCK_IOCTL_H
#define IPCK_IOCTL_H

/**
 * ipck_ioctl() - run a command on a descriptor
 * @fd: descriptor of the device or of a mailbox
 * @cmd: an IPCMBOX_IOC_* command
 * @arg: its structure
 *
 * Retries nothing: commands that may be restarted are restarted by the kernel,
 * and all others are the caller's to judge.
 *
 * Return: what the command returned, or -errno.
 */
int ipck_ioctl(int fd, unsigned long cmd, void *arg);

#endif /* IPCK_IOCTL_H */
