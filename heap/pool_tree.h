/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tree of maxima, for the pool: an array of numbers in which the first or the
 * last one that is large enough is found in O(log n).
 */
#ifndef CONTIG_POOL_TREE_H
#define CONTIG_POOL_TREE_H

#include "pool_shim.h"

/* Children of a node; they fill half a cache line. */
#define POOL_TREE_WIDTH		8

/* Enough for 2^25 leaves. */
#define POOL_TREE_LEVELS	10

/**
 * struct pool_tree - maxima at every scale
 * @level: the numbers themselves, then for every eight of them the largest, and
 *	so on up to one; all in one array that belongs to the tree
 * @width: length of each level, rounded up to whole nodes; what is too much
 *	there stays 0
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
