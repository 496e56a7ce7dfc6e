// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mqtt_protocol.h>

#include "clock.h"
#include "connect.h"
#include "link.h"
#include "report.h"
#include "target.h"
#include "value/text.h"

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL
/* How long the broker may take to accept a connection. */
#define ACCEPT_NS	(30 * NSEC_PER_SEC)
/* From one attempt to connect to the next, twice that after each, and at most. */
#define RETRY_NS	(100 * NSEC_PER_MSEC)
#define RETRY_MAX_NS	(30 * NSEC_PER_SEC)
/* A connection that lasted so long was a good one. */
#define STABLE_NS	(10 * NSEC_PER_SEC)
/* So many that did not last, one after the other, have a reason. */
#define SUSPICIOUS	5
/* What the flags of an accepted connection can say */
#define SESSION_PRESENT	1
#define REOPEN_NS	NSEC_PER_SEC
/* How often something has to be looked after that no descriptor tells of. */
#define LOOK_NS		NSEC_PER_SEC
#define COMPLAIN_NS	(10 * NSEC_PER_SEC)

volatile sig_atomic_t link_stopping;

static void say(const struct link *link, const char *format, va_list args)
{
	flockfile(stderr);
	fprintf(stderr, "ipck: bridge: %s ", link->direction->word);
	text_print(stderr, link->pair->out ? link->pair->mailbox : link->pair->topic);
	putc('=', stderr);
	text_print(stderr, link->pair->out ? link->pair->topic : link->pair->mailbox);
	fputs(": ", stderr);
	vfprintf(stderr, format, args);
	putc('\n', stderr);
	funlockfile(stderr);
}

void link_say(const struct link *link, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(link, format, args);
	va_end(args);
}

void link_complain(struct link *link, const char *format, ...)
{
	uint64_t now = clock_now();
	va_list args;

	if (link->complained && now - link->complained < COMPLAIN_NS) {
		link->unsaid++;
		return;
	}
	if (link->unsaid)
		link_say(link, "%u more such complaints", link->unsaid);
	link->complained = now;
	link->unsaid = 0;
	va_start(args, format);
	say(link, format, args);
	va_end(args);
}

static const char *why(const struct link *link)
{
	if (link->reason == MOSQ_ERR_ERRNO)
		return strerror(link->error);
	return link->reason < 0x80 ? mosquitto_strerror(link->reason) :
				     mosquitto_reason_string(link->reason);
}

/* Many who have lost the same broker do not come back all at once. */
static uint64_t retry_delay(unsigned int attempts)
{
	uint64_t delay = attempts < 10 ? RETRY_NS << attempts : RETRY_MAX_NS;

	if (delay > RETRY_MAX_NS)
		delay = RETRY_MAX_NS;
	return delay / 2 + (uint64_t)random() % (delay / 2);
}

void link_lose(struct link *link)
{
	bool was_up = link->state == LINK_UP;
	uint64_t delay;

	if (was_up && clock_now() - link->since > STABLE_NS)
		link->attempts = 0;
	delay = retry_delay(link->attempts++);
	link_say(link, "%s: %s; next attempt in %.1f s",
		 was_up ? "connection lost" : "not connected", why(link), delay / 1e9);
	/* A broker need not say so (mosquitto 2.0 does not). */
	if (was_up && link->attempts > SUSPICIOUS && link->direction->listens(link))
		link_say(link, "is there another bridge with the id '%s'?", link->settings->id);
	link->state = LINK_DOWN;
	link->due = clock_now() + delay;
	link->direction->lost(link);
}

/* Two bridges with one id would take the connection from each other for ever. */
static void on_disconnect(struct mosquitto *client, void *data, int reason,
			  const mosquitto_property *properties)
{
	struct link *link = data;

	(void)client;
	(void)properties;
	link->reason = reason;
	if (reason == MQTT_RC_SESSION_TAKEN_OVER && !link_stopping) {
		link_say(link, "another bridge has the id '%s'", link->settings->id);
		link_stopping = -1;
	}
}

static void on_connect(struct mosquitto *client, void *data, int reason, int flags,
		       const mosquitto_property *properties)
{
	struct link *link = data;

	(void)client;
	if (reason) {
		link_say(link, "the broker refuses: %s", mosquitto_reason_string(reason));
		return;
	}
	link->state = LINK_UP;
	link->since = clock_now();
	link_say(link, "connected to %s", link->settings->host);
	link->direction->accepted(link, flags & SESSION_PRESENT, properties);
}

static void try_to_connect(struct link *link)
{
	int error;

	link->reason = MOSQ_ERR_ERRNO;
	link->state = LINK_TRYING;
	error = connect_begin(link);
	/* Else it is the thread's. */
	if (!error)
		return;
	link->error = error;
	link_lose(link);
}

static void tried_to_connect(struct link *link)
{
	link->reason = connect_collect(link);
	link->state = LINK_CONNECTING;
	link->due = clock_now() + ACCEPT_NS;
	if (link->reason)
		link_lose(link);
}

/* Of an event mailbox, a member. */
static int open_mailbox(struct link *link)
{
	struct ipck_join_attr attr = { .mask = link->settings->events };
	struct ipck *mb;
	int ret;

	ret = target_open(&mb, link->pair->mailbox, link->direction->flags | O_NONBLOCK);
	if (ret < 0)
		return ret;
	ipck_stat(mb, &link->info);
	if (link->info.discipline != IPCK_QUEUE && link->info.discipline != IPCK_EVENT) {
		ipck_close(mb);
		return -EINVAL;
	}
	if (link->pair->out && link->info.discipline == IPCK_EVENT) {
		attr.flags = IPCK_JOIN_NONBLOCK;
		ret = ipck_join(&link->mb, mb, &attr);
		ipck_close(mb);
		return ret;
	}
	link->mb = mb;
	return 0;
}

enum status link_start(struct link *link)
{
	int ret;

	text_to_utf8(link->mailbox, link->pair->mailbox);
	ret = open_mailbox(link);
	if (ret < 0)
		return report_failure("bridge", link->pair->mailbox, ret, 0);
	ret = connect_prepare(link);
	if (ret) {
		link_say(link, "%s", mosquitto_strerror(ret));
		return STATUS_ERROR;
	}
	mosquitto_connect_v5_callback_set(link->client, on_connect);
	mosquitto_disconnect_v5_callback_set(link->client, on_disconnect);
	link->direction->attach(link->client);
	return STATUS_OK;
}

void link_close_mailbox(struct link *link)
{
	link_say(link, "the mailbox is gone");
	ipck_close(link->mb);
	link->mb = NULL;
	link->reopen = clock_now() + REOPEN_NS;
}

static void reopen_mailbox(struct link *link)
{
	if (clock_now() < link->reopen)
		return;
	link->reopen = clock_now() + REOPEN_NS;
	if (!open_mailbox(link))
		link_say(link, "the mailbox is there again");
}

static void prepare_connection(const struct link *link, struct pollfd *fd)
{
	fd->fd = -1;
	fd->events = POLLIN;
	if (link->state == LINK_TRYING) {
		fd->fd = link->over;
	} else if (link->state != LINK_DOWN && link->direction->listens(link)) {
		fd->fd = mosquitto_socket(link->client);
		if (mosquitto_want_write(link->client))
			fd->events |= POLLOUT;
	}
}

void link_prepare(const struct link *link, struct pollfd fds[2])
{
	short wants = link->mb ? link->direction->wants(link) : 0;

	prepare_connection(link, &fds[0]);
	fds[1].fd = wants ? ipck_fd(link->mb) : -1;
	fds[1].events = wants;
}

uint64_t link_due(const struct link *link)
{
	uint64_t due = clock_now() + LOOK_NS, own = link->direction->due(link);

	if (own < due)
		due = own;
	return link->state == LINK_DOWN && link->due < due && !link_stopping ? link->due : due;
}

/*
 * Reads before it writes, whatever the socket is ready for: after the broker's
 * death nothing can be written, but what it has sent is still there to be read.
 * TLS, too, reads when it wants to write, and the other way round.
 */
static int exchange(struct link *link, short ready)
{
	int ret = MOSQ_ERR_SUCCESS;

	if (ready)
		ret = mosquitto_loop_read(link->client, 1);
	if (!ret && link->direction->listens(link) && mosquitto_want_write(link->client))
		ret = mosquitto_loop_write(link->client, 1);
	if (!ret && link->direction->listens(link))
		ret = mosquitto_loop_misc(link->client);
	return ret;
}

static void step_exchange(struct link *link, short ready)
{
	int ret;

	if (!link->direction->listens(link))
		return;
	link->reason = MOSQ_ERR_SUCCESS;
	ret = exchange(link, ready);
	link->error = errno;
	if (ret && !link->reason)
		link->reason = ret;
	/* Of a connection that never came to be, libmosquitto may go on hoping. */
	if (!ret && link->state == LINK_CONNECTING &&
	    (ready & (POLLERR | POLLHUP) || clock_now() >= link->due)) {
		ret = MOSQ_ERR_CONN_LOST;
		link->reason = ret;
	}
	if (ret || mosquitto_socket(link->client) < 0)
		link_lose(link);
}

static void step_connection(struct link *link, short ready)
{
	switch (link->state) {
	case LINK_DOWN:
		if (clock_now() >= link->due && !link_stopping)
			try_to_connect(link);
		return;
	case LINK_TRYING:
		if (ready)
			tried_to_connect(link);
		return;
	case LINK_CONNECTING:
	case LINK_UP:
		step_exchange(link, ready);
		return;
	}
}

void link_step(struct link *link, const struct pollfd fds[2])
{
	if (!link->mb)
		reopen_mailbox(link);
	step_connection(link, fds[0].fd < 0 ? 0 : fds[0].revents);
	link->direction->work(link);
	/* What work has made to be said need not wait for the next turn. */
	if (link->state == LINK_UP)
		step_exchange(link, 0);
}

void link_end(struct link *link)
{
	if (link->state == LINK_UP && link->direction->listens(link)) {
		mosquitto_disconnect(link->client);
		mosquitto_loop_write(link->client, 1);
	}
	if (link->state != LINK_TRYING)
		mosquitto_destroy(link->client);
	ipck_close(link->mb);
}
