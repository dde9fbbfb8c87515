// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that the pool takes to find and to free, in churned pools that
 * are 90 % full, and for requests that fail after the longest possible search.
 * A tool, not a test: it judges nothing.
 *
 * A child marks where an operation begins and ends with a signal; the parent
 * lets it go one instruction at a time from mark to mark and counts. That needs
 * no counter in the processor, is exact and reproducible, and gives a
 * distribution and not a mean. What two marks with nothing between take is
 * measured in the same way and subtracted.
 *
 * BENCH_SAMPLES (default 1000) is taken from the environment.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "pool.h"
#include "random.h"

#define NOTHING_SAMPLES	10

static u32 samples;

/**
 * struct setting - a churned pool
 * @nr: its quanta
 * @longest: length of the longest extents; the shorter, the more there are
 * @align: alignment of every allocation
 * @clean: whether half of what is free is kept clean, or none
 */
struct setting {
	u32 nr;
	u32 longest;
	u32 align;
	bool clean;
};

static const struct setting settings[] = {
	{ 64 << 10, 512, 1, false }, { 1 << 20, 512, 1, false },
	{ 16 << 20, 512, 1, false }, { 1 << 20, 512, 1, true },
	{ 1 << 20, 16, 1, false }, { 1 << 20, 16384, 1, false },
	{ 1 << 20, 512, 16, false },
};

/**
 * struct extent - a live extent
 * @start: first quantum
 * @len: number of quanta
 */
struct extent {
	u32 start;
	u32 len;
};

/**
 * struct bench - a pool in the making
 * @pool: the pool
 * @live: its extents, in no order
 * @count: number of extents
 * @r: the random numbers for it
 * @set: what it is made for
 */
struct bench {
	struct pool pool;
	struct extent *live;
	u32 count;
	struct random r;
	const struct setting *set;
};

static void mark(void)
{
	raise(SIGUSR1);
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static bool grow(struct bench *b)
{
	struct extent e;

	e.len = random_size(&b->r, b->set->longest);
	if (pool_alloc(&b->pool, e.len, b->set->align, &e.start))
		return false;
	b->live[b->count++] = e;
	return true;
}

static struct extent pick(struct bench *b)
{
	u32 i = random_below(&b->r, b->count);
	struct extent e = b->live[i];

	b->live[i] = b->live[--b->count];
	return e;
}

static void shrink(struct bench *b)
{
	struct extent e = pick(b);

	if (pool_free(&b->pool, e.start, e.len))
		die("pool_free");
}

/* One out, and others in up to 90 %. */
static void turn(struct bench *b)
{
	u32 full = b->pool.nr / 10;
	u32 start, len;

	if (b->count)
		shrink(b);
	while (b->pool.free > full && grow(b))
		;
	while (b->set->clean && b->pool.dirty > full / 2) {
		len = pool_next_to_clean(&b->pool, 512, &start);
		pool_set_clean(&b->pool, start, len);
	}
}

static void churn_pool(struct bench *b, const struct setting *set)
{
	u32 i, turns;

	random_seed(&b->r, set->nr);
	b->set = set;
	b->count = 0;
	b->live = malloc((size_t)set->nr * sizeof(*b->live));
	if (!b->live || pool_init(&b->pool, 0, set->nr, false))
		die("pool_init");
	turn(b);
	turns = 3 * b->count;
	for (i = 0; i < turns; i++)
		turn(b);
}

/* What is measured is what is between the two marks. */
static void sample_alloc(struct bench *b)
{
	struct extent e;
	int ret;

	turn(b);
	e.len = random_size(&b->r, b->set->longest);
	mark();
	ret = pool_alloc(&b->pool, e.len, b->set->align, &e.start);
	mark();
	if (!ret)
		b->live[b->count++] = e;
}

static void sample_free(struct bench *b)
{
	struct extent e;

	turn(b);
	e = pick(b);
	mark();
	pool_free(&b->pool, e.start, e.len);
	mark();
}

static void sample_pair(struct bench *b)
{
	struct extent e, old;
	int ret;

	turn(b);
	e.len = random_size(&b->r, b->set->longest);
	old = pick(b);
	mark();
	ret = pool_alloc(&b->pool, e.len, b->set->align, &e.start);
	pool_free(&b->pool, old.start, old.len);
	mark();
	if (!ret)
		b->live[b->count++] = e;
}

static void churned_child(const struct setting *set, void (*run)(struct bench *b))
{
	struct bench b;
	u32 i;

	churn_pool(&b, set);
	for (i = 0; i < samples; i++)
		run(&b);
}

/**
 * struct search - a request that fails although many places are long enough
 * @len: its length, and theirs
 * @align: its alignment, which all of them miss by one quantum
 */
struct search {
	u32 len;
	u32 align;
};

static const struct search searches[] = {
	{ 1, 2 }, { 3, 4 }, { 60, 4 }, { 64, 64 }, { 65, 2 }, { 200, 256 },
	{ 512, 512 }, { 1, 512 },
};

static void search_child(u32 nr, const struct search *s)
{
	u32 period = (s->len + 1 + s->align) / s->align * s->align;
	struct pool pool;
	u32 at, start;

	if (pool_init(&pool, 0, nr, true))
		die("pool_init");
	for (at = 0; at < nr; at += period) {
		u32 rest = at + 1 + s->len;

		pool_alloc_at(&pool, at, 1);
		if (rest < nr)
			pool_alloc_at(&pool, rest, min(at + period, nr) - rest);
	}
	mark();
	if (!pool_alloc(&pool, s->len, s->align, &start))
		die("the search found something");
	mark();
}

static void nothing_child(void)
{
	u32 i;

	for (i = 0; i < NOTHING_SAMPLES; i++) {
		mark();
		mark();
	}
}

/* Returns whether the child stopped at a mark. */
static bool go(pid_t pid, enum __ptrace_request how)
{
	int status;

	if (ptrace(how, pid, NULL, NULL))
		die("ptrace");
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (!WIFSTOPPED(status) || (WSTOPSIG(status) != SIGUSR1 &&
				    WSTOPSIG(status) != SIGTRAP)) {
		fprintf(stderr, "the child ended early\n");
		exit(2);
	}
	return WSTOPSIG(status) == SIGUSR1;
}

/* In the child returns 0, with the parent tracing it. */
static pid_t start_child(void)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			die("waitpid");
	} else {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			die("ptrace");
		raise(SIGTRAP);
	}
	return pid;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a;
	long y = *(const long *)b;

	return (x > y) - (x < y);
}

/* Counts from mark to mark @n times, lets the child end, sorts. */
static void count_child(pid_t pid, long *counts, u32 n)
{
	int status;
	u32 i;

	for (i = 0; i < n; i++) {
		while (!go(pid, PTRACE_CONT))
			;
		counts[i] = 0;
		while (!go(pid, PTRACE_SINGLESTEP))
			counts[i]++;
	}
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	qsort(counts, n, sizeof(*counts), compare);
}

static long count_nothing(void)
{
	long counts[NOTHING_SAMPLES];
	pid_t pid = start_child();

	if (!pid) {
		nothing_child();
		exit(0);
	}
	count_child(pid, counts, NOTHING_SAMPLES);
	return counts[NOTHING_SAMPLES / 2];
}

static void measure_churned(const struct setting *set, const char *name,
			    void (*run)(struct bench *b), long nothing)
{
	long *counts = malloc(samples * sizeof(*counts));
	pid_t pid;

	if (!counts)
		die("malloc");
	pid = start_child();
	if (!pid) {
		churned_child(set, run);
		exit(0);
	}
	count_child(pid, counts, samples);
	printf("%9u %6u %6u %6s  %-13s %6ld %6ld %6ld\n", set->nr,
	       set->longest, set->align, set->clean ? "half" : "none", name,
	       counts[samples / 2] - nothing,
	       counts[samples * 999UL / 1000] - nothing,
	       counts[samples - 1] - nothing);
	free(counts);
}

static void measure_search(u32 nr, const struct search *s, long nothing)
{
	pid_t pid = start_child();
	long count;

	if (!pid) {
		search_child(nr, s);
		exit(0);
	}
	count_child(pid, &count, 1);
	printf("%9u %6u %6u  %ld\n", nr, s->len, s->align, count - nothing);
}

int main(void)
{
	const char *text = getenv("BENCH_SAMPLES");
	long nothing = count_nothing();
	unsigned int i;

	samples = text ? strtoul(text, NULL, 0) : 1000;
	if (!samples)
		return 2;
	printf("instructions in pools 90 %% full, %u samples\n", samples);
	printf("%9s %6s %6s %6s  %-13s %6s %6s %6s\n", "quanta", "len to",
	       "align", "clean", "", "median", "p99.9", "max");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		measure_churned(&settings[i], "alloc", sample_alloc, nothing);
		measure_churned(&settings[i], "free", sample_free, nothing);
		measure_churned(&settings[i], "alloc + free", sample_pair,
				nothing);
	}
	printf("instructions until an aligned request fails\n");
	printf("%9s %6s %6s\n", "quanta", "len", "align");
	for (i = 0; i < ARRAY_SIZE(searches); i++)
		measure_search(1 << 20, &searches[i], nothing);
	return 0;
}
