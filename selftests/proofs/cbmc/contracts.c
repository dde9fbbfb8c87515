// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contracts of map and tree replace their code: map.c and tree.c prove separately that the
 * code fulfils them. Supports as many words as the proofs of the pool need.
 */
#include "pool_map.h"
#include "pool_tree.h"
#include "proof.h"

#define WORDS	(NR / WORD_BITS + 1)

/* A map with one level has one word. */
static bool is_set(const struct pool_map *map, u32 word)
{
	return word < min(map->levels, WORDS) && map->level[0][word];
}

u32 pool_map_next_word(const struct pool_map *map, u32 word)
{
	prove(word < WORDS);
	return word == 0 && is_set(map, 1) ? 1 : POOL_NONE;
}

u32 pool_map_prev_word(const struct pool_map *map, u32 word)
{
	prove(word < WORDS);
	return word == 1 && is_set(map, 0) ? 0 : POOL_NONE;
}

void pool_map_raise(struct pool_map *map, u32 word)
{
	prove(is_set(map, word));
	if (map->levels > 1)
		map->level[1][0] |= 1UL << word;
}

void pool_map_lower(struct pool_map *map, u32 word)
{
	prove(word < WORDS && !is_set(map, word));
	if (map->levels > 1)
		map->level[1][0] &= ~(1UL << word);
}

static bool is_enough(const struct pool_tree *tree, u32 leaf, u32 value)
{
	return leaf < WORDS && tree->level[0][leaf] >= value;
}

void pool_tree_set(struct pool_tree *tree, u32 leaf, u32 value)
{
	prove(leaf < WORDS);
	tree->level[0][leaf] = value;
	tree->level[1][0] = WORDS > 1 ? max(tree->level[0][0], tree->level[0][1]) :
					tree->level[0][0];
}

u32 pool_tree_first(const struct pool_tree *tree, u32 from, u32 value)
{
	prove(from <= WORDS && value);
	if (from == 0 && is_enough(tree, 0, value))
		return 0;
	return from <= 1 && is_enough(tree, 1, value) ? 1 : POOL_NONE;
}

u32 pool_tree_last(const struct pool_tree *tree, u32 from, u32 value)
{
	prove((from < WORDS || from == POOL_NONE) && value);
	if (from && is_enough(tree, 1, value))
		return 1;
	return is_enough(tree, 0, value) ? 0 : POOL_NONE;
}
