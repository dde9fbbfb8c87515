// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache commands of PXA and Armada kernels: prepare a range of the allocation for a device or for
 * the CPU, depending on the DMA direction. Their clients ignore the result.
 */
#include "test.h"

#define LEN		MiB(1)

/* As defined in private headers of these clients. */
#define MAP_REGION	0x40047010
#define UNMAP_REGION	0x40047011

struct sync_region {
	unsigned long offset;
	unsigned long len;
	int dir;
};

enum {
	BIDIRECTIONAL,
	TO_DEVICE,
	FROM_DEVICE,
};

static const unsigned int commands[] = { MAP_REGION, UNMAP_REGION };

NODE_FIXTURE(marvell);

static int sync_region(int fd, unsigned int cmd, unsigned long offset, unsigned long len, int dir)
{
	struct sync_region region, before;
	int ret;

	memset(&region, 0xcc, sizeof(region));
	region.offset = offset;
	region.len = len;
	region.dir = dir;
	before = region;
	ret = ioctl(fd, cmd, &region);
	if (memcmp(&region, &before, sizeof(region)))
		die("the argument was changed");
	return ret;
}

/* None of them loses data that was written before, and they succeed on every kind of node. */
TEST_F(marvell, a_buffer_goes_to_a_device_and_comes_back)
{
	static const struct {
		unsigned long offset;
		unsigned long len;
	} ranges[] = {
		{ 0, LEN }, { 0, 4096 }, { 4096, 4096 }, { 100, 1 }, { LEN - 1, 1 }, { 333, 77777 },
		{ 0, 0 }, { LEN, 0 },
	};
	char *memory = pmem_mmap(self->fd, LEN);
	size_t i, k;
	int dir;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		for (k = 0; k < ARRAY_SIZE(commands); k++)
			for (dir = BIDIRECTIONAL; dir <= FROM_DEVICE; dir++)
				EXPECT_EQ(0, sync_region(self->fd, commands[k], ranges[i].offset,
							 ranges[i].len, dir)) {
					TH_LOG("%#x of %lu bytes at %lu, direction %d: %s",
					       commands[k], ranges[i].len, ranges[i].offset, dir,
					       strerror(errno));
				}
	EXPECT_TRUE(filled(memory, LEN, 1));
	EXPECT_TRUE(device_sees(self->fd, memory, LEN));
	ASSERT_EQ(0, munmap(memory, LEN));
}

/* The file of a buffer in the heap of a server: offsets are those of the heap. */
TEST_F(marvell, a_connected_file)
{
	char *memory = pmem_mmap(self->fd, LEN);
	int sub = pmem_sub(self->name, self->fd);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, sub);
	ASSERT_EQ(0, pmem_map(sub, KiB(64), KiB(64)));
	fill(memory, LEN, 2);
	EXPECT_EQ(0, sync_region(sub, MAP_REGION, KiB(64), KiB(64), TO_DEVICE));
	EXPECT_EQ(0, sync_region(sub, MAP_REGION, KiB(64), KiB(64), FROM_DEVICE));
	EXPECT_EQ(0, sync_region(sub, UNMAP_REGION, KiB(64), KiB(64), FROM_DEVICE));
	EXPECT_TRUE(filled(memory, LEN, 2));
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(sub));
}

TEST_F(marvell, what_is_maintained)
{
	char *memory = pmem_mmap(self->fd, LEN);
	unsigned long address = pmem_phys(self->fd).offset;
	int sub = pmem_sub(self->name, self->fd);
	const int files[] = { self->fd, sub };
	size_t i;

	if (!self->node->cached)
		SKIP(return, "nobody has this node's memory in a cache");
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, sub);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	if (!maintenance_watch())
		SKIP(return, "this kernel does not tell what it maintains");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		maintenance_forget();
		EXPECT_EQ(0, sync_region(files[i], MAP_REGION, 200000, 12345, TO_DEVICE));
		EXPECT_TRUE(maintained(address + 200000, 12345));
		maintenance_forget();
		EXPECT_EQ(0, sync_region(files[i], MAP_REGION, 300000, 4096, BIDIRECTIONAL));
		EXPECT_TRUE(maintained(address + 300000, 4096));
		maintenance_forget();
		/* This library uses it before it reads data from a device. */
		EXPECT_EQ(0, sync_region(files[i], MAP_REGION, 400000, 4096, FROM_DEVICE));
		EXPECT_TRUE(maintained(address + 400000, 4096));
		maintenance_forget();
		EXPECT_EQ(0, sync_region(files[i], UNMAP_REGION, 500000, 4096, FROM_DEVICE));
		EXPECT_TRUE(maintained(address + 500000, 4096));
	}
	maintenance_ignore();
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(sub));
}

/* Even without an allocation, or beyond it, they succeed. */
TEST_F(marvell, ranges_that_are_not_there)
{
	static const struct {
		unsigned long offset;
		unsigned long len;
	} ranges[] = {
		{ LEN, LEN }, { LEN - 1, LEN }, { 0, ~0UL }, { ~0UL, 1 }, { ~0UL, ~0UL },
		{ ~0UL - 63, 128 }, { 1UL << 31, 1UL << 31 },
	};
	char *memory;
	size_t i, k;

	for (k = 0; k < ARRAY_SIZE(commands); k++)
		EXPECT_EQ(0, sync_region(self->fd, commands[k], 0, PAGE, TO_DEVICE));
	EXPECT_REGION(0, 0, pmem_size(self->fd));
	memory = pmem_mmap(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 3);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		for (k = 0; k < ARRAY_SIZE(commands); k++)
			EXPECT_EQ(0, sync_region(self->fd, commands[k], ranges[i].offset,
						 ranges[i].len, FROM_DEVICE));
	EXPECT_TRUE(filled(memory, LEN, 3));
	ASSERT_EQ(0, munmap(memory, LEN));
}

TEST_F(marvell, bad_pointers)
{
	size_t k;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	for (k = 0; k < ARRAY_SIZE(commands); k++) {
		EXPECT_ERRNO(EFAULT, ioctl(self->fd, commands[k], NULL));
		EXPECT_ERRNO(EFAULT, ioctl(self->fd, commands[k], -4096L));
	}
	/* The neighbouring numbers are not used. */
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, MAP_REGION + 2, NULL));
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, MAP_REGION + 3, NULL));
}

TEST_HARNESS_MAIN
