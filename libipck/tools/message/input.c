// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipck.h>

#include "input.h"
#include "report.h"

enum status input_status(const char *doing)
{
	if (!ferror(stdin))
		return STATUS_OK;
	fprintf(stderr, "ipck: %s: standard input: %s\n", doing,
		strerror(errno));
	return STATUS_ERROR;
}

enum status input_read(const char *doing, char **buf, size_t *len)
{
	const size_t size = IPCK_LENGTH_MAX + 1;

	*buf = malloc(size);
	if (!*buf)
		return report_failure(doing, NULL, -ENOMEM, 0);
	*len = fread(*buf, 1, size, stdin);
	return input_status(doing);
}
