/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pidfd: a process that cannot be mistaken for another. */
#ifndef IPCK_PIDFD_H
#define IPCK_PIDFD_H

#include <stdint.h>

/**
 * ipck_pidfd_pid() - the id of a process
 * @pidfd: its pidfd
 * @pid: where the id goes
 *
 * It is that of the process at least as long as ipck_pidfd_check() succeeds.
 *
 * Return: 0, -EBADF (no pidfd), -EOPNOTSUPP (no /proc), -ESRCH (it is dead, or not
 * visible), or another -errno.
 */
int ipck_pidfd_pid(int pidfd, uint64_t *pid);

/**
 * ipck_pidfd_check() - does a process live?
 * @pidfd: its pidfd
 *
 * Return: 0, -ESRCH if it does not, or another -errno.
 */
int ipck_pidfd_check(int pidfd);

#endif /* IPCK_PIDFD_H */
