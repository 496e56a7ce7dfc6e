// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"

static size_t whole(size_t size)
{
	return size ? size : (size_t)sysconf(_SC_PAGESIZE);
}

static int map(void **area, void *where, size_t size, int prot, int flags,
	       int fd, uint64_t offset)
{
	int saved = errno, ret = 0;
	void *address;

	address = mmap64(where, size, prot, flags, fd, offset);
	if (address == MAP_FAILED) {
		ret = -errno;
		errno = saved;
	} else {
		*area = address;
	}
	return ret;
}

int ipck_area_map(void **area, int fd, uint64_t offset, size_t size, int prot)
{
	return map(area, NULL, whole(size), prot, MAP_SHARED, fd, offset);
}

int ipck_area_map_twice(void **area, int fd, uint64_t offset, size_t size,
			int prot)
{
	unsigned char *both;
	void *room = NULL, *half;
	int ret, i;

	ret = map(&room, NULL, 2 * size, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ret < 0)
		return ret;
	both = room;
	for (i = 0; i < 2; i++) {
		ret = map(&half, both + i * size, size, prot,
			  MAP_SHARED | MAP_FIXED, fd, offset);
		if (ret < 0) {
			ipck_area_unmap(both, 2 * size);
			return ret;
		}
	}
	*area = both;
	return 0;
}

void ipck_area_unmap(const void *area, size_t size)
{
	int saved = errno;

	if (area)
		munmap((void *)area, whole(size));
	errno = saved;
}
