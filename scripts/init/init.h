/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the guest's init have in common. */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <stdio.h>

/* Where everything is told: the port, or the console */
extern FILE *out;

extern struct verdict {
	unsigned int passed;
	unsigned int failed;
	unsigned int skipped;
} verdict;

/* main.c: count a failure and say why */
__attribute__((format(printf, 1, 2)))
void fail(const char *format, ...);

/* kmsg.c: the kernel's log, from one mark to the next */
bool kmsg_open(void);
void kmsg_mark(const char *step);
void kmsg_judge(const char *step);

/* process.c */
long long now_ms(void);
void show_file(const char *path);
bool reap_all(int ms);
void kill_all(const char *name);

/* module.c */
int insert(const char *args);
void step_load(char *args);
void step_unload(char *args);
void step_cycle(char *args);

/* program.c, kunit.c, leak.c, coverage.c, memory.c, shell.c */
void step_run(char *args);
void step_kunit(char *pattern);
void step_kmemleak(char *args);
void step_coverage(char *args);
void step_memory(char *args);
void step_shell(char *args);

#endif
