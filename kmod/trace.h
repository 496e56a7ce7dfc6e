/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what happens to a message, for all mailboxes at a time.
 *
 * A message is followed by the id of its mailbox and its number there, from send (or block, if it
 * has to wait for room first) to finish, and to reply if its sender waits for that. Process ids are
 * those of the first namespace; who does it is in the fields all events have.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ipcmbox

#if !defined(_IPCMBOX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _IPCMBOX_TRACE_H

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "message.h"
#include "port.h"
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

#endif /* _IPCMBOX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH kmod
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
