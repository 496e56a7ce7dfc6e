/* SPDX-License-Identifier: GPL-2.0-only */
/* Chance that can be had again: everything follows from a seed. */
#ifndef FUZZ_DICE_H
#define FUZZ_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline uint32_t dice_below(struct dice *dice, uint32_t sides)
{
	return dice_next(dice) % sides;
}

/* True once in @sides times */
static inline bool dice_one_in(struct dice *dice, uint32_t sides)
{
	return !dice_below(dice, sides);
}

#endif /* FUZZ_DICE_H */
