// SPDX-License-Identifier: GPL-2.0-only
/* Importing devices and kernel mappings: what they get, and how long. */
#include <drm/drm.h>

#include "importer_client.h"
#include "test.h"

#define LEN	(KiB(512) + PAGE)

FIXTURE(import) {
	int heap;
	int fd;
	int importer;
	int device;
	struct contig_heap_query idle;
};

HEAP_KINDS(import);

FIXTURE_SETUP(import)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->idle = heap_query(self->heap);
	self->fd = heap_alloc(self->heap, LEN);
	ASSERT_LE(0, self->fd);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->device = importer_any_device(self->importer);
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(import)
{
	close(self->importer);
	close(self->fd);
	close(self->heap);
}

/* Does the device read the contents of fill()? */
static bool device_sees(int importer, int attachment, size_t len, __u32 seed)
{
	void *copy = malloc(len);
	bool ok = !importer_dma_read(importer, attachment, 0, copy, len) &&
		  filled(copy, len, seed);

	free(copy);
	return ok;
}

static bool device_writes(int importer, int attachment, size_t len, __u32 seed)
{
	void *copy = malloc(len);
	bool ok;

	fill(copy, len, seed);
	ok = !importer_dma_write(importer, attachment, 0, copy, len);
	free(copy);
	return ok;
}

static bool kernel_sees(int importer, int vmap, size_t len, __u32 seed)
{
	void *copy = malloc(len);
	bool ok = !importer_kernel_read(importer, vmap, 0, copy, len) &&
		  filled(copy, len, seed);

	free(copy);
	return ok;
}

TEST_F(import, one_segment_without_limits)
{
	int fd = heap_alloc(self->heap, MiB(16));
	int attachment = importer_attach(self->importer, self->device, fd);
	__u64 address, len;

	ASSERT_LE(0, attachment);
	ASSERT_EQ(1, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(self->importer, attachment, 0, &address,
				      &len));
	EXPECT_EQ(MiB(16), len);
	EXPECT_EQ(0, address % PAGE);
}

/* The DMA API itself complains about segments that exceed the limit of a device. */
static bool dma_is_checked(void)
{
	return !access("/sys/kernel/debug/dma-api", F_OK);
}

/* The smallest number of consecutive segments that respect the limits of the device. */
TEST_F(import, segments_suit_the_device)
{
	static const struct {
		__u32 max;
		__u64 boundary;
	} device[] = {
		{ KiB(64), ANY_ADDRESS },
		{ KiB(4), ANY_ADDRESS },
		{ KiB(64) - 1, ANY_ADDRESS },
		{ KiB(64) + 1, ANY_ADDRESS },
		{ ANY_SEGMENT, KiB(64) - 1 },
		{ ANY_SEGMENT, KiB(4) - 1 },
		{ ANY_SEGMENT, MiB(1) - 1 },
		{ KiB(48), KiB(64) - 1 },
		{ 1, ANY_ADDRESS },
	};
	size_t d;

	for (d = 0; d < ARRAY_SIZE(device); d++) {
		int importer = importer_open();
		int id = importer_device(importer, ANY_ADDRESS, device[d].max,
					 device[d].boundary);
		int attachment = importer_attach(importer, id, self->fd);
		/* Pages are never split, even for a device that requires it. */
		__u64 max = device[d].max < PAGE ? PAGE :
						   device[d].max / PAGE * PAGE;
		__u64 next = 0, sum = 0, address, len;
		int i, count;

		if (max > device[d].max && dma_is_checked()) {
			TH_LOG("no device with segments below a page: this kernel checks them");
			close(importer);
			continue;
		}
		ASSERT_LE(0, attachment);
		count = importer_map(importer, attachment, HEAP_IMPORTER_BOTH);
		ASSERT_LT(0, count);
		for (i = 0; i < count; i++) {
			__u64 room;

			ASSERT_EQ(0, importer_segment(importer, attachment, i,
						      &address, &len));
			EXPECT_EQ(i ? next : address, address);
			room = device[d].boundary - (address &
						     device[d].boundary);
			if (room != ANY_ADDRESS)
				room++;
			/* Only the last segment may be shorter. */
			if (i < count - 1) {
				EXPECT_EQ(max < room ? max : room, len);
			} else {
				EXPECT_LE(len, max < room ? max : room);
			}
			next = address + len;
			sum += len;
		}
		EXPECT_EQ(LEN, sum);
		EXPECT_EQ(-1, importer_segment(importer, attachment, count,
					       &address, &len));
		close(importer);
	}
}

/* The boundary applies to bus addresses, not to physical ones. */
TEST_F(import, boundary_is_one_of_the_bus)
{
	const __u64 boundary = KiB(64) - 1, shift = 3 * PAGE;
	int device = importer_device_shifted(self->importer, boundary, shift);
	int attachment = importer_attach(self->importer, device, self->fd);
	__u64 address, len, sum = 0;
	int i, count;

	ASSERT_LE(0, attachment);
	count = importer_map(self->importer, attachment, HEAP_IMPORTER_BOTH);
	ASSERT_LT(0, count);
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, importer_segment(self->importer, attachment, i, &address, &len));
		EXPECT_EQ(address / KiB(64), (address + len - 1) / KiB(64));
		sum += len;
	}
	EXPECT_EQ(LEN, sum);
	ASSERT_TRUE(device_writes(self->importer, attachment, LEN, 1));
	EXPECT_TRUE(device_sees(self->importer, attachment, LEN, 1));
}

/* The bus cannot address the buffer, so bounce buffers would be needed. */
TEST_F(import, bus_that_does_not_reach)
{
	int importer = importer_open(), attachment;

	/* The kernel warns if the bus cannot address the bounce buffers. */
	if (!(variant->flags & CONTIG_HEAP_F_NO_MAP))
		return;
	attachment = importer_attach(importer, importer_device_behind(importer, PAGE), self->fd);
	ASSERT_LE(0, attachment);
	EXPECT_EQ(-1, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	EXPECT_EQ(EOPNOTSUPP, errno);
	close(importer);
}

/*
 * Before a buffer is mapped, bounce buffers can only be predicted. If the prediction was wrong,
 * they must work as well.
 */
TEST_F(import, unforeseen_copy)
{
	int device = importer_copying_device(self->importer), attachment;
	void *memory = buffer_map(self->fd, LEN);

	if (device < 0 && errno == EOPNOTSUPP)
		SKIP(return, "this kernel has no DMA operations of devices");
	attachment = importer_attach(self->importer, device, self->fd);
	ASSERT_LE(0, attachment);
	ASSERT_NE(MAP_FAILED, memory);
	/* Memory without struct pages cannot be bounced. */
	if (variant->flags & CONTIG_HEAP_F_NO_MAP)
		return;
	fill(memory, LEN, 1);
	ASSERT_LT(0, importer_map(self->importer, attachment, HEAP_IMPORTER_BOTH));
	EXPECT_TRUE(device_sees(self->importer, attachment, LEN, 1));
	ASSERT_TRUE(device_writes(self->importer, attachment, LEN, 2));
	/* This shows that there is a copy. */
	EXPECT_TRUE(filled(memory, LEN, 1));
	ASSERT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_TRUE(filled(memory, LEN, 2));
	fill(memory, LEN, 3);
	ASSERT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_TRUE(device_sees(self->importer, attachment, LEN, 3));
	ASSERT_TRUE(device_writes(self->importer, attachment, LEN, 4));
	ASSERT_EQ(0, importer_unmap(self->importer, attachment));
	EXPECT_TRUE(filled(memory, LEN, 4));
}

TEST_F(import, device_and_cpu_see_the_same)
{
	int attachment = importer_attach(self->importer, self->device,
					 self->fd);
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LT(0, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	fill(memory, LEN, 1);
	ASSERT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_TRUE(device_sees(self->importer, attachment, LEN, 1));
	ASSERT_TRUE(device_writes(self->importer, attachment, LEN, 2));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_TRUE(filled(memory, LEN, 2));
	ASSERT_EQ(0, buffer_sync(self->fd,
				 DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
}

TEST_F(import, several_devices_at_once)
{
	static const __u32 max[] = { ANY_SEGMENT, KiB(64), KiB(4), KiB(256) };
	int attachment[ARRAY_SIZE(max)];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(max); i++) {
		int device = importer_device(self->importer, ANY_ADDRESS,
					     max[i], ANY_ADDRESS);

		attachment[i] = importer_attach(self->importer, device,
						self->fd);
		ASSERT_LE(0, attachment[i]);
		ASSERT_LT(0, importer_map(self->importer, attachment[i],
					  HEAP_IMPORTER_BOTH));
	}
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		ASSERT_TRUE(device_writes(self->importer, attachment[i], LEN,
					  i));
		for (j = 0; j < ARRAY_SIZE(max); j++)
			EXPECT_TRUE(device_sees(self->importer, attachment[j],
						LEN, i));
	}
	/* In arbitrary order. */
	EXPECT_EQ(0, importer_unmap(self->importer, attachment[2]));
	EXPECT_EQ(0, importer_detach(self->importer, attachment[0]));
	EXPECT_TRUE(device_sees(self->importer, attachment[3], LEN, 3));
	EXPECT_EQ(0, importer_detach(self->importer, attachment[2]));
	EXPECT_EQ(0, importer_detach(self->importer, attachment[3]));
	EXPECT_EQ(0, importer_detach(self->importer, attachment[1]));
}

TEST_F(import, one_device_twice)
{
	int one = importer_attach(self->importer, self->device, self->fd);
	int two = importer_attach(self->importer, self->device, self->fd);

	ASSERT_LT(0, importer_map(self->importer, one, HEAP_IMPORTER_BOTH));
	ASSERT_LT(0, importer_map(self->importer, two, HEAP_IMPORTER_BOTH));
	ASSERT_TRUE(device_writes(self->importer, one, LEN, 1));
	EXPECT_TRUE(device_sees(self->importer, two, LEN, 1));
	EXPECT_EQ(0, importer_detach(self->importer, one));
	EXPECT_TRUE(device_sees(self->importer, two, LEN, 1));
}

TEST_F(import, second_mapping_is_refused)
{
	int attachment = importer_attach(self->importer, self->device,
					 self->fd);
	__u64 before, after, len;

	ASSERT_LT(0, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_TO_DEVICE));
	importer_segment(self->importer, attachment, 0, &before, &len);
	EXPECT_ERRNO(EBUSY, importer_map(self->importer, attachment,
					 HEAP_IMPORTER_FROM_DEVICE));
	importer_segment(self->importer, attachment, 0, &after, &len);
	EXPECT_EQ(before, after);
	ASSERT_TRUE(device_writes(self->importer, attachment, LEN, 1));
	EXPECT_TRUE(device_sees(self->importer, attachment, LEN, 1));
	ASSERT_EQ(0, importer_unmap(self->importer, attachment));
	EXPECT_LT(0, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_FROM_DEVICE));
}

TEST_F(import, again_and_again)
{
	int i;

	for (i = 0; i < 100; i++) {
		int attachment = importer_attach(self->importer, self->device,
						 self->fd);

		ASSERT_LE(0, attachment);
		ASSERT_LT(0, importer_map(self->importer, attachment, i % 3));
		if (i & 1)
			ASSERT_EQ(0, importer_unmap(self->importer,
						    attachment));
		ASSERT_EQ(0, importer_detach(self->importer, attachment));
	}
}

TEST_F(import, attachment_keeps_the_memory)
{
	int attachment = importer_attach(self->importer, self->device,
					 self->fd);

	ASSERT_LT(0, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_BOTH));
	ASSERT_TRUE(device_writes(self->importer, attachment, LEN, 1));
	close(self->fd);
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);
	EXPECT_TRUE(device_sees(self->importer, attachment, LEN, 1));
	ASSERT_EQ(0, importer_unmap(self->importer, attachment));
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);
	ASSERT_EQ(0, importer_detach(self->importer, attachment));
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_F(import, importer_that_goes_away)
{
	int attachment = importer_attach(self->importer, self->device,
					 self->fd);

	ASSERT_LT(0, importer_map(self->importer, attachment,
				  HEAP_IMPORTER_BOTH));
	ASSERT_LE(0, importer_vmap(self->importer, self->fd));
	close(self->fd);
	close(self->importer);
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_F(import, kernel_mapping_shows_the_buffer)
{
	void *memory = buffer_map(self->fd, LEN);
	int vmap = importer_vmap(self->importer, self->fd);
	void *copy = malloc(LEN);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, vmap);
	fill(memory, LEN, 1);
	EXPECT_TRUE(kernel_sees(self->importer, vmap, LEN, 1));
	fill(copy, LEN, 2);
	ASSERT_EQ(0, importer_kernel_write(self->importer, vmap, 0, copy, LEN));
	EXPECT_TRUE(filled(memory, LEN, 2));
	/* The last byte, but not the next one. */
	ASSERT_EQ(0, importer_kernel_write(self->importer, vmap, LEN - 1,
					   "x", 1));
	EXPECT_EQ('x', *(char *)(memory + LEN - 1));
	free(copy);
}

TEST_F(import, kernel_mappings_are_counted)
{
	int one = importer_vmap(self->importer, self->fd);
	int other = importer_open();
	int two = importer_vmap(other, self->fd);
	int three = importer_vmap(self->importer, self->fd);
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_LE(0, one);
	ASSERT_LE(0, two);
	ASSERT_LE(0, three);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	ASSERT_EQ(0, importer_vunmap(self->importer, one));
	EXPECT_TRUE(kernel_sees(other, two, LEN, 1));
	ASSERT_EQ(0, importer_vunmap(self->importer, three));
	EXPECT_TRUE(kernel_sees(other, two, LEN, 1));
	close(other);
	two = importer_vmap(self->importer, self->fd);
	ASSERT_LE(0, two);
	EXPECT_TRUE(kernel_sees(self->importer, two, LEN, 1));
}

TEST_F(import, kernel_mapping_keeps_the_memory)
{
	void *memory = buffer_map(self->fd, LEN);
	int vmap = importer_vmap(self->importer, self->fd);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, vmap);
	fill(memory, LEN, 3);
	munmap(memory, LEN);
	close(self->fd);
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);
	EXPECT_TRUE(kernel_sees(self->importer, vmap, LEN, 3));
	ASSERT_EQ(0, importer_vunmap(self->importer, vmap));
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_F(import, drivers_may_announce_cpu_access)
{
	int direction;

	for (direction = 0; direction < 3; direction++) {
		EXPECT_EQ(0, importer_cpu_access(self->importer, self->fd,
						 direction, 1));
		EXPECT_EQ(0, importer_cpu_access(self->importer, self->fd,
						 direction, 0));
	}
}

#define TRACING		"/sys/kernel/tracing/"
#define SYNC_EVENT	TRACING "events/contig_heaps/contig_sync/enable"

/* A field of the last traced sync, -1 for no sync. */
static int traced(const char *figure)
{
	char *trace = read_text(TRACING "trace"), *line, *last = NULL;
	int value = -1;

	for (line = trace; (line = strstr(line, "contig_sync: ")); line++)
		last = line;
	if (last)
		value = atoi(strstr(last, figure) + strlen(figure));
	free(trace);
	write_text(TRACING "trace", "");
	return value;
}

/* Number of devices that were synced. */
static int traced_devices(void)
{
	return traced("devices=");
}

/* Number of passes over the cache, or over a bounce buffer. */
static int traced_passes(void)
{
	return traced("passes=");
}

/* A CPU access syncs exactly those devices that have the buffer mapped and may be affected. */
TEST_F(import, sync_serves_the_mapped_devices)
{
	const __u32 start = DMA_BUF_SYNC_START, end = DMA_BUF_SYNC_END;
	/* Write-combined mappings need no maintenance. */
	int each = variant->flags & CONTIG_HEAP_F_UNCACHED ? 0 : 1;
	int one = importer_attach(self->importer, self->device, self->fd);
	/*
	 * If a device maps it twice, the DMA API checks cannot tell which mapping a part belongs
	 * to.
	 */
	int other = importer_any_device(self->importer);
	int two = importer_attach(self->importer, other, self->fd);
	int idle = importer_attach(self->importer, self->device, self->fd);
	int importer = self->importer;

	ASSERT_LE(0, idle);
	ASSERT_TRUE(write_text(SYNC_EVENT, "1"));
	traced_devices();

	buffer_sync(self->fd, start | DMA_BUF_SYNC_RW);
	EXPECT_EQ(0, traced_devices());

	ASSERT_LT(0, importer_map(importer, one, HEAP_IMPORTER_BOTH));
	buffer_sync(self->fd, start | DMA_BUF_SYNC_READ);
	EXPECT_EQ(each, traced_devices());
	buffer_sync(self->fd, end | DMA_BUF_SYNC_WRITE);
	EXPECT_EQ(each, traced_devices());
	/* Nothing was written. */
	buffer_sync(self->fd, end | DMA_BUF_SYNC_READ);
	EXPECT_EQ(0, traced_devices());

	ASSERT_LT(0, importer_map(importer, two, HEAP_IMPORTER_BOTH));
	buffer_sync(self->fd, start | DMA_BUF_SYNC_RW);
	EXPECT_EQ(2 * each, traced_devices());
	buffer_sync(self->fd, end | DMA_BUF_SYNC_RW);
	EXPECT_EQ(2 * each, traced_devices());
	buffer_sync_range(self->heap, self->fd, PAGE, 100,
			  end | DMA_BUF_SYNC_WRITE);
	EXPECT_EQ(2 * each, traced_devices());

	/* A device that only reads requires no sync before CPU reads. */
	ASSERT_EQ(0, importer_unmap(importer, one));
	ASSERT_LT(0, importer_map(importer, one, HEAP_IMPORTER_TO_DEVICE));
	buffer_sync(self->fd, start | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each, traced_devices());
	buffer_sync(self->fd, end | DMA_BUF_SYNC_RW);
	EXPECT_EQ(2 * each, traced_devices());

	ASSERT_EQ(0, importer_detach(importer, one));
	ASSERT_EQ(0, importer_unmap(importer, two));
	buffer_sync(self->fd, start | DMA_BUF_SYNC_RW);
	EXPECT_EQ(0, traced_devices());
	ASSERT_TRUE(write_text(SYNC_EVENT, "0"));
}

/* There is one cache, so one pass is enough for all devices and directions. */
TEST_F(import, sync_goes_through_the_cache_once)
{
	static const int dirs[] = {
		HEAP_IMPORTER_FROM_DEVICE, HEAP_IMPORTER_TO_DEVICE,
		HEAP_IMPORTER_BOTH, HEAP_IMPORTER_BOTH, HEAP_IMPORTER_FROM_DEVICE,
	};
	int each = variant->flags & CONTIG_HEAP_F_UNCACHED ? 0 : 1;
	int importer = self->importer, attachment[ARRAY_SIZE(dirs)];
	size_t i;

	ASSERT_TRUE(write_text(SYNC_EVENT, "1"));
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		attachment[i] = importer_attach(importer, importer_any_device(importer),
						self->fd);
		ASSERT_LT(0, importer_map(importer, attachment[i], dirs[i]));
		traced_passes();
		buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
		EXPECT_EQ(each, traced_passes());
		buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
		EXPECT_EQ(each, traced_passes());
		buffer_sync_range(self->heap, self->fd, PAGE, PAGE,
				  DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
		EXPECT_EQ(each, traced_passes());
	}
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each * (int)ARRAY_SIZE(dirs), traced_devices());
	/* Devices that only read require no sync. */
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i] != HEAP_IMPORTER_TO_DEVICE)
			ASSERT_EQ(0, importer_detach(importer, attachment[i]));
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_EQ(0, traced_passes());
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each, traced_passes());
	ASSERT_TRUE(write_text(SYNC_EVENT, "0"));
}

/*
 * A device may map the buffer more than once, for instance for two queues. Each mapping counts
 * like a separate device.
 */
TEST_F(import, sync_for_one_device_twice)
{
	int each = variant->flags & CONTIG_HEAP_F_UNCACHED ? 0 : 1;
	int importer = self->importer;
	int one = importer_attach(importer, self->device, self->fd);
	int two = importer_attach(importer, self->device, self->fd);

	ASSERT_TRUE(write_text(SYNC_EVENT, "1"));
	ASSERT_LT(0, importer_map(importer, one, HEAP_IMPORTER_TO_DEVICE));
	ASSERT_LT(0, importer_map(importer, two, HEAP_IMPORTER_BOTH));
	traced_devices();
	buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each, traced_devices());
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(2 * each, traced_devices());
	buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each, traced_passes());
	ASSERT_TRUE(write_text(SYNC_EVENT, "0"));
}

/*
 * For a partial sync, the DMA API checks search the one mapping that contains the part. If there
 * are two, they accept neither, and report that the driver has not mapped the memory.
 */
TEST_F(import, sync_of_a_part_for_one_device_twice)
{
	int each = variant->flags & CONTIG_HEAP_F_UNCACHED ? 0 : 1;
	int importer = self->importer;
	int one = importer_attach(importer, self->device, self->fd);
	int two = importer_attach(importer, self->device, self->fd);

	if (dma_is_checked() && each)
		SKIP(return, "this kernel takes it for the sync of memory that was not mapped");
	ASSERT_TRUE(write_text(SYNC_EVENT, "1"));
	ASSERT_LT(0, importer_map(importer, one, HEAP_IMPORTER_TO_DEVICE));
	ASSERT_LT(0, importer_map(importer, two, HEAP_IMPORTER_BOTH));
	traced_devices();
	buffer_sync_range(self->heap, self->fd, PAGE, PAGE, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each, traced_devices());
	buffer_sync_range(self->heap, self->fd, PAGE, PAGE, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(2 * each, traced_devices());
	buffer_sync_range(self->heap, self->fd, PAGE, PAGE, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(each, traced_passes());
	ASSERT_TRUE(write_text(SYNC_EVENT, "0"));
}

/* A driver of the kernel imports the buffer and releases it. */
TEST_F(import, to_vgem_and_back)
{
	struct drm_prime_handle prime = { .fd = self->fd };
	struct drm_gem_close gem = {};
	int vgem = open_vgem();
	void *memory;

	ASSERT_LE(0, vgem);
	memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 4);
	munmap(memory, LEN);
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	close(self->fd);
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);

	prime.flags = DRM_CLOEXEC | DRM_RDWR;
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	EXPECT_EQ(LEN, buffer_size(prime.fd));
	memory = buffer_map(prime.fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(filled(memory, LEN, 4));
	munmap(memory, LEN);
	close(prime.fd);

	gem.handle = prime.handle;
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_GEM_CLOSE, &gem));
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_HARNESS_MAIN
