/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what happens to messages, channels and segments, for all of them at a time.
 *
 * A message is followed by the id of its mailbox and its number there, from send (or block, if it
 * has to wait for room first) to finish, and to reply if its sender waits for that. Messages in a
 * channel are not seen, but who comes and goes there, sleeps and is woken. Process ids are those of
 * the first namespace; who does it is in the fields all events have.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ipcmbox

#if !defined(_IPCMBOX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _IPCMBOX_TRACE_H

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "lane.h"
#include "memory.h"
#include "message.h"
#include "port.h"
#include "segment.h"
#include "wait.h"

DECLARE_EVENT_CLASS(ipcmbox_message,
	TP_PROTO(const struct ipcmbox_port *port, const struct ipcmbox_message *message),
	TP_ARGS(port, message),
	TP_STRUCT__entry(
		__field(u64, mailbox)
		__field(u64, seq)
		__field(u64, events)
		__field(u32, length)
		__field(u32, priority)
		__field(pid_t, pid)
		__field(pid_t, tid)
	),
	TP_fast_assign(
		__entry->mailbox = port->id;
		__entry->seq = message->seq;
		__entry->events = message->content->events;
		__entry->length = message->length;
		__entry->priority = message->priority;
		__entry->pid = pid_nr(message->content->tgid);
		__entry->tid = pid_nr(message->content->tid);
	),
	TP_printk("mailbox=%llu seq=%llu priority=%u length=%u events=%#llx pid=%d tid=%d",
		  __entry->mailbox, __entry->seq, __entry->priority, __entry->length,
		  __entry->events, __entry->pid, __entry->tid)
);

#define IPCMBOX_MESSAGE_EVENT(name) \
	DEFINE_EVENT(ipcmbox_message, ipcmbox_##name, \
		TP_PROTO(const struct ipcmbox_port *port, const struct ipcmbox_message *message), \
		TP_ARGS(port, message))

/* Accepted: queued, or handed to a receiver. */
IPCMBOX_MESSAGE_EVENT(send);
/* Its sender waits for room. */
IPCMBOX_MESSAGE_EVENT(block);
/* In the hands of a receiver: the current task, or the one that is woken next. */
IPCMBOX_MESSAGE_EVENT(take);
/* The receiver has copied it. */
IPCMBOX_MESSAGE_EVENT(finish);
/* Put back: the receive failed, the lease ended, it was refused. */
IPCMBOX_MESSAGE_EVENT(return);
/* Replied to, or acknowledged. */
IPCMBOX_MESSAGE_EVENT(reply);
/* By the overflow policy. */
IPCMBOX_MESSAGE_EVENT(drop);
/* Its sender gave up. */
IPCMBOX_MESSAGE_EVENT(withdraw);
/* It was delivered too often. */
IPCMBOX_MESSAGE_EVENT(dead);

/* A waiting call has an outcome: it is sent, has a message (@seq), or has failed (@result). */
TRACE_EVENT(ipcmbox_wake,
	TP_PROTO(const struct ipcmbox_port *port, const struct ipcmbox_waiter *waiter,
		 const struct ipcmbox_message *message),
	TP_ARGS(port, waiter, message),
	TP_STRUCT__entry(
		__field(u64, mailbox)
		__field(u64, seq)
		__field(pid_t, tid)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->mailbox = port->id;
		__entry->seq = message ? message->seq : 0;
		__entry->tid = task_pid_nr(waiter->task);
		__entry->result = waiter->result;
	),
	TP_printk("mailbox=%llu seq=%llu tid=%d result=%d",
		  __entry->mailbox, __entry->seq, __entry->tid, __entry->result)
);

/* Channels. */

TRACE_EVENT(ipcmbox_channel_create,
	TP_PROTO(const struct ipcmbox_port *port, u64 ring_bytes),
	TP_ARGS(port, ring_bytes),
	TP_STRUCT__entry(
		__field(u64, mailbox)
		__field(u64, ring_bytes)
	),
	TP_fast_assign(
		__entry->mailbox = port->id;
		__entry->ring_bytes = ring_bytes;
	),
	TP_printk("mailbox=%llu ring_bytes=%llu", __entry->mailbox, __entry->ring_bytes)
);

/* @unread as the two sides have written it; @exiting: the current task dies. */
DECLARE_EVENT_CLASS(ipcmbox_producer,
	TP_PROTO(const struct ipcmbox_port *port, const struct ipcmbox_lane *lane, u64 unread),
	TP_ARGS(port, lane, unread),
	TP_STRUCT__entry(
		__field(u64, mailbox)
		__field(u64, lane_id)
		__field(u64, unread)
		__field(u32, lane)
		__field(pid_t, pid)
		__field(pid_t, tid)
		__field(bool, exiting)
	),
	TP_fast_assign(
		__entry->mailbox = port->id;
		__entry->lane_id = lane->id;
		__entry->unread = unread;
		__entry->lane = lane->slot;
		__entry->pid = pid_nr(lane->tgid);
		__entry->tid = pid_nr(lane->tid);
		__entry->exiting = current->flags & PF_EXITING;
	),
	TP_printk("mailbox=%llu lane=%u lane_id=%llu unread=%llu pid=%d tid=%d exiting=%d",
		  __entry->mailbox, __entry->lane, __entry->lane_id, __entry->unread,
		  __entry->pid, __entry->tid, __entry->exiting)
);

#define IPCMBOX_PRODUCER_EVENT(name) \
	DEFINE_EVENT(ipcmbox_producer, ipcmbox_producer_##name, \
		TP_PROTO(const struct ipcmbox_port *port, const struct ipcmbox_lane *lane, \
			 u64 unread), \
		TP_ARGS(port, lane, unread))

/* It has a lane. */
IPCMBOX_PRODUCER_EVENT(join);
/* It has closed its descriptor, or died. */
IPCMBOX_PRODUCER_EVENT(leave);
/* The consumer is done with its lane. */
IPCMBOX_PRODUCER_EVENT(evict);

DECLARE_EVENT_CLASS(ipcmbox_consumer,
	TP_PROTO(const struct ipcmbox_port *port, struct pid *tgid),
	TP_ARGS(port, tgid),
	TP_STRUCT__entry(
		__field(u64, mailbox)
		__field(pid_t, pid)
		__field(bool, exiting)
	),
	TP_fast_assign(
		__entry->mailbox = port->id;
		__entry->pid = pid_nr(tgid);
		__entry->exiting = current->flags & PF_EXITING;
	),
	TP_printk("mailbox=%llu pid=%d exiting=%d", __entry->mailbox, __entry->pid,
		  __entry->exiting)
);

#define IPCMBOX_CONSUMER_EVENT(name) \
	DEFINE_EVENT(ipcmbox_consumer, ipcmbox_consumer_##name, \
		TP_PROTO(const struct ipcmbox_port *port, struct pid *tgid), \
		TP_ARGS(port, tgid))

IPCMBOX_CONSUMER_EVENT(join);
/* It has closed its descriptor, or died. */
IPCMBOX_CONSUMER_EVENT(leave);

/*
 * The producer of @lane finds no room, or (-1) the consumer nothing; ipcmbox_wake ends that, or
 * a signal or the deadline, which no event tells.
 */
TRACE_EVENT(ipcmbox_channel_sleep,
	TP_PROTO(const struct ipcmbox_port *port, const struct ipcmbox_lane *lane),
	TP_ARGS(port, lane),
	TP_STRUCT__entry(
		__field(u64, mailbox)
		__field(int, lane)
	),
	TP_fast_assign(
		__entry->mailbox = port->id;
		__entry->lane = lane ? (int)lane->slot : -1;
	),
	TP_printk("mailbox=%llu lane=%d", __entry->mailbox, __entry->lane)
);

/* Segments. */

DECLARE_EVENT_CLASS(ipcmbox_segment,
	TP_PROTO(const struct ipcmbox_segment *segment),
	TP_ARGS(segment),
	TP_STRUCT__entry(
		__field(u64, segment)
		__field(u64, size)
	),
	TP_fast_assign(
		__entry->segment = segment->entry.id;
		__entry->size = ipcmbox_memory_size(segment->backing);
	),
	TP_printk("segment=%llu size=%llu", __entry->segment, __entry->size)
);

#define IPCMBOX_SEGMENT_EVENT(name) \
	DEFINE_EVENT(ipcmbox_segment, ipcmbox_segment_##name, \
		TP_PROTO(const struct ipcmbox_segment *segment), \
		TP_ARGS(segment))

IPCMBOX_SEGMENT_EVENT(create);
IPCMBOX_SEGMENT_EVENT(resize);
/* The right to write has gone with a message, or to where it was before as that cannot be sent. */
IPCMBOX_SEGMENT_EVENT(move);
/* All that were opened for writing have it again. */
IPCMBOX_SEGMENT_EVENT(return);
/* Nobody has it any more; @size is what is freed. */
IPCMBOX_SEGMENT_EVENT(destroy);

#endif /* _IPCMBOX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH kmod
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
