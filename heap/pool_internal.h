/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files of the pool: pool.c manages the pieces, pool_parts.c their
 * parts. pool_place.c searches for a place and changes nothing.
 */
#ifndef CONTIG_POOL_INTERNAL_H
#define CONTIG_POOL_INTERNAL_H

#include "pool.h"

int pool_find(const struct pool *pool, struct pool_search *search, u32 *start);

void pool_take_parts(struct pool *pool, u32 start, u32 end);
void pool_join_parts(struct pool *pool, u32 start, u32 end);

/* Reads a bit that is valid only where a part begins. */
static inline bool flag(const unsigned long *map, u32 bit)
{
	return map[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

static inline void set_flag(unsigned long *map, u32 bit, bool value)
{
	unsigned long mask = 1UL << bit % WORD_BITS;
	unsigned long *word = &map[bit / WORD_BITS];

	*word = value ? *word | mask : *word & ~mask;
}

/* The quanta of a word at which runs of free quanta begin. */
static inline unsigned long starts(const struct pool *pool, u32 word)
{
	return pool_map_word(&pool->pieces, word) & ~pool->used[word];
}

/* Begin a part at @at; its state is that of the part that begins at @from. */
static inline void split(struct pool *pool, u32 at, u32 from)
{
	pool_map_set(&pool->parts, at);
	set_flag(pool->used, at, flag(pool->used, from));
	set_flag(pool->soiled, at, flag(pool->soiled, from));
}

/* Update @todo after parts of a word may have changed. */
static inline void sum_up_todo(struct pool *pool, u32 word)
{
	unsigned long bits = pool_map_word(&pool->parts, word) &
			     ~pool->used[word] & pool->soiled[word];

	if (!bits == !pool_map_test(&pool->todo, word))
		return;
	if (bits)
		pool_map_set(&pool->todo, word);
	else
		pool_map_clear(&pool->todo, word);
}

#endif /* CONTIG_POOL_INTERNAL_H */
