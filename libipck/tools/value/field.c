// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <json.h>

#include <ipck.h>

#include "events.h"
#include "field.h"
#include "policy.h"
#include "quantity.h"
#include "text.h"
#include "word.h"

#define INFO(member, kind, look) \
	{ #member, offsetof(struct ipck_info, member), kind, look }
#define LIMITS(member, kind) \
	{ #member, offsetof(struct ipck_limits, member), kind, LOOK_PLAIN }
#define MSG(member, kind) \
	{ #member, offsetof(struct ipck_msg, member), kind, LOOK_PLAIN }
#define BLOCKED(member, kind) \
	{ #member, offsetof(struct ipck_blocked, member), kind, LOOK_PLAIN }
#define SHM(member, kind, look) \
	{ #member, offsetof(struct ipck_shm_info, member), kind, look }
#define RECORD(member, kind) \
	{ #member, offsetof(struct ipck_record, member), kind, LOOK_PLAIN }

const struct field info_fields[] = {
	INFO(id, FIELD_U64, LOOK_PLAIN),
	INFO(name, FIELD_STRING, LOOK_PLAIN),
	INFO(uid, FIELD_U32, LOOK_PLAIN),
	INFO(gid, FIELD_U32, LOOK_PLAIN),
	INFO(mode, FIELD_U32, LOOK_OCTAL),
	INFO(flags, FIELD_U32, LOOK_STATE),
	INFO(discipline, FIELD_U32, LOOK_DISCIPLINE),
	INFO(overflow, FIELD_U32, LOOK_POLICY),
	{ "max_messages", offsetof(struct ipck_info, capacity), FIELD_U32,
	  LOOK_CAPACITY },
	INFO(max_length, FIELD_U32, LOOK_PLAIN),
	INFO(max_bytes, FIELD_U64, LOOK_PLAIN),
	INFO(messages, FIELD_U64, LOOK_PLAIN),
	INFO(bytes, FIELD_U64, LOOK_PLAIN),
	INFO(receiving, FIELD_U32, LOOK_PLAIN),
	INFO(readers, FIELD_U32, LOOK_PLAIN),
	INFO(writers, FIELD_U32, LOOK_PLAIN),
	INFO(waiting_receivers, FIELD_U32, LOOK_PLAIN),
	INFO(waiting_senders, FIELD_U32, LOOK_PLAIN),
	INFO(sent, FIELD_U64, LOOK_PLAIN),
	INFO(received, FIELD_U64, LOOK_PLAIN),
	INFO(dropped, FIELD_U64, LOOK_PLAIN),
	INFO(withdrawn, FIELD_U64, LOOK_PLAIN),
	INFO(unreported, FIELD_U64, LOOK_PLAIN),
	INFO(wakeups, FIELD_U64, LOOK_PLAIN),
	INFO(peak_messages, FIELD_U64, LOOK_PLAIN),
	INFO(peak_bytes, FIELD_U64, LOOK_PLAIN),
	INFO(oldest_ns, FIELD_U64, LOOK_AGE),
	INFO(next_seq, FIELD_U64, LOOK_PLAIN),
	INFO(parent, FIELD_U64, LOOK_PLAIN),
	INFO(events, FIELD_U64, LOOK_EVENTS),
	INFO(pid, FIELD_S32, LOOK_PLAIN),
	INFO(tid, FIELD_S32, LOOK_PLAIN),
	INFO(members, FIELD_U32, LOOK_PLAIN),
	INFO(held, FIELD_U32, LOOK_PLAIN),
	INFO(max_deliveries, FIELD_U32, LOOK_PLAIN),
	INFO(recorder, FIELD_U32, LOOK_PLAIN),
	INFO(dead_letter, FIELD_U64, LOOK_PLAIN),
	INFO(redelivered, FIELD_U64, LOOK_PLAIN),
	INFO(dead_letters, FIELD_U64, LOOK_PLAIN),
	{ NULL, 0, FIELD_U32, LOOK_PLAIN }
};

const struct field limits_fields[] = {
	LIMITS(features, FIELD_U64),
	LIMITS(length_max, FIELD_U32),
	LIMITS(priority_max, FIELD_U32),
	LIMITS(name_max, FIELD_U32),
	LIMITS(max_mailboxes, FIELD_U64),
	LIMITS(max_user_messages, FIELD_U64),
	LIMITS(max_user_bytes, FIELD_U64),
	LIMITS(user_mailboxes, FIELD_U64),
	LIMITS(user_messages, FIELD_U64),
	LIMITS(user_bytes, FIELD_U64),
	LIMITS(fds_max, FIELD_U32),
	LIMITS(iovec_max, FIELD_U32),
	LIMITS(max_user_fds, FIELD_U64),
	LIMITS(user_fds, FIELD_U64),
	LIMITS(max_user_segments, FIELD_U64),
	LIMITS(max_user_segment_bytes, FIELD_U64),
	LIMITS(user_segments, FIELD_U64),
	LIMITS(user_segment_bytes, FIELD_U64),
	{ NULL, 0, FIELD_U32, LOOK_PLAIN }
};

const struct field msg_fields[] = {
	MSG(length, FIELD_U32),
	MSG(priority, FIELD_U32),
	MSG(seq, FIELD_U64),
	MSG(lost, FIELD_U64),
	MSG(sender_endpoint, FIELD_U64),
	MSG(pid, FIELD_S32),
	MSG(tid, FIELD_S32),
	MSG(uid, FIELD_U32),
	MSG(gid, FIELD_U32),
	MSG(events, FIELD_U64),
	MSG(completion, FIELD_U32),
	MSG(redelivered, FIELD_U32),
	MSG(nr_fds, FIELD_U32),
	{ NULL, 0, FIELD_U32, LOOK_PLAIN }
};

const struct field blocked_fields[] = {
	BLOCKED(mailbox, FIELD_U64),
	BLOCKED(seq, FIELD_U64),
	BLOCKED(since_ns, FIELD_U64),
	BLOCKED(what, FIELD_U32),
	BLOCKED(priority, FIELD_U32),
	BLOCKED(pid, FIELD_S32),
	BLOCKED(tid, FIELD_S32),
	BLOCKED(peer_pid, FIELD_S32),
	BLOCKED(peer_tid, FIELD_S32),
	{ NULL, 0, FIELD_U32, LOOK_PLAIN }
};

const struct field record_fields[] = {
	RECORD(serial, FIELD_U64),
	RECORD(time_ns, FIELD_U64),
	RECORD(seq, FIELD_U64),
	RECORD(events, FIELD_U64),
	RECORD(pid, FIELD_S32),
	RECORD(tid, FIELD_S32),
	RECORD(uid, FIELD_U32),
	RECORD(length, FIELD_U32),
	RECORD(priority, FIELD_U32),
	RECORD(step, FIELD_U32),
	{ NULL, 0, FIELD_U32, LOOK_PLAIN }
};

const struct field shm_fields[] = {
	SHM(id, FIELD_U64, LOOK_PLAIN),
	SHM(name, FIELD_STRING, LOOK_PLAIN),
	SHM(size, FIELD_U64, LOOK_PLAIN),
	SHM(charged, FIELD_U64, LOOK_PLAIN),
	SHM(payer, FIELD_U32, LOOK_PLAIN),
	SHM(uid, FIELD_U32, LOOK_PLAIN),
	SHM(gid, FIELD_U32, LOOK_PLAIN),
	SHM(mode, FIELD_U32, LOOK_OCTAL),
	SHM(flags, FIELD_U32, LOOK_STATE),
	SHM(seals, FIELD_U32, LOOK_PLAIN),
	SHM(readers, FIELD_U32, LOOK_PLAIN),
	SHM(writers, FIELD_U32, LOOK_PLAIN),
	SHM(pid, FIELD_S32, LOOK_PLAIN),
	{ NULL, 0, FIELD_U32, LOOK_PLAIN }
};

static const char *string_of(const struct field *field, const void *object)
{
	return (const char *)object + field->offset;
}

/* Ids of processes, which are signed, are not negative. */
static uint64_t number_of(const struct field *field, const void *object)
{
	uint64_t u64;
	uint32_t u32;

	if (field->kind == FIELD_U64) {
		memcpy(&u64, string_of(field, object), sizeof(u64));
		return u64;
	}
	memcpy(&u32, string_of(field, object), sizeof(u32));
	return u32;
}

static void print_state(uint64_t flags)
{
	printf("%s%s%s%s%s%s%s%s%s", flags & IPCK_INFO_NAMED ? "named" : "unnamed",
	       flags & IPCK_INFO_TRANSIENT ? ", transient" : "",
	       flags & IPCK_INFO_FDS ? ", accepts descriptors" : "",
	       flags & IPCK_INFO_KEEP_LAST ? ", keeps last messages" : "",
	       flags & IPCK_INFO_THREAD ? ", of a thread" : "",
	       flags & IPCK_INFO_POSIX ? ", a POSIX queue" : "",
	       flags & IPCK_INFO_SEALABLE ? ", sealable" : "",
	       flags & IPCK_INFO_MAPPED ? ", mapped" : "",
	       flags & IPCK_INFO_MOVED ? ", moved" : "");
}

static void print_number(const struct field *field, uint64_t number)
{
	char buf[QUANTITY_SIZE];

	switch (field->look) {
	case LOOK_OCTAL:
		printf("%04" PRIo64, number);
		break;
	case LOOK_CAPACITY:
		fputs(quantity_of_capacity(buf, number), stdout);
		break;
	case LOOK_POLICY:
		fputs(policy_name((enum ipck_overflow)number), stdout);
		break;
	case LOOK_STATE:
		print_state(number);
		break;
	case LOOK_AGE:
		printf("%" PRIu64 " (%s)", number, quantity_age(buf, number));
		break;
	case LOOK_DISCIPLINE:
		fputs(word_of_discipline(number), stdout);
		break;
	case LOOK_EVENTS:
		events_print(stdout, number);
		break;
	case LOOK_PLAIN:
		printf("%" PRIu64, number);
		break;
	}
}

void field_print(const struct field *fields, const void *object)
{
	const struct field *field;

	for (field = fields; field->key; field++) {
		printf("%-18s ", field->key);
		if (field->kind == FIELD_STRING)
			text_print(stdout, string_of(field, object));
		else
			print_number(field, number_of(field, object));
		putchar('\n');
	}
}

static struct json_object *member_to_json(const struct field *field,
					  const void *object)
{
	char name[IPCK_NAME_MAX + 1];

	switch (field->kind) {
	case FIELD_STRING:
		text_to_utf8(name, string_of(field, object));
		return json_object_new_string(name);
	case FIELD_S32:
		return json_object_new_int((int32_t)number_of(field, object));
	default:
		return json_object_new_uint64(number_of(field, object));
	}
}

struct json_object *field_to_json(const struct field *fields,
				  const void *object)
{
	struct json_object *json = json_object_new_object();
	const struct field *field;

	for (field = fields; json && field->key; field++)
		json_object_object_add(json, field->key,
				       member_to_json(field, object));
	return json;
}
