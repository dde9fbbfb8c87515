// SPDX-License-Identifier: GPL-2.0-only
/* pool_tree.c, similar to map.c: the maxima are correct, and searches find the first match. */
#include "pool_map.h"
#include "pool_tree.h"
#include "proof.h"

/* Two nodes of leaves, and a partial one above them. */
#define LEAVES	(POOL_TREE_WIDTH + 3)
#define LEVELS	3

#define NODES(n)	(((n) - 1) / POOL_TREE_WIDTH + 1)
#define ROUND(n)	(NODES(n) * POOL_TREE_WIDTH)

static u32 leaves[ROUND(LEAVES)], high[POOL_TREE_WIDTH], top[POOL_TREE_WIDTH];
static struct pool_tree tree;

/* Every number is the maximum of the eight below it; unused ones are 0. */
static bool is_above(const u32 *numbers, u32 width, const u32 *below, u32 length)
{
	bool is = true;
	u32 i, child;

	for (i = 0; i < width; i++) {
		u32 most = 0;

		for (child = i * POOL_TREE_WIDTH;
		     child < (i + 1) * POOL_TREE_WIDTH; child++)
			if (child < length)
				most = max(most, below[child]);
		is = is && numbers[i] == most;
	}
	return is;
}

static bool is_sound(void)
{
	bool is = true;
	u32 i;

	for (i = LEAVES; i < ROUND(LEAVES); i++)
		is = is && !leaves[i];
	return is && is_above(high, POOL_TREE_WIDTH, leaves, ROUND(LEAVES)) &&
	       is_above(top, POOL_TREE_WIDTH, high, POOL_TREE_WIDTH);
}

/* The maximum of the eight numbers below. */
static u32 most_of(const u32 *node)
{
	u32 most = 0, i;

	for (i = 0; i < POOL_TREE_WIDTH; i++)
		most = max(most, node[i]);
	return most;
}

/*
 * The code only compares numbers. So it is enough to have as many different ones as there are
 * leaves, one to search for, and one to write.
 */
static u32 any_number(void)
{
	return nondet_u32() % 16;
}

/* A tree in any valid state, with the layout of pool_tree_init(). */
static void any_tree(void)
{
	u32 i;

	for (i = 0; i < LEAVES; i++)
		leaves[i] = any_number();
	for (i = 0; i < NODES(LEAVES); i++)
		high[i] = most_of(leaves + i * POOL_TREE_WIDTH);
	top[0] = most_of(high);
	tree = (struct pool_tree) {
		{ leaves, high, top },
		{ ROUND(LEAVES), POOL_TREE_WIDTH, POOL_TREE_WIDTH },
		LEVELS,
	};
}

static u32 any_leaf(void)
{
	u32 leaf = nondet_u32();

	assume(leaf < LEAVES);
	return leaf;
}

void proof_set(void)
{
	u32 leaf = any_leaf(), other = any_leaf(), value = any_number();
	u32 was;

	any_tree();
	was = tree.level[0][other];
	pool_tree_set(&tree, leaf, value);
	prove(tree.level[0][other] == (other == leaf ? value : was));
	prove(is_sound());
	prove(pool_tree_max(&tree) >= tree.level[0][other]);
}

void proof_first(void)
{
	u32 from = nondet_u32(), other = any_leaf(), value = any_number();
	u32 found;

	any_tree();
	assume(from <= LEAVES && value);
	found = pool_tree_first(&tree, from, value);
	if (found != POOL_NONE) {
		prove(found >= from && found < LEAVES);
		prove(tree.level[0][found] >= value);
	}
	prove(!(other >= from && other < found && tree.level[0][other] >= value));
}

void proof_last(void)
{
	u32 from = nondet_u32(), other = any_leaf(), value = any_number();
	u32 found;

	any_tree();
	assume((from < LEAVES || from == POOL_NONE) && value);
	found = pool_tree_last(&tree, from, value);
	if (found != POOL_NONE) {
		prove(found <= from && found < LEAVES);
		prove(tree.level[0][found] >= value);
	}
	prove(!(other <= from && (found == POOL_NONE || other > found) &&
		tree.level[0][other] >= value));
}

/* As in map.c. */
void proof_init(void)
{
	u32 count = nondet_u32(), width;
	size_t all = 0;
	u32 level;

	assume(count && count <= 0x2000 / WORD_BITS + 1);
	width = count;
	tree = (struct pool_tree) { };
	if (pool_tree_init(&tree, count))
		return;
	prove(tree.levels && tree.levels <= POOL_TREE_LEVELS);
	prove(tree.level[0] == (u32 *)memory);
	for (level = 0; level < tree.levels; level++) {
		prove(tree.width[level] == ROUND(width));
		prove(level + 1 == tree.levels ? width == 1 :
		      tree.level[level + 1] == tree.level[level] + ROUND(width));
		width = NODES(width);
		all += width * POOL_TREE_WIDTH;
	}
	prove(memory_asked == all * sizeof(u32));
}
