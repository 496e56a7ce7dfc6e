// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "perform.h"
#include "scene.h"
#include "stage.h"

#define NSEC_PER_MSEC	1000000L

/* States of an operation; the word is a futex. */
#define WAITING	0
#define BEGUN	1
#define ENDED	2

/* Times the stage's patience */
#define BLOCKED_MS	2	/* an operation that takes longer is not waited for */
#define ABSENT_MS	12	/* nor one that does not begin: its actor is dead, or blocked */
#define TICK_MS		5	/* a signal ends what blocks */
#define POSTPONED_MS	500	/* if something is to fail */
#define RUN_MS		3000	/* then all processes are killed */
#define RUNNER_MS	20	/* until it is seen that it is dead */
#define DEATH_MS	40000	/* on the slowest machine */

static struct actor actors[ACTORS];

struct stage *stage_make(struct cover *cover)
{
	struct stage *stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t i;

	if (stage == MAP_FAILED)
		return NULL;
	stage->cover = cover;
	stage->patience = 1;
	for (i = 0; i < ACTORS; i++) {
		actors[i].number = i;
		actors[i].stage = stage;
		trace_open(&actors[i].trace);
	}
	return stage;
}

void stage_blame(struct stage *stage, const char *format, ...)
{
	va_list args;

	if (stage->wrong[0])
		return;
	va_start(args, format);
	vsnprintf(stage->wrong, sizeof(stage->wrong), format, args);
	va_end(args);
}

static void set_state(uint32_t *state, uint32_t value)
{
	__atomic_store_n(state, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, state, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Returns false when it has taken too long. */
static bool await_change(const uint32_t *state, uint32_t value, long ms)
{
	const struct timespec limit = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NSEC_PER_MSEC,
	};

	return !syscall(SYS_futex, state, FUTEX_WAIT, value, &limit, NULL, 0) ||
	       errno != ETIMEDOUT;
}

/* Until operation @index may begin, see program.h. */
static void await_turn(const struct stage *stage, uint32_t index)
{
	const uint32_t *state;
	uint32_t now;

	if (!index)
		return;
	state = &stage->states[index - 1];
	for (;;) {
		now = __atomic_load_n(state, __ATOMIC_SEQ_CST);
		if (now == ENDED ||
		    (now == BEGUN && stage->program.operations[index - 1].is_async))
			return;
		if (!await_change(state, now, stage->patience *
				  (now == BEGUN ? BLOCKED_MS : ABSENT_MS)))
			return;
	}
}

/* The first after @ms, which are less than a second. */
static void set_ticks(struct actor *actor, long ms)
{
	const struct itimerspec times = {
		.it_value.tv_nsec = ms * NSEC_PER_MSEC,
		.it_interval.tv_nsec = actor->stage->patience * TICK_MS * NSEC_PER_MSEC,
	};

	if (timer_settime(actor->ticks, 0, &times, NULL))
		_exit(2);
}

/* Signals to the calling thread, which end what it is blocked in. */
static void start_ticks(struct actor *actor)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	event._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &actor->ticks))
		_exit(2);
	set_ticks(actor, actor->stage->patience * TICK_MS);
}

void stage_postpone_ticks(struct actor *actor)
{
	set_ticks(actor, POSTPONED_MS);
}

static void *play(void *arg)
{
	struct actor *actor = arg;
	struct stage *stage = actor->stage;
	uint32_t i;

	stage->processes[actor->number] = getpid();
	stage->threads[actor->number] = syscall(SYS_gettid);
	start_ticks(actor);
	trace_begin(&actor->trace);
	for (i = 0; i < stage->program.count; i++) {
		actor->operation = &stage->program.operations[i];
		if (actor->operation->actor != actor->number)
			continue;
		await_turn(stage, i);
		trace_restart(&actor->trace);
		set_state(&stage->states[i], BEGUN);
		stage->returned[i] = perform(actor);
		set_state(&stage->states[i], ENDED);
		trace_harvest(&actor->trace, stage->cover, &stage->gain, stage->compare);
		trace_restart(&actor->trace);
	}
	timer_delete(actor->ticks);
	return NULL;
}

long stage_fork(struct actor *actor)
{
	pid_t pid;

	if (actor->number == FORKED || actor->stage->processes[FORKED])
		return -EBUSY;
	pid = fork();
	if (!pid) {
		play(&actors[FORKED]);
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	/* It is known by its number at once. */
	actor->stage->processes[FORKED] = pid;
	actor->stage->threads[FORKED] = pid;
	return 0;
}

static void ignore(int signal)
{
	(void)signal;
}

static void handle_signals(void)
{
	struct sigaction action = { .sa_handler = ignore };
	sigset_t none;

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGRTMAX, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* By the calling process. */
static void play_all(struct stage *stage)
{
	pthread_t threads[FORKED];
	bool started[FORKED] = { false };
	uint32_t i;

	for (i = 1; i < FORKED; i++)
		started[i] = program_uses(&stage->program, i) &&
			     !pthread_create(&threads[i], NULL, play, &actors[i]);
	play(&actors[0]);
	for (i = 1; i < FORKED; i++) {
		if (started[i])
			pthread_join(threads[i], NULL);
	}
}

/* Whether a process is the same after it, once descriptors and mappings are gone. */
static bool leaves_traces(const struct program *program)
{
	static const char * const words[] = { "fork", "become", "limit", "unshare", "mremap" };
	const char *name;
	uint32_t i, j;

	for (i = 0; i < program->count; i++) {
		name = commands[program->operations[i].command].name;
		for (j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
			if (!strcmp(name, words[j]))
				return true;
		}
	}
	return false;
}

/* A process for one program after the other, as to make one takes longer than most of them do. */
__attribute__((noreturn)) static void serve(struct stage *stage)
{
	const int device = scene.slots[0];
	const int first = fcntl(device, F_DUPFD_CLOEXEC, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		while (__atomic_load_n(&stage->turn, __ATOMIC_SEQ_CST) != BEGUN)
			await_change(&stage->turn, ENDED, 1000);
		scene_tidy(first);
		scene.slots[0] = fcntl(device, F_DUPFD_CLOEXEC, first);
		play_all(stage);
		scene_tidy(first);
		trace_harvest(&actors[0].trace, stage->cover, &stage->gain, stage->compare);
		trace_restart(&actors[0].trace);
		trace_end(&actors[0].trace);
		set_state(&stage->turn, ENDED);
	}
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / NSEC_PER_MSEC;
}

/* Returns false if not all processes of the group have ended by then. */
static bool reap(pid_t group, long ms)
{
	const struct timespec step = { .tv_nsec = 100 * NSEC_PER_MSEC };
	const long long end = now_ms() + ms;
	sigset_t children;
	pid_t pid;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	for (;;) {
		do
			pid = waitpid(-group, NULL, WNOHANG | __WALL);
		while (pid > 0);
		if (pid < 0)
			return true;
		if (now_ms() > end)
			return false;
		sigtimedwait(&children, NULL, &step);
	}
}

static void end_group(struct stage *stage, pid_t group)
{
	kill(-group, SIGKILL);
	if (!reap(group, DEATH_MS))
		stage_blame(stage, "a process cannot be killed");
}

/* Returns its process, the leader of a group, or 0. */
static pid_t start(struct stage *stage, bool serving)
{
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		handle_signals();
		if (serving)
			serve(stage);
		play_all(stage);
		_exit(0);
	}
	if (pid < 0) {
		stage_blame(stage, "fork: %s", strerror(errno));
		return 0;
	}
	setpgid(pid, pid);
	return pid;
}

/* Its processes are its own. */
static void run_apart(struct stage *stage)
{
	pid_t group = start(stage, false);

	if (group && !reap(group, stage->patience * RUN_MS))
		end_group(stage, group);
}

/* By a process that has run others and, unless it dies of it, runs more. */
static void run_served(struct stage *stage)
{
	static pid_t runner;
	long long end;

	stage->turn = BEGUN;
	if (!runner)
		runner = start(stage, true);
	else
		set_state(&stage->turn, BEGUN);
	end = now_ms() + stage->patience * RUN_MS;
	while (runner && __atomic_load_n(&stage->turn, __ATOMIC_SEQ_CST) != ENDED) {
		await_change(&stage->turn, BEGUN, RUNNER_MS);
		if (now_ms() > end) {
			end_group(stage, runner);
			runner = 0;
		} else if (waitpid(runner, NULL, WNOHANG) == runner) {
			runner = 0;
		}
	}
}

/* What actors that were killed have executed last. */
static void harvest_rest(struct stage *stage)
{
	uint32_t i;

	for (i = 0; i < ACTORS; i++) {
		trace_harvest(&actors[i].trace, stage->cover, &stage->gain, stage->compare);
		trace_restart(&actors[i].trace);
	}
}

void stage_run(struct stage *stage)
{
	uint32_t i;

	memset(stage->states, 0, sizeof(stage->states));
	memset(stage->results, 0, sizeof(stage->results));
	memset(stage->processes, 0, sizeof(stage->processes));
	memset(stage->threads, 0, sizeof(stage->threads));
	for (i = 0; i < OPERATIONS; i++)
		stage->returned[i] = RESULT_UNKNOWN;
	stage->wrong[0] = '\0';

	if (leaves_traces(&stage->program))
		run_apart(stage);
	else
		run_served(stage);
	harvest_rest(stage);
}
