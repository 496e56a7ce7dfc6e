// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/input.h"
#include "report.h"
#include "shm.h"
#include "value/quantity.h"

static char piece[64 << 10];

/* Reads rather than maps: whoever makes the segment shorter meanwhile ends it. */
static int copy_out(int fd, uint64_t offset, uint64_t length)
{
	ssize_t ret;

	while (length && !ferror(stdout)) {
		ret = pread64(fd, piece, length < sizeof(piece) ? length :
			      sizeof(piece), offset);
		if (ret <= 0)
			return ret ? -errno : 0;
		fwrite(piece, 1, ret, stdout);
		offset += ret;
		length -= ret;
	}
	return 0;
}

enum status shm_cat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "offset", required_argument, NULL, 'o' },
		{ "length", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	uint64_t offset = 0, length = UINT64_MAX;
	struct ipck_shm *shm;
	int option, ret;

	while ((option = getopt_long(argc, argv, "o:l:", options, NULL)) != -1) {
		if (option == 'o' && quantity_bytes(optarg, INT64_MAX, &offset))
			continue;
		if (option == 'l' && quantity_bytes(optarg, INT64_MAX, &length))
			continue;
		if (option == 'o' || option == 'l')
			return report_value("shm cat", option == 'o' ? "offset" :
					    "length", optarg);
		return shm_misused();
	}
	if (argc - optind != 1)
		return shm_misused();
	ret = shm_target_open(&shm, argv[optind], O_RDONLY);
	if (ret >= 0) {
		ret = copy_out(ipck_shm_fd(shm), offset, length);
		ipck_shm_close(shm);
	}
	return ret < 0 ? report_failure("shm cat", argv[optind], ret, 0) :
			 report_output();
}

static int write_all(int fd, const char *buf, size_t len, uint64_t offset)
{
	ssize_t ret;

	while (len) {
		ret = pwrite64(fd, buf, len, offset);
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret < 0)
			continue;
		buf += ret;
		len -= ret;
		offset += ret;
	}
	return 0;
}

static int copy_in(int fd, uint64_t offset)
{
	size_t len;
	int ret = 0;

	while (!ret && (len = fread(piece, 1, sizeof(piece), stdin)) > 0) {
		ret = write_all(fd, piece, len, offset);
		offset += len;
	}
	return ret;
}

static enum status copy(const char *target, const char *text, uint64_t offset)
{
	struct ipck_shm *shm;
	int fd, ret;

	ret = shm_target_open(&shm, target, O_RDWR);
	if (ret >= 0) {
		fd = ipck_shm_fd(shm);
		ret = text ? write_all(fd, text, strlen(text), offset) :
			     copy_in(fd, offset);
		ipck_shm_close(shm);
	}
	if (ret < 0)
		return report_failure("shm write", target, ret, 0);
	return text ? STATUS_OK : input_status("shm write");
}

enum status shm_write(int argc, char **argv)
{
	static const struct option options[] = {
		{ "offset", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 }
	};
	uint64_t offset = 0;
	int option;

	while ((option = getopt_long(argc, argv, "+o:", options, NULL)) != -1) {
		if (option != 'o')
			return shm_misused();
		if (!quantity_bytes(optarg, INT64_MAX, &offset))
			return report_value("shm write", "offset", optarg);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return shm_misused();
	return copy(argv[optind], argv[optind + 1], offset);
}
