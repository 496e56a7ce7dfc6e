/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "transport.h"

#define WINDOWS_MAX	64

struct job;

/**
 * struct scenario - one row of the result
 * @name: as printed
 * @size: bytes of a message
 * @count: operations in one measurement, about
 * @warm_up: measurements to make and forget first
 * @queues: queues worked on; receivers of one message; messages in a vector
 * @depth: messages a queue has room for; in the depth cases, messages it holds
 * @levels: how many priorities the messages are spread over
 * @uid: user who does it
 * @once: setting up or warming up is dear: one process takes all measurements
 * @single: one measurement is enough, and takes long enough
 * @cpu: what both sides take of the processors is told beside the time
 * @busy: a third process never sleeps, on the CPU of the other side
 * @parallel_only: with one CPU it tells nothing
 * @prioritised: only for transports with priorities
 * @selective: only for transports that can receive from one sender
 * @for_all: for transports, too, that are for few cases
 * @bulk: messages are long
 * @turns: the sides take turns: each message is answered before the next
 * @segments: only for transports that hand over segments
 * @moves: only for those that move the right to write with them
 * @in_slab: measures slab memory in bytes, not time
 * @unit: of what is measured, if it is neither
 * @run: does it: set up, warm up, and report each of @job->windows measurements
 */
struct scenario {
	const char *name;
	size_t size;
	unsigned int count;
	unsigned int warm_up;
	unsigned int queues;
	unsigned int depth;
	unsigned int levels;
	uid_t uid;
	bool once;
	bool single;
	bool cpu;
	bool busy;
	bool parallel_only;
	bool prioritised;
	bool selective;
	bool for_all;
	bool bulk;
	bool turns;
	bool segments;
	bool moves;
	bool in_slab;
	const char *unit;
	void (*run)(const struct job *job);
};

/**
 * struct job - a scenario on a transport, in a process of its own
 * @scenario: what to do
 * @transport: what with
 * @mode: as printed
 * @parallel: there are two CPUs, one for each side
 * @seed: varies the operation counts from boot to boot
 * @round: varies them from process to process
 * @windows: measurements to take
 * @tell_all: print each of them as it comes, those of the warm-up too
 * @samples: where the parent wants them, shared with it
 * @cpu: where it wants microseconds of processors for one operation, likewise
 */
struct job {
	const struct scenario *scenario;
	const struct transport *transport;
	const char *mode;
	bool parallel;
	unsigned int seed;
	unsigned int round;
	unsigned int windows;
	bool tell_all;
	double *samples;
	double *cpu;
};

/* Of the windows of a job, those of the warm-up come first. */
unsigned int job_windows(const struct job *job);
unsigned int job_count(const struct job *job, unsigned int window);
void job_report(const struct job *job, unsigned int window, double sample);

/* When the peer has been joined: report what processor time both sides took. */
void job_report_cpu(const struct job *job);

/* Run it in a child; true if it reached its end. */
bool job_run(const struct job *job);
/* Within a job: the other side, in a process (and on a CPU) of its own. */
pid_t job_fork_peer(const struct job *job);
void job_join_peer(pid_t peer);
/* In the other side, when it is done. */
void job_leave(const struct job *job, const struct end *end);

void *shared_memory(size_t size);
uint64_t now_ns(void);

void run_round_trip(const struct job *job);
void run_idle(const struct job *job);
void run_call(const struct job *job);
void run_batch(const struct job *job);
void run_stream(const struct job *job);
void run_empty(const struct job *job);
void run_hand_over(const struct job *job);
void run_hand_over_written(const struct job *job);
void run_hand_over_map(const struct job *job);
void run_hand_over_move(const struct job *job);
void run_depth(const struct job *job);
void run_fill(const struct job *job);
void run_queues(const struct job *job);
void run_fan_out(const struct job *job);
void run_fan_out_awake(const struct job *job);
void run_receivers(const struct job *job);
void run_wakeups(const struct job *job);
void run_vector(const struct job *job);
void run_receive_any(const struct job *job);
void run_receive_from(const struct job *job);
void run_receive_from_first(const struct job *job);
void run_idle_memory(const struct job *job);
void run_message_memory(const struct job *job);

#endif /* BENCH_JOB_H */
