/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory cgroups, by the second version of the interface.
 */
#ifndef CGROUP_TEST_H
#define CGROUP_TEST_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "ipcmbox_test.h"

#define CGROUPS	"/sys/fs/cgroup"

/* Mounts what is not mounted yet; false: this kernel has no memory cgroups. */
static inline bool cgroup_has_memory(void)
{
	char text[256];

	if (!read_file(CGROUPS "/cgroup.controllers", text, sizeof(text))) {
		mkdir(CGROUPS, 0755);
		if (mount("cgroup2", CGROUPS, "cgroup2", 0, NULL) ||
		    !read_file(CGROUPS "/cgroup.controllers", text, sizeof(text)))
			return false;
	}
	return strstr(text, "memory");
}

/* @max: bytes, or "max" */
static inline bool cgroup_new(const char *path, const char *max)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/memory.max", path);
	return write_file(CGROUPS "/cgroup.subtree_control", "+memory") &&
	       (!mkdir(path, 0755) || errno == EEXIST) && write_file(file, max);
}

/* The calling process, with all of its threads. */
static inline bool cgroup_enter(const char *path)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	return write_file(file, "0");
}

/* Bytes that are charged; the kernel charges up to 256 KiB for each CPU beforehand. */
static inline long long cgroup_charged(const char *path)
{
	char file[128], text[32];

	snprintf(file, sizeof(file), "%s/memory.current", path);
	return read_file(file, text, sizeof(text)) ? atoll(text) : -1;
}

#endif /* CGROUP_TEST_H */
