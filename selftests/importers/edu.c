// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's edu, a device that really does DMA, reads from imported buffers and writes to them. It
 * only uses bus addresses, so the right data in the right place proves that these are right. The
 * same program runs with and without an IOMMU.
 */
#include "edu_test.h"

/* Three blocks of pages, if memory consists of blocks. */
#define LEN	(KiB(256) + 3 * PAGE)
/* LEN with the largest page size. */
#define MOST	(KiB(256) + KiB(64))

EDU_FIXTURE(edu, SOURCE_KINDS)

/* The expected contents of the buffer. */
static char expected[MOST];

/* Checks the whole buffer, including parts that the device must not write. */
static bool as_expected(int fd, const void *memory)
{
	bool good;

	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	good = !memcmp(memory, expected, LEN);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	return good;
}

/*
 * From the first bytes to the last ones, from there across a page boundary, back again, and across
 * the start of the second and third block.
 */
TEST_F(edu, copies_within_the_buffer)
{
	const struct {
		size_t from;
		size_t to;
	} copy[] = {
		{ 0, LEN - PIECE },
		{ LEN - PIECE - 4, KiB(128) - 100 },
		{ KiB(128) - PIECE / 2, 8 },
		{ 8, KiB(256) - PIECE / 2 },
		{ KiB(128) - 100, LEN - PAGE - PIECE / 2 },
	};
	size_t i;

	fill(expected, LEN, 1);
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	for (i = 0; i < ARRAY_SIZE(copy); i++) {
		ASSERT_EQ(0, edu_reads(self->edu, copy[i].from, PIECE));
		ASSERT_EQ(0, edu_writes(self->edu, copy[i].to, PIECE));
		memmove(expected + copy[i].to, expected + copy[i].from, PIECE);
		EXPECT_TRUE(as_expected(self->fd, self->memory));
	}
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_TRUE(as_expected(self->fd, self->memory));
}

/* A new mapping for each direction; the CPU writes in between. */
TEST_F(edu, one_direction_at_a_time)
{
	fill(expected, LEN, 1);
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_TO_DEVICE));
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	memset(self->memory + PAGE, 0x3c, PIECE);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	memset(expected + PAGE, 0x3c, PIECE);
	ASSERT_EQ(0, edu_reads(self->edu, PAGE, PIECE));
	ASSERT_EQ(0, edu_unmap(self->edu));
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_FROM_DEVICE));
	ASSERT_EQ(0, edu_writes(self->edu, 5 * PAGE, PIECE));
	memset(expected + 5 * PAGE, 0x3c, PIECE);
	EXPECT_TRUE(as_expected(self->fd, self->memory));
	ASSERT_EQ(0, edu_unmap(self->edu));
	ASSERT_EQ(0, edu_detach(self->edu));
	EXPECT_TRUE(as_expected(self->fd, self->memory));
}

/* The device has the last reference; another file reads the data. */
TEST_F(edu, attachment_outlives_all_else)
{
	int other = edu_open(), fd = source_alloc(variant->path, PAGE);
	void *memory = buffer_map(fd, PAGE);

	fill(expected, LEN, 1);
	ASSERT_LE(0, other);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	munmap(self->memory, LEN);
	close(self->fd);
	ASSERT_EQ(0, edu_reads(self->edu, LEN - PIECE, PIECE));
	ASSERT_EQ(0, edu_attach(other, fd));
	ASSERT_EQ(0, edu_map(other, EDU_IMPORTER_FROM_DEVICE));
	ASSERT_EQ(0, edu_writes(other, 0, PIECE));
	ASSERT_EQ(0, edu_unmap(other));
	EXPECT_EQ(0, memcmp(memory, expected + LEN - PIECE, PIECE));
}

/* An attachment of one file does not affect that of another file for the same device. */
TEST_F(edu, detaches_while_mapped_elsewhere)
{
	int other = edu_open();

	fill(expected, LEN, 1);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, edu_attach(other, self->fd));
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_map(other, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_reads(other, PAGE, PIECE));
	ASSERT_EQ(0, edu_detach(other));
	ASSERT_EQ(0, edu_writes(self->edu, 0, PIECE));
	memcpy(expected, expected + PAGE, PIECE);
	EXPECT_TRUE(as_expected(self->fd, self->memory));
	close(other);
}

/* Exactly one per piece. */
TEST_F(edu, gets_few_segments)
{
	struct edu_importer_segment segment;
	struct place place;
	__u64 all = 0;
	int i;

	ASSERT_TRUE(place_find(self->fd, &place));
	if (!source_is_scattered(variant->path))
		EXPECT_EQ(1, place.count);
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	for (i = 0; i < place.count; i++) {
		ASSERT_EQ(0, edu_segment(self->edu, i, &segment));
		EXPECT_EQ(place.piece[i].len, segment.len);
		all += segment.len;
	}
	EXPECT_EQ(buffer_size(self->fd), all);
	EXPECT_ERRNO(EINVAL, edu_segment(self->edu, i, &segment));
}

TEST_HARNESS_MAIN
