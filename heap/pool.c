// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: the pieces, and the functions that change them. pool_parts.c tracks what
 * must be zeroed, pool_place.c searches for a place. pool.h describes the concepts.
 *
 * Terms of the pool, and what the literature and other allocators call them:
 *
 *   quantum	page, granule: the unit of everything here
 *   piece	block, allocated or free
 *   extent	allocated block; the owner's reference is its start and length
 *   run	free block, hole. Freeing coalesces at once, so no two touch
 *   absent	offline, not populated: a block that cannot be allocated
 *   part	stretch of a block that is all dirty or all clean
 *   dirty	not zeroed since its last use; @soiled is the bitmap of it
 *   pieces	boundary tags without footers, off the memory they describe
 *   room	tournament tree (segment tree of maxima) over the longest runs
 *   summary	upper level of a hierarchical bitmap, see pool_map.h
 *   small	request that is served by address-ordered first fit
 *   large	request that is served from the other end, by best fit among the
 *		first POOL_FITS runs that fit: two-ended allocation
 *   wish	natural alignment, used only where it leaves no hole
 *   exhaustive	first fit with an alignment, through all runs, in bounded steps
 *
 * An example: a pool of 21 quanta, drawn with words of 8 bits. Half of extent A has
 * been zeroed, B is clean. The first free run is dirty at its beginning, the second
 * is all dirty. The last piece is absent. A dot is a 0 without a meaning:
 *
 *   word		0	   1	      2
 *   quantum	01234567   89012345   67890123
 *		AAaa::__   _BBBB:::   :~~~~$		a, : dirty	_ clean
 *							~ absent	$ the end
 *   pieces	1...1...   .1...1..   .1...1..
 *   parts	1.1.1.1.   .1...1..   .1...1..
 *   used	1.1.0.0.   .1...0..   .1...1..
 *   soiled	0.1.1.0.   .0...1..   .0...0..
 *   gone	........   ........   .1......
 *
 *   todo	   1	      1	         0	a part to clean begins here
 *   room	   5	      4	         0	longest run that begins here
 *		   \__________|__________/
 *			      5			largest of up to eight: pool_largest()
 *
 * So @free is 9, @dirty 6, @absent 4 and @extents 2. Two operations on this state:
 *
 * - Allocate three quanta. They go to the first word with a leaf of 3 or more, which
 *   is word 0, to the run at 4, and to the clean end of that run. Now a piece begins
 *   at 6, and it is used; a part already began there. The leaf becomes 2.
 *
 * - Or free B. Now 9 and 13 no longer begin pieces, so one run of 13 quanta begins
 *   at 4. It has three parts, at 4, 6 and 9: B is dirty and joins the part that
 *   follows it. The leaves become 13 and 0.
 *
 * Neither reads anything between two set bits. Conventions:
 *
 * - Pieces and parts have a bit at the quantum after the last one, which is in use
 *   and clean. So every piece and part ends at a bit, and the end of the pool is no
 *   special case.
 *
 * - Free pieces are never adjacent, nor are absent ones, nor two parts of one piece
 *   in the same state.
 *
 * In the notes on cost, n is the number of quanta.
 */
#include "pool_internal.h"

static u32 words_of(const struct pool *pool)
{
	return pool->nr / WORD_BITS + 1;
}

/* Recompute the leaf of a word. */
static void sum_up(struct pool *pool, u32 word)
{
	unsigned long bits = starts(pool, word);
	u32 longest = 0;

	for (; bits; bits &= bits - 1) {
		u32 start = word * WORD_BITS + __ffs(bits);

		pool_visit();
		longest = max(longest,
			      pool_map_next(&pool->pieces, start + 1) - start);
	}
	pool_tree_set(&pool->room, word, longest);
}

/* Update the leaf of a word after a run of @len quanta has vanished or become shorter. */
static void lose(struct pool *pool, u32 word, u32 len)
{
	if (pool->room.level[0][word] == len)
		sum_up(pool, word);
}

/* Update the leaf of a word in which a run of @len quanta now begins. */
static void gain(struct pool *pool, u32 word, u32 len)
{
	if (pool->room.level[0][word] < len)
		pool_tree_set(&pool->room, word, len);
}

/* The first quantum of the piece that contains a part: mostly that of the part. */
static u32 piece_of(const struct pool *pool, u32 part)
{
	if (pool_map_test(&pool->pieces, part))
		return part;
	return pool_map_prev(&pool->pieces, part);
}

/* The end of the piece that contains a part, given the end of the part. */
static u32 piece_end_of(const struct pool *pool, u32 part_end)
{
	if (pool_map_test(&pool->pieces, part_end))
		return part_end;
	return pool_map_next(&pool->pieces, part_end);
}

/* Update the parts for a new extent whose quanta are all in one part. */
static void take_in_part(struct pool *pool, u32 start, u32 end, u32 part_end)
{
	set_flag(pool->used, start, true);
	if (!flag(pool->soiled, start))
		return;
	WRITE_ONCE(pool->dirty, pool->dirty - (end - start));
	if (end < part_end)
		pool_map_set(&pool->todo, end / WORD_BITS);
	if (end == part_end || end / WORD_BITS != start / WORD_BITS)
		sum_up_todo(pool, start / WORD_BITS);
}

/*
 * Make an extent of free quanta. Cost: O(log n), or, if they are in several parts,
 * O(log n) for each word in which a part begins.
 */
static void take(struct pool *pool, u32 start, u32 len)
{
	u32 end = start + len;
	u32 part = pool_map_prev(&pool->parts, start);
	u32 part_end = pool_map_next(&pool->parts, start + 1);
	u32 piece = piece_of(pool, part);
	u32 piece_end = piece_end_of(pool, part_end);

	if (end < part_end)
		split(pool, end, part);
	else if (!pool_map_test(&pool->parts, end))
		split(pool, end, pool_map_prev(&pool->parts, end));
	if (part != start)
		split(pool, start, part);
	WRITE_ONCE(pool->free, pool->free - len);
	pool->extents++;

	if (end <= part_end)
		take_in_part(pool, start, end, part_end);
	else
		pool_take_parts(pool, start, end);
	if (piece != start)
		pool_map_set(&pool->pieces, start);
	if (end < piece_end) {
		pool_map_set(&pool->pieces, end);
		if (end / WORD_BITS != piece / WORD_BITS)
			gain(pool, end / WORD_BITS, piece_end - end);
	}
	lose(pool, piece / WORD_BITS, piece_end - piece);
}

/* Begin a piece of clean quanta, absent or in use, at @at. */
static void start_piece(struct pool *pool, u32 at, bool absent)
{
	pool_map_set(&pool->pieces, at);
	pool_map_set(&pool->parts, at);
	set_flag(pool->used, at, true);
	set_flag(pool->soiled, at, false);
	set_flag(pool->gone, at, absent);
}

static int map_init(struct pool *pool)
{
	u32 words = words_of(pool);

	pool->used = pool_calloc(words, sizeof(*pool->used));
	pool->soiled = pool_calloc(words, sizeof(*pool->soiled));
	pool->gone = pool_calloc(words, sizeof(*pool->gone));
	if (!pool->used || !pool->soiled || !pool->gone ||
	    pool_map_init(&pool->pieces, pool->nr + 1) ||
	    pool_map_init(&pool->parts, pool->nr + 1) ||
	    pool_map_init(&pool->todo, words + 1) ||
	    pool_tree_init(&pool->room, words))
		return -ENOMEM;
	return 0;
}

/**
 * pool_init_absent - make a pool that has no memory yet
 * @pool: the pool, need not be initialised
 * @base: physical address of the pool divided by the quantum
 * @nr: number of quanta
 *
 * All quanta are absent until pool_add(). The pool takes about 0.71 bytes per quantum,
 * present or not, or 0.83 if a long has 32 bits. No request is large, see
 * pool_set_large(). May sleep. pool_destroy() may be called even after a failure.
 *
 * Return: 0; -EINVAL for no quanta, more than POOL_MAX_QUANTA, or a @base that
 * wraps around with them; -ENOMEM.
 */
int pool_init_absent(struct pool *pool, u64 base, u32 nr)
{
	memset(pool, 0, sizeof(*pool));
	if (!nr || nr > POOL_MAX_QUANTA || base > U64_MAX - nr)
		return -EINVAL;

	pool->base = base;
	pool->nr = nr;
	pool->absent = nr;
	if (map_init(pool)) {
		pool_destroy(pool);
		return -ENOMEM;
	}

	start_piece(pool, 0, true);
	start_piece(pool, nr, false);
	return 0;
}

/**
 * pool_init - make a pool of free quanta
 * @pool: the pool, need not be initialised
 * @base: physical address of the pool divided by the quantum
 * @nr: number of quanta
 * @dirty: whether the quanta need zeroing
 *
 * The same as pool_init_absent(), and pool_add() of all quanta.
 *
 * Return: as pool_init_absent().
 */
int pool_init(struct pool *pool, u64 base, u32 nr, bool dirty)
{
	int ret = pool_init_absent(pool, base, nr);

	return ret ? ret : pool_add(pool, 0, nr, dirty);
}

/**
 * pool_set_large - say which requests are large
 * @pool: the pool
 * @large: shortest large request in quanta, a power of two; 0 for none
 * @block: largest alignment to prefer for them, a power of two, at least @large
 *
 * Large requests go to the end of the pool, others to its beginning. Large requests
 * that are multiples of @large prefer an alignment: the largest power of two that
 * divides their length, but no more than @block. They get it if the quick search
 * finds a run that is so aligned at one end.
 */
void pool_set_large(struct pool *pool, u32 large, u32 block)
{
	pool->large = large;
	pool->block = block;
}

/**
 * pool_destroy - free the memory of a pool
 * @pool: the pool, which may have live extents, or a zeroed struct
 *
 * Zeroes the struct. May sleep.
 */
void pool_destroy(struct pool *pool)
{
	pool_kvfree(pool->used);
	pool_kvfree(pool->soiled);
	pool_kvfree(pool->gone);
	pool_map_destroy(&pool->pieces);
	pool_map_destroy(&pool->parts);
	pool_map_destroy(&pool->todo);
	pool_tree_destroy(&pool->room);
	memset(pool, 0, sizeof(*pool));
}

/**
 * pool_add - add memory
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta, all absent
 * @dirty: whether they need zeroing
 *
 * The quanta are free at once, and join free neighbours. They can be any part of an
 * absent stretch, and need not be what one call of pool_remove() removed. The rest
 * of the stretch stays absent.
 *
 * Cost: O(log n).
 *
 * Return: 0; -EINVAL if @len is 0 or exceeds the pool; -EEXIST if any of the quanta
 * is not absent. On failure, nothing is changed.
 */
int pool_add(struct pool *pool, u32 start, u32 len, bool dirty)
{
	u32 piece, piece_end;

	if (!len || start >= pool->nr || len > pool->nr - start)
		return -EINVAL;
	piece = pool_map_prev(&pool->pieces, start);
	piece_end = pool_map_next(&pool->pieces, start + 1);
	if (!flag(pool->gone, piece) || piece_end < start + len)
		return -EEXIST;

	/* Turn the quanta into an extent, and free that. */
	if (start + len < piece_end)
		start_piece(pool, start + len, true);
	start_piece(pool, start, false);
	WRITE_ONCE(pool->absent, pool->absent - len);
	pool->extents++;
	pool_free(pool, start, len);
	if (!dirty)
		pool_set_clean(pool, start, len);
	return 0;
}

/* Join an absent stretch with the one before it. */
static void join_absent(struct pool *pool, u32 at)
{
	pool_map_clear(&pool->pieces, at);
	pool_map_clear(&pool->parts, at);
	set_flag(pool->gone, at, false);
}

/**
 * pool_remove - remove memory
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta, all free
 *
 * Removed quanta are not allocated or cleaned any more. The pool does not remember
 * whether they were dirty: pool_add() has to say so. They need not be what one call
 * of pool_add() added: any free quanta can be removed.
 *
 * Cost: O(log n), and O(log n) for each word in which parts of the range begin.
 *
 * Return: 0; -EINVAL if @len is 0 or exceeds the pool; -EBUSY if any of the quanta is
 * in use or absent. On failure, nothing is changed.
 */
int pool_remove(struct pool *pool, u32 start, u32 len)
{
	u32 end = start + len;
	int ret = pool_alloc_at(pool, start, len);

	if (ret)
		return ret;
	/* An absent stretch is one part. */
	pool_set_clean(pool, start, len);
	pool->extents--;
	WRITE_ONCE(pool->absent, pool->absent + len);
	set_flag(pool->gone, start, true);
	if (flag(pool->gone, end))
		join_absent(pool, end);
	if (start &&
	    flag(pool->gone, pool_map_prev(&pool->pieces, start - 1)))
		join_absent(pool, start);
	return 0;
}

/**
 * pool_alloc_step - do one step of an allocation
 * @pool: the pool
 * @search: the request; the caller sets len and align, and exhaustive to get the
 *	lowest place; the rest is zero before the first step
 * @start: the first quantum, on success
 *
 * The choice of a free run does not depend on which quanta are clean. The extent is
 * at one end of the run; if only one end is clean, at that one. So if a pool without
 * absent quanta starts empty, and quanta are only allocated, without an alignment,
 * there is never more than one free run: any requests fit whose sum is no more than
 * the size of the pool. Dirty quanta of the extent stay marked, see
 * pool_next_dirty(), but no longer count in @dirty.
 *
 * Requests without an alignment take one step. Others may take more if the quick
 * search fails; between steps, the caller may let others use the pool. A request
 * fails only if there is no place, but it may miss quanta that others free meanwhile.
 *
 * Cost of a step: at most the runs in POOL_STEP_WORDS words, and the run that reaches
 * into the first of these, each found in O(log n); and O(log n) for each word in
 * which the place has parts of different states.
 *
 * Return: 0; -EAGAIN if another step is needed; -EINVAL if the length is 0 or the
 * alignment is not a power of two; -ENOSPC if nothing fits.
 */
int pool_alloc_step(struct pool *pool, struct pool_search *search, u32 *start)
{
	int ret = pool_find(pool, search, start);

	if (!ret)
		take(pool, *start, search->len);
	return ret;
}

/**
 * pool_alloc_at - allocate certain quanta
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta
 *
 * Like pool_alloc_step(), but without a search.
 *
 * Return: 0; -EINVAL if @len is 0 or exceeds the pool; -EBUSY if any of the quanta is
 * in use or absent.
 */
int pool_alloc_at(struct pool *pool, u32 start, u32 len)
{
	u32 piece;

	if (!len || start >= pool->nr || len > pool->nr - start)
		return -EINVAL;
	piece = pool_map_prev(&pool->pieces, start);
	if (flag(pool->used, piece) ||
	    pool_map_next(&pool->pieces, start + 1) < start + len)
		return -EBUSY;
	take(pool, start, len);
	return 0;
}

/* Are these quanta exactly one extent? If so, @part_end is the end of its first part. */
static bool is_extent(const struct pool *pool, u32 start, u32 len,
		      u32 *part_end)
{
	if (!len || start >= pool->nr || len > pool->nr - start ||
	    !pool_map_test(&pool->pieces, start) ||
	    !flag(pool->used, start) || flag(pool->gone, start))
		return false;
	*part_end = pool_map_next(&pool->parts, start + 1);
	return piece_end_of(pool, *part_end) == start + len;
}

/**
 * pool_free - free an extent
 * @pool: the pool
 * @start: its first quantum
 * @len: number of its quanta
 *
 * The quanta are free at once, and dirty. Cost: O(log n), and O(1) for each further
 * word in which parts of the extent begin. If its owner has zeroed it, it is one part.
 *
 * Return: 0; -EINVAL, with nothing changed, if that is not exactly one live extent.
 */
int pool_free(struct pool *pool, u32 start, u32 len)
{
	u32 end = start + len;
	u32 piece = start;
	u32 part = start;
	u32 part_end;

	if (!is_extent(pool, start, len, &part_end))
		return -EINVAL;
	/* If nothing else is dirty, the next search can begin right here. */
	if (!pool->dirty)
		pool->clean_hint = start;
	WRITE_ONCE(pool->free, pool->free + len);
	WRITE_ONCE(pool->dirty, pool->dirty + len);
	pool->extents--;

	if (part_end != end)
		pool_join_parts(pool, start, end);
	set_flag(pool->soiled, start, true);
	set_flag(pool->used, start, false);
	if (start) {
		u32 before = pool_map_prev(&pool->parts, start - 1);

		if (!flag(pool->used, before)) {
			part = before;
			piece = piece_of(pool, part);
			pool_map_clear(&pool->pieces, start);
		}
	}
	if (part != start && flag(pool->soiled, part))
		pool_map_clear(&pool->parts, start);
	else
		pool_map_set(&pool->todo, start / WORD_BITS);
	if (!flag(pool->used, end)) {
		u32 next = end;

		end = pool_map_next(&pool->pieces, next + 1);
		pool_map_clear(&pool->pieces, next);
		if (flag(pool->soiled, next)) {
			pool_map_clear(&pool->parts, next);
			sum_up_todo(pool, next / WORD_BITS);
		}
		lose(pool, next / WORD_BITS, end - next);
	}
	gain(pool, piece / WORD_BITS, end - piece);
	return 0;
}

/**
 * pool_largest - get the length of the longest free run
 * @pool: the pool
 *
 * Cost: O(1).
 *
 * Return: number of quanta, 0 if none is free.
 */
u32 pool_largest(const struct pool *pool)
{
	return pool_tree_max(&pool->room);
}

/**
 * pool_next_run - walk through a pool in address order
 * @pool: the pool
 * @from: where to start: 0, then the end of the last run
 * @run: filled in; starts at @from, even if that is inside a run
 *
 * Cost: O(log n).
 *
 * Return: false, with nothing filled in, if @from is beyond the pool.
 */
bool pool_next_run(const struct pool *pool, u32 from, struct pool_run *run)
{
	u32 part;

	if (from >= pool->nr)
		return false;
	part = pool_map_prev(&pool->parts, from);
	if (flag(pool->used, part))
		run->state = flag(pool->gone, part) ? POOL_ABSENT : POOL_USED;
	else
		run->state = flag(pool->soiled, part) ? POOL_DIRTY : POOL_CLEAN;
	run->start = from;
	run->len = pool_map_next(flag(pool->used, part) ? &pool->pieces :
							   &pool->parts,
				 from + 1) - from;
	return true;
}
