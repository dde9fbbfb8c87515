// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device with an IOMMU can only access a buffer while it is mapped, and only in the mapped
 * direction. For a guest with iommu=smmuv3, whose kernel reports faults.
 */
#include "cache_trace.h"
#include "../heap/importer_client.h"
#include "../kernel_log.h"
#include "edu_test.h"

/* Three blocks of pages, if memory consists of blocks. */
#define LEN		(KiB(64) + 3 * PAGE)
/* The device writes this in one transaction: one report each. */
#define WORD		4

EDU_FIXTURE(smmu, SOURCE_KINDS)

/* Map the buffer, and clear the log. */
static bool map(int edu, __u32 direction, struct edu_importer_segment *segment)
{
	log_clear();
	return !edu_map(edu, direction) && !edu_segment(edu, 0, segment);
}

static bool silent(void)
{
	return !log_has("event 0x") && !log_has("F_TRANSLATION") && !log_has("F_PERMISSION");
}

/*
 * Make the device write until the log has the SMMU's report: a number, or on newer kernels a name.
 * The kernel rate-limits reports.
 */
static bool caught(int edu, __u64 address, const char *number, const char *name)
{
	do {
		if (edu_writes_raw(edu, address, WORD))
			return false;
	} while (!log_has(number) && !log_has(name));
	return true;
}

TEST_F(smmu, translates)
{
	/* The end, and across the start of the second and third block. */
	const size_t to[] = { LEN - PIECE, KiB(64) - PIECE / 2, LEN - PAGE - PIECE / 2 };
	int importer = importer_open(), attachment;
	struct edu_importer_segment segment;
	__u64 physical, len;
	size_t i;

	ASSERT_LE(0, importer);
	ASSERT_TRUE(map(self->edu, EDU_IMPORTER_BOTH, &segment));
	EXPECT_EQ(1, segment.translated);
	attachment = importer_attach(importer, importer_any_device(importer), self->fd);
	ASSERT_LE(0, attachment);
	ASSERT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(importer, attachment, 0, &physical, &len));
	EXPECT_NE(physical, segment.address);
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		ASSERT_EQ(0, edu_reads(self->edu, 0, PIECE));
		ASSERT_EQ(0, edu_writes(self->edu, to[i], PIECE));
		EXPECT_EQ(0, memcmp(self->memory, self->memory + to[i], PIECE));
	}
	EXPECT_TRUE(silent());
	close(importer);
}

/* The addresses of a removed mapping are invalid. */
TEST_F(smmu, dma_after_unmap_is_caught)
{
	struct edu_importer_segment segment;

	ASSERT_TRUE(map(self->edu, EDU_IMPORTER_BOTH, &segment));
	ASSERT_EQ(0, edu_reads(self->edu, PAGE, PIECE));
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_TRUE(silent());
	EXPECT_TRUE(caught(self->edu, segment.address, "event 0x10 received",
			   "F_TRANSLATION"));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
}

/* A device with read-only access cannot write. */
TEST_F(smmu, dma_in_the_wrong_direction_is_caught)
{
	struct edu_importer_segment segment;

	ASSERT_TRUE(map(self->edu, EDU_IMPORTER_TO_DEVICE, &segment));
	ASSERT_EQ(0, edu_reads(self->edu, PAGE, PIECE));
	EXPECT_TRUE(silent());
	EXPECT_TRUE(caught(self->edu, segment.address, "event 0x13 received",
			   "F_PERMISSION"));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
}

/* The mapping ends with the buffer, whatever memory follows it. */
TEST_F(smmu, dma_beyond_the_end_is_caught)
{
	struct edu_importer_segment segment;

	ASSERT_TRUE(map(self->edu, EDU_IMPORTER_BOTH, &segment));
	ASSERT_LE(LEN, segment.len);
	EXPECT_TRUE(caught(self->edu, segment.address + segment.len,
			   "event 0x10 received", "F_TRANSLATION"));
}

/*
 * For a device that does not snoop, the kernel maintains caches by page, not by bus address. These
 * must be the buffer's pages, even if the importer has modified the table.
 */
TEST_F(smmu, maintains_the_buffer_s_pages)
{
	int cached = source_is_cached(variant->path);
	__u64 len = buffer_size(self->fd);
	struct place place;

	ASSERT_TRUE(place_find(self->fd, &place));
	ASSERT_EQ(0, edu_snoop(self->edu, false));
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	ASSERT_TRUE(cache_trace_on());
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_TRUE(cache_called(&place, cached, FOR_CPU, 0, len));
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_TRUE(cache_called(&place, cached, FOR_DEVICE, 0, len));
	ASSERT_EQ(0, edu_unmap(self->edu));
	EXPECT_TRUE(cache_called(&place, cached, FOR_CPU, 0, len));
	cache_trace_off();
}

TEST_HARNESS_MAIN
