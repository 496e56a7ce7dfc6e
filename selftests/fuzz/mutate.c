// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ipcmbox.h>

#include "mutate.h"
#include "scene.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define PICK(dice, array) ((array)[dice_below(dice, COUNT(array))])

static const uint64_t sizes[] = {
	0, 1, 7, 8, 16, 64, 64, 64, 100, 100, 128, 1000, 1000, 4095, 4096, 4096, 8191, 8192, 9000,
	9000, 16384, 65536, 65537, 100000, 16 << 20, (16 << 20) + 1, UINT32_MAX, UINT64_MAX
};

static const uint64_t counts[] = {
	0, 1, 1, 1, 2, 2, 3, 4, 8, 16, 17, 32, 64, 65, 1024, 1025, 4096, 32767, 32768, 65535, 65536,
	65537, UINT32_MAX
};

static const uint64_t numbers[] = {
	0, 1, 2, 8, 64, 72, 4096, 65535, 1 << 20, INT32_MAX, UINT32_MAX, 1ULL << 32, INT64_MAX,
	UINT64_MAX - 7, UINT64_MAX
};

static const uint64_t bad_addresses[] = {
	0, 1, 0x7ffffffff000, 0x800000000000, 0xffff888000000000, 0xffffffff81000000, UINT64_MAX
};

static const uint64_t durations[] = {
	0, 1, 100000, 1000000, 3000000, 1000000000, 1ULL << 40, INT64_MAX, UINT64_MAX
};

static const uint64_t modes[] = { 0, 0400, 0200, 0600, 0600, 0600, 0666, 0666, 0777, 07777 };

static const uint64_t signals[] = { 0, SIGUSR1, SIGUSR1, SIGUSR2, SIGUSR2, SIGKILL, 64, 65 };

static const uint64_t areas[] = {
	0, 8, 16, 64, 72, 128, 4096, 8192, IPCMBOX_CHANNEL_ACKS, IPCMBOX_CHANNEL_HEADER(0),
	IPCMBOX_CHANNEL_RING(0), IPCMBOX_CHANNEL_HEADER(1), IPCMBOX_CHANNEL_RING(1),
	IPCMBOX_CHANNEL_RING(0) + 4096, IPCMBOX_CHANNEL_HEADER(63), IPCMBOX_CHANNEL_HEADER(64),
	1, UINT64_MAX - 4095,
};

static void set(struct value *value, uint32_t kind, uint64_t number)
{
	value->kind = kind;
	value->number = number;
}

static void pick_pointer(struct dice *dice, struct value *value)
{
	switch (dice_below(dice, 32)) {
	case 0:
		set(value, VALUE_NUMBER, PICK(dice, bad_addresses));
		break;
	case 1:
		set(value, VALUE_EDGE, dice_below(dice, 128));
		break;
	case 2:
		set(value, VALUE_CONSTANT, 0);
		break;
	case 3 ... 5:
		set(value, VALUE_MAPPING, (uint64_t)PICK(dice, areas) % ARENA << 3 |
		    dice_below(dice, MAPPINGS));
		break;
	default:
		set(value, VALUE_DATA, dice_below(dice, 16) * (ARENA / 16));
	}
}

static uint64_t pick_flags(struct dice *dice, uint64_t all)
{
	uint64_t flags = 0;
	uint32_t i;

	if (dice_one_in(dice, 40))
		return 1ULL << dice_below(dice, 64);
	for (i = dice_below(dice, 4); i; i--)
		flags |= 1ULL << dice_below(dice, 64 - __builtin_clzll(all | 1));
	return flags & all;
}

static void pick_peer(struct dice *dice, struct value *value)
{
	static const uint8_t kinds[] = { VALUE_RESULT, VALUE_PROCESS, VALUE_THREAD };
	const uint32_t kind = PICK(dice, kinds);

	set(value, kind, dice_below(dice, kind == VALUE_RESULT ? RESULTS : ACTORS));
}

/* What has to do with another field is made to fit it in mend_part(). */
static void pick_value(struct dice *dice, const struct field *field, struct value *value)
{
	set(value, VALUE_NUMBER, 0);
	switch (field->kind) {
	case FIELD_ZERO:
	case FIELD_PART:
		if (dice_one_in(dice, 40))
			value->number = PICK(dice, numbers);
		break;
	case FIELD_FLAGS:
		value->number = pick_flags(dice, field->limit);
		break;
	case FIELD_CHOICE:
		value->number = dice_below(dice, field->limit + 1 + dice_one_in(dice, 20));
		break;
	case FIELD_COUNT:
		value->number = PICK(dice, counts);
		break;
	case FIELD_SIZE:
		value->number = PICK(dice, sizes);
		break;
	case FIELD_NUMBER:
		value->number = dice_one_in(dice, 4) ? dice_next(dice) : PICK(dice, numbers);
		break;
	case FIELD_POINTER:
		pick_pointer(dice, value);
		break;
	case FIELD_SLOT:
		set(value, VALUE_SLOT, dice_below(dice, SLOTS / 2));
		break;
	case FIELD_RESULT:
		set(value, VALUE_RESULT, dice_below(dice, RESULTS));
		break;
	case FIELD_PEER:
		pick_peer(dice, value);
		break;
	case FIELD_DEADLINE:
		set(value, VALUE_NOW, dice_below(dice, 5) * 1000000);
		break;
	case FIELD_DURATION:
		value->number = PICK(dice, durations);
		break;
	case FIELD_ELEMENT:
		value->number = dice_one_in(dice, 10) ? PICK(dice, sizes) : field->limit;
		break;
	case FIELD_MODE:
		value->number = PICK(dice, modes);
		break;
	case FIELD_SIGNAL:
		value->number = PICK(dice, signals);
		break;
	case FIELD_ACTOR:
		value->number = dice_below(dice, ACTORS);
		break;
	case FIELD_MAPPING:
		value->number = dice_below(dice, MAPPINGS);
		break;
	case FIELD_AREA:
		value->number = PICK(dice, areas);
		break;
	}
}

static struct value *find(struct value *values, const struct layout *layout, const char *name)
{
	uint32_t i;

	for (i = 0; i < layout->count; i++) {
		if (!strcmp(layout->fields[i].name, name))
			return &values[i];
	}
	return NULL;
}

static uint64_t flags_of(const struct value *values, const struct layout *layout)
{
	uint32_t i;

	for (i = 0; i < layout->count; i++) {
		if (layout->fields[i].kind == FIELD_FLAGS)
			return values[i].number;
	}
	return 0;
}

static void mend_name(struct dice *dice, struct value *values, const struct layout *layout)
{
	struct value *name = find(values, layout, "name_ptr");
	struct value *length = find(values, layout, "name_len");

	if (!name || dice_one_in(dice, 20))
		return;
	set(name, VALUE_NUMBER, 0);
	set(length, VALUE_NUMBER, 0);
	if (dice_one_in(dice, 2))
		return;
	set(name, VALUE_NAME, dice_below(dice, dice_one_in(dice, 10) ? NAMES : 2));
	length->number = strlen(value_names[name->number]);
}

static void mend_pieces(struct dice *dice, struct value *values, const struct layout *layout)
{
	static const uint8_t pieces[] = { 0, 1, 1, 2, 3, 8, 64, 65 };
	struct value *buf = find(values, layout, "buf_ptr");
	struct value *length = find(values, layout, "buf_len");

	if (!buf || !length || !find(values, layout, "flags") || dice_one_in(dice, 20) ||
	    !(flags_of(values, layout) & IPCMBOX_IOVEC))
		return;
	length->number = PICK(dice, pieces);
	set(buf, VALUE_PIECES, length->number);
}

static void mend_descriptors(struct dice *dice, struct value *values, const struct layout *layout)
{
	struct value *fds = find(values, layout, "fds_ptr");
	struct value *count = find(values, layout, "nr_fds");
	uint64_t slots = 0, n = 0;

	if (!fds || !count || dice_one_in(dice, 20))
		return;
	set(fds, VALUE_NUMBER, 0);
	count->number = 0;
	if (!dice_one_in(dice, 4))
		return;
	do {
		slots = slots << 4 | (1 + dice_below(dice, SLOTS / 2));
		n++;
	} while (n < 15 && dice_one_in(dice, 2));
	set(fds, VALUE_SLOTS, slots);
	count->number = n;
}

/* Fields that go together. */
static void mend_part(struct dice *dice, struct value *values, const struct layout *layout)
{
	const uint64_t flags = flags_of(values, layout);
	const struct field *field;
	uint32_t i;

	for (i = 0; i < layout->count; i++) {
		field = &layout->fields[i];
		if (!field->needs || dice_one_in(dice, 20))
			continue;
		if (!(flags & field->needs))
			set(&values[i], VALUE_NUMBER, 0);
		else if (!values[i].kind && !values[i].number)
			pick_value(dice, field, &values[i]);
	}
	mend_name(dice, values, layout);
	mend_pieces(dice, values, layout);
	mend_descriptors(dice, values, layout);
}

static void pick_values(struct dice *dice, struct operation *operation)
{
	const struct command *command = &commands[operation->command];
	struct value *values = operation->values;
	const struct layout *layout;
	uint32_t i, j;

	for (i = 0; i < PARTS && command->parts[i].layout; i++) {
		layout = command->parts[i].layout;
		for (j = 0; j < layout->count; j++) {
			if (layout->fields[j].kind == FIELD_POINTER ||
			    layout->fields[j].kind == FIELD_ELEMENT || dice_one_in(dice, 2))
				pick_value(dice, &layout->fields[j], &values[j]);
		}
		mend_part(dice, values, layout);
		values += layout->count;
	}
	if (command->parts[1].layout && command->parts[1].is_array)
		operation->values[2].number = command->parts[1].layout->size;
}

/* What a command is for: the kind of descriptor, as the hundreds of numbers have it. */
static uint32_t object_of(const struct command *command)
{
	return command->act ? 0 : 1 + command->nr / 0x40;
}

static bool makes_object(const struct command *command, uint32_t object)
{
	static const char * const makers[] = { NULL, "device", "open", "segment_open" };

	return !strcmp(command->name, makers[object]) ||
	       (object == 2 && !strcmp(command->name, "join"));
}

/* The slot of something it is for, that an operation before has made. */
static uint32_t pick_slot(struct dice *dice, const struct program *program, uint32_t index)
{
	const uint32_t object = object_of(&commands[program->operations[index].command]);
	const uint32_t start = index ? dice_below(dice, index) : 0;
	const struct operation *before;
	uint32_t i;

	if (object == 1 && !dice_one_in(dice, 10))
		return 0;
	for (i = 0; object && i < index && !dice_one_in(dice, 10); i++) {
		before = &program->operations[(start + i) % index];
		if (makes_object(&commands[before->command], object))
			return before->out;
	}
	return dice_below(dice, SLOTS / 2);
}

static void pick_operation(struct dice *dice, struct program *program, uint32_t index)
{
	struct operation *operation = &program->operations[index];
	uint32_t i;

	memset(operation, 0, sizeof(*operation));
	operation->result = RESULT_UNKNOWN;
	operation->command = dice_below(dice, command_count);
	/* Two of three are of the module itself. */
	for (i = 0; i < 2 && commands[operation->command].act; i++)
		operation->command = dice_below(dice, command_count);
	operation->actor = dice_one_in(dice, 3) ? dice_below(dice, ACTORS) : 0;
	operation->is_async = dice_one_in(dice, 8);
	operation->out = 1 + dice_below(dice, SLOTS / 2 - 1);
	operation->fd = pick_slot(dice, program, index);
	pick_values(dice, operation);
}

void generate(struct dice *dice, struct program *program)
{
	const uint32_t count = 2 + dice_below(dice, OPERATIONS / 2);

	strcpy(program->name, "random");
	for (program->count = 0; program->count < count; program->count++)
		pick_operation(dice, program, program->count);
	program_mend(program);
}

static void insert_operations(struct program *program, uint32_t at,
			      const struct operation *operations, uint32_t count)
{
	if (count > OPERATIONS - program->count)
		count = OPERATIONS - program->count;
	memmove(&program->operations[at + count], &program->operations[at],
		(program->count - at) * sizeof(*operations));
	memcpy(&program->operations[at], operations, count * sizeof(*operations));
	program->count += count;
}

static void insert_random(struct dice *dice, struct program *program)
{
	const uint32_t at = dice_below(dice, program->count + 1);
	static const struct operation empty;

	if (program->count == OPERATIONS)
		return;
	insert_operations(program, at, &empty, 1);
	pick_operation(dice, program, at);
}

static void insert_other(struct dice *dice, struct program *program, const struct program *other)
{
	const uint32_t from = dice_below(dice, other->count);
	const uint32_t count = 1 + dice_below(dice, other->count - from);

	insert_operations(program, dice_below(dice, program->count + 1),
			  &other->operations[from], count);
}

static void change_value(struct dice *dice, struct operation *operation)
{
	const struct command *command = &commands[operation->command];
	const uint32_t count = command_values(command);
	const struct field *field;
	struct value *value;
	uint32_t index, part;

	if (!count)
		return;
	index = dice_below(dice, count);
	field = command_field(command, index, &part);
	value = &operation->values[index];
	switch (dice_below(dice, 8)) {
	case 0:
		set(value, VALUE_NUMBER, PICK(dice, numbers));
		break;
	case 1:
		value->number ^= 1ULL << dice_below(dice, 8 * field->size);
		break;
	case 2:
		value->number += dice_below(dice, 3) - 1ULL;
		break;
	default:
		pick_value(dice, field, value);
	}
	value -= field - command->parts[part].layout->fields;
	if (dice_one_in(dice, 2))
		mend_part(dice, value, command->parts[part].layout);
}

static void change_operation(struct dice *dice, struct program *program)
{
	static const int16_t tails[] = { 0, 8, 1, -8, 4, 4096, -1 };
	const uint32_t index = dice_below(dice, program->count);
	struct operation *operation = &program->operations[index];

	switch (dice_below(dice, 16)) {
	case 0:
		operation->actor = dice_below(dice, ACTORS);
		break;
	case 1:
		operation->is_async = !operation->is_async;
		break;
	case 2:
		operation->fd = pick_slot(dice, program, index);
		break;
	case 3:
		operation->out = dice_below(dice, SLOTS / 2);
		break;
	case 4:
		operation->longer = PICK(dice, tails);
		break;
	case 5 ... 6:
		operation->fault = dice_one_in(dice, 3) ? 0 : 1 + dice_below(dice, 12);
		break;
	default:
		change_value(dice, operation);
	}
}

static void swap_operations(struct dice *dice, struct program *program)
{
	struct operation *one = &program->operations[dice_below(dice, program->count)];
	struct operation *other = &program->operations[dice_below(dice, program->count)];
	const struct operation copy = *one;

	*one = *other;
	*other = copy;
}

void mutate(struct dice *dice, struct program *program, const struct program *other)
{
	do {
		switch (dice_below(dice, 10)) {
		case 0 ... 1:
			insert_random(dice, program);
			break;
		case 2:
			insert_other(dice, program, other);
			break;
		case 3:
			if (program->count > 1)
				program_remove(program, dice_below(dice, program->count));
			break;
		case 4:
			swap_operations(dice, program);
			break;
		default:
			change_operation(dice, program);
		}
	} while (!dice_one_in(dice, 3));
	program_mend(program);
}
