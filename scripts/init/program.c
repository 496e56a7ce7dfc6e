// SPDX-License-Identifier: GPL-2.0-only
/* Test programs: what they print, how they end, what they leave behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define DEFAULT_SECONDS	300
#define GRACE_MS	500	/* for processes which are about to exit */
#define KSFT_SKIP	4

/* One test program's output so far. */
struct tap {
	const char *name;
	long planned;		/* -1: not told */
	unsigned int seen;
	unsigned int failed;
	unsigned int skipped;
	size_t length;
	char line[4096];
};

static void tap_line(struct tap *tap)
{
	const char *line = tap->line;
	bool failed = !strncmp(line, "not ok ", 7);

	tap->line[tap->length] = '\0';
	tap->length = 0;
	fprintf(out, "%s: %s\n", tap->name, line);

	if (!strncmp(line, "1..", 3)) {
		tap->planned = strtol(line + 3, NULL, 10);
	} else if (failed || !strncmp(line, "ok ", 3)) {
		tap->seen++;
		if (strcasestr(line, "# SKIP"))
			tap->skipped++;
		else if (failed)
			tap->failed++;
	}
}

static void tap_feed(struct tap *tap, const char *data, size_t size)
{
	for (; size; data++, size--) {
		if (*data != '\n' && *data)
			tap->line[tap->length++] = *data;
		if (*data == '\n' || tap->length == sizeof(tap->line) - 1)
			tap_line(tap);
	}
}

static void exec_child(const char *command, int uid, int output)
{
	setsid();
	dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (chdir("/tmp"))
		_exit(126);
	if (uid && (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
		    setresuid(uid, uid, uid)))
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

/* Forward the output until the program has gone; false: it took too long. */
static bool watch(struct tap *tap, pid_t pid, int input, int seconds)
{
	struct pollfd fds[2] = {
		{ .fd = input, .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
	};
	long long left, end = now_ms() + seconds * 1000LL;
	bool gone = false;
	char data[4096];
	ssize_t n;

	while (!gone) {
		left = end - now_ms();
		if (left <= 0 || poll(fds, 2, left) <= 0)
			break;
		gone = fds[1].revents;
		while ((n = read(input, data, sizeof(data))) > 0) {
			tap_feed(tap, data, n);
			if (now_ms() > end)
				break;
		}
		if (!n)
			fds[0].fd = -1;
	}
	if (tap->length)
		tap_line(tap);
	close(fds[1].fd);
	return gone;
}

/* Do the results agree with each other and with the exit status? */
static void judge_run(const struct tap *tap, int status, bool tap_expected)
{
	const char *name = tap->name;
	bool skip = WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP;

	verdict.passed += tap->seen - tap->failed - tap->skipped;
	verdict.failed += tap->failed;
	verdict.skipped += tap->skipped;

	if (WIFSIGNALED(status))
		fail("%s: died of signal %d", name, WTERMSIG(status));
	else if (status && !skip && !tap->failed)
		fail("%s: exit status %d", name, WEXITSTATUS(status));
	else if (skip && !tap->skipped)
		verdict.skipped++;
	else if (!status && !tap_expected && !tap->seen)
		verdict.passed++;

	if (!tap_expected || skip)
		return;
	if (tap->planned < 0)
		fail("%s: no plan", name);
	else if (tap->planned != (long)tap->seen)
		fail("%s: %u results of %ld", name, tap->seen, tap->planned);
	else if (!tap->seen)
		fail("%s: no results", name);
}

void step_run(char *args)
{
	int pipefd[2], status, seconds = DEFAULT_SECONDS, uid = 0;
	struct tap tap = { .planned = -1 };
	bool tap_expected = true;
	pid_t pid;

	for (; args && *args == '-'; args += strspn(args, " ")) {
		char *option = strsep(&args, " ");

		if (!strcmp(option, "-x"))
			tap_expected = false;
		else if (!strcmp(option, "-u") && args)
			uid = atoi(strsep(&args, " "));
		else if (!strcmp(option, "-t") && args)
			seconds = atoi(strsep(&args, " "));
		if (!args)
			break;
	}
	tap.name = args ? strsep(&args, " ") : NULL;
	if (!args || pipe2(pipefd, O_CLOEXEC)) {
		fail("run: what?");
		return;
	}
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	fflush(out);
	pid = fork();
	if (!pid)
		exec_child(args, uid, pipefd[1]);
	close(pipefd[1]);
	if (!watch(&tap, pid, pipefd[0], seconds)) {
		fail("%s: not finished after %d s", tap.name, seconds);
		kill_all(tap.name);
	} else {
		waitpid(pid, &status, 0);
		judge_run(&tap, status, tap_expected);
		if (!reap_all(GRACE_MS)) {
			fail("%s: left processes behind", tap.name);
			kill_all(tap.name);
		}
	}
	close(pipefd[0]);
}
