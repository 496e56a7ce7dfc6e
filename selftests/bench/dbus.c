// SPDX-License-Identifier: GPL-2.0-only
/*
 * D-Bus: method calls without a reply, through a dbus-daemon, with sd-bus.
 *
 * Connections do not survive fork(2): each process makes its own with the first
 * message, takes a name, and waits for the name of the other.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "transport.h"

#define SOCKET		"/tmp/bench.bus"
#define CONFIG		"/tmp/bench.bus.conf"
#define INTERFACE	"bench.Message"
#define PATIENCE_US	10000000
#define LOOK_US		1000

/* Everybody may do everything. */
static const char * const config[] = {
	"<busconfig><type>session</type><listen>unix:path=" SOCKET "</listen>",
	"<auth>EXTERNAL</auth><policy context='default'><allow own='*'/>",
	"<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/>",
	"</policy></busconfig>",
};

/* Of this process, by the end: both, where one process has both. */
static sd_bus *connections[2];
static char names[2][64];

static int check(const char *what, int ret)
{
	if (ret < 0)
		errx(EXIT_FAILURE, "%s: %s", what, strerror(-ret));
	return ret;
}

static void write_config(void)
{
	FILE *file = fopen(CONFIG, "we");
	size_t i;

	if (!file)
		err(EXIT_FAILURE, CONFIG);
	for (i = 0; i < sizeof(config) / sizeof(*config); i++)
		if (fputs(config[i], file) < 0)
			err(EXIT_FAILURE, CONFIG);
	if (fclose(file))
		err(EXIT_FAILURE, CONFIG);
}

static void run_daemon(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execlp("dbus-daemon", "dbus-daemon", "--nofork", "--config-file=" CONFIG, NULL);
	err(EXIT_FAILURE, "dbus-daemon");
}

/* One daemon for all jobs. */
static void dbus_prepare(void)
{
	unsigned int waited;
	pid_t pid;

	write_config();
	pid = fork();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!pid)
		run_daemon();
	for (waited = 0; access(SOCKET, F_OK); waited += LOOK_US) {
		if (waited > PATIENCE_US)
			errx(EXIT_FAILURE, "dbus-daemon does not come");
		usleep(LOOK_US);
	}
}

static sd_bus *connect_end(int number)
{
	sd_bus *bus;

	check("sd_bus_new", sd_bus_new(&bus));
	check("sd_bus_set_address", sd_bus_set_address(bus, "unix:path=" SOCKET));
	check("sd_bus_set_bus_client", sd_bus_set_bus_client(bus, 1));
	check("sd_bus_start", sd_bus_start(bus));
	check("sd_bus_request_name", sd_bus_request_name(bus, names[number], 0));
	connections[number] = bus;
	return bus;
}

static void await_name(sd_bus *bus, const char *name)
{
	unsigned int waited;

	for (waited = 0; sd_bus_get_name_creds(bus, name, 0, NULL) < 0; waited += LOOK_US) {
		if (waited > PATIENCE_US)
			errx(EXIT_FAILURE, "%s does not come", name);
		usleep(LOOK_US);
	}
}

static inline sd_bus *connection_of(int number)
{
	return connections[number] ? connections[number] : connect_end(number);
}

static void dbus_open(struct end ends[2], const struct shape *shape)
{
	static unsigned int serial;
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(names[i], sizeof(names[i]), "bench.p%d.s%u.e%d", getpid(), serial, i);
		ends[i] = (struct end){ .tx = i, .rx = i };
	}
	serial++;
	/* Both in this process: nobody is there to wait for. */
	for (i = 0; i < 2 && !shape->duplex; i++)
		connect_end(i);
}

static void dbus_send(const struct end *end, struct message *message,
		      size_t size, unsigned int priority)
{
	static bool found[2];
	sd_bus *bus = connection_of(end->tx);
	const char *to = names[!end->tx];
	sd_bus_message *m;

	(void)priority;
	if (!found[end->tx])
		await_name(bus, to);
	found[end->tx] = true;
	check("new", sd_bus_message_new_method_call(bus, &m, to, "/", INTERFACE, "Take"));
	check("no reply", sd_bus_message_set_expect_reply(m, 0));
	check("append", sd_bus_message_append_array(m, 'y', message->data, size));
	check("sd_bus_send", sd_bus_send(bus, m, NULL));
	check("sd_bus_flush", sd_bus_flush(bus));
	sd_bus_message_unref(m);
}

/* The next message that is not the daemon's. */
static sd_bus_message *next_message(sd_bus *bus)
{
	sd_bus_message *m;

	for (;;) {
		m = NULL;
		if (!check("sd_bus_process", sd_bus_process(bus, &m)))
			check("sd_bus_wait", sd_bus_wait(bus, UINT64_MAX));
		if (m && sd_bus_message_is_method_call(m, INTERFACE, "Take"))
			return m;
		sd_bus_message_unref(m);
	}
}

static void dbus_recv(const struct end *end, struct message *message, size_t size)
{
	sd_bus_message *m = next_message(connection_of(end->rx));
	const void *data;
	size_t length;

	check("read", sd_bus_message_read_array(m, 'y', &data, &length));
	if (length != size)
		errx(EXIT_FAILURE, "received %zu bytes", length);
	memcpy(message->data, data, size);
	sd_bus_message_unref(m);
}

static void leave(const struct end *end)
{
	(void)end;
	for (int i = 0; i < 2; i++)
		connections[i] = sd_bus_flush_close_unref(connections[i]);
}

static void dbus_close(struct end ends[2])
{
	leave(&ends[0]);
}

const struct transport dbus_transport = {
	.name = "dbus",
	.slow = true,
	.few_cases = true,
	.prepare = dbus_prepare,
	.open = dbus_open,
	.send = dbus_send,
	.recv = dbus_recv,
	.leave = leave,
	.close = dbus_close,
};
