// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's video test driver fills imported buffers and displays them. Device 0 accepts any
 * memory, like that of vmalloc(); device 1 needs memory that is contiguous for DMA.
 */
#include "../heap/test.h"

#include "drm.h"
#include "place.h"
#include "source.h"
#include "video.h"

#define DEVICES	2
#define BUFFERS	2
#define FRAMES	5
/* A connected output takes a few frames until its picture arrives. */
#define PATIENCE	1000

FIXTURE(vivid) {
	int unused;
};

SOURCE_KINDS(vivid);

FIXTURE_SETUP(vivid)
{
}

FIXTURE_TEARDOWN(vivid)
{
}

static void poison(int fd, void *memory, size_t len)
{
	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	memset(memory, 0xa5, len);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

/* The picture, followed by old data. */
static bool captured(int fd, const void *memory, const void *reference, size_t size, size_t len)
{
	bool good;

	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	good = !memcmp(memory, reference, size) &&
	       all_bytes(memory + size, len - size, 0xa5);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	return good;
}

/* There is no IOMMU that could make several pieces contiguous. */
static bool is_refused(const char *path, int device)
{
	return device == 1 && source_is_scattered(path);
}

/* The driver refuses the buffer, which is unaffected. */
static void refuse(struct __test_metadata *_metadata, const char *path, struct video *video)
{
	size_t size = video->format.sizeimage;
	int fd = place_alloc(path, size);
	void *memory = buffer_map(fd, size);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, size, 7);
	ASSERT_EQ(0, video_request(video, V4L2_MEMORY_DMABUF, BUFFERS));
	EXPECT_ERRNO(EFAULT, video_queue(video, 0, fd));
	video_close(video);
	EXPECT_TRUE(filled(memory, size, 7));
	munmap(memory, size);
	close(fd);
}

static void capture(struct __test_metadata *_metadata, const char *path, int device)
{
	struct video camera;
	void *memory[BUFFERS], *reference;
	int fd[BUFFERS], i, frame;
	size_t size, len;

	ASSERT_TRUE(camera_open(&camera, device));
	if (is_refused(path, device)) {
		refuse(_metadata, path, &camera);
		return;
	}
	size = camera.format.sizeimage;
	len = size + PAGE;
	/* A picture in the driver's own memory is the reference. */
	reference = video_reference(&camera);
	ASSERT_NE(NULL, reference);
	ASSERT_FALSE(all_bytes(reference, size, *(__u8 *)reference));
	ASSERT_EQ(0, video_request(&camera, V4L2_MEMORY_DMABUF, BUFFERS));
	for (i = 0; i < BUFFERS; i++) {
		fd[i] = source_alloc(path, len);
		ASSERT_LE(0, fd[i]);
		memory[i] = buffer_map(fd[i], len);
		ASSERT_NE(MAP_FAILED, memory[i]);
		poison(fd[i], memory[i], len);
		ASSERT_EQ(0, video_queue(&camera, i, fd[i]));
	}
	ASSERT_EQ(0, video_start(&camera));
	for (frame = 0; frame < FRAMES; frame++) {
		i = video_dequeue(&camera);
		ASSERT_LE(0, i);
		EXPECT_TRUE(captured(fd[i], memory[i], reference, size, len));
		poison(fd[i], memory[i], len);
		ASSERT_EQ(0, video_queue(&camera, i, fd[i]));
	}
	ASSERT_EQ(0, video_stop(&camera));
	for (i = 0; i < BUFFERS; i++) {
		munmap(memory[i], len);
		close(fd[i]);
	}
	video_close(&camera);
	free(reference);
}

TEST_F(vivid, captures_with_vmalloc)
{
	capture(_metadata, variant->path, 0);
}

TEST_F(vivid, captures_with_dma_contig)
{
	capture(_metadata, variant->path, 1);
}

/* The input receives the output's buffers unchanged. */
static void output(struct __test_metadata *_metadata, const char *path, int device)
{
	struct video in, out;
	void *memory[BUFFERS], *seen[BUFFERS];
	int fd[BUFFERS], heap, i, frame;
	bool arrived = false;
	int back[BUFFERS];
	size_t size;

	ASSERT_TRUE(loop_open(&in, &out, device));
	if (is_refused(path, device)) {
		refuse(_metadata, path, &out);
		video_close(&in);
		return;
	}
	size = out.format.sizeimage;
	ASSERT_EQ(size, in.format.sizeimage);
	ASSERT_EQ(0, video_request(&out, V4L2_MEMORY_DMABUF, BUFFERS));
	ASSERT_EQ(0, video_request(&in, V4L2_MEMORY_DMABUF, BUFFERS));
	heap = heap_open("default_cma_region");
	ASSERT_LE(0, heap);
	for (i = 0; i < BUFFERS; i++) {
		fd[i] = source_alloc(path, size);
		ASSERT_LE(0, fd[i]);
		memory[i] = buffer_map(fd[i], size);
		ASSERT_NE(MAP_FAILED, memory[i]);
		buffer_sync(fd[i], DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
		fill(memory[i], size, 7);
		buffer_sync(fd[i], DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
		ASSERT_EQ(0, video_queue(&out, i, fd[i]));
		back[i] = heap_alloc(heap, size);
		ASSERT_LE(0, back[i]);
		seen[i] = buffer_map(back[i], size);
		ASSERT_NE(MAP_FAILED, seen[i]);
		ASSERT_EQ(0, video_queue(&in, i, back[i]));
	}
	close(heap);
	ASSERT_EQ(0, video_start(&out));
	ASSERT_EQ(0, video_start(&in));
	for (frame = 0; frame < PATIENCE && !arrived; frame++) {
		i = video_dequeue(&in);
		ASSERT_LE(0, i);
		arrived = filled(seen[i], size, 7);
		if (!arrived)
			loop_connect(&in, device);
		ASSERT_EQ(0, video_queue(&in, i, back[i]));
		i = video_dequeue(&out);
		ASSERT_LE(0, i);
		ASSERT_EQ(0, video_queue(&out, i, fd[i]));
	}
	EXPECT_TRUE(arrived);
	ASSERT_EQ(0, video_stop(&in));
	ASSERT_EQ(0, video_stop(&out));
	video_close(&in);
	video_close(&out);
}

TEST_F(vivid, shows_with_vmalloc)
{
	output(_metadata, variant->path, 0);
}

TEST_F(vivid, shows_with_dma_contig)
{
	output(_metadata, variant->path, 1);
}

/* Separate pages from anywhere, as most drivers allocate. */
static int scattered(size_t len)
{
	struct drm_mode_create_dumb dumb = { .width = PAGE / 4, .bpp = 32 };
	int vgem = drm_open("vgem"), fd;

	dumb.height = len / PAGE + 1;
	if (vgem < 0 || ioctl(vgem, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return -1;
	fd = drm_export(vgem, dumb.handle);
	close(vgem);
	return fd;
}

/* Cross-check: device 1 refuses other buffers. */
TEST(scattered_memory_is_refused)
{
	struct video camera;
	int fd;

	if (kernel_debugs())
		SKIP(return, "vgem makes longer segments than vivid takes, which is reported");
	ASSERT_TRUE(camera_open(&camera, 1));
	fd = scattered(camera.format.sizeimage);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, video_request(&camera, V4L2_MEMORY_DMABUF, BUFFERS));
	EXPECT_ERRNO(EFAULT, video_queue(&camera, 0, fd));
	video_close(&camera);
}

TEST_HARNESS_MAIN
