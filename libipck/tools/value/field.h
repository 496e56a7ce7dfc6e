/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Field: members of the library's structures, with their names. */
#ifndef IPCK_FIELD_H
#define IPCK_FIELD_H

#include <stddef.h>

struct json_object;

/**
 * struct field - a member that is shown
 * @key: what it is called, as in linux/ipcmbox.h; programs rely on it
 * @offset: where it is in its structure
 * @kind: what type it has
 * @look: how people like to read it
 */
struct field {
	const char *key;
	size_t offset;
	enum { FIELD_U32, FIELD_U64, FIELD_S32, FIELD_STRING } kind;
	enum { LOOK_PLAIN, LOOK_OCTAL, LOOK_CAPACITY, LOOK_POLICY, LOOK_STATE,
	       LOOK_AGE, LOOK_DISCIPLINE, LOOK_EVENTS } look;
};

/* Tables that end with a key of NULL. */
extern const struct field info_fields[];	/* of struct ipck_info */
extern const struct field limits_fields[];	/* of struct ipck_limits */
extern const struct field msg_fields[];		/* of struct ipck_msg */
extern const struct field blocked_fields[];	/* of struct ipck_blocked */
extern const struct field record_fields[];	/* of struct ipck_record */
extern const struct field shm_fields[];		/* of struct ipck_shm_info */

/* Print a structure for people, a member a line. */
void field_print(const struct field *fields, const void *object);

/* Make JSON of a structure; numbers are exact. Return: owned, or NULL. */
struct json_object *field_to_json(const struct field *fields,
				  const void *object);

#endif /* IPCK_FIELD_H */
