// SPDX-License-Identifier: MIT
/* dmaheap watch */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tool.h"

/* Of columns, with what separates them. */
#define FREE	11
#define BUFFERS	8
#define LARGEST	11
#define HELD	11
#define CHANGE	13

/**
 * struct layout - what there is room for
 * @name: columns of the region's name
 * @bar: cells of the bar, 0 for none
 * @largest: is there that column?
 * @held: likewise
 * @buffers: likewise
 * @change: likewise
 */
struct layout {
	unsigned int name, bar;
	bool largest, held, buffers, change;
};

/* Whether there is room for more; takes it. */
static bool fits(unsigned int *room, unsigned int columns)
{
	if (*room < columns)
		return false;
	*room -= columns;
	return true;
}

/* The most important comes first, the bar gets what is left. */
static struct layout lay_out(unsigned int columns, unsigned int longest)
{
	struct layout layout = { .name = 28, .bar = 24, .largest = true, .held = true,
				 .buffers = true, .change = true };
	unsigned int room = columns, bar = 6 + 3;

	if (!columns) {
		if (longest > layout.name)
			layout.name = longest;
		return layout;
	}
	fits(&room, FREE);
	layout.name = longest < 8 ? 8 : longest;
	if (room < layout.name + bar)
		layout.name = room > 8 + bar ? room - bar : 8;
	fits(&room, layout.name);
	layout.bar = fits(&room, bar) ? 6 : 0;
	layout.buffers = fits(&room, BUFFERS);
	layout.change = fits(&room, CHANGE);
	layout.held = fits(&room, HELD);
	layout.largest = fits(&room, LARGEST);
	if (layout.bar)
		layout.bar += room > 42 ? 42 : room;
	return layout;
}

static bool is_wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/*
 * Is this name worth a place: neither the region's, nor that of the uncached heap beside one that
 * has a place?
 */
static bool is_telling(const struct heap_state *states, size_t count, size_t i)
{
	const struct heap_state *cached;
	char name[256];

	if (!strcmp(states[i].name, states[i].region))
		return false;
	if (!strip_uncached(states[i].name, name, sizeof(name)))
		return true;
	cached = heap_find(states, count, name);
	return !cached || !same_region(cached, &states[i]);
}

/* "+4.0 MiB" in use since the last look, or nothing. */
static void print_change(const struct heap_state *now, const struct heap_state *before)
{
	char text[32];

	if (!before || before->free == now->free)
		return;
	if (now->free < before->free)
		printf("  +%s", size_text(before->free - now->free, text, sizeof(text)));
	else
		printf("  -%s", size_text(now->free - before->free, text, sizeof(text)));
}

/* What does not fit ends with a mark. */
static void print_name(const char *name, unsigned int columns, bool cut)
{
	if (cut && strlen(name) > columns)
		printf("%.*s~", (int)columns - 1, name);
	else
		printf("%-*s", (int)columns, name);
}

static void print_header(const struct layout *layout)
{
	print_name("REGION", layout->name, false);
	if (layout->bar)
		printf(" %-*s", (int)layout->bar + 2,
		       layout->bar >= 18 ? "USED : DIRTY . CLEAN" : "USED");
	printf(" %10s", "FREE");
	if (layout->largest)
		printf(" %10s", "LARGEST");
	if (layout->held)
		printf(" %10s", "HELD");
	if (layout->buffers)
		printf(" %7s", "BUFFERS");
}

static void print_region(const struct heap_state *state, const struct heap_state *before,
		       const struct layout *layout, bool cut, bool colour)
{
	char text[32];

	print_name(state->region, layout->name, cut);
	if (layout->bar) {
		putchar(' ');
		draw_bar(state, layout->bar, colour);
	}
	printf(" %10s", size_text(state->free, text, sizeof(text)));
	if (layout->largest)
		printf(" %10s", size_text(state->largest, text, sizeof(text)));
	if (layout->held)
		printf(" %10s", size_text(state->held, text, sizeof(text)));
	if (layout->buffers)
		printf(" %7llu", (unsigned long long)state->region_buffers);
	if (layout->change)
		print_change(state, before);
}

/**
 * struct view - what is watched, and how
 * @names: of heaps, or none for all
 * @interval: milliseconds
 * @screen: there is a terminal to redraw
 * @colour: use colours
 * @states: what was found last
 * @count: of them
 * @before: what was found before that
 * @nr_before: of them
 */
struct view {
	char **names;
	uint64_t interval;
	bool screen, colour;
	struct heap_state *states, *before;
	size_t count, nr_before;
};

/* Each region once, if any of its heaps is wanted. */
static bool is_shown(const struct view *view, size_t i)
{
	size_t j;

	if (!view->states[i].ours || !first_of_region(view->states, i))
		return false;
	for (j = i; j < view->count; j++)
		if (same_region(&view->states[i], &view->states[j]) &&
		    is_wanted(view->states[j].name, view->names))
			return true;
	return false;
}

/* What else the region's heaps are called, in a line, as far as that goes; false without any. */
static bool other_names(const struct view *view, size_t region, char *line, size_t len)
{
	size_t i, used = 0;

	for (i = region; i < view->count; i++) {
		if (!same_region(&view->states[region], &view->states[i]) ||
		    !is_telling(view->states, view->count, i))
			continue;
		used += snprintf(line + used, len - used, "%s%s", used ? " " : "",
				 view->states[i].name);
		if (used >= len)
			break;
	}
	return used;
}

/*
 * On the screen nothing that stood there may remain. Afterwards it would be too late: the last
 * character of a full line would go, too.
 */
static void begin_line(const struct view *view)
{
	fputs(view->screen ? "\033[K" : "", stdout);
}

/* All that there is room for, and what is missing. */
static void show(const struct view *view)
{
	unsigned int columns = 0, lines = 0, longest = 0, shown = 0, left = 0;
	struct layout layout;
	char names[1024];
	size_t i;

	for (i = 0; i < view->count; i++)
		if (is_shown(view, i) && strlen(view->states[i].region) > longest)
			longest = strlen(view->states[i].region);
	screen_size(&columns, &lines);
	layout = lay_out(columns, longest);
	/* The header, the last line, and the one before it. */
	lines = lines > 4 ? lines - 3 : 1;
	if (view->screen)
		fputs("\033[H", stdout);
	begin_line(view);
	print_header(&layout);
	putchar('\n');
	for (i = 0; i < view->count; i++) {
		if (!is_shown(view, i))
			continue;
		if (view->screen && shown >= lines) {
			left++;
			continue;
		}
		begin_line(view);
		print_region(&view->states[i],
			     heap_find(view->before, view->nr_before, view->states[i].name),
			     &layout, columns, view->colour);
		putchar('\n');
		shown++;
		if (!other_names(view, i, names, sizeof(names)) ||
		    (view->screen && shown >= lines))
			continue;
		begin_line(view);
		fputs("  ", stdout);
		print_name(names, columns > 4 ? columns - 3 : 1, columns);
		putchar('\n');
		shown++;
	}
	if (!view->screen)
		return;
	fputs("\033[J", stdout);
	if (left)
		printf("and %u more\n", left);
	printf("every %g s; q quits, space refreshes", view->interval / 1000.0);
}

static int look(struct view *view)
{
	free(view->before);
	view->before = view->states;
	view->nr_before = view->count;
	view->states = NULL;
	view->count = 0;
	return heaps_read(&view->states, &view->count);
}

static int watch(char **names, unsigned long count, uint64_t interval)
{
	struct view view = { .names = names, .interval = interval,
			     .colour = use_colour(NULL) };
	unsigned long round;
	int ret = 0, key;

	view.screen = screen_begin();
	for (round = 0; !count || round < count; round++) {
		if (round) {
			key = screen_wait(interval);
			if (key == SCREEN_END || key == 'q' || key == 'Q' || key == 4 /* Ctrl-D */)
				break;
		}
		ret = look(&view);
		if (ret)
			break;
		if (!view.screen && round)
			putchar('\n');
		show(&view);
		fflush(stdout);
		if (ferror(stdout))
			break;
	}
	/* What was seen last stays where a shell's output does. */
	if (view.screen) {
		screen_end();
		view.screen = false;
		if (!ret)
			show(&view);
	}
	free(view.states);
	free(view.before);
	return ret ? fail(ret, "cannot list heaps") : OK;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long count = 0, interval = 1000;
	struct heap_state state;
	int c, ret, i;

	while ((c = getopt_long(argc, argv, "n:i:h", options, NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c == 'n') {
			if (!parse_number(optarg, 1000000000, &count) || !count)
				return usage("--count takes a number");
		} else if (c == 'i') {
			if (!parse_number(optarg, 86400000, &interval) || !interval)
				return usage("--interval takes milliseconds");
		} else {
			return usage("bad option");
		}
	}
	for (i = optind; i < argc; i++) {
		ret = heap_read(argv[i], &state);
		if (ret)
			return fail(ret, "%s", argv[i]);
		if (!state.ours)
			return fail(-EOPNOTSUPP, "%s", argv[i]);
	}
	return watch(argv + optind, count, interval);
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "show heaps as they change",
	.help =
"Usage: dmaheap watch [--count=N] [--interval=MS] [HEAP]...\n\n"
"Show usage of all heaps with statistics, or of those named, until interrupted: each region of\n"
"memory once, with other names of its heaps below. In the bar, # is used memory, : and . are held\n"
"by the heap, not yet zeroed and zero, and blank is the kernel's. The last column shows the change\n"
"since the previous refresh. No permission is needed. On a terminal, q quits and space refreshes.\n\n"
"  -n, --count=N      refresh N times\n"
"  -i, --interval=MS  milliseconds between refreshes (1000)\n"
"  -h, --help         this text\n",
	.run = run,
};
