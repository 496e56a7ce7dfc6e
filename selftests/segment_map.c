// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments as memory: mappings, seals, read and write, futexes and what is made of them.
 */
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"
#include "segment_test.h"
#include "uffd_test.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)

FIXTURE(memory) {
	int dev, fd, ro;	/* one segment of SIZE bytes */
	char *p;
	__u64 bytes;
	int count;
};

static __u64 used_bytes(int dev)
{
	struct ipcmbox_query query;

	return query_budget(dev, &query) ? ~0ULL : query.user_segment_bytes;
}

FIXTURE_SETUP(memory)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = segment_count(self->dev);
	self->bytes = used_bytes(self->dev);
	self->fd = segment_new(self->dev, .size = SIZE, .flags = IPCMBOX_OPEN_SEALABLE);
	ASSERT_GE(self->fd, 0);
	self->ro = segment_by_id(self->dev, segment_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->ro, 0);
	self->p = map(self->fd, SIZE, READ_WRITE);
	ASSERT_NE(NULL, self->p);
}

FIXTURE_TEARDOWN(memory)
{
	if (self->p)
		munmap(self->p, SIZE);
	close(self->ro);
	close(self->fd);
	EXPECT_TRUE(await_segments(self->dev, self->count));
	EXPECT_EQ(self->bytes, used_bytes(self->dev));
	close(self->dev);
}

/* The signal that reading (writing) a byte brings, or 0. */
static sigjmp_buf back;

static void jump(int signo)
{
	siglongjmp(back, signo);
}

static int touch(volatile char *p, bool write)
{
	int signo;

	signal(SIGSEGV, jump);
	signal(SIGBUS, jump);
	signo = sigsetjmp(back, 1);
	if (!signo) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return signo;
}

/*
 * Mappings
 */

static const struct way {
	int prot, flags;
	int rw, ro;	/* error on a descriptor that can write, that cannot */
} ways[] = {
	{ PROT_NONE, MAP_SHARED, 0, 0 },
	{ PROT_READ, MAP_SHARED, 0, 0 },
	{ PROT_WRITE, MAP_SHARED, 0, EACCES },
	{ READ_WRITE, MAP_SHARED, 0, EACCES },
	{ READ_WRITE, MAP_SHARED_VALIDATE, 0, EACCES },
	{ READ_WRITE, MAP_SHARED | MAP_POPULATE, 0, EACCES },
	{ PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, EOPNOTSUPP, EOPNOTSUPP },
	{ PROT_READ, MAP_PRIVATE, 0, 0 },
	{ READ_WRITE, MAP_PRIVATE, 0, 0 },
	{ PROT_EXEC, MAP_SHARED, EPERM, EPERM },
	{ PROT_READ | PROT_EXEC, MAP_SHARED, EPERM, EPERM },
	{ PROT_READ | PROT_EXEC, MAP_PRIVATE, EPERM, EPERM },
	{ READ_WRITE | PROT_EXEC, MAP_PRIVATE, EPERM, EPERM },
};

TEST_F(memory, protections)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		EXPECT_EQ(-ways[i].rw, map_error(self->fd, SIZE, ways[i].prot, ways[i].flags))
			TH_LOG("prot %x flags %x", ways[i].prot, ways[i].flags);
		EXPECT_EQ(-ways[i].ro, map_error(self->ro, SIZE, ways[i].prot, ways[i].flags))
			TH_LOG("read-only, prot %x flags %x", ways[i].prot, ways[i].flags);
	}
	EXPECT_EQ(-EINVAL, map_error(self->fd, 0, PROT_READ, MAP_SHARED));
	EXPECT_EQ(-EINVAL, errno_of((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 100)));

	EXPECT_EQ(-EACCES, errno_of(mprotect(self->p, SIZE, READ_WRITE | PROT_EXEC)));
	EXPECT_EQ(0, errno_of(mprotect(self->p, SIZE, PROT_READ)));
	EXPECT_EQ(SIGSEGV, touch(self->p, true));
	EXPECT_EQ(0, errno_of(mprotect(self->p, SIZE, READ_WRITE)));
	EXPECT_EQ(0, touch(self->p, true));
}

/* Everything is executable for such a process, but not this. */
TEST_F(memory, reading_implies_executing)
{
	char *p;

	ASSERT_NE(-1, personality(READ_IMPLIES_EXEC));
	p = map(self->fd, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EACCES, errno_of(mprotect(p, PAGE, PROT_READ | PROT_EXEC)));
	munmap(p, PAGE);
	ASSERT_NE(-1, personality(PER_LINUX));
}

TEST_F(memory, shared_private_and_parts)
{
	char *part = map_at(self->fd, 3 * PAGE, 100, PROT_READ, MAP_SHARED);
	char *private = map_at(self->ro, 0, SIZE, READ_WRITE, MAP_PRIVATE);

	ASSERT_NE(NULL, part);
	ASSERT_NE(NULL, private);
	self->p[3 * PAGE + 5] = 'a';
	EXPECT_EQ('a', part[5]);
	EXPECT_EQ('a', private[3 * PAGE + 5]);
	private[3 * PAGE + 5] = 'b';
	EXPECT_EQ('a', part[5]) TH_LOG("a private mapping is a copy");
	self->p[3 * PAGE + 5] = 'c';
	EXPECT_EQ('b', private[3 * PAGE + 5]);
	EXPECT_EQ('c', part[5]);
	munmap(part, 100);
	munmap(private, SIZE);
}

/* Access within the size always works, and beyond it is a signal. */
TEST_F(memory, end)
{
	char *p = map(self->fd, 2 * SIZE, READ_WRITE);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, touch(p + SIZE - 1, true));
	EXPECT_EQ(SIGBUS, touch(p + SIZE, false));
	EXPECT_EQ(0, resize(self->fd, SIZE + 1));
	EXPECT_EQ(0, touch(p + SIZE, true));
	EXPECT_EQ(0, resize(self->fd, PAGE));
	EXPECT_EQ(SIGBUS, touch(p + PAGE, false));
	EXPECT_EQ(SIGBUS, touch(self->p + SIZE - 1, true));
	EXPECT_EQ(0, touch(p, true));
	munmap(p, 2 * SIZE);
}

TEST_F(memory, remapped)
{
	char *p;

	ASSERT_EQ(0, resize(self->fd, 4 * SIZE));
	self->p[0] = 'x';
	p = mremap(self->p, SIZE, 4 * SIZE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, (void *)p);
	self->p = NULL;
	EXPECT_EQ('x', p[0]);
	EXPECT_EQ(0, touch(p + 4 * SIZE - 1, true));
	p = mremap(p, 4 * SIZE, PAGE, 0);
	ASSERT_NE(MAP_FAILED, (void *)p);
	EXPECT_EQ('x', p[0]);
	munmap(p, PAGE);
}

TEST_F(memory, no_holes)
{
	memset(self->p, 7, SIZE);
	EXPECT_EQ(-EOPNOTSUPP, errno_of(fallocate(self->fd, FALLOC_FL_PUNCH_HOLE |
						  FALLOC_FL_KEEP_SIZE, 0, PAGE)));
	EXPECT_EQ(-EOPNOTSUPP, errno_of(fallocate(self->fd, 0, 0, 2 * SIZE)));
	EXPECT_EQ(-EOPNOTSUPP, errno_of(madvise(self->p, PAGE, MADV_REMOVE)));
	EXPECT_EQ(SIZE, segment_info(self->fd).size);
	/* Advice that takes nothing away from others. */
	EXPECT_EQ(0, errno_of(madvise(self->p, SIZE, MADV_DONTNEED)));
	EXPECT_EQ(7, self->p[0]);
	EXPECT_EQ(0, errno_of(madvise(self->p, SIZE, MADV_WILLNEED)));
	EXPECT_EQ(0, errno_of(msync(self->p, SIZE, MS_SYNC)));
	EXPECT_EQ(0, errno_of(fsync(self->fd)));
	EXPECT_EQ(7, self->p[SIZE - 1]);
}

/* Nobody makes a descriptor or a mapping of another one but the module: root neither. */
TEST_F(memory, cannot_be_opened_again)
{
	char path[80];
	char *p = map(self->ro, PAGE, PROT_READ);

	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-ENXIO, reopen(self->ro, O_RDONLY));
	EXPECT_EQ(-ENXIO, reopen(self->ro, O_RDWR));
	EXPECT_EQ(-ENXIO, reopen(self->fd, O_RDWR));
	EXPECT_EQ(-ENXIO, reopen(self->fd, O_RDWR | O_TRUNC));
	EXPECT_EQ(SIZE, segment_info(self->fd).size);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)p,
		 (unsigned long)p + PAGE);
	EXPECT_EQ(-1, open(path, O_RDWR));
	EXPECT_EQ(ENXIO, errno);
	EXPECT_EQ(-1, execl(path, path, NULL));
	EXPECT_EQ(EACCES, errno);

	/* Nor do paths lead around the descriptor. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->ro);
	EXPECT_EQ(-EPERM, errno_of(truncate(path, 0)));
	EXPECT_EQ(-EPERM, errno_of(chmod(path, 0777)));
	EXPECT_EQ(-EPERM, errno_of(chown(path, 1, 1)));
	EXPECT_EQ(-EINVAL, resize(self->ro, 0));
	EXPECT_EQ(SIZE, segment_info(self->fd).size);
	munmap(p, PAGE);
}

/*
 * read(2), write(2)
 */

TEST_F(memory, read_and_write)
{
	char buf[PAGE];

	EXPECT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(5, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(0, memcmp(self->p, "hello", 5));
	EXPECT_EQ(5, pread(self->ro, buf, 5, 0));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	EXPECT_EQ(SIZE, lseek(self->ro, 0, SEEK_END));
	EXPECT_EQ(0, read(self->ro, buf, 1));
	EXPECT_EQ(-EBADF, errno_of(write(self->ro, "x", 1)));
	EXPECT_EQ(-ENXIO, errno_of(lseek(self->ro, SIZE, SEEK_DATA)));
}

TEST_F(memory, write_beyond_the_end)
{
	void *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov[2] = { { "abc", 3 }, { none, 8 } };
	int i;

	ASSERT_NE(MAP_FAILED, none);
	EXPECT_EQ(3, pwrite(self->fd, "abc", 3, SIZE - 1));
	EXPECT_EQ(SIZE + 2, segment_info(self->fd).size);
	EXPECT_EQ(SIZE + PAGE, segment_info(self->fd).charged);
	/* What cannot be read makes it no longer. */
	EXPECT_EQ(-EFAULT, errno_of(pwrite(self->fd, none, PAGE, SIZE)));
	EXPECT_EQ(SIZE + 2, segment_info(self->fd).size);
	EXPECT_EQ(3, pwritev(self->fd, iov, 2, 2 * SIZE));
	EXPECT_EQ(2 * SIZE + 3, segment_info(self->fd).size);
	EXPECT_EQ(2 * SIZE + PAGE, segment_info(self->fd).charged);

	ASSERT_EQ(0, errno_of(fcntl(self->fd, F_SETFL, O_APPEND)));
	for (i = 1; i <= 3; i++) {
		EXPECT_EQ(2, write(self->fd, "de", 2));
		EXPECT_EQ(2 * SIZE + 3 + 2 * i, segment_info(self->fd).size);
	}
}

TEST_F(memory, spliced)
{
	int fds[2], other = segment_new(self->dev, .size = PAGE);
	off_t from = 0;

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, pipe(fds));
	memset(self->p, 'z', SIZE);
	EXPECT_EQ(PAGE, splice(self->ro, NULL, fds[1], NULL, PAGE, 0));
	EXPECT_EQ(PAGE, splice(fds[0], NULL, other, NULL, PAGE, 0));
	EXPECT_EQ(PAGE, sendfile(other, self->ro, &from, PAGE));
	EXPECT_EQ(2 * PAGE, segment_info(other).size);
	EXPECT_EQ(2 * PAGE, segment_info(other).charged);
	close(other);
	close(fds[0]);
	close(fds[1]);
}

/*
 * Seals
 */

TEST_F(memory, seals_added)
{
	EXPECT_EQ(0, fcntl(self->fd, F_GET_SEALS));
	EXPECT_EQ(-EPERM, errno_of(fcntl(self->ro, F_ADD_SEALS, F_SEAL_GROW)));
	EXPECT_EQ(0, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_GROW)));
	EXPECT_EQ(-EPERM, resize(self->fd, SIZE + 1));
	EXPECT_EQ(-EPERM, errno_of(pwrite(self->fd, "x", 1, SIZE)));
	EXPECT_EQ(0, resize(self->fd, SIZE - 1));
	EXPECT_EQ(0, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_SHRINK)));
	EXPECT_EQ(-EPERM, resize(self->fd, 0));
	EXPECT_EQ(SIZE - 1, segment_info(self->fd).size);
	EXPECT_EQ(SIZE, segment_info(self->fd).charged);

	/* Not while somebody could write; afterwards nobody can. */
	EXPECT_EQ(-EBUSY, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_WRITE)));
	munmap(self->p, SIZE);
	self->p = NULL;
	EXPECT_EQ(0, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL)));
	EXPECT_EQ(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
		  fcntl(self->ro, F_GET_SEALS));
	EXPECT_EQ(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
		  segment_info(self->ro).seals);
	EXPECT_EQ(-EPERM, map_error(self->fd, SIZE, READ_WRITE, MAP_SHARED));
	EXPECT_EQ(-EPERM, errno_of(pwrite(self->fd, "x", 1, 0)));
	EXPECT_EQ(0, map_error(self->ro, SIZE, PROT_READ, MAP_SHARED));
	EXPECT_EQ(-EPERM, errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_GROW)));
}

TEST_F(memory, seals_at_creation)
{
	int fd = segment_new(self->dev, .size = PAGE, .seals = F_SEAL_SHRINK | F_SEAL_GROW);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(-EPERM, errno_of(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)));
	EXPECT_EQ(-EPERM, resize(fd, 0));
	EXPECT_EQ(-EPERM, resize(fd, 2 * PAGE));
	EXPECT_EQ(0, resize(fd, PAGE));
	EXPECT_EQ(0, map_error(fd, PAGE, READ_WRITE, MAP_SHARED));
	close(fd);

	fd = segment_new(self->dev, .size = PAGE, .seals = F_SEAL_WRITE,
			 .flags = IPCMBOX_OPEN_SEALABLE);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(F_SEAL_WRITE, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(-EPERM, map_error(fd, PAGE, READ_WRITE, MAP_SHARED));
	EXPECT_EQ(0, map_error(fd, PAGE, READ_WRITE, MAP_PRIVATE));
	EXPECT_EQ(0, errno_of(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)));
	close(fd);
}

/*
 * Between processes
 */

static int child_writes(void *arg)
{
	char *p = arg;

	p[0] = 'c';
	return 0;
}

TEST_F(memory, inherited_by_fork)
{
	EXPECT_EQ(0, child_run(child_writes, self->p));
	EXPECT_EQ('c', self->p[0]);
}

static int wait_for_wake(void *arg)
{
	__u32 *word = arg;

	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
	return *word;
}

/* The same word at different addresses, of different descriptors. */
TEST_F(memory, futex)
{
	__u32 *mine = (__u32 *)self->p, *theirs = (__u32 *)map(self->ro, PAGE, PROT_READ);
	pid_t pid;

	ASSERT_NE(NULL, theirs);
	pid = child_start(wait_for_wake, theirs);
	ASSERT_TRUE(await_thread_asleep(pid, pid));
	__atomic_store_n(mine, 42, __ATOMIC_SEQ_CST);
	EXPECT_EQ(1, syscall(SYS_futex, mine, FUTEX_WAKE, INT_MAX, NULL, NULL, 0));
	EXPECT_EQ(42, child_wait(pid));
	munmap(theirs, PAGE);
}

struct shared {
	pthread_mutex_t mutex;
	sem_t full, empty;
	int value, sum;
};

static int die_with_mutex(void *arg)
{
	struct shared *shared = arg;

	if (pthread_mutex_lock(&shared->mutex))
		return 1;
	shared->value = 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(memory, robust_mutex)
{
	struct shared *shared = (struct shared *)self->p;
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	ASSERT_EQ(0, pthread_mutex_init(&shared->mutex, &attr));
	EXPECT_EQ(255, child_run(die_with_mutex, shared));
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_lock(&shared->mutex));
	EXPECT_EQ(1, shared->value);
	EXPECT_EQ(0, pthread_mutex_consistent(&shared->mutex));
	EXPECT_EQ(0, pthread_mutex_unlock(&shared->mutex));
	EXPECT_EQ(0, pthread_mutex_trylock(&shared->mutex));
	pthread_mutex_unlock(&shared->mutex);
}

static int consume(void *arg)
{
	struct shared *shared = arg;
	int i;

	for (i = 0; i < 100; i++) {
		if (sem_wait(&shared->full))
			return 1;
		shared->sum += shared->value;
		if (sem_post(&shared->empty))
			return 2;
	}
	return 0;
}

TEST_F(memory, semaphores)
{
	struct shared *shared = (struct shared *)self->p;
	pid_t pid;
	int i;

	ASSERT_EQ(0, sem_init(&shared->full, 1, 0));
	ASSERT_EQ(0, sem_init(&shared->empty, 1, 1));
	pid = child_start(consume, shared);
	for (i = 1; i <= 100; i++) {
		ASSERT_EQ(0, sem_wait(&shared->empty));
		shared->value = i;
		ASSERT_EQ(0, sem_post(&shared->full));
	}
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(5050, shared->sum);
}

#define CHILD	"SEGMENT_MAP_DESCRIPTOR"

/* Another program finds it by its descriptor, and by its name. */
TEST_F(memory, executed_program)
{
	int fd = segment_new(self->dev, NAME("test exec"), .size = PAGE);
	char text[16];
	pid_t pid;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(4, pwrite(fd, "exec", 4, 0));
	ASSERT_EQ(0, fcntl(fd, F_SETFD, 0));
	snprintf(text, sizeof(text), "%d", fd);
	ASSERT_EQ(0, setenv(CHILD, text, 1));
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "segment_map", NULL);
		_exit(127);
	}
	EXPECT_EQ(0, child_wait(pid));
	unsetenv(CHILD);
	ASSERT_EQ(4, pread(fd, text, 4, 0));
	EXPECT_EQ(0, memcmp(text, "EXEC", 4));
	close(fd);
	EXPECT_EQ(0, segment_unlink(self->dev, "test exec"));
}

/* That other program: this one, in another process. */
static void __attribute__((constructor)) executed(void)
{
	const char *number = getenv(CHILD);
	int dev, fd, found;
	char *p, *q;

	if (!number)
		return;
	fd = atoi(number);
	dev = device_open();
	found = segment_find(dev, "test exec", IPCMBOX_READ);
	p = map(fd, PAGE, READ_WRITE);
	q = map(found, PAGE, PROT_READ);
	if (!p || !q || memcmp(q, "exec", 4))
		_exit(1);
	memcpy(p, "EXEC", 4);
	_exit(memcmp(q, "EXEC", 4) ? 2 : 0);
}

/*
 * A user's memory that does not come holds up that user's write, and nobody else.
 */

struct writer {
	int fd;
	char *from;
	volatile int done;
	ssize_t result;
};

static void *write_slowly(void *arg)
{
	struct writer *writer = arg;

	writer->result = pwrite(writer->fd, writer->from, PAGE, 0);
	writer->done = 1;
	return NULL;
}

TEST_F(memory, stalled_write_holds_up_no_namespace)
{
	struct writer writer = { .fd = self->fd };
	pthread_t thread;
	struct hold hold;
	int other;

	if (!hold_begin(&hold))
		SKIP(return, "no userfaultfd");
	writer.from = hold.page;
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_slowly, &writer));
	ASSERT_TRUE(hold_await(&hold));
	EXPECT_EQ(0, segment_set(self->fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_MODE, .mode = 0640 }));
	EXPECT_EQ(0640, segment_info(self->fd).mode);
	EXPECT_EQ(self->count + 1, segment_count(self->dev));
	other = segment_new(self->dev, .size = PAGE);
	EXPECT_GE(other, 0);
	close(other);
	EXPECT_EQ(0, writer.done);
	ASSERT_TRUE(hold_end(&hold));
	pthread_join(thread, NULL);
	EXPECT_EQ(PAGE, writer.result);
}

TEST_HARNESS_MAIN
