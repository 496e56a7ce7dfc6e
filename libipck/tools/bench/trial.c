// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "trial.h"

/* What takes so much longer than it should hangs. */
#define SLACK_S		60

bool trial_goes_on(const struct trial *trial)
{
	return trial->last_ns < trial->end_ns && trial->outcome->count < TRIAL_SAMPLES;
}

/*
 * The clock is read once for each, so that is a part of it. Where so much else goes on that the
 * first one takes all the time there is, it counts.
 */
void trial_lap(struct trial *trial, unsigned int count)
{
	struct outcome *outcome = trial->outcome;
	uint64_t now = clock_now();

	if (trial->last_ns >= trial->warm_ns || (now >= trial->end_ns && !outcome->count))
		outcome->ns[outcome->count++] = (double)(now - trial->last_ns) / count;
	trial->last_ns = now;
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/* They end with who made them, and it with the first of them that fails. */
static void be_other(struct trial *trial, unsigned int number, pid_t first)
{
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != first)
		_exit(EXIT_FAILURE);
	ret = pin(trial->cpus[1]);
	if (!ret)
		ret = trial->scenario->answer(trial, number);
	trial->outcome->error = ret;
	kill(first, SIGKILL);
	_exit(EXIT_FAILURE);
}

static int make_others(struct trial *trial)
{
	pid_t first = getpid(), pid;
	unsigned int i;

	for (i = 0; i < trial->scenario->others; i++) {
		pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid)
			be_other(trial, i, first);
	}
	return 0;
}

static int be_first(struct trial *trial)
{
	int ret = pin(trial->cpus[0]);

	trial->buf = calloc(1, trial->scenario->size);
	trial->done = eventfd(0, EFD_CLOEXEC);
	if (!ret && (!trial->buf || trial->done < 0))
		ret = -ENOMEM;
	if (!ret)
		ret = trial->scenario->open(trial);
	if (!ret)
		ret = make_others(trial);
	if (ret)
		return ret;
	trial->last_ns = clock_now();
	trial->warm_ns = trial->last_ns + trial->span_ns / 4;
	trial->end_ns = trial->last_ns + trial->span_ns;
	return trial->scenario->measure(trial);
}

/* The end of the others is not to be a part of what comes next. */
static void end_others(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
}

int trial_run(struct trial *trial)
{
	pid_t parent = getpid(), pid;
	int status;

	trial->outcome->error = 0;
	trial->outcome->count = 0;
	trial->outcome->depth = 0;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || setpgid(0, 0))
			_exit(EXIT_FAILURE);
		/* Whoever began this may have ignored them. */
		signal(SIGTERM, SIG_DFL);
		signal(SIGALRM, SIG_DFL);
		alarm(trial->span_ns / 1000000000 + SLACK_S);
		trial->outcome->error = be_first(trial);
		end_others();
		_exit(EXIT_SUCCESS);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (status && !trial->outcome->error)
		trial->outcome->error = WTERMSIG(status) == SIGALRM ? -ETIMEDOUT : -EPROTO;
	return trial->outcome->error;
}
