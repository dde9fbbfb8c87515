// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: bitmaps of the beginnings of pieces and parts, and a tree over them.
 *
 * pool.h says what they mean. Conventions below:
 *
 * - pieces and parts have a bit at the quantum after the last one, which is
 *   in use and clean. So every piece and every part ends, and nobody has to ask
 *   where the pool does.
 *
 * - Free pieces never touch, nor do two parts of one piece that are in the same
 *   state.
 *
 * n stands for the number of quanta in the notes on cost.
 */
#include "pool.h"

static u32 words_of(const struct pool *pool)
{
	return pool->nr / WORD_BITS + 1;
}

static bool flag(const unsigned long *map, u32 bit)
{
	return map[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

static void set_flag(unsigned long *map, u32 bit, bool value)
{
	unsigned long mask = 1UL << bit % WORD_BITS;
	unsigned long *word = &map[bit / WORD_BITS];

	*word = value ? *word | mask : *word & ~mask;
}

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

/* Where runs of free quanta begin in a word. */
static unsigned long starts(const struct pool *pool, u32 word)
{
	return pool_map_word(&pool->pieces, word) & ~pool->used[word];
}

/* A part's first quantum, its part already being known to be that of @from. */
static void split(struct pool *pool, u32 at, u32 from)
{
	pool_map_set(&pool->parts, at);
	set_flag(pool->used, at, flag(pool->used, from));
	set_flag(pool->soiled, at, flag(pool->soiled, from));
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

static void sum_up_todo(struct pool *pool, u32 word)
{
	unsigned long bits = pool_map_word(&pool->parts, word) &
			     ~pool->used[word] & pool->soiled[word];

	if (!bits == !pool_map_test(&pool->todo, word))
		return;
	if (bits)
		pool_map_set(&pool->todo, word);
	else
		pool_map_clear(&pool->todo, word);
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
 * How many quanta of a range are dirty, or dirty and free. Cost: as many words
 * as parts begin in.
 */
static u32 count_dirty(const struct pool *pool, u32 start, u32 end,
		       bool free_only)
{
	u32 head = pool_map_prev(&pool->parts, start);
	bool carry = flag(pool->soiled, head) &&
		     !(free_only && flag(pool->used, head));
	u32 word = start / WORD_BITS;
	u32 count = 0;

	for (;;) {
		unsigned long parts = pool_map_word(&pool->parts, word);
		unsigned long yes = parts & pool->soiled[word];
		unsigned long mask = range_mask(word, start, end);
		u32 next;

		pool_visit();
		if (free_only)
			yes &= ~pool->used[word];
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

/* An extent has been made of quanta that are in one part. */
static void take_in_part(struct pool *pool, u32 start, u32 end, u32 part_end)
{
	set_flag(pool->used, start, true);
	if (!flag(pool->soiled, start))
		return;
	pool->dirty -= end - start;
	if (end < part_end)
		pool_map_set(&pool->todo, end / WORD_BITS);
	if (end == part_end || end / WORD_BITS != start / WORD_BITS)
		sum_up_todo(pool, start / WORD_BITS);
}

/* The same for several. */
static noinline void take_parts(struct pool *pool, u32 start, u32 end)
{
	u32 word = start / WORD_BITS;

	pool->dirty -= count_dirty(pool, start, end, true);
	for (; word != POOL_NONE; word = next_word(pool, word, end)) {
		pool->used[word] |= pool_map_word(&pool->parts, word) &
				    range_mask(word, start, end);
		sum_up_todo(pool, word);
	}
	sum_up_todo(pool, end / WORD_BITS);
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
	pool->free -= len;
	pool->extents++;

	if (end <= part_end)
		take_in_part(pool, start, end, part_end);
	else
		take_parts(pool, start, end);
	if (piece != start)
		pool_map_set(&pool->pieces, start);
	if (end < piece_end) {
		pool_map_set(&pool->pieces, end);
		if (end / WORD_BITS != piece / WORD_BITS)
			gain(pool, end / WORD_BITS, piece_end - end);
	}
	lose(pool, piece / WORD_BITS, piece_end - piece);
}

/**
 * struct fit - a run that is long enough
 * @start: its first quantum
 * @end: the quantum after it
 */
struct fit {
	u32 start;
	u32 end;
};

/* The first run of at least @len quanta in a word, among those in @bits. */
static bool first_in_word(const struct pool *pool, u32 word,
			  unsigned long bits, u32 len, struct fit *fit)
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
 * The next run that is long enough, going up from the one in @fit, or from the
 * pool's beginning if that is all zero.
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

/* The same going down, from the pool's end if @fit is all zero. */
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

/* The lowest aligned place in a run, or the highest one. */
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

/* How good a place is: nothing of it is dirty; its wish for alignment comes true. */
#define PLACE_GRANTED	1
#define PLACE_CLEAN	2
#define PLACE_BEST	(PLACE_GRANTED | PLACE_CLEAN)

/* Whether nothing of a place in a run is dirty. */
static bool is_clean(const struct pool *pool, u32 start, u32 len)
{
	return !flag(pool->soiled, pool_map_prev(&pool->parts, start)) &&
	       pool_map_next(&pool->parts, start + 1) >= start + len;
}

/* Whether some free quanta are dirty and some are not. */
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
 * The better end of a run; if they are as good as each other, the @high one or the
 * low one. Only an alignment that was asked for keeps a place away from the end:
 * for clean memory, or for a wish, no run is split.
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

/* Whether the wish comes true at either end of a run. */
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

/* For a request that is neither aligned nor large, for which there has to be a run. */
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
 * Only a large request that is a number of whole blocks has a wish: so the next one
 * finds an end that is aligned, too.
 */
static u32 wish_of(const struct pool *pool, u32 len, u32 align)
{
	u32 wish = min(len & -len, pool->block);

	return pool->large && wish >= pool->large ? max(wish, align) : align;
}

/*
 * Looks for a run in address order, whatever is clean; for a large request from
 * the end, and then it is the shortest of the first few, of those where its wish
 * comes true if there are any. Runs that are long enough for the length but not
 * for the alignment could be many, so only some are looked at, and after that one
 * is taken that does for any alignment. O(log n).
 *
 * Returns 0, -ENOSPC, or -EAGAIN if there may be a place none the less.
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

static int find(const struct pool *pool, u32 len, u32 align, u32 *start)
{
	if (pool_tree_max(&pool->room) < len)
		return -ENOSPC;
	if (align > 1 || (pool->large && len >= pool->large))
		return quick_fit(pool, len, align, start);
	first_fit(pool, len, start);
	return 0;
}

/* Whether any run that begins in a word does for a request. */
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

/* Looks at all runs in some words. */
static noinline int exhaustive_step(const struct pool *pool,
				    struct pool_search *search, u32 *start)
{
	u32 words = POOL_STEP_WORDS;

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

/* A piece of clean quanta, absent or in use, is to begin at @at. */
static void start_piece(struct pool *pool, u32 at, bool absent)
{
	pool_map_set(&pool->pieces, at);
	pool_map_set(&pool->parts, at);
	set_flag(pool->used, at, true);
	set_flag(pool->soiled, at, false);
	set_flag(pool->gone, at, absent);
}

/* Join an absent stretch to the one in front of it. */
static void join_absent(struct pool *pool, u32 at)
{
	pool_map_clear(&pool->pieces, at);
	pool_map_clear(&pool->parts, at);
	set_flag(pool->gone, at, false);
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
 * Cost of a step: at most the runs in POOL_STEP_WORDS words looked at, each found
 * in O(log n), and O(log n) for each word in which the place has parts of
 * different state.
 *
 * Return: 0; -EAGAIN if another step is needed; -EINVAL if the length is 0 or
 * the alignment no power of two; -ENOSPC.
 */
int pool_alloc_step(struct pool *pool, struct pool_search *search, u32 *start)
{
	u32 align = search->align;
	u32 len = search->len;
	int ret;

	if (!len || !is_power_of_2(align))
		return -EINVAL;
	if (search->exhaustive) {
		ret = exhaustive_step(pool, search, start);
	} else {
		ret = find(pool, len, align, start);
		search->exhaustive = ret == -EAGAIN;
	}
	if (!ret)
		take(pool, *start, len);
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

/* Make one part of an extent that is about to be free. */
static noinline void join_parts(struct pool *pool, u32 start, u32 end)
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
	pool->free += len;
	pool->dirty += len;
	pool->extents--;

	if (part_end != end)
		join_parts(pool, start, end);
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
 * pool_next_dirty - the next quanta of a range that have to be zeroed
 * @pool: the pool
 * @from: where the range begins
 * @end: the quantum after the range, which ends with the pool at the latest
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
	pool->dirty -= count_dirty(pool, start, end, true);
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
	pool->absent -= len;
	pool->extents++;
	pool_free(pool, start, len);
	if (!dirty)
		pool_set_clean(pool, start, len);
	return 0;
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
	pool->absent += len;
	set_flag(pool->gone, start, true);
	if (flag(pool->gone, end))
		join_absent(pool, end);
	if (start &&
	    flag(pool->gone, pool_map_prev(&pool->pieces, start - 1)))
		join_absent(pool, start);
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
