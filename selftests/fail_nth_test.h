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

#define MOST_FAULTS	1000

/**
 * struct command - something that is to be done under fire, again and again
 * @cmd: the command it is about, 0: another operation on a descriptor; scripts/check looks here for
 *	commands that are missing
 * @name: what it does, for the log
 * @prepare: makes what it needs, without faults
 * @run: does it, and returns something that is not negative, or -errno
 * @judge: without faults, given what came of it: whether that is right, and undone
 */
struct command {
	unsigned int cmd;
	const char *name;
	bool (*prepare)(void);
	int (*run)(void);
	bool (*judge)(int ret);
};

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

/* The faults until the one that is armed, 0 if it has been, or -1. */
static inline int armed(int nth)
{
	char text[16] = "";

	return pread(nth, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

/* Whether a fault was injected before this call; none is any more. */
static inline bool disarm(int nth)
{
	bool fired = armed(nth) == 0;

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

/*
 * Let each fault in @command happen in turn, until it succeeds with none. NULL if it fails by its
 * fault alone, and if all is right and as before then; else what is not.
 */
static inline const char *endure(int nth, const struct command *command, bool (*as_before)(void))
{
	const char *wrong = NULL;
	bool fired = true;
	int n, ret;

	for (n = 1; fired && !wrong; n++) {
		if (!command->prepare())
			return "not prepared";
		arm(nth, n);
		ret = command->run();
		fired = disarm(nth);
		if (ret < 0 && !(fired && known_failure(ret)))
			wrong = "another error";
		else if (!command->judge(ret))
			wrong = "not as it must be";
		else if (!as_before())
			wrong = "not as before";
		else if (fired && n == MOST_FAULTS)
			wrong = "no end";
	}
	if (wrong)
		fprintf(stderr, "# %s, fault %d: %d\n", command->name, n - 1, ret);
	else
		fprintf(stderr, "# %s: %d faults\n", command->name, n - 2);
	return wrong;
}

#endif /* FAIL_NTH_TEST_H */
