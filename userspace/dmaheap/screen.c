// SPDX-License-Identifier: MIT
/*
 * A terminal that a command has for itself: a screen of its own, no cursor, keys without Enter. It
 * is given back as it was, whichever signal ends or stops the program, SIGKILL excepted.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"
#include "tool.h"

/* Other screen, no cursor, no wrapping: too long a line is cut; and back. */
#define ENTER	"\033[?1049h\033[?25l\033[?7l"
#define LEAVE	"\033[?7h\033[?25h\033[?1049l"

static volatile sig_atomic_t ended, stopped;

static struct {
	sigset_t waiting;	/* blocked while somebody waits */
	struct termios before;
	bool shown, keys;
} screen;

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void on_resize(int signal)
{
	/* It ends the waiting. */
	(void)signal;
}

static void enter(void)
{
	struct termios raw;

	fputs(ENTER, stdout);
	fflush(stdout);
	/* A job in the background must not touch it. */
	screen.keys = tcgetpgrp(STDIN_FILENO) == getpgrp() &&
		      !tcgetattr(STDIN_FILENO, &screen.before);
	if (!screen.keys)
		return;
	raw = screen.before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	screen.keys = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void leave(void)
{
	if (screen.keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.before);
	fputs(LEAVE, stdout);
	fflush(stdout);
}

/* Give the terminal back, stop, and take it again when continued. */
static void stop(void)
{
	stopped = 0;
	if (screen.shown)
		leave();
	raise(SIGSTOP);
	if (screen.shown)
		enter();
}

/**
 * screen_begin() - take the terminal, if stdout is a capable one
 *
 * Signals that end or stop the program are noticed by screen_wait() alone from now on, terminal or
 * not.
 *
 * Return: whether there is a screen.
 */
bool screen_begin(void)
{
	static const struct {
		int signal;
		void (*handler)(int signal);
	} signals[] = {
		{ SIGINT, on_end }, { SIGTERM, on_end }, { SIGHUP, on_end }, { SIGQUIT, on_end },
		{ SIGTSTP, on_stop }, { SIGWINCH, on_resize },
	};
	const char *term = getenv("TERM");
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&blocked, signals[i].signal);
	sigprocmask(SIG_BLOCK, &blocked, &screen.waiting);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction action = { .sa_handler = signals[i].handler }, before;

		/* What nohup and shells have turned off stays off. */
		sigaction(signals[i].signal, NULL, &before);
		if (before.sa_handler != SIG_IGN)
			sigaction(signals[i].signal, &action, NULL);
		sigdelset(&screen.waiting, signals[i].signal);
	}
	screen.shown = isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
	if (screen.shown)
		enter();
	return screen.shown;
}

/**
 * screen_end() - give the terminal back
 */
void screen_end(void)
{
	if (screen.shown)
		leave();
	screen.shown = false;
}

/**
 * screen_size() - how much there is room for
 * @columns: where to store the number of columns
 * @lines: where to store the number of lines
 *
 * Both are 0, for no limit, where nobody knows.
 */
void screen_size(unsigned int *columns, unsigned int *lines)
{
	struct winsize size;

	*columns = 0;
	*lines = 0;
	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
		*columns = size.ws_col;
		*lines = size.ws_row;
	}
}

/* The key that was pressed; 0 when there will be no more of them. */
static int read_key(void)
{
	unsigned char key;

	if (read(STDIN_FILENO, &key, 1) == 1)
		return key;
	screen.keys = false;
	return 0;
}

/**
 * screen_wait() - wait for whatever comes first
 * @ms: how long at most
 *
 * Return: SCREEN_END when the program should end, SCREEN_AGAIN when the time is over or all has to
 * be shown again, or the key that was pressed.
 */
int screen_wait(uint64_t ms)
{
	struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	int ret;

	ret = ppoll(&keys, screen.shown && screen.keys, &timeout, &screen.waiting);
	if (ended)
		return SCREEN_END;
	if (stopped)
		stop();
	if (ret > 0)
		return read_key();
	return SCREEN_AGAIN;
}
