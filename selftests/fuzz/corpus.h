/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that have shown something new, shared by all workers. */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include <stdbool.h>

#include "program.h"

#define CORPUS_MAX	4096

/**
 * struct corpus - programs
 * @count: how many have a place
 * @is_ready: of each, that it is there
 * @programs: themselves
 */
struct corpus {
	uint32_t count;
	uint8_t is_ready[CORPUS_MAX];
	struct program programs[CORPUS_MAX];
};

/* In shared memory; NULL if there is none. */
struct corpus *corpus_make(void);
/* What is too much is left out. */
void corpus_add(struct corpus *corpus, const struct program *program);
/* NULL if it is not there yet. */
const struct program *corpus_get(const struct corpus *corpus, uint32_t index);
uint32_t corpus_count(const struct corpus *corpus);
/* Adds all programs of a text; returns the line that is none, or NULL. */
const char *corpus_parse(struct corpus *corpus, const char *text);
/* What is kept in the tree. */
const char *corpus_built_in(void);

#endif /* FUZZ_CORPUS_H */
