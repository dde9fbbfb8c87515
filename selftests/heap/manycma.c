// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hugetlb CMA area right after the default one, which has 64 MiB. For a guest with 4 GiB of
 * memory and hugetlb_cma=1G, without an overlay and without the module.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "importer_client.h"
#include "module.h"
#include "test.h"

FIXTURE(manycma) {
};

FIXTURE_SETUP(manycma)
{
	log_clear();
}

FIXTURE_TEARDOWN(manycma)
{
	EXPECT_EQ(0, module_unload());
}

/* Since 7.3, the kernel reports which pages belong to the area. */
static bool kernel_tells(void)
{
	struct utsname kernel;
	int major, minor;

	return !uname(&kernel) && sscanf(kernel.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 7 || (major == 7 && minor >= 3));
}

/* Before that, the size is unknown, and kernels place the other area differently. */
TEST_F(manycma, size_is_found_out_or_guessed)
{
	struct contig_heap_query query;
	int heap;

	ASSERT_EQ(0, module_load(""));
	heap = heap_open("default_cma_region");
	query = heap_query(heap);
	if (kernel_tells()) {
		EXPECT_EQ(MiB(64), query.total);
	} else {
		EXPECT_LE(MiB(64), query.total);
	}
	EXPECT_NE(kernel_tells(), log_has("KiB, unless another CMA area is adjacent to it; then set cma_size="));
	close(heap);
}

TEST_F(manycma, size_that_is_known)
{
	int heap, fd;

	ASSERT_EQ(0, module_load("cma_size=64M"));
	heap = heap_open("default_cma_region");
	EXPECT_EQ(MiB(64), heap_query(heap).total);
	EXPECT_EQ(MiB(64), heap_query(heap).free);
	EXPECT_EQ(MiB(64), heap_query(heap).largest);
	fd = heap_alloc(heap, MiB(32));
	ASSERT_LE(0, fd);
	EXPECT_EQ(MiB(32), heap_query(heap).free);
	EXPECT_ERRNO(ENOMEM, heap_alloc(heap, MiB(64) + PAGE));
	EXPECT_FALSE(log_has("unless another CMA area is adjacent to it"));
	close(fd);
	close(heap);
}

TEST_F(manycma, size_that_cannot_be)
{
	static const char * const sizes[] = { "cma_size=2G", "cma_size=1", "cma_size=", "cma_size=x",
					      "cma_size=16E" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (i)
			ASSERT_EQ(0, module_unload());
		ASSERT_EQ(0, module_load(sizes[i]));
		EXPECT_NE(kernel_tells(), log_has("unless another CMA area is adjacent to it"));
		EXPECT_EQ(i >= 2, log_has("must be a size, ignored"));
		log_clear();
	}
}

TEST_HARNESS_MAIN
