// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Notification: mq_notify(3).
 *
 * SIGEV_SIGNAL is the module's.  SIGEV_NONE, which tells nobody but keeps others
 * from registering, is an eventfd that nobody has.
 *
 * SIGEV_THREAD is a thread that waits, with all signals blocked, for an eventfd
 * that the module adds 1 to, and then unblocks them and calls the function.  (The C
 * library has a thread that starts such a one in time; here a thread that cannot be
 * started is told to who registers.)  What it waits for is in a list, as others
 * must be able to end its wait: by adding to the eventfd what the module does not.
 * That happens when the notification is taken back, or another takes its place; and
 * as closing the descriptor takes it back as well, with each mq_close(3), and with
 * each new notification for the sake of close(2), for those whose descriptor is not
 * of their queue any more.
 *
 * A child of fork(2) has no such threads, and forgets what they wait for.
 */
#include <errno.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "export.h"
#include "ipck.h"
#include "kernel.h"
#include "mailbox.h"
#include "notification.h"
#include "result.h"

/* What is added to an eventfd when its thread shall end. */
#define END (1ULL << 32)

/**
 * struct waiting - a thread that waits to be told
 * @next: in the list
 * @id: of the mailbox
 * @mqdes: with which it was registered
 * @eventfd: what it waits for, owned
 * @function: what it calls then
 * @value: with what
 *
 * Owned by the thread, which takes it out of the list.
 */
struct waiting {
	struct waiting *next;
	uint64_t id;
	mqd_t mqdes;
	int eventfd;
	void (*function)(union sigval value);
	union sigval value;
};

/* Protects the list. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting *list;

static void take_out(struct waiting *waiting)
{
	struct waiting **link = &list;

	while (*link != waiting)
		link = &(*link)->next;
	*link = waiting->next;
}

static void discard(struct waiting *waiting)
{
	close(waiting->eventfd);
	free(waiting);
}

static void end(struct waiting *waiting)
{
	/* An eventfd of such a value has room. */
	if (eventfd_write(waiting->eventfd, END))
		abort();
}

/* fork(2) */

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	struct waiting *waiting;

	while ((waiting = list)) {
		list = waiting->next;
		discard(waiting);
	}
	pthread_mutex_unlock(&lock);
}

static void prepare_for_fork(void)
{
	pthread_atfork(before_fork, in_parent, in_child);
}

/* Threads. */

static void *wait_and_call(void *arg)
{
	struct waiting *waiting = arg;
	struct waiting told;
	eventfd_t sum = 0;
	sigset_t none;

	eventfd_read(waiting->eventfd, &sum);

	pthread_mutex_lock(&lock);
	told = *waiting;
	take_out(waiting);
	discard(waiting);
	pthread_mutex_unlock(&lock);
	if (sum % END) {
		sigemptyset(&none);
		pthread_sigmask(SIG_SETMASK, &none, NULL);
		told.function(told.value);
	}
	return NULL;
}

static int start(struct waiting *waiting, const pthread_attr_t *attr)
{
	int ret, state = PTHREAD_CREATE_JOINABLE;
	sigset_t all, before;
	pthread_t thread;

	if (attr)
		pthread_attr_getdetachstate(attr, &state);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&thread, attr, wait_and_call, waiting);
	if (!ret && state == PTHREAD_CREATE_JOINABLE)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

/* Its descriptor was closed, and may be another's by now. */
static bool is_void(const struct waiting *waiting)
{
	struct ipck mb = { .fd = waiting->mqdes };
	struct ipck_info info;

	return ipck_stat(&mb, &info) < 0 || info.id != waiting->id;
}

static void end_void(void)
{
	struct waiting *waiting;

	for (waiting = list; waiting; waiting = waiting->next)
		if (is_void(waiting))
			end(waiting);
}

void ipck_notification_sweep(void)
{
	int saved = errno, state = ipck_uncancelable();

	pthread_mutex_lock(&lock);
	end_void();
	pthread_mutex_unlock(&lock);
	ipck_cancelable(state);
	errno = saved;
}

/* All that wait for the mailbox but one: it has another notification, or none. */
static void end_others(uint64_t id, const struct waiting *but)
{
	struct waiting *waiting;

	for (waiting = list; waiting; waiting = waiting->next)
		if (waiting->id == id && waiting != but)
			end(waiting);
}

static struct waiting *waiting_new(mqd_t mqdes, uint64_t id,
				   const struct sigevent *event)
{
	struct waiting *waiting = malloc(sizeof(*waiting));

	if (!waiting)
		return NULL;
	*waiting = (struct waiting){
		.id = id,
		.mqdes = mqdes,
		.eventfd = eventfd(0, EFD_CLOEXEC),
		.function = event->sigev_notify_function,
		.value = event->sigev_value,
	};
	if (waiting->eventfd < 0) {
		free(waiting);
		return NULL;
	}
	return waiting;
}

/* With the lock.  The thread is there before anything can be told. */
static int put_in(struct ipck *mb, struct waiting *waiting,
		  const pthread_attr_t *attr)
{
	int ret;

	waiting->next = list;
	list = waiting;
	ret = start(waiting, attr);
	if (ret < 0) {
		take_out(waiting);
		discard(waiting);
		return ret;
	}
	ret = ipck_notify_eventfd(mb, waiting->eventfd);
	if (ret < 0)
		end(waiting);
	else
		end_others(waiting->id, waiting);
	return ret;
}

static int notify_thread(struct ipck *mb, const struct sigevent *event)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct waiting *waiting;
	struct ipck_info info;
	int ret;

	ret = ipck_stat(mb, &info);
	if (ret < 0)
		return ret;
	waiting = waiting_new(mb->fd, info.id, event);
	if (!waiting)
		return -errno;
	pthread_once(&once, prepare_for_fork);
	pthread_mutex_lock(&lock);
	end_void();
	ret = put_in(mb, waiting, event->sigev_notify_attributes);
	pthread_mutex_unlock(&lock);
	return ret;
}

/* Who reads the eventfd is gone as soon as it is registered. */
static int notify_nobody(struct ipck *mb)
{
	int ret, fd;

	fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = ipck_notify_eventfd(mb, fd);
	close(fd);
	return ret;
}

static int take_back(struct ipck *mb)
{
	struct ipck_info info;
	int ret;

	ret = ipck_stat(mb, &info);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&lock);
	ret = ipck_notify_none(mb);
	if (!ret)
		end_others(info.id, NULL);
	pthread_mutex_unlock(&lock);
	return ret;
}

static int notify(struct ipck *mb, const struct sigevent *event)
{
	if (!event)
		return take_back(mb);
	switch (event->sigev_notify) {
	case SIGEV_NONE:
		return notify_nobody(mb);
	case SIGEV_SIGNAL:
		if (event->sigev_signo <= 0 || event->sigev_signo > SIGRTMAX)
			return -EINVAL;
		return ipck_notify_signal(mb, event->sigev_signo,
					  event->sigev_value);
	case SIGEV_THREAD:
		return notify_thread(mb, event);
	default:
		return -EINVAL;
	}
}

IPCK_API int mq_notify(mqd_t mqdes, const struct sigevent *event)
{
	struct ipck mb = { .fd = mqdes };
	__typeof__(&mq_notify) next;
	int ret, state;

	state = ipck_uncancelable();
	ret = notify(&mb, event);
	ipck_cancelable(state);
	next = IPCK_NEXT_AFTER(ret, mq_notify);
	return next ? next(mqdes, event) : ipck_queue_result(ret);
}
