/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of libipck start from: a mailbox named "test", and a few short cuts.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <fcntl.h>
#include <sys/stat.h>

#include <ipck.h>

#include "kselftest_harness.h"
#include "ipcmbox_test.h"

FIXTURE(lib) {
	int dev;
	struct ipck *mb;
};

FIXTURE_SETUP(lib)
{
	ASSERT_EQ(0, geteuid()) TH_LOG("needs root");
	umask(0);
	self->dev = device_open();
	ASSERT_GE(self->dev, 0);
	mailbox_unlink_tests(self->dev);
	ASSERT_EQ(0, ipck_open(&self->mb, "test", O_RDWR | O_CREAT | O_EXCL, NULL));
}

FIXTURE_TEARDOWN(lib)
{
	ipck_close(self->mb);
	mailbox_unlink_tests(self->dev);
	close(self->dev);
}

static inline struct ipck_info info_of(struct ipck *mb)
{
	struct ipck_info info;
	int ret;

	memset(&info, POISON, sizeof(info));
	ret = ipck_stat(mb, &info);
	if (ret)
		fprintf(stderr, "# ipck_stat: %s\n", ipck_strerror(ret, 0));
	return info;
}

/* An unnamed mailbox, or NULL. */
static inline struct ipck *unnamed(const struct ipck_attr *attr)
{
	struct ipck *mb;

	return ipck_open(&mb, NULL, O_RDWR | O_CREAT, attr) ? NULL : mb;
}

static inline int send_number(struct ipck *mb, __u32 number)
{
	return ipck_send(mb, &number, sizeof(number), 0);
}

static inline __s64 recv_number(struct ipck *mb)
{
	const struct ipck_recv_opt opt = { .wait = IPCK_WAIT_NEVER };
	__u32 number;
	ssize_t ret = ipck_recv_opt(mb, &number, sizeof(number), &opt, NULL);

	return ret < 0 ? ret : (__s64)number;
}

/*
 * Opening
 */

#endif /* LIB_TEST_H */
