// SPDX-License-Identifier: GPL-2.0-only
/* Comparison of a pool with the reference, see verify.h. */
#include <stdio.h>

#include "alloc.h"
#include "verify.h"

/* No function returns this, so it shows that nothing was written. */
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
	u32 used = 0, dirty = 0, absent = 0, extents = 0;
	u32 run = 0, largest = 0;
	const struct model *m = &p->model;
	u32 q;

	for (q = 0; q < m->nr; q++) {
		used += m->used[q];
		absent += m->absent[q];
		extents += m->head[q];
		dirty += m->dirty[q] && !m->used[q];
		run = m->used[q] ? 0 : run + 1;
		if (run > largest)
			largest = run;
	}
	return same("free", p->pool.free, m->nr - used) &&
	       same("dirty", p->pool.dirty, dirty) &&
	       same("absent", p->pool.absent, absent) &&
	       same("extents", p->pool.extents, extents) &&
	       same("largest", pool_largest(&p->pool), largest);
}

bool pair_init(struct pair *p, u64 base, u32 nr, bool dirty)
{
	int ret = pool_init(&p->pool, base, nr, dirty);

	model_init_absent(&p->model, base, nr);
	model_add(&p->model, 0, nr, dirty);
	return same("init", ret, 0) && check_counters(p);
}

bool pair_init_absent(struct pair *p, u64 base, u32 nr)
{
	int ret = pool_init_absent(&p->pool, base, nr);

	model_init_absent(&p->model, base, nr);
	return same("init_absent", ret, 0) && check_counters(p);
}

void pair_set_large(struct pair *p, u32 large, u32 block)
{
	pool_set_large(&p->pool, large, block);
	model_set_large(&p->model, large, block);
}

void pair_destroy(struct pair *p)
{
	pool_destroy(&p->pool);
	model_destroy(&p->model);
}

static bool same_place(struct pair *p, const struct pool_search *request,
		       int ret, int want, u32 start, u32 expected)
{
	if (!same("alloc", ret, want) || !same("place", start, expected))
		return false;
	if (ret == -ENOSPC &&
	    model_has_place(&p->model, request->len, request->align)) {
		printf("# alloc: failed though there is a place\n");
		return false;
	}
	if (!ret && (p->pool.base + start) % request->align) {
		printf("# alloc: not aligned\n");
		return false;
	}
	return check_counters(p);
}

bool pair_alloc(struct pair *p, u32 len, u32 align)
{
	struct pool_search request = { .len = len, .align = align };
	u32 expected = UNTOUCHED, start = UNTOUCHED;
	int want = model_alloc(&p->model, len, align, &expected);
	int ret = pool_alloc(&p->pool, len, align, &start);

	return same_place(p, &request, ret, want, start, expected);
}

bool pair_alloc_lowest(struct pair *p, u32 len, u32 align)
{
	struct pool_search request = { .len = len, .align = align };
	u32 expected = UNTOUCHED, start = UNTOUCHED;
	int want = model_alloc_lowest(&p->model, len, align, &expected);
	int ret = pool_alloc_lowest(&p->pool, len, align, &start);

	return same_place(p, &request, ret, want, start, expected);
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

bool pair_add(struct pair *p, u32 start, u32 len, bool dirty)
{
	int want = model_add(&p->model, start, len, dirty);
	int ret = pool_add(&p->pool, start, len, dirty);

	return same("add", ret, want) && check_counters(p);
}

bool pair_remove(struct pair *p, u32 start, u32 len)
{
	int want = model_remove(&p->model, start, len);
	int ret = pool_remove(&p->pool, start, len);

	return same("remove", ret, want) && check_counters(p);
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

static bool bit(const unsigned long *map, u32 at)
{
	return map[at / WORD_BITS] >> at % WORD_BITS & 1;
}

static bool starts_piece(const struct model *m, u32 q)
{
	return !q || q == m->nr || m->head[q] || m->used[q] != m->used[q - 1] ||
	       m->absent[q] != m->absent[q - 1];
}

static bool starts_part(const struct model *m, u32 q)
{
	return starts_piece(m, q) || m->dirty[q] != m->dirty[q - 1];
}

static bool check_bitmaps(const struct pair *p)
{
	const struct pool *pool = &p->pool;
	const struct model *m = &p->model;
	u32 q;

	for (q = 0; q < (m->nr / WORD_BITS + 1) * WORD_BITS; q++) {
		bool piece = q <= m->nr && starts_piece(m, q);
		bool part = q <= m->nr && starts_part(m, q);

		if (pool_map_test(&pool->pieces, q) != piece ||
		    pool_map_test(&pool->parts, q) != part ||
		    (part && bit(pool->used, q) !=
			     (q < m->nr ? m->used[q] : true)) ||
		    (part && bit(pool->soiled, q) !=
			     (q < m->nr && m->dirty[q])) ||
		    bit(pool->gone, q) !=
			    (piece && q < m->nr && m->absent[q])) {
			printf("# the bitmaps are wrong at quantum %u\n", q);
			return false;
		}
	}
	return true;
}

/* Check each bit of a summary against its word. */
static bool check_summaries(const char *name, const struct pool_map *map,
			    u32 bits)
{
	u32 words = (bits - 1) / WORD_BITS + 1;
	u32 level, i;

	for (level = 1; level < map->levels; level++) {
		for (i = 0; i < words; i++) {
			if (bit(map->level[level], i) ==
			    !!map->level[level - 1][i])
				continue;
			printf("# %s: summary %u is wrong at %u\n", name,
			       level, i);
			return false;
		}
		words = (words - 1) / WORD_BITS + 1;
	}
	return same("words of the last summary", words, 1);
}

static bool check_todo(const struct pair *p)
{
	const struct model *m = &p->model;
	u32 words = m->nr / WORD_BITS + 1;
	u32 word, q;

	for (word = 0; word < words; word++) {
		bool todo = false;

		for (q = word * WORD_BITS; q < m->nr &&
		     q < (word + 1) * WORD_BITS; q++)
			todo |= starts_part(m, q) && !m->used[q] && m->dirty[q];
		if (!same("something to clean in a word",
			  pool_map_test(&p->pool.todo, word), todo))
			return false;
	}
	return true;
}

/* Check each leaf against the model, and each node against its children. */
static bool check_tree(const struct pair *p)
{
	const struct pool_tree *tree = &p->pool.room;
	const struct model *m = &p->model;
	u32 words = m->nr / WORD_BITS + 1;
	u32 word, q, run = 0, level, i, k;

	for (word = words; word--;) {
		u32 longest = 0;

		for (q = (word + 1) * WORD_BITS; q-- > word * WORD_BITS;) {
			run = q < m->nr && !m->used[q] ? run + 1 : 0;
			if (run > longest && (!q || m->used[q - 1]))
				longest = run;
		}
		if (!same("leaf", tree->level[0][word], longest))
			return false;
	}
	for (level = 1; level < tree->levels; level++) {
		for (i = 0; i < tree->width[level - 1] / POOL_TREE_WIDTH; i++) {
			u32 most = 0;

			for (k = 0; k < POOL_TREE_WIDTH; k++)
				most = max(most, tree->level[level - 1]
						 [i * POOL_TREE_WIDTH + k]);
			if (!same("node", tree->level[level][i], most))
				return false;
		}
	}
	return true;
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
	       check_summaries("pieces", &pool->pieces, pool->nr + 1) &&
	       check_summaries("parts", &pool->parts, pool->nr + 1) &&
	       check_summaries("todo", &pool->todo,
			       pool->nr / WORD_BITS + 2) &&
	       check_todo(p) && check_tree(p) && check_runs(p);
}
