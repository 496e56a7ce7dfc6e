/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs: short sequences of operations, each done by one of a few actors.
 *
 * Actor 0 is the first thread of a process, 1 and 2 are threads beside it; 3 is a process of its
 * own from the operation "fork" on. An operation begins when the one before it has ended, or does
 * not end for a while; or as soon as the one before it has begun, if that is asynchronous.
 *
 * A program as text is a line "program NAME" and a line for each operation:
 *
 *	ACTOR[&] COMMAND [fd=SLOT] [out=SLOT] [longer=BYTES] [fault=N] [FIELD=VALUE]...
 *		[= RESULT]
 *
 * & says that it is asynchronous; the result of the command goes to result SLOT, and the
 * descriptors it makes to SLOT and those after it; its structure is longer than it is by BYTES; and
 * the Nth allocation or copy of it fails. Fields that are not named are 0. RESULT is what it is
 * known to return: a number, the name of an error, or "ok".
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "value.h"

#define ACTORS		4
#define FORKED		3	/* the actor that is another process */
#define OPERATIONS	24
#define NAME_SIZE	64

#define RESULT_UNKNOWN	INT64_MIN
#define RESULT_OK	INT64_MAX	/* not negative */

struct operation {
	uint8_t command;
	uint8_t actor;
	uint8_t is_async;
	uint8_t fd;
	uint8_t out;
	uint8_t fault;
	int16_t longer;
	int64_t result;
	struct value values[VALUES];
};

struct program {
	char name[NAME_SIZE];
	uint32_t count;
	struct operation operations[OPERATIONS];
};

/* Copies no more than there is. */
void program_copy(struct program *to, const struct program *from);
/* Makes everything be within its limits, and the forked actor do nothing before it is forked. */
void program_mend(struct program *program);
void program_remove(struct program *program, uint32_t index);
bool program_uses(const struct program *program, uint32_t actor);

/* No command has a field that is called as what every operation has. */
bool programs_are_clear(void);

void program_print(const struct program *program, FILE *out);
/* The next of a text; returns what follows it, or NULL: there is none, or (@error) a bad one. */
const char *program_parse(struct program *program, const char *text, const char **error);

#endif /* FUZZ_PROGRAM_H */
