/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks in the processes of a test, of which the harness knows nothing: what is wrong is told at
 * once, and the process goes on; its exit status tells whether anything was.
 */
#ifndef CHECK_TEST_H
#define CHECK_TEST_H

#include <stdbool.h>
#include <stdio.h>

/* Of the process that checks */
static bool wrong;

static inline void check(bool ok, int line, const char *condition)
{
	if (ok)
		return;
	fprintf(stderr, "# line %d: not so: %s\n", line, condition);
	wrong = true;
}

#define CHECK(condition) check(condition, __LINE__, #condition)

#endif /* CHECK_TEST_H */
