// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of several processes do everything at once to the same few mailboxes, under signals and
 * kill -9. No call may fail in a way the manual does not know, no payload may be damaged, and in
 * the end all accounts are even.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define SEED		20240229
#define NAMES		4
#define PROCESSES	4
#define THREADS		3
#define DESCRIPTORS	6
#define LONGEST		20000

struct scene {
	volatile int wrong;	/* what no worker should have seen */
	volatile int progress;
};

struct worker {
	struct scene *scene;
	int dev;
	unsigned int seed;
	__u32 rounds;
	int fds[DESCRIPTORS];
	char *buf;
};

static __u32 dice(struct worker *worker, __u32 sides)
{
	return rand_r(&worker->seed) % sides;
}

/* The errors a call of this kind may meet here */
static bool expected(int ret, const int *errors)
{
	if (ret >= 0)
		return true;
	for (; *errors; errors++) {
		if (ret == -*errors)
			return true;
	}
	return false;
}

static const int open_errors[] = { ENOENT, EEXIST, 0 };
static const int unlink_errors[] = { ENOENT, 0 };
static const int send_errors[] = { EAGAIN, ETIMEDOUT, EINTR, EPIPE, EMSGSIZE, EACCES, 0 };
static const int recv_errors[] = { EAGAIN, ETIMEDOUT, EINTR, EPIPE, EMSGSIZE, EACCES, EFAULT, 0 };
static const int no_errors[] = { 0 };

static void check(struct worker *worker, const char *what, int ret, const int *errors)
{
	if (expected(ret, errors))
		return;
	fprintf(stderr, "# %s: unexpected: %s\n", what, strerror(-ret));
	worker->scene->wrong = 1;
}

static const char *random_name(struct worker *worker)
{
	static const char * const names[NAMES] = { "test a", "test b", "test c", "test d" };

	return names[dice(worker, NAMES)];
}

static int *random_slot(struct worker *worker)
{
	return &worker->fds[dice(worker, DESCRIPTORS)];
}

static void put_into_slot(struct worker *worker, int fd)
{
	int *slot = random_slot(worker);

	if (fd < 0)
		return;
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

static void do_open(struct worker *worker)
{
	static const __u32 capacities[] = { 0, 1, 3, 20, IPCMBOX_UNBOUNDED };
	__u32 flags = dice(worker, 4) ? 0 : IPCMBOX_OPEN_TRANSIENT;
	const char *name = random_name(worker);
	int fd;

	flags |= dice(worker, 6) ? 0 : IPCMBOX_OPEN_EXCL;
	fd = mailbox_new(worker->dev, NAME(name), .flags = flags, .mode = 0600,
			 .access = 1 + dice(worker, 3), .overflow = dice(worker, 4),
			 .max_messages = capacities[dice(worker, ARRAY_SIZE(capacities))],
			 .max_length = LONGEST, .max_bytes = dice(worker, 2) ? 0 : 2 * LONGEST);
	check(worker, "create", fd, open_errors);
	put_into_slot(worker, fd);
}

static void do_reopen(struct worker *worker)
{
	struct ipcmbox_info info;
	int fd, ret;

	if (dice(worker, 2)) {
		fd = mailbox_find(worker->dev, random_name(worker), 1 + dice(worker, 3));
		check(worker, "open", fd, open_errors);
		put_into_slot(worker, fd);
		return;
	}
	/* Any mailbox of the namespace, by its id; it may be gone by then. */
	ret = mailbox_list(worker->dev, 0, &info, 1);
	check(worker, "list", ret, no_errors);
	if (ret == 1) {
		fd = mailbox_by_id(worker->dev, info.id, 1 + dice(worker, 3));
		check(worker, "open by id", fd, open_errors);
		put_into_slot(worker, fd);
	}
}

static void do_close(struct worker *worker)
{
	int *slot = random_slot(worker);

	if (*slot >= 0)
		close(*slot);
	*slot = -1;
}

static void do_unlink(struct worker *worker)
{
	if (!dice(worker, 4))
		check(worker, "unlink", mailbox_unlink(worker->dev, random_name(worker)),
		      unlink_errors);
}

static void do_list(struct worker *worker)
{
	struct ipcmbox_info infos[8];
	__u64 last = 0;
	int n, i;

	n = mailbox_list(worker->dev, 0, infos, ARRAY_SIZE(infos));
	check(worker, "list", n, no_errors);
	for (i = 0; i < n; i++) {
		const struct ipcmbox_info *info = &infos[i];

		if (info->id <= last ||
		    info->sent != info->received + info->dropped + info->messages ||
		    info->receiving > info->messages) {
			fprintf(stderr, "# list: mailbox %llu is inconsistent\n",
				(unsigned long long)info->id);
			worker->scene->wrong = 1;
		}
		last = info->id;
	}
}

static void do_stat(struct worker *worker, int fd)
{
	struct ipcmbox_info info;

	check(worker, "stat", mailbox_stat(fd, &info), no_errors);
	if (!mailbox_balanced(fd))
		worker->scene->wrong = 1;
}

static void do_set(struct worker *worker, int fd)
{
	check(worker, "set", mailbox_change(fd, .mask = IPCMBOX_SET_MAX_MESSAGES |
						       IPCMBOX_SET_OVERFLOW,
					    .max_messages = dice(worker, 8),
					    .overflow = dice(worker, 4)), no_errors);
}

static void do_poll(struct worker *worker, int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&pollfd, 1, dice(worker, 3));
}

/* Waits of at most a few milliseconds, so that nobody needs to be rescued. */
static void random_wait(struct worker *worker, __u32 *flags, __u64 *deadline)
{
	if (dice(worker, 2)) {
		*flags |= IPCMBOX_NONBLOCK;
		return;
	}
	*flags |= IPCMBOX_DEADLINE;
	*deadline = now_ns(IPCMBOX_CLOCK_MONOTONIC) + dice(worker, 3000000);
}

/* The payload's pattern follows from its first bytes. */
static void do_send(struct worker *worker, int fd)
{
	struct ipcmbox_send send = {
		.buf_ptr = ptr_u64(worker->buf),
		.buf_len = dice(worker, 4) ? 4 + dice(worker, 300) : 4 + dice(worker, LONGEST),
		.priority = dice(worker, 4),
		.completion = dice(worker, 2),
	};
	__u32 seed = dice(worker, 1000);

	fill_pattern(worker->buf + 4, send.buf_len - 4, seed);
	memcpy(worker->buf, &seed, 4);
	random_wait(worker, &send.flags, &send.deadline_ns);
	check(worker, "send", mailbox_send(fd, &send), send_errors);
}

static void do_recv(struct worker *worker, int fd)
{
	struct ipcmbox_recv recv = {
		.buf_ptr = dice(worker, 30) ? ptr_u64(worker->buf) : 8,
		.buf_len = dice(worker, 10) ? LONGEST + 4 : 100,
		.min_priority = dice(worker, 4) ? 0 : dice(worker, 4),
		.flags = dice(worker, 5) ? 0 : IPCMBOX_PEEK,
	};
	__u32 seed;
	int ret;

	random_wait(worker, &recv.flags, &recv.deadline_ns);
	ret = mailbox_recv(fd, &recv);
	check(worker, "recv", ret, recv_errors);
	if (ret < 0)
		return;
	memcpy(&seed, worker->buf, 4);
	if (ret < 4 || recv.length != ret || recv.priority < recv.min_priority ||
	    !check_pattern(worker->buf + 4, ret - 4, seed)) {
		fprintf(stderr, "# recv: damaged message of %d bytes\n", ret);
		worker->scene->wrong = 1;
	}
}

static void one_step(struct worker *worker)
{
	__u32 what = dice(worker, 20);
	int fd = *random_slot(worker);

	if (what < 2 || fd < 0)
		return do_open(worker);
	switch (what) {
	case 2:
		return do_reopen(worker);
	case 3:
		return do_close(worker);
	case 4:
		return do_unlink(worker);
	case 5:
		return do_list(worker);
	case 6:
		return do_stat(worker, fd);
	case 7:
		return do_set(worker, fd);
	case 8:
		return do_poll(worker, fd);
	case 9 ... 13:
		return do_send(worker, fd);
	default:
		return do_recv(worker, fd);
	}
}

static void *worker_body(void *arg)
{
	struct worker *worker = arg;
	__u32 i;

	worker->buf = malloc(LONGEST + 4);
	for (i = 0; i < DESCRIPTORS; i++)
		worker->fds[i] = -1;
	for (i = 0; i < worker->rounds && !worker->scene->wrong; i++) {
		one_step(worker);
		__atomic_add_fetch(&worker->scene->progress, 1, __ATOMIC_RELAXED);
	}
	for (i = 0; i < DESCRIPTORS; i++) {
		if (worker->fds[i] >= 0)
			close(worker->fds[i]);
	}
	free(worker->buf);
	return NULL;
}

static void ignore_signal(int sig)
{
	(void)sig;
}

/* One process: its threads, and a timer that interrupts them. */
static int process_body(void *arg)
{
	struct worker *first = arg, workers[THREADS];
	const struct itimerval storm = {
		.it_interval.tv_usec = 7000, .it_value.tv_usec = 7000,
	};
	struct sigaction action = {
		.sa_handler = ignore_signal, .sa_flags = first->seed & 1 ? SA_RESTART : 0,
	};
	pthread_t threads[THREADS];
	int i;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &storm, NULL);
	for (i = 0; i < THREADS; i++) {
		workers[i] = *first;
		workers[i].seed += 1000 * (i + 1);
		if (pthread_create(&threads[i], NULL, worker_body, &workers[i]))
			return 1;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return first->scene->wrong;
}

FIXTURE(stress) {
	int dev, count;
	struct ipcmbox_query before;
	struct scene *scene;
};

FIXTURE_SETUP(stress)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->count = mailbox_count(self->dev);
	self->scene = mmap(NULL, sizeof(*self->scene), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->scene);
}

FIXTURE_TEARDOWN(stress)
{
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static pid_t start_process(FIXTURE_DATA(stress) *self, unsigned int seed)
{
	struct worker worker = {
		.scene = self->scene, .dev = self->dev, .seed = seed, .rounds = scaled(250),
	};

	return child_start(process_body, &worker);
}

/* Those with a name are left; with nobody in them they are at rest. */
static void inspect_rest(struct __test_metadata *_metadata, FIXTURE_DATA(stress) *self)
{
	struct ipcmbox_info info;
	struct ipcmbox_query after;
	__u64 id = 0;
	int fd;

	while (mailbox_list(self->dev, id, &info, 1) == 1) {
		id = info.id;
		if (strncmp(info.name, "test", 4))
			continue;
		fd = mailbox_by_id(self->dev, id, RW);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(0, info.readers | info.writers | info.receiving |
			     info.waiting_receivers | info.waiting_senders);
		EXPECT_TRUE(mailbox_balanced(fd));
		while (message_recv(fd, .flags = IPCMBOX_NONBLOCK) == -EMSGSIZE) {
			char *buf = malloc(LONGEST);

			EXPECT_LE(4, message_recv(fd, .buf_ptr = ptr_u64(buf),
						  .buf_len = LONGEST));
			free(buf);
		}
		info = mailbox_info(fd);
		EXPECT_EQ(0, info.messages | info.bytes);
		EXPECT_EQ(info.sent, info.received + info.dropped);
		close(fd);
	}
	mailbox_unlink_tests(self->dev);
	EXPECT_EQ(self->count, mailbox_count(self->dev));
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_mailboxes, after.user_mailboxes);
	EXPECT_EQ(self->before.user_messages, after.user_messages);
	EXPECT_EQ(self->before.user_bytes, after.user_bytes);
}

TEST_F_TIMEOUT(stress, everything, 120)
{
	pid_t pids[PROCESSES];
	int i;

	TH_LOG("seed %d", SEED);
	for (i = 0; i < PROCESSES; i++)
		pids[i] = start_process(self, SEED + i);
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_EQ(0, self->scene->wrong);
	inspect_rest(_metadata, self);
}

TEST_F_TIMEOUT(stress, with_kills, 120)
{
	__u32 i, kills = scaled(16), seed = SEED;
	unsigned int dice = SEED;
	pid_t pids[PROCESSES];
	int victim, ret;

	TH_LOG("seed %d", SEED);
	for (i = 0; i < PROCESSES; i++)
		pids[i] = start_process(self, seed++);
	for (i = 0; i < kills; i++) {
		victim = rand_r(&dice) % PROCESSES;
		await_value(&self->scene->progress,
			    self->scene->progress + rand_r(&dice) % 200);
		kill(pids[victim], SIGKILL);
		ret = child_wait(pids[victim]);
		EXPECT_TRUE(ret == 255 || ret == 0);
		pids[victim] = start_process(self, seed++);
	}
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_EQ(0, self->scene->wrong);
	inspect_rest(_metadata, self);
}

/*
 * Each lives some milliseconds: what it is in when it dies, and what it has begun and not ended, is
 * chance. Nobody of them ends by himself.
 */
TEST_F_TIMEOUT(stress, killed_young, 1800)
{
	__u32 i, kills = scaled(500), seed = SEED;
	unsigned int dice = SEED;
	pid_t pids[PROCESSES];

	for (i = 0; i < PROCESSES; i++)
		pids[i] = start_process(self, seed++);
	for (i = 0; i < kills; i++) {
		pid_t *victim = &pids[rand_r(&dice) % PROCESSES];

		usleep(rand_r(&dice) % (i % 8 ? 2000 : 20000));
		kill(*victim, SIGKILL);
		child_wait(*victim);
		*victim = start_process(self, seed++);
	}
	for (i = 0; i < PROCESSES; i++) {
		kill(pids[i], SIGKILL);
		child_wait(pids[i]);
	}
	TH_LOG("%u killed, %d operations", kills + PROCESSES, self->scene->progress);
	EXPECT_EQ(0, self->scene->wrong);
	inspect_rest(_metadata, self);
}

TEST_HARNESS_MAIN
