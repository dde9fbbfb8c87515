// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the camera to the screen without a copy: the video driver fills the buffers that the
 * display scans out. The last screenshot is stored as camera-SOURCE.png.
 */
#include "../heap/test.h"

#include "drm.h"
#include "screen.h"
#include "source.h"
#include "video.h"

#define WIDTH	640
#define HEIGHT	480
#define LEN	(WIDTH * HEIGHT * sizeof(__u32))
#define BUFFERS	3
#define FRAMES	12

FIXTURE(camera) {
	struct display display;
	int fd[BUFFERS];
	__u32 fb[BUFFERS];
};

/* Three buffers of this size do not fit into some legacy nodes. */
FIXTURE_VARIANT(camera) {
	const char *path;
	int device;
};

FIXTURE_VARIANT_ADD(camera, carveout) {
	.path = "/dev/dma_heap/adsp",
	.device = 1,
};

FIXTURE_VARIANT_ADD(camera, carveout_uncached) {
	.path = "/dev/dma_heap/adsp-uncached",
};

FIXTURE_VARIANT_ADD(camera, nomap) {
	.path = "/dev/dma_heap/audio-uncached",
	.device = 1,
};

FIXTURE_VARIANT_ADD(camera, cma) {
	.path = "/dev/dma_heap/video",
};

FIXTURE_VARIANT_ADD(camera, cma_uncached) {
	.path = "/dev/dma_heap/video-uncached",
	.device = 1,
};

FIXTURE_VARIANT_ADD(camera, pmem) {
	.path = "/dev/pmem",
};

FIXTURE_VARIANT_ADD(camera, system) {
	.path = "/dev/dma_heap/system-dma32",
};

FIXTURE_VARIANT_ADD(camera, system_uncached) {
	.path = "/dev/dma_heap/system-uncached",
};

FIXTURE_SETUP(camera)
{
	int i;

	ASSERT_TRUE(display_open(&self->display, WIDTH, HEIGHT));
	for (i = 0; i < BUFFERS; i++) {
		self->fd[i] = source_alloc(variant->path, LEN);
		ASSERT_LE(0, self->fd[i]);
	}
	if (source_is_nomap(variant->path) && display_refuses(&self->display, self->fd[0]))
		SKIP(return, "a display that snoops cannot have memory outside of the linear map");
	for (i = 0; i < BUFFERS; i++)
		ASSERT_EQ(0, display_add(&self->display, self->fd[i], &self->fb[i]));
}

FIXTURE_TEARDOWN(camera)
{
	display_close(&self->display);
}

/* This process does not map the buffers: only the two drivers access them. */
TEST_F(camera, to_display)
{
	struct video camera;
	__u32 *expected = calloc(1, LEN);
	void *reference;
	int i, frame, shown = -1;

	ASSERT_NE(NULL, expected);
	ASSERT_TRUE(camera_open(&camera, variant->device));
	ASSERT_EQ(WIDTH * sizeof(__u32), camera.format.bytesperline);
	reference = video_reference(&camera);
	ASSERT_NE(NULL, reference);
	ASSERT_EQ(0, video_request(&camera, V4L2_MEMORY_DMABUF, BUFFERS));
	for (i = 0; i < BUFFERS; i++)
		ASSERT_EQ(0, video_queue(&camera, i, self->fd[i]));
	ASSERT_EQ(0, video_start(&camera));
	for (frame = 0; frame < FRAMES; frame++) {
		i = video_dequeue(&camera);
		ASSERT_LE(0, i);
		ASSERT_EQ(0, display_show(&self->display, self->fb[i]));
		if (shown >= 0)
			ASSERT_EQ(0, video_queue(&camera, shown, self->fd[shown]));
		shown = i;
	}
	/* Memory after the picture is never written, so it is zero. */
	memcpy(expected, reference, camera.format.sizeimage);
	EXPECT_TRUE(screen_shows_buffer("camera", variant->path, WIDTH, HEIGHT, expected));
	EXPECT_EQ(0, video_stop(&camera));
	EXPECT_EQ(0, display_off(&self->display));
	video_close(&camera);
	free(reference);
	free(expected);
}

TEST_HARNESS_MAIN
