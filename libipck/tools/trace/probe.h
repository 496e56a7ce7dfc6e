/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probe: the module's tracepoints, as the kernel writes them line by line. */
#ifndef IPCK_PROBE_H
#define IPCK_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct probe - an instance of tracing that is nobody else's
 * @path: its directory
 * @lines: what it writes, without waiting
 */
struct probe {
	char path[64];
	FILE *lines;
};

/**
 * struct step - what a tracepoint tells of a message
 * @ns: when, on the clock of tracing
 * @name: what happened, without ipcmbox_
 * @task: who did it: COMMAND-TID
 * @seq: of the message
 * @rest: what else there is, from after the number on
 */
struct step {
	uint64_t ns;
	const char *name;
	const char *task;
	uint64_t seq;
	const char *rest;
};

/*
 * Begin to trace the messages of a mailbox; needs the rights of root, and tracefs where it usually
 * is. Return: 0 or -errno.
 */
int probe_open(struct probe *probe, uint64_t mailbox);
void probe_close(struct probe *probe);

/*
 * Take the next line, waiting until @deadline_ns (CLOCK_MONOTONIC, 0: not at all, UINT64_MAX: for
 * ever). Return: 1; 0: there was none, or a signal came; or -errno.
 */
int probe_read(struct probe *probe, char *line, int size, uint64_t deadline_ns);

/* Take a line to pieces, which stay in it. Return: whether it is about a message. */
bool probe_parse(char *line, struct step *step);

#endif /* IPCK_PROBE_H */
