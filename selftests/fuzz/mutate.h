/* SPDX-License-Identifier: GPL-2.0-only */
/* New programs, at random and from others. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "dice.h"
#include "program.h"

void generate(struct dice *dice, struct program *program);
/* @other is another program, to take something from. */
void mutate(struct dice *dice, struct program *program, const struct program *other);

#endif /* FUZZ_MUTATE_H */
