// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cover.h"

#define ENTRIES		(4U << 10)	/* of an operation; what is more is not seen */

bool trace_open(struct trace *trace)
{
	trace->pcs = NULL;
	trace->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (trace->fd < 0 || ioctl(trace->fd, KCOV_INIT_TRACE, ENTRIES))
		return false;
	trace->pcs = mmap(NULL, ENTRIES * sizeof(*trace->pcs), PROT_READ | PROT_WRITE, MAP_SHARED,
			  trace->fd, 0);
	if (trace->pcs == MAP_FAILED)
		trace->pcs = NULL;
	return trace->pcs;
}

void trace_begin(struct trace *trace)
{
	if (trace->pcs && ioctl(trace->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		trace->pcs = NULL;
}

void trace_end(struct trace *trace)
{
	if (trace->pcs)
		ioctl(trace->fd, KCOV_DISABLE, 0);
}

void trace_restart(struct trace *trace)
{
	if (trace->pcs)
		__atomic_store_n(&trace->pcs[0], 0, __ATOMIC_RELAXED);
}

static uint32_t hash(uint64_t number)
{
	number *= 0x9e3779b97f4a7c15ULL;
	return number >> (64 - COVER_BITS);
}

/* Returns whether the bit was not set before. */
static bool set_bit(uint64_t *bits, uint32_t bit)
{
	const uint64_t mask = 1ULL << (bit & 63);
	uint64_t *word = &bits[bit >> 6];

	if (__atomic_load_n(word, __ATOMIC_RELAXED) & mask)
		return false;
	return !(__atomic_fetch_or(word, mask, __ATOMIC_RELAXED) & mask);
}

static void note_gain(struct gain *gain, uint32_t edge)
{
	uint32_t index = __atomic_fetch_add(&gain->count, 1, __ATOMIC_RELAXED);

	if (index < GAIN_MAX)
		gain->edges[index] = edge;
}

static void note_hit(struct gain *gain, uint32_t edge)
{
	uint32_t i;

	for (i = 0; i < gain->count && i < GAIN_MAX; i++) {
		if (gain->edges[i] == edge)
			gain->is_hit[i] = 1;
	}
}

void trace_harvest(struct trace *trace, struct cover *cover, struct gain *gain, bool compare)
{
	uint64_t count, i, pc, previous = 0;
	uint32_t edge;

	if (!trace->pcs)
		return;
	count = __atomic_load_n(&trace->pcs[0], __ATOMIC_RELAXED);
	for (i = 1; i <= count && i < ENTRIES; i++) {
		pc = trace->pcs[i];
		edge = hash(pc ^ previous << 20);
		previous = pc;
		if (compare) {
			note_hit(gain, edge);
			continue;
		}
		if (set_bit(cover->edges, edge)) {
			__atomic_fetch_add(&cover->edge_count, 1, __ATOMIC_RELAXED);
			note_gain(gain, edge);
		}
		if (set_bit(cover->blocks, hash(pc))) {
			__atomic_fetch_add(&cover->block_count, 1, __ATOMIC_RELAXED);
			__atomic_fetch_add(&gain->blocks, 1, __ATOMIC_RELAXED);
		}
	}
}
