// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is served through bounce buffers, for a guest with swiotlb=force: data gets
 * over when a buffer is handed over, and no earlier. So a maintenance that is missing shows,
 * which it does nowhere else in a machine without caches.
 */
#include "../heap/test.h"

#include "edu_client.h"
#include "source.h"

#define LEN	KiB(64)
#define PIECE	EDU_IMPORTER_MAX

FIXTURE(swiotlb) {
	int edu;
	int fd;
	char *memory;
};

SOURCE_KINDS(swiotlb);

FIXTURE_SETUP(swiotlb)
{
	self->edu = edu_open();
	ASSERT_LE(0, self->edu);
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	fill(self->memory, LEN, 1);
	ASSERT_EQ(0, edu_attach(self->edu, self->fd));
}

FIXTURE_TEARDOWN(swiotlb)
{
	close(self->edu);
}

/* The CPU writes while the device has the buffer: @synced or not. */
static bool device_sees(int edu, int fd, char *memory, bool synced)
{
	if (synced)
		buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	memset(memory, 0x5a, PIECE);
	memset(memory + KiB(32), 0, PIECE);
	if (synced)
		buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	if (edu_reads(edu, 0, PIECE) || edu_writes(edu, KiB(32), PIECE))
		return false;
	/* Only what the device has is the question here. */
	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	return all_bytes(memory + KiB(32), PIECE, 0x5a);
}

TEST_F(swiotlb, sync_hands_over_to_the_device)
{
	if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_BOTH));
		return;
	}
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_TRUE(device_sees(self->edu, self->fd, self->memory, true));
}

TEST_F(swiotlb, without_sync_the_device_sees_old_data)
{
	if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_TO_DEVICE));
		return;
	}
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_FALSE(device_sees(self->edu, self->fd, self->memory, false));
}

TEST_F(swiotlb, sync_hands_over_to_the_cpu)
{
	if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_FROM_DEVICE));
		return;
	}
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_reads(self->edu, KiB(8), PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, KiB(24), PIECE));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_EQ(0, memcmp(self->memory + KiB(24), self->memory + KiB(8), PIECE));
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

/* So does the end of the mapping. */
TEST_F(swiotlb, unmap_hands_over_to_the_cpu)
{
	if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_BOTH));
		return;
	}
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_reads(self->edu, KiB(8), PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, KiB(24), PIECE));
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_EQ(0, memcmp(self->memory + KiB(24), self->memory + KiB(8), PIECE));
}

/* Of two copies that devices write to, neither may undo what the other one has brought. */
TEST_F(swiotlb, one_copy_that_is_written)
{
	int reader = edu_open(), writer = edu_open();

	if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_BOTH));
		return;
	}
	ASSERT_EQ(0, edu_attach(reader, self->fd));
	ASSERT_EQ(0, edu_attach(writer, self->fd));
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, edu_map(writer, EDU_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, edu_map(writer, EDU_IMPORTER_FROM_DEVICE));
	EXPECT_EQ(0, edu_map(reader, EDU_IMPORTER_TO_DEVICE));
	ASSERT_EQ(0, edu_reads(self->edu, KiB(8), PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, KiB(24), PIECE));
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_EQ(0, memcmp(self->memory + KiB(24), self->memory + KiB(8), PIECE));
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_EQ(0, edu_map(writer, EDU_IMPORTER_FROM_DEVICE));
	close(reader);
	close(writer);
}

TEST_HARNESS_MAIN
