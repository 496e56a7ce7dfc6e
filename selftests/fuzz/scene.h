/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process has for the programs it runs: descriptors and memory. */
#ifndef FUZZ_SCENE_H
#define FUZZ_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "program.h"

#define PAGE	4096UL

/* What an operation has mapped; NULL as soon as it is unmapped, or is about to be. */
struct mapping {
	unsigned char *at;
	size_t length;
};

/**
 * struct scene - of a process; fork(2) copies it
 * @slots: descriptors, or -1; the first is the device
 * @mappings: of segments and channels, or NULL; what threads exchange is a whole one
 * @mapped: by each operation, whether or not it is still found in @mappings
 * @arena: memory for payloads; behind it is some that nobody can touch
 * @edge: the end of a page, behind which is none
 * @constant: a page that cannot be written
 * @pad: a file for what is stored in mappings: a bad address is an error so, no signal
 */
struct scene {
	int slots[SLOTS];
	struct mapping *mappings[MAPPINGS];
	struct mapping mapped[OPERATIONS];
	unsigned char *arena;
	unsigned char *edge;
	unsigned char *constant;
	int pad;
};

extern struct scene scene;

/* Returns false if there is no device. */
bool scene_make(void);
/* Makes it as it was, but for memory: closes descriptors from @first on, ends mappings. */
void scene_tidy(int first);
/* A new descriptor, if it is one. */
void scene_keep(uint32_t slot, int fd);
/* Ends one, if nobody else does; returns 0 or -1 and errno, and it stays then. */
int scene_unmap(struct mapping *mapping);

#endif /* FUZZ_SCENE_H */
