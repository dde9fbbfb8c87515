// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module can be unloaded whenever it is not in use, and only then. Exported dma-bufs remain,
 * because they do not belong to it.
 */
#include <sys/syscall.h>

#include "test.h"

#define LEN	MiB(1)

/* Try once. */
static int unload(void)
{
	return syscall(SYS_delete_module, "pmem_compat", O_NONBLOCK);
}

FIXTURE(unload) {
	int unused;
};

FIXTURE_SETUP(unload)
{
	ASSERT_TRUE(pmem_is_loaded() || !pmem_load(""));
	IDLE_SETUP();
}

FIXTURE_TEARDOWN(unload)
{
	peers_end();
	if (!pmem_is_loaded())
		EXPECT_EQ(0, pmem_load(""));
}

TEST_F(unload, nothing_is_left)
{
	size_t i;

	ASSERT_TRUE(pmem_unload());
	for (i = 0; i < nr_nodes; i++) {
		char *path = format("/dev/%s", nodes[i].name);

		EXPECT_NE(0, access(path, F_OK));
		free(path);
		path = format("/sys/kernel/debug/%s", nodes[i].name);
		EXPECT_NE(0, access(path, F_OK));
		free(path);
	}
	EXPECT_NE(0, access("/sys/kernel/pmem_regions", F_OK));
	EXPECT_NE(0, access("/dev/cma_mem", F_OK));
	EXPECT_NE(0, access("/dev/cma_test", F_OK));
	EXPECT_EQ(0, access("/dev/dma_heap/mdp", F_OK));
	ASSERT_EQ(0, pmem_load(""));
	EXPECT_TRUE(all_free(true));
}

TEST_F(unload, refused_while_a_file_is_open)
{
	static const char *const files[] = { "pmem", "pmem_sys", "pmem_cma", "cma_mem", "cma_test" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = pmem_open(files[i]);

		ASSERT_LE(0, fd);
		EXPECT_ERRNO(EAGAIN, unload());
		ASSERT_TRUE(pmem_is_loaded());
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_TRUE(pmem_unload());
}

TEST_F(unload, refused_while_something_is_mapped)
{
	int fd = pmem_open("pmem"), sub;
	char *memory = pmem_mmap(fd, LEN), *view;

	ASSERT_NE(MAP_FAILED, memory);
	sub = pmem_sub("pmem", fd);
	view = pmem_mmap(sub, LEN);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, close(sub));
	EXPECT_ERRNO(EAGAIN, unload());
	ASSERT_EQ(0, munmap(memory, LEN));
	EXPECT_ERRNO(EAGAIN, unload());
	EXPECT_TRUE(can_write(view));
	ASSERT_EQ(0, munmap(view, LEN));
	EXPECT_TRUE(pmem_unload());
}

#define DEVICES	"/sys/bus/platform/drivers/"

/* Has debugfs complained since the last call? */
static bool debugfs_complains(int kmsg)
{
	char line[8192];
	bool bad = false;
	ssize_t got;

	/* EPIPE: messages were lost; continue with the rest. */
	while ((got = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[got > 0 ? got : 0] = 0;
		bad |= strstr(line, "debugfs:") && strstr(line, "already");
	}
	return bad;
}

/* Its region keeps its name in debugfs until its last user is gone. */
TEST_F(unload, node_comes_back_before_its_memory)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), fd = pmem_open("pmem_cma"), dmabuf;

	ASSERT_LE(0, kmsg);
	ASSERT_EQ(0, pmem_allocate(fd, LEN));
	dmabuf = pmem_export(fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, close(fd));
	debugfs_complains(kmsg);
	ASSERT_TRUE(write_text(DEVICES "pmem-compat/unbind", "pmem-cma"));
	ASSERT_TRUE(write_text(DEVICES "pmem-compat/bind", "pmem-cma"));
	EXPECT_FALSE(debugfs_complains(kmsg));
	fd = pmem_open("pmem_cma");
	EXPECT_EQ(0, pmem_allocate(fd, LEN));
	close(fd);
	close(dmabuf);
	close(kmsg);
}

/* Debug kernels delay the release of an unbound heap, and its region exists until then. */
static void heap_is_released(const char *region)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/kernel/debug/contig_heaps/%s", region);
	while (kernel_debugs() && !access(path, F_OK))
		usleep(100000);
}

/* If the lender is no heap, the node creates its region: both are listed. */
TEST_F(unload, lender_without_a_heap)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), fd;
	char *text;

	ASSERT_LE(0, kmsg);
	ASSERT_TRUE(write_text(DEVICES "pmem-compat/unbind", "pmem-cma"));
	ASSERT_TRUE(write_text(DEVICES "contig-heap/unbind", "heap-video"));
	heap_is_released("video");
	debugfs_complains(kmsg);
	ASSERT_TRUE(write_text(DEVICES "pmem-compat/bind", "pmem-cma"));
	EXPECT_FALSE(debugfs_complains(kmsg));
	EXPECT_EQ(0, access("/sys/kernel/debug/contig_heaps/video@7a000000/buffers", F_OK));
	fd = pmem_open("pmem_cma");
	EXPECT_EQ(0, pmem_allocate(fd, LEN));
	text = read_text("/sys/kernel/debug/contig_heaps/pmem_cma/buffers");
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, " 1048576 "));
	free(text);
	close(fd);
	ASSERT_TRUE(write_text(DEVICES "pmem-compat/unbind", "pmem-cma"));
	heap_is_released("video@7a000000");
	ASSERT_TRUE(write_text(DEVICES "contig-heap/bind", "heap-video"));
	ASSERT_TRUE(write_text(DEVICES "pmem-compat/bind", "pmem-cma"));
	close(kmsg);
}

/* A child's copy of a mapping may still call code of the module. */
TEST_F(unload, refused_while_a_child_has_a_mapping)
{
	int fd = pmem_open("pmem");
	char *memory = pmem_mmap(fd, LEN);
	struct peer child;

	ASSERT_NE(MAP_FAILED, memory);
	child = peer_start_with_files();
	ASSERT_EQ(0, munmap(memory, LEN));
	ASSERT_EQ(0, close(fd));
	on(child, do_close, fd);
	EXPECT_ERRNO(EAGAIN, unload());
	EXPECT_EQ(1, on(child, do_can_write, (long)memory));
	peer_end(child);
	EXPECT_TRUE(pmem_unload());
}

/* Exported buffers survive; their memory is not reused until they are released. */
TEST_F(unload, buffers_live_on)
{
	static const char *const names[] = { "pmem", "pmem_camera", "pmem_cma", "pmem_sys" };
	char *views[ARRAY_SIZE(names)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = pmem_open(names[i]), dmabuf;
		char *memory = pmem_mmap(fd, LEN);

		ASSERT_NE(MAP_FAILED, memory);
		fill(memory, LEN, i);
		dmabuf = pmem_export(fd, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, dmabuf);
		views[i] = pmem_mmap(dmabuf, LEN);
		ASSERT_NE(MAP_FAILED, views[i]);
		ASSERT_EQ(0, munmap(memory, LEN));
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, close(dmabuf));
	}
	ASSERT_TRUE(pmem_unload());
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_TRUE(filled(views[i], LEN, i)) {
			TH_LOG("%s", names[i]);
		}
		fill(views[i], LEN, i + 10);
		EXPECT_TRUE(filled(views[i], LEN, i + 10));
		ASSERT_EQ(0, munmap(views[i], LEN));
	}
	ASSERT_EQ(0, pmem_load(""));
	EXPECT_TRUE(all_free(true));
}

/* After a reload, new buffers are zero. */
TEST_F(unload, memory_is_zero_after_a_reload)
{
	int fd = pmem_open("pmem_camera");
	char *memory = pmem_mmap(fd, MiB(8));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(8), 3);
	ASSERT_EQ(0, munmap(memory, MiB(8)));
	ASSERT_EQ(0, close(fd));
	ASSERT_TRUE(pmem_unload());
	ASSERT_EQ(0, pmem_load(""));
	fd = pmem_open("pmem_camera");
	memory = pmem_mmap(fd, MiB(8));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, MiB(8), 0));
}

/* Unloading the module releases the slots of cma_test. */
TEST_F(unload, slots_go)
{
	int fd = open("/dev/cma_test", O_RDWR);

	ASSERT_EQ(1, write(fd, "0", 1));
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, close(fd));
	ASSERT_TRUE(pmem_unload());
	ASSERT_EQ(0, pmem_load(""));
	EXPECT_TRUE(all_free(true));
}

TEST_F(unload, again_and_again)
{
	int times = rounds(10), round;

	for (round = 0; round < times; round++) {
		int fd = pmem_open("pmem_smipool");
		char *memory = pmem_mmap(fd, PAGE);

		ASSERT_NE(MAP_FAILED, memory);
		ASSERT_EQ(0, close(fd));
		ASSERT_ERRNO(EAGAIN, unload());
		ASSERT_EQ(0, munmap(memory, PAGE));
		ASSERT_TRUE(pmem_unload());
		ASSERT_EQ(0, pmem_load(""));
	}
}

TEST_HARNESS_MAIN
