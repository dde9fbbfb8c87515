// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: the pieces, and what changes them. What must be zeroed is in
 * pool_parts.c, the search for a place in pool_place.c; pool.h has the rules.
 *
 * The pool's words, and what books and other allocators call it:
 *
 *   quantum	page, granule: the unit of everything here
 *   piece	block, allocated or free
 *   extent	allocated block; the owner's reference is its start and length
 *   run	free block, hole. Freeing coalesces at once, so no two touch
 *   absent	offline, not populated: a block that belongs to nobody
 *   part	stretch of a block that is all dirty or all clean
 *   dirty	not zeroed since somebody had it; @soiled is the bitmap of it
 *   pieces	boundary tags without footers, off the memory they describe
 *   room	tournament tree (segment tree of maxima) over the longest runs
 *   summary	upper level of a hierarchical bitmap, see pool_map.h
 *   small	request that is served by address-ordered first fit
 *   large	request that is served from the other end, by best fit among the
 *		first POOL_FITS runs that fit: two-ended allocation
 *   wish	natural alignment, wanted where it leaves no hole
 *   exhaustive	first fit with an alignment, through all runs, in bounded steps
 *
 * A pool of 21 quanta, drawn with words of 8 bits. Extent A has been zeroed in
 * half, B is clean; one run is dirty at its beginning, the other throughout; what
 * comes last is absent. A dot is a 0 that means nothing:
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
 * So @free is 9, @dirty 6, @absent 4 and @extents 2. From there
 *
 * - three quanta go to the first word with a leaf of 3 or more, word 0, there to
 *   the run at 4, and of that to the end that is clean. 6 begins a piece now and is
 *   used; that a part begins there was so before. The leaf becomes 2.
 *
 * - or B is freed: 9 and 13 no longer begin pieces, so one run of 13 quanta begins
 *   at 4. It has three parts, at 4, 6 and 9: what had been B is dirty and goes on
 *   in what follows. The leaves become 13 and 0.
 *
 * Neither looks at what lies between two bits. Conventions:
 *
 * - pieces and parts have a bit at the quantum after the last one, which is
 *   in use and clean. So every piece and every part ends, and nobody has to ask
 *   where the pool does.
 *
 * - Free pieces never touch, nor do absent ones, nor two parts of one piece that
 *   are in the same state.
 *
 * n stands for the number of quanta in the notes on cost.
 */
#include "pool_internal.h"

static u32 words_of(const struct pool *pool)
{
	return pool->nr / WORD_BITS + 1;
}

/* Sums up the runs that begin in a word. */
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

/* A run of @len quanta that began in a word has gone or has become shorter. */
static void lose(struct pool *pool, u32 word, u32 len)
{
	if (pool->room.level[0][word] == len)
		sum_up(pool, word);
}

/* One of @len quanta now begins there. */
static void gain(struct pool *pool, u32 word, u32 len)
{
	if (pool->room.level[0][word] < len)
		pool_tree_set(&pool->room, word, len);
}

/* Where the piece begins that a part belongs to: mostly, they begin together. */
static u32 piece_of(const struct pool *pool, u32 part)
{
	if (pool_map_test(&pool->pieces, part))
		return part;
	return pool_map_prev(&pool->pieces, part);
}

/* Where the piece ends in which a part ends. */
static u32 piece_end_of(const struct pool *pool, u32 part_end)
{
	if (pool_map_test(&pool->pieces, part_end))
		return part_end;
	return pool_map_next(&pool->pieces, part_end);
}

/* An extent has been made of quanta that are in one part. */
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
 * Make an extent of free quanta. Cost: O(log n); if they are in several parts,
 * for each word in which one begins.
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

/* A piece of clean quanta, absent or in use, is to begin at @at. */
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
 * @pool: the pool, contents do not matter
 * @base: number of the first quantum in the address space alignments refer to
 * @nr: number of quanta
 *
 * All quanta are absent until pool_add(). Takes some 0.71 bytes of memory a quantum,
 * 0.83 where a long has 32 bits, present or not. No request is large, see
 * pool_set_large(). May sleep. Whatever is returned, pool_destroy() may be called.
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
 * @pool: the pool, contents do not matter
 * @base: number of the first quantum in the address space alignments refer to
 * @nr: number of quanta
 * @dirty: whether the quanta need zeroing
 *
 * The same as pool_init_absent() and pool_add() of everything.
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
 * @large: shortest of them in quanta, a power of two; 0 for none
 * @block: alignment they had better have, a power of two, @large at least
 *
 * Large requests go to the end of the pool and the others to its beginning. The
 * multiples of @large among them are aligned, to the largest power of two that
 * divides them but no more than @block, if that is so at one end of a run of free
 * quanta that is easily found.
 */
void pool_set_large(struct pool *pool, u32 large, u32 block)
{
	pool->large = large;
	pool->block = block;
}

/**
 * pool_destroy - give the memory of a pool back
 * @pool: the pool; live extents do not matter, nor does a zeroed struct
 *
 * Leaves a zeroed struct. May sleep.
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
 * pool_add - memory has come
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta, all absent
 * @dirty: whether they need zeroing
 *
 * The quanta are free at once, in one run with free neighbours. They need not
 * be what one call of pool_remove() has taken out: of an absent stretch any part
 * can be added, and the rest stays absent.
 *
 * Cost: O(log n).
 *
 * Return: 0; with nothing changed -EINVAL if @len is 0 or the pool ends before,
 * -EEXIST if any of the quanta is not absent.
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

	/* Adding is freeing an extent, once it is made one. */
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

/* Join an absent stretch to the one in front of it. */
static void join_absent(struct pool *pool, u32 at)
{
	pool_map_clear(&pool->pieces, at);
	pool_map_clear(&pool->parts, at);
	set_flag(pool->gone, at, false);
}

/**
 * pool_remove - take memory out
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta, all free
 *
 * From now on nobody gets them and nobody has to clean them. Whether they were
 * dirty is forgotten: whoever adds them again says so. What they were added with
 * does not matter; a block can be taken out in pieces, or with its neighbours.
 *
 * Cost: O(log n), and as much again for each word in which parts of the range
 * begin.
 *
 * Return: 0; with nothing changed -EINVAL if @len is 0 or the pool ends before,
 * -EBUSY if any of the quanta is in use or absent.
 */
int pool_remove(struct pool *pool, u32 start, u32 len)
{
	u32 end = start + len;
	int ret = pool_alloc_at(pool, start, len);

	if (ret)
		return ret;
	/* One part, as in all that is absent. */
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
 * pool_alloc_step - go on with a request
 * @pool: the pool
 * @search: the request; len and align set by the caller, exhaustive for the lowest
 *	place, all else zero at first
 * @start: the first quantum, on success
 *
 * Which run of free quanta a request goes to does not depend on what is clean. It
 * takes one end of the run, the one without dirty quanta if the other has some. So
 * requests without an alignment leave an empty pool with one free run at any time:
 * if nothing is absent, all fit that add up to no more than its size, in any order.
 * What is dirty in an extent stays so for the owner to see, see pool_next_dirty(),
 * but no longer counts as dirty.
 *
 * Requests that are not aligned need one step. One with an alignment may need
 * more, if it looks as if there were no place for it; between the steps the
 * caller can let others have the pool. It fails only if there is no place, but
 * what others have freed meanwhile may be overlooked.
 *
 * Cost of a step: at most the runs in POOL_STEP_WORDS words and the one that
 * reaches into the first of them looked at, each found in O(log n), and O(log n)
 * for each word in which the place has parts of different state.
 *
 * Return: 0; -EAGAIN if another step is needed; -EINVAL if the length is 0 or
 * the alignment no power of two; -ENOSPC.
 */
int pool_alloc_step(struct pool *pool, struct pool_search *search, u32 *start)
{
	int ret = pool_find(pool, search, start);

	if (!ret)
		take(pool, *start, search->len);
	return ret;
}

/**
 * pool_alloc_at - make an extent of certain quanta
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta
 *
 * As pool_alloc_step() otherwise, without a search.
 *
 * Return: 0; -EINVAL if @len is 0 or the pool ends before; -EBUSY if any of the
 * quanta is in use or absent.
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

/* Whether these quanta are one whole extent; where its first part ends, if so. */
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
 * pool_free - take an extent back
 * @pool: the pool
 * @start: its first quantum
 * @len: number of its quanta
 *
 * The quanta are free at once, and dirty. Cost: O(log n); a word more for each
 * in which parts of the extent begin, of which there are none if its owner has
 * zeroed it.
 *
 * Return: 0; -EINVAL, with nothing changed, if that is not exactly one live
 * extent.
 */
int pool_free(struct pool *pool, u32 start, u32 len)
{
	u32 end = start + len;
	u32 piece = start;
	u32 part = start;
	u32 part_end;

	if (!is_extent(pool, start, len, &part_end))
		return -EINVAL;
	/* With nothing else to clean the next search can begin right here. */
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
 * pool_largest - length of the longest run of free quanta
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
 * @from: where to look: 0, then where the last run ended
 * @run: filled in; begins at @from, even if that is not where it begins
 *
 * Cost: O(log n).
 *
 * Return: false, and nothing filled in, if @from is beyond the pool.
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
