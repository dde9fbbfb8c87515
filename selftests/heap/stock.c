// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zeroing in advance: memory that the background thread has zeroed is handed out without more
 * work, even for uncached access; and allocations never wait for the thread.
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "../flush_trace.h"
#include "test.h"

#define LEN	MiB(4)

HEAP_FIXTURE(stock);

/* When a device that writes maps a buffer, the DMA API of 32-bit ARM invalidates cache lines. */
static bool map_discards(void)
{
	struct utsname kernel;

	return !uname(&kernel) && !strncmp(kernel.machine, "armv7", strlen("armv7"));
}

/*
 * Leave dirty data, possibly in caches, in the largest buffer that the heap can allocate. Returns
 * its size.
 */
static size_t leave_secrets(int heap)
{
	size_t len = heap_query(heap).largest;
	int fd = -1;

	/* The free memory of a CMA area is only an estimate. */
	while (fd < 0 && len >= LEN) {
		fd = heap_alloc(heap, len);
		if (fd < 0)
			len = len / 2 / PAGE * PAGE;
	}
	if (fd < 0)
		die("the heap is full");
	if (!buffer_soil(fd, len))
		die("mmap");
	close(fd);
	return len;
}

/* No matter when the memory was zeroed, all of it was written back since the last owner. */
static void expect_zeros_in_memory(struct __test_metadata *_metadata, int heap, __u32 flags,
				   bool wait)
{
	char *trace;
	size_t len;
	int fd;

	ASSERT_TRUE(flush_trace_start());
	len = leave_secrets(heap);
	if (wait)
		heap_wait_clean(heap);
	fd = heap_alloc(heap, len);
	trace = flush_trace_take();
	flush_trace_end();
	EXPECT_LE(0, fd);
	/* Memory that the kernel does not map is never cached. */
	if (!(flags & CONTIG_HEAP_F_NO_MAP) &&
	    (flags & CONTIG_HEAP_F_UNCACHED || map_discards()))
		EXPECT_LE(len, traced(trace, FLUSHED));
	free(trace);
	close(fd);
}

TEST_F(stock, zeros_of_the_background_have_reached_memory)
{
	expect_zeros_in_memory(_metadata, self->heap, variant->flags, true);
}

TEST_F(stock, zeros_in_a_hurry_have_reached_memory)
{
	expect_zeros_in_memory(_metadata, self->heap, variant->flags, false);
}

TEST(clean_memory_costs_nothing_at_birth)
{
	int heap = heap_open("adsp-uncached"), fd;
	char *trace;

	leave_secrets(heap);
	heap_wait_clean(heap);
	ASSERT_TRUE(flush_trace_start());
	fd = heap_alloc(heap, LEN);
	trace = flush_trace_take();
	flush_trace_end();
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, traced(trace, FLUSHED));
	EXPECT_EQ(0, traced(trace, CLEANED));
	free(trace);
	close(fd);
	close(heap);
}

/* Count occurrences of an arm64 instruction, ignoring its register (the lowest five bits). */
static int instructions(const __u32 *file, size_t len, __u32 instruction)
{
	size_t i;
	int n = 0;

	for (i = 0; i < len / sizeof(*file); i++)
		n += (file[i] & ~0x1fU) == instruction;
	return n;
}

/*
 * If lines are first cleaned and later invalidated, writes of other processors in between are
 * lost. No emulator shows that; so check that the module has no instruction that invalidates
 * without cleaning.
 */
TEST(lines_are_dropped_as_they_are_written_back)
{
	const __u32 ivac = 0xd5087620, cvac = 0xd50b7a20, civac = 0xd50b7e20;
	struct utsname kernel;
	struct stat file;
	char *path;
	void *text;
	int fd;

	ASSERT_EQ(0, uname(&kernel));
	if (strcmp(kernel.machine, "aarch64"))
		SKIP(return, "other instructions");
	path = format("/lib/modules/%s/updates/contig_heaps.ko", kernel.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, fstat(fd, &file));
	text = mmap(NULL, file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, text);
	EXPECT_LT(0, instructions(text, file.st_size, civac));
	EXPECT_LT(0, instructions(text, file.st_size, cvac));
	EXPECT_EQ(0, instructions(text, file.st_size, ivac));
	/* Nor does it call the function of the kernel, which many kernels lack. */
	EXPECT_EQ(NULL, memmem(text, file.st_size, "arch_invalidate_pmem", 20));
	EXPECT_EQ(NULL, memmem(text, file.st_size, "arch_wb_cache_pmem", 18));
	munmap(text, file.st_size);
	close(fd);
	free(path);
}

/* The thread that zeroes the memory of a region; some kernels truncate its name. */
static pid_t find_thread(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t pid = 0;

	while (proc && !pid && (entry = readdir(proc))) {
		char *path = format("/proc/%s/comm", entry->d_name);
		char *comm = read_text(path);

		if (comm && strlen(comm) > 14 && !strncmp(comm, name, strlen(comm) - 1))
			pid = atoi(entry->d_name);
		free(comm);
		free(path);
	}
	closedir(proc);
	return pid;
}

/* A release wakes the thread: it must not preempt the caller. */
TEST(the_background_runs_when_nothing_else_does)
{
	pid_t pid = find_thread("contig_zero/adsp");

	ASSERT_LT(0, pid);
	EXPECT_EQ(SCHED_IDLE, sched_getscheduler(pid));
}

static long slept(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_nvcsw;
}

/* On such kernels, locks can sleep. */
static bool is_real_time_kernel(void)
{
	return !access("/sys/kernel/realtime", F_OK);
}

/*
 * A high-priority task wants the memory that the thread is zeroing, while other tasks prevent the
 * thread from running. If the task waited, it would wait for long. So it must never sleep.
 */
TEST(allocation_waits_for_nobody)
{
	struct sched_param high = { .sched_priority = 10 };
	int heap = heap_open("adsp"), i, times = rounds(300);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t len = heap_query(heap).total;
	__u32 state = 0x5eed;
	pid_t busy[16];
	long sleeps = 0;

	if (is_real_time_kernel())
		SKIP(return, "locks sleep on this kernel");
	ASSERT_LE(2 * cpus, (long)ARRAY_SIZE(busy));
	for (i = 0; i < 2 * cpus; i++)
		busy[i] = spawn_busy();
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &high));
	for (i = 0; i < times; i++) {
		long before;
		int fd;

		close(heap_alloc(heap, len));
		/* Let the thread start at a random place. */
		usleep(1000 + next_random(&state) % 9000);
		before = slept();
		fd = heap_alloc(heap, len);
		sleeps += slept() - before;
		EXPECT_LE(0, fd);
		close(fd);
	}
	EXPECT_EQ(0, sleeps);
	high.sched_priority = 0;
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &high));
	for (i = 0; i < 2 * cpus; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
	close(heap);
}

TEST_HARNESS_MAIN
