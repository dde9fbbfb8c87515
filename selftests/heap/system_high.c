// SPDX-License-Identifier: GPL-2.0-only
/* System memory that is partly above 4 GiB: which heap uses which part. */
#include "importer_client.h"
#include "test.h"

#define PIECE	MiB(64)
#define MANY	128

/* How many bytes of a buffer does a device see above 4 GiB? */
static __u64 bytes_above(int fd)
{
	int importer = importer_open(), count, i;
	int attachment = importer_attach(importer, importer_any_device(importer), fd);
	__u64 address, len, above = 0;

	count = importer_map(importer, attachment, HEAP_IMPORTER_BOTH);
	if (count < 1)
		die("map");
	for (i = 0; i < count; i++) {
		if (importer_segment(importer, attachment, i, &address, &len))
			die("segment");
		if (address + len > 1ULL << 32)
			above += len;
	}
	close(importer);
	return above;
}

/* Allocate all of the heap; returns the number of bytes above 4 GiB. */
static __u64 take_all(const char *name, int *count)
{
	int heap = heap_open(name), fds[MANY], i;
	__u64 above = 0;

	for (*count = 0; *count < MANY; ++*count) {
		fds[*count] = heap_alloc(heap, PIECE);
		if (fds[*count] < 0)
			break;
		above += bytes_above(fds[*count]);
	}
	for (i = 0; i < *count; i++)
		close(fds[i]);
	close(heap);
	return above;
}

TEST(any_memory_and_low_memory)
{
	static const char * const low[] = { "system-dma32", "system-uncached-dma32" };
	int all, count;
	size_t i;

	EXPECT_LT(0, take_all("system", &all));
	for (i = 0; i < ARRAY_SIZE(low); i++) {
		int heap = heap_open(low[i]);

		EXPECT_GT(3ULL << 30, heap_query(heap).total);
		close(heap);
		EXPECT_EQ(0, take_all(low[i], &count));
		EXPECT_LT(0, count);
		EXPECT_LT(count, all);
	}
}

TEST_HARNESS_MAIN
