/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device: the node through which mailboxes are found, made and removed. */
#ifndef IPCK_DEVICE_H
#define IPCK_DEVICE_H

/**
 * ipck_device_ioctl() - run a command on the device
 * @cmd: a command of the device
 * @arg: its structure
 *
 * Opens the device for this one command, so that the library has no state and
 * follows the process into another IPC namespace.
 *
 * Return: what the command returned, or -errno; -ENODEV if there is no device.
 */
int ipck_device_ioctl(unsigned long cmd, void *arg);

#endif /* IPCK_DEVICE_H */
