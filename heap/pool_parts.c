// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of the pool's pieces: which quanta need zeroing. The word of a bitmap is
 * the unit of work, whatever begins in it.
 */
#include "pool_internal.h"

/* The bits of @word for the quanta from @start on and before @end. */
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
 * The next word after @word in which a part begins before @end; POOL_NONE if
 * there is none.
 */
static u32 next_word(const struct pool *pool, u32 word, u32 end)
{
	u32 next;

	/* The end is seldom far. */
	if (end <= (word + 1) * WORD_BITS)
		return POOL_NONE;
	next = word + 1;
	if (!pool_map_word(&pool->parts, next))
		next = pool_map_next_word(&pool->parts, word);
	return next * WORD_BITS < end ? next : POOL_NONE;
}

/*
 * For every quantum of a word whether the part that it belongs to is @yes,
 * bits of @parts; before the first part of the word it is as @carry says.
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
 * How many quanta of a range are free and dirty. Cost: as many words as parts
 * begin in.
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
		/* What is in front of the range is carried already. */
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
 * pool_take_parts() - make the parts of an extent that was free ones in use
 * @pool: the pool
 * @start: the extent's first quantum, where a part begins
 * @end: the quantum after it, where one begins, too
 *
 * Cost: as many words as parts begin in.
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
 * pool_join_parts() - make one part of an extent that is about to be free
 * @pool: the pool
 * @start: the extent's first quantum
 * @end: the quantum after it
 *
 * What the part is, the caller says. Cost: as many words as parts begin in.
 */
void pool_join_parts(struct pool *pool, u32 start, u32 end)
{
	u32 word = start / WORD_BITS;

	for (; word != POOL_NONE; word = next_word(pool, word, end)) {
		unsigned long gone = range_mask(word, start + 1, end);

		pool_visit();
		/* The extent's first quantum may end a word. */
		if ((start + 1) / WORD_BITS <= word)
			pool_map_keep(&pool->parts, word, ~gone);
	}
}

/**
 * pool_next_dirty - the next quanta of a range that have to be zeroed
 * @pool: the pool
 * @from: where the range begins
 * @end: the quantum after the range; what lies beyond the pool is ignored
 * @max: how many quanta to return at most
 * @start: the first quantum, if there is one
 *
 * Does not care who has the quanta. Cost: O(1) for each part that begins
 * between @from and the last quantum returned.
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
 * pool_next_to_clean - quanta that are free and need zeroing
 * @pool: the pool
 * @max: how many to return at most
 * @start: the first quantum, if there is one
 *
 * Goes round the pool from call to call. The quanta stay free, and pool_alloc_step()
 * may hand them out before they are clean.
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
		/* There is one, and at the latest it is in front of the hint. */
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

/* Where a range begins that has been zeroed. */
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
 * pool_set_clean - quanta have been zeroed
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta; what lies beyond the pool is ignored
 *
 * The range may contain anything: parts of extents, free quanta, clean ones,
 * absent ones.
 * Those that are free can be handed out from now on without zeroing.
 *
 * Cost: O(log n), and as much again for each word in which parts of the range
 * begin.
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

	/* Going down, so that what follows a word is as it is to be. */
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
