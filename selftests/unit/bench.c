// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count the instructions of the pool, and of first fit in a bitmap, for finding and freeing in
 * churned pools that are 90 % full, and those of the longest step of requests that fail after the
 * longest possible search. This is a tool, not a test.
 *
 * A child marks the beginning and end of an operation with a signal; the parent single-steps it
 * from mark to mark and counts. That needs no performance counters, is exact and reproducible, and
 * gives a distribution, not just a mean. The overhead of two consecutive marks is measured in the
 * same way and subtracted.
 *
 * The environment variable BENCH_SAMPLES (default 1000) sets the number of samples; first fit,
 * which is slow, uses a hundredth of it. --csv prints the first table as CSV.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "peers.h"
#include "random.h"

#define NOTHING_SAMPLES	10

/* Enough for a quick search and some exhaustive ones. */
#define SEARCH_STEPS	4

#define PEER_SHARE	100

static u32 samples;
static bool csv;

/**
 * struct setting - a churned pool
 * @nr: number of its quanta
 * @longest: maximum length of extents; smaller values mean more extents
 * @align: alignment of every allocation
 * @clean: whether half of the free quanta is kept clean, or none
 * @kind: a peer, or PEER_POOL_DIRTY, which is clean initially
 */
struct setting {
	u32 nr;
	u32 longest;
	u32 align;
	bool clean;
	enum peer_kind kind;
};

static const struct setting settings[] = {
	{ 1 << 20, 512, 1, false, PEER_POOL_DIRTY },
	{ 1 << 20, 512, 1, true, PEER_POOL_DIRTY },
	{ 1 << 20, 16, 1, false, PEER_POOL_DIRTY },
	{ 1 << 20, 16384, 1, false, PEER_POOL_DIRTY },
	{ 1 << 20, 512, 16, false, PEER_POOL_DIRTY },
	{ 64 << 10, 512, 1, false, PEER_POOL_DIRTY },
	{ 16 << 20, 512, 1, false, PEER_POOL_DIRTY },
	{ 64 << 10, 512, 1, false, PEER_FIRST_FIT },
	{ 1 << 20, 512, 1, false, PEER_FIRST_FIT },
	{ 1 << 20, 16384, 1, false, PEER_FIRST_FIT },
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
 * struct bench - a pool that is being filled
 * @peer: the pool, or a peer
 * @free: number of free quanta
 * @live: its extents, unordered
 * @count: number of extents
 * @r: random numbers
 * @set: the setting
 */
struct bench {
	struct peer peer;
	u32 free;
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
	if (!peer_alloc(&b->peer, e.len, min(b->set->align, e.len), &e.start))
		return false;
	b->live[b->count++] = e;
	b->free -= e.len;
	return true;
}

static struct extent pick(struct bench *b)
{
	u32 i = random_below(&b->r, b->count);
	struct extent e = b->live[i];

	b->live[i] = b->live[--b->count];
	b->free += e.len;
	return e;
}

static void shrink(struct bench *b)
{
	struct extent e = pick(b);

	peer_free(&b->peer, e.start, e.len);
}

/* Free one extent, and allocate others up to 90 %. */
static void turn(struct bench *b)
{
	struct pool *pool = &b->peer.pool;
	u32 full = b->peer.nr / 10;
	u32 start, len;

	if (b->count)
		shrink(b);
	while (b->free > full && grow(b))
		;
	while (b->set->clean && pool->dirty > full / 2) {
		len = pool_next_to_clean(pool, 512, &start);
		pool_set_clean(pool, start, len);
	}
}

static void churn_pool(struct bench *b, const struct setting *set)
{
	u32 i, turns;

	random_seed(&b->r, set->nr);
	b->set = set;
	b->count = 0;
	b->live = malloc((size_t)set->nr * sizeof(*b->live));
	if (!b->live)
		die("malloc");
	peer_init(&b->peer, set->kind, set->nr);
	b->free = set->nr;
	/* Unused memory is clean, even for this peer. */
	if (set->kind == PEER_POOL_DIRTY)
		pool_set_clean(&b->peer.pool, 0, set->nr);
	turn(b);
	turns = 3 * b->count;
	for (i = 0; i < turns; i++)
		turn(b);
}

static void keep(struct bench *b, struct extent e, bool ok)
{
	if (!ok)
		return;
	b->live[b->count++] = e;
	b->free -= e.len;
}

/* The measured code is between the two marks; it does the same as the heap. */
static inline bool find(struct bench *b, struct extent *e)
{
	struct pool_search search = {
		.len = e->len, .align = min(b->set->align, e->len),
	};

	if (b->peer.kind != PEER_POOL_DIRTY)
		return peer_alloc(&b->peer, e->len, search.align, &e->start);
	return !pool_alloc_step(&b->peer.pool, &search, &e->start);
}

static inline void give_back(struct bench *b, const struct extent *e)
{
	if (b->peer.kind != PEER_POOL_DIRTY)
		peer_free(&b->peer, e->start, e->len);
	else
		pool_free(&b->peer.pool, e->start, e->len);
}

static void sample_alloc(struct bench *b)
{
	struct extent e;
	bool ok;

	turn(b);
	e.len = random_size(&b->r, b->set->longest);
	mark();
	ok = find(b, &e);
	mark();
	keep(b, e, ok);
}

static void sample_free(struct bench *b)
{
	struct extent e;

	turn(b);
	e = pick(b);
	mark();
	give_back(b, &e);
	mark();
}

static void sample_pair(struct bench *b)
{
	struct extent e, old;
	bool ok;

	turn(b);
	e.len = random_size(&b->r, b->set->longest);
	old = pick(b);
	mark();
	ok = find(b, &e);
	give_back(b, &old);
	mark();
	keep(b, e, ok);
}

static void churned_child(const struct setting *set,
			  void (*run)(struct bench *b), u32 n)
{
	struct bench b;
	u32 i;

	churn_pool(&b, set);
	for (i = 0; i < n; i++)
		run(&b);
}

/**
 * struct search - a request that fails although many free runs are long enough
 * @len: length of the request and of the runs
 * @align: its alignment, which all runs miss by one quantum
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
	u32 period = (s->len + s->align) / s->align * s->align;
	struct pool_search search = { .len = s->len, .align = s->align };
	struct pool pool;
	u32 at, start, i;

	if (pool_init(&pool, 0, nr, true))
		die("pool_init");
	for (at = 0; at < nr; at += period) {
		u32 rest = at + 1 + s->len;

		pool_alloc_at(&pool, at, 1);
		if (rest < nr)
			pool_alloc_at(&pool, rest, min(at + period, nr) - rest);
	}
	for (i = 0; i < SEARCH_STEPS; i++) {
		mark();
		if (!pool_alloc_step(&pool, &search, &start))
			die("the search found something");
		mark();
	}
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

/* Returns 0 in the child, which the parent traces. */
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

/* Count from mark to mark @n times, let the child exit, sort the counts. */
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
	bool peer = set->kind != PEER_POOL_DIRTY;
	u32 n = peer ? samples / PEER_SHARE + 1 : samples;
	long *counts = malloc(n * sizeof(*counts));
	pid_t pid;

	if (!counts)
		die("malloc");
	pid = start_child();
	if (!pid) {
		churned_child(set, run, n);
		exit(0);
	}
	count_child(pid, counts, n);
	printf(csv ? "%s,%u,%u,%u,%s,%s,%ld,%ld,%ld,%u\n" :
	       "%-10s %9u %6u %6u %6s  %-13s %8ld %8ld %8ld %6u\n",
	       peer ? peer_names[set->kind] : "pool", set->nr, set->longest,
	       set->align, set->clean ? "half" : "none", name,
	       counts[n / 2] - nothing, counts[(n * 999UL + 999) / 1000 - 1] - nothing,
	       counts[n - 1] - nothing, n);
	free(counts);
}

static void measure_search(u32 nr, const struct search *s, long nothing)
{
	pid_t pid = start_child();
	long counts[SEARCH_STEPS];

	if (!pid) {
		search_child(nr, s);
		exit(0);
	}
	count_child(pid, counts, SEARCH_STEPS);
	printf("%9u %6u %6u  %ld\n", nr, s->len, s->align,
	       counts[SEARCH_STEPS - 1] - nothing);
}

int main(int argc, char **argv)
{
	const char *text = getenv("BENCH_SAMPLES");
	long nothing = count_nothing();
	unsigned int i;

	csv = argc > 1 && !strcmp(argv[1], "--csv");
	samples = text ? strtoul(text, NULL, 0) : 1000;
	if (!samples)
		return 2;
	if (csv)
		puts("allocator,quanta,longest,align,clean,what,median,p99.9,max,samples");
	else
		printf("instructions in pools 90 %% full\n"
		       "%-10s %9s %6s %6s %6s  %-13s %8s %8s %8s %6s\n", "",
		       "quanta", "len to", "align", "clean", "", "median",
		       "p99.9", "max", "of");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		measure_churned(&settings[i], "alloc", sample_alloc, nothing);
		measure_churned(&settings[i], "free", sample_free, nothing);
		measure_churned(&settings[i], "alloc + free", sample_pair,
				nothing);
	}
	if (csv)
		return 0;
	printf("instructions of the longest step until an aligned request fails\n"
	       "%9s %6s %6s\n", "quanta", "len", "align");
	for (i = 0; i < ARRAY_SIZE(searches); i++)
		measure_search(1 << 20, &searches[i], nothing);
	return 0;
}
