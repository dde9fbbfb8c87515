/* SPDX-License-Identifier: MIT */
/* State and display settings of "dmaheap watch". */
#ifndef WATCH_H
#define WATCH_H

#include "tool.h"

/* Sort keys; except for names, the largest comes first. */
enum order {
	BY_NAME,
	BY_FREE,
	BY_LARGEST,
	BY_HELD,
	BY_BUFFERS,
	BY_CHANGE,
	ORDERS,
};

/* Length of the history, which exceeds the width of any terminal. */
#define REMEMBERED	512

/**
 * struct history - earlier use of a region
 * @region: its name
 * @count: number of values, at most REMEMBERED
 * @percent: use of the memory, the oldest value first
 */
struct history {
	char region[256];
	unsigned int count;
	unsigned char percent[REMEMBERED];
};

/**
 * struct view - what is watched, and display settings
 * @names: names of heaps, or none for all
 * @interval: milliseconds
 * @screen: there is a terminal to redraw
 * @colour: use colours
 * @paused: wait for a key
 * @help: show the keys instead
 * @lines: show a line of history below each region
 * @reversed: reverse the order
 * @typing: keys are letters of @filter
 * @order: sort key
 * @filter: text that a name must contain
 * @states: last states
 * @count: number of states
 * @before: previous states
 * @nr_before: number of previous states
 * @histories: history of each region
 * @nr_histories: number of histories
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
