// SPDX-License-Identifier: GPL-2.0-only
/* Other allocators, see peers.h. */
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "peers.h"

#define LARGE	512

/* The background thread zeroes this number of quanta at once. */
#define CHUNK	64

const char *const peer_names[PEER_KINDS] = {
	[PEER_POOL] = "pool",
	[PEER_POOL_DIRTY] = "pool, dirty",
	[PEER_POOL_MIXED] = "pool, mixed",
	[PEER_FIRST_FIT] = "first fit",
	[PEER_BUDDY] = "buddy",
	[PEER_PMEM] = "PMEM bitmap",
};

static void fail(const char *what)
{
	fprintf(stderr, "peers: %s\n", what);
	exit(2);
}

void peer_init(struct peer *peer, enum peer_kind kind, u32 nr)
{
	memset(peer, 0, sizeof(*peer));
	peer->kind = kind;
	peer->nr = nr;
	if (kind <= PEER_POOL_MIXED) {
		if (pool_init(&peer->pool, 0, nr, kind != PEER_POOL))
			fail("pool_init failed");
		pool_set_large(&peer->pool, LARGE, LARGE);
		return;
	}
	peer->map = calloc(nr / WORD_BITS + 1, sizeof(*peer->map));
	peer->order = calloc(nr, 1);
	if (!peer->map || !peer->order)
		fail("no memory");
	/* The largest possible blocks, in address order. */
	if (kind == PEER_BUDDY) {
		u32 at = 0;

		while (at < nr) {
			u32 order = 31 - __builtin_clz(nr - at);

			peer->order[at] = order + 1;
			at += 1U << order;
		}
	}
}

void peer_destroy(struct peer *peer)
{
	if (peer->kind <= PEER_POOL_MIXED)
		pool_destroy(&peer->pool);
	free(peer->map);
	free(peer->order);
}

/* The next bit before @end that is set, or clear; @end if there is none. */
static u32 next_bit(const unsigned long *map, u32 end, u32 at, bool set)
{
	unsigned long flip = set ? 0 : ~0UL;
	unsigned long word;

	if (at >= end)
		return end;
	word = (map[at / WORD_BITS] ^ flip) & ~0UL << at % WORD_BITS;
	at -= at % WORD_BITS;
	while (!word) {
		at += WORD_BITS;
		if (at >= end)
			return end;
		word = map[at / WORD_BITS] ^ flip;
	}
	at += __ffs(word);
	return min(at, end);
}

static void fill(unsigned long *map, u32 start, u32 len, bool set)
{
	u32 end = start + len;

	while (start < end) {
		u32 bits = min(end - start, WORD_BITS - start % WORD_BITS);
		unsigned long mask = ~0UL >> (WORD_BITS - bits) <<
				     start % WORD_BITS;

		if (set)
			map[start / WORD_BITS] |= mask;
		else
			map[start / WORD_BITS] &= ~mask;
		start += bits;
	}
}

static u32 round_up_to(u32 n, u32 align)
{
	return (n + align - 1) & -align;
}

static u32 power_of_two(u32 len)
{
	return len == 1 ? 1 : 1U << (32 - __builtin_clz(len - 1));
}

static bool first_fit(const struct peer *peer, u32 len, u32 align, u32 *start)
{
	u32 at = 0, end;

	for (;;) {
		at = round_up_to(next_bit(peer->map, peer->nr, at, false), align);
		if (at >= peer->nr || len > peer->nr - at)
			return false;
		end = next_bit(peer->map, at + len, at, true);
		if (end == at + len)
			break;
		at = end + 1;
	}
	*start = at;
	return true;
}

static bool first_slot(const struct peer *peer, u32 len, u32 *start)
{
	u32 at;

	for (at = 0; at < peer->nr && len <= peer->nr - at; at += len) {
		if (next_bit(peer->map, at + len, at, true) == at + len) {
			*start = at;
			return true;
		}
	}
	return false;
}

static bool split_buddy(struct peer *peer, u32 len, u32 *start)
{
	u32 want = __builtin_ctz(len);
	u32 best = 32;
	u32 at;

	for (at = 0; at < peer->nr && best != want; at += len) {
		u32 order = peer->order[at] - 1U;

		if (peer->order[at] && order >= want && order < best) {
			best = order;
			*start = at;
		}
	}
	if (best == 32)
		return false;
	peer->order[*start] = 0;
	while (best-- > want)
		peer->order[*start + (1U << best)] = best + 1;
	return true;
}

static void merge_buddies(struct peer *peer, u32 start, u32 len)
{
	u32 order = __builtin_ctz(len);

	while (order < 31) {
		u32 buddy = start ^ 1U << order;

		if (buddy >= peer->nr || peer->order[buddy] != order + 1)
			break;
		peer->order[buddy] = 0;
		start &= ~(1U << order);
		order++;
	}
	peer->order[start] = order + 1;
}

bool peer_alloc(struct peer *peer, u32 len, u32 align, u32 *start)
{
	if (align > len)
		fail("no trace aligns what is shorter");
	switch (peer->kind) {
	case PEER_POOL:
	case PEER_POOL_DIRTY:
	case PEER_POOL_MIXED:
		return !pool_alloc(&peer->pool, len, align, start);
	case PEER_BUDDY:
		return split_buddy(peer, power_of_two(len), start);
	case PEER_PMEM:
		len = power_of_two(len);
		if (!first_slot(peer, len, start))
			return false;
		break;
	default:
		if (!first_fit(peer, len, align, start))
			return false;
		break;
	}
	fill(peer->map, *start, len, true);
	return true;
}

static void clean_chunk(struct pool *pool)
{
	u32 start, len = pool_next_to_clean(pool, CHUNK, &start);

	pool_set_clean(pool, start, len);
}

void peer_free(struct peer *peer, u32 start, u32 len)
{
	switch (peer->kind) {
	case PEER_POOL:
	case PEER_POOL_DIRTY:
	case PEER_POOL_MIXED:
		if (pool_free(&peer->pool, start, len))
			fail("pool_free failed");
		if (peer->kind == PEER_POOL)
			pool_set_clean(&peer->pool, start, len);
		if (peer->kind == PEER_POOL_MIXED)
			clean_chunk(&peer->pool);
		break;
	case PEER_BUDDY:
		merge_buddies(peer, start, power_of_two(len));
		break;
	case PEER_PMEM:
		fill(peer->map, start, power_of_two(len), false);
		break;
	default:
		fill(peer->map, start, len, false);
		break;
	}
}
