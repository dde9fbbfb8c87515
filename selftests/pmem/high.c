// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory above 4 GiB: for a guest with 4 GiB, the default CMA area above that (high.dtso), and a
 * node "high" of it. Privileged 32-bit callers get a number that fits instead of the address.
 */
#include <linux/cma_mem.h>

#include "test.h"

IDLE_FIXTURE(high);

static bool is_above(unsigned long long address)
{
	return address >> 32;
}

/* An error would tell clients "this is not PMEM", or "no memory". */
TEST_F(high, node)
{
	int fd = pmem_open("high"), sub;
	struct pmem_region size;
	char *memory;

	ASSERT_LE(0, fd);
	memory = pmem_mmap(fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 1);
	ASSERT_TRUE(is_above(address_of(fd)));
	EXPECT_TRUE(device_sees(fd, memory, MiB(1)));
	size = pmem_size(fd);
	EXPECT_EQ(MiB(1), size.len);
	EXPECT_NE(0, size.offset);
	if (sizeof(long) == 8) {
		EXPECT_EQ(address_of(fd), size.offset);
	} else {
		EXPECT_EQ(0, size.offset % PAGE);
		EXPECT_GE(1ULL << 32, size.offset + (unsigned long long)size.len);
	}
	EXPECT_EQ(size.offset, pmem_phys(fd).offset);
	sub = pmem_sub("high", fd);
	EXPECT_EQ(size.offset, pmem_size(sub).offset);
}

TEST_F(high, cma_mem)
{
	struct mem_block block = { .name = "a", .len = MiB(1) };
	int fd = open("/dev/cma_mem", O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, CMEM_ALLOCATE, &block));
	EXPECT_NE(0, block.phy_base);
	EXPECT_EQ(sizeof(long) == 8, is_above(block.phy_base));
	fill((void *)block.mem_base, MiB(1), 2);
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 2));
}

TEST_HARNESS_MAIN
