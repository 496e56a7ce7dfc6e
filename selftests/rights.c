// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open, send, receive, unlink and administer.
 *
 * Children take an ordinary user's ids, with which they lose all capabilities.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

#define OWNER	1000
#define GROUP	2000
#define MEMBER	1001	/* of GROUP */
#define OTHER	1002

FIXTURE(rights) {
	int dev, fd;
	struct call *call;
};

FIXTURE_SETUP(rights)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(0);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	self->fd = mailbox_new(self->dev, NAME("test"), .max_messages = 8);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_UID | IPCMBOX_SET_GID,
				    .uid = OWNER, .gid = GROUP));
	self->call = calls_alloc(1);
}

FIXTURE_TEARDOWN(rights)
{
	close(self->fd);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

/* An attempt of somebody, and what came of it as a positive errno. */
struct attempt {
	int dev, fd;
	uid_t uid;
	gid_t gid;
	int (*what)(struct attempt *attempt);
	__u32 access;
};

static int attempt_body(void *arg)
{
	struct attempt *attempt = arg;
	int ret;

	if (attempt->uid && become(attempt->uid, attempt->gid))
		return 254;
	ret = attempt->what(attempt);
	return ret < 0 ? -ret : 0;
}

static int attempt(FIXTURE_DATA(rights) *self, uid_t uid, gid_t gid,
		   int (*what)(struct attempt *), __u32 access)
{
	struct attempt attempt = {
		.dev = self->dev, .fd = self->fd, .uid = uid, .gid = gid, .what = what,
		.access = access,
	};

	return child_run(attempt_body, &attempt);
}

static int try_open(struct attempt *attempt)
{
	return mailbox_find(attempt->dev, "test", attempt->access);
}

static int try_open_by_id(struct attempt *attempt)
{
	return mailbox_by_id(attempt->dev, mailbox_id(attempt->fd), attempt->access);
}

static int try_create(struct attempt *attempt)
{
	return mailbox_new(attempt->dev, NAME("test"), .access = attempt->access);
}

static int try_unlink(struct attempt *attempt)
{
	return mailbox_unlink(attempt->dev, "test");
}

static int try_unlink_by_id(struct attempt *attempt)
{
	return mailbox_unlink_id(attempt->dev, mailbox_id(attempt->fd));
}

static int try_set_capacity(struct attempt *attempt)
{
	return mailbox_change(attempt->fd, .mask = IPCMBOX_SET_MAX_MESSAGES, .max_messages = 9);
}

static int try_set_mode(struct attempt *attempt)
{
	return mailbox_change(attempt->fd, .mask = IPCMBOX_SET_MODE, .mode = 0666);
}

static int try_set_uid(struct attempt *attempt)
{
	return mailbox_change(attempt->fd, .mask = IPCMBOX_SET_UID, .uid = OTHER);
}

static int try_set_gid(struct attempt *attempt)
{
	return mailbox_change(attempt->fd, .mask = IPCMBOX_SET_GID, .gid = attempt->access);
}

static int try_stat(struct attempt *attempt)
{
	struct ipcmbox_info info;

	return mailbox_stat(attempt->fd, &info);
}

static int try_list(struct attempt *attempt)
{
	return mailbox_listed(attempt->dev, mailbox_id(attempt->fd)) ? 0 : -ESRCH;
}

/* Root here means both ids and CAP_IPC_OWNER. */
TEST_F(rights, mode_matrix)
{
	static const struct { uid_t uid; gid_t gid; int shift; } classes[] = {
		{ OWNER, GROUP, 6 }, { OWNER, 1, 6 }, { MEMBER, GROUP, 3 }, { OTHER, 1, 0 },
	};
	static const __u32 bits[] = { 0, 2, 4, 6 };
	__u32 access, i, b, allowed;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		for (b = 0; b < ARRAY_SIZE(bits); b++) {
			/* The other classes have what this one has not. */
			__u32 mode = (bits[b] ^ 6) * 0111;

			mode &= ~(6 << classes[i].shift);
			mode |= bits[b] << classes[i].shift;
			ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE,
						    .mode = mode));
			for (access = 1; access <= 3; access++) {
				allowed = (bits[b] & 4 ? IPCMBOX_READ : 0) |
					  (bits[b] & 2 ? IPCMBOX_WRITE : 0);
				EXPECT_EQ(access & ~allowed ? EACCES : 0,
					  attempt(self, classes[i].uid, classes[i].gid,
						  b & 1 ? try_open : try_open_by_id, access))
					TH_LOG("mode %o, class %u, access %u", mode, i, access);
				EXPECT_EQ(0, attempt(self, 0, 0, try_open, access));
			}
		}
	}
	EXPECT_EQ(1, mailbox_info(self->fd).readers);
	EXPECT_EQ(1, mailbox_info(self->fd).writers);
}

static int supplementary_body(void *arg)
{
	struct attempt *attempt = arg;
	gid_t groups[] = { 17, GROUP };

	if (setgroups(2, groups) || setresgid(1, 1, 1) || setresuid(MEMBER, MEMBER, MEMBER))
		return 254;
	return -(attempt->what(attempt) < 0 ? attempt->what(attempt) : 0);
}

TEST_F(rights, supplementary_groups_count)
{
	struct attempt attempt = {
		.dev = self->dev, .fd = self->fd, .what = try_open, .access = IPCMBOX_READ,
	};

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0640));
	EXPECT_EQ(0, child_run(supplementary_body, &attempt));
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0604));
	EXPECT_EQ(EACCES, child_run(supplementary_body, &attempt));
}

/* CREATE of a name that exists opens, by the mode; with EXCL it says only that it exists. */
TEST_F(rights, create_opens_by_the_mode)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0604));
	EXPECT_EQ(EACCES, attempt(self, OTHER, 1, try_create, RW));
	EXPECT_EQ(0, attempt(self, OTHER, 1, try_create, IPCMBOX_READ));
}

TEST_F(rights, unlink)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0666));
	EXPECT_EQ(EPERM, attempt(self, OTHER, 1, try_unlink, 0));
	EXPECT_EQ(EPERM, attempt(self, MEMBER, GROUP, try_unlink_by_id, 0));
	EXPECT_EQ(IPCMBOX_INFO_NAMED, mailbox_info(self->fd).flags);
	EXPECT_EQ(0, attempt(self, OWNER, 1, try_unlink, 0));
	EXPECT_EQ(ENOENT, attempt(self, OWNER, 1, try_unlink, 0));
	EXPECT_EQ(ENOENT, attempt(self, OTHER, 1, try_unlink_by_id, 0));
}

TEST_F(rights, root_unlinks_anything)
{
	EXPECT_EQ(0, attempt(self, 0, 0, try_unlink, 0));
}

TEST_F(rights, set)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0660));
	EXPECT_EQ(EPERM, attempt(self, OTHER, GROUP, try_set_capacity, 0));
	EXPECT_EQ(EPERM, attempt(self, OTHER, GROUP, try_set_mode, 0));
	EXPECT_EQ(8, mailbox_info(self->fd).max_messages);
	EXPECT_EQ(0, attempt(self, OWNER, 1, try_set_capacity, 0));
	EXPECT_EQ(9, mailbox_info(self->fd).max_messages);
	EXPECT_EQ(0, attempt(self, OWNER, 1, try_set_mode, 0));
	EXPECT_EQ(0666, mailbox_info(self->fd).mode);
}

TEST_F(rights, set_owner)
{
	EXPECT_EQ(EPERM, attempt(self, OTHER, 1, try_set_uid, 0));
	EXPECT_EQ(EPERM, attempt(self, OWNER, 1, try_set_uid, 0)) TH_LOG("without CAP_CHOWN");
	EXPECT_EQ(OWNER, mailbox_info(self->fd).uid);
	/* A group of one's own, but no other. */
	EXPECT_EQ(EPERM, attempt(self, OWNER, 55, try_set_gid, 66));
	EXPECT_EQ(GROUP, mailbox_info(self->fd).gid);
	EXPECT_EQ(0, attempt(self, OWNER, 55, try_set_gid, 55));
	EXPECT_EQ(55, mailbox_info(self->fd).gid);
	EXPECT_EQ(EPERM, attempt(self, OTHER, 66, try_set_gid, 66));
	EXPECT_EQ(0, attempt(self, 0, 0, try_set_uid, 0));
	EXPECT_EQ(OTHER, mailbox_info(self->fd).uid);
	EXPECT_EQ(0, attempt(self, OTHER, 1, try_set_capacity, 0)) TH_LOG("the new owner may");
	EXPECT_EQ(EPERM, attempt(self, OWNER, 1, try_set_capacity, 0));
}

TEST_F(rights, looking_needs_none)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0));
	EXPECT_EQ(0, attempt(self, OTHER, 1, try_stat, 0));
	EXPECT_EQ(0, attempt(self, OTHER, 1, try_list, 0));
}

/* A descriptor without access is for those who administer, whatever the mode says. */
static int open_to_look(struct attempt *attempt)
{
	struct ipcmbox_recv recv = { .flags = IPCMBOX_NONBLOCK };
	struct ipcmbox_info info;
	char byte;
	int fd;

	fd = mailbox_find(attempt->dev, "test", 0);
	if (fd < 0)
		return fd;
	if (mailbox_stat(fd, &info) || info.readers != 1 || info.writers != 1)
		return -EBADE;
	if (put(fd, 0, 1) != -EACCES || mailbox_recv(fd, &recv) != -EACCES)
		return -EBADF;
	if (read(fd, &byte, 1) != -1 || errno != EBADF ||
	    write(fd, &byte, 1) != -1 || errno != EBADF)
		return -EBADFD;
	attempt->fd = fd;
	return try_set_capacity(attempt);
}

TEST_F(rights, descriptor_without_access)
{
	static const __u32 modes[] = { 0, 0666 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, mailbox_change(self->fd, .max_messages = 8, .mode = modes[i],
					    .mask = IPCMBOX_SET_MODE | IPCMBOX_SET_MAX_MESSAGES));
		EXPECT_EQ(EACCES, attempt(self, OTHER, 1, open_to_look, 0));
		EXPECT_EQ(EACCES, attempt(self, MEMBER, GROUP, open_to_look, 0));
		EXPECT_EQ(EACCES, attempt(self, OTHER, 1, try_open_by_id, 0));
		EXPECT_EQ(8, mailbox_info(self->fd).max_messages);
		EXPECT_EQ(0, attempt(self, OWNER, 1, open_to_look, 0));
		EXPECT_EQ(9, mailbox_info(self->fd).max_messages);
		EXPECT_EQ(0, attempt(self, 0, 0, open_to_look, 0));
	}
}

static int open_device(struct attempt *attempt)
{
	(void)attempt;
	return device_open();
}

TEST_F(rights, device_opens_for_everybody)
{
	EXPECT_EQ(0, attempt(self, OTHER, 1, open_device, 0));
}

static int create_own(struct attempt *attempt)
{
	int fd = mailbox_new(attempt->dev, NAME("test own"), .mode = attempt->access);
	struct ipcmbox_info info = mailbox_info(fd);

	if (info.uid != OTHER || info.gid != 77)
		return -EBADE;
	/* Creating gives the descriptor whatever the mode says, as open(2) does. */
	return put(fd, 0, 1) == -EAGAIN ? fd : -EBADR;
}

TEST_F(rights, owner_is_the_creator)
{
	EXPECT_EQ(0, attempt(self, OTHER, 77, create_own, 0440));
}

TEST_F(rights, umask)
{
	static const struct { __u32 mode, mask, expected; } cases[] = {
		{ 0666, 0022, 0644 }, { 0666, 0077, 0600 }, { 0606, 0, 0606 }, { 0642, 0666, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd;

		umask(cases[i].mask);
		fd = mailbox_new(self->dev, .mode = cases[i].mode);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(cases[i].expected, mailbox_info(fd).mode);
		close(fd);
	}
}

/* The descriptor is the right, whoever has it, and however the mode changes. */
static int use_descriptor(struct attempt *attempt)
{
	int ret = put(attempt->fd, 0, 5);

	return ret ? ret : take(attempt->fd) == 5 ? 0 : -EBADE;
}

TEST_F(rights, descriptor_carries_them)
{
	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0));
	EXPECT_EQ(EACCES, attempt(self, OTHER, 1, try_open, IPCMBOX_READ));
	EXPECT_EQ(0, attempt(self, OTHER, 1, use_descriptor, 0));
}

static int give_up_right(struct attempt *attempt)
{
	int fd = mailbox_by_id(attempt->dev, mailbox_id(attempt->fd), IPCMBOX_READ);

	return put(fd, 0, 1);
}

TEST_F(rights, descriptor_has_no_more_than_asked_for)
{
	EXPECT_EQ(EACCES, attempt(self, 0, 0, give_up_right, 0));
}

static int send_as(struct attempt *attempt)
{
	return put(attempt->fd, 0, 1);
}

TEST_F(rights, receiver_sees_who_sent)
{
	struct ipcmbox_recv recv = {};
	__u32 number;

	ASSERT_EQ(0, attempt(self, MEMBER, GROUP, send_as, 0));
	ASSERT_EQ(4, take_info(self->fd, &number, &recv));
	EXPECT_EQ(MEMBER, recv.uid);
	EXPECT_EQ(GROUP, recv.gid);
}

/* Effective ids decide, not real ones. */
static int open_effectively(void *arg)
{
	struct attempt *attempt = arg;

	if (setgroups(0, NULL) || setresgid(1, 1, 1) || setresuid(OWNER, OTHER, OTHER))
		return 254;
	return -mailbox_find(attempt->dev, "test", IPCMBOX_READ);
}

TEST_F(rights, effective_ids)
{
	struct attempt attempt = { .dev = self->dev };

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE, .mode = 0600));
	EXPECT_EQ(EACCES, child_run(open_effectively, &attempt));
}

/*
 * It is the capability that overrides, not the user id 0.
 */
static int set_capabilities(__u32 effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = effective, .permitted = effective },
	};

	return syscall(SYS_capset, &header, data);
}

static int root_without_capability(struct attempt *attempt)
{
	if (set_capabilities(0))
		return -EBADE;
	if (try_open(attempt) != -EACCES || try_open_by_id(attempt) != -EACCES ||
	    mailbox_find(attempt->dev, "test", 0) != -EACCES)
		return -EBADF;
	if (try_unlink(attempt) != -EPERM || try_set_mode(attempt) != -EPERM)
		return -EBADFD;
	return 0;
}

static int user_with_capability(void *arg)
{
	struct attempt *attempt = arg;

	if (prctl(PR_SET_KEEPCAPS, 1) || become(OTHER, OTHER) ||
	    set_capabilities(1 << CAP_IPC_OWNER))
		return 1;
	if (try_open(attempt) < 0 || try_open_by_id(attempt) < 0 ||
	    mailbox_find(attempt->dev, "test", 0) < 0)
		return 2;
	if (try_set_capacity(attempt) || try_set_mode(attempt))
		return 3;
	/* For the owner itself CAP_CHOWN is needed. */
	if (try_set_uid(attempt) != -EPERM)
		return 4;
	return try_unlink(attempt) ? 5 : 0;
}

TEST_F(rights, capability)
{
	struct attempt user = { .dev = self->dev, .fd = self->fd, .access = RW };

	ASSERT_EQ(0, mailbox_change(self->fd, .mask = IPCMBOX_SET_MODE));
	EXPECT_EQ(0, attempt(self, 0, 0, root_without_capability, RW));
	EXPECT_EQ(0, child_run(user_with_capability, &user));
}

/*
 * An ordinary user's own user and IPC namespace: master of what is in there, and of nothing else.
 */
static int user_namespace(void *arg)
{
	static const struct ipcmbox_set no_mode = { .mask = IPCMBOX_SET_MODE };
	struct attempt *attempt = arg;
	char map[64];
	int dev, fd;

	if (become(OTHER, OTHER) || unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		return 254;
	snprintf(map, sizeof(map), "0 %d 1", OTHER);
	if (!write_file("/proc/self/setgroups", "deny") ||
	    !write_file("/proc/self/uid_map", map) || !write_file("/proc/self/gid_map", map))
		return 253;
	dev = device_open();
	if (dev < 0)
		return 1;
	if (mailbox_find(dev, "test", RW) != -ENOENT)
		return 2;
	fd = mailbox_new(dev, NAME("test"), .mode = 0600, .max_messages = 1);
	if (fd < 0 || mailbox_info(fd).uid != 0)
		return 3;
	/* CAP_IPC_OWNER overrides mode 0. */
	if (mailbox_set(fd, &no_mode) || mailbox_find(dev, "test", RW) < 0)
		return 4;
	/* The capability is worth nothing in the namespace of the descriptor from outside. */
	if (mailbox_find(attempt->dev, "test", RW) != -EACCES)
		return 5;
	if (mailbox_unlink(attempt->dev, "test") != -EPERM)
		return 6;
	if (mailbox_set(attempt->fd, &no_mode) != -EPERM)
		return 7;
	/* The owner has no id in here. */
	if (mailbox_info(attempt->fd).uid != 65534)
		return 8;
	return 0;
}

TEST_F(rights, user_namespace)
{
	struct attempt attempt = { .dev = self->dev, .fd = self->fd };
	int ret = child_run(user_namespace, &attempt);

	if (ret == 254)
		SKIP(return, "no user namespaces for ordinary users");
	EXPECT_EQ(0, ret);
}

TEST_HARNESS_MAIN
