// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several drivers import one buffer at once: vgem, the display, the video driver, a DMA device,
 * and a non-coherent one. They attach and detach in any order, and are unaffected if the process
 * that allocated the buffer dies.
 */
#include <sys/wait.h>

#include "../heap/importer_client.h"
#include "../heap/test.h"

#include "drm.h"
#include "edu_client.h"
#include "screen.h"
#include "source.h"
#include "video.h"

#define WIDTH	640
#define HEIGHT	480
#define LEN	(WIDTH * HEIGHT * sizeof(__u32))
#define PIECE	EDU_IMPORTER_MAX
/* After the camera's picture, which is smaller than the screen. */
#define BELOW	(CAMERA_WIDTH * CAMERA_HEIGHT * sizeof(__u32))

FIXTURE(many) {
	struct display display;
	struct video camera;
	int vgem;
	int edu;
	int importer;
	int attachment;
	int fd;
	__u32 fb;
	__u32 handle;
	void *memory;
	char *expected;
};

SOURCE_KINDS(many);

FIXTURE_SETUP(many)
{
	ASSERT_TRUE(display_open(&self->display, WIDTH, HEIGHT));
	/* Device 1 needs contiguous memory. */
	ASSERT_TRUE(camera_open(&self->camera, !source_is_scattered(variant->path)));
	self->vgem = drm_open("vgem");
	ASSERT_LE(0, self->vgem);
	self->edu = edu_open();
	ASSERT_LE(0, self->edu);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	if (source_is_nomap(variant->path) && display_refuses(&self->display, self->fd))
		SKIP(return, "a display that snoops cannot have memory outside of the linear map");
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->expected = malloc(LEN);
	ASSERT_NE(NULL, self->expected);
	paint((__u32 *)self->expected, WIDTH, HEIGHT, 5);
	memcpy(self->memory, self->expected, LEN);

	ASSERT_EQ(0, drm_import(self->vgem, self->fd, &self->handle));
	ASSERT_EQ(0, display_add(&self->display, self->fd, &self->fb));
	ASSERT_EQ(0, display_show(&self->display, self->fb));
	/* Devices that snoop cannot map memory outside of the linear map. */
	if (source_is_nomap(variant->path))
		ASSERT_EQ(0, edu_snoop(self->edu, false));
	ASSERT_EQ(0, edu_attach(self->edu, self->fd));
	ASSERT_EQ(0, edu_map(self->edu, EDU_IMPORTER_BOTH));
	self->attachment = importer_attach(self->importer, importer_any_device(self->importer),
					   self->fd);
	ASSERT_LE(0, self->attachment);
	ASSERT_LT(0, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH));
}

FIXTURE_TEARDOWN(many)
{
	display_close(&self->display);
	video_close(&self->camera);
	close(self->vgem);
	close(self->edu);
	close(self->importer);
	free(self->expected);
}

/* Make the camera take one picture into the buffer. */
static bool take_picture(struct video *camera, int fd, void *expected)
{
	void *reference = video_reference(camera);
	int second = source_alloc("/dev/dma_heap/default_cma_region", BELOW);
	bool good = reference && !video_request(camera, V4L2_MEMORY_DMABUF, 2) &&
		    !video_queue(camera, 0, fd) && !video_queue(camera, 1, second) &&
		    !video_start(camera) && video_dequeue(camera) == 0 && !video_stop(camera);

	if (good)
		memcpy(expected, reference, BELOW);
	close(second);
	free(reference);
	return good;
}

static bool device_sees(int importer, int attachment, const void *expected)
{
	void *copy = malloc(LEN);
	bool good = !importer_dma_read(importer, attachment, 0, copy, LEN) &&
		    !memcmp(copy, expected, LEN);

	free(copy);
	return good;
}

static bool vgem_sees(int vgem, __u32 handle, const void *expected)
{
	int back = drm_export(vgem, handle);
	void *memory = buffer_map(back, LEN);
	bool good = memory != MAP_FAILED && !memcmp(memory, expected, LEN);

	munmap(memory, LEN);
	close(back);
	return good;
}

static bool screen_sees(struct display *display, __u32 fb, const char *kind, const char *path,
			const void *expected)
{
	return !display_flush(display, fb) &&
	       screen_shows_buffer(kind, path, WIDTH, HEIGHT, expected);
}

/* Each writes in turn; then each sees all data. */
TEST_F(many, all_at_once)
{
	size_t mark = BELOW + 5 * PAGE;

	ASSERT_TRUE(take_picture(&self->camera, self->fd, self->expected));
	ASSERT_EQ(0, edu_reads(self->edu, PAGE, PIECE));
	ASSERT_EQ(0, edu_writes(self->edu, BELOW, PIECE));
	memcpy(self->expected + BELOW, self->expected + PAGE, PIECE);
	ASSERT_EQ(0, importer_dma_write(self->importer, self->attachment, mark,
					self->expected + 7 * PAGE, PAGE));
	memcpy(self->expected + mark, self->expected + 7 * PAGE, PAGE);

	EXPECT_EQ(0, memcmp(self->memory, self->expected, LEN));
	EXPECT_TRUE(device_sees(self->importer, self->attachment, self->expected));
	EXPECT_TRUE(vgem_sees(self->vgem, self->handle, self->expected));
	EXPECT_TRUE(screen_sees(&self->display, self->fb, "many-all", variant->path,
				self->expected));
}

/* The remaining drivers continue to work. */
TEST_F(many, one_leaves_after_the_other)
{
	munmap(self->memory, LEN);
	ASSERT_EQ(0, edu_reads(self->edu, PAGE, PIECE));
	ASSERT_EQ(0, drm_release(self->vgem, self->handle));
	ASSERT_EQ(0, edu_writes(self->edu, 0, PIECE));
	memcpy(self->expected, self->expected + PAGE, PIECE);
	close(self->fd);
	EXPECT_TRUE(device_sees(self->importer, self->attachment, self->expected));
	ASSERT_EQ(0, edu_detach(self->edu));
	EXPECT_TRUE(screen_sees(&self->display, self->fb, "many-two", variant->path,
				self->expected));
	EXPECT_TRUE(device_sees(self->importer, self->attachment, self->expected));
	ASSERT_EQ(0, importer_detach(self->importer, self->attachment));
	EXPECT_TRUE(screen_sees(&self->display, self->fb, "many-last", variant->path,
				self->expected));
	ASSERT_EQ(0, display_off(&self->display));
	ASSERT_EQ(0, display_remove(&self->display, self->fb));
}

/* SIGKILL kills the process that allocated; another one holds the drivers' files. */
TEST_F(many, outlive_the_process_that_allocated)
{
	struct display *display = &self->display;
	__u32 *fb = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, edu = edu_open();
	pid_t pid;

	ASSERT_NE(MAP_FAILED, fb);
	ASSERT_LE(0, edu);
	paint((__u32 *)self->expected, WIDTH, HEIGHT, 6);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = source_alloc(variant->path, LEN);
		void *memory = buffer_map(fd, LEN);

		if (memory == MAP_FAILED || edu_attach(edu, fd) ||
		    display_add(display, fd, fb) || display_show(display, *fb))
			_exit(1);
		memcpy(memory, self->expected, LEN);
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(0, edu_map(edu, EDU_IMPORTER_BOTH));
	ASSERT_EQ(0, edu_reads(edu, PAGE, PIECE));
	ASSERT_EQ(0, edu_writes(edu, LEN - PIECE, PIECE));
	memcpy(self->expected + LEN - PIECE, self->expected + PAGE, PIECE);
	EXPECT_TRUE(screen_sees(display, *fb, "many-orphan", variant->path, self->expected));
	ASSERT_EQ(0, edu_detach(edu));
	EXPECT_TRUE(screen_sees(display, *fb, "many-orphan", variant->path, self->expected));
	EXPECT_EQ(0, display_off(display));
}

TEST_HARNESS_MAIN
