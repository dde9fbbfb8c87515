// SPDX-License-Identifier: GPL-2.0-only
/*
 * A carveout in memory that the kernel does not know, without struct pages, and a default CMA area
 * from the command line instead of the tree. For a guest with the overlay odd.dtso and
 * mem=1536M cma=32M@0x84000000 contig_heaps.carveout=ext:16M@0xA1000000
 */
#include "importer_client.h"
#include "module.h"
#include "test.h"

#define BASE	0xA1000000ULL
#define TOTAL	MiB(16)

FIXTURE(outside) {
	int heap;
	int importer;
	int device;
};

FIXTURE_SETUP(outside)
{
	self->heap = heap_open("ext-uncached");
	ASSERT_LE(0, self->heap);
	self->importer = importer_open();
	self->device = importer_any_device(self->importer);
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(outside)
{
	close(self->importer);
	close(self->heap);
}

TEST_F(outside, only_uncached)
{
	EXPECT_ERRNO(ENOENT, heap_open("ext"));
	EXPECT_EQ(CONTIG_HEAP_F_UNCACHED | CONTIG_HEAP_F_NO_MAP,
		  heap_query(self->heap).flags);
	EXPECT_EQ(TOTAL, heap_query(self->heap).total);
}

TEST_F(outside, mmap_and_zeroing)
{
	int fd = heap_alloc(self->heap, TOTAL);
	void *memory = buffer_map(fd, TOTAL);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, TOTAL, 0));
	fill(memory, TOTAL, 1);
	EXPECT_TRUE(filled(memory, TOTAL, 1));
	munmap(memory, TOTAL);
	close(fd);
	fd = heap_alloc(self->heap, TOTAL);
	memory = buffer_map(fd, TOTAL);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, TOTAL, 0));
}

TEST_F(outside, offset_of_a_mapping)
{
	int fd = heap_alloc(self->heap, MiB(1));
	void *whole = buffer_map(fd, MiB(1));
	void *part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE * 7);

	ASSERT_NE(MAP_FAILED, whole);
	ASSERT_NE(MAP_FAILED, part);
	fill(whole + PAGE * 7, PAGE, 7);
	EXPECT_TRUE(filled(part, PAGE, 7));
}

TEST_F(outside, kernel_mapping)
{
	int fd = heap_alloc(self->heap, MiB(1));
	void *memory = buffer_map(fd, MiB(1)), *copy = malloc(MiB(1));
	int vmap = importer_vmap(self->importer, fd);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, vmap);
	fill(memory, MiB(1), 2);
	ASSERT_EQ(0, importer_kernel_read(self->importer, vmap, 0, copy,
					  MiB(1)));
	EXPECT_TRUE(filled(copy, MiB(1), 2));
}

TEST_F(outside, device)
{
	int fd = heap_alloc_aligned(self->heap, MiB(1), MiB(1));
	int attachment = importer_attach(self->importer, self->device, fd);
	void *memory = buffer_map(fd, MiB(1)), *copy = malloc(MiB(1));
	__u64 address, len;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(1, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(self->importer, attachment, 0, &address,
				      &len));
	EXPECT_LE(BASE, address);
	EXPECT_GE(BASE + TOTAL - MiB(1), address);
	EXPECT_EQ(0, address % MiB(1));
	EXPECT_EQ(MiB(1), len);
	fill(memory, MiB(1), 3);
	ASSERT_EQ(0, buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	ASSERT_EQ(0, importer_dma_read(self->importer, attachment, 0, copy,
				       MiB(1)));
	EXPECT_TRUE(filled(copy, MiB(1), 3));
	fill(copy, MiB(1), 4);
	ASSERT_EQ(0, importer_dma_write(self->importer, attachment, 0, copy,
					MiB(1)));
	ASSERT_EQ(0, buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_TRUE(filled(memory, MiB(1), 4));
}

TEST_F(outside, segments_suit_the_device)
{
	int device = importer_device(self->importer, ANY_ADDRESS, KiB(64),
				     ANY_ADDRESS);
	int fd = heap_alloc(self->heap, MiB(1));
	int attachment = importer_attach(self->importer, device, fd);
	__u64 address, len, next = 0;
	int i;

	ASSERT_EQ(16, importer_map(self->importer, attachment,
				   HEAP_IMPORTER_BOTH));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, importer_segment(self->importer, attachment, i,
					      &address, &len));
		EXPECT_EQ(KiB(64), len);
		EXPECT_EQ(i ? next : address, address);
		next = address + len;
	}
	EXPECT_EQ(0, importer_unmap(self->importer, attachment));
	EXPECT_EQ(16, importer_map(self->importer, attachment,
				   HEAP_IMPORTER_FROM_DEVICE));
}

/* Where the tree requested a larger one. */
TEST(area_of_the_command_line)
{
	int heap, fd;

	if (!tree_is_odd())
		SKIP(return, "there is no such area without the overlay odd.dtso");
	heap = heap_open("default_cma_region");
	fd = heap_alloc(heap, MiB(1));
	ASSERT_LE(0, fd);
	EXPECT_EQ(MiB(32), heap_query(heap).total);
	EXPECT_LE(0x84000000, buffer_address(fd));
	EXPECT_GE(0x84000000 + MiB(31), buffer_address(fd));
}

TEST(no_heap_across_the_end_of_memory)
{
	if (!tree_is_odd())
		SKIP(return, "there is no such region without the overlay odd.dtso");
	EXPECT_FALSE(node_exists("edge"));
	EXPECT_FALSE(node_exists("edge-uncached"));
	EXPECT_TRUE(log_has("edge: only a part of the range"));
}

TEST_HARNESS_MAIN
