// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: from every valid state of a pool with NR quanta, each operation leads exactly to the
 * state that its description says. Here, that is expressed with sets of quanta. The comparison
 * includes the entire pool: all relevant bits, summaries and the tree. Irrelevant bits may have
 * any value.
 */
#include "pool_internal.h"
#include "proof.h"

/* Number of words of the bitmaps; the last one includes the bit after the last quantum. */
#define WORDS	(NR / WORD_BITS + 1)

/* Sets of quanta: the lowest bit is quantum 0. They include the bit after the last quantum. */
#if NR < 31
typedef u32 set;
#else
typedef u64 set;
#endif

#define ONE(quantum)	((set)1 << (quantum))
#define ALL		(ONE(NR) - 1)
/* Quanta in any state. The others are absent. */
#define ANY		(ALL & ~(ONE(FIRST) - 1))

/* Absent, at least at present; in extents; first quanta of extents; to be zeroed. */
static set absent, taken, heads, dirty;

static struct pool pool;
static unsigned long pieces[WORDS], parts[WORDS], todo[1];
static unsigned long used[WORDS], soiled[WORDS], gone[WORDS];
static unsigned long pieces_top, parts_top;
static u32 room[POOL_TREE_WIDTH], room_top[POOL_TREE_WIDTH];

static set range(u32 start, u32 len)
{
	return (ONE(len) - 1) << start;
}

static bool in_pool(u32 start, u32 len)
{
	return len && start < NR && len <= NR - start;
}

static set free_ones(void)
{
	return ALL & ~(absent | taken);
}

/* Starts of pieces, including the one after the last quantum. */
static set piece_starts(void)
{
	return 1 | heads | ((absent ^ absent << 1 | taken ^ taken << 1) & ALL) |
	       ONE(NR);
}

static set part_starts(void)
{
	return piece_starts() | ((dirty ^ dirty << 1) & ALL);
}

static set of_words(const unsigned long *words)
{
	set bits = words[0];

#if NR >= 31
	bits |= (set)words[1] << WORD_BITS;
#endif
	return bits;
}

static unsigned long word_of(set bits, u32 word)
{
#if NR >= 31
	if (word)
		return bits >> WORD_BITS;
#endif
	return bits;
}

static u32 hweight(set bits)
{
	u32 weight = 0, i;

	for (i = 0; i < NR; i++)
		weight += bits >> i & 1;
	return weight;
}

/* Are the sets consistent? */
static bool is_possible(void)
{
	return !((absent | taken | dirty) & ~ALL) &&
	       !(absent & (taken | dirty)) && !(heads & ~taken) &&
	       !(taken & ~(taken << 1) & ~heads);
}

static bool is_counted(void)
{
	return pool.free == hweight(free_ones()) &&
	       pool.dirty == hweight(free_ones() & dirty) &&
	       pool.absent == hweight(absent) && pool.extents == hweight(heads);
}

/* The longest run of free quanta that begins in a word. */
static u32 longest_in(u32 word)
{
	set starts = piece_starts() & free_ones(), runs = free_ones();
	u32 longest = 0, len;

	for (len = 1; len <= NR; len++) {
		longest += !!word_of(runs & starts, word);
		runs = free_ones() & runs >> 1;
	}
	return longest;
}

static bool is_room(void)
{
	bool is = true;
	u32 word;

	for (word = 0; word < POOL_TREE_WIDTH; word++) {
		is = is && room[word] == (word < WORDS ? longest_in(word) : 0);
		is = is && (!word || !room_top[word]);
	}
	return is && room_top[0] == (WORDS > 1 ? max(room[0], room[1]) : room[0]);
}

/* A summary has a bit for each word that is not empty. */
static unsigned long summary_of(set bits)
{
	return (word_of(bits, 0) != 0) +
	       (WORDS > 1 ? 2UL * (word_of(bits, 1) != 0) : 0);
}

/* Does the pool match the sets? */
static bool is_true(void)
{
	set starts = part_starts(), clean_me = starts & free_ones() & dirty;

	return of_words(pieces) == piece_starts() && of_words(parts) == starts &&
	       of_words(gone) == (piece_starts() & absent) &&
	       (of_words(used) & starts) ==
			(starts & (taken | absent | ONE(NR))) &&
	       (of_words(soiled) & starts) == (starts & dirty) &&
	       pieces_top == summary_of(piece_starts()) &&
	       parts_top == summary_of(starts) &&
	       todo[0] == summary_of(clean_me) &&
	       pool.clean_hint < NR && is_room() && is_counted();
}

static bool is_power(u32 n)
{
	return n && !(n & (n - 1));
}

/* A pool in any state, with the layout of pool_init_absent(). */
static void any_pool(void)
{
	set starts;
	u32 i;

	absent = (nondet_u64() & ANY) | (ALL & ~ANY);
	taken = nondet_u64() & ANY;
	heads = nondet_u64() & ANY;
	dirty = nondet_u64() & ANY;
	assume(is_possible());
	starts = part_starts();
	for (i = 0; i < WORDS; i++) {
		pieces[i] = word_of(piece_starts(), i);
		parts[i] = word_of(starts, i);
		gone[i] = word_of(piece_starts() & absent, i);
		/* Irrelevant bits may have any value. */
		used[i] = nondet_long() & ~parts[i];
		used[i] |= word_of(starts & (taken | absent | ONE(NR)), i);
		soiled[i] = nondet_long() & ~parts[i];
		soiled[i] |= word_of(starts & dirty, i);
		room[i] = longest_in(i);
	}
	todo[0] = summary_of(starts & free_ones() & dirty);
	pieces_top = summary_of(piece_starts());
	parts_top = summary_of(starts);
	room_top[0] = WORDS > 1 ? max(room[0], room[1]) : room[0];
	pool.base = nondet_u64();
	pool.nr = NR;
	pool.free = hweight(free_ones());
	pool.dirty = hweight(free_ones() & dirty);
	pool.absent = hweight(absent);
	pool.extents = hweight(heads);
	pool.clean_hint = nondet_u32();
	pool.large = nondet_u32();
	pool.block = nondet_u32();
	pool.pieces.level[0] = pieces;
	pool.pieces.level[1] = &pieces_top;
	pool.pieces.levels = WORDS;
	pool.parts.level[0] = parts;
	pool.parts.level[1] = &parts_top;
	pool.parts.levels = WORDS;
	pool.todo.level[0] = todo;
	pool.todo.levels = 1;
	pool.used = used;
	pool.soiled = soiled;
	pool.gone = gone;
	pool.room.level[0] = room;
	pool.room.level[1] = room_top;
	pool.room.width[0] = POOL_TREE_WIDTH;
	pool.room.width[1] = POOL_TREE_WIDTH;
	pool.room.levels = 2;
	assume(pool.base <= U64_MAX - NR);
	assume(!pool.large || (is_power(pool.large) && is_power(pool.block) &&
			       pool.block >= pool.large));
	assume(pool.clean_hint < NR);
}

void proof_add(void)
{
	u32 start = nondet_u32(), len = nondet_u32();
	bool soil = nondet_bool();
	int ret;

	any_pool();
	ret = pool_add(&pool, start, len, soil);
	if (!in_pool(start, len)) {
		prove(ret == -EINVAL);
	} else if (range(start, len) & ~absent) {
		prove(ret == -EEXIST);
	} else {
		prove(!ret);
		absent &= ~range(start, len);
		if (soil)
			dirty |= range(start, len);
	}
	prove(is_true());
}

void proof_remove(void)
{
	u32 start = nondet_u32(), len = nondet_u32();
	int ret;

	any_pool();
	ret = pool_remove(&pool, start, len);
	if (!in_pool(start, len)) {
		prove(ret == -EINVAL);
	} else if (range(start, len) & ~free_ones()) {
		prove(ret == -EBUSY);
	} else {
		prove(!ret);
		absent |= range(start, len);
		dirty &= ~range(start, len);
	}
	prove(is_true());
}

/* Dirty quanta in an extent stay dirty, but are not counted. */
void proof_alloc_at(void)
{
	u32 start = nondet_u32(), len = nondet_u32();
	int ret;

	any_pool();
	ret = pool_alloc_at(&pool, start, len);
	if (!in_pool(start, len)) {
		prove(ret == -EINVAL);
	} else if (range(start, len) & ~free_ones()) {
		prove(ret == -EBUSY);
	} else {
		prove(!ret);
		taken |= range(start, len);
		heads |= ONE(start);
	}
	prove(is_true());
}

/* Exactly one extent: it begins there, and the next piece begins after it. */
void proof_free(void)
{
	u32 start = nondet_u32(), len = nondet_u32();
	int ret;

	any_pool();
	ret = pool_free(&pool, start, len);
	if (in_pool(start, len) && heads >> start & 1 &&
	    (piece_starts() & range(start + 1, len)) == ONE(start + len)) {
		prove(!ret);
		taken &= ~range(start, len);
		heads &= ~range(start, len);
		dirty |= range(start, len);
	} else {
		prove(ret == -EINVAL);
	}
	prove(is_true());
}

/* Is @at a place for the request, in a run that extends into @word or begins in a later word? */
static bool has_place(const struct pool_search *search, u32 at, u32 word)
{
	u32 first = word * WORD_BITS;
	set pieces_in;

	if (!in_pool(at, search->len) ||
	    range(at, search->len) & ~free_ones() ||
	    ((u32)pool.base + at) & (search->align - 1))
		return false;
	if (at >= first)
		return true;
	/* No other piece begins between it and the first quantum of the word. */
	if (first >= NR)
		return false;
	pieces_in = piece_starts() & range(at + 1, first - at);
	return !pieces_in;
}

/* The place is free, contiguous, aligned and in the pool; or there is none. */
static void search_once(bool exhaustive)
{
	struct pool_search search = {
		.len = nondet_u32(), .align = nondet_u32(),
		.exhaustive = exhaustive, .word = exhaustive ? nondet_u32() : 0,
	};
	u32 start = nondet_u32(), other = nondet_u32(), word = search.word;
	bool any;
	int ret;

	assume(word <= WORDS);
	any_pool();
	any = is_power(search.align) && has_place(&search, other, word);
	ret = pool_find(&pool, &search, &start);
	prove((ret == -EINVAL) == (!search.len || !is_power(search.align)));
	prove(!ret || ret == -EINVAL || ret == -ENOSPC || ret == -EAGAIN);
	if (!ret)
		prove(has_place(&search, start, word));
	if (ret == -ENOSPC)
		prove(!any);
	if (ret == -EAGAIN)
		prove(!exhaustive && search.exhaustive && search.align > 1 &&
		      !search.word);
	if (!ret && exhaustive && any)
		prove(start <= other);
}

void proof_quick(void)
{
	search_once(false);
}

void proof_exhaustive(void)
{
	search_once(true);
}

void proof_largest(void)
{
	u32 start = nondet_u32(), len = nondet_u32(), largest;

	any_pool();
	largest = pool_largest(&pool);
	if (in_pool(start, len) && !(range(start, len) & ~free_ones()))
		prove(largest >= len);
	if (largest) {
		struct pool_search search = { .len = largest, .align = 1 };

		pool.large = 0;
		prove(!pool_find(&pool, &search, &start));
		prove(has_place(&search, start, 0));
	}
}

void proof_set_clean(void)
{
	u32 start = nondet_u32(), len = nondet_u32();

	any_pool();
	pool_set_clean(&pool, start, len);
	if (start < NR)
		dirty &= ~range(start, min(len, NR - start));
	prove(is_true());
}

/* The result is dirty, and nothing before it is. */
void proof_next_dirty(void)
{
	u32 from = nondet_u32(), end = nondet_u32(), most = nondet_u32();
	u32 start = nondet_u32(), len, last;

	any_pool();
	len = pool_next_dirty(&pool, from, end, most, &start);
	last = min(end, NR);
	prove(len <= most);
	if (from >= last || !most) {
		prove(!len);
		return;
	}
	if (!len) {
		prove(!(dirty & range(from, last - from)));
		return;
	}
	prove(in_pool(start, len) && start >= from && start + len <= last);
	prove(!(range(start, len) & ~dirty));
	prove(!(range(from, start - from) & dirty));
}

void proof_next_to_clean(void)
{
	u32 most = nondet_u32(), start = nondet_u32(), len;

	any_pool();
	len = pool_next_to_clean(&pool, most, &start);
	prove(len <= most);
	prove(!len == (!most || !(free_ones() & dirty)));
	if (len)
		prove(in_pool(start, len) &&
		      !(range(start, len) & ~(free_ones() & dirty)));
	prove(is_true());
}

/* All quanta of the run have the same state, and belong to at most one extent. */
void proof_next_run(void)
{
	u32 from = nondet_u32();
	struct pool_run run = { };
	set same, ends;
	bool some;

	any_pool();
	some = pool_next_run(&pool, from, &run);
	prove(some == (from < NR));
	if (!some)
		return;
	prove(run.start == from && in_pool(from, run.len));
	same = run.state == POOL_ABSENT ? absent : run.state == POOL_USED ? taken :
	       run.state == POOL_DIRTY ? free_ones() & dirty :
					 free_ones() & ~dirty;
	prove(!(range(from, run.len) & ~same));
	/* Something else begins at its end, but not before. */
	ends = heads | (ALL & ~same) | ONE(NR);
	prove((ends & range(from + 1, run.len)) == ONE(from + run.len));
}
