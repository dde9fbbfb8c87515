// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device behind an IOMMU reaches an imported buffer as long as that is mapped, and as it is
 * mapped. For a guest with iommu=smmuv3, whose kernel reports what the device tries in vain.
 */
#include "cache_trace.h"
#include "../heap/importer_client.h"
#include "../kernel_log.h"
#include "edu_test.h"

/* Three blocks of pages, if it is made of those. */
#define LEN		(KiB(64) + 3 * PAGE)
/* As much as the device moves at once: one report each. */
#define WORD		4

EDU_FIXTURE(smmu, SOURCE_KINDS)

/* Have it mapped, from here on with an empty log. */
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
 * Have the device write until the SMMU's report is in the log: a number, or a name on newer
 * kernels. The kernel leaves out what comes too often.
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
	/* The end, and both sides of where a second block begins and a third. */
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

/* The addresses of a mapping that has gone lead nowhere. */
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

/* Who may only read does not write. */
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

/* Behind the buffer's end there is nothing, whatever memory follows it. */
TEST_F(smmu, dma_beyond_the_end_is_caught)
{
	struct edu_importer_segment segment;

	ASSERT_TRUE(map(self->edu, EDU_IMPORTER_BOTH, &segment));
	ASSERT_LE(LEN, segment.len);
	EXPECT_TRUE(caught(self->edu, segment.address + segment.len,
			   "event 0x10 received", "F_TRANSLATION"));
}

/*
 * For a device that does not snoop, the kernel maintains the cache for pages, not for what the
 * device sees: those of the buffer, whatever an importer has made of the table it was given.
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
