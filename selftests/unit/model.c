// SPDX-License-Identifier: GPL-2.0-only
/* The reference pool, see model.h. All computations use 64 bits. */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

static void *must_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p) {
		fprintf(stderr, "no memory for the model\n");
		exit(2);
	}
	return p;
}

void model_init_absent(struct model *m, u64 base, u32 nr)
{
	u32 q;

	m->base = base;
	m->nr = nr;
	m->hint = 0;
	m->large = 0;
	m->block = 0;
	m->absent = must_calloc(nr, sizeof(bool));
	m->used = must_calloc(nr, sizeof(bool));
	m->head = must_calloc(nr, sizeof(bool));
	m->dirty = must_calloc(nr, sizeof(bool));
	for (q = 0; q < nr; q++) {
		m->absent[q] = true;
		m->used[q] = true;
	}
}

void model_set_large(struct model *m, u32 large, u32 block)
{
	m->large = large;
	m->block = block;
}

void model_destroy(struct model *m)
{
	free(m->absent);
	free(m->used);
	free(m->head);
	free(m->dirty);
}

static bool fits(const struct model *m, u64 at, u64 len)
{
	u64 q;

	if (at + len > m->nr)
		return false;
	for (q = at; q < at + len; q++)
		if (m->used[q])
			return false;
	return true;
}

static u64 next_aligned(const struct model *m, u64 at, u64 align)
{
	u64 past = (m->base + at) % align;

	return past ? at + align - past : at;
}

/* The first run of at least @len at or after @at; false if there is none. */
static bool run_from(const struct model *m, u64 at, u64 len, u64 *start,
		     u64 *end)
{
	for (*start = at; *start < m->nr; *start = *end + 1) {
		for (*end = *start; *end < m->nr && !m->used[*end];)
			++*end;
		if (*end - *start >= len)
			return true;
	}
	return false;
}

/* The last such run that ends at or before @at. */
static bool run_before(const struct model *m, u64 at, u64 len, u64 *start,
		       u64 *end)
{
	for (*end = at; *end; *end = *start - 1) {
		for (*start = *end; *start && !m->used[*start - 1];)
			--*start;
		if (*end - *start >= len)
			return true;
		if (!*start)
			break;
	}
	return false;
}

/* A place in a run, or nr if no place is aligned. */
static u64 place_in(const struct model *m, u64 start, u64 end, u64 len,
		    u64 align, bool high)
{
	u64 at;

	if (!high) {
		at = next_aligned(m, start, align);
		return at + len <= end ? at : m->nr;
	}
	for (at = end - len + 1; at-- > start;)
		if ((m->base + at) % align == 0)
			return at;
	return m->nr;
}

static bool all_clean(const struct model *m, u64 at, u64 len)
{
	u64 q;

	for (q = at; q < at + len; q++)
		if (m->dirty[q])
			return false;
	return true;
}

/*
 * The end of a run that is entirely clean, otherwise the one that fulfils the preferred alignment,
 * otherwise the default; nr if no place is aligned.
 */
static u64 better_end(const struct model *m, u64 start, u64 end, u64 len,
		      u64 align, u64 wish, bool high)
{
	u64 best = m->nr;
	int i, most = -1;

	for (i = 0; i < 2; i++) {
		u64 at = place_in(m, start, end, len, align, high == !i);
		int score;

		if (at == m->nr)
			continue;
		score = 2 * all_clean(m, at, len) +
			((m->base + at) % wish == 0);
		if (score > most) {
			most = score;
			best = at;
		}
	}
	return best;
}

static bool grants(const struct model *m, u64 start, u64 end, u64 len,
		   u64 align, u64 wish)
{
	return !((m->base + place_in(m, start, end, len, align, false)) % wish &&
		 (m->base + place_in(m, start, end, len, align, true)) % wish);
}

/* The documented policy; nr if there is no place. */
static u64 quick_fit(const struct model *m, u64 len, u64 align, u64 wish,
		     bool *unsure)
{
	bool high = m->large && len >= m->large;
	u64 best[2] = { m->nr, m->nr }, best_len[2] = { ~0ULL, ~0ULL };
	u64 start, end, at, pos;
	int looks, fits[2] = { 0, 0 };

	*unsure = false;
	pos = high ? m->nr : 0;
	for (looks = 0; looks < POOL_LOOKS; looks++) {
		int k;

		if (!(high ? run_before(m, pos, len, &start, &end) :
			     run_from(m, pos, len, &start, &end)))
			break;
		pos = high ? start : end;
		at = better_end(m, start, end, len, align, wish, high);
		if (at == m->nr)
			continue;
		k = grants(m, start, end, len, align, wish);
		if (end - start < best_len[k]) {
			best[k] = at;
			best_len[k] = end - start;
		}
		if (!high || (++fits[k] == POOL_FITS && k))
			break;
	}
	if (best[1] != m->nr || best[0] != m->nr)
		return best[1] != m->nr ? best[1] : best[0];
	if (looks < POOL_LOOKS)
		return m->nr;
	if (high ? run_before(m, m->nr, len + align - 1, &start, &end) :
		   run_from(m, 0, len + align - 1, &start, &end))
		return better_end(m, start, end, len, align, align, high);
	*unsure = true;
	return m->nr;
}

static u64 find(const struct model *m, u64 len, u64 align, bool *unsure)
{
	u64 wish = m->block;

	while (wish && len % wish)
		wish /= 2;
	if (!m->large || len < m->large || wish < m->large)
		wish = align;
	return quick_fit(m, len, align, max(wish, align), unsure);
}

/* First fit. */
static u64 lowest(const struct model *m, u64 len, u64 align)
{
	u64 at = next_aligned(m, 0, align);

	while (at < m->nr && !fits(m, at, len))
		at += align;
	return min(at, m->nr);
}

static bool any_dirty(const struct model *m)
{
	u64 q;

	for (q = 0; q < m->nr; q++)
		if (m->dirty[q] && !m->used[q])
			return true;
	return false;
}

static void take(struct model *m, u64 start, u64 len)
{
	u64 q;

	for (q = start; q < start + len; q++)
		m->used[q] = true;
	m->head[start] = true;
}

static int alloc(struct model *m, u64 place, u32 len, u32 *start)
{
	if (place == m->nr)
		return -ENOSPC;
	take(m, place, len);
	*start = place;
	return 0;
}

static bool valid(u32 len, u32 align)
{
	return len && align && !(align & (align - 1));
}

int model_alloc(struct model *m, u32 len, u32 align, u32 *start)
{
	bool unsure;
	u64 place;

	if (!valid(len, align))
		return -EINVAL;
	place = find(m, len, align, &unsure);
	if (unsure)
		place = lowest(m, len, align);
	return alloc(m, place, len, start);
}

int model_alloc_lowest(struct model *m, u32 len, u32 align, u32 *start)
{
	if (!valid(len, align))
		return -EINVAL;
	return alloc(m, lowest(m, len, align), len, start);
}

int model_alloc_at(struct model *m, u32 start, u32 len)
{
	if (!len || (u64)start + len > m->nr)
		return -EINVAL;
	if (!fits(m, start, len))
		return -EBUSY;
	take(m, start, len);
	return 0;
}

int model_free(struct model *m, u32 start, u32 len)
{
	u64 end = (u64)start + len;
	u64 q;

	if (!len || end > m->nr || !m->head[start])
		return -EINVAL;
	for (q = (u64)start + 1; q < end; q++)
		if (!m->used[q] || m->head[q] || m->absent[q])
			return -EINVAL;
	if (end < m->nr && m->used[end] && !m->head[end] && !m->absent[end])
		return -EINVAL;

	if (!any_dirty(m))
		m->hint = start;
	for (q = start; q < end; q++) {
		m->used[q] = false;
		m->head[q] = false;
		m->dirty[q] = true;
	}
	return 0;
}

u32 model_next_dirty(const struct model *m, u32 from, u32 end, u32 max,
		     u32 *start)
{
	u32 len = 0;
	u64 q;

	for (q = from; q < end && q < m->nr && len < max; q++) {
		if (m->dirty[q]) {
			if (!len)
				*start = q;
			len++;
		} else if (len) {
			break;
		}
	}
	return len;
}

u32 model_next_to_clean(struct model *m, u32 max, u32 *start)
{
	u64 q = m->hint;
	u32 len = 0;

	if (!max || !any_dirty(m))
		return 0;
	while (m->used[q] || !m->dirty[q])
		q = (q + 1) % m->nr;
	*start = q;
	while (q < m->nr && len < max && !m->used[q] && m->dirty[q]) {
		q++;
		len++;
	}
	m->hint = q % m->nr;
	return len;
}

void model_set_clean(struct model *m, u32 start, u32 len)
{
	u64 q;

	for (q = start; q < (u64)start + len && q < m->nr; q++)
		m->dirty[q] = false;
}

int model_add(struct model *m, u32 start, u32 len, bool dirty)
{
	u64 q;

	if (!len || (u64)start + len > m->nr)
		return -EINVAL;
	for (q = start; q < (u64)start + len; q++)
		if (!m->absent[q])
			return -EEXIST;
	if (!any_dirty(m))
		m->hint = start;
	for (q = start; q < (u64)start + len; q++) {
		m->absent[q] = false;
		m->used[q] = false;
		m->dirty[q] = dirty;
	}
	return 0;
}

int model_remove(struct model *m, u32 start, u32 len)
{
	u64 q;

	if (!len || (u64)start + len > m->nr)
		return -EINVAL;
	if (!fits(m, start, len))
		return -EBUSY;
	for (q = start; q < (u64)start + len; q++) {
		m->absent[q] = true;
		m->used[q] = true;
		m->dirty[q] = false;
	}
	return 0;
}

static enum pool_state state_of(const struct model *m, u64 q)
{
	if (m->absent[q])
		return POOL_ABSENT;
	if (m->used[q])
		return POOL_USED;
	return m->dirty[q] ? POOL_DIRTY : POOL_CLEAN;
}

bool model_next_run(const struct model *m, u32 from, struct pool_run *run)
{
	u64 q;

	if (from >= m->nr)
		return false;
	run->start = from;
	run->state = state_of(m, from);
	for (q = (u64)from + 1; q < m->nr; q++)
		if (state_of(m, q) != run->state || m->head[q])
			break;
	run->len = q - from;
	return true;
}

bool model_has_place(const struct model *m, u32 len, u32 align)
{
	return lowest(m, len, align) < m->nr;
}
