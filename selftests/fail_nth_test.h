/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault injection: the first, second, ... allocation or copy of what a thread does fails, until
 * there is none left to fail.
 */
#ifndef FAIL_NTH_TEST_H
#define FAIL_NTH_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#define MOST_FAULTS	200

/* Also allocations that may wait are to fail, and pages as well as slab objects; silently. */
static inline bool inject_everywhere(void)
{
	write_file("/sys/kernel/debug/failslab/verbose", "0");
	write_file("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	write_file("/sys/kernel/debug/fail_usercopy/verbose", "0");
	return write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N") &&
	       write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N") &&
	       write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N") &&
	       write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

/* Where faults are armed, or -1: this kernel injects none. */
static inline int injection_begin(void)
{
	int nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);

	if (nth >= 0 && inject_everywhere())
		return nth;
	close(nth);
	return -1;
}

static inline void arm(int nth, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	/* The fault that was armed before may hit this call. */
	while (pwrite(nth, text, len, 0) != len) {
		if (errno != EFAULT && errno != ENOMEM)
			abort();
	}
}

/* Whether a fault was injected before this call; none is any more. */
static inline bool disarm(int nth)
{
	char text[16] = "";
	bool fired;

	fired = pread(nth, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
	arm(nth, 0);
	return fired;
}

static inline bool known_failure(int ret)
{
	return ret == -ENOMEM || ret == -EFAULT || ret == -ENFILE;
}

/* The next descriptor: the same as before if none has been left behind. */
static inline int next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

#endif /* FAIL_NTH_TEST_H */
