// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mosquitto.h>

#include "help.h"
#include "report.h"
#include "settings.h"
#include "value/events.h"
#include "value/quantity.h"

#define NSEC_PER_SEC	1000000000ULL
#define PORT		1883
#define PORT_TLS	8883
/* A broker of Debian drops what is more for who does not read. */
#define WINDOW_MAX	1000

enum { OPTION_CAFILE = 256, OPTION_CERT, OPTION_KEY };

static enum status misused(void)
{
	fputs("usage: ipck bridge " BRIDGE_USAGE "\n", stderr);
	return STATUS_USAGE;
}

/* HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT, or /PATH */
static bool parse_broker(struct settings *settings, char *broker)
{
	char *end = broker, *colon;
	uint64_t port = 0;

	settings->host = broker;
	settings->port = 0;
	if (*broker == '/')
		return true;
	if (*broker == '[') {
		settings->host = broker + 1;
		end = strchr(broker, ']');
		if (!end)
			return false;
		*end++ = '\0';
	}
	colon = strchr(end, ':');
	if (colon) {
		if (!quantity_number(colon + 1, UINT16_MAX, &port) || !port)
			return false;
		*colon = '\0';
		settings->port = port;
	} else if (end != broker && *end) {
		return false;
	}
	return *settings->host;
}

/* Two links with one session would take it from each other. */
static bool is_there_twice(const struct settings *settings)
{
	const struct pair *pair = settings->pairs, *last = pair + settings->count - 1;

	while (pair < last && (pair->out != last->out || strcmp(pair->mailbox, last->mailbox) ||
			       strcmp(pair->topic, last->topic)))
		pair++;
	return pair < last;
}

static enum status add_pair(struct settings *settings, bool out, char *text)
{
	struct pair *pair = &settings->pairs[settings->count];
	char *equals = out ? strchr(text, '=') : strrchr(text, '=');
	char *second = equals ? equals + 1 : text;
	int (*check)(const char *) = out ? mosquitto_pub_topic_check : mosquitto_sub_topic_check;

	if (settings->count == SETTINGS_PAIRS_MAX || (!out && !equals))
		return report_value("bridge", out ? "--out" : "--in", text);
	if (equals)
		*equals = '\0';
	pair->out = out;
	pair->mailbox = out ? text : second;
	pair->topic = out ? second : text;
	settings->count++;
	if (!*pair->topic || check(pair->topic) ||
	    mosquitto_validate_utf8(pair->topic, strlen(pair->topic)))
		return report_value("bridge", "topic", pair->topic);
	if (!*pair->mailbox || strlen(pair->mailbox) > SETTINGS_MAILBOX_MAX)
		return report_value("bridge", "mailbox", pair->mailbox);
	if (is_there_twice(settings))
		return report_value("bridge", out ? "second --out" : "second --in", pair->topic);
	return STATUS_OK;
}

static enum status report_file(const char *path)
{
	fprintf(stderr, "ipck: bridge: %s: %s\n", path, strerror(errno));
	return STATUS_ERROR;
}

/* The first line, without its end */
static enum status read_password(struct settings *settings, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file)
		return report_file(path);
	len = getline(&line, &size, file);
	fclose(file);
	if (len < 0) {
		free(line);
		return report_value("bridge", "password file", path);
	}
	line[strcspn(line, "\r\n")] = '\0';
	settings->password = line;
	return STATUS_OK;
}

static enum status set_duration(const char *what, const char *text, uint64_t *value)
{
	if (quantity_duration(text, value) && *value)
		return STATUS_OK;
	return report_value("bridge", what, text);
}

/* The longest there is for MQTT is for ever. */
static enum status set_keep(struct settings *settings, const char *text)
{
	uint64_t ns;
	enum status status = set_duration("time to keep", text, &ns);

	if (status == STATUS_OK)
		settings->keep_s = ns / NSEC_PER_SEC < UINT32_MAX ?
				   ns / NSEC_PER_SEC + !!(ns % NSEC_PER_SEC) : UINT32_MAX;
	return status;
}

/* How messages are treated */
static enum status set_treatment(struct settings *settings, int option, char *text)
{
	switch (option) {
	case 'E':
		if (events_parse(text, &settings->events) &&
		    !(settings->events & ~IPCK_EVENTS_USER))
			return STATUS_OK;
		return report_value("bridge", "events", text);
	case 'L':
		if (quantity_duration(text, &settings->lease_ns) &&
		    settings->lease_ns >= NSEC_PER_SEC)
			return STATUS_OK;
		return report_value("bridge", "lease", text);
	case 'w':
		if (quantity_u32(text, WINDOW_MAX, &settings->window) && settings->window)
			return STATUS_OK;
		return report_value("bridge", "window", text);
	case 'k':
		return set_keep(settings, text);
	case 's':
		settings->subscribed = true;
		return STATUS_OK;
	default:
		return misused();
	}
}

static enum status set_option(struct settings *settings, int option, char *text)
{
	switch (option) {
	case 'o':
	case 'i':
		return add_pair(settings, option == 'o', text);
	case 'b':
		if (parse_broker(settings, text))
			return STATUS_OK;
		return report_value("bridge", "broker", text);
	case 'I':
		settings->id = text;
		return STATUS_OK;
	case 'u':
		settings->user = text;
		return STATUS_OK;
	case 'p':
		return read_password(settings, text);
	case 't':
		break;
	case OPTION_CAFILE:
		settings->cafile = text;
		break;
	case OPTION_CERT:
		settings->cert = text;
		break;
	case OPTION_KEY:
		settings->key = text;
		break;
	default:
		return set_treatment(settings, option, text);
	}
	settings->tls = true;
	return STATUS_OK;
}

/* libmosquitto says only that something is wrong with one of them. */
static enum status check_files(const struct settings *settings)
{
	const char *const files[] = { settings->cafile, settings->cert, settings->key };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] && access(files[i], R_OK))
			return report_file(files[i]);
	return STATUS_OK;
}

static enum status complete(struct settings *settings)
{
	static char id[sizeof("ipck-") + 64] = "ipck-";

	if (!settings->count || !settings->cert != !settings->key ||
	    (settings->password && !settings->user))
		return misused();
	if (!settings->id) {
		gethostname(id + strlen(id), sizeof(id) - strlen(id) - 1);
		settings->id = id;
	}
	if (!*settings->id || mosquitto_validate_utf8(settings->id, strlen(settings->id)))
		return report_value("bridge", "id", settings->id);
	if (!settings->port && *settings->host != '/')
		settings->port = settings->tls ? PORT_TLS : PORT;
	return check_files(settings);
}

enum status settings_parse(struct settings *settings, int argc, char **argv)
{
	static const struct option options[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "in", required_argument, NULL, 'i' },
		{ "broker", required_argument, NULL, 'b' },
		{ "id", required_argument, NULL, 'I' },
		{ "events", required_argument, NULL, 'E' },
		{ "lease", required_argument, NULL, 'L' },
		{ "window", required_argument, NULL, 'w' },
		{ "keep", required_argument, NULL, 'k' },
		{ "subscribed", no_argument, NULL, 's' },
		{ "user", required_argument, NULL, 'u' },
		{ "password-file", required_argument, NULL, 'p' },
		{ "tls", no_argument, NULL, 't' },
		{ "cafile", required_argument, NULL, OPTION_CAFILE },
		{ "cert", required_argument, NULL, OPTION_CERT },
		{ "key", required_argument, NULL, OPTION_KEY },
		{ NULL, 0, NULL, 0 }
	};
	enum status status;
	int option;

	*settings = (struct settings){
		.host = "localhost",
		.lease_ns = 60 * NSEC_PER_SEC,
		.window = 20,
		.keep_s = 7 * 24 * 3600,
	};
	while ((option = getopt_long(argc, argv, "o:i:b:I:E:L:w:k:su:p:t", options, NULL)) != -1) {
		status = set_option(settings, option, optarg);
		if (status != STATUS_OK)
			return status;
	}
	return optind == argc ? complete(settings) : misused();
}
