// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: bitmaps of the quanta of one region and run trees over them.
 *
 * pool.h says what the bitmaps and trees mean. Two conventions hold below:
 *
 * - The bitmaps go on to the end of the last leaf and one word further, and
 *   used_map is set there. So every node covers a full power of two of quanta,
 *   every run ends, every word has one that follows, and nobody has to ask
 *   where the pool ends. For the same reason a level holds an even number of
 *   nodes: the sibling that the last one may lack is there, and for ever zero.
 *
 * - "clean" as an argument selects the tree: true for the quanta that are free
 *   and clean, false for all that are free.
 *
 * n stands for the number of quanta, w for the number of bitmap words, in the
 * notes on cost.
 */
#include "pool.h"

#define WORD_QUANTA	((u32)BITS_PER_LONG)
#define LEAF_QUANTA	(WORD_QUANTA * POOL_LEAF_WORDS)

/*
 * How many places an aligned search tries in address order before it takes the
 * run that is long enough for any alignment.
 */
#define ALIGNED_TRIES	8

/* What became of a range as one of the trees sees it. */
enum range_change {
	RANGE_TAKEN,		/* nothing in it is available now */
	RANGE_AVAILABLE,	/* all of it is available now */
	RANGE_MIXED,		/* anything else */
};

static u32 pool_leaves(const struct pool *pool)
{
	return (pool->nr - 1) / LEAF_QUANTA + 1;
}

static u32 pool_words(const struct pool *pool)
{
	return pool_leaves(pool) * POOL_LEAF_WORDS;
}

static unsigned long avail_word(const struct pool *pool, bool clean, u32 word)
{
	return ~(pool->used_map[word] |
		 (pool->dirty_map[word] & -(unsigned long)clean));
}

/* The quanta of a range in its first word and in its last one. */
static unsigned long first_mask(u32 start)
{
	return ~0UL << start % WORD_QUANTA;
}

static unsigned long last_mask(u32 end)
{
	return ~0UL >> -end % WORD_QUANTA;
}

static void change_word(unsigned long *map, u32 word, unsigned long mask,
			bool set)
{
	map[word] = (map[word] & ~mask) | (mask & -(unsigned long)set);
}

static void change_bits(unsigned long *map, u32 start, u32 len, bool set)
{
	u32 end = start + len;
	u32 first = start / WORD_QUANTA;
	u32 last = (end - 1) / WORD_QUANTA;

	if (first == last) {
		change_word(map, first, first_mask(start) & last_mask(end), set);
		return;
	}
	change_word(map, first, first_mask(start), set);
	if (last - first > 1)
		memset(&map[first + 1], set ? 0xff : 0,
		       (last - first - 1) * sizeof(*map));
	change_word(map, last, last_mask(end), set);
}

/* How many quanta of a range are dirty, or dirty and free. */
static u32 count_dirty(const struct pool *pool, u32 start, u32 len,
		       bool free_only)
{
	u32 end = start + len;
	u32 first = start / WORD_QUANTA;
	u32 last = (end - 1) / WORD_QUANTA;
	u32 count = 0;
	u32 word;

	for (word = first; word <= last; word++) {
		unsigned long bits = pool->dirty_map[word];

		if (free_only)
			bits &= ~pool->used_map[word];
		if (word == first)
			bits &= first_mask(start);
		if (word == last)
			bits &= last_mask(end);
		count += hweight_long(bits);
	}
	return count;
}

/*
 * The bits of @lo at which @len set bits in a row begin, @len at most the size
 * of a word. @hi is the word that follows.
 */
static unsigned long word_fits(unsigned long lo, unsigned long hi, u32 len)
{
	u32 have = 1;

	while (have < len) {
		u32 step = min(have, len - have);

		lo &= (lo >> step) | (hi << (WORD_QUANTA - step));
		hi &= hi >> step;
		have += step;
	}
	return lo;
}

static const struct run_tree *tree_of(const struct pool *pool, bool clean)
{
	return clean ? &pool->clean_tree : &pool->free_tree;
}

static const struct run_node *tree_root(const struct run_tree *tree)
{
	return tree->level[tree->levels - 1];
}

/* The first quantum of node @i of a level. */
static u32 node_start(u32 level, u32 i)
{
	return i * (LEAF_QUANTA << level);
}

static void set_uniform(struct run_node *node, u32 len)
{
	node->prefix = len;
	node->suffix = len;
	node->max = len;
}

/* Returns whether the node has changed. */
static bool set_node(struct run_node *node, u32 prefix, u32 suffix, u32 longest)
{
	u32 change = (node->prefix ^ prefix) | (node->suffix ^ suffix) |
		     (node->max ^ longest);

	node->prefix = prefix;
	node->suffix = suffix;
	node->max = longest;
	return change;
}

/* Sums up the words of a leaf. */
static bool set_leaf(const struct pool *pool, bool clean, u32 leaf)
{
	u32 word = leaf * POOL_LEAF_WORDS;
	u32 end = word + POOL_LEAF_WORDS;
	u32 prefix = LEAF_QUANTA;
	u32 longest = 0;
	u32 run = 0;

	for (; word < end; word++) {
		unsigned long avail = avail_word(pool, clean, word);
		unsigned long last;

		if (!~avail) {
			run += WORD_QUANTA;
			continue;
		}
		run += __ffs(~avail);
		if (prefix == LEAF_QUANTA)
			prefix = run;
		longest = max(longest, run);
		run = 0;
		if (!avail)
			continue;
		last = __fls(~avail);
		run = WORD_QUANTA - 1 - last;
		/* The rest, which touches neither end of the word, if longer. */
		avail &= (avail + 1) & ((1UL << last) - 1);
		if (!avail || longest >= WORD_QUANTA)
			continue;
		avail = word_fits(avail, 0, longest + 1);
		for (; avail; avail &= avail >> 1)
			longest++;
	}
	return set_node(&tree_of(pool, clean)->level[0][leaf], prefix, run,
			max(longest, run));
}

/* Sums up two siblings of @size quanta each in their parent. */
static bool set_parent(struct run_node *node, const struct run_node *child,
		       u32 size)
{
	u32 prefix = child[0].prefix;
	u32 suffix = child[1].suffix;
	u32 longest = max(child[0].max, child[1].max);

	longest = max(longest, child[0].suffix + child[1].prefix);
	if (prefix == size)
		prefix += child[1].prefix;
	if (suffix == size)
		suffix += child[0].suffix;
	return set_node(node, prefix, suffix, longest);
}

/* The nodes between the first and the last that a range touches. */
static void set_between(const struct pool *pool, bool clean, u32 level, u32 lo,
			u32 hi, enum range_change change)
{
	const struct run_tree *tree = tree_of(pool, clean);
	struct run_node *node = tree->level[level];
	u32 size = LEAF_QUANTA << level;
	u32 i;

	if (change == RANGE_TAKEN && hi - lo > 1)
		memset(&node[lo + 1], 0, (hi - lo - 1) * sizeof(*node));
	if (change == RANGE_TAKEN)
		return;
	for (i = lo + 1; i < hi; i++) {
		if (change == RANGE_AVAILABLE)
			set_uniform(&node[i], size);
		else if (!level)
			set_leaf(pool, clean, i);
		else
			set_parent(&node[i], &tree->level[level - 1][2 * i],
				   size / 2);
	}
}

/*
 * Follows a change of the bitmaps in one tree: two leaves, the nodes that are
 * within the range, and those above it up to the first that comes out the same.
 * O(log n), and a few instructions a node within.
 */
static void tree_update(const struct pool *pool, bool clean, u32 start, u32 len,
			enum range_change change)
{
	const struct run_tree *tree = tree_of(pool, clean);
	u32 lo = start / LEAF_QUANTA;
	u32 hi = (start + len - 1) / LEAF_QUANTA;
	u32 size = LEAF_QUANTA;
	struct run_node *node;
	u32 level = 0;
	bool changed;

	changed = set_leaf(pool, clean, lo);
	if (lo != hi)
		set_leaf(pool, clean, hi);
	while (lo != hi) {
		struct run_node *child = tree->level[level];

		set_between(pool, clean, level, lo, hi, change);
		node = tree->level[++level];
		lo /= 2;
		hi /= 2;
		changed = set_parent(&node[lo], &child[2 * lo], size);
		if (lo != hi)
			set_parent(&node[hi], &child[2 * hi], size);
		size *= 2;
	}

	node = &tree->level[level][lo];
	while (changed && ++level < tree->levels) {
		struct run_node *child = lo & 1 ? node - 1 : node;

		lo /= 2;
		node = &tree->level[level][lo];
		changed = set_parent(node, child, size);
		size *= 2;
	}
}

/* The first aligned quantum from @at on; may lie beyond the pool. */
static u32 align_quantum(const struct pool *pool, u32 at, u32 align)
{
	return at + (-(u32)(pool->base + at) & (align - 1));
}

/*
 * The first aligned place for at most a word, among those that begin at or
 * after @from and before the word @end.
 */
static bool scan_short(const struct pool *pool, bool clean, u32 from, u32 end,
		       u32 len, u32 align, u32 *start)
{
	u32 stride = max(align / WORD_QUANTA, 1U);
	unsigned long aligned = ~0UL;
	unsigned long mask;
	u32 word;

	from = align_quantum(pool, from, align);
	/* One bit for each aligned quantum of a word, the same in every word. */
	if (align >= WORD_QUANTA)
		aligned = 1UL << from % WORD_QUANTA;
	else if (align > 1)
		aligned = ~0UL / ((1UL << align) - 1) << from % align;

	mask = aligned & first_mask(from);
	for (word = from / WORD_QUANTA; word < end; word += stride) {
		unsigned long avail = avail_word(pool, clean, word);

		if (avail & mask) {
			avail = word_fits(avail,
					  avail_word(pool, clean, word + 1),
					  len) & mask;
			if (avail) {
				*start = word * WORD_QUANTA + __ffs(avail);
				return true;
			}
		}
		mask = aligned;
	}
	return false;
}

/*
 * The same for more than a word, the place to end before the word @end. Only
 * runs that go from one word into the next can do, so that each word has one
 * end and one beginning to look at.
 */
static bool scan_long(const struct pool *pool, bool clean, u32 from, u32 end,
		      u32 len, u32 align, u32 *start)
{
	u32 word = from / WORD_QUANTA;
	u32 begin = from;

	for (; word <= end; word++) {
		unsigned long busy = ~0UL;
		u32 stop, first;

		if (word < end)
			busy = ~avail_word(pool, clean, word);
		if (!busy)
			continue;
		stop = word * WORD_QUANTA + __ffs(busy);
		if (stop >= begin && stop - begin >= len) {
			first = align_quantum(pool, begin, align);
			if (first < stop && stop - first >= len) {
				*start = first;
				return true;
			}
		}
		begin = max(from, word * WORD_QUANTA + (u32)__fls(busy) + 1);
	}
	return false;
}

static bool scan(const struct pool *pool, bool clean, u32 from, u32 end,
		 u32 len, u32 align, u32 *start)
{
	if (len <= WORD_QUANTA)
		return scan_short(pool, clean, from, end, len, align, start);
	return scan_long(pool, clean, from, end, len, align, start);
}

/*
 * The first place in a node where @len quanta are available; the node is known
 * to have one. O(log n).
 */
static bool first_in(const struct pool *pool, bool clean, u32 level, u32 i,
		     u32 len, u32 *start)
{
	const struct run_tree *tree = tree_of(pool, clean);

	while (level) {
		const struct run_node *child;

		level--;
		i *= 2;
		child = &tree->level[level][i];
		if (child[0].max >= len)
			continue;
		if (child[0].suffix + child[1].prefix >= len) {
			*start = node_start(level, i + 1) - child[0].suffix;
			return true;
		}
		i++;
	}
	return scan(pool, clean, node_start(0, i),
		    (i + 1) * POOL_LEAF_WORDS, len, 1, start);
}

/*
 * The first place at or after @from where @len quanta are available. O(log n):
 * down to the leaf of @from, and from there to the nearest place on the right
 * of that way, of which the lowest seen is the first in address order.
 */
static bool first_from(const struct pool *pool, bool clean, u32 from, u32 len,
		       u32 *start)
{
	const struct run_tree *tree = tree_of(pool, clean);
	enum { NOWHERE, STRADDLING, INSIDE } right = NOWHERE;
	u32 level = tree->levels - 1;
	u32 right_level = 0;
	u32 right_i = 0;
	u32 i = 0;

	while (level && tree->level[level][i].max >= len) {
		const struct run_node *child;
		u32 mid, first;

		level--;
		i *= 2;
		child = &tree->level[level][i];
		mid = node_start(level, i + 1);
		if (from >= mid) {
			i++;
			continue;
		}
		first = max(from, mid - child[0].suffix);
		if (mid + child[1].prefix - first >= len) {
			right = STRADDLING;
			*start = first;
		} else if (child[1].max >= len) {
			right = INSIDE;
			right_level = level;
			right_i = i + 1;
		}
	}

	if (!level && tree->level[0][i].max >= len &&
	    scan(pool, clean, from, (i + 1) * POOL_LEAF_WORDS, len, 1, start))
		return true;
	if (right == INSIDE)
		return first_in(pool, clean, right_level, right_i, len, start);
	return right == STRADDLING;
}

/*
 * Up to @steps steps of an aligned search in address order. A step goes to the
 * next place that is long enough, and from there to the next aligned quantum:
 * whichever of the two is rarer sets the number of steps. Returns -EAGAIN if
 * that did not decide the matter, with *at moved on. O(log n) a step.
 */
static int step_aligned(const struct pool *pool, bool clean, u32 len, u32 align,
			u32 steps, u32 *at)
{
	u32 first;

	while (steps--) {
		if (*at >= pool->nr ||
		    !first_from(pool, clean, *at, len, &first))
			return -ENOSPC;
		*at = align_quantum(pool, first, align);
		if (*at == first)
			return 0;
	}
	return -EAGAIN;
}

/*
 * First fit in one tree, in O(log n) for any alignment if there is a run of
 * len + align - 1 quanta. If there is none, it may be that every place which is
 * long enough has to be tried, and a hostile user can arrange for that with a
 * request that fails in the end. Then w / 64 more steps are taken, which as a
 * rule decides the matter, and after that all words are looked at, which takes
 * some ten instructions a word, and up to 150 for a length just below a word's.
 * This last resort is for free quanta; clean ones are not worth it.
 */
static bool first_fit(const struct pool *pool, bool clean, u32 len, u32 align,
		      u32 *start)
{
	const struct run_tree *tree = tree_of(pool, clean);
	u32 longest = tree_root(tree)->max;
	int ret;

	if (longest < len)
		return false;
	if (align == 1)
		return first_in(pool, clean, tree->levels - 1, 0, len, start);

	*start = align_quantum(pool, 0, align);
	ret = step_aligned(pool, clean, len, align, ALIGNED_TRIES, start);
	if (ret != -EAGAIN)
		return !ret;

	if (longest - len >= align - 1) {
		first_in(pool, clean, tree->levels - 1, 0, len + align - 1,
			 start);
		*start = align_quantum(pool, *start, align);
		return true;
	}

	if (clean)
		return false;
	ret = step_aligned(pool, false, len, align, pool_words(pool) / 64, start);
	if (ret != -EAGAIN)
		return !ret;
	return scan(pool, false, *start, pool_words(pool), len, align, start);
}

/*
 * The placement policy: first fit, and memory that needs no zeroing first.
 * *clean says whether the place is known to have no dirty quanta.
 */
static bool place(const struct pool *pool, u32 len, u32 align, u32 *start,
		  bool *clean)
{
	*clean = true;
	if (pool->dirty && first_fit(pool, true, len, align, start))
		return true;
	*clean = !pool->dirty;
	return first_fit(pool, false, len, align, start);
}

/* Makes an extent of free quanta, @dirty of which are so. */
static void take(struct pool *pool, u32 start, u32 len, u32 dirty)
{
	change_bits(pool->used_map, start, len, true);
	__set_bit(start, pool->head_map);
	pool->free -= len;
	pool->dirty -= dirty;
	pool->extents++;
	tree_update(pool, false, start, len, RANGE_TAKEN);
	if (dirty < len)
		tree_update(pool, true, start, len, RANGE_TAKEN);
}

static u32 even_up(u32 n)
{
	return n + (n & 1);
}

/* An all-zero tree: nothing is available. */
static int tree_init(struct run_tree *tree, u32 leaves)
{
	struct run_node *node;
	size_t nodes = 1;
	u32 width;

	for (width = leaves; width > 1; width = even_up(width) / 2)
		nodes += even_up(width);
	tree->nodes = pool_calloc(nodes, sizeof(*tree->nodes));
	if (!tree->nodes)
		return -ENOMEM;

	node = tree->nodes;
	for (width = leaves; width > 1; width = even_up(width) / 2) {
		tree->level[tree->levels++] = node;
		node += even_up(width);
	}
	tree->level[tree->levels++] = node;
	return 0;
}

/**
 * pool_init - make a pool of free quanta
 * @pool: the pool, contents do not matter
 * @base: number of the first quantum in the address space alignments refer to
 * @nr: number of quanta
 * @dirty: whether the quanta need zeroing
 *
 * Takes some 0.6 bytes of memory a quantum, 0.8 where a long has 32 bits.
 * May sleep. Whatever is returned, pool_destroy() may be called.
 *
 * Return: 0; -EINVAL for no quanta, more than POOL_MAX_QUANTA, or a @base that
 * wraps around with them; -ENOMEM.
 */
int pool_init(struct pool *pool, u64 base, u32 nr, bool dirty)
{
	u32 words;

	memset(pool, 0, sizeof(*pool));
	if (!nr || nr > POOL_MAX_QUANTA || base > U64_MAX - nr)
		return -EINVAL;

	pool->base = base;
	pool->nr = nr;
	pool->free = nr;
	pool->dirty = dirty ? nr : 0;
	words = pool_words(pool);
	/* One word more, see the top. */
	pool->used_map = pool_calloc(words + 1, sizeof(*pool->used_map));
	pool->head_map = pool_calloc(words + 1, sizeof(*pool->head_map));
	pool->dirty_map = pool_calloc(words + 1, sizeof(*pool->dirty_map));
	if (!pool->used_map || !pool->head_map || !pool->dirty_map ||
	    tree_init(&pool->free_tree, pool_leaves(pool)) ||
	    tree_init(&pool->clean_tree, pool_leaves(pool))) {
		pool_destroy(pool);
		return -ENOMEM;
	}

	change_bits(pool->used_map, nr, (words + 1) * WORD_QUANTA - nr, true);
	tree_update(pool, false, 0, nr, RANGE_AVAILABLE);
	if (dirty)
		change_bits(pool->dirty_map, 0, nr, true);
	else
		tree_update(pool, true, 0, nr, RANGE_AVAILABLE);
	return 0;
}

/**
 * pool_destroy - give the memory of a pool back
 * @pool: the pool; live extents do not matter, nor does a zeroed struct
 *
 * Leaves a zeroed struct. May sleep.
 */
void pool_destroy(struct pool *pool)
{
	pool_kvfree(pool->used_map);
	pool_kvfree(pool->head_map);
	pool_kvfree(pool->dirty_map);
	pool_kvfree(pool->free_tree.nodes);
	pool_kvfree(pool->clean_tree.nodes);
	memset(pool, 0, sizeof(*pool));
}

/**
 * pool_alloc - find free quanta and make an extent of them
 * @pool: the pool
 * @len: number of quanta
 * @align: power of two, in quanta, that the first one's number has to be a
 *	multiple of when counted from the pool's base
 * @start: the first quantum, on success
 *
 * An extent without dirty quanta is preferred. The dirty bits stay as they are
 * for the owner to see, see pool_next_dirty(), but the quanta no longer count
 * as dirty. A request fails only if there is no place for it.
 *
 * Cost: O(log n), and filling len bits. With an alignment, if neither the first
 * few places nor a run of @len + @align - 1 quanta do, O(w).
 *
 * Return: 0; -EINVAL if @len is 0 or @align no power of two; -ENOSPC.
 */
int pool_alloc(struct pool *pool, u32 len, u32 align, u32 *start)
{
	u32 dirty = 0;
	bool clean;
	u32 first;

	if (!len || !is_power_of_2(align))
		return -EINVAL;
	if (!place(pool, len, align, &first, &clean))
		return -ENOSPC;
	/* Counting takes as long as filling; what is zeroed next, far longer. */
	if (!clean)
		dirty = count_dirty(pool, first, len, false);
	take(pool, first, len, dirty);
	*start = first;
	return 0;
}

/**
 * pool_alloc_at - make an extent of certain quanta
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta
 *
 * As pool_alloc() otherwise. Cost: O(log n), and looking at len bits.
 *
 * Return: 0; -EINVAL if @len is 0 or the pool ends before; -EBUSY if any of the
 * quanta is in use.
 */
int pool_alloc_at(struct pool *pool, u32 start, u32 len)
{
	u32 end;

	if (!len || start >= pool->nr || len > pool->nr - start)
		return -EINVAL;
	end = start + len;
	if (find_next_bit(pool->used_map, end, start) < end)
		return -EBUSY;
	take(pool, start, len, count_dirty(pool, start, len, false));
	return 0;
}

/*
 * Whether these quanta are one whole extent. Used quanta always have a head at
 * their beginning, so those between a head and a used one with no further head
 * in between must all be used.
 */
static bool is_extent(const struct pool *pool, u32 start, u32 len)
{
	u32 end;

	if (!len || start >= pool->nr || len > pool->nr - start)
		return false;
	end = start + len;
	if (!test_bit(start, pool->head_map) ||
	    !test_bit(end - 1, pool->used_map) ||
	    find_next_bit(pool->head_map, end, start + 1) < end)
		return false;
	return end == pool->nr || !test_bit(end, pool->used_map) ||
	       test_bit(end, pool->head_map);
}

/**
 * pool_free - take an extent back
 * @pool: the pool
 * @start: its first quantum
 * @len: number of its quanta
 *
 * The quanta are free at once, and dirty. Cost: O(log n), and filling len bits.
 *
 * Return: 0; -EINVAL, with nothing changed, if that is not exactly one live
 * extent.
 */
int pool_free(struct pool *pool, u32 start, u32 len)
{
	if (!is_extent(pool, start, len))
		return -EINVAL;
	/* With nothing else to clean the next search can begin right here. */
	if (!pool->dirty)
		pool->clean_hint = start;
	change_bits(pool->used_map, start, len, false);
	__clear_bit(start, pool->head_map);
	change_bits(pool->dirty_map, start, len, true);
	pool->free += len;
	pool->dirty += len;
	pool->extents--;
	tree_update(pool, false, start, len, RANGE_AVAILABLE);
	return 0;
}

/* The bits of a word that are not in state @state, or begin an extent. */
static unsigned long stop_word(const struct pool *pool, enum pool_state state,
			       u32 word)
{
	unsigned long used = pool->used_map[word];
	unsigned long dirty = pool->dirty_map[word];

	switch (state) {
	case POOL_USED:
		return ~used | pool->head_map[word];
	case POOL_CLEAN:
		return used | dirty;
	default:
		return used | ~dirty;
	}
}

/* Where the run that @at belongs to ends, but not after @end. */
static u32 run_end(const struct pool *pool, enum pool_state state, u32 at,
		   u32 end)
{
	u32 word = at / WORD_QUANTA;
	unsigned long stop = stop_word(pool, state, word);

	/* Not at @at itself. */
	stop &= first_mask(at) << 1;
	while (!stop) {
		word++;
		if (word * WORD_QUANTA >= end)
			return end;
		stop = stop_word(pool, state, word);
	}
	return min(end, word * WORD_QUANTA + (u32)__ffs(stop));
}

/**
 * pool_next_dirty - the next quanta of a range that have to be zeroed
 * @pool: the pool
 * @from: where the range begins
 * @end: the quantum after the range, which ends with the pool at the latest
 * @max: how many quanta to return at most
 * @start: the first quantum, if there is one
 *
 * Looks at the dirty bits alone, not at who has the quanta. Cost: looking at
 * the bits from @from to the last one returned.
 *
 * Return: number of quanta, 0 if none is dirty.
 */
u32 pool_next_dirty(const struct pool *pool, u32 from, u32 end, u32 max,
		    u32 *start)
{
	u32 first;

	end = min(end, pool->nr);
	if (from >= end || !max)
		return 0;
	first = find_next_bit(pool->dirty_map, end, from);
	if (first >= end)
		return 0;
	*start = first;
	end = first + min(max, end - first);
	return find_next_zero_bit(pool->dirty_map, end, first) - first;
}

/**
 * pool_next_to_clean - quanta that are free and need zeroing
 * @pool: the pool
 * @max: how many to return at most
 * @start: the first quantum, if there is one
 *
 * Goes round the pool from call to call. The quanta stay free, and pool_alloc()
 * may hand them out before they are clean.
 *
 * Cost: a round looks at each word of the bitmaps once, and the quanta returned
 * are spread over it; a single call may have to go all the way, O(w). O(1) if
 * there is nothing to clean.
 *
 * Return: number of quanta, 0 if none is free and dirty.
 */
u32 pool_next_to_clean(struct pool *pool, u32 max, u32 *start)
{
	u32 word = pool->clean_hint / WORD_QUANTA;
	unsigned long stop;
	u32 words;
	u32 end;

	if (!pool->dirty || !max)
		return 0;

	/* There is one, and at the latest it is in front of the hint. */
	words = pool_words(pool);
	stop = stop_word(pool, POOL_DIRTY, word);
	stop |= ~first_mask(pool->clean_hint);
	while (!~stop) {
		if (++word == words)
			word = 0;
		stop = stop_word(pool, POOL_DIRTY, word);
	}

	*start = word * WORD_QUANTA + __ffs(~stop);
	end = *start + min(max, pool->nr - *start);
	end = run_end(pool, POOL_DIRTY, *start, end);
	pool->clean_hint = end == pool->nr ? 0 : end;
	return end - *start;
}

/**
 * pool_set_clean - quanta have been zeroed
 * @pool: the pool
 * @start: the first quantum
 * @len: number of quanta; what lies beyond the pool is ignored
 *
 * The range may contain anything: parts of extents, free quanta, clean ones.
 * Those that are free can be handed out from now on without zeroing.
 *
 * Cost: O(log n) and looking at len bits; if some of the quanta are free and
 * dirty and others in use, a few dozen instructions a word of the range.
 */
void pool_set_clean(struct pool *pool, u32 start, u32 len)
{
	u32 cleaned;
	u32 end;

	if (start >= pool->nr)
		return;
	len = min(len, pool->nr - start);
	if (!len)
		return;

	end = start + len;
	cleaned = count_dirty(pool, start, len, true);
	change_bits(pool->dirty_map, start, len, false);
	if (!cleaned)
		return;
	pool->dirty -= cleaned;
	if (find_next_bit(pool->used_map, end, start) < end)
		tree_update(pool, true, start, len, RANGE_MIXED);
	else
		tree_update(pool, true, start, len, RANGE_AVAILABLE);
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
	return tree_root(&pool->free_tree)->max;
}

/**
 * pool_next_run - walk through a pool in address order
 * @pool: the pool
 * @from: where to look: 0, then where the last run ended
 * @run: filled in; begins at @from, even if that is not where it begins
 *
 * Cost: looking at the bits of the run.
 *
 * Return: false, and nothing filled in, if @from is beyond the pool.
 */
bool pool_next_run(const struct pool *pool, u32 from, struct pool_run *run)
{
	if (from >= pool->nr)
		return false;
	if (test_bit(from, pool->used_map))
		run->state = POOL_USED;
	else if (test_bit(from, pool->dirty_map))
		run->state = POOL_DIRTY;
	else
		run->state = POOL_CLEAN;
	run->start = from;
	run->len = run_end(pool, run->state, from, pool->nr) - from;
	return true;
}
