// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/ipcmbox.h>

#include "perform.h"
#include "scene.h"

#define POISON		0xcc
#define ARGUMENT_SIZE	(16U << 10)	/* more than a command can say */
#define FILLED		16		/* elements of an array; what is behind them is 0 */

/* Of one actor: what its operation points to. */
struct arguments {
	unsigned char parts[PARTS][ARGUMENT_SIZE];
	unsigned char elements[IPCMBOX_VECTOR_MAX * PAGE];
	int fds[VALUES][IPCMBOX_FDS_MAX];
	struct ipcmbox_iovec pieces[VALUES][IPCMBOX_IOVEC_MAX];
};

static struct arguments arguments[ACTORS];

static uint64_t address(const void *at)
{
	return (uintptr_t)at;
}

static uint64_t mapped_address(uint32_t number)
{
	const struct mapping *mapped = __atomic_load_n(&scene.mappings[number % MAPPINGS],
						       __ATOMIC_ACQUIRE);

	return mapped ? address(mapped->at) : 0;
}

static uint64_t from_now(uint64_t ns)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec + ns;
}

static uint64_t descriptors(int *fds, uint64_t slots)
{
	uint32_t i;

	for (i = 0; i < IPCMBOX_FDS_MAX; i++, slots >>= 4)
		fds[i] = slots & 15 ? scene.slots[(slots & 15) - 1] : -1;
	return address(fds);
}

/* One is long enough for the receiver to read it from the sender's pages, many are short. */
static uint64_t pieces(struct ipcmbox_iovec *pieces, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < IPCMBOX_IOVEC_MAX; i++) {
		pieces[i].base = address(scene.arena + 1000 * i);
		pieces[i].length = count == 1 ? 9000 : i * 37 % 500;
	}
	return address(pieces);
}

static uint64_t resolve(const struct actor *actor, uint32_t index)
{
	const struct value *value = &actor->operation->values[index];
	struct arguments *own = &arguments[actor->number];

	switch (value->kind) {
	case VALUE_RESULT:
		return actor->stage->results[value->number];
	case VALUE_DATA:
		return address(scene.arena + value->number);
	case VALUE_EDGE:
		return address(scene.edge - value->number % PAGE);
	case VALUE_CONSTANT:
		return address(scene.constant + value->number);
	case VALUE_MAPPING:
		return mapped_address(value->number & 7) + (value->number >> 3);
	case VALUE_NAME:
		return address(value_names[value->number]);
	case VALUE_NOW:
		return from_now(value->number);
	case VALUE_PROCESS:
		return actor->stage->processes[value->number];
	case VALUE_THREAD:
		return actor->stage->threads[value->number];
	case VALUE_SLOT:
		return scene.slots[value->number];
	case VALUE_SLOTS:
		return descriptors(own->fds[index], value->number);
	case VALUE_PIECES:
		return pieces(own->pieces[index], value->number);
	default:
		return value->number;
	}
}

/* The fields of a part, of which the first is value @first; what is only written is poisoned. */
static void fill(const struct actor *actor, const struct layout *layout, uint32_t first,
		 unsigned char *at)
{
	const struct field *field;
	uint64_t number;
	uint32_t i;

	memset(at, POISON, layout->size);
	for (i = 0; i < layout->count; i++) {
		field = &layout->fields[i];
		number = resolve(actor, first + i);
		memcpy(at + field->offset, &number, field->size);
	}
}

static uint64_t fill_array(const struct actor *actor, const struct layout *layout, uint32_t first,
			   const struct ipcmbox_vector *vector)
{
	unsigned char *elements = arguments[actor->number].elements;
	uint32_t i, size = vector->element_size;

	if (size < layout->size || size > PAGE)
		size = layout->size;
	for (i = 0; i < FILLED; i++) {
		memset(elements + i * size, 0, size);
		fill(actor, layout, first, elements + i * size);
	}
	return address(elements);
}

/* Returns the argument of the ioctl, which has @size bytes. */
static unsigned char *build(const struct actor *actor, uint32_t size)
{
	const struct command *command = &commands[actor->operation->command];
	struct arguments *own = &arguments[actor->number];
	const struct part *part;
	unsigned char *argument = own->parts[0];
	uint32_t i, first;
	uint64_t at;

	/* A tail of an odd number of bytes is not zero. */
	memset(argument, actor->operation->longer & 1 ? POISON : 0, size);
	fill(actor, command->parts[0].layout, 0, argument);
	first = command->parts[0].layout->count;
	for (i = 1; i < PARTS && command->parts[i].layout; i++) {
		part = &command->parts[i];
		if (part->is_array) {
			at = fill_array(actor, part->layout, first, (void *)argument);
		} else {
			fill(actor, part->layout, first, own->parts[i]);
			at = address(own->parts[i]);
		}
		first += part->layout->count;
		/* The address of the part, unless the program gives another. */
		if (!memcmp(argument + part->at, &(uint64_t){ 0 }, sizeof(at)))
			memcpy(argument + part->at, &at, sizeof(at));
	}
	return argument;
}

static const void *built_part(const struct actor *actor, uint32_t part)
{
	const struct command *command = &commands[actor->operation->command];

	if (command->parts[part].is_array)
		return arguments[actor->number].elements;
	return arguments[actor->number].parts[part];
}

/* Descriptors that came with a message. */
static void keep_descriptors(const struct actor *actor, uint64_t at, uint32_t count)
{
	const uint64_t arena = address(scene.arena);
	int32_t fd;
	uint32_t i;

	if (at < arena || at > arena + ARENA - 64 || count > IPCMBOX_FDS_MAX)
		return;
	for (i = 0; i < count; i++) {
		memcpy(&fd, (void *)(uintptr_t)(at + i * sizeof(fd)), sizeof(fd));
		scene_keep(actor->operation->out + i, fd);
	}
}

/* What a command has returned beside its return value. */
static void keep_results(const struct actor *actor, int64_t ret)
{
	const struct command *command = &commands[actor->operation->command];
	const struct ipcmbox_recv *recv = NULL;
	const struct ipcmbox_call *call;

	if (ret >= 0 && command->makes)
		scene_keep(actor->operation->out, ret);
	/* A call that fails may leave a cookie. */
	if (command->result && (ret >= 0 || command->nr == _IOC_NR(IPCMBOX_IOC_CALL)))
		memcpy(&actor->stage->results[actor->operation->out % RESULTS],
		       built_part(actor, command->result_part) + command->result - 1,
		       sizeof(uint64_t));
	if (ret < 0)
		return;
	switch (command->nr) {
	case _IOC_NR(IPCMBOX_IOC_CALL):
		call = built_part(actor, 0);
		keep_descriptors(actor, call->reply_fds_ptr, call->nr_reply_fds);
		return;
	case _IOC_NR(IPCMBOX_IOC_RECV):
		recv = built_part(actor, 0);
		break;
	case _IOC_NR(IPCMBOX_IOC_REPLY_RECV):
		recv = built_part(actor, 2);
		break;
	}
	if (recv)
		keep_descriptors(actor, recv->fds_ptr, recv->nr_fds);
}

/* The errors there are, as the head of linux/ipcmbox.h has them. */
static bool is_documented(int error)
{
	static const uint8_t errors[] = {
		ENOTTY, EINVAL, E2BIG, EFAULT, EACCES, EPERM, ENOENT, ESRCH, EEXIST, ENAMETOOLONG,
		EAGAIN, ETIMEDOUT, EINTR, EMSGSIZE, EBADF, ELOOP, EBUSY, EDEADLK, ESTALE, EDQUOT,
		ENOMEM, ENOSPC, EFBIG, EPIPE, EMFILE, ENFILE,
	};

	return memchr(errors, error, sizeof(errors)) && error < 256;
}

static int64_t perform_ioctl(const struct actor *actor)
{
	const struct operation *operation = actor->operation;
	const struct command *command = &commands[operation->command];
	int size = command->parts[0].layout->size + operation->longer;
	unsigned char *argument;
	int64_t ret;

	if (size < 0 || size >= (int)ARGUMENT_SIZE)
		size = 0;
	argument = build(actor, size);
	ret = ioctl(actor->fd, _IOC(command->direction, IPCMBOX_IOC_MAGIC, command->nr, size),
		    argument);
	if (ret < 0) {
		ret = -errno;
		if (!is_documented(errno))
			stage_blame(actor->stage, "%s: error %d", command->name, errno);
	}
	keep_results(actor, ret);
	return ret;
}

static int64_t perform_action(struct actor *actor)
{
	const struct operation *operation = actor->operation;
	const struct command *command = &commands[operation->command];
	uint64_t args[VALUES];
	uint32_t i;
	int64_t ret;

	for (i = 0; i < command->parts[0].layout->count; i++)
		args[i] = resolve(actor, i);
	ret = command->act(actor, args);
	if (command->makes)
		scene_keep(operation->out, ret);
	return ret;
}

static void write_number(int fd, uint32_t number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", number);

	/* The fault may hit this very call. */
	while (pwrite(fd, text, length, 0) != length) {
		if (errno != EFAULT && errno != ENOMEM)
			return;
	}
}

int64_t perform(struct actor *actor)
{
	const struct operation *operation = actor->operation;
	int nth = -1;
	int64_t ret;

	actor->fd = __atomic_load_n(&scene.slots[operation->fd], __ATOMIC_RELAXED);
	if (operation->fault) {
		stage_postpone_ticks(actor);
		nth = open("/proc/thread-self/fail-nth", O_WRONLY | O_CLOEXEC);
		trace_restart(&actor->trace);
		write_number(nth, operation->fault);
	}
	if (commands[operation->command].act)
		ret = perform_action(actor);
	else
		ret = perform_ioctl(actor);
	if (operation->fault) {
		write_number(nth, 0);
		close(nth);
	}
	return ret;
}
