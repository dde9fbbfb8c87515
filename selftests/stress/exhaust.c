// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many processes that allocate from all heaps until nothing is left, map, import, check and free,
 * repeatedly. Buffers only show their owner's data or zeros, allocations fail only with ENOMEM,
 * and finally all of every heap can be allocated.
 */
#include "../heap/importer_client.h"
#include "../heap/test.h"

#define WORKERS_A_HEAP	3
#define SLOTS		48
#define ROUNDS		12

static const struct {
	const char *name;
	/* Can one buffer use all of it? CMA areas have other users. */
	bool whole;
} heaps[] = {
	{ "adsp", true },
	{ "mdp-uncached", true },
	{ "audio-uncached", true },
	{ "video", false },
	{ "default_cma_region", false },
};

struct owned {
	int fd;
	size_t len;
	__u32 tag;
	char *memory;
};

/* Only checks the first and the last page: checking all would take too long under emulation. */
static bool has(const struct owned *buffer, bool zero)
{
	const char *last = buffer->memory + buffer->len - PAGE;

	if (zero)
		return all_bytes(buffer->memory, PAGE, 0) && all_bytes(last, PAGE, 0);
	return filled(last, PAGE, buffer->tag) &&
	       (buffer->len == PAGE || filled(buffer->memory, PAGE, buffer->tag + 1));
}

static bool free_buffer(struct owned *buffer)
{
	bool ok = has(buffer, false);

	munmap(buffer->memory, buffer->len);
	close(buffer->fd);
	buffer->fd = -1;
	return ok;
}

/* Do a device and the kernel see the last page, too? */
static bool imported(const struct owned *buffer)
{
	int importer = importer_open();
	int attachment = importer_attach(importer, importer_any_device(importer), buffer->fd);
	char copy[PAGE];
	bool ok = attachment >= 0 &&
		  importer_map(importer, attachment, HEAP_IMPORTER_BOTH) > 0 &&
		  !importer_dma_read(importer, attachment, buffer->len - PAGE, copy, PAGE) &&
		  filled(copy, PAGE, buffer->tag);

	close(importer);
	return ok;
}

/* Returns 1 for a buffer, 0 if there is no memory, -1 for other errors. */
static int take_buffer(int heap, struct owned *buffer, __u32 *state)
{
	buffer->len = (1 + next_random(state) % 1024) * PAGE;
	buffer->tag = next_random(state);
	buffer->fd = heap_alloc(heap, buffer->len);
	if (buffer->fd < 0)
		return errno == ENOMEM ? 0 : -1;
	buffer->memory = buffer_map(buffer->fd, buffer->len);
	if (buffer->memory == MAP_FAILED || !has(buffer, true))
		return -1;
	fill(buffer->memory, PAGE, buffer->tag + 1);
	fill(buffer->memory + buffer->len - PAGE, PAGE, buffer->tag);
	return 1;
}

/* Exits with the number of the round that failed, or 0. */
static int work(const char *name, __u32 seed)
{
	struct owned own[SLOTS];
	__u32 state = seed;
	int heap = heap_open(name);
	int last = rounds(ROUNDS), round, i, ret, failures = 0;

	for (i = 0; i < SLOTS; i++)
		own[i].fd = -1;
	for (round = 1; round <= last; round++) {
		for (i = 0; i < SLOTS; i++) {
			if (own[i].fd >= 0)
				continue;
			ret = take_buffer(heap, &own[i], &state);
			if (ret < 0)
				return round;
			failures += !ret;
			if (!ret)
				break;
			if (i % 8 == 0 && !imported(&own[i]))
				return round;
		}
		for (i = 0; i < SLOTS; i++)
			if (own[i].fd >= 0 && next_random(&state) % 2 && !free_buffer(&own[i]))
				return round;
	}
	for (i = 0; i < SLOTS; i++)
		if (own[i].fd >= 0 && !free_buffer(&own[i]))
			return last;
	/* Exhaustion must occur: with 150 buffers of 2 MiB, it does on each heap. */
	return failures ? 0 : last + 1;
}

TEST(to_exhaustion_and_back)
{
	pid_t pid[ARRAY_SIZE(heaps)][WORKERS_A_HEAP];
	int status, w;
	size_t h;

	for (h = 0; h < ARRAY_SIZE(heaps); h++) {
		for (w = 0; w < WORKERS_A_HEAP; w++) {
			pid[h][w] = fork();
			ASSERT_LE(0, pid[h][w]);
			if (!pid[h][w])
				_exit(work(heaps[h].name, 0xace1 + 16 * h + w));
		}
	}
	for (h = 0; h < ARRAY_SIZE(heaps); h++) {
		for (w = 0; w < WORKERS_A_HEAP; w++) {
			ASSERT_EQ(pid[h][w], waitpid(pid[h][w], &status, 0));
			EXPECT_EQ(0, status) {
				TH_LOG("worker %d of %s", w, heaps[h].name);
			}
		}
	}
	for (h = 0; h < ARRAY_SIZE(heaps); h++) {
		int heap = heap_open(heaps[h].name);
		struct contig_heap_query query = heap_query(heap);
		int fd;

		EXPECT_EQ(query.total, query.free);
		EXPECT_EQ(0, query.region_buffers);
		fd = heap_alloc(heap, heaps[h].whole ? query.total : query.total / 2);
		EXPECT_LE(0, fd) {
			TH_LOG("%s: %s", heaps[h].name, strerror(errno));
		}
		close(fd);
		close(heap);
	}
}

TEST_HARNESS_MAIN
