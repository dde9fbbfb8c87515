// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device with bounce buffers, for a guest with swiotlb=force: data is copied when a buffer is
 * handed over, but not before. So missing maintenance shows, which it otherwise never does without
 * caches.
 */
#include "edu_test.h"

/* If memory consists of blocks, the last page is a block of its own. */
#define LEN	(KiB(64) + PAGE)
#define LAST	(LEN - PIECE)

EDU_FIXTURE(swiotlb, SOURCE_KINDS_LINEAR)

/* The CPU writes while the device has the buffer, with a sync or without. */
static bool device_sees(int edu, int fd, char *memory, bool synced)
{
	if (synced)
		buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	memset(memory, 0x5a, PIECE);
	memset(memory + LAST, 0, PIECE);
	if (synced)
		buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	if (edu_reads(edu, 0, PIECE) || edu_writes(edu, LAST, PIECE))
		return false;
	/* For the result, only the data that the device got matters. */
	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	return all_bytes(memory + LAST, PIECE, 0x5a);
}

TEST_F(swiotlb, sync_hands_over_to_the_device)
{
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_TRUE(device_sees(self->edu, self->fd, self->memory, true));
}

TEST_F(swiotlb, without_sync_the_device_sees_old_data)
{
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_FALSE(device_sees(self->edu, self->fd, self->memory, false));
}

TEST_F(swiotlb, sync_hands_over_to_the_cpu)
{
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_reads(self->edu, KiB(8), PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, LAST, PIECE));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_EQ(0, memcmp(self->memory + LAST, self->memory + KiB(8), PIECE));
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

/* So does the end of the mapping. */
TEST_F(swiotlb, unmap_hands_over_to_the_cpu)
{
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_reads(self->edu, KiB(8), PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, LAST, PIECE));
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_EQ(0, memcmp(self->memory + LAST, self->memory + KiB(8), PIECE));
}

/* If devices write to two copies, each copy could overwrite data of the other. */
TEST_F(swiotlb, one_copy_that_is_written)
{
	int reader = edu_open(), writer = edu_open();

	ASSERT_EQ(0, edu_attach(reader, self->fd));
	ASSERT_EQ(0, edu_attach(writer, self->fd));
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, edu_map(writer, EDU_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, edu_map(writer, EDU_IMPORTER_FROM_DEVICE));
	EXPECT_EQ(0, edu_map(reader, EDU_IMPORTER_TO_DEVICE));
	ASSERT_EQ(0, edu_reads(self->edu, KiB(8), PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, LAST, PIECE));
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_EQ(0, memcmp(self->memory + LAST, self->memory + KiB(8), PIECE));
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_EQ(0, edu_map(writer, EDU_IMPORTER_FROM_DEVICE));
	close(reader);
	close(writer);
}

/* It cannot be bounced, in any direction. */
TEST(memory_outside_of_the_linear_map_is_refused)
{
	static const char *const paths[] = { "/dev/dma_heap/audio-uncached", "/dev/pmem_audio" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		int edu = edu_open();

		ASSERT_EQ(0, edu_attach(edu, source_alloc(paths[i], LEN)));
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(edu, EDU_IMPORTER_BOTH));
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(edu, EDU_IMPORTER_TO_DEVICE));
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(edu, EDU_IMPORTER_FROM_DEVICE));
	}
}

TEST_HARNESS_MAIN
