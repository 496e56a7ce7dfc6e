// SPDX-License-Identifier: LGPL-2.1-or-later
/* Shm map: the size of a segment, and mappings of it. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export.h"
#include "ipck.h"
#include "shm.h"

static_assert(sizeof(off64_t) == sizeof(uint64_t), "sizes of segments");

IPCK_API int ipck_shm_resize(struct ipck_shm *shm, uint64_t size)
{
	int saved = errno, ret;

	if (!shm)
		return -EINVAL;
	if (size > INT64_MAX)
		return -EFBIG;
	ret = ftruncate64(shm->fd, size);
	if (ret < 0) {
		/* What ftruncate(2) says of a descriptor that cannot write. */
		ret = errno == EINVAL ? -EACCES : -errno;
		errno = saved;
	}
	return ret;
}

/* From @offset to the end of the segment. */
static int rest_of(struct ipck_shm *shm, uint64_t offset, size_t *length)
{
	struct ipck_shm_info info;
	int ret;

	ret = ipck_shm_stat(shm, &info);
	if (ret < 0)
		return ret;
	if (offset >= info.size || info.size - offset > SIZE_MAX)
		return -EINVAL;
	*length = info.size - offset;
	return 0;
}

static size_t before(uint64_t offset)
{
	return offset & (sysconf(_SC_PAGESIZE) - 1);
}

IPCK_API int ipck_shm_map(struct ipck_shm *shm, struct ipck_map *map,
			  uint64_t offset, size_t length, int prot)
{
	int saved = errno, ret;
	size_t skip;
	char *page;

	if (!map)
		return -EINVAL;
	*map = (struct ipck_map){ 0 };
	if (!shm || offset > INT64_MAX)
		return -EINVAL;
	if (!length) {
		ret = rest_of(shm, offset, &length);
		if (ret < 0)
			return ret;
	}
	skip = before(offset);
	if (length > SIZE_MAX - skip)
		return -ENOMEM;
	page = mmap64(NULL, length + skip, prot, MAP_SHARED, shm->fd,
		      offset - skip);
	if (page == MAP_FAILED) {
		ret = -errno;
		errno = saved;
		return ret;
	}
	map->addr = page + skip;
	map->length = length;
	return 0;
}

IPCK_API void ipck_shm_unmap(struct ipck_map *map)
{
	int saved = errno;
	size_t skip;

	if (!map || !map->addr)
		return;
	skip = before((uintptr_t)map->addr);
	munmap((char *)map->addr - skip, map->length + skip);
	*map = (struct ipck_map){ 0 };
	errno = saved;
}
