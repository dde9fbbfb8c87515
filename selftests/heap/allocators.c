// SPDX-License-Identifier: GPL-2.0-only
/*
 * How existing allocators select and use heaps: the nodes that they try, the open flags, the
 * fallbacks for missing nodes, and how they use buffers. Covers Rockchip's MPP, Android's
 * BufferAllocator and the Codec2 pools on top of it (also in Waydroid), Qualcomm's plugins,
 * libcamera. For a guest without the module.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "test.h"

UNLOADED_FIXTURE(allocators);

#define HEAPS	"/dev/dma_heap/"

static int open_node(const char *name, int flags)
{
	char *path = format(HEAPS "%s", name);
	int fd = open(path, flags | O_CLOEXEC);

	free(path);
	return fd;
}

static __u32 flags_of(int fd)
{
	struct contig_heap_buffer buffer = { .fd = fd };
	int node = open("/dev/contig_buffer", O_RDWR | O_CLOEXEC);
	int ret = ioctl(node, CONTIG_HEAP_IOCTL_BUFFER, &buffer);

	close(node);
	return ret ? ~0U : buffer.flags;
}

static const char *name_of(int fd)
{
	static char name[64];
	char *path = format("/proc/self/fdinfo/%d", fd), *text = read_text(path), *line;

	line = text ? strstr(text, "\nname:\t") : NULL;
	if (!line || sscanf(line, " name: %63s", name) != 1)
		*name = '\0';
	free(text);
	free(path);
	return name;
}

/* --- MPP: one heap for each combination of requested properties */

enum { CACHEABLE = 1 << 1, DMA32 = 1 << 0, CMA = 1 << 2, NR_TYPES = 8 };

static const char * const mpp_names[NR_TYPES] = {
	"system-uncached", "system-uncached-dma32", "system", "system-dma32",
	"cma-uncached", "cma-uncached-dma32", "cma", "cma-dma32",
};

struct mpp {
	int heaps[NR_TYPES];
	/* The type that provides the heap of this type. */
	int used[NR_TYPES];
};

static bool mpp_uses(struct mpp *mpp, int type, int other)
{
	if (mpp->heaps[other] < 0)
		return false;
	mpp->heaps[type] = fcntl(mpp->heaps[other], F_DUPFD_CLOEXEC, 0);
	mpp->used[type] = mpp->used[other];
	return true;
}

static void mpp_open(struct mpp *mpp)
{
	int type;

	for (type = 0; type < NR_TYPES; type++) {
		mpp->heaps[type] = open_node(mpp_names[type], O_RDONLY);
		mpp->used[type] = type;
	}
	for (type = 0; type < NR_TYPES; type++)
		if (mpp->heaps[type] < 0 && !mpp_uses(mpp, type, type ^ CACHEABLE) &&
		    !mpp_uses(mpp, type, type ^ DMA32))
			mpp_uses(mpp, type, type ^ CACHEABLE ^ DMA32);
}

static void mpp_close(struct mpp *mpp)
{
	int type;

	for (type = 0; type < NR_TYPES; type++)
		close(mpp->heaps[type]);
}

/* An fd for the caller, another for the driver; mapped on demand, synced if cached. */
static bool mpp_buffer_works(int heap, size_t len, bool cached)
{
	int fd = heap_alloc(heap, len), import = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	bool works = import >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
	void *memory = buffer_map(fd, len);

	works &= memory != MAP_FAILED && all_bytes(memory, len, 0);
	if (works) {
		works &= !cached || !buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
		fill(memory, len, heap);
		works &= !cached || !buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
		works &= filled(memory, len, heap);
	}
	munmap(memory, len);
	close(fd);
	/* The driver still has the buffer. */
	memory = mmap(NULL, len, PROT_READ, MAP_SHARED, import, 0);
	works &= memory != MAP_FAILED && filled(memory, len, heap);
	munmap(memory, len);
	close(import);
	return works;
}

static bool mpp_type_works(struct mpp *mpp, int type, int expected)
{
	int fd = heap_alloc(mpp->heaps[type], KiB(64));
	__u32 flags = flags_of(fd);
	bool works = fd >= 0 && mpp->used[type] == expected;

	close(fd);
	works &= !(flags & CONTIG_HEAP_F_UNCACHED) == !!(expected & CACHEABLE);
	works &= !(flags & CONTIG_HEAP_F_SCATTERED) == !!(expected & CMA);
	return works && mpp_buffer_works(mpp->heaps[type], MiB(3), expected & CACHEABLE);
}

static bool mpp_works(const int expected[NR_TYPES])
{
	bool works = true;
	struct mpp mpp;
	int type;

	mpp_open(&mpp);
	for (type = 0; type < NR_TYPES; type++) {
		if (mpp_type_works(&mpp, type, expected[type]))
			continue;
		fprintf(stderr, "# %s: by %s\n", mpp_names[type], mpp_names[mpp.used[type]]);
		works = false;
	}
	mpp_close(&mpp);
	return works;
}

TEST_F(allocators, mpp)
{
	/*
	 * The area is not known to be below 4 GiB. The last type falls back to its neighbour's
	 * heap.
	 */
	static const int expected[NR_TYPES] = { 0, 1, 2, 3, 4, 4, 6, 4 };

	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(mpp_works(expected));
}

TEST_F(allocators, mpp_with_all_names)
{
	static const int expected[NR_TYPES] = { 0, 1, 2, 3, 4, 5, 6, 7 };

	ASSERT_EQ(0, module_load("alias=cma-dma32=cma,cma-uncached-dma32=cma-uncached"));
	EXPECT_TRUE(mpp_works(expected));
}

/* The pool of a decoder: frames of one size that are freed in another order. */
TEST_F(allocators, mpp_pool_of_frames)
{
	const size_t len = 1920 * 1088 * 3 / 2;
	int fds[16], i, round;
	struct mpp mpp;

	ASSERT_EQ(0, module_load(""));
	mpp_open(&mpp);
	for (i = 0; i < 16; i++) {
		fds[i] = heap_alloc(mpp.heaps[DMA32], len);
		ASSERT_LE(0, fds[i]);
		EXPECT_LE(len, buffer_size(fds[i]));
	}
	for (round = 0; round < 8; round++) {
		for (i = round & 1; i < 16; i += 2) {
			close(fds[i]);
			fds[i] = heap_alloc(mpp.heaps[DMA32], len);
			ASSERT_LE(0, fds[i]);
		}
	}
	for (i = 0; i < 16; i++)
		close(fds[i]);
	mpp_close(&mpp);
}

/* --- Android's BufferAllocator: uses a heap by name, or ION if there is no such heap */

struct buffer_allocator {
	bool has_ion;
};

static bool android_maps(struct buffer_allocator *allocator, const char *heap)
{
	int fd = open_node(heap, O_RDONLY);

	close(fd);
	/* Without ION, names cannot be mapped. */
	return fd >= 0 || !allocator->has_ion;
}

/* Buffers are named after their heap. */
static int android_alloc(const char *heap_name, size_t len)
{
	int heap = open_node(heap_name, O_RDONLY), fd = heap_alloc(heap, len);

	close(heap);
	if (fd >= 0 && ioctl(fd, DMA_BUF_SET_NAME_B, heap_name)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A buffer without CPU access comes from the uncached heap, if it exists. */
static int android_alloc_system(bool cpu_access, size_t len)
{
	DIR *folder = opendir(HEAPS);
	struct dirent *entry;
	bool uncached = false;

	while (folder && (entry = readdir(folder)))
		uncached |= !strcmp(entry->d_name, "system-uncached");
	if (folder)
		closedir(folder);
	return android_alloc(!cpu_access && uncached ? "system-uncached" : "system", len);
}

static bool android_buffer_works(int fd, size_t len)
{
	void *memory = buffer_map(fd, len);
	bool works = memory != MAP_FAILED;

	if (!works)
		return false;
	works &= !buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	works &= all_bytes(memory, len, 0);
	fill(memory, len, 7);
	works &= !buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	works &= !buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	works &= filled(memory, len, 7);
	works &= !buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	return !munmap(memory, len) && works;
}

TEST_F(allocators, android)
{
	struct buffer_allocator allocator = { .has_ion = !access("/dev/ion", F_OK) };
	int fd;

	ASSERT_EQ(0, module_load(""));
	/* Checks for heaps; if there are any, it ignores ION. */
	EXPECT_EQ(0, access(HEAPS "system", R_OK));
	EXPECT_TRUE(android_maps(&allocator, "system"));
	EXPECT_TRUE(android_maps(&allocator, "ion_system_heap"));

	fd = android_alloc("system", MiB(8) + 1000);
	ASSERT_LE(0, fd);
	EXPECT_STREQ("system", name_of(fd));
	EXPECT_TRUE(android_buffer_works(fd, MiB(8) + 1000));
	close(fd);
	EXPECT_ERRNO(EBADF, android_alloc("ion_system_heap", PAGE));
}

/* A product-specific heap name, previously of ION, now an alias. */
TEST_F(allocators, android_names_of_a_product)
{
	int fd;

	ASSERT_EQ(0, module_load("alias=ion_system_heap=system,vframe=adsp"));
	fd = android_alloc("ion_system_heap", MiB(1));
	EXPECT_TRUE(android_buffer_works(fd, MiB(1)));
	EXPECT_STREQ("ion_system_heap", name_of(fd));
	close(fd);
	fd = android_alloc("vframe", MiB(1));
	EXPECT_TRUE(android_buffer_works(fd, MiB(1)));
	close(fd);
}

TEST_F(allocators, android_system)
{
	int fd;

	ASSERT_EQ(0, module_load(""));
	fd = android_alloc_system(true, MiB(1));
	EXPECT_STREQ("system", name_of(fd));
	EXPECT_EQ(CONTIG_HEAP_F_SCATTERED, flags_of(fd) & ~CONTIG_HEAP_F_ESTIMATE);
	EXPECT_TRUE(android_buffer_works(fd, MiB(1)));
	close(fd);
	fd = android_alloc_system(false, MiB(1));
	EXPECT_STREQ("system-uncached", name_of(fd));
	EXPECT_TRUE(flags_of(fd) & CONTIG_HEAP_F_UNCACHED);
	EXPECT_TRUE(android_buffer_works(fd, MiB(1)));
	close(fd);
}

/* --- Codec2: linear blocks of a pool, passed on as fds, partially mapped */

struct block {
	int fd;
	size_t capacity;
};

static struct block codec2_block(size_t capacity, size_t padding, bool cpu)
{
	return (struct block) {
		.fd = android_alloc_system(cpu, capacity + padding),
		.capacity = capacity,
	};
}

/* A part with any offset: its mapping begins at the start of its page. */
static bool codec2_part_works(const struct block *block, size_t offset, size_t len)
{
	size_t into = offset % PAGE, size = into + len;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, block->fd,
			    offset - into);
	bool works = memory != MAP_FAILED;

	if (!works)
		return false;
	works &= !buffer_sync(block->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	memset(memory + into, 0x5a, len);
	works &= !buffer_sync(block->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	munmap(memory, size);
	memory = mmap(NULL, block->capacity, PROT_READ, MAP_SHARED, block->fd, 0);
	works &= memory != MAP_FAILED && all_bytes(memory + offset, len, 0x5a) &&
		 (!offset || !memory[offset - 1]) &&
		 (offset + len == block->capacity || !memory[offset + len]);
	munmap(memory, block->capacity);
	return works;
}

TEST_F(allocators, codec2_pool)
{
	struct block blocks[8];
	size_t i;

	ASSERT_EQ(0, module_load(""));
	for (i = 0; i < 8; i++) {
		blocks[i] = codec2_block(KiB(512) + i * 1000, 32, i & 1);
		ASSERT_LE(0, blocks[i].fd);
	}
	for (i = 0; i < 8; i++) {
		struct block clone = blocks[i];

		clone.fd = dup(blocks[i].fd);
		close(blocks[i].fd);
		EXPECT_TRUE(codec2_part_works(&clone, PAGE * i + 100, 3 * PAGE));
		close(clone.fd);
	}
}

/* --- Qualcomm's GStreamer plugins: use the vendor's name, or the usual one */

static int qualcomm_open(const char **name)
{
	static const char * const names[] = { "qcom,system", "system" };
	int heap = -1;
	size_t i;

	for (i = 0; heap < 0 && i < ARRAY_SIZE(names); i++) {
		*name = names[i];
		heap = open_node(names[i], O_RDWR);
	}
	return heap;
}

TEST_F(allocators, qualcomm)
{
	static const char * const parameters[] = { "", "names=qualcomm" };
	static const char * const expected[] = { "system", "qcom,system" };
	const char *name;
	int i, heap;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, module_load(parameters[i]));
		heap = qualcomm_open(&name);
		EXPECT_STREQ(expected[i], name);
		EXPECT_EQ(CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE, heap_query(heap).flags);
		EXPECT_TRUE(mpp_buffer_works(heap, MiB(1), true));
		close(heap);
		EXPECT_EQ(i, node_exists("qcom,display"));
		ASSERT_EQ(0, module_unload());
	}
}

/* --- libcamera: opens the first available provider of a list, once */

#define SYSTEM_HEAP	(1 << 1)
#define CMA_HEAP	(1 << 0)
#define UDMABUF		(1 << 2)

static const struct {
	int type;
	const char *path;
} providers[] = {
	{ CMA_HEAP, HEAPS "linux,cma" },
	{ CMA_HEAP, HEAPS "reserved" },
	{ SYSTEM_HEAP, HEAPS "system" },
	{ UDMABUF, "/dev/udmabuf" },
};

/* *provider is its index in the list; returns -1 if there is none. */
static int camera_open(int types, int *provider)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(providers); i++) {
		if (!(providers[i].type & types))
			continue;
		*provider = open(providers[i].path, O_RDWR | O_CLOEXEC);
		if (*provider >= 0)
			return i;
	}
	return -1;
}

/* One named buffer has all planes; they are found by their offsets. */
static bool camera_frame_works(int heap, const char *name)
{
	static const size_t planes[] = { 640 * 480, 640 * 480 / 4, 640 * 480 / 4 };
	size_t size = 640 * 480 * 3 / 2, at = 0, i;
	int fd = heap_alloc(heap, size);
	char *memory;
	bool works;

	if (fd < 0 || ioctl(fd, DMA_BUF_SET_NAME, name))
		return false;
	works = !strcmp(name, name_of(fd)) && lseek(fd, 0, SEEK_END) >= (off_t)size;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	works &= memory != MAP_FAILED && !buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	for (i = 0; works && i < ARRAY_SIZE(planes); at += planes[i++])
		memset(memory + at, i + 1, planes[i]);
	works &= !buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW) && at == size;
	for (at = 0, i = 0; works && i < ARRAY_SIZE(planes); at += planes[i++])
		works &= all_bytes(memory + at, planes[i], i + 1);
	munmap(memory, size);
	close(fd);
	return works;
}

static bool camera_works(int types, int expected)
{
	int provider = -1, found = camera_open(types, &provider);
	bool works = found == expected;

	if (!works)
		fprintf(stderr, "# %s\n", found < 0 ? "none" : providers[found].path);
	if (found >= 0)
		works &= camera_frame_works(provider, "frame-0") &&
			 camera_frame_works(provider, "frame-1");
	close(provider);
	return works;
}

TEST_F(allocators, libcamera)
{
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(camera_works(CMA_HEAP, 0));
	EXPECT_TRUE(camera_works(CMA_HEAP | SYSTEM_HEAP | UDMABUF, 0));
	EXPECT_TRUE(camera_works(SYSTEM_HEAP | UDMABUF, 2));
}

/* Without a CMA area, a software ISP uses system memory. */
TEST_F(allocators, libcamera_without_an_area)
{
	ASSERT_EQ(0, module_load("cma=N"));
	EXPECT_TRUE(camera_works(CMA_HEAP | SYSTEM_HEAP, 2));
	EXPECT_EQ(-1, camera_open(CMA_HEAP, &(int){ -1 }));
}

TEST_F(allocators, libcamera_on_the_old_name)
{
	ASSERT_EQ(0, module_load("cma=N alias=reserved=adsp"));
	EXPECT_TRUE(camera_works(CMA_HEAP | SYSTEM_HEAP, 1));
}

TEST_HARNESS_MAIN
