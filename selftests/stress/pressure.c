// SPDX-License-Identifier: GPL-2.0-only
/*
 * CMA areas that others have filled: anonymous memory of processes, and pages of files. These must
 * be migrated with their contents. If an allocation is impossible nevertheless, it fails with
 * ENOMEM, nothing is lost, and it succeeds when the pressure has ended.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "../heap/keep.h"
#include "../heap/test.h"

#define LEN	MiB(24)

/* A process that fills memory, and later checks it. */
struct hog {
	pid_t pid;
	int to, from;
};

static void hog_work(size_t len, const char *file, int in, int out)
{
	char go, *memory;
	size_t done;
	bool ok = true;
	int fd = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (file) {
		fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, len))
			_exit(1);
	}
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
		      file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	for (done = 0; done < len; done += PAGE)
		*(size_t *)(memory + done) = done ^ len;
	if (write(out, "f", 1) != 1)
		_exit(1);
	while (read(in, &go, 1) == 1 && go != 'q') {
		for (done = 0; done < len; done += PAGE)
			ok &= *(size_t *)(memory + done) == (done ^ len);
		if (write(out, ok ? "y" : "n", 1) != 1)
			_exit(1);
	}
	if (file)
		unlink(file);
	_exit(0);
}

static struct hog hog_start(size_t len, const char *file)
{
	int to[2], from[2];
	struct hog hog;
	char full;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		abort();
	hog.pid = fork();
	if (!hog.pid)
		hog_work(len, file, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	hog.to = to[1];
	hog.from = from[0];
	if (read(hog.from, &full, 1) != 1)
		abort();
	return hog;
}

static bool hog_intact(const struct hog *hog)
{
	char answer = 'n';

	return write(hog->to, "?", 1) == 1 && read(hog->from, &answer, 1) == 1 && answer == 'y';
}

static void hog_end(const struct hog *hog)
{
	int status;

	if (write(hog->to, "q", 1) != 1)
		kill(hog->pid, SIGKILL);
	waitpid(hog->pid, &status, 0);
	close(hog->to);
	close(hog->from);
}

FIXTURE(pressure) {
	int heap;
	struct hog hog[32];
	int hogs;
};

FIXTURE_VARIANT(pressure) {
	const char *name;
	const char *other;	/* a heap of another area */
	bool file;
};

FIXTURE_VARIANT_ADD(pressure, anonymous) {
	.name = "video",
	.other = "default_cma_region",
};

FIXTURE_VARIANT_ADD(pressure, anonymous_default) {
	.name = "default_cma_region-uncached",
	.other = "video",
};

FIXTURE_VARIANT_ADD(pressure, files) {
	.name = "video",
	.other = "default_cma_region",
	.file = true,
};

FIXTURE_SETUP(pressure)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	/* Memory that heaps keep cannot be filled. */
	ASSERT_TRUE(set("video", "held", "0"));
	ASSERT_TRUE(set("default_cma_region", "held", "0"));
	/* By default, tmpfs is limited to half of the memory. */
	if (variant->file)
		ASSERT_EQ(0, system("mount -o remount,size=95% /tmp"));
}

FIXTURE_TEARDOWN(pressure)
{
	while (self->hogs)
		hog_end(&self->hog[--self->hogs]);
	close(self->heap);
}

typedef FIXTURE_DATA(pressure) data;

static void add_hog(data *self, size_t len, bool file)
{
	char path[32];

	snprintf(path, sizeof(path), "/tmp/hog%d", self->hogs);
	self->hog[self->hogs++] = hog_start(len, file ? path : NULL);
}

static bool all_intact(const data *self)
{
	int i;

	for (i = 0; i < self->hogs; i++)
		if (!hog_intact(&self->hog[i]))
			return false;
	return true;
}

/* Fill memory until that much of it is free, including CMA areas. */
static void fill_up_to(data *self, bool file, size_t rest)
{
	while (self->hogs < 31) {
		size_t left = (size_t)meminfo("MemFree:") << 10;

		if (left <= rest + MiB(8))
			break;
		add_hog(self, (left - rest) / (self->hogs < 6 ? 2 : 1), file);
	}
}

static bool zero_and_whole(int fd, size_t len)
{
	char *memory = buffer_map(fd, len);
	bool ok = memory != MAP_FAILED && all_bytes(memory, len, 0);

	if (ok)
		fill(memory, len, 7);
	ok = ok && filled(memory, len, 7);
	munmap(memory, len);
	return ok;
}

TEST_F(pressure, pages_move_out_of_the_way)
{
	size_t rest = MiB(140);
	long before, moved;
	int i;

	/* So that the heap's own area is filled. */
	take_area(variant->other);
	before = cma_free();
	/*
	 * The kernel allocates from the area once most free memory is there. Two buffers and the
	 * memory that it has allocated then exceed the 64 MiB of the area.
	 */
	while (before - cma_free() < (long)MiB(20)) {
		ASSERT_LT(MiB(68), rest) {
			TH_LOG("%ld MiB of %ld are free", cma_free() >> 20, before >> 20);
		}
		fill_up_to(self, variant->file, rest);
		rest -= MiB(4);
	}
	moved = vm_count("pgmigrate_success");
	for (i = 0; i < 3; i++) {
		int fd[2] = { heap_alloc(self->heap, LEN), heap_alloc(self->heap, LEN) };

		ASSERT_LE(0, fd[0]);
		ASSERT_LE(0, fd[1]) {
			TH_LOG("%s", strerror(errno));
		}
		EXPECT_TRUE(zero_and_whole(fd[0], LEN));
		EXPECT_TRUE(zero_and_whole(fd[1], LEN));
		EXPECT_TRUE(all_intact(self));
		close(fd[0]);
		close(fd[1]);
	}
	EXPECT_TRUE(all_intact(self));
	EXPECT_LT(moved, vm_count("pgmigrate_success"));
	TH_LOG("%ld pages have moved", vm_count("pgmigrate_success") - moved);
}

TEST_F(pressure, failure_is_clean)
{
	struct contig_heap_query idle = heap_query(self->heap), now;
	int fd[3], i, failed = 0;

	/* With less, the OOM killer would kill a process. */
	fill_up_to(self, variant->file, MiB(140));
	for (i = 0; i < 3; i++) {
		fd[i] = heap_alloc(self->heap, LEN);
		if (fd[i] < 0) {
			EXPECT_EQ(ENOMEM, errno);
			failed++;
		} else {
			EXPECT_TRUE(zero_and_whole(fd[i], LEN));
		}
	}
	/* Three buffers of 24 MiB exceed an area of 64 MiB. */
	EXPECT_LT(0, failed);
	EXPECT_TRUE(all_intact(self));
	for (i = 0; i < 3; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	now = heap_query(self->heap);
	EXPECT_EQ(idle.free, now.free);
	EXPECT_EQ(0, now.region_buffers);

	while (self->hogs)
		hog_end(&self->hog[--self->hogs]);
	fd[0] = heap_alloc(self->heap, LEN);
	EXPECT_LE(0, fd[0]) {
		TH_LOG("after the pressure: %s", strerror(errno));
	}
	close(fd[0]);
}

TEST_HARNESS_MAIN
