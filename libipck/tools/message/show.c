// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <json.h>

#include "report.h"
#include "show.h"
#include "value/events.h"
#include "value/field.h"
#include "value/text.h"

static struct json_object *payload_to_hex(const char *buf, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	struct json_object *json;
	char *hex;
	size_t i;

	hex = malloc(2 * len + 1);
	if (!hex)
		return NULL;
	for (i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)buf[i] >> 4];
		hex[2 * i + 1] = digits[buf[i] & 0xf];
	}
	json = json_object_new_string_len(hex, 2 * len);
	free(hex);
	return json;
}

/* JSON holds UTF-8 only; all other payloads get another key. */
static void show_json(const char *buf, const struct ipck_msg *msg)
{
	struct json_object *json = field_to_json(msg_fields, msg);

	if (text_is_utf8(buf, msg->length))
		json_object_object_add(json, "payload",
				       json_object_new_string_len(buf,
								  msg->length));
	else
		json_object_object_add(json, "payload_hex",
				       payload_to_hex(buf, msg->length));
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
}

static void show_head(const struct ipck_msg *msg)
{
	printf("# seq %" PRIu64 " priority %" PRIu32 " length %" PRIu32
	       " pid %d uid %u lost %" PRIu64, msg->seq, msg->priority,
	       msg->length, msg->pid, (unsigned int)msg->uid, msg->lost);
	if (msg->events) {
		printf(" events ");
		events_print(stdout, msg->events);
	}
	if (msg->redelivered)
		printf(" redelivered %" PRIu32, msg->redelivered);
	if (msg->nr_fds)
		printf(" descriptors %" PRIu32, msg->nr_fds);
	putchar('\n');
}

enum status show_message(const struct show *show, const char *buf,
			 const struct ipck_msg *msg)
{
	if (show->json) {
		show_json(buf, msg);
	} else {
		if (show->verbose)
			show_head(msg);
		fwrite(buf, 1, msg->length, stdout);
		if (show->separator >= 0)
			putchar(show->separator);
	}
	/* Whoever reads our output may wait for this message. */
	return report_output();
}
