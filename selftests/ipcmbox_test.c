// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the ipcmbox tests share.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipcmbox_test.h"

static int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

int device_open(void)
{
	return result(open(IPCMBOX_DEVICE, O_RDWR | O_CLOEXEC));
}

int query_budget(int dev, struct ipcmbox_query *query)
{
	memset(query, POISON, sizeof(*query));
	return result(ioctl(dev, IPCMBOX_IOC_QUERY, query));
}

/*
 * Mailboxes
 */

int mailbox_open(int dev, struct ipcmbox_open *arg)
{
	arg->limit = POISON32;
	return result(ioctl(dev, IPCMBOX_IOC_OPEN, arg));
}

int mailbox_create(int dev, struct ipcmbox_open *arg)
{
	arg->flags |= IPCMBOX_OPEN_CREATE;
	if (!arg->access)
		arg->access = RW;
	if (!arg->mode)
		arg->mode = 0600;
	return mailbox_open(dev, arg);
}

int mailbox_find(int dev, const char *name, __u32 access)
{
	return mailbox_open(dev, &(struct ipcmbox_open){
		NAME(name),
		.access = access,
	});
}

int mailbox_by_id(int dev, __u64 id, __u32 access)
{
	return mailbox_open(dev, &(struct ipcmbox_open){
		.flags = IPCMBOX_OPEN_BY_ID,
		.id = id,
		.access = access,
	});
}

int mailbox_unlink(int dev, const char *name)
{
	struct ipcmbox_unlink arg = { NAME(name) };

	return result(ioctl(dev, IPCMBOX_IOC_UNLINK, &arg));
}

int mailbox_unlink_id(int dev, __u64 id)
{
	struct ipcmbox_unlink arg = {
		.flags = IPCMBOX_OPEN_BY_ID,
		.id = id,
	};

	return result(ioctl(dev, IPCMBOX_IOC_UNLINK, &arg));
}

int endpoint_create(int dev, struct ipcmbox_open *arg)
{
	arg->discipline = IPCMBOX_ENDPOINT;
	if (!arg->access)
		arg->access = IPCMBOX_READ;
	return mailbox_create(dev, arg);
}

int endpoint_connect(int dev, __u32 kind, __u64 number)
{
	static const __u32 flags[] = {
		[IPCMBOX_PROCESS] = IPCMBOX_OPEN_BY_PID,
		[IPCMBOX_THREAD] = IPCMBOX_OPEN_BY_TID,
		[IPCMBOX_ENDPOINT_ID] = IPCMBOX_OPEN_BY_ID,
	};

	return mailbox_open(dev, &(struct ipcmbox_open){
		.flags = flags[kind],
		.id = number,
		.access = IPCMBOX_WRITE,
	});
}

int mailbox_stat(int fd, struct ipcmbox_info *info)
{
	memset(info, POISON, sizeof(*info));
	return result(ioctl(fd, IPCMBOX_IOC_STAT, info));
}

/* For tests that have no use for the error: whatever is checked will differ from the poison. */
struct ipcmbox_info mailbox_info(int fd)
{
	struct ipcmbox_info info;
	int ret = mailbox_stat(fd, &info);

	if (ret)
		fprintf(stderr, "# IPCMBOX_IOC_STAT: %s\n", strerror(-ret));
	return info;
}

__u64 mailbox_id(int fd)
{
	return mailbox_info(fd).id;
}

int mailbox_set(int fd, const struct ipcmbox_set *arg)
{
	return result(ioctl(fd, IPCMBOX_IOC_SET, arg));
}

int mailbox_list(int dev, __u64 after, struct ipcmbox_info *buf, __u32 count)
{
	struct ipcmbox_list arg = {
		.after_id = after,
		.buf_ptr = ptr_u64(buf),
		.count = count,
		.element_size = sizeof(*buf),
	};
	int ret;

	memset(buf, POISON, count * sizeof(*buf));
	ret = result(ioctl(dev, IPCMBOX_IOC_LIST, &arg));
	return ret ? ret : (int)arg.count;
}

int mailbox_count(int dev)
{
	struct ipcmbox_info page[16];
	__u64 after = 0;
	int total = 0, n;

	while ((n = mailbox_list(dev, after, page, 16)) > 0) {
		total += n;
		after = page[n - 1].id;
	}
	return n ? n : total;
}

bool mailbox_listed(int dev, __u64 id)
{
	struct ipcmbox_info info;

	return mailbox_list(dev, id - 1, &info, 1) == 1 && info.id == id;
}

void mailbox_unlink_tests(int dev)
{
	struct ipcmbox_info info;
	__u64 after = 0;

	while (mailbox_list(dev, after, &info, 1) == 1) {
		if (!strncmp(info.name, "test", 4) && info.flags & IPCMBOX_INFO_NAMED)
			mailbox_unlink_id(dev, info.id);
		after = info.id;
	}
}

bool mailbox_balanced(int fd)
{
	struct ipcmbox_info info;

	if (mailbox_stat(fd, &info))
		return false;
	if (info.sent == info.received + info.dropped + info.messages)
		return true;
	fprintf(stderr, "# sent %llu != received %llu + dropped %llu + messages %llu\n",
		(unsigned long long)info.sent, (unsigned long long)info.received,
		(unsigned long long)info.dropped, (unsigned long long)info.messages);
	return false;
}

/*
 * Messages
 */

/* Most messages need no more than the first version of the structure, which has its own way. */
static bool send_is_plain(const struct ipcmbox_send *arg)
{
	static const char zero[sizeof(*arg)];

	return !memcmp((const char *)arg + IPCMBOX_SEND_SIZE_V0, zero,
		       sizeof(*arg) - IPCMBOX_SEND_SIZE_V0);
}

int mailbox_send(int fd, struct ipcmbox_send *arg)
{
	arg->limit = POISON32;
	return result(ioctl(fd, send_is_plain(arg) ? IPCMBOX_IOC_SEND_V0 : IPCMBOX_IOC_SEND, arg));
}

static void recv_poison(struct ipcmbox_recv *arg)
{
	const size_t start = offsetof(struct ipcmbox_recv, length);
	const size_t end = offsetof(struct ipcmbox_recv, __reserved);

	memset((char *)arg + start, POISON, end - start);
}

int mailbox_recv(int fd, struct ipcmbox_recv *arg)
{
	recv_poison(arg);
	return result(ioctl(fd, IPCMBOX_IOC_RECV_V0, arg));
}

static void receive_poison(struct ipcmbox_recv *arg)
{
	recv_poison(arg);
	arg->nr_fds = POISON32;
	arg->redelivered = POISON32;
	memset(&arg->events, POISON, sizeof(arg->events));
	memset(&arg->token, POISON, sizeof(arg->token));
	memset(&arg->call_deadline_ns, POISON, sizeof(arg->call_deadline_ns));
	arg->completion = POISON32;
}

int mailbox_receive(int fd, struct ipcmbox_recv *arg)
{
	receive_poison(arg);
	return result(ioctl(fd, IPCMBOX_IOC_RECV, arg));
}

int mailbox_call(int fd, struct ipcmbox_call *arg)
{
	arg->reply_length = POISON32;
	arg->status = POISON32;
	arg->limit = POISON32;
	return result(ioctl(fd, IPCMBOX_IOC_CALL, arg));
}

int mailbox_reply(int fd, struct ipcmbox_reply *arg)
{
	arg->limit = POISON32;
	return result(ioctl(fd, IPCMBOX_IOC_REPLY, arg));
}

int mailbox_reply_recv(int fd, struct ipcmbox_reply *reply, struct ipcmbox_recv *recv)
{
	struct ipcmbox_reply_recv arg = {
		.reply_ptr = ptr_u64(reply),
		.recv_ptr = ptr_u64(recv),
		.reply_size = sizeof(*reply),
		.recv_size = sizeof(*recv),
	};

	reply->limit = POISON32;
	receive_poison(recv);
	return result(ioctl(fd, IPCMBOX_IOC_REPLY_RECV, &arg));
}

int mailbox_settle(int fd, __u64 token, __u32 action, __u64 lease_ns)
{
	struct ipcmbox_settle arg = { .token = token, .action = action, .lease_ns = lease_ns };

	return result(ioctl(fd, IPCMBOX_IOC_SETTLE, &arg));
}

int mailbox_sendv(int fd, struct ipcmbox_vector *arg)
{
	if (!arg->element_size)
		arg->element_size = sizeof(struct ipcmbox_send);
	return result(ioctl(fd, IPCMBOX_IOC_SENDV, arg));
}

int mailbox_recvv(int fd, struct ipcmbox_vector *arg)
{
	if (!arg->element_size)
		arg->element_size = sizeof(struct ipcmbox_recv);
	return result(ioctl(fd, IPCMBOX_IOC_RECVV, arg));
}

int put(int fd, __u32 priority, __u32 number)
{
	return message_send(fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
			    .flags = IPCMBOX_NONBLOCK, .priority = priority);
}

int take_info(int fd, __u32 *number, struct ipcmbox_recv *arg)
{
	arg->buf_ptr = ptr_u64(number);
	arg->buf_len = sizeof(*number);
	arg->flags |= IPCMBOX_NONBLOCK;
	return mailbox_recv(fd, arg);
}

__s64 take(int fd)
{
	__u32 number;
	int ret = take_info(fd, &number, &(struct ipcmbox_recv){});

	return ret < 0 ? ret : (__s64)number;
}

/*
 * Events
 */

int mailbox_join(int fd, struct ipcmbox_join *arg)
{
	arg->limit = POISON32;
	memset(&arg->id, POISON, sizeof(arg->id));
	return result(ioctl(fd, IPCMBOX_IOC_JOIN, arg));
}

int member_leave(int fd)
{
	return result(ioctl(fd, IPCMBOX_IOC_LEAVE));
}

int put_event(int fd, __u64 events, __u32 priority, __u32 number)
{
	return message_send(fd, .buf_ptr = ptr_u64(&number), .buf_len = sizeof(number),
			    .flags = IPCMBOX_NONBLOCK, .priority = priority, .events = events);
}

int take_event(int fd, __u32 *number, struct ipcmbox_recv *recv)
{
	*recv = (struct ipcmbox_recv){
		.buf_ptr = ptr_u64(number), .buf_len = sizeof(*number), .flags = IPCMBOX_NONBLOCK,
	};
	return mailbox_receive(fd, recv);
}

__s64 take_lost(int fd, __u64 *lost)
{
	struct ipcmbox_recv recv;
	__u32 number;
	int ret = take_event(fd, &number, &recv);

	*lost = ret < 0 ? 0 : recv.lost;
	return ret < 0 ? ret : (__s64)number;
}

/*
 * Waiting for a state, instead of sleeping and hoping
 */

__u64 now_ns(int clock)
{
	static const clockid_t ids[] = {
		[IPCMBOX_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
		[IPCMBOX_CLOCK_REALTIME] = CLOCK_REALTIME,
		[IPCMBOX_CLOCK_BOOTTIME] = CLOCK_BOOTTIME,
	};
	struct timespec ts;

	clock_gettime(ids[clock], &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static bool patience(__u64 start)
{
	sched_yield();
	return now_ns(IPCMBOX_CLOCK_MONOTONIC) - start < PATIENCE_NS;
}

static bool await_info(int fd, size_t offset, __u32 count)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	struct ipcmbox_info info;
	__u32 seen;

	do {
		if (mailbox_stat(fd, &info))
			return false;
		memcpy(&seen, (char *)&info + offset, sizeof(seen));
		if (seen == count)
			return true;
	} while (patience(start));
	fprintf(stderr, "# waited for %u calls, there are %u\n", count, seen);
	return false;
}

bool await_receivers(int fd, __u32 count)
{
	return await_info(fd, offsetof(struct ipcmbox_info, waiting_receivers), count);
}

bool await_senders(int fd, __u32 count)
{
	return await_info(fd, offsetof(struct ipcmbox_info, waiting_senders), count);
}

bool await_receiving(int fd, __u32 count)
{
	return await_info(fd, offsetof(struct ipcmbox_info, receiving), count);
}

bool await_value(const volatile int *value, int at_least)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	while (*value < at_least) {
		if (!patience(start))
			return false;
	}
	return true;
}

static char thread_state(pid_t pid, pid_t tid)
{
	char path[64], text[256], *paren;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (!read_file(path, text, sizeof(text)))
		return 0;
	paren = strrchr(text, ')');
	return paren && paren[1] ? paren[2] : 0;
}

bool await_thread_asleep(pid_t pid, pid_t tid)
{
	__u64 start = now_ns(IPCMBOX_CLOCK_MONOTONIC);

	while (thread_state(pid, tid) != 'S') {
		if (!patience(start))
			return false;
	}
	return true;
}

/*
 * Calls that block
 */

struct call *calls_alloc(size_t count)
{
	struct call *calls = mmap(NULL, count * sizeof(*calls), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return calls == MAP_FAILED ? NULL : calls;
}

void call_prepare_send(struct call *call, int fd, const struct ipcmbox_send *arg)
{
	*call = (struct call){ .kind = CALL_SEND, .fd = fd, .send = *arg };
}

/* The room of a receive without a buffer is @data. */
void call_prepare_recv(struct call *call, int fd, const struct ipcmbox_recv *arg)
{
	*call = (struct call){ .kind = CALL_RECV, .fd = fd, .recv = *arg };
	if (!arg->buf_ptr) {
		call->recv.buf_ptr = ptr_u64(call->data);
		call->recv.buf_len = sizeof(call->data);
	}
}

void call_prepare_receive(struct call *call, int fd, const struct ipcmbox_recv *arg)
{
	call_prepare_recv(call, fd, arg);
	call->kind = CALL_RECEIVE;
}

void call_prepare_call(struct call *call, int fd, const struct ipcmbox_call *arg)
{
	*call = (struct call){ .kind = CALL_CALL, .fd = fd, .call = *arg };
	if (!arg->reply_ptr) {
		call->call.reply_ptr = ptr_u64(call->data);
		call->call.reply_len = sizeof(call->data);
	}
}

static int call_execute(struct call *call)
{
	switch (call->kind) {
	case CALL_SEND:
		return mailbox_send(call->fd, &call->send);
	case CALL_RECV:
		return mailbox_recv(call->fd, &call->recv);
	case CALL_RECEIVE:
		return mailbox_receive(call->fd, &call->recv);
	case CALL_CALL:
		return mailbox_call(call->fd, &call->call);
	case CALL_SENDV:
		return mailbox_sendv(call->fd, &call->vector);
	case CALL_RECVV:
		return mailbox_recvv(call->fd, &call->vector);
	case CALL_REPLY_RECV:
		return mailbox_reply_recv(call->fd, &call->reply, &call->recv);
	case CALL_READ:
		return result(read(call->fd, call->data, sizeof(call->data)));
	case CALL_WRITE:
		return result(write(call->fd, call->data, call->send.buf_len));
	}
	return -EINVAL;
}

static void *call_body(void *arg)
{
	struct call *call = arg;

	call->tid = syscall(SYS_gettid);
	call->result = call_execute(call);
	call->end_ns = now_ns(IPCMBOX_CLOCK_MONOTONIC);
	__atomic_store_n(&call->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

void call_start(struct call *call)
{
	if (pthread_create(&call->thread, NULL, call_body, call))
		abort();
}

int call_join(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->result;
}

static int call_child(void *arg)
{
	struct call *call = arg;

	close_all_but(call->fd);
	call_body(call);
	return 0;
}

pid_t call_fork(struct call *call)
{
	call->pid = child_start(call_child, call);
	return call->pid;
}

int call_wait(struct call *call)
{
	return child_wait(call->pid) ? -ECHILD : call->result;
}

int call_kill(struct call *call)
{
	kill(call->pid, SIGKILL);
	return child_wait(call->pid);
}

bool call_await_asleep(struct call *call)
{
	return await_value(&call->tid, 1) &&
	       await_thread_asleep(call->pid ? call->pid : getpid(), call->tid) &&
	       !call->done;
}

void put_start(struct call *call, int fd, __u32 priority, __u32 number)
{
	send_prepare(call, fd, .buf_ptr = ptr_u64(call->data), .buf_len = sizeof(number),
		     .priority = priority);
	memcpy(call->data, &number, sizeof(number));
	call_start(call);
}

__u32 call_number(const struct call *call)
{
	__u32 number;

	memcpy(&number, call->data, sizeof(number));
	return number;
}

/*
 * Processes
 */

pid_t child_start(int (*body)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* A test that was ended must not leave its children behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(body(arg));
}

int child_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int child_run(int (*body)(void *arg), void *arg)
{
	return child_wait(child_start(body, arg));
}

struct order {
	int (*deed)(int arg);
	int arg;
};

/* Only the test has the end to write to: when that is closed, the test is over. */
static int lifeline[2] = { -1, -1 };

struct actor *actor_prepare(void)
{
	struct actor *actor = mmap(NULL, sizeof(*actor), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (actor == MAP_FAILED || pipe2(actor->orders, O_CLOEXEC) ||
	    pipe2(actor->results, O_CLOEXEC) ||
	    (lifeline[0] < 0 && pipe2(lifeline, O_CLOEXEC)))
		abort();
	return actor;
}

static void await_order(int fd)
{
	struct pollfd pfds[] = {
		{ .fd = lifeline[0] },
		{ .fd = fd, .events = POLLIN },
	};

	while (poll(pfds, 2, -1) < 0 || !pfds[1].revents) {
		if (pfds[0].revents)
			_exit(0);
	}
}

void outlive_parent(void)
{
	for (;;)
		await_order(-1);
}

static void actor_body(struct actor *actor)
{
	struct order order;
	int result;

	close(lifeline[1]);
	lifeline[1] = -1;
	for (;;) {
		await_order(actor->orders[0]);
		if (read(actor->orders[0], &order, sizeof(order)) != sizeof(order))
			_exit(1);
		result = order.deed(order.arg);
		if (write(actor->results[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
	}
}

pid_t actor_run(struct actor *actor)
{
	pid_t pid = fork();

	if (!pid)
		actor_body(actor);
	actor->pid = pid;
	return pid;
}

struct actor *actor_start(void)
{
	struct actor *actor = actor_prepare();

	actor_run(actor);
	return actor;
}

void actor_tell(struct actor *actor, int (*deed)(int arg), int arg)
{
	struct order order = { deed, arg };

	if (write(actor->orders[1], &order, sizeof(order)) != sizeof(order))
		abort();
}

int actor_hear(struct actor *actor)
{
	struct pollfd pfd = { .fd = actor->results[0], .events = POLLIN };
	int result;

	if (poll(&pfd, 1, PATIENCE_NS / NSEC_PER_MSEC) != 1 ||
	    read(pfd.fd, &result, sizeof(result)) != sizeof(result))
		return -ETIME;
	return result;
}

int actor_ask(struct actor *actor, int (*deed)(int arg), int arg)
{
	actor_tell(actor, deed, arg);
	return actor_hear(actor);
}

void actor_end(struct actor *actor)
{
	if (!actor)
		return;
	if (actor->pid > 0) {
		kill(actor->pid, SIGKILL);
		child_wait(actor->pid);
	}
	close(actor->orders[0]);
	close(actor->orders[1]);
	close(actor->results[0]);
	close(actor->results[1]);
	munmap(actor, sizeof(*actor));
}

void close_all_but(int keep)
{
	if (keep > 3)
		syscall(SYS_close_range, 3, keep - 1, 0);
	syscall(SYS_close_range, keep < 3 ? 3 : keep + 1, ~0U, 0);
}

/* Root's capabilities go with its ids. */
int become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	/* A change of ids clears both; children must end, and own their files in /proc. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

/*
 * The rest
 */

__u32 scaled(__u32 count)
{
	const char *scale = getenv("IPCMBOX_TEST_SCALE");
	double scaled = count * (scale ? atof(scale) : 1.0);

	return scaled < 1 ? 1 : (__u32)scaled;
}

static __u8 pattern(size_t i, __u32 seed)
{
	return (i * 7 + (i >> 8) * 13 + seed * 31) & 0xff;
}

void fill_pattern(void *buf, size_t len, __u32 seed)
{
	__u8 *bytes = buf;
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = pattern(i, seed);
}

bool check_pattern(const void *buf, size_t len, __u32 seed)
{
	const __u8 *bytes = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] != pattern(i, seed))
			return false;
	}
	return true;
}

bool write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, len) == len;
	close(fd);
	return ok;
}

bool read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, buf, size - 1);
	close(fd);
	if (len < 0)
		return false;
	buf[len] = 0;
	return true;
}
