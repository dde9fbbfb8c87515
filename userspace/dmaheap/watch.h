/* SPDX-License-Identifier: MIT */
/* What "dmaheap watch" shows, and how. */
#ifndef WATCH_H
#define WATCH_H

#include "tool.h"

/* By what the regions are sorted; but for names, the largest comes first. */
enum order {
	BY_NAME,
	BY_FREE,
	BY_LARGEST,
	BY_HELD,
	BY_BUFFERS,
	BY_CHANGE,
	ORDERS,
};

/* So many looks are remembered; no line is longer. */
#define REMEMBERED	512

/**
 * struct history - how much of a region was used
 * @region: its name
 * @count: looks so far, at most REMEMBERED
 * @percent: of the memory, the oldest look first
 */
struct history {
	char region[256];
	unsigned int count;
	unsigned char percent[REMEMBERED];
};

/**
 * struct view - what is watched, and how
 * @names: of heaps, or none for all
 * @interval: milliseconds
 * @screen: there is a terminal to redraw
 * @colour: use colours
 * @paused: wait for a key
 * @help: show the keys instead
 * @lines: show a line of history below each region
 * @reversed: the order is
 * @typing: keys are letters of @filter
 * @order: of the regions
 * @filter: what a name has to contain
 * @states: what was found last
 * @count: of them
 * @before: what was found before that
 * @nr_before: of them
 * @histories: of all regions
 * @nr_histories: of them
 */
struct view {
	char **names;
	uint64_t interval;
	bool screen, colour, paused, help, lines, reversed, typing;
	enum order order;
	char filter[64];
	struct heap_state *states, *before;
	size_t count, nr_before;
	struct history *histories;
	size_t nr_histories;
};

/* history.c */
struct history *history_find(const struct view *view, const char *region);
int view_look(struct view *view);
void view_free(struct view *view);

/* watch.c */
void view_show(const struct view *view);
void view_describe(const struct view *view);

#endif /* WATCH_H */
