// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's buddy allocator, see peer.h. A quantum is one of its chunks. */
#include <linux/gpu_buddy.h>

#include "peer.h"

#define CHUNK	4096ULL

struct extent {
	struct list_head blocks;
};

unsigned int buddy_warnings;
static struct gpu_buddy mm;

void buddy_warns(const char *condition)
{
	fprintf(stderr, "buddy: %s\n", condition);
	buddy_warnings++;
}

void buddy_make(unsigned int nr)
{
	if (buddy_module_init() || gpu_buddy_init(&mm, nr * CHUNK, CHUNK))
		exit(2);
}

void buddy_end(void)
{
	gpu_buddy_fini(&mm);
	buddy_module_exit();
}

struct extent *buddy_alloc(unsigned int len, unsigned int align, bool clear)
{
	struct extent *extent = calloc(1, sizeof(*extent));
	unsigned long flags = GPU_BUDDY_CONTIGUOUS_ALLOCATION;

	if (!extent)
		exit(2);
	INIT_LIST_HEAD(&extent->blocks);
	if (clear)
		flags |= GPU_BUDDY_CLEAR_ALLOCATION;
	if (gpu_buddy_alloc_blocks(&mm, 0, mm.size, len * CHUNK, align * CHUNK,
				   &extent->blocks, flags)) {
		free(extent);
		return NULL;
	}
	return extent;
}

void buddy_free(struct extent *extent, bool cleared)
{
	gpu_buddy_free_list(&mm, &extent->blocks, cleared ? GPU_BUDDY_CLEARED : 0);
	free(extent);
}

bool buddy_where(const struct extent *extent, unsigned int *start, unsigned int *len)
{
	u64 low = ~0ULL, high = 0, all = 0;
	struct gpu_buddy_block *block;

	list_for_each_entry(block, &extent->blocks, link) {
		u64 at = gpu_buddy_block_offset(block);
		u64 size = gpu_buddy_block_size(&mm, block);

		low = at < low ? at : low;
		high = at + size > high ? at + size : high;
		all += size;
	}
	*start = low / CHUNK;
	*len = all / CHUNK;
	return high - low == all;
}

bool buddy_is_clear(const struct extent *extent, unsigned int quantum)
{
	struct gpu_buddy_block *block;

	list_for_each_entry(block, &extent->blocks, link) {
		u64 at = gpu_buddy_block_offset(block);

		if (quantum * CHUNK >= at &&
		    quantum * CHUNK - at < gpu_buddy_block_size(&mm, block))
			return gpu_buddy_block_is_clear(block);
	}
	return false;
}

unsigned int buddy_avail(void)
{
	return mm.avail / CHUNK;
}

unsigned int buddy_clear_avail(void)
{
	return mm.clear_avail / CHUNK;
}

/* The user-space headers refer to this where the processor may lack an instruction. */
unsigned long __sw_hweight64(__u64 word)
{
	return __builtin_popcountll(word);
}
