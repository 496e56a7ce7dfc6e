// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

/* Whatever takes longer hangs. Counted time leaps when nobody is runnable. */
#define PATIENCE_S	120

/* Of slow transports' operations so many times fewer are enough. */
#define SLOW		32

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	return memory;
}

/* Two processes fall into one of several patterns: give them chances. */
unsigned int job_count(const struct job *job, unsigned int window)
{
	unsigned int base = job->scenario->count;

	if (job->transport->slow)
		base = base / SLOW + 1;
	return base + (job->seed * 31 + job->round * 7 + window) % (base / 4 + 1);
}

unsigned int job_windows(const struct job *job)
{
	return job->scenario->warm_up + job->windows;
}

void job_report(const struct job *job, unsigned int window, double sample)
{
	if (job->tell_all)
		fprintf(stderr, "window,%s,%zu,%s,%u,%u,%.0f\n", job->scenario->name,
			job->scenario->size, job->transport->name, window,
			job_count(job, window), sample);
	if (window >= job->scenario->warm_up)
		job->samples[window - job->scenario->warm_up] = sample;
}

static double cpu_s(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void job_report_cpu(const struct job *job)
{
	unsigned int window;
	double count = 0;

	for (window = 0; window < job_windows(job); window++)
		count += job_count(job, window);
	*job->cpu = (cpu_s(RUSAGE_SELF) + cpu_s(RUSAGE_CHILDREN)) * 1e6 / count;
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(EXIT_FAILURE, "no CPU %u", cpu);
}

static pid_t fork_process(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(PATIENCE_S);
	}
	return pid;
}

static bool succeeded(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(EXIT_FAILURE, "waitpid");
	if (WIFSIGNALED(status))
		warnx("killed by signal %d", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static void become(uid_t uid)
{
	if (uid && (setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
		err(EXIT_FAILURE, "setresuid");
}

bool job_run(const struct job *job)
{
	bool good;
	pid_t pid;

	if (job->transport->set_up)
		job->transport->set_up();
	pid = fork_process();
	if (!pid) {
		if (job->parallel)
			pin(0);
		become(job->scenario->uid);
		job->scenario->run(job);
		_exit(EXIT_SUCCESS);
	}
	good = succeeded(pid);
	if (job->transport->tear_down)
		job->transport->tear_down();
	return good;
}

pid_t job_fork_peer(const struct job *job)
{
	pid_t pid = fork_process();

	if (!pid && job->parallel)
		pin(1);
	return pid;
}

void job_join_peer(pid_t peer)
{
	if (!succeeded(peer))
		errx(EXIT_FAILURE, "the peer failed");
}

void job_leave(const struct job *job, const struct end *end)
{
	if (job->transport->leave)
		job->transport->leave(end);
}
