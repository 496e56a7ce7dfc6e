/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that keeps a copy under way for as long as a test wants: a page that userfaultfd(2) holds
 * back.
 */
#ifndef UFFD_TEST_H
#define UFFD_TEST_H

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipcmbox_test.h"

/* A page that is not there until hold_end(). */
struct hold {
	int uffd;
	char *page;
	size_t size;
};

static inline bool hold_begin(struct hold *hold)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	hold->size = sysconf(_SC_PAGESIZE);
	hold->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (hold->uffd < 0 || ioctl(hold->uffd, UFFDIO_API, &api))
		return false;
	hold->page = mmap(NULL, hold->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	reg.range.start = ptr_u64(hold->page);
	reg.range.len = hold->size;
	return hold->page != MAP_FAILED && !ioctl(hold->uffd, UFFDIO_REGISTER, &reg);
}

/* Somebody has touched the page. */
static inline bool hold_await(struct hold *hold)
{
	struct pollfd pollfd = { .fd = hold->uffd, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&pollfd, 1, PATIENCE_NS / NSEC_PER_MSEC) == 1 &&
	       read(hold->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

/* Let the copy go on. */
static inline bool hold_end(struct hold *hold)
{
	struct uffdio_zeropage zero = {
		.range = { .start = ptr_u64(hold->page), .len = hold->size },
	};

	return !ioctl(hold->uffd, UFFDIO_ZEROPAGE, &zero);
}

/* Make the copy fail. */
static inline bool hold_break(struct hold *hold)
{
	struct uffdio_range range = { .start = ptr_u64(hold->page), .len = hold->size };

	return !munmap(hold->page, hold->size) &&
	       (!ioctl(hold->uffd, UFFDIO_WAKE, &range) || true);
}

#endif /* UFFD_TEST_H */
