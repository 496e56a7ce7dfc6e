// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipck.h>

#include "descriptor.h"
#include "report.h"
#include "target.h"
#include "value/quantity.h"

/* As the shells have it. */
#define STATUS_NOT_RUN		126
#define STATUS_NOT_FOUND	127
#define STATUS_SIGNAL		128

/**
 * struct server - what is served, and how
 * @mb: where requests come from
 * @target: its name for messages
 * @opt: how to receive
 * @count: requests to serve, 0 is for ever
 * @command: what answers them
 * @buf: a request, then its reply
 * @size: room there
 */
struct server {
	struct ipck *mb;
	const char *target;
	struct ipck_recv_opt opt;
	uint64_t count;
	char **command;
	char *buf;
	size_t size;
};

static void set_number(const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	setenv(name, text, 1);
}

static void execute(const struct server *server, const struct ipck_msg *msg,
		    int in, int out)
{
	int error;

	set_number("IPCK_PID", msg->pid);
	set_number("IPCK_UID", msg->uid);
	set_number("IPCK_SEQ", msg->seq);
	set_number("IPCK_PRIORITY", msg->priority);
	signal(SIGPIPE, SIG_DFL);
	if (descriptor_put(in, STDIN_FILENO) >= 0 &&
	    (out < 0 || descriptor_put(out, STDOUT_FILENO) >= 0))
		execvp(server->command[0], server->command);
	error = errno;
	fprintf(stderr, "ipck: serve: %s: %s\n", server->command[0],
		strerror(error));
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
}

/* Return: how the command ended, as the shells have it, or -errno. */
static int run_command(const struct server *server, const struct ipck_msg *msg,
		       int in, int out)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		execute(server, msg, in, out);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSIGNALED(status))
		return STATUS_SIGNAL + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* A file, unlike a pipe, takes a payload of any length. */
static int write_file(const char *buf, size_t len)
{
	int fd = memfd_create("request", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (done < len) {
		n = write(fd, buf + done, len - done);
		if (n < 0) {
			n = -errno;
			close(fd);
			return n;
		}
		done += n;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* As much as there is room for, and the one byte more that is too much. */
static ssize_t read_file(int fd, char *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, buf + done, size + 1 - done, done);
		if (n < 0)
			return -errno;
		done += n;
	} while (n && done <= size);
	return done;
}

/* A reply that is too long is told to both sides. */
static enum status reply(const struct server *server,
			 const struct ipck_msg *msg, int out, int result)
{
	struct ipck_reply_opt opt = { .status = result };
	unsigned int limit = 0;
	ssize_t len;
	int ret;

	len = read_file(out, server->buf, server->size);
	if (len > (ssize_t)server->size) {
		report_failure("serve", server->target, -EMSGSIZE,
			       IPCK_LIMIT_LENGTH);
		len = 0;
		opt.status = STATUS_NOT_RUN;
	}
	if (len < 0)
		return report_failure("serve", server->target, len, 0);
	ret = ipck_reply_opt(server->mb, msg->token, server->buf, len, &opt,
			     &limit);
	/* Whoever has given up keeps nobody from being served. */
	if (ret < 0 && ret != -EPIPE && ret != -ESTALE)
		return report_failure("serve", server->target, ret, limit);
	return STATUS_OK;
}

static enum status answer(const struct server *server,
			  const struct ipck_msg *msg, int in, int out)
{
	int result;

	if (report_output() != STATUS_OK)
		return STATUS_ERROR;
	result = run_command(server, msg, in, out);
	if (result < 0)
		return report_failure("serve", server->target, result, 0);
	return msg->token ? reply(server, msg, out, result) : STATUS_OK;
}

/* Without anybody who waits for a reply, the output is ours. */
static enum status serve_one(const struct server *server)
{
	int in, out = -1;
	enum status status;
	struct ipck_msg msg;
	ssize_t ret;

	ret = ipck_recv_opt(server->mb, server->buf, server->size, &server->opt,
			    &msg);
	if (ret < 0)
		return report_failure("serve", server->target, ret, msg.limit);
	in = write_file(server->buf, ret);
	if (in >= 0 && msg.token)
		out = write_file(NULL, 0);
	if (in < 0 || (msg.token && out < 0))
		status = report_failure("serve", server->target,
					in < 0 ? in : out, 0);
	else
		status = answer(server, &msg, in, out);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return status;
}

static enum status serve(struct server *server)
{
	enum status status = STATUS_OK;
	struct ipck_info info;
	uint64_t done;
	int ret;

	ret = ipck_stat(server->mb, &info);
	if (ret < 0)
		return report_failure("serve", server->target, ret, 0);
	server->size = info.max_length;
	server->buf = malloc(server->size + 1);
	if (!server->buf)
		return report_failure("serve", server->target, -ENOMEM, 0);
	for (done = 0; !server->count || done < server->count; done++) {
		status = serve_one(server);
		if (status != STATUS_OK)
			break;
	}
	free(server->buf);
	return status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'N' },
		{ NULL, 0, NULL, 0 }
	};
	struct server server = { .opt.flags = IPCK_TOKEN };
	enum status status;
	int option, ret;

	/* The + stops at NAME: what follows belongs to the command. */
	while ((option = getopt_long(argc, argv, "+t:N:", options,
				     NULL)) != -1) {
		if (option == 't') {
			server.opt.wait = IPCK_WAIT_FOR;
			if (!quantity_duration(optarg, &server.opt.wait_ns))
				return report_value("serve", "timeout", optarg);
		} else if (option == 'N') {
			if (!quantity_number(optarg, UINT64_MAX,
					     &server.count) || !server.count)
				return report_value("serve", "count", optarg);
		} else {
			return command_misused(&serve_command);
		}
	}
	server.target = argv[optind];
	if (server.target && argv[++optind] && !strcmp(argv[optind], "--"))
		optind++;
	if (!server.target || !argv[optind])
		return command_misused(&serve_command);
	server.command = argv + optind;
	ret = target_open(&server.mb, server.target, O_RDONLY);
	if (ret < 0)
		return report_failure("serve", server.target, ret, 0);
	status = serve(&server);
	ipck_close(server.mb);
	return status;
}

const struct command serve_command = {
	.name = "serve",
	.summary = "answer each request by running a program",
	.usage = "[-t TIMEOUT] [-N COUNT] NAME|#ID [--] COMMAND [ARGUMENT...]",
	.help =
	"  -t, --timeout T   end when no request has come for so long: seconds, or a\n"
	"                    number with ns, us, ms, s, m or h\n"
	"  -N, --count N     serve N requests; goes on for ever by default\n"
	"\n"
	"COMMAND finds the request on its standard input. What it writes is the reply,\n"
	"its exit status is the reply's. IPCK_PID, IPCK_UID, IPCK_SEQ and IPCK_PRIORITY\n"
	"in its environment tell of the sender and the message. A message nobody waits\n"
	"for to be answered is served as well; the output then goes to that of ipck.\n",
	.run = run,
};
