/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Task: processes and threads, as they are called. */
#ifndef IPCK_TASK_H
#define IPCK_TASK_H

#include <stdio.h>
#include <sys/types.h>

/* Print its name, or "?", and its numbers; @tid is 0 if only the process is known. */
void task_print(FILE *out, pid_t pid, pid_t tid);

#endif /* IPCK_TASK_H */
