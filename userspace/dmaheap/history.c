// SPDX-License-Identifier: MIT
/* Earlier states for "dmaheap watch". */
#include <stdlib.h>
#include <string.h>

#include "watch.h"

/**
 * history_find() - get the history of a region
 * @view: the view
 * @region: its name
 *
 * Return: its history, or NULL.
 */
struct history *history_find(const struct view *view, const char *region)
{
	size_t i;

	for (i = 0; i < view->nr_histories; i++)
		if (!strcmp(view->histories[i].region, region))
			return &view->histories[i];
	return NULL;
}

static struct history *history_of(struct view *view, const char *region)
{
	struct history *history = history_find(view, region), *larger;

	if (history)
		return history;
	larger = realloc(view->histories, (view->nr_histories + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	view->histories = larger;
	history = &larger[view->nr_histories++];
	snprintf(history->region, sizeof(history->region), "%s", region);
	history->count = 0;
	return history;
}

static void remember(struct view *view, const struct heap_state *state)
{
	struct history *history = history_of(view, state->region);
	uint64_t used = state->free < state->size ? state->size - state->free : 0;

	if (!history)
		return;
	if (history->count == REMEMBERED)
		memmove(history->percent, history->percent + 1, --history->count);
	/* Round up, so that a little is not shown as nothing. */
	history->percent[history->count++] =
		used ? 1 + (unsigned int)(99.0 * used / state->size) : 0;
}

/**
 * view_look() - read the state of all heaps, and append it to the history
 * @view: the view
 *
 * Return: 0 or a negative errno.
 */
int view_look(struct view *view)
{
	int ret;
	size_t i;

	free(view->before);
	view->before = view->states;
	view->nr_before = view->count;
	view->states = NULL;
	view->count = 0;
	ret = heaps_read(&view->states, &view->count);
	for (i = 0; i < view->count; i++)
		if (view->states[i].ours && first_of_region(view->states, i))
			remember(view, &view->states[i]);
	return ret;
}

/**
 * view_free() - free all states
 * @view: the view
 */
void view_free(struct view *view)
{
	free(view->states);
	free(view->before);
	free(view->histories);
}
