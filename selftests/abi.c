// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctl ABI: layout, sizes, flags, padding, pointers, kinds of descriptors.
 *
 * Every case has exactly one thing wrong, and none may change anything.
 */
#include <assert.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define SIZE_IS(type, size) static_assert(sizeof(struct type) == (size), #type)
#define AT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)

SIZE_IS(ipcmbox_query, 128);
SIZE_IS(ipcmbox_open, 64);
SIZE_IS(ipcmbox_unlink, 24);
SIZE_IS(ipcmbox_info, 488);
SIZE_IS(ipcmbox_list, 24);
SIZE_IS(ipcmbox_set, 48);
SIZE_IS(ipcmbox_send, 80);
SIZE_IS(ipcmbox_recv, 168);
SIZE_IS(ipcmbox_iovec, 16);
SIZE_IS(ipcmbox_vector, 24);
SIZE_IS(ipcmbox_call, 96);
SIZE_IS(ipcmbox_reply, 48);
SIZE_IS(ipcmbox_reply_recv, 24);
SIZE_IS(ipcmbox_settle, 24);
SIZE_IS(ipcmbox_uring, 16);
SIZE_IS(ipcmbox_join, 40);
SIZE_IS(ipcmbox_notify, 24);
SIZE_IS(ipcmbox_blocked, 48);
SIZE_IS(ipcmbox_blocked_list, 32);
SIZE_IS(ipcmbox_record, 56);
SIZE_IS(ipcmbox_record_list, 24);
SIZE_IS(ipcmbox_segment_open, 48);
SIZE_IS(ipcmbox_segment_info, 320);
SIZE_IS(ipcmbox_segment_set, 16);
SIZE_IS(ipcmbox_channel_lane, 32);
SIZE_IS(ipcmbox_channel_board, 64 + 64 * 32);
SIZE_IS(ipcmbox_channel_ack, 64);
SIZE_IS(ipcmbox_channel_acks, 4096);
SIZE_IS(ipcmbox_channel_header, 72);
SIZE_IS(ipcmbox_channel_record, 8);
SIZE_IS(ipcmbox_channel_info, 40);
SIZE_IS(ipcmbox_channel_sender, 40);
SIZE_IS(ipcmbox_channel_lanes, 24);
SIZE_IS(ipcmbox_channel_wait, 32);
SIZE_IS(ipcmbox_channel_kick, 8);
SIZE_IS(ipcmbox_channel_evict, 16);

AT(ipcmbox_query, length_max, 8);
AT(ipcmbox_query, max_mailboxes, 24);
AT(ipcmbox_query, user_bytes, 64);
AT(ipcmbox_open, name_len, 8);
AT(ipcmbox_open, flags, 12);
AT(ipcmbox_open, id, 16);
AT(ipcmbox_open, access, 24);
AT(ipcmbox_open, mode, 28);
AT(ipcmbox_open, max_messages, 40);
AT(ipcmbox_open, max_bytes, 48);
AT(ipcmbox_open, limit, 56);
AT(ipcmbox_open, __reserved, 60);
AT(ipcmbox_unlink, flags, 12);
AT(ipcmbox_unlink, id, 16);
AT(ipcmbox_info, uid, 8);
AT(ipcmbox_info, max_messages, 32);
AT(ipcmbox_info, max_bytes, 40);
AT(ipcmbox_info, receiving, 64);
AT(ipcmbox_info, waiting_senders, 80);
AT(ipcmbox_info, sent, 88);
AT(ipcmbox_info, next_seq, 160);
AT(ipcmbox_info, name, 168);
AT(ipcmbox_list, buf_ptr, 8);
AT(ipcmbox_list, count, 16);
AT(ipcmbox_list, element_size, 20);
AT(ipcmbox_set, max_messages, 16);
AT(ipcmbox_set, max_bytes, 24);
AT(ipcmbox_send, buf_len, 8);
AT(ipcmbox_send, deadline_ns, 16);
AT(ipcmbox_send, priority, 28);
AT(ipcmbox_send, limit, 36);
AT(ipcmbox_recv, buf_len, 8);
AT(ipcmbox_recv, deadline_ns, 16);
AT(ipcmbox_recv, min_priority, 28);
AT(ipcmbox_recv, length, 32);
AT(ipcmbox_recv, seq, 40);
AT(ipcmbox_recv, sender_endpoint, 56);
AT(ipcmbox_recv, pid, 64);
AT(ipcmbox_recv, uid, 72);
AT(ipcmbox_recv, limit, 80);
AT(ipcmbox_recv, __reserved, 84);
AT(ipcmbox_iovec, length, 8);
AT(ipcmbox_vector, count, 8);
AT(ipcmbox_vector, __reserved, 20);
AT(ipcmbox_segment_open, id, 16);
AT(ipcmbox_segment_open, size, 32);
AT(ipcmbox_segment_open, limit, 44);
AT(ipcmbox_segment_info, uid, 24);
AT(ipcmbox_segment_info, pid, 56);
AT(ipcmbox_segment_info, name, 64);

/* What both sides of a channel look at. */
AT(ipcmbox_channel_board, lanes_serial, 4);
AT(ipcmbox_channel_board, consumer_gone, 8);
AT(ipcmbox_channel_board, producers_gone, 12);
AT(ipcmbox_channel_board, lane, 64);
AT(ipcmbox_channel_lane, state, 4);
AT(ipcmbox_channel_lane, id, 8);
AT(ipcmbox_channel_ack, received, 8);
AT(ipcmbox_channel_header, sent, 64);
AT(ipcmbox_channel_wait, deadline_ns, 8);
AT(ipcmbox_channel_wait, lanes_serial, 20);
AT(ipcmbox_channel_wait, bytes, 24);

/* What an element of a vector must have. */
AT(ipcmbox_send, result, 72);
AT(ipcmbox_recv, result, 160);

/* Where the first version ended. */
AT(ipcmbox_query, fds_max, 72);
AT(ipcmbox_info, parent, 424);
AT(ipcmbox_set, dead_letter, 32);
AT(ipcmbox_send, events, IPCMBOX_SEND_SIZE_V0);
AT(ipcmbox_recv, select_events, IPCMBOX_RECV_SIZE_V0);

union any {
	struct ipcmbox_query query;
	struct ipcmbox_open open;
	struct ipcmbox_unlink unlink;
	struct ipcmbox_list list;
	struct ipcmbox_blocked_list blocked;
	struct ipcmbox_send send;
	struct ipcmbox_recv recv;
	struct ipcmbox_call call;
	struct ipcmbox_reply reply;
	struct ipcmbox_reply_recv reply_recv;
	struct ipcmbox_settle settle;
	struct ipcmbox_vector vector;
	struct ipcmbox_join join;
	struct ipcmbox_info stat;
	struct ipcmbox_set set;
	struct ipcmbox_notify notify;
	struct ipcmbox_record_list record;
	struct ipcmbox_segment_open segment_open;
	struct ipcmbox_segment_info segment_stat;
	struct ipcmbox_segment_set segment_set;
	struct ipcmbox_channel_info channel_info;
	struct ipcmbox_channel_lanes channel_lanes;
	struct ipcmbox_channel_wait channel_wait;
	struct ipcmbox_channel_kick channel_kick;
	struct ipcmbox_channel_evict channel_evict;
	__u8 bytes[640];
};

static const char name[] = "abi name";
static char payload[64];
static struct ipcmbox_info infos[2];
static struct ipcmbox_blocked blocked[2];
static struct ipcmbox_record records[2];
static struct ipcmbox_segment_info segments[2];
static struct ipcmbox_channel_sender senders[2];
static __u64 box_id;

/* A valid argument for each command, so that one change at a time makes it wrong. */
static void valid_query(union any *arg)
{
	memset(&arg->query, POISON, sizeof(arg->query));
}

static void valid_create(union any *arg)
{
	arg->open = (struct ipcmbox_open){
		.name_ptr = ptr_u64(name),
		.name_len = sizeof(name) - 1,
		.flags = IPCMBOX_OPEN_CREATE,
		.access = RW,
		.mode = 0600,
		.max_messages = 4,
		.max_length = 16,
		.max_bytes = 64,
		.limit = POISON32,
	};
}

static void valid_unlink(union any *arg)
{
	arg->unlink = (struct ipcmbox_unlink){ NAME("abi other") };
}

static void valid_list(union any *arg)
{
	arg->list = (struct ipcmbox_list){
		.buf_ptr = ptr_u64(infos),
		.count = ARRAY_SIZE(infos),
		.element_size = sizeof(infos[0]),
	};
}

static void valid_blocked(union any *arg)
{
	arg->blocked = (struct ipcmbox_blocked_list){
		.id = box_id,
		.buf_ptr = ptr_u64(blocked),
		.count = ARRAY_SIZE(blocked),
		.element_size = sizeof(blocked[0]),
	};
}

static void valid_send(union any *arg)
{
	arg->send = (struct ipcmbox_send){
		.buf_ptr = ptr_u64(payload),
		.buf_len = 4,
		.flags = IPCMBOX_NONBLOCK,
		.limit = POISON32,
	};
}

static void valid_recv(union any *arg)
{
	memset(&arg->recv, POISON, sizeof(arg->recv));
	arg->recv.buf_ptr = ptr_u64(payload);
	arg->recv.buf_len = sizeof(payload);
	arg->recv.flags = IPCMBOX_NONBLOCK;
	arg->recv.deadline_ns = 0;
	arg->recv.clock = 0;
	arg->recv.min_priority = 0;
	arg->recv.__reserved = 0;
	arg->recv.select_events = 0;
	arg->recv.from = 0;
	arg->recv.from_kind = 0;
	arg->recv.max_fds = 0;
	arg->recv.fds_ptr = 0;
	arg->recv.lease_ns = 0;
}

static struct ipcmbox_reply no_reply;
static struct ipcmbox_recv next_recv;

/* Without a reply to give, or to wait for, these do what they can: nothing. */
static void valid_call(union any *arg)
{
	arg->call = (struct ipcmbox_call){
		.buf_ptr = ptr_u64(payload),
		.buf_len = 4,
		.flags = IPCMBOX_NONBLOCK,
		.reply_ptr = ptr_u64(payload),
		.reply_len = sizeof(payload),
	};
}

static void valid_reply(union any *arg)
{
	arg->reply = (struct ipcmbox_reply){ .token = 1, .buf_ptr = ptr_u64(payload) };
}

static void valid_reply_recv(union any *arg)
{
	next_recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(payload),
		.buf_len = sizeof(payload),
		.flags = IPCMBOX_NONBLOCK | IPCMBOX_PEEK,
	};
	arg->reply_recv = (struct ipcmbox_reply_recv){
		.reply_ptr = ptr_u64(&no_reply),
		.recv_ptr = ptr_u64(&next_recv),
		.reply_size = sizeof(no_reply),
		.recv_size = sizeof(next_recv),
	};
}

static void valid_settle(union any *arg)
{
	arg->settle = (struct ipcmbox_settle){ .token = 1, .action = IPCMBOX_SETTLE_ACK };
}

/* An element of its own: nothing may be written to the argument. */
static void valid_sendv(union any *arg)
{
	static struct ipcmbox_send element;
	union any any;

	valid_send(&any);
	element = any.send;
	arg->vector = (struct ipcmbox_vector){
		.array_ptr = ptr_u64(&element),
		.count = 1,
		.element_size = sizeof(element),
	};
}

static void valid_recvv(union any *arg)
{
	static struct ipcmbox_recv element;
	union any any;

	valid_recv(&any);
	element = any.recv;
	arg->vector = (struct ipcmbox_vector){
		.array_ptr = ptr_u64(&element),
		.count = 1,
		.element_size = sizeof(element),
		.flags = IPCMBOX_VECTOR_WAIT_FOR_ONE,
	};
}

static void valid_join(union any *arg)
{
	arg->join = (struct ipcmbox_join){
		.mask = 1,
		.max_bytes = 32,
		.max_messages = 2,
		.overflow = IPCMBOX_OVERFLOW_FAIL,
		.flags = IPCMBOX_JOIN_OVERFLOW,
		.limit = POISON32,
	};
}

static void valid_stat(union any *arg)
{
	memset(&arg->stat, POISON, sizeof(arg->stat));
}

static void valid_set(union any *arg)
{
	arg->set = (struct ipcmbox_set){
		.mask = IPCMBOX_SET_MODE,
		.mode = 0600,
	};
}

static void valid_notify(union any *arg)
{
	arg->notify = (struct ipcmbox_notify){ .method = IPCMBOX_NOTIFY_NONE };
}

static void valid_record(union any *arg)
{
	arg->record = (struct ipcmbox_record_list){
		.buf_ptr = ptr_u64(records),
		.count = ARRAY_SIZE(records),
		.element_size = sizeof(records[0]),
	};
}

static void valid_segment_create(union any *arg)
{
	arg->segment_open = (struct ipcmbox_segment_open){
		.name_ptr = ptr_u64(name),
		.name_len = sizeof(name) - 1,
		.flags = IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_TRANSIENT,
		.access = RW,
		.mode = 0600,
		.size = 4096,
		.limit = POISON32,
	};
}

static void valid_segment_list(union any *arg)
{
	arg->list = (struct ipcmbox_list){
		.buf_ptr = ptr_u64(segments),
		.count = ARRAY_SIZE(segments),
		.element_size = sizeof(segments[0]),
	};
}

static void valid_segment_stat(union any *arg)
{
	memset(&arg->segment_stat, POISON, sizeof(arg->segment_stat));
}

static void valid_segment_set(union any *arg)
{
	arg->segment_set = (struct ipcmbox_segment_set){ .mask = IPCMBOX_SET_MODE, .mode = 0600 };
}

/* Without a message or a lane to be meant, these do nothing. */
static void valid_channel_info(union any *arg)
{
	memset(&arg->channel_info, POISON, sizeof(arg->channel_info));
}

static void valid_channel_lanes(union any *arg)
{
	arg->channel_lanes = (struct ipcmbox_channel_lanes){
		.buf_ptr = ptr_u64(senders),
		.count = ARRAY_SIZE(senders),
		.element_size = sizeof(senders[0]),
	};
}

static void valid_channel_wait(union any *arg)
{
	arg->channel_wait = (struct ipcmbox_channel_wait){
		.what = IPCMBOX_CHANNEL_ROOM,
		.flags = IPCMBOX_NONBLOCK,
		.bytes = 8,
	};
}

static void valid_channel_kick(union any *arg)
{
	arg->channel_kick = (struct ipcmbox_channel_kick){ .whom = IPCMBOX_CHANNEL_PRODUCER };
}

static void valid_channel_evict(union any *arg)
{
	arg->channel_evict = (struct ipcmbox_channel_evict){ .id = 99 };
}

enum on { ON_DEVICE, ON_MAILBOX, ON_EVENT, ON_SEGMENT, ON_CHANNEL };

enum {
	QUERY, OPEN, UNLINK, LIST, BLOCKED,
	SEND, RECV, SENDV, RECVV, CALL, REPLY, REPLY_RECV, SETTLE, JOIN, NOTIFY,
	STAT, SET, RECORD,
	SEGMENT_OPEN, SEGMENT_UNLINK, SEGMENT_LIST, SEGMENT_STAT, SEGMENT_SET,
	CHANNEL_INFO, CHANNEL_LANES, CHANNEL_WAIT, CHANNEL_KICK, CHANNEL_EVICT
};

static const struct command {
	const char *name;
	unsigned int cmd;
	size_t min_size;	/* of the first version that can be used */
	enum on on;
	bool creates;		/* returns a descriptor */
	void (*valid)(union any *arg);
	int error;		/* of the valid argument: there is nothing to work on */
} commands[] = {
	[QUERY] = { "QUERY", IPCMBOX_IOC_QUERY, 72, ON_DEVICE, false, valid_query },
	[OPEN] = { "OPEN", IPCMBOX_IOC_OPEN, 64, ON_DEVICE, true, valid_create },
	[UNLINK] = { "UNLINK", IPCMBOX_IOC_UNLINK, 24, ON_DEVICE, false, valid_unlink, ENOENT },
	[LIST] = { "LIST", IPCMBOX_IOC_LIST, 24, ON_DEVICE, false, valid_list },
	[BLOCKED] = { "BLOCKED", IPCMBOX_IOC_BLOCKED, 32, ON_DEVICE, false, valid_blocked },
	[SEND] = { "SEND", IPCMBOX_IOC_SEND, IPCMBOX_SEND_SIZE_V0, ON_MAILBOX, false, valid_send },
	[RECV] = { "RECV", IPCMBOX_IOC_RECV, IPCMBOX_RECV_SIZE_V0, ON_MAILBOX, false, valid_recv },
	[CALL] = { "CALL", IPCMBOX_IOC_CALL, 96, ON_MAILBOX, false, valid_call, EAGAIN },
	[REPLY] = { "REPLY", IPCMBOX_IOC_REPLY, 48, ON_MAILBOX, false, valid_reply, EINVAL },
	[REPLY_RECV] = { "REPLY_RECV", IPCMBOX_IOC_REPLY_RECV, 24, ON_MAILBOX, false,
			 valid_reply_recv },
	[SETTLE] = { "SETTLE", IPCMBOX_IOC_SETTLE, 24, ON_MAILBOX, false, valid_settle, EINVAL },
	[SENDV] = { "SENDV", IPCMBOX_IOC_SENDV, 24, ON_MAILBOX, false, valid_sendv },
	[RECVV] = { "RECVV", IPCMBOX_IOC_RECVV, 24, ON_MAILBOX, false, valid_recvv },
	[JOIN] = { "JOIN", IPCMBOX_IOC_JOIN, 40, ON_EVENT, true, valid_join },
	[NOTIFY] = { "NOTIFY", IPCMBOX_IOC_NOTIFY, 24, ON_MAILBOX, false, valid_notify },
	[STAT] = { "STAT", IPCMBOX_IOC_STAT, 424, ON_MAILBOX, false, valid_stat },
	[SET] = { "SET", IPCMBOX_IOC_SET, 32, ON_MAILBOX, false, valid_set },
	[RECORD] = { "RECORD", IPCMBOX_IOC_RECORD, 24, ON_MAILBOX, false, valid_record },
	[SEGMENT_OPEN] = { "SEGMENT_OPEN", IPCMBOX_IOC_SEGMENT_OPEN, 48, ON_DEVICE, true,
			   valid_segment_create },
	[SEGMENT_UNLINK] = { "SEGMENT_UNLINK", IPCMBOX_IOC_SEGMENT_UNLINK, 24, ON_DEVICE, false,
			     valid_unlink, ENOENT },
	[SEGMENT_LIST] = { "SEGMENT_LIST", IPCMBOX_IOC_SEGMENT_LIST, 24, ON_DEVICE, false,
			   valid_segment_list },
	[SEGMENT_STAT] = { "SEGMENT_STAT", IPCMBOX_IOC_SEGMENT_STAT, 320, ON_SEGMENT, false,
			   valid_segment_stat },
	[SEGMENT_SET] = { "SEGMENT_SET", IPCMBOX_IOC_SEGMENT_SET, 16, ON_SEGMENT, false,
			  valid_segment_set },
	[CHANNEL_INFO] = { "CHANNEL_INFO", IPCMBOX_IOC_CHANNEL_INFO, 40, ON_CHANNEL, false,
			   valid_channel_info },
	[CHANNEL_LANES] = { "CHANNEL_LANES", IPCMBOX_IOC_CHANNEL_LANES, 24, ON_CHANNEL, false,
			    valid_channel_lanes },
	[CHANNEL_WAIT] = { "CHANNEL_WAIT", IPCMBOX_IOC_CHANNEL_WAIT, 32, ON_CHANNEL, false,
			   valid_channel_wait },
	[CHANNEL_KICK] = { "CHANNEL_KICK", IPCMBOX_IOC_CHANNEL_KICK, 8, ON_CHANNEL, false,
			   valid_channel_kick },
	[CHANNEL_EVICT] = { "CHANNEL_EVICT", IPCMBOX_IOC_CHANNEL_EVICT, 16, ON_CHANNEL, false,
			    valid_channel_evict, ESTALE },
};

/* Flags of 32 bits, with a value that is otherwise valid: every other bit is unknown. */
#define FIELD(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)

static const struct flags {
	int command;
	size_t offset, width;
	__u32 known;
} flags[] = {
	{ OPEN, FIELD(ipcmbox_open, flags), 0x1f | IPCMBOX_OPEN_FDS | IPCMBOX_OPEN_POSIX },
	{ OPEN, FIELD(ipcmbox_open, access), 0x3 },
	{ OPEN, FIELD(ipcmbox_open, mode), 0666 },
	{ UNLINK, FIELD(ipcmbox_unlink, flags), IPCMBOX_OPEN_BY_ID },
	{ SEND, FIELD(ipcmbox_send, flags), IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE | IPCMBOX_IOVEC },
	{ RECV, FIELD(ipcmbox_recv, flags), 0x1f },
	{ SENDV, FIELD(ipcmbox_vector, flags), IPCMBOX_VECTOR_PLAIN },
	{ RECVV, FIELD(ipcmbox_vector, flags),
	  IPCMBOX_VECTOR_WAIT_FOR_ONE | IPCMBOX_VECTOR_PLAIN },
	{ CALL, FIELD(ipcmbox_call, flags), 0x33 },
	{ REPLY, FIELD(ipcmbox_reply, flags), IPCMBOX_IOVEC },
	{ JOIN, FIELD(ipcmbox_join, flags), 0x3 },
	{ SET, FIELD(ipcmbox_set, mask), 0xff },
	{ CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, flags), IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE },
	{ SET, FIELD(ipcmbox_set, mode), 0666 },
	{ SEGMENT_OPEN, FIELD(ipcmbox_segment_open, flags),
	  0xf | IPCMBOX_OPEN_TRUNCATE | IPCMBOX_OPEN_SEALABLE },
	{ SEGMENT_OPEN, FIELD(ipcmbox_segment_open, access), 0x3 },
	{ SEGMENT_OPEN, FIELD(ipcmbox_segment_open, mode), 0666 },
	{ SEGMENT_OPEN, FIELD(ipcmbox_segment_open, seals), 0x1f },
	{ SEGMENT_UNLINK, FIELD(ipcmbox_unlink, flags), IPCMBOX_OPEN_BY_ID },
	{ SEGMENT_SET, FIELD(ipcmbox_segment_set, mask), 0x7 },
	{ SEGMENT_SET, FIELD(ipcmbox_segment_set, mode), 0666 },
};

static const struct range {
	int command;
	size_t offset, width;
} padding[] = {
	{ OPEN, FIELD(ipcmbox_open, __reserved) },
	{ BLOCKED, FIELD(ipcmbox_blocked_list, __reserved) },
	{ NOTIFY, FIELD(ipcmbox_notify, __reserved) },
	{ RECV, FIELD(ipcmbox_recv, __reserved) },
	{ CALL, FIELD(ipcmbox_call, __reserved) },
	{ REPLY, FIELD(ipcmbox_reply, __reserved) },
	{ SETTLE, FIELD(ipcmbox_settle, __reserved) },
	{ SEND, FIELD(ipcmbox_send, __reserved) },
	{ SENDV, FIELD(ipcmbox_vector, __reserved) },
	{ RECVV, FIELD(ipcmbox_vector, __reserved) },
	{ CHANNEL_EVICT, FIELD(ipcmbox_channel_evict, __reserved) },
};

/* One field with a wrong value; fields are little-endian, as are all machines this runs on. */
static const struct wrong {
	const char *what;
	int command;
	size_t offset, width;
	__u64 value;
	int error;
} wrongs[] = {
	{ "id without BY_ID", OPEN, FIELD(ipcmbox_open, id), 1, EINVAL },
	{ "endpoint with a name", OPEN, FIELD(ipcmbox_open, discipline), IPCMBOX_ENDPOINT, EINVAL },
	{ "BY_PID with a name", OPEN, FIELD(ipcmbox_open, flags), IPCMBOX_OPEN_BY_PID, EINVAL },
	{ "THREAD without ENDPOINT", OPEN, FIELD(ipcmbox_open, flags),
	  IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_THREAD, EINVAL },
	{ "POSIX without CREATE", OPEN, FIELD(ipcmbox_open, flags), IPCMBOX_OPEN_POSIX, EINVAL },
	{ "discipline", OPEN, FIELD(ipcmbox_open, discipline), 2, EINVAL },
	{ "overflow", OPEN, FIELD(ipcmbox_open, overflow), 4, EINVAL },
	{ "overflow", OPEN, FIELD(ipcmbox_open, overflow), 0xffffffff, EINVAL },
	{ "max_length", OPEN, FIELD(ipcmbox_open, max_length), IPCMBOX_LENGTH_MAX + 1, EINVAL },
	{ "max_length > max_bytes", OPEN, FIELD(ipcmbox_open, max_length), 65, EINVAL },
	{ "max_bytes < max_length", OPEN, FIELD(ipcmbox_open, max_bytes), 15, EINVAL },
	{ "name_ptr without name_len", OPEN, FIELD(ipcmbox_open, name_len), 0, EINVAL },
	{ "name_len", OPEN, FIELD(ipcmbox_open, name_len), 256, ENAMETOOLONG },
	{ "name_len", OPEN, FIELD(ipcmbox_open, name_len), 0xffffffff, ENAMETOOLONG },
	{ "CREATE fields without", OPEN, FIELD(ipcmbox_open, flags), 0, EINVAL },
	{ "EXCL without CREATE", OPEN, FIELD(ipcmbox_open, flags), IPCMBOX_OPEN_EXCL, EINVAL },
	{ "BY_ID with CREATE", OPEN, FIELD(ipcmbox_open, flags),
	  IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_BY_ID, EINVAL },
	{ "name_ptr", OPEN, FIELD(ipcmbox_open, name_ptr), 0, EFAULT },
	{ "id without BY_ID", UNLINK, FIELD(ipcmbox_unlink, id), 1, EINVAL },
	{ "BY_ID with a name", UNLINK, FIELD(ipcmbox_unlink, flags), IPCMBOX_OPEN_BY_ID, EINVAL },
	{ "name_len", UNLINK, FIELD(ipcmbox_unlink, name_len), 256, ENAMETOOLONG },
	{ "name_ptr without name_len", UNLINK, FIELD(ipcmbox_unlink, name_len), 0, EINVAL },
	{ "name_ptr", UNLINK, FIELD(ipcmbox_unlink, name_ptr), 0, EFAULT },
	{ "no such name", UNLINK, FIELD(ipcmbox_unlink, name_len), 3, ENOENT },
	{ "count", LIST, FIELD(ipcmbox_list, count), 0, EINVAL },
	{ "element_size", LIST, FIELD(ipcmbox_list, element_size), 0, EINVAL },
	{ "element_size", LIST, FIELD(ipcmbox_list, element_size), 423, EINVAL },
	{ "count", BLOCKED, FIELD(ipcmbox_blocked_list, count), 0, EINVAL },
	{ "count", BLOCKED, FIELD(ipcmbox_blocked_list, count), 4097, EINVAL },
	{ "count", BLOCKED, FIELD(ipcmbox_blocked_list, count), 0xffffffff, EINVAL },
	{ "element_size", BLOCKED, FIELD(ipcmbox_blocked_list, element_size), 0, EINVAL },
	{ "element_size", BLOCKED, FIELD(ipcmbox_blocked_list, element_size), 47, EINVAL },
	{ "id", BLOCKED, FIELD(ipcmbox_blocked_list, id), 0, ENOENT },
	{ "DEADLINE with NONBLOCK", SEND, FIELD(ipcmbox_send, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE, EINVAL },
	{ "PEEK", SEND, FIELD(ipcmbox_send, flags), IPCMBOX_PEEK, EINVAL },
	{ "deadline_ns", SEND, FIELD(ipcmbox_send, deadline_ns), 1, EINVAL },
	{ "clock", SEND, FIELD(ipcmbox_send, clock), 1, EINVAL },
	{ "priority", SEND, FIELD(ipcmbox_send, priority), IPCMBOX_PRIORITY_MAX + 1, EINVAL },
	{ "priority", SEND, FIELD(ipcmbox_send, priority), 0xffffffff, EINVAL },
	{ "completion", SEND, FIELD(ipcmbox_send, completion), 3, EINVAL },
	{ "completion", SEND, FIELD(ipcmbox_send, completion), 0xffffffff, EINVAL },
	{ "buf_ptr", SEND, FIELD(ipcmbox_send, buf_ptr), 0, EFAULT },
	{ "to without to_kind", SEND, FIELD(ipcmbox_send, to), 1, EINVAL },
	{ "to_kind", SEND, FIELD(ipcmbox_send, to_kind), 4, EINVAL },
	{ "to_kind of no endpoint", SEND, FIELD(ipcmbox_send, to_kind), IPCMBOX_PROCESS, EINVAL },
	{ "DEADLINE with NONBLOCK", RECV, FIELD(ipcmbox_recv, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE, EINVAL },
	{ "deadline_ns", RECV, FIELD(ipcmbox_recv, deadline_ns), 1, EINVAL },
	{ "clock", RECV, FIELD(ipcmbox_recv, clock), 2, EINVAL },
	{ "min_priority", RECV, FIELD(ipcmbox_recv, min_priority),
	  IPCMBOX_PRIORITY_MAX + 1, EINVAL },
	{ "buf_ptr", RECV, FIELD(ipcmbox_recv, buf_ptr), 0, EFAULT },
	{ "from without from_kind", RECV, FIELD(ipcmbox_recv, from), 1, EINVAL },
	{ "from_kind", RECV, FIELD(ipcmbox_recv, from_kind), 4, EINVAL },
	{ "from_kind", RECV, FIELD(ipcmbox_recv, from_kind), 0xffffffff, EINVAL },
	{ "lease_ns without LEASE", RECV, FIELD(ipcmbox_recv, lease_ns), 1, EINVAL },
	{ "LEASE without lease_ns", RECV, FIELD(ipcmbox_recv, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_LEASE, EINVAL },
	{ "CANCEL without a cookie", CALL, FIELD(ipcmbox_call, flags), IPCMBOX_CALL_CANCEL,
	  EINVAL },
	{ "DEADLINE with NONBLOCK", CALL, FIELD(ipcmbox_call, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE, EINVAL },
	{ "deadline_ns", CALL, FIELD(ipcmbox_call, deadline_ns), 1, EINVAL },
	{ "priority", CALL, FIELD(ipcmbox_call, priority), IPCMBOX_PRIORITY_MAX + 1, EINVAL },
	{ "cookie", CALL, FIELD(ipcmbox_call, cookie), 1, ESTALE },
	{ "MOVE without descriptors", SEND, FIELD(ipcmbox_send, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_MOVE, EINVAL },
	{ "MOVE without descriptors", CALL, FIELD(ipcmbox_call, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_MOVE, EINVAL },
	{ "MOVE without descriptors", REPLY, FIELD(ipcmbox_reply, flags), IPCMBOX_MOVE, EINVAL },
	{ "token 0", REPLY, FIELD(ipcmbox_reply, token), 0, EINVAL },
	{ "reply_size", REPLY_RECV, FIELD(ipcmbox_reply_recv, reply_size), 47, EINVAL },
	{ "reply_size", REPLY_RECV, FIELD(ipcmbox_reply_recv, reply_size), ~0U, EINVAL },
	{ "recv_size", REPLY_RECV, FIELD(ipcmbox_reply_recv, recv_size),
	  IPCMBOX_RECV_SIZE_V0, EINVAL },
	{ "reply_ptr", REPLY_RECV, FIELD(ipcmbox_reply_recv, reply_ptr), 0, EFAULT },
	{ "recv_ptr", REPLY_RECV, FIELD(ipcmbox_reply_recv, recv_ptr), 0, EFAULT },
	{ "token 0", SETTLE, FIELD(ipcmbox_settle, token), 0, EINVAL },
	{ "action", SETTLE, FIELD(ipcmbox_settle, action), 4, EINVAL },
	{ "lease_ns without RENEW", SETTLE, FIELD(ipcmbox_settle, lease_ns), 1, EINVAL },
	{ "RENEW without lease_ns", SETTLE, FIELD(ipcmbox_settle, action),
	  IPCMBOX_SETTLE_RENEW, EINVAL },
	{ "count", SENDV, FIELD(ipcmbox_vector, count), 0, EINVAL },
	{ "count", SENDV, FIELD(ipcmbox_vector, count), IPCMBOX_VECTOR_MAX + 1, EINVAL },
	{ "element_size", SENDV, FIELD(ipcmbox_vector, element_size), 79, EINVAL },
	{ "element_size", SENDV, FIELD(ipcmbox_vector, element_size), 0xffffffff, EINVAL },
	{ "array_ptr", SENDV, FIELD(ipcmbox_vector, array_ptr), 0, EFAULT },
	{ "count", RECVV, FIELD(ipcmbox_vector, count), 0, EINVAL },
	{ "count", RECVV, FIELD(ipcmbox_vector, count), 0xffffffff, EINVAL },
	{ "element_size", RECVV, FIELD(ipcmbox_vector, element_size), 167, EINVAL },
	{ "array_ptr", RECVV, FIELD(ipcmbox_vector, array_ptr), 0, EFAULT },
	{ "max_bytes", JOIN, FIELD(ipcmbox_join, max_bytes), 65, EINVAL },
	{ "max_bytes < max_length", JOIN, FIELD(ipcmbox_join, max_bytes), 15, EINVAL },
	{ "max_messages", JOIN, FIELD(ipcmbox_join, max_messages), 5, EINVAL },
	{ "max_messages", JOIN, FIELD(ipcmbox_join, max_messages), IPCMBOX_UNBOUNDED, EINVAL },
	{ "overflow", JOIN, FIELD(ipcmbox_join, overflow), IPCMBOX_OVERFLOW_BLOCK, EINVAL },
	{ "overflow", JOIN, FIELD(ipcmbox_join, overflow), 4, EINVAL },
	{ "overflow without JOIN_OVERFLOW", JOIN, FIELD(ipcmbox_join, flags), 0, EINVAL },
	{ "uid", SET, FIELD(ipcmbox_set, uid), 1, EINVAL },
	{ "gid", SET, FIELD(ipcmbox_set, gid), 1, EINVAL },
	{ "max_messages", SET, FIELD(ipcmbox_set, max_messages), 1, EINVAL },
	{ "overflow", SET, FIELD(ipcmbox_set, overflow), 1, EINVAL },
	{ "max_bytes", SET, FIELD(ipcmbox_set, max_bytes), 64, EINVAL },
	{ "method", NOTIFY, FIELD(ipcmbox_notify, method), 3, EINVAL },
	{ "signo without SIGNAL", NOTIFY, FIELD(ipcmbox_notify, signo), 1, EINVAL },
	{ "eventfd without EVENTFD", NOTIFY, FIELD(ipcmbox_notify, eventfd), 1, EINVAL },
	{ "value with NONE", NOTIFY, FIELD(ipcmbox_notify, value), 1, EINVAL },
	{ "recorder", SET, FIELD(ipcmbox_set, recorder), 1, EINVAL },
	{ "count", RECORD, FIELD(ipcmbox_record_list, count), 0, EINVAL },
	{ "element_size", RECORD, FIELD(ipcmbox_record_list, element_size), 0, EINVAL },
	{ "element_size", RECORD, FIELD(ipcmbox_record_list, element_size), 55, EINVAL },
	{ "count", CHANNEL_LANES, FIELD(ipcmbox_channel_lanes, count), 0, EINVAL },
	{ "count", CHANNEL_LANES, FIELD(ipcmbox_channel_lanes, count),
	  IPCMBOX_CHANNEL_LANES_MAX + 1, EINVAL },
	{ "element_size", CHANNEL_LANES, FIELD(ipcmbox_channel_lanes, element_size), 39, EINVAL },
	{ "element_size", CHANNEL_LANES, FIELD(ipcmbox_channel_lanes, element_size), ~0U, EINVAL },
	{ "buf_ptr", CHANNEL_LANES, FIELD(ipcmbox_channel_lanes, buf_ptr), 0, EFAULT },
	{ "what", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, what), 0, EINVAL },
	{ "what", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, what), 3, EINVAL },
	{ "bytes with RECEIVE", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, what),
	  IPCMBOX_CHANNEL_RECEIVE, EINVAL },
	{ "DEADLINE with NONBLOCK", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, flags),
	  IPCMBOX_NONBLOCK | IPCMBOX_DEADLINE, EINVAL },
	{ "deadline_ns", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, deadline_ns), 1, EINVAL },
	{ "clock", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, clock), 1, EINVAL },
	{ "lanes_serial with ROOM", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, lanes_serial), 1,
	  EINVAL },
	{ "bytes", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, bytes), 0, EINVAL },
	{ "bytes", CHANNEL_WAIT, FIELD(ipcmbox_channel_wait, bytes), ~0ULL, EINVAL },
	{ "whom", CHANNEL_KICK, FIELD(ipcmbox_channel_kick, whom), 0, EINVAL },
	{ "whom", CHANNEL_KICK, FIELD(ipcmbox_channel_kick, whom), 3, EINVAL },
	{ "lane", CHANNEL_KICK, FIELD(ipcmbox_channel_kick, lane), IPCMBOX_CHANNEL_LANES_MAX,
	  EINVAL },
	{ "lane", CHANNEL_EVICT, FIELD(ipcmbox_channel_evict, lane), ~0U, EINVAL },
	{ "id", CHANNEL_EVICT, FIELD(ipcmbox_channel_evict, id), 0, ESTALE },
	{ "mode without mask", SET, FIELD(ipcmbox_set, mask), 0, EINVAL },
	{ "id without BY_ID", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, id), 1, EINVAL },
	{ "access", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, access), IPCMBOX_WRITE, EINVAL },
	{ "name_ptr without name_len", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, name_len), 0,
	  EINVAL },
	{ "name_len", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, name_len), 256, ENAMETOOLONG },
	{ "name_ptr", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, name_ptr), 0, EFAULT },
	{ "CREATE fields without", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, flags), 0, EINVAL },
	{ "EXCL without CREATE", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, flags),
	  IPCMBOX_OPEN_EXCL, EINVAL },
	{ "BY_ID with CREATE", SEGMENT_OPEN, FIELD(ipcmbox_segment_open, flags),
	  IPCMBOX_OPEN_CREATE | IPCMBOX_OPEN_BY_ID, EINVAL },
	{ "id without BY_ID", SEGMENT_UNLINK, FIELD(ipcmbox_unlink, id), 1, EINVAL },
	{ "BY_ID with a name", SEGMENT_UNLINK, FIELD(ipcmbox_unlink, flags), IPCMBOX_OPEN_BY_ID,
	  EINVAL },
	{ "name_ptr", SEGMENT_UNLINK, FIELD(ipcmbox_unlink, name_ptr), 0, EFAULT },
	{ "count", SEGMENT_LIST, FIELD(ipcmbox_list, count), 0, EINVAL },
	{ "element_size", SEGMENT_LIST, FIELD(ipcmbox_list, element_size), 319, EINVAL },
	{ "element_size", SEGMENT_LIST, FIELD(ipcmbox_list, element_size), 4097, EINVAL },
	{ "uid", SEGMENT_SET, FIELD(ipcmbox_segment_set, uid), 1, EINVAL },
	{ "gid", SEGMENT_SET, FIELD(ipcmbox_segment_set, gid), 1, EINVAL },
	{ "mode without mask", SEGMENT_SET, FIELD(ipcmbox_segment_set, mask), 0, EINVAL },
};

FIXTURE(abi) {
	int dev, box, event, segment, channel;
	struct ipcmbox_info before;
	int count;
};

/* One message is queued, so that a receive gone wrong would have something to lose. */
FIXTURE_SETUP(abi)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->box = mailbox_new(self->dev, .max_messages = 4, .max_length = 16, .max_bytes = 64);
	ASSERT_GE(self->box, 0);
	self->event = mailbox_new(self->dev, .discipline = IPCMBOX_EVENT, .max_messages = 4,
				  .max_length = 16, .max_bytes = 64,
				  .overflow = IPCMBOX_OVERFLOW_FAIL);
	ASSERT_GE(self->event, 0);
	self->segment = ioctl(self->dev, IPCMBOX_IOC_SEGMENT_OPEN, &(struct ipcmbox_segment_open){
		.flags = IPCMBOX_OPEN_CREATE, .access = RW, .mode = 0600 });
	ASSERT_GE(self->segment, 0);
	self->channel = mailbox_new(self->dev, .discipline = IPCMBOX_CHANNEL,
				    .max_messages = IPCMBOX_UNBOUNDED);
	ASSERT_GE(self->channel, 0);
	ASSERT_EQ(0, put(self->box, 0, 4711));
	self->before = mailbox_info(self->box);
	box_id = self->before.id;
	ASSERT_EQ(4, self->before.bytes);
	self->count = mailbox_count(self->dev);
	ASSERT_GE(self->count, 1);
}

FIXTURE_TEARDOWN(abi)
{
	mailbox_unlink(self->dev, name);
	close(self->segment);
	close(self->channel);
	close(self->event);
	close(self->box);
	close(self->dev);
}

static int descriptor(FIXTURE_DATA(abi) *self, enum on on)
{
	switch (on) {
	case ON_DEVICE:
		return self->dev;
	case ON_EVENT:
		return self->event;
	case ON_SEGMENT:
		return self->segment;
	case ON_CHANNEL:
		return self->channel;
	default:
		return self->box;
	}
}

static int raw_ioctl(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static unsigned int resized(unsigned int cmd, size_t size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

/* Nothing was created, delivered, dropped or changed. */
static bool untouched(FIXTURE_DATA(abi) *self)
{
	struct ipcmbox_info now = mailbox_info(self->box);

	now.oldest_ns = self->before.oldest_ns;
	return !memcmp(&now, &self->before, sizeof(now)) &&
	       mailbox_count(self->dev) == self->count;
}

/* Call with an argument that must be refused; -1 if anything was written to it. */
static int refused(FIXTURE_DATA(abi) *self, const struct command *command, union any *arg)
{
	union any copy = *arg;
	int ret = raw_ioctl(descriptor(self, command->on), command->cmd, arg);

	return memcmp(&copy, arg, sizeof(copy)) ? -1 : -ret;
}

static void set_field(union any *arg, size_t offset, size_t width, __u64 value)
{
	memcpy(arg->bytes + offset, &value, width);
}

TEST_F(abi, query)
{
	struct ipcmbox_query query;

	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(IPCMBOX_FEATURE_QUEUE, query.features & IPCMBOX_FEATURE_QUEUE);
	EXPECT_EQ(IPCMBOX_LENGTH_MAX, query.length_max);
	EXPECT_EQ(IPCMBOX_PRIORITY_MAX, query.priority_max);
	EXPECT_EQ(IPCMBOX_NAME_MAX, query.name_max);
	EXPECT_EQ(0, query.__reserved);
	EXPECT_GE(query.max_mailboxes, 1000);
	EXPECT_GE(query.max_user_messages, 64000);
	EXPECT_GE(query.user_mailboxes, 1);
	EXPECT_GE(query.user_messages, 1);
	EXPECT_GE(query.user_bytes, 4);
}

TEST_F(abi, valid_arguments_are_valid)
{
	union any arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		int ret;

		memset(&arg, 0, sizeof(arg));
		command->valid(&arg);
		ret = raw_ioctl(descriptor(self, command->on), command->cmd, &arg);
		EXPECT_EQ(-command->error, ret < 0 ? ret : 0)
			TH_LOG("%s", command->name);
		if (command->creates)
			close(ret);
	}
}

TEST_F(abi, short_structure)
{
	union any arg, copy;
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		int fd = descriptor(self, command->on);

		for (size = 0; size < command->min_size; size++) {
			memset(&arg, 0, sizeof(arg));
			command->valid(&arg);
			copy = arg;
			EXPECT_EQ(-EINVAL, raw_ioctl(fd, resized(command->cmd, size), &arg))
				TH_LOG("%s of %zu bytes", command->name, size);
			EXPECT_EQ(0, memcmp(&arg, &copy, sizeof(arg)));
		}
	}
	EXPECT_TRUE(untouched(self));
}

/* An older caller: it gets what it knows, and not a byte more. */
TEST_F(abi, first_version)
{
	union any arg;
	size_t i, byte;
	int ret;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		int fd = descriptor(self, command->on);

		memset(&arg, 0, sizeof(arg));
		command->valid(&arg);
		memset(arg.bytes + command->min_size, POISON, sizeof(arg) - command->min_size);
		ret = raw_ioctl(fd, resized(command->cmd, command->min_size), &arg);
		EXPECT_EQ(-command->error, ret < 0 ? ret : 0)
			TH_LOG("%s", command->name);
		for (byte = command->min_size; byte < sizeof(arg); byte++)
			ASSERT_EQ(POISON, arg.bytes[byte])
				TH_LOG("%s, byte %zu", command->name, byte);
		if (command->creates)
			close(ret);
	}
}

/* A newer caller that uses nothing new. */
TEST_F(abi, long_structure_with_zero_tail)
{
	union any arg;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		size_t size = _IOC_SIZE(command->cmd);
		int fd = descriptor(self, command->on);

		memset(&arg, 0, sizeof(arg));
		command->valid(&arg);
		ret = raw_ioctl(fd, resized(command->cmd, size + 8), &arg);
		EXPECT_EQ(-command->error, ret < 0 ? ret : 0)
			TH_LOG("%s", command->name);
		EXPECT_EQ(0, memcmp(arg.bytes + size, (char [8]){}, 8));
		if (command->creates)
			close(ret);
	}
}

TEST_F(abi, long_structure_with_garbage)
{
	union any arg;
	size_t i, byte;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		size_t size = _IOC_SIZE(command->cmd);
		int fd = descriptor(self, command->on);

		if (!(_IOC_DIR(command->cmd) & _IOC_WRITE))
			continue;
		for (byte = 0; byte < 16; byte++) {
			memset(&arg, 0, sizeof(arg));
			command->valid(&arg);
			arg.bytes[size + byte] = 1;
			EXPECT_EQ(-E2BIG, raw_ioctl(fd, resized(command->cmd, size + 16), &arg))
				TH_LOG("%s, byte %zu", command->name, byte);
		}
	}
	EXPECT_TRUE(untouched(self));
}

/* What is only written is not read: of a longer one the rest becomes zero. */
TEST_F(abi, long_answer)
{
	union any arg;
	size_t i, byte;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		size_t size = _IOC_SIZE(command->cmd);
		int fd = descriptor(self, command->on);

		if (_IOC_DIR(command->cmd) & _IOC_WRITE)
			continue;
		memset(&arg, POISON, sizeof(arg));
		EXPECT_EQ(0, raw_ioctl(fd, resized(command->cmd, size + 16), &arg))
			TH_LOG("%s", command->name);
		for (byte = 0; byte < 16; byte++)
			EXPECT_EQ(0, arg.bytes[size + byte]);
		EXPECT_EQ(POISON, arg.bytes[size + 16]);
	}
}

TEST_F(abi, unknown_flags)
{
	union any arg;
	__u32 value;
	size_t i, bit;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct flags *f = &flags[i];

		for (bit = 0; bit < 32; bit++) {
			if (f->known & (1U << bit))
				continue;
			memset(&arg, 0, sizeof(arg));
			commands[f->command].valid(&arg);
			memcpy(&value, arg.bytes + f->offset, sizeof(value));
			set_field(&arg, f->offset, f->width, value | (1U << bit));
			EXPECT_EQ(EINVAL, refused(self, &commands[f->command], &arg))
				TH_LOG("%s: offset %zu, bit %zu",
				       commands[f->command].name, f->offset, bit);
		}
	}
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, padding)
{
	union any arg;
	size_t i, byte;

	for (i = 0; i < ARRAY_SIZE(padding); i++) {
		const struct range *pad = &padding[i];

		for (byte = 0; byte < pad->width; byte++) {
			memset(&arg, 0, sizeof(arg));
			commands[pad->command].valid(&arg);
			arg.bytes[pad->offset + byte] = 0x80;
			EXPECT_EQ(EINVAL, refused(self, &commands[pad->command], &arg))
				TH_LOG("%s, byte %zu", commands[pad->command].name,
				       pad->offset + byte);
		}
	}
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, wrong_values)
{
	union any arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];

		memset(&arg, 0, sizeof(arg));
		commands[w->command].valid(&arg);
		set_field(&arg, w->offset, w->width, w->value);
		EXPECT_EQ(w->error, refused(self, &commands[w->command], &arg))
			TH_LOG("%s: %s", commands[w->command].name, w->what);
	}
	EXPECT_TRUE(untouched(self));
}

/* Each with everything else zero, as it must be without CREATE. */
TEST_F(abi, create_fields_without_create)
{
	static const struct { size_t offset, width; } fields[] = {
		{ FIELD(ipcmbox_open, mode) },
		{ FIELD(ipcmbox_open, overflow) },
		{ FIELD(ipcmbox_open, max_messages) },
		{ FIELD(ipcmbox_open, max_length) },
		{ FIELD(ipcmbox_open, max_bytes) },
	};
	size_t i;
	int fd;

	fd = mailbox_new(self->dev, NAME(name));
	ASSERT_GE(fd, 0);
	close(fd);
	self->count++;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		union any arg = {
			.open = { NAME(name), .access = RW, .limit = POISON32 },
		};

		set_field(&arg, fields[i].offset, fields[i].width, 2);
		EXPECT_EQ(EINVAL, refused(self, &commands[OPEN], &arg))
			TH_LOG("offset %zu", fields[i].offset);
	}
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		NAME(name), .access = RW, .flags = IPCMBOX_OPEN_EXCL }));
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		NAME(name), .access = RW, .flags = IPCMBOX_OPEN_TRANSIENT }));
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		.access = RW }));
	EXPECT_EQ(-EINVAL, mailbox_open(self->dev, &(struct ipcmbox_open){
		NAME(name), .access = RW, .flags = IPCMBOX_OPEN_BY_ID, .id = self->before.id }));
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, deadline_clock)
{
	char byte;

	EXPECT_EQ(-EINVAL, message_send(self->box, .buf_ptr = ptr_u64(&byte), .buf_len = 1,
					.flags = IPCMBOX_DEADLINE, .clock = 3));
	EXPECT_EQ(-EINVAL, message_recv(self->box, .buf_ptr = ptr_u64(payload), .buf_len = 4,
					.flags = IPCMBOX_DEADLINE, .clock = 0xffffffff));
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, set_values)
{
	EXPECT_EQ(-EINVAL, mailbox_change(self->box, .mask = IPCMBOX_SET_OVERFLOW, .overflow = 4));
	EXPECT_EQ(-EINVAL, mailbox_change(self->box, .mask = IPCMBOX_SET_MAX_BYTES,
					  .max_bytes = 15));
	EXPECT_EQ(-EINVAL, mailbox_change(self->box, .mask = IPCMBOX_SET_UID, .uid = ~0U));
	EXPECT_EQ(-EINVAL, mailbox_change(self->box, .mask = IPCMBOX_SET_GID, .gid = ~0U));
	/* All or none: the first of the two is valid. */
	EXPECT_EQ(-EINVAL, mailbox_change(self->box, .overflow = 9, .max_messages = 9,
					  .mask = IPCMBOX_SET_MAX_MESSAGES |
						  IPCMBOX_SET_OVERFLOW));
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, wrong_descriptor)
{
	union any arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		enum on other = command->on == ON_DEVICE ? ON_MAILBOX : ON_DEVICE;

		memset(&arg, 0, sizeof(arg));
		command->valid(&arg);
		EXPECT_EQ(-ENOTTY, raw_ioctl(descriptor(self, other), command->cmd, &arg))
			TH_LOG("%s", command->name);
		/* Looking and administering are common to all mailboxes, and nothing else. */
		if (i == STAT || i == SET)
			continue;
		other = command->on == ON_CHANNEL ? ON_MAILBOX : ON_CHANNEL;
		EXPECT_EQ(-ENOTTY, raw_ioctl(descriptor(self, other), command->cmd, &arg))
			TH_LOG("%s", command->name);
	}
	EXPECT_TRUE(untouched(self));
}

static bool on_device(enum on on)
{
	return on == ON_DEVICE;
}

static bool is_number_of(enum on on, unsigned int nr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (on_device(commands[i].on) == on_device(on) && _IOC_NR(commands[i].cmd) == nr)
			return true;
	}
	return false;
}

TEST_F(abi, unknown_command)
{
	union any arg = {};
	unsigned int nr;
	int on;

	for (on = ON_DEVICE; on <= ON_MAILBOX; on++) {
		for (nr = 0; nr < 256; nr++) {
			if (is_number_of(on, nr))
				continue;
			EXPECT_EQ(-ENOTTY, raw_ioctl(descriptor(self, on),
						     _IOWR(IPCMBOX_IOC_MAGIC, nr, char[64]), &arg))
				TH_LOG("number %#x", nr);
		}
	}
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, wrong_direction_or_magic)
{
	union any arg;
	unsigned int dir;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		unsigned int cmd = commands[i].cmd;
		int fd = descriptor(self, commands[i].on);

		memset(&arg, 0, sizeof(arg));
		commands[i].valid(&arg);
		for (dir = 0; dir < 4; dir++) {
			if (dir == _IOC_DIR(cmd))
				continue;
			EXPECT_EQ(-ENOTTY, raw_ioctl(fd, _IOC(dir, IPCMBOX_IOC_MAGIC, _IOC_NR(cmd),
							      _IOC_SIZE(cmd)), &arg))
				TH_LOG("%s with direction %u", commands[i].name, dir);
		}
		EXPECT_EQ(-ENOTTY, raw_ioctl(fd, _IOC(_IOC_DIR(cmd), IPCMBOX_IOC_MAGIC + 1,
						      _IOC_NR(cmd), _IOC_SIZE(cmd)), &arg));
	}
	EXPECT_TRUE(untouched(self));
}

/* Addresses no process may use; as u64 also one that a 32-bit kernel would cut to a good one. */
static const __u64 bad_pointers[] = {
	0, 8, 0xffff888000000000ULL, 0x8000000000000000ULL, 0xffffffffffffff00ULL,
};

TEST_F(abi, bad_structure_address)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (j = 0; j < ARRAY_SIZE(bad_pointers); j++) {
			void *arg = (void *)(uintptr_t)bad_pointers[j];

			EXPECT_EQ(-EFAULT, raw_ioctl(descriptor(self, commands[i].on),
						     commands[i].cmd, arg))
				TH_LOG("%s at %p", commands[i].name, arg);
		}
	}
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, structure_partly_mapped)
{
	size_t page = sysconf(_SC_PAGESIZE), i;
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	union any arg;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		char *at = map + page - 4;

		memset(&arg, 0, sizeof(arg));
		commands[i].valid(&arg);
		memcpy(at, &arg, 4);
		EXPECT_EQ(-EFAULT, raw_ioctl(descriptor(self, commands[i].on), commands[i].cmd, at))
			TH_LOG("%s", commands[i].name);
	}
	munmap(map, page);
	EXPECT_TRUE(untouched(self));
}

/* What cannot be answered must not have happened. */
TEST_F(abi, structure_read_only)
{
	static const int answering[] = { QUERY, OPEN, LIST, BLOCKED, RECV, JOIN, STAT, RECORD,
					 CHANNEL_INFO, CHANNEL_LANES };
	size_t page = sysconf(_SC_PAGESIZE), i;
	union any *map = mmap(NULL, page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)map);
	for (i = 0; i < ARRAY_SIZE(answering); i++) {
		const struct command *command = &commands[answering[i]];

		ASSERT_EQ(0, mprotect(map, page, PROT_READ | PROT_WRITE));
		memset(map, 0, sizeof(*map));
		command->valid(map);
		ASSERT_EQ(0, mprotect(map, page, PROT_READ));
		EXPECT_EQ(-EFAULT, raw_ioctl(descriptor(self, command->on), command->cmd, map))
			TH_LOG("%s", command->name);
		EXPECT_TRUE(untouched(self)) TH_LOG("%s", command->name);
	}
	munmap(map, page);
	EXPECT_EQ(4711, take(self->box));
}

TEST_F(abi, bad_buffer_address)
{
	static const struct {
		int command;
		size_t offset;
	} buffers[] = {
		{ OPEN, offsetof(struct ipcmbox_open, name_ptr) },
		{ UNLINK, offsetof(struct ipcmbox_unlink, name_ptr) },
		{ LIST, offsetof(struct ipcmbox_list, buf_ptr) },
		{ SEND, offsetof(struct ipcmbox_send, buf_ptr) },
		{ RECV, offsetof(struct ipcmbox_recv, buf_ptr) },
		{ SENDV, offsetof(struct ipcmbox_vector, array_ptr) },
		{ RECVV, offsetof(struct ipcmbox_vector, array_ptr) },
		{ CHANNEL_LANES, offsetof(struct ipcmbox_channel_lanes, buf_ptr) },
	};
	size_t i, j;
	union any arg;

	for (i = 0; i < ARRAY_SIZE(buffers); i++) {
		for (j = 0; j < ARRAY_SIZE(bad_pointers); j++) {
			memset(&arg, 0, sizeof(arg));
			commands[buffers[i].command].valid(&arg);
			set_field(&arg, buffers[i].offset, 8, bad_pointers[j]);
			EXPECT_EQ(EFAULT, refused(self, &commands[buffers[i].command], &arg))
				TH_LOG("%s at %#jx", commands[buffers[i].command].name,
				       (uintmax_t)bad_pointers[j]);
		}
	}
	EXPECT_TRUE(untouched(self));
	EXPECT_EQ(4711, take(self->box));
}

/* A name and a payload that end where the mapping ends are whole; one byte later they are not. */
TEST_F(abi, buffer_ends_with_mapping)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = map + page - 8;
	int fd;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	memcpy(at, name, 8);
	EXPECT_EQ(-EFAULT, mailbox_new(self->dev, .name_ptr = ptr_u64(at), .name_len = 9));
	EXPECT_EQ(-EFAULT, message_send(self->box, .buf_ptr = ptr_u64(at), .buf_len = 9));
	EXPECT_TRUE(untouched(self));
	EXPECT_EQ(0, message_send(self->box, .buf_ptr = ptr_u64(at), .buf_len = 8));
	fd = mailbox_new(self->dev, .name_ptr = ptr_u64(at), .name_len = 8);
	EXPECT_GE(fd, 0);
	close(fd);
	EXPECT_EQ(0, mailbox_unlink(self->dev, name));
	munmap(map, page);
}

/* Structures that structures point to are the same for everybody, too. */
TEST_F(abi, pieces)
{
	struct ipcmbox_iovec pieces[2] = { { ptr_u64("ab"), 2 }, { ptr_u64("cd"), 2 } };
	char text[5] = "";

	ASSERT_EQ(4711, take(self->box));
	EXPECT_EQ(0, message_send(self->box, .buf_ptr = ptr_u64(pieces), .buf_len = 2,
				  .flags = IPCMBOX_IOVEC));
	pieces[0] = (struct ipcmbox_iovec){ ptr_u64(text), 1 };
	pieces[1] = (struct ipcmbox_iovec){ ptr_u64(text + 1), 3 };
	EXPECT_EQ(4, message_recv(self->box, .buf_ptr = ptr_u64(pieces), .buf_len = 2,
				  .flags = IPCMBOX_IOVEC));
	EXPECT_STREQ("abcd", text);
}

TEST_F(abi, limit_is_written_only_when_said)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64(payload), .buf_len = 17, .flags = IPCMBOX_NONBLOCK,
	};

	EXPECT_EQ(-EMSGSIZE, mailbox_send(self->box, &send));
	EXPECT_EQ(IPCMBOX_LIMIT_LENGTH, send.limit);
	send.priority = IPCMBOX_PRIORITY_MAX + 1;
	EXPECT_EQ(-EINVAL, mailbox_send(self->box, &send));
	EXPECT_EQ(POISON32, send.limit);
	EXPECT_TRUE(untouched(self));
}

TEST_F(abi, nothing_to_receive_writes_nothing)
{
	union any arg = {}, copy;

	ASSERT_EQ(4711, take(self->box));
	valid_recv(&arg);
	copy = arg;
	EXPECT_EQ(-EAGAIN, raw_ioctl(self->box, IPCMBOX_IOC_RECV, &arg));
	/* The general rule of limits and the field's own description differ. */
	arg.recv.limit = copy.recv.limit;
	EXPECT_EQ(0, memcmp(&arg, &copy, sizeof(arg)));
	arg.recv.flags = IPCMBOX_DEADLINE;
	copy = arg;
	EXPECT_EQ(-ETIMEDOUT, raw_ioctl(self->box, IPCMBOX_IOC_RECV, &arg));
	EXPECT_EQ(0, memcmp(&arg, &copy, sizeof(arg)));
}

TEST_HARNESS_MAIN
