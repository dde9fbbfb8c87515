// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that do not snoop the CPU's caches. No emulator shows what they would see; but the
 * kernel's two functions that maintain caches for them can be watched: each sync has to call the
 * right one, once, on the range that was asked for.
 */
#include "../heap/importer_client.h"
#include "../heap/test.h"

#include "source.h"

/* Some nodes round up. */
#define LEN		(KiB(256) + PAGE)
#define TRACING		"/sys/kernel/tracing/"
#define PROBES		TRACING "kprobe_events"
#define MAX_CALLS	16

enum side {
	FOR_DEVICE,
	FOR_CPU,
};

/**
 * struct call - of one of the kernel's functions
 * @side: which
 * @start: of the range, in the buffer
 * @len: of the range
 */
struct call {
	enum side side;
	__u64 start;
	__u64 len;
};

FIXTURE(noncoherent) {
	int heap;
	int fd;
	int importer;
	int one;
	int two;
	__u64 base;
	__u64 len;
	bool cached;
};

SOURCE_KINDS(noncoherent);

static void watch(bool on)
{
	write_text(TRACING "events/kprobes/for_device/enable", on ? "1" : "0");
	write_text(TRACING "events/kprobes/for_cpu/enable", on ? "1" : "0");
}

FIXTURE_SETUP(noncoherent)
{
	self->cached = !strstr(variant->path, "-uncached") && !strstr(variant->path, "audio") &&
		       !strstr(variant->path, "smipool");
	self->heap = heap_open("adsp");
	ASSERT_LE(0, self->heap);
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->one = importer_attach(self->importer, importer_any_device(self->importer),
				    self->fd);
	self->two = importer_attach(self->importer, importer_any_device(self->importer),
				    self->fd);
	ASSERT_LE(0, self->one);
	ASSERT_LE(0, self->two);
	ASSERT_LT(0, importer_map(self->importer, self->two, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(self->importer, self->two, 0, &self->base,
				      &self->len));
	ASSERT_EQ(0, importer_unmap(self->importer, self->two));
	ASSERT_TRUE(write_text(PROBES,
			       "p:for_device arch_sync_dma_for_device start=%x0 len=%x1\n"
			       "p:for_cpu arch_sync_dma_for_cpu start=%x0 len=%x1\n"));
	watch(true);
	write_text(TRACING "trace", "");
}

FIXTURE_TEARDOWN(noncoherent)
{
	watch(false);
	write_text(PROBES, "");
	close(self->importer);
}

/* What was called since the last time, in order. */
static int calls(__u64 base, struct call *call)
{
	char *trace = read_text(TRACING "trace"), *line, *next;
	int count = 0;

	for (line = trace; line && count < MAX_CALLS; line = next) {
		char *device, *cpu, *start, *len;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		device = strstr(line, " for_device:");
		cpu = strstr(line, " for_cpu:");
		start = strstr(line, "start=");
		len = strstr(line, "len=");
		if (line[0] == '#' || (!device && !cpu) || !start || !len)
			continue;
		call[count].side = device ? FOR_DEVICE : FOR_CPU;
		call[count].start = strtoull(start + strlen("start="), NULL, 0) - base;
		call[count++].len = strtoull(len + strlen("len="), NULL, 0);
	}
	free(trace);
	write_text(TRACING "trace", "");
	return count;
}

/* Were there that many, all like this? */
static bool called(__u64 base, int wanted, enum side side, __u64 start, __u64 len)
{
	struct call call[MAX_CALLS];
	int count = calls(base, call), i;
	bool good = count == wanted;

	for (i = 0; i < count; i++)
		good &= call[i].side == side && call[i].start == start && call[i].len == len;
	for (i = 0; i < count && !good; i++)
		printf("# for the %s: %#llx bytes from %#llx on\n",
		       call[i].side == FOR_CPU ? "CPU" : "device", call[i].len, call[i].start);
	return good;
}

/* Write-combined memory needs none of all this. */
#define EXPECT_CALLS(count, side, start, len)				\
	EXPECT_TRUE(called(self->base, self->cached ? (count) : 0, side, start, len))

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
	/* The CPU has only looked. */
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	EXPECT_CALLS(1, FOR_CPU, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	EXPECT_CALLS(0, FOR_DEVICE, 0, 0);
}

TEST_F(noncoherent, sync_of_a_part_is_for_that_part)
{
	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_BOTH));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	buffer_sync_range(self->heap, self->fd, PAGE + 64, 640,
			  DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_CPU, PAGE + 64, 640);
	buffer_sync_range(self->heap, self->fd, self->len - 128, 128,
			  DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(1, FOR_DEVICE, self->len - 128, 128);
}

/* A device that only reads has left nothing for the CPU to see. */
TEST_F(noncoherent, directions_spare_what_they_can)
{
	ASSERT_LT(0, importer_map(self->importer, self->one, HEAP_IMPORTER_TO_DEVICE));
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_CALLS(0, FOR_CPU, 0, 0);
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	EXPECT_CALLS(1, FOR_DEVICE, 0, self->len);
}

/* They share the CPU's caches, which need it no more than once. */
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

TEST_HARNESS_MAIN
