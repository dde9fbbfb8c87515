// SPDX-License-Identifier: MIT
/* Print heaps, regions and buffers as JSON; dmaheap(1) documents the keys. */
#include <string.h>

#include "json.h"
#include "tool.h"

static void heap_members(const struct heap_state *state)
{
	char mode[8], group[64];

	snprintf(mode, sizeof(mode), "%04o", (unsigned int)state->mode);
	json_text("name", state->name);
	json_text("mode", mode);
	json_number("uid", state->uid);
	json_text("group", group_name(state->gid, group, sizeof(group)));
	json_bool("openable", state->openable);
	if (!state->ours)
		return;
	json_bool("uncached", state->uncached);
	json_number("buffers", state->buffers);
}

static void region_members(const struct heap_state *state)
{
	if (!state->ours)
		return;
	json_text("region", state->region);
	json_text("kind", state->kind);
	json_number("size", state->size);
	json_number("free", state->free);
	json_number("largest", state->largest);
	json_number("held", state->held);
	json_number("dirty", state->dirty);
	json_number("quantum", state->quantum);
	json_number("fragmentation", state->fragmentation);
	json_number("region_buffers", state->region_buffers);
}

/* Print a heap and its memory, as members of the current object. */
void describe_heap(const struct heap_state *state)
{
	heap_members(state);
	region_members(state);
}

/* Print the region of states[first], with all its heaps. */
void describe_region(const struct heap_state *states, size_t count, size_t first)
{
	size_t i;

	json_begin_object(NULL);
	region_members(&states[first]);
	json_begin_array("heaps");
	for (i = first; i < count; i++) {
		if (!same_region(&states[first], &states[i]))
			continue;
		json_begin_object(NULL);
		heap_members(&states[i]);
		json_end();
	}
	json_end();
	json_end();
}

/* Print the buffer's entry in debugfs, as members of the current object. */
void describe_placed(const struct placed *placed)
{
	char importers[sizeof(placed->importers)], *rest = importers, *importer;

	memcpy(importers, placed->importers, sizeof(importers));
	json_number("offset", placed->offset);
	json_seconds("age", placed->age);
	json_number("allocated_by", placed->pid);
	json_text("comm", placed->comm);
	json_begin_array("importers");
	while ((importer = strsep(&rest, ",")))
		if (strcmp(importer, "-"))
			json_text(NULL, importer);
	json_end();
}
