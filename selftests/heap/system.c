// SPDX-License-Identifier: GPL-2.0-only
/* Heaps of system memory: what programs and devices get, and how much remains. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../flush_trace.h"
#include "../kernel_log.h"
#include "importer_client.h"
#include "test.h"

#define TRACING	"/sys/kernel/tracing/"
#define ALLOC	TRACING "events/contig_heaps/contig_alloc/"

/* Requires one block of every power of two up to 7 MiB, smaller ones last. */
#define LEN	(MiB(7) + 31 * PAGE)

FIXTURE(memory) {
	int heap;
	int importer;
};

FIXTURE_VARIANT(memory) {
	const char *name;
	bool uncached;
	bool low;
};

/* x86 has no uncached heaps, and "system" is the kernel's own. */
#ifndef __x86_64__
FIXTURE_VARIANT_ADD(memory, any) {
	.name = "system",
};

FIXTURE_VARIANT_ADD(memory, uncached) {
	.name = "system-uncached",
	.uncached = true,
};

FIXTURE_VARIANT_ADD(memory, low_uncached) {
	.name = "system-uncached-dma32",
	.uncached = true,
	.low = true,
};
#endif

FIXTURE_VARIANT_ADD(memory, low) {
	.name = "system-dma32",
	.low = true,
};

FIXTURE_SETUP(memory)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->importer);
	close(self->heap);
}

/* Only 32-bit kernels have that line. */
static bool has_high_memory(void)
{
	char *text = read_text("/proc/meminfo");
	char *line = text ? strstr(text, "HighTotal:") : NULL;
	bool has = line && atol(line + strlen("HighTotal:"));

	free(text);
	return has;
}

/* It takes a while until freed pages are counted. */
static void wait_for_memory(long available)
{
	while (available_memory() < available - (long)(MiB(24) >> 10))
		usleep(10000);
}

static bool keeps(int fd, size_t len, __u32 seed)
{
	void *memory = buffer_map(fd, len);
	bool same;

	if (memory == MAP_FAILED)
		return false;
	fill(memory, len, seed);
	munmap(memory, len);
	memory = buffer_map(fd, len);
	same = memory != MAP_FAILED && filled(memory, len, seed);
	munmap(memory, len);
	return same;
}

TEST_F(memory, tells_what_it_is)
{
	__u32 flags = CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE |
		      (variant->uncached ? CONTIG_HEAP_F_UNCACHED : 0);
	struct contig_heap_query query = heap_query(self->heap);
	__u64 all = (__u64)meminfo("MemTotal:") << 10;

	EXPECT_EQ(flags, query.flags);
	EXPECT_EQ(PAGE, query.quantum);
	EXPECT_LT(0, query.free);
	EXPECT_LE(query.free, query.total);
	EXPECT_EQ(query.free, query.largest);
	EXPECT_LE(query.dirty, query.free);
	EXPECT_EQ(0, query.buffers);
	EXPECT_LE(query.total, all);
	/* The remaining memory is in high memory, or above 4 GiB. */
	if (!variant->low && !has_high_memory())
		EXPECT_EQ(all, query.total);
}

TEST_F(memory, figures_follow_buffers)
{
	struct contig_heap_query before = heap_query(self->heap), with;
	int fd = heap_alloc(self->heap, MiB(128));

	ASSERT_LE(0, fd);
	with = heap_query(self->heap);
	EXPECT_EQ(1, with.buffers);
	EXPECT_LT(with.free, before.free - MiB(64));
	EXPECT_EQ(before.total, with.total);
}

TEST_F(memory, of_any_size)
{
	const size_t len[] = {
		1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, KiB(64), KiB(64) + PAGE, MiB(1) - 1,
		MiB(2), MiB(2) + PAGE, LEN, MiB(33), MiB(192),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		int fd = heap_alloc(self->heap, len[i]);
		size_t size = (len[i] + PAGE - 1) / PAGE * PAGE;

		ASSERT_LE(0, fd);
		EXPECT_EQ(size, buffer_size(fd));
		EXPECT_TRUE(buffer_is_zero(fd, size));
		EXPECT_TRUE(keeps(fd, size, i));
		close(fd);
	}
}

/* Large parts of all memory, so that some pages are used again. */
TEST_F(memory, is_zero_again)
{
	int round;

	for (round = 0; round < 4; round++) {
		size_t len = heap_query(self->heap).free / 3 / MiB(1) * MiB(1);
		int fd = heap_alloc(self->heap, len);

		EXPECT_TRUE(buffer_is_zero(fd, len));
		ASSERT_TRUE(buffer_soil(fd, len));
		close(fd);
	}
}

/* When a device that writes maps a buffer, a 32-bit kernel invalidates cache lines. */
static bool mapping_discards(void)
{
	struct utsname kernel;

	return !uname(&kernel) && !strncmp(kernel.machine, "armv7", strlen("armv7"));
}

/* The zeros of an uncached buffer must be in memory; those of a cached one may be in caches. */
TEST_F(memory, zeros_reach_memory)
{
	char *trace;
	int fd;

#ifdef __x86_64__
	SKIP(return, "no caches to go around");
#endif
	/* Nothing was written back before, and no zeroing is in progress. */
	heap_wait_clean(self->heap);
	heap_wait_clean(heap_open("system-dma32"));
	ASSERT_TRUE(write_text("/proc/sys/vm/drop_caches", "2"));
	ASSERT_TRUE(flush_trace_start());
	fd = heap_alloc(self->heap, LEN);
	trace = flush_trace_take();
	flush_trace_end();
	ASSERT_LE(0, fd);
	EXPECT_EQ(variant->uncached || mapping_discards() ? LEN : 0,
		  traced_in(trace, FLUSHED, 0, ~0ULL));
	free(trace);
}

TEST_F(memory, absurd_sizes)
{
	const __u64 none[] = { 0, UINT64_MAX, UINT64_MAX - PAGE + 2 };
	__u64 total = heap_query(self->heap).total;
	const __u64 much[] = {
		UINT64_MAX - PAGE + 1, 1ULL << 63, 1ULL << 62, 1ULL << 47, 1ULL << 44,
		(1ULL << 44) + PAGE, (1ULL << 40), total + 1, total, total - total / 64,
	};
	long kills = vm_count("oom_kill"), faults = vm_count("allocstall_normal");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_ERRNO(EINVAL, heap_alloc(self->heap, none[i]));
	log_clear();
	for (i = 0; i < ARRAY_SIZE(much); i++)
		EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, much[i]));
	/* No process was killed for an impossible request. */
	EXPECT_EQ(kills, vm_count("oom_kill"));
	EXPECT_EQ(faults, vm_count("allocstall_normal"));
	EXPECT_FALSE(log_has("allocation failure"));
	EXPECT_EQ(0, heap_query(self->heap).buffers);
}

#define MANY	4096

struct buffers {
	int fd[MANY];
	int count;
};

static void take_all(int heap, size_t len, struct buffers *all)
{
	while (all->count < MANY) {
		int fd = heap_alloc(heap, len);

		if (fd < 0)
			return;
		all->fd[all->count++] = fd;
	}
}

static void give_back(struct buffers *all)
{
	while (all->count)
		close(all->fd[--all->count]);
}

static bool more_files(void)
{
	struct rlimit files = { 3 * MANY, 3 * MANY };

	return !setrlimit(RLIMIT_NOFILE, &files);
}

TEST_F(memory, all_there_is_and_back)
{
	static struct buffers all;
	__u64 had = heap_query(self->heap).free;
	long kills = vm_count("oom_kill"), before = available_memory();

	if (variant->uncached)
		SKIP(return, "it is the memory of the cached heap");
	ASSERT_TRUE(more_files());
	log_clear();
	take_all(self->heap, MiB(32), &all);
	ASSERT_LT(all.count, MANY);
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_LT(had / 2, (__u64)all.count * MiB(32));
	take_all(self->heap, MiB(1), &all);
	ASSERT_LT(all.count, MANY);
	EXPECT_EQ(ENOMEM, errno);
	/* The last buffer is zero, like the first one. */
	EXPECT_TRUE(buffer_is_zero(all.fd[all.count - 1], MiB(1)));
	EXPECT_EQ(all.count, (int)heap_query(self->heap).buffers);
	give_back(&all);
	EXPECT_EQ(0, heap_query(self->heap).buffers);
	wait_for_memory(before);
	EXPECT_EQ(kills, vm_count("oom_kill"));
	EXPECT_FALSE(log_has("allocation failure"));
	EXPECT_FALSE(log_has("Out of memory"));
}

#define WORKERS	4

/* Allocate as much as possible, report that, and hold it until the parent says so. */
static void take_and_hold(int heap, int full, int until)
{
	static struct buffers all;
	char end;

	take_all(heap, MiB(8), &all);
	if (errno != ENOMEM || all.count == MANY || write(full, "", 1) != 1)
		_exit(1);
	_exit(read(until, &end, 1) ? 1 : 0);
}

/* Several race for the last memory: each gets ENOMEM, and the OOM killer kills none. */
TEST_F(memory, all_there_is_by_several_at_once)
{
	long kills = vm_count("oom_kill"), before = available_memory();
	__u64 had = heap_query(self->heap).free;
	int full[2], until[2], status, i;
	pid_t pid[WORKERS];
	char byte;

	if (variant->uncached)
		SKIP(return, "it is the memory of the cached heap");
	ASSERT_TRUE(more_files());
	log_clear();
	ASSERT_EQ(0, pipe(full));
	ASSERT_EQ(0, pipe(until));
	for (i = 0; i < WORKERS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			close(until[1]);
			take_and_hold(self->heap, full[1], until[0]);
		}
	}
	close(full[1]);
	for (i = 0; i < WORKERS; i++)
		EXPECT_EQ(1, read(full[0], &byte, 1));
	EXPECT_LT(had / 2, heap_query(self->heap).buffers * (__u64)MiB(8));
	close(until[1]);
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(0, heap_query(self->heap).buffers);
	wait_for_memory(before);
	EXPECT_EQ(kills, vm_count("oom_kill"));
	EXPECT_FALSE(log_has("allocation failure"));
	EXPECT_FALSE(log_has("Out of memory"));
}

/* Map it for a device; returns the number of segments, after checking their limits. */
static int segments(int importer, int attachment, size_t size, bool low)
{
	int count = importer_map(importer, attachment, HEAP_IMPORTER_BOTH), i;
	__u64 address, len, sum = 0;

	for (i = 0; i < count; i++) {
		if (importer_segment(importer, attachment, i, &address, &len))
			return -1;
		if (low && address + len > 1ULL << 32)
			return -1;
		if (len % PAGE || address % PAGE)
			return -1;
		sum += len;
	}
	return sum == size ? count : -1;
}

static bool device_and_cpu_agree(int importer, int attachment, int fd, size_t len)
{
	void *memory = buffer_map(fd, len), *copy = malloc(len);
	bool good = memory != MAP_FAILED;

	good = good && !buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	fill(memory, len, 1);
	good = good && !buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	good = good && !importer_dma_read(importer, attachment, 0, copy, len) &&
	       filled(copy, len, 1);
	fill(copy, len, 2);
	good = good && !importer_dma_write(importer, attachment, 0, copy, len);
	good = good && !buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	good = good && filled(memory, len, 2);
	good = good && !buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	free(copy);
	munmap(memory, len);
	return good;
}

static bool kernel_and_cpu_agree(int importer, int fd, size_t len)
{
	void *memory = buffer_map(fd, len), *copy = malloc(len);
	int vmap = importer_vmap(importer, fd);
	bool good = memory != MAP_FAILED && vmap >= 0;

	if (good) {
		fill(memory, len, 3);
		good = !importer_kernel_read(importer, vmap, 0, copy, len) &&
		       filled(copy, len, 3);
		fill(copy, len, 4);
		good = good && !importer_kernel_write(importer, vmap, 0, copy, len) &&
		       filled(memory, len, 4) && !importer_vunmap(importer, vmap);
	}
	free(copy);
	munmap(memory, len);
	return good;
}

TEST_F(memory, device)
{
	int fd = heap_alloc(self->heap, LEN), device, attachment;

	ASSERT_LE(0, fd);
	device = importer_any_device(self->importer);
	attachment = importer_attach(self->importer, device, fd);
	ASSERT_LE(0, attachment);
	ASSERT_LT(0, segments(self->importer, attachment, LEN, variant->low));
	EXPECT_TRUE(device_and_cpu_agree(self->importer, attachment, fd, LEN));
}

TEST_F(memory, device_with_limits)
{
	int fd = heap_alloc(self->heap, LEN), device, attachment, count, i;
	__u64 address, len;

	ASSERT_LE(0, fd);
	device = importer_device(self->importer, ANY_ADDRESS, KiB(64), KiB(64) - 1);
	attachment = importer_attach(self->importer, device, fd);
	ASSERT_LE(0, attachment);
	count = segments(self->importer, attachment, LEN, variant->low);
	ASSERT_LE((int)(LEN / KiB(64)), count);
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, importer_segment(self->importer, attachment, i, &address, &len));
		EXPECT_EQ(address / KiB(64), (address + len - 1) / KiB(64));
	}
	EXPECT_TRUE(device_and_cpu_agree(self->importer, attachment, fd, LEN));
}

TEST_F(memory, kernel)
{
	int fd = heap_alloc(self->heap, LEN), single = heap_alloc(self->heap, PAGE);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, single);
	EXPECT_TRUE(kernel_and_cpu_agree(self->importer, fd, LEN));
	EXPECT_TRUE(kernel_and_cpu_agree(self->importer, single, PAGE));
}

/* Write the page number to each page. */
static void number(char *memory, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		fill(memory + at, PAGE, at / PAGE);
}

static bool shows(const char *memory, size_t first, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		if (!filled(memory + at, PAGE, (first + at) / PAGE))
			return false;
	return true;
}

TEST_F(memory, parts_of_a_mapping)
{
	int fd = heap_alloc(self->heap, LEN), status;
	char *memory = buffer_map(fd, LEN), *part, *room, *moved;
	size_t offset;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, memory);
	number(memory, LEN);
	/* Across every possible edge between two blocks. */
	for (offset = PAGE; offset <= LEN - 3 * PAGE;
	     offset += offset < MiB(6) ? KiB(256) : PAGE) {
		part = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, offset - PAGE);
		ASSERT_NE(MAP_FAILED, part);
		EXPECT_TRUE(shows(part, offset - PAGE, 3 * PAGE));
		munmap(part, 3 * PAGE);
	}
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, LEN - PAGE));
	EXPECT_EQ(EINVAL, errno);

	ASSERT_EQ(0, munmap(memory + MiB(1) + PAGE, MiB(1)));
	EXPECT_TRUE(shows(memory, 0, MiB(1) + PAGE));
	EXPECT_TRUE(shows(memory + MiB(2) + PAGE, MiB(2) + PAGE, LEN - MiB(2) - PAGE));
	room = mmap(NULL, MiB(4), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	moved = mremap(memory + MiB(3), MiB(4), MiB(4), MREMAP_MAYMOVE | MREMAP_FIXED, room);
	ASSERT_EQ(room, moved);
	EXPECT_TRUE(shows(moved, MiB(3), MiB(4)));
	EXPECT_EQ(MAP_FAILED, mremap(moved, MiB(4), MiB(8), MREMAP_MAYMOVE));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!shows(moved, MiB(3), MiB(4)))
			_exit(1);
		fill(moved, PAGE, 77);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(filled(moved, PAGE, 77));
	munmap(moved, MiB(4));
}

/* At an address where whole PMDs fit: some pages fault, all contents are right. */
TEST_F(memory, aligned_mapping)
{
	const size_t len = MiB(40) + 5 * PAGE, align = MiB(32);
	int fd = heap_alloc(self->heap, len);
	char *room = mmap(NULL, len + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory;

	ASSERT_NE(MAP_FAILED, room);
	memory = mmap((void *)(((unsigned long)room + align - 1) & -align), len,
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	number(memory, len);
	EXPECT_TRUE(shows(memory, 0, len));
	/* Split what may be one entry. */
	ASSERT_EQ(0, munmap(memory + MiB(3), PAGE));
	EXPECT_TRUE(shows(memory, 0, MiB(3)));
	EXPECT_TRUE(shows(memory + MiB(3) + PAGE, MiB(3) + PAGE, len - MiB(3) - PAGE));
	munmap(room, len + align);
	EXPECT_TRUE(keeps(fd, len, 6));
}

TEST_F(memory, has_no_place)
{
	int fd = heap_alloc(self->heap, PAGE), same;
	__u64 phase;

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EOPNOTSUPP, buffer_place(self->heap, fd, PAGE, &phase));
	EXPECT_ERRNO(EINVAL, buffer_place(self->heap, fd, 3, &phase));
	EXPECT_ERRNO(EOPNOTSUPP, heap_alloc_aligned(self->heap, MiB(2), MiB(2)));
	EXPECT_ERRNO(EOPNOTSUPP, heap_alloc_aligned(self->heap, PAGE, 1ULL << 40));
	EXPECT_ERRNO(EINVAL, heap_alloc_aligned(self->heap, PAGE, 3));
	same = heap_alloc_aligned(self->heap, PAGE, PAGE);
	EXPECT_LE(0, same);
}

TEST_F(memory, sync_of_a_part)
{
	int fd = heap_alloc(self->heap, LEN), attachment;
	const __u32 both = DMA_BUF_SYNC_RW;

	ASSERT_LE(0, fd);
	attachment = importer_attach(self->importer, importer_any_device(self->importer), fd);
	ASSERT_LT(0, importer_map(self->importer, attachment, HEAP_IMPORTER_BOTH));
	EXPECT_EQ(0, buffer_sync_range(self->heap, fd, MiB(2) - 5, MiB(4), both));
	EXPECT_EQ(0, buffer_sync_range(self->heap, fd, LEN - 1, 1, both | DMA_BUF_SYNC_END));
	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, fd, LEN, 1, both));
	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, fd, 1, LEN, both));
}

/* Killed during an allocation, at many points. */
TEST_F(memory, fatal_signal)
{
	long before = available_memory();
	bool seen = false;
	int i;

	ASSERT_TRUE(write_text(ALLOC "enable", "1"));
	ASSERT_TRUE(write_text(TRACING "trace", ""));
	for (i = 0; !seen; i++) {
		__u64 len = heap_query(self->heap).free * 3 / 4;
		int go[2], status;
		char *trace;
		pid_t pid;

		ASSERT_EQ(0, pipe(go));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (write(go[1], "", 1) != 1)
				_exit(1);
			for (;;)
				close(heap_alloc(self->heap, len));
		}
		ASSERT_EQ(1, read(go[0], &status, 1));
		usleep(1000 * (i % 50));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
		close(go[0]);
		close(go[1]);
		while (heap_query(self->heap).buffers)
			usleep(1000);
		trace = read_text(TRACING "trace");
		seen = trace && strstr(trace, " ret=-4");
		free(trace);
	}
	wait_for_memory(before);
	EXPECT_TRUE(write_text(ALLOC "enable", "0"));
}

/* Nothing readable has addresses. */
TEST_F(memory, in_debugfs)
{
	const char *folder = "/sys/kernel/debug/contig_heaps";
	char *path = format("%s/system%s/buffers", folder, variant->low ? "-dma32" : "");
	int fd = heap_alloc(self->heap, LEN);
	unsigned long long offset = 1, size = 0;
	char *text, *line, *map;

	ASSERT_LE(0, fd);
	text = read_text(path);
	ASSERT_NE(NULL, text);
	line = strchr(text, '\n');
	ASSERT_NE(NULL, line);
	ASSERT_EQ(2, sscanf(line, "%llu %llu", &offset, &size));
	EXPECT_EQ(0, offset);
	EXPECT_EQ(LEN, size);
	EXPECT_NE(NULL, strstr(line, variant->name));
	map = format("%s/system%s/map", folder, variant->low ? "-dma32" : "");
	EXPECT_EQ(-1, access(map, F_OK));
	free(text);
	free(path);
	free(map);
}

#define GROUPS	"/tmp/groups"
#define GROUP	GROUPS "/system-heap"

/* Create a control group with @limit; false if the kernel has no memory controller. */
static bool make_group(const char *limit)
{
	mkdir("/tmp", 0755);
	mkdir(GROUPS, 0755);
	if (mount("none", GROUPS, "cgroup2", 0, NULL) ||
	    !write_text(GROUPS "/cgroup.subtree_control", "+memory"))
		return false;
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		return false;
	return write_text(GROUP "/memory.max", limit);
}

static void remove_group(void)
{
	rmdir(GROUP);
	umount(GROUPS);
}

static __u64 charged(void)
{
	char *text = read_text(GROUP "/memory.current");
	__u64 bytes = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return bytes;
}

static int allocate_in_group(int heap)
{
	char *pid = format("%d", getpid());
	int fd;

	if (!write_text(GROUP "/cgroup.procs", pid))
		return 1;
	fd = heap_alloc(heap, MiB(24));
	if (fd < 0 || charged() < MiB(24))
		return 2;
	if (heap_alloc(heap, MiB(100)) != -1 || errno != ENOMEM)
		return 3;
	close(fd);
	while (charged() > MiB(8))
		usleep(10000);
	fd = heap_alloc(heap, MiB(40));
	return fd < 0 ? 4 : 0;
}

TEST_F(memory, is_charged_to_who_allocates)
{
	long kills = vm_count("oom_kill");
	int status;
	pid_t pid;

	if (!make_group("67108864")) {
		remove_group();
		SKIP(return, "no memory cgroups");
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(allocate_in_group(self->heap));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	remove_group();
	EXPECT_EQ(0, status);
	EXPECT_EQ(kills, vm_count("oom_kill"));
}

TEST_HARNESS_MAIN
