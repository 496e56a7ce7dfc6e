/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lock: a mutex that costs next to nothing while the process has one thread.
 *
 * A process that has one thread when a call begins still has one when it ends, as
 * only that thread could make another; a call that sleeps does not hold the lock.
 * Threads that were made without the C library do not count: programs with such do
 * their own locking.
 */
#ifndef IPCK_LOCK_H
#define IPCK_LOCK_H

#include <pthread.h>
#include <stdbool.h>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#else
#define __libc_single_threaded 0
#endif

/**
 * struct ipck_lock - the lock
 * @mutex: against other threads
 * @locked: that is locked; of whoever holds the lock, and false while nobody does
 */
struct ipck_lock {
	pthread_mutex_t mutex;
	bool locked;
};

static inline void ipck_lock_init(struct ipck_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	lock->locked = false;
}

static inline void ipck_lock_destroy(struct ipck_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

static inline void ipck_lock(struct ipck_lock *lock)
{
	if (__builtin_expect(__libc_single_threaded, 1))
		return;
	pthread_mutex_lock(&lock->mutex);
	lock->locked = true;
}

static inline void ipck_unlock(struct ipck_lock *lock)
{
	if (__builtin_expect(!lock->locked, 1))
		return;
	lock->locked = false;
	pthread_mutex_unlock(&lock->mutex);
}

#endif /* IPCK_LOCK_H */
