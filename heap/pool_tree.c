// SPDX-License-Identifier: GPL-2.0-only
/* A tree of maxima, see pool_tree.h. */
#include "pool_map.h"
#include "pool_tree.h"

static u32 nodes_of(u32 leaves)
{
	return (leaves - 1) / POOL_TREE_WIDTH + 1;
}

/**
 * pool_tree_init() - make a tree of zeros
 * @tree: the tree, zeroed
 * @leaves: number of leaves, not 0
 *
 * Return: 0 or -ENOMEM.
 */
int pool_tree_init(struct pool_tree *tree, u32 leaves)
{
	u32 width = leaves;
	size_t all = 0;
	u32 *values;
	bool root;

	do {
		root = width == 1;
		width = nodes_of(width);
		all += width * POOL_TREE_WIDTH;
	} while (!root);
	values = pool_calloc(all, sizeof(*values));
	if (!values)
		return -ENOMEM;
	width = leaves;
	do {
		root = width == 1;
		width = nodes_of(width);
		tree->level[tree->levels] = values;
		tree->width[tree->levels++] = width * POOL_TREE_WIDTH;
		values += width * POOL_TREE_WIDTH;
	} while (!root);
	return 0;
}

/**
 * pool_tree_destroy() - free the memory of a tree
 * @tree: the tree, or a zeroed struct
 */
void pool_tree_destroy(struct pool_tree *tree)
{
	pool_kvfree(tree->level[0]);
}

static u32 largest_of(const u32 *node)
{
	u32 low = max(max(node[0], node[1]), max(node[2], node[3]));
	u32 high = max(max(node[4], node[5]), max(node[6], node[7]));

	return max(low, high);
}

/**
 * pool_tree_set() - change one of the numbers
 * @tree: the tree
 * @leaf: its index
 * @value: the new number
 *
 * Cost: one node at each level, up to the first level that does not change.
 */
void pool_tree_set(struct pool_tree *tree, u32 leaf, u32 value)
{
	u32 old = tree->level[0][leaf];
	u32 level;

	if (old == value)
		return;
	tree->level[0][leaf] = value;
	for (level = 1; level < tree->levels; level++) {
		u32 *node = &tree->level[level][leaf / POOL_TREE_WIDTH];
		u32 was = *node;

		pool_visit();
		if (value < was) {
			if (old != was)
				return;
			value = largest_of(&tree->level[level - 1]
					   [leaf & -POOL_TREE_WIDTH]);
		}
		if (value == was)
			return;
		*node = value;
		old = was;
		leaf /= POOL_TREE_WIDTH;
	}
}

/**
 * pool_tree_first() - find the first number that is large enough
 * @tree: the tree
 * @from: leaf to start at; may be one beyond the last
 * @value: the minimum, not 0
 *
 * Return: its leaf, or POOL_NONE.
 */
u32 pool_tree_first(const struct pool_tree *tree, u32 from, u32 value)
{
	u32 level = from ? 0 : tree->levels - 1;
	u32 i = from;

	while (i < tree->width[level]) {
		u32 end = i | (POOL_TREE_WIDTH - 1);

		pool_visit();
		while (i <= end && tree->level[level][i] < value)
			i++;
		if (i > end) {
			if (++level == tree->levels)
				return POOL_NONE;
			i /= POOL_TREE_WIDTH;
			continue;
		}
		while (level--) {
			pool_visit();
			i *= POOL_TREE_WIDTH;
			while (tree->level[level][i] < value)
				i++;
		}
		return i;
	}
	return POOL_NONE;
}

/**
 * pool_tree_last() - find the last number that is large enough
 * @tree: the tree
 * @from: leaf to start at, going down; POOL_NONE for the last one
 * @value: the minimum, not 0
 *
 * Return: its leaf, or POOL_NONE.
 */
u32 pool_tree_last(const struct pool_tree *tree, u32 from, u32 value)
{
	u32 level = from == POOL_NONE ? tree->levels - 1 : 0;
	u32 i = from == POOL_NONE ? 0 : from;

	for (;;) {
		u32 begin = i & -POOL_TREE_WIDTH;

		pool_visit();
		while (i > begin && tree->level[level][i] < value)
			i--;
		if (tree->level[level][i] >= value)
			break;
		if (!begin || ++level == tree->levels)
			return POOL_NONE;
		i = begin / POOL_TREE_WIDTH - 1;
	}
	while (level--) {
		pool_visit();
		i = i * POOL_TREE_WIDTH + POOL_TREE_WIDTH - 1;
		while (tree->level[level][i] < value)
			i--;
	}
	return i;
}
