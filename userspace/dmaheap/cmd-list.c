// SPDX-License-Identifier: MIT
/* dmaheap list */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "tool.h"

#define COLUMNS	80

static void print_json(const struct heap_state *states, size_t count)
{
	size_t i;

	json_begin_array(NULL);
	for (i = 0; i < count; i++)
		if (first_of_region(states, i))
			describe_region(states, count, i);
	json_end();
}

static bool same_access(const struct heap_state *a, const struct heap_state *b)
{
	return a->mode == b->mode && a->gid == b->gid && a->openable == b->openable;
}

/* Print all names of the same memory with the same permissions, in as many lines as necessary. */
static void print_names(const struct heap_state *states, size_t count, size_t first)
{
	int column, indent;
	char group[64];
	size_t i;

	indent = printf("  %04o %s:", (unsigned int)states[first].mode,
			group_name(states[first].gid, group, sizeof(group)));
	if (!states[first].openable)
		indent += printf(" (no access)");
	column = indent;
	for (i = first; i < count; i++) {
		if (!same_region(&states[first], &states[i]) ||
		    !same_access(&states[first], &states[i]))
			continue;
		if (column > indent && column + 1 + strlen(states[i].name) > COLUMNS)
			column = printf("\n    ") - 1;
		column += printf(" %s", states[i].name);
	}
	putchar('\n');
}

static bool first_of_access(const struct heap_state *states, size_t first, size_t i)
{
	for (; first < i; first++)
		if (same_region(&states[first], &states[i]) &&
		    same_access(&states[first], &states[i]))
			return false;
	return true;
}

static void print_region(const struct heap_state *state)
{
	char size[32], free_[32], largest[32], held[32];

	if (!state->ours) {
		printf("%-24s -\n", "(not of contig_heaps)");
		return;
	}
	/* After a long name, the figures are in the next line. */
	if (printf("%-24s", state->region) > 24)
		printf("\n%24s", "");
	printf(" %-8s %8s %8s %8s %8s %3llu%% %4llu\n", state->kind,
	       size_text(state->size, size, sizeof(size)),
	       size_text(state->free, free_, sizeof(free_)),
	       size_text(state->largest, largest, sizeof(largest)),
	       size_text(state->held, held, sizeof(held)),
	       (unsigned long long)state->fragmentation,
	       (unsigned long long)state->region_buffers);
}

static void print_table(const struct heap_state *states, size_t count)
{
	size_t i, j;

	printf("%-24s %-8s %8s %8s %8s %8s %4s %4s\n", "REGION", "KIND", "SIZE", "FREE", "LARGEST",
	       "HELD", "FRAG", "BUFS");
	for (i = 0; i < count; i++) {
		if (!first_of_region(states, i))
			continue;
		print_region(&states[i]);
		for (j = i; j < count; j++)
			if (same_region(&states[i], &states[j]) && first_of_access(states, i, j))
				print_names(states, count, j);
	}
}

static int run(int argc, char **argv)
{
	struct heap_state *states;
	bool json = false;
	size_t count;
	int ret;

	ret = plain_options(argc, argv, &json);
	if (ret != GO_ON)
		return ret;
	if (optind < argc)
		return usage("no argument is expected");
	ret = heaps_read(&states, &count);
	if (ret == -ENOENT) {
		if (json)
			print_json(NULL, 0);
		return fail(0, "this kernel has no heaps (see \"dmaheap doctor\")"), MISSING;
	}
	if (ret)
		return fail(ret, "cannot list heaps");
	if (json)
		print_json(states, count);
	else
		print_table(states, count);
	free(states);
	return OK;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "list regions of memory and the heaps on them",
	.help =
"Usage: dmaheap list [--json]\n\n"
"List the memory of all heaps under /dev/dma_heap, each region once: its kind, size, free memory,\n"
"longest free run, held memory (free memory that the heap already has), fragmentation and live\n"
"buffers. The heaps of the region follow, with the mode and group of their nodes. The memory of\n"
"heaps that are not of contig_heaps is unknown. No permission is needed.\n\n"
"  -j, --json  print JSON; sizes are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
