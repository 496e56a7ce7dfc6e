// SPDX-License-Identifier: GPL-2.0-only
#include <linux/fcntl.h>
#include <stddef.h>
#include <string.h>

#include <linux/ipcmbox.h>

#include "action.h"
#include "command.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

#define NEEDING(type, member, what, bits, most) \
	{ #member, offsetof(struct ipcmbox_##type, member), \
	  sizeof(((struct ipcmbox_##type *)0)->member), FIELD_##what, bits, most }
#define FIELD(type, member, what, most) NEEDING(type, member, what, 0, most)

#define LAYOUT(type) \
	static const struct layout type##_layout = { \
		type##_fields, COUNT(type##_fields), sizeof(struct ipcmbox_##type) \
	}

#define BY_NUMBER	(IPCMBOX_OPEN_BY_ID | IPCMBOX_OPEN_BY_PID | IPCMBOX_OPEN_BY_TID)
#define WAIT_FLAGS	(IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE)
#define SEND_FLAGS	(WAIT_FLAGS | IPCMBOX_IOVEC | IPCMBOX_MOVE)
#define RECV_FLAGS	(WAIT_FLAGS | IPCMBOX_PEEK | IPCMBOX_LEASE | IPCMBOX_IOVEC)
#define ALL_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | \
			 F_SEAL_FUTURE_WRITE)

static const struct field open_fields[] = {
	FIELD(open, name_ptr, NAME, 0),
	FIELD(open, name_len, NAME_SIZE, 0),
	FIELD(open, flags, FLAGS, 0x1fff),
	NEEDING(open, id, PEER, BY_NUMBER, 0),
	FIELD(open, access, CHOICE, IPCMBOX_READ | IPCMBOX_WRITE),
	NEEDING(open, mode, MODE, IPCMBOX_OPEN_CREATE, 0),
	NEEDING(open, discipline, CHOICE, IPCMBOX_OPEN_CREATE, IPCMBOX_CHANNEL),
	NEEDING(open, overflow, CHOICE, IPCMBOX_OPEN_CREATE, IPCMBOX_OVERFLOW_DROP_NEWEST),
	NEEDING(open, max_messages, COUNT, IPCMBOX_OPEN_CREATE, 0),
	NEEDING(open, max_length, SIZE, IPCMBOX_OPEN_CREATE, 0),
	NEEDING(open, max_bytes, SIZE, IPCMBOX_OPEN_CREATE, 0),
	FIELD(open, __reserved, ZERO, 0),
};

LAYOUT(open);

static const struct field unlink_fields[] = {
	FIELD(unlink, name_ptr, NAME, 0),
	FIELD(unlink, name_len, NAME_SIZE, 0),
	FIELD(unlink, flags, FLAGS, IPCMBOX_OPEN_BY_ID),
	NEEDING(unlink, id, RESULT, IPCMBOX_OPEN_BY_ID, 0),
};

LAYOUT(unlink);

static const struct field list_fields[] = {
	FIELD(list, after_id, RESULT, 0),
	FIELD(list, buf_ptr, POINTER, 0),
	FIELD(list, count, COUNT, 0),
	FIELD(list, element_size, ELEMENT, sizeof(struct ipcmbox_info)),
};

LAYOUT(list);

static const struct field blocked_list_fields[] = {
	FIELD(blocked_list, id, RESULT, 0),
	FIELD(blocked_list, buf_ptr, POINTER, 0),
	FIELD(blocked_list, count, COUNT, 0),
	FIELD(blocked_list, element_size, ELEMENT, sizeof(struct ipcmbox_blocked)),
	FIELD(blocked_list, __reserved, ZERO, 0),
};

LAYOUT(blocked_list);

static const struct field set_fields[] = {
	FIELD(set, mask, FLAGS, 0xff),
	NEEDING(set, mode, MODE, IPCMBOX_SET_MODE, 0),
	NEEDING(set, uid, CHOICE, IPCMBOX_SET_UID, 3),
	NEEDING(set, gid, CHOICE, IPCMBOX_SET_GID, 3),
	NEEDING(set, max_messages, COUNT, IPCMBOX_SET_MAX_MESSAGES, 0),
	NEEDING(set, overflow, CHOICE, IPCMBOX_SET_OVERFLOW, IPCMBOX_OVERFLOW_DROP_NEWEST),
	NEEDING(set, max_bytes, SIZE, IPCMBOX_SET_MAX_BYTES, 0),
	NEEDING(set, dead_letter, RESULT, IPCMBOX_SET_DEAD_LETTER, 0),
	NEEDING(set, max_deliveries, COUNT, IPCMBOX_SET_DEAD_LETTER, 0),
	NEEDING(set, recorder, COUNT, IPCMBOX_SET_RECORDER, 0),
};

LAYOUT(set);

static const struct field send_fields[] = {
	FIELD(send, buf_ptr, POINTER, 0),
	FIELD(send, buf_len, SIZE, 0),
	FIELD(send, flags, FLAGS, SEND_FLAGS),
	NEEDING(send, deadline_ns, DEADLINE, IPCMBOX_DEADLINE, 0),
	NEEDING(send, clock, CHOICE, IPCMBOX_DEADLINE, IPCMBOX_CLOCK_BOOTTIME),
	FIELD(send, priority, COUNT, 0),
	FIELD(send, completion, CHOICE, IPCMBOX_HANDLED),
	FIELD(send, events, FLAGS, 15),
	FIELD(send, to, PEER, 0),
	FIELD(send, to_kind, CHOICE, IPCMBOX_ENDPOINT_ID),
	FIELD(send, nr_fds, COUNT, 0),
	FIELD(send, fds_ptr, SLOTS, 0),
	FIELD(send, __reserved, ZERO, 0),
};

LAYOUT(send);

static const struct field recv_fields[] = {
	FIELD(recv, buf_ptr, POINTER, 0),
	FIELD(recv, buf_len, SIZE, 0),
	FIELD(recv, flags, FLAGS, RECV_FLAGS),
	NEEDING(recv, deadline_ns, DEADLINE, IPCMBOX_DEADLINE, 0),
	NEEDING(recv, clock, CHOICE, IPCMBOX_DEADLINE, IPCMBOX_CLOCK_BOOTTIME),
	FIELD(recv, min_priority, COUNT, 0),
	FIELD(recv, __reserved, ZERO, 0),
	FIELD(recv, select_events, FLAGS, 15),
	FIELD(recv, from, PEER, 0),
	FIELD(recv, from_kind, CHOICE, IPCMBOX_ENDPOINT_ID),
	FIELD(recv, max_fds, COUNT, 0),
	FIELD(recv, fds_ptr, POINTER, 0),
	NEEDING(recv, lease_ns, DURATION, IPCMBOX_LEASE, 0),
};

LAYOUT(recv);

static const struct field vector_fields[] = {
	FIELD(vector, array_ptr, PART, 0),
	FIELD(vector, count, COUNT, 0),
	FIELD(vector, element_size, ELEMENT, 0),
	FIELD(vector, flags, FLAGS, IPCMBOX_VECTOR_WAIT_FOR_ONE | IPCMBOX_VECTOR_PLAIN),
	FIELD(vector, __reserved, ZERO, 0),
};

LAYOUT(vector);

static const struct field part_fields[] = {
	FIELD(part, buf_ptr, POINTER, 0),
	FIELD(part, buf_len, SIZE, 0),
};

LAYOUT(part);

static const struct field call_fields[] = {
	FIELD(call, buf_ptr, POINTER, 0),
	FIELD(call, buf_len, SIZE, 0),
	FIELD(call, flags, FLAGS, SEND_FLAGS | IPCMBOX_CALL_CANCEL),
	NEEDING(call, deadline_ns, DEADLINE, IPCMBOX_DEADLINE, 0),
	NEEDING(call, clock, CHOICE, IPCMBOX_DEADLINE, IPCMBOX_CLOCK_BOOTTIME),
	FIELD(call, priority, COUNT, 0),
	FIELD(call, reply_ptr, POINTER, 0),
	FIELD(call, reply_len, SIZE, 0),
	FIELD(call, cookie, RESULT, 0),
	FIELD(call, fds_ptr, SLOTS, 0),
	FIELD(call, reply_fds_ptr, POINTER, 0),
	FIELD(call, nr_fds, COUNT, 0),
	FIELD(call, max_reply_fds, COUNT, 0),
	FIELD(call, __reserved, ZERO, 0),
};

LAYOUT(call);

static const struct field reply_fields[] = {
	FIELD(reply, token, RESULT, 0),
	FIELD(reply, buf_ptr, POINTER, 0),
	FIELD(reply, buf_len, SIZE, 0),
	FIELD(reply, flags, FLAGS, IPCMBOX_IOVEC | IPCMBOX_MOVE),
	FIELD(reply, status, NUMBER, 0),
	FIELD(reply, fds_ptr, SLOTS, 0),
	FIELD(reply, nr_fds, COUNT, 0),
	FIELD(reply, __reserved, ZERO, 0),
};

LAYOUT(reply);

static const struct field reply_recv_fields[] = {
	FIELD(reply_recv, reply_ptr, PART, 0),
	FIELD(reply_recv, recv_ptr, PART, 0),
	FIELD(reply_recv, reply_size, ELEMENT, sizeof(struct ipcmbox_reply)),
	FIELD(reply_recv, recv_size, ELEMENT, sizeof(struct ipcmbox_recv)),
};

LAYOUT(reply_recv);

static const struct field settle_fields[] = {
	FIELD(settle, token, RESULT, 0),
	FIELD(settle, action, CHOICE, IPCMBOX_SETTLE_RENEW),
	FIELD(settle, __reserved, ZERO, 0),
	FIELD(settle, lease_ns, DURATION, 0),
};

LAYOUT(settle);

static const struct field join_fields[] = {
	FIELD(join, mask, FLAGS, IPCMBOX_EVENT_JOINED | IPCMBOX_EVENT_LEFT | IPCMBOX_EVENT_DIED |
	      15),
	FIELD(join, max_bytes, SIZE, 0),
	FIELD(join, max_messages, COUNT, 0),
	FIELD(join, overflow, CHOICE, IPCMBOX_OVERFLOW_DROP_NEWEST),
	FIELD(join, flags, FLAGS, IPCMBOX_JOIN_OVERFLOW | IPCMBOX_JOIN_NONBLOCK),
};

LAYOUT(join);

static const struct field notify_fields[] = {
	FIELD(notify, method, CHOICE, IPCMBOX_NOTIFY_EVENTFD),
	FIELD(notify, signo, SIGNAL, 0),
	FIELD(notify, eventfd, SLOT, 0),
	FIELD(notify, __reserved, ZERO, 0),
	FIELD(notify, value, NUMBER, 0),
};

LAYOUT(notify);

static const struct layout info_layout = { NULL, 0, sizeof(struct ipcmbox_info) };

static const struct layout query_layout = { NULL, 0, sizeof(struct ipcmbox_query) };

static const struct layout segment_info_layout = {
	NULL, 0, sizeof(struct ipcmbox_segment_info)
};

static const struct layout channel_info_layout = {
	NULL, 0, sizeof(struct ipcmbox_channel_info)
};

static const struct layout no_layout;

static const struct field record_list_fields[] = {
	FIELD(record_list, after, COUNT, 0),
	FIELD(record_list, buf_ptr, POINTER, 0),
	FIELD(record_list, count, COUNT, 0),
	FIELD(record_list, element_size, ELEMENT, sizeof(struct ipcmbox_record)),
};

LAYOUT(record_list);

static const struct field segment_open_fields[] = {
	FIELD(segment_open, name_ptr, NAME, 0),
	FIELD(segment_open, name_len, NAME_SIZE, 0),
	FIELD(segment_open, flags, FLAGS, 0xfff),
	NEEDING(segment_open, id, RESULT, IPCMBOX_OPEN_BY_ID, 0),
	FIELD(segment_open, access, CHOICE, IPCMBOX_READ | IPCMBOX_WRITE),
	NEEDING(segment_open, mode, MODE, IPCMBOX_OPEN_CREATE, 0),
	NEEDING(segment_open, size, SIZE, IPCMBOX_OPEN_CREATE, 0),
	NEEDING(segment_open, seals, FLAGS, IPCMBOX_OPEN_CREATE, ALL_SEALS),
};

LAYOUT(segment_open);

static const struct field segment_set_fields[] = {
	FIELD(segment_set, mask, FLAGS, 7),
	NEEDING(segment_set, mode, MODE, IPCMBOX_SET_MODE, 0),
	NEEDING(segment_set, uid, CHOICE, IPCMBOX_SET_UID, 3),
	NEEDING(segment_set, gid, CHOICE, IPCMBOX_SET_GID, 3),
};

LAYOUT(segment_set);

static const struct field channel_lanes_fields[] = {
	FIELD(channel_lanes, buf_ptr, POINTER, 0),
	FIELD(channel_lanes, count, COUNT, 0),
	FIELD(channel_lanes, element_size, ELEMENT, sizeof(struct ipcmbox_channel_sender)),
};

LAYOUT(channel_lanes);

static const struct field channel_wait_fields[] = {
	FIELD(channel_wait, what, CHOICE, IPCMBOX_CHANNEL_ROOM),
	FIELD(channel_wait, flags, FLAGS, WAIT_FLAGS),
	NEEDING(channel_wait, deadline_ns, DEADLINE, IPCMBOX_DEADLINE, 0),
	NEEDING(channel_wait, clock, CHOICE, IPCMBOX_DEADLINE, IPCMBOX_CLOCK_BOOTTIME),
	FIELD(channel_wait, lanes_serial, COUNT, 0),
	FIELD(channel_wait, bytes, SIZE, 0),
};

LAYOUT(channel_wait);

static const struct field channel_kick_fields[] = {
	FIELD(channel_kick, whom, CHOICE, IPCMBOX_CHANNEL_PRODUCER),
	FIELD(channel_kick, lane, COUNT, 0),
};

LAYOUT(channel_kick);

static const struct field channel_evict_fields[] = {
	FIELD(channel_evict, id, RESULT, 0),
	FIELD(channel_evict, lane, COUNT, 0),
	FIELD(channel_evict, __reserved, ZERO, 0),
};

LAYOUT(channel_evict);

#define ARGUMENT(name, number, what, most) { #name, 8 * (number), 8, FIELD_##what, 0, most }
#define ACTION(type) \
	static const struct layout type##_layout = { type##_fields, COUNT(type##_fields), 0 }

static const struct field buffer_fields[] = {
	ARGUMENT(buf, 0, POINTER, 0),
	ARGUMENT(length, 1, SIZE, 0),
};

ACTION(buffer);

static const struct field raw_fields[] = {
	ARGUMENT(number, 0, NUMBER, 0),
	ARGUMENT(argument, 1, POINTER, 0),
};

ACTION(raw);

static const struct field poll_fields[] = {
	ARGUMENT(events, 0, FLAGS, 0x3f),
	ARGUMENT(milliseconds, 1, CHOICE, 3),
};

ACTION(poll);

static const struct field epoll_fields[] = {
	ARGUMENT(target, 0, SLOT, 0),
	ARGUMENT(operation, 1, CHOICE, 3),
	ARGUMENT(events, 2, FLAGS, 0xf000001fULL),
};

ACTION(epoll);

static const struct field milliseconds_fields[] = {
	ARGUMENT(milliseconds, 0, CHOICE, 3),
};

ACTION(milliseconds);

static const struct field kill_fields[] = {
	ARGUMENT(actor, 0, ACTOR, 0),
	ARGUMENT(signal, 1, SIGNAL, 0),
};

ACTION(kill);

static const struct field slots_fields[] = {
	ARGUMENT(fds, 0, SLOTS, 0),
};

ACTION(slots);

static const struct field map_fields[] = {
	ARGUMENT(mapping, 0, MAPPING, 0),
	ARGUMENT(length, 1, SIZE, 0),
	ARGUMENT(protection, 2, FLAGS, 7),
	ARGUMENT(flags, 3, FLAGS, 3),
	ARGUMENT(offset, 4, AREA, 0),
};

ACTION(map);

static const struct field mapping_fields[] = {
	ARGUMENT(mapping, 0, MAPPING, 0),
	ARGUMENT(offset, 1, AREA, 0),
	ARGUMENT(length, 2, SIZE, 0),
};

ACTION(mapping);

static const struct field remap_fields[] = {
	ARGUMENT(mapping, 0, MAPPING, 0),
	ARGUMENT(length, 1, SIZE, 0),
	ARGUMENT(flags, 2, FLAGS, 5),
};

ACTION(remap);

static const struct field protect_fields[] = {
	ARGUMENT(mapping, 0, MAPPING, 0),
	ARGUMENT(protection, 1, FLAGS, 7),
};

ACTION(protect);

static const struct field advise_fields[] = {
	ARGUMENT(mapping, 0, MAPPING, 0),
	ARGUMENT(advice, 1, CHOICE, 25),
};

ACTION(advise);

static const struct field store_fields[] = {
	ARGUMENT(mapping, 0, MAPPING, 0),
	ARGUMENT(offset, 1, AREA, 0),
	ARGUMENT(value, 2, NUMBER, 0),
};

ACTION(store);

static const struct field control_fields[] = {
	ARGUMENT(command, 0, CHOICE, 3),
	ARGUMENT(argument, 1, FLAGS, ALL_SEALS),
};

ACTION(control);

static const struct field number_fields[] = {
	ARGUMENT(number, 0, SIZE, 0),
};

ACTION(number);

static const struct field choice_fields[] = {
	ARGUMENT(which, 0, CHOICE, 3),
	ARGUMENT(value, 1, SIZE, 0),
};

ACTION(choice);

#define OUT	_IOC_READ
#define IN	_IOC_WRITE
#define BOTH	(_IOC_READ | _IOC_WRITE)

#define PARTS_OF(type)	{ { &type##_layout, "", 0, false } }
#define ARRAY_OF(type)	{ { &vector_layout, "", 0, false }, { &type##_layout, "e.", 0, true } }
#define RETURNED(type, member)	(1 + offsetof(struct ipcmbox_##type, member))

const struct command commands[] = {
	{ "query", PARTS_OF(query), OUT, 0x00 },
	{ "open", PARTS_OF(open), BOTH, 0x10, 1, RETURNED(open, id) },
	{ "unlink", PARTS_OF(unlink), IN, 0x11 },
	{ "list", PARTS_OF(list), BOTH, 0x12 },
	{ "blocked", PARTS_OF(blocked_list), BOTH, 0x13 },
	{ "segment_open", PARTS_OF(segment_open), BOTH, 0x20, 1, RETURNED(segment_open, id) },
	{ "segment_unlink", PARTS_OF(unlink), IN, 0x21 },
	{ "segment_list", PARTS_OF(list), BOTH, 0x22 },
	{ "send", PARTS_OF(send), BOTH, 0x40 },
	{ "recv", PARTS_OF(recv), BOTH, 0x41, 0, RETURNED(recv, token) },
	{ "sendv", ARRAY_OF(send), IN, 0x42 },
	{ "sendv_plain", ARRAY_OF(part), IN, 0x42 },
	{ "recvv", ARRAY_OF(recv), IN, 0x43, 0, RETURNED(recv, token), 1 },
	{ "recvv_plain", ARRAY_OF(part), IN, 0x43 },
	{ "call", PARTS_OF(call), BOTH, 0x44, 0, RETURNED(call, cookie) },
	{ "reply", PARTS_OF(reply), BOTH, 0x45 },
	{ "reply_recv", {
		{ &reply_recv_layout, "", 0, false },
		{ &reply_layout, "reply.", offsetof(struct ipcmbox_reply_recv, reply_ptr), false },
		{ &recv_layout, "recv.", offsetof(struct ipcmbox_reply_recv, recv_ptr), false },
	  }, IN, 0x46, 0, RETURNED(recv, token), 2 },
	{ "settle", PARTS_OF(settle), IN, 0x47 },
	{ "join", PARTS_OF(join), BOTH, 0x48, 1, RETURNED(join, id) },
	{ "leave", PARTS_OF(no), _IOC_NONE, 0x49 },
	{ "notify", PARTS_OF(notify), IN, 0x4a },
	{ "stat", PARTS_OF(info), OUT, 0x50, 0, RETURNED(info, id) },
	{ "set", PARTS_OF(set), IN, 0x51 },
	{ "record", PARTS_OF(record_list), BOTH, 0x52 },
	{ "segment_stat", PARTS_OF(segment_info), OUT, 0x80, 0, RETURNED(segment_info, id) },
	{ "segment_set", PARTS_OF(segment_set), IN, 0x81 },
	{ "channel_info", PARTS_OF(channel_info), OUT, 0x60, 0, RETURNED(channel_info, lane_id) },
	{ "channel_lanes", PARTS_OF(channel_lanes), BOTH, 0x61 },
	{ "channel_wait", PARTS_OF(channel_wait), IN, 0x62 },
	{ "channel_kick", PARTS_OF(channel_kick), IN, 0x63 },
	{ "channel_evict", PARTS_OF(channel_evict), IN, 0x64 },
	{ "ioctl", PARTS_OF(raw), .act = action_ioctl },
	{ "plain_write", PARTS_OF(buffer), .act = action_plain_write },
	{ "plain_read", PARTS_OF(buffer), .act = action_plain_read },
	{ "write", PARTS_OF(buffer), .act = action_write },
	{ "read", PARTS_OF(buffer), .act = action_read },
	{ "close", PARTS_OF(no), .act = action_close },
	{ "dup", PARTS_OF(no), .makes = 1, .act = action_dup },
	{ "device", PARTS_OF(no), .makes = 1, .act = action_device },
	{ "eventfd", PARTS_OF(no), .makes = 1, .act = action_eventfd },
	{ "memfd", PARTS_OF(no), .makes = 1, .act = action_memfd },
	{ "socketpair", PARTS_OF(no), .makes = 2, .act = action_socketpair },
	{ "pass", PARTS_OF(slots), .act = action_pass },
	{ "accept", PARTS_OF(no), .act = action_accept },
	{ "poll", PARTS_OF(poll), .act = action_poll },
	{ "epoll_create", PARTS_OF(no), .makes = 1, .act = action_epoll_create },
	{ "epoll_ctl", PARTS_OF(epoll), .act = action_epoll_ctl },
	{ "epoll_wait", PARTS_OF(milliseconds), .act = action_epoll_wait },
	{ "sleep", PARTS_OF(milliseconds), .act = action_sleep },
	{ "fork", PARTS_OF(no), .act = action_fork },
	{ "kill", PARTS_OF(kill), .act = action_kill },
	{ "exit", PARTS_OF(no), .act = action_exit },
	{ "mmap", PARTS_OF(map), .act = action_mmap },
	{ "munmap", PARTS_OF(mapping), .act = action_munmap },
	{ "mremap", PARTS_OF(remap), .act = action_mremap },
	{ "mprotect", PARTS_OF(protect), .act = action_mprotect },
	{ "madvise", PARTS_OF(advise), .act = action_madvise },
	{ "store", PARTS_OF(store), .act = action_store },
	{ "ftruncate", PARTS_OF(number), .act = action_ftruncate },
	{ "fallocate", PARTS_OF(number), .act = action_fallocate },
	{ "fcntl", PARTS_OF(control), .act = action_fcntl },
	{ "fstat", PARTS_OF(no), .act = action_fstat },
	{ "show", PARTS_OF(choice), .act = action_show },
	{ "limit", PARTS_OF(choice), .act = action_limit },
	{ "become", PARTS_OF(number), .act = action_become },
	{ "unshare", PARTS_OF(no), .makes = 1, .act = action_unshare },
};

const uint32_t command_count = COUNT(commands);

int command_find(const char *name)
{
	uint32_t i;

	for (i = 0; name && i < command_count; i++) {
		if (!strcmp(commands[i].name, name))
			return i;
	}
	return -1;
}

uint32_t command_values(const struct command *command)
{
	uint32_t i, values = 0;

	for (i = 0; i < PARTS && command->parts[i].layout; i++)
		values += command->parts[i].layout->count;
	return values;
}

const struct field *command_field(const struct command *command, uint32_t value, uint32_t *part)
{
	for (*part = 0; value >= command->parts[*part].layout->count; (*part)++)
		value -= command->parts[*part].layout->count;
	return &command->parts[*part].layout->fields[value];
}
