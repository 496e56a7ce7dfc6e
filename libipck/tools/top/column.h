/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Column: what is shown of each mailbox in ipck top, and sorted by. */
#ifndef IPCK_COLUMN_H
#define IPCK_COLUMN_H

#include <stdbool.h>
#include <stdio.h>

#include <ipck.h>

#include "look/rate.h"
#include "trouble.h"

/**
 * struct row - a mailbox
 * @info: its state
 * @rate: what has happened there since the last look; nothing if it is new
 * @trouble: what is wrong with it
 */
struct row {
	const struct ipck_info *info;
	struct rate rate;
	enum trouble trouble;
};

/**
 * struct column - a property of mailboxes
 * @title: in capitals
 * @width: in characters, negative if it begins at the left; 0 is the last one
 * @spare: where there is no room for all, the one with 1 goes first; 0 stays
 * @rises: sorted by it, the least comes first
 * @value: what to sort by; of the name, which has none, its letters count
 * @look: how @value is written
 */
struct column {
	const char *title;
	int width;
	unsigned int spare;
	unsigned int rises;
	double (*value)(const struct row *row);
	enum { COLUMN_NUMBER, COLUMN_RATE, COLUMN_AGE, COLUMN_KIND, COLUMN_TROUBLE,
	       COLUMN_NAME } look;
};

/* The table of them. It ends with a title of NULL. */
extern const struct column columns[];

/* Return: the column whose title begins so, in whatever case, or NULL. */
const struct column *column_find(const char *title);

/* How many have a @spare */
#define COLUMNS_SPARE	5

/* Return: how many of these are not shown, so that the others fit into so many characters. */
unsigned int column_fit(unsigned int room);

/* Whether it is shown if so many are not. */
bool column_is_shown(const struct column *column, unsigned int spared);

/* Return: less than, equal to or greater than 0, as of qsort(3). */
int column_compare(const struct column *column, const struct row *a, const struct row *b);

/* Print the title, or what is in a row, each with a space behind it but for the last. */
void column_print_title(FILE *out, const struct column *column);
void column_print(FILE *out, const struct column *column, const struct row *row);

#endif /* IPCK_COLUMN_H */
