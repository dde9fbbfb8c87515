// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scenarios of the pool, in a kernel. Expected results are those documented in pool.h and the
 * pool's functions. The tests on the host cover more states, and count loop iterations; here, the
 * pool is built as in the module, uses the kernel's memory, and KASAN, UBSAN and kmemleak check
 * it.
 *
 * For readability, the state of a pool is a string with a character for each quantum:
 *
 *	_ :	free, and clean or dirty
 *	H T	head and tail of an extent: its first quantum, and the others
 *	h t	the same, if they are dirty
 *	~	absent
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "pool.h"

/* Maximum number of quanta in a picture, and of additional characters for errors. */
#define MOST		400
#define REMARKS		200

/* Initial value of output arguments. */
#define POISON		0xdead0bad

/* More than any search needs in these pools. */
#define MAX_STEPS	10000

/**
 * struct scene - data of a test
 * @pool: the pool; zeroed initially
 * @drawn: the last picture of it
 * @picture: the expected picture, if it is computed
 */
struct scene {
	struct pool pool;
	char drawn[MOST + REMARKS];
	char picture[MOST + 1];
};

/* --- pictures */

static bool is_free(char c)
{
	return c == '_' || c == ':';
}

static bool is_dirty(char c)
{
	return c == ':' || c == 'h' || c == 't';
}

static bool is_to_clean(char c)
{
	return c == ':';
}

static bool is_absent(char c)
{
	return c == '~';
}

static bool is_head(char c)
{
	return c == 'H' || c == 'h';
}

static bool is_tail(char c)
{
	return c == 'T' || c == 't';
}

static bool is_used(char c)
{
	return is_head(c) || is_tail(c);
}

static bool is_not_free(char c)
{
	return !is_free(c);
}

static bool is_not_absent(char c)
{
	return !is_absent(c);
}

static char soiled(char c)
{
	return c == '_' ? ':' : tolower(c);
}

static char cleaned(char c)
{
	return c == ':' ? '_' : toupper(c);
}

static u32 count(const char *picture, bool (*is)(char c))
{
	u32 found = 0;

	for (; *picture; picture++)
		found += is(*picture);
	return found;
}

/* Number of consecutive quanta that satisfy @are. */
static u32 stretch(const char *picture, bool (*are)(char c))
{
	u32 len = 0;

	while (are(picture[len]))
		len++;
	return len;
}

static bool any(const char *picture, u32 start, u32 len, bool (*is)(char c))
{
	u32 i;

	for (i = start; i < start + len; i++) {
		if (is(picture[i]))
			return true;
	}
	return false;
}

static u32 extent_len(const char *head)
{
	return 1 + stretch(head + 1, is_tail);
}

static u32 longest_run(const char *picture)
{
	u32 longest = 0, len;

	while (*picture) {
		len = stretch(picture, is_free);
		longest = max(longest, len);
		picture += max(len, 1U);
	}
	return longest;
}

static bool exists(const char *picture, u32 start, u32 len)
{
	u32 nr = strlen(picture);

	return len && start < nr && len <= nr - start;
}

static void draw_extent(char *picture, u32 start, u32 len)
{
	u32 i;

	for (i = start; i < start + len; i++) {
		char c = i == start ? 'H' : 'T';

		picture[i] = is_dirty(picture[i]) ? soiled(c) : c;
	}
}

static void draw_dirty(char *picture, u32 start, u32 len)
{
	memset(picture + start, ':', len);
}

static void draw_clean(char *picture, u32 start, u32 len)
{
	memset(picture + start, '_', len);
}

static void draw_absent(char *picture, u32 start, u32 len)
{
	memset(picture + start, '~', len);
}

/* Ignores quanta outside of the pool. */
static void draw_cleaning(char *picture, u32 start, u32 len)
{
	u32 nr = strlen(picture);
	u32 i;

	for (i = start; i < nr && i - start < len; i++)
		picture[i] = cleaned(picture[i]);
}

/* --- inspecting a pool */

static void remark(struct scene *scene, const char *what, u32 is, u32 due)
{
	u32 len = strlen(scene->drawn);

	if (is != due)
		scnprintf(scene->drawn + len, sizeof(scene->drawn) - len,
			  " %s %u is %u", what, due, is);
}

/* Draws dirty free quanta as dots, see draw_dirt(). */
static bool draw_runs(struct scene *scene)
{
	enum pool_state last = POOL_USED;
	u32 nr = scene->pool.nr, from = 0;
	struct pool_run run;

	memset(scene->drawn, '_', nr);
	for (;;) {
		memset(&run, 0x5a, sizeof(run));
		if (!pool_next_run(&scene->pool, from, &run))
			break;
		if (run.start != from || !run.len || run.len > nr - from)
			return false;
		/* Extents can be adjacent; other runs with equal states would have been merged. */
		if (run.state == last && last != POOL_USED)
			return false;
		last = run.state;
		if (run.state == POOL_ABSENT)
			draw_absent(scene->drawn, from, run.len);
		else if (run.state == POOL_DIRTY)
			memset(scene->drawn + from, '.', run.len);
		else if (run.state == POOL_USED)
			draw_extent(scene->drawn, from, run.len);
		else if (run.state != POOL_CLEAN)
			return false;
		from += run.len;
	}
	return from == nr && !memchr_inv(&run, 0x5a, sizeof(run));
}

/* Exactly the dirty quanta among the free ones must be dots now. */
static bool draw_dirt(struct scene *scene)
{
	u32 nr = scene->pool.nr, from = 0, start = POISON, len;

	while (from < nr) {
		len = pool_next_dirty(&scene->pool, from, nr, U32_MAX, &start);
		if (!len)
			break;
		if (start < from || start >= nr || len > nr - start)
			return false;
		for (from = start; from < start + len; from++) {
			char *c = &scene->drawn[from];

			if (*c == '.')
				*c = ':';
			else if (is_used(*c))
				*c = soiled(*c);
			else
				return false;
		}
		start = POISON;
	}
	return !strchr(scene->drawn, '.');
}

/* Check the counters of a pool that looks like @picture; errors are appended to @drawn. */
static void check_counters(struct scene *scene, const char *picture)
{
	const struct pool *pool = &scene->pool;
	u32 free = count(picture, is_free), dirty = count(picture, is_to_clean);
	u32 absent = count(picture, is_absent), extents = count(picture, is_head);
	u32 largest = longest_run(picture);

	remark(scene, "free", pool->free, free);
	remark(scene, "dirty", pool->dirty, dirty);
	remark(scene, "absent", pool->absent, absent);
	remark(scene, "extents", pool->extents, extents);
	remark(scene, "largest", pool_largest(pool), largest);
}

/* The pool as a string, followed by wrong counters. */
static const char *look(struct kunit *test)
{
	struct scene *scene = test->priv;

	memset(scene->drawn, 0, sizeof(scene->drawn));
	if (!draw_runs(scene))
		return "pool_next_run() goes astray";
	if (!draw_dirt(scene))
		return "pool_next_dirty() and pool_next_run() do not agree";
	check_counters(scene, scene->drawn);
	return scene->drawn;
}

#define EXPECT_POOL(picture)	KUNIT_EXPECT_STREQ(test, look(test), picture)
#define ASSERT_POOL(picture)	KUNIT_ASSERT_STREQ(test, look(test), picture)

/* --- creating a pool */

/* Destroy the previous pool of the test, so that nothing of it remains. */
static struct pool *no_pool(struct kunit *test)
{
	struct scene *scene = test->priv;

	pool_destroy(&scene->pool);
	memset(&scene->pool, 0xa5, sizeof(scene->pool));
	return &scene->pool;
}

static struct pool *given_absent(struct kunit *test, u64 base, u32 nr)
{
	struct pool *pool = no_pool(test);

	KUNIT_ASSERT_EQ(test, pool_init_absent(pool, base, nr), 0);
	return pool;
}

static struct pool *given_free(struct kunit *test, u64 base, u32 nr, bool dirty)
{
	struct pool *pool = no_pool(test);

	KUNIT_ASSERT_EQ(test, pool_init(pool, base, nr, dirty), 0);
	return pool;
}

/* Create a pool that looks like @picture. */
static struct pool *given_at(struct kunit *test, u64 base, const char *picture)
{
	u32 nr = strlen(picture);
	struct pool *pool = given_absent(test, base, nr);
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!is_absent(picture[i]))
			KUNIT_ASSERT_EQ(test, pool_add(pool, i, 1, is_dirty(picture[i])), 0);
	}
	for (i = 0; i < nr; i++) {
		if (is_head(picture[i]))
			KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, i, extent_len(picture + i)), 0);
	}
	ASSERT_POOL(picture);
	return pool;
}

static struct pool *given(struct kunit *test, const char *picture)
{
	return given_at(test, 0, picture);
}

/* The same after one extent that contains the border between two words. */
static struct pool *given_at_border(struct kunit *test, char *picture, const char *tail)
{
	u32 len = BITS_PER_LONG - strlen(tail) / 2;

	memset(picture, 'T', len);
	picture[0] = 'H';
	strscpy(picture + len, tail, MOST - len);
	return given(test, picture);
}

/* --- requests */

/* Complete a request. */
static int finish(struct pool *pool, struct pool_search *search, u32 *start, u32 *steps)
{
	int ret = -EAGAIN;

	for (*steps = 0; *steps < MAX_STEPS && ret == -EAGAIN; ++*steps) {
		*start = POISON;
		ret = pool_alloc_step(pool, search, start);
	}
	return ret;
}

static s64 where(int ret, u32 start)
{
	if (ret)
		return ret;
	return start;
}

/* The place of a request, or its errno. */
static s64 request(struct pool *pool, struct pool_search search)
{
	u32 start, steps;
	int ret = finish(pool, &search, &start, &steps);

	return where(ret, start);
}

static s64 aligned_place(struct pool *pool, u32 len, u32 align)
{
	return request(pool, (struct pool_search){ .len = len, .align = align });
}

static s64 lowest_place(struct pool *pool, u32 len, u32 align)
{
	return request(pool, (struct pool_search){
		.len = len, .align = align, .exhaustive = true,
	});
}

/* Without an alignment: must finish in one step. */
static s64 place(struct pool *pool, u32 len)
{
	struct pool_search search = { .len = len, .align = 1 };
	u32 start = POISON;
	int ret = pool_alloc_step(pool, &search, &start);

	return where(ret, start);
}

static bool is_one_run(const struct pool *pool)
{
	return pool_largest(pool) == pool->free;
}

/* --- changes of a range */

/**
 * struct change - an operation on any range
 * @run: the operation
 * @due: its expected result for a pool that looks like @picture
 * @draw: the same operation on the picture
 */
struct change {
	int (*run)(struct pool *pool, u32 start, u32 len);
	int (*due)(const char *picture, u32 start, u32 len);
	void (*draw)(char *picture, u32 start, u32 len);
};

static int due_for_extent(const char *picture, u32 start, u32 len)
{
	bool is_extent = exists(picture, start, len) && is_head(picture[start]) &&
			 extent_len(picture + start) == len;

	return is_extent ? 0 : -EINVAL;
}

static int due_for_free(const char *picture, u32 start, u32 len)
{
	if (!exists(picture, start, len))
		return -EINVAL;
	return any(picture, start, len, is_not_free) ? -EBUSY : 0;
}

static int due_for_absent(const char *picture, u32 start, u32 len)
{
	if (!exists(picture, start, len))
		return -EINVAL;
	return any(picture, start, len, is_not_absent) ? -EEXIST : 0;
}

static int due_for_anything(const char *picture, u32 start, u32 len)
{
	return 0;
}

static int add_clean(struct pool *pool, u32 start, u32 len)
{
	return pool_add(pool, start, len, false);
}

static int add_dirty(struct pool *pool, u32 start, u32 len)
{
	return pool_add(pool, start, len, true);
}

static int set_clean(struct pool *pool, u32 start, u32 len)
{
	pool_set_clean(pool, start, len);
	return 0;
}

static const struct change freeing = { pool_free, due_for_extent, draw_dirty };
static const struct change taking = { pool_alloc_at, due_for_free, draw_extent };
static const struct change adding_clean = { add_clean, due_for_absent, draw_clean };
static const struct change adding_dirty = { add_dirty, due_for_absent, draw_dirty };
static const struct change removing = { pool_remove, due_for_free, draw_absent };
static const struct change cleaning = { set_clean, due_for_anything, draw_cleaning };

/* Change the pool and the picture. Returns whether a change was expected. */
static bool make_change(struct kunit *test, const struct change *change, u32 start, u32 len)
{
	struct scene *scene = test->priv;
	int due = change->due(scene->picture, start, len);

	KUNIT_ASSERT_EQ_MSG(test, change->run(&scene->pool, start, len), due,
			    "%u quanta from %u", len, start);
	if (!due)
		change->draw(scene->picture, start, len);
	return !due;
}

/* Numbers from @first to beyond @nr, then numbers that wrap around when they are added. */
static u32 bound(u32 i, u32 first, u32 nr)
{
	u32 last = nr + 1 - first;

	return i <= last ? first + i : last - i;
}

/* Every range from @first on, each in a pool that looks like @picture. */
static void change_any_range(struct kunit *test, const struct change *change, const char *picture,
			     u32 first)
{
	struct scene *scene = test->priv;
	u32 nr = strlen(picture), bounds = 2 * (nr - first + 2);
	u32 i, start, len;

	strscpy(scene->picture, picture, sizeof(scene->picture));
	given(test, picture);
	for (i = 0; i < bounds * bounds; i++) {
		start = bound(i / bounds, first, nr);
		len = bound(i % bounds, 0, nr - first);
		if (make_change(test, change, start, len)) {
			ASSERT_POOL(scene->picture);
			strscpy(scene->picture, picture, sizeof(scene->picture));
			given(test, picture);
		}
		ASSERT_POOL(picture);
	}
}

/* In one word, and across a border. */
static void change_anything(struct kunit *test, const struct change *change)
{
	static const char * const all_kinds = "HTt_:~~HhTt:_";
	char *picture = kunit_kzalloc(test, MOST, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, picture);
	change_any_range(test, change, all_kinds, 0);
	given_at_border(test, picture, all_kinds);
	change_any_range(test, change, picture, strlen(picture) - strlen(all_kinds));
}

/* --- scenarios: creation */

static void no_quanta_or_too_many_are_refused(struct kunit *test)
{
	static const u32 sizes[] = { 0, POOL_MAX_QUANTA + 1, 1U << 31, U32_MAX };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, pool_init(no_pool(test), 0, sizes[i], false), -EINVAL);
		KUNIT_EXPECT_EQ(test, pool_init(no_pool(test), 0, sizes[i], true), -EINVAL);
		KUNIT_EXPECT_EQ(test, pool_init_absent(no_pool(test), 0, sizes[i]), -EINVAL);
	}
}

static void base_that_wraps_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pool_init(no_pool(test), U64_MAX, 2, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_init_absent(no_pool(test), U64_MAX, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_init(no_pool(test), U64_MAX - 98, 100, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_init(no_pool(test), U64_MAX - 100, 100, false), 0);
}

static void nothing_is_left_of_a_pool(struct kunit *test)
{
	struct pool *pool = given(test, "HT_:~HTT");

	pool_destroy(pool);
	KUNIT_EXPECT_NULL(test, memchr_inv(pool, 0, sizeof(*pool)));
	pool_destroy(pool);
	KUNIT_EXPECT_NULL(test, memchr_inv(pool, 0, sizeof(*pool)));
}

static void absent_pool_hands_out_nothing(struct kunit *test)
{
	struct pool *pool = given_absent(test, 0, 8);
	u32 start, len;

	for (len = 1; len <= 9; len++) {
		KUNIT_EXPECT_EQ(test, place(pool, len), -ENOSPC);
		KUNIT_EXPECT_EQ(test, aligned_place(pool, len, 2), -ENOSPC);
		KUNIT_EXPECT_EQ(test, lowest_place(pool, len, 1), -ENOSPC);
	}
	KUNIT_EXPECT_EQ(test, pool_alloc_at(pool, 0, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, pool_next_to_clean(pool, U32_MAX, &start), 0);
	KUNIT_EXPECT_EQ(test, pool_next_dirty(pool, 0, 8, U32_MAX, &start), 0);
	EXPECT_POOL("~~~~~~~~");
}

static void one_quantum_is_a_pool(struct kunit *test)
{
	struct pool *pool = given(test, "_");

	KUNIT_EXPECT_EQ(test, place(pool, 2), -ENOSPC);
	KUNIT_EXPECT_EQ(test, place(pool, 1), 0);
	KUNIT_EXPECT_EQ(test, place(pool, 1), -ENOSPC);
	EXPECT_POOL("H");
	KUNIT_EXPECT_EQ(test, pool_free(pool, 0, 1), 0);
	EXPECT_POOL(":");
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 0, 1), 0);
	EXPECT_POOL("~");
}

/* The example in the documentation of pool.c. */
static void drawn_example(struct kunit *test)
{
	struct pool *pool = given(test, "HTtt::___HTTT::::~~~~");

	KUNIT_EXPECT_EQ(test, place(pool, 3), 6);
	EXPECT_POOL("HTtt::HTTHTTT::::~~~~");

	pool = given(test, "HTtt::___HTTT::::~~~~");
	KUNIT_EXPECT_EQ(test, pool_free(pool, 9, 4), 0);
	EXPECT_POOL("HTtt::___::::::::~~~~");
}

/* --- filling */

/* Allocate extents of @len as long as possible, then the rest. */
static void fill(struct kunit *test, struct pool *pool, u32 len)
{
	u32 nr = pool->nr, i;

	for (i = 0; i < nr / len; i++) {
		KUNIT_ASSERT_GE(test, place(pool, len), 0);
		KUNIT_ASSERT_TRUE(test, is_one_run(pool));
	}
	KUNIT_ASSERT_EQ(test, place(pool, len), -ENOSPC);
	if (nr % len)
		KUNIT_ASSERT_GE(test, place(pool, nr % len), 0);
	KUNIT_ASSERT_EQ(test, pool->free, 0);
}

/* Free every extent, the even ones first, so that most of the others merge two runs. */
static void drain(struct kunit *test, struct pool *pool)
{
	struct pool_run run;
	bool even = true;
	u32 round, from;

	for (round = 0; round < 2; round++) {
		for (from = 0; pool_next_run(pool, from, &run); from += run.len) {
			if (run.state != POOL_USED)
				continue;
			if (even || round)
				KUNIT_ASSERT_EQ(test, pool_free(pool, run.start, run.len), 0);
			even = !even;
		}
	}
	KUNIT_ASSERT_EQ(test, pool->free, pool->nr);
	KUNIT_ASSERT_EQ(test, pool->dirty, pool->nr);
	KUNIT_ASSERT_EQ(test, pool->extents, 0);
	KUNIT_ASSERT_TRUE(test, is_one_run(pool));
}

static void every_length_fills_an_empty_pool(struct kunit *test)
{
	u32 nr = 2 * BITS_PER_LONG + 2, len;
	struct pool *pool;

	for (len = 1; len <= nr; len++) {
		pool = given_free(test, 7, nr, len % 2);
		fill(test, pool, len);
		drain(test, pool);
		pool_set_large(pool, 16, 32);
		pool_set_clean(pool, nr / 3, nr / 3);
		fill(test, pool, len);
		drain(test, pool);
	}
}

static u32 below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

static void lengths_in_any_order_fill_an_empty_pool(struct kunit *test)
{
	u32 nr = 3 * BITS_PER_LONG - 5, round;
	struct pool *pool = given_free(test, 1, nr, true);
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 1);
	for (round = 0; round < 100; round++) {
		pool_set_large(pool, round % 2 ? 8 : 0, 32);
		pool_set_clean(pool, below(&rnd, nr), below(&rnd, nr));
		while (pool->free) {
			u32 most = min(pool->free, 1 + below(&rnd, nr));

			KUNIT_ASSERT_GE(test, place(pool, 1 + below(&rnd, most)), 0);
			KUNIT_ASSERT_TRUE(test, is_one_run(pool));
		}
		drain(test, pool);
	}
}

/* --- freeing */

static const u8 orders[6][3] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

static void free_in_any_order(struct kunit *test, const char *picture, u32 first)
{
	struct scene *scene = test->priv;
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		strscpy(scene->picture, picture, sizeof(scene->picture));
		given(test, picture);
		for (j = 0; j < 3; j++) {
			make_change(test, &freeing, first + 3 * orders[i][j], 3);
			EXPECT_POOL(scene->picture);
		}
	}
}

static void neighbours_coalesce_in_any_order(struct kunit *test)
{
	char *picture = kunit_kzalloc(test, MOST, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, picture);
	free_in_any_order(test, "HTTHTTHTT", 0);
	free_in_any_order(test, "_HTTHTTHTT_", 1);
	free_in_any_order(test, ":HTTHTTHTT:", 1);
	free_in_any_order(test, "HHTTHTTHTTH", 1);
	free_in_any_order(test, "~HTTHTTHTT~", 1);
	free_in_any_order(test, "~httHttHTt~", 1);
	given_at_border(test, picture, "HTTHTTHTT");
	free_in_any_order(test, picture, strlen(picture) - 9);
}

static void double_free_is_refused(struct kunit *test)
{
	struct pool *pool = given(test, "_HT_");

	KUNIT_EXPECT_EQ(test, pool_free(pool, 1, 2), 0);
	EXPECT_POOL("_::_");
	KUNIT_EXPECT_EQ(test, pool_free(pool, 1, 2), -EINVAL);
	EXPECT_POOL("_::_");
}

static void part_of_an_extent_is_not_freed(struct kunit *test)
{
	struct pool *pool = given(test, "_HTT_");

	KUNIT_EXPECT_EQ(test, pool_free(pool, 1, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 2, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 2, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 1, 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 0, 4), -EINVAL);
	EXPECT_POOL("_HTT_");
}

static void two_neighbours_are_not_freed_at_once(struct kunit *test)
{
	struct pool *pool = given(test, "HTHT");

	KUNIT_EXPECT_EQ(test, pool_free(pool, 0, 4), -EINVAL);
	EXPECT_POOL("HTHT");
}

static void nothing_is_freed_beyond_the_pool(struct kunit *test)
{
	struct pool *pool = given(test, "__HT");

	KUNIT_EXPECT_EQ(test, pool_free(pool, 4, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 2, 3), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 2, U32_MAX), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, U32_MAX, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, pool_free(pool, U32_MAX, 5), -EINVAL);
	EXPECT_POOL("__HT");
}

static void any_range_is_freed_if_it_is_an_extent(struct kunit *test)
{
	change_anything(test, &freeing);
}

/* --- alignment */

static void alignment_counts_from_base(struct kunit *test)
{
	static const u64 bases[] = { 0, 1, 5, 31, 32, 33, (1ULL << 40) + 7, 3ULL << 32 };
	struct pool *pool;
	u32 i, align;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		pool = given_free(test, bases[i], 64, false);
		for (align = 1; align <= 32; align *= 2) {
			s64 start = aligned_place(pool, 3, align);

			KUNIT_ASSERT_GE(test, start, 0);
			KUNIT_EXPECT_EQ(test, (bases[i] + start) & (align - 1), 0);
			KUNIT_EXPECT_EQ(test, pool_free(pool, start, 3), 0);
		}
		KUNIT_EXPECT_EQ(test, pool_largest(pool), 64);
	}
}

static void alignment_larger_than_the_pool(struct kunit *test)
{
	struct pool *pool = given_at(test, 100, "________________________________");

	KUNIT_EXPECT_EQ(test, aligned_place(pool, 4, 128), 28);
	KUNIT_EXPECT_EQ(test, aligned_place(pool, 4, 128), -ENOSPC);
	KUNIT_EXPECT_EQ(test, aligned_place(pool, 4, 256), -ENOSPC);
	EXPECT_POOL("____________________________HTTT");

	pool = given_at(test, (1U << 31) - 7, "________________");
	KUNIT_EXPECT_EQ(test, aligned_place(pool, 9, 1U << 31), 7);
	EXPECT_POOL("_______HTTTTTTTT");
}

static void alignment_has_to_be_a_power_of_two(struct kunit *test)
{
	static const u32 wrong[] = { 0, 3, 5, 6, 7, 12, 100, (1U << 31) + 1, U32_MAX };
	struct pool *pool = given(test, "______::::::~~");
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		KUNIT_EXPECT_EQ(test, aligned_place(pool, 1, wrong[i]), -EINVAL);
		KUNIT_EXPECT_EQ(test, lowest_place(pool, 1, wrong[i]), -EINVAL);
	}
	EXPECT_POOL("______::::::~~");
}

static void request_of_no_length_is_refused(struct kunit *test)
{
	struct pool *pool = given(test, "____");

	KUNIT_EXPECT_EQ(test, place(pool, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, aligned_place(pool, 0, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, 0, 1), -EINVAL);
	EXPECT_POOL("____");
}

/*
 * A pool in which one quantum in four is used, like the posts of a fence. The runs between the
 * posts have room for two quanta, but not with an alignment of four.
 */
#define FENCE_BASE	3
#define FENCE_QUANTA	16384
#define FENCE_POST(i)	(4 * (i) + 1)
#define FENCE_POSTS	(FENCE_QUANTA / 4)

static struct pool *given_fence(struct kunit *test)
{
	struct pool *pool = given_free(test, FENCE_BASE, FENCE_QUANTA, false);
	u32 i;

	for (i = 0; i < FENCE_POSTS; i++)
		KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, FENCE_POST(i), 1), 0);
	return pool;
}

/* Create a run of two quanta; the first was a post. */
static u32 open_fence(struct kunit *test, struct pool *pool, u32 post)
{
	u32 at = FENCE_POST(post);

	KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, at - 1, 1), 0);
	KUNIT_ASSERT_EQ(test, pool_free(pool, at, 1), 0);
	KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, at + 2, 1), 0);
	return at;
}

static void only_aligned_place_is_found(struct kunit *test)
{
	static const u32 posts[] = { 1, 100, FENCE_POSTS / 2, FENCE_POSTS - 100, FENCE_POSTS - 2 };
	struct pool_search search;
	u32 i, at, start, steps;
	struct pool *pool;

	for (i = 0; i < ARRAY_SIZE(posts); i++) {
		pool = given_fence(test);
		at = open_fence(test, pool, posts[i]);
		search = (struct pool_search){ .len = 2, .align = 4 };
		KUNIT_EXPECT_EQ(test, finish(pool, &search, &start, &steps), 0);
		KUNIT_EXPECT_EQ(test, start, at);
		/* Quick attempts do not find this one. */
		if (posts[i] == FENCE_POSTS / 2)
			KUNIT_EXPECT_GT(test, steps, 2);
	}
}

static void missing_aligned_place_is_told(struct kunit *test)
{
	struct pool *pool = given_fence(test);

	KUNIT_EXPECT_EQ(test, aligned_place(pool, 2, 4), -ENOSPC);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, 2, 4), -ENOSPC);
	KUNIT_EXPECT_EQ(test, pool->extents, FENCE_POSTS);
	KUNIT_EXPECT_EQ(test, pool->free, FENCE_QUANTA - FENCE_POSTS);
	KUNIT_EXPECT_EQ(test, aligned_place(pool, 2, 2), FENCE_POST(0) + 2);
}

static void place_is_found_while_others_have_the_pool(struct kunit *test)
{
	struct pool *pool = given_fence(test);
	struct pool_search search = { .len = 2, .align = 4 };
	u32 at = open_fence(test, pool, FENCE_POSTS / 2);
	u32 start = POISON, steps = 0, opened, closed;
	int ret;

	for (;;) {
		ret = pool_alloc_step(pool, &search, &start);
		if (ret != -EAGAIN)
			break;
		steps++;
		KUNIT_ASSERT_LT(test, steps, FENCE_POSTS / 100);
		/* One place appears for a moment, and some runs disappear. */
		opened = FENCE_POST(20 * steps);
		KUNIT_ASSERT_EQ(test, pool_free(pool, opened, 1), 0);
		KUNIT_ASSERT_EQ(test, place(pool, 7), opened - 3);
		closed = FENCE_POST(FENCE_POSTS - 20 * steps) + 1;
		KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, closed, 3), 0);
		start = POISON;
	}
	KUNIT_EXPECT_GT(test, steps, 1);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, start, at);
}

/* The place is always free; only memory before it is freed. */
static void place_is_found_when_its_run_grows(struct kunit *test)
{
	u32 steps = POOL_STEP_WORDS * BITS_PER_LONG / 4, post = steps - 4, last = 2 * steps, i;
	struct pool *pool = given_free(test, FENCE_BASE, FENCE_QUANTA, false);
	struct pool_search search = { .len = 2, .align = 4 };
	u32 begin = FENCE_POST(post), at = FENCE_POST(last), start = POISON;

	for (i = 0; i < FENCE_POSTS; i++) {
		if (i < post || i > last)
			KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, FENCE_POST(i), 1), 0);
	}
	KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, begin, at - begin), 0);
	KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, at + 2, 1), 0);
	KUNIT_EXPECT_EQ(test, pool_alloc_step(pool, &search, &start), -EAGAIN);
	KUNIT_EXPECT_EQ(test, pool_alloc_step(pool, &search, &start), -EAGAIN);
	KUNIT_EXPECT_EQ(test, pool_free(pool, begin, at - begin), 0);
	KUNIT_EXPECT_EQ(test, finish(pool, &search, &start, &steps), 0);
}

static void exhaustive_search_finds_the_lowest_place(struct kunit *test)
{
	struct pool *pool = given_fence(test);
	u32 low = open_fence(test, pool, FENCE_POSTS / 3);
	u32 high = open_fence(test, pool, FENCE_POSTS - 3);

	KUNIT_EXPECT_EQ(test, lowest_place(pool, 2, 4), low);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, 2, 4), high);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, 2, 4), -ENOSPC);

	/* Nothing else matters, not even clean memory. */
	pool = given(test, "HT:::::H________");
	pool_set_large(pool, 4, 4);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, 4, 1), 2);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, 1, 4), 8);
	EXPECT_POOL("HThttt:HH_______");
}

/* --- small and large */

static void small_request_takes_the_first_run(struct kunit *test)
{
	struct pool *pool = given(test, "_HT___HT______HT");

	KUNIT_EXPECT_EQ(test, place(pool, 2), 3);
	KUNIT_EXPECT_EQ(test, place(pool, 4), 8);
	KUNIT_EXPECT_EQ(test, place(pool, 1), 0);
	KUNIT_EXPECT_EQ(test, place(pool, 3), -ENOSPC);
	EXPECT_POOL("HHTHT_HTHTTT__HT");
}

static void large_requests_go_to_the_end(struct kunit *test)
{
	struct pool *pool = given(test, "________________");

	pool_set_large(pool, 4, 4);
	KUNIT_EXPECT_EQ(test, place(pool, 3), 0);
	KUNIT_EXPECT_EQ(test, place(pool, 4), 12);
	KUNIT_EXPECT_EQ(test, place(pool, 5), 7);
	KUNIT_EXPECT_EQ(test, place(pool, 2), 3);
	EXPECT_POOL("HTTHT__HTTTTHTTT");

	/* No request is large any more. */
	pool = given(test, "________________");
	pool_set_large(pool, 4, 4);
	pool_set_large(pool, 0, 4);
	KUNIT_EXPECT_EQ(test, place(pool, 4), 0);
	EXPECT_POOL("HTTT____________");
}

static s64 large_place(struct kunit *test, u64 base, const char *picture, u32 len, u32 block)
{
	struct pool *pool = given_at(test, base, picture);

	pool_set_large(pool, 4, block);
	return place(pool, len);
}

static void large_requests_are_aligned_if_it_costs_nothing(struct kunit *test)
{
	static const char * const of_14 = "______________";
	static const char * const of_15 = "_______________";
	static const char * const of_24 = "________________________";
	static const char * const of_26 = "__________________________";

	/* The end is aligned; only the start is; neither is. */
	KUNIT_EXPECT_EQ(test, large_place(test, 2, of_14, 4, 4), 10);
	KUNIT_EXPECT_EQ(test, large_place(test, 0, of_14, 4, 4), 0);
	KUNIT_EXPECT_EQ(test, large_place(test, 1, of_14, 4, 4), 10);
	/*
	 * Aligned to the largest power of two that divides the length, but not more than the
	 * block.
	 */
	KUNIT_EXPECT_EQ(test, large_place(test, 0, of_26, 12, 16), 0);
	KUNIT_EXPECT_EQ(test, large_place(test, 0, of_24, 12, 16), 12);
	KUNIT_EXPECT_EQ(test, large_place(test, 0, of_24, 16, 16), 0);
	KUNIT_EXPECT_EQ(test, large_place(test, 0, of_24, 16, 8), 8);
	/* The length is no multiple of the block. */
	KUNIT_EXPECT_EQ(test, large_place(test, 0, of_15, 6, 8), 9);
	/* The next run is good enough. */
	KUNIT_EXPECT_EQ(test, large_place(test, 0, "____H_____H", 4, 4), 0);
	/* That would require zeroing. */
	KUNIT_EXPECT_EQ(test, large_place(test, 0, ":_____________", 4, 4), 10);
}

static void large_requests_take_the_best_of_three(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, large_place(test, 0, "____H_____H_______H_________", 5, 4), 5);
	KUNIT_EXPECT_EQ(test, large_place(test, 0, "____H_____H_______H_________", 6, 4), 12);
	/* The fourth is not considered. */
	KUNIT_EXPECT_EQ(test, large_place(test, 0, "_____H______H_______H________", 5, 4), 7);
}

/* --- dirty and clean */

static void clean_end_of_a_run_is_taken(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, place(given(test, ":::___"), 2), 4);
	KUNIT_EXPECT_EQ(test, place(given(test, "___:::"), 2), 0);
	KUNIT_EXPECT_EQ(test, place(given(test, "_:____"), 2), 4);
	KUNIT_EXPECT_EQ(test, place(given(test, "__:___"), 3), 3);
	/* Both ends are partly dirty, or neither is. */
	KUNIT_EXPECT_EQ(test, place(given(test, ":____:"), 2), 0);
	KUNIT_EXPECT_EQ(test, place(given(test, "_:__"), 3), 0);
	KUNIT_EXPECT_EQ(test, place(given(test, "__::__"), 2), 0);
	/* The first run is used although it is dirty. */
	KUNIT_EXPECT_EQ(test, place(given(test, "::H___"), 2), 0);
	/* Large requests. */
	KUNIT_EXPECT_EQ(test, large_place(test, 0, "____:::", 5, 4), 2);
	KUNIT_EXPECT_EQ(test, large_place(test, 0, "______::", 5, 4), 0);
}

/* The run of a request, in a pool with four runs; bits of @dirty select dirty quanta. */
static u32 run_taken(struct kunit *test, u32 dirty, u32 len, u32 align, u32 large)
{
	struct pool *pool = given_at(test, 1, "_______H_____H_________H______");
	s64 start;
	u32 i;

	for (i = 0; i < pool->nr; i++) {
		if (pool_remove(pool, i, 1))
			continue;
		KUNIT_ASSERT_EQ(test, pool_add(pool, i, 1, dirty & BIT(i)), 0);
	}
	pool_set_large(pool, large, 4);
	start = aligned_place(pool, len, align);
	KUNIT_ASSERT_GE(test, start, 0);
	return (start > 7) + (start > 13) + (start > 23);
}

static void run_does_not_depend_on_what_is_clean(struct kunit *test)
{
	struct rnd_state rnd;
	u32 i, len, align;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 10; i++) {
		u32 dirty = prandom_u32_state(&rnd) & prandom_u32_state(&rnd);

		for (len = 1; len < 6; len++) {
			for (align = 1; align <= 4; align *= 2) {
				KUNIT_EXPECT_EQ(test, run_taken(test, dirty, len, align, 0),
						run_taken(test, 0, len, align, 0));
				KUNIT_EXPECT_EQ(test, run_taken(test, dirty, len, align, 2),
						run_taken(test, 0, len, align, 2));
			}
		}
	}
}

static void what_is_freed_is_dirty(struct kunit *test)
{
	struct pool *pool = given(test, "________");

	KUNIT_EXPECT_EQ(test, place(pool, 3), 0);
	EXPECT_POOL("HTT_____");
	KUNIT_EXPECT_EQ(test, pool_free(pool, 0, 3), 0);
	EXPECT_POOL(":::_____");
	pool_set_clean(pool, 0, 2);
	EXPECT_POOL("__:_____");
}

static void owner_sees_what_is_dirty(struct kunit *test)
{
	struct pool *pool = given(test, "::__:");
	u32 start = POISON;

	KUNIT_EXPECT_EQ(test, place(pool, 5), 0);
	EXPECT_POOL("htTTt");
	KUNIT_EXPECT_EQ(test, pool_next_dirty(pool, 0, 5, U32_MAX, &start), 2);
	KUNIT_EXPECT_EQ(test, start, 0);
	pool_set_clean(pool, 0, 2);
	start = POISON;
	KUNIT_EXPECT_EQ(test, pool_next_dirty(pool, 0, 5, U32_MAX, &start), 1);
	KUNIT_EXPECT_EQ(test, start, 4);
	pool_set_clean(pool, 4, 1);
	KUNIT_EXPECT_EQ(test, pool_next_dirty(pool, 0, 5, U32_MAX, &start), 0);
	EXPECT_POOL("HTTTT");
	/* Even if its owner has zeroed it. */
	KUNIT_EXPECT_EQ(test, pool_free(pool, 0, 5), 0);
	EXPECT_POOL(":::::");
}

static void next_dirty_keeps_to_its_range(struct kunit *test)
{
	static const char * const picture = "HTttttTTtT__::::";
	struct pool *pool = given(test, picture);
	u32 nr = strlen(picture), from, end, max, len, start;

	for (from = 0; from < nr; from++) {
		for (end = from; end <= nr; end++) {
			u32 due = from;

			while (due < end && !is_dirty(picture[due]))
				due++;
			for (max = 1; max < 6; max++) {
				start = POISON;
				len = pool_next_dirty(pool, from, end, max, &start);
				KUNIT_ASSERT_EQ(test, len, min3(stretch(picture + due, is_dirty),
								end - due, max));
				if (len)
					KUNIT_ASSERT_EQ(test, start, due);
			}
		}
	}
}

static void any_range_can_be_cleaned(struct kunit *test)
{
	change_anything(test, &cleaning);
}

/* Clean as many quanta as are dirty, from the cleaner's position. */
static void go_round(struct kunit *test, struct pool *pool, const char *picture, u32 max)
{
	struct scene *scene = test->priv;
	u32 left, start, len;

	strscpy(scene->picture, picture, sizeof(scene->picture));
	for (left = pool->dirty; left; left -= len) {
		start = POISON;
		len = pool_next_to_clean(pool, min(max, left), &start);
		KUNIT_ASSERT_TRUE(test, len && len <= min(max, left));
		KUNIT_ASSERT_TRUE(test, exists(picture, start, len));
		/* Dirty quanta, each only once. */
		KUNIT_ASSERT_GE(test, stretch(scene->picture + start, is_to_clean), len);
		draw_clean(scene->picture, start, len);
	}
	KUNIT_EXPECT_EQ(test, count(scene->picture, is_to_clean), 0);
	EXPECT_POOL(picture);
}

static void cleaner_goes_round(struct kunit *test)
{
	static const char * const picture = "::_:ht::~:_::::~_ht:HT__:::";
	struct pool *pool = given(test, picture);
	u32 max, round;

	for (max = 1; max < 6; max++) {
		for (round = 0; round < 3; round++)
			go_round(test, pool, picture, max);
	}
	go_round(test, pool, picture, U32_MAX);
}

static void cleaner_comes_to_an_end(struct kunit *test)
{
	struct pool *pool = given(test, "::_:ht::~:_::::~_ht:HT__:::");
	u32 dirty = pool->dirty, start, len;

	while (dirty) {
		start = POISON;
		len = pool_next_to_clean(pool, 2, &start);
		KUNIT_ASSERT_TRUE(test, len && len <= dirty);
		pool_set_clean(pool, start, len);
		dirty -= len;
		KUNIT_ASSERT_EQ(test, pool->dirty, dirty);
	}
	KUNIT_EXPECT_EQ(test, pool_next_to_clean(pool, 2, &start), 0);
	EXPECT_POOL("____ht__~______~_ht_HT_____");
}

static void what_is_being_cleaned_can_be_handed_out(struct kunit *test)
{
	struct pool *pool = given(test, "::::");
	u32 start = POISON;

	KUNIT_EXPECT_EQ(test, pool_next_to_clean(pool, 4, &start), 4);
	KUNIT_EXPECT_EQ(test, start, 0);
	EXPECT_POOL("::::");
	KUNIT_EXPECT_EQ(test, place(pool, 3), 0);
	pool_set_clean(pool, 0, 4);
	EXPECT_POOL("HTT_");
}

/* --- adding and removing memory */

static void blocks_come(struct kunit *test)
{
	struct pool *pool = given_absent(test, 0, 24);

	KUNIT_EXPECT_EQ(test, pool_add(pool, 8, 8, true), 0);
	EXPECT_POOL("~~~~~~~~::::::::~~~~~~~~");
	KUNIT_EXPECT_EQ(test, place(pool, 9), -ENOSPC);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 16, 4, false), 0);
	EXPECT_POOL("~~~~~~~~::::::::____~~~~");
	KUNIT_EXPECT_EQ(test, pool_add(pool, 15, 1, false), -EEXIST);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 19, 2, false), -EEXIST);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 0, 24, false), -EEXIST);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 20, 5, false), -EINVAL);
	/* Room for one extent in two blocks. */
	KUNIT_EXPECT_EQ(test, place(pool, 12), 8);
	EXPECT_POOL("~~~~~~~~htttttttTTTT~~~~");
	KUNIT_EXPECT_EQ(test, pool_add(pool, 8, 1, false), -EEXIST);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 0, 8, false), 0);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 22, 2, true), 0);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 8, 12), 0);
	EXPECT_POOL("________::::::::::::~~::");
}

static void blocks_go(struct kunit *test)
{
	struct pool *pool = given(test, "____::::____HT__");

	KUNIT_EXPECT_EQ(test, pool_remove(pool, 12, 2), -EBUSY);
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 11, 2), -EBUSY);
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 13, 2), -EBUSY);
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 14, 3), -EINVAL);
	/* Remove a piece in the middle, then with its neighbours. */
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 5, 2), 0);
	EXPECT_POOL("____:~~:____HT__");
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 4, 4), -EBUSY);
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 7, 2), 0);
	EXPECT_POOL("____:~~~~___HT__");
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 0, 5), 0);
	EXPECT_POOL("~~~~~~~~~___HT__");
	KUNIT_EXPECT_EQ(test, pool_free(pool, 12, 2), 0);
	KUNIT_EXPECT_EQ(test, pool_remove(pool, 9, 7), 0);
	EXPECT_POOL("~~~~~~~~~~~~~~~~");
	KUNIT_EXPECT_EQ(test, place(pool, 1), -ENOSPC);
}

static void blocks_that_went_come_back_otherwise(struct kunit *test)
{
	struct pool *pool = given(test, "::::::::");

	KUNIT_EXPECT_EQ(test, pool_remove(pool, 0, 8), 0);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 2, 4, false), 0);
	EXPECT_POOL("~~____~~");
	KUNIT_EXPECT_EQ(test, pool_add(pool, 6, 2, true), 0);
	KUNIT_EXPECT_EQ(test, pool_add(pool, 0, 2, false), 0);
	EXPECT_POOL("______::");
}

static void any_range_is_added_if_it_is_absent(struct kunit *test)
{
	change_anything(test, &adding_clean);
	change_anything(test, &adding_dirty);
}

static void any_range_is_removed_if_it_is_free(struct kunit *test)
{
	change_anything(test, &removing);
}

static void any_range_is_handed_out_if_it_is_free(struct kunit *test)
{
	change_anything(test, &taking);
}

static void absent_memory_divides_free_memory(struct kunit *test)
{
	struct pool *pool = given(test, "____~____~______");

	pool_set_large(pool, 4, 4);
	KUNIT_EXPECT_EQ(test, place(pool, 7), -ENOSPC);
	KUNIT_EXPECT_EQ(test, place(pool, 6), 10);
	KUNIT_EXPECT_EQ(test, place(pool, 3), 0);
	KUNIT_EXPECT_EQ(test, aligned_place(pool, 2, 8), -ENOSPC);
	EXPECT_POOL("HTT_~____~HTTTTT");
}

/* --- iterating */

static void walk_begins_anywhere(struct kunit *test)
{
	struct pool *pool = given(test, "HTt___::HHTh:~~~_HT");
	struct pool_run run, whole;
	u32 nr = pool->nr, from, at;

	for (from = 0; from < nr; from += whole.len) {
		KUNIT_ASSERT_TRUE(test, pool_next_run(pool, from, &whole));
		for (at = from; at < from + whole.len; at++) {
			memset(&run, 0x5a, sizeof(run));
			KUNIT_ASSERT_TRUE(test, pool_next_run(pool, at, &run));
			KUNIT_ASSERT_EQ(test, run.start, at);
			KUNIT_ASSERT_EQ(test, run.start + run.len, from + whole.len);
			KUNIT_ASSERT_EQ(test, run.state, whole.state);
		}
	}
	KUNIT_EXPECT_FALSE(test, pool_next_run(pool, nr, &run));
	KUNIT_EXPECT_FALSE(test, pool_next_run(pool, nr + 1, &run));
	KUNIT_EXPECT_FALSE(test, pool_next_run(pool, U32_MAX, &run));
}

/* --- many quanta */

/* Each bitmap has 8 MiB, which needs vmalloc(). */
#define MANY_BASE	5
#define MANY		0x4000000U
#define STRIDE		0x4000U

static void sixty_four_million_quanta(struct kunit *test)
{
	struct pool *pool = given_free(test, MANY_BASE, MANY, false);
	u32 at, start, len;

	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(pool->used));
	KUNIT_EXPECT_EQ(test, place(pool, MANY), 0);
	KUNIT_EXPECT_EQ(test, place(pool, 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, pool_free(pool, 0, MANY), 0);
	KUNIT_EXPECT_EQ(test, pool->dirty, MANY);
	len = pool_next_to_clean(pool, MANY / 2, &start);
	KUNIT_EXPECT_EQ(test, len, MANY / 2);
	pool_set_clean(pool, start, len);
	KUNIT_EXPECT_EQ(test, pool->dirty, MANY / 2);
	KUNIT_EXPECT_EQ(test, pool_remove(pool, MANY / 4, MANY / 2), 0);
	KUNIT_EXPECT_EQ(test, pool_largest(pool), MANY / 4);
	KUNIT_EXPECT_EQ(test, pool_add(pool, MANY / 4, MANY / 2, false), 0);
	KUNIT_EXPECT_EQ(test, pool_largest(pool), MANY);
	for (at = 0; at < MANY; at += STRIDE)
		KUNIT_ASSERT_EQ(test, pool_alloc_at(pool, at, 1), 0);
	KUNIT_EXPECT_EQ(test, pool_largest(pool), STRIDE - 1);
	KUNIT_EXPECT_EQ(test, place(pool, STRIDE), -ENOSPC);
	KUNIT_EXPECT_EQ(test, lowest_place(pool, STRIDE / 2, STRIDE / 2), STRIDE / 2 - MANY_BASE);
	KUNIT_EXPECT_EQ(test, aligned_place(pool, STRIDE / 2, STRIDE), -ENOSPC);
	KUNIT_EXPECT_EQ(test, place(pool, STRIDE - 1), STRIDE + 1);
	KUNIT_EXPECT_EQ(test, pool_free(pool, STRIDE / 2 - MANY_BASE, STRIDE / 2), 0);
	KUNIT_EXPECT_EQ(test, pool_free(pool, STRIDE + 1, STRIDE - 1), 0);
	for (at = 0; at < MANY; at += STRIDE)
		KUNIT_ASSERT_EQ(test, pool_free(pool, at, 1), 0);
	KUNIT_EXPECT_EQ(test, pool->extents, 0);
	KUNIT_EXPECT_EQ(test, pool_largest(pool), MANY);
}

/* --- random operations, compared with the picture */

#define CHURN_BASE	13
#define CHURN_QUANTA	(4 * BITS_PER_LONG + 9)
#define CHURN_ROUNDS	10000
#define NOWHERE		U32_MAX

static bool is_aligned(u32 start, u32 align)
{
	return !((CHURN_BASE + start) % align);
}

static u32 lowest_fit(const char *picture, u32 len, u32 align)
{
	u32 run, run_len, start;

	for (run = 0; picture[run]; run += max(run_len, 1U)) {
		run_len = stretch(picture + run, is_free);
		for (start = run; start + len <= run + run_len; start++) {
			if (is_aligned(start, align))
				return start;
		}
	}
	return NOWHERE;
}

/* The place of a request that is neither large nor aligned, if there is room. */
static u32 first_fit(const char *picture, u32 len)
{
	u32 low = lowest_fit(picture, len, 1);
	u32 high = low + stretch(picture + low, is_free) - len;

	return any(picture, low, len, is_dirty) && !any(picture, high, len, is_dirty) ? high : low;
}

static bool is_at_an_end(const char *picture, u32 start, u32 len)
{
	return !start || !is_free(picture[start - 1]) || !is_free(picture[start + len]);
}

static void request_something(struct kunit *test, struct rnd_state *rnd)
{
	struct scene *scene = test->priv;
	char *picture = scene->picture;
	u32 len = 1 + below(rnd, BIT(below(rnd, 7)));
	u32 align = below(rnd, 2) ? 1 : BIT(below(rnd, 7));
	struct pool_search search = { .len = len, .align = align, .exhaustive = !below(rnd, 4) };
	bool lowest = search.exhaustive;
	u32 due = lowest_fit(picture, len, align);
	u32 start, steps;
	int ret = finish(&scene->pool, &search, &start, &steps);

	KUNIT_ASSERT_EQ(test, ret, due == NOWHERE ? -ENOSPC : 0);
	if (align == 1 && !lowest)
		KUNIT_ASSERT_EQ(test, steps, 1);
	if (ret)
		return;
	KUNIT_ASSERT_TRUE(test, exists(picture, start, len));
	KUNIT_ASSERT_FALSE(test, any(picture, start, len, is_not_free));
	KUNIT_ASSERT_TRUE(test, is_aligned(start, align));
	if (lowest)
		KUNIT_ASSERT_EQ(test, start, due);
	else if (align == 1)
		KUNIT_ASSERT_TRUE(test, is_at_an_end(picture, start, len));
	if (!lowest && align == 1 && (!scene->pool.large || len < scene->pool.large))
		KUNIT_ASSERT_EQ(test, start, first_fit(picture, len));
	draw_extent(picture, start, len);
}

static void free_something(struct kunit *test, struct rnd_state *rnd)
{
	struct scene *scene = test->priv;
	u32 at = below(rnd, CHURN_QUANTA);

	while (is_tail(scene->picture[at]))
		at--;
	if (is_head(scene->picture[at]))
		make_change(test, &freeing, at, extent_len(scene->picture + at));
}

static void clean_something(struct kunit *test, struct rnd_state *rnd)
{
	struct scene *scene = test->priv;
	u32 max = 1 + below(rnd, 20), start = POISON;
	u32 len = pool_next_to_clean(&scene->pool, max, &start);

	KUNIT_ASSERT_EQ(test, !len, !count(scene->picture, is_to_clean));
	if (!len)
		return;
	KUNIT_ASSERT_LE(test, len, max);
	KUNIT_ASSERT_TRUE(test, exists(scene->picture, start, len));
	KUNIT_ASSERT_GE(test, stretch(scene->picture + start, is_to_clean), len);
	make_change(test, &cleaning, start, len);
}

static void change_something(struct kunit *test, struct rnd_state *rnd)
{
	static const struct change * const changes[] = {
		&freeing, &taking, &adding_clean, &adding_dirty, &removing, &cleaning,
	};
	u32 which = below(rnd, ARRAY_SIZE(changes));

	make_change(test, changes[which], below(rnd, CHURN_QUANTA + 2), below(rnd, 16));
}

static void churn(struct kunit *test, u32 large, u32 block)
{
	struct scene *scene = test->priv;
	struct rnd_state rnd;
	u32 i;

	given_free(test, CHURN_BASE, CHURN_QUANTA, true);
	pool_set_large(&scene->pool, large, block);
	memset(scene->picture, ':', CHURN_QUANTA);
	prandom_seed_state(&rnd, large);
	for (i = 0; i < CHURN_ROUNDS; i++) {
		switch (below(&rnd, 8)) {
		case 0 ... 2:
			request_something(test, &rnd);
			break;
		case 3 ... 4:
			free_something(test, &rnd);
			break;
		case 5:
			clean_something(test, &rnd);
			break;
		default:
			change_something(test, &rnd);
			break;
		}
		scene->drawn[0] = '\0';
		check_counters(scene, scene->picture);
		KUNIT_ASSERT_STREQ(test, scene->drawn, "");
		if (i % 32 == 0)
			ASSERT_POOL(scene->picture);
	}
	ASSERT_POOL(scene->picture);
}

static void churn_of_small_requests(struct kunit *test)
{
	churn(test, 0, 1);
}

static void churn_of_small_and_large_requests(struct kunit *test)
{
	churn(test, 8, 32);
}

static int begin(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct scene), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/* Runs even if an assertion has failed. */
static void end(struct kunit *test)
{
	struct scene *scene = test->priv;

	if (scene)
		pool_destroy(&scene->pool);
}

static struct kunit_case scenarios[] = {
	KUNIT_CASE(no_quanta_or_too_many_are_refused),
	KUNIT_CASE(base_that_wraps_is_refused),
	KUNIT_CASE(nothing_is_left_of_a_pool),
	KUNIT_CASE(absent_pool_hands_out_nothing),
	KUNIT_CASE(one_quantum_is_a_pool),
	KUNIT_CASE(drawn_example),
	KUNIT_CASE(every_length_fills_an_empty_pool),
	KUNIT_CASE(lengths_in_any_order_fill_an_empty_pool),
	KUNIT_CASE(neighbours_coalesce_in_any_order),
	KUNIT_CASE(double_free_is_refused),
	KUNIT_CASE(part_of_an_extent_is_not_freed),
	KUNIT_CASE(two_neighbours_are_not_freed_at_once),
	KUNIT_CASE(nothing_is_freed_beyond_the_pool),
	KUNIT_CASE(any_range_is_freed_if_it_is_an_extent),
	KUNIT_CASE(alignment_counts_from_base),
	KUNIT_CASE(alignment_larger_than_the_pool),
	KUNIT_CASE(alignment_has_to_be_a_power_of_two),
	KUNIT_CASE(request_of_no_length_is_refused),
	KUNIT_CASE(only_aligned_place_is_found),
	KUNIT_CASE(missing_aligned_place_is_told),
	KUNIT_CASE(place_is_found_while_others_have_the_pool),
	KUNIT_CASE(place_is_found_when_its_run_grows),
	KUNIT_CASE(exhaustive_search_finds_the_lowest_place),
	KUNIT_CASE(small_request_takes_the_first_run),
	KUNIT_CASE(large_requests_go_to_the_end),
	KUNIT_CASE(large_requests_are_aligned_if_it_costs_nothing),
	KUNIT_CASE(large_requests_take_the_best_of_three),
	KUNIT_CASE(clean_end_of_a_run_is_taken),
	KUNIT_CASE(run_does_not_depend_on_what_is_clean),
	KUNIT_CASE(what_is_freed_is_dirty),
	KUNIT_CASE(owner_sees_what_is_dirty),
	KUNIT_CASE(next_dirty_keeps_to_its_range),
	KUNIT_CASE(any_range_can_be_cleaned),
	KUNIT_CASE(cleaner_goes_round),
	KUNIT_CASE(cleaner_comes_to_an_end),
	KUNIT_CASE(what_is_being_cleaned_can_be_handed_out),
	KUNIT_CASE(blocks_come),
	KUNIT_CASE(blocks_go),
	KUNIT_CASE(blocks_that_went_come_back_otherwise),
	KUNIT_CASE(any_range_is_added_if_it_is_absent),
	KUNIT_CASE(any_range_is_removed_if_it_is_free),
	KUNIT_CASE(any_range_is_handed_out_if_it_is_free),
	KUNIT_CASE(absent_memory_divides_free_memory),
	KUNIT_CASE(walk_begins_anywhere),
	KUNIT_CASE(sixty_four_million_quanta),
	KUNIT_CASE(churn_of_small_requests),
	KUNIT_CASE(churn_of_small_and_large_requests),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "pool",
	.init = begin,
	.exit = end,
	.test_cases = scenarios,
};

kunit_test_suite(pool_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Scenarios of the pool");
