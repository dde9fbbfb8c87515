// SPDX-License-Identifier: GPL-2.0-only
/*
 * A heap keeps CMA memory for a while: what is kept, and for whom; and that the kernel gets it
 * back when it needs it, when it is unused, when it exceeds the limit, and on request.
 *
 * For a guest without the module and without other users of its CMA areas: "video" of 64 MiB,
 * which only the heap "video" uses, and the default one, also of 64 MiB, which drivers share.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../flush_trace.h"
#include "importer_client.h"
#include "keep.h"
#include "module.h"
#include "test.h"

#define AREA	MiB(64)

/* For tests that need only one heap. */
#define KEEPER	"video"
#define MOST	MiB(48)

/* Added by alignment, and the excess that a small request takes. */
#define MORE	MiB(2)

FIXTURE(elastic) {
	int heap;
};

/* @most: the largest contiguous buffer, even if drivers have pinned pages in the area */
FIXTURE_VARIANT(elastic) {
	const char *name;
	size_t most;
};

FIXTURE_VARIANT_ADD(elastic, own) {
	.name = "video",
	.most = AREA,
};

FIXTURE_VARIANT_ADD(elastic, uncached) {
	.name = "video-uncached",
	.most = AREA,
};

FIXTURE_VARIANT_ADD(elastic, shared) {
	.name = "default_cma_region",
	.most = AREA / 2,
};

FIXTURE_SETUP(elastic)
{
	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(FOR_EVER));
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	/* The administrator can permit keeping all of a shared area. */
	ASSERT_TRUE(set(variant->name, "held_max", "64M"));
}

FIXTURE_TEARDOWN(elastic)
{
	close(self->heap);
	module_gone();
}

TEST_F(elastic, nothing_is_taken_before_it_is_needed)
{
	EXPECT_EQ(0, held(variant->name));
	EXPECT_EQ(AREA, figure(variant->name, "size"));
	EXPECT_EQ(AREA, figure(variant->name, "free"));
	EXPECT_EQ(AREA, figure(variant->name, "largest"));
}

TEST_F(elastic, figures_tell_used_and_kept)
{
	struct contig_heap_query query;
	int fd = heap_alloc(self->heap, MiB(16));

	ASSERT_LE(0, fd);
	EXPECT_EQ(AREA - MiB(16), figure(variant->name, "free"));
	EXPECT_GT(MORE, held(variant->name));
	close(fd);
	EXPECT_EQ(AREA, figure(variant->name, "free"));
	EXPECT_LE(MiB(16), held(variant->name));
	query = heap_query(self->heap);
	EXPECT_EQ(AREA, query.free);
	EXPECT_EQ(AREA, query.largest);
	EXPECT_EQ(held(variant->name), query.held);
}

/* The same memory is reused, and zero, regardless of its previous size. */
TEST_F(elastic, is_zero_and_the_same)
{
	int importer = importer_open(), device = importer_any_device(importer);
	__u64 before, after, len;
	int fd = heap_alloc(self->heap, MiB(8)), attachment;

	attachment = importer_attach(importer, device, fd);
	ASSERT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(importer, attachment, 0, &before, &len));
	EXPECT_EQ(0, importer_unmap(importer, attachment));
	EXPECT_EQ(0, importer_detach(importer, attachment));
	ASSERT_TRUE(buffer_soil(fd, MiB(8)));
	close(fd);
	wait_until_held(variant->name, MiB(8));
	settle(variant->name);

	fd = heap_alloc(self->heap, MiB(8));
	EXPECT_GE(MORE, held(variant->name));
	attachment = importer_attach(importer, device, fd);
	ASSERT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(importer, attachment, 0, &after, &len));
	EXPECT_EQ(before, after);
	EXPECT_TRUE(buffer_is_zero(fd, MiB(8)));
	close(importer);
	close(fd);
}

/* Before the thread has finished, and while it is running. */
TEST_F(elastic, is_zero_at_once)
{
	int round;

	for (round = 0; round < 12; round++) {
		size_t len = round % 3 ? MiB(7) + PAGE : MiB(15);
		int fd;

		ASSERT_TRUE(soil(self->heap, len));
		usleep(round % 4 * 3000);
		fd = heap_alloc(self->heap, MiB(9));
		ASSERT_LE(0, fd);
		EXPECT_TRUE(buffer_is_zero(fd, MiB(9)));
		close(fd);
	}
}

/* A large buffer reuses the memory of many small ones, and vice versa. */
TEST_F(elastic, neighbours_serve_one_request)
{
	int fds[16], fd, i;

	for (i = 0; i < 16; i++)
		fds[i] = heap_alloc(self->heap, MiB(1));
	for (i = 0; i < 16; i++)
		close(fds[i]);
	wait_until_held(variant->name, MiB(16));
	settle(variant->name);
	fd = heap_alloc(self->heap, MiB(16));
	ASSERT_LE(0, fd);
	EXPECT_GE(MORE, held(variant->name));
	EXPECT_TRUE(buffer_soil(fd, MiB(16)));
	close(fd);
	for (i = 0; i < 16; i++) {
		fds[i] = heap_alloc(self->heap, MiB(1));
		EXPECT_TRUE(buffer_is_zero(fds[i], MiB(1)));
	}
	EXPECT_GE(MORE, held(variant->name));
	for (i = 0; i < 16; i++)
		close(fds[i]);
}

/* Only the missing part is requested from the kernel. */
TEST_F(elastic, only_what_is_missing_is_taken)
{
	int fd;

	ASSERT_TRUE(soil(self->heap, MiB(12)));
	wait_until_held(variant->name, MiB(12));
	fd = heap_alloc(self->heap, MiB(16));
	ASSERT_LE(0, fd);
	EXPECT_TRUE(buffer_is_zero(fd, MiB(16)));
	EXPECT_GE(MORE, held(variant->name));
	close(fd);
	wait_until_held(variant->name, MiB(16));
}

/* Kept memory does not obstruct requests, even next to a page in use. */
TEST_F(elastic, gives_way_to_a_larger_request)
{
	int fds[8], fd, large, i;

	for (i = 0; i < 8; i++)
		ASSERT_LE(0, fds[i] = heap_alloc(self->heap, variant->most / 16));
	fd = heap_alloc(self->heap, PAGE);
	ASSERT_LE(0, fd);
	for (i = 0; i < 8; i += 2)
		close(fds[i]);
	for (i = 1; i < 8; i += 2)
		close(fds[i]);
	large = heap_alloc(self->heap, variant->most - variant->most / 2);
	EXPECT_LE(0, large);
	EXPECT_TRUE(buffer_is_zero(large, variant->most - variant->most / 2));
	close(large);
	close(fd);
	/* Contiguous, but not from the first page of the area. */
	large = heap_alloc(self->heap, variant->most - MiB(1));
	EXPECT_LE(0, large);
	close(large);
}

TEST_F(elastic, all_of_it_twice)
{
	int round, fd;

	for (round = 0; round < 2; round++) {
		fd = heap_alloc(self->heap, variant->most);
		ASSERT_LE(0, fd);
		EXPECT_EQ(AREA - variant->most, figure(variant->name, "free"));
		EXPECT_EQ(-1, heap_alloc(self->heap, AREA - variant->most + PAGE));
		EXPECT_EQ(ENOMEM, errno);
		ASSERT_TRUE(buffer_soil(fd, variant->most));
		close(fd);
	}
	fd = heap_alloc(self->heap, variant->most);
	EXPECT_TRUE(buffer_is_zero(fd, variant->most));
	close(fd);
}

TEST_F(elastic, goes_when_somebody_says_so)
{
	long free;

	ASSERT_TRUE(soil(self->heap, MiB(16)));
	wait_until_held(variant->name, MiB(16));
	free = cma_free();
	ASSERT_TRUE(set(variant->name, "held", "4M"));
	EXPECT_EQ(MiB(4), held(variant->name));
	EXPECT_TRUE(cma_has(free + (long)MiB(11)));
	ASSERT_TRUE(set(variant->name, "held", "0\n"));
	EXPECT_EQ(0, held(variant->name));
	EXPECT_TRUE(cma_has(free + (long)MiB(15)));
	EXPECT_FALSE(set(variant->name, "held", "much"));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(elastic, no_more_than_may_be_kept)
{
	int fds[2];

	ASSERT_TRUE(set(variant->name, "held_max", "8M"));
	EXPECT_EQ(MiB(8), figure(variant->name, "held_max"));
	fds[0] = heap_alloc(self->heap, MiB(12));
	fds[1] = heap_alloc(self->heap, MiB(6));
	close(fds[0]);
	wait_until_no_more_held(variant->name, MiB(8));
	close(fds[1]);
	wait_until_no_more_held(variant->name, MiB(8));
	EXPECT_EQ(MiB(8), held(variant->name));
	ASSERT_TRUE(set(variant->name, "held_max", "0"));
	wait_until_no_more_held(variant->name, 0);
	EXPECT_EQ(AREA, figure(variant->name, "free"));
}

TEST_F(elastic, reserve_stays)
{
	int fds[3], i;

	ASSERT_TRUE(set(variant->name, "reserve", "24M"));
	EXPECT_EQ(MiB(24), figure(variant->name, "reserve"));
	EXPECT_LE(MiB(24), held(variant->name));
	ASSERT_TRUE(set(variant->name, "held", "0"));
	write_text("/proc/sys/vm/drop_caches", "2");
	EXPECT_EQ(MiB(24), held(variant->name));
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, fds[i] = heap_alloc(self->heap, MiB(8)));
	EXPECT_GE(MORE, held(variant->name));
	close(fds[0]);
	/* Memory in use counts. */
	ASSERT_TRUE(set(variant->name, "held", "0"));
	EXPECT_EQ(MiB(8), held(variant->name));
	ASSERT_TRUE(set(variant->name, "reserve", "16M"));
	ASSERT_TRUE(set(variant->name, "held", "0"));
	EXPECT_EQ(0, held(variant->name));
	close(fds[1]);
	close(fds[2]);
	ASSERT_TRUE(set(variant->name, "held", "0"));
	EXPECT_EQ(MiB(16), held(variant->name));
}

TEST_F(elastic, reserve_that_cannot_be)
{
	int fd = heap_alloc(self->heap, MiB(40));

	EXPECT_FALSE(set(variant->name, "reserve", "65M"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_FALSE(set(variant->name, "reserve", "100"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_FALSE(set(variant->name, "reserve", "-1"));
	EXPECT_FALSE(set(variant->name, "reserve", "16E"));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_FALSE(set(variant->name, "reserve", "18446744073709555712"));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_FALSE(set(variant->name, "keep", "4294967296"));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_EQ(0, figure(variant->name, "reserve"));
	close(fd);
}

TEST_F(elastic, counts_as_reclaimable_and_goes)
{
	long misc = vm_count("nr_kernel_misc_reclaimable");

	ASSERT_TRUE(soil(self->heap, MiB(16)));
	wait_until_held(variant->name, MiB(16));
	EXPECT_EQ(misc + (long)(held(variant->name) / PAGE), vm_count("nr_kernel_misc_reclaimable"));
	settle(variant->name);
	write_text("/proc/sys/vm/drop_caches", "2");
	EXPECT_EQ(0, held(variant->name));
	EXPECT_EQ(misc, vm_count("nr_kernel_misc_reclaimable"));
}

TEST_F(elastic, goes_with_the_module)
{
	long misc = vm_count("nr_kernel_misc_reclaimable"), free = cma_free();

	ASSERT_TRUE(set(variant->name, "reserve", "8M"));
	ASSERT_TRUE(soil(self->heap, MiB(48)));
	EXPECT_GT(free - (long)MiB(40), cma_free());
	close(self->heap);
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(misc, vm_count("nr_kernel_misc_reclaimable"));
	EXPECT_TRUE(cma_has(free - (long)MiB(1)));
}

/* Zeros are written back in the background, so no maintenance is left at allocation. */
TEST_F(elastic, zeros_reach_memory_before)
{
	settle("adsp");
	settle("mdp");
	ASSERT_TRUE(soil(self->heap, MiB(8)));
	settle(variant->name);
	ASSERT_TRUE(flush_trace_start());
	EXPECT_LE(0, heap_alloc(self->heap, MiB(8)));
	{
		char *trace = flush_trace_take();

		EXPECT_EQ(0, traced(trace, FLUSHED));
		free(trace);
	}
	flush_trace_end();
}

TEST(nobody_is_killed_for_it)
{
	long kills = vm_count("oom_kill");
	int heap;

	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(FOR_EVER));
	heap = heap_open(KEEPER);
	ASSERT_TRUE(set(KEEPER, "held_max", "64M"));
	ASSERT_TRUE(soil(heap, MOST));
	settle(KEEPER);
	EXPECT_TRUE(others_get_all_held(KEEPER));
	EXPECT_EQ(kills, vm_count("oom_kill"));
	close(heap);
	EXPECT_EQ(0, module_unload());
}

/* Repeatedly free and allocate six buffers, while other processes fill memory with page cache. */
TEST(camera_never_fails)
{
	size_t len = MOST / 6 & ~(PAGE - 1);
	int fds[6], round, heap, i, file;

	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(FOR_EVER));
	heap = heap_open(KEEPER);
	file = memfd_create("cache", 0);
	for (round = 0; round < 60; round++) {
		for (i = 0; i < 6; i++)
			ASSERT_LE(0, fds[i] = heap_alloc(heap, len));
		for (i = 0; i < 6; i++)
			close(fds[i]);
		ASSERT_EQ(0, fallocate(file, 0, round * MiB(4), MiB(4)));
	}
	close(file);
	close(heap);
	EXPECT_EQ(0, module_unload());
}

TEST(goes_after_a_while)
{
	long free;
	int heap;

	ASSERT_TRUE(module_gone());
	free = cma_free();
	ASSERT_EQ(0, module_load("keep=3000"));
	heap = heap_open("default_cma_region");
	EXPECT_EQ(3000, figure("default_cma_region", "keep"));
	ASSERT_TRUE(soil(heap, MiB(8)));
	wait_until_held("default_cma_region", MiB(8));
	while (held("default_cma_region"))
		usleep(10000);
	EXPECT_TRUE(cma_has(free - (long)MiB(1)));
	close(heap);
	EXPECT_EQ(0, module_unload());
}

TEST(a_quarter_of_the_default_area_is_kept)
{
	int heap;

	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(FOR_EVER));
	EXPECT_EQ(AREA / 4, figure("default_cma_region", "held_max"));
	EXPECT_EQ(AREA, figure("video", "held_max"));
	heap = heap_open("default_cma_region");
	ASSERT_TRUE(soil(heap, MiB(40)));
	wait_until_no_more_held("default_cma_region", AREA / 4);
	close(heap);
	EXPECT_EQ(0, module_unload());
}

TEST(reserve_by_parameter)
{
	ASSERT_TRUE(module_gone());
	log_clear();
	ASSERT_EQ(0, module_load("reserve=4M,video:x,video:16E,video:8M,nosuch:1M"));
	EXPECT_LE(MiB(8), held("video"));
	EXPECT_TRUE(log_has("reserve=video:x: must be [REGION:]SIZE, skipped"));
	EXPECT_TRUE(log_has("reserve=video:16E: must be [REGION:]SIZE, skipped"));
	EXPECT_TRUE(log_has("reserve=nosuch:1M: no such CMA region yet"));
	EXPECT_EQ(MiB(4), figure("default_cma_region", "reserve"));
	EXPECT_LE(MiB(4), held("default_cma_region"));
	EXPECT_EQ(0, module_unload());
}

TEST_HARNESS_MAIN
