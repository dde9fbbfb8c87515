// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that use heaps and legacy nodes in all possible ways, killed at random points,
 * thousands of times. New buffers are zero, and all memory is freed. The times are random and the
 * seed is printed, but scheduling differs in each run.
 */
#include <signal.h>

#include <linux/android_pmem.h>
#include <linux/cma_mem.h>

#include "../heap/importer_client.h"
#include "../heap/test.h"

#define WORKERS	6
#define KILLS	600
#define SEED	0x5eed0001

static bool is_zero(const void *memory, size_t len)
{
	return all_bytes(memory, len, 0);
}

/* Allocate, check, dirty, and share a buffer with a device and the kernel. */
static bool use_heap(const char *name, __u32 *state)
{
	size_t len = (1 + next_random(state) % 64) * PAGE;
	int heap = heap_open(name), fd = heap_alloc(heap, len);
	void *memory = buffer_map(fd, len);
	int importer = importer_open();
	int attachment = importer_attach(importer, importer_any_device(importer), fd);
	bool ok = memory != MAP_FAILED && is_zero(memory, len);

	memset(memory, 0xa5, len);
	importer_map(importer, attachment, HEAP_IMPORTER_BOTH);
	importer_vmap(importer, fd);
	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	close(importer);
	munmap(memory, len);
	close(fd);
	close(heap);
	return ok;
}

/* A master, a client in a child, and changing regions. */
static bool use_pmem(const char *path, __u32 *state)
{
	size_t len = (1 + next_random(state) % 64) * PAGE;
	struct pmem_region region = { 0, PAGE };
	int master = open(path, O_RDWR | O_CLOEXEC), sub = open(path, O_RDWR | O_CLOEXEC);
	char *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, master, 0), *view;
	bool ok = memory != MAP_FAILED && is_zero(memory, len);
	struct pmem_dmabuf export = { .fd_flags = O_RDWR | O_CLOEXEC };

	if (!ok)
		return false;
	memset(memory, 0x5a, len);
	ioctl(sub, PMEM_CONNECT, master);
	view = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, sub, 0);
	if (view != MAP_FAILED) {
		ioctl(sub, PMEM_MAP, &region);
		view[0] = 1;
		ioctl(sub, PMEM_UNMAP, &region);
		ok = view[0] == 0;
		munmap(view, len);
	}
	if (!ioctl(master, PMEM_EXPORT_DMABUF, &export))
		close(export.fd);
	munmap(memory, len);
	close(sub);
	close(master);
	return ok;
}

static bool use_cma_mem(__u32 *state)
{
	size_t len = (1 + next_random(state) % 64) * PAGE;
	struct mem_block block = { .name = "killed", .len = len };
	int fd = open("/dev/cma_mem", O_RDWR | O_CLOEXEC);
	bool ok = !ioctl(fd, CMEM_ALLOCATE, &block) && is_zero((void *)block.mem_base, len);

	if (ok) {
		memset((void *)block.mem_base, 0x77, len);
		ok = !ioctl(fd, CMEM_UNMAP, &block);
	}
	close(fd);
	return ok;
}

/* Runs until it is killed; exits only on errors. */
static void work(__u32 seed)
{
	static const char *const heap[] = {
		"adsp", "adsp-uncached", "mdp", "audio-uncached", "video", "default_cma_region",
		"system-dma32", "system-uncached",
	};
	static const char *const node[] = {
		"/dev/pmem", "/dev/pmem_audio", "/dev/pmem_cma", "/dev/pmem_adsp",
	};
	__u32 state = seed | 1;
	bool ok = true;

	while (ok) {
		switch (next_random(&state) % 4) {
		case 0:
		case 1:
			ok = use_heap(heap[next_random(&state) % ARRAY_SIZE(heap)], &state);
			break;
		case 2:
			ok = use_pmem(node[next_random(&state) % ARRAY_SIZE(node)], &state);
			break;
		default:
			ok = use_cma_mem(&state);
		}
	}
	_exit(1);
}

static pid_t spawn(__u32 seed)
{
	pid_t pid = fork();

	if (!pid)
		work(seed);
	return pid;
}

TEST(a_thousand_killed)
{
	__u32 state = SEED;
	pid_t pid[WORKERS];
	int kills = rounds(KILLS), i, status;

	for (i = 0; i < WORKERS; i++) {
		pid[i] = spawn(next_random(&state));
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < kills; i++) {
		int victim = next_random(&state) % WORKERS;

		usleep(next_random(&state) % 4000);
		ASSERT_EQ(0, kill(pid[victim], SIGKILL));
		ASSERT_EQ(pid[victim], waitpid(pid[victim], &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status)) {
			TH_LOG("a worker found memory that was not zero, or a call failed");
		}
		pid[victim] = spawn(next_random(&state));
		ASSERT_LT(0, pid[victim]);
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(0, kill(pid[i], SIGKILL));
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	TH_LOG("%d processes killed, seed %#x", kills + WORKERS, SEED);
}

TEST_HARNESS_MAIN
