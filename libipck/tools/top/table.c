// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "look/name.h"
#include "table.h"

static const struct snapshot *last_look(const struct table *table)
{
	return &table->pair[table->now];
}

static int compare_busy(const struct row *a, const struct row *b)
{
	double left = a->rate.sent + a->rate.received, right = b->rate.sent + b->rate.received;

	if (left != right)
		return left < right ? 1 : -1;
	if (a->info->messages != b->info->messages)
		return a->info->messages < b->info->messages ? 1 : -1;
	return a->info->id < b->info->id ? -1 : 1;
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct table *table = context;
	int order = column_compare(table->column, a, b);

	if (order)
		return table->reversed ? -order : order;
	return compare_busy(a, b);
}

static int compare_waiters(const void *a, const void *b)
{
	const struct waiter *x = a, *y = b;
	bool left = x->trouble == TROUBLE_DEADLOCK, right = y->trouble == TROUBLE_DEADLOCK;

	if (left != right)
		return left ? -1 : 1;
	if (x->task->since_ns != y->task->since_ns)
		return x->task->since_ns < y->task->since_ns ? 1 : -1;
	return x->task->tid - y->task->tid;
}

/* A mailbox that is new has no rates yet. */
static void fill_rows(struct table *table)
{
	const struct snapshot *old = &table->pair[!table->now], *new = last_look(table);
	double seconds = (new->ns - old->ns) / 1e9;
	const struct ipck_info *before;
	struct row *row;
	size_t i;

	for (i = 0; i < new->count; i++) {
		row = &table->rows[i];
		*row = (struct row){ .info = &new->infos[i] };
		before = snapshot_find(old, row->info->id);
		if (before)
			row->rate = rate_of(before, row->info, seconds);
		row->trouble = trouble_of_messages(row->info,
						   new->ns - table->lulls.all[i].since_ns,
						   table->patience_ns);
	}
	table->count = new->count;
}

/* Rows are still in the order of the look. */
static void fill_waiters(struct table *table)
{
	const struct ipck_blocked *task = table->graph.tasks;
	const struct snapshot *look = last_look(table);
	const struct ipck_info *info;
	enum trouble trouble;
	struct row *row;

	table->waiting = 0;
	table->deadlocked = 0;
	for (; task < table->graph.tasks + table->graph.count; task++) {
		trouble = trouble_of_task(&table->graph, task, table->patience_ns);
		info = snapshot_find(look, task->mailbox);
		row = info ? &table->rows[info - look->infos] : NULL;
		if (row && row->trouble < trouble)
			row->trouble = trouble;
		if (task->what == IPCK_BLOCKED_RECV && !trouble)
			continue;
		table->deadlocked += trouble == TROUBLE_DEADLOCK;
		table->waiters[table->waiting++] = (struct waiter){ task, trouble };
	}
}

/* Whether it is looked for is told by what is shown. */
static bool is_wanted(const struct table *table, const struct row *row)
{
	char *name = NULL;
	size_t size;
	FILE *out;
	bool wanted;

	if (!*table->filter)
		return true;
	out = open_memstream(&name, &size);
	if (!out)
		return true;
	name_print(out, row->info);
	fclose(out);
	wanted = name && strstr(name, table->filter);
	free(name);
	return wanted;
}

static void drop_unwanted(struct table *table)
{
	size_t i, count = 0;

	for (i = 0; i < table->count; i++)
		if (is_wanted(table, &table->rows[i]))
			table->rows[count++] = table->rows[i];
	table->count = count;
}

static int make_room(struct table *table)
{
	struct waiter *waiters;
	struct row *rows;

	rows = reallocarray(table->rows, last_look(table)->count + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;
	waiters = reallocarray(table->waiters, table->graph.count + 1, sizeof(*waiters));
	if (!waiters)
		return -ENOMEM;
	table->waiters = waiters;
	return 0;
}

int table_arrange(struct table *table)
{
	int ret = make_room(table);

	if (ret < 0)
		return ret;
	fill_rows(table);
	fill_waiters(table);
	drop_unwanted(table);
	qsort_r(table->rows, table->count, sizeof(*table->rows), compare_rows, table);
	qsort(table->waiters, table->waiting, sizeof(*table->waiters), compare_waiters);
	return 0;
}

int table_take(struct table *table)
{
	struct snapshot *next = &table->pair[!table->now];
	int ret;

	ret = snapshot_take(next);
	if (!ret)
		ret = graph_take(&table->graph, next);
	if (!ret)
		ret = lulls_update(&table->lulls, next);
	if (ret < 0)
		return ret;
	table->now = !table->now;
	return table_arrange(table);
}

void table_deinit(struct table *table)
{
	snapshot_deinit(&table->pair[0]);
	snapshot_deinit(&table->pair[1]);
	lulls_deinit(&table->lulls);
	graph_deinit(&table->graph);
	free(table->rows);
	free(table->waiters);
}

uint64_t table_look_ns(const struct table *table)
{
	return last_look(table)->ns;
}

void table_print_summary(FILE *out, const struct table *table)
{
	struct rate sum = { 0 };
	size_t i, troubled = 0;

	for (i = 0; i < table->count; i++) {
		sum.sent += table->rows[i].rate.sent;
		sum.received += table->rows[i].rate.received;
		sum.dropped += table->rows[i].rate.dropped;
		troubled += table->rows[i].trouble != TROUBLE_NONE;
	}
	fprintf(out, "%zu mailboxes: %zu in trouble, %zu tasks deadlocked; ", table->count,
		troubled, table->deadlocked);
	fprintf(out, "%.1f messages/s sent, %.1f received, %.1f dropped", sum.sent, sum.received,
		sum.dropped);
}

void table_print_row(FILE *out, const struct row *row, unsigned int spared)
{
	const struct column *column;

	for (column = columns; column->title; column++)
		if (column_is_shown(column, spared))
			column_print(out, column, row);
}

void table_print_waiter(FILE *out, const struct table *table, const struct waiter *waiter)
{
	graph_print(out, waiter->task, last_look(table));
	if (waiter->trouble == TROUBLE_DEADLOCK)
		fputs(": a DEADLOCK", out);
}
