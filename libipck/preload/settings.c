// SPDX-License-Identifier: LGPL-2.1-or-later
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

static struct ipck_settings settings;

static bool is_set(const char *variable, const char *value)
{
	const char *set = secure_getenv(variable);

	return set && !strcmp(set, value);
}

static void read_environment(void)
{
	settings.strict = is_set("IPCK_MQ_STRICT", "1");
	settings.monotonic = is_set("IPCK_MQ_CLOCK", "monotonic");
	settings.kernel = is_set("IPCK_MQ_FALLBACK", "kernel");
}

const struct ipck_settings *ipck_settings(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_environment);
	return &settings;
}
