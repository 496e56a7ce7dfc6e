/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "message.h"

/**
 * struct shape - what a case wants of a transport
 * @size: bytes of every message
 * @capacity: messages that can be queued without a receiver, at least
 * @duplex: both ends send and receive; else end 0 sends and end 1 receives
 */
struct shape {
	size_t size;
	unsigned int capacity;
	bool duplex;
};

/**
 * struct end - what one process needs to talk to the other
 * @tx: descriptor or id to send on, -1 if this end does not send
 * @rx: descriptor or id to receive from, -1 if this end does not receive
 */
struct end {
	int tx;
	int rx;
};

/**
 * struct transport - one way of passing messages between two processes
 * @name: as printed
 * @max_capacity: messages one queue can hold, 0 is no fixed bound
 * @prioritised: messages have priorities, and are received by them
 * @in_slab: queues and messages live in slab memory, so it tells what they cost
 * @slow: few operations are enough, and take long enough
 * @few_cases: only for the cases that are for all
 * @bulk_only: only for long messages
 * @turns_only: only for cases in which each message is answered before the next
 * @for_cpu: differs from another in what it takes of several processors: only for cases
 *	that tell this
 * @prepare: optional: lift what the system's defaults forbid, start a service; run once, as root
 * @set_up: optional: called before each job, as root
 * @tear_down: optional: called after it
 * @open: make both ends
 * @send: send one message; blocks while the queue is full
 * @recv: receive one message; blocks while the queue is empty
 * @send_bulk: optional: send a long message, and return when it can be written to
 *	again; else a send
 * @leave: optional: called by a process that ends before the other: what it has
 *	sent gets there
 * @ask: optional: send a request and receive its reply; else a send and a recv
 * @answer: optional: send the reply to the last request, if there was one, and
 *	receive the next
 * @open_event: optional: make an end whose sends go to @count receivers
 * @send_vector: optional: send many messages at once
 * @recv_vector: optional: receive as many
 * @recv_from: optional: receive a message of a process, 0 is anybody
 * @open_segment: optional: make shared memory of @size bytes, a descriptor
 * @send_segment: optional: an empty message with a segment, with or without the right
 *	to write to it
 * @recv_segment: optional: receive that, a descriptor
 * @moves_segments: the right to write can go with it
 * @close: destroy both ends
 *
 * No operation returns an error: whatever fails ends the process with a message.
 */
struct transport {
	const char *name;
	unsigned int max_capacity;
	bool prioritised;
	bool in_slab;
	bool slow;
	bool few_cases;
	bool bulk_only;
	bool turns_only;
	bool for_cpu;
	void (*prepare)(void);
	void (*set_up)(void);
	void (*tear_down)(void);
	void (*open)(struct end ends[2], const struct shape *shape);
	void (*send)(const struct end *end, struct message *message,
		     size_t size, unsigned int priority);
	void (*recv)(const struct end *end, struct message *message, size_t size);
	void (*send_bulk)(const struct end *end, struct message *message, size_t size);
	void (*leave)(const struct end *end);
	void (*ask)(const struct end *end, struct message *message, size_t size);
	void (*answer)(const struct end *end, struct message *message, size_t size);
	void (*open_event)(struct end *from, struct end *to, unsigned int count,
			   const struct shape *shape);
	void (*send_vector)(const struct end *end, struct message **messages,
			    unsigned int count, size_t size);
	void (*recv_vector)(const struct end *end, struct message **messages,
			    unsigned int count, size_t size);
	void (*recv_from)(const struct end *end, struct message *message,
			  size_t size, pid_t from);
	int (*open_segment)(size_t size);
	void (*send_segment)(const struct end *end, int segment, bool move);
	int (*recv_segment)(const struct end *end);
	bool moves_segments;
	void (*close)(struct end ends[2]);
};

/* Messages in one vector, at most. */
#define VECTOR_MAX	64

extern const struct transport mqueue_transport;
extern const struct transport sysv_transport;
extern const struct transport pipe_transport;
extern const struct transport seqpacket_transport;
extern const struct transport dgram_transport;
extern const struct transport stream_transport;
extern const struct transport binder_transport;
extern const struct transport boost_transport;
extern const struct transport zeromq_transport;
extern const struct transport dbus_transport;
extern const struct transport eventfd_ring_transport;
extern const struct transport futex_ring_transport;
extern const struct transport channel_transport;
extern const struct transport ipcmbox_transport;
extern const struct transport ipcmbox_sleep_transport;
extern const struct transport vm_readv_transport;
extern const struct transport vmsplice_transport;

/* For transports whose queues go one way and are known by one number. */
void ends_open(struct end ends[2], const struct shape *shape,
	       int (*open_queue)(const struct shape *shape));
void ends_close(struct end ends[2], void (*close_queue)(int queue));

/* For connected sockets, both ends of which send and receive. */
void sockets_open(struct end ends[2], const struct shape *shape, int type);
void sockets_close(struct end ends[2]);
/* For those that keep boundaries. */
void socket_send(const struct end *end, struct message *message, size_t size,
		 unsigned int priority);
void socket_recv(const struct end *end, struct message *message, size_t size);
void socket_send_many(const struct end *end, struct message **messages,
		      unsigned int count, size_t size);
void socket_recv_many(const struct end *end, struct message **messages,
		      unsigned int count, size_t size);
/* For descriptors of streams. */
void bytes_send_many(const struct end *end, struct message **messages,
		     unsigned int count, size_t size);
void bytes_recv_many(const struct end *end, struct message **messages,
		     unsigned int count, size_t size);

/* For transports whose queues are in the memory of the program: where number n is. */
int queue_number(void *queue);
void *queue_of(int number);
void queue_forget(int number);

void close_descriptor(int fd);
void write_sysctl(const char *path, const char *value);
/* A line, without its end. */
void read_sysctl(const char *path, char *value, size_t room);

#endif /* BENCH_TRANSPORT_H */
