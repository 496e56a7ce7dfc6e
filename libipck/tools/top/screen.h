/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Screen: a table on a terminal, with keys, by ncurses. */
#ifndef IPCK_SCREEN_H
#define IPCK_SCREEN_H

#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "table.h"

/**
 * screen_run() - show a table until the user has seen enough
 * @table: what to show
 * @interval_ns: how often to look
 * @count: how many times, 0 is for ever
 *
 * Return: how it ended. If the terminal is no good for it, that has been said.
 */
#ifdef IPCK_SCREEN
enum status screen_run(struct table *table, uint64_t interval_ns, uint64_t count);
#else
static inline enum status screen_run(struct table *table, uint64_t interval_ns, uint64_t count)
{
	(void)table;
	(void)interval_ns;
	(void)count;
	fputs("ipck: top: built without ncurses; try --batch\n", stderr);
	return STATUS_ERROR;
}
#endif

#endif /* IPCK_SCREEN_H */
