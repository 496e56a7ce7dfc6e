// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments and whatever else the kernel lets one do with a mapping or a descriptor: lengths and
 * offsets that make no sense, moved and inherited mappings, advice, and the ways around a mapping
 * that is read-only. Each has a defined answer, and none of them gives a right.
 */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "segment_test.h"
#include "uffd_test.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

FIXTURE(access) {
	int dev, fd, ro;	/* one segment of SIZE bytes */
	char *p, *q;		/* mapped by these */
	struct ipcmbox_query before;
	int count;
};

FIXTURE_SETUP(access)
{
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->count = segment_count(self->dev);
	self->fd = segment_new(self->dev, .size = SIZE);
	ASSERT_GE(self->fd, 0);
	self->ro = segment_by_id(self->dev, segment_id(self->fd), IPCMBOX_READ);
	ASSERT_GE(self->ro, 0);
	self->p = map(self->fd, SIZE, READ_WRITE);
	ASSERT_NE(NULL, self->p);
	self->q = map(self->ro, SIZE, PROT_READ);
	ASSERT_NE(NULL, self->q);
	memset(self->p, 'a', SIZE);
}

/* With budgets and the content as they were. */
FIXTURE_TEARDOWN(access)
{
	struct ipcmbox_query after;
	int i;

	for (i = 0; self->q && i < SIZE; i += PAGE)
		EXPECT_EQ('a', self->q[i]);
	set_segment_parameter("user_segment_bytes", self->before.max_user_segment_bytes);
	if (self->p)
		munmap(self->p, SIZE);
	if (self->q)
		munmap(self->q, SIZE);
	close(self->ro);
	close(self->fd);
	EXPECT_TRUE(await_segments(self->dev, self->count));
	EXPECT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_segment_bytes, after.user_segment_bytes);
	EXPECT_EQ(self->before.user_segments, after.user_segments);
	close(self->dev);
}

/*
 * What newer kernels say otherwise they say so of any file in memory: such a one, of a page, is
 * asked beside the segment.
 */
static void *other_file(size_t size, int prot, int flags)
{
	int fd = memfd_create("other", MFD_CLOEXEC);
	void *p = NULL;

	if (resize(fd, PAGE) == 0)
		p = map_at(fd, 0, size, prot, flags);
	close(fd);
	return p;
}

/* The signal that reading a byte brings, or 0. */
static sigjmp_buf back;

static void jump(int signo)
{
	siglongjmp(back, signo);
}

static int touch(const volatile char *p)
{
	int signo;

	signal(SIGSEGV, jump);
	signal(SIGBUS, jump);
	signo = sigsetjmp(back, 1);
	if (!signo)
		(void)*p;
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return signo;
}

/*
 * Lengths and offsets
 */

/* With the budget there is, and with one that says yes to anything. */
static const struct { off64_t size; int error, without; } sizes[] = {
	{ -1, -EINVAL, -EINVAL },
	{ INT64_MIN, -EINVAL, -EINVAL },
	{ INT64_MAX, -EFBIG, -EFBIG },
	{ INT64_MAX - PAGE + 2, -EFBIG, -EFBIG },
	{ INT64_MAX - PAGE + 1, -EDQUOT, 1 },
	{ 1LL << 40, -EDQUOT, 1 },
};

TEST_F(access, sizes)
{
	struct ipcmbox_query query;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(sizes[i].error, resize(self->fd, sizes[i].size)) TH_LOG("row %zu", i);
		EXPECT_EQ(SIZE, segment_info(self->fd).size);
		EXPECT_EQ(SIZE, segment_info(self->fd).charged);
	}
	EXPECT_EQ(-EFBIG, segment_new(self->dev, .size = ~0ULL));
	EXPECT_EQ(-EFBIG, segment_new(self->dev, .size = 1ULL << 63));
	EXPECT_EQ(-EFBIG, segment_new(self->dev, .size = INT64_MAX));
	EXPECT_EQ(-EDQUOT, segment_new(self->dev, .size = 1ULL << 40));

	ASSERT_TRUE(set_segment_parameter("user_segment_bytes", ULONG_MAX));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* What it takes all memory to find out is not asked. */
		if (sizes[i].without == 1)
			continue;
		EXPECT_EQ(sizes[i].without, resize(self->fd, sizes[i].size)) TH_LOG("row %zu", i);
		EXPECT_EQ(SIZE, segment_info(self->fd).charged);
	}
	ASSERT_EQ(0, query_budget(self->dev, &query));
	EXPECT_EQ(self->before.user_segment_bytes + SIZE, query.user_segment_bytes);
}

TEST_F(access, writes_that_end_nowhere)
{
	char byte;

	EXPECT_EQ(-EDQUOT, errno_of(pwrite64(self->fd, "a", 1, 1LL << 40)));
	EXPECT_EQ(-EINVAL, errno_of(pwrite64(self->fd, "a", 1, -1)));
	EXPECT_EQ(-EINVAL, errno_of(pwrite64(self->fd, "a", 1, INT64_MAX)));
	EXPECT_EQ(-EFBIG, errno_of(pwrite64(self->fd, "a", 1, INT64_MAX - 1)));
	EXPECT_EQ(-EINVAL, errno_of(lseek(self->fd, -1, SEEK_SET)));
	EXPECT_EQ(SIZE, segment_info(self->fd).size);
	EXPECT_EQ(0, pread64(self->fd, &byte, 1, 1LL << 40));
	EXPECT_EQ(-EINVAL, errno_of(pread64(self->fd, &byte, 1, -1)));
}

static const struct { off64_t offset; size_t size; int error; } ranges[] = {
	{ 0, 0, -EINVAL },
	{ 1, PAGE, -EINVAL },
	{ PAGE + 512, PAGE, -EINVAL },
	{ 0, -(size_t)PAGE, -ENOMEM },
	{ 0, ~(size_t)0, -ENOMEM },
	{ SIZE, PAGE, 0 },
	{ 1LL << 40, PAGE, 0 },
	{ 1, 0, -EINVAL },
};

TEST_F(access, ranges)
{
	size_t i;
	char *p;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		p = mmap64(NULL, ranges[i].size, PROT_READ, MAP_SHARED, self->fd, ranges[i].offset);
		EXPECT_EQ(ranges[i].error, p == MAP_FAILED ? -errno : 0) TH_LOG("row %zu", i);
		if (p == MAP_FAILED)
			continue;
		/* What is beyond the end can be mapped, as it may come. */
		EXPECT_EQ(SIGBUS, touch(p));
		munmap(p, ranges[i].size);
	}
	/* The end of what pages can be counted, which 32-bit callers' C library cannot ask for. */
	p = mmap64(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->fd, -(off64_t)PAGE);
	EXPECT_EQ(MAP_FAILED, (void *)p);
	EXPECT_EQ(sizeof(long) < sizeof(off64_t) ? EINVAL : EOVERFLOW, errno);
	EXPECT_EQ(-EINVAL, map_error(self->fd, SIZE, READ_WRITE, MAP_SHARED | MAP_HUGETLB));
	EXPECT_EQ(-EINVAL, map_error(self->fd, SIZE, READ_WRITE, MAP_SHARED | MAP_GROWSDOWN));
	EXPECT_EQ(-EINVAL, map_error(self->fd, SIZE, READ_WRITE, 0));
	EXPECT_EQ(0, map_error(self->fd, SIZE, READ_WRITE, MAP_SHARED | MAP_LOCKED));
}

/*
 * Mappings that become others
 */

TEST_F(access, mremap)
{
	char *p, *gap = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *other = other_file(SIZE, READ_WRITE, MAP_SHARED);
	int error;

	/* Grown beyond the end, shrunk, moved. */
	p = mremap(self->q, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, (void *)p);
	EXPECT_EQ(SIGBUS, touch(p + SIZE));
	ASSERT_EQ(p, mremap(p, 2 * SIZE, SIZE, 0));
	ASSERT_EQ(gap, mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, gap));
	EXPECT_EQ(SIGSEGV, touch(p));
	self->q = gap;
	EXPECT_EQ('a', gap[SIZE - 1]);
	EXPECT_EQ(-EACCES, errno_of(mprotect(gap, SIZE, READ_WRITE)));

	/* Of nothing: once more, with the same right. */
	p = mremap(self->q, 0, SIZE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, (void *)p);
	EXPECT_EQ('a', p[SIZE - 1]);
	EXPECT_EQ(-EACCES, errno_of(mprotect(p, SIZE, READ_WRITE)));
	munmap(p, SIZE);

	/* Elsewhere as well: both are of the segment. */
	p = mremap(self->p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	ASSERT_NE(MAP_FAILED, (void *)p);
	p[5] = 'b';
	EXPECT_EQ('b', self->p[5]);
	self->p[5] = 'a';
	EXPECT_EQ('a', p[5]);
	munmap(p, SIZE);

	/* More than there can be: ENOMEM, and EINVAL in 7.x. */
	ASSERT_NE(NULL, other);
	EXPECT_EQ(MAP_FAILED, mremap(other, SIZE, -(size_t)PAGE, MREMAP_MAYMOVE));
	error = errno;
	EXPECT_TRUE(error == ENOMEM || error == EINVAL);
	EXPECT_EQ(MAP_FAILED, mremap(self->p, SIZE, -(size_t)PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(error, errno);
	munmap(other, SIZE);
	EXPECT_EQ(MAP_FAILED, mremap(self->p + 1, PAGE, PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EINVAL, errno);
}

/* The old way to have another part of a file there. */
TEST_F(access, remap_file_pages)
{
	char *last = self->p + SIZE - PAGE;

	EXPECT_EQ(-EINVAL, errno_of(syscall(SYS_remap_file_pages, self->q, PAGE, 0, 1, 0)));
	self->p[PAGE] = 'c';
	ASSERT_EQ(0, errno_of(syscall(SYS_remap_file_pages, last, PAGE, 0, 1, 0)));
	EXPECT_EQ('c', last[0]);
	EXPECT_EQ(-EACCES, errno_of(mprotect(last, PAGE, PROT_READ | PROT_EXEC)));
	last[0] = 'a';
	EXPECT_EQ('a', self->q[PAGE]);
}

TEST_F(access, protection)
{
	EXPECT_EQ(-EACCES, errno_of(mprotect(self->q, SIZE, READ_WRITE)));
	EXPECT_EQ(-EACCES, errno_of(mprotect(self->q, PAGE, PROT_WRITE)));
	EXPECT_EQ(0, errno_of(mprotect(self->q, PAGE, PROT_NONE)));
	EXPECT_EQ(SIGSEGV, touch(self->q));
	EXPECT_EQ(-EACCES, errno_of(mprotect(self->q, PAGE, READ_WRITE)));
	EXPECT_EQ(0, errno_of(mprotect(self->q, PAGE, PROT_READ)));
	EXPECT_EQ(0, errno_of(mprotect(self->p + PAGE, PAGE, PROT_NONE)));
	EXPECT_EQ(0, errno_of(mprotect(self->p, SIZE, READ_WRITE)));
	EXPECT_EQ(-EACCES, errno_of(mprotect(self->p, SIZE, PROT_READ | PROT_EXEC)));
}

/*
 * Advice
 */

static const struct { int advice, rw, ro; } advices[] = {
	{ MADV_NORMAL, 0, 0 },
	{ MADV_WILLNEED, 0, 0 },
	{ MADV_DONTNEED, 0, 0 },
	{ MADV_COLD, 0, 0 },
	{ MADV_PAGEOUT, 0, 0 },
	{ MADV_POPULATE_READ, 0, 0 },
	{ MADV_POPULATE_WRITE, 0, -EINVAL },
	{ MADV_REMOVE, -EOPNOTSUPP, -EACCES },
	{ MADV_FREE, -EINVAL, -EINVAL },
	{ MADV_WIPEONFORK, -EINVAL, -EINVAL },
};

TEST_F(access, advice)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		EXPECT_EQ(advices[i].rw, errno_of(madvise(self->p, SIZE, advices[i].advice)))
			TH_LOG("advice %d", advices[i].advice);
		EXPECT_EQ(advices[i].ro, errno_of(madvise(self->q, SIZE, advices[i].advice)))
			TH_LOG("advice %d, read-only", advices[i].advice);
		EXPECT_EQ('a', self->p[SIZE - 1]);
		EXPECT_EQ('a', self->q[0]);
	}
}

static int poison(void *arg)
{
	if (become(1000, 1000))
		return 1;
	if (!madvise(arg, PAGE, MADV_HWPOISON) || (errno != EPERM && errno != EINVAL))
		return 2;
	return touch(arg) ? 3 : 0;
}

/* Only the administrator breaks memory, for all who have it. */
TEST_F(access, poison)
{
	EXPECT_EQ(0, child_run(poison, self->p));
}

static int is_gone(void *arg)
{
	return touch(arg) == SIGSEGV ? 0 : 1;
}

static int is_there(void *arg)
{
	return touch(arg);
}

TEST_F(access, not_inherited)
{
	EXPECT_EQ(0, errno_of(madvise(self->p + PAGE, PAGE, MADV_DONTFORK)));
	EXPECT_EQ(0, child_run(is_there, self->p));
	EXPECT_EQ(0, child_run(is_gone, self->p + PAGE));
	EXPECT_EQ(0, errno_of(madvise(self->p + PAGE, PAGE, MADV_DOFORK)));
	EXPECT_EQ(0, child_run(is_there, self->p + PAGE));
}

TEST_F(access, locked_and_synced)
{
	EXPECT_EQ(0, errno_of(mlock(self->p, SIZE)));
	EXPECT_EQ(0, errno_of(msync(self->p, SIZE, MS_SYNC)));
	EXPECT_EQ(-EBUSY, errno_of(msync(self->p, SIZE, MS_INVALIDATE)));
	/* Memory that is locked here can be cut off by whoever may. */
	EXPECT_EQ(0, resize(self->fd, SIZE - PAGE));
	EXPECT_EQ(SIGBUS, touch(self->p + SIZE - 1));
	EXPECT_EQ(0, resize(self->fd, SIZE));
	memset(self->p + SIZE - PAGE, 'a', PAGE);
	EXPECT_EQ(0, errno_of(munlock(self->p, SIZE)));
	EXPECT_EQ(0, errno_of(mlock(self->q, SIZE)));
	EXPECT_EQ(0, errno_of(msync(self->q, SIZE, MS_ASYNC)));
	EXPECT_EQ(-EINVAL, errno_of(msync(self->q, SIZE, MS_ASYNC | MS_SYNC)));
	EXPECT_EQ(0, errno_of(munlock(self->q, SIZE)));
}

/*
 * Ways around a mapping that is read-only
 */

TEST_F(access, proc_mem)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	char *private = map_at(self->ro, 0, SIZE, PROT_READ, MAP_PRIVATE);
	char *other = other_file(PAGE, PROT_READ, MAP_PRIVATE);
	int forced;

	ASSERT_GE(mem, 0);
	ASSERT_NE(NULL, private);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(-EIO, errno_of(pwrite64(mem, "x", 1, (uintptr_t)self->q)));
	EXPECT_EQ(1, pwrite64(mem, "x", 1, (uintptr_t)self->p));
	EXPECT_EQ('x', self->q[0]);
	self->p[0] = 'a';
	/* A breakpoint in a private mapping is a copy; some kernels let only debuggers set one. */
	forced = errno_of(pwrite64(mem, "x", 1, (uintptr_t)other));
	EXPECT_TRUE(forced == 0 || forced == -EIO);
	EXPECT_EQ(forced, errno_of(pwrite64(mem, "x", 1, (uintptr_t)private)));
	EXPECT_EQ(forced ? 'a' : 'x', private[0]);
	EXPECT_EQ('a', self->q[0]);
	munmap(other, PAGE);
	munmap(private, SIZE);
	close(mem);
}

TEST_F(access, process_vm)
{
	char x = 'x';
	struct iovec local = { &x, 1 }, there = { self->q, 1 };

	if (process_vm_readv(getpid(), NULL, 0, NULL, 0, 0))
		SKIP(return, "no process_vm_writev in this kernel");
	EXPECT_EQ(-EFAULT, errno_of(process_vm_writev(getpid(), &local, 1, &there, 1, 0)));
	there.iov_base = self->p;
	EXPECT_EQ(1, process_vm_writev(getpid(), &local, 1, &there, 1, 0));
	EXPECT_EQ('x', self->q[0]);
	self->p[0] = 'a';
	EXPECT_EQ(1, process_vm_readv(getpid(), &local, 1, &there, 1, 0));
	EXPECT_EQ('a', x);
}

static int traced(void *arg)
{
	(void)arg;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		return 1;
	raise(SIGSTOP);
	return 0;
}

TEST_F(access, ptrace)
{
	pid_t pid = child_start(traced, NULL);
	int status;

	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(-EIO, errno_of(ptrace(PTRACE_POKEDATA, pid, self->q, (void *)1L)));
	EXPECT_EQ(0, errno_of(ptrace(PTRACE_POKEDATA, pid, self->p, (void *)1L)));
	EXPECT_EQ(1, self->q[0]);
	memset(self->p, 'a', sizeof(long));
	EXPECT_EQ(0, errno_of(ptrace(PTRACE_CONT, pid, NULL, NULL)));
	EXPECT_EQ(0, child_wait(pid));
}

/* As a buffer that the kernel is to write to. */
TEST_F(access, read_into)
{
	int fds[2];
	struct iovec iov = { self->q, 4 };

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(4, write(fds[1], "xxxx", 4));
	EXPECT_EQ(-EFAULT, errno_of(read(fds[0], self->q, 4)));
	EXPECT_EQ(-EFAULT, errno_of(vmsplice(fds[0], &iov, 1, 0)));
	EXPECT_EQ(-EFAULT, errno_of(pread(self->fd, self->q, 4, 0)));
	close(fds[0]);
	close(fds[1]);
}

/* Into a pipe by reference, and out of it: by a copy. */
TEST_F(access, spliced)
{
	struct iovec iov = { self->q, PAGE };
	int fds[2], other[2];
	loff_t at = 0;
	char byte;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(other));
	EXPECT_EQ(PAGE, vmsplice(fds[1], &iov, 1, SPLICE_F_GIFT));
	EXPECT_EQ(-EBADF, errno_of(splice(fds[0], NULL, self->ro, &at, PAGE, SPLICE_F_MOVE)));
	EXPECT_EQ(PAGE, tee(fds[0], other[1], PAGE, 0));
	EXPECT_EQ(PAGE, splice(fds[0], NULL, self->fd, &at, PAGE, SPLICE_F_MOVE));
	EXPECT_EQ(1, read(other[0], &byte, 1));
	EXPECT_EQ('a', byte);
	at = SIZE;
	EXPECT_EQ(0, splice(self->ro, &at, fds[1], NULL, PAGE, 0));
	at = -1;
	EXPECT_EQ(-EINVAL, errno_of(splice(self->ro, &at, fds[1], NULL, PAGE, 0)));
	EXPECT_EQ(SIZE, segment_info(self->fd).size);
	close(fds[0]);
	close(fds[1]);
	close(other[0]);
	close(other[1]);
}

/* There is a page everywhere already, and beyond the end there is to be none. */
TEST_F(access, userfaultfd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .len = PAGE };
	char *other = other_file(2 * PAGE, READ_WRITE, MAP_SHARED);
	int beyond;
	char *page = mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = map(self->fd, 2 * SIZE, READ_WRITE);
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	ASSERT_LE(0, uffd) TH_LOG("needs userfaultfd");
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	reg.range.start = ptr_u64(self->q);
	reg.range.len = SIZE;
	EXPECT_EQ(-EPERM, errno_of(ioctl(uffd, UFFDIO_REGISTER, &reg)));
	ASSERT_NE(NULL, other);
	reg.range.start = ptr_u64(other);
	reg.range.len = 2 * PAGE;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));
	reg.range.start = ptr_u64(p);
	reg.range.len = 2 * SIZE;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));
	copy.src = ptr_u64(page);
	copy.dst = ptr_u64(p);
	EXPECT_EQ(-EEXIST, errno_of(ioctl(uffd, UFFDIO_COPY, &copy)));
	EXPECT_EQ('a', p[0]);
	/* Beyond the end: EFAULT, and ENOMEM in 7.x. */
	copy.dst = ptr_u64(other + PAGE);
	beyond = errno_of(ioctl(uffd, UFFDIO_COPY, &copy));
	EXPECT_TRUE(beyond == -EFAULT || beyond == -ENOMEM);
	copy.dst = ptr_u64(p + SIZE);
	EXPECT_EQ(beyond, errno_of(ioctl(uffd, UFFDIO_COPY, &copy)));
	EXPECT_EQ(SIGBUS, touch(p + SIZE));
	EXPECT_EQ(SIZE, segment_info(self->fd).charged);
	close(uffd);
	munmap(other, 2 * PAGE);
	munmap(p, 2 * SIZE);
	munmap(page, PAGE);
}

TEST_HARNESS_MAIN
