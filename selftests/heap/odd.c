// SPDX-License-Identifier: GPL-2.0-only
/* An unusual device tree with errors: for a guest with the overlay odd.dtso. */
#include <stdlib.h>

#include "module.h"
#include "test.h"

static bool heap_works(const char *name, size_t total)
{
	int heap = heap_open(name);
	int fd = heap_alloc(heap, KiB(64));
	void *memory = buffer_map(fd, KiB(64));
	bool works = memory != MAP_FAILED && heap_query(heap).total == total &&
		     all_bytes(memory, KiB(64), 0);

	munmap(memory, KiB(64));
	close(fd);
	close(heap);
	return works;
}

/* The kernel's own heap of that area may have this name. */
static bool ours_exists(const char *name)
{
	char with_theirs[100], alone[100];

	snprintf(with_theirs, sizeof(with_theirs), "/sys/class/contig_heap/%s", name);
	snprintf(alone, sizeof(alone), "/sys/class/dma_heap/%s/quantum", name);
	return !access(with_theirs, F_OK) || !access(alone, F_OK);
}

TEST(default_area_of_the_tree)
{
	EXPECT_TRUE(heap_works("default_cma_region", MiB(64)));
	EXPECT_TRUE(heap_works("linux,cma", MiB(64)));
	EXPECT_TRUE(heap_works("reserved-uncached", MiB(64)));
	EXPECT_TRUE(ours_exists("default_cma_region"));
	EXPECT_FALSE(ours_exists("default@84000000"));
}

/* Areas use their full name, like the kernel's own heaps. */
TEST(area_that_no_heap_is_for)
{
	EXPECT_TRUE(heap_works("spare@80000000", MiB(16)));
	EXPECT_TRUE(heap_works("spare@80000000-uncached", MiB(16)));
}

TEST(heap_without_a_label)
{
	EXPECT_TRUE(heap_works("plain@79c00000", MiB(1)));
}

/* An invalid heap is named in the log, and does not affect any other. */
TEST(mistakes_of_heaps)
{
	static const char * const none[] = { "nowhere", "none", "quantum" };
	static const char * const said[] = {
		"heap-nowhere: error -", "heap-none: error -", "heap-quantum: error -",
		"heap-long: error -", "none: the kernel has reserved no memory",
		"quantum: a quantum of 12288 bytes is not", "the name is too long",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_FALSE(node_exists(none[i])) {
			TH_LOG("%s is there", none[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(said); i++) {
		EXPECT_TRUE(log_has(said[i])) {
			TH_LOG("the log lacks \"%s\"", said[i]);
		}
	}
	EXPECT_TRUE(heap_works("adsp", MiB(48)));
	EXPECT_TRUE(heap_works("video", MiB(64)));
}

TEST(mistakes_of_legacy_nodes)
{
	static const char * const none[] = {
		"/dev/pmem_allocator", "/dev/pmem_nowhere", "/dev/pmem_none", "/dev/pmem_large",
	};
	static const char * const said[] = {
		"pmem-nolabel: error -", "unknown allocator slab", "pmem-nowhere: error -",
		"pmem-none: error -", "pmem-large: error -",
	};
	size_t i;

	ASSERT_EQ(0, system("modprobe pmem_compat"));
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_NE(0, access(none[i], F_OK)) {
			TH_LOG("%s is there", none[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(said); i++) {
		EXPECT_TRUE(log_has(said[i])) {
			TH_LOG("the log lacks \"%s\"", said[i]);
		}
	}
	EXPECT_EQ(0, access("/dev/pmem_adsp", F_OK));
	EXPECT_EQ(0, access("/dev/pmem_sys", F_OK));
	EXPECT_EQ(0, system("rmmod pmem_compat"));
}

TEST_HARNESS_MAIN
