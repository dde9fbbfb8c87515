// SPDX-License-Identifier: MIT
/* dmaheap list */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define COLUMNS	80

static void json_heap(const struct heap_state *state)
{
	char group[64];

	fputs("    {\"name\": ", stdout);
	print_json_string(state->name);
	printf(", \"mode\": \"%04o\", \"uid\": %u, \"group\": ", (unsigned int)state->mode,
	       (unsigned int)state->uid);
	print_json_string(group_name(state->gid, group, sizeof(group)));
	printf(", \"openable\": %s", state->openable ? "true" : "false");
	if (state->ours)
		printf(", \"uncached\": %s, \"buffers\": %llu", state->uncached ? "true" : "false",
		       (unsigned long long)state->buffers);
	putchar('}');
}

static void json_region(const struct heap_state *state)
{
	fputs("  {", stdout);
	if (!state->ours)
		return;
	fputs("\"region\": ", stdout);
	print_json_string(state->region);
	fputs(", \"kind\": ", stdout);
	print_json_string(state->kind);
	printf(", \"size\": %llu, \"free\": %llu, \"largest\": %llu, \"held\": %llu, "
	       "\"dirty\": %llu, \"quantum\": %llu, \"fragmentation\": %llu, \"region_buffers\": %llu, ",
	       (unsigned long long)state->size, (unsigned long long)state->free,
	       (unsigned long long)state->largest, (unsigned long long)state->held,
	       (unsigned long long)state->dirty, (unsigned long long)state->quantum,
	       (unsigned long long)state->fragmentation,
	       (unsigned long long)state->region_buffers);
}

static void print_json(const struct heap_state *states, size_t count)
{
	const char *before = "";
	size_t i, j;

	fputs("[", stdout);
	for (i = 0; i < count; i++) {
		if (!first_of_region(states, i))
			continue;
		printf("%s\n", before);
		json_region(&states[i]);
		fputs("\"heaps\": [", stdout);
		before = "";
		for (j = i; j < count; j++) {
			if (!same_region(&states[i], &states[j]))
				continue;
			printf("%s\n", before);
			json_heap(&states[j]);
			before = ",";
		}
		fputs("]}", stdout);
		before = ",";
	}
	puts("\n]");
}

static bool same_access(const struct heap_state *a, const struct heap_state *b)
{
	return a->mode == b->mode && a->gid == b->gid && a->openable == b->openable;
}

/* Names on the same memory that the same users may open, in as many lines as it takes. */
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
	/* The figures stand below a longer name. */
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
	if (ret == -ENOENT)
		return fail(0, "this kernel has no heaps (see \"dmaheap doctor\")"), MISSING;
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
"List the memory of all heaps under /dev/dma_heap, each region once: what kind it is, size, free\n"
"memory, longest free run, held memory (free, and warm: it need not be had from the kernel first),\n"
"fragmentation and live buffers. Below stand the names of the heaps that share it, with mode and\n"
"group of their nodes. Nothing is known of other heaps' memory. No permission is needed.\n\n"
"  -j, --json  print JSON; sizes are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
