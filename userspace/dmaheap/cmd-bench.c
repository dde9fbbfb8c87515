// SPDX-License-Identifier: MIT
/* dmaheap bench */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "tool.h"

enum { ALLOC, MAP, TOUCH, SYNC, UNMAP, FREE, STEPS };

static const char *const names[STEPS] = { "alloc", "map", "touch", "sync", "unmap", "free" };

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* Measure one life cycle of a buffer, in nanoseconds. */
static int measure(struct dmaheap *heap, uint64_t size, uint64_t *times)
{
	struct dmaheap_buffer *buffer;
	uint64_t clock[STEPS + 1], pos;
	volatile char *data;
	void *mapped;
	int ret, i;

	clock[ALLOC] = now();
	ret = dmaheap_alloc(heap, size, NULL, &buffer);
	if (ret)
		return ret;
	clock[MAP] = now();
	ret = dmaheap_buffer_map(buffer, &mapped);
	if (ret) {
		dmaheap_buffer_unref(buffer);
		return ret;
	}
	clock[TOUCH] = now();
	data = mapped;
	for (pos = 0; pos < size; pos += sysconf(_SC_PAGESIZE))
		data[pos] = 1;
	clock[SYNC] = now();
	ret = dmaheap_buffer_sync(buffer, 0, dmaheap_buffer_size(buffer), DMAHEAP_RW);
	if (!ret)
		ret = dmaheap_buffer_sync(buffer, 0, dmaheap_buffer_size(buffer),
					  DMAHEAP_RW | DMAHEAP_END);
	clock[UNMAP] = now();
	dmaheap_buffer_unmap(buffer);
	clock[FREE] = now();
	dmaheap_buffer_unref(buffer);
	clock[STEPS] = now();
	for (i = 0; i < STEPS; i++)
		times[i] = clock[i + 1] - clock[i];
	return ret;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Compute the median of each step over all rounds. */
static int measure_size(struct dmaheap *heap, uint64_t size, unsigned long rounds,
			uint64_t *medians)
{
	uint64_t *times = calloc(rounds, STEPS * sizeof(*times)), one[STEPS];
	unsigned long round;
	int ret = times ? 0 : -ENOMEM, i;

	for (round = 0; !ret && round < rounds; round++) {
		ret = measure(heap, size, one);
		for (i = 0; !ret && i < STEPS; i++)
			times[i * rounds + round] = one[i];
	}
	for (i = 0; !ret && i < STEPS; i++) {
		qsort(times + i * rounds, rounds, sizeof(*times), by_value);
		medians[i] = times[i * rounds + rounds / 2];
	}
	free(times);
	return ret;
}

static void print_medians(uint64_t size, const uint64_t *medians)
{
	char text[32];
	int i;

	printf("%10s", size_text(size, text, sizeof(text)));
	for (i = 0; i < STEPS; i++)
		printf(" %10.1f", medians[i] / 1000.0);
	putchar('\n');
}

static void json_medians(uint64_t size, const uint64_t *medians)
{
	char key[16];
	int i;

	json_begin_object(NULL);
	json_number("size", size);
	for (i = 0; i < STEPS; i++) {
		snprintf(key, sizeof(key), "%s_ns", names[i]);
		json_number(key, medians[i]);
	}
	json_end();
}

static int bench(struct dmaheap *heap, uint64_t smallest, uint64_t largest, unsigned long rounds,
		 void (*report)(uint64_t size, const uint64_t *medians))
{
	uint64_t medians[STEPS], size;
	char text[32];
	int ret;

	for (size = smallest; size <= largest; size *= 4) {
		ret = measure_size(heap, size, rounds, medians);
		if (ret)
			return fail(ret, "%s", size_text(size, text, sizeof(text)));
		report(size, medians);
		if (size > UINT64_MAX / 4)
			break;
	}
	return OK;
}

static int bench_json(struct dmaheap *heap, uint64_t smallest, uint64_t largest,
		      unsigned long rounds)
{
	int ret;

	json_begin_array(NULL);
	ret = bench(heap, smallest, largest, rounds, json_medians);
	json_end();
	return ret;
}

static int bench_table(struct dmaheap *heap, uint64_t smallest, uint64_t largest,
		       unsigned long rounds)
{
	int i;

	printf("%10s", "SIZE");
	for (i = 0; i < STEPS; i++)
		printf(" %10s", names[i]);
	puts("  (median, microseconds)");
	return bench(heap, smallest, largest, rounds, print_medians);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t smallest = 4096, largest = 16 << 20;
	unsigned long rounds = 15;
	struct dmaheap *heap;
	bool json = false;
	int c, ret;

	while ((c = getopt_long(argc, argv, "f:t:r:jh", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!parse_size(optarg, &smallest) || !smallest)
				return usage("--from takes a size");
			break;
		case 't':
			if (!parse_size(optarg, &largest) || !largest)
				return usage("--to takes a size");
			break;
		case 'r':
			if (!parse_number(optarg, 100000, &rounds) || !rounds)
				return usage("--rounds takes a number");
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			return show_help();
		default:
			return bad_option();
		}
	}
	if (optind + 1 != argc)
		return usage("one heap is expected");
	if (smallest > largest)
		return usage("--from is larger than --to");
	ret = dmaheap_open(argv[optind], &heap);
	if (ret)
		return fail(ret, "%s", argv[optind]);
	ret = json ? bench_json(heap, smallest, largest, rounds) :
		     bench_table(heap, smallest, largest, rounds);
	dmaheap_unref(heap);
	return ret;
}

const struct command cmd_bench = {
	.name = "bench",
	.summary = "measure the cost of a buffer",
	.help =
"Usage: dmaheap bench [OPTION]... HEAP\n\n"
"Measure the time to allocate, map, touch, sync, unmap and free a buffer. Memory that was released\n"
"just before may have to be zeroed by the allocation.\n\n"
"  -f, --from=SIZE  smallest size (4K); each is four times the previous one\n"
"  -t, --to=SIZE    largest size (16M)\n"
"  -r, --rounds=N   rounds for each size (15); the median is shown\n"
"  -j, --json       print JSON; times are in nanoseconds\n"
"  -h, --help       this text\n",
	.run = run,
};
