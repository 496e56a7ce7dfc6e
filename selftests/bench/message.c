// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

#define PAGE	4096

/* Lives as long as its process. */
struct message *message_new(size_t size)
{
	size_t room = PAGE + (size + PAGE - 1) / PAGE * PAGE;
	struct message *message;
	char *pages;

	pages = aligned_alloc(PAGE, room);
	if (!pages)
		err(EXIT_FAILURE, "message of %zu bytes", size);
	/* Not zeroes, and no page fault within a measurement. */
	memset(pages, 0xa5, room);
	message = (struct message *)(pages + PAGE - sizeof(message->type));
	message->type = 1;
	return message;
}

void message_stamp(struct message *message, uint64_t serial)
{
	memcpy(message->data, &serial, sizeof(serial));
}

uint64_t message_serial(const struct message *message)
{
	uint64_t serial;

	memcpy(&serial, message->data, sizeof(serial));
	return serial;
}

void message_check(const struct message *message, uint64_t serial)
{
	uint64_t got = message_serial(message);

	if (got != serial)
		errx(EXIT_FAILURE, "received message %" PRIu64 " instead of %" PRIu64,
		     got, serial);
}
