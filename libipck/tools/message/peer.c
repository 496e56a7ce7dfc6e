// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "peer.h"
#include "value/quantity.h"

bool peer_parse(const char *string, enum ipck_peer *kind, uint64_t *who)
{
	static const struct {
		const char *prefix;
		enum ipck_peer kind;
		uint64_t max;
	} forms[] = {
		{ "pid:", IPCK_PROCESS, INT32_MAX },
		{ "tid:", IPCK_THREAD, INT32_MAX },
		{ "#", IPCK_ENDPOINT_ID, UINT64_MAX },
		{ "", IPCK_PROCESS, INT32_MAX },
	};
	size_t i, len;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		len = strlen(forms[i].prefix);
		if (strncmp(string, forms[i].prefix, len))
			continue;
		if (!quantity_number(string + len, forms[i].max, who))
			return false;
		*kind = forms[i].kind;
		return true;
	}
	return false;
}

int peer_connect(struct ipck **mb, const char *string)
{
	enum ipck_peer kind;
	uint64_t who;

	if (!peer_parse(string, &kind, &who))
		return -EINVAL;
	return ipck_connect(mb, kind, who, 0);
}
