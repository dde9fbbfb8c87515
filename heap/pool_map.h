/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bitmap with summaries, for the pool.
 *
 * A second bitmap has a bit for each word of the first; the bit is set if the word
 * is not zero. A third one summarises the second, and so on up to a single word. To
 * find the nearest set bit in either direction, at most two words of each level are
 * read, however far away the bit is. The summaries take 1.6 % of the size of the
 * bitmap, or 3.2 % if a long has 32 bits.
 */
#ifndef CONTIG_POOL_MAP_H
#define CONTIG_POOL_MAP_H

#include "pool_shim.h"

#define WORD_BITS		((u32)BITS_PER_LONG)

/* Enough for 2^30 + 1 bits in words of 32 bits. */
#define POOL_MAP_LEVELS		7

/* No such bit, word or leaf. */
#define POOL_NONE		(~0U)

/**
 * struct pool_map - a bitmap with summaries
 * @level: the bitmap, then its summaries, in one array that the map owns
 * @levels: number of levels in use; the last one is a single word
 */
struct pool_map {
	unsigned long *level[POOL_MAP_LEVELS];
	u32 levels;
};

int pool_map_init(struct pool_map *map, u32 bits);
void pool_map_destroy(struct pool_map *map);

u32 pool_map_next_word(const struct pool_map *map, u32 word);
u32 pool_map_prev_word(const struct pool_map *map, u32 word);
void pool_map_raise(struct pool_map *map, u32 word);
void pool_map_lower(struct pool_map *map, u32 word);

static inline unsigned long pool_map_word(const struct pool_map *map, u32 word)
{
	return map->level[0][word];
}

static inline bool pool_map_test(const struct pool_map *map, u32 bit)
{
	return map->level[0][bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

/* Clear the bits of a word that are not set in @mask. */
static inline void pool_map_keep(struct pool_map *map, u32 word,
				 unsigned long mask)
{
	unsigned long old = map->level[0][word];

	map->level[0][word] = old & mask;
	if (old && !(old & mask))
		pool_map_lower(map, word);
}

static inline void pool_map_set(struct pool_map *map, u32 bit)
{
	u32 word = bit / WORD_BITS;
	unsigned long old = map->level[0][word];

	map->level[0][word] = old | 1UL << bit % WORD_BITS;
	if (!old)
		pool_map_raise(map, word);
}

static inline void pool_map_clear(struct pool_map *map, u32 bit)
{
	pool_map_keep(map, bit / WORD_BITS, ~(1UL << bit % WORD_BITS));
}

/* The first set bit at or after @bit, or POOL_NONE. */
static inline u32 pool_map_next(const struct pool_map *map, u32 bit)
{
	u32 word = bit / WORD_BITS;
	unsigned long bits = map->level[0][word] & ~0UL << bit % WORD_BITS;

	if (!bits) {
		word = pool_map_next_word(map, word);
		if (word == POOL_NONE)
			return POOL_NONE;
		bits = map->level[0][word];
	}
	return word * WORD_BITS + __ffs(bits);
}

/* The last set bit at or before @bit; there must be one. */
static inline u32 pool_map_prev(const struct pool_map *map, u32 bit)
{
	u32 word = bit / WORD_BITS;
	unsigned long bits = map->level[0][word] & ~0UL >> ~bit % WORD_BITS;

	if (!bits) {
		word = pool_map_prev_word(map, word);
		bits = map->level[0][word];
	}
	return word * WORD_BITS + __fls(bits);
}

#endif /* CONTIG_POOL_MAP_H */
