// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ipck.h>

#include "report.h"
#include "value/text.h"

enum status report_failure(const char *doing, const char *target, int ret,
			   unsigned int limit)
{
	fprintf(stderr, "ipck: %s", doing);
	if (target) {
		putc(' ', stderr);
		text_print(stderr, target);
	}
	fprintf(stderr, ": %s\n", ipck_strerror(ret, limit));
	if (ret == -EAGAIN || ret == -ETIMEDOUT)
		return STATUS_BLOCK;
	return STATUS_ERROR;
}

enum status report_value(const char *doing, const char *what, const char *value)
{
	fprintf(stderr, "ipck: %s: bad %s '%s'\n", doing, what, value);
	return STATUS_USAGE;
}

enum status report_output(void)
{
	static bool reported;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return STATUS_OK;
	/* Nobody wants to hear that "| head" has seen enough. */
	if (!reported && errno != EPIPE)
		fprintf(stderr, "ipck: standard output: %s\n",
			errno ? strerror(errno) : "write error");
	reported = true;
	return STATUS_ERROR;
}
