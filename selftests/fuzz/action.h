/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process can do with descriptors of the module but its commands, and what it can do that
 * concerns them. The arguments are the values of the fields; returned is what system calls return.
 */
#ifndef FUZZ_ACTION_H
#define FUZZ_ACTION_H

#include <stdint.h>

struct actor;

long action_ioctl(struct actor *actor, const uint64_t *args);
long action_plain_write(struct actor *actor, const uint64_t *args);
long action_plain_read(struct actor *actor, const uint64_t *args);
long action_write(struct actor *actor, const uint64_t *args);
long action_read(struct actor *actor, const uint64_t *args);
long action_close(struct actor *actor, const uint64_t *args);
long action_dup(struct actor *actor, const uint64_t *args);
long action_device(struct actor *actor, const uint64_t *args);
long action_eventfd(struct actor *actor, const uint64_t *args);
long action_memfd(struct actor *actor, const uint64_t *args);
long action_socketpair(struct actor *actor, const uint64_t *args);
/* Descriptors through an AF_UNIX socket. */
long action_pass(struct actor *actor, const uint64_t *args);
long action_accept(struct actor *actor, const uint64_t *args);
long action_poll(struct actor *actor, const uint64_t *args);
long action_epoll_create(struct actor *actor, const uint64_t *args);
long action_epoll_ctl(struct actor *actor, const uint64_t *args);
long action_epoll_wait(struct actor *actor, const uint64_t *args);
long action_sleep(struct actor *actor, const uint64_t *args);
long action_fork(struct actor *actor, const uint64_t *args);
long action_kill(struct actor *actor, const uint64_t *args);
long action_exit(struct actor *actor, const uint64_t *args);
long action_mmap(struct actor *actor, const uint64_t *args);
long action_munmap(struct actor *actor, const uint64_t *args);
long action_mremap(struct actor *actor, const uint64_t *args);
long action_mprotect(struct actor *actor, const uint64_t *args);
long action_madvise(struct actor *actor, const uint64_t *args);
long action_store(struct actor *actor, const uint64_t *args);
long action_ftruncate(struct actor *actor, const uint64_t *args);
long action_fallocate(struct actor *actor, const uint64_t *args);
long action_fcntl(struct actor *actor, const uint64_t *args);
long action_fstat(struct actor *actor, const uint64_t *args);
/* Reads what there is to be seen of the descriptor, or in debugfs. */
long action_show(struct actor *actor, const uint64_t *args);
long action_limit(struct actor *actor, const uint64_t *args);
/* Another user, for the calling thread. */
long action_become(struct actor *actor, const uint64_t *args);
/* Another IPC namespace, for the calling thread; a device there. */
long action_unshare(struct actor *actor, const uint64_t *args);

#endif /* FUZZ_ACTION_H */
