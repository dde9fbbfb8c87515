// SPDX-License-Identifier: GPL-2.0-only
/* Exact contents of /sys/kernel/pmem_regions and the files in debugfs. */
#include <dirent.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test.h"

#define REGIONS_HEADER	"pid #: mapped regions (offset, len) (offset,len)...\n"
#define BITS_HEADER	"bitnum\tindex\tquanta allocated\n"
#define DUMP_HEADER	"index\torder\tlength\tallocated\n"

static char *node_file(const char *name, const char *file)
{
	char *path = format("/sys/kernel/pmem_regions/%s/%s", name, file);
	char *text = read_text(path);

	free(path);
	return text;
}

/* Compare, and print both if they differ. */
static bool file_is(const char *name, const char *file, char *expected)
{
	char *text = node_file(name, file);
	bool same = text && !strcmp(text, expected);

	if (!same)
		fprintf(stderr, "# %s/%s is\n%s# instead of\n%s", name, file,
			text ? text : "missing\n", expected);
	free(text);
	free(expected);
	return same;
}

static bool file_missing(const char *name, const char *file)
{
	char *text = node_file(name, file);

	free(text);
	return !text;
}

NODE_FIXTURE(files);

TEST_F(files, size_and_base)
{
	EXPECT_TRUE(file_is(self->name, "size",
			    format("%zu(0x%zx)\n", self->node->size, self->node->size)));
	if (self->node->base)
		EXPECT_TRUE(file_is(self->name, "base",
				    format("%lu(0x%lx)\n", self->node->base, self->node->base)));
}

TEST_F(files, allocator_type)
{
	static const char *const type[] = {
		[BITMAP] = "Bitmap\n",
		[BUDDY] = "Buddy Bestfit\n",
		[ALL_OR_NOTHING] = "All or Nothing\n",
		[SYSTEM] = "System heap\n",
	};

	EXPECT_TRUE(file_is(self->name, "allocator_type", strdup(type[self->node->kind])));
}

TEST_F(files, which_there_are)
{
	const enum kind kind = self->node->kind;
	const bool quanta = kind == BITMAP || kind == BUDDY;

	EXPECT_EQ(kind != ALL_OR_NOTHING, file_missing(self->name, "allocated"));
	EXPECT_EQ(!quanta, file_missing(self->name, "quantum_size"));
	EXPECT_EQ(!quanta, file_missing(self->name, "total_entries"));
	EXPECT_EQ(kind != BITMAP, file_missing(self->name, "free_quanta"));
	EXPECT_EQ(kind != BITMAP, file_missing(self->name, "bits_allocated"));
	EXPECT_EQ(kind != BUDDY, file_missing(self->name, "buddy_bitmap_dump"));
}

TEST_F(files, mode)
{
	char *folder = format("/sys/kernel/pmem_regions/%s", self->name);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		struct stat stat_data;

		if (entry->d_name[0] == '.')
			continue;
		count++;
		ASSERT_EQ(0, fstatat(dirfd(dir), entry->d_name, &stat_data, 0));
		EXPECT_EQ(0444, stat_data.st_mode & 07777) {
			TH_LOG("%s", entry->d_name);
		}
	}
	closedir(dir);
	free(folder);
	EXPECT_LE(4, count);
}

/* Without the file of the fixture, no file is open. */
TEST_F(files, no_file_open)
{
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(file_is(self->name, "mapped_regions", strdup(REGIONS_HEADER)));
}

static int own_tid(void)
{
	return syscall(SYS_gettid);
}

TEST_F(files, mapped_regions)
{
	char *memory;
	int second;

	EXPECT_TRUE(file_is(self->name, "mapped_regions", format(REGIONS_HEADER "pid 0:\n")));
	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	EXPECT_TRUE(file_is(self->name, "mapped_regions", format(REGIONS_HEADER "pid 0:\n")));
	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(file_is(self->name, "mapped_regions",
			    format(REGIONS_HEADER "pid %d:\n", own_tid())));
	/* The newest file is first. */
	second = pmem_open(self->name);
	EXPECT_TRUE(file_is(self->name, "mapped_regions",
			    format(REGIONS_HEADER "pid 0:\npid %d:\n", own_tid())));
	ASSERT_EQ(0, pmem_connect(second, self->fd));
	ASSERT_EQ(0, pmem_map(second, PAGE, 10 * PAGE));
	EXPECT_TRUE(file_is(self->name, "mapped_regions",
			    format(REGIONS_HEADER "pid 0:(%zx,%zx) \npid %d:\n", PAGE, 10 * PAGE,
				   own_tid())));
	ASSERT_EQ(0, pmem_map(second, 0, MiB(1)));
	EXPECT_TRUE(file_is(self->name, "mapped_regions",
			    format(REGIONS_HEADER "pid 0:(0,100000) (%zx,%zx) \npid %d:\n", PAGE,
				   10 * PAGE, own_tid())));
	ASSERT_EQ(0, pmem_unmap(second, PAGE, 10 * PAGE));
	EXPECT_TRUE(file_is(self->name, "mapped_regions",
			    format(REGIONS_HEADER "pid 0:(0,100000) \npid %d:\n", own_tid())));
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(file_is(self->name, "mapped_regions", format(REGIONS_HEADER "pid 0:\n")));
}

TEST_F(files, mapper_is_the_last_one)
{
	struct peer peer = peer_start();

	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, PAGE));
	ASSERT_NE(-1, on(peer, do_mmap, peer_give(peer, self->fd), PAGE));
	EXPECT_TRUE(file_is(self->name, "mapped_regions",
			    format(REGIONS_HEADER "pid %d:\n", peer.pid)));
}

/* Text beyond a page is truncated, without further effects. */
TEST_F(files, many_files)
{
	/* Each line has 7 characters. */
	const size_t count = PAGE / 7 + 100;
	struct rlimit limit = { count + 100, count + 100 };
	size_t i;
	char *text;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < count; i++)
		ASSERT_LE(0, pmem_open(self->name));
	text = node_file(self->name, "mapped_regions");
	ASSERT_NE(NULL, text);
	EXPECT_GE(PAGE, strlen(text));
	EXPECT_LT(PAGE - 100, strlen(text));
	EXPECT_EQ(0, strncmp(text, REGIONS_HEADER "pid 0:\n", strlen(REGIONS_HEADER) + 7));
	free(text);
}

TEST_F(files, debugfs)
{
	char *path = format("/sys/kernel/debug/%s", self->name), *text, *same;
	struct stat stat_data;

	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, PAGE));
	ASSERT_LE(0, pmem_open(self->name));
	ASSERT_EQ(0, stat(path, &stat_data));
	EXPECT_EQ(0444, stat_data.st_mode & 07777);
	text = read_text(path);
	same = node_file(self->name, "mapped_regions");
	ASSERT_NE(NULL, text);
	EXPECT_STREQ(same, text);
	free(path);
	free(text);
	free(same);
}

IDLE_FIXTURE(allocations);

static unsigned long quantum_of(int fd, const char *name)
{
	return (pmem_phys(fd).offset - node_of(name)->base) / PAGE;
}

static int id_of(const char *name)
{
	char *text = node_file(name, "bits_allocated");
	int id = -1;

	if (text)
		sscanf(text, "id: %d\n", &id);
	free(text);
	return id;
}

TEST_F(allocations, quanta)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		const struct node *node = &nodes[i];

		if (node->kind != BITMAP && node->kind != BUDDY)
			continue;
		EXPECT_TRUE(file_is(node->name, "quantum_size",
				    format("%zu (0x%zx)\n", PAGE, PAGE)));
		EXPECT_TRUE(file_is(node->name, "total_entries",
				    format("%zu\n", node->size / PAGE)));
	}
}

TEST_F(allocations, bitmap)
{
	int a = pmem_open("pmem"), b = pmem_open("pmem"), c = pmem_open("pmem");
	int id = id_of("pmem"), total = MiB(48) / PAGE, mib = MiB(1) / PAGE;

	ASSERT_LE(0, id);
	EXPECT_TRUE(file_is("pmem", "free_quanta", format("%d\n", total)));
	EXPECT_TRUE(file_is("pmem", "bits_allocated", format("id: %d\n" BITS_HEADER, id)));
	ASSERT_EQ(0, pmem_allocate(a, PAGE));
	EXPECT_TRUE(file_is("pmem", "free_quanta", format("%d\n", total - 1)));
	EXPECT_TRUE(file_is("pmem", "bits_allocated",
			    format("id: %d\n" BITS_HEADER "0\t%lu\t1\n", id,
				   quantum_of(a, "pmem"))));
	ASSERT_EQ(0, pmem_allocate(b, PAGE + 904));
	ASSERT_EQ(0, pmem_allocate(c, MiB(1)));
	EXPECT_TRUE(file_is("pmem", "free_quanta", format("%d\n", total - 3 - mib)));
	EXPECT_TRUE(file_is("pmem", "bits_allocated",
			    format("id: %d\n" BITS_HEADER "0\t%lu\t1\n1\t%lu\t2\n2\t%lu\t%d\n",
				   id, quantum_of(a, "pmem"), quantum_of(b, "pmem"),
				   quantum_of(c, "pmem"), mib)));
	/* A free slot is used again. */
	ASSERT_EQ(0, close(b));
	EXPECT_TRUE(file_is("pmem", "bits_allocated",
			    format("id: %d\n" BITS_HEADER "0\t%lu\t1\n2\t%lu\t%d\n", id,
				   quantum_of(a, "pmem"), quantum_of(c, "pmem"), mib)));
	b = pmem_open("pmem");
	ASSERT_EQ(0, pmem_allocate(b, 3 * PAGE));
	EXPECT_TRUE(file_is("pmem", "bits_allocated",
			    format("id: %d\n" BITS_HEADER "0\t%lu\t1\n1\t%lu\t3\n2\t%lu\t%d\n",
				   id, quantum_of(a, "pmem"), quantum_of(b, "pmem"),
				   quantum_of(c, "pmem"), mib)));
	EXPECT_NE(id, id_of("pmem_adsp"));
}

TEST_F(allocations, buddy)
{
	int a = pmem_open("pmem_smipool"), b = pmem_open("pmem_smipool");
	const int mib = MiB(1) / PAGE, order = ffs(mib) - 1;

	EXPECT_TRUE(file_is("pmem_smipool", "buddy_bitmap_dump",
			    format(DUMP_HEADER "0\t%d\t4194304\t0\n", order + 2)));
	ASSERT_EQ(0, pmem_allocate(a, MiB(1)));
	EXPECT_TRUE(file_is("pmem_smipool", "buddy_bitmap_dump",
			    format(DUMP_HEADER "0\t%d\t1048576\t1\n%d\t%d\t1048576\t0\n"
				   "%d\t%d\t2097152\t0\n", order, mib, order, 2 * mib,
				   order + 1)));
	ASSERT_EQ(0, pmem_allocate(b, MiB(2)));
	EXPECT_TRUE(file_is("pmem_smipool", "buddy_bitmap_dump",
			    format(DUMP_HEADER "0\t%d\t1048576\t1\n%d\t%d\t1048576\t0\n"
				   "%d\t%d\t2097152\t1\n", order, mib, order, 2 * mib,
				   order + 1)));
	ASSERT_EQ(0, close(a));
	EXPECT_TRUE(file_is("pmem_smipool", "buddy_bitmap_dump",
			    format(DUMP_HEADER "0\t%d\t2097152\t0\n%d\t%d\t2097152\t1\n",
				   order + 1, 2 * mib, order + 1)));
	ASSERT_EQ(0, close(b));
	EXPECT_TRUE(file_is("pmem_smipool", "buddy_bitmap_dump",
			    format(DUMP_HEADER "0\t%d\t4194304\t0\n", order + 2)));
}

TEST_F(allocations, all_or_nothing)
{
	int fd = pmem_open("pmem_camera");

	EXPECT_TRUE(file_is("pmem_camera", "allocated", format("is NOT allocated\n")));
	ASSERT_EQ(0, pmem_allocate(fd, PAGE));
	EXPECT_TRUE(file_is("pmem_camera", "allocated", format("is allocated\n")));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(file_is("pmem_camera", "allocated", format("is NOT allocated\n")));
}

/* Memory of a heap on the same region is not free. */
TEST_F(allocations, free_quanta_beside_a_heap)
{
	int buffer = heap_alloc("mdp", MiB(16), O_RDWR);

	ASSERT_LE(0, buffer);
	EXPECT_TRUE(file_is("pmem", "free_quanta", format("%zu\n", MiB(32) / PAGE)));
	ASSERT_EQ(0, close(buffer));
	EXPECT_TRUE(file_is("pmem", "free_quanta", format("%zu\n", MiB(48) / PAGE)));
}

TEST_HARNESS_MAIN
