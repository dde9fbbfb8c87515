// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which bytes the cache commands maintain, and when the zeros of new memory leave the caches. Real
 * clients rely on it: their devices access memory by its address.
 */
#include <linux/cma_mem.h>

#include "../flush_trace.h"
#include "test.h"

#define LEN	MiB(1)
#define TO_DEVICE	1
#define FROM_DEVICE	2

FIXTURE(caches) {
	int master;
	int sub;
	char *memory;
	unsigned long phys;
	char *trace;
};

/* A server with its memory mapped, and a client's file that shows the second 64 KiB of it. */
FIXTURE_SETUP(caches)
{
	void *memory;

	IDLE_SETUP();
	self->master = pmem_master("pmem", LEN, &memory);
	ASSERT_LE(0, self->master);
	self->memory = memory;
	self->phys = pmem_phys(self->master).offset;
	self->sub = pmem_sub("pmem", self->master);
	ASSERT_LE(0, self->sub);
	ASSERT_EQ(0, pmem_map(self->sub, KiB(64), KiB(64)));
	self->trace = NULL;
	ASSERT_TRUE(flush_trace_start());
}

FIXTURE_TEARDOWN(caches)
{
	flush_trace_end();
	free(self->trace);
	peers_end();
}

static void take(struct _test_data_caches *self)
{
	free(self->trace);
	self->trace = flush_trace_take();
}

/* Since the last check, exactly this range of the master was maintained, only in this way. */
#define EXPECT_MAINTAINED(event, offset, len)					\
	do {									\
		take(self);							\
		EXPECT_EQ(len, traced_in(self->trace, event, self->phys + (offset), len)); \
		EXPECT_EQ(len, maintained_in(self->trace, 0, ~0ULL));		\
	} while (0)

#define EXPECT_NOTHING_MAINTAINED()						\
	do {									\
		take(self);							\
		EXPECT_EQ(0, traced(self->trace, CLEANED));			\
		EXPECT_EQ(0, traced(self->trace, FLUSHED));			\
	} while (0)

static const struct {
	unsigned int cmd;
	const char *event;
} kinds[] = {
	{ PMEM_CLEAN_INV_CACHES, FLUSHED },
	{ PMEM_CLEAN_CACHES, CLEANED },
	/* Otherwise, lines of others would be lost. */
	{ PMEM_INV_CACHES, FLUSHED },
};

TEST_F(caches, of_the_master)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, pmem_cache(self->master, kinds[i].cmd, self->memory + PAGE, PAGE,
					KiB(64)));
		EXPECT_MAINTAINED(kinds[i].event, PAGE, KiB(64));
	}
}

/* The server passes an address in the master's mapping, with the client's file. */
TEST_F(caches, of_a_connected_file)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, pmem_cache(self->sub, kinds[i].cmd, self->memory + KiB(64), KiB(64),
					KiB(64)));
		EXPECT_MAINTAINED(kinds[i].event, KiB(64), KiB(64));
		/* The bounds are those of the master. */
		ASSERT_EQ(0, pmem_cache(self->sub, kinds[i].cmd, self->memory, 0, LEN));
		EXPECT_MAINTAINED(kinds[i].event, 0, LEN);
		EXPECT_ERRNO(EINVAL, pmem_cache(self->sub, kinds[i].cmd, self->memory, 0,
						LEN + 1));
		EXPECT_NOTHING_MAINTAINED();
	}
}

/* The device's mode matters, not the file's: the server wrote through its cached mapping. */
TEST_F(caches, of_a_file_with_o_sync)
{
	int sub = pmem_open_flags("pmem", O_RDWR | OLD_O_SYNC);
	size_t i;

	ASSERT_EQ(0, pmem_connect(sub, self->master));
	ASSERT_EQ(0, pmem_map(sub, 0, KiB(64)));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, pmem_cache(sub, kinds[i].cmd, self->memory, 0, KiB(64)));
		EXPECT_MAINTAINED(kinds[i].event, 0, KiB(64));
	}
	ASSERT_EQ(0, pmem_flush(sub, 10, 10));
	EXPECT_MAINTAINED(FLUSHED, 0, KiB(64));
	close(sub);
	sub = pmem_open_flags("pmem", O_RDWR | OLD_O_SYNC);
	EXPECT_ERRNO(EINVAL, pmem_cache(sub, PMEM_CLEAN_CACHES, self->memory, 0, PAGE));
	close(sub);
}

/* A decoder's buffers are within one allocation, but it always passes offset 0. */
TEST_F(caches, by_address_where_the_offset_is_another)
{
	ASSERT_EQ(0, pmem_cache(self->master, PMEM_CLEAN_CACHES, self->memory + 200000, 0, 50000));
	take(self);
	EXPECT_EQ(50000, traced_in(self->trace, CLEANED, self->phys + 200000, 50000));
	EXPECT_EQ(50000, traced_in(self->trace, CLEANED, self->phys, 50000));
	EXPECT_EQ(100000, traced(self->trace, CLEANED));
	/* Also with a client's file. */
	ASSERT_EQ(0, pmem_cache(self->sub, PMEM_INV_CACHES, self->memory + KiB(512), 0, PAGE));
	take(self);
	EXPECT_EQ(PAGE, traced_in(self->trace, FLUSHED, self->phys + KiB(512), PAGE));
	EXPECT_EQ(PAGE, traced_in(self->trace, FLUSHED, self->phys, PAGE));
	/* The range is truncated at the end of the mapping. */
	ASSERT_EQ(0, pmem_cache(self->master, PMEM_CLEAN_CACHES, self->memory + LEN - PAGE, 0,
				2 * PAGE));
	take(self);
	EXPECT_EQ(PAGE, traced_in(self->trace, CLEANED, self->phys + LEN - PAGE, PAGE));
	EXPECT_EQ(3 * PAGE, traced(self->trace, CLEANED));
}

/* The address may be in any mapping of the memory, in another process, or invalid. */
TEST_F(caches, by_offset_whatever_the_address)
{
	char *own = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int dmabuf = pmem_export(self->master, O_RDWR), other = pmem_open("pmem");
	struct peer peer = peer_start();
	const void *address[8];
	size_t i, count = 0;
	long there;

	address[count++] = pmem_mmap(self->master, LEN);
	address[count++] = mmap(NULL, LEN, PROT_READ, MAP_SHARED, dmabuf, 0);
	address[count++] = pmem_mmap(self->sub, LEN);
	for (i = 0; i < count; i++)
		ASSERT_NE(MAP_FAILED, address[i]);
	address[count++] = own;
	address[count++] = (void *)16;
	address[count++] = (void *)-PAGE;
	address[count++] = (void *)~0UL;
	/* Memory of the same device, but of another file. */
	address[count++] = pmem_mmap(other, LEN);
	fill(own, LEN, 6);
	flush_trace_take();
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, pmem_cache(self->sub, PMEM_CLEAN_INV_CACHES, address[i], 0, PAGE));
		EXPECT_MAINTAINED(FLUSHED, 0, PAGE);
	}
	EXPECT_TRUE(filled(own, LEN, 6));
	/* The client's process has neither the master nor a mapping of it. */
	there = peer_give(peer, self->sub);
	EXPECT_EQ(0, on(peer, do_cache, there, PMEM_CLEAN_CACHES, (long)self->memory, KiB(64),
			KiB(64)));
	EXPECT_MAINTAINED(CLEANED, KiB(64), KiB(64));
}

/* All of a master's allocation; for a connected file, the region that contains the range. */
TEST_F(caches, flush)
{
	ASSERT_EQ(0, pmem_flush(self->master, 1, 1));
	EXPECT_MAINTAINED(FLUSHED, 0, LEN);
	ASSERT_EQ(0, pmem_flush(self->sub, KiB(64) + 1, 1));
	EXPECT_MAINTAINED(FLUSHED, KiB(64), KiB(64));
	ASSERT_EQ(0, pmem_flush(self->sub, 0, PAGE));
	EXPECT_NOTHING_MAINTAINED();
}

static int cache_inv(int fd, const void *start, unsigned long len)
{
	struct pmem_region region = { (unsigned long)start, len };

	return ioctl(fd, PMEM_CACHE_INV, &region);
}

/* Whole pages, by an address in any mapping of the same memory. */
TEST_F(caches, invalidate_by_address)
{
	ASSERT_EQ(0, cache_inv(self->sub, self->memory + PAGE + 10, 10));
	EXPECT_MAINTAINED(FLUSHED, PAGE, PAGE);
	ASSERT_EQ(0, cache_inv(self->master, self->memory, LEN));
	EXPECT_MAINTAINED(FLUSHED, 0, LEN);
	EXPECT_ERRNO(EINVAL, cache_inv(self->master, self, 4));
	EXPECT_NOTHING_MAINTAINED();
}

static int sync_region(int fd, unsigned int cmd, unsigned long offset, unsigned long len, int dir)
{
	struct pmem_sync_region sync = { { offset, len }, dir };

	return ioctl(fd, cmd, &sync);
}

/* Marvell's commands, for before and after a device access. */
TEST_F(caches, map_and_unmap_region)
{
	const int fds[] = { self->master, self->sub };
	size_t i;

	ASSERT_EQ(0x40047010, PMEM_MAP_REGION);
	ASSERT_EQ(0x40047011, PMEM_UNMAP_REGION);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_EQ(0, sync_region(fds[i], PMEM_MAP_REGION, KiB(64), KiB(8), TO_DEVICE));
		EXPECT_MAINTAINED(CLEANED, KiB(64), KiB(8));
		ASSERT_EQ(0, sync_region(fds[i], PMEM_MAP_REGION, KiB(64), 100, FROM_DEVICE));
		EXPECT_MAINTAINED(FLUSHED, KiB(64), 100);
		ASSERT_EQ(0, sync_region(fds[i], PMEM_MAP_REGION, KiB(64), KiB(8), 0));
		EXPECT_MAINTAINED(FLUSHED, KiB(64), KiB(8));
		ASSERT_EQ(0, sync_region(fds[i], PMEM_UNMAP_REGION, KiB(64), KiB(8), TO_DEVICE));
		EXPECT_NOTHING_MAINTAINED();
		ASSERT_EQ(0, sync_region(fds[i], PMEM_UNMAP_REGION, KiB(64), KiB(8), FROM_DEVICE));
		EXPECT_MAINTAINED(FLUSHED, KiB(64), KiB(8));
	}
}

/* They never fail; they ignore invalid ranges. */
TEST_F(caches, map_region_outside)
{
	const unsigned long range[][2] = {
		{ 0, LEN + 1 }, { LEN, 1 }, { LEN + 1, 1 }, { 1, LEN }, { ~0UL, 1 }, { ~0UL, 2 },
		{ 2, ~0UL }, { ~0UL - PAGE + 1, 2 * PAGE }, { 0, ~0UL }, { 0, 0 },
	};
	int empty = pmem_open("pmem"), uncached = pmem_open("pmem_smipool");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(range); i++)
		EXPECT_EQ(0, sync_region(self->master, PMEM_MAP_REGION, range[i][0], range[i][1],
					 FROM_DEVICE));
	EXPECT_EQ(0, sync_region(empty, PMEM_MAP_REGION, 0, PAGE, TO_DEVICE));
	EXPECT_NOTHING_MAINTAINED();
	ASSERT_EQ(0, pmem_allocate(uncached, PAGE));
	flush_trace_take();
	EXPECT_EQ(0, sync_region(uncached, PMEM_MAP_REGION, 0, PAGE, FROM_DEVICE));
	EXPECT_NOTHING_MAINTAINED();
}

/* Creating an uncached mapping only flushes the pages that it shows. */
TEST_F(caches, uncached_mapping)
{
	int sub = pmem_open_flags("pmem", O_RDWR | OLD_O_SYNC);
	int master = pmem_open_flags("pmem", O_RDWR | OLD_O_SYNC);

	ASSERT_EQ(0, pmem_connect(sub, self->master));
	flush_trace_take();
	ASSERT_NE(MAP_FAILED, pmem_mmap(sub, PAGE));
	EXPECT_MAINTAINED(FLUSHED, 0, PAGE);
	ASSERT_EQ(0, pmem_allocate(master, LEN));
	flush_trace_take();
	self->phys = pmem_phys(master).offset;
	ASSERT_NE(MAP_FAILED, pmem_mmap(master, 2 * PAGE));
	EXPECT_MAINTAINED(FLUSHED, 0, 2 * PAGE);
}

/*
 * A device with the address may write at once: no cached line of earlier writers may overwrite or
 * hide its data. For new memory, see birth.
 */
TEST_F(caches, contents_of_imported_memory)
{
	int buffer = heap_alloc("adsp", KiB(64), O_RDWR), fd = pmem_open("pmem");
	char *view = mmap(NULL, KiB(64), PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

	ASSERT_NE(MAP_FAILED, view);
	fill(view, KiB(64), 1);
	flush_trace_take();
	ASSERT_EQ(0, pmem_import(fd, buffer));
	take(self);
	EXPECT_LE(KiB(64), traced_in(self->trace, FLUSHED, pmem_phys(fd).offset, KiB(64)));
}

TEST_F(caches, zeros_of_cma_mem)
{
	struct mem_block block = { .name = "a", .len = KiB(64) };
	int fd = open("/dev/cma_mem", O_RDWR);

	ASSERT_LE(0, fd);
	flush_trace_take();
	ASSERT_EQ(0, ioctl(fd, CMEM_ALLOCATE, &block));
	take(self);
	EXPECT_LE(KiB(64), traced_in(self->trace, FLUSHED, block.phy_base, KiB(64)));
}

TEST_HARNESS_MAIN
