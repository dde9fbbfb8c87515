// SPDX-License-Identifier: GPL-2.0-only
/* What a heap reports about itself, to whom, and what it hides. */
#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "importer_client.h"
#include "test.h"

#define DEBUG	"/sys/kernel/debug/contig_heaps/"
#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/contig_heaps/"

HEAP_FIXTURE(sysfs);

static unsigned long long attribute(const char *heap, const char *name)
{
	unsigned long long value = ~0ULL;
	char path[128], *text;

	snprintf(path, sizeof(path), "%s/%s/%s", heap_class(), heap, name);
	text = read_text(path);
	if (text)
		sscanf(text, "%llu\n", &value);
	free(text);
	return value;
}

TEST_F(sysfs, figures_are_those_of_the_query)
{
	int one = heap_alloc(self->heap, MiB(3));
	int two = heap_alloc(self->heap, MiB(1));
	struct contig_heap_query query;

	ASSERT_LE(0, one);
	ASSERT_LE(0, two);
	close(one);
	heap_wait_clean(self->heap);
	query = heap_query(self->heap);
	EXPECT_EQ(query.total, attribute(variant->name, "size"));
	EXPECT_EQ(query.free, attribute(variant->name, "free"));
	EXPECT_EQ(query.largest, attribute(variant->name, "largest"));
	EXPECT_EQ(query.dirty, attribute(variant->name, "dirty"));
	EXPECT_EQ(query.quantum, attribute(variant->name, "quantum"));
	EXPECT_EQ(query.buffers, attribute(variant->name, "buffers"));
	EXPECT_EQ((query.free - query.largest) * 100 / query.free,
		  attribute(variant->name, "fragmentation"));
}

/* Every other MiB is free, so the largest run is one MiB. */
TEST_F(sysfs, fragmentation)
{
	int fds[128], count = 0, i;

	/* Otherwise, the heap prefers clean memory at any address. */
	heap_wait_clean(self->heap);
	while ((fds[count] = heap_alloc(self->heap, MiB(1))) >= 0)
		count++;
	for (i = 0; i < count; i += 2)
		close(fds[i]);
	if (variant->flags & CONTIG_HEAP_F_ESTIMATE) {
		/* Pages that others have pinned count as free. */
		EXPECT_LT(50, attribute(variant->name, "fragmentation"));
	} else {
		EXPECT_EQ(100 - 100 / (count / 2) - (100 % (count / 2) != 0),
			  attribute(variant->name, "fragmentation"));
	}
}

/* If the kernel can get the memory back, the administrator can configure how much is kept. */
TEST_F(sysfs, files_are_for_everybody_to_read)
{
	static const char * const name[] = {
		"held", "reserve", "held_max", "keep",
		"size", "free", "largest", "dirty", "quantum", "fragmentation", "buffers",
	};
	bool cma = variant->flags & CONTIG_HEAP_F_CMA;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		char path[128];
		struct stat stat_;

		snprintf(path, sizeof(path), "%s/%s/%s", heap_class(), variant->name,
			 name[i]);
		if (!cma && i && i < 4) {
			EXPECT_ERRNO(ENOENT, stat(path, &stat_));
			continue;
		}
		ASSERT_EQ(0, stat(path, &stat_));
		EXPECT_EQ(cma && i < 4 ? 0644 : 0444, stat_.st_mode & 07777);
	}
}

TEST_F(sysfs, node_is_for_root)
{
	char path[128];
	struct stat stat_;

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", variant->name);
	ASSERT_EQ(0, stat(path, &stat_));
	EXPECT_TRUE(S_ISCHR(stat_.st_mode));
	EXPECT_EQ(0600, stat_.st_mode & 07777);
}

/* Name of the heap's region in debugfs. */
static void region_path(char *path, size_t len, const char *heap,
			const char *file)
{
	snprintf(path, len, DEBUG "%.*s/%s", (int)strcspn(heap, "-"), heap,
		 file);
}

HEAP_FIXTURE(debugfs);

TEST_F(debugfs, buffer_is_listed)
{
	int fd = heap_alloc(self->heap, KiB(144));
	int importer = importer_open();
	int device = importer_any_device(importer);
	int mapped = importer_attach(importer, device, fd);
	int idle = importer_attach(importer, device, fd);
	char path[128], pid[16], *text, *line;

	prctl(PR_SET_NAME, "introspected");
	close(heap_alloc(self->heap, PAGE));
	ASSERT_LE(0, idle);
	ASSERT_LT(0, importer_map(importer, mapped, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, ioctl(fd, DMA_BUF_SET_NAME, "a name to find"));

	region_path(path, sizeof(path), variant->name, "buffers");
	text = read_text(path);
	ASSERT_NE(NULL, text);
	line = strstr(text, " 147456 ");
	ASSERT_NE(NULL, line) {
		TH_LOG("no such size in:\n%s", text);
	}
	*strchrnul(line, '\n') = '\0';
	snprintf(pid, sizeof(pid), " %d ", getpid());
	EXPECT_NE(NULL, strstr(line, pid));
	EXPECT_NE(NULL, strstr(line, " introspect "));
	EXPECT_NE(NULL, strstr(line, variant->name));
	EXPECT_NE(NULL, strstr(line, "a name to find"));
	line = strstr(line, "heap_importer.");
	ASSERT_NE(NULL, line);
	EXPECT_NE(NULL, strstr(line, "(mapped)"));
	/* Two attachments, one of them mapped. */
	line = strstr(line + 1, "heap_importer.");
	ASSERT_NE(NULL, line);
	EXPECT_EQ(NULL, strstr(line, "(mapped)"));
	free(text);

	close(importer);
	close(fd);
	text = read_text(path);
	EXPECT_EQ(NULL, strstr(text, " 147456 "));
	free(text);
}

TEST_F(debugfs, comm_is_of_who_allocated)
{
	char path[128], *text;
	int fd;

	prctl(PR_SET_NAME, "somebody else");
	fd = heap_alloc(self->heap, PAGE);
	ASSERT_LE(0, fd);
	prctl(PR_SET_NAME, "renamed");
	region_path(path, sizeof(path), variant->name, "buffers");
	text = read_text(path);
	EXPECT_NE(NULL, strstr(text, "somebody else"));
	free(text);
}

TEST_F(debugfs, only_for_root)
{
	char path[128];
	struct stat stat_;

	region_path(path, sizeof(path), variant->name, "buffers");
	ASSERT_EQ(0, stat(path, &stat_));
	EXPECT_EQ(0400, stat_.st_mode & 07777);
}

/* One line per buffer, with its inode number as in /proc, regardless of its name. */
TEST_F(debugfs, names_cannot_make_lines)
{
	unsigned long long offset, size;
	int fd = heap_alloc(self->heap, KiB(144)), pid, lines = 0;
	unsigned long inode = 0;
	char path[128], *text, *pos;
	struct stat stat_;
	double age;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &stat_));
	ASSERT_EQ(0, ioctl(fd, DMA_BUF_SET_NAME, "a\n1 2 3\tx"));
	prctl(PR_SET_NAME, "b\n4 5 6");
	close(heap_alloc(self->heap, PAGE));
	region_path(path, sizeof(path), variant->name, "buffers");
	text = read_text(path);
	ASSERT_NE(NULL, text);
	for (pos = text; (pos = strchr(pos, '\n')); pos++)
		lines++;
	EXPECT_EQ(2, lines);
	pos = strchr(text, '\n');
	ASSERT_EQ(5, sscanf(pos, "%llu %llu %lf %lu %d", &offset, &size, &age, &inode, &pid));
	EXPECT_EQ(KiB(144), size);
	EXPECT_EQ(stat_.st_ino, inode);
	EXPECT_EQ(getpid(), pid);
	EXPECT_NE(NULL, strstr(pos, " - a?1 2 3?x\n"));
	free(text);
	close(fd);
}

/* Enough to be listed while others are created and released. */
TEST(listed_while_others_go)
{
	enum { MANY = 700, USERS = 3, TIMES = 15 };
	struct rlimit files = { 2 * MANY, 2 * MANY };
	int heap = heap_open("adsp"), i;
	pid_t pid[USERS];

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	for (i = 0; i < MANY; i++)
		ASSERT_LE(0, heap_alloc(heap, PAGE));
	for (i = 0; i < USERS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		while (!pid[i])
			close(heap_alloc(heap, PAGE));
	}
	for (i = 0; i < TIMES; i++) {
		char *text = read_text(DEBUG "adsp/buffers"), *pos;
		int lines = 0;

		ASSERT_NE(NULL, text);
		for (pos = text; (pos = strchr(pos, '\n')); pos++)
			lines++;
		EXPECT_LT(MANY, lines);
		EXPECT_GE(1 + MANY + USERS, lines);
		free(text);
	}
	for (i = 0; i < USERS; i++) {
		kill(pid[i], SIGKILL);
		ASSERT_EQ(pid[i], waitpid(pid[i], NULL, 0));
	}
}

/* Count characters of the map, except the legend and the offsets. */
static int count_in_map(const char *heap, char sign)
{
	char path[128], *text, *pos;
	int count = 0;

	region_path(path, sizeof(path), heap, "map");
	text = read_text(path);
	if (!text)
		return -1;
	for (pos = strchr(text, '\n'); *pos; pos++)
		count += *pos == sign;
	free(text);
	return count;
}

TEST_F(debugfs, map_shows_what_is_used)
{
	/* The map has 1024 characters. */
	int signs = 1024 * MiB(3) / heap_query(self->heap).total, clean;

	heap_wait_clean(self->heap);
	EXPECT_EQ(0, count_in_map(variant->name, '#'));
	EXPECT_EQ(0, count_in_map(variant->name, ':'));
	clean = count_in_map(variant->name, '.');
	if (!(variant->flags & CONTIG_HEAP_F_CMA)) {
		EXPECT_EQ(1024, clean);
	}
	ASSERT_LE(0, heap_alloc_aligned(self->heap, MiB(3), MiB(1)));
	EXPECT_EQ(signs, count_in_map(variant->name, '#'));
	if (!(variant->flags & CONTIG_HEAP_F_CMA)) {
		EXPECT_EQ(clean - signs, count_in_map(variant->name, '.'));
	}
}

HEAP_FIXTURE(trace);

/* The last line of an event that contains both texts, to be freed, or NULL. */
static char *traced(const char *event, const char *one, const char *two)
{
	char *trace = read_text(TRACING "trace"), *line, *found = NULL;
	char *save;

	for (line = strtok_r(trace, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strstr(line, event) && strstr(line, one) &&
		    strstr(line, two))
			found = line;
	found = found ? strdup(found) : NULL;
	free(trace);
	return found;
}

static bool trace_on(const char *event, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), EVENTS "%s/enable", event);
	return write_text(path, on ? "1" : "0") &&
	       (!on || write_text(TRACING "trace", ""));
}

static unsigned long long field(const char *line, const char *name)
{
	char key[32];

	snprintf(key, sizeof(key), " %s=", name);
	line = line ? strstr(line, key) : NULL;
	return line ? strtoull(line + strlen(key), NULL, 10) : ~0ULL;
}

TEST_F(trace, allocation_and_release)
{
	char heap[80], *alloc, *release;
	int fd;

	snprintf(heap, sizeof(heap), " heap=%s ", variant->name);
	ASSERT_TRUE(trace_on("contig_alloc", true));
	ASSERT_TRUE(trace_on("contig_free", true));
	fd = heap_alloc_aligned(self->heap, 70000, KiB(64));
	ASSERT_LE(0, fd);
	close(fd);
	alloc = traced("contig_alloc:", heap, " ret=0");
	release = traced("contig_free:", heap, "");
	ASSERT_NE(NULL, alloc);
	ASSERT_NE(NULL, release);
	EXPECT_EQ(70000, field(alloc, "len"));
	EXPECT_EQ(KiB(64), field(alloc, "align"));
	EXPECT_GT(heap_query(self->heap).total, field(alloc, "offset"));
	EXPECT_EQ((70000 + PAGE - 1) / PAGE * PAGE, field(release, "len"));
	EXPECT_EQ(field(alloc, "offset"), field(release, "offset"));
	free(alloc);
	free(release);
	trace_on("contig_alloc", false);
	trace_on("contig_free", false);
}

TEST_F(trace, failed_allocation)
{
	char heap[80], *alloc;

	snprintf(heap, sizeof(heap), " heap=%s ", variant->name);
	ASSERT_TRUE(trace_on("contig_alloc", true));
	EXPECT_EQ(-1, heap_alloc(self->heap, 1ULL << 40));
	alloc = traced("contig_alloc:", heap, " ret=-12");
	EXPECT_NE(NULL, alloc);
	free(alloc);
	trace_on("contig_alloc", false);
}

TEST_F(trace, sync)
{
	int fd = heap_alloc(self->heap, PAGE * 8);
	char heap[80], *sync;

	ASSERT_LE(0, fd);
	snprintf(heap, sizeof(heap), " heap=%s ", variant->name);
	ASSERT_TRUE(trace_on("contig_sync", true));
	buffer_sync_range(self->heap, fd, 100, 200,
			  DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	sync = traced("contig_sync:", heap, " dir=read start ");
	ASSERT_NE(NULL, sync);
	EXPECT_EQ(100, field(sync, "offset"));
	EXPECT_EQ(200, field(sync, "len"));
	EXPECT_EQ(0, field(sync, "devices"));
	free(sync);
	buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	sync = traced("contig_sync:", heap, " dir=write end ");
	ASSERT_NE(NULL, sync);
	EXPECT_EQ(0, field(sync, "offset"));
	EXPECT_EQ(PAGE * 8, field(sync, "len"));
	free(sync);
	trace_on("contig_sync", false);
}

TEST_F(trace, zeroing)
{
	__u64 total = heap_query(self->heap).total;
	char region[80], *zero;
	int fd;

	snprintf(region, sizeof(region), " region=%.*s ",
		 (int)strcspn(variant->name, "-"), variant->name);
	heap_wait_clean(self->heap);
	ASSERT_TRUE(trace_on("contig_zero", true));
	fd = heap_alloc(self->heap, MiB(32));
	ASSERT_LE(0, fd);
	close(fd);
	heap_wait_clean(self->heap);
	zero = traced("contig_zero:", region, " background");
	ASSERT_NE(NULL, zero);
	EXPECT_LT(0, field(zero, "len"));
	EXPECT_GE(total, field(zero, "offset") + field(zero, "len"));
	free(zero);
	trace_on("contig_zero", false);
}

/* Physical ranges of the heaps; the range of the default area is found later. */
struct range {
	unsigned long long base;
	unsigned long long size;
};

static struct range ranges[] = {
	{ 0x70000000, MiB(48) }, { 0x73000000, MiB(48) },
	{ 0x76000000, MiB(48) }, { 0x79000000, MiB(12) },
	{ 0x7a000000, MiB(64) }, { 0, MiB(64) },
};

static bool in_a_heap(unsigned long long number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (ranges[i].base && number >= ranges[i].base &&
		    number - ranges[i].base < ranges[i].size)
			return true;
	return false;
}

/* Does the text contain an address of a heap, decimal or hexadecimal? */
static bool tells_an_address(const char *text)
{
	while (text && *text) {
		size_t digits = strspn(text, "0123456789abcdefABCDEF");

		/* "0x" splits into a 0 and the digits that matter. */
		if (digits > 7 && (in_a_heap(strtoull(text, NULL, 16)) ||
				   in_a_heap(strtoull(text, NULL, 10))))
			return true;
		text += digits ? digits : 1;
	}
	return false;
}

static int find_default_area(void)
{
	int heap = heap_open("default_cma_region");
	int fd = heap_alloc(heap, MiB(1));
	__u64 address = buffer_address(fd);

	/* Assume that the area may be anywhere around this buffer. */
	ranges[ARRAY_SIZE(ranges) - 1].base = address - MiB(63);
	ranges[ARRAY_SIZE(ranges) - 1].size = MiB(127);
	close(fd);
	close(heap);
	return address ? 0 : -1;
}

/* Check every file below a folder, except links to other folders. */
static int files_with_addresses(const char *folder, int *seen)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int found = 0;

	while (dir && (entry = readdir(dir))) {
		char path[512], *text;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR) {
			found += files_with_addresses(path, seen);
			continue;
		}
		if (entry->d_type != DT_REG)
			continue;
		text = read_text(path);
		if (text)
			++*seen;
		if (text && tells_an_address(text)) {
			printf("# %s tells an address: %s\n", path, text);
			found++;
		}
		free(text);
	}
	if (dir)
		closedir(dir);
	return found;
}

TEST(detector_of_addresses_works)
{
	EXPECT_TRUE(tells_an_address("x 0x70000000"));
	EXPECT_TRUE(tells_an_address("72ffffff"));
	EXPECT_TRUE(tells_an_address("0000000076000000-"));
	EXPECT_TRUE(tells_an_address("at 2046820352 "));
	EXPECT_FALSE(tells_an_address("50331648 0x6fffffff 67108864"));
}

/* Files that everybody can read. */
TEST(nobody_is_told_an_address)
{
	char path[128], *text;
	DIR *classes;
	struct dirent *entry;
	int seen = 0, fd, heap;

	heap = heap_open("adsp");
	fd = heap_alloc(heap, MiB(1));
	ASSERT_LE(0, fd);
	ASSERT_NE(MAP_FAILED, buffer_map(fd, MiB(1)));
	ASSERT_EQ(0, find_default_area());
	ASSERT_EQ(0, setgid(65534));
	ASSERT_EQ(0, setuid(65534));

	classes = opendir(heap_class());
	ASSERT_NE(NULL, classes);
	while ((entry = readdir(classes))) {
		snprintf(path, sizeof(path), "%s/%.40s/.", heap_class(), entry->d_name);
		/* The amount of memory may look like an address. */
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, "system", strlen("system")))
			EXPECT_EQ(0, files_with_addresses(path, &seen));
	}
	closedir(classes);
	/* Seven files per heap, and the files of the class. */
	EXPECT_LE(7 * 9, seen);
	seen = 0;
	EXPECT_EQ(0, files_with_addresses("/sys/module/contig_heaps/parameters",
					  &seen));
	EXPECT_EQ(NULL, opendir(DEBUG));
	EXPECT_EQ(NULL, opendir(EVENTS));

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	text = read_text(path);
	EXPECT_FALSE(tells_an_address(text));
	free(text);
}

/* Even for root, places are offsets: users paste these lists into bug reports. */
TEST(lists_and_traces_have_offsets_only)
{
	int heap = heap_open("audio-uncached"), seen = 0, fd;
	char *trace;

	ASSERT_EQ(0, find_default_area());
	ASSERT_TRUE(write_text(EVENTS "enable", "1"));
	fd = heap_alloc(heap, MiB(20));
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, buffer_sync(fd, DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, files_with_addresses(DEBUG, &seen));
	EXPECT_LE(5 + 3, seen);
	close(fd);
	write_text(EVENTS "enable", "0");
	trace = read_text(TRACING "trace");
	EXPECT_NE(NULL, strstr(trace, "contig_free"));
	EXPECT_FALSE(tells_an_address(trace));
	free(trace);
}

TEST(query_has_no_address)
{
	static const char * const name[] = {
		"adsp", "audio-uncached", "video", "default_cma_region",
	};
	size_t i, j;

	ASSERT_EQ(0, find_default_area());
	for (i = 0; i < ARRAY_SIZE(name); i++) {
		int heap = heap_open(name[i]);
		int fd = heap_alloc(heap, MiB(1));
		struct contig_heap_query query = heap_query(heap);
		const __u64 *word = (const void *)&query;

		ASSERT_LE(0, fd);
		for (j = 0; j < sizeof(query) / sizeof(*word); j++)
			EXPECT_FALSE(in_a_heap(word[j]));
	}
}

TEST_HARNESS_MAIN
