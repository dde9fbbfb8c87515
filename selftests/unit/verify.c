// SPDX-License-Identifier: GPL-2.0-only
/* Comparison of a pool with the reference, see verify.h. */
#include <stdio.h>

#include "verify.h"

/* A start that no function returns, to see that nothing was written. */
#define UNTOUCHED	0xdeadbeefU

static bool same(const char *what, u64 got, u64 expected)
{
	if (got == expected)
		return true;
	printf("# %s: got %lld, expected %lld\n", what, got, expected);
	return false;
}

static bool check_counters(const struct pair *p)
{
	u32 used = 0, dirty = 0, extents = 0, run = 0, largest = 0;
	const struct model *m = &p->model;
	u32 q;

	for (q = 0; q < m->nr; q++) {
		used += m->used[q];
		extents += m->head[q];
		dirty += m->dirty[q] && !m->used[q];
		run = m->used[q] ? 0 : run + 1;
		if (run > largest)
			largest = run;
	}
	return same("free", p->pool.free, m->nr - used) &&
	       same("dirty", p->pool.dirty, dirty) &&
	       same("extents", p->pool.extents, extents) &&
	       same("largest", pool_largest(&p->pool), largest);
}

bool pair_init(struct pair *p, u64 base, u32 nr, bool dirty)
{
	int ret = pool_init(&p->pool, base, nr, dirty);

	model_init(&p->model, base, nr, dirty);
	return same("init", ret, 0) && check_counters(p);
}

void pair_destroy(struct pair *p)
{
	pool_destroy(&p->pool);
	model_destroy(&p->model);
}

bool pair_alloc(struct pair *p, u32 len, u32 align)
{
	u32 expected = UNTOUCHED, start = UNTOUCHED;
	int want = model_alloc(&p->model, len, align, &expected);
	int ret = pool_alloc(&p->pool, len, align, &start);

	if (!same("alloc", ret, want) || !same("place", start, expected))
		return false;
	if (ret == -ENOSPC && model_has_place(&p->model, len, align)) {
		printf("# alloc: failed though there is a place\n");
		return false;
	}
	if (!ret && (p->pool.base + start) % align) {
		printf("# alloc: not aligned\n");
		return false;
	}
	return check_counters(p);
}

bool pair_alloc_at(struct pair *p, u32 start, u32 len)
{
	int want = model_alloc_at(&p->model, start, len);
	int ret = pool_alloc_at(&p->pool, start, len);

	return same("alloc_at", ret, want) && check_counters(p);
}

bool pair_free(struct pair *p, u32 start, u32 len)
{
	int want = model_free(&p->model, start, len);
	int ret = pool_free(&p->pool, start, len);

	return same("free", ret, want) && check_counters(p);
}

bool pair_next_dirty(struct pair *p, u32 from, u32 end, u32 max)
{
	u32 expected = UNTOUCHED, start = UNTOUCHED;
	u32 want = model_next_dirty(&p->model, from, end, max, &expected);
	u32 len = pool_next_dirty(&p->pool, from, end, max, &start);

	return same("next_dirty length", len, want) &&
	       same("next_dirty start", start, expected);
}

bool pair_set_clean(struct pair *p, u32 start, u32 len)
{
	model_set_clean(&p->model, start, len);
	pool_set_clean(&p->pool, start, len);
	return check_counters(p);
}

bool pair_next_to_clean(struct pair *p, u32 max, bool clean)
{
	u32 expected = UNTOUCHED, start = UNTOUCHED;
	u32 want = model_next_to_clean(&p->model, max, &expected);
	u32 len = pool_next_to_clean(&p->pool, max, &start);

	if (!same("next_to_clean length", len, want) ||
	    !same("next_to_clean start", start, expected))
		return false;
	return !clean || !len || pair_set_clean(p, start, len);
}

bool pair_next_run(struct pair *p, u32 from)
{
	struct pool_run expected = { UNTOUCHED, UNTOUCHED, POOL_USED };
	struct pool_run run = expected;
	bool want = model_next_run(&p->model, from, &expected);
	bool ret = pool_next_run(&p->pool, from, &run);

	return same("next_run", ret, want) &&
	       same("next_run start", run.start, expected.start) &&
	       same("next_run length", run.len, expected.len) &&
	       same("next_run state", run.state, expected.state);
}

/* The bitmaps cover whole leaves, and a word more. */
static u32 map_quanta(const struct pool *pool)
{
	u32 leaf = POOL_LEAF_WORDS * BITS_PER_LONG;

	return (pool->nr + leaf - 1) / leaf * leaf + BITS_PER_LONG;
}

static bool check_bitmaps(const struct pair *p)
{
	const struct pool *pool = &p->pool;
	u32 q;

	for (q = 0; q < map_quanta(pool); q++) {
		bool in = q < pool->nr;

		if (test_bit(q, pool->used_map) !=
		    (in ? p->model.used[q] : true) ||
		    test_bit(q, pool->head_map) != (in && p->model.head[q]) ||
		    test_bit(q, pool->dirty_map) != (in && p->model.dirty[q])) {
			printf("# the bitmaps are wrong at quantum %u\n", q);
			return false;
		}
	}
	return true;
}

static bool available(const struct pool *pool, bool clean, u32 q)
{
	if (q >= pool->nr || test_bit(q, pool->used_map))
		return false;
	return !clean || !test_bit(q, pool->dirty_map);
}

/*
 * A node and all below it, from the bitmaps alone. Beyond the end of the pool
 * there is a node here and there, but nothing below it.
 */
static bool check_node(const struct pool *pool, bool clean, u32 level, u32 i)
{
	const struct run_tree *tree = clean ? &pool->clean_tree :
					      &pool->free_tree;
	const struct run_node *node = &tree->level[level][i];
	u32 size = (u32)(POOL_LEAF_WORDS * BITS_PER_LONG) << level;
	u32 run = 0, prefix = 0, longest = 0;
	u32 q;

	for (q = 0; q < size; q++) {
		run = available(pool, clean, i * size + q) ? run + 1 : 0;
		if (run == q + 1)
			prefix = run;
		if (run > longest)
			longest = run;
	}
	if (node->prefix != prefix || node->suffix != run ||
	    node->max != longest) {
		printf("# %s tree, level %u, node %u: %u/%u/%u, expected %u/%u/%u\n",
		       clean ? "clean" : "free", level, i, node->prefix,
		       node->suffix, node->max, prefix, run, longest);
		return false;
	}
	if (!level || i * size >= pool->nr)
		return true;
	return check_node(pool, clean, level - 1, 2 * i) &&
	       check_node(pool, clean, level - 1, 2 * i + 1);
}

static bool check_runs(struct pair *p)
{
	struct pool_run run;
	u32 at = 0;

	while (pool_next_run(&p->pool, at, &run)) {
		if (!pair_next_run(p, at))
			return false;
		at += run.len;
	}
	return same("end of the runs", at, p->pool.nr) && pair_next_run(p, at);
}

bool pair_verify(struct pair *p)
{
	const struct pool *pool = &p->pool;

	return check_counters(p) && check_bitmaps(p) &&
	       check_node(pool, false, pool->free_tree.levels - 1, 0) &&
	       check_node(pool, true, pool->clean_tree.levels - 1, 0) &&
	       check_runs(p);
}
