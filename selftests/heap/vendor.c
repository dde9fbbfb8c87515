// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmodified device trees of vendor kernels, and programs that were written for these kernels: for
 * a guest with the overlay vendor.dtso.
 */
#include "module.h"
#include "test.h"

#define DRIVER	"/sys/bus/platform/drivers/contig-heap/"
#define SHARED	"carveout_vision_apps_shared-memories"

UNLOADED_FIXTURE(vendor);

/* Like TI's libraries: allocate all of it in one buffer, with exactly this name. */
static bool program_works(const char *name, size_t total, __u32 flags)
{
	int heap = heap_open(name);
	bool works = heap >= 0 && heap_query(heap).total == total &&
		     heap_query(heap).flags == flags && heap_holds(name, total);

	close(heap);
	return works;
}

TEST_F(vendor, ti_carveout)
{
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(program_works(SHARED, MiB(1), 0));
	EXPECT_TRUE(program_works(SHARED "-uncached", MiB(1), CONTIG_HEAP_F_UNCACHED));
}

/* The name does not change if the kernel does not map the memory. */
TEST_F(vendor, ti_carveout_of_no_map)
{
	const __u32 flags = CONTIG_HEAP_F_UNCACHED | CONTIG_HEAP_F_NO_MAP;

	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(program_works("carveout_apps-shared-memory", KiB(64), flags));
	EXPECT_TRUE(program_works("carveout_apps-shared-memory-uncached", KiB(64), flags));
}

TEST_F(vendor, ti_carveout_with_an_address)
{
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(program_works("carveout_camera-frames@79e10000", KiB(64), 0));
	EXPECT_TRUE(program_works("carveout_camera-frames", KiB(64), 0));
}

TEST_F(vendor, nothing_else_becomes_a_heap)
{
	static const char * const none[] = {
		"vision-apps-dma-memory@79c00000", "carveout_vision-apps-dma-memory@79c00000",
		"c7x-ddr-heaps-hi@79c80000-uncached", "carveout_switched-off",
		"carveout_first-claim", "carveout_first-claim-uncached",
		"vstream-secure", "vstream-secure-uncached",
	};
	size_t i;

	ASSERT_EQ(0, module_load(""));
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_FALSE(node_exists(none[i])) {
			TH_LOG("%s is there", none[i]);
		}
	}
	EXPECT_TRUE(log_has("carveout_first-claim: both "));
	EXPECT_TRUE(log_has("vstream_dma_heap: error -EOPNOTSUPP"));
}

TEST_F(vendor, samsung_carveout)
{
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(program_works("ext_ui-uncached", KiB(256), CONTIG_HEAP_F_UNCACHED));
	EXPECT_EQ(KiB(32), heap_query(heap_open("ext_ui-uncached")).quantum);
}

TEST_F(vendor, names_in_the_tree)
{
	const __u32 flags = CONTIG_HEAP_F_UNCACHED | CONTIG_HEAP_F_NO_MAP;

	ASSERT_EQ(0, module_load("alias=qcom,,user-contig=qcom,,display"));
	EXPECT_TRUE(program_works("qcom,system", KiB(64), flags));
	EXPECT_TRUE(program_works("qcom,display-uncached", KiB(64), flags));
	EXPECT_TRUE(program_works("qcom,user-contig", KiB(64), flags));
}

/* Names of the tree have priority. */
TEST_F(vendor, names_in_the_tree_come_first)
{
	const __u32 flags = CONTIG_HEAP_F_UNCACHED | CONTIG_HEAP_F_NO_MAP;

	ASSERT_EQ(0, module_load("names=qualcomm"));
	EXPECT_TRUE(program_works("qcom,system", KiB(64), flags));
	EXPECT_TRUE(program_works("qcom,display", KiB(64), flags));
}

/* The module creates the device, and removes it. */
TEST_F(vendor, unbound_and_bound_again)
{
	void *memory;
	int heap, fd;

	ASSERT_EQ(0, module_load(""));
	heap = heap_open(SHARED);
	fd = heap_alloc(heap, MiB(1));
	memory = buffer_map(fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_TRUE(write_text(DRIVER "unbind", SHARED));
	EXPECT_FALSE(node_exists(SHARED));
	fill(memory, MiB(1), 1);
	ASSERT_TRUE(write_text(DRIVER "bind", SHARED));
	EXPECT_TRUE(node_exists(SHARED));
	EXPECT_TRUE(filled(memory, MiB(1), 1));
	EXPECT_ERRNO(ENOMEM, heap_alloc(heap_open(SHARED), PAGE));
	munmap(memory, MiB(1));
	close(fd);
	EXPECT_TRUE(program_works(SHARED, MiB(1), 0));
}

TEST_F(vendor, loaded_again)
{
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, module_unload());
	EXPECT_NE(0, access("/sys/devices/contig_heaps", F_OK));
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(program_works(SHARED, MiB(1), 0));
	ASSERT_EQ(0, module_unload());
	/* An unbound device keeps no reference. */
	ASSERT_EQ(0, module_load(""));
	ASSERT_TRUE(write_text(DRIVER "unbind", SHARED));
	ASSERT_EQ(0, module_unload());
}

TEST_HARNESS_MAIN
