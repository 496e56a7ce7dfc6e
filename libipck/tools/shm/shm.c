// SPDX-License-Identifier: LGPL-2.1-or-later
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "shm.h"
#include "value/quantity.h"

enum status shm_misused(void)
{
	return command_misused(&shm_command);
}

static enum status create(const char *name, int oflag,
			  const struct ipck_shm_attr *attr)
{
	struct ipck_shm *shm;
	unsigned int limit;
	int ret;

	/* The access does not matter; to read may be all the mode allows. */
	ret = ipck_shm_open(&shm, name, O_RDONLY | O_CREAT | oflag, attr,
			    &limit);
	if (ret < 0)
		return report_failure("shm create", name, ret, limit);
	printf("%" PRIu64 "\n", ipck_shm_id(shm));
	ipck_shm_close(shm);
	return STATUS_OK;
}

static enum status shm_create(int argc, char **argv)
{
	static const struct option options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "mode", required_argument, NULL, 'm' },
		{ "exclusive", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 }
	};
	struct ipck_shm_attr attr = { 0 };
	int option, oflag = 0;

	while ((option = getopt_long(argc, argv, "s:m:x", options, NULL)) != -1) {
		switch (option) {
		case 's':
			if (!quantity_bytes(optarg, INT64_MAX, &attr.size))
				return report_value("shm create", "size", optarg);
			break;
		case 'm':
			if (!quantity_mode(optarg, &attr.mode) || !attr.mode)
				return report_value("shm create", "mode", optarg);
			break;
		case 'x':
			oflag = O_EXCL;
			break;
		default:
			return shm_misused();
		}
	}
	return argc - optind == 1 ? create(argv[optind], oflag, &attr) :
				    shm_misused();
}

static enum status shm_resize(int argc, char **argv)
{
	struct ipck_shm *shm;
	uint64_t size;
	int ret;

	if (argc != 3)
		return shm_misused();
	if (!quantity_bytes(argv[1], INT64_MAX, &size))
		return report_value("shm resize", "size", argv[1]);
	ret = shm_target_open(&shm, argv[2], O_RDWR);
	if (ret >= 0) {
		ret = ipck_shm_resize(shm, size);
		ipck_shm_close(shm);
	}
	return ret < 0 ? report_failure("shm resize", argv[2], ret, 0) :
			 STATUS_OK;
}

static enum status shm_unlink_all(int argc, char **argv)
{
	enum status status = STATUS_OK;
	int i, ret;

	if (argc < 2)
		return shm_misused();
	for (i = 1; i < argc; i++) {
		ret = shm_target_unlink(argv[i]);
		if (ret < 0)
			status = report_failure("shm unlink", argv[i], ret, 0);
	}
	return status;
}

static const struct {
	const char *name;
	enum status (*run)(int argc, char **argv);
} subcommands[] = {
	{ "create", shm_create },
	{ "resize", shm_resize },
	{ "unlink", shm_unlink_all },
	{ "ls", shm_ls },
	{ "stat", shm_stat },
	{ "cat", shm_cat },
	{ "write", shm_write },
};

static enum status run(int argc, char **argv)
{
	char title[32];
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (strcmp(subcommands[i].name, argv[1]))
			continue;
		snprintf(title, sizeof(title), "ipck shm %s", argv[1]);
		argv[1] = title;
		return subcommands[i].run(argc - 1, argv + 1);
	}
	return shm_misused();
}

const struct command shm_command = {
	.name = "shm",
	.summary = "segments of shared memory",
	.usage =
	"create [-s SIZE] [-m MODE] [-x] NAME\n"
	"                resize SIZE NAME|#ID\n"
	"                unlink NAME|#ID...\n"
	"                ls [--json]\n"
	"                stat [--json] NAME|#ID\n"
	"                cat [-o OFFSET] [-l LENGTH] NAME|#ID\n"
	"                write [-o OFFSET] NAME|#ID [TEXT]",
	.help =
	"  create   make a segment, print its id\n"
	"  resize   make it longer or shorter\n"
	"  unlink   remove names, and segments nobody has open or mapped\n"
	"  ls       list the segments\n"
	"  stat     show all about one\n"
	"  cat      copy it, or a part of it, to standard output\n"
	"  write    copy TEXT, or standard input, into it; it grows as needed\n"
	"\n"
	"  -s, --size N       bytes; 0 by default\n"
	"  -m, --mode MODE    octal, 4 to read, 2 to write; 600 by default\n"
	"  -x, --exclusive    fail if the name exists\n"
	"  -o, --offset N     where to begin; 0 by default\n"
	"  -l, --length N     bytes; up to the end by default\n"
	"  -j, --json         with keys as in linux/ipcmbox.h\n"
	"\n"
	"Sizes may end in K, M or G. Names of segments and of mailboxes do not meet.\n",
	.run = run,
};
