// SPDX-License-Identifier: MIT
/*
 * A terminal that a command uses exclusively: alternate screen, no cursor, keys without Enter. Its
 * state is restored after any signal that ends or stops the program, except SIGKILL.
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

/* Alternate screen, no cursor, no wrapping, so that long lines are cut; and back. */
#define ENTER	"\033[?1049h\033[?25l\033[?7l"
#define LEAVE	"\033[?7h\033[?25h\033[?1049l"

static volatile sig_atomic_t ended, stopped;

static struct {
	sigset_t waiting;	/* blocked, except while waiting */
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
	/* The signal itself ends the wait. */
	(void)signal;
}

static void enter(void)
{
	struct termios raw;

	fputs(ENTER, stdout);
	fflush(stdout);
	/* A background job must not use it. */
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

/* Restore the terminal, stop, and set it up again when continued. */
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
 * screen_begin() - set up the terminal, if stdout is a capable one
 *
 * From now on, signals that end or stop the program only take effect in screen_wait(), with a
 * terminal or without.
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

		/* Keep signals ignored that nohup or a shell has ignored. */
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
 * screen_end() - restore the terminal
 */
void screen_end(void)
{
	if (screen.shown)
		leave();
	screen.shown = false;
}

/**
 * screen_size() - get the size of the screen
 * @columns: filled in with the number of columns
 * @lines: filled in with the number of lines
 *
 * Both are 0, which means no limit, if the size is unknown.
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

/* Read a key; returns 0 at the end of input. */
static int read_key(void)
{
	unsigned char key;

	if (read(STDIN_FILENO, &key, 1) == 1)
		return key;
	screen.keys = false;
	return 0;
}

/**
 * screen_wait() - wait for a key, a signal or a timeout
 * @ms: timeout in milliseconds
 *
 * Return: SCREEN_END if the program should end, SCREEN_AGAIN after the timeout or if everything
 * must be redrawn, otherwise the key.
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
