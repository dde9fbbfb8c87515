// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that really does DMA, QEMU's edu, reads from imported buffers and writes into them.
 * It has nothing but the bus addresses, so that data which is where the CPU looks for it shows
 * that those are right. The same program runs with an IOMMU before the device and without.
 */
#include "edu_test.h"

/* Three blocks of pages, if it is made of those. */
#define LEN	(KiB(256) + 3 * PAGE)
/* LEN where pages are largest. */
#define MOST	(KiB(256) + KiB(64))

EDU_FIXTURE(edu, SOURCE_KINDS)

/* What the buffer has to show. */
static char expected[MOST];

/* The whole buffer: what the device should not have touched, too. */
static bool as_expected(int fd, const void *memory)
{
	bool good;

	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	good = !memcmp(memory, expected, LEN);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	return good;
}

/*
 * From the first bytes to the last ones, from there across a page boundary, from there back, and to
 * both sides of where the second block begins and the third.
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

/* Mapped anew for each direction; the CPU writes in between. */
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

/* The device is the last that has the buffer; another file brings the data back. */
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

/* What one file's attachment does is nothing to another's of the same device. */
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

/* One for each piece, and no more. */
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
