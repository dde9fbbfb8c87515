// SPDX-License-Identifier: GPL-2.0-only
/* Maintenance for devices that do not snoop the CPU's caches. */
#include "../heap/importer_client.h"
#include "../heap/test.h"

#include "cache_trace.h"
#include "source.h"

/* Some nodes round up. */
#define LEN		(KiB(256) + PAGE)
#define MAX_CALLS	16

FIXTURE(noncoherent) {
	int heap;
	int fd;
	int importer;
	int one;
	int two;
	struct place place;
	__u64 len;
	bool cached;
};

SOURCE_KINDS(noncoherent);

FIXTURE_SETUP(noncoherent)
{
	self->cached = source_is_cached(variant->path);
	self->heap = heap_open("adsp");
	ASSERT_LE(0, self->heap);
	self->fd = place_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->one = importer_attach(self->importer, importer_any_device(self->importer),
				    self->fd);
	self->two = importer_attach(self->importer, importer_any_device(self->importer),
				    self->fd);
	ASSERT_LE(0, self->one);
	ASSERT_LE(0, self->two);
	self->len = buffer_size(self->fd);
	ASSERT_TRUE(place_find(self->fd, &self->place));
	ASSERT_TRUE(cache_trace_on());
}

FIXTURE_TEARDOWN(noncoherent)
{
	cache_trace_off();
	close(self->importer);
}

/* Write-combined memory needs no maintenance. */
#define EXPECT_CALLS(count, side, start, len)				\
	EXPECT_TRUE(cache_called(&self->place, self->cached ? (count) : 0, side, start, len))

TEST_F(noncoherent, nobody_has_it_mapped)
{
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(0, FOR_CPU, 0, 0);
}

TEST_F(noncoherent, mapping_is_handing_over)
{
	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_BOTH));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	ASSERT_EQ(0, importer_unmap(self->importer, self->one));
	EXPECT_CALLS(1, FOR_CPU, 0, self->len);
}

TEST_F(noncoherent, sync_is_for_all_of_the_buffer)
{
	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_BOTH));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_CPU, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	/* The CPU has only read. */
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_CALLS(1, FOR_CPU, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	EXPECT_CALLS(0, FOR_DEVICE, 0, 0);
}

TEST_F(noncoherent, sync_of_a_part_is_for_that_part)
{
	__u64 edge, len;

	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_BOTH));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	buffer_sync_range(self->heap, self->fd, PAGE + 64, 640,
			  DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_CPU, PAGE + 64, 640);
	buffer_sync_range(self->heap, self->fd, self->len - 128, 128,
			  DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_DEVICE, self->len - 128, 128);
	/* Include part of the second piece, if there is one. */
	edge = self->place.piece[0].len;
	len = self->place.count > 1 ? 256 : 128;
	buffer_sync_range(self->heap, self->fd, edge - 128, len,
			  DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_CPU, edge - 128, len);
}

/* A device that only reads leaves nothing to invalidate. */
TEST_F(noncoherent, directions_spare_what_they_can)
{
	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_TO_DEVICE));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(0, FOR_CPU, 0, 0);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
}

/*
 * Files are copied through the kernel's cached mapping. It may have stale lines, and those at both
 * ends also contain other bytes of the buffer.
 */
TEST_F(noncoherent, files_come_and_go_through_the_cache)
{
	bool uncached = !self->cached && !source_is_nomap(variant->path);
	struct contig_heap_transfer part = {
		.fd = self->fd,
		.file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
		.offset = PAGE + 60,
		.len = 641,
	};

	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_BOTH));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	ASSERT_EQ(0, ioctl(self->heap, CONTIG_HEAP_IOCTL_LOAD, &part));
	ASSERT_EQ(641, part.done);
	if (self->cached) {
		struct call call[MAX_CALLS];

		ASSERT_EQ(2, cache_calls(&self->place, call, MAX_CALLS));
		EXPECT_EQ(FOR_CPU, call[0].side);
		EXPECT_EQ(FOR_DEVICE, call[1].side);
		EXPECT_EQ(PAGE + 60, call[1].start);
		EXPECT_EQ(641, call[1].len);
	} else {
		EXPECT_TRUE(cache_called(&self->place, uncached ? 2 : 0, FLUSH, PAGE + 60, 641));
	}
	close(part.file);

	part.file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	ASSERT_EQ(0, ioctl(self->heap, CONTIG_HEAP_IOCTL_STORE, &part));
	ASSERT_EQ(641, part.done);
	EXPECT_TRUE(cache_called(&self->place, self->cached || uncached,
				 self->cached ? FOR_CPU : FLUSH, PAGE + 60, 641));
	close(part.file);
}

/* They share the CPU's caches, so one pass is enough. */
TEST_F(noncoherent, once_for_all_devices)
{
	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_BOTH));
	ASSERT_LT(0, importer_map(self->importer, self->two, HEAP_IMPORTER_BOTH));
	EXPECT_CALLS(2, FOR_DEVICE, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_CPU, 0, self->len);
	ASSERT_EQ(0, importer_unmap(self->importer, self->two));
	EXPECT_CALLS(1, FOR_CPU, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
}

/*
 * Two devices with different directions, in any order. For a device that reads, data of the CPU
 * must be cleaned: maintenance for a device that only writes might discard it. And data of a
 * device must be made visible to the CPU, which maintenance for a device that only reads does not
 * do.
 */
TEST_F(noncoherent, once_for_two_directions)
{
	static const int dirs[] = {
		HEAP_IMPORTER_BOTH, HEAP_IMPORTER_TO_DEVICE, HEAP_IMPORTER_FROM_DEVICE,
	};
	struct call call[MAX_CALLS];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		for (j = 0; j < ARRAY_SIZE(dirs); j++) {
			if (i == j)
				continue;
			ASSERT_LT(0, importer_map(self->importer, self->one, dirs[i]));
			ASSERT_LT(0, importer_map(self->importer, self->two, dirs[j]));
			cache_calls(&self->place, call, MAX_CALLS);
			buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
			ASSERT_EQ(self->cached, cache_calls(&self->place, call, MAX_CALLS));
			if (self->cached) {
				EXPECT_EQ(FOR_CPU, call[0].side);
				EXPECT_NE(HEAP_IMPORTER_TO_DEVICE, call[0].direction);
			}
			buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
			ASSERT_EQ(self->cached, cache_calls(&self->place, call, MAX_CALLS));
			if (self->cached) {
				EXPECT_EQ(FOR_DEVICE, call[0].side);
				EXPECT_NE(HEAP_IMPORTER_FROM_DEVICE, call[0].direction);
			}
			ASSERT_EQ(0, importer_unmap(self->importer, self->one));
			ASSERT_EQ(0, importer_unmap(self->importer, self->two));
		}
	}
}

TEST_HARNESS_MAIN
