// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool_map.c: for any bits and correct summaries, each operation does what it should, and leaves
 * correct summaries. By induction, so does any number of operations.
 */
#include "pool_map.h"
#include "proof.h"

/* Three levels, with a partial word in each of them. */
#define BITS	(WORD_BITS * WORD_BITS + 3 * WORD_BITS + 5)
#define WORDS	((BITS - 1) / WORD_BITS + 1)
#define SUMMARY	((WORDS - 1) / WORD_BITS + 1)

/* For all possible sizes, the proof takes too long. */
#define MAX_BITS	0x2000U

static unsigned long words[WORDS], summary[SUMMARY], top;
static struct pool_map map;

/* Every summary matches the words below it. */
static bool is_sound(void)
{
	bool sound = top >> SUMMARY == 0;
	u32 word, bit;

	for (word = 0; word < SUMMARY; word++) {
		unsigned long bits = 0;

		for (bit = 0; bit < WORD_BITS; bit++)
			if (word * WORD_BITS + bit < WORDS &&
			    words[word * WORD_BITS + bit])
				bits |= 1UL << bit;
		sound = sound && summary[word] == bits &&
			(top >> word & 1) == !!bits;
	}
	return sound && !(words[WORDS - 1] & ~0UL << BITS % WORD_BITS);
}

/* A map in any valid state, with the layout of pool_map_init(). */
static void any_map(void)
{
	u32 word;

	for (word = 0; word < WORDS; word++)
		words[word] = nondet_long();
	for (word = 0; word < SUMMARY; word++)
		summary[word] = nondet_long();
	top = nondet_long();
	map = (struct pool_map) { { words, summary, &top }, 3 };
	assume(is_sound());
}

static u32 any_bit(void)
{
	u32 bit = nondet_u32();

	assume(bit < BITS);
	return bit;
}

/* Setting or clearing a bit affects only that bit. */
void proof_change(void)
{
	u32 bit = any_bit(), other = any_bit();
	bool was, set = nondet_bool();

	any_map();
	was = pool_map_test(&map, other);
	if (set)
		pool_map_set(&map, bit);
	else
		pool_map_clear(&map, bit);
	prove(pool_map_test(&map, other) == (other == bit ? set : was));
	prove(is_sound());
}

void proof_keep(void)
{
	u32 word = any_bit() / WORD_BITS, other = any_bit();
	unsigned long mask = nondet_long();
	bool was;

	any_map();
	was = pool_map_test(&map, other);
	pool_map_keep(&map, word, mask);
	if (other / WORD_BITS == word)
		was = was && mask >> other % WORD_BITS & 1;
	prove(pool_map_test(&map, other) == was);
	prove(is_sound());
}

/* No bit is set between the start and the result: checked for an arbitrary bit. */
void proof_next(void)
{
	u32 bit = any_bit(), other = any_bit();
	u32 found;

	any_map();
	found = pool_map_next(&map, bit);
	if (found != POOL_NONE) {
		prove(found >= bit && found < BITS);
		prove(pool_map_test(&map, found));
	}
	prove(!(other >= bit && other < found && pool_map_test(&map, other)));
}

void proof_prev(void)
{
	u32 bit = any_bit(), other = any_bit(), some = any_bit();
	u32 found;

	any_map();
	assume(some <= bit && pool_map_test(&map, some));
	found = pool_map_prev(&map, bit);
	prove(found <= bit);
	prove(pool_map_test(&map, found));
	prove(!(other <= bit && other > found && pool_map_test(&map, other)));
}

/* Neither finds the word itself, nor an empty word. */
void proof_words(void)
{
	u32 word = any_bit() / WORD_BITS, other = any_bit() / WORD_BITS;
	u32 next, prev;

	any_map();
	next = pool_map_next_word(&map, word);
	prev = pool_map_prev_word(&map, word);
	if (next != POOL_NONE)
		prove(next > word && next < WORDS && map.level[0][next]);
	prove(!(other > word && other < next && map.level[0][other]));
	if (prev != POOL_NONE)
		prove(prev < word && map.level[0][prev]);
	prove(!(other < word && (prev == POOL_NONE || other > prev) &&
		map.level[0][other]));
}

/* The levels neither overlap nor have gaps. */
void proof_init(void)
{
	u32 bits = nondet_u32();
	u32 level, width = bits;
	size_t all = 0;

	assume(bits && bits <= MAX_BITS);
	map = (struct pool_map) { };
	if (pool_map_init(&map, bits))
		return;
	prove(map.levels && map.levels <= POOL_MAP_LEVELS);
	prove(map.level[0] == memory);
	for (level = 0; level < map.levels; level++) {
		width = (width - 1) / WORD_BITS + 1;
		all += width;
		if (level + 1 < map.levels)
			prove(map.level[level + 1] == map.level[level] + width);
	}
	prove(width == 1);
	prove(memory_asked == all * sizeof(long));
}
