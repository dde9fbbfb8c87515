// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a buffer on our heaps and the kernel's, in one boot, in guest instructions.
 *
 * Prints CSV: the operation, heap, number of bytes, the instructions for which the caller waited,
 * and the machine's total. "report" makes a table of it. Must run on the board of board.dtso with
 * -icount: see run.
 *
 * Limitations: without caches, a memory access costs as much as any instruction. Work that RCU
 * defers is not counted; the dma-buf core causes it equally for all heaps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/android_pmem.h>
#include <linux/contig_heap.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

#include "../../userspace/lib/dmaheap.h"
#include "../heap/importer_client.h"
#include "measure.h"

#define PAGE		KiB(4)
#define HUGE		MiB(2)
#define CARVEOUT	"adsp"
#define AREA		"default_cma_region"
#define SYSTEM		"system-dma32"
#define PMEM_NODE	"/dev/pmem_adsp"

/*
 * The carveout, its twin, the default CMA area as our heap and as the kernel's, and likewise
 * system memory; here, "system" is the kernel's heap.
 */
static const char * const heaps[] = {
	CARVEOUT, CARVEOUT "-uncached", AREA, "reserved", SYSTEM, "system",
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

static int carveout, area, pages;

static int heap_open(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static int try_alloc(int heap, size_t len)
{
	struct dma_heap_allocation_data data = {
		.len = len, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	return ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) ? -1 : (int)data.fd;
}

static int alloc(int heap, size_t len)
{
	int fd = try_alloc(heap, len);

	if (fd < 0)
		die("DMA_HEAP_IOCTL_ALLOC");
	return fd;
}

static int alloc_huge(int heap, size_t len)
{
	struct contig_heap_alloc data = {
		.len = len, .align = HUGE, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (ioctl(heap, CONTIG_HEAP_IOCTL_ALLOC, &data))
		die("CONTIG_HEAP_IOCTL_ALLOC");
	return data.fd;
}

static void *map_near(void *hint, int fd, size_t len)
{
	void *view = mmap(hint, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (view == MAP_FAILED)
		die("mmap");
	return view;
}

static void *map(int fd, size_t len)
{
	return map_near(NULL, fd, len);
}

/* Free address space that starts one page after a PMD boundary. */
static void *skewed_space(size_t len)
{
	char *space = mmap(NULL, len + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (space == MAP_FAILED)
		die("reserving addresses");
	munmap(space, len + 2 * HUGE);
	return (char *)(((uintptr_t)space + HUGE - 1) & ~(HUGE - 1)) + PAGE;
}

static void touch(volatile char *view, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE)
		view[i] = 1;
}

static uint64_t dirty(int heap)
{
	struct contig_heap_query query;

	if (ioctl(heap, CONTIG_HEAP_IOCTL_QUERY, &query))
		die("CONTIG_HEAP_IOCTL_QUERY");
	return query.dirty;
}

/* Wait until all our memory is zero and the threads sleep. */
static void settle(void)
{
	do {
		usleep(2000);
	} while (dirty(carveout) || dirty(area) || dirty(pages));
	usleep(2000);
}

static void set(const char *heap, const char *attribute, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/contig_heap/%s/%s", heap, attribute);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

/* Permit the heap to keep all of the area, until this program trims it. */
static void keep_area(void)
{
	set(AREA, "held_max", "128M");
	set(AREA, "keep", "0");
}

/* Free the system memory that a heap keeps. */
static void cool(const char *heap)
{
	set(heap, "held", "0");
}

/* --- life cycle of a buffer */

enum step { ALLOC, MAP, TOUCH, UNMAP, FREE, STEPS };

static const char * const step_names[STEPS] = { "alloc", "mmap", "touch", "munmap", "free" };

/*
 * SKEWED is the worst case of mmap(): the address permits only single pages. COLD is a buffer
 * whose pages come from the kernel and return to it, which is included.
 */
enum way { PLAIN, SKEWED, COLD, LIBRARY, PMEM };

static const char * const way_names[] = { "plain", "skewed", "cold", "library", "pmem" };

static void live(int heap, size_t len, enum way way, uint64_t cost[STEPS])
{
	char *hint = way == SKEWED ? skewed_space(len) : NULL;
	uint64_t start = now();
	int fd = way == SKEWED ? alloc_huge(heap, len) : alloc(heap, len);
	void *view;

	cost[ALLOC] = spent_since(start);
	start = now();
	view = map_near(hint, fd, len);
	cost[MAP] = spent_since(start);
	start = now();
	touch(view, len);
	cost[TOUCH] = spent_since(start);
	start = now();
	munmap(view, len);
	cost[UNMAP] = spent_since(start);
	start = now();
	close(fd);
	cost[FREE] = spent_since(start);
}

static void live_in_library(struct dmaheap *heap, size_t len, uint64_t cost[STEPS])
{
	struct dmaheap_buffer *buffer;
	uint64_t start = now();
	void *view;

	if (dmaheap_alloc(heap, len, NULL, &buffer))
		die("dmaheap_alloc");
	cost[ALLOC] = spent_since(start);
	start = now();
	if (dmaheap_buffer_map(buffer, &view))
		die("dmaheap_buffer_map");
	cost[MAP] = spent_since(start);
	start = now();
	touch(view, len);
	cost[TOUCH] = spent_since(start);
	start = now();
	dmaheap_buffer_unmap(buffer);
	cost[UNMAP] = spent_since(start);
	start = now();
	dmaheap_buffer_unref(buffer);
	cost[FREE] = spent_since(start);
}

static void live_pmem(size_t len, uint64_t cost[STEPS])
{
	uint64_t start = now();
	int fd = open(PMEM_NODE, O_RDWR | O_CLOEXEC);
	void *view;

	if (fd < 0)
		die(PMEM_NODE);
	cost[ALLOC] = spent_since(start);
	start = now();
	view = map(fd, len);
	cost[MAP] = spent_since(start);
	start = now();
	touch(view, len);
	cost[TOUCH] = spent_since(start);
	start = now();
	munmap(view, len);
	cost[UNMAP] = spent_since(start);
	start = now();
	close(fd);
	cost[FREE] = spent_since(start);
}

static void measure_life(const char *name, enum way way, size_t len)
{
	enum { LIVES = 7 };
	struct series series[STEPS] = {}, background = {};
	int heap = way == PMEM ? -1 : heap_open(name);
	struct dmaheap *library = NULL;
	char what[64];
	int round, step;

	if (way == LIBRARY && dmaheap_open(name, &library))
		die("dmaheap_open");

	for (round = 0; round < LIVES; round++) {
		uint64_t cost[STEPS], before = background_spent(), start;

		if (way == PMEM)
			live_pmem(len, cost);
		else if (way == LIBRARY)
			live_in_library(library, len, cost);
		else
			live(heap, len, way, cost);
		for (step = 0; step < STEPS; step++)
			series_add(&series[step], cost[step]);
		settle();
		start = now();
		if (way == COLD)
			cool(name);
		series_add(&background, background_spent() - before + spent_since(start));
	}
	for (step = 0; step < STEPS; step++) {
		snprintf(what, sizeof(what), "life-%s-%s", way_names[way], step_names[step]);
		tell_series(what, name, len, &series[step],
			    step == FREE ? series_median(&background) : 0);
	}
	dmaheap_unref(library);
	close(heap);
}

static void measure_lives(void)
{
	size_t i;

	/* Kept memory of one heap must not affect others. */
	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		measure_life(heaps[i], PLAIN, MiB(16));
		cool(AREA);
	}
	measure_life(CARVEOUT, SKEWED, MiB(16));
	cool(SYSTEM);
	measure_life(SYSTEM, COLD, MiB(16));
	cool(AREA);
	measure_life(AREA, COLD, MiB(16));
	measure_life(CARVEOUT, LIBRARY, MiB(16));
	measure_life(CARVEOUT "-uncached", LIBRARY, MiB(16));
	measure_life(AREA, LIBRARY, MiB(16));
	measure_life("pmem_adsp", PMEM, MiB(16));
}

/* --- only allocation and release */

/* @cold: all memory must come from the kernel. */
static void measure_size(const char *name, size_t len, bool cold)
{
	const int rounds = len > MiB(1) && !strstr(name, CARVEOUT) ? 5 : 15;
	struct series alloc_cost = {}, free_cost = {}, background = {};
	int heap = heap_open(name), i;

	for (i = 0; i < rounds; i++) {
		uint64_t before = background_spent(), start;
		int fd;

		if (cold)
			cool(name);
		start = now();
		fd = try_alloc(heap, len);
		series_add(&alloc_cost, spent_since(start));
		if (fd < 0)
			die(name);
		start = now();
		close(fd);
		series_add(&free_cost, spent_since(start));
		settle();
		series_add(&background, background_spent() - before);
	}
	tell_series(cold ? "cold-alloc" : "alloc", name, len, &alloc_cost, 0);
	tell_series(cold ? "cold-free" : "free", name, len, &free_cost,
		    series_median(&background));
	close(heap);
}

static void measure_sizes(void)
{
	size_t len, i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		for (len = KiB(4); len <= MiB(64); len *= 4)
			measure_size(heaps[i], len, false);
		cool(AREA);
	}
	for (len = KiB(4); len <= MiB(64); len *= 4)
		measure_size(AREA, len, true);
	cool(AREA);
}

/* --- the same buffer repeatedly, including the first time */

#define ROUNDS	8

static void measure_rounds(const char *name)
{
	int heap = heap_open(name), i;
	char what[64];

	for (i = 1; i <= ROUNDS; i++) {
		uint64_t start = now();

		close(alloc(heap, MiB(16)));
		snprintf(what, sizeof(what), "round-%d", i);
		tell(what, name, MiB(16), spent_since(start), 0);
		settle();
	}
	close(heap);
	cool(AREA);
}

/* --- a camera: buffers are freed and reallocated, while others use memory */

#define CAMERA_BUFFERS	6

static uint64_t camera_round(int heap, int *fds, bool pause)
{
	uint64_t start = now(), cost;
	int i;

	for (i = 0; i < CAMERA_BUFFERS; i++)
		close(fds[i]);
	cost = spent_since(start);
	if (pause)
		settle();
	start = now();
	for (i = 0; i < CAMERA_BUFFERS; i++)
		fds[i] = alloc(heap, MiB(12));
	return cost + spent_since(start);
}

/* Buffers are reallocated at once, or after a pause in which they can be zeroed. */
static void measure_camera(const char *what, const char *name, bool pause)
{
	struct series rounds = {}, background = {};
	int heap = heap_open(name), fds[CAMERA_BUFFERS], cache = memfd_create("cache", 0), i;

	for (i = 0; i < CAMERA_BUFFERS; i++)
		fds[i] = alloc(heap, MiB(12));
	for (i = 0; i < 15; i++) {
		uint64_t before = background_spent();

		if (fallocate(cache, 0, i * MiB(4), MiB(4)))
			die("fallocate");
		series_add(&rounds, camera_round(heap, fds, pause));
		series_add(&background, background_spent() - before);
	}
	tell_series(what, name, MiB(12), &rounds, series_median(&background));
	for (i = 0; i < CAMERA_BUFFERS; i++)
		close(fds[i]);
	close(cache);
	close(heap);
	settle();
	cool(AREA);
}

static void measure_cameras(void)
{
	measure_camera("camera", AREA, true);
	measure_camera("camera", "reserved", true);
	measure_camera("camera-at-once", AREA, false);
	measure_camera("camera-at-once", "reserved", false);
}

/* --- with increasing use of the heap */

#define MAX_BUFFERS	8192

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Allocate and release 64 KiB, at every tenth of the heap's use. */
static void measure_fill(const char *name, size_t size)
{
	static int fds[MAX_BUFFERS];
	int heap = heap_open(name), nr = 0;
	uint32_t random = 1;
	size_t used = 0;
	int tenth, i;

	for (tenth = 0; tenth < 10; tenth++) {
		struct series alloc_cost = {}, free_cost = {};
		char what[64];

		/* Free some of them, so that the rest is scattered. */
		while (used < size / 10 * tenth && nr < MAX_BUFFERS) {
			size_t len = PAGE << next_random(&random) % 7;

			fds[nr] = try_alloc(heap, len);
			if (fds[nr] < 0)
				break;
			if (next_random(&random) % 4 == 0) {
				close(fds[nr]);
				continue;
			}
			nr++;
			used += len;
		}
		settle();
		for (i = 0; i < 15; i++) {
			uint64_t start = now();
			int fd = alloc(heap, KiB(64));

			series_add(&alloc_cost, spent_since(start));
			start = now();
			close(fd);
			series_add(&free_cost, spent_since(start));
			settle();
		}
		snprintf(what, sizeof(what), "fill-%d-alloc", tenth * 10);
		tell_series(what, name, KiB(64), &alloc_cost, 0);
		snprintf(what, sizeof(what), "fill-%d-free", tenth * 10);
		tell_series(what, name, KiB(64), &free_cost, 0);
	}
	while (nr)
		close(fds[--nr]);
	close(heap);
	settle();
}

static void measure_fills(void)
{
	struct rlimit limit = { MAX_BUFFERS + 64, MAX_BUFFERS + 64 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("RLIMIT_NOFILE");
	measure_fill(CARVEOUT, MiB(256));
	measure_fill(AREA, MiB(128));
	cool(AREA);
	measure_fill("reserved", MiB(128));
}

/* --- zeroing */

static void measure_zeroing(void)
{
	struct series background = {}, clear = {};
	char text[32];
	int i;

	for (i = 0; i < 5; i++) {
		uint64_t before = background_spent();
		int fd;

		close(alloc(carveout, MiB(64)));
		settle();
		series_add(&background, background_spent() - before);

		fd = open("/sys/module/bench_clear/parameters/ns", O_RDONLY);
		memset(text, 0, sizeof(text));
		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
			die("bench_clear");
		close(fd);
		series_add(&clear, strtoull(text, NULL, 10));
	}
	tell("zero-background", CARVEOUT, MiB(64), 0, series_median(&background));
	tell_series("zero-clear-pages", "kernel", MiB(64), &clear, 0);
}

/* --- cache maintenance for importers */

static uint64_t sync_cost(int fd, uint64_t offset, uint64_t len)
{
	struct dma_buf_sync whole = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct contig_heap_sync part = {
		.offset = offset, .len = len, .fd = fd,
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
	};
	uint64_t start = now();

	if (len ? ioctl(carveout, CONTIG_HEAP_IOCTL_SYNC, &part) :
		  ioctl(fd, DMA_BUF_IOCTL_SYNC, &whole))
		die("sync");
	return spent_since(start);
}

static void measure_sync(void)
{
	int importer = importer_open();
	int fd = alloc(carveout, MiB(64));
	int attachments = 0, wanted, i;
	char what[64];

	if (importer < 0)
		die("heap_importer");
	for (wanted = 0; wanted <= 8; wanted = wanted ? wanted * 2 : 1) {
		struct series whole = {}, part = {};

		for (; attachments < wanted; attachments++) {
			int device = importer_any_device(importer);
			int attachment = importer_attach(importer, device, fd);

			if (importer_map(importer, attachment, HEAP_IMPORTER_BOTH) < 0)
				die("mapping for a device");
		}
		for (i = 0; i < 5; i++) {
			series_add(&whole, sync_cost(fd, 0, 0));
			series_add(&part, sync_cost(fd, MiB(32), KiB(4)));
		}
		snprintf(what, sizeof(what), "sync-whole-%d", wanted);
		tell_series(what, CARVEOUT, MiB(64), &whole, 0);
		snprintf(what, sizeof(what), "sync-4k-%d", wanted);
		tell_series(what, CARVEOUT, KiB(4), &part, 0);
	}
	close(fd);
	close(importer);
	settle();
}

/* --- additional memory of a buffer */

static uint64_t slab_bytes(void)
{
	FILE *info = fopen("/proc/meminfo", "r");
	unsigned long kib = 0;
	char line[128];

	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "Slab: %lu", &kib) == 1)
			break;
	if (!kib)
		die("/proc/meminfo");
	fclose(info);
	return (uint64_t)kib << 10;
}

static void measure_overhead(const char *name)
{
	enum { COUNT = 4096 };
	static int fds[COUNT];
	int heap = heap_open(name), i;
	uint64_t before, after;

	/* A first round, after which caches are filled. */
	for (i = 0; i < COUNT; i++)
		fds[i] = alloc(heap, PAGE);
	for (i = 0; i < COUNT; i++)
		close(fds[i]);
	sleep(1);
	before = slab_bytes();
	for (i = 0; i < COUNT; i++)
		fds[i] = alloc(heap, PAGE);
	after = slab_bytes();
	for (i = 0; i < COUNT; i++)
		close(fds[i]);
	close(heap);
	sleep(1);
	settle();
	tell("overhead-bytes", name, PAGE, 0, after > before ? (after - before) / COUNT : 0);
}

/* --- the legacy interface */

static void measure_pmem_cycle(void)
{
	struct series pmem = {}, heap = {};
	int i;

	for (i = 0; i < 15; i++) {
		struct pmem_region region;
		uint64_t start = now();
		void *view;
		int fd, node;

		fd = open(PMEM_NODE, O_RDWR | O_CLOEXEC);
		view = map(fd, MiB(1));
		if (ioctl(fd, PMEM_GET_SIZE, &region) || region.len != MiB(1))
			die("PMEM_GET_SIZE");
		munmap(view, MiB(1));
		close(fd);
		series_add(&pmem, spent_since(start));
		settle();

		start = now();
		node = heap_open(CARVEOUT);
		fd = alloc(node, MiB(1));
		view = map(fd, MiB(1));
		if (lseek(fd, 0, SEEK_END) != (off_t)MiB(1))
			die("lseek");
		munmap(view, MiB(1));
		close(fd);
		close(node);
		series_add(&heap, spent_since(start));
		settle();
	}
	tell_series("cycle-1m", "pmem_adsp", MiB(1), &pmem, 0);
	tell_series("cycle-1m", CARVEOUT, MiB(1), &heap, 0);
}

/* A client in the same process that touches all pages. */
static void measure_pmem_client(void)
{
	int master = open(PMEM_NODE, O_RDWR | O_CLOEXEC);
	int client = open(PMEM_NODE, O_RDWR | O_CLOEXEC);
	void *view;
	size_t len;

	if (master < 0 || client < 0 || ioctl(master, PMEM_ALLOCATE, MiB(16)) ||
	    ioctl(client, PMEM_CONNECT, master))
		die("a client");
	view = map(client, MiB(16));
	for (len = KiB(4); len <= MiB(4); len *= 4) {
		struct pmem_region region = { .offset = MiB(4), .len = len };
		struct series show = {}, hide = {}, fault = {};
		int i;

		for (i = 0; i < 9; i++) {
			uint64_t start;

			/* Initially, all pages are garbage pages. */
			touch(view, MiB(16));
			start = now();
			if (ioctl(client, PMEM_MAP, &region))
				die("PMEM_MAP");
			series_add(&show, spent_since(start));
			start = now();
			touch((char *)view + MiB(4), len);
			series_add(&fault, spent_since(start));
			start = now();
			if (ioctl(client, PMEM_UNMAP, &region))
				die("PMEM_UNMAP");
			series_add(&hide, spent_since(start));
		}
		tell_series("client-map", "pmem_adsp", len, &show, 0);
		tell_series("client-touch", "pmem_adsp", len, &fault, 0);
		tell_series("client-unmap", "pmem_adsp", len, &hide, 0);
	}
	munmap(view, MiB(16));
	close(client);
	close(master);
	settle();
}

int main(void)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	measure_setup();
	background_add("contig_zero/" CARVEOUT);
	background_add("contig_warm/" SYSTEM);
	background_add("contig_zero/" AREA);
	carveout = heap_open(CARVEOUT);
	area = heap_open(AREA);
	pages = heap_open(SYSTEM);
	keep_area();
	settle();
	printf("what,heap,bytes,waited,total\n");
	measure_lives();
	measure_sizes();
	measure_rounds(CARVEOUT);
	measure_rounds(AREA);
	measure_rounds("reserved");
	measure_cameras();
	measure_zeroing();
	measure_sync();
	measure_pmem_cycle();
	measure_pmem_client();
	measure_fills();
	for (i = 0; i < ARRAY_SIZE(heaps); i++)
		measure_overhead(heaps[i]);
	return 0;
}
