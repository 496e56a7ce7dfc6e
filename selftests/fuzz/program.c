// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

void program_copy(struct program *to, const struct program *from)
{
	memcpy(to->name, from->name, sizeof(to->name));
	to->count = from->count;
	memcpy(to->operations, from->operations, from->count * sizeof(from->operations[0]));
}

static void mend_value(struct value *value)
{
	switch (value->kind) {
	case VALUE_RESULT:
		value->number %= RESULTS;
		break;
	case VALUE_DATA:
	case VALUE_CONSTANT:
	case VALUE_EDGE:
		value->number %= ARENA;
		break;
	case VALUE_NAME:
		value->number %= NAMES;
		break;
	case VALUE_PROCESS:
	case VALUE_THREAD:
		value->number %= ACTORS;
		break;
	case VALUE_SLOT:
		value->number %= SLOTS;
		break;
	case VALUE_NOW:
		value->number %= 1000000000;
		break;
	}
}

void program_mend(struct program *program)
{
	const uint8_t fork = command_find("fork");
	struct operation *operation;
	bool is_forked = false;
	uint32_t i, j;

	if (program->count > OPERATIONS)
		program->count = OPERATIONS;
	for (i = 0; i < program->count; i++) {
		operation = &program->operations[i];
		operation->command %= command_count;
		operation->actor %= ACTORS;
		operation->fd %= SLOTS;
		operation->out %= SLOTS;
		for (j = 0; j < VALUES; j++)
			mend_value(&operation->values[j]);
		if (operation->actor == FORKED && !is_forked)
			operation->actor = 0;
		is_forked |= operation->command == fork;
	}
}

void program_remove(struct program *program, uint32_t index)
{
	program->count--;
	memmove(&program->operations[index], &program->operations[index + 1],
		(program->count - index) * sizeof(program->operations[0]));
}

bool program_uses(const struct program *program, uint32_t actor)
{
	uint32_t i;

	for (i = 0; i < program->count; i++) {
		if (program->operations[i].actor == actor)
			return true;
	}
	return false;
}

static void print_result(int64_t result, FILE *out)
{
	const char *name = result < 0 ? strerrorname_np(-result) : NULL;

	if (result == RESULT_UNKNOWN)
		return;
	if (result == RESULT_OK)
		fputs(" = ok", out);
	else if (name)
		fprintf(out, " = %s", name);
	else
		fprintf(out, " = %" PRId64, result);
}

static void print_operation(const struct operation *operation, FILE *out)
{
	const struct command *command = &commands[operation->command];
	const struct field *field;
	uint32_t i, part;
	char text[40];

	fprintf(out, "%u%s %s", operation->actor, operation->is_async ? "&" : "", command->name);
	if (operation->fd)
		fprintf(out, " fd=%u", operation->fd);
	if (operation->out)
		fprintf(out, " out=%u", operation->out);
	if (operation->longer)
		fprintf(out, " longer=%d", operation->longer);
	if (operation->fault)
		fprintf(out, " fault=%u", operation->fault);
	for (i = 0; i < command_values(command); i++) {
		if (!operation->values[i].kind && !operation->values[i].number)
			continue;
		field = command_field(command, i, &part);
		value_print(&operation->values[i], text, sizeof(text));
		fprintf(out, " %s%s=%s", command->parts[part].prefix, field->name, text);
	}
	print_result(operation->result, out);
	fputc('\n', out);
}

void program_print(const struct program *program, FILE *out)
{
	uint32_t i;

	fprintf(out, "program %s\n", program->name);
	for (i = 0; i < program->count; i++)
		print_operation(&program->operations[i], out);
}

static bool parse_result(int64_t *result, const char *word)
{
	char *end;
	int error;

	if (!strcmp(word, "ok")) {
		*result = RESULT_OK;
		return true;
	}
	for (error = 1; error < 200; error++) {
		if (strerrorname_np(error) && !strcmp(word, strerrorname_np(error))) {
			*result = -error;
			return true;
		}
	}
	*result = strtoll(word, &end, 0);
	return end != word && !*end;
}

/* What goes for every command. */
static bool parse_common(struct operation *operation, const char *name, const char *text)
{
	long number = strtol(text, NULL, 0);

	if (!strcmp(name, "fd"))
		operation->fd = number;
	else if (!strcmp(name, "out"))
		operation->out = number;
	else if (!strcmp(name, "longer"))
		operation->longer = number;
	else if (!strcmp(name, "fault"))
		operation->fault = number;
	else
		return false;
	return true;
}

bool programs_are_clear(void)
{
	struct operation operation;
	const struct field *field;
	uint32_t i, j, part;

	for (i = 0; i < command_count; i++) {
		for (j = 0; j < command_values(&commands[i]); j++) {
			field = command_field(&commands[i], j, &part);
			if (!*commands[i].parts[part].prefix &&
			    parse_common(&operation, field->name, "0"))
				return false;
		}
	}
	return true;
}

static bool parse_field(struct operation *operation, char *word)
{
	const struct command *command = &commands[operation->command];
	char *text = strchr(word, '=');
	const struct field *field;
	uint32_t i, part;
	size_t length;

	if (!text)
		return false;
	*text++ = '\0';
	if (parse_common(operation, word, text))
		return true;
	for (i = 0; i < command_values(command); i++) {
		field = command_field(command, i, &part);
		length = strlen(command->parts[part].prefix);
		if (!strncmp(word, command->parts[part].prefix, length) &&
		    !strcmp(word + length, field->name))
			return value_parse(&operation->values[i], text);
	}
	return false;
}

static bool parse_operation(struct operation *operation, char *line)
{
	char *word = strsep(&line, " ");
	int command;

	memset(operation, 0, sizeof(*operation));
	operation->result = RESULT_UNKNOWN;
	operation->actor = word[0] - '0';
	if (operation->actor >= ACTORS || !line || (word[1] && strcmp(word + 1, "&")))
		return false;
	operation->is_async = word[1];
	command = command_find(strsep(&line, " "));
	if (command < 0)
		return false;
	operation->command = command;
	while ((word = strsep(&line, " "))) {
		if (!strcmp(word, "="))
			return line && parse_result(&operation->result, line);
		if (!parse_field(operation, word))
			return false;
	}
	return true;
}

/* A line of @text into @line, without its end; returns what follows, or NULL: there is none. */
static const char *next_line(const char *text, char *line, size_t size)
{
	size_t length = strcspn(text, "\n");

	if (!*text)
		return NULL;
	snprintf(line, size, "%.*s", (int)length, text);
	return text + length + !!text[length];
}

const char *program_parse(struct program *program, const char *text, const char **error)
{
	static char line[4096], copy[4096];
	const char *rest;

	*error = NULL;
	program->name[0] = '\0';
	program->count = 0;
	for (; (rest = next_line(text, line, sizeof(line))); text = rest) {
		if (!line[0] || line[0] == '#')
			continue;
		if (!strncmp(line, "program ", 8)) {
			if (program->name[0])
				return text;
			snprintf(program->name, NAME_SIZE, "%.*s", NAME_SIZE - 1, line + 8);
			continue;
		}
		strcpy(copy, line);
		if (!program->name[0] || program->count == OPERATIONS ||
		    !parse_operation(&program->operations[program->count++], copy)) {
			*error = line;
			return NULL;
		}
	}
	return program->name[0] ? text : NULL;
}
