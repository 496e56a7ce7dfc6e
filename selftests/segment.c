// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments as objects: names, rights, life time, size, budgets, messages.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "cgroup_test.h"
#include "check_test.h"
#include "ipcmbox_test.h"
#include "segment_test.h"

#define SOMEBODY	1000
#define OTHER		1001

FIXTURE(segment) {
	int dev, count;
	struct ipcmbox_query before;
};

FIXTURE_SETUP(segment)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(022);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = segment_count(self->dev);
	ASSERT_EQ(0, query_budget(self->dev, &self->before));
	EXPECT_TRUE(self->before.features & IPCMBOX_FEATURE_SEGMENT);
}

/* Whatever a test did: what it has closed is gone, and what it had is given back. */
FIXTURE_TEARDOWN(segment)
{
	struct ipcmbox_query after;

	set_segment_parameter("user_segments", self->before.max_user_segments);
	set_segment_parameter("user_segment_bytes", self->before.max_user_segment_bytes);
	segment_unlink_tests(self->dev);
	EXPECT_EQ(self->count, segment_count(self->dev)) TH_LOG("segments that nobody has");
	ASSERT_EQ(0, query_budget(self->dev, &after));
	EXPECT_EQ(self->before.user_segments, after.user_segments);
	EXPECT_EQ(self->before.user_segment_bytes, after.user_segment_bytes);
	close(self->dev);
}

static __u64 used_bytes(int dev)
{
	struct ipcmbox_query query;

	return query_budget(dev, &query) ? ~0ULL : query.user_segment_bytes;
}

/*
 * Creation, names
 */

TEST_F(segment, create_and_stat)
{
	struct ipcmbox_segment_open arg = { NAME("test"), .size = SIZE + 1, .mode = 0666 };
	struct ipcmbox_segment_info info;
	struct stat st;
	int fd = segment_create(self->dev, &arg);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, segment_stat(fd, &info));
	EXPECT_EQ(arg.id, info.id);
	EXPECT_NE(0, info.id);
	EXPECT_EQ(SIZE + 1, info.size);
	EXPECT_EQ(SIZE + PAGE, info.charged);
	EXPECT_EQ(0, info.uid);
	EXPECT_EQ(0, info.gid);
	EXPECT_EQ(0644, info.mode);
	EXPECT_EQ(IPCMBOX_INFO_NAMED, info.flags);
	EXPECT_EQ(F_SEAL_SEAL, info.seals);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(1, info.writers);
	EXPECT_EQ(0, info.payer);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, info.__reserved);
	EXPECT_STREQ("test", info.name);

	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFREG | 0644, st.st_mode);
	EXPECT_EQ(SIZE + 1, st.st_size);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ((SIZE + PAGE) / 512, st.st_blocks);
	EXPECT_EQ(SIZE + PAGE, used_bytes(self->dev) - self->before.user_segment_bytes);
	close(fd);
}

TEST_F(segment, names)
{
	char longest[IPCMBOX_NAME_MAX + 2];
	__u64 id;
	int fd, again;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	memcpy(longest, "test", 4);
	EXPECT_EQ(-ENAMETOOLONG, segment_new(self->dev, NAME(longest)));
	EXPECT_EQ(-EINVAL, segment_new(self->dev, NAME("..")));
	EXPECT_EQ(-EINVAL, segment_new(self->dev, NAME("test/")));
	longest[IPCMBOX_NAME_MAX] = 0;
	fd = segment_new(self->dev, NAME(longest));
	ASSERT_GE(fd, 0);
	EXPECT_STREQ(longest, segment_info(fd).name);
	close(fd);

	EXPECT_EQ(-ENOENT, segment_find(self->dev, "test", RW));
	fd = segment_new(self->dev, NAME("test"), .size = PAGE, .flags = IPCMBOX_OPEN_EXCL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EEXIST, segment_new(self->dev, NAME("test"), .flags = IPCMBOX_OPEN_EXCL));
	/* CREATE opens what is there, and leaves it as it is. */
	again = segment_new(self->dev, NAME("test"), .size = 3 * PAGE, .mode = 0666);
	ASSERT_GE(again, 0);
	id = segment_id(fd);
	EXPECT_EQ(id, segment_id(again));
	EXPECT_EQ(PAGE, segment_info(again).size);
	EXPECT_EQ(0600, segment_info(again).mode);
	EXPECT_EQ(2, segment_info(again).readers);
	close(again);
	again = segment_by_id(self->dev, id, IPCMBOX_READ);
	ASSERT_GE(again, 0);
	close(again);
	EXPECT_EQ(-ENOENT, segment_by_id(self->dev, id + 1000, RW));

	/* The name is free at once, and goes on meaning nothing to who has the old one. */
	EXPECT_EQ(0, segment_unlink(self->dev, "test"));
	EXPECT_EQ(-ENOENT, segment_unlink(self->dev, "test"));
	EXPECT_EQ(-ENOENT, segment_unlink_id(self->dev, id));
	EXPECT_EQ(-ENOENT, segment_find(self->dev, "test", RW));
	again = segment_new(self->dev, NAME("test"));
	ASSERT_GE(again, 0);
	EXPECT_NE(id, segment_id(again));
	EXPECT_EQ(0, segment_info(fd).flags);
	EXPECT_STREQ("test", segment_info(fd).name);
	close(again);
	close(fd);
	EXPECT_FALSE(segment_listed(self->dev, id));
}

TEST_F(segment, a_mailbox_may_have_the_same_name)
{
	int box = mailbox_new(self->dev, NAME("test"), .max_messages = 1);
	int fd = segment_new(self->dev, NAME("test"));

	ASSERT_GE(box, 0);
	ASSERT_GE(fd, 0);
	EXPECT_NE(mailbox_id(box), segment_id(fd));
	EXPECT_EQ(-ENOENT, segment_by_id(self->dev, mailbox_id(box), RW));
	EXPECT_EQ(-ENOENT, mailbox_by_id(self->dev, segment_id(fd), RW));
	EXPECT_EQ(-ENOTTY, mailbox_unlink(fd, "test"));
	EXPECT_EQ(-ENOTTY, put(fd, 0, 1));
	EXPECT_EQ(-ENOTTY, segment_stat(box, &(struct ipcmbox_segment_info){}));
	EXPECT_EQ(0, segment_unlink(self->dev, "test"));
	EXPECT_EQ(0, mailbox_unlink(self->dev, "test"));
	close(box);
	close(fd);
}

TEST_F(segment, list_in_order)
{
	struct ipcmbox_segment_info infos[4];
	int fds[3], i;

	for (i = 0; i < 3; i++) {
		fds[i] = segment_new(self->dev, .size = (i + 1) * PAGE);
		ASSERT_GE(fds[i], 0);
	}
	EXPECT_EQ(self->count + 3, segment_count(self->dev));
	ASSERT_EQ(3, segment_list(self->dev, segment_id(fds[0]) - 1, infos, 4));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(segment_id(fds[i]), infos[i].id);
		EXPECT_EQ((i + 1) * PAGE, infos[i].size);
		close(fds[i]);
	}
	EXPECT_EQ(0, segment_list(self->dev, ~0ULL, infos, 4));
	EXPECT_EQ(-EINVAL, segment_list(self->dev, 0, infos, 0));
	fds[0] = segment_new(self->dev, NAME("test"));
	ASSERT_GE(fds[0], 0);
	EXPECT_EQ(-EFAULT, segment_list(self->dev, 0, (void *)8, 1));
	close(fds[0]);
}

TEST_F(segment, truncated_as_it_is_opened)
{
	int fd = segment_new(self->dev, NAME("test"), .size = SIZE), again;
	char *p = map(fd, SIZE, PROT_READ | PROT_WRITE);
	struct ipcmbox_segment_open arg = {
		NAME("test"), .access = IPCMBOX_READ, .flags = IPCMBOX_OPEN_TRUNCATE,
	};

	ASSERT_NE(NULL, p);
	memset(p, 1, SIZE);
	EXPECT_EQ(-EINVAL, segment_open(self->dev, &arg));
	EXPECT_EQ(SIZE, segment_info(fd).size);
	arg.access = RW;
	again = segment_open(self->dev, &arg);
	ASSERT_GE(again, 0);
	EXPECT_EQ(0, segment_info(fd).size);
	EXPECT_EQ(0, segment_info(fd).charged);
	EXPECT_EQ(0, resize(fd, PAGE));
	EXPECT_EQ(0, p[0]);
	munmap(p, SIZE);
	close(again);
	close(fd);

	/* What is sealed stays, and so do the counts of who has it open. */
	EXPECT_EQ(0, segment_unlink(self->dev, "test"));
	fd = segment_new(self->dev, NAME("test"), .size = SIZE, .seals = F_SEAL_SHRINK);
	ASSERT_GE(fd, 0);
	arg.id = 0;
	EXPECT_EQ(-EPERM, segment_open(self->dev, &arg));
	EXPECT_EQ(1, segment_info(fd).readers);
	close(fd);
}

/*
 * Life time
 */

TEST_F(segment, unnamed_lives_as_its_descriptors_and_mappings)
{
	int fd = segment_new(self->dev, .size = SIZE);
	__u64 id = segment_id(fd);
	char *p = map(fd, SIZE, PROT_READ | PROT_WRITE);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(IPCMBOX_INFO_MAPPED, segment_info(fd).flags);
	close(fd);
	p[SIZE - 1] = 7;
	EXPECT_TRUE(segment_listed(self->dev, id));
	EXPECT_EQ(SIZE, used_bytes(self->dev) - self->before.user_segment_bytes);
	/* It can be found again by who may, as long as somebody has it. */
	fd = segment_by_id(self->dev, id, IPCMBOX_READ);
	ASSERT_GE(fd, 0);
	munmap(p, SIZE);
	p = map(fd, SIZE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(7, p[SIZE - 1]);
	close(fd);
	munmap(p, SIZE / 2);
	EXPECT_TRUE(segment_listed(self->dev, id));
	munmap(p + SIZE / 2, SIZE / 2);
	EXPECT_FALSE(segment_listed(self->dev, id));
	EXPECT_EQ(self->before.user_segment_bytes, used_bytes(self->dev));
	EXPECT_EQ(-ENOENT, segment_by_id(self->dev, id, IPCMBOX_READ));
}

TEST_F(segment, lasting_and_transient_names)
{
	int fd = segment_new(self->dev, NAME("test"), .size = PAGE);
	char *p;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(5, pwrite(fd, "here", 5, 0));
	close(fd);
	fd = segment_find(self->dev, "test", IPCMBOX_READ);
	ASSERT_GE(fd, 0);
	p = map(fd, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_STREQ("here", p);
	EXPECT_EQ(0, segment_unlink(self->dev, "test"));
	EXPECT_STREQ("here", p);
	close(fd);
	munmap(p, PAGE);
	EXPECT_EQ(self->count, segment_count(self->dev));

	fd = segment_new(self->dev, NAME("test"), .size = PAGE, .flags = IPCMBOX_OPEN_TRANSIENT);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(IPCMBOX_INFO_NAMED | IPCMBOX_INFO_TRANSIENT, segment_info(fd).flags);
	p = map(fd, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	close(fd);
	fd = segment_find(self->dev, "test", IPCMBOX_READ);
	ASSERT_GE(fd, 0);
	munmap(p, PAGE);
	close(fd);
	EXPECT_EQ(-ENOENT, segment_find(self->dev, "test", IPCMBOX_READ));
}

static int map_and_wait(void *arg)
{
	int fd = segment_new(*(int *)arg, .size = SIZE);
	int named = segment_new(*(int *)arg, NAME("test t"), .size = SIZE,
				.flags = IPCMBOX_OPEN_TRANSIENT);
	char *p = map(fd, SIZE, PROT_READ | PROT_WRITE);

	if (!p || named < 0)
		return 1;
	memset(p, 1, SIZE);
	raise(SIGKILL);
	return 2;
}

TEST_F(segment, killed_owner_leaves_nothing)
{
	EXPECT_EQ(255, child_run(map_and_wait, &self->dev));
	EXPECT_TRUE(await_segments(self->dev, self->count));
	EXPECT_EQ(self->before.user_segment_bytes, used_bytes(self->dev));
	EXPECT_EQ(-ENOENT, segment_find(self->dev, "test t", RW));
}

/* An O_PATH descriptor is none of ours, but holds the inode. */
TEST_F(segment, path_descriptor_keeps_no_memory)
{
	int fd = segment_new(self->dev, .size = SIZE), path = reopen(fd, O_PATH);
	struct stat st;
	char name[40];

	ASSERT_GE(path, 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	ASSERT_EQ(0, fstat(path, &st));
	EXPECT_EQ(SIZE, st.st_size);
	EXPECT_EQ(-ENXIO, reopen(path, O_RDONLY));
	EXPECT_EQ(-EPERM, errno_of(chmod(name, 0666)));
	EXPECT_EQ(-EPERM, errno_of(truncate(name, 2 * SIZE)));
	close(fd);
	EXPECT_EQ(self->count, segment_count(self->dev));
	ASSERT_EQ(0, fstat(path, &st));
	EXPECT_EQ(0, st.st_size);
	EXPECT_EQ(0, st.st_blocks);
	EXPECT_EQ(-ENXIO, reopen(path, O_RDWR));
	EXPECT_EQ(-EPERM, errno_of(truncate(name, SIZE)));
	close(path);
}

/*
 * Rights
 */

static int as_somebody(int (*body)(int dev), uid_t uid)
{
	pid_t pid = fork();
	int dev;

	if (pid)
		return child_wait(pid);
	if (become(uid, uid))
		_exit(100);
	dev = device_open();
	_exit(dev < 0 ? 101 : body(dev));
}

static int try_others_rights(int dev)
{
	int fd = segment_find(dev, "test r", IPCMBOX_READ);

	CHECK(fd >= 0);
	CHECK(segment_set(fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_MODE, .mode = 0666 }) == -EPERM);
	CHECK(segment_find(dev, "test r", RW) == -EACCES);
	CHECK(segment_find(dev, "test r", 0) == -EACCES);
	CHECK(segment_find(dev, "test", IPCMBOX_READ) == -EACCES);
	CHECK(segment_new(dev, NAME("test")) == -EACCES);
	CHECK(segment_unlink(dev, "test r") == -EPERM);
	/* Read-only stays read-only, whatever way is tried. */
	CHECK(map_error(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED) == -EACCES);
	CHECK(resize(fd, 0) == -EINVAL);
	CHECK(write(fd, "x", 1) == -1 && errno == EBADF);
	CHECK(reopen(fd, O_RDWR) == -EACCES);
	CHECK(reopen(fd, O_RDONLY) == -ENXIO);
	CHECK(errno_of(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW)) == -EPERM);
	return wrong;
}

TEST_F(segment, mode_decides)
{
	int fd = segment_new(self->dev, NAME("test"), .size = PAGE);
	int other = segment_new(self->dev, NAME("test r"), .size = PAGE, .mode = 0644);

	ASSERT_GE(fd, 0);
	ASSERT_GE(other, 0);
	EXPECT_EQ(0, as_somebody(try_others_rights, SOMEBODY));
	close(fd);
	close(other);
	EXPECT_EQ(-EINVAL, segment_find(self->dev, "test", IPCMBOX_WRITE));
}

static int own_and_give(int dev)
{
	int fd = segment_new(dev, NAME("test"), .size = PAGE), look;
	struct stat st;

	CHECK(fd >= 0);
	CHECK(segment_set(fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_MODE, .mode = 0404 }) == 0);
	CHECK(!fstat(fd, &st) && st.st_mode == (S_IFREG | 0404) && st.st_uid == SOMEBODY);
	CHECK(segment_set(fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_UID, .uid = OTHER }) == -EPERM);
	CHECK(segment_set(fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_MODE, .mode = 01000 }) == -EINVAL);
	CHECK(segment_set(fd, (struct ipcmbox_segment_set){ .mask = 1 << 3 }) == -EINVAL);
	CHECK(segment_set(fd, (struct ipcmbox_segment_set){ .gid = 1 }) == -EINVAL);
	/* What the file system would do. */
	CHECK(errno_of(fchmod(fd, 0666)) == -EPERM);
	CHECK(errno_of(fchown(fd, SOMEBODY, SOMEBODY)) == -EPERM);
	CHECK(segment_find(dev, "test", RW) == -EACCES);
	look = segment_find(dev, "test", 0);
	CHECK(look >= 0);
	CHECK(segment_info(look).size == PAGE && segment_info(look).readers == 1);
	CHECK(map_error(look, PAGE, PROT_READ, MAP_SHARED) == -EACCES);
	CHECK(read(look, &st, 1) == -1 && errno == EBADF);
	return wrong;
}

TEST_F(segment, owner_changes_rights)
{
	struct stat st;
	int fd;

	EXPECT_EQ(0, as_somebody(own_and_give, SOMEBODY));
	fd = segment_find(self->dev, "test", RW);
	ASSERT_GE(fd, 0) TH_LOG("CAP_IPC_OWNER overrides the mode");
	EXPECT_EQ(0, segment_set(fd, (struct ipcmbox_segment_set){
		.mask = IPCMBOX_SET_UID | IPCMBOX_SET_GID, .uid = OTHER, .gid = 7 }));
	EXPECT_EQ(OTHER, segment_info(fd).uid);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(OTHER, st.st_uid);
	EXPECT_EQ(7, st.st_gid);
	/* Who owns it does not pay for it. */
	EXPECT_EQ(SOMEBODY, segment_info(fd).payer);
	close(fd);
}

TEST_F(segment, namespaces)
{
	int outer = segment_new(self->dev, NAME("test"), .size = PAGE), dev, fd;
	__u64 id = segment_id(outer);

	ASSERT_GE(outer, 0);
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	dev = device_open();
	ASSERT_GE(dev, 0);
	EXPECT_EQ(0, segment_count(dev));
	EXPECT_EQ(-ENOENT, segment_find(dev, "test", RW));
	EXPECT_EQ(-ENOENT, segment_by_id(dev, id, RW));
	EXPECT_EQ(-ENOENT, segment_unlink(dev, "test"));
	fd = segment_new(dev, NAME("test"), .size = PAGE);
	ASSERT_GE(fd, 0);
	EXPECT_NE(id, segment_id(fd));
	EXPECT_EQ(PAGE, used_bytes(dev));
	close(fd);
	EXPECT_EQ(0, segment_unlink(dev, "test"));
	EXPECT_EQ(0, used_bytes(dev));
	close(dev);
	close(outer);
}

/*
 * Size and budgets
 */

TEST_F(segment, resized)
{
	int fd = segment_new(self->dev), i;
	static const off_t sizes[] = { 1, PAGE, 0, PAGE + 1, 2 * PAGE, SIZE, PAGE - 1, 5, 0 };
	struct stat st;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, segment_info(fd).size);
	for (i = 0; i < (int)ARRAY_SIZE(sizes); i++) {
		off_t whole = (sizes[i] + PAGE - 1) / PAGE * PAGE;

		EXPECT_EQ(0, resize(fd, sizes[i]));
		EXPECT_EQ(sizes[i], segment_info(fd).size);
		EXPECT_EQ(whole, segment_info(fd).charged);
		ASSERT_EQ(0, fstat(fd, &st));
		EXPECT_EQ(sizes[i], st.st_size);
		EXPECT_EQ(whole / 512, st.st_blocks) TH_LOG("memory comes with the size");
		EXPECT_EQ(whole, used_bytes(self->dev) - self->before.user_segment_bytes);
	}
	EXPECT_EQ(-EINVAL, resize(fd, -1));
	close(fd);
}

TEST_F(segment, what_is_cut_off_is_zero_when_it_comes_back)
{
	int fd = segment_new(self->dev, .size = 2 * PAGE);
	char *p = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE);

	ASSERT_NE(NULL, p);
	memset(p, 1, 2 * PAGE);
	EXPECT_EQ(0, resize(fd, 100));
	EXPECT_EQ(0, resize(fd, 2 * PAGE));
	EXPECT_EQ(1, p[99]);
	EXPECT_EQ(0, p[100]);
	EXPECT_EQ(0, p[PAGE]);
	munmap(p, 2 * PAGE);
	close(fd);
}

TEST_F(segment, budget_of_bytes)
{
	struct ipcmbox_segment_open arg = { .size = 9 * PAGE };
	int fd = segment_new(self->dev, .size = PAGE);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(set_segment_parameter("user_segment_bytes",
					  self->before.user_segment_bytes + 8 * PAGE));
	EXPECT_EQ(-EDQUOT, segment_create(self->dev, &arg));
	EXPECT_EQ(IPCMBOX_LIMIT_USER_SEGMENT_BYTES, arg.limit);
	EXPECT_EQ(-EDQUOT, resize(fd, 8 * PAGE + 1));
	EXPECT_EQ(PAGE, segment_info(fd).size);
	EXPECT_EQ(0, resize(fd, 8 * PAGE));
	EXPECT_EQ(-EDQUOT, errno_of(pwrite(fd, "x", 1, 8 * PAGE)));
	EXPECT_EQ(8 * PAGE, segment_info(fd).size);
	EXPECT_EQ(-EDQUOT, resize(fd, 1LL << 62));
	arg.size = 1ULL << 63;
	EXPECT_EQ(-EFBIG, segment_create(self->dev, &arg));
	/* Lowering it takes nothing away, and less is always possible. */
	ASSERT_TRUE(set_segment_parameter("user_segment_bytes", PAGE));
	EXPECT_EQ(0, resize(fd, 7 * PAGE));
	EXPECT_EQ(-EDQUOT, resize(fd, 8 * PAGE));
	EXPECT_EQ(7 * PAGE, segment_info(fd).charged);
	close(fd);
}

TEST_F(segment, budget_of_segments)
{
	struct ipcmbox_segment_open arg = {};
	int fd, other;

	ASSERT_TRUE(set_segment_parameter("user_segments", self->before.user_segments + 1));
	fd = segment_new(self->dev, NAME("test"));
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EDQUOT, segment_create(self->dev, &arg));
	EXPECT_EQ(IPCMBOX_LIMIT_USER_SEGMENTS, arg.limit);
	/* Opening is no matter of budget. */
	other = segment_new(self->dev, NAME("test"));
	EXPECT_GE(other, 0);
	close(other);
	close(fd);
	EXPECT_EQ(0, segment_unlink(self->dev, "test"));
	fd = segment_new(self->dev);
	EXPECT_GE(fd, 0);
	close(fd);
}

static int grow_test(int dev)
{
	int fd = segment_find(dev, "test", RW);

	CHECK(fd >= 0);
	CHECK(resize(fd, PAGE) == 0);
	CHECK(used_bytes(dev) == 0);	/* who makes it smaller takes nothing over */
	CHECK(resize(fd, 5 * PAGE) == 0);
	CHECK(used_bytes(dev) == 5 * PAGE);
	CHECK(resize(fd, 5 * PAGE + 1) == 0);
	CHECK(used_bytes(dev) == 6 * PAGE);
	return wrong;
}

TEST_F(segment, who_makes_it_grow_pays_for_all)
{
	int fd;

	umask(0);
	fd = segment_new(self->dev, NAME("test"), .size = 3 * PAGE, .mode = 0666);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, segment_info(fd).payer);
	EXPECT_EQ(0, as_somebody(grow_test, SOMEBODY));
	EXPECT_EQ(SOMEBODY, segment_info(fd).payer);
	EXPECT_EQ(6 * PAGE, segment_info(fd).charged);
	EXPECT_EQ(self->before.user_segment_bytes, used_bytes(self->dev));
	EXPECT_EQ(0, resize(fd, 7 * PAGE));
	EXPECT_EQ(0, segment_info(fd).payer);
	EXPECT_EQ(7 * PAGE, used_bytes(self->dev) - self->before.user_segment_bytes);
	close(fd);
}

TEST_F(segment, file_size_limit)
{
	struct rlimit old, limit = { .rlim_cur = PAGE, .rlim_max = RLIM_INFINITY };
	int fd = segment_new(self->dev);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &old));
	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(-EFBIG, resize(fd, 2 * PAGE));
	EXPECT_EQ(-EFBIG, segment_new(self->dev, .size = 2 * PAGE));
	EXPECT_EQ(0, segment_info(fd).charged);
	EXPECT_EQ(0, resize(fd, PAGE));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &old));
	close(fd);
}

static void on_signal(int signo)
{
	(void)signo;
}

/* Signals all the time do not keep it from growing. */
TEST_F(segment, signals_do_not_interrupt_growing)
{
	struct itimerval timer = { { 0, 500 }, { 0, 500 } };
	int fd = segment_new(self->dev), i;

	ASSERT_GE(fd, 0);
	signal(SIGALRM, on_signal);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, resize(fd, 16 << 20));
		EXPECT_EQ(0, resize(fd, 0));
	}
	memset(&timer, 0, sizeof(timer));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	close(fd);
}

#define SMALL	CGROUPS "/ipcmbox-segment"

/* More than there is gets the error, and nobody is killed for it. */
static int outgrow_cgroup(void *arg)
{
	struct ipcmbox_segment_open open = { .size = 32 << 20 };
	int dev = *(int *)arg, fd;
	char *p;

	CHECK(cgroup_enter(SMALL));
	CHECK(segment_create(dev, &open) == -ENOMEM);
	CHECK(open.limit == IPCMBOX_LIMIT_MEMORY);
	fd = segment_new(dev, .size = 1 << 20);
	CHECK(fd >= 0);
	CHECK(resize(fd, 32 << 20) == -ENOMEM);
	CHECK(segment_info(fd).size == 1 << 20 && segment_info(fd).charged == 1 << 20);
	CHECK(errno_of(pwrite(fd, "x", 1, 31 << 20)) == -ENOMEM);
	CHECK(resize(fd, 4 << 20) == 0);
	/* What it has got it can use. */
	p = map(fd, 4 << 20, PROT_READ | PROT_WRITE);
	memset(p, 1, 4 << 20);
	return wrong;
}

TEST_F(segment, memory_cgroup)
{
	if (!cgroup_has_memory())
		SKIP(return, "no memory cgroups in this kernel");
	ASSERT_TRUE(cgroup_new(SMALL, "8388608"));
	EXPECT_EQ(0, child_run(outgrow_cgroup, &self->dev));
	EXPECT_TRUE(await_segments(self->dev, self->count));
	rmdir(SMALL);
}

/*
 * In messages
 */

static int send_segment(int box, int fd)
{
	return message_send(box, .fds_ptr = ptr_u64(&fd), .nr_fds = 1,
			    .flags = IPCMBOX_NONBLOCK);
}

static int receive_segment(int box)
{
	int fd = -1, ret = message_receive(box, .fds_ptr = ptr_u64(&fd), .max_fds = 1,
					   .flags = IPCMBOX_NONBLOCK);

	return ret < 0 ? ret : fd;
}

TEST_F(segment, handed_over_in_a_message)
{
	int box = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 4);
	int fd = segment_new(self->dev, .size = PAGE), ro, got;
	__u64 id = segment_id(fd);
	char *p;

	ASSERT_GE(box, 0);
	ASSERT_GE(fd, 0);
	ro = segment_by_id(self->dev, id, IPCMBOX_READ);
	ASSERT_GE(ro, 0);
	ASSERT_EQ(4, pwrite(fd, "data", 4, 0));
	ASSERT_EQ(0, send_segment(box, ro));
	ASSERT_EQ(0, send_segment(box, fd));
	close(ro);
	close(fd);
	EXPECT_TRUE(segment_listed(self->dev, id)) TH_LOG("a message has it");

	got = receive_segment(box);
	ASSERT_GE(got, 0);
	EXPECT_EQ(id, segment_id(got));
	EXPECT_EQ(-EACCES, map_error(got, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED));
	p = map(got, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, memcmp(p, "data", 4));
	EXPECT_EQ(-EACCES, errno_of(mprotect(p, PAGE, PROT_READ | PROT_WRITE)));
	close(got);
	munmap(p, PAGE);

	got = receive_segment(box);
	ASSERT_GE(got, 0);
	p = map(got, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, p);
	p[0] = 'D';
	munmap(p, PAGE);

	/* A message that is dropped lets it go. */
	ASSERT_EQ(0, send_segment(box, got));
	close(got);
	EXPECT_TRUE(segment_listed(self->dev, id));
	close(box);
	EXPECT_TRUE(await_segments(self->dev, self->count));
}

TEST_F(segment, handed_over_in_a_reply)
{
	int box = mailbox_new(self->dev, .flags = IPCMBOX_OPEN_FDS, .max_messages = 4);
	int fd = segment_new(self->dev, .size = PAGE), got = -1;
	struct call *call = calls_alloc(1);
	struct ipcmbox_recv recv = { .flags = 0 };

	ASSERT_GE(box, 0);
	call_prepare(call, box, .reply_fds_ptr = ptr_u64(&got), .max_reply_fds = 1);
	call_start(call);
	ASSERT_EQ(0, mailbox_receive(box, &recv));
	EXPECT_EQ(-ELOOP, message_reply(box, .token = recv.token, .fds_ptr = ptr_u64(&box),
					.nr_fds = 1));
	EXPECT_EQ(0, message_reply(box, .token = recv.token, .fds_ptr = ptr_u64(&fd), .nr_fds = 1));
	EXPECT_EQ(0, call_join(call));
	ASSERT_GE(got, 0);
	EXPECT_EQ(segment_id(fd), segment_id(got));
	close(got);
	close(fd);
	close(box);
}

TEST_F(segment, fdinfo)
{
	int fd = segment_new(self->dev, NAME("test\nx"), .size = PAGE);
	char path[40], text[1024];

	ASSERT_GE(fd, 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ASSERT_TRUE(read_file(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ipcmbox-size:\t4096\n"));
	EXPECT_NE(NULL, strstr(text, "ipcmbox-name:\t\"test"));
	EXPECT_EQ(NULL, strstr(text, "\nx"));
	close(fd);
}

TEST_HARNESS_MAIN
