// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend to idle and resume, with all kinds of buffers: contents and mappings are intact. Also
 * hibernation, with the kernel's test mode.
 */
#include <linux/android_pmem.h>

#include "../heap/importer_client.h"
#include "../heap/test.h"

#define STATE	"/sys/power/state"
#define ALARM	"/sys/class/rtc/rtc0/wakealarm"
#define LEN	MiB(1)
#define TIMES	3

struct used {
	int heap, fd, importer, attachment;
	char *memory;
};

static bool use(struct used *used, const char *name, __u32 seed)
{
	used->heap = heap_open(name);
	used->fd = heap_alloc(used->heap, LEN);
	used->memory = buffer_map(used->fd, LEN);
	used->importer = importer_open();
	used->attachment = importer_attach(used->importer, importer_any_device(used->importer),
					   used->fd);
	if (used->memory == MAP_FAILED || used->attachment < 0 ||
	    importer_map(used->importer, used->attachment, HEAP_IMPORTER_BOTH) < 0)
		return false;
	fill(used->memory, LEN, seed);
	return true;
}

static bool intact(const struct used *used, __u32 seed)
{
	static char copy[LEN];

	return filled(used->memory, LEN, seed) &&
	       !importer_dma_read(used->importer, used->attachment, 0, copy, LEN) &&
	       filled(copy, LEN, seed);
}

static void finish(const struct used *used)
{
	munmap(used->memory, LEN);
	close(used->importer);
	close(used->fd);
	close(used->heap);
}

/* Sleep until the alarm; the kernel counts successes. */
static bool sleep_once(void)
{
	return write_text(ALARM, "0") && write_text(ALARM, "+2") && write_text(STATE, "freeze");
}

static long suspend_count(void)
{
	char *text = read_text("/sys/power/suspend_stats/success");
	long count = text ? strtol(text, NULL, 10) : -1;

	free(text);
	return count;
}

TEST(idle_and_back)
{
	static const char *const name[] = {
		"adsp", "adsp-uncached", "audio-uncached", "video", "video-uncached",
		"default_cma_region",
	};
	struct used used[ARRAY_SIZE(name)];
	char *states = read_text(STATE);
	int pmem = open("/dev/pmem", O_RDWR | O_CLOEXEC), i;
	char *memory = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, pmem, 0);
	long before = suspend_count();
	size_t h;

	if (!states || !strstr(states, "freeze") || access(ALARM, F_OK))
		SKIP(return, "this kernel cannot suspend to idle, or has no clock to wake it");
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 99);
	for (h = 0; h < ARRAY_SIZE(name); h++)
		ASSERT_TRUE(use(&used[h], name[h], h));
	for (i = 0; i < TIMES; i++) {
		ASSERT_TRUE(sleep_once()) {
			TH_LOG("%s", strerror(errno));
		}
		for (h = 0; h < ARRAY_SIZE(name); h++)
			EXPECT_TRUE(intact(&used[h], h)) {
				TH_LOG("heap number %zu", h);
			}
		EXPECT_TRUE(filled(memory, LEN, 99));
	}
	EXPECT_EQ(before + TIMES, suspend_count());
	for (h = 0; h < ARRAY_SIZE(name); h++)
		finish(&used[h]);
	munmap(memory, LEN);
	close(pmem);
	/* Allocation still works. */
	ASSERT_TRUE(use(&used[0], name[0], 5));
	finish(&used[0]);
	free(states);
}

#define PM_TEST		"/sys/power/pm_test"
#define DELAY		"/sys/module/suspend/parameters/pm_test_delay"
#define TRACING		"/sys/kernel/tracing/"
#define ZEROED		TRACING "events/contig_heaps/contig_zero/enable"

/* How many bytes of a region were zeroed in the background since tracing began? */
static unsigned long long zeroed(const char *region)
{
	char *trace = read_text(TRACING "trace"), *line, *next, name[32];
	unsigned long long bytes = 0;

	snprintf(name, sizeof(name), " region=%s ", region);
	for (line = trace; line; line = next) {
		char *len;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		len = strstr(line, " len=");
		if (strstr(line, name) && strstr(line, "background") && len)
			bytes += strtoull(len + strlen(" len="), NULL, 10);
	}
	free(trace);
	return bytes;
}

/*
 * A hibernation image lacks memory outside of the linear map, so its contents are undefined after
 * resume: all of it that is free must be zeroed again.
 */
TEST(hibernation_forgets_what_is_zero)
{
	char *tests = read_text(PM_TEST), *states = read_text(STATE);
	int nomap = heap_open("audio-uncached"), mapped = heap_open("adsp");
	int used = heap_alloc(nomap, LEN), gone = heap_alloc(nomap, LEN);

	if (!tests || !strstr(tests, "freezer") || !states || !strstr(states, "disk"))
		SKIP(return, "this kernel cannot hibernate, or cannot try it");
	ASSERT_LE(0, used);
	/* A hole, so that there is more than one free run. */
	close(gone);
	heap_wait_clean(nomap);
	heap_wait_clean(mapped);
	ASSERT_TRUE(write_text(TRACING "trace", "") && write_text(ZEROED, "1"));
	ASSERT_TRUE(write_text(DELAY, "0") && write_text(PM_TEST, "freezer"));
	EXPECT_TRUE(write_text(STATE, "disk")) {
		TH_LOG("%s", strerror(errno));
	}
	heap_wait_clean(nomap);
	EXPECT_EQ(heap_query(nomap).free, zeroed("audio"));
	EXPECT_EQ(0, zeroed("adsp"));
	write_text(PM_TEST, "none");
	write_text(ZEROED, "0");
	close(used);
	close(mapped);
	close(nomap);
	free(tests);
	free(states);
}

TEST_HARNESS_MAIN
