// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of the pool's pieces: which quanta need zeroing. These functions handle
 * a word of the bitmaps at a time.
 */
#include "pool_internal.h"

/* The bits of @word for the quanta in [start, end). */
static unsigned long range_mask(u32 word, u32 start, u32 end)
{
	unsigned long mask = ~0UL;

	if (start / WORD_BITS == word)
		mask &= ~0UL << start % WORD_BITS;
	if (end / WORD_BITS == word)
		mask &= (1UL << end % WORD_BITS) - 1;
	return mask;
}

/*
 * The next word after @word in which a part may begin before @end; POOL_NONE if there
 * is none.
 */
static u32 next_word(const struct pool *pool, u32 word, u32 end)
{
	u32 next;

	/* Mostly, @end is in the same word. */
	if (end <= (word + 1) * WORD_BITS)
		return POOL_NONE;
	next = word + 1;
	if (!pool_map_word(&pool->parts, next))
		next = pool_map_next_word(&pool->parts, word);
	return next * WORD_BITS < end ? next : POOL_NONE;
}

/*
 * Spread a property of parts to their quanta. @parts has the first quanta of the parts
 * in a word, @yes those of the parts that have the property. @carry says whether the
 * part before the first one in this word has it.
 */
static unsigned long spread(unsigned long parts, unsigned long yes, bool carry)
{
	unsigned long open, fill;
	u32 shift;

	if (carry && !(parts & 1))
		yes |= 1;
	fill = yes;
	open = ~parts;
	for (shift = 1; shift < WORD_BITS; shift *= 2) {
		fill |= open & fill << shift;
		open &= open << shift;
	}
	return fill;
}

/*
 * Count the free and dirty quanta of a range. Cost: the number of words in which
 * parts begin.
 */
static u32 count_dirty(const struct pool *pool, u32 start, u32 end)
{
	u32 head = pool_map_prev(&pool->parts, start);
	bool carry = flag(pool->soiled, head) && !flag(pool->used, head);
	u32 word = start / WORD_BITS;
	u32 count = 0;

	for (;;) {
		unsigned long parts = pool_map_word(&pool->parts, word);
		unsigned long yes = parts & pool->soiled[word] &
				    ~pool->used[word];
		unsigned long mask = range_mask(word, start, end);
		u32 next;

		pool_visit();
		/* @carry already has the state of the part at @start. */
		if (start / WORD_BITS == word) {
			parts &= ~1UL << start % WORD_BITS;
			yes &= parts;
		}
		if (!parts)
			yes = carry ? ~0UL : 0;
		else
			yes = spread(parts, yes, carry);
		count += hweight_long(yes & mask);
		if (word == end / WORD_BITS)
			return count;
		carry = yes >> (WORD_BITS - 1);
		next = next_word(pool, word, end);
		if (next == POOL_NONE)
			return carry ? count + end - (word + 1) * WORD_BITS :
				       count;
		if (carry)
			count += (next - word - 1) * WORD_BITS;
		word = next;
	}
}

/**
 * pool_take_parts() - mark the parts of a new extent as used
 * @pool: the pool
 * @start: first quantum of the extent; a part begins there
 * @end: first quantum after the extent; a part begins there, too
 *
 * Cost: the number of words in which parts begin.
 */
void pool_take_parts(struct pool *pool, u32 start, u32 end)
{
	u32 word = start / WORD_BITS;

	WRITE_ONCE(pool->dirty, pool->dirty - count_dirty(pool, start, end));
	for (; word != POOL_NONE; word = next_word(pool, word, end)) {
		pool->used[word] |= pool_map_word(&pool->parts, word) &
				    range_mask(word, start, end);
		sum_up_todo(pool, word);
	}
	sum_up_todo(pool, end / WORD_BITS);
}

/**
 * pool_join_parts() - join the parts of an extent that is about to be freed
 * @pool: the pool
 * @start: first quantum of the extent
 * @end: first quantum after the extent
 *
 * The caller sets the state of the part. Cost: the number of words in which parts
 * begin.
 */
void pool_join_parts(struct pool *pool, u32 start, u32 end)
{
	u32 word = start / WORD_BITS;

	for (; word != POOL_NONE; word = next_word(pool, word, end)) {
		unsigned long gone = range_mask(word, start + 1, end);

		pool_visit();
		/* The first quantum of the extent may be the last one of a word. */
		if ((start + 1) / WORD_BITS <= word)
			pool_map_keep(&pool->parts, word, ~gone);
	}
}

/**
 * pool_next_dirty - find the next quanta of a range that need zeroing
 * @pool: the pool
 * @from: first quantum of the range
 * @end: first quantum after the range; quanta beyond the pool are ignored
 * @max: maximum number of quanta to return
 * @start: the first dirty quantum, if there is one
 *
 * The quanta may be free or in use. Cost: O(1) for each part that begins between
 * @from and the last quantum returned.
 *
 * Return: number of quanta, 0 if none is dirty.
 */
u32 pool_next_dirty(const struct pool *pool, u32 from, u32 end, u32 max,
		    u32 *start)
{
	u32 part;

	end = min(end, pool->nr);
	if (from >= end || !max)
		return 0;
	part = pool_map_prev(&pool->parts, from);
	while (!flag(pool->soiled, part)) {
		pool_visit();
		part = pool_map_next(&pool->parts, part + 1);
		if (part >= end)
			return 0;
		from = part;
	}
	*start = from;
	end = from + min(max, end - from);
	do {
		pool_visit();
		part = pool_map_next(&pool->parts, part + 1);
	} while (part < end && flag(pool->soiled, part));
	return min(part, end) - from;
}

static bool to_clean(const struct pool *pool, u32 part)
{
	return !flag(pool->used, part) && flag(pool->soiled, part);
}

/**
 * pool_next_to_clean - find free quanta that need zeroing
 * @pool: the pool
 * @max: maximum number of quanta to return
 * @start: the first quantum, if there is one
 *
 * Successive calls go round the pool. The quanta stay free, and pool_alloc_step() may
 * allocate them before they are clean.
 *
 * Cost: O(log n).
 *
 * Return: number of quanta, 0 if none is free and dirty.
 */
u32 pool_next_to_clean(struct pool *pool, u32 max, u32 *start)
{
	u32 hint = pool->clean_hint;
	u32 word = hint / WORD_BITS;
	unsigned long bits;
	u32 end;

	if (!pool->dirty || !max)
		return 0;

	if (to_clean(pool, pool_map_prev(&pool->parts, hint))) {
		*start = hint;
	} else {
		bits = pool_map_word(&pool->parts, word) &
		       ~pool->used[word] & pool->soiled[word] &
		       ~1UL << hint % WORD_BITS;
		/* There is one; if not after the hint, then before it. */
		if (!bits) {
			word = pool_map_next(&pool->todo, word + 1);
			if (word == POOL_NONE)
				word = pool_map_next(&pool->todo, 0);
			bits = pool_map_word(&pool->parts, word) &
			       ~pool->used[word] & pool->soiled[word];
		}
		*start = word * WORD_BITS + __ffs(bits);
	}

	end = *start + min(max, pool->nr - *start);
	end = min(end, pool_map_next(&pool->parts, *start + 1));
	pool->clean_hint = end == pool->nr ? 0 : end;
	return end - *start;
}

/* Begin a clean part at the start of a zeroed range. */
static void clean_from(struct pool *pool, u32 start)
{
	u32 part = pool_map_prev(&pool->parts, start);

	if (part != start) {
		if (!flag(pool->soiled, part))
			return;
		split(pool, start, part);
	}
	set_flag(pool->soiled, start, false);
	if (pool_map_test(&pool->pieces, start))
		return;
	part = pool_map_prev(&pool->parts, start - 1);
	if (!flag(pool->soiled, part))
		pool_map_clear(&pool->parts, start);
}

/**
 * pool_set_clean - mark quanta as clean after they have been zeroed
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta; quanta beyond the pool are ignored
 *
 * The range may contain quanta in any state, and parts of extents. Free quanta of the
 * range need no zeroing any more before they are handed out.
 *
 * Cost: O(log n), and O(log n) for each word in which parts of the range begin.
 */
void pool_set_clean(struct pool *pool, u32 start, u32 len)
{
	u32 first = start / WORD_BITS;
	u32 part, end, word;

	if (start >= pool->nr)
		return;
	len = min(len, pool->nr - start);
	if (!len)
		return;

	end = start + len;
	WRITE_ONCE(pool->dirty, pool->dirty - count_dirty(pool, start, end));
	part = pool_map_prev(&pool->parts, end);
	if (part != end && flag(pool->soiled, part))
		split(pool, end, part);
	clean_from(pool, start);
	if (pool_map_test(&pool->parts, end) && !flag(pool->soiled, end) &&
	    !pool_map_test(&pool->pieces, end))
		pool_map_clear(&pool->parts, end);

	/* From the end to the start, so that everything after a word is already up to date. */
	word = (end - 1) / WORD_BITS;
	if (!pool_map_word(&pool->parts, word))
		word = pool_map_prev_word(&pool->parts, word);
	for (; word != POOL_NONE && word >= first;
	     word = pool_map_prev_word(&pool->parts, word)) {
		unsigned long mask = range_mask(word, start, end);

		pool_visit();
		pool->soiled[word] &= ~(mask & pool_map_word(&pool->parts, word));
		if (word == first)
			mask &= ~1UL << start % WORD_BITS;
		pool_map_keep(&pool->parts, word,
			      ~mask | pool_map_word(&pool->pieces, word));
		sum_up_todo(pool, word);
	}
	sum_up_todo(pool, start / WORD_BITS);
	sum_up_todo(pool, end / WORD_BITS);
}
