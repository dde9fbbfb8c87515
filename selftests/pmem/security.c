// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security problems of the old driver, at least one test each. A driver that has the problem fails
 * it.
 */
#include <pthread.h>

#include "../flush_trace.h"
#include "test.h"

#define LEN	MiB(1)
#define SECRET	0x5ec2e7

IDLE_FIXTURE(security);

/* S1: an index is meaningless on another device, or in a file with an equal index. */
TEST_F(security, s1_connect_across_devices)
{
	int master = pmem_open("pmem"), stranger = pmem_open("pmem_adsp"), thief;
	char *memory;

	memory = pmem_mmap(stranger, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, SECRET);
	/* Both are the first on their device. */
	ASSERT_EQ(0, pmem_allocate(master, LEN));
	thief = pmem_open("pmem_adsp");
	EXPECT_ERRNO(EINVAL, pmem_connect(thief, master));
	EXPECT_REGION(0, 0, pmem_size(thief));
	EXPECT_ERRNO(EINVAL, pmem_map(thief, 0, LEN));
	memory = pmem_mmap(thief, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, LEN, 0));
}

TEST_F(security, s1_connect_by_an_equal_index)
{
	int first, second, sub;

	/* An all-or-nothing index is the length: both are equal. */
	first = pmem_open("pmem_camera");
	ASSERT_EQ(0, pmem_allocate(first, LEN));
	second = pmem_open("pmem_adsp");
	ASSERT_EQ(0, pmem_allocate(second, LEN));
	EXPECT_ERRNO(EINVAL, pmem_connect(second, first));
	EXPECT_ERRNO(EINVAL, pmem_connect(first, second));
	/* The index that the second to connect would get. */
	sub = pmem_open("pmem_adsp");
	ASSERT_EQ(0, pmem_connect(sub, second));
	EXPECT_ERRNO(EINVAL, pmem_connect(second, sub));
}

/* S2: after the master is closed, nobody can access its memory, however they are connected. */
TEST_F(security, s2_no_access_after_the_master)
{
	int master = pmem_open("pmem_camera"), sub, unmapped, next;
	char *memory, *view;

	ASSERT_EQ(0, pmem_allocate(master, LEN));
	sub = pmem_sub("pmem_camera", master);
	unmapped = pmem_sub("pmem_camera", master);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	ASSERT_EQ(0, pmem_map(unmapped, 0, LEN));
	view = pmem_mmap(sub, LEN);
	ASSERT_NE(MAP_FAILED, view);
	/* It was never mapped. */
	ASSERT_EQ(0, close(master));
	next = pmem_open("pmem_camera");
	memory = pmem_mmap(next, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, SECRET);
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	view = pmem_mmap(unmapped, LEN);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	memset(view, 0x11, LEN);
	EXPECT_TRUE(filled(memory, LEN, SECRET));
}

TEST_F(security, s2_no_chains)
{
	int master = pmem_open("pmem_camera"), middle, last;

	ASSERT_EQ(0, pmem_allocate(master, LEN));
	middle = pmem_sub("pmem_camera", master);
	last = pmem_open("pmem_camera");
	EXPECT_ERRNO(EINVAL, pmem_connect(last, middle));
	ASSERT_EQ(0, close(master));
	EXPECT_ERRNO(EINVAL, pmem_connect(last, middle));
}

/* Another file now has the master's number, and probably its address in the kernel. */
TEST_F(security, s2_stranger_is_no_owner)
{
	int opened = pmem_open("pmem_adsp"), master = dup2(opened, 50), sub, round;
	char *memory = pmem_mmap(master, LEN), *view;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, close(opened));
	sub = pmem_sub("pmem_adsp", master);
	ASSERT_LE(0, sub);
	view = pmem_mmap(sub, LEN);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(50));
	for (round = 0; round < 100; round++) {
		int again = pmem_open("pmem_adsp");

		ASSERT_EQ(0, pmem_allocate(again, LEN));
		ASSERT_EQ(50, dup2(again, 50));
		ASSERT_EQ(0, close(again));
		EXPECT_ERRNO(EINVAL, pmem_map(sub, 0, LEN));
		EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, LEN));
		EXPECT_TRUE(all_bytes(view, PAGE, 0));
		ASSERT_EQ(0, close(50));
	}
}

/* S3: a region ends at the end of the client's mapping. */
TEST_F(security, s3_mapping_shorter_than_the_region)
{
	char *place = mmap(NULL, 4 * LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
	int before, after, master = pmem_open("pmem");
	char *memory = pmem_mmap(master, LEN);

	ASSERT_NE(MAP_FAILED, place);
	ASSERT_NE(MAP_FAILED, memory);
	fill(place, 4 * LEN, 1);
	fill(memory, LEN, SECRET);
	before = pmem_sub("pmem", master);
	after = pmem_sub("pmem", master);
	ASSERT_EQ(0, pmem_map(before, 0, LEN));
	ASSERT_EQ(place + LEN, mmap(place + LEN, PAGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_FIXED, before, 0));
	ASSERT_EQ(place + 3 * LEN, mmap(place + 3 * LEN, PAGE, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_FIXED, after, 0));
	ASSERT_EQ(0, pmem_map(after, 0, LEN));
	ASSERT_EQ(0, pmem_map(after, LEN / 2, LEN / 2));
	EXPECT_TRUE(filled(place, LEN, 1));
	EXPECT_FALSE(filled(place + LEN + PAGE, PAGE, SECRET));
	EXPECT_FALSE(memcmp(place + LEN + PAGE, memory + PAGE, PAGE) == 0);
	EXPECT_FALSE(memcmp(place + 3 * LEN + PAGE, memory + PAGE, PAGE) == 0);
	memset(place + LEN + PAGE, 0x22, 2 * LEN - PAGE);
	memset(place + 3 * LEN + PAGE, 0x22, LEN - PAGE);
	EXPECT_TRUE(filled(memory, LEN, SECRET));
	ASSERT_EQ(0, pmem_unmap(before, 0, LEN));
	ASSERT_EQ(0, pmem_unmap(after, 0, LEN));
	EXPECT_TRUE(all_bytes(place + LEN + PAGE, 2 * LEN - PAGE, 0x22));
	EXPECT_TRUE(all_bytes(place + 3 * LEN + PAGE, LEN - PAGE, 0x22));
}

/* S4: a client with read-only access cannot write. */
TEST_F(security, s4_client_opened_for_reading)
{
	int sub = pmem_open_flags("pmem", O_RDONLY), master = pmem_open("pmem");
	char *memory = pmem_mmap(master, LEN), *view;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	ASSERT_EQ(0, pmem_connect(sub, master));
	ASSERT_EQ(0, pmem_map(sub, 0, LEN / 2));
	EXPECT_MAP_FAILED(EACCES, pmem_mmap(sub, LEN));
	view = mmap(NULL, LEN, PROT_READ, MAP_SHARED, sub, 0);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(filled(view, LEN / 2, 1));
	EXPECT_FALSE(can_write(view));
	EXPECT_FALSE(can_write(view + LEN / 2));
	EXPECT_ERRNO(EACCES, mprotect(view, LEN, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, pmem_map(sub, LEN / 2, LEN / 2));
	EXPECT_TRUE(filled(view, LEN, 1));
	EXPECT_FALSE(can_write(view));
	EXPECT_FALSE(can_write(view + LEN / 2));
}

TEST_F(security, s4_client_mapped_for_reading)
{
	int master = pmem_open("pmem"), sub, own = open("/proc/self/mem", O_RDWR);
	char *memory = pmem_mmap(master, LEN), *view;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	sub = pmem_sub("pmem", master);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN / 2));
	view = mmap(NULL, LEN, PROT_READ, MAP_SHARED, sub, 0);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_FALSE(can_write(view));
	EXPECT_FALSE(can_write(view + LEN / 2));
	ASSERT_EQ(0, pmem_map(sub, LEN / 2, LEN / 2));
	EXPECT_FALSE(can_write(view + LEN / 2));
	ASSERT_EQ(0, pmem_unmap(sub, 0, LEN / 2));
	EXPECT_FALSE(can_write(view));
	/* Nor in the way of a debugger. */
	ASSERT_LE(0, own);
	EXPECT_EQ(-1, pwrite(own, "debugger", 8, (unsigned long)view + LEN / 2));
	EXPECT_TRUE(filled(memory, LEN, 1));
}

/* S5: maintenance only affects memory of the file, whatever the address. */
TEST_F(security, s5_cache_maintenance_of_kernel_addresses)
{
	static const unsigned int cmd[] = {
		PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES, PMEM_INV_CACHES,
	};
	int fd = pmem_open("pmem");
	char *memory = pmem_mmap(fd, LEN), *trace;
	const unsigned long phys = pmem_phys(fd).offset;
	unsigned long done = 0;
	__u32 random = 99;
	size_t i;
	int round;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 2);
	ASSERT_TRUE(flush_trace_start_own());
	for (i = 0; i < ARRAY_SIZE(cmd); i++) {
		EXPECT_EQ(0, pmem_cache(fd, cmd[i], &fd, 0, PAGE));
		EXPECT_EQ(0, pmem_cache(fd, cmd[i], (void *)~0UL, 0, PAGE));
		done += 2 * PAGE;
		for (round = 0; round < 200; round++) {
			unsigned long where = (unsigned long)next_random(&random) << 12;

			if (sizeof(long) == 8)
				where |= ~(~0UL >> 24);
			else
				where |= 1UL << 31;
			/* Mappings of a 32-bit caller may be this high. */
			if (where - (unsigned long)memory < LEN ||
			    (unsigned long)memory - where < PAGE)
				continue;
			EXPECT_EQ(0, pmem_cache(fd, cmd[i], (void *)where, 0, PAGE));
			done += PAGE;
		}
	}
	trace = flush_trace_take();
	flush_trace_end();
	EXPECT_EQ(done, maintained_in(trace, phys, PAGE));
	EXPECT_EQ(done, maintained_in(trace, 0, ~0ULL));
	free(trace);
	EXPECT_TRUE(filled(memory, LEN, 2));
}

TEST_F(security, s5_arithmetic_of_cache_maintenance)
{
	int fd = pmem_open("pmem");
	char *memory = pmem_mmap(fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_ERRNO(EINVAL, pmem_cache(fd, PMEM_INV_CACHES, memory, ~0UL - 63, 64));
	EXPECT_ERRNO(EINVAL, pmem_cache(fd, PMEM_INV_CACHES, memory, ~0UL - 63, 128));
	EXPECT_ERRNO(EINVAL, pmem_cache(fd, PMEM_INV_CACHES, memory, 128, ~0UL - 63));
	EXPECT_ERRNO(EINVAL, pmem_cache(fd, PMEM_INV_CACHES, memory, 0, ~0UL));
	EXPECT_ERRNO(EINVAL, pmem_cache(fd, PMEM_INV_CACHES, memory, LEN, ~0UL - LEN + 1));
}

/* Memory after the mapping belongs to others. */
TEST_F(security, s5_range_that_leaves_the_mapping)
{
	int master = pmem_open("pmem"), other = pmem_open("pmem_adsp"), sub;
	char *memory = pmem_mmap(master, LEN), *place, *view, *trace;
	const unsigned long phys = pmem_phys(master).offset;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 3);
	sub = pmem_sub("pmem", master);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	ASSERT_EQ(0, pmem_allocate(other, LEN));
	place = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	view = mmap(place, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, sub, 0);
	ASSERT_EQ(place, view);
	ASSERT_NE(MAP_FAILED, mmap(place + PAGE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, other, 0));
	ASSERT_TRUE(flush_trace_start_own());
	EXPECT_EQ(0, pmem_cache(sub, PMEM_CLEAN_INV_CACHES, view, LEN / 2, LEN / 2));
	trace = flush_trace_take();
	flush_trace_end();
	EXPECT_EQ(LEN / 2, traced_in(trace, FLUSHED, phys + LEN / 2, LEN / 2));
	EXPECT_EQ(PAGE, traced_in(trace, FLUSHED, phys, PAGE));
	EXPECT_EQ(LEN / 2 + PAGE, traced(trace, FLUSHED));
	free(trace);
	EXPECT_TRUE(filled(memory, LEN, 3));
}

TEST_F(security, s5_samsung_invalidation)
{
	struct pmem_region region = { (unsigned long)&region, PAGE };
	int fd = pmem_open("pmem");
	char *memory = pmem_mmap(fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_ERRNO(EINVAL, ioctl(fd, PMEM_CACHE_INV, &region));
	region = (struct pmem_region){ ~0UL - PAGE, 2 * PAGE };
	EXPECT_ERRNO(EINVAL, ioctl(fd, PMEM_CACHE_INV, &region));
	region = (struct pmem_region){ ~0UL << (sizeof(long) * 8 - 16), PAGE };
	EXPECT_ERRNO(EINVAL, ioctl(fd, PMEM_CACHE_INV, &region));
	region = (struct pmem_region){ (unsigned long)memory, ~0UL };
	EXPECT_ERRNO(EINVAL, ioctl(fd, PMEM_CACHE_INV, &region));
}

/* S6: nobody can see data that others have left, in memory or in garbage pages. */
TEST_F(security, s6_memory_of_the_last_owner)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		size_t len = nodes[i].kind == SYSTEM ? LEN : nodes[i].size;
		int fd = pmem_open(nodes[i].name);
		char *memory = pmem_mmap(fd, len);

		ASSERT_NE(MAP_FAILED, memory);
		fill(memory, len, SECRET);
		ASSERT_EQ(0, munmap(memory, len));
		ASSERT_EQ(0, close(fd));
		fd = pmem_open(nodes[i].name);
		memory = pmem_mmap(fd, len);
		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_TRUE(all_bytes(memory, len, 0)) {
			TH_LOG("%s", nodes[i].name);
		}
		ASSERT_EQ(0, munmap(memory, len));
		ASSERT_EQ(0, close(fd));
	}
}

TEST_F(security, s6_no_channel_through_garbage)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		struct peer first = peer_start(), second = peer_start();
		int master = pmem_open(nodes[i].name), sub;
		long a, b;

		ASSERT_EQ(0, pmem_allocate(master, LEN));
		sub = pmem_sub(nodes[i].name, master);
		a = on(first, do_mmap, peer_give(first, sub), LEN);
		close(sub);
		sub = pmem_sub(nodes[i].name, master);
		b = on(second, do_mmap, peer_give(second, sub), LEN);
		ASSERT_NE(-1, a);
		ASSERT_NE(-1, b);
		on(first, do_fill, a, LEN, SECRET);
		EXPECT_EQ(1, on(second, do_all_bytes, b, LEN, 0));
		peer_end(first);
		EXPECT_EQ(1, on(second, do_all_bytes, b, LEN, 0));
		peer_end(second);
		close(sub);
		close(master);
	}
}

/*
 * The zeros that overwrote old data may still be in a cache, which a write-combined mapping
 * bypasses. So they must have been written back since the last owner. See also birth.
 */
static void leave_secrets(const char *name)
{
	int master = pmem_open(name);
	char *view = pmem_mmap(master, LEN);

	if (view == MAP_FAILED)
		die(name);
	fill(view, LEN, SECRET);
	munmap(view, LEN);
	close(master);
}

TEST_F(security, s6_not_behind_the_cache)
{
	size_t i;

	ASSERT_TRUE(flush_trace_start());
	for (i = 0; i < nr_nodes; i++) {
		char *view, *trace;
		int master;

		free(flush_trace_take());
		leave_secrets(nodes[i].name);
		master = pmem_open_flags(nodes[i].name, O_RDWR | OLD_O_SYNC);
		view = pmem_mmap(master, LEN);
		ASSERT_NE(MAP_FAILED, view);
		trace = flush_trace_take();
		/* Memory that the kernel does not map is never cached. */
		if (strcmp(nodes[i].name, "pmem_audio"))
			EXPECT_LE(LEN, traced_in(trace, FLUSHED, pmem_phys(master).offset, LEN)) {
				TH_LOG("%s", nodes[i].name);
			}
		EXPECT_TRUE(all_bytes(view, LEN, 0));
		free(trace);
		ASSERT_EQ(0, munmap(view, LEN));
		close(master);
	}
	flush_trace_end();
}

/* S7 has its own program: phys. Here: no command returns a kernel pointer. */
TEST_F(security, s7_results_are_0)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		int fd = pmem_open(nodes[i].name), sub;

		EXPECT_EQ(0, pmem_allocate(fd, KiB(64)));
		sub = pmem_open(nodes[i].name);
		EXPECT_EQ(0, pmem_connect(sub, fd));
		EXPECT_EQ(0, pmem_map(sub, 0, PAGE));
		EXPECT_EQ(0, pmem_unmap(sub, 0, PAGE));
		close(sub);
		close(fd);
		fd = pmem_open(nodes[i].name);
		EXPECT_EQ(0, pmem_allocate_aligned(fd, KiB(64), PAGE));
		close(fd);
	}
}

/* S8: vma tests fork, mremap and partial munmap; this combines fork with closing the master. */
static long still_secret(const long *arg)
{
	char *view = (char *)arg[0];

	return filled(view, LEN, SECRET);
}

TEST_F(security, s8_child_after_revocation)
{
	int master = pmem_open("pmem"), sub;
	char *memory = pmem_mmap(master, LEN), *view;
	struct peer child;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, SECRET);
	sub = pmem_sub("pmem", master);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	view = pmem_mmap(sub, LEN);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_TRUE(filled(view, LEN, SECRET));
	child = peer_start_with_files();
	EXPECT_EQ(0, on(child, still_secret, (long)view));
	EXPECT_EQ(0, on(child, still_secret, (long)memory));
	ASSERT_EQ(0, pmem_unmap(sub, 0, LEN));
	EXPECT_EQ(0, on(child, still_secret, (long)view));
	EXPECT_EQ(1, on(child, do_can_write, (long)view));
	EXPECT_TRUE(filled(memory, LEN, SECRET));
}

/* S9: no error path leaves a lock held; two concurrent allocations are one. */
TEST_F(security, s9_errors_leave_no_lock)
{
	static const unsigned int align[] = { 3, 2048, MiB(2) };
	size_t i, node;

	for (node = 0; node < nr_nodes; node++) {
		int fd = pmem_open(nodes[node].name);

		for (i = 0; i < ARRAY_SIZE(align); i++)
			EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(fd, PAGE, align[i]));
		EXPECT_REGION(0, 0, pmem_size(fd));
		EXPECT_EQ(0, pmem_allocate(fd, PAGE));
		EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(fd, PAGE, 3));
		EXPECT_EQ(0, close(fd));
	}
}

static pthread_barrier_t barrier;

static void *thread_allocates(void *arg)
{
	pthread_barrier_wait(&barrier);
	return (void *)(long)pmem_allocate((long)arg, LEN);
}

TEST_F(security, s9_racing_allocations)
{
	int probe = pmem_open("pmem"), round;

	for (round = 0; round < 100; round++) {
		int fd = pmem_open("pmem"), i, done = 0;
		pthread_t threads[4];

		pthread_barrier_init(&barrier, NULL, ARRAY_SIZE(threads));
		for (i = 0; i < (int)ARRAY_SIZE(threads); i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, thread_allocates,
						    (void *)(long)fd));
		for (i = 0; i < (int)ARRAY_SIZE(threads); i++) {
			void *result;

			ASSERT_EQ(0, pthread_join(threads[i], &result));
			done += !result;
		}
		ASSERT_EQ(1, done);
		ASSERT_EQ(MiB(48) - LEN, pmem_free_space(probe).total);
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(MiB(48), pmem_free_space(probe).total);
	}
}

/* S10: without a device that uses them, GPU commands are invalid. */
TEST_F(security, s10_gpu_commands)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		int fd = pmem_open(nodes[i].name), round;

		for (round = 0; round < 2; round++) {
			/* This number is CACHE_FLUSH, which reads its argument. */
			EXPECT_ERRNO(EFAULT, ioctl(fd, HW3D_REVOKE_GPU, 0));
			EXPECT_ERRNO(EINVAL, ioctl(fd, HW3D_GRANT_GPU, 0));
			EXPECT_ERRNO(EINVAL, ioctl(fd, HW3D_WAIT_FOR_INTERRUPT, 0));
			if (!round)
				ASSERT_NE(MAP_FAILED, pmem_mmap(fd, LEN));
		}
	}
	EXPECT_ERRNO(ENOENT, open("/dev/hw3d", O_RDWR));
}

/* S11: growing tables, 16-bit numbers, ends of tables. */
TEST_F(security, s11_hundreds_of_allocations)
{
	enum { COUNT = 600 };
	int fds[COUNT], i;

	for (i = 0; i < COUNT; i++) {
		fds[i] = pmem_open("pmem");
		ASSERT_EQ(0, pmem_allocate(fds[i], PAGE));
	}
	for (i = 0; i < COUNT; i++)
		ASSERT_EQ(PAGE, pmem_size(fds[i]).len);
	for (i = 0; i < COUNT; i++)
		ASSERT_EQ(0, close(fds[(i * 7) % COUNT]));
	EXPECT_TRUE(all_free(true));
}

TEST_F(security, s11_last_quantum)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		int first = pmem_open(nodes[i].name), last = pmem_open(nodes[i].name);
		char *memory;

		if (nodes[i].kind != BITMAP)
			continue;
		ASSERT_EQ(0, pmem_allocate(first, nodes[i].size - PAGE));
		memory = pmem_mmap(last, PAGE);
		ASSERT_NE(MAP_FAILED, memory);
		*memory = 1;
		EXPECT_EQ(0, pmem_free_space(last).total);
		close(first);
		close(last);
		munmap(memory, PAGE);
	}
}

/*
 * S12: with a connected file, a legacy driver gets all of the master, as before; see kernel_api.
 * Modern drivers take a dma-buf, and a connected file cannot be exported.
 */
TEST_F(security, s12_connected_file_is_no_dmabuf)
{
	int master = pmem_open("pmem"), sub;

	ASSERT_NE(MAP_FAILED, pmem_mmap(master, LEN));
	sub = pmem_sub("pmem", master);
	ASSERT_EQ(0, pmem_map(sub, 0, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_export(sub, O_RDWR));
	ASSERT_NE(MAP_FAILED, pmem_mmap(sub, LEN));
	EXPECT_ERRNO(EINVAL, pmem_export(sub, O_RDWR));
	EXPECT_ERRNO(EINVAL, pmem_export(sub, O_RDONLY));
}

/* S13: nothing leaks permanently, and kernel memory is bounded. */
TEST_F(security, s13_self_connection_leaks_nothing)
{
	int probe = pmem_open("pmem"), round;

	for (round = 0; round < 100; round++) {
		int fd = pmem_open("pmem");

		ASSERT_EQ(0, pmem_allocate(fd, LEN));
		EXPECT_ERRNO(EINVAL, pmem_connect(fd, fd));
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_FREE(MiB(48), MiB(48), probe);
}

TEST_F(security, s13_regions_are_bounded)
{
	unsigned long pages = MiB(4) / PAGE, start, len;
	int master = pmem_open("pmem"), sub, error = 0;
	unsigned long count = 0;

	ASSERT_EQ(0, pmem_allocate(master, MiB(4)));
	sub = pmem_sub("pmem", master);
	for (start = 0; start < pages && !error; start++) {
		for (len = 1; start + len <= pages; len++) {
			error = failure(pmem_map(sub, start * PAGE, len * PAGE));
			if (error || ++count == 100000)
				break;
		}
		if (count == 100000)
			break;
	}
	EXPECT_EQ(ENOMEM, error);
	/* Far more than any client used. */
	EXPECT_LE(1000, count);
	/* Recorded regions are unaffected. */
	EXPECT_EQ(0, pmem_unmap(sub, 0, PAGE));
	EXPECT_EQ(0, pmem_map(sub, 0, PAGE));
}

/* Mapping the same region repeatedly neither fails nor uses memory. */
TEST_F(security, s13_repeated_region)
{
	int master = pmem_open("pmem"), sub, round;

	ASSERT_EQ(0, pmem_allocate(master, LEN));
	sub = pmem_sub("pmem", master);
	for (round = 0; round < 10000; round++)
		ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(0, pmem_unmap(sub, 0, LEN));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, LEN));
}

/* S14: results do not contain stale bytes of the kernel stack; see also abi. */
TEST_F(security, s14_no_uninitialised_result)
{
	unsigned char buffer[64], again[64];
	int fd = pmem_open("pmem");

	memset(buffer, 0xcc, sizeof(buffer));
	memset(again, 0x33, sizeof(again));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_SIZE, buffer));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_SIZE, again));
	EXPECT_EQ(0, memcmp(buffer, again, sizeof(struct pmem_region)));
	EXPECT_TRUE(all_bytes(buffer, sizeof(struct pmem_region), 0));
	ASSERT_EQ(0, pmem_allocate(fd, PAGE));
	memset(buffer, 0xcc, sizeof(buffer));
	memset(again, 0x33, sizeof(again));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_SIZE, buffer));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_SIZE, again));
	EXPECT_EQ(0, memcmp(buffer, again, sizeof(struct pmem_region)));
}

/* S14: exhausting a device only affects callers that are refused. */
TEST_F(security, s14_pressure_kills_nobody)
{
	struct peer bystander = peer_start();
	long fd = on(bystander, do_open, (long)"pmem_smipool", O_RDWR);
	long memory;
	int i;

	memory = on(bystander, do_mmap, fd, LEN);
	ASSERT_NE(-1, memory);
	on(bystander, do_fill, memory, LEN, 9);
	for (i = 0; i < 50; i++) {
		int other = pmem_open("pmem_smipool");

		EXPECT_EQ(i < 3 ? 0 : ENOMEM, failure(pmem_allocate(other, LEN)));
	}
	EXPECT_EQ(1, on(bystander, do_filled, memory, LEN, 9));
}

TEST_HARNESS_MAIN
