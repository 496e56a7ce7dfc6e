/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs are made of: the commands of the module with the layout of their arguments, and
 * what else a process can do with its descriptors.
 */
#ifndef FUZZ_COMMAND_H
#define FUZZ_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#define PARTS		3	/* structures of one command */
#define VALUES		48	/* fields of one command */

/* What is sensible in a field; enough for most values to be such. */
enum field_kind {
	FIELD_ZERO,		/* padding, or what is seldom anything else */
	FIELD_FLAGS,		/* some bits of @limit */
	FIELD_CHOICE,		/* 0 to @limit */
	FIELD_COUNT,		/* of messages or elements */
	FIELD_SIZE,		/* of a buffer */
	FIELD_NUMBER,		/* anything */
	FIELD_POINTER,		/* to a buffer */
	FIELD_PART,		/* pointer to the next part; 0 stands for its address */
	FIELD_NAME,		/* pointer to a name */
	FIELD_NAME_SIZE,	/* its length */
	FIELD_SLOTS,		/* pointer to descriptors */
	FIELD_SLOT,		/* a descriptor */
	FIELD_RESULT,		/* id, token, cookie: what another command has returned */
	FIELD_PEER,		/* such, or an id of a process or thread */
	FIELD_DEADLINE,
	FIELD_DURATION,		/* ns */
	FIELD_ELEMENT,		/* size of an element, @limit is the right one */
	FIELD_MODE,
	FIELD_SIGNAL,
	FIELD_ACTOR,
	FIELD_MAPPING,		/* number of a mapping */
	FIELD_AREA,		/* offset in what is mapped */
};

/**
 * struct field - a member of a structure that is read, or an argument of an action
 * @name: as it is
 * @offset: in the structure
 * @size: in bytes
 * @kind: what is in it
 * @needs: bits of the structure's first FIELD_FLAGS, without which this is to be 0
 * @limit: see the kinds
 */
struct field {
	const char *name;
	uint16_t offset;
	uint8_t size;
	uint8_t kind;
	uint32_t needs;
	uint64_t limit;
};

/**
 * struct layout - a structure
 * @fields: what is read of it
 * @count: of these
 * @size: of all of it
 */
struct layout {
	const struct field *fields;
	uint16_t count;
	uint16_t size;
};

/**
 * struct part - a structure of a command
 * @layout: how it looks
 * @prefix: of the names of its fields in programs, "" for the command's argument itself
 * @at: offset in the argument of the pointer to it
 * @is_array: there are as many as the argument's second field says
 */
struct part {
	const struct layout *layout;
	const char *prefix;
	uint16_t at;
	bool is_array;
};

struct actor;

/**
 * struct command - an operation of a program
 * @name: as it is called in programs
 * @parts: its structures, or, of an action, its arguments
 * @direction: of the ioctl
 * @nr: of the ioctl
 * @makes: how many slots it fills
 * @result: 1 + offset in the argument of a number that later operations need; or 0
 * @result_part: the part where that is
 * @act: what to do if it is no ioctl, with a value for each field; returns as system calls do
 */
struct command {
	const char *name;
	struct part parts[PARTS];
	uint8_t direction;
	uint8_t nr;
	uint8_t makes;
	uint16_t result;
	uint8_t result_part;
	long (*act)(struct actor *actor, const uint64_t *args);
};

extern const struct command commands[];
extern const uint32_t command_count;

/* Returns its number, or -1. */
int command_find(const char *name);
uint32_t command_values(const struct command *command);
/* The field of a value, and in @part the number of its part. */
const struct field *command_field(const struct command *command, uint32_t value, uint32_t *part);

#endif /* FUZZ_COMMAND_H */
