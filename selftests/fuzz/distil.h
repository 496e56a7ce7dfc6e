/* SPDX-License-Identifier: GPL-2.0-only */
/* Less that does the same. */
#ifndef FUZZ_DISTIL_H
#define FUZZ_DISTIL_H

#include "worker.h"

/*
 * Removes operations of @stage->program, and with @values makes values 0, as long as it executes
 * what it has executed for the first time, @stage->gain.
 */
void distil_program(struct campaign *campaign, struct stage *stage, bool values);
/*
 * Prints as many programs of the corpus as it takes to execute each block that all of them do, in
 * lines after "+ " that can be told from others.
 */
void distil_corpus(struct campaign *campaign, struct stage *stage);

#endif /* FUZZ_DISTIL_H */
