// SPDX-License-Identifier: GPL-2.0-only
/*
 * Legacy nodes on a kernel without a device tree, on an architecture that permits only one cache
 * mode for memory in the linear map. For a guest with contig_heaps.carveout=scratch:16M and
 * cma=64M.
 */
#include <linux/android_pmem.h>
#include <linux/cma_mem.h>

#include "../kernel_log.h"
#include "../kernel_module.h"
#include "test.h"

#define LEN		MiB(1)

FIXTURE(nodes) {
	int unused;
};

FIXTURE_SETUP(nodes)
{
	/* The guest has loaded it without any node. */
	if (!access("/sys/module/pmem_compat", F_OK))
		ASSERT_EQ(0, syscall(SYS_delete_module, "pmem_compat", O_NONBLOCK));
	log_clear();
	ASSERT_EQ(0, insert_module("pmem_compat", "node=pmem:scratch,pmem_cached:scratch:cached"));
}

FIXTURE_TEARDOWN(nodes)
{
	/* It would complain about each conflict, with its address. */
	EXPECT_FALSE(log_has("x86/PAT"));
	EXPECT_EQ(0, syscall(SYS_delete_module, "pmem_compat", O_NONBLOCK));
}

/* A master and a client see the same data, with any combination of open flags. */
static void share(struct __test_metadata *_metadata, const char *path, int flags)
{
	struct pmem_region region = { 0, LEN };
	int master = open(path, O_RDWR), sub = open(path, O_RDWR | flags);
	char *memory, *view;

	ASSERT_LE(0, master);
	ASSERT_LE(0, sub);
	memory = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, master, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, LEN, 0));
	fill(memory, LEN, 1);
	ASSERT_EQ(0, ioctl(sub, PMEM_CONNECT, master));
	ASSERT_EQ(0, ioctl(sub, PMEM_MAP, &region));
	view = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, sub, 0);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(filled(view, LEN, 1));
	fill(view, LEN, 2);
	EXPECT_TRUE(filled(memory, LEN, 2));
	munmap(view, LEN);
	munmap(memory, LEN);
	close(sub);
	close(master);
}

TEST_F(nodes, share_memory)
{
	share(_metadata, "/dev/pmem", 0);
	share(_metadata, "/dev/pmem", O_DSYNC);
	share(_metadata, "/dev/pmem_cached", 0);
	share(_metadata, "/dev/pmem_cached", O_DSYNC);
}

TEST_F(nodes, cma_mem)
{
	struct mem_block block = { .name = "a", .len = LEN };
	int fd = open("/dev/cma_mem", O_RDWR);

	if (fd < 0 && log_has("no default CMA area, therefore no /dev/cma_mem"))
		SKIP(return, "this kernel has no CMA areas for devices");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, CMEM_ALLOCATE, &block));
	fill((void *)block.mem_base, LEN, 3);
	EXPECT_TRUE(filled((void *)block.mem_base, LEN, 3));
	munmap((void *)block.mem_base, LEN);
	close(fd);
}

TEST_HARNESS_MAIN
