// SPDX-License-Identifier: GPL-2.0-only
/* A shell for the curious. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

/* /dev/console cannot be the terminal that controls a session. */
static int open_console(void)
{
	FILE *active = fopen("/sys/class/tty/console/active", "re");
	char name[32] = "", path[64];

	if (active && fscanf(active, "%31s", name) != 1)
		name[0] = '\0';
	if (active)
		fclose(active);
	snprintf(path, sizeof(path), "/dev/%s", name);
	return open(path, O_RDWR);
}

void step_shell(char *args)
{
	pid_t pid = fork();

	(void)args;
	if (!pid) {
		setsid();
		dup2(open_console(), STDIN_FILENO);
		dup2(STDIN_FILENO, STDOUT_FILENO);
		dup2(STDIN_FILENO, STDERR_FILENO);
		ioctl(STDIN_FILENO, TIOCSCTTY, 1);
		execl("/bin/sh", "-sh", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	kill(-1, SIGKILL);
	reap_all(1000);
	verdict.passed++;
}
