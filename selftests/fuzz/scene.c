// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "scene.h"

#define GAP	(64UL << 20)	/* more than any operation reaches over the end */

struct scene scene;

static unsigned char *reserve(size_t size)
{
	unsigned char *at = mmap(NULL, size + GAP, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED || mprotect(at, size, PROT_READ | PROT_WRITE))
		_exit(2);
	return at;
}

bool scene_make(void)
{
	uint32_t i;

	for (i = 0; i < SLOTS; i++)
		scene.slots[i] = -1;
	scene.arena = reserve(ARENA);
	scene.edge = reserve(PAGE) + PAGE;
	scene.constant = reserve(PAGE);
	mprotect(scene.constant, PAGE, PROT_READ);
	scene.pad = memfd_create("pad", MFD_CLOEXEC);
	scene.slots[0] = open(IPCMBOX_DEVICE, O_RDWR | O_CLOEXEC);
	return scene.slots[0] >= 0 && scene.pad >= 0;
}

void scene_tidy(int first)
{
	uint32_t i;

	for (i = 1; i < SLOTS; i++)
		scene.slots[i] = -1;
	syscall(SYS_close_range, first, ~0U, 0);
	for (i = 0; i < MAPPINGS; i++)
		scene.mappings[i] = NULL;
	for (i = 0; i < OPERATIONS; i++)
		scene_unmap(&scene.mapped[i]);
}

void scene_keep(uint32_t slot, int fd)
{
	if (fd >= 0)
		__atomic_store_n(&scene.slots[slot % SLOTS], fd, __ATOMIC_RELAXED);
}

int scene_unmap(struct mapping *mapping)
{
	unsigned char *at = __atomic_exchange_n(&mapping->at, NULL, __ATOMIC_ACQ_REL);

	if (!at || !munmap(at, mapping->length))
		return 0;
	__atomic_store_n(&mapping->at, at, __ATOMIC_RELEASE);
	return -1;
}
