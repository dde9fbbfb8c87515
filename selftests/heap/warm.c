// SPDX-License-Identifier: GPL-2.0-only
/*
 * Released system memory is kept for the next buffer: who gets it, that it is zero, and that it
 * does not obstruct others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../flush_trace.h"
#include "importer_client.h"
#include "keep.h"
#include "module.h"
#include "test.h"

/* Requires one block of every power of two up to 7 MiB, smaller ones last. */
#define LEN	(MiB(7) + 31 * PAGE)

/* No timeout, so that tests do not depend on timing. */
#define STORE	"store=64M keep=0"

static void drop(void)
{
	write_text("/proc/sys/vm/drop_caches", "2");
}

FIXTURE(warm) {
	int heap;
};

FIXTURE_VARIANT(warm) {
	const char *name;
	bool uncached;
};

/* x86 has no uncached heaps, and "system" is the kernel's own. */
#ifdef __x86_64__
FIXTURE_VARIANT_ADD(warm, low) {
	.name = "system-dma32",
};
#else
FIXTURE_VARIANT_ADD(warm, any) {
	.name = "system",
};

FIXTURE_VARIANT_ADD(warm, uncached) {
	.name = "system-uncached",
	.uncached = true,
};
#endif

FIXTURE_SETUP(warm)
{
	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(STORE));
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
}

FIXTURE_TEARDOWN(warm)
{
	close(self->heap);
	module_gone();
}

TEST_F(warm, is_zero_and_the_same)
{
	int importer = importer_open(), device = importer_any_device(importer);
	__u64 before[64], after, len;
	int fd, attachment, count, i;

	fd = heap_alloc(self->heap, LEN);
	attachment = importer_attach(importer, device, fd);
	count = importer_map(importer, attachment, HEAP_IMPORTER_BOTH);
	ASSERT_LT(0, count);
	ASSERT_GE(64, count);
	for (i = 0; i < count; i++)
		ASSERT_EQ(0, importer_segment(importer, attachment, i, &before[i], &len));
	EXPECT_EQ(0, importer_unmap(importer, attachment));
	EXPECT_EQ(0, importer_detach(importer, attachment));
	ASSERT_TRUE(buffer_soil(fd, LEN));
	close(fd);
	EXPECT_EQ(LEN, held(variant->name));
	settle(variant->name);
	EXPECT_EQ(LEN, held(variant->name));

	fd = heap_alloc(self->heap, LEN);
	EXPECT_EQ(0, held(variant->name));
	attachment = importer_attach(importer, device, fd);
	ASSERT_EQ(count, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, importer_segment(importer, attachment, i, &after, &len));
		EXPECT_EQ(before[i], after);
	}
	EXPECT_TRUE(buffer_is_zero(fd, LEN));
	close(importer);
}

/* A page with another reference: its block must not be reused yet. */
TEST_F(warm, not_what_others_refer_to)
{
	int importer = importer_open(), device = importer_any_device(importer);
	int fd = heap_alloc(self->heap, LEN), attachment, count, i;
	__u64 kept, len, address, other;

	attachment = importer_attach(importer, device, fd);
	ASSERT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(importer, attachment, 0, &kept, &len));
	ASSERT_EQ(0, importer_keep(importer, attachment));
	EXPECT_EQ(0, importer_unmap(importer, attachment));
	EXPECT_EQ(0, importer_detach(importer, attachment));
	close(fd);
	EXPECT_GT(LEN, held(variant->name));

	fd = heap_alloc(self->heap, LEN);
	attachment = importer_attach(importer, device, fd);
	count = importer_map(importer, attachment, HEAP_IMPORTER_BOTH);
	ASSERT_LT(0, count);
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, importer_segment(importer, attachment, i, &address, &other));
		EXPECT_FALSE(address <= kept && kept < address + other);
	}
	close(importer);
	close(fd);
}

/* Before the thread has finished, and while it is running. */
TEST_F(warm, is_zero_at_once)
{
	int round;

	for (round = 0; round < 40; round++) {
		size_t len = round % 3 ? LEN : MiB(32);
		int fd;

		ASSERT_TRUE(soil(self->heap, len));
		usleep(round % 4 * 3000);
		fd = heap_alloc(self->heap, LEN);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(buffer_is_zero(fd, LEN));
		close(fd);
	}
}

static __u64 flushed(void)
{
	char *trace = flush_trace_take();
	__u64 bytes = traced(trace, FLUSHED);

	free(trace);
	return bytes;
}

/* Zeros are written back in the background, so no maintenance is left at allocation. */
TEST_F(warm, zeros_reach_memory_before)
{
#ifdef __x86_64__
	SKIP(return, "no caches to go around");
#endif
	/* Loading the module zeroes carveouts and writes them back. */
	settle("adsp");
	settle("mdp");
	ASSERT_TRUE(flush_trace_start());
	ASSERT_TRUE(soil(self->heap, LEN));
	settle(variant->name);
	EXPECT_LE(LEN, flushed());
	EXPECT_LE(0, heap_alloc(self->heap, LEN));
	EXPECT_EQ(0, flushed());
	flush_trace_end();
}

TEST_F(warm, has_a_limit)
{
	int heap = heap_open("system-dma32");

	ASSERT_TRUE(soil(self->heap, MiB(128)));
	EXPECT_LT(MiB(60), held(variant->name));
	EXPECT_GE(MiB(64), held(variant->name));
	/* The limit applies to both kinds of pages together. */
	ASSERT_TRUE(soil(heap, MiB(128)));
	EXPECT_GE(MiB(64), held("system-dma32") +
			   (strcmp(variant->name, "system-dma32") ? held(variant->name) : 0));
	close(heap);
}

TEST_F(warm, counts_as_reclaimable_and_goes)
{
	long misc = vm_count("nr_kernel_misc_reclaimable");

	ASSERT_TRUE(soil(self->heap, LEN));
	EXPECT_EQ(LEN, held(variant->name));
	EXPECT_EQ(misc + (long)(LEN / PAGE), vm_count("nr_kernel_misc_reclaimable"));
	settle(variant->name);
	drop();
	EXPECT_EQ(0, held(variant->name));
	EXPECT_EQ(misc, vm_count("nr_kernel_misc_reclaimable"));
}

TEST_F(warm, goes_with_the_module)
{
	long misc = vm_count("nr_kernel_misc_reclaimable"), available;

	drop();
	available = available_memory();
	ASSERT_TRUE(soil(self->heap, MiB(60)));
	close(self->heap);
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(misc, vm_count("nr_kernel_misc_reclaimable"));
	while (available_memory() < available - (long)(MiB(16) >> 10))
		usleep(10000);
}

TEST_F(warm, nobody_is_killed_for_it)
{
	long kills = vm_count("oom_kill");

	ASSERT_TRUE(soil(self->heap, MiB(60)));
	settle(variant->name);
	EXPECT_TRUE(others_get_all_held(variant->name));
	EXPECT_EQ(kills, vm_count("oom_kill"));
}

/* Held memory does not prevent buffers of another size. */
TEST_F(warm, all_can_be_allocated)
{
	__u64 free;
	int fd;

	ASSERT_TRUE(soil(self->heap, MiB(60)));
	settle(variant->name);
	free = heap_query(self->heap).free;
	fd = heap_alloc(self->heap, (free - MiB(32)) & ~(__u64)(PAGE - 1));
	EXPECT_LE(0, fd);
	EXPECT_GT(MiB(1), held(variant->name));
}

TEST(goes_after_a_while)
{
	int heap;

	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load("store=64M keep=3000"));
	heap = heap_open("system-dma32");
	ASSERT_TRUE(soil(heap, LEN));
	EXPECT_EQ(LEN, held("system-dma32"));
	while (held("system-dma32"))
		usleep(10000);
	close(heap);
	EXPECT_EQ(0, module_unload());
}

TEST(can_be_turned_off)
{
	int heap;

	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load("store=0"));
	heap = heap_open("system-dma32");
	ASSERT_TRUE(soil(heap, LEN));
	EXPECT_EQ(0, held("system-dma32"));
	close(heap);
	EXPECT_EQ(0, module_unload());
}

#define GROUPS	"/tmp/groups"
#define A	GROUPS "/a"
#define B	GROUPS "/b"

/* Create two memory cgroups; false if the kernel has no memory controller. */
static bool make_groups(void)
{
	mkdir("/tmp", 0755);
	mkdir(GROUPS, 0755);
	return !mount("none", GROUPS, "cgroup2", 0, NULL) &&
	       write_text(GROUPS "/cgroup.subtree_control", "+memory") &&
	       (!mkdir(A, 0755) || errno == EEXIST) && (!mkdir(B, 0755) || errno == EEXIST);
}

static void remove_groups(void)
{
	rmdir(A "/inner");
	rmdir(A);
	rmdir(B);
	umount(GROUPS);
}

static __u64 charged(const char *group)
{
	char *path = format("%s/memory.current", group), *text = read_text(path);
	__u64 bytes = text ? strtoull(text, NULL, 10) : 0;

	free(path);
	free(text);
	return bytes;
}

/* Processors cache charges. */
static void wait_for_charges(const char *group, __u64 less_than)
{
	while (charged(group) >= less_than)
		usleep(10000);
}

/* Run @body in a process in @group; returns its wait status. */
static int in_group(const char *group, int (*body)(void))
{
	char *path = format("%s/cgroup.procs", group);
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(write_text(path, "0") ? body() : 100);
	waitpid(pid, &status, 0);
	free(path);
	return status;
}

static int soil_16(void)
{
	int heap = heap_open("system-dma32");

	return !soil(heap, MiB(16));
}

/* Allocate and free 16 MiB; exits with the MiB that were held meanwhile. */
static int held_beside_16(void)
{
	int fd = heap_alloc(heap_open("system-dma32"), MiB(16));

	return fd < 0 || !buffer_is_zero(fd, MiB(16)) ? 101 : held("system-dma32") / MiB(1);
}

FIXTURE(groups) {
};

FIXTURE_SETUP(groups)
{
	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(STORE));
	if (!make_groups()) {
		remove_groups();
		SKIP(return, "no memory cgroups");
	}
}

FIXTURE_TEARDOWN(groups)
{
	remove_groups();
	module_gone();
}

TEST_F(groups, keep_their_own)
{
	ASSERT_EQ(0, in_group(A, soil_16));
	settle("system-dma32");
	EXPECT_EQ(MiB(16), held("system-dma32"));
	EXPECT_LE(MiB(16), charged(A));
	EXPECT_GT(MiB(8), charged(B));

	/* Another group gets other memory, of its own. */
	EXPECT_EQ(16, WEXITSTATUS(in_group(B, held_beside_16)));
	EXPECT_EQ(MiB(32), held("system-dma32"));
	EXPECT_LE(MiB(16), charged(A));
	EXPECT_GT(MiB(24), charged(A));
	EXPECT_LE(MiB(16), charged(B));
	EXPECT_GT(MiB(24), charged(B));
	/* A task without a group does so, too. */
	EXPECT_EQ(32, held_beside_16());
	settle("system-dma32");
	drop();
	EXPECT_EQ(0, held("system-dma32"));
	wait_for_charges(A, MiB(8));
	wait_for_charges(B, MiB(8));

	/* The same group gets its memory again. */
	ASSERT_EQ(0, in_group(A, soil_16));
	settle("system-dma32");
	EXPECT_EQ(0, in_group(A, held_beside_16));
	EXPECT_EQ(MiB(16), held("system-dma32"));
	EXPECT_LE(MiB(16), charged(A));
	EXPECT_GT(MiB(24), charged(A));
}

TEST_F(groups, leave_it_to_their_parent)
{
	int heap = heap_open("system-dma32");

	ASSERT_EQ(0, in_group(A, soil_16));
	settle("system-dma32");
	ASSERT_EQ(0, rmdir(A));
	EXPECT_EQ(MiB(16), held("system-dma32"));
	/* The kernel is slow, and each attempt uses memory. */
	do {
		usleep(500000);
		ASSERT_LE(0, heap_alloc(heap, MiB(2)));
	} while (held("system-dma32") == MiB(16));
	EXPECT_EQ(MiB(14), held("system-dma32"));
}

TEST_F(groups, with_a_limit_keep_nothing)
{
	ASSERT_TRUE(write_text(A "/memory.max", "67108864"));
	EXPECT_EQ(0, in_group(A, soil_16));
	EXPECT_EQ(0, held("system-dma32"));
	wait_for_charges(A, MiB(8));
	ASSERT_TRUE(write_text(A "/memory.max", "max"));

	ASSERT_TRUE(write_text(A "/memory.high", "67108864"));
	EXPECT_EQ(0, in_group(A, soil_16));
	EXPECT_EQ(0, held("system-dma32"));

	/* Child groups do not get it either. */
	ASSERT_TRUE(write_text(A "/cgroup.subtree_control", "+memory"));
	ASSERT_EQ(0, mkdir(A "/inner", 0755));
	EXPECT_EQ(0, in_group(A "/inner", soil_16));
	EXPECT_EQ(0, held("system-dma32"));

	ASSERT_TRUE(write_text(A "/memory.high", "max"));
	EXPECT_EQ(0, in_group(A "/inner", soil_16));
	EXPECT_EQ(MiB(16), held("system-dma32"));
}

TEST_HARNESS_MAIN
