// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX shared memory, as a program sees it that knows <sys/mman.h> only. Built and run twice: with
 * the C library's files in /dev/shm and with libipck-posix, which must not make a difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define OBJECT		"/test-object"
#define OTHER		"/test-other"
#define SIZE		8192
#define SOMEBODY	1000

FIXTURE(shm) {
	int fd;
	char *map;
};

FIXTURE_SETUP(shm)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(0);
	shm_unlink(OBJECT);
	shm_unlink(OTHER);
	self->fd = shm_open(OBJECT, O_RDWR | O_CREAT | O_EXCL, 0600);
	ASSERT_LE(0, self->fd) TH_LOG("shm_open: %m");
	ASSERT_EQ(0, ftruncate(self->fd, SIZE));
	self->map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->map);
}

FIXTURE_TEARDOWN(shm)
{
	munmap(self->map, SIZE);
	close(self->fd);
	shm_unlink(OBJECT);
	shm_unlink(OTHER);
}

/* What a call fails with, 0 if it does not. */
#define error_of(call) ((call) == -1 ? errno : 0)

static off_t size_of(int fd)
{
	struct stat st = { .st_size = -1 };

	fstat(fd, &st);
	return st.st_size;
}

static char first_byte(int fd)
{
	char byte = POISON;

	return pread(fd, &byte, 1, 0) == 1 ? byte : -1;
}

/*
 * Opening
 */

TEST_F(shm, names)
{
	static char longest[NAME_MAX + 2], too_long[NAME_MAX + 3], slashed[NAME_MAX + 3];
	const struct {
		const char *name;
		int error;
	} names[] = {
		{ "", EINVAL }, { "/", EINVAL }, { "///", EINVAL }, { "/a/b", EINVAL },
		{ "a/", EINVAL }, { "/.", EINVAL }, { "..", EINVAL },
		{ "test-other", 0 }, { "//test-other", 0 }, { "/...", 0 }, { "/.a", 0 },
		{ longest, 0 }, { too_long, ENAMETOOLONG }, { slashed, EINVAL },
	};
	size_t i;
	int fd;

	memset(longest, 'a', 1 + NAME_MAX);
	memset(too_long, 'a', 2 + NAME_MAX);
	memset(slashed, 'a', 2 + NAME_MAX);
	longest[0] = '/';
	too_long[0] = '/';
	slashed[0] = '/';
	slashed[2] = '/';
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = shm_open(names[i].name, O_RDWR | O_CREAT, 0600);
		EXPECT_EQ(names[i].error, error_of(fd)) TH_LOG("%.40s", names[i].name);
		if (fd < 0)
			continue;
		EXPECT_EQ(0, close(fd));
		EXPECT_EQ(0, shm_unlink(names[i].name));
	}
	/* What cannot be a name is just not there. */
	EXPECT_EQ(ENOENT, error_of(shm_unlink("/")));
	EXPECT_EQ(ENOENT, error_of(shm_unlink("/a/b")));
	EXPECT_EQ(ENAMETOOLONG, error_of(shm_unlink(too_long)));

	/* One object, however many slashes there are before it. */
	fd = shm_open("test-object", O_RDWR, 0);
	ASSERT_LE(0, fd);
	self->map[0] = 'x';
	EXPECT_EQ('x', first_byte(fd));
	close(fd);
}

TEST_F(shm, opening)
{
	int fd;

	EXPECT_EQ(ENOENT, error_of(shm_open(OTHER, O_RDWR, 0)));
	EXPECT_EQ(ENOENT, error_of(shm_open(OTHER, O_RDWR | O_EXCL, 0)));
	EXPECT_EQ(EEXIST, error_of(shm_open(OBJECT, O_RDWR | O_CREAT | O_EXCL, 0600)));
	fd = shm_open(OTHER, O_RDWR | O_CREAT, 0640);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, size_of(fd));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);

	/* One that exists stays as it is. */
	self->map[0] = 'y';
	fd = shm_open(OBJECT, O_RDWR | O_CREAT, 0666);
	ASSERT_LE(0, fd);
	EXPECT_EQ(SIZE, size_of(fd));
	EXPECT_EQ('y', first_byte(fd));
	close(fd);
}

TEST_F(shm, truncated)
{
	int fd = shm_open(OBJECT, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, size_of(fd));
	EXPECT_EQ(0, size_of(self->fd));
	EXPECT_EQ(0, ftruncate(self->fd, SIZE));
	close(fd);
	fd = shm_open(OBJECT, O_RDONLY | O_TRUNC, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, size_of(self->fd));
	EXPECT_EQ(EINVAL, error_of(ftruncate(fd, SIZE)));
	close(fd);
	EXPECT_EQ(0, ftruncate(self->fd, SIZE));
	EXPECT_EQ(0, self->map[0]);
	EXPECT_EQ(ENOENT, error_of(shm_open(OTHER, O_RDWR | O_TRUNC, 0)));
}

TEST_F(shm, status)
{
	struct stat st;
	int fd;

	umask(027);
	fd = shm_open(OTHER, O_RDWR | O_CREAT, 0666);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFREG | 0640, st.st_mode);
	EXPECT_EQ(geteuid(), st.st_uid);
	EXPECT_EQ(getegid(), st.st_gid);
	EXPECT_EQ(0, st.st_size);
	close(fd);
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(SIZE, st.st_size);
}

TEST_F(shm, access)
{
	int fd = shm_open(OBJECT, O_RDONLY, 0);
	char *map;

	ASSERT_LE(0, fd);
	EXPECT_EQ(EBADF, error_of(write(fd, "z", 1)));
	EXPECT_EQ(EINVAL, error_of(ftruncate(fd, 0)));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_EQ(EACCES, errno);
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(EACCES, error_of(mprotect(map, SIZE, PROT_READ | PROT_WRITE)));
	self->map[5] = 'z';
	EXPECT_EQ('z', map[5]);
	munmap(map, SIZE);
	close(fd);

	/* One's own copy can be written to. */
	fd = shm_open(OBJECT, O_RDONLY, 0);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	map[5] = 'a';
	EXPECT_EQ('z', self->map[5]);
	munmap(map, SIZE);
	close(fd);
}

static int open_as_somebody(void *arg)
{
	if (become(SOMEBODY, SOMEBODY))
		return 255;
	return error_of(shm_open(OBJECT, *(int *)arg, 0));
}

static int unlink_as_somebody(void *arg)
{
	if (become(SOMEBODY, SOMEBODY))
		return 255;
	return error_of(shm_unlink(arg));
}

static int make_as_somebody(void *arg)
{
	int fd;

	if (become(SOMEBODY, SOMEBODY))
		return 255;
	fd = shm_open(OTHER, O_RDWR | O_CREAT | O_EXCL, *(mode_t *)arg);
	/* Whoever makes it can use it. */
	if (fd < 0 || ftruncate(fd, SIZE) || pwrite(fd, "b", 1, 0) != 1 || first_byte(fd) != 'b')
		return 254;
	return error_of(shm_open(OTHER, O_RDONLY, 0)) << 4 | error_of(shm_open(OTHER, O_RDWR, 0));
}

static int as_somebody(int oflag)
{
	return child_run(open_as_somebody, &oflag);
}

TEST_F(shm, rights)
{
	static const struct {
		mode_t mode, mask;
		int read, both;
	} rights[] = {
		{ 0600, 0, EACCES, EACCES }, { 0666, 0, 0, 0 }, { 0604, 0, 0, EACCES },
		{ 0602, 0, EACCES, EACCES }, { 0006, 0, 0, 0 }, { 0, 0, EACCES, EACCES },
		{ 0666, 022, 0, EACCES }, { 0666, 077, EACCES, EACCES },
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		shm_unlink(OBJECT);
		umask(rights[i].mask);
		fd = shm_open(OBJECT, O_RDWR | O_CREAT, rights[i].mode);
		ASSERT_LE(0, fd);
		EXPECT_EQ(rights[i].read, as_somebody(O_RDONLY)) TH_LOG("%zu", i);
		EXPECT_EQ(rights[i].both, as_somebody(O_RDWR)) TH_LOG("%zu", i);
		close(fd);
		fd = shm_open(OBJECT, O_RDWR, 0);
		EXPECT_LE(0, fd);
		close(fd);
	}
}

TEST_F(shm, rights_of_the_owner)
{
	static const struct {
		mode_t mode;
		int errors;
	} owned[] = {
		{ 0600, 0 }, { 0400, EACCES }, { 0200, EACCES << 4 | EACCES },
		{ 0066, EACCES << 4 | EACCES }, { 0, EACCES << 4 | EACCES },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(owned); i++) {
		EXPECT_EQ(owned[i].errors, child_run(make_as_somebody, (void *)&owned[i].mode))
			TH_LOG("%04o", owned[i].mode);
		EXPECT_EQ(0, child_run(unlink_as_somebody, OTHER));
	}
	/* It says EACCES, not EPERM, whatever the mode. */
	EXPECT_EQ(EACCES, child_run(unlink_as_somebody, OBJECT));
	EXPECT_EQ(0, shm_unlink(OBJECT));
}

static int change_as_somebody(void *arg)
{
	int fd = *(int *)arg;

	if (become(SOMEBODY, SOMEBODY))
		return 255;
	return error_of(fchmod(fd, 0666)) << 4 | error_of(fchown(fd, SOMEBODY, -1));
}

TEST_F(shm, rights_changed)
{
	struct stat st;

	EXPECT_EQ(0, fchmod(self->fd, 0644));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(S_IFREG | 0644, st.st_mode);
	EXPECT_EQ(0, as_somebody(O_RDONLY));
	EXPECT_EQ(EACCES, as_somebody(O_RDWR));
	EXPECT_EQ(EPERM << 4 | EPERM, child_run(change_as_somebody, &self->fd));

	EXPECT_EQ(0, fchmod(self->fd, 0600));
	EXPECT_EQ(0, fchown(self->fd, SOMEBODY, SOMEBODY + 1));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(SOMEBODY, st.st_uid);
	EXPECT_EQ(SOMEBODY + 1, st.st_gid);
	EXPECT_EQ(0, as_somebody(O_RDWR));
	EXPECT_EQ(0, child_run(unlink_as_somebody, OBJECT));
}

/* Of anything else they are the C library's. */
TEST_F(shm, rights_of_files)
{
	char path[] = "/tmp/test-XXXXXX";
	struct stat st;
	int fd = mkstemp(path);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, fchmod(fd, 0751));
	EXPECT_EQ(0, fchown(fd, SOMEBODY, -1));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFREG | 0751, st.st_mode);
	EXPECT_EQ(SOMEBODY, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(0, fchown(fd, 0, 0));
	EXPECT_EQ(EPERM << 4 | EPERM, child_run(change_as_somebody, &fd));
	EXPECT_EQ(EBADF, error_of(fchmod(-1, 0)));
	EXPECT_EQ(EBADF, error_of(fchown(-1, 0, 0)));
	unlink(path);
	close(fd);
}

TEST_F(shm, descriptors_are_used_up)
{
	struct rlimit old, limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = self->fd;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(EMFILE, error_of(shm_open(OBJECT, O_RDWR, 0)));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
}

static void *never_cancelled(void *arg)
{
	pthread_cancel(pthread_self());
	*(int *)arg = shm_open(OTHER, O_RDWR | O_CREAT, 0600) >= 0 && !shm_unlink(OTHER);
	pthread_testcancel();
	return NULL;
}

TEST_F(shm, never_cancelled)
{
	pthread_t thread;
	int done = 0;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, never_cancelled, &done));
	EXPECT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(1, done);
}

/*
 * Life
 */

TEST_F(shm, unlinked)
{
	int fd;

	self->map[0] = '1';
	EXPECT_EQ(0, shm_unlink(OBJECT));
	EXPECT_EQ(ENOENT, error_of(shm_unlink(OBJECT)));
	EXPECT_EQ(ENOENT, error_of(shm_open(OBJECT, O_RDWR, 0)));
	fd = shm_open(OBJECT, O_RDWR | O_CREAT | O_EXCL, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, size_of(fd));
	EXPECT_EQ('1', first_byte(self->fd));
	close(fd);
}

TEST_F(shm, lives_without_descriptors)
{
	memcpy(self->map, "stays", 6);
	munmap(self->map, SIZE);
	close(self->fd);
	self->fd = shm_open(OBJECT, O_RDWR, 0);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(SIZE, size_of(self->fd));
	self->map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	EXPECT_EQ(0, strcmp(self->map, "stays"));

	/* And a mapping of it without a name, too. */
	EXPECT_EQ(0, shm_unlink(OBJECT));
	close(self->fd);
	EXPECT_EQ(0, strcmp(self->map, "stays"));
}

TEST_F(shm, size)
{
	size_t i;

	for (i = 0; i < SIZE; i++)
		ASSERT_EQ(0, self->map[i]);
	memset(self->map, 'x', SIZE);
	EXPECT_EQ(0, ftruncate(self->fd, 100));
	EXPECT_EQ(0, ftruncate(self->fd, SIZE));
	for (i = 0; i < SIZE; i++)
		ASSERT_EQ(i < 100 ? 'x' : 0, self->map[i]);
	EXPECT_EQ(EINVAL, error_of(ftruncate(self->fd, -1)));
	EXPECT_EQ(SIZE, size_of(self->fd));
	EXPECT_EQ(0, posix_fallocate(self->fd, 0, 4 * SIZE));
	EXPECT_EQ(4 * SIZE, size_of(self->fd));
	EXPECT_EQ('x', first_byte(self->fd));
}

static int touch_beyond(void *arg)
{
	struct rlimit no_core = { 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	((volatile char *)arg)[SIZE - 1] = 1;
	return 0;
}

TEST_F(shm, beyond_the_end)
{
	pid_t pid;
	int status;

	EXPECT_EQ(0, ftruncate(self->fd, SIZE / 2));
	pid = fork();
	if (!pid)
		_exit(touch_beyond(self->map));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

TEST_F(shm, read_and_write)
{
	char buf[16] = "";

	EXPECT_EQ(5, pwrite(self->fd, "hello", 5, 10));
	EXPECT_EQ(0, memcmp(self->map + 10, "hello", 5));
	EXPECT_EQ(5, pread(self->fd, buf, 5, 10));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	EXPECT_EQ(SIZE, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(3, write(self->fd, "end", 3));
	EXPECT_EQ(SIZE + 3, size_of(self->fd));
	EXPECT_EQ(0, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(0, fsync(self->fd));
	EXPECT_EQ(0, msync(self->map, SIZE, MS_SYNC));
}

/*
 * Sharing
 */

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t sem;
	int turn;
	int sum;
};

static int take_turns(void *arg)
{
	int fd = shm_open(OBJECT, O_RDWR, 0), i;
	struct shared *shared;

	(void)arg;
	shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || shared == MAP_FAILED)
		return 1;
	for (i = 0; i < 100; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (!shared->turn)
			pthread_cond_wait(&shared->cond, &shared->mutex);
		shared->turn = 0;
		shared->sum++;
		pthread_cond_signal(&shared->cond);
		pthread_mutex_unlock(&shared->mutex);
	}
	return sem_post(&shared->sem);
}

TEST_F(shm, mutex_condition_and_semaphore)
{
	struct shared *shared = (struct shared *)self->map;
	pthread_mutexattr_t mutexattr;
	pthread_condattr_t condattr;
	pid_t pid;
	int i;

	pthread_mutexattr_init(&mutexattr);
	pthread_mutexattr_setpshared(&mutexattr, PTHREAD_PROCESS_SHARED);
	pthread_condattr_init(&condattr);
	pthread_condattr_setpshared(&condattr, PTHREAD_PROCESS_SHARED);
	ASSERT_EQ(0, pthread_mutex_init(&shared->mutex, &mutexattr));
	ASSERT_EQ(0, pthread_cond_init(&shared->cond, &condattr));
	ASSERT_EQ(0, sem_init(&shared->sem, 1, 0));
	pid = child_start(take_turns, NULL);
	for (i = 0; i < 100; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (shared->turn)
			pthread_cond_wait(&shared->cond, &shared->mutex);
		shared->turn = 1;
		pthread_cond_signal(&shared->cond);
		pthread_mutex_unlock(&shared->mutex);
	}
	EXPECT_EQ(0, sem_wait(&shared->sem));
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(100, shared->sum);
}

static int write_inherited(void *arg)
{
	((char *)arg)[1] = 'c';
	return 0;
}

TEST_F(shm, fork)
{
	EXPECT_EQ(0, child_run(write_inherited, self->map));
	EXPECT_EQ('c', self->map[1]);
}

TEST_HARNESS_MAIN
