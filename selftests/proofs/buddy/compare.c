// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compare the pool with the kernel's buddy allocator: random requests go to the buddies, and the
 * pool repeats their results. So both have the same free quanta, and must agree on
 *
 *  - what is free: the pool can allocate every place that the buddies allocate,
 *  - whether there is room: if the buddies find some, the pool does; if the pool has none, they
 *    have none,
 *  - how much is free,
 *  - what is zero: everything that is zero for the buddies is zero for the pool. (The reverse is
 *    false: buddies forget what is zero when they merge blocks.)
 */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "peer.h"
#include "pool_internal.h"
#include "random.h"

#define NR	3000U
#define LIVE	128
#define ROUNDS	200000

static struct pool pool;
static unsigned long failures;

static void must(bool condition, const char *what, unsigned int round)
{
	if (!condition && failures++ < 10)
		printf("# round %u: %s\n", round, what);
}

/* Does the pool have a place? Does not allocate it. */
static bool has_place(u32 len, u32 align, u32 *start)
{
	struct pool_search search = { .len = len, .align = align };
	int ret;

	do {
		ret = pool_find(&pool, &search, start);
	} while (ret == -EAGAIN);
	return !ret;
}

static void check_new(const struct extent *extent, u32 start, u32 len, unsigned int round)
{
	u32 q, at;

	for (q = start; q < start + len; q++)
		if (buddy_is_clear(extent, q))
			must(!pool_next_dirty(&pool, q, q + 1, 1, &at),
			     "zero for the buddies, dirty in the pool", round);
}

static struct extent *request(struct random *r, unsigned int round)
{
	u32 len = 1 + random_below(r, random_below(r, 4) ? 24 : 400), align = 1;
	u32 start, got, at;
	struct extent *extent;
	bool place;

	if (is_power_of_2(len) && random_below(r, 2))
		align = len;
	place = has_place(len, align, &at);
	extent = buddy_alloc(len, align, random_below(r, 2));
	if (!extent)
		return NULL;
	must(place, "no place in the pool", round);
	must(pool_largest(&pool) >= len, "the largest run is too short", round);
	must(buddy_where(extent, &start, &got) && got == len, "not one stretch", round);
	must(!(start & (align - 1)), "not aligned", round);
	must(!pool_alloc_at(&pool, start, len), "not free in the pool", round);
	check_new(extent, start, len, round);
	return extent;
}

static void give_back(struct extent *extent, bool cleared, unsigned int round)
{
	u32 start, len;

	buddy_where(extent, &start, &len);
	must(!pool_free(&pool, start, len), "not an extent of the pool", round);
	if (cleared)
		pool_set_clean(&pool, start, len);
	buddy_free(extent, cleared);
}

static void compare(struct random *r)
{
	struct extent *live[LIVE] = { };
	unsigned int round, taken = 0, refused = 0;

	for (round = 0; round < ROUNDS; round++) {
		struct extent **slot = &live[random_below(r, LIVE)];

		if (*slot) {
			give_back(*slot, random_below(r, 2), round);
			*slot = NULL;
		} else {
			*slot = request(r, round);
			if (*slot)
				taken++;
			else
				refused++;
		}
		must(buddy_avail() == pool.free, "other numbers of free quanta", round);
		must(buddy_clear_avail() <= pool.free - pool.dirty,
		     "the buddies have more that is zero", round);
	}
	for (round = 0; round < LIVE; round++)
		if (live[round])
			give_back(live[round], true, ROUNDS);
	must(pool_largest(&pool) == NR && buddy_avail() == NR, "not all came back", ROUNDS);
	must(taken > ROUNDS / 8 && refused > ROUNDS / 100, "hardly anything was tried", ROUNDS);
	printf("# %u requests served, %u refused\n", taken, refused);
}

int main(void)
{
	struct random r;

	random_seed(&r, 1);
	if (pool_init(&pool, 0, NR, true))
		return 2;
	buddy_make(NR);
	compare(&r);
	buddy_end();
	pool_destroy(&pool);
	must(!buddy_warnings, "the buddies complain", ROUNDS);
	return failures ? 1 : 0;
}
