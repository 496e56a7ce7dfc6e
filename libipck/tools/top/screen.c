// SPDX-License-Identifier: LGPL-2.1-or-later
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "report.h"
#include "screen.h"

#define KEYS	"q quit, p pause, < > sort, r reverse, / filter, arrows scroll"

#define HEAD_LINES	2
#define FOOT_LINES	1
/* Of the lines between these, the tasks get a third. */
#define TASKS_SHARE	3

#define KEY_ESCAPE	27
#define KEY_REDRAW	('L' & 0x1f)
#define KEY_ERASE	('H' & 0x1f)
#define KEY_DELETE	127

enum colour { COLOUR_BAD = 1, COLOUR_SLOW = 2 };

/**
 * struct screen - what the terminal shows
 * @table: the table
 * @first: the first row that is shown
 * @spared: how many columns are not
 * @paused: no new looks
 * @typing: what is typed is a filter
 * @done: no more keys
 * @line: what is printed to a line of it
 * @text: of @line
 * @size: of @text
 * @unblocked: signals that come while it waits
 */
struct screen {
	struct table *table;
	size_t first;
	unsigned int spared;
	bool paused;
	bool typing;
	bool done;
	FILE *line;
	char *text;
	size_t size;
	sigset_t unblocked;
};

/* Signals that ncurses knows nothing of, and that end it; which one has come. */
static const int ends[] = { SIGHUP, SIGQUIT };
static volatile sig_atomic_t ended;

static void end(int signal)
{
	ended = signal;
}

/* Add what was printed. */
static void add(struct screen *screen, attr_t look)
{
	fflush(screen->line);
	attrset(look);
	addnstr(screen->text, screen->size);
	attrset(A_NORMAL);
	rewind(screen->line);
}

/* Lines are drawn downwards: what is too long goes on in the next ones, and is gone then. */
static void add_line(struct screen *screen, int y, attr_t look)
{
	if (!move(y, 0))
		clrtobot();
	add(screen, look);
	if (!move(y + 1, 0))
		clrtobot();
}

static attr_t look_of(enum trouble trouble)
{
	if (trouble == TROUBLE_NONE)
		return A_NORMAL;
	return A_BOLD | COLOR_PAIR(trouble == TROUBLE_SLOW ? COLOUR_SLOW : COLOUR_BAD);
}

static void draw_summary(struct screen *screen)
{
	table_print_summary(screen->line, screen->table);
	add_line(screen, 0, A_NORMAL);
}

/* The column that is sorted by is what is not reversed. */
static void draw_titles(struct screen *screen)
{
	const struct column *column;

	move(1, 0);
	hline(' ' | A_REVERSE, COLS);
	for (column = columns; column->title; column++) {
		if (!column_is_shown(column, screen->spared))
			continue;
		column_print_title(screen->line, column);
		add(screen, column == screen->table->column ? A_BOLD : A_REVERSE);
	}
}

static size_t lines_between(void)
{
	return LINES > HEAD_LINES + FOOT_LINES ? LINES - HEAD_LINES - FOOT_LINES : 0;
}

static size_t tasks_shown(const struct screen *screen)
{
	size_t share = lines_between() / TASKS_SHARE;

	return screen->table->waiting < share ? screen->table->waiting : share;
}

/* If there are tasks, there is a title for them. */
static size_t rows_shown(const struct screen *screen)
{
	size_t tasks = tasks_shown(screen);

	return lines_between() - tasks - (tasks ? 1 : 0);
}

static void draw_rows(struct screen *screen)
{
	size_t room = rows_shown(screen), i;
	const struct row *row;

	for (i = 0; i < room && screen->first + i < screen->table->count; i++) {
		row = &screen->table->rows[screen->first + i];
		table_print_row(screen->line, row, screen->spared);
		add_line(screen, HEAD_LINES + i, look_of(row->trouble));
	}
}

static void draw_tasks(struct screen *screen)
{
	size_t count = tasks_shown(screen), i;
	int y = HEAD_LINES + rows_shown(screen);
	const struct waiter *waiter = screen->table->waiters;

	if (!count)
		return;
	fprintf(screen->line, "%zu of %zu tasks that wait for more than a message to come:", count,
		screen->table->waiting);
	add_line(screen, y, A_UNDERLINE);
	for (i = 0; i < count; i++, waiter++) {
		table_print_waiter(screen->line, screen->table, waiter);
		add_line(screen, y + 1 + i, look_of(waiter->trouble));
	}
}

static void draw_foot(struct screen *screen)
{
	if (screen->paused)
		fputs("PAUSED; ", screen->line);
	if (screen->typing)
		fprintf(screen->line, "only names with: %s_", screen->table->filter);
	else if (*screen->table->filter)
		fprintf(screen->line, "only names with '%s'; " KEYS, screen->table->filter);
	else
		fputs(KEYS, screen->line);
	add_line(screen, LINES - 1, A_NORMAL);
}

/* Only what differs from what is there is written to the terminal. */
static void draw(struct screen *screen)
{
	size_t room = rows_shown(screen), count = screen->table->count;

	screen->spared = column_fit(COLS);
	if (screen->first + room > count)
		screen->first = count > room ? count - room : 0;
	erase();
	draw_summary(screen);
	draw_titles(screen);
	draw_rows(screen);
	draw_tasks(screen);
	draw_foot(screen);
	refresh();
}

static void choose_column(struct screen *screen, int step)
{
	const struct column *column = screen->table->column;

	do {
		column += step;
		if (column < columns || !column->title)
			return;
	} while (!column_is_shown(column, screen->spared));
	screen->table->column = column;
}

static void scroll_rows(struct screen *screen, size_t count, bool down)
{
	if (down)
		screen->first += count;
	else
		screen->first -= count < screen->first ? count : screen->first;
}

static void type(struct screen *screen, int key)
{
	char *filter = screen->table->filter;
	size_t len = strlen(filter);

	if (key == KEY_ENTER || key == '\n' || key == '\r') {
		screen->typing = false;
	} else if (key == KEY_ESCAPE) {
		screen->typing = false;
		*filter = '\0';
	} else if (key == KEY_BACKSPACE || key == KEY_ERASE || key == KEY_DELETE) {
		if (len)
			filter[len - 1] = '\0';
	} else if (key >= ' ' && key <= UINT8_MAX && len + 1 < TABLE_FILTER_SIZE) {
		filter[len] = key;
		filter[len + 1] = '\0';
	}
}

static void press(struct screen *screen, int key)
{
	switch (key) {
	case 'q':
		screen->done = true;
		break;
	case 'p':
	case ' ':
		screen->paused = !screen->paused;
		break;
	case '<':
	case KEY_LEFT:
		choose_column(screen, -1);
		break;
	case '>':
	case KEY_RIGHT:
		choose_column(screen, 1);
		break;
	case 'r':
		screen->table->reversed = !screen->table->reversed;
		break;
	case '/':
		screen->typing = true;
		break;
	case KEY_ESCAPE:
		*screen->table->filter = '\0';
		break;
	case KEY_UP:
	case KEY_DOWN:
		scroll_rows(screen, 1, key == KEY_DOWN);
		break;
	case KEY_PPAGE:
	case KEY_NPAGE:
		scroll_rows(screen, rows_shown(screen), key == KEY_NPAGE);
		break;
	case KEY_HOME:
	case KEY_END:
		scroll_rows(screen, screen->table->count, key == KEY_END);
		break;
	case KEY_REDRAW:
		clearok(curscr, TRUE);
		break;
	}
}

/*
 * Wait for keys until then, and take them. That the terminal has another size now is one of them;
 * the signals which tell of that and of the end come here only, so that none is missed.
 */
static int take_keys(struct screen *screen, uint64_t until_ns)
{
	uint64_t now = clock_now(), left = until_ns > now ? until_ns - now : 0;
	struct timespec time = { left / 1000000000, left % 1000000000 };
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	int ret, key;

	ret = ppoll(&fd, 1, screen->paused ? NULL : &time, &screen->unblocked);
	if (ret < 0 && errno != EINTR)
		return -errno;
	if (ended || (ret > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL)))
		screen->done = true;
	while (!screen->done && (key = getch()) != ERR) {
		if (screen->typing)
			type(screen, key);
		else
			press(screen, key);
	}
	return 0;
}

static int follow(struct screen *screen, uint64_t interval_ns, uint64_t count)
{
	uint64_t turn = 0, due = 0;
	int ret = 0;

	while (!ret && !screen->done) {
		if (!screen->paused && clock_now() >= due) {
			ret = table_take(screen->table);
			due = clock_now() + interval_ns;
			screen->done = ++turn == count;
		} else {
			ret = table_arrange(screen->table);
		}
		if (!ret)
			draw(screen);
		if (!ret && !screen->done)
			ret = take_keys(screen, due);
	}
	return ret;
}

static void set_up(struct screen *screen)
{
	struct sigaction action;
	sigset_t awaited;
	size_t i;

	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if (start_color() == OK && use_default_colors() == OK) {
		init_pair(COLOUR_BAD, COLOR_RED, -1);
		init_pair(COLOUR_SLOW, COLOR_YELLOW, -1);
	}
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGWINCH);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		sigaction(ends[i], NULL, &action);
		if (action.sa_handler == SIG_IGN)
			continue;
		action.sa_handler = end;
		sigaction(ends[i], &action, NULL);
		sigaddset(&awaited, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &awaited, &screen->unblocked);
}

/*
 * As if what ends it had never been handled, but for the terminal. It may still be under way: a
 * terminal that is gone is seen before its signal.
 */
static void die_of_signals(const struct screen *screen)
{
	sigprocmask(SIG_SETMASK, &screen->unblocked, NULL);
	if (ended) {
		signal(ended, SIG_DFL);
		raise(ended);
	}
}

static enum status refuse(const char *what)
{
	fprintf(stderr, "ipck: top: %s; try --batch\n", what);
	return STATUS_ERROR;
}

enum status screen_run(struct table *table, uint64_t interval_ns, uint64_t count)
{
	struct screen screen = { .table = table };
	SCREEN *terminal;
	bool moves;
	int ret;

	if (!isatty(STDIN_FILENO))
		return refuse("standard input is no terminal");
	setlocale(LC_CTYPE, "");
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return refuse("this terminal is not known (TERM)");
	moves = tigetstr("cup");
	screen.line = open_memstream(&screen.text, &screen.size);
	ret = screen.line ? 0 : -ENOMEM;
	if (moves && !ret) {
		set_up(&screen);
		ret = follow(&screen, interval_ns, count);
		endwin();
		die_of_signals(&screen);
	} else {
		endwin();
	}
	delscreen(terminal);
	if (screen.line)
		fclose(screen.line);
	free(screen.text);
	if (!moves)
		return refuse("this terminal cannot move its cursor (TERM)");
	return ret < 0 ? report_failure("top", NULL, ret, 0) : STATUS_OK;
}
