/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of fields: numbers, and what is a number only when a program runs, as the token of a
 * message or the address of a buffer.
 */
#ifndef FUZZ_VALUE_H
#define FUZZ_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULTS		8	/* of operations, for later ones */
#define SLOTS		16	/* for descriptors */
#define NAMES		6
#define MAPPINGS	4
#define ARENA		(1U << 18)	/* bytes of payload */

enum value_kind {
	VALUE_NUMBER,
	VALUE_RESULT,	/* number of a result: what an earlier operation has returned, an id say */
	VALUE_DATA,	/* offset in the arena: an address */
	VALUE_EDGE,	/* bytes there are from this address on to memory that nobody can touch */
	VALUE_CONSTANT,	/* offset in a page that cannot be written: an address */
	VALUE_MAPPING,	/* offset << 3 | number of a mapping: an address in it */
	VALUE_NAME,	/* number of a name: its address */
	VALUE_NOW,	/* nanoseconds from now on, CLOCK_MONOTONIC */
	VALUE_PROCESS,	/* number of an actor: its process id */
	VALUE_THREAD,	/* number of an actor: its thread id */
	VALUE_SLOT,	/* number of a slot: the descriptor there */
	VALUE_SLOTS,	/* numbers of slots plus 1, in four bits each: address of their array */
	VALUE_PIECES,	/* address of as many struct ipcmbox_iovec */
	VALUE_KINDS
};

struct value {
	uint64_t number;
	uint32_t kind;
};

/* As it is written in programs: "12", "r1", "data+16", "now+1000", ... */
size_t value_print(const struct value *value, char *text, size_t size);
/* Returns false if @text is none. */
bool value_parse(struct value *value, const char *text);

extern const char * const value_names[NAMES];

#endif /* FUZZ_VALUE_H */
