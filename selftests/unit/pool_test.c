// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test of the pool against the reference.
 *
 * Environment: POOL_TEST_SEED (default 1) and POOL_TEST_OPS (default 4000000, divided among the
 * pools with random operations).
 */
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "churn.h"
#include "host.h"
#include "replay.h"

#define W	((u32)BITS_PER_LONG)

static u64 seed;
static u64 total_ops;

static bool expect(const char *what, long long got, long long expected)
{
	if (got == expected)
		return true;
	printf("# %s: got %lld, expected %lld\n", what, got, expected);
	return false;
}

static bool nothing_left(const struct pool *pool)
{
	static const struct pool zero;

	return expect("allocations left", host_alloc.live, 0) &&
	       expect("struct not zeroed", !!memcmp(pool, &zero, sizeof(zero)),
		      0);
}

static bool init_gives(u64 base, u32 nr, int expected)
{
	struct pool pool;
	int ret;

	memset(&pool, 0x5a, sizeof(pool));
	ret = pool_init(&pool, base, nr, false);
	if (ret && !expect("allocations left", host_alloc.live, 0))
		return false;
	pool_destroy(&pool);
	return expect("init", ret, expected) && nothing_left(&pool);
}

static bool test_init_bad_size(void)
{
	return init_gives(0, 0, -EINVAL) &&
	       init_gives(0, POOL_MAX_QUANTA + 1, -EINVAL) &&
	       init_gives(0, ~0U, -EINVAL) &&
	       init_gives(U64_MAX, 1, -EINVAL) &&
	       init_gives(U64_MAX - 1, 1, 0) &&
	       init_gives(U64_MAX - 99, 100, -EINVAL) &&
	       init_gives(U64_MAX - 100, 100, 0) &&
	       init_gives(0, 1, 0);
}

/* Fail the first allocation, then the second, and so on, until all succeed. */
static bool test_init_out_of_memory(void)
{
	struct pool pool;
	int failures = 0;
	long k;
	int ret;

	for (k = 1; ; k++) {
		host_alloc.fail_in = k;
		memset(&pool, 0x5a, sizeof(pool));
		ret = pool_init(&pool, 7, 1000, k & 1);
		if (host_alloc.fail_in)
			break;
		failures++;
		if (!expect("init", ret, -ENOMEM) ||
		    !expect("allocations left", host_alloc.live, 0))
			return false;
		pool_destroy(&pool);
		if (!nothing_left(&pool))
			return false;
	}
	host_alloc.fail_in = 0;
	if (!expect("init", ret, 0))
		return false;
	pool_destroy(&pool);
	pool_destroy(&pool);
	return expect("more than one allocation failed", failures > 1, 1) &&
	       nothing_left(&pool);
}

/* 0.05 % of a pool with quanta of 4 KiB, including the structure. */
static bool test_overhead(void)
{
	static const u32 sizes[] = {
		512, 1000, 4097, 8193, 65537, 100003, 1U << 20, (1U << 20) + 1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct pool pool;
		u64 bytes;

		host_alloc.bytes = 0;
		if (!expect("init", pool_init(&pool, 0, sizes[i], true), 0))
			return false;
		pool_destroy(&pool);
		bytes = host_alloc.bytes;
		if (sizes[i] >= 4096)
			bytes += sizeof(pool);
		printf("# %u quanta: %llu bytes, %.3f a quantum, %.4f %%\n",
		       sizes[i], bytes, (double)bytes / sizes[i],
		       bytes / (sizes[i] * 4096.0) * 100);
		if (bytes * 2000 > (u64)sizes[i] * 4096)
			return false;
	}
	return true;
}

/* Computations at their limits. The reference is too slow for this pool. */
static bool test_largest_pool(void)
{
	u32 half = POOL_MAX_QUANTA / 2;
	struct pool_run run;
	bool ok = false;
	struct pool pool;
	u32 start;

	if (!expect("init", pool_init(&pool, 3, POOL_MAX_QUANTA, false), 0))
		return false;
	if (!expect("largest", pool_largest(&pool), POOL_MAX_QUANTA) ||
	    !expect("too long", pool_alloc(&pool, POOL_MAX_QUANTA, 2, &start),
		    -ENOSPC) ||
	    !expect("aligned", pool_alloc(&pool, half, half, &start), 0) ||
	    !expect("place", start, half - 3) ||
	    !expect("sparse", pool_alloc(&pool, 1, 1U << 31, &start), -ENOSPC) ||
	    !expect("at the end",
		    pool_alloc_at(&pool, POOL_MAX_QUANTA - 3, 3), 0) ||
	    !expect("beyond", pool_alloc_at(&pool, POOL_MAX_QUANTA - 2, ~0U),
		    -EINVAL) ||
	    !expect("largest", pool_largest(&pool), half - 3) ||
	    !expect("free", pool_free(&pool, half - 3, half), 0) ||
	    !expect("largest", pool_largest(&pool), POOL_MAX_QUANTA - 3) ||
	    !expect("next_to_clean", pool_next_to_clean(&pool, ~0U, &start),
		    half) ||
	    !expect("its start", start, half - 3) ||
	    !expect("next_run", pool_next_run(&pool, POOL_MAX_QUANTA - 1, &run),
		    1) ||
	    !expect("its length", run.len, 1))
		goto destroy;
	pool_set_clean(&pool, half, ~0U);
	if (expect("dirty", pool.dirty, 3) &&
	    expect("clean", pool_alloc(&pool, half - 3, 1, &start), 0) &&
	    expect("place", start, 0) &&
	    expect("clean", pool_alloc(&pool, half - 3, 1, &start), 0) &&
	    expect("place", start, half) &&
	    expect("dirty", pool_alloc(&pool, 3, 1, &start), 0) &&
	    expect("place", start, half - 3) &&
	    expect("full", pool_alloc(&pool, 1, 1, &start), -ENOSPC) &&
	    expect("free", pool.free, 0))
		ok = true;
destroy:
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

/* Every extent, in pools of about one, two and three words. */
static bool every_extent(u32 nr)
{
	u32 start, len;
	struct pair p;
	bool ok;

	ok = pair_init(&p, 5, nr, nr & 1);
	for (start = 0; ok && start < nr; start++) {
		for (len = 1; ok && len <= nr - start; len++) {
			ok = pair_alloc_at(&p, start, len) && pair_verify(&p) &&
			     pair_alloc_at(&p, start + len - 1, 1) &&
			     pair_free(&p, start + 1, len - 1) &&
			     pair_free(&p, start, len - 1) &&
			     pair_free(&p, start, len + 1) &&
			     pair_free(&p, start, len) && pair_verify(&p) &&
			     pair_free(&p, start, len) &&
			     pair_next_dirty(&p, 0, nr, nr) &&
			     pair_set_clean(&p, start, (len + 1) / 2) &&
			     pair_verify(&p);
		}
	}
	pair_destroy(&p);
	return ok;
}

static bool test_every_extent_small(void)
{
	static const u32 sizes[] = {
		1, 2, 3, W - 1, W, W + 1, 2 * W - 1, 2 * W, 2 * W + 1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (!every_extent(sizes[i]))
			return false;
	return true;
}

/* Every length, with every alignment, at every distance from a word boundary. */
static bool test_every_alignment(void)
{
	u32 nr = 4 * W + 3;
	u32 base, len, align;
	struct pair p;
	bool ok = true;

	for (base = 0; ok && base < 2 * W; base += 7) {
		ok = pair_init(&p, base, nr, base & 1);
		for (len = 1; ok && len <= nr; len += 1 + len / 32) {
			for (align = 1; ok && align <= 4 * W; align *= 2) {
				struct pool_run run;
				u32 at = 0;

				ok = pair_alloc(&p, len, align) &&
				     pair_alloc(&p, len, align);
				while (ok && model_next_run(&p.model, at, &run)) {
					at += run.len;
					if (run.state == POOL_USED)
						ok = pair_free(&p, run.start,
							       run.len);
				}
			}
		}
		ok = ok && pair_verify(&p);
		pair_destroy(&p);
	}
	return ok;
}

/* Every stretch of a pool is removed, added in two parts, and removed as one. */
static bool every_stretch(u32 nr)
{
	u32 start, len;
	struct pair p;
	bool ok;

	ok = pair_init(&p, 5, nr, true) && pair_set_clean(&p, nr / 2, nr);
	for (start = 0; ok && start < nr; start++) {
		for (len = 1; ok && len <= nr - start; len++) {
			u32 cut = len / 2;

			ok = pair_remove(&p, start, len) && pair_verify(&p) &&
			     pair_remove(&p, start, len) &&
			     pair_free(&p, start, len) &&
			     pair_alloc_at(&p, start + len - 1, 1) &&
			     pair_add(&p, start, len + 1, true) &&
			     pair_next_dirty(&p, 0, nr, nr) &&
			     pair_add(&p, start + cut, len - cut, len & 1) &&
			     pair_verify(&p) &&
			     pair_add(&p, start, len, true) &&
			     pair_add(&p, start, cut, start & 1) &&
			     pair_verify(&p) &&
			     pair_remove(&p, start, cut) &&
			     pair_remove(&p, start + cut, len - cut) &&
			     pair_verify(&p) &&
			     pair_add(&p, start, len, cut & 1) && pair_verify(&p);
		}
	}
	pair_destroy(&p);
	return ok;
}

static bool test_every_stretch_small(void)
{
	static const u32 sizes[] = { 1, 2, 3, W - 1, W, W + 1, 2 * W + 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (!every_stretch(sizes[i]))
			return false;
	return true;
}

/* A pool without memory has no room until some is added. */
static bool test_nothing_added_yet(void)
{
	struct pair p;
	bool ok;

	ok = pair_init_absent(&p, 0, 300) && pair_verify(&p) &&
	     expect("free", p.pool.free, 0) &&
	     expect("absent", p.pool.absent, 300) &&
	     expect("largest", pool_largest(&p.pool), 0) &&
	     pair_alloc(&p, 1, 1) && pair_alloc(&p, 1, 2) &&
	     pair_alloc_lowest(&p, 1, 1) && pair_alloc_at(&p, 7, 1) &&
	     pair_free(&p, 0, 300) && pair_remove(&p, 0, 1) &&
	     pair_next_to_clean(&p, 300, false) &&
	     pair_set_clean(&p, 0, 300) && pair_verify(&p) &&
	     pair_add(&p, 100, 100, true) && pair_verify(&p) &&
	     expect("free", p.pool.free, 100) &&
	     expect("largest", pool_largest(&p.pool), 100) &&
	     pair_alloc(&p, 101, 1) && pair_alloc(&p, 100, 1) &&
	     expect("extents", p.pool.extents, 1) && pair_verify(&p);
	pair_destroy(&p);
	return ok;
}

/* A buffer that spans two blocks: neither can be removed. */
static bool test_buffer_across_blocks(void)
{
	struct pair p;
	u32 start;
	bool ok;

	ok = pair_init_absent(&p, 0, 256) && pair_add(&p, 64, 64, false) &&
	     pair_add(&p, 128, 64, true) &&
	     expect("alloc", pool_alloc(&p.pool, 100, 1, &start), 0) &&
	     expect("place", start, 64) &&
	     !model_alloc_at(&p.model, 64, 100) && pair_verify(&p) &&
	     expect("first block", pool_remove(&p.pool, 64, 64), -EBUSY) &&
	     expect("second block", pool_remove(&p.pool, 128, 64), -EBUSY) &&
	     pair_free(&p, 64, 100) && pair_remove(&p, 64, 64) &&
	     pair_verify(&p) && expect("dirty", p.pool.dirty, 64) &&
	     expect("largest", pool_largest(&p.pool), 64) &&
	     pair_remove(&p, 128, 64) && pair_verify(&p) &&
	     expect("dirty", p.pool.dirty, 0) &&
	     expect("absent", p.pool.absent, 256) &&
	     pair_add(&p, 0, 256, true) && pair_verify(&p);
	pair_destroy(&p);
	return ok;
}

static bool test_bad_arguments(void)
{
	struct pair p;
	bool ok;

	ok = pair_init(&p, 0, 100, false) &&
	     pair_alloc(&p, 0, 1) && pair_alloc(&p, 1, 0) &&
	     pair_alloc(&p, 1, 3) && pair_alloc(&p, 1, ~0U) &&
	     pair_alloc(&p, 101, 1) && pair_alloc(&p, ~0U, 1U << 31) &&
	     pair_alloc(&p, 1, 1U << 31) && pair_alloc(&p, 1, 1U << 31) &&
	     pair_alloc_at(&p, 0, 0) && pair_alloc_at(&p, 100, 1) &&
	     pair_alloc_at(&p, 99, 2) && pair_alloc_at(&p, 1, ~0U) &&
	     pair_alloc_at(&p, ~0U, 1) && pair_alloc_at(&p, ~0U, ~0U) &&
	     pair_free(&p, 0, 0) && pair_free(&p, 0, ~0U) &&
	     pair_free(&p, ~0U, 2) && pair_free(&p, 100, 1) &&
	     pair_next_dirty(&p, 0, ~0U, 0) &&
	     pair_next_dirty(&p, ~0U, ~0U, ~0U) &&
	     pair_next_dirty(&p, 7, 3, 1) &&
	     pair_next_to_clean(&p, 0, false) &&
	     pair_set_clean(&p, 0, 0) && pair_set_clean(&p, 100, 1) &&
	     pair_set_clean(&p, ~0U, ~0U) && pair_set_clean(&p, 99, ~0U) &&
	     pair_add(&p, 0, 0, true) && pair_add(&p, 100, 1, true) &&
	     pair_add(&p, 99, 2, true) && pair_add(&p, ~0U, ~0U, true) &&
	     pair_add(&p, 1, 1, true) && pair_remove(&p, 0, 0) &&
	     pair_remove(&p, 100, 1) && pair_remove(&p, 1, ~0U) &&
	     pair_next_run(&p, 100) && pair_next_run(&p, ~0U) &&
	     pair_verify(&p);
	pair_destroy(&p);
	return ok;
}

/* Adjacent extents at each kind of boundary, freed in every wrong way. */
static bool test_misfreed_neighbours(void)
{
	static const u32 bounds[] = {
		10, 20, W, 2 * W, 2 * W + 2, 5 * W - 1, 6 * W, 40 * W, 40 * W + 9,
	};
	unsigned int n = ARRAY_SIZE(bounds);
	unsigned int i, j;
	struct pair p;
	bool ok;

	ok = pair_init(&p, 1, 50 * W, true);
	for (i = 0; ok && i + 1 < n; i++)
		ok = pair_alloc_at(&p, bounds[i], bounds[i + 1] - bounds[i]);
	for (i = 0; ok && i < n; i++) {
		for (j = i + 1; ok && j < n; j++) {
			u32 len = bounds[j] - bounds[i];

			ok = pair_free(&p, bounds[i] + 1, len - 1) &&
			     pair_free(&p, bounds[i] - 1, len + 1) &&
			     pair_free(&p, bounds[i], len - 1) &&
			     pair_free(&p, bounds[i], len + 1) &&
			     (j == i + 1 || pair_free(&p, bounds[i], len));
		}
	}
	ok = ok && expect("extents", p.pool.extents, n - 1) && pair_verify(&p);
	for (i = 0; ok && i + 1 < n; i++)
		ok = pair_free(&p, bounds[i], bounds[i + 1] - bounds[i]) &&
		     pair_free(&p, bounds[i], bounds[i + 1] - bounds[i]);
	ok = ok && expect("extents", p.pool.extents, 0) && pair_verify(&p);
	pair_destroy(&p);
	return ok;
}

/*
 * Runs of one length at one distance, so that an aligned search finds many runs that are long
 * enough but few or none that are aligned, and has to use its last resort. Sometimes, one of the
 * runs is longer.
 */
static bool comb(struct random *r)
{
	u32 gap = random_size(r, 300);
	u32 tooth = random_size(r, 3) + (random_below(r, 2) ? gap : 0);
	u32 nr = 300 + random_below(r, 2800);
	struct pair p;
	u32 at;
	bool ok;
	int i;

	ok = pair_init(&p, random_u64(r) >> 20, nr, random_below(r, 2));
	if (random_below(r, 2))
		pair_set_large(&p, 1U << random_below(r, 6), 64);
	for (at = random_below(r, gap + 1); ok && at < nr; at += gap + tooth) {
		ok = pair_alloc_at(&p, at, min(tooth, nr - at));
		if (random_below(r, 2))
			ok = ok && pair_set_clean(&p, at, gap + tooth);
	}
	for (i = 0; ok && i < 60; i++) {
		u32 len = random_below(r, 2) ? random_size(r, gap) : gap;
		struct pool_run run;

		if (random_below(r, 3))
			ok = pair_alloc(&p, len, 1U << random_below(r, 11));
		else
			ok = pair_alloc_lowest(&p, len,
					       1U << random_below(r, 11));
		at = random_below(r, nr);
		if (ok && i % 4 == 0 && p.model.head[at] &&
		    model_next_run(&p.model, at, &run))
			ok = pair_free(&p, run.start, run.len);
	}
	ok = ok && pair_verify(&p);
	pair_destroy(&p);
	return ok;
}

static bool test_runs_misaligned(void)
{
	struct random r;
	int i;

	random_seed(&r, seed + 1000);
	for (i = 0; i < 600; i++) {
		if (!comb(&r)) {
			printf("# in comb %d, seed %llu\n", i, seed);
			return false;
		}
	}
	return true;
}

/* All of a fragmented pool is cleaned, chunk by chunk. */
static bool test_zeroing_after_churn(void)
{
	u32 nr = 20011;
	struct random r;
	struct pair p;
	u32 chunks = 0;
	bool ok;

	random_seed(&r, seed + 2000);
	ok = pair_init(&p, 9, nr, true) && churn(&p, &r, 500, 100);
	while (ok && p.pool.dirty) {
		ok = pair_next_to_clean(&p, 512, true);
		chunks++;
	}
	ok = ok && expect("end in time", chunks < nr, 1) && pair_verify(&p) &&
	     pair_next_to_clean(&p, 512, true);
	pair_destroy(&p);
	return ok;
}

/* Extents of all magnitudes in a large pool: most parts of the trees are usually stale. */
static bool test_mixed_magnitudes(void)
{
	u32 nr = (1U << 20) + 12345;
	struct random r;
	struct pair p;
	bool ok;
	int i;

	random_seed(&r, seed + 3000);
	ok = pair_init(&p, 77, nr, false);
	for (i = 0; ok && i < 60; i++) {
		u32 at = random_below(&r, nr);
		struct pool_run run;

		ok = pair_alloc(&p, random_size(&r, nr / 2),
				1U << random_below(&r, 12)) &&
		     pair_alloc_at(&p, at, random_size(&r, nr - at));
		if (ok && i % 3 && model_next_run(&p.model, at, &run))
			ok = pair_free(&p, run.start, run.len) &&
			     pair_set_clean(&p, at, random_size(&r, nr));
		if (ok && i % 10 == 0)
			ok = pair_verify(&p);
	}
	ok = ok && pair_verify(&p);
	pair_destroy(&p);
	return ok;
}

static bool at_most(const char *what, u64 got, u64 limit)
{
	if (got <= limit)
		return true;
	printf("# %s: %llu, more than %llu\n", what, got, limit);
	return false;
}

static bool alloc_gives(struct pool *pool, u32 len, u32 align, u32 expected)
{
	u32 start = ~0U;

	return expect("alloc", pool_alloc(pool, len, align, &start), 0) &&
	       expect("place", start, expected);
}

/* The documented placement, with unambiguous numbers. */
static bool test_small_meets_large(void)
{
	struct pool pool;
	bool ok;

	if (pool_init(&pool, 0, 16384, false))
		return false;
	pool_set_large(&pool, 512, 1024);
	/* Small ones from the start, large ones from the end. */
	ok = alloc_gives(&pool, 10, 1, 0) && alloc_gives(&pool, 511, 1, 10) &&
	     /* Whole blocks are aligned to blocks, others are at the end. */
	     alloc_gives(&pool, 1536, 1, 14848) &&
	     alloc_gives(&pool, 1000, 1, 13848) &&
	     /* No gap for an alignment that is only preferred. */
	     alloc_gives(&pool, 1536, 1, 12312) &&
	     /* It can also be fulfilled at the other end of the run. */
	     !pool_alloc_at(&pool, 521, 503) &&
	     alloc_gives(&pool, 2048, 1, 1024) &&
	     /* A requested alignment is mandatory. */
	     alloc_gives(&pool, 513, 64, 11776) &&
	     /* The shortest of several runs that are long enough. */
	     !pool_alloc_at(&pool, 5000, 1) && !pool_alloc_at(&pool, 5701, 1) &&
	     !pool_alloc_at(&pool, 6802, 1) && alloc_gives(&pool, 600, 1, 5101);
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

/* Clean memory is preferred, but only at an end of the chosen run. */
static bool test_one_end_clean(void)
{
	struct pool pool;
	bool ok;

	if (pool_init(&pool, 0, 10000, true))
		return false;
	pool_set_large(&pool, 512, 512);
	pool_set_clean(&pool, 4000, 1000);
	pool_set_clean(&pool, 9000, 1000);
	ok = alloc_gives(&pool, 100, 1, 9900) &&
	     /* Partly clean does not count, nor does the middle of a run. */
	     alloc_gives(&pool, 1000, 1, 8900) && alloc_gives(&pool, 100, 1, 0);
	/* Now a clean run at the start. */
	pool_set_clean(&pool, 100, 700);
	ok = ok && alloc_gives(&pool, 600, 1, 100) &&
	     /* The run with clean memory is too short for this, so it goes to another one. */
	     !pool_alloc_at(&pool, 900, 1) && alloc_gives(&pool, 250, 1, 901) &&
	     alloc_gives(&pool, 100, 1, 700) && alloc_gives(&pool, 100, 1, 800) &&
	     expect("dirty", pool.dirty, 6749);
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

static bool first_fit_gives(struct pool *pool, u32 len, u32 align, u32 expected)
{
	u32 start = ~0U;

	return expect("alloc", pool_alloc_lowest(pool, len, align, &start), 0) &&
	       expect("place", start, expected);
}

/* First fit always has priority over clean memory, large requests and better ends. */
static bool test_lowest_wanted(void)
{
	struct pool pool;
	u32 start;
	bool ok;

	if (pool_init(&pool, 1, 10000, true))
		return false;
	pool_set_large(&pool, 512, 512);
	pool_set_clean(&pool, 5000, 5000);
	ok = first_fit_gives(&pool, 10, 1, 0) &&
	     first_fit_gives(&pool, 1024, 1, 10) &&
	     first_fit_gives(&pool, 3, 64, 1087) &&
	     first_fit_gives(&pool, 53, 1, 1034) &&
	     !pool_free(&pool, 10, 1024) && first_fit_gives(&pool, 1025, 1, 1090) &&
	     first_fit_gives(&pool, 1024, 1, 10) &&
	     expect("all of it", pool_alloc_lowest(&pool, 7886, 1, &start),
		    -ENOSPC) &&
	     first_fit_gives(&pool, 7885, 1, 2115) &&
	     expect("full", pool_alloc_lowest(&pool, 1, 1, &start), -ENOSPC);
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

/* Free everything, and check that all memory is free. */
static bool free_all(struct pair *p)
{
	struct pool_run run;
	u32 at = 0;

	while (model_next_run(&p->model, at, &run)) {
		at += run.len;
		if (run.state == POOL_USED && !pair_free(p, run.start, run.len))
			return false;
		if (run.state == POOL_ABSENT &&
		    !pair_add(p, run.start, run.len, true))
			return false;
	}
	return true;
}

/* Requests that fill the pool exactly, while the thread zeroes. */
static bool fill_up(struct pair *p, struct random *r, u32 longest)
{
	while (p->pool.free) {
		u32 left = p->pool.free;
		u32 len = min(1 + random_below(r, longest), left);

		if (!pair_alloc(p, len, 1) ||
		    !expect("left", p->pool.free, left - len))
			return false;
		if (!random_below(r, 4) &&
		    !pair_next_to_clean(p, 1 + random_below(r, left), true))
			return false;
	}
	return true;
}

/* An empty pool always holds its full size. */
static bool test_filled_after_churn(void)
{
	struct random r;
	bool ok = true;
	int i, k;

	random_seed(&r, seed + 4000);
	for (i = 0; ok && i < 400; i++) {
		u32 nr = random_size(&r, 1000);
		struct pair p;

		ok = pair_init(&p, random_below(&r, 1000), nr, i & 1);
		if (i % 4)
			pair_set_large(&p, 1U << i % 7, 1U << (i % 7 + i % 4));
		for (k = 0; ok && k < 8; k++)
			ok = churn(&p, &r, random_below(&r, 60), 60) &&
			     free_all(&p) &&
			     fill_up(&p, &r, 1 + random_below(&r, nr)) &&
			     free_all(&p);
		ok = ok && pair_verify(&p);
		pair_destroy(&p);
	}
	if (!ok)
		printf("# in pool %d, seed %llu\n", i - 1, seed);
	return ok;
}

#define SMALL_POOL	8U

/* Each set bit of @cuts ends a request. */
static bool composition_fits(struct pool *pool, u32 cuts)
{
	u32 starts[SMALL_POOL], lens[SMALL_POOL];
	u32 at, begin = 0, n = 0;
	bool ok = true;

	for (at = 1; ok && at <= SMALL_POOL; at++) {
		if (at < SMALL_POOL && !(cuts >> (at - 1) & 1))
			continue;
		lens[n] = at - begin;
		ok = !pool_alloc(pool, lens[n], 1, &starts[n]);
		n += ok;
		begin = at;
	}
	while (n--)
		pool_free(pool, starts[n], lens[n]);
	return ok;
}

/* All sequences of requests that fill eight quanta, with any of them dirty. */
static bool test_filled_in_any_order(void)
{
	u32 base, clean, cuts, at;
	struct pool pool;
	bool ok = true;

	for (base = 0; ok && base < 4; base++) {
		if (pool_init(&pool, base, SMALL_POOL, true))
			return false;
		pool_set_large(&pool, 2, 2 + (base & 2));
		for (clean = 0; ok && clean < 1U << SMALL_POOL; clean++) {
			for (cuts = 0; ok && cuts < 1U << (SMALL_POOL - 1); cuts++) {
				for (at = 0; at < SMALL_POOL; at++)
					if (clean >> at & 1)
						pool_set_clean(&pool, at, 1);
				ok = composition_fits(&pool, cuts);
				if (!ok)
					printf("# base %u, clean %#x, cuts %#x\n",
					       base, clean, cuts);
			}
		}
		pool_destroy(&pool);
	}
	return ok && nothing_left(&pool);
}

/*
 * Consecutive buffers in an otherwise empty carveout of 48 MiB. While one is in use, the thread
 * zeroes the memory of the previous one.
 */
static bool loop_is_clean(u32 len)
{
	u32 start, chunk, chunk_start, i;
	struct pool pool;
	bool ok;

	if (pool_init(&pool, 0x40000, 12288, false))
		return false;
	pool_set_large(&pool, 512, 512);
	for (i = 0, ok = true; ok && i < 100; i++) {
		u32 dirty = pool.dirty;

		ok = expect("alloc", pool_alloc(&pool, len, 1, &start), 0) &&
		     expect("quanta to zero", dirty - pool.dirty, 0);
		while ((chunk = pool_next_to_clean(&pool, 64, &chunk_start)))
			pool_set_clean(&pool, chunk_start, chunk);
		ok = ok && !pool_free(&pool, start, len);
	}
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

static bool test_one_after_the_other(void)
{
	return loop_is_clean(4096) && loop_is_clean(6144) && loop_is_clean(765) &&
	       loop_is_clean(256) && loop_is_clean(1);
}

/*
 * The maximum number of loop iterations in one call, in pools of any size; each takes a few dozen
 * instructions. Documentation/performance.rst has the number of instructions.
 */
#define MAX_STEP_VISITS		700
#define MAX_FLAT_VISITS		60

/*
 * Requests that fail although runs everywhere are long enough, because all of them miss the
 * alignment by one quantum.
 */
static bool hostile_search(u32 nr, u32 len, u32 align, bool lowest, u64 *most)
{
	struct pool_search search = {
		.len = len, .align = align, .exhaustive = lowest,
	};
	u32 period = (len + align) / align * align;
	struct pool pool;
	u32 at, start;
	u64 steps = 0;
	int ret;

	if (pool_init(&pool, 0, nr, nr & 1))
		return false;
	for (at = 0; at < nr; at += period) {
		u32 rest = at + 1 + len;

		pool_alloc_at(&pool, at, 1);
		if (rest < nr)
			pool_alloc_at(&pool, rest, min(at + period, nr) - rest);
	}
	do {
		pool_host_visits = 0;
		ret = pool_alloc_step(&pool, &search, &start);
		*most = pool_host_visits > *most ? pool_host_visits : *most;
		steps++;
	} while (ret == -EAGAIN && steps < nr);
	pool_destroy(&pool);
	return expect("search", ret, -ENOSPC) &&
	       at_most("steps", steps, (nr / W + 1) / POOL_STEP_WORDS + 2) &&
	       at_most("visits of a step", *most, MAX_STEP_VISITS);
}

static bool test_all_runs_miss(void)
{
	static const struct { u32 len, align; } requests[] = {
		{ 1, 2 }, { 1, 4 }, { 3, 4 }, { 60, 4 }, { 64, 64 }, { 65, 2 },
		{ 200, 256 }, { 512, 512 }, { 1, 512 }, { 2, 2 }, { 5, 1 << 16 },
	};
	static const u32 sizes[] = { 1000, 1 << 14, (1 << 18) + 1, 1 << 20 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 most = 0;

		for (k = 0; k < 2 * ARRAY_SIZE(requests); k++)
			if (!hostile_search(sizes[i], requests[k / 2].len,
					    requests[k / 2].align, k % 2, &most))
				return false;
		printf("# %u quanta: at most %llu visits a step\n", sizes[i],
		       most);
	}
	return true;
}

/*
 * The cost of one extent does not depend on its length, neither clean nor dirty, to allocate and
 * to free.
 */
static bool test_half_the_pool(void)
{
	struct pool pool;
	u32 len, start;
	bool ok = true;
	u64 most = 0;

	if (pool_init(&pool, 0, 1 << 20, false))
		return false;
	pool_set_large(&pool, 512, 512);
	for (len = 1; ok && len <= 1 << 19; len += 1 + len / 3) {
		pool_host_visits = 0;
		ok = !pool_alloc(&pool, len, 1, &start);
		most = max(most, pool_host_visits);
		pool_host_visits = 0;
		ok = ok && !pool_free(&pool, start, len);
		most = max(most, pool_host_visits);
		if (len & 1)
			pool_set_clean(&pool, 0, ~0U);
	}
	printf("# at most %llu visits\n", most);
	pool_destroy(&pool);
	return ok && at_most("visits", most, MAX_FLAT_VISITS) &&
	       nothing_left(&pool);
}

/*
 * The worst case for allocating, freeing and cleaning at once: clean and dirty quanta alternate.
 * Number of iterations per word.
 */
#define MAX_MIXED_VISITS	90

static bool test_every_other_clean(void)
{
	u32 nr = 1 << 16, i, words = nr / W;
	struct pool pool;
	bool ok;

	if (pool_init(&pool, 0, nr, true))
		return false;
	for (i = 0; i < nr; i += 2)
		pool_set_clean(&pool, i, 1);
	pool_host_visits = 0;
	ok = expect("dirty", pool.dirty, nr / 2) && alloc_gives(&pool, nr, 1, 0) &&
	     expect("dirty", pool.dirty, 0) &&
	     at_most("visits of alloc", pool_host_visits / words,
		     MAX_MIXED_VISITS);
	pool_host_visits = 0;
	ok = ok && !pool_free(&pool, 0, nr) &&
	     at_most("visits of free", pool_host_visits / words,
		     MAX_MIXED_VISITS);
	for (i = 0; i < nr; i += 2)
		pool_set_clean(&pool, i, 1);
	pool_host_visits = 0;
	pool_set_clean(&pool, 1, nr);
	ok = ok && expect("dirty", pool.dirty, 0) &&
	     at_most("visits of set_clean", pool_host_visits / words,
		     MAX_MIXED_VISITS);
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

/*
 * The search of the background thread, with as few dirty quanta as possible. Finally, they are at
 * the start of a pool in use, before the hint.
 */
static bool test_last_dirty_far_away(void)
{
	u32 nr = 1 << 20, i, start;
	struct pool pool;
	bool ok = true;

	if (pool_init(&pool, 0, nr, false))
		return false;
	for (i = 0; ok && i < nr; i += 2)
		ok = !pool_alloc_at(&pool, i, 1);
	ok = ok && !pool_free(&pool, nr - 2, 1) &&
	     pool_next_to_clean(&pool, 1, &start) == 1;
	pool_set_clean(&pool, start, 1);
	for (i = 0; ok && i < 100; i++) {
		u32 at = i % 2 ? i * 10 : nr - 4 - i * 10;

		ok = !pool_free(&pool, at, 1);
		pool.clean_hint = i % 2 ? nr - 2 : 1;
		pool_host_visits = 0;
		ok = ok && expect("length", pool_next_to_clean(&pool, 9, &start),
				  1) && expect("start", start, at) &&
		     at_most("visits", pool_host_visits, MAX_FLAT_VISITS);
		pool_set_clean(&pool, at, 1);
	}
	pool_destroy(&pool);
	return ok && nothing_left(&pool);
}

/* If part of the memory is clean, preferring it hardly wastes room. */
static bool hardly_sooner(enum trace_kind kind, const struct replay *pool,
			  const struct replay *mixed)
{
	printf("# %s, partly clean: steps x%.3f, in use x%.3f\n",
	       trace_names[kind], (double)mixed->steps / pool->steps,
	       (double)mixed->used / pool->used);
	return expect("steps of 95 %", mixed->steps * 20 >= pool->steps * 19, 1) &&
	       expect("in use, 95 %", mixed->used * 20 >= pool->used * 19, 1);
}

/* For every kind of trace: in the mean of both measures, and in most traces. */
static bool test_sessions_until_failure(void)
{
	struct replay results[PEER_KINDS];
	unsigned int kind, peer;
	bool ok = true;

	for (kind = 0; kind < TRACE_KINDS; kind++) {
		const struct replay *pool = &results[PEER_POOL];

		replay_kind(kind, REPLAY_SEEDS, results);
		ok = expect("steps of a dirty pool",
			    results[PEER_POOL_DIRTY].steps, pool->steps) &&
		     hardly_sooner(kind, pool, &results[PEER_POOL_MIXED]) && ok;
		for (peer = PEER_FIRST_FIT; peer < PEER_KINDS; peer++) {
			const struct replay *r = &results[peer];

			printf("# %s, %s: steps x%.3f, in use x%.3f, later %u, sooner %u\n",
			       trace_names[kind], peer_names[peer],
			       (double)pool->steps / r->steps,
			       (double)pool->used / r->used, r->later,
			       r->sooner);
			ok = ok && pool->steps > r->steps &&
			     pool->used > r->used && r->later > r->sooner;
		}
	}
	return ok && expect("allocations left", host_alloc.live, 0);
}

/**
 * struct shape - a pool for random operations
 * @nr: number of its quanta
 * @base: its base
 * @share: its share of all operations
 */
struct shape {
	u32 nr;
	u64 base;
	u32 share;
};

static const struct shape shapes[] = {
	{ 1, 0, 1000 }, { 2, 1, 1000 }, { 3, U64_MAX - 3, 1000 },
	{ 31, 0, 1000 }, { 32, 33, 1000 }, { 33, 1ULL << 32, 1000 },
	{ 63, 0, 1000 }, { 63, 5, 1000 }, { 64, 0, 1000 }, { 64, 63, 1000 },
	{ 65, 0, 1000 }, { 65, 0x7fffffff, 1000 }, { 127, 0, 1000 },
	{ 128, 1, 1000 }, { 129, 64, 1000 }, { 191, 3, 1000 },
	{ 193, 0xfffffffff, 1000 }, { 256, 0, 1000 }, { 320, 100, 1000 },
	{ 1000, 0, 600 }, { 1023, 513, 600 }, { 1024, 0, 600 },
	{ 1025, 0x80000, 600 }, { 4095, 1, 200 }, { 4096, 0, 200 },
	{ 4097, 0xfffff, 200 }, { 12289, 0x71c71c7, 60 }, { 65536, 0, 8 },
	{ 100003, 0x123457, 8 },
};

#define SHAPES	ARRAY_SIZE(shapes)

static bool churn_shape(unsigned int i)
{
	const struct shape *shape = &shapes[i];
	u64 shares = 0;
	struct random r;
	struct pair p;
	unsigned int k;
	u64 ops;
	bool ok;

	for (k = 0; k < SHAPES; k++)
		shares += shapes[k].share;
	ops = total_ops * shape->share / shares + 1;
	random_seed(&r, seed * SHAPES + i);
	ok = i % 5 ? pair_init(&p, shape->base, shape->nr, i & 1) :
		     pair_init_absent(&p, shape->base, shape->nr);
	/* Two thirds of the pools treat requests from some random size on as large. */
	if (i % 3)
		pair_set_large(&p, 1U << i % 7, 1U << (i % 7 + i % 4));
	ok = ok && churn(&p, &r, ops, 1 + shape->nr / 16);
	pair_destroy(&p);
	if (!ok)
		printf("# seed %llu, shape %u\n", seed, i);
	return ok && expect("allocations left", host_alloc.live, 0);
}

/**
 * struct test - a test without parameters
 * @name: what the result line says
 * @run: returns whether it passed
 */
struct test {
	const char *name;
	bool (*run)(void);
};

static const struct test tests[] = {
	{ "a pool of no, too many or wrapping quanta is refused",
	  test_init_bad_size },
	{ "memory runs out while a pool is made, and nothing is left behind",
	  test_init_out_of_memory },
	{ "the bitmaps and trees take at most 0.05 % of the memory",
	  test_overhead },
	{ "the largest pool is filled to its last quantum",
	  test_largest_pool },
	{ "requests of no length, beyond the pool or oddly aligned change nothing",
	  test_bad_arguments },
	{ "every extent of a small pool is taken, misfreed, freed and cleaned",
	  test_every_extent_small },
	{ "every stretch of a small pool is removed, and added again in two",
	  test_every_stretch_small },
	{ "a pool that has no memory yet hands out none",
	  test_nothing_added_yet },
	{ "a buffer lies in two blocks, and neither can be removed",
	  test_buffer_across_blocks },
	{ "every length is asked for at every alignment",
	  test_every_alignment },
	{ "neighbours are freed in part, together or twice",
	  test_misfreed_neighbours },
	{ "many runs are long enough, and none is aligned",
	  test_runs_misaligned },
	{ "the thread that zeroes comes round a fragmented pool",
	  test_zeroing_after_churn },
	{ "extents of all orders of magnitude share a pool",
	  test_mixed_magnitudes },
	{ "small requests meet large ones from the other end",
	  test_small_meets_large },
	{ "the one end of a run is clean and the other is not",
	  test_one_end_clean },
	{ "the lowest place is wanted, whatever is clean there",
	  test_lowest_wanted },
	{ "a pool is filled to its size after a life of churn",
	  test_filled_after_churn },
	{ "any requests that add up to eight quanta fit, whatever is clean",
	  test_filled_in_any_order },
	{ "one buffer after the other finds clean memory",
	  test_one_after_the_other },
	{ "all runs miss the alignment by a quantum, and no step is long",
	  test_all_runs_miss },
	{ "an extent of half the pool costs what one quantum does",
	  test_half_the_pool },
	{ "every other quantum is clean, at a bounded cost for each word",
	  test_every_other_clean },
	{ "the last dirty quantum lies far away, and is found at once",
	  test_last_dirty_far_away },
	{ "sessions come and go until a request fails, later than with any peer",
	  test_sessions_until_failure },
};

#define TESTS	ARRAY_SIZE(tests)

static u64 from_environment(const char *name, u64 value)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : value;
}

int main(void)
{
	unsigned int failed = 0;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = from_environment("POOL_TEST_SEED", 1);
	total_ops = from_environment("POOL_TEST_OPS", 4000000);
	printf("KTAP version 1\n1..%zu\n", TESTS + SHAPES);
	printf("# POOL_TEST_SEED=%llu POOL_TEST_OPS=%llu\n", seed, total_ops);

	for (i = 0; i < TESTS; i++) {
		bool ok = tests[i].run();

		failed += !ok;
		printf("%s %u %s\n", ok ? "ok" : "not ok", i + 1,
		       tests[i].name);
	}
	for (i = 0; i < SHAPES; i++) {
		bool ok = churn_shape(i);

		failed += !ok;
		printf("%s %zu random operations, %u quanta from %#llx on\n",
		       ok ? "ok" : "not ok", TESTS + i + 1, shapes[i].nr,
		       shapes[i].base);
	}
	return failed ? 1 : 0;
}
