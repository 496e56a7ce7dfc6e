/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "job.h"

/* Print one line: median, least and greatest of the samples, which are sorted. */
void report(const struct job *job, double *samples, unsigned int count);
/* Likewise, of seconds of processors for a million operations. */
void report_cpu(const struct job *job, double *samples, unsigned int count);

/* Processor time the host kept from us since boot, in ticks. */
unsigned long steal_ticks(void);

#endif /* BENCH_REPORT_H */
