// SPDX-License-Identifier: GPL-2.0-only
/*
 * libipck: segments do what ipck.h says.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib_test.h"
#include "segment_test.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)

FIXTURE(shm) {
	int dev, count;
	struct ipck *mb;
	struct ipck_shm *shm;
};

FIXTURE_SETUP(shm)
{
	struct ipck_attr attr = { .capacity = 4, .flags = IPCK_ATTR_FDS };
	struct ipck_shm_attr shm_attr = { .size = SIZE, .mode = 0640 };

	umask(0);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->count = segment_count(self->dev);
	ASSERT_EQ(0, ipck_open(&self->mb, NULL, O_RDWR | O_CREAT, &attr));
	ASSERT_EQ(0, ipck_shm_open(&self->shm, "test", O_RDWR | O_CREAT | O_EXCL, &shm_attr, NULL));
}

FIXTURE_TEARDOWN(shm)
{
	ipck_shm_close(self->shm);
	ipck_close(self->mb);
	segment_unlink_tests(self->dev);
	EXPECT_TRUE(await_segments(self->dev, self->count));
	close(self->dev);
}

TEST_F(shm, opened)
{
	struct ipck_shm *shm = (void *)1, *other;
	struct ipck_shm_attr attr = { .size = 1ULL << 62 };
	unsigned int limit = 77;

	EXPECT_NE(0, ipck_shm_id(self->shm));
	EXPECT_GE(ipck_shm_fd(self->shm), 0);
	EXPECT_EQ(0, ipck_shm_id(NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_fd(NULL));
	EXPECT_EQ(-ENOENT, ipck_shm_open(&shm, "test none", O_RDWR, NULL, &limit));
	EXPECT_EQ(NULL, shm);
	EXPECT_EQ(IPCK_LIMIT_NONE, limit);
	EXPECT_EQ(-EEXIST, ipck_shm_open(&shm, "/test", O_RDWR | O_CREAT | O_EXCL, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_open(&shm, "test", O_WRONLY, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_open(&shm, "test", O_RDWR | O_NONBLOCK, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_open(&shm, "test", O_RDWR | O_EXCL, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_open(&shm, NULL, O_RDWR, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_open(NULL, "test", O_RDWR, NULL, NULL));
	EXPECT_EQ(-EDQUOT, ipck_shm_open(&shm, NULL, O_RDWR | O_CREAT, &attr, &limit));
	EXPECT_EQ(IPCK_LIMIT_USER_SEGMENT_BYTES, limit);
	EXPECT_STREQ("segments of this user are too long together",
		     ipck_strerror(-EDQUOT, limit));
	attr.reserved[8] = 1;
	EXPECT_EQ(-EINVAL, ipck_shm_open(&shm, NULL, O_RDWR | O_CREAT, &attr, NULL));

	ASSERT_EQ(0, ipck_shm_open(&shm, "test", O_RDONLY, NULL, NULL));
	EXPECT_EQ(ipck_shm_id(self->shm), ipck_shm_id(shm));
	EXPECT_EQ(-EACCES, ipck_shm_resize(shm, 0));
	ipck_shm_close(shm);
	ASSERT_EQ(0, ipck_shm_open_id(&shm, ipck_shm_id(self->shm), O_RDWR));
	ASSERT_EQ(0, ipck_shm_from_fd(&other, dup(ipck_shm_fd(shm))));
	EXPECT_EQ(ipck_shm_id(shm), ipck_shm_id(other));
	ipck_shm_close(other);
	ipck_shm_close(shm);
	ipck_shm_close(NULL);
	EXPECT_EQ(-ENOTTY, ipck_shm_from_fd(&shm, self->dev));
	EXPECT_EQ(-ENOTTY, ipck_shm_from_fd(&shm, ipck_fd(self->mb)));
	EXPECT_EQ(-EBADF, ipck_shm_from_fd(&shm, -1));
	EXPECT_EQ(NULL, shm);
	EXPECT_EQ(-EINVAL, ipck_shm_open_id(&shm, 1, O_RDWR | O_CREAT));
}

TEST_F(shm, stat_list_set_unlink)
{
	struct ipck_shm_change change = { .mask = IPCK_SET_MODE, .mode = 0600 };
	struct ipck_shm_info info, infos[20];
	struct ipck_shm *shms[20];
	int i, n;

	ASSERT_EQ(0, ipck_shm_stat(self->shm, &info));
	EXPECT_EQ(ipck_shm_id(self->shm), info.id);
	EXPECT_EQ(SIZE, info.size);
	EXPECT_EQ(SIZE, info.charged);
	EXPECT_EQ(0640, info.mode);
	EXPECT_EQ(IPCK_INFO_NAMED, info.flags);
	EXPECT_EQ(F_SEAL_SEAL, info.seals);
	EXPECT_EQ(1, info.readers);
	EXPECT_EQ(1, info.writers);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_STREQ("test", info.name);
	EXPECT_EQ(0, ipck_shm_set(self->shm, &change));
	change.reserved[0] = 1;
	EXPECT_EQ(-EINVAL, ipck_shm_set(self->shm, &change));
	ASSERT_EQ(0, ipck_shm_stat(self->shm, &info));
	EXPECT_EQ(0600, info.mode);
	EXPECT_EQ(-EINVAL, ipck_shm_stat(NULL, &info));

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, ipck_shm_open(&shms[i], NULL, O_RDWR | O_CREAT, NULL, NULL));
	n = ipck_shm_list(ipck_shm_id(self->shm), infos, 20);
	EXPECT_EQ(20, n);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(ipck_shm_id(shms[i]), infos[i].id);
		ipck_shm_close(shms[i]);
	}
	EXPECT_EQ(0, ipck_shm_list(UINT64_MAX, infos, 20));
	EXPECT_EQ(-EINVAL, ipck_shm_list(0, infos, 0));

	EXPECT_EQ(0, ipck_shm_unlink("test"));
	EXPECT_EQ(-ENOENT, ipck_shm_unlink("test"));
	EXPECT_EQ(-ENOENT, ipck_shm_unlink_id(ipck_shm_id(self->shm)));
	EXPECT_EQ(-EINVAL, ipck_shm_unlink(NULL));
}

TEST_F(shm, mapped)
{
	struct ipck_map all, part, none;
	struct ipck_shm *ro;

	ASSERT_EQ(0, ipck_shm_map(self->shm, &all, 0, 0, READ_WRITE));
	EXPECT_EQ(SIZE, all.length);
	/* Neither begin nor length have to do with pages. */
	ASSERT_EQ(0, ipck_shm_map(self->shm, &part, PAGE + 123, 456, PROT_READ));
	EXPECT_EQ(456, part.length);
	strcpy((char *)all.addr + PAGE + 123, "here");
	EXPECT_STREQ("here", part.addr);
	ipck_shm_unmap(&part);
	EXPECT_EQ(NULL, part.addr);
	ipck_shm_unmap(&part);
	ipck_shm_unmap(NULL);
	ASSERT_EQ(0, ipck_shm_map(self->shm, &part, SIZE - 1, 0, PROT_READ));
	EXPECT_EQ(1, part.length);
	ipck_shm_unmap(&part);

	EXPECT_EQ(-EINVAL, ipck_shm_map(self->shm, &none, SIZE, 0, PROT_READ));
	EXPECT_EQ(NULL, none.addr);
	EXPECT_EQ(-EPERM, ipck_shm_map(self->shm, &none, 0, 0, PROT_READ | PROT_EXEC));
	ASSERT_EQ(0, ipck_shm_open(&ro, "test", O_RDONLY, NULL, NULL));
	EXPECT_EQ(-EACCES, ipck_shm_map(ro, &none, 0, 0, READ_WRITE));
	ipck_shm_close(ro);

	EXPECT_EQ(0, ipck_shm_resize(self->shm, PAGE));
	EXPECT_EQ(0, ipck_shm_resize(self->shm, SIZE));
	EXPECT_EQ(0, ((char *)all.addr)[PAGE + 123]);
	EXPECT_EQ(-EFBIG, ipck_shm_resize(self->shm, UINT64_MAX));
	ipck_shm_unmap(&all);
}

TEST_F(shm, handed_over)
{
	struct ipck_range range = { PAGE, 100 }, got = { 0 };
	struct ipck_send_opt bad = { .nr_fds = 1 };
	struct ipck_shm *shm;
	struct ipck_msg msg;
	struct ipck_map map;

	EXPECT_EQ(0, ipck_shm_send(self->mb, self->shm, &range, NULL, NULL));
	EXPECT_EQ(0, ipck_shm_send(self->mb, self->shm, NULL, NULL, NULL));
	ASSERT_EQ(0, ipck_shm_recv(self->mb, &shm, &got, NULL, &msg));
	EXPECT_EQ(ipck_shm_id(self->shm), ipck_shm_id(shm));
	EXPECT_EQ(PAGE, got.offset);
	EXPECT_EQ(100, got.length);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(sizeof(got), msg.length);
	ASSERT_EQ(0, ipck_shm_map(shm, &map, got.offset, got.length, READ_WRITE));
	ipck_shm_unmap(&map);
	ipck_shm_close(shm);
	ASSERT_EQ(0, ipck_shm_recv(self->mb, &shm, &got, NULL, NULL));
	EXPECT_EQ(0, got.offset);
	EXPECT_EQ(SIZE, got.length);
	ipck_shm_close(shm);
	EXPECT_EQ(-EINVAL, ipck_shm_send(self->mb, self->shm, NULL, &bad, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_send(self->mb, NULL, NULL, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipck_shm_recv(self->mb, &shm, NULL, NULL, NULL));
}

/* What comes is looked at before anybody uses it. */
TEST_F(shm, bad_messages)
{
	int fds[2] = { ipck_shm_fd(self->shm), STDIN_FILENO }, i, open_before = dup(0);
	struct ipck_range wild[] = { { SIZE + 1, 0 }, { 0, SIZE + 1 }, { 1, UINT64_MAX } }, got;
	struct ipck_send_opt opt = { .fds = &fds[1], .nr_fds = 1 };
	struct ipck_recv_opt never = { .wait = IPCK_WAIT_NEVER };
	struct ipck_shm *shm;

	close(open_before);
	EXPECT_EQ(-EAGAIN, ipck_shm_recv(self->mb, &shm, &got, &never, NULL));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, ipck_shm_send(self->mb, self->shm, &wild[i], NULL, NULL));
		EXPECT_EQ(-EBADMSG, ipck_shm_recv(self->mb, &shm, &got, &never, NULL));
		EXPECT_EQ(NULL, shm);
	}
	EXPECT_EQ(0, ipck_send(self->mb, "0123456789abcdef", 16, 0));
	EXPECT_EQ(-EBADMSG, ipck_shm_recv(self->mb, &shm, &got, &never, NULL));
	EXPECT_EQ(0, ipck_send_opt(self->mb, &wild, 16, &opt, NULL));
	EXPECT_EQ(-EBADMSG, ipck_shm_recv(self->mb, &shm, &got, &never, NULL));
	opt.fds = fds;
	EXPECT_EQ(0, ipck_send_opt(self->mb, "short", 5, &opt, NULL));
	EXPECT_EQ(-EBADMSG, ipck_shm_recv(self->mb, &shm, &got, &never, NULL));
	EXPECT_EQ(-EAGAIN, ipck_shm_recv(self->mb, &shm, &got, &never, NULL));
	/* No descriptor is left over. */
	i = dup(0);
	EXPECT_EQ(open_before, i);
	close(i);
}

TEST_F(shm, moved)
{
	struct ipck_send_opt opt = { .flags = IPCK_MOVE };
	struct ipck_shm_info info;
	struct ipck_range range;
	struct ipck_map map, none;
	struct ipck_shm *shm;

	ASSERT_EQ(0, ipck_shm_map(self->shm, &map, 0, 0, READ_WRITE));
	EXPECT_EQ(-EBUSY, ipck_shm_send(self->mb, self->shm, NULL, &opt, NULL));
	ipck_shm_unmap(&map);
	ASSERT_EQ(0, ipck_shm_send(self->mb, self->shm, NULL, &opt, NULL));
	ASSERT_EQ(0, ipck_shm_stat(self->shm, &info));
	EXPECT_EQ(IPCK_INFO_NAMED | IPCK_INFO_MOVED, info.flags);
	EXPECT_EQ(-EPERM, ipck_shm_map(self->shm, &none, 0, 0, READ_WRITE));
	EXPECT_EQ(-EPERM, ipck_shm_resize(self->shm, 0));
	EXPECT_EQ(-EPERM, ipck_shm_send(self->mb, self->shm, NULL, &opt, NULL));
	ASSERT_EQ(0, ipck_shm_recv(self->mb, &shm, &range, NULL, NULL));
	ASSERT_EQ(0, ipck_shm_map(shm, &map, 0, 0, READ_WRITE));
	ipck_shm_unmap(&map);
	ipck_shm_close(shm);
	ASSERT_EQ(0, ipck_shm_map(self->shm, &map, 0, 0, READ_WRITE));
	ipck_shm_unmap(&map);
	EXPECT_EQ(-EINVAL, ipck_send_opt(self->mb, "", 0, &opt, NULL)) TH_LOG("no segment");
}

TEST_F(shm, limits)
{
	struct ipck_limits limits;

	ASSERT_EQ(0, ipck_limits(&limits));
	EXPECT_TRUE(limits.features & IPCK_FEATURE_SEGMENT);
	EXPECT_TRUE(limits.features & IPCK_FEATURE_MOVE);
	EXPECT_GE(limits.max_user_segments, 1000);
	EXPECT_GE(limits.max_user_segment_bytes, 64 << 20);
	EXPECT_GE(limits.user_segments, 1);
	EXPECT_GE(limits.user_segment_bytes, SIZE);
}

TEST_HARNESS_MAIN
