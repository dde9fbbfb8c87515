// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load and unload the module, bind and unbind its devices: possible whenever nothing is in use,
 * refused or harmless otherwise.
 */
#include <dirent.h>

#include "importer_client.h"
#include "../kernel_module.h"
#include "module.h"
#include "test.h"

#define DRIVER	"/sys/bus/platform/drivers/contig-heap/"

UNLOADED_FIXTURE(module);

/* Use all features once. */
static bool use_heaps(void)
{
	static const char * const name[] = {
		"adsp", "adsp-uncached", "audio-uncached", "video",
		"default_cma_region-uncached",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		int heap = heap_open(name[i]);
		int fd = heap_alloc(heap, MiB(1));
		int importer = importer_open();
		int device = importer_any_device(importer);
		int attachment = importer_attach(importer, device, fd);
		void *memory = buffer_map(fd, MiB(1));
		bool ok = memory != MAP_FAILED &&
			  importer_map(importer, attachment, 0) > 0 &&
			  importer_vmap(importer, fd) >= 0;

		if (ok)
			fill(memory, MiB(1), i);
		munmap(memory, MiB(1));
		close(importer);
		close(fd);
		close(heap);
		if (!ok)
			return false;
	}
	return true;
}

/* Does a kernel thread exist whose name has this prefix? */
static bool thread_exists(const char *prefix)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(proc))) {
		char path[300], *name;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		name = read_text(path);
		found |= name && !strncmp(name, prefix, strlen(prefix));
		free(name);
	}
	closedir(proc);
	return found;
}

static bool file_has(const char *path, const char *text)
{
	char *content = read_text(path);
	bool found = content && strstr(content, text);

	free(content);
	return found;
}

static long available_kib(void)
{
	write_text("/proc/sys/vm/drop_caches", "3");
	return available_memory();
}

/* In the formats of 64-bit and 32-bit kernels. */
static bool nomap_is_mapped(void)
{
	return file_has("/proc/vmallocinfo", "phys=0x0000000076000000") ||
	       file_has("/proc/vmallocinfo", "phys=0x76000000");
}

TEST_F(module, unloading_leaves_nothing_behind)
{
	char *iomem = read_text("/proc/iomem"), *after;
	/* Of the kernel's own heaps, if it has any. */
	int class = access("/sys/class/dma_heap", F_OK);

	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(thread_exists("contig_zero/"));
	EXPECT_EQ(0, access("/sys/kernel/debug/contig_heaps/adsp", F_OK));
	/* The write-combined mapping of the no-map region. */
	EXPECT_TRUE(nomap_is_mapped());
	ASSERT_TRUE(use_heaps());
	ASSERT_EQ(0, module_unload());

	after = read_text("/proc/iomem");
	EXPECT_STREQ(iomem, after);
	EXPECT_FALSE(thread_exists("contig_zero/"));
	EXPECT_FALSE(nomap_is_mapped());
	EXPECT_FALSE(file_has("/proc/devices", "contig_heaps"));
	EXPECT_NE(0, access("/sys/kernel/debug/contig_heaps", F_OK));
	EXPECT_EQ(class, access("/sys/class/dma_heap", F_OK));
	EXPECT_NE(0, access("/sys/class/dma_heap/adsp", F_OK));
	EXPECT_NE(0, access("/sys/class/contig_heap", F_OK));
	EXPECT_NE(0, access("/dev/dma_heap/adsp", F_OK));
	EXPECT_NE(0, access("/sys/kernel/tracing/events/contig_heaps", F_OK));
	EXPECT_NE(0, access(DRIVER, F_OK));
}

static bool live_and_die(int times)
{
	int i;

	for (i = 0; i < times; i++)
		if (module_load("carveout=smi:4M@0x79000000,any:2M") ||
		    !use_heaps() || module_unload())
			return false;
	return true;
}

#define LIVES	30
/* A leak in every cycle loses more than this: five pages. */
#define LOST_KIB	20

TEST_F(module, many_lives)
{
	int attempts = 8, lives = rounds(LIVES);
	long lost;

	/* Permanent allocations of the kernel happen in the first few cycles. */
	ASSERT_TRUE(live_and_die(rounds(15)));
	/*
	 * Other parts of the kernel allocate and free, too, but not as much in every cycle. Debug
	 * kernels also store debug data, and detect leaks themselves.
	 */
	do {
		long before = available_kib();

		ASSERT_TRUE(live_and_die(lives));
		lost = before - available_kib();
	} while (!kernel_debugs() && lost > lives * LOST_KIB && --attempts);
	if (!kernel_debugs())
		EXPECT_GE(lives * LOST_KIB, lost);
	TH_LOG("%ld KiB less are available", lost);
}

TEST_F(module, open_node_keeps_it)
{
	int heap;

	ASSERT_EQ(0, module_load(""));
	heap = heap_open("adsp");
	ASSERT_LE(0, heap);
	EXPECT_ERRNO(EAGAIN, module_unload());
	EXPECT_EQ(heap_query(heap).total, heap_query(heap).free);
	close(heap);
	EXPECT_EQ(0, module_unload());
}

/* Load the module and allocate a buffer, the only user of the module on return. */
static int load_and_allocate(const char *name)
{
	int heap, fd;

	if (module_load(""))
		return -1;
	heap = heap_open(name);
	fd = heap_alloc(heap, MiB(1));
	close(heap);
	return fd;
}

TEST_F(module, buffer_keeps_it)
{
	int fd = load_and_allocate("adsp");

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EAGAIN, module_unload());
	EXPECT_NE(MAP_FAILED, buffer_map(fd, MiB(1)));
	close(fd);
	/* The mapping remains. */
	EXPECT_ERRNO(EAGAIN, module_unload());
}

TEST_F(module, mapping_keeps_it)
{
	int fd = load_and_allocate("video-uncached");
	void *memory = buffer_map(fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	close(fd);
	EXPECT_ERRNO(EAGAIN, module_unload());
	fill(memory, MiB(1), 1);
	EXPECT_TRUE(filled(memory, MiB(1), 1));
	munmap(memory, MiB(1));
	EXPECT_EQ(0, module_unload());
}

TEST_F(module, attachment_keeps_it)
{
	int fd = load_and_allocate("audio-uncached"), importer = importer_open();
	int attachment = importer_attach(importer, importer_any_device(importer), fd);

	ASSERT_LE(0, attachment);
	close(fd);
	EXPECT_ERRNO(EAGAIN, module_unload());
	EXPECT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	EXPECT_ERRNO(EAGAIN, module_unload());
	close(importer);
	EXPECT_EQ(0, module_unload());
}

TEST_F(module, kernel_mapping_keeps_it)
{
	int fd = load_and_allocate("default_cma_region"), importer = importer_open();

	ASSERT_LE(0, importer_vmap(importer, fd));
	close(fd);
	EXPECT_ERRNO(EAGAIN, module_unload());
	close(importer);
	EXPECT_EQ(0, module_unload());
}

TEST_F(module, can_go_while_memory_is_being_cleaned)
{
	int round;

	for (round = 0; round < 5; round++) {
		int heap, fd;

		ASSERT_EQ(0, module_load(""));
		heap = heap_open("mdp");
		fd = heap_alloc(heap, MiB(48));
		ASSERT_LE(0, fd);
		close(fd);
		close(heap);
		ASSERT_EQ(0, module_unload());
	}
}

/* After another load, buffers do not show data from before the unload. */
TEST_F(module, memory_is_zero_after_loading_again)
{
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(heap_holds("adsp", MiB(48)));
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(heap_holds("adsp-uncached", MiB(48)));
	EXPECT_EQ(0, module_unload());
}

/* A heap's device, with the heap open and a live buffer. */
FIXTURE(unbind) {
	int heap;
	int fd;
};

FIXTURE_VARIANT(unbind) {
	const char *device;
	const char *name;
};

FIXTURE_VARIANT_ADD(unbind, carveout) {
	.device = "heap-adsp",
	.name = "adsp",
};

FIXTURE_VARIANT_ADD(unbind, nomap) {
	.device = "heap-audio",
	.name = "audio-uncached",
};

FIXTURE_VARIANT_ADD(unbind, cma) {
	.device = "heap-video",
	.name = "video",
};

FIXTURE_SETUP(unbind)
{
	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(""));
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->fd = heap_alloc(self->heap, MiB(1));
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(write_text(DRIVER "unbind", variant->device));
}

FIXTURE_TEARDOWN(unbind)
{
	close(self->fd);
	close(self->heap);
	module_unload();
}

TEST_F(unbind, nodes_are_gone)
{
	EXPECT_FALSE(node_exists(variant->name));
	EXPECT_ERRNO(ENOENT, heap_open(variant->name));
	EXPECT_ERRNO(ENOENT, heap_open_twin(variant->name));
	EXPECT_TRUE(node_exists("mdp"));
}

TEST_F(unbind, open_node_says_so)
{
	struct contig_heap_query query;

	EXPECT_ERRNO(ENODEV, heap_alloc(self->heap, PAGE));
	EXPECT_ERRNO(ENODEV, heap_alloc_aligned(self->heap, PAGE, PAGE));
	EXPECT_ERRNO(ENODEV, ioctl(self->heap, CONTIG_HEAP_IOCTL_QUERY,
				   &query));
}

/* Accesses that began before the removal must be ended. */
TEST_F(unbind, buffer_is_synced_and_placed)
{
	struct contig_heap_buffer what = { .fd = self->fd };
	__u64 phase;

	EXPECT_EQ(0, buffer_sync_range(self->heap, self->fd, 0, PAGE,
				       DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, buffer_sync_range(self->heap, self->fd, 0, PAGE,
				       DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, buffer_place(self->heap, self->fd, PAGE, &phase));
	EXPECT_EQ(0, phase);
	EXPECT_EQ(0, ioctl(self->heap, CONTIG_HEAP_IOCTL_BUFFER, &what));
	EXPECT_STREQ(variant->name, what.heap);
}

TEST_F(unbind, buffer_lives_on)
{
	void *memory = buffer_map(self->fd, MiB(1));
	int importer = importer_open();
	int attachment = importer_attach(importer,
					 importer_any_device(importer),
					 self->fd);
	int vmap = importer_vmap(importer, self->fd);
	char copy[64];

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 1);
	EXPECT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	ASSERT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	EXPECT_EQ(0, importer_dma_read(importer, attachment, 0, copy, 64));
	EXPECT_TRUE(filled(copy, 64, 1));
	memset(copy, 0, sizeof(copy));
	ASSERT_LE(0, vmap);
	EXPECT_EQ(0, importer_kernel_read(importer, vmap, 0, copy, 64));
	EXPECT_TRUE(filled(copy, 64, 1));
	close(importer);
	close(self->heap);
	EXPECT_ERRNO(EAGAIN, module_unload());
	EXPECT_TRUE(filled(memory, MiB(1), 1));
}

/* Debug kernels delay the release after unbind; others do not. */
static bool bind_again(const char *device)
{
	bool bound = write_text(DRIVER "bind", device);

	while (!bound && errno == EBUSY && kernel_debugs()) {
		usleep(100000);
		bound = write_text(DRIVER "bind", device);
	}
	return bound;
}

/* Live buffers remain valid, and count; the new heap can use the rest. */
TEST_F(unbind, bound_again_it_shares_with_what_is_left)
{
	void *memory = buffer_map(self->fd, MiB(1)), *rest;
	int heap, fd;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 3);
	ASSERT_TRUE(bind_again(variant->device));
	heap = heap_open(variant->name);
	ASSERT_LE(0, heap);
	EXPECT_EQ(heap_query(heap).total - MiB(1), heap_query(heap).free);
	fd = heap_alloc(heap, MiB(32));
	ASSERT_LE(0, fd);
	rest = buffer_map(fd, MiB(32));
	ASSERT_NE(MAP_FAILED, rest);
	EXPECT_TRUE(all_bytes(rest, MiB(32), 0));
	memset(rest, 0xa5, MiB(32));
	EXPECT_TRUE(filled(memory, MiB(1), 3));
	/* The old node remains dead. */
	EXPECT_ERRNO(ENODEV, heap_alloc(self->heap, PAGE));
	munmap(memory, MiB(1));
	close(self->fd);
	close(self->heap);
	EXPECT_EQ(heap_query(heap).total - MiB(32), heap_query(heap).free);
	munmap(rest, MiB(32));
	close(fd);
	close(heap);
}

TEST_F(unbind, again_and_again)
{
	int i, times = rounds(30);

	close(self->fd);
	close(self->heap);
	for (i = 0; i < times; i++) {
		ASSERT_TRUE(bind_again(variant->device));
		ASSERT_TRUE(node_exists(variant->name));
		ASSERT_TRUE(write_text(DRIVER "unbind", variant->device));
		ASSERT_FALSE(node_exists(variant->name));
	}
	EXPECT_EQ(0, module_unload());
}

#define PMEM_DRIVER	"/sys/bus/platform/drivers/pmem-compat/"

/* The devices of a heap and of a legacy node on the same unused memory. */
FIXTURE(shared) {
};

FIXTURE_VARIANT(shared) {
	const char *device;
	const char *name;
	const char *legacy_device;
	const char *legacy_node;
};

FIXTURE_VARIANT_ADD(shared, carveout) {
	.device = "heap-mdp",
	.name = "mdp",
	.legacy_device = "pmem",
	.legacy_node = "/dev/pmem",
};

FIXTURE_VARIANT_ADD(shared, nomap) {
	.device = "heap-audio",
	.name = "audio-uncached",
	.legacy_device = "pmem-audio",
	.legacy_node = "/dev/pmem_audio",
};

FIXTURE_VARIANT_ADD(shared, cma) {
	.device = "heap-video",
	.name = "video",
	.legacy_device = "pmem-cma",
	.legacy_node = "/dev/pmem_cma",
};

FIXTURE_SETUP(shared)
{
	ASSERT_TRUE(module_gone());
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, insert_module("pmem_compat", ""));
	ASSERT_TRUE(node_exists(variant->name));
	ASSERT_EQ(0, access(variant->legacy_node, F_OK));
}

FIXTURE_TEARDOWN(shared)
{
	module_unload();
}

TEST_F(shared, heap_is_bound_to_what_the_legacy_node_has)
{
	ASSERT_TRUE(write_text(DRIVER "unbind", variant->device));
	ASSERT_FALSE(node_exists(variant->name));
	ASSERT_TRUE(write_text(DRIVER "bind", variant->device));
	EXPECT_TRUE(heap_holds(variant->name, MiB(1)));
	EXPECT_EQ(0, access(variant->legacy_node, F_OK));
}

TEST_F(shared, legacy_node_is_bound_first)
{
	ASSERT_TRUE(write_text(DRIVER "unbind", variant->device));
	ASSERT_TRUE(write_text(PMEM_DRIVER "unbind", variant->legacy_device));
	ASSERT_TRUE(write_text(PMEM_DRIVER "bind", variant->legacy_device));
	ASSERT_EQ(0, access(variant->legacy_node, F_OK));
	ASSERT_TRUE(write_text(DRIVER "bind", variant->device));
	EXPECT_TRUE(heap_holds(variant->name, MiB(1)));
	EXPECT_EQ(0, access(variant->legacy_node, F_OK));
}

TEST_F(shared, heap_is_bound_first)
{
	ASSERT_TRUE(write_text(PMEM_DRIVER "unbind", variant->legacy_device));
	ASSERT_NE(0, access(variant->legacy_node, F_OK));
	ASSERT_TRUE(write_text(PMEM_DRIVER "bind", variant->legacy_device));
	EXPECT_EQ(0, access(variant->legacy_node, F_OK));
	EXPECT_TRUE(heap_holds(variant->name, MiB(1)));
}

TEST_HARNESS_MAIN
