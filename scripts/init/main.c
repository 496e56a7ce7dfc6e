// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the test guest: carries out the steps of /plan, judges each one and
 * powers off.
 *
 *	load FILE [PARAMETERS]		insert a module
 *	run [-u UID] [-t SECONDS] [-x] NAME COMMAND
 *					run a test program which speaks TAP, or,
 *					with -x, one whose exit status tells
 *	kunit PATTERN			the unit tests with such names have
 *					passed while the module was inserted
 *	cycle N				remove and insert the last module again
 *	unload MODULE			remove a module
 *	kmemleak			nothing was leaked so far
 *	coverage			hand out which lines of the module were run, on
 *					another port; also after it was removed
 *	memory MIB			no more than that much more memory is in use
 *					than when this was asked first
 *	rounds SECONDS			the steps from here on
 *	again				to here, over and over for so long
 *	shell				a shell on the console
 *
 * A step fails, too, when the kernel complains meanwhile or when processes
 * outlive their program.  What happens is told on a virtio port in readable
 * lines, or on the console if there is none.  The last line gives the verdict;
 * the host takes its absence for failure, so there is nothing to be rescued
 * here when something is badly wrong.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

FILE *out;
struct verdict verdict;

void fail(const char *format, ...)
{
	va_list args;

	verdict.failed++;
	fputs("FAIL: ", out);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
}

static const struct {
	const char *word;
	void (*fn)(char *args);
} steps[] = {
	{ "load", step_load },
	{ "run", step_run },
	{ "kunit", step_kunit },
	{ "cycle", step_cycle },
	{ "unload", step_unload },
	{ "kmemleak", step_kmemleak },
	{ "coverage", step_coverage },
	{ "memory", step_memory },
	{ "shell", step_shell },
};

static void step(char *line)
{
	char *args, *text = strdup(line), *word;
	size_t i;

	args = text;
	word = strsep(&args, " ");
	fprintf(out, "== %s\n", line);
	kmsg_mark(line);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (!strcmp(word, steps[i].word))
			break;
	if (i < sizeof(steps) / sizeof(*steps))
		steps[i].fn(args ?: "");
	else
		fail("no such step: %s", line);
	kmsg_judge(line);
	fflush(out);
	free(text);
}

/* Those that say what comes next; false: it is another one. */
static bool repeat(const char *line, FILE *plan)
{
	static long long end;
	static long place;

	if (sscanf(line, "rounds %lld", &end) == 1) {
		end = now_ms() + end * 1000;
		place = ftell(plan);
		return true;
	}
	if (strcmp(line, "again"))
		return false;
	if (now_ms() < end)
		fseek(plan, place, SEEK_SET);
	return true;
}

static void carry_out(const char *path)
{
	FILE *plan = fopen(path, "re");
	unsigned int n = 0;
	char line[1024];

	while (plan && fgets(line, sizeof(line), plan)) {
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#' || repeat(line, plan))
			continue;
		step(line);
		n++;
	}
	if (!n)
		fail("no plan");
}

static void mount_all(void)
{
	static const struct {
		const char *type;
		const char *where;
	} mounts[] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" },
		{ "devpts", "/dev/pts" },
		{ "tmpfs", "/dev/shm" },
		{ "mqueue", "/dev/mqueue" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
		{ "cgroup2", "/sys/fs/cgroup" },
	};
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0,
			  strcmp(mounts[i].type, "tmpfs") ? NULL : "mode=1777"))
			printf("init: no %s\n", mounts[i].type);
	}
}

/* What Debian's kernel keeps in modules, and the port is behind. */
static void load_drivers(void)
{
	struct dirent **entries;
	char path[300];
	int i, n = scandir("/modules", &entries, NULL, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/modules/%s", entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && insert(path))
			printf("init: %s: %m\n", path);
	}
}

/* The port appears some time after its driver, and its file before itself. */
static void open_port(const char *name)
{
	char path[64];
	int i;

	out = stdout;
	if (!name)
		return;
	snprintf(path, sizeof(path), "/dev/%s", name);
	for (i = 0; i < 3000; i++) {
		out = fopen(path, "we");
		if (out)
			break;
		usleep(10000);
	}
	if (!out) {
		printf("init: %s: %m\n", path);
		reboot(RB_POWER_OFF);
	}
}

int main(void)
{
	mount_all();
	load_drivers();
	/* Given on the kernel's command line */
	open_port(getenv("port"));
	setvbuf(out, NULL, _IOLBF, 0);
	if (!kmsg_open())
		fail("no /dev/kmsg");
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/tmp", 1);

	carry_out("/plan");

	fprintf(out, "VERDICT passed=%u failed=%u skipped=%u\n",
		verdict.passed, verdict.failed, verdict.skipped);
	fclose(out);
	reboot(RB_POWER_OFF);
	pause();
}
