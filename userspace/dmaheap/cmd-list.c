// SPDX-License-Identifier: MIT
/* dmaheap list */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "tool.h"

static void print_json(const struct heap_state *states, size_t count)
{
	char group[64];
	size_t i;

	puts("[");
	for (i = 0; i < count; i++) {
		const struct heap_state *state = &states[i];

		fputs("  {\"name\": ", stdout);
		print_json_string(state->name);
		printf(", \"mode\": \"%04o\", \"uid\": %u, \"group\": ", (unsigned int)state->mode,
		       (unsigned int)state->uid);
		print_json_string(group_name(state->gid, group, sizeof(group)));
		printf(", \"openable\": %s", state->openable ? "true" : "false");
		if (state->ours)
			printf(", \"size\": %llu, \"free\": %llu, \"largest\": %llu, "
			       "\"dirty\": %llu, \"quantum\": %llu, \"fragmentation\": %llu, "
			       "\"buffers\": %llu", (unsigned long long)state->size,
			       (unsigned long long)state->free,
			       (unsigned long long)state->largest,
			       (unsigned long long)state->dirty,
			       (unsigned long long)state->quantum,
			       (unsigned long long)state->fragmentation,
			       (unsigned long long)state->buffers);
		puts(i + 1 < count ? "}," : "}");
	}
	puts("]");
}

static void print_table(const struct heap_state *states, size_t count)
{
	size_t i;

	printf("%-32s %10s %10s %10s %10s %5s %7s  %s\n", "HEAP", "SIZE", "FREE", "LARGEST",
	       "DIRTY", "FRAG", "BUFFERS", "ACCESS");
	for (i = 0; i < count; i++) {
		const struct heap_state *state = &states[i];
		char size[32], free_[32], largest[32], dirty[32], group[64];

		printf("%-32s ", state->name);
		if (state->ours)
			printf("%10s %10s %10s %10s %4llu%% %7llu",
			       size_text(state->size, size, sizeof(size)),
			       size_text(state->free, free_, sizeof(free_)),
			       size_text(state->largest, largest, sizeof(largest)),
			       size_text(state->dirty, dirty, sizeof(dirty)),
			       (unsigned long long)state->fragmentation,
			       (unsigned long long)state->buffers);
		else
			printf("%10s %10s %10s %10s %5s %7s", "-", "-", "-", "-", "-", "-");
		printf("  %04o %s%s\n", (unsigned int)state->mode,
		       group_name(state->gid, group, sizeof(group)),
		       state->openable ? "" : " (no access)");
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
	.summary = "list heaps, their memory and permissions",
	.help =
"Usage: dmaheap list [--json]\n\n"
"List all heaps under /dev/dma_heap: size, free memory, longest free run, dirty memory (free, but\n"
"not yet zeroed), fragmentation, live buffers, and the node's mode and group. The kernel's own heaps\n"
"have no statistics. No permission is needed.\n\n"
"  -j, --json  print JSON; sizes are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
