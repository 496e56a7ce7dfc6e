/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of the module has been executed, as the kernel's kcov tells: basic blocks, and edges from
 * one to the next.
 */
#ifndef FUZZ_COVER_H
#define FUZZ_COVER_H

#include <stdbool.h>
#include <stdint.h>

#define COVER_BITS	18	/* blocks and edges are told apart by a hash of so many bits */
#define GAIN_MAX	64

/**
 * struct cover - what has been executed so far, shared by all workers
 * @edges: a bit for each
 * @blocks: likewise
 * @edge_count: how many
 * @block_count: likewise
 */
struct cover {
	uint64_t edges[1 << (COVER_BITS - 6)];
	uint64_t blocks[1 << (COVER_BITS - 6)];
	uint32_t edge_count;
	uint32_t block_count;
};

/**
 * struct gain - what the runs of a program have executed for the first time
 * @edges: some of that
 * @count: all of it
 * @blocks: how many blocks
 * @is_hit: of each edge in @edges: it has been executed since @is_hit was cleared
 */
struct gain {
	uint32_t edges[GAIN_MAX];
	uint32_t count;
	uint32_t blocks;
	uint8_t is_hit[GAIN_MAX];
};

/* What one thread executes. */
struct trace {
	int fd;
	uint64_t *pcs;
};

/* Returns false if this kernel has no kcov; then nothing is ever covered. */
bool trace_open(struct trace *trace);
/* For the calling thread, from now on. */
void trace_begin(struct trace *trace);
void trace_end(struct trace *trace);
void trace_restart(struct trace *trace);
/* Notes what has been executed since; with @gain->count only what of that is in it. */
void trace_harvest(struct trace *trace, struct cover *cover, struct gain *gain, bool compare);

#endif /* FUZZ_COVER_H */
