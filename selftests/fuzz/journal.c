// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "journal.h"

#define RECENT	8
#define KEPT	2048

/**
 * struct recent - a program that was begun
 * @serial: which it was of all
 * @program: itself
 */
struct recent {
	uint64_t serial;
	struct program program;
};

/**
 * struct journal - the memory
 * @serial: how many programs have been begun
 * @kept_count: how many of @kept there are
 * @recent: by worker, a ring
 * @kept: programs
 */
struct journal {
	uint64_t serial;
	uint64_t kept_count;
	struct recent recent[WORKERS_MAX][RECENT];
	struct program kept[KEPT];
};

static struct journal *journal;

static struct journal *map(const char *path, int protection)
{
	const int access = protection & PROT_WRITE ? O_RDWR : O_RDONLY;
	int fd = open(path, access | O_CLOEXEC);
	void *at = mmap(NULL, sizeof(*journal), protection, MAP_SHARED, fd, 0);

	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

bool journal_open(const char *path)
{
	journal = map(path, PROT_READ | PROT_WRITE);
	return journal;
}

void journal_begin(uint32_t worker, const struct program *program)
{
	static uint32_t turn;
	struct recent *recent;

	if (!journal)
		return;
	recent = &journal->recent[worker % WORKERS_MAX][turn++ % RECENT];
	recent->serial = __atomic_add_fetch(&journal->serial, 1, __ATOMIC_RELAXED);
	program_copy(&recent->program, program);
}

void journal_keep(const struct program *program)
{
	uint64_t index;

	if (!journal)
		return;
	index = __atomic_fetch_add(&journal->kept_count, 1, __ATOMIC_RELAXED);
	if (index < KEPT)
		program_copy(&journal->kept[index], program);
}

static void print_recent(const struct journal *from, FILE *out)
{
	struct program program;
	uint32_t worker, i;

	for (worker = 0; worker < WORKERS_MAX; worker++) {
		for (i = 0; i < RECENT; i++) {
			if (!from->recent[worker][i].serial)
				continue;
			program = from->recent[worker][i].program;
			snprintf(program.name, NAME_SIZE, "%llu of worker %u",
				 (unsigned long long)from->recent[worker][i].serial, worker);
			program_print(&program, out);
		}
	}
}

bool journal_print(const char *path, bool kept, FILE *out)
{
	const struct journal *from = map(path, PROT_READ);
	uint64_t i;

	if (!from)
		return false;
	if (!kept)
		print_recent(from, out);
	for (i = 0; kept && i < from->kept_count && i < KEPT; i++)
		program_print(&from->kept[i], out);
	return true;
}
