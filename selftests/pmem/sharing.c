// SPDX-License-Identifier: GPL-2.0-only
/* PMEM allocations as dma-bufs and dma-bufs as PMEM allocations. */
#include <sys/resource.h>

#include <drm/drm.h>

#include "../heap/importer_client.h"
#include "test.h"

#define LEN	MiB(1)

static size_t buffer_size(int dmabuf)
{
	return lseek(dmabuf, 0, SEEK_END);
}

static int heap_buffers(const char *heap)
{
	char *text = heap_attribute(heap, "buffers");
	int count = text ? atoi(text) : -1;

	free(text);
	return count;
}

NODE_FIXTURE(export);

TEST_F(export, same_memory)
{
	char *memory = pmem_mmap(self->fd, LEN), *view;
	int dmabuf;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	dmabuf = pmem_export(self->fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	EXPECT_LE(LEN, buffer_size(dmabuf));
	view = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(filled(view, LEN, 1));
	fill(view, LEN, 2);
	EXPECT_TRUE(filled(memory, LEN, 2));
	EXPECT_EQ(pmem_phys(self->fd).offset, buffer_address(dmabuf));
}

TEST_F(export, memory_outlives_the_file)
{
	char *memory = pmem_mmap(self->fd, LEN), *view;
	int dmabuf;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 3);
	dmabuf = pmem_export(self->fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(self->fd));
	/* It is still in use, and not available to others. */
	self->fd = pmem_open(self->name);
	EXPECT_FALSE(all_free(false));
	if (self->node->kind == ALL_OR_NOTHING)
		EXPECT_ERRNO(ENOMEM, pmem_allocate(self->fd, PAGE));
	view = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(filled(view, LEN, 3));
	ASSERT_EQ(0, close(dmabuf));
	EXPECT_TRUE(filled(view, LEN, 3));
	ASSERT_EQ(0, munmap(view, LEN));
	EXPECT_TRUE(all_free(true));
}

TEST_F(export, twice)
{
	int first, second;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	first = pmem_export(self->fd, O_RDWR);
	second = pmem_export(self->fd, O_RDWR);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	EXPECT_NE(first, second);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, close(first));
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, close(second));
	EXPECT_TRUE(all_free(true));
}

TEST_F(export, descriptor_flags)
{
	int cloexec, plain;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	cloexec = pmem_export(self->fd, O_RDWR | O_CLOEXEC);
	plain = pmem_export(self->fd, O_RDWR);
	ASSERT_LE(0, cloexec);
	ASSERT_LE(0, plain);
	EXPECT_EQ(FD_CLOEXEC, fcntl(cloexec, F_GETFD));
	EXPECT_EQ(0, fcntl(plain, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(plain, F_GETFL) & O_ACCMODE);
	EXPECT_NE(MAP_FAILED, pmem_mmap(plain, PAGE));
}

TEST_F(export, errors)
{
	int bit, sub;

	EXPECT_ERRNO(EINVAL, pmem_export(self->fd, O_RDWR));
	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	for (bit = 0; bit < 32; bit++) {
		if (1U << bit & (O_CLOEXEC | O_RDWR))
			continue;
		EXPECT_ERRNO(EINVAL, pmem_export(self->fd, O_RDWR | 1U << bit)) {
			TH_LOG("bit %d", bit);
		}
	}
	EXPECT_ERRNO(EINVAL, pmem_export(self->fd, O_RDONLY));
	EXPECT_ERRNO(EINVAL, pmem_export(self->fd, O_WRONLY));
	EXPECT_ERRNO(EINVAL, pmem_export(self->fd, O_WRONLY | O_CLOEXEC));
	sub = pmem_sub(self->name, self->fd);
	ASSERT_LE(0, sub);
	EXPECT_ERRNO(EINVAL, pmem_export(sub, O_RDWR));
	EXPECT_ERRNO(EINVAL, pmem_import(sub, pmem_export(self->fd, O_RDWR)));
}

TEST_F(export, no_more_access_than_the_file_has)
{
	int reader = pmem_open_flags(self->name, O_RDONLY);
	int writer = pmem_open_flags(self->name, O_WRONLY);

	ASSERT_EQ(0, pmem_allocate(reader, LEN));
	EXPECT_ERRNO(EACCES, pmem_export(reader, O_RDWR));
	ASSERT_EQ(0, close(reader));
	ASSERT_EQ(0, pmem_allocate(writer, LEN));
	EXPECT_ERRNO(EACCES, pmem_export(writer, O_RDWR));
}

TEST_F(export, errors_leak_nothing)
{
	struct rlimit none = {};
	struct pmem_dmabuf *data;
	struct peer looker;
	int fds;

	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	data = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, data);
	data->fd_flags = O_RDWR;
	ASSERT_EQ(0, mprotect(data, PAGE, PROT_READ));
	fds = open_fds();
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, PMEM_EXPORT_DMABUF, data));
	EXPECT_EQ(fds, open_fds());
	looker = peer_start();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_ERRNO(EMFILE, pmem_export(self->fd, O_RDWR));
	ASSERT_EQ(0, close(self->fd));
	/* No descriptor is left in this process for checking. */
	EXPECT_EQ(1, on(looker, do_all_free));
}

TEST_F(export, imported_by_a_driver)
{
	struct drm_prime_handle prime = {};
	struct drm_gem_close gem = {};
	int vgem = open_vgem(), dmabuf;
	char *memory, *view;

	ASSERT_LE(0, vgem);
	memory = pmem_mmap(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 4);
	dmabuf = pmem_export(self->fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	prime.fd = dmabuf;
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	ASSERT_EQ(0, close(dmabuf));
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_FALSE(all_free(false));
	/* vgem returns it. */
	prime.flags = DRM_CLOEXEC | DRM_RDWR;
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	view = pmem_mmap(prime.fd, LEN);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(filled(view, LEN, 4));
	ASSERT_EQ(0, munmap(view, LEN));
	ASSERT_EQ(0, close(prime.fd));
	gem.handle = prime.handle;
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_GEM_CLOSE, &gem));
	ASSERT_EQ(0, close(vgem));
	EXPECT_TRUE(all_free(true));
}

/* A buffer exported from one device can be imported on any other. */
TEST_F(export, imported_by_pmem)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		int source = pmem_open(self->name), target = pmem_open(nodes[i].name), dmabuf;
		char *memory, *view;

		memory = pmem_mmap(source, LEN);
		ASSERT_NE(MAP_FAILED, memory);
		fill(memory, LEN, 5);
		dmabuf = pmem_export(source, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, dmabuf);
		ASSERT_EQ(0, pmem_import(target, dmabuf)) {
			TH_LOG("%s to %s", self->name, nodes[i].name);
		}
		EXPECT_EQ(0, close(dmabuf));
		EXPECT_EQ(pmem_phys(source).offset, pmem_phys(target).offset);
		view = pmem_mmap(target, LEN);
		ASSERT_NE(MAP_FAILED, view);
		EXPECT_TRUE(filled(view, LEN, 5));
		ASSERT_EQ(0, munmap(memory, LEN));
		ASSERT_EQ(0, close(source));
		EXPECT_TRUE(filled(view, LEN, 5));
		EXPECT_FALSE(all_free(false));
		ASSERT_EQ(0, munmap(view, LEN));
		ASSERT_EQ(0, close(target));
		EXPECT_TRUE(all_free(true));
	}
}

FIXTURE(import) {
	int fd;
};

FIXTURE_VARIANT(import) {
	const char *node;
	const char *heap;
};

FIXTURE_VARIANT_ADD(import, same_memory) {
	.node = "pmem",
	.heap = "mdp",
};

FIXTURE_VARIANT_ADD(import, twin) {
	.node = "pmem",
	.heap = "mdp-uncached",
};

FIXTURE_VARIANT_ADD(import, adsp) {
	.node = "pmem_adsp",
	.heap = "adsp",
};

FIXTURE_VARIANT_ADD(import, nomap) {
	.node = "pmem_audio",
	.heap = "audio-uncached",
};

FIXTURE_VARIANT_ADD(import, other_memory) {
	.node = "pmem_camera",
	.heap = "adsp",
};

FIXTURE_VARIANT_ADD(import, cma) {
	.node = "pmem",
	.heap = "default_cma_region",
};

FIXTURE_VARIANT_ADD(import, into_system) {
	.node = "pmem_sys",
	.heap = "mdp",
};

FIXTURE_SETUP(import)
{
	IDLE_SETUP();
	self->fd = pmem_open(variant->node);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(import)
{
	peers_end();
}

TEST_F(import, becomes_the_allocation)
{
	int dmabuf = heap_alloc(variant->heap, LEN, O_RDWR | O_CLOEXEC);
	struct pmem_region size;
	char *memory, *view;

	ASSERT_LE(0, dmabuf);
	view = pmem_mmap(dmabuf, LEN);
	ASSERT_NE(MAP_FAILED, view);
	fill(view, LEN, 1);
	ASSERT_EQ(0, pmem_import(self->fd, dmabuf));
	size = pmem_size(self->fd);
	EXPECT_EQ(LEN, size.len);
	EXPECT_EQ(buffer_address(dmabuf), size.offset);
	memory = pmem_mmap(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(filled(memory, LEN, 1));
	EXPECT_EQ(0, pmem_cache(self->fd, PMEM_CLEAN_INV_CACHES, memory, 0, LEN));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->fd, LEN + PAGE));
	EXPECT_ERRNO(EINVAL, pmem_allocate(self->fd, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_import(self->fd, dmabuf));
	/* The only reference is the file. */
	ASSERT_EQ(0, munmap(view, LEN));
	ASSERT_EQ(0, close(dmabuf));
	EXPECT_EQ(1, heap_buffers(variant->heap));
	EXPECT_TRUE(filled(memory, LEN, 1));
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, heap_buffers(variant->heap));
	EXPECT_TRUE(all_free(true));
}

TEST_F(import, is_shown_to_clients)
{
	int dmabuf = heap_alloc(variant->heap, LEN, O_RDWR | O_CLOEXEC), sub;
	struct peer client = peer_start();
	char *memory = pmem_mmap(dmabuf, LEN);
	long view;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 2);
	ASSERT_EQ(0, pmem_import(self->fd, dmabuf));
	ASSERT_EQ(0, close(dmabuf));
	sub = pmem_sub(variant->node, self->fd);
	ASSERT_LE(0, sub);
	view = on(client, do_mmap, peer_give(client, sub), LEN);
	ASSERT_NE(-1, view);
	EXPECT_EQ(1, on(client, do_all_bytes, view, LEN, 0));
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(1, on(client, do_filled, view, LEN, 2));
	/* Closing the file revokes the client's access, though the buffer lives on. */
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(1, on(client, do_all_bytes, view, LEN, 0));
	EXPECT_TRUE(filled(memory, LEN, 2));
}

TEST_F(import, from_another_process)
{
	struct peer peer = peer_start();
	int dmabuf = heap_alloc(variant->heap, LEN, O_RDWR | O_CLOEXEC), there, fd;
	char *memory = pmem_mmap(dmabuf, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 3);
	ASSERT_EQ(0, pmem_import(self->fd, dmabuf));
	there = peer_give(peer, self->fd);
	fd = on(peer, do_sub, (long)variant->node, there);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, on(peer, do_map, fd, 0, LEN));
	EXPECT_EQ(1, on(peer, do_filled, on(peer, do_mmap, fd, LEN), LEN, 3));
}

TEST_F(import, exported_again)
{
	int dmabuf = heap_alloc(variant->heap, LEN, O_RDWR | O_CLOEXEC), again;

	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, pmem_import(self->fd, dmabuf));
	again = pmem_export(self->fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, again);
	EXPECT_EQ(LEN, buffer_size(again));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, close(dmabuf));
	EXPECT_EQ(1, heap_buffers(variant->heap));
	ASSERT_EQ(0, close(again));
	EXPECT_TRUE(all_free(true));
}

TEST_F(import, takes_nothing_of_the_device)
{
	struct pmem_freespace before, after;
	int dmabuf = heap_alloc(variant->heap, LEN, O_RDWR | O_CLOEXEC);

	before = pmem_free_space(self->fd);
	ASSERT_EQ(0, pmem_import(self->fd, dmabuf));
	after = pmem_free_space(self->fd);
	EXPECT_EQ(before.total, after.total);
	EXPECT_EQ(before.largest, after.largest);
}

TEST_F(import, errors)
{
	struct pmem_dmabuf data = {};
	int reader, writer, good, bit;

	good = heap_alloc(variant->heap, LEN, O_RDWR);
	ASSERT_LE(0, good);
	EXPECT_ERRNO(EBADF, pmem_import(self->fd, -1));
	EXPECT_ERRNO(EBADF, pmem_import(self->fd, 1000));
	EXPECT_ERRNO(EINVAL, pmem_import(self->fd, open("/dev/null", O_RDWR)));
	EXPECT_ERRNO(EINVAL, pmem_import(self->fd, open("/dev/dma_heap/mdp", O_RDWR)));
	EXPECT_ERRNO(EINVAL, pmem_import(self->fd, self->fd));
	EXPECT_ERRNO(EINVAL, pmem_import(self->fd, foreign_dmabuf()));
	/* Not contiguous, or by coincidence. A heap "system" may be the kernel's. */
	EXPECT_ERRNO(EOPNOTSUPP, pmem_import(self->fd, heap_alloc("system-uncached", PAGE, O_RDWR)));
	EXPECT_ERRNO(EOPNOTSUPP, pmem_import(self->fd, heap_alloc("system-uncached", LEN, O_RDWR)));
	reader = heap_alloc(variant->heap, LEN, O_RDONLY);
	writer = heap_alloc(variant->heap, LEN, O_WRONLY);
	ASSERT_LE(0, reader);
	ASSERT_LE(0, writer);
	EXPECT_ERRNO(EACCES, pmem_import(self->fd, reader));
	EXPECT_ERRNO(EACCES, pmem_import(self->fd, writer));
	data.fd = good;
	for (bit = 0; bit < 32; bit++) {
		data.fd_flags = 1U << bit;
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, PMEM_IMPORT_DMABUF, &data));
	}
	EXPECT_REGION(0, 0, pmem_size(self->fd));
	ASSERT_EQ(0, pmem_allocate(self->fd, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_import(self->fd, good));
	EXPECT_GT(LEN, pmem_size(self->fd).len);
}

TEST_HARNESS_MAIN
