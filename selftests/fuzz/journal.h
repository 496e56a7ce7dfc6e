/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs in memory that outlives the guest: the last ones each worker has begun, for what has
 * happened to be found out, and those worth keeping.
 */
#ifndef FUZZ_JOURNAL_H
#define FUZZ_JOURNAL_H

#include "program.h"

#define WORKERS_MAX	16

/* Returns false if @path, a file of memory that is shared with others, is not. */
bool journal_open(const char *path);
void journal_begin(uint32_t worker, const struct program *program);
void journal_keep(const struct program *program);
/* What is in such a file, as text: with @kept what was kept, else what was begun last. */
bool journal_print(const char *path, bool kept, FILE *out);

#endif /* FUZZ_JOURNAL_H */
