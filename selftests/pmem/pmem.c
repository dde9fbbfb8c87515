// SPDX-License-Identifier: GPL-2.0-only
/* Helpers for the PMEM test programs; declared in pmem.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/dma-heap.h>

#include "../heap/importer_client.h"
#include "../kernel_module.h"
#include "pmem.h"

const struct node nodes[] = {
	{ "pmem", BITMAP, MiB(48), true, 0x73000000, "mdp" },
	{ "pmem_adsp", BITMAP, MiB(48), true, 0x70000000, "adsp" },
	{ "pmem_audio", BITMAP, MiB(48), false, 0x76000000, "audio-uncached" },
	{ "pmem_smipool", BUDDY, MiB(4), false, 0x79000000, NULL },
	{ "pmem_camera", ALL_OR_NOTHING, MiB(8), true, 0x79400000, NULL },
	{ "pmem_cma", BITMAP, MiB(16), true, 0, NULL },
	{ "pmem_sys", SYSTEM, MiB(8), true, 0, NULL },
};

const size_t nr_nodes = sizeof(nodes) / sizeof(nodes[0]);

const struct node *node_of(const char *name)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++)
		if (!strcmp(nodes[i].name, name))
			return &nodes[i];
	errno = ENODEV;
	die(name);
	return NULL;
}

static bool node_free(const struct node *node, bool complain)
{
	int fd = pmem_open(node->name);
	struct pmem_freespace space;

	if (fd < 0)
		die(node->name);
	space = pmem_free_space(fd);
	close(fd);
	if (space.total == node->size && space.largest == node->size)
		return true;
	if (complain)
		fprintf(stderr, "# /dev/%s has %lu bytes free, largest %lu, of %zu\n",
			node->name, space.total, space.largest, node->size);
	return false;
}

/* The classes of heaps: the second is used if the kernel has its own dma-buf heaps. */
#define CLASS	"/sys/class/dma_heap"
#define BESIDE	"/sys/class/contig_heap"

/* An attribute in a folder, to be freed, or NULL. */
static char *attribute_in(const char *folder, const char *name, const char *attribute)
{
	char *path = format("%s/%s/%s", folder, name, attribute);
	char *text = read_text(path);

	free(path);
	return text;
}

/* An attribute of one of our heaps, to be freed, or NULL. */
char *heap_attribute(const char *heap, const char *attribute)
{
	return attribute_in(access(BESIDE, F_OK) ? CLASS : BESIDE, heap, attribute);
}

/* An attribute of a node, to be freed, or NULL. */
char *node_attribute(const char *node, const char *attribute)
{
	return attribute_in("/sys/kernel/pmem_regions", node, attribute);
}

/* The base of a node's memory; 0 if it has none, like CMA memory without users. */
unsigned long pmem_base(const char *name)
{
	return number_of(node_attribute(name, "base"));
}

static bool heap_free(const char *class, const char *heap, bool complain)
{
	char *left = attribute_in(class, heap, "free");
	char *size = attribute_in(class, heap, "size");
	/* The kernel's own heaps lack these files. System memory is shared with others. */
	bool same = !left || !size || !strcmp(left, size) ||
		    !strncmp(heap, "system", strlen("system"));

	if (!same && complain)
		fprintf(stderr, "# heap %s has %.*s of %.*s bytes free\n", heap,
			(int)strcspn(left, "\n"), left,
			(int)strcspn(size, "\n"), size);
	free(left);
	free(size);
	return same;
}

/* Are all heaps of a class free? A missing class has none. */
static bool class_free(const char *class, bool complain)
{
	DIR *heaps = opendir(class);
	struct dirent *heap;
	bool all = true;

	if (!heaps)
		return true;
	while ((heap = readdir(heaps)))
		if (heap->d_name[0] != '.')
			all &= heap_free(class, heap->d_name, complain);
	closedir(heaps);
	return all;
}

/* Is nothing allocated, on any node and any heap? */
bool all_free(bool complain)
{
	bool all = true;
	size_t i;

	for (i = 0; i < nr_nodes; i++)
		all &= node_free(&nodes[i], complain);
	all &= class_free(CLASS, complain);
	return class_free(BESIDE, complain) && all;
}

int pmem_open(const char *name)
{
	return pmem_open_flags(name, O_RDWR);
}

int pmem_open_flags(const char *name, int flags)
{
	char *path = format("/dev/%s", name);
	int fd = open(path, flags);

	free(path);
	return fd;
}

int pmem_allocate(int fd, unsigned long len)
{
	return ioctl(fd, PMEM_ALLOCATE, len);
}

int pmem_allocate_aligned(int fd, unsigned long size, unsigned int align)
{
	struct pmem_allocation allocation;

	memset(&allocation, 0xcc, sizeof(allocation));
	allocation.size = size;
	allocation.align = align;
	return ioctl(fd, PMEM_ALLOCATE_ALIGNED, &allocation);
}

int pmem_connect(int fd, int master)
{
	return ioctl(fd, PMEM_CONNECT, master);
}

static int region_command(int fd, unsigned int cmd, unsigned long offset, unsigned long len)
{
	struct pmem_region region = { offset, len };

	return ioctl(fd, cmd, &region);
}

int pmem_map(int fd, unsigned long offset, unsigned long len)
{
	return region_command(fd, PMEM_MAP, offset, len);
}

int pmem_unmap(int fd, unsigned long offset, unsigned long len)
{
	return region_command(fd, PMEM_UNMAP, offset, len);
}

int pmem_flush(int fd, unsigned long offset, unsigned long len)
{
	return region_command(fd, PMEM_CACHE_FLUSH, offset, len);
}

int pmem_cache(int fd, unsigned int cmd, const void *vaddr, unsigned long offset,
	       unsigned long length)
{
	struct pmem_addr addr = { (unsigned long)vaddr, offset, length };

	return ioctl(fd, cmd, &addr);
}

/* Returns a dma-buf, or -1 with errno set. */
int pmem_export(int fd, __u32 flags)
{
	struct pmem_dmabuf data = { .fd = -1, .fd_flags = flags };
	int ret = ioctl(fd, PMEM_EXPORT_DMABUF, &data);

	if (ret > 0)
		abort();
	return ret ? ret : data.fd;
}

int pmem_import(int fd, int dmabuf)
{
	struct pmem_dmabuf data = { .fd = dmabuf };

	return ioctl(fd, PMEM_IMPORT_DMABUF, &data);
}

static struct pmem_region query(int fd, unsigned int cmd)
{
	struct pmem_region region;

	memset(&region, 0xcc, sizeof(region));
	if (ioctl(fd, cmd, &region))
		die("PMEM_GET_*");
	return region;
}

struct pmem_region pmem_size(int fd)
{
	return query(fd, PMEM_GET_SIZE);
}

struct pmem_region pmem_phys(int fd)
{
	return query(fd, PMEM_GET_PHYS);
}

unsigned long pmem_total(int fd)
{
	return query(fd, PMEM_GET_TOTAL_SIZE).len;
}

struct pmem_freespace pmem_free_space(int fd)
{
	struct pmem_freespace space;

	memset(&space, 0xcc, sizeof(space));
	if (ioctl(fd, PMEM_GET_FREE_SPACE, &space))
		die("PMEM_GET_FREE_SPACE");
	return space;
}

void *pmem_mmap(int fd, size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* A file with a mapped allocation; -1 with errno set on failure. */
int pmem_master(const char *name, size_t len, void **memory)
{
	int fd = pmem_open(name);

	if (fd < 0)
		return -1;
	*memory = pmem_mmap(fd, len);
	if (*memory == MAP_FAILED) {
		close_keeping_errno(fd);
		return -1;
	}
	return fd;
}

/* A file that is connected to @master; -1 with errno set on failure. */
int pmem_sub(const char *name, int master)
{
	int fd = pmem_open(name);

	if (fd < 0)
		return -1;
	if (pmem_connect(fd, master)) {
		close_keeping_errno(fd);
		return -1;
	}
	return fd;
}

static int heap_open(const char *heap)
{
	char *path = format("/dev/dma_heap/%s", heap);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(path);
	free(path);
	return fd;
}

/* Wait until all free memory of a node is zero, if it has a heap that reports this. */
void pmem_wait_clean(const struct node *node)
{
	struct contig_heap_query query;
	int fd;

	if (!node->heap)
		return;
	fd = heap_open(node->heap);
	do {
		memset(&query, 0, sizeof(query));
		if (ioctl(fd, CONTIG_HEAP_IOCTL_QUERY, &query))
			die("CONTIG_HEAP_IOCTL_QUERY");
	} while (query.dirty && !usleep(1000));
	close(fd);
}

/* Returns a dma-buf, or -1 with errno set. */
int heap_alloc(const char *heap, size_t len, __u32 flags)
{
	struct dma_heap_allocation_data data = { .len = len, .fd_flags = flags };
	int fd = heap_open(heap), ret;

	ret = ioctl(fd, DMA_HEAP_IOCTL_ALLOC, &data);
	close(fd);
	return ret ? -1 : (int)data.fd;
}

static sigjmp_buf access_failed;

static void on_fault(int signal)
{
	siglongjmp(access_failed, signal);
}

static bool try_access(volatile unsigned char *byte, bool write)
{
	struct sigaction action = { .sa_handler = on_fault }, segv, bus;
	volatile bool worked = false;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	if (!sigsetjmp(access_failed, 1)) {
		unsigned char value = *byte;

		if (write)
			*byte = value;
		worked = true;
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return worked;
}

bool can_read(const void *addr)
{
	return try_access((unsigned char *)addr, false);
}

/* Keeps the contents. */
bool can_write(void *addr)
{
	return try_access(addr, true);
}

/* The address of a master for a device without limits, 0 if it is not contiguous. */
__u64 address_of(int fd)
{
	int dmabuf = pmem_export(fd, O_RDWR | O_CLOEXEC);
	__u64 address;

	if (dmabuf < 0)
		die("PMEM_EXPORT_DMABUF");
	address = buffer_address(dmabuf);
	close(dmabuf);
	return address;
}

/* Does a device see these contents? */
bool device_sees(int fd, const void *memory, size_t len)
{
	int importer = importer_open(), device = importer_any_device(importer);
	int dmabuf = pmem_export(fd, O_RDWR | O_CLOEXEC);
	int attachment = importer_attach(importer, device, dmabuf);
	void *copy = malloc(len);
	bool same;

	if (attachment < 0 || !copy ||
	    importer_map(importer, attachment, HEAP_IMPORTER_BOTH) != 1 ||
	    importer_dma_read(importer, attachment, 0, copy, len))
		die(HEAP_IMPORTER_PATH);
	same = !memcmp(copy, memory, len);
	free(copy);
	close(importer);
	close(dmabuf);
	return same;
}

/* Returns 0, or -1 with the kernel's errno. */
int pmem_load(const char *parameters)
{
	return insert_module("pmem_compat", parameters);
}

bool pmem_is_loaded(void)
{
	return !access("/sys/module/pmem_compat", F_OK);
}

/* References of a process may be dropped shortly after its exit. */
bool pmem_unload(void)
{
	int tries = 300;

	while (pmem_is_loaded() && syscall(SYS_delete_module, "pmem_compat", O_NONBLOCK) && tries--)
		usleep(100000);
	return !pmem_is_loaded();
}

#define TRACING		"/sys/kernel/tracing/"

static bool probes_enable(const char *on)
{
	return write_text(TRACING "events/kprobes/clean/enable", on) &&
	       write_text(TRACING "events/kprobes/flush/enable", on);
}

void maintenance_ignore(void)
{
	probes_enable("0");
	write_text(TRACING "kprobe_events", "");
}

/*
 * Trace the physical ranges of cache maintenance, until maintenance_ignore(). Returns false on
 * other architectures than arm64, where this is impossible.
 */
bool maintenance_watch(void)
{
	/* A failed test may have left it enabled. */
	maintenance_ignore();
	if (!write_text(TRACING "kprobe_events",
			"p:clean contig_heaps:memory_clean_lines address=%x1 size=%x2\n"
			"p:flush contig_heaps:memory_flush_lines address=%x1 size=%x2\n"))
		return false;
	maintenance_forget();
	return probes_enable("1");
}

void maintenance_forget(void)
{
	write_text(TRACING "trace", "");
}

struct range {
	__u64 start;
	__u64 end;
};

static int by_start(const void *one, const void *other)
{
	const struct range *a = one, *b = other;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* The maintained ranges, to be freed; @nr is set to their number. */
static struct range *maintained_ranges(const char *trace, size_t *nr)
{
	size_t room = strlen(trace) / strlen("address=size=") + 1;
	struct range *ranges = calloc(room, sizeof(*ranges));
	const char *at = trace;

	if (!ranges)
		die("calloc");
	for (*nr = 0; (at = strstr(at, "address=")); (*nr)++) {
		ranges[*nr].start = strtoull(at + strlen("address="), NULL, 0);
		at = strstr(at, "size=");
		if (!at)
			break;
		ranges[*nr].end = ranges[*nr].start + strtoull(at + strlen("size="), NULL, 0);
	}
	return ranges;
}

/* The end of the contiguous range that was maintained from this address on. */
static __u64 maintained_until(const char *trace, __u64 address)
{
	size_t nr, i;
	struct range *ranges = maintained_ranges(trace, &nr);
	__u64 end = address;

	qsort(ranges, nr, sizeof(*ranges), by_start);
	for (i = 0; i < nr && ranges[i].start <= end; i++)
		if (ranges[i].end > end)
			end = ranges[i].end;
	free(ranges);
	return end;
}

/* Was every byte of the range maintained since the last maintenance_forget()? */
bool maintained(__u64 address, size_t len)
{
	char *trace = read_text(TRACING "trace");
	__u64 end = trace ? maintained_until(trace, address) : address;

	free(trace);
	if (end >= address + len)
		return true;
	fprintf(stderr, "# of %zu bytes at %#llx the first %llu were maintained\n", len,
		(unsigned long long)address, (unsigned long long)(end - address));
	return false;
}
