// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "column.h"
#include "look/name.h"
#include "value/quantity.h"
#include "value/word.h"

#define VALUE(name, expression)				\
static double value_of_##name(const struct row *row)	\
{							\
	return expression;				\
}

VALUE(id, row->info->id)
VALUE(kind, row->info->discipline)
VALUE(trouble, row->trouble)
VALUE(messages, row->info->messages)
VALUE(bytes, row->info->bytes)
VALUE(sent, row->rate.sent)
VALUE(received, row->rate.received)
VALUE(dropped, row->rate.dropped)
VALUE(senders, row->info->waiting_senders)
VALUE(receivers, row->info->waiting_receivers)
VALUE(held, row->info->held)
VALUE(oldest, row->info->oldest_ns)

const struct column columns[] = {
	{ "ID", 6, 5, 1, value_of_id, COLUMN_NUMBER },
	{ "KIND", -8, 1, 1, value_of_kind, COLUMN_KIND },
	{ "STATE", -8, 0, 0, value_of_trouble, COLUMN_TROUBLE },
	{ "MESSAGES", 8, 0, 0, value_of_messages, COLUMN_NUMBER },
	{ "BYTES", 9, 3, 0, value_of_bytes, COLUMN_NUMBER },
	{ "SENT/S", 10, 0, 0, value_of_sent, COLUMN_RATE },
	{ "RECV/S", 10, 0, 0, value_of_received, COLUMN_RATE },
	{ "DROPPED/S", 9, 2, 0, value_of_dropped, COLUMN_RATE },
	{ "SWAIT", 5, 0, 0, value_of_senders, COLUMN_NUMBER },
	{ "RWAIT", 5, 0, 0, value_of_receivers, COLUMN_NUMBER },
	{ "HELD", 5, 4, 0, value_of_held, COLUMN_NUMBER },
	{ "OLDEST", 7, 0, 0, value_of_oldest, COLUMN_AGE },
	{ "NAME", 0, 0, 1, NULL, COLUMN_NAME },
	{ .title = NULL }
};

const struct column *column_find(const char *title)
{
	const struct column *column = columns;

	while (column->title && strncasecmp(column->title, title, strlen(title)))
		column++;
	return *title && column->title ? column : NULL;
}

/* What a name has at least */
#define NAME_WIDTH	16

bool column_is_shown(const struct column *column, unsigned int spared)
{
	return !column->spare || column->spare > spared;
}

static unsigned int width_of(unsigned int spared)
{
	const struct column *column;
	unsigned int width = NAME_WIDTH;

	for (column = columns; column->title; column++)
		if (column->width && column_is_shown(column, spared))
			width += abs(column->width) + 1;
	return width;
}

unsigned int column_fit(unsigned int room)
{
	unsigned int spared = 0;

	while (spared < COLUMNS_SPARE && width_of(spared) > room)
		spared++;
	return spared;
}

int column_compare(const struct column *column, const struct row *a, const struct row *b)
{
	double left, right;
	int order;

	if (!column->value) {
		order = strcmp(a->info->name, b->info->name);
	} else {
		left = column->value(a);
		right = column->value(b);
		order = (left > right) - (left < right);
	}
	return column->rises ? order : -order;
}

void column_print_title(FILE *out, const struct column *column)
{
	if (column->width)
		fprintf(out, "%*s ", column->width, column->title);
	else
		fputs(column->title, out);
}

void column_print(FILE *out, const struct column *column, const struct row *row)
{
	double value = column->value ? column->value(row) : 0;
	char buf[QUANTITY_SIZE];
	const char *text = buf;

	switch (column->look) {
	case COLUMN_NUMBER:
		snprintf(buf, sizeof(buf), "%.0f", value);
		break;
	case COLUMN_RATE:
		snprintf(buf, sizeof(buf), "%.1f", value);
		break;
	case COLUMN_AGE:
		quantity_age(buf, value);
		break;
	case COLUMN_KIND:
		text = word_of_discipline(row->info->discipline);
		break;
	case COLUMN_TROUBLE:
		text = trouble_word(row->trouble);
		break;
	case COLUMN_NAME:
		name_print(out, row->info);
		return;
	}
	fprintf(out, "%*s ", column->width, text);
}
