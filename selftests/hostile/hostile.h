/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A channel without a kernel: a memory file with the areas where a channel has them, and its two
 * sides, as libipck has them.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ipcmbox.h>

#define RING		(64U << 10)
#define LONGEST		1000U

/**
 * struct world - the channel
 * @fd: the memory file
 * @is_restless: all waits end at once, for nothing
 * @board: as the kernel has it
 * @acks: as the consumer has it
 * @header: of each lane, as its producer has it
 * @ring: likewise
 */
struct world {
	int fd;
	bool is_restless;
	struct ipcmbox_channel_board *board;
	struct ipcmbox_channel_acks *acks;
	struct ipcmbox_channel_header *header[IPCMBOX_CHANNEL_LANES_MAX];
	unsigned char *ring[IPCMBOX_CHANNEL_LANES_MAX];
};

/* What the linker puts in the place of the two, see world.c. */
void *__real_mmap64(void *where, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *where, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *where, size_t size);
int __wrap_munmap(void *where, size_t size);

extern struct world world;

void world_make(void);
/* A lane with a new id, its positions at 0; the lane must be FREE or EVICTED. */
void world_open_lane(uint32_t lane);
uint64_t world_evictions(void);

#endif /* HOSTILE_H */
