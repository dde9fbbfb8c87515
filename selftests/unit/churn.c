// SPDX-License-Identifier: GPL-2.0-only
/* Random operations on a pool and its reference, see churn.h. */
#include <stdio.h>

#include "churn.h"

/* Any quantum that a careless or hostile caller may pass. */
static u32 any_quantum(const struct pair *p, struct random *r)
{
	switch (random_below(r, 16)) {
	case 0:
		return p->model.nr;
	case 1:
		return p->model.nr - 1;
	case 2:
		return random_u64(r);
	case 3:
		return ~0U - random_below(r, 3);
	default:
		return random_below(r, p->model.nr);
	}
}

static u32 any_len(const struct pair *p, struct random *r)
{
	u32 nr = p->model.nr;

	switch (random_below(r, 64)) {
	case 0:
		return 0;
	case 1:
		return nr;
	case 2:
		return nr + 1;
	case 3:
		return random_u64(r);
	case 4:
		return ~0U - random_below(r, 3);
	case 5:
		return BITS_PER_LONG * (1 + random_below(r, 3)) - 1 +
		       random_below(r, 3);
	case 6 ... 20:
		return random_size(r, nr);
	default:
		return random_size(r, nr / 8 + 1);
	}
}

static u32 any_align(const struct pair *p, struct random *r)
{
	switch (random_below(r, 32)) {
	case 0:
		return random_u64(r);
	case 1:
		return 0;
	case 2:
		return 1U << random_below(r, 32);
	case 3 ... 12:
		return 1;
	default:
		return 1U << random_below(r, 34 - __builtin_clz(p->model.nr));
	}
}

/* A live extent at or after a random quantum, wrapping around. */
static bool any_extent(const struct pair *p, struct random *r,
		       struct pool_run *run)
{
	u32 nr = p->model.nr;
	u32 at = random_below(r, nr);
	u32 i;

	for (i = 0; i < nr; i++) {
		if (p->model.head[at])
			return model_next_run(&p->model, at, run);
		at = at + 1 == nr ? 0 : at + 1;
	}
	return false;
}

static bool free_one(struct pair *p, struct random *r)
{
	struct pool_run run;

	return !any_extent(p, r, &run) || pair_free(p, run.start, run.len);
}

/*
 * Invalid, most of the time: parts of extents, neighbours, double frees. Some are valid by
 * coincidence; the reference knows.
 */
static bool free_wrong(struct pair *p, struct random *r)
{
	struct pool_run run, next;

	if (!any_extent(p, r, &run))
		return pair_free(p, any_quantum(p, r), any_len(p, r));
	switch (random_below(r, 9)) {
	case 0:
		return pair_free(p, run.start, run.len - 1);
	case 1:
		return pair_free(p, run.start, run.len + 1);
	case 2:
		return pair_free(p, run.start + 1, run.len - 1);
	case 3:
		return pair_free(p, run.start + 1, run.len);
	case 4:
		return pair_free(p, run.start - 1, run.len + 1);
	case 5:
		return pair_free(p, run.start - 1, run.len);
	case 6:
		if (model_next_run(&p->model, run.start + run.len, &next))
			return pair_free(p, run.start, run.len + next.len);
		return true;
	case 7:
		return pair_free(p, run.start, run.len) &&
		       pair_free(p, run.start, run.len);
	default:
		return pair_free(p, any_quantum(p, r), any_len(p, r));
	}
}

/* Clean parts of it until nothing is dirty, like the owner of an extent. */
static bool clean_extent(struct pair *p, struct random *r)
{
	u32 max = 1 + random_below(r, 600);
	struct pool_run run;
	u32 start, len;

	if (!any_extent(p, r, &run))
		return true;
	while ((len = model_next_dirty(&p->model, run.start,
				       run.start + run.len, max, &start))) {
		if (!pair_next_dirty(p, run.start, run.start + run.len, max) ||
		    !pair_set_clean(p, start, len))
			return false;
	}
	return pair_next_dirty(p, run.start, run.start + run.len, max);
}

/* Add and remove memory with equal probability, so that there is usually some. */
static bool add_or_remove(struct pair *p, struct random *r)
{
	u32 at = random_below(r, p->model.nr);
	struct pool_run run;

	if (!random_below(r, 4))
		return random_below(r, 2) ?
		       pair_remove(p, any_quantum(p, r), any_len(p, r)) :
		       pair_add(p, any_quantum(p, r), any_len(p, r),
				random_below(r, 2));
	if (!model_next_run(&p->model, at, &run))
		return true;
	switch (run.state) {
	case POOL_ABSENT:
		return pair_free(p, run.start, run.len) &&
		       pair_add(p, run.start, 1 + random_below(r, run.len),
				random_below(r, 2));
	case POOL_USED:
		return pair_remove(p, run.start, run.len);
	default:
		return pair_remove(p, run.start, random_size(r, run.len));
	}
}

static bool any_operation(struct pair *p, struct random *r, u32 fill)
{
	u32 what = random_below(r, 100);

	if (what < 60) {
		if (random_below(r, 100) >= fill)
			return free_one(p, r);
		switch (random_below(r, 16)) {
		case 0 ... 11:
			return pair_alloc(p, any_len(p, r), any_align(p, r));
		case 12 ... 13:
			return pair_alloc_lowest(p, any_len(p, r),
						 any_align(p, r));
		default:
			return pair_alloc_at(p, any_quantum(p, r),
					     any_len(p, r));
		}
	}
	if (what < 68)
		return free_wrong(p, r);
	if (what < 76)
		return pair_next_to_clean(p, any_len(p, r), true);
	if (what < 78)
		return pair_next_to_clean(p, any_len(p, r), false);
	if (what < 84)
		return pair_set_clean(p, any_quantum(p, r), any_len(p, r));
	if (what < 88)
		return clean_extent(p, r);
	if (what < 91)
		return add_or_remove(p, r);
	if (what < 96)
		return pair_next_dirty(p, any_quantum(p, r), any_quantum(p, r),
				       any_len(p, r));
	return pair_next_run(p, any_quantum(p, r));
}

bool churn(struct pair *p, struct random *r, u64 ops, u32 verify_every)
{
	u32 fill = 50;
	u64 op;

	for (op = 0; op < ops; op++) {
		/* Alternate between long and short phases of filling and emptying. */
		if (!random_below(r, 64))
			fill = 10 + random_below(r, 81);
		if (!any_operation(p, r, fill) ||
		    (op % verify_every == 0 && !pair_verify(p))) {
			printf("# at operation %llu\n", op);
			return false;
		}
	}
	return pair_verify(p);
}
