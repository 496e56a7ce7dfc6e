/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of segments share: the raw commands, as those of mailboxes in ipcmbox_test.h.
 */
#ifndef SEGMENT_TEST_H
#define SEGMENT_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipcmbox_test.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS		1033
#define F_GET_SEALS		1034
#define F_SEAL_SEAL		0x0001
#define F_SEAL_SHRINK		0x0002
#define F_SEAL_GROW		0x0004
#define F_SEAL_WRITE		0x0008
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif

#define PAGE	4096

/* Segments of the tests, in bytes */
#define SIZE	(16 * PAGE)

static inline int segment_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static inline int segment_open(int dev, struct ipcmbox_segment_open *arg)
{
	arg->limit = POISON32;
	return segment_ioctl(dev, IPCMBOX_IOC_SEGMENT_OPEN, arg);
}

/* Creates, readable and writable, for the owner, by default. */
static inline int segment_create(int dev, struct ipcmbox_segment_open *arg)
{
	arg->flags |= IPCMBOX_OPEN_CREATE;
	if (!arg->access)
		arg->access = RW;
	if (!arg->mode)
		arg->mode = 0600;
	return segment_open(dev, arg);
}

#define segment_new(dev, ...) \
	segment_create(dev, &(struct ipcmbox_segment_open){ __VA_ARGS__ })

static inline int segment_find(int dev, const char *name, __u32 access)
{
	return segment_open(dev, &(struct ipcmbox_segment_open){ NAME(name), .access = access });
}

static inline int segment_by_id(int dev, __u64 id, __u32 access)
{
	return segment_open(dev, &(struct ipcmbox_segment_open){
		.id = id, .flags = IPCMBOX_OPEN_BY_ID, .access = access });
}

static inline int segment_unlink(int dev, const char *name)
{
	return segment_ioctl(dev, IPCMBOX_IOC_SEGMENT_UNLINK,
			     &(struct ipcmbox_unlink){ NAME(name) });
}

static inline int segment_unlink_id(int dev, __u64 id)
{
	return segment_ioctl(dev, IPCMBOX_IOC_SEGMENT_UNLINK,
			     &(struct ipcmbox_unlink){ .flags = IPCMBOX_OPEN_BY_ID, .id = id });
}

static inline int segment_stat(int fd, struct ipcmbox_segment_info *info)
{
	memset(info, POISON, sizeof(*info));
	return segment_ioctl(fd, IPCMBOX_IOC_SEGMENT_STAT, info);
}

/* All 0xff if it fails. */
static inline struct ipcmbox_segment_info segment_info(int fd)
{
	struct ipcmbox_segment_info info;

	if (segment_stat(fd, &info))
		memset(&info, 0xff, sizeof(info));
	return info;
}

static inline __u64 segment_id(int fd)
{
	return segment_info(fd).id;
}

static inline int segment_set(int fd, struct ipcmbox_segment_set arg)
{
	return segment_ioctl(fd, IPCMBOX_IOC_SEGMENT_SET, &arg);
}

/* Elements written, or -errno. */
static inline int segment_list(int dev, __u64 after, struct ipcmbox_segment_info *buf, __u32 count)
{
	struct ipcmbox_list list = {
		.after_id = after, .buf_ptr = ptr_u64(buf), .count = count,
		.element_size = sizeof(*buf),
	};
	int ret = segment_ioctl(dev, IPCMBOX_IOC_SEGMENT_LIST, &list);

	return ret < 0 ? ret : (int)list.count;
}

static inline int segment_count(int dev)
{
	struct ipcmbox_segment_info info;
	__u64 after = 0;
	int count = 0;

	while (segment_list(dev, after, &info, 1) == 1) {
		after = info.id;
		count++;
	}
	return count;
}

static inline bool segment_listed(int dev, __u64 id)
{
	struct ipcmbox_segment_info info;

	return segment_list(dev, id - 1, &info, 1) == 1 && info.id == id;
}

static inline void segment_unlink_tests(int dev)
{
	struct ipcmbox_segment_info info;
	__u64 after = 0;

	while (segment_list(dev, after, &info, 1) == 1) {
		after = info.id;
		if (!strncmp(info.name, "test", 4))
			segment_unlink_id(dev, info.id);
	}
}

/* System calls with -errno; map() returns NULL for an error. */
#define errno_of(call) ((call) < 0 ? -errno : 0)

static inline int resize(int fd, off64_t size)
{
	return errno_of(ftruncate64(fd, size));
}

static inline void *map_at(int fd, off_t offset, size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, flags, fd, offset);

	return p == MAP_FAILED ? NULL : p;
}

static inline void *map(int fd, size_t size, int prot)
{
	return map_at(fd, 0, size, prot, MAP_SHARED);
}

static inline int map_error(int fd, size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

static inline int reopen(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline bool set_segment_parameter(const char *name, __u64 value)
{
	char path[80], text[24];

	snprintf(path, sizeof(path), "/sys/module/ipcmbox/parameters/%s", name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return write_file(path, text);
}

/* The last descriptor is let go of a moment after close(2), as the kernel puts it off. */
static inline bool await_segments(int dev, int count)
{
	__u64 end = now_ns(CLOCK_MONOTONIC) + PATIENCE_NS;

	while (segment_count(dev) != count) {
		if (now_ns(CLOCK_MONOTONIC) > end)
			return false;
		sched_yield();
	}
	return true;
}

#endif /* SEGMENT_TEST_H */
