// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's vgem driver imports and exports buffers. */
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <drm/vgem_drm.h>

#include "../heap/test.h"

#include "drm.h"
#include "source.h"

#define LEN	(KiB(512) + PAGE)

FIXTURE(vgem) {
	int fd;
	int drm;
	void *memory;
};

SOURCE_KINDS(vgem);

FIXTURE_SETUP(vgem)
{
	self->drm = drm_open("vgem");
	ASSERT_LE(0, self->drm);
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(vgem)
{
	close(self->drm);
}

static ino_t inode(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : status.st_ino;
}

static bool shows(int dmabuf, __u32 seed)
{
	void *memory = buffer_map(dmabuf, LEN);
	bool good;

	if (memory == MAP_FAILED)
		return false;
	buffer_sync(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	good = filled(memory, LEN, seed);
	buffer_sync(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	munmap(memory, LEN);
	return good;
}

/* It exports the same dma-buf that was imported, with its data. */
static void round_trip(struct __test_metadata *_metadata, int drm, int fd, void *memory)
{
	__u32 handle, again;
	ino_t same = inode(fd);
	int back;

	fill(memory, LEN, 1);
	ASSERT_EQ(0, drm_import(drm, fd, &handle));
	ASSERT_EQ(0, drm_import(drm, fd, &again));
	EXPECT_EQ(handle, again);
	munmap(memory, LEN);
	close(fd);
	back = drm_export(drm, handle);
	ASSERT_LE(0, back);
	EXPECT_EQ(same, inode(back));
	EXPECT_LE(LEN, buffer_size(back));
	EXPECT_TRUE(shows(back, 1));
	ASSERT_EQ(0, drm_release(drm, handle));
	/* The exported file outlives the driver's. */
	EXPECT_TRUE(shows(back, 1));
	close(back);
}

TEST_F(vgem, round_trip)
{
	round_trip(_metadata, self->drm, self->fd, self->memory);
}

TEST_F(vgem, round_trip_over_the_render_node)
{
	int render = drm_open_render("vgem");

	ASSERT_LE(0, render);
	round_trip(_metadata, render, self->fd, self->memory);
	close(render);
}

/* Both are devices of the same driver, and share the import. */
TEST_F(vgem, two_importers_share_it)
{
	int render = drm_open_render("vgem"), back;
	__u32 one, two;

	ASSERT_LE(0, render);
	ASSERT_EQ(0, drm_import(self->drm, self->fd, &one));
	ASSERT_EQ(0, drm_import(render, self->fd, &two));
	fill(self->memory, LEN, 2);
	ASSERT_EQ(0, drm_release(self->drm, one));
	back = drm_export(render, two);
	ASSERT_LE(0, back);
	EXPECT_TRUE(shows(back, 2));
	close(render);
	EXPECT_TRUE(shows(back, 2));
	close(back);
}

/* Fences of the driver apply to the buffer, for all its users. */
TEST_F(vgem, fences_are_those_of_the_buffer)
{
	struct drm_vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };
	struct drm_vgem_fence_signal done = {};
	struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN | POLLOUT };
	__u32 handle;

	ASSERT_EQ(0, drm_import(self->drm, self->fd, &handle));
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poll_fd.revents);
	attach.handle = handle;
	ASSERT_EQ(0, ioctl(self->drm, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach));
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	done.fence = attach.out_fence;
	ASSERT_EQ(0, ioctl(self->drm, DRM_IOCTL_VGEM_FENCE_SIGNAL, &done));
	EXPECT_EQ(1, poll(&poll_fd, 1, -1));
}

/* The process that allocated the buffer is dead, and its files are closed. */
TEST_F(vgem, outlives_the_process_that_allocated)
{
	__u32 handle = 0;
	int status, back;
	pid_t pid;

	close(self->fd);
	munmap(self->memory, LEN);
	/* GEM handles belong to the open file, which both processes have. */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = source_alloc(variant->path, LEN);
		void *memory = buffer_map(fd, LEN);

		if (memory == MAP_FAILED)
			_exit(0);
		fill(memory, LEN, 3);
		_exit(drm_import(self->drm, fd, &handle) ? 0 : (int)handle);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	handle = WEXITSTATUS(status);
	ASSERT_NE(0, handle);
	back = drm_export(self->drm, handle);
	ASSERT_LE(0, back);
	EXPECT_TRUE(shows(back, 3));
	close(back);
}

TEST_HARNESS_MAIN
