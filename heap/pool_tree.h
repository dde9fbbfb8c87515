/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tree of maxima, for the pool: an array of numbers that finds its first or last
 * number of at least a given value in O(log n).
 */
#ifndef CONTIG_POOL_TREE_H
#define CONTIG_POOL_TREE_H

#include "pool_shim.h"

/* Children of a node: half a cache line. */
#define POOL_TREE_WIDTH		8

/* Enough for 2^25 leaves. */
#define POOL_TREE_LEVELS	10

/**
 * struct pool_tree - an array of numbers, and maxima of them
 * @level: the numbers themselves, then the largest of every eight of them, and
 *	so on up to a single one; all in one array that the tree owns
 * @width: length of each level, rounded up to whole nodes; the excess elements
 *	stay 0
 * @levels: number of levels in use
 */
struct pool_tree {
	u32 *level[POOL_TREE_LEVELS];
	u32 width[POOL_TREE_LEVELS];
	u32 levels;
};

int pool_tree_init(struct pool_tree *tree, u32 leaves);
void pool_tree_destroy(struct pool_tree *tree);

void pool_tree_set(struct pool_tree *tree, u32 leaf, u32 value);
u32 pool_tree_first(const struct pool_tree *tree, u32 from, u32 value);
u32 pool_tree_last(const struct pool_tree *tree, u32 from, u32 value);

static inline u32 pool_tree_max(const struct pool_tree *tree)
{
	return tree->level[tree->levels - 1][0];
}

#endif /* CONTIG_POOL_TREE_H */
