// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ready: waiting for one of several mailboxes. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "deadline.h"
#include "export.h"
#include "ipck.h"
#include "mailbox.h"

#define NSEC_PER_SEC 1000000000ULL

/* Seconds that fit every time_t; more is for ever. */
#define SECONDS_MAX INT32_MAX

/**
 * struct span - how long to poll
 * @time: as ppoll(2) wants it
 * @poll: points to @time, or is NULL: for ever
 * @error: what it is when the time is over
 */
struct span {
	struct timespec time;
	const struct timespec *poll;
	int error;
};

static void span_set(struct span *span, uint64_t ns)
{
	if (ns / NSEC_PER_SEC > SECONDS_MAX)
		return;
	span->time.tv_sec = ns / NSEC_PER_SEC;
	span->time.tv_nsec = ns % NSEC_PER_SEC;
	span->poll = &span->time;
}

static int span_from(struct span *span, enum ipck_wait wait, uint64_t ns)
{
	uint64_t now = 0;

	*span = (struct span){ .error = -ETIMEDOUT };
	switch (wait) {
	case IPCK_WAIT_FOREVER:
		return ns ? -EINVAL : 0;
	case IPCK_WAIT_NEVER:
		span->error = -EAGAIN;
		span_set(span, 0);
		return ns ? -EINVAL : 0;
	case IPCK_WAIT_FOR:
		span_set(span, ns);
		return 0;
	case IPCK_WAIT_UNTIL:
		ipck_deadline_in(&now, IPCK_CLOCK_MONOTONIC, 0);
		span_set(span, ns > now ? ns - now : 0);
		return 0;
	default:
		return -EINVAL;
	}
}

static int poll_any(struct pollfd *fds, unsigned int count,
		    const struct span *span)
{
	int saved = errno, ret;

	ret = ppoll(fds, count, span->poll, NULL);
	if (ret < 0) {
		ret = -errno;
		errno = saved;
	}
	return ret ? ret : span->error;
}

/* Return: the lowest index that is ready, or -EBADF. */
static int collect(const struct pollfd *fds, unsigned int count,
		   uint64_t *ready)
{
	int first = -EBADF;

	while (count--) {
		if (fds[count].revents & POLLNVAL)
			return -EBADF;
		if (!fds[count].revents)
			continue;
		*ready |= 1ULL << count;
		first = count;
	}
	return first;
}

IPCK_API int ipck_wait_any(struct ipck *const mbs[], unsigned int count,
			   short events, enum ipck_wait wait, uint64_t wait_ns,
			   uint64_t *ready)
{
	struct pollfd fds[IPCK_WAIT_ANY_MAX];
	struct span span;
	uint64_t mask = 0;
	unsigned int i;
	int ret;

	if (ready)
		*ready = 0;
	if (!mbs || !count || count > IPCK_WAIT_ANY_MAX)
		return -EINVAL;
	if (!events || events & ~(POLLIN | POLLOUT))
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (!mbs[i])
			return -EINVAL;
		fds[i] = (struct pollfd){ .fd = mbs[i]->fd, .events = events };
	}
	ret = span_from(&span, wait, wait_ns);
	if (ret < 0)
		return ret;
	ret = poll_any(fds, count, &span);
	if (ret < 0)
		return ret;
	ret = collect(fds, count, &mask);
	if (ready && ret >= 0)
		*ready = mask;
	return ret;
}
