// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: of every state in which a pool of NR quanta can be, each operation
 * makes the state that its description says, and no other. What that is stands
 * here as sets of quanta. What is compared is all of the pool: each bit that means
 * something, summaries and tree. Bits that mean nothing can be anything.
 */
#include "pool_internal.h"
#include "proof.h"

/* Words of the bitmaps, in the last of which is the bit behind the last quantum. */
#define WORDS	(NR / WORD_BITS + 1)

/* Sets of quanta, quantum 0 being the lowest bit. */
typedef u64 set;

#define ALL	((1ULL << NR) - 1)

/* Not to be had, or not at present; in extents; first ones of these; to be zeroed. */
static set absent, taken, heads, dirty;

static struct pool pool;
static unsigned long pieces[WORDS], parts[WORDS], todo[1];
static unsigned long used[WORDS], soiled[WORDS], gone[WORDS];
static unsigned long pieces_top, parts_top;
static u32 room[POOL_TREE_WIDTH], room_top[POOL_TREE_WIDTH];

static set range(u32 start, u32 len)
{
	return ((1ULL << len) - 1) << start;
}

static bool in_pool(u32 start, u32 len)
{
	return len && start < NR && len <= NR - start;
}

static set free_ones(void)
{
	return ALL & ~(absent | taken);
}

/* Where a piece begins, one of which is behind the last quantum. */
static set piece_starts(void)
{
	return 1 | heads | ((absent ^ absent << 1 | taken ^ taken << 1) & ALL) |
	       1ULL << NR;
}

static set part_starts(void)
{
	return piece_starts() | ((dirty ^ dirty << 1) & ALL);
}

static set of_words(const unsigned long *words)
{
	set bits = words[0];

	if (WORDS > 1)
		bits |= (set)words[1] << WORD_BITS % 64;
	return bits;
}

/* What sets of quanta there can be. */
static bool is_possible(void)
{
	return !((absent | taken | dirty) & ~ALL) &&
	       !(absent & (taken | dirty)) && !(heads & ~taken) &&
	       !(taken & ~(taken << 1) & ~heads);
}

/* The longest run of a word is as long as any that begins there, and no longer. */
static bool is_room(void)
{
	set starts = piece_starts() & free_ones(), runs = free_ones();
	bool is = room[0] <= NR && (WORDS == 1 || room[1] <= NR);
	u32 len;

	for (len = 1; len <= NR; len++) {
		is = is && (room[0] >= len) == !!(runs & starts & ~0UL);
		if (WORDS > 1)
			is = is && (room[1] >= len) ==
				   !!((runs & starts) >> WORD_BITS % 64);
		runs = free_ones() & runs >> 1;
	}
	for (len = WORDS; len < POOL_TREE_WIDTH; len++)
		is = is && !room[len];
	for (len = 1; len < POOL_TREE_WIDTH; len++)
		is = is && !room_top[len];
	return is && room_top[0] == (WORDS > 1 ? max(room[0], room[1]) : room[0]);
}

static bool is_summary(unsigned long top, set bits)
{
	return top == ((bits & ~0UL) != 0) +
		      2UL * (WORDS > 1 && bits >> WORD_BITS % 64);
}

/* The pool says of the quanta what they are. */
static bool is_true(void)
{
	set starts = part_starts(), clean_me = starts & free_ones() & dirty;

	return of_words(pieces) == piece_starts() && of_words(parts) == starts &&
	       of_words(gone) == (piece_starts() & absent) &&
	       (of_words(used) & starts) ==
			(starts & (taken | absent | 1ULL << NR)) &&
	       (of_words(soiled) & starts) == (starts & dirty) &&
	       is_summary(pieces_top, piece_starts()) &&
	       is_summary(parts_top, starts) && is_summary(todo[0], clean_me) &&
	       pool.clean_hint < NR && is_room();
}

/* What the counters say is assumed, not proved: sums are hard to reason about. */
static bool is_counted(void)
{
	return pool.free == __builtin_popcountll(free_ones()) &&
	       pool.dirty == __builtin_popcountll(free_ones() & dirty);
}

static bool is_power(u32 n)
{
	return n && !(n & (n - 1));
}

/* A pool in any state, laid out as pool_init_absent() does. */
static void any_pool(void)
{
	u32 i;

	absent = nondet_u64();
	taken = nondet_u64();
	heads = nondet_u64();
	dirty = nondet_u64();
	for (i = 0; i < WORDS; i++) {
		pieces[i] = nondet_long();
		parts[i] = nondet_long();
		used[i] = nondet_long();
		soiled[i] = nondet_long();
		gone[i] = nondet_long();
	}
	todo[0] = nondet_long();
	pieces_top = nondet_long();
	parts_top = nondet_long();
	for (i = 0; i < POOL_TREE_WIDTH; i++) {
		room[i] = nondet_u32();
		room_top[i] = nondet_u32();
	}
	pool.base = nondet_u64();
	pool.nr = NR;
	pool.free = nondet_u32();
	pool.dirty = nondet_u32();
	pool.absent = nondet_u32();
	pool.extents = nondet_u32();
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
	if (WORDS == 1) {
		pieces_top = 1;
		parts_top = 1;
	}
	assume(is_possible() && is_true() && is_counted());
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

/* What is dirty in an extent stays so, but does not count. */
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
		heads |= 1ULL << start;
	}
	prove(is_true());
}

/* One extent, all of it: it begins there, and the next piece begins behind it. */
void proof_free(void)
{
	u32 start = nondet_u32(), len = nondet_u32();
	int ret;

	any_pool();
	ret = pool_free(&pool, start, len);
	if (in_pool(start, len) && heads >> start & 1 &&
	    (piece_starts() & range(start + 1, len)) == 1ULL << (start + len)) {
		prove(!ret);
		taken &= ~range(start, len);
		heads &= ~range(start, len);
		dirty |= range(start, len);
	} else {
		prove(ret == -EINVAL);
	}
	prove(is_true());
}

/* Whether a request has a place at @at, in a run that begins in @word or later. */
static bool has_place(const struct pool_search *search, u32 at, u32 word)
{
	set before;

	if (!in_pool(at, search->len) ||
	    range(at, search->len) & ~free_ones() ||
	    ((u32)pool.base + at) & (search->align - 1))
		return false;
	if (!word)
		return true;
	/* Where its run begins. */
	before = piece_starts() & range(0, at + 1);
	return word < WORDS && before >> WORD_BITS % 64;
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

/* What is found is dirty, and nothing before it is. */
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

/* All that is in one state, and no more than one extent. */
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
	/* Where it ends, something else begins, and nothing before. */
	ends = heads | (ALL & ~same) | 1ULL << NR;
	prove((ends & range(from + 1, run.len)) == 1ULL << (from + run.len));
}
