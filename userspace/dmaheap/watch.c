// SPDX-License-Identifier: MIT
/* The display of "dmaheap watch". */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "screen.h"
#include "watch.h"

/* Widths of columns, including separators. */
#define FREE	11
#define BUFFERS	8
#define LARGEST	11
#define HELD	11
#define CHANGE	13

/**
 * struct layout - columns that fit
 * @name: width of the region's name
 * @bar: cells of the bar, 0 for none
 * @largest: whether that column is shown
 * @held: likewise
 * @buffers: likewise
 * @change: likewise
 */
struct layout {
	unsigned int name, bar;
	bool largest, held, buffers, change;
};

/* Is there room for more? If so, uses it. */
static bool fits(unsigned int *room, unsigned int columns)
{
	if (*room < columns)
		return false;
	*room -= columns;
	return true;
}

/* Place the most important columns first; the bar gets the rest. */
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
 * Is it worth showing this name: neither the region's, nor that of an uncached heap whose cached
 * variant is shown?
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

/* Print "+4.0 MiB" if the use has changed since the last update. */
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

/* Names that do not fit end with a mark. */
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

/* Is this the first heap of a region that has a wanted heap? */
static bool is_shown(const struct view *view, size_t i)
{
	bool wanted = false, matches = false;
	size_t j;

	if (!view->states[i].ours || !first_of_region(view->states, i))
		return false;
	for (j = i; j < view->count; j++) {
		if (!same_region(&view->states[i], &view->states[j]))
			continue;
		wanted |= is_wanted(view->states[j].name, view->names);
		matches |= !!strstr(view->states[j].name, view->filter);
	}
	return wanted && (matches || strstr(view->states[i].region, view->filter));
}

/* The absolute change in use since the last update. */
static uint64_t change_of(const struct view *view, size_t i)
{
	const struct heap_state *now = &view->states[i];
	const struct heap_state *before = heap_find(view->before, view->nr_before, now->name);

	if (!before)
		return 0;
	return now->free < before->free ? before->free - now->free : now->free - before->free;
}

static uint64_t rank(const struct view *view, size_t i)
{
	const struct heap_state *state = &view->states[i];

	switch (view->order) {
	case BY_FREE:
		return state->free;
	case BY_LARGEST:
		return state->largest;
	case BY_HELD:
		return state->held;
	case BY_BUFFERS:
		return state->region_buffers;
	case BY_CHANGE:
		return change_of(view, i);
	default:
		return 0;
	}
}

/* Does @a follow @b? Equal regions keep their order. */
static bool stands_behind(const struct view *view, size_t a, size_t b)
{
	if (view->order == BY_NAME)
		return view->reversed;
	return view->reversed ? rank(view, a) > rank(view, b) : rank(view, a) < rank(view, b);
}

/* Sort the shown regions: returns their number, and their indices in the states. */
static size_t sorted(const struct view *view, size_t *regions)
{
	size_t i, j, count = 0;

	for (i = 0; i < view->count; i++) {
		if (!is_shown(view, i))
			continue;
		for (j = count++; j && stands_behind(view, regions[j - 1], i); j--)
			regions[j] = regions[j - 1];
		regions[j] = i;
	}
	return count;
}

/* Other names of the region's heaps, in one line, as far as they fit; false if there are none. */
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

/* The latest values that fit, the last one at the right, scaled from 0 to the region's size. */
static bool history_line(const struct view *view, size_t region, char *line, size_t len)
{
	static const char levels[] = "_.-=+*#@";
	const struct history *history;
	unsigned int first, i;

	history = history_find(view, view->states[region].region);
	if (!view->lines || !history || !len)
		return false;
	first = history->count < len ? 0 : history->count - (len - 1);
	for (i = first; i < history->count; i++)
		*line++ = levels[(history->percent[i] * (sizeof(levels) - 2) + 99) / 100];
	*line = '\0';
	return true;
}

/* The remaining space; also counts regions that do not fit. */
struct room {
	const struct view *view;
	unsigned int lines, used;
};

/*
 * Begin a line, if there is room for it. Clears the old contents now: after printing, the last
 * character of a full line would be cleared, too.
 */
static bool begin_line(struct room *room)
{
	if (room->view->screen && room->used >= room->lines)
		return false;
	room->used++;
	fputs(room->view->screen ? "\033[K" : "", stdout);
	return true;
}

static void print_below(struct room *room, const char *text, unsigned int columns)
{
	if (!begin_line(room))
		return;
	fputs("  ", stdout);
	print_name(text, columns > 4 ? columns - 3 : 1, columns);
	putchar('\n');
}

/* Returns the number of regions that do not fit. */
static unsigned int show_regions(const struct view *view, struct room *room, unsigned int columns)
{
	size_t *regions = calloc(view->count + 1, sizeof(*regions)), count, i, r;
	unsigned int longest = 0, left = 0, wide = columns > 4 ? columns - 3 : REMEMBERED;
	struct layout layout;
	char text[1024];

	count = regions ? sorted(view, regions) : 0;
	for (r = 0; r < count; r++)
		if (strlen(view->states[regions[r]].region) > longest)
			longest = strlen(view->states[regions[r]].region);
	layout = lay_out(columns, longest);
	begin_line(room);
	print_header(&layout);
	putchar('\n');
	for (r = 0; r < count; r++) {
		i = regions[r];
		if (!begin_line(room)) {
			left++;
			continue;
		}
		print_region(&view->states[i],
			     heap_find(view->before, view->nr_before, view->states[i].name),
			     &layout, columns, view->colour);
		putchar('\n');
		if (other_names(view, i, text, sizeof(text)))
			print_below(room, text, columns);
		if (history_line(view, i, text, wide < sizeof(text) ? wide : sizeof(text)))
			print_below(room, text, columns);
	}
	free(regions);
	return left;
}

static void show_keys(struct room *room, unsigned int columns)
{
	static const char *const keys[] = {
		"q      quit", "space  refresh now", "p      pause or continue",
		"< >    sort by the column to the left or to the right", "r      reverse the order",
		"/      show only names that contain the text you type; Enter ends typing",
		"l      show the history of usage: _ nothing used, @ all used", "h ?    this help",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys) && begin_line(room); i++)
		printf("%.*s\n", columns ? (int)columns : 80, keys[i]);
}

/* The last line: display settings. */
static void show_state(const struct view *view, unsigned int columns)
{
	static const char *const orders[ORDERS] = {
		"name", "free", "largest", "held", "buffers", "change"
	};
	char when[48] = "every time you press space", text[256];

	if (!view->paused)
		snprintf(when, sizeof(when), "every %g s", view->interval / 1000.0);
	if (view->typing)
		snprintf(text, sizeof(text), "names with: %s_", view->filter);
	else
		snprintf(text, sizeof(text), "%s by %s%s%s%s%s; h help, q quit", when,
			 orders[view->order], view->reversed ? " reversed" : "",
			 *view->filter ? ", names with \"" : "", view->filter,
			 *view->filter ? "\"" : "");
	printf("%.*s", columns ? (int)columns : (int)sizeof(text), text);
}

/**
 * view_show() - print everything that fits, and what is missing
 * @view: the view
 */
void view_show(const struct view *view)
{
	unsigned int columns = 0, lines = 0, left = 0;
	struct room room = { .view = view };

	screen_size(&columns, &lines);
	/* Reserve the last line and the one before it. */
	room.lines = lines > 4 ? lines - 2 : 2;
	if (view->screen)
		fputs("\033[H", stdout);
	if (view->help)
		show_keys(&room, columns);
	else
		left = show_regions(view, &room, columns);
	if (!view->screen)
		return;
	fputs("\033[J", stdout);
	if (left)
		printf("and %u more\n", left);
	show_state(view, columns);
}

/**
 * view_describe() - print everything as JSON
 * @view: the view; of its display settings, only the order matters
 */
void view_describe(const struct view *view)
{
	size_t *regions = calloc(view->count + 1, sizeof(*regions)), count, i;

	count = regions ? sorted(view, regions) : 0;
	json_begin_array(NULL);
	for (i = 0; i < count; i++)
		describe_region(view->states, view->count, regions[i]);
	json_end();
	free(regions);
}
