// SPDX-License-Identifier: GPL-2.0-only
/*
 * The display scans out imported buffers: compares each pixel on the screen with the original.
 * Screenshots are stored as kms-SOURCE.png and kms-update-SOURCE.png.
 */
#include "../heap/test.h"

#include "drm.h"
#include "screen.h"
#include "source.h"

#define WIDTH	640
#define HEIGHT	480
#define LEN	(WIDTH * HEIGHT * sizeof(__u32))

FIXTURE(kms) {
	struct display display;
	int fd;
	__u32 *memory;
	__u32 *drawn;
};

SOURCE_KINDS(kms);

FIXTURE_SETUP(kms)
{
	ASSERT_TRUE(display_open(&self->display, WIDTH, HEIGHT));
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	if (source_is_nomap(variant->path) && display_refuses(&self->display, self->fd))
		SKIP(return, "a display that snoops cannot have memory outside of the linear map");
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->drawn = malloc(LEN);
	ASSERT_NE(NULL, self->drawn);
}

FIXTURE_TEARDOWN(kms)
{
	free(self->drawn);
	display_close(&self->display);
}

/* The picture depends on the source, so the picture of another test would fail. */
static void draw(int fd, void *memory, __u32 *drawn, const char *path, __u32 seed)
{
	while (*path)
		seed = seed * 31 + *path++;
	paint(drawn, WIDTH, HEIGHT, seed);
	buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	memcpy(memory, drawn, LEN);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

TEST_F(kms, scans_out_the_buffer)
{
	__u32 fb;

	draw(self->fd, self->memory, self->drawn, variant->path, 1);
	ASSERT_EQ(0, display_add(&self->display, self->fd, &fb));
	ASSERT_EQ(0, display_show(&self->display, fb));
	EXPECT_TRUE(screen_shows_buffer("kms", variant->path, WIDTH, HEIGHT, self->drawn));
	EXPECT_EQ(0, display_off(&self->display));
	EXPECT_EQ(0, display_remove(&self->display, fb));
}

/* The process, which only has a mapping, draws while the buffer is on the screen. */
TEST_F(kms, shows_what_is_drawn_later)
{
	__u32 fb;

	draw(self->fd, self->memory, self->drawn, variant->path, 2);
	ASSERT_EQ(0, display_add(&self->display, self->fd, &fb));
	ASSERT_EQ(0, display_show(&self->display, fb));
	draw(self->fd, self->memory, self->drawn, variant->path, 3);
	ASSERT_EQ(0, display_flush(&self->display, fb));
	EXPECT_TRUE(screen_shows_buffer("kms-update", variant->path, WIDTH, HEIGHT, self->drawn));
	EXPECT_EQ(0, display_off(&self->display));
}

/* The display has the last reference. */
TEST_F(kms, keeps_what_it_scans_out)
{
	__u32 fb, other;

	draw(self->fd, self->memory, self->drawn, variant->path, 4);
	ASSERT_EQ(0, display_add(&self->display, self->fd, &fb));
	ASSERT_EQ(0, display_show(&self->display, fb));
	munmap(self->memory, LEN);
	close(self->fd);
	/* If the memory was free, this would get it. */
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	memset(self->memory, 0x55, LEN);
	ASSERT_EQ(0, display_flush(&self->display, fb));
	EXPECT_TRUE(screen_shows_buffer("kms-kept", variant->path, WIDTH, HEIGHT, self->drawn));
	ASSERT_EQ(0, display_add(&self->display, self->fd, &other));
	ASSERT_EQ(0, display_show(&self->display, other));
	memset(self->drawn, 0x55, LEN);
	EXPECT_TRUE(screen_shows_buffer("kms-next", variant->path, WIDTH, HEIGHT, self->drawn));
	EXPECT_EQ(0, display_off(&self->display));
}

TEST_HARNESS_MAIN
