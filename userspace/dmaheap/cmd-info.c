// SPDX-License-Identifier: MIT
/* dmaheap info */
#include <getopt.h>
#include <string.h>

#include "json.h"
#include "tool.h"

static void print_line(const char *what, uint64_t bytes)
{
	char text[32];

	printf("%-15s %llu (%s)\n", what, (unsigned long long)bytes,
	       size_text(bytes, text, sizeof(text)));
}

static const char *kind_of(const struct heap_state *state)
{
	return !strcmp(state->kind, "cma") ? "CMA area" :
	       !strcmp(state->kind, "system") ? "system memory" : state->kind;
}

/* Print what only an open heap reports. */
static void print_opened(const struct heap_state *state)
{
	struct dmaheap_info info = DMAHEAP_INFO_INIT;
	struct dmaheap *heap;
	uint32_t features;
	int ret = dmaheap_open(state->name, &heap);

	if (ret) {
		printf("%-15s cannot be opened: %s\n", "kind", dmaheap_strerror(ret));
		return;
	}
	features = dmaheap_features(heap);
	if (dmaheap_query(heap, &info)) {
		printf("%-15s the kernel's own heap, or another driver's\n", "kind");
	} else {
		printf("%-15s %s%s, %s CPU mappings\n", "kind",
		       kind_of(state),
		       info.flags & DMAHEAP_INFO_NO_MAP ? " outside the linear map" : "",
		       info.flags & DMAHEAP_INFO_UNCACHED ? "write-combined" : "cached");
		printf("%-15s %u (all heaps on this memory)\n", "region buffers",
		       info.region_buffers);
	}
	printf("%-15s allocation%s%s%s\n", "features", features & DMAHEAP_CAN_ALIGN ?
	       ", alignment" : "", features & DMAHEAP_CAN_SYNC_PART ?
	       ", partial sync" : "", features & DMAHEAP_CAN_QUERY ? ", statistics" : "");
	dmaheap_unref(heap);
}

static void print_text(const struct heap_state *state)
{
	char group[64];

	printf("%-15s /dev/dma_heap/%s\n", "node", state->name);
	printf("%-15s %04o, user %u, group %s, %s\n", "access", (unsigned int)state->mode,
	       (unsigned int)state->uid, group_name(state->gid, group, sizeof(group)),
	       state->openable ? "you can open it" : "you cannot open it");
	if (state->ours) {
		printf("%-15s %s\n", "region", state->region);
		print_line("size", state->size);
		print_line("free", state->free);
		print_line("longest run", state->largest);
		if (is_elastic(state)) {
			print_line("held", state->held);
			print_line("with the kernel", with_kernel(state));
		}
		print_line("dirty", state->dirty);
		print_line("quantum", state->quantum);
		printf("%-15s %llu %%\n", "fragmentation",
		       (unsigned long long)state->fragmentation);
		printf("%-15s %llu\n", "buffers", (unsigned long long)state->buffers);
	}
	print_opened(state);
}

static void print_json(const struct heap_state *state)
{
	struct dmaheap_info info = DMAHEAP_INFO_INIT;
	struct dmaheap *heap;
	uint32_t features;

	json_begin_object(NULL);
	describe_heap(state);
	if (!dmaheap_open(state->name, &heap)) {
		features = dmaheap_features(heap);
		json_bool("can_align", features & DMAHEAP_CAN_ALIGN);
		json_bool("can_sync_part", features & DMAHEAP_CAN_SYNC_PART);
		if (!dmaheap_query(heap, &info))
			json_bool("no_map", info.flags & DMAHEAP_INFO_NO_MAP);
		dmaheap_unref(heap);
	}
	json_end();
}

static int run(int argc, char **argv)
{
	struct heap_state state;
	bool json = false;
	int ret = plain_options(argc, argv, &json);

	if (ret != GO_ON)
		return ret;
	if (optind + 1 != argc)
		return usage("one heap is expected");
	ret = heap_read(argv[optind], &state);
	if (ret)
		return fail(ret, "%s", argv[optind]);
	if (json)
		print_json(&state);
	else
		print_text(&state);
	return OK;
}

const struct command cmd_info = {
	.name = "info",
	.summary = "show everything about one heap",
	.help =
"Usage: dmaheap info [--json] HEAP\n\n"
"Show everything about a heap. Its kind and features are shown only if you can open it.\n"
"The free memory of a CMA area, or of system memory, is held either by the heap or by the kernel.\n\n"
"  -j, --json  print JSON; sizes are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
