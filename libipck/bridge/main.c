// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ipck-bridge: mailboxes and the topics of a broker. "ipck bridge" runs it; it is a program of its
 * own so that ipck needs no libmosquitto.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ipck.h>
#include <mosquitto.h>

#include "clock.h"
#include "help.h"
#include "link.h"
#include "report.h"
#include "settings.h"

#define NSEC_PER_SEC	1000000000ULL
/* How long the end waits for what is under way. */
#define END_NS		(5 * NSEC_PER_SEC)

static struct link *links[SETTINGS_PAIRS_MAX];
static unsigned int count;

static void stop(int signo)
{
	link_stopping = signo;
}

/* Signals come while the bridge waits, and at no other time; a second one ends it as it is. */
static void catch_signals(sigset_t *while_waiting)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESETHAND };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, while_waiting);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* A queue that gets back what was taken from it would never be empty. */
static enum status refuse_circle(const struct link *link)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (links[i]->info.id != link->info.id || links[i]->pair->out == link->pair->out ||
		    link->info.discipline != IPCK_QUEUE)
			continue;
		link_say(link, "a queue cannot be both --in and --out");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static enum status start(const struct settings *settings)
{
	const struct pair *pair, *end = settings->pairs + settings->count;
	enum status status;
	struct link *link;

	for (pair = settings->pairs; pair < end; pair++) {
		link = pair->out ? out_make(settings, pair) : in_make(settings, pair);
		if (!link)
			return report_failure("bridge", pair->mailbox, -ENOMEM, 0);
		status = link_start(link);
		if (status == STATUS_OK)
			status = refuse_circle(link);
		if (status != STATUS_OK)
			return status;
		links[count++] = link;
	}
	return STATUS_OK;
}

static void wait_and_step(const sigset_t *while_waiting)
{
	struct pollfd fds[SETTINGS_PAIRS_MAX][2];
	uint64_t now = clock_now(), due = UINT64_MAX;
	struct timespec timeout;
	unsigned int i;

	for (i = 0; i < count; i++) {
		link_prepare(links[i], fds[i]);
		if (link_due(links[i]) < due)
			due = link_due(links[i]);
	}
	due = due > now ? due - now : 0;
	timeout.tv_sec = due / NSEC_PER_SEC;
	timeout.tv_nsec = due % NSEC_PER_SEC;
	if (ppoll(fds[0], 2 * count, &timeout, while_waiting) < 0)
		memset(fds, 0, sizeof(fds));
	for (i = 0; i < count; i++)
		link_step(links[i], fds[i]);
}

static bool are_idle(void)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!links[i]->direction->is_idle(links[i]))
			return false;
	return true;
}

static void run(const sigset_t *while_waiting)
{
	uint64_t end;
	unsigned int i;

	while (!link_stopping)
		wait_and_step(while_waiting);
	end = clock_now() + END_NS;
	while (!are_idle() && clock_now() < end)
		wait_and_step(while_waiting);
	for (i = 0; i < count; i++)
		link_end(links[i]);
}

static bool is_trying(void)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (links[i]->state == LINK_TRYING)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct settings settings;
	sigset_t while_waiting;
	enum status status;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs("usage: ipck bridge " BRIDGE_USAGE "\n\n" BRIDGE_HELP, stdout);
		return report_output();
	}
	mosquitto_lib_init();
	srandom(clock_now() ^ getpid());
	status = settings_parse(&settings, argc, argv);
	if (status != STATUS_OK)
		return status;
	catch_signals(&while_waiting);
	status = start(&settings);
	if (status != STATUS_OK)
		return status;
	run(&while_waiting);
	status = link_stopping < 0 ? STATUS_ERROR : STATUS_OK;
	/* A thread that tries still uses what exit() would take apart. */
	if (is_trying())
		_exit(status);
	return status;
}
