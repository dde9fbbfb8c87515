// SPDX-License-Identifier: GPL-2.0-only
/* A bitmap with summaries, see pool_map.h. */
#include "pool_map.h"

static u32 words_of(u32 bits)
{
	return (bits - 1) / WORD_BITS + 1;
}

/**
 * pool_map_init() - make a map without set bits
 * @map: the map, zeroed
 * @bits: number of bits, not 0
 *
 * Return: 0 or -ENOMEM.
 */
int pool_map_init(struct pool_map *map, u32 bits)
{
	unsigned long *words;
	u32 width = bits;
	size_t all = 0;

	do {
		width = words_of(width);
		all += width;
	} while (width > 1);
	words = pool_calloc(all, sizeof(*words));
	if (!words)
		return -ENOMEM;
	do {
		bits = words_of(bits);
		map->level[map->levels++] = words;
		words += bits;
	} while (bits > 1);
	return 0;
}

/**
 * pool_map_destroy() - free the memory of a map
 * @map: the map, or a zeroed struct
 */
void pool_map_destroy(struct pool_map *map)
{
	pool_kvfree(map->level[0]);
}

/**
 * pool_map_next_word() - find the first non-zero word after a word
 * @map: the map
 * @word: index of the word
 *
 * Return: its index or POOL_NONE.
 */
u32 pool_map_next_word(const struct pool_map *map, u32 word)
{
	u32 level;

	for (level = 1; level < map->levels; level++) {
		u32 bit = word % WORD_BITS;
		unsigned long bits;

		pool_visit();
		word /= WORD_BITS;
		bits = map->level[level][word] & ~1UL << bit;
		if (!bits)
			continue;
		for (;;) {
			word = word * WORD_BITS + __ffs(bits);
			if (!--level)
				return word;
			bits = map->level[level][word];
		}
	}
	return POOL_NONE;
}

/**
 * pool_map_prev_word() - find the last non-zero word before a word
 * @map: the map
 * @word: index of the word
 *
 * Return: its index or POOL_NONE.
 */
u32 pool_map_prev_word(const struct pool_map *map, u32 word)
{
	u32 level;

	for (level = 1; level < map->levels; level++) {
		u32 bit = word % WORD_BITS;
		unsigned long bits;

		pool_visit();
		word /= WORD_BITS;
		bits = map->level[level][word] & ((1UL << bit) - 1);
		if (!bits)
			continue;
		for (;;) {
			word = word * WORD_BITS + __fls(bits);
			if (!--level)
				return word;
			bits = map->level[level][word];
		}
	}
	return POOL_NONE;
}

/**
 * pool_map_raise() - update the summaries after a word has become non-zero
 * @map: the map
 * @word: index of the word
 */
void pool_map_raise(struct pool_map *map, u32 word)
{
	unsigned long old = 0;
	u32 level;

	for (level = 1; level < map->levels && !old; level++) {
		unsigned long *bits = &map->level[level][word / WORD_BITS];

		pool_visit();
		old = *bits;
		*bits = old | 1UL << word % WORD_BITS;
		word /= WORD_BITS;
	}
}

/**
 * pool_map_lower() - update the summaries after a word has become zero
 * @map: the map
 * @word: index of the word
 */
void pool_map_lower(struct pool_map *map, u32 word)
{
	unsigned long left = 0;
	u32 level;

	for (level = 1; level < map->levels && !left; level++) {
		unsigned long *bits = &map->level[level][word / WORD_BITS];

		pool_visit();
		left = *bits & ~(1UL << word % WORD_BITS);
		*bits = left;
		word /= WORD_BITS;
	}
}
