/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool: which quanta of a carveout are in use, and which need zeroing.
 *
 * A pool knows nothing of addresses, pages or locks. It numbers the quanta of
 * one region from 0 and keeps three bitmaps of one bit a quantum:
 *
 *   used   the quantum belongs to an extent that was handed out
 *   head   the quantum is the first of such an extent
 *   dirty  the quantum has to be zeroed before anybody sees it
 *
 * With "head" the exact extents are known, so that freeing anything but one
 * whole live extent (a double free, a part, two neighbours at once) is caught
 * and changes nothing.
 *
 * Over the bitmaps stand two run trees. A run tree is a binary tree over
 * leaves of a few bitmap words; each node holds the longest run in its part of
 * the pool and the runs that touch its two ends. One tree is over the free
 * quanta, the other over those that are free and clean, so that an allocation
 * finds memory which needs no zeroing as fast as it finds any memory.
 *
 * Locking: none here. The caller serialises every call on one pool; no function
 * sleeps but pool_init() and pool_destroy().
 */
#ifndef CONTIG_POOL_H
#define CONTIG_POOL_H

#include "pool_shim.h"

/* Indices are 32 bits wide and sums of two of them must not wrap. */
#define POOL_MAX_QUANTA		0x40000000U

/* Bitmap words under one leaf of a tree. */
#define POOL_LEAF_WORDS		4

/**
 * struct run_node - one node of a run tree, lengths in quanta
 * @prefix: length of the available run that begins at the first quantum
 * @suffix: length of the available run that ends at the last quantum
 * @max: length of the longest available run
 *
 * A node of level l covers the quanta of POOL_LEAF_WORDS << l words. Those
 * beyond the end of the pool are never available.
 */
struct run_node {
	u32 prefix;
	u32 suffix;
	u32 max;
};

/* Enough levels for POOL_MAX_QUANTA in leaves of four words of 32 bits. */
#define RUN_TREE_LEVELS		24

/**
 * struct run_tree - longest runs of available quanta, at every scale
 * @nodes: all levels in one array, leaves first; owned by the tree
 * @level: where each level begins in @nodes; every level but the last has an
 *	even number of nodes
 * @levels: number of levels in use; the last one has a single node, the root
 */
struct run_tree {
	struct run_node *nodes;
	struct run_node *level[RUN_TREE_LEVELS];
	u32 levels;
};

/**
 * struct pool - the state of one region, all counts in quanta
 * @base: number of the first quantum in the address space alignments refer to,
 *	that is the region's base address divided by the quantum
 * @nr: number of quanta
 * @free: quanta that are in no extent
 * @dirty: quanta that are in no extent and need zeroing
 * @extents: number of live extents
 * @used_map: see above; bits beyond the last quantum are set
 * @head_map: see above
 * @dirty_map: for a quantum in an extent: the owner has not yet zeroed it, see
 *	pool_next_dirty()
 * @free_tree: runs of free quanta
 * @clean_tree: runs of free quanta that need no zeroing
 * @clean_hint: where the search for dirty quanta to clean goes on
 */
struct pool {
	u64 base;
	u32 nr;
	u32 free;
	u32 dirty;
	u32 extents;
	unsigned long *used_map;
	unsigned long *head_map;
	unsigned long *dirty_map;
	struct run_tree free_tree;
	struct run_tree clean_tree;
	u32 clean_hint;
};

enum pool_state {
	POOL_USED,	/* one extent */
	POOL_CLEAN,	/* free, zero */
	POOL_DIRTY,	/* free, needs zeroing */
};

/**
 * struct pool_run - a stretch of quanta in one state
 * @start: first quantum
 * @len: number of quanta
 * @state: what they are; neighbouring extents are separate runs
 */
struct pool_run {
	u32 start;
	u32 len;
	enum pool_state state;
};

int pool_init(struct pool *pool, u64 base, u32 nr, bool dirty);
void pool_destroy(struct pool *pool);

int pool_alloc(struct pool *pool, u32 len, u32 align, u32 *start);
int pool_alloc_at(struct pool *pool, u32 start, u32 len);
int pool_free(struct pool *pool, u32 start, u32 len);

u32 pool_next_dirty(const struct pool *pool, u32 from, u32 end, u32 max,
		    u32 *start);
u32 pool_next_to_clean(struct pool *pool, u32 max, u32 *start);
void pool_set_clean(struct pool *pool, u32 start, u32 len);

u32 pool_largest(const struct pool *pool);
bool pool_next_run(const struct pool *pool, u32 from, struct pool_run *run);

#endif /* CONTIG_POOL_H */
