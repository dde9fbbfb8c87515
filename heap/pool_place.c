// SPDX-License-Identifier: GPL-2.0-only
/*
 * The search for a place in the pool. Nothing is changed here.
 */
#include "pool_internal.h"

/**
 * struct fit - a run that is long enough
 * @start: its first quantum
 * @end: the quantum after it
 */
struct fit {
	u32 start;
	u32 end;
};

/*
 * Find the first run of at least @len quanta among those that begin at @bits of a word.
 * Inline, because mostly there is only one run to check.
 */
static inline bool first_in_word(const struct pool *pool, u32 word,
				 unsigned long bits, u32 len,
				 struct fit *fit)
{
	for (; bits; bits &= bits - 1) {
		pool_visit();
		fit->start = word * WORD_BITS + __ffs(bits);
		fit->end = pool_map_next(&pool->pieces, fit->start + 1);
		if (fit->end - fit->start >= len)
			return true;
	}
	return false;
}

static bool last_in_word(const struct pool *pool, u32 word,
			 unsigned long bits, u32 len, struct fit *fit)
{
	while (bits) {
		u32 bit = __fls(bits);

		pool_visit();
		bits ^= 1UL << bit;
		fit->start = word * WORD_BITS + bit;
		fit->end = pool_map_next(&pool->pieces, fit->start + 1);
		if (fit->end - fit->start >= len)
			return true;
	}
	return false;
}

/*
 * Find the next run that is long enough, after the one in @fit, or from the start of
 * the pool if @fit is zero.
 */
static bool next_fit(const struct pool *pool, u32 len, struct fit *fit)
{
	u32 word = 0;

	if (fit->end) {
		word = fit->start / WORD_BITS;
		if (first_in_word(pool, word, starts(pool, word) &
				  ~1UL << fit->start % WORD_BITS, len, fit))
			return true;
		word++;
	}
	word = pool_tree_first(&pool->room, word, len);
	return word != POOL_NONE &&
	       first_in_word(pool, word, starts(pool, word), len, fit);
}

/* The same towards lower addresses, from the end of the pool if @fit is zero. */
static bool prev_fit(const struct pool *pool, u32 len, struct fit *fit)
{
	u32 word = POOL_NONE;

	if (fit->end) {
		u32 bit = fit->start % WORD_BITS;

		word = fit->start / WORD_BITS;
		if (last_in_word(pool, word, starts(pool, word) &
				 ((1UL << bit) - 1), len, fit))
			return true;
		if (!word--)
			return false;
	}
	word = pool_tree_last(&pool->room, word, len);
	return word != POOL_NONE &&
	       last_in_word(pool, word, starts(pool, word), len, fit);
}

/* Find the lowest aligned place in a run, or, with @high, the highest. */
static bool place_in(const struct pool *pool, const struct fit *fit, u32 len,
		     u32 align, bool high, u32 *start)
{
	u32 slack = fit->end - fit->start - len;
	u32 at = high ? fit->end - len : fit->start;
	u32 off = (u32)(pool->base + at) & (align - 1);

	if (!high)
		off = -off & (align - 1);
	if (off > slack)
		return false;
	*start = high ? at - off : at + off;
	return true;
}

/* How good a place is: it has the preferred alignment (the wish), and is all clean. */
#define PLACE_GRANTED	1
#define PLACE_CLEAN	2
#define PLACE_BEST	(PLACE_GRANTED | PLACE_CLEAN)

/* Is all of a place clean? */
static bool is_clean(const struct pool *pool, u32 start, u32 len)
{
	return !flag(pool->soiled, pool_map_prev(&pool->parts, start)) &&
	       pool_map_next(&pool->parts, start + 1) >= start + len;
}

/* Are some free quanta dirty and some clean? */
static bool is_mixed(const struct pool *pool)
{
	return pool->dirty && pool->dirty != pool->free;
}

static bool is_aligned(const struct pool *pool, u32 start, u32 align)
{
	return !((u32)(pool->base + start) & (align - 1));
}

static u32 rank_of(const struct pool *pool, u32 start, u32 len, u32 wish)
{
	u32 rank = is_aligned(pool, start, wish) ? PLACE_GRANTED : 0;

	return !is_mixed(pool) || is_clean(pool, start, len) ?
	       rank | PLACE_CLEAN : rank;
}

/*
 * Choose the better end of a run; if both are equally good, the high end with @high,
 * else the low one. Only @align can keep a place away from the end. To get clean
 * memory, or the wish, no run is split.
 */
static void better_end(const struct pool *pool, const struct fit *fit, u32 len,
		       u32 align, u32 wish, bool high, u32 *start)
{
	u32 rank, other;

	place_in(pool, fit, len, align, high, start);
	rank = rank_of(pool, *start, len, wish);
	if (rank != PLACE_BEST &&
	    place_in(pool, fit, len, align, !high, &other) &&
	    rank_of(pool, other, len, wish) > rank)
		*start = other;
}

/* Does either end of a run satisfy the wish? */
static bool grants(const struct pool *pool, const struct fit *fit, u32 len,
		   u32 align, u32 wish)
{
	u32 low, high;

	if (wish == align)
		return true;
	return (place_in(pool, fit, len, align, false, &low) &&
		is_aligned(pool, low, wish)) ||
	       (place_in(pool, fit, len, align, true, &high) &&
		is_aligned(pool, high, wish));
}

/* For a request that is neither aligned nor large; a run that fits must exist. */
static void first_fit(const struct pool *pool, u32 len, u32 *start)
{
	u32 word = pool_tree_first(&pool->room, 0, len);
	struct fit fit = { };

	first_in_word(pool, word, starts(pool, word), len, &fit);
	*start = fit.start;
	if (is_mixed(pool) && !is_clean(pool, fit.start, len) &&
	    is_clean(pool, fit.end - len, len))
		*start = fit.end - len;
}

/*
 * Only a request that is a multiple of pool->large has a wish. It leaves an end that
 * is aligned for the next one.
 */
static u32 wish_of(const struct pool *pool, u32 len, u32 align)
{
	u32 wish = min(len & -len, pool->block);

	return pool->large && wish >= pool->large ? max(wish, align) : align;
}

/*
 * Search for a run in address order, clean or not. A large request searches from the
 * end, and takes the shortest of the first few runs that fit, preferably one that
 * satisfies its wish. Many runs may be long enough, but not once they are aligned.
 * So only a few are tried; then the search takes a run that is long enough for any
 * alignment. Cost: O(log n).
 *
 * Returns 0, -ENOSPC, or -EAGAIN if an exhaustive search may still find a place.
 */
static noinline int quick_fit(const struct pool *pool, u32 len, u32 align,
			      u32 *start)
{
	bool high = pool->large && len >= pool->large;
	u32 wish = wish_of(pool, len, align);
	struct fit fit = { }, best[2] = { };
	u32 fits[2] = { };
	u32 looks;
	u32 at;

	for (looks = 0; looks < POOL_LOOKS; looks++) {
		bool granted;

		if (!(high ? prev_fit(pool, len, &fit) :
			     next_fit(pool, len, &fit)))
			break;
		if (!place_in(pool, &fit, len, align, high, &at))
			continue;
		granted = grants(pool, &fit, len, align, wish);
		if (!fits[granted]++ || fit.end - fit.start <
		    best[granted].end - best[granted].start)
			best[granted] = fit;
		if (!high || fits[true] == POOL_FITS)
			break;
	}
	if (fits[0] || fits[1]) {
		better_end(pool, &best[!!fits[1]], len, align, wish, high,
			   start);
		return 0;
	}
	if (looks < POOL_LOOKS)
		return -ENOSPC;

	if (pool_tree_max(&pool->room) < len + align - 1)
		return -EAGAIN;
	memset(&fit, 0, sizeof(fit));
	if (high)
		prev_fit(pool, len + align - 1, &fit);
	else
		next_fit(pool, len + align - 1, &fit);
	better_end(pool, &fit, len, align, align, high, start);
	return 0;
}

/* Find a place for a request in a run that begins in a word. */
static bool place_in_word(const struct pool *pool, u32 word,
			  const struct pool_search *search, u32 *start)
{
	unsigned long bits = starts(pool, word);
	struct fit fit;

	for (; bits; bits &= bits - 1)
		if (first_in_word(pool, word, bits & -bits, search->len,
				  &fit) &&
		    place_in(pool, &fit, search->len, search->align, false,
			     start))
			return true;
	return false;
}

/*
 * A run may begin in a word that has been searched, and reach into the next one. The
 * start of that run may have been freed since then, so check the run again.
 */
static bool place_across(const struct pool *pool,
			 const struct pool_search *search, u32 *start)
{
	u32 at = search->word * WORD_BITS;
	struct fit fit;

	if (!at || at >= pool->nr || pool_map_test(&pool->pieces, at))
		return false;
	fit.start = pool_map_prev(&pool->pieces, at);
	fit.end = pool_map_next(&pool->pieces, at);
	return !flag(pool->used, fit.start) &&
	       fit.end - fit.start >= search->len &&
	       place_in(pool, &fit, search->len, search->align, false, start);
}

/* Check all runs that begin in the next POOL_STEP_WORDS words with a run that is long enough. */
static noinline int exhaustive_step(const struct pool *pool,
				    struct pool_search *search, u32 *start)
{
	u32 words = POOL_STEP_WORDS;

	if (place_across(pool, search, start))
		return 0;
	while (words--) {
		u32 word = pool_tree_first(&pool->room, search->word,
					   search->len);

		if (word == POOL_NONE)
			return -ENOSPC;
		if (place_in_word(pool, word, search, start))
			return 0;
		search->word = word + 1;
	}
	return -EAGAIN;
}

/**
 * pool_find() - do one step of the search for a place
 * @pool: the pool
 * @search: the request, see pool_alloc_step()
 * @start: first quantum of the place, on success
 *
 * Return: as pool_alloc_step().
 */
int pool_find(const struct pool *pool, struct pool_search *search, u32 *start)
{
	u32 align = search->align;
	u32 len = search->len;
	int ret;

	if (!len || !is_power_of_2(align))
		return -EINVAL;
	if (search->exhaustive)
		return exhaustive_step(pool, search, start);
	if (pool_tree_max(&pool->room) < len)
		return -ENOSPC;
	if (align > 1 || (pool->large && len >= pool->large)) {
		ret = quick_fit(pool, len, align, start);
		search->exhaustive = ret == -EAGAIN;
		return ret;
	}
	first_fit(pool, len, start);
	return 0;
}
