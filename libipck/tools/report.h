/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Report: how failures are told. */
#ifndef IPCK_REPORT_H
#define IPCK_REPORT_H

#include "command.h"

/**
 * report_failure() - say what failed, and why
 * @doing: the command
 * @target: what it was done to, or NULL
 * @ret: what the library returned
 * @limit: the limit that came with it, or 0
 *
 * Return: the exit status that @ret means.
 */
enum status report_failure(const char *doing, const char *target, int ret,
			   unsigned int limit);

/* Say that a value is no good. Return: STATUS_USAGE. */
enum status report_value(const char *doing, const char *what,
			 const char *value);

/* Write out what was printed. Return: STATUS_OK, or STATUS_ERROR, reported once. */
enum status report_output(void);

#endif /* IPCK_REPORT_H */
