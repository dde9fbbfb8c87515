// SPDX-License-Identifier: GPL-2.0-only
/* The reference pool, see model.h. All arithmetic in 64 bits. */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

/* How many places the pool's aligned search tries one by one. */
#define TRIES	8

static void *must_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p) {
		fprintf(stderr, "no memory for the model\n");
		exit(2);
	}
	return p;
}

void model_init(struct model *m, u64 base, u32 nr, bool dirty)
{
	u32 q;

	m->base = base;
	m->nr = nr;
	m->hint = 0;
	m->used = must_calloc(nr, sizeof(bool));
	m->head = must_calloc(nr, sizeof(bool));
	m->dirty = must_calloc(nr, sizeof(bool));
	for (q = 0; q < nr; q++)
		m->dirty[q] = dirty;
}

void model_destroy(struct model *m)
{
	free(m->used);
	free(m->head);
	free(m->dirty);
}

static bool available(const struct model *m, bool clean, u64 q)
{
	return !m->used[q] && !(clean && m->dirty[q]);
}

/* The first place from @at on, or nr if there is none. */
static u64 first_from(const struct model *m, bool clean, u64 at, u64 len)
{
	u64 run = 0;

	for (; at < m->nr; at++) {
		if (available(m, clean, at))
			run++;
		else
			run = 0;
		if (run == len)
			return at - len + 1;
	}
	return m->nr;
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

/* The stated policy within one kind of quanta; nr if there is no place. */
static u64 first_fit(const struct model *m, bool clean, u64 len, u64 align)
{
	u64 at, place;
	int tries;

	if (align == 1)
		return first_from(m, clean, 0, len);

	at = next_aligned(m, 0, align);
	for (tries = 0; tries < TRIES; tries++) {
		place = first_from(m, clean, at, len);
		if (place == m->nr)
			return m->nr;
		at = next_aligned(m, place, align);
		if (at == place)
			return at;
	}

	place = first_from(m, clean, 0, len + align - 1);
	if (place != m->nr)
		return next_aligned(m, place, align);
	if (clean)
		return m->nr;
	for (; at < m->nr; at += align)
		if (fits(m, at, len))
			return at;
	return m->nr;
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

int model_alloc(struct model *m, u32 len, u32 align, u32 *start)
{
	u64 place;

	if (!len || !align || (align & (align - 1)))
		return -EINVAL;
	place = first_fit(m, true, len, align);
	if (place == m->nr)
		place = first_fit(m, false, len, align);
	if (place == m->nr)
		return -ENOSPC;
	take(m, place, len);
	*start = place;
	return 0;
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
		if (!m->used[q] || m->head[q])
			return -EINVAL;
	if (end < m->nr && m->used[end] && !m->head[end])
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

static enum pool_state state_of(const struct model *m, u64 q)
{
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
	u64 at;

	for (at = next_aligned(m, 0, align); at < m->nr; at += align)
		if (fits(m, at, len))
			return true;
	return false;
}
