// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of programs. Files and mappings have numbers; both threads share the tables without
 * locking, so that one may close or unmap what the other is using.
 */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/android_pmem.h>
#include <linux/cma_mem.h>
#include <linux/contig_heap.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

#include <drm/drm.h>

#include "../../importers/heap_importer.h"
#include "program.h"

#define PAGE		4096UL
#define HUGE		(2UL << 20)
#define FILES		16
#define HANDLES		4
#define MAPPINGS	8
/* Programs use the descriptors below, the fuzzer itself those from here on. */
#define OWN_FD		100
#define NR(array)	(sizeof(array) / sizeof((array)[0]))

static volatile int files[FILES];
static void *volatile mapping[MAPPINGS];
static volatile size_t mapping_len[MAPPINGS];
static volatile uint32_t handles[HANDLES];
static int zero, sink;

static void put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		_exit(1);
	}
	close(fd);
}

/* Called once, before the process for a program is forked. */
void run_prepare(void)
{
	int i;

	/* For fault injection: include calls that may sleep, and do not log. */
	put_text("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put_text("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put_text("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put_text("/sys/kernel/debug/failslab/verbose", "0");
	put_text("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	put_text("/sys/kernel/debug/fail_usercopy/verbose", "0");
	for (i = 0; i < FILES; i++)
		files[i] = -1;
	zero = fcntl(open("/dev/zero", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, OWN_FD);
	sink = fcntl(open("/dev/full", O_RDWR | O_CLOEXEC), F_DUPFD_CLOEXEC, OWN_FD);
}

static const char *const heap_names[] = {
	"/dev/dma_heap/adsp", "/dev/dma_heap/adsp-uncached", "/dev/dma_heap/audio-uncached",
	"/dev/dma_heap/video", "/dev/dma_heap/default_cma_region-uncached",
	"/dev/dma_heap/mdp", "/dev/contig_buffer", "/dev/dma_heap/video-uncached",
};

/* System heaps whose names the kernel's own heaps do not use. */
static const char *const system_names[] = {
	"/dev/dma_heap/system-dma32", "/dev/dma_heap/system-uncached",
	"/dev/dma_heap/system-uncached-dma32",
};

static const char *const node_names[] = {
	"/dev/pmem", "/dev/pmem_audio", "/dev/pmem_smipool", "/dev/pmem_camera",
	"/dev/pmem_cma", "/dev/pmem_sys", "/dev/pmem_adsp", "/dev/cma_mem",
};

/* Readable files. */
static const char *const text_names[] = {
	"/sys/kernel/debug/contig_heaps/adsp/map", "/sys/kernel/debug/contig_heaps/adsp/buffers",
	"/sys/kernel/debug/contig_heaps/video/buffers", "/sys/kernel/debug/pmem_camera",
	"/proc/self/maps", "/sys/class/contig_heap/adsp/free",
	"/sys/kernel/debug/dma_buf/bufinfo", "/sys/class/contig_heap/video/fragmentation",
	"/sys/kernel/debug/pmem_adsp", "/sys/kernel/debug/pmem_smipool",
	"/sys/kernel/pmem_regions/pmem_smipool/buddy_bitmap_dump",
	"/dev/cma_test", "/sys/kernel/debug/contig_heaps/audio/map",
};

/* Mostly small values, otherwise edges of computations. */
static uint64_t number(uint8_t a)
{
	static const uint64_t edge[] = {
		~0ULL, ~0ULL - PAGE, 1ULL << 63, 1ULL << 32, (1ULL << 32) - 1, 1ULL << 31,
		(1ULL << 31) - 1, 48ULL << 20, 64ULL << 20, (48ULL << 20) + 1, 8ULL << 20,
		-PAGE, 1, PAGE - 1, PAGE + 1, 3,
	};

	if (a < 64)
		return a * PAGE;
	if (a < 128)
		return (a - 64) * 257;
	if (a < 160)
		return (uint64_t)(a - 128) << 20;
	return edge[a % NR(edge)];
}

/*
 * A buffer length. System heaps have as much memory as the machine, so lengths near that are
 * replaced by much larger ones, which are refused.
 */
static uint64_t length(uint8_t a)
{
	uint64_t len = number(a);

	return len >> 27 && !(len >> 32) ? len << 8 : len;
}

static int file(uint8_t a)
{
	return files[a % FILES];
}

static void put_file(uint8_t a, int fd)
{
	int old = files[a % FILES];

	if (fd < 0)
		return;
	if (fd >= OWN_FD) {
		close(fd);
		return;
	}
	files[a % FILES] = fd;
	if (old >= 0 && old != fd)
		close(old);
}

/* Make the nth allocation or copy of this thread fail; 0 for none. */
static void fail_nth(unsigned int n)
{
	int fd = open("/proc/thread-self/fail-nth", O_WRONLY | O_CLOEXEC);
	char text[16];

	(void)!write(fd, text, snprintf(text, sizeof(text), "%u", n));
	close(fd);
}

static void call_fail(const uint8_t *arg)
{
	fail_nth(1 + arg[0] % 32);
}

static void call_open(const uint8_t *arg)
{
	static const int flags[] = { O_RDWR, O_RDONLY, O_RDWR | 0x1000, O_WRONLY };
	const char *path = arg[3] & 4 ? system_names[arg[1] % 3] :
			   arg[1] & 8 ? node_names[arg[1] % 8] : heap_names[arg[1] % 8];

	put_file(arg[0], open(path, flags[arg[2] % 4] | O_CLOEXEC));
}

static void call_alloc(const uint8_t *arg)
{
	struct dma_heap_allocation_data data = {
		.len = length(arg[2]),
		.fd_flags = arg[3] & 1 ? O_RDONLY : O_RDWR | (arg[3] & 2 ? O_CLOEXEC : 0),
		.heap_flags = arg[3] == 7,
	};

	if (!ioctl(file(arg[0]), DMA_HEAP_IOCTL_ALLOC, &data))
		put_file(arg[1], data.fd);
}

static void call_alloc_aligned(const uint8_t *arg)
{
	struct contig_heap_alloc data = {
		.len = length(arg[2]),
		.align = arg[3] < 200 ? 1ULL << (arg[3] % 30) : number(arg[3]),
		.fd_flags = O_RDWR,
	};

	if (!ioctl(file(arg[0]), CONTIG_HEAP_IOCTL_ALLOC, &data))
		put_file(arg[1], data.fd);
}

static void call_query(const uint8_t *arg)
{
	struct contig_heap_query query;

	ioctl(file(arg[0]), CONTIG_HEAP_IOCTL_QUERY, &query);
}

static void call_sync_range(const uint8_t *arg)
{
	struct contig_heap_sync sync = {
		.offset = number(arg[2]),
		.len = number(arg[3]),
		.fd = file(arg[1]),
		.flags = arg[4] < 200 ? arg[4] % 8 : arg[4],
	};

	ioctl(file(arg[0]), CONTIG_HEAP_IOCTL_SYNC, &sync);
}

static void call_place(const uint8_t *arg)
{
	struct contig_heap_place place = {
		.fd = file(arg[1]),
		.flags = arg[3] == 7,
		.modulus = arg[2] < 200 ? 1ULL << (arg[2] % 24) : number(arg[2]),
	};

	ioctl(file(arg[0]), CONTIG_HEAP_IOCTL_PLACE, &place);
}

static void call_describe(const uint8_t *arg)
{
	struct contig_heap_buffer what = {
		.fd = file(arg[1]),
		.flags = arg[2] == 7,
		.reserved = arg[2] == 11,
	};

	ioctl(file(arg[0]), CONTIG_HEAP_IOCTL_BUFFER, &what);
}

/* From memory, to /dev/null, or between any files. */
static void call_transfer(const uint8_t *arg)
{
	const int others[] = { zero, sink, file(arg[5]), file(arg[5]) };
	struct contig_heap_transfer transfer = {
		.fd = file(arg[1]),
		.file = others[arg[2] % NR(others)],
		.offset = number(arg[3]),
		.file_offset = arg[2] & 64 ? number(arg[5]) : 0,
		.len = number(arg[4]),
		.flags = arg[2] == 7,
		.reserved = arg[2] == 11,
	};

	ioctl(file(arg[0]), arg[2] & 128 ? CONTIG_HEAP_IOCTL_STORE : CONTIG_HEAP_IOCTL_LOAD,
	      &transfer);
}

/* Export the fences of a buffer as a file, or import such a file. */
static void call_sync_file(const uint8_t *arg)
{
	struct dma_buf_export_sync_file out = { .flags = arg[3] % 4, .fd = -1 };
	struct dma_buf_import_sync_file in = { .flags = arg[3] % 4, .fd = file(arg[1]) };

	if (arg[2] & 1)
		ioctl(file(arg[0]), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in);
	else if (!ioctl(file(arg[0]), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out))
		put_file(arg[1], out.fd);
}

/* A driver with its own handles for buffers. */
static void call_vgem(const uint8_t *arg)
{
	int h = arg[3] % HANDLES;
	struct drm_prime_handle prime = {
		.handle = handles[h], .flags = arg[4] & 1 ? O_RDWR : O_CLOEXEC,
		.fd = file(arg[1]),
	};
	struct drm_gem_close close_it = { .handle = handles[h] };

	switch (arg[2] % 4) {
	case 0:
		put_file(arg[0], open("/dev/dri/card0", O_RDWR | O_NONBLOCK | O_CLOEXEC));
		break;
	case 1:
		if (!ioctl(file(arg[0]), DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
			handles[h] = prime.handle;
		break;
	case 2:
		if (!ioctl(file(arg[0]), DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
			put_file(arg[1], prime.fd);
		break;
	default:
		ioctl(file(arg[0]), DRM_IOCTL_GEM_CLOSE, &close_it);
	}
}

/* Calls that programs use on any file. None of them waits. */
static void call_file(const uint8_t *arg)
{
	struct pollfd ready = { .fd = file(arg[0]), .events = POLLIN | POLLOUT };
	char text[512], path[64];
	int fd;

	switch (arg[1] % 5) {
	case 0:
		(void)!read(file(arg[0]), text, number(arg[2]) % sizeof(text));
		break;
	case 1:
		(void)!write(file(arg[0]), "5\n", 2);
		break;
	case 2:
		poll(&ready, 1, 0);
		break;
	case 3:
		lseek(file(arg[0]), number(arg[2]), arg[3] % 5);
		break;
	default:
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file(arg[0]));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		(void)!read(fd, text, sizeof(text));
		close(fd);
	}
}

static void call_sync(const uint8_t *arg)
{
	struct dma_buf_sync sync = { .flags = arg[1] % 8 };

	ioctl(file(arg[0]), DMA_BUF_IOCTL_SYNC, &sync);
}

static void call_name(const uint8_t *arg)
{
	char name[32] = "fuzz";

	ioctl(file(arg[0]), DMA_BUF_SET_NAME, name);
	lseek(file(arg[0]), 0, arg[1] % 3);
}

static const int protections[] = {
	PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE, PROT_NONE,
	PROT_READ | PROT_WRITE | PROT_EXEC,
};

static void put_mapping(int m, void *memory, size_t len)
{
	if (mapping[m])
		munmap(mapping[m], mapping_len[m]);
	mapping[m] = memory;
	mapping_len[m] = len;
}

static void call_mmap(const uint8_t *arg)
{
	int m = arg[0] % MAPPINGS;
	size_t len = number(arg[2]) & ((64ULL << 20) - 1);
	void *memory = mmap(NULL, len, protections[arg[3] % 5],
			    arg[3] > 200 ? MAP_PRIVATE : MAP_SHARED, file(arg[1]),
			    arg[4] < 200 ? arg[4] % 4 * PAGE : number(arg[4]) & -PAGE);

	if (memory != MAP_FAILED)
		put_mapping(m, memory, len);
}

/*
 * If a heap reports a suitable address, map there; otherwise, at a multiple of the huge page size.
 */
static void call_mmap_huge(const uint8_t *arg)
{
	struct contig_heap_place place = { .fd = file(arg[1]), .modulus = HUGE };
	size_t len = ((number(arg[2]) & ((64ULL << 20) - 1)) + PAGE - 1) & -PAGE;
	size_t room = len + 2 * HUGE;
	char *start = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			   0);
	char *want;

	if (start == MAP_FAILED)
		return;
	if (ioctl(file(arg[5]), CONTIG_HEAP_IOCTL_PLACE, &place))
		place.phase = 0;
	want = (char *)(((uintptr_t)start + HUGE - 1) & -HUGE) + place.phase;
	if (mmap(want, len, protections[arg[3] % 5], MAP_SHARED | MAP_FIXED, file(arg[1]),
		 arg[4] < 200 ? 0 : number(arg[4]) & -HUGE) == MAP_FAILED) {
		munmap(start, room);
		return;
	}
	if (want > start)
		munmap(start, want - start);
	munmap(want + len, start + room - (want + len));
	put_mapping(arg[0] % MAPPINGS, want, len);
}

/* Part of a mapping, only within the program's own range. */
static size_t part(const uint8_t *arg, void **start)
{
	int m = arg[0] % MAPPINGS;
	size_t len = mapping_len[m], offset, want;

	*start = mapping[m];
	if (!*start || !len)
		return 0;
	offset = number(arg[1]) % len & -PAGE;
	want = number(arg[2]) % (len - offset + 1);
	*start += offset;
	return want ? want : len - offset;
}

static void call_munmap(const uint8_t *arg)
{
	void *start;
	size_t len = part(arg, &start);

	if (len)
		munmap(start, len);
}

static void call_mremap(const uint8_t *arg)
{
	void *start;
	size_t len = part(arg, &start);
	size_t want = number(arg[3]) & ((16ULL << 20) - 1);

	if (len && want)
		mremap(start, len, want, arg[4] & 1 ? MREMAP_MAYMOVE : 0);
}

static void call_mprotect(const uint8_t *arg)
{
	void *start;
	size_t len = part(arg, &start);

	if (len)
		mprotect(start, len, arg[3] % 8);
}

static void call_madvise(const uint8_t *arg)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_WILLNEED, MADV_DODUMP, MADV_HUGEPAGE, MADV_MERGEABLE, MADV_PAGEOUT, MADV_COLD,
	};
	void *start;
	size_t len = part(arg, &start);

	if (len)
		madvise(start, len, advice[arg[3] % NR(advice)]);
}

/* Let the kernel access it: bad addresses cause an errno instead of a signal. */
static void touch(const uint8_t *arg)
{
	void *start;
	size_t len = part(arg, &start), done;

	for (done = 0; done < len && done < 64 * PAGE; done += PAGE) {
		if (arg[3] & 1)
			(void)!read(zero, start + done, 8);
		else
			(void)!pwrite(sink, start + done, 8, 0);
	}
}

static void call_close(const uint8_t *arg)
{
	int fd = files[arg[0] % FILES];

	files[arg[0] % FILES] = -1;
	if (fd >= 0)
		close(fd);
}

static void call_dup(const uint8_t *arg)
{
	put_file(arg[0], fcntl(file(arg[1]), F_DUPFD_CLOEXEC, 0));
}

static void call_pmem_allocate(const uint8_t *arg)
{
	struct pmem_allocation allocation = { number(arg[1]), number(arg[2]) };

	if (arg[3] & 1)
		ioctl(file(arg[0]), PMEM_ALLOCATE_ALIGNED, &allocation);
	else
		ioctl(file(arg[0]), PMEM_ALLOCATE, allocation.size);
}

static void call_pmem_connect(const uint8_t *arg)
{
	ioctl(file(arg[0]), PMEM_CONNECT, file(arg[1]));
}

static void call_pmem_region(const uint8_t *arg)
{
	static const unsigned int cmd[] = {
		PMEM_MAP, PMEM_UNMAP, PMEM_MAP, PMEM_CACHE_FLUSH, PMEM_CACHE_INV, PMEM_GET_PHYS,
		PMEM_GET_SIZE, PMEM_GET_TOTAL_SIZE, PMEM_GET_FREE_SPACE,
	};
	struct pmem_region region = { number(arg[2]), number(arg[3]) };

	if (cmd[arg[1] % NR(cmd)] == PMEM_CACHE_INV && arg[4] & 1)
		region.offset += (unsigned long)mapping[arg[4] % MAPPINGS];
	ioctl(file(arg[0]), cmd[arg[1] % NR(cmd)], &region);
}

static void call_pmem_cache(const uint8_t *arg)
{
	struct pmem_addr addr = { number(arg[4]), number(arg[2]), number(arg[3]) };

	if (arg[5] < 200)
		addr.vaddr = (unsigned long)mapping[arg[5] % MAPPINGS] + addr.offset;
	ioctl(file(arg[0]), PMEM_CLEAN_INV_CACHES + arg[1] % 3, &addr);
}

static void call_pmem_share(const uint8_t *arg)
{
	struct pmem_dmabuf data = { file(arg[1]), arg[3] & 1 ? O_RDONLY : O_RDWR };

	if (arg[2] & 1)
		ioctl(file(arg[0]), PMEM_IMPORT_DMABUF, &data);
	else if (!ioctl(file(arg[0]), PMEM_EXPORT_DMABUF, &data))
		put_file(arg[1], data.fd);
}

static void call_cma_mem(const uint8_t *arg)
{
	struct mem_block block = { .name = { 'a' + arg[1] % 4 }, .len = number(arg[2]) };

	/* The tables do not include its mappings: they disappear when the process exits. */
	ioctl(file(arg[0]), arg[3] & 1 ? CMEM_UNMAP : CMEM_ALLOCATE, &block);
}

static void call_importer(const uint8_t *arg)
{
	struct heap_importer_device device = {
		arg[4] & 1 ? ~0ULL : 0xffffffff, arg[4] & 2 ? ~0ULL : 0xffff, 0x10000,
	};
	struct heap_importer_attach attach = { file(arg[1]), arg[3] % 2 };
	struct heap_importer_map map = { arg[3] % 4, arg[4] % 3 };
	struct heap_importer_vmap vmap = { file(arg[1]) };
	struct heap_importer_cpu cpu = { file(arg[1]), arg[4] % 3, arg[3] & 1 };
	uint32_t id = arg[3] % 4;
	int fd = file(arg[0]);

	/* The kernel itself warns about failures here. */
	fail_nth(0);
	switch (arg[2] % 9) {
	case 0:
		put_file(arg[0], open(HEAP_IMPORTER_PATH, O_RDWR | O_CLOEXEC));
		ioctl(file(arg[0]), HEAP_IMPORTER_DEVICE, &device);
		break;
	case 1:
		ioctl(fd, HEAP_IMPORTER_DEVICE, &device);
		break;
	case 2:
		ioctl(fd, HEAP_IMPORTER_ATTACH, &attach);
		break;
	case 3:
		ioctl(fd, HEAP_IMPORTER_MAP, &map);
		break;
	case 4:
		ioctl(fd, HEAP_IMPORTER_UNMAP, &id);
		break;
	case 5:
		ioctl(fd, HEAP_IMPORTER_DETACH, &id);
		break;
	case 6:
		ioctl(fd, HEAP_IMPORTER_VMAP, &vmap);
		break;
	case 7:
		ioctl(fd, HEAP_IMPORTER_VUNMAP, &id);
		break;
	default:
		ioctl(fd, HEAP_IMPORTER_CPU, &cpu);
	}
}

/* A child reads what it has inherited, and makes some calls. */
static void call_fork(const uint8_t *arg)
{
	pid_t pid;
	int status;

	/* The kernel warns if a child gets no stack. */
	fail_nth(0);
	pid = fork();
	if (pid < 0)
		return;
	if (!pid) {
		touch(arg);
		if (arg[4] & 1)
			call_munmap(arg);
		if (arg[4] & 2)
			call_pmem_region(arg);
		if (arg[4] & 4)
			call_mremap(arg);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		_exit(1);
}

/* Any number, any size, any pointer. */
static void call_any_ioctl(const uint8_t *arg)
{
	static const uint8_t magic[] = { 'p', 'm', 'H', 0xC7, 'b', 'p', 0xC7, 'H' };
	char buffer[256];
	unsigned int nr = arg[2] < 200 ? arg[2] % 24 : arg[2];
	unsigned int cmd = _IOC(arg[3] % 4, magic[arg[1] % 8], nr, arg[4]);

	memset(buffer, arg[5], sizeof(buffer));
	ioctl(file(arg[0]), cmd, arg[5] % 5 == 0 ? (void *)(uintptr_t)number(arg[5]) : buffer);
}

/* Readable arguments, but the results cannot be written, so the caller does not learn them. */
static void call_unwritable(const uint8_t *arg)
{
	union {
		struct dma_heap_allocation_data alloc;
		struct contig_heap_alloc aligned;
		struct contig_heap_query query;
		struct contig_heap_place place;
		struct pmem_dmabuf share;
		struct mem_block block;
	} *page;
	unsigned int cmd;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return;
	switch (arg[1] % 6) {
	case 0:
		cmd = DMA_HEAP_IOCTL_ALLOC;
		page->alloc.len = length(arg[2]);
		page->alloc.fd_flags = O_RDWR;
		break;
	case 1:
		cmd = CONTIG_HEAP_IOCTL_ALLOC;
		page->aligned.len = length(arg[2]);
		page->aligned.fd_flags = O_RDWR;
		break;
	case 2:
		cmd = CONTIG_HEAP_IOCTL_QUERY;
		break;
	case 3:
		cmd = CONTIG_HEAP_IOCTL_PLACE;
		page->place.fd = file(arg[3]);
		page->place.modulus = PAGE;
		break;
	case 4:
		cmd = PMEM_EXPORT_DMABUF;
		page->share = (struct pmem_dmabuf){ -1, O_RDWR };
		break;
	default:
		cmd = CMEM_ALLOCATE;
		page->block = (struct mem_block){ .name = "u", .len = number(arg[2]) };
		break;
	}
	mprotect(page, PAGE, PROT_READ);
	ioctl(file(arg[0]), cmd, page);
	munmap(page, PAGE);
}

static void call_read_file(const uint8_t *arg)
{
	char text[512];
	int fd = open(text_names[arg[0] % NR(text_names)], O_RDONLY | O_CLOEXEC);
	int times = 64;

	if (fd < 0)
		return;
	if (arg[1] & 1)
		lseek(fd, number(arg[2]), SEEK_SET);
	while (times-- && read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

/* Any attribute file of a heap or a node. */
static void call_attribute(const uint8_t *arg)
{
	static const char *const attribute[] = {
		"size", "free", "largest", "held", "dirty", "quantum", "fragmentation", "buffers",
		"base", "allocator_type", "mapped_regions", "allocated", "quantum_size",
		"total_entries", "free_quanta", "bits_allocated", "buddy_bitmap_dump",
	};
	char path[128], text[512];
	const char *name = strrchr(arg[1] & 1 ? node_names[arg[0] % 7] :
				   arg[3] & 4 ? system_names[arg[0] % 3] :
						heap_names[arg[0] % 8], '/');
	int fd;

	snprintf(path, sizeof(path), "%s%s/%s",
		 arg[1] & 1 ? "/sys/kernel/pmem_regions" : "/sys/class/contig_heap", name,
		 attribute[arg[2] % NR(attribute)]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)!read(fd, text, sizeof(text));
	close(fd);
}

/* A write allocates for the whole system, a read frees: always do both. */
static void call_cma_test(const uint8_t *arg)
{
	int fd = open("/dev/cma_test", O_RDWR | O_CLOEXEC);
	char text[8];

	if (write(fd, "1\n", 1 + arg[0] % 2) > 0)
		(void)!read(fd, text, sizeof(text));
	close(fd);
}

static void (*const calls[])(const uint8_t *arg) = {
	call_open, call_alloc, call_mmap, touch, call_close, call_open, call_pmem_region,
	call_pmem_allocate, call_pmem_connect, call_fork, call_munmap, call_mremap, call_mprotect,
	call_madvise, call_alloc_aligned, call_query, call_sync_range, call_sync, call_name,
	call_dup, call_pmem_cache, call_pmem_share, call_cma_mem, call_importer, call_any_ioctl,
	call_read_file, call_importer, call_mmap, call_place, call_sync_file, call_vgem, call_file,
	call_attribute, call_cma_test, call_fail, call_pmem_region, call_pmem_connect,
	call_mmap_huge, call_unwritable, call_transfer, call_describe,
};

const unsigned int nr_ops = NR(calls);

/* Make the calls of one thread. */
void run_calls(const struct program *program, int thread)
{
	uint32_t i;

	for (i = 0; i < program->nr; i++)
		if (program->calls[i].thread == thread)
			calls[program->calls[i].op % NR(calls)](program->calls[i].arg);
	fail_nth(0);
}
