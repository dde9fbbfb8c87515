// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CMA area for huge pages right behind the default one, of 64 MiB. For a guest with 4 GiB of
 * memory, without an overlay and without the module, and hugetlb_cma=1G.
 */
#include <stdlib.h>

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

/* Nothing tells a module where the one ends, and kernels put the other one at different places. */
TEST_F(manycma, size_is_a_guess)
{
	int heap;

	ASSERT_EQ(0, module_load(""));
	heap = heap_open("default_cma_region");
	EXPECT_LE(MiB(64), heap_query(heap).total);
	close(heap);
	EXPECT_TRUE(log_has("KiB, if no other CMA area borders on it; cma_size= tells otherwise"));
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
	EXPECT_FALSE(log_has("if no other CMA area borders on it"));
	close(fd);
	close(heap);
}

TEST_F(manycma, size_that_cannot_be)
{
	static const char * const sizes[] = { "cma_size=2G", "cma_size=1", "cma_size=", "cma_size=x" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (i)
			ASSERT_EQ(0, module_unload());
		ASSERT_EQ(0, module_load(sizes[i]));
		EXPECT_TRUE(log_has("if no other CMA area borders on it"));
		log_clear();
	}
}

TEST_HARNESS_MAIN
