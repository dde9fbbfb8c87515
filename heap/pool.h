/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool: which quanta of a carveout are in use, and which need zeroing.
 *
 * A pool knows nothing of addresses, pages or locks. It numbers the quanta of
 * one region from 0 and divides them, without gaps, into
 *
 *   pieces  which are either an extent that was handed out, or a run of free
 *	     quanta, or a stretch that is absent: memory that the pool does not
 *	     have, or not at present,
 *   parts   of a piece, all of whose quanta need zeroing (dirty) or none.
 *
 * Two bitmaps have a bit for the first quantum of every piece and of every part;
 * two more say for these quanta, and for no others, whether they are in use and
 * whether they are dirty. So it takes a few bits to hand out any number of
 * quanta, and any number to take back, and the exact extents are known: freeing
 * anything but one whole live extent (a double free, a part, two neighbours at
 * once) is caught and changes nothing.
 *
 * Memory can come and go in blocks: pool_add() makes an absent stretch free, and
 * pool_remove() a free one absent. Absent quanta are never handed out and count
 * neither as free nor as dirty. A fifth bitmap says where they begin.
 *
 * A tree finds room. Its leaves are the words of the bitmaps; a leaf is the length
 * of the longest run of free quanta that begins in its word.
 *
 * Locking: none here. The caller serialises every call on one pool; no function
 * sleeps but pool_init() and pool_destroy().
 */
#ifndef CONTIG_POOL_H
#define CONTIG_POOL_H

#include "pool_map.h"
#include "pool_shim.h"
#include "pool_tree.h"

/* Indices are 32 bits wide and sums of two of them must not wrap. */
#define POOL_MAX_QUANTA		0x40000000U

/* Runs a search looks at before it takes one that is long enough anyway. */
#define POOL_LOOKS		4

/* Of those that are long enough for a large request, the best of so many. */
#define POOL_FITS		3

/* Words that one step of an exhaustive search looks at. */
#define POOL_STEP_WORDS		16

/**
 * struct pool - the state of one region, all counts in quanta
 * @base: number of the first quantum in the address space alignments refer to,
 *	that is the region's base address divided by the quantum
 * @nr: number of quanta
 * @free: quanta that can be handed out
 * @dirty: how many of these need zeroing
 * @absent: quanta that have not been added, or have been removed
 * @extents: number of live extents
 * @large: shortest request that goes to the pool's end and not to its beginning,
 *	a power of two; 0 if there is none
 * @block: largest alignment that large requests get where it costs nothing, a
 *	power of two; see pool_set_large()
 * @pieces: first quanta of pieces, and @nr
 * @parts: first quanta of parts, and @nr
 * @used: whether a part is not free, at its first quantum
 * @soiled: whether a part is dirty, at its first quantum
 * @gone: first quanta of absent stretches, each of which is one part
 * @todo: words in which a part begins that is free and dirty
 * @room: longest run of free quanta that begins in a word
 * @clean_hint: where the search for dirty quanta to clean goes on
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
 * struct pool_search - a request on its way
 * @len: number of quanta
 * @align: power of two, in quanta, that the first one's number plus the pool's
 *	base has to be a multiple of
 * @exhaustive: whether the quick attempts have failed, or are not wanted: the
 *	exhaustive search finds the lowest place
 * @word: where the exhaustive search goes on
 */
struct pool_search {
	u32 len;
	u32 align;
	bool exhaustive;
	u32 word;
};

/* In the order of what it takes until they can be handed out. */
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
 * @state: what they are; neighbouring extents are separate runs
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
