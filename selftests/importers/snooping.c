// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that snoops the CPU's caches, such as those on PCI here. With write-combined mappings,
 * the CPU bypasses its caches: lines of the kernel's cached mapping would hide its data from the
 * device, and data that the device leaves in a cache would be hidden from the CPU. So these lines
 * are flushed whenever the buffer changes hands; that is impossible outside of the linear map.
 */
#include "../heap/importer_client.h"
#include "../heap/test.h"

#include "cache_trace.h"
#include "edu_client.h"
#include "source.h"

#define LEN	(KiB(256) + PAGE)

FIXTURE(snooping) {
	int heap;
	int edu;
	int fd;
	struct place place;
	__u64 len;
	bool flushed;
};

SOURCE_KINDS(snooping);

FIXTURE_SETUP(snooping)
{
	self->flushed = !source_is_cached(variant->path) && !source_is_nomap(variant->path);
	self->heap = heap_open("adsp");
	ASSERT_LE(0, self->heap);
	self->edu = edu_open();
	ASSERT_LE(0, self->edu);
	self->fd = place_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->len = buffer_size(self->fd);
	/* A device that does not snoop can map any of them. */
	ASSERT_TRUE(place_find(self->fd, &self->place));
	ASSERT_EQ(0, edu_attach(self->edu, self->fd));
	ASSERT_TRUE(cache_trace_on());
}

FIXTURE_TEARDOWN(snooping)
{
	cache_trace_off();
	close(self->edu);
}

#define EXPECT_FLUSHED(start, len)					\
	EXPECT_TRUE(cache_called(&self->place, self->flushed, FLUSH, start, len))

TEST_F(snooping, flushed_whenever_it_changes_hands)
{
	if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_BOTH));
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_TO_DEVICE));
		return;
	}
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	EXPECT_FLUSHED(0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_FLUSHED(0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_FLUSHED(0, self->len);
	buffer_sync_range(self->heap, self->fd, PAGE, 640, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_FLUSHED(PAGE, 640);
	buffer_sync_range(self->heap, self->fd, PAGE, 640, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	EXPECT_FLUSHED(PAGE, 640);
	/* The CPU has only read. */
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	EXPECT_TRUE(cache_called(&self->place, 0, FLUSH, 0, 0));
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_FLUSHED(0, self->len);
}

/* A device that snoops and one that does not; they share the caches, which are flushed once. */
TEST_F(snooping, beside_one_that_does_not)
{
	int importer = importer_open(), other;

	other = importer_attach(importer, importer_any_device(importer), self->fd);
	ASSERT_LE(0, other);
	ASSERT_LT(0, importer_map(importer, other, HEAP_IMPORTER_BOTH));
	if (source_is_cached(variant->path)) {
		ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
		EXPECT_TRUE(cache_called(&self->place, 1, FOR_DEVICE, 0, self->len));
		buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
		EXPECT_TRUE(cache_called(&self->place, 1, FOR_CPU, 0, self->len));
	} else if (source_is_nomap(variant->path)) {
		EXPECT_ERRNO(EOPNOTSUPP, edu_map(self->edu, EDU_IMPORTER_BOTH));
		buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
		EXPECT_TRUE(cache_called(&self->place, 0, FLUSH, 0, 0));
	} else {
		ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
		EXPECT_FLUSHED(0, self->len);
		buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
		EXPECT_FLUSHED(0, self->len);
	}
	close(importer);
}

/* A kernel mapping does no DMA. */
TEST_F(snooping, kernel_mapping_is_not_refused)
{
	int importer = importer_open(), vmap = importer_vmap(importer, self->fd);
	void *memory = buffer_map(self->fd, LEN), *copy = malloc(LEN);

	ASSERT_LE(0, vmap);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	EXPECT_EQ(0, importer_kernel_read(importer, vmap, 0, copy, LEN));
	EXPECT_TRUE(filled(copy, LEN, 1));
	free(copy);
	close(importer);
}

TEST_HARNESS_MAIN
