// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>

#include "corpus.h"

/* corpus.S */
extern const char built_in_corpus[];

const char *corpus_built_in(void)
{
	return built_in_corpus;
}

struct corpus *corpus_make(void)
{
	struct corpus *corpus = mmap(NULL, sizeof(*corpus), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return corpus == MAP_FAILED ? NULL : corpus;
}

void corpus_add(struct corpus *corpus, const struct program *program)
{
	uint32_t index = __atomic_fetch_add(&corpus->count, 1, __ATOMIC_RELAXED);

	if (index >= CORPUS_MAX) {
		__atomic_store_n(&corpus->count, CORPUS_MAX, __ATOMIC_RELAXED);
		return;
	}
	program_copy(&corpus->programs[index], program);
	__atomic_store_n(&corpus->is_ready[index], 1, __ATOMIC_RELEASE);
}

uint32_t corpus_count(const struct corpus *corpus)
{
	uint32_t count = __atomic_load_n(&corpus->count, __ATOMIC_RELAXED);

	return count < CORPUS_MAX ? count : CORPUS_MAX;
}

const struct program *corpus_get(const struct corpus *corpus, uint32_t index)
{
	if (!__atomic_load_n(&corpus->is_ready[index], __ATOMIC_ACQUIRE))
		return NULL;
	return &corpus->programs[index];
}

const char *corpus_parse(struct corpus *corpus, const char *text)
{
	static struct program program;
	const char *error;

	while ((text = program_parse(&program, text, &error))) {
		program_mend(&program);
		corpus_add(corpus, &program);
	}
	return error;
}
