// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device with bounce buffers, for a guest that was booted with swiotlb=force. Each side must see
 * the data of the other only after the buffer is handed over. This shows whether maintenance is
 * done, which an emulator without caches does not show otherwise.
 */
#include "importer_client.h"
#include "test.h"

/* More than the size of one bounce buffer. */
#define LEN	KiB(576)

FIXTURE(bounce) {
	int heap;
	int fd;
	int importer;
	int attachment;
	void *memory;
	void *copy;
};

/* All kinds of heaps except those that cannot use bounce buffers. */
FIXTURE_VARIANT(bounce) {
	const char *name;
};

FIXTURE_VARIANT_ADD(bounce, carveout) {
	.name = "adsp",
};

FIXTURE_VARIANT_ADD(bounce, carveout_uncached) {
	.name = "adsp-uncached",
};

FIXTURE_VARIANT_ADD(bounce, cma) {
	.name = "video",
};

FIXTURE_VARIANT_ADD(bounce, cma_uncached) {
	.name = "video-uncached",
};

FIXTURE_VARIANT_ADD(bounce, default_cma) {
	.name = "default_cma_region",
};

FIXTURE_VARIANT_ADD(bounce, default_cma_uncached) {
	.name = "default_cma_region-uncached",
};

FIXTURE_SETUP(bounce)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->fd = heap_alloc(self->heap, LEN);
	ASSERT_LE(0, self->fd);
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->attachment = importer_attach(self->importer,
					   importer_any_device(self->importer),
					   self->fd);
	ASSERT_LE(0, self->attachment);
	self->copy = malloc(LEN);
}

FIXTURE_TEARDOWN(bounce)
{
	close(self->importer);
	close(self->fd);
	close(self->heap);
}

static bool map_for_device(FIXTURE_DATA(bounce) *self, int direction)
{
	return importer_map(self->importer, self->attachment, direction) > 0;
}

static bool device_writes(FIXTURE_DATA(bounce) *self, int attachment,
			  __u32 seed)
{
	fill(self->copy, LEN, seed);
	return !importer_dma_write(self->importer, attachment, 0, self->copy,
				   LEN);
}

static bool device_sees(FIXTURE_DATA(bounce) *self, int attachment, __u32 seed)
{
	return !importer_dma_read(self->importer, attachment, 0, self->copy,
				  LEN) &&
	       filled(self->copy, LEN, seed);
}

TEST_F(bounce, segments_fit_bounce_buffers)
{
	__u64 address, len, sum = 0;
	int count, i;

	count = importer_map(self->importer, self->attachment,
			     HEAP_IMPORTER_BOTH);
	ASSERT_LT(1, count);
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, importer_segment(self->importer, self->attachment,
					      i, &address, &len));
		sum += len;
	}
	EXPECT_EQ(LEN, sum);
}

TEST_F(bounce, mapping_hands_over_to_the_device)
{
	fill(self->memory, LEN, 1);
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	EXPECT_TRUE(device_sees(self, self->attachment, 1));
}

TEST_F(bounce, unmapping_hands_over_to_the_cpu)
{
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	ASSERT_TRUE(device_writes(self, self->attachment, 2));
	EXPECT_TRUE(all_bytes(self->memory, LEN, 0));
	ASSERT_EQ(0, importer_unmap(self->importer, self->attachment));
	EXPECT_TRUE(filled(self->memory, LEN, 2));
}

TEST_F(bounce, end_of_writing_hands_over_to_the_device)
{
	fill(self->memory, LEN, 1);
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	fill(self->memory, LEN, 2);
	/* This shows that there are bounce buffers. */
	ASSERT_TRUE(device_sees(self, self->attachment, 1));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_TRUE(device_sees(self, self->attachment, 2));
}

TEST_F(bounce, start_of_reading_hands_over_to_the_cpu)
{
	fill(self->memory, LEN, 1);
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	ASSERT_TRUE(device_writes(self, self->attachment, 2));
	ASSERT_TRUE(filled(self->memory, LEN, 1));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_TRUE(filled(self->memory, LEN, 2));
}

/* If the CPU writes only part of a line, the rest keeps the data of the device. */
TEST_F(bounce, start_of_writing_brings_the_device_s_data)
{
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	ASSERT_TRUE(device_writes(self, self->attachment, 3));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	EXPECT_TRUE(filled(self->memory, LEN, 3));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_TRUE(device_sees(self, self->attachment, 3));
}

TEST_F(bounce, device_that_only_reads_changes_nothing)
{
	fill(self->memory, LEN, 1);
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_TO_DEVICE));
	ASSERT_TRUE(device_writes(self, self->attachment, 2));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
	ASSERT_EQ(0, importer_unmap(self->importer, self->attachment));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
}

TEST_F(bounce, device_that_only_writes)
{
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_FROM_DEVICE));
	ASSERT_TRUE(device_writes(self, self->attachment, 4));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_TRUE(filled(self->memory, LEN, 4));
	ASSERT_TRUE(device_writes(self, self->attachment, 5));
	ASSERT_EQ(0, importer_unmap(self->importer, self->attachment));
	EXPECT_TRUE(filled(self->memory, LEN, 5));
}

/* Ranges that begin in, end in or lie within a segment, and one that spans two. */
static const struct {
	__u64 offset;
	__u64 len;
} ranges[] = {
	{ 0, KiB(4) }, { KiB(4), KiB(4) }, { LEN - KiB(4), KiB(4) },
	{ KiB(256) - KiB(4), KiB(4) }, { KiB(256), KiB(4) },
	{ KiB(256) - KiB(4), 2 * KiB(4) }, { KiB(4) * 3 + 64, 128 },
	{ KiB(128), KiB(384) },
};

/* Are all bytes of the range @inside, and all others @outside? */
static bool range_is(const unsigned char *memory, size_t range,
		     unsigned char inside, unsigned char outside)
{
	__u64 offset = ranges[range].offset, end = offset + ranges[range].len;

	return all_bytes(memory, offset, outside) &&
	       all_bytes(memory + offset, end - offset, inside) &&
	       all_bytes(memory + end, LEN - end, outside);
}

TEST_F(bounce, ranged_sync_hands_over_the_range_to_the_device)
{
	size_t i;

	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		memset(self->memory, 1, LEN);
		buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
		memset(self->memory, 2, LEN);
		ASSERT_EQ(0, buffer_sync_range(self->heap, self->fd,
					       ranges[i].offset, ranges[i].len,
					       DMA_BUF_SYNC_END |
					       DMA_BUF_SYNC_WRITE));
		ASSERT_EQ(0, importer_dma_read(self->importer, self->attachment,
					       0, self->copy, LEN));
		EXPECT_TRUE(range_is(self->copy, i, 2, 1));
	}
}

TEST_F(bounce, ranged_sync_hands_over_the_range_to_the_cpu)
{
	size_t i;

	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		memset(self->memory, 1, LEN);
		buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
		memset(self->copy, 2, LEN);
		ASSERT_EQ(0, importer_dma_write(self->importer,
						self->attachment, 0,
						self->copy, LEN));
		ASSERT_EQ(0, buffer_sync_range(self->heap, self->fd,
					       ranges[i].offset, ranges[i].len,
					       DMA_BUF_SYNC_START |
					       DMA_BUF_SYNC_READ));
		EXPECT_TRUE(range_is(self->memory, i, 2, 1));
	}
}

TEST_F(bounce, every_device_is_served)
{
	int device = importer_any_device(self->importer);
	int second = importer_attach(self->importer, device, self->fd);

	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	ASSERT_LT(0, importer_map(self->importer, second, HEAP_IMPORTER_TO_DEVICE));
	fill(self->memory, LEN, 7);
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_TRUE(device_sees(self, self->attachment, 7));
	EXPECT_TRUE(device_sees(self, second, 7));
}

/* Writing back the second copy would undo what the first device has written. */
TEST_F(bounce, one_device_that_writes)
{
	int device = importer_any_device(self->importer);
	int second = importer_attach(self->importer, device, self->fd);

	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, importer_map(self->importer, second, HEAP_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, importer_map(self->importer, second, HEAP_IMPORTER_FROM_DEVICE));
	ASSERT_LT(0, importer_map(self->importer, second, HEAP_IMPORTER_TO_DEVICE));
	ASSERT_TRUE(device_writes(self, self->attachment, 3));
	ASSERT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_TRUE(filled(self->memory, LEN, 3));
	ASSERT_EQ(0, importer_unmap(self->importer, self->attachment));
	ASSERT_EQ(0, importer_unmap(self->importer, second));
	ASSERT_LT(0, importer_map(self->importer, second, HEAP_IMPORTER_BOTH));
	EXPECT_ERRNO(EBUSY, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH));
}

TEST_F(bounce, drivers_hand_over_too)
{
	ASSERT_TRUE(map_for_device(self, HEAP_IMPORTER_BOTH));
	fill(self->memory, LEN, 8);
	ASSERT_EQ(0, importer_cpu_access(self->importer, self->fd,
					 HEAP_IMPORTER_TO_DEVICE, 0));
	EXPECT_TRUE(device_sees(self, self->attachment, 8));
	ASSERT_TRUE(device_writes(self, self->attachment, 9));
	ASSERT_EQ(0, importer_cpu_access(self->importer, self->fd,
					 HEAP_IMPORTER_FROM_DEVICE, 1));
	EXPECT_TRUE(filled(self->memory, LEN, 9));
}

/* Bounce buffers need a linear mapping, which is missing. */
TEST(no_bounce_buffer_for_memory_outside_of_the_linear_map)
{
	int heap = heap_open("audio-uncached");
	int fd = heap_alloc(heap, LEN);
	int importer = importer_open();
	int attachment;
	void *memory;

	ASSERT_LE(0, fd);
	attachment = importer_attach(importer, importer_any_device(importer),
				     fd);
	ASSERT_LE(0, attachment);
	EXPECT_ERRNO(EOPNOTSUPP, importer_map(importer, attachment,
					      HEAP_IMPORTER_BOTH));
	EXPECT_EQ(0, buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	memory = buffer_map(fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	EXPECT_EQ(0, importer_detach(importer, attachment));
	EXPECT_TRUE(filled(memory, LEN, 1));
}

TEST_HARNESS_MAIN
