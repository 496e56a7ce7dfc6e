// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine.h"

/* Percent of the CPUs that others may take without being mentioned */
#define NOISE	5

#define CPU	"/sys/devices/system/cpu/cpu%d/"

__attribute__((format(printf, 2, 3)))
static void warn(struct machine *machine, const char *format, ...)
{
	va_list arguments;

	if (machine->count == MACHINE_WARNINGS)
		return;
	va_start(arguments, format);
	vsnprintf(machine->warnings[machine->count++], MACHINE_TEXT, format, arguments);
	va_end(arguments);
}

/* The first line of a file that begins so, without that. */
static bool read_line(const char *path, const char *beginning, char text[MACHINE_TEXT])
{
	size_t len = strlen(beginning);
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[4096];

	while (file && !found && fgets(line, sizeof(line), file)) {
		found = !strncmp(line, beginning, len);
		line[strcspn(line, "\n")] = '\0';
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(text, MACHINE_TEXT, "%.*s", MACHINE_TEXT - 1, line + len);
	return found;
}

static bool read_of_cpu(int cpu, const char *name, char text[MACHINE_TEXT])
{
	char path[MACHINE_TEXT];

	snprintf(path, sizeof(path), CPU "%s", cpu, name);
	return read_line(path, "", text);
}

/* Threads of one core have the same list of them. */
static bool share_a_core(int a, int b)
{
	char of_a[MACHINE_TEXT], of_b[MACHINE_TEXT];

	return read_of_cpu(a, "topology/thread_siblings_list", of_a) &&
	       read_of_cpu(b, "topology/thread_siblings_list", of_b) && !strcmp(of_a, of_b);
}

bool machine_has_cpu(int cpu)
{
	cpu_set_t set;

	return cpu >= 0 && cpu < CPU_SETSIZE && !sched_getaffinity(0, sizeof(set), &set) &&
	       CPU_ISSET(cpu, &set);
}

int machine_choose(int cpus[2])
{
	int cpu;

	cpus[0] = -1;
	cpus[1] = -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!machine_has_cpu(cpu))
			continue;
		if (cpus[0] < 0)
			cpus[0] = cpu;
		else if (cpus[1] < 0 || share_a_core(cpus[0], cpus[1]))
			cpus[1] = cpu;
	}
	if (cpus[0] < 0)
		return -ENODEV;
	if (cpus[1] < 0)
		cpus[1] = cpus[0];
	return 0;
}

static void look_at_cpus(struct machine *machine)
{
	char governor[MACHINE_TEXT];
	int i;

	if (machine->cpus[0] == machine->cpus[1])
		warn(machine, "both sides share a CPU: with two the figures are others");
	else if (share_a_core(machine->cpus[0], machine->cpus[1]))
		warn(machine, "both sides share a core: on two the figures are others");
	for (i = 0; i < 2; i++)
		if (read_of_cpu(machine->cpus[i], "cpufreq/scaling_governor", governor) &&
		    strcmp(governor, "performance"))
			warn(machine, "CPU %d changes its frequency (governor %.32s)",
			     machine->cpus[i], governor);
}

static void look_for_hypervisor(struct machine *machine)
{
	char line[4096];
	FILE *file = fopen("/proc/cpuinfo", "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
	if (file)
		fclose(file);
	if (found)
		warn(machine, "this is a virtual machine: waking another CPU is dear in one");
}

static uint64_t own_us(void)
{
	int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage usage;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < 2; i++)
		if (!getrusage(whose[i], &usage))
			sum += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	return sum;
}

/* Ticks of all CPUs, and those of them in which nobody had anything to do. */
static void count_ticks(uint64_t *all, uint64_t *idle)
{
	uint64_t ticks[8] = { 0 };
	char line[MACHINE_TEXT];
	size_t i;

	*all = 0;
	if (read_line("/proc/stat", "cpu ", line))
		sscanf(line, "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
		       "%" SCNu64 "%" SCNu64, &ticks[0], &ticks[1], &ticks[2], &ticks[3],
		       &ticks[4], &ticks[5], &ticks[6], &ticks[7]);
	for (i = 0; i < 8; i++)
		*all += ticks[i];
	*idle = ticks[3] + ticks[4];
}

void machine_begin(struct machine *machine)
{
	struct utsname name;

	strcpy(machine->spin_ns, "?");
	strcpy(machine->model, "?");
	uname(&name);
	snprintf(machine->kernel, MACHINE_TEXT, "%s", name.release);
	read_line("/sys/module/ipcmbox/parameters/spin_ns", "", machine->spin_ns);
	read_line("/proc/cpuinfo", "model name\t: ", machine->model);
	look_at_cpus(machine);
	look_for_hypervisor(machine);
	count_ticks(&machine->all, &machine->idle);
	machine->own_us = own_us();
}

void machine_end(struct machine *machine)
{
	double all, others;
	uint64_t ticks, idle;

	count_ticks(&ticks, &idle);
	all = ticks - machine->all;
	others = all - (idle - machine->idle) -
		 (own_us() - machine->own_us) * 1e-6 * sysconf(_SC_CLK_TCK);
	if (all > 0 && others / all * 100 > NOISE)
		warn(machine, "others have used %.0f %% of the CPUs meanwhile",
		     others / all * 100);
}
