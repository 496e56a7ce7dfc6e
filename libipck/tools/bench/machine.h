/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machine: where ipck bench runs, and what makes its figures worth less. */
#ifndef IPCK_MACHINE_H
#define IPCK_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_TEXT	128
#define MACHINE_WARNINGS 8

/**
 * struct machine - the machine
 * @cpus: the CPUs of the two sides
 * @kernel: its release
 * @model: of its CPUs, as they say
 * @spin_ns: for how long blocked calls of the module spin; "?" if it does not tell
 * @all: ticks of all CPUs until watching began
 * @idle: those they were idle
 * @own_us: what this process and its children had taken of them
 * @warnings: what to know about the figures
 * @count: how many there are
 */
struct machine {
	int cpus[2];
	char kernel[MACHINE_TEXT];
	char model[MACHINE_TEXT];
	char spin_ns[MACHINE_TEXT];
	uint64_t all;
	uint64_t idle;
	uint64_t own_us;
	char warnings[MACHINE_WARNINGS][MACHINE_TEXT];
	size_t count;
};

/* Choose two CPUs, of different cores if there are. Return: 0 or -errno. */
int machine_choose(int cpus[2]);

/* Whether the process may run there. */
bool machine_has_cpu(int cpu);

/* Look around, and watch who else works from now on. @cpus are there already. */
void machine_begin(struct machine *machine);

/* Tell what others have worked meanwhile. */
void machine_end(struct machine *machine);

#endif /* IPCK_MACHINE_H */
