// SPDX-License-Identifier: MIT
/* dmaheap watch */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "screen.h"
#include "watch.h"

/* Handle a key while a filter is typed. */
static void type_filter(struct view *view, int key)
{
	size_t len = strlen(view->filter);

	if (key == '\n' || key == '\r') {
		view->typing = false;
	} else if (key == 27 /* Esc */) {
		view->typing = false;
		*view->filter = '\0';
	} else if (key == 127 || key == '\b') {
		view->filter[len ? len - 1 : 0] = '\0';
	} else if (key > ' ' && key < 127 && len + 1 < sizeof(view->filter)) {
		view->filter[len] = key;
		view->filter[len + 1] = '\0';
	}
}

/* Change a display setting; returns false if the key has no function. */
static bool change_view(struct view *view, int key)
{
	bool helped = view->help;

	view->help = false;
	if (view->typing)
		type_filter(view, key);
	else if (key == 'h' || key == '?')
		view->help = !helped;
	else if (key == 'p')
		view->paused = !view->paused;
	else if (key == '<')
		view->order = (view->order + ORDERS - 1) % ORDERS;
	else if (key == '>')
		view->order = (view->order + 1) % ORDERS;
	else if (key == 'r')
		view->reversed = !view->reversed;
	else if (key == 'l')
		view->lines = !view->lines;
	else if (key == '/')
		view->typing = true;
	else
		return helped;
	return true;
}

static bool ends(const struct view *view, int key)
{
	return key == SCREEN_END || key == 4 /* Ctrl-D */ ||
	       (!view->typing && (key == 'q' || key == 'Q'));
}

/* Wait for the next update, and handle keys; returns false to exit. */
static bool wait_for_look(struct view *view)
{
	int key;

	for (;;) {
		key = screen_wait(view->interval);
		if (ends(view, key))
			return false;
		if (key != SCREEN_AGAIN && !change_view(view, key))
			return true;
		if (key == SCREEN_AGAIN && !view->paused)
			return true;
		view_show(view);
		fflush(stdout);
	}
}

/* Without a screen, print updates one below the other. */
static void show(const struct view *view, unsigned long round)
{
	if (!view->screen && round)
		putchar('\n');
	view_show(view);
}

static int watch(char **names, unsigned long count, uint64_t interval, bool json)
{
	struct view view = { .names = names, .interval = interval,
			     .colour = use_colour(NULL) };
	unsigned long round;
	int ret = 0;

	if (json)
		json_one_line();
	else
		view.screen = screen_begin();
	for (round = 0; !count || round < count; round++) {
		if (round && !wait_for_look(&view))
			break;
		ret = view_look(&view);
		if (ret)
			break;
		if (json)
			view_describe(&view);
		else
			show(&view, round);
		fflush(stdout);
		if (ferror(stdout))
			break;
	}
	/* The last state remains in the normal output. */
	if (view.screen) {
		screen_end();
		view.screen = false;
		view.help = false;
		if (!ret)
			view_show(&view);
	}
	view_free(&view);
	return ret ? fail(ret, "cannot list heaps") : OK;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long count = 0, interval = 1000;
	struct heap_state state;
	bool json = false;
	int c, ret, i;

	while ((c = getopt_long(argc, argv, "n:i:jh", options, NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c == 'n') {
			if (!parse_number(optarg, 1000000000, &count) || !count)
				return usage("--count takes a number");
		} else if (c == 'i') {
			if (!parse_number(optarg, 86400000, &interval) || !interval)
				return usage("--interval takes milliseconds");
		} else if (c == 'j') {
			json = true;
		} else {
			return bad_option();
		}
	}
	for (i = optind; i < argc; i++) {
		ret = heap_read(argv[i], &state);
		if (ret)
			return fail(ret, "%s", argv[i]);
		if (!state.ours)
			return fail(-EOPNOTSUPP, "%s", argv[i]);
	}
	return watch(argv + optind, count, interval, json);
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "show heaps as they change",
	.help =
"Usage: dmaheap watch [OPTION]... [HEAP]...\n\n"
"Show the usage of all heaps that have statistics, or of the given heaps, until interrupted: each\n"
"region of memory once, with other names of its heaps below. In the bar, # is used memory, : is held\n"
"by the heap but not yet zeroed, . is held and zero, and blank belongs to the kernel. The last column\n"
"shows the change since the previous refresh. No permission is needed. On a terminal, q quits, space\n"
"refreshes, and h shows the keys that sort, filter and pause.\n\n"
"  -n, --count=N      refresh N times\n"
"  -i, --interval=MS  milliseconds between refreshes (1000)\n"
"  -j, --json         print JSON: at each refresh, one line with the output of list --json\n"
"  -h, --help         this text\n",
	.run = run,
};
