// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demonstration of `make run`: heaps that programs find under /dev/dma_heap, buffers from a
 * carveout, from CMA and from system memory, and a driver of the kernel (vgem) that imports them.
 * Data is written through the heap's mapping of the buffer and read through the driver's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <drm/drm.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

#include <linux/contig_heap.h>

#define HEAPS		"/dev/dma_heap/"
#define MIB		(1UL << 20)

static void die(const char *what)
{
	fprintf(stderr, "demo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_heap(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), HEAPS "%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static struct contig_heap_query query(int heap)
{
	struct contig_heap_query q;

	if (ioctl(heap, CONTIG_HEAP_IOCTL_QUERY, &q))
		die("CONTIG_HEAP_IOCTL_QUERY");
	return q;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static const char *kind(uint32_t flags)
{
	if (flags & CONTIG_HEAP_F_SCATTERED)
		return "system";
	return flags & CONTIG_HEAP_F_CMA ? "CMA" : "carveout";
}

static void list_heaps(void)
{
	struct dirent **entries;
	int n = scandir(HEAPS, &entries, visible, by_name), i;

	if (n < 0)
		die(HEAPS);
	printf("\n%-30s %8s %9s %9s  %s\n", "heap", "KiB", "free", "largest",
	       "kind");
	for (i = 0; i < n; i++) {
		int heap = open_heap(entries[i]->d_name);
		struct contig_heap_query q = query(heap);

		printf("%-30s %8llu %9llu %9llu  %s%s%s\n", entries[i]->d_name,
		       q.total >> 10, q.free >> 10, q.largest >> 10,
		       kind(q.flags),
		       q.flags & CONTIG_HEAP_F_UNCACHED ?
		       ", write-combined" : ", cached",
		       q.flags & CONTIG_HEAP_F_NO_MAP ? ", no-map" : "");
		close(heap);
		free(entries[i]);
	}
	free(entries);
}

static void show_map(const char *region)
{
	char path[256], line[256];
	FILE *map;

	snprintf(path, sizeof(path), "/sys/kernel/debug/contig_heaps/%s/map",
		 region);
	map = fopen(path, "r");
	if (!map)
		die(path);
	while (fgets(line, sizeof(line), map))
		printf("  %s", line);
	fclose(map);
}

/* Uses only the interface of the kernel's own heaps. */
static int allocate(const char *name, size_t len)
{
	struct dma_heap_allocation_data data = {
		.len = len, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open_heap(name);

	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		die("DMA_HEAP_IOCTL_ALLOC");
	close(heap);
	printf("  %-8s %5zu KiB, a dma-buf\n", name, len >> 10);
	return data.fd;
}

static int open_vgem(void)
{
	char name[64] = "";
	struct drm_version version = {
		.name = name, .name_len = sizeof(name) - 1,
	};
	char path[64];
	int i, fd;

	for (i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strcmp(name, "vgem"))
			return fd;
		close(fd);
		version.name_len = sizeof(name) - 1;
	}
	errno = ENODEV;
	die("vgem");
	return -1;
}

static uint32_t import(int vgem, int dmabuf)
{
	struct drm_prime_handle prime = { .fd = dmabuf };

	if (ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		die("DRM_IOCTL_PRIME_FD_TO_HANDLE");
	return prime.handle;
}

static int export(int vgem, uint32_t handle)
{
	struct drm_prime_handle prime = {
		.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR,
	};

	if (ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		die("DRM_IOCTL_PRIME_HANDLE_TO_FD");
	return prime.fd;
}

static uint8_t *map(int dmabuf, size_t len)
{
	void *view = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf,
			  0);

	if (view == MAP_FAILED)
		die("mmap");
	return view;
}

static void sync_cpu(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_RW | flags };

	if (ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync))
		die("DMA_BUF_IOCTL_SYNC");
}

static uint32_t checksum(const uint8_t *data, size_t len)
{
	uint32_t a = 1, b = 0;

	while (len--) {
		a = (a + *data++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* Use this program as data. */
static size_t fill(uint8_t *view, size_t len)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (self < 0)
		die("/proc/self/exe");
	while (done < len && (n = read(self, view + done, len - done)) > 0)
		done += n;
	close(self);
	return done;
}

static void share_with_driver(int dmabuf, size_t len)
{
	int vgem = open_vgem();
	uint32_t handle = import(vgem, dmabuf), wrote, read_back;
	uint8_t *view = map(dmabuf, len);
	size_t used;
	int theirs;

	sync_cpu(dmabuf, DMA_BUF_SYNC_START);
	used = fill(view, len);
	wrote = checksum(view, used);
	sync_cpu(dmabuf, DMA_BUF_SYNC_END);
	munmap(view, len);
	close(dmabuf);
	printf("  written through the heap's view:  %zu bytes, Adler-32 %08x\n",
	       used, wrote);

	theirs = export(vgem, handle);
	view = map(theirs, len);
	sync_cpu(theirs, DMA_BUF_SYNC_START);
	read_back = checksum(view, used);
	sync_cpu(theirs, DMA_BUF_SYNC_END);
	munmap(view, len);
	close(theirs);
	close(vgem);
	printf("  read through the driver's view:   %zu bytes, Adler-32 %08x\n",
	       used, read_back);
	if (wrote != read_back) {
		fprintf(stderr, "demo: the views differ\n");
		exit(1);
	}
}

static void check_all_back(const char *name)
{
	int heap = open_heap(name);
	struct contig_heap_query q = query(heap);

	close(heap);
	/* System memory is shared with others. */
	if ((q.free != q.total && !(q.flags & CONTIG_HEAP_F_SCATTERED)) ||
	    q.region_buffers) {
		fprintf(stderr, "demo: %s: memory is missing\n", name);
		exit(1);
	}
}

int main(void)
{
	int carveout, cma, system;

	printf("Heaps under " HEAPS ":\n");
	list_heaps();

	printf("\nThe carveout adsp before:\n");
	show_map("adsp");

	printf("\nBuffers:\n");
	carveout = allocate("adsp", 8 * MIB);
	cma = allocate("reserved", 3 * MIB);
	system = allocate("system", 20 * MIB);

	printf("\nThe carveout adsp with a buffer in it:\n");
	show_map("adsp");

	printf("\nThe carveout buffer, imported by the kernel's vgem driver:\n");
	share_with_driver(carveout, 8 * MIB);
	printf("The CMA buffer, imported by the kernel's vgem driver:\n");
	share_with_driver(cma, 3 * MIB);
	printf("The buffer of system memory, likewise:\n");
	share_with_driver(system, 20 * MIB);

	printf("\nThe carveout adsp after everybody has let go:\n");
	show_map("adsp");
	check_all_back("adsp");
	check_all_back("reserved");
	check_all_back("system");
	printf("\nAll memory is back.\n");
	return 0;
}
