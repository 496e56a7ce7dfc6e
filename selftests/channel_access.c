// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of channels and whatever else the kernel lets one do with a mapping or a descriptor: moved
 * and inherited mappings, advice, and the ways around a mapping that is read-only. Each has a
 * defined answer, the same for each kind of page, and none of them gives a right.
 */
#include <limits.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "channel_test.h"

#define R	PROT_READ
#define RW_PROT	(PROT_READ | PROT_WRITE)

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

#define errno_of(call) ((call) < 0 ? -errno : 0)

/* Kinds of pages, as they are mapped here: whose, whether they can be written. */
enum kind { BOARD, ACKS, FOREIGN_ACKS, OWN_HEADER, OWN_RING, FOREIGN_HEADER, FOREIGN_RING, KINDS };

static const struct {
	const char *name;
	__u64 offset;
	int pages;
	bool consumer, write;
} kinds[KINDS] = {
	[BOARD] = { "board", IPCMBOX_CHANNEL_BOARD, 1, false, false },
	[ACKS] = { "acks", IPCMBOX_CHANNEL_ACKS, 1, true, true },
	[FOREIGN_ACKS] = { "acks of the other side", IPCMBOX_CHANNEL_ACKS, 1, false, false },
	[OWN_HEADER] = { "own header", IPCMBOX_CHANNEL_HEADER(0), 1, false, true },
	[OWN_RING] = { "own ring", IPCMBOX_CHANNEL_RING(0), 2, false, true },
	[FOREIGN_HEADER] = { "foreign header", IPCMBOX_CHANNEL_HEADER(0), 1, true, false },
	[FOREIGN_RING] = { "foreign ring", IPCMBOX_CHANNEL_RING(0), 2, true, false },
};

FIXTURE(access) {
	int dev, consumer, producer;
	size_t page;
	char *p[KINDS];
	size_t size[KINDS];
	struct ipcmbox_query before;
};

FIXTURE_SETUP(access)
{
	int i;

	self->page = page_size();
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	self->consumer = channel_new(self->dev, .access = IPCMBOX_READ,
				     .max_bytes = 2 * self->page);
	ASSERT_GE(self->consumer, 0);
	self->producer = mailbox_by_id(self->dev, mailbox_id(self->consumer), IPCMBOX_WRITE);
	ASSERT_GE(self->producer, 0);
	for (i = 0; i < KINDS; i++) {
		self->size[i] = kinds[i].pages * self->page;
		self->p[i] = map(kinds[i].consumer ? self->consumer : self->producer,
				 kinds[i].write ? RW_PROT : R, kinds[i].offset, self->size[i]);
		ASSERT_NE(NULL, self->p[i]);
		/* Something to be found, where that means nothing to the protocol. */
		if (kinds[i].write)
			self->p[i][self->size[i] - 1] = 'a';
	}
}

/* What was there is there, and everything goes with its mappings. */
FIXTURE_TEARDOWN(access)
{
	int i;

	for (i = 0; i < KINDS; i++) {
		if (i != BOARD)
			EXPECT_EQ('a', self->p[i][self->size[i] - 1])
				TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(0, munmap(self->p[i], self->size[i]));
	}
	close(self->consumer);
	close(self->producer);
	EXPECT_TRUE(channel_is_even(self->dev, &self->before));
	close(self->dev);
}

/* The last byte of each kind. */
static char *last(const FIXTURE_DATA(access) *self, int kind)
{
	return self->p[kind] + self->size[kind] - 1;
}

static sigjmp_buf back;

static void jump(int signo)
{
	siglongjmp(back, signo);
}

/* The signal that reading (writing back) a byte brings, or 0. */
static int touch(volatile char *p, bool write)
{
	int signo;

	signal(SIGSEGV, jump);
	signal(SIGBUS, jump);
	signo = sigsetjmp(back, 1);
	if (!signo) {
		if (write)
			*p = *p;
		else
			(void)*p;
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return signo;
}

TEST_F(access, touched)
{
	int i;

	for (i = 0; i < KINDS; i++) {
		EXPECT_EQ(0, touch(last(self, i), false));
		EXPECT_EQ(kinds[i].write ? 0 : SIGSEGV, touch(last(self, i), true))
			TH_LOG("%s", kinds[i].name);
	}
}

static const struct { int prot, read, write; } protections[] = {
	{ PROT_NONE, 0, 0 },
	{ PROT_READ, 0, 0 },
	{ PROT_WRITE, -EACCES, 0 },
	{ RW_PROT, -EACCES, 0 },
	{ PROT_EXEC, -EACCES, -EACCES },
	{ PROT_READ | PROT_EXEC, -EACCES, -EACCES },
	{ RW_PROT | PROT_EXEC, -EACCES, -EACCES },
};

/* From nothing, too, nobody gets more than there was. */
TEST_F(access, protections)
{
	size_t n;
	int i;

	for (i = 0; i < KINDS; i++) {
		for (n = 0; n < ARRAY_SIZE(protections); n++) {
			EXPECT_EQ(0, mprotect(self->p[i], self->size[i], PROT_NONE));
			EXPECT_EQ(SIGSEGV, touch(last(self, i), false));
			EXPECT_EQ(kinds[i].write ? protections[n].write : protections[n].read,
				  errno_of(mprotect(self->p[i], self->page, protections[n].prot)))
				TH_LOG("%s, %x", kinds[i].name, protections[n].prot);
		}
		EXPECT_EQ(0, mprotect(self->p[i], self->size[i], kinds[i].write ? RW_PROT : R));
	}
}

static const struct { int advice, read, write; } advices[] = {
	{ MADV_NORMAL, 0, 0 },
	{ MADV_WILLNEED, 0, 0 },
	{ MADV_DONTNEED, 0, 0 },
	{ MADV_COLD, 0, 0 },
	{ MADV_PAGEOUT, 0, 0 },
	{ MADV_POPULATE_READ, 0, 0 },
	{ MADV_POPULATE_WRITE, -EINVAL, 0 },
	{ MADV_REMOVE, -EACCES, -ENODEV },
	{ MADV_FREE, -EINVAL, -EINVAL },
	{ MADV_WIPEONFORK, -EINVAL, -EINVAL },
};

TEST_F(access, advice)
{
	size_t n;
	int i;

	for (i = 0; i < KINDS; i++)
		for (n = 0; n < ARRAY_SIZE(advices); n++) {
			EXPECT_EQ(kinds[i].write ? advices[n].write : advices[n].read,
				  errno_of(madvise(self->p[i], self->size[i], advices[n].advice)))
				TH_LOG("%s, advice %d", kinds[i].name, advices[n].advice);
			EXPECT_EQ(i == BOARD ? 0 : 'a', *last(self, i));
		}
}

static int poison(void *arg)
{
	if (become(1000, 1000))
		return 1;
	if (!madvise(arg, page_size(), MADV_HWPOISON) || (errno != EPERM && errno != EINVAL))
		return 2;
	return touch(arg, false) ? 3 : 0;
}

static int is_gone(void *arg)
{
	return touch(arg, false) == SIGSEGV ? 0 : 1;
}

static int is_there(void *arg)
{
	return touch(arg, false);
}

/*
 * That they are not inherited can be undone, up to 7.x, where it cannot with any mapping that does
 * not grow: one such is the vdso.
 */
TEST_F(access, poison_and_inheritance)
{
	void *vdso = (void *)getauxval(AT_SYSINFO_EHDR);
	int i, undone = errno_of(madvise(vdso, self->page, MADV_DOFORK));

	ASSERT_NE(NULL, vdso);
	EXPECT_TRUE(undone == 0 || undone == -EINVAL);
	for (i = 0; i < KINDS; i++) {
		EXPECT_EQ(0, child_run(poison, self->p[i])) TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(0, errno_of(madvise(self->p[i], self->page, MADV_DONTFORK)));
		EXPECT_EQ(0, child_run(is_gone, self->p[i]));
		EXPECT_EQ(undone, errno_of(madvise(self->p[i], self->page, MADV_DOFORK)));
		EXPECT_EQ(0, child_run(undone ? is_gone : is_there, self->p[i]))
			TH_LOG("%s", kinds[i].name);
	}
}

/* The memory is locked anyway, and there is nothing behind it. */
TEST_F(access, locked_and_synced)
{
	int i;

	for (i = 0; i < KINDS; i++) {
		EXPECT_EQ(0, errno_of(mlock(self->p[i], self->size[i])));
		EXPECT_EQ(0, errno_of(msync(self->p[i], self->size[i], MS_ASYNC)));
		EXPECT_EQ(-EINVAL, errno_of(msync(self->p[i], self->size[i], MS_SYNC)));
		EXPECT_EQ(0, errno_of(msync(self->p[i], self->size[i], MS_INVALIDATE)));
		EXPECT_EQ(0, errno_of(munlock(self->p[i], self->size[i])));
	}
}

/* Moved as a whole or in parts, and smaller; not longer, not twice. */
TEST_F(access, mremap)
{
	char *gap;
	int i;

	for (i = 0; i < KINDS; i++) {
		char *p = self->p[i];
		size_t size = self->size[i];

		EXPECT_EQ(MAP_FAILED, mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(MAP_FAILED, mremap(p, size, size + self->page, MREMAP_MAYMOVE));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(MAP_FAILED, mremap(p, 0, size, MREMAP_MAYMOVE));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(MAP_FAILED, mremap(p, size, -self->page, MREMAP_MAYMOVE));
		EXPECT_EQ(MAP_FAILED, mremap(p + 8, size, size, MREMAP_MAYMOVE));
		EXPECT_EQ(EINVAL, errno);
		gap = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_EQ(gap, mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, gap));
		self->p[i] = gap;
		EXPECT_EQ(SIGSEGV, touch(p, false));
		EXPECT_EQ(0, touch(gap, false));
		EXPECT_EQ(kinds[i].write ? 0 : -EACCES, errno_of(mprotect(gap, size, RW_PROT)))
			TH_LOG("%s", kinds[i].name);
	}
}

TEST_F(access, ranges)
{
	const size_t page = self->page;
	/* The last pages of all are beyond what the C library of 32-bit callers can ask for. */
	const int beyond = sizeof(long) < sizeof(__u64) ? EINVAL : EOVERFLOW;
	const struct { __u64 offset; size_t size; int error; } ranges[] = {
		{ IPCMBOX_CHANNEL_RING(0), 0, EINVAL },
		{ IPCMBOX_CHANNEL_RING(0) + 8, page, EINVAL },
		{ IPCMBOX_CHANNEL_RING(0) + page / 2, page, EINVAL },
		{ IPCMBOX_CHANNEL_RING(0), page + 1, 0 },
		{ IPCMBOX_CHANNEL_RING(0), 2 * page + 1, EINVAL },
		{ IPCMBOX_CHANNEL_RING(0), -page, ENOMEM },
		{ -(__u64)page, page, beyond },
		{ -(__u64)page, 2 * page, beyond },
	};
	const int bad[] = { MAP_SHARED | MAP_HUGETLB, MAP_SHARED | MAP_GROWSDOWN, 0 };
	void *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		p = mmap64(NULL, ranges[i].size, R, MAP_SHARED, self->consumer, ranges[i].offset);
		EXPECT_EQ(ranges[i].error, p == MAP_FAILED ? errno : 0) TH_LOG("row %zu", i);
		if (p != MAP_FAILED)
			munmap(p, ranges[i].size);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p = mmap64(NULL, page, R, bad[i], self->consumer, IPCMBOX_CHANNEL_RING(0));
		EXPECT_EQ(MAP_FAILED, p) TH_LOG("flags %x", bad[i]);
		EXPECT_EQ(EINVAL, errno);
	}
}

/*
 * Ways around a mapping that is read-only
 */

TEST_F(access, proc_mem)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC), i;

	ASSERT_GE(mem, 0);
	for (i = 0; i < KINDS; i++)
		EXPECT_EQ(kinds[i].write ? 0 : -EIO,
			  errno_of(pwrite64(mem, "a", 1, (uintptr_t)last(self, i))))
			TH_LOG("kind %d", i);
	close(mem);
}

TEST_F(access, process_vm)
{
	char x = 'a';
	struct iovec local = { &x, 1 }, there = { NULL, 1 };
	int i;

	if (process_vm_readv(getpid(), NULL, 0, NULL, 0, 0))
		SKIP(return, "no process_vm_writev in this kernel");
	for (i = 0; i < KINDS; i++) {
		there.iov_base = last(self, i);
		EXPECT_EQ(kinds[i].write ? 0 : -EFAULT,
			  errno_of(process_vm_writev(getpid(), &local, 1, &there, 1, 0)))
			TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(1, process_vm_readv(getpid(), &(struct iovec){ &(char){ 0 }, 1 }, 1,
					      &there, 1, 0));
	}
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
	int status, i;
	long *at;

	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	for (i = 0; i < KINDS; i++) {
		at = (long *)(self->p[i] + self->size[i] / 2);
		EXPECT_EQ(kinds[i].write ? 0 : -EIO,
			  errno_of(ptrace(PTRACE_POKEDATA, pid, at, (void *)7L)))
			TH_LOG("%s", kinds[i].name);
		if (kinds[i].write)
			EXPECT_EQ(7, *at);
	}
	EXPECT_EQ(0, errno_of(ptrace(PTRACE_CONT, pid, NULL, NULL)));
	EXPECT_EQ(0, child_wait(pid));
}

/* As a buffer that the kernel is to write to, and to read from. */
TEST_F(access, pipes)
{
	struct iovec iov = {};
	int fds[2], i;
	char byte;

	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < KINDS; i++) {
		iov = (struct iovec){ last(self, i), 1 };
		ASSERT_EQ(1, write(fds[1], "a", 1));
		EXPECT_EQ(kinds[i].write ? 1 : -1, vmsplice(fds[0], &iov, 1, 0));
		if (!kinds[i].write) {
			EXPECT_EQ(EFAULT, errno) TH_LOG("%s", kinds[i].name);
			EXPECT_EQ(-EFAULT, errno_of(read(fds[0], last(self, i), 1)));
			EXPECT_EQ(1, read(fds[0], &byte, 1));
		}
		EXPECT_EQ(1, vmsplice(fds[1], &iov, 1, SPLICE_F_GIFT));
		EXPECT_EQ(1, read(fds[0], &byte, 1));
		EXPECT_EQ(i == BOARD ? 0 : 'a', byte);
	}
	close(fds[0]);
	close(fds[1]);
}

/* A page that is in a pipe stays what it is when the channel has gone, and is nobody's then. */
TEST_F(access, page_in_a_pipe_outlives_the_lane)
{
	struct iovec iov = {};
	struct ipcmbox_query before;
	int fds[2], other;
	char *p, buf[8];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, query_budget(self->dev, &before));
	other = channel_new(self->dev, .access = RW);
	ASSERT_GE(other, 0);
	p = map(other, RW_PROT, IPCMBOX_CHANNEL_RING(0), self->page);
	ASSERT_NE(NULL, p);
	memcpy(p, "outlived", 8);
	iov = (struct iovec){ p, 8 };
	ASSERT_EQ(8, vmsplice(fds[1], &iov, 1, 0));
	munmap(p, self->page);
	close(other);
	EXPECT_TRUE(channel_is_even(self->dev, &before));
	EXPECT_EQ(8, read(fds[0], buf, 8));
	EXPECT_EQ(0, memcmp(buf, "outlived", 8));
	close(fds[0]);
	close(fds[1]);
}

/* What is done to files. */
TEST_F(access, descriptors)
{
	const int fds[] = { self->consumer, self->producer };
	int pipes[2];
	char buf[8];
	loff_t at = 0;
	size_t i;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(4, write(pipes[1], "abcd", 4));
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(-EINVAL, errno_of(read(fds[i], buf, 8)));
		EXPECT_EQ(-EINVAL, errno_of(write(fds[i], buf, 8)));
		EXPECT_EQ(-ESPIPE, errno_of(pread(fds[i], buf, 8, 0)));
		EXPECT_EQ(-ESPIPE, errno_of(lseek(fds[i], 0, SEEK_SET)));
		EXPECT_EQ(-EINVAL, errno_of(splice(fds[i], NULL, pipes[1], NULL, 8, 0)));
		EXPECT_EQ(-EINVAL, errno_of(splice(pipes[0], NULL, fds[i], NULL, 4, 0)));
		EXPECT_EQ(-EINVAL, errno_of(splice(fds[i], &at, pipes[1], NULL, 8, 0)));
		EXPECT_EQ(-EINVAL, errno_of(ftruncate(fds[i], 0)));
		EXPECT_EQ(-ENODEV, errno_of(fallocate(fds[i], FALLOC_FL_PUNCH_HOLE |
						      FALLOC_FL_KEEP_SIZE, 0, self->page)));
		EXPECT_EQ(-EINVAL, errno_of(fsync(fds[i])));
		EXPECT_EQ(-EINVAL, errno_of(fcntl(fds[i], 1033 /* F_ADD_SEALS */, 1)));
	}
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(access, userfaultfd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK), i;

	ASSERT_LE(0, uffd) TH_LOG("needs userfaultfd");
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	for (i = 0; i < KINDS; i++) {
		reg.range.start = ptr_u64(self->p[i]);
		reg.range.len = self->size[i];
		EXPECT_EQ(-EINVAL,
			  errno_of(ioctl(uffd, UFFDIO_REGISTER, &reg)))
			TH_LOG("%s", kinds[i].name);
	}
	close(uffd);
}

TEST_HARNESS_MAIN
