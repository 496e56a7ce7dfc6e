/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the ipcmbox tests share: the raw commands without libc's errno, and calls that block in a
 * thread or process of their own.
 *
 * Every wrapper returns what the command returned, or -errno, and poisons the fields the kernel
 * is to write before it calls. Nothing here asserts, so all of it can be used in threads.
 */
#ifndef IPCMBOX_TEST_H
#define IPCMBOX_TEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <linux/ipcmbox.h>

#define POISON		0xcc
#define POISON32	0xccccccccU
#define RW		(IPCMBOX_READ | IPCMBOX_WRITE)

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL

/* How long a condition that must come true may take, on the slowest machine. */
#define PATIENCE_NS	(25 * NSEC_PER_SEC)

#define ptr_u64(p)	((__u64)(uintptr_t)(p))
#define NAME(s)		.name_ptr = ptr_u64(s), .name_len = strlen(s)

int device_open(void);
int query_budget(int dev, struct ipcmbox_query *query);

/* mailbox_open() is the bare command; mailbox_new() creates, readable and writable by default. */
int mailbox_open(int dev, struct ipcmbox_open *arg);
int mailbox_create(int dev, struct ipcmbox_open *arg);
#define mailbox_new(dev, ...) \
	mailbox_create(dev, &(struct ipcmbox_open){ __VA_ARGS__ })
int mailbox_find(int dev, const char *name, __u32 access);
int mailbox_by_id(int dev, __u64 id, __u32 access);
int mailbox_unlink(int dev, const char *name);
int mailbox_unlink_id(int dev, __u64 id);
/* The tests' names all begin with "test"; this is for teardown. */
void mailbox_unlink_tests(int dev);

/* Endpoints of the calling process or thread; connecting by IPCMBOX_PROCESS and so on. */
int endpoint_create(int dev, struct ipcmbox_open *arg);
#define endpoint_new(dev, ...) \
	endpoint_create(dev, &(struct ipcmbox_open){ __VA_ARGS__ })
int endpoint_connect(int dev, __u32 kind, __u64 number);

int mailbox_stat(int fd, struct ipcmbox_info *info);
struct ipcmbox_info mailbox_info(int fd);
__u64 mailbox_id(int fd);
int mailbox_set(int fd, const struct ipcmbox_set *arg);
#define mailbox_change(fd, ...) \
	mailbox_set(fd, &(struct ipcmbox_set){ __VA_ARGS__ })

/* Elements written, or -errno; mailbox_count() counts all, mailbox_listed() looks for one. */
int mailbox_list(int dev, __u64 after, struct ipcmbox_info *buf, __u32 count);
int mailbox_count(int dev);
bool mailbox_listed(int dev, __u64 id);

int mailbox_send(int fd, struct ipcmbox_send *arg);
#define message_send(fd, ...) \
	mailbox_send(fd, &(struct ipcmbox_send){ __VA_ARGS__ })
/* With the first version of the structure, and with all of it. */
int mailbox_recv(int fd, struct ipcmbox_recv *arg);
#define message_recv(fd, ...) \
	mailbox_recv(fd, &(struct ipcmbox_recv){ __VA_ARGS__ })
int mailbox_receive(int fd, struct ipcmbox_recv *arg);
#define message_receive(fd, ...) \
	mailbox_receive(fd, &(struct ipcmbox_recv){ __VA_ARGS__ })

/* A call of one number that is answered by another. */
int mailbox_call(int fd, struct ipcmbox_call *arg);
#define message_call(fd, ...) \
	mailbox_call(fd, &(struct ipcmbox_call){ __VA_ARGS__ })
int mailbox_reply(int fd, struct ipcmbox_reply *arg);
#define message_reply(fd, ...) \
	mailbox_reply(fd, &(struct ipcmbox_reply){ __VA_ARGS__ })
int mailbox_reply_recv(int fd, struct ipcmbox_reply *reply, struct ipcmbox_recv *recv);
int mailbox_settle(int fd, __u64 token, __u32 action, __u64 lease_ns);
/* @element_size of 0 is the size of the structure; nothing is poisoned. */
int mailbox_sendv(int fd, struct ipcmbox_vector *arg);
int mailbox_recvv(int fd, struct ipcmbox_vector *arg);

/* One number as a message, without waiting; take() returns the number. */
int put(int fd, __u32 priority, __u32 number);
__s64 take(int fd);
int take_info(int fd, __u32 *number, struct ipcmbox_recv *arg);

/* Members of an event mailbox; and an event without waiting. */
int mailbox_join(int fd, struct ipcmbox_join *arg);
#define member_new(fd, ...) \
	mailbox_join(fd, &(struct ipcmbox_join){ __VA_ARGS__ })
int member_leave(int fd);
int put_event(int fd, __u64 events, __u32 priority, __u32 number);
/* With all that is told of it; or the number, and what was lost before. */
int take_event(int fd, __u32 *number, struct ipcmbox_recv *recv);
__s64 take_lost(int fd, __u64 *lost);

/* sent == received + dropped + messages */
bool mailbox_balanced(int fd);

/* True as soon as exactly @count wait in the kernel, false when patience is at an end. */
bool await_receivers(int fd, __u32 count);
bool await_senders(int fd, __u32 count);
/* ... or as many messages are in the hands of receivers. */
bool await_receiving(int fd, __u32 count);
bool await_thread_asleep(pid_t pid, pid_t tid);
bool await_value(const volatile int *value, int at_least);

__u64 now_ns(int clock);
__u32 scaled(__u32 count);
void fill_pattern(void *buf, size_t len, __u32 seed);
bool check_pattern(const void *buf, size_t len, __u32 seed);

enum call_kind {
	CALL_SEND, CALL_RECV, CALL_RECEIVE, CALL_SENDV, CALL_RECVV, CALL_CALL, CALL_REPLY_RECV,
	CALL_READ, CALL_WRITE
};

/**
 * struct call - a command that may block, in a thread or a process of its own
 * @kind: which
 * @fd: the mailbox
 * @send: argument of CALL_SEND
 * @recv: argument of CALL_RECV (first version), CALL_RECEIVE and CALL_REPLY_RECV (all)
 * @call: argument of CALL_CALL
 * @vector: argument of CALL_SENDV and CALL_RECVV
 * @reply: argument of CALL_REPLY_RECV, beside @recv
 * @data: the payload, when the argument names no buffer
 * @tid: the thread, 0 until it runs
 * @done: the call has returned
 * @result: what it returned
 * @end_ns: when, on CLOCK_MONOTONIC
 * @thread: of call_start()
 * @pid: of call_fork(), which keeps no descriptor but @fd
 */
struct call {
	enum call_kind kind;
	int fd;
	struct ipcmbox_send send;
	struct ipcmbox_recv recv;
	struct ipcmbox_call call;
	struct ipcmbox_vector vector;
	struct ipcmbox_reply reply;
	char data[64];
	volatile int tid;
	volatile int done;
	int result;
	__u64 end_ns;
	pthread_t thread;
	pid_t pid;
};

/* Calls live in shared memory, so that a process can fill them. */
struct call *calls_alloc(size_t count);

void call_start(struct call *call);
int call_join(struct call *call);
pid_t call_fork(struct call *call);
int call_wait(struct call *call);
int call_kill(struct call *call);
bool call_await_asleep(struct call *call);

void call_prepare_call(struct call *call, int fd, const struct ipcmbox_call *arg);
#define call_prepare(call, fd, ...) \
	call_prepare_call(call, fd, &(struct ipcmbox_call){ __VA_ARGS__ })
void call_prepare_send(struct call *call, int fd, const struct ipcmbox_send *arg);
void call_prepare_recv(struct call *call, int fd, const struct ipcmbox_recv *arg);
void call_prepare_receive(struct call *call, int fd, const struct ipcmbox_recv *arg);
#define send_prepare(call, fd, ...) \
	call_prepare_send(call, fd, &(struct ipcmbox_send){ __VA_ARGS__ })
#define recv_prepare(call, fd, ...) \
	call_prepare_recv(call, fd, &(struct ipcmbox_recv){ __VA_ARGS__ })
#define receive_prepare(call, fd, ...) \
	call_prepare_receive(call, fd, &(struct ipcmbox_recv){ __VA_ARGS__ })
#define receive_start(call, ...) \
	do { receive_prepare(call, __VA_ARGS__); call_start(call); } while (0)
#define receive_fork(call, ...) \
	do { receive_prepare(call, __VA_ARGS__); call_fork(call); } while (0)
#define send_start(call, ...) \
	do { send_prepare(call, __VA_ARGS__); call_start(call); } while (0)
#define recv_start(call, ...) \
	do { recv_prepare(call, __VA_ARGS__); call_start(call); } while (0)
#define send_fork(call, ...) \
	do { send_prepare(call, __VA_ARGS__); call_fork(call); } while (0)
#define recv_fork(call, ...) \
	do { recv_prepare(call, __VA_ARGS__); call_fork(call); } while (0)
/* A blocking send of one number, as put() has it. */
void put_start(struct call *call, int fd, __u32 priority, __u32 number);
__u32 call_number(const struct call *call);

/* A process that runs @body and exits with what it returns; 255 if it was killed. */
pid_t child_start(int (*body)(void *arg), void *arg);
int child_wait(pid_t pid);
int child_run(int (*body)(void *arg), void *arg);
void close_all_but(int keep);
int become(uid_t uid, gid_t gid);

/**
 * struct actor - a process that does what it is asked, and lives for as long as the test
 * @pid: of the process, as whoever started it sees it
 * @orders: pipe to it
 * @results: pipe from it
 *
 * What its deeds leave in variables and descriptors stays with it. It need not be a child of the
 * test: one that is prepared can be run by another, whose descriptors it inherits.
 */
struct actor {
	volatile pid_t pid;
	int orders[2];
	int results[2];
};

struct actor *actor_prepare(void);
pid_t actor_run(struct actor *actor);
struct actor *actor_start(void);
void actor_tell(struct actor *actor, int (*deed)(int arg), int arg);
int actor_hear(struct actor *actor);
int actor_ask(struct actor *actor, int (*deed)(int arg), int arg);
void actor_end(struct actor *actor);
/* In any process that descends from the test: sleeps until the test ends, and ends with it. */
__attribute__((noreturn)) void outlive_parent(void);

bool write_file(const char *path, const char *text);
bool read_file(const char *path, char *buf, size_t size);

#endif /* IPCMBOX_TEST_H */
