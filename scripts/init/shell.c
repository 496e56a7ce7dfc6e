// SPDX-License-Identifier: GPL-2.0-only
/* A shell for the curious. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

void step_shell(char *args)
{
	pid_t pid = fork();

	(void)args;
	if (!pid) {
		setsid();
		dup2(open("/dev/ttyS0", O_RDWR), STDIN_FILENO);
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
