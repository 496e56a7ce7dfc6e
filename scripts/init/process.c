// SPDX-License-Identifier: GPL-2.0-only
/* Processes which outlive the program they belong to. */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define KILL_MS		10000

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* All orphans become our children: once there is none, nothing else runs. */
bool reap_all(int ms)
{
	long long end = now_ms() + ms;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0)
			return true;
		if (pid > 0)
			continue;
		if (now_ms() > end)
			return false;
		usleep(10000);
	}
}

void show_file(const char *path)
{
	char line[1024];
	FILE *file = fopen(path, "r");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		fprintf(out, "   %s%s", line, strchr(line, '\n') ? "" : "\n");
	fclose(file);
}

/* Say what is still running, and where. */
static void show_processes(void)
{
	struct dirent *entry;
	char path[300], cmdline;
	DIR *proc = opendir("/proc");
	FILE *file;

	while (proc && (entry = readdir(proc))) {
		if (!isdigit(entry->d_name[0]) || !strcmp(entry->d_name, "1"))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		/* Empty for kernel threads and zombies */
		if (fread(&cmdline, 1, 1, file) == 1) {
			fprintf(out, "   process %s:\n", entry->d_name);
			strcpy(strrchr(path, '/'), "/comm");
			show_file(path);
			strcpy(strrchr(path, '/'), "/stack");
			show_file(path);
		}
		fclose(file);
	}
	if (proc)
		closedir(proc);
}

void kill_all(const char *name)
{
	show_processes();
	kill(-1, SIGKILL);
	if (reap_all(KILL_MS))
		return;
	fail("%s: processes which cannot be killed", name);
	show_processes();
}
