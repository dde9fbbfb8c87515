// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel without a default CMA area. For a guest with the overlay odd.dtso and
 * cma=0 contig_heaps.carveout=any:16M,spare@80000000:1M
 */
#include "importer_client.h"
#include "module.h"
#include "test.h"

#define CARVEOUTS	"carveout=any:16M,spare@80000000:1M"
/* The largest block of the page allocator; the carveout is collected from such blocks. */
#define BLOCK_KIB	4096
/* Nearly all of the carveout. */
#define MOST_KIB	(14 * 1024)
#define LIVES		20

TEST(no_heap_for_an_area_that_is_not_there)
{
	EXPECT_FALSE(node_exists("default_cma_region"));
	EXPECT_FALSE(node_exists("linux,cma"));
	EXPECT_FALSE(node_exists("reserved"));
	EXPECT_TRUE(log_has("no default CMA area"));
}

TEST(other_heaps_are_there)
{
	EXPECT_TRUE(node_exists("adsp"));
	EXPECT_TRUE(node_exists("audio-uncached"));
	EXPECT_TRUE(node_exists("video"));
}

/* With cma=0, the kernel ignores the area; newer kernels even forget its existence. */
TEST(no_heap_for_an_area_that_was_not_made)
{
	if (!tree_is_odd())
		SKIP(return, "there is no such area without the overlay odd.dtso");
	EXPECT_FALSE(node_exists("default@84000000"));
	EXPECT_FALSE(node_exists("default_cma_region"));
}

TEST(no_heap_for_an_area_whose_name_is_taken)
{
	if (!tree_is_odd())
		SKIP(return, "there is no such area without the overlay odd.dtso");
	EXPECT_EQ(MiB(1), heap_query(heap_open("spare@80000000")).total);
	EXPECT_TRUE(log_has("spare@80000000: skipped"));
}

/* Collected from the page allocator, which has no blocks of that size. */
TEST(carveout_of_collected_pages)
{
	int heap = heap_open("any");
	int fd = heap_alloc(heap, MiB(16));
	void *memory = buffer_map(fd, MiB(16));

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(MiB(16), heap_query(heap).total);
	EXPECT_TRUE(all_bytes(memory, MiB(16), 0));
	EXPECT_NE(0, buffer_address(fd));
	fill(memory, MiB(16), 1);
	EXPECT_TRUE(filled(memory, MiB(16), 1));
}

TEST(collected_pages_go_back)
{
	bool given = false, taken = false;
	int i;

	/* The kernel also allocates and frees, but rarely in all cycles. */
	for (i = 0; i < LIVES && !(given && taken); i++) {
		long loaded = meminfo("MemFree:"), unloaded;

		ASSERT_EQ(0, module_unload());
		unloaded = meminfo("MemFree:");
		given = loaded + MOST_KIB <= unloaded;
		ASSERT_EQ(0, module_load(CARVEOUTS));
		EXPECT_TRUE(node_exists("any"));
		taken = meminfo("MemFree:") + MOST_KIB <= unloaded;
	}
	EXPECT_TRUE(given && taken);
}

/* A single leaked block is not visible after one cycle, but after many. */
TEST(all_collected_pages_go_back)
{
	long before = meminfo("MemFree:");
	int i;

	for (i = 0; i < LIVES; i++) {
		ASSERT_EQ(0, module_unload());
		ASSERT_EQ(0, module_load(CARVEOUTS));
	}
	EXPECT_LT(before - LIVES * BLOCK_KIB / 2, meminfo("MemFree:"));
}

TEST_HARNESS_MAIN
