/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool tracks which quanta of a region are in use, and which need zeroing.
 *
 * A pool knows nothing of addresses, pages or locks. It numbers the quanta of
 * one region from 0 and divides them, without gaps, into
 *
 *   pieces  A piece is an extent that was handed out, a run of free quanta, or an
 *	     absent stretch: memory that the pool does not have at present.
 *   parts   Every piece consists of parts. The quanta of a part are either all
 *	     dirty (they need zeroing) or all clean.
 *
 * Two bitmaps mark the first quantum of every piece and of every part. Two more
 * say whether a part is in use and whether it is dirty; their bits are valid only
 * at the first quantum of a part. So allocating or freeing any number of quanta
 * changes only a few bits, and the exact extents are known: freeing anything but
 * one whole live extent (a double free, a part, two neighbours at once) is caught
 * and changes nothing.
 *
 * Memory can be added and removed in blocks: pool_add() makes an absent stretch
 * free, and pool_remove() makes free quanta absent. Absent quanta are never handed
 * out and count neither as free nor as dirty. A fifth bitmap marks where absent
 * stretches begin.
 *
 * A tree finds free runs. It has a leaf for each word of the bitmaps: the length of
 * the longest run of free quanta that begins in that word.
 *
 * Locking: none here. The caller serialises all calls on one pool. Only pool_init(),
 * pool_init_absent() and pool_destroy() sleep.
 */
#ifndef CONTIG_POOL_H
#define CONTIG_POOL_H

#include "pool_map.h"
#include "pool_shim.h"
#include "pool_tree.h"

/* Indices are 32 bits wide and sums of two of them must not wrap. */
#define POOL_MAX_QUANTA		0x40000000U

/* Runs that a search tries before it takes one that is long enough for any alignment. */
#define POOL_LOOKS		4

/* A large request gets the best of this many runs that fit. */
#define POOL_FITS		3

/* Words that one step of an exhaustive search examines. */
#define POOL_STEP_WORDS		16

/**
 * struct pool - the state of one region, all counts in quanta
 * @base: the region's base address divided by the quantum; alignments are relative
 *	to address 0
 * @nr: number of quanta
 * @free: quanta that can be handed out
 * @dirty: how many of the free quanta need zeroing
 * @absent: quanta that have not been added, or have been removed
 * @extents: number of live extents
 * @large: requests of at least this length go to the end of the pool instead of its
 *	beginning, a power of two; 0 for none
 * @block: largest alignment that large requests get where it costs nothing, a
 *	power of two; see pool_set_large()
 * @pieces: first quanta of pieces, and @nr
 * @parts: first quanta of parts, and @nr
 * @used: set at the first quantum of a part if the part is not free
 * @soiled: set at the first quantum of a part if the part is dirty
 * @gone: first quanta of absent stretches, each of which is one part
 * @todo: words in which a free and dirty part begins
 * @room: for each word, the longest run of free quanta that begins in it
 * @clean_hint: where pool_next_to_clean() continues
 */
struct pool {
	u64 base;
	u32 nr;
	u32 free;
	u32 dirty;
	u32 absent;
	u32 extents;
	u32 large;
	u32 block;
	struct pool_map pieces;
	struct pool_map parts;
	unsigned long *used;
	unsigned long *soiled;
	unsigned long *gone;
	struct pool_map todo;
	struct pool_tree room;
	u32 clean_hint;
};

/**
 * struct pool_search - a request in progress
 * @len: number of quanta
 * @align: alignment of pool->base plus the first quantum, a power of two, in quanta
 * @exhaustive: the quick search has failed, or the caller wants the lowest place,
 *	which only the exhaustive search finds
 * @word: where the exhaustive search continues
 */
struct pool_search {
	u32 len;
	u32 align;
	bool exhaustive;
	u32 word;
};

/* The order matters: stock_map() shows the highest state in a range. */
enum pool_state {
	POOL_ABSENT,	/* not there, see pool_init_absent() and pool_remove() */
	POOL_CLEAN,	/* free, zero */
	POOL_DIRTY,	/* free, needs zeroing */
	POOL_USED,	/* one extent */
};

/**
 * struct pool_run - a stretch of quanta in one state
 * @start: first quantum
 * @len: number of quanta
 * @state: their state; neighbouring extents are separate runs
 */
struct pool_run {
	u32 start;
	u32 len;
	enum pool_state state;
};

int pool_init(struct pool *pool, u64 base, u32 nr, bool dirty);
int pool_init_absent(struct pool *pool, u64 base, u32 nr);
void pool_set_large(struct pool *pool, u32 large, u32 block);
void pool_destroy(struct pool *pool);

int pool_add(struct pool *pool, u32 start, u32 len, bool dirty);
int pool_remove(struct pool *pool, u32 start, u32 len);

int pool_alloc_step(struct pool *pool, struct pool_search *search, u32 *start);
int pool_alloc_at(struct pool *pool, u32 start, u32 len);
int pool_free(struct pool *pool, u32 start, u32 len);

u32 pool_next_dirty(const struct pool *pool, u32 from, u32 end, u32 max,
		    u32 *start);
u32 pool_next_to_clean(struct pool *pool, u32 max, u32 *start);
void pool_set_clean(struct pool *pool, u32 start, u32 len);

u32 pool_largest(const struct pool *pool);
bool pool_next_run(const struct pool *pool, u32 from, struct pool_run *run);

#endif /* CONTIG_POOL_H */
