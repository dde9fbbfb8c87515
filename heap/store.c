// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that stay warm, see store.h.
 *
 * The thread delays nobody: its policy is SCHED_IDLE, so it runs only when the CPU is
 * otherwise idle. The block that it zeroes is not on any list, so allocations take
 * another one.
 */
#include <linux/atomic.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmstat.h>

#include <uapi/linux/sched/types.h>

#include "keep.h"
#include "memory.h"
#include "owner.h"
#include "store.h"

/* Blocks to move with the lock held. */
#define BATCH		32

/* Blocks of other groups to skip in the search for one of the caller's group. */
#define MAX_FOREIGN	16

/* Bytes to zero and write back between calls of cond_resched(): some 10 us. */
#define STROKE_BYTES	((size_t)SZ_64K)

/* Maximum number of pages in all stores together. */
static unsigned long limit;

/* Current number of pages in all stores. */
static atomic_long_t held;

/**
 * store_configure() - set the limit of all stores
 * @bytes: how much they may hold together; 0 turns stores off
 *
 * Context: before the first store_init().
 */
void store_configure(u64 bytes)
{
	limit = min_t(u64, bytes >> PAGE_SHIFT, LONG_MAX);
}

/* Account pages that enter or leave the store; the kernel counts them as reclaimable. */
static void count(struct store *store, struct page *page, long pages)
{
	lockdep_assert_held(&store->lock);
	WRITE_ONCE(store->pages, store->pages + pages);
	atomic_long_add(pages, &held);
	mod_node_page_state(page_pgdat(page), NR_KERNEL_MISC_RECLAIMABLE, pages);
}

static void count_dirty(struct store *store, long pages)
{
	WRITE_ONCE(store->dirty_pages, store->dirty_pages + pages);
}

/* Move a block from the store to @blocks. */
static void take_out(struct store *store, struct page *page, bool clean,
		     struct list_head *blocks)
{
	long pages = 1L << compound_order(page);

	list_move_tail(&page->lru, blocks);
	set_page_private(page, 0);
	count(store, page, -pages);
	if (!clean)
		count_dirty(store, -pages);
}

/*
 * May the store keep a block? Not if someone else still holds a reference to it. If two
 * stores check at the same time, they may exceed the limit by one block.
 */
static bool is_welcome(struct store *store, struct page *page)
{
	unsigned long pages = 1UL << compound_order(page);
	bool limited;

	if (page_ref_count(page) != 1 ||
	    atomic_long_read(&held) + pages > limit)
		return false;
	rcu_read_lock();
	limited = owner_is_limited(owner_of_page(page));
	rcu_read_unlock();
	return !limited;
}

static void take_in(struct store *store, struct page *page)
{
	unsigned int order = compound_order(page);

	set_page_private(page, jiffies);
	list_move(&page->lru, &store->dirty[order]);
	count(store, page, 1L << order);
	count_dirty(store, 1L << order);
}

/**
 * blocks_free() - return blocks to the kernel
 * @blocks: the blocks, linked by page->lru of their first pages; empty afterwards
 *
 * Context: may sleep.
 * Return: number of pages in the blocks.
 */
unsigned long blocks_free(struct list_head *blocks)
{
	struct page *page, *next;
	unsigned long pages = 0;

	list_for_each_entry_safe(page, next, blocks, lru) {
		unsigned int order = compound_order(page);

		list_del(&page->lru);
		__free_pages(page, order);
		pages += 1UL << order;
		cond_resched();
	}
	return pages;
}

/**
 * store_take() - get blocks that the caller's memory cgroup has released
 * @store: the store
 * @clean: get zeroed blocks; otherwise, blocks that the caller has to zero and write
 *	back
 * @order: order of the blocks
 * @max: number of blocks wanted, at least 1
 * @blocks: the blocks are added here, linked by page->lru of their first pages
 *
 * The store may have more such blocks, even if this returns fewer than @max.
 *
 * Context: any process context.
 * Return: number of blocks added.
 */
unsigned int store_take(struct store *store, bool clean, unsigned int order,
			u64 max, struct list_head *blocks)
{
	struct list_head *from = clean ? &store->clean[order] : &store->dirty[order];
	unsigned int taken = 0, foreign = 0;
	struct page *page, *next;
	struct mem_cgroup *owner;

	/* If the store is turned off, the lists are not initialised. */
	if (!store->thread || list_empty(from))
		return 0;
	max = min_t(u64, max, BATCH);
	rcu_read_lock();
	owner = owner_current();
	spin_lock(&store->lock);
	list_for_each_entry_safe(page, next, from, lru) {
		if (taken == max || foreign == MAX_FOREIGN)
			break;
		if (store->charged && owner_of_page(page) != owner) {
			foreign++;
			continue;
		}
		take_out(store, page, clean, blocks);
		taken++;
	}
	spin_unlock(&store->lock);
	rcu_read_unlock();
	return taken;
}

/**
 * store_put() - keep released blocks
 * @store: the store
 * @blocks: the blocks, linked by page->lru of their first pages; afterwards, those
 *	that were not kept
 *
 * store_take() returns them in the same order, so that adjacent blocks stay adjacent.
 *
 * Context: may sleep.
 */
void store_put(struct store *store, struct list_head *blocks)
{
	struct page *page, *previous;
	unsigned int looks = 0;

	if (!store->thread)
		return;
	spin_lock(&store->lock);
	list_for_each_entry_safe_reverse(page, previous, blocks, lru) {
		if (is_welcome(store, page))
			take_in(store, page);
		if (++looks % BATCH == 0) {
			spin_unlock(&store->lock);
			cond_resched();
			spin_lock(&store->lock);
		}
	}
	spin_unlock(&store->lock);
	/* Wake the thread later: a wakeup here would double the cost of the release. */
	if (READ_ONCE(store->dirty_pages) && !timer_pending(&store->alarm))
		mod_timer(&store->alarm, jiffies + 1);
}

/* Take the oldest blocks, at least @age old: about @want pages, and at most BATCH blocks. */
static unsigned long take_old(struct store *store, bool clean, unsigned int order,
			      unsigned long want, unsigned long age,
			      struct list_head *blocks)
{
	struct list_head *from = clean ? &store->clean[order] : &store->dirty[order];
	unsigned long pages = 0;
	struct page *page, *previous;
	unsigned int taken = 0;

	list_for_each_entry_safe_reverse(page, previous, from, lru) {
		if (pages >= want || taken++ == BATCH ||
		    time_before(jiffies, page_private(page) + age))
			break;
		take_out(store, page, clean, blocks);
		pages += 1UL << order;
	}
	return pages;
}

static unsigned long give_step(struct store *store, unsigned int order,
			       unsigned long want, unsigned long age)
{
	LIST_HEAD(blocks);

	spin_lock(&store->lock);
	if (!take_old(store, false, order, want, age, &blocks))
		take_old(store, true, order, want, age, &blocks);
	spin_unlock(&store->lock);
	return blocks_free(&blocks);
}

/*
 * Return up to about @want pages that were released at least @age ago. Small blocks go
 * first, because they are the least valuable.
 */
static unsigned long give_back(struct store *store, unsigned long want,
			       unsigned long age)
{
	unsigned long pages = 0, step;
	unsigned int order;

	for (order = 0; order < STORE_ORDERS; order++) {
		do {
			step = want > pages ?
			       give_step(store, order, want - pages, age) : 0;
			pages += step;
		} while (step);
	}
	return pages;
}

/**
 * store_give() - return memory to the kernel
 * @store: the store
 * @pages: about how many pages
 *
 * Context: may sleep.
 */
void store_give(struct store *store, unsigned long pages)
{
	if (store->thread)
		give_back(store, pages, 0);
}

/* Take the oldest of the largest dirty blocks off its list; it is still accounted. */
static struct page *begin_block(struct store *store)
{
	struct page *page = NULL;
	int order;

	spin_lock(&store->lock);
	for (order = STORE_ORDERS - 1; order >= 0 && !page; order--) {
		if (list_empty(&store->dirty[order]))
			continue;
		page = list_last_entry(&store->dirty[order], struct page, lru);
		list_del(&page->lru);
	}
	spin_unlock(&store->lock);
	return page;
}

static void end_block(struct store *store, struct page *page)
{
	unsigned int order = compound_order(page);

	spin_lock(&store->lock);
	list_add(&page->lru, &store->clean[order]);
	count_dirty(store, -(1L << order));
	spin_unlock(&store->lock);
}

static void clean_block(struct page *page)
{
	size_t size = PAGE_SIZE << compound_order(page), done, len;
	void *vaddr = page_address(page);

	for (done = 0; done < size; done += len) {
		len = min(size - done, STROKE_BYTES);
		memset(vaddr + done, 0, len);
		if (CONTIG_MAY_NOT_SNOOP)
			memory_flush_lines(vaddr + done, page_to_phys(page) + done,
					   len);
		cond_resched();
	}
	/* Order the zeros before accesses through other mappings, such as uncached ones. */
	wmb();
}

static bool has_work(struct store *store)
{
	return READ_ONCE(store->dirty_pages) || kthread_should_stop();
}

static long until_next_look(struct store *store)
{
	return READ_ONCE(store->pages) && keep_idle_ms() ?
	       msecs_to_jiffies(keep_idle_ms()) / 2 + 1 : MAX_SCHEDULE_TIMEOUT;
}

static int store_thread(void *data)
{
	struct store *store = data;
	struct page *page;

	set_freezable();
	while (!kthread_should_stop()) {
		wait_event_freezable_timeout(store->work, has_work(store),
					     until_next_look(store));
		while (!kthread_should_stop() && (page = begin_block(store))) {
			clean_block(page);
			end_block(store, page);
			try_to_freeze();
		}
		if (keep_idle_ms())
			give_back(store, ULONG_MAX,
				  msecs_to_jiffies(keep_idle_ms()));
	}
	return 0;
}

static void wake_thread(struct timer_list *alarm)
{
	wake_up(&container_of(alarm, struct store, alarm)->work);
}

static struct store *to_store(struct shrinker *shrinker)
{
	return container_of(contig_shrinker_of(shrinker), struct store, shrinker);
}

static unsigned long count_pages(struct shrinker *shrinker,
				 struct shrink_control *control)
{
	return READ_ONCE(to_store(shrinker)->pages);
}

static unsigned long shrink(struct shrinker *shrinker,
			    struct shrink_control *control)
{
	return give_back(to_store(shrinker), control->nr_to_scan, 0) ?: SHRINK_STOP;
}

static int run_thread(struct store *store)
{
	static const struct sched_attr idle = { .sched_policy = SCHED_IDLE };
	struct task_struct *task;

	task = kthread_create(store_thread, store, "contig_warm/%s", store->name);
	if (IS_ERR(task))
		return PTR_ERR(task);
	sched_setattr_nocheck(task, &idle);
	store->thread = task;
	wake_up_process(task);
	return 0;
}

/**
 * store_init() - make a store
 * @store: zeroed
 * @name: its name; not copied
 * @charged: its pages are charged to memory cgroups
 *
 * If the limit of all stores is 0, this does nothing.
 *
 * Context: may sleep.
 * Return: 0, to be undone by store_destroy(); -ENOMEM.
 */
int store_init(struct store *store, const char *name, bool charged)
{
	unsigned int order;
	int ret;

	if (!limit)
		return 0;
	store->name = name;
	store->charged = charged;
	spin_lock_init(&store->lock);
	for (order = 0; order < STORE_ORDERS; order++) {
		INIT_LIST_HEAD(&store->clean[order]);
		INIT_LIST_HEAD(&store->dirty[order]);
	}
	init_waitqueue_head(&store->work);
	timer_setup(&store->alarm, wake_thread, 0);
	ret = contig_shrinker_add(&store->shrinker, name, count_pages, shrink, 1);
	if (ret)
		return ret;
	ret = run_thread(store);
	if (ret)
		contig_shrinker_remove(&store->shrinker);
	return ret;
}

/**
 * store_destroy() - undo store_init(), and return all pages
 * @store: zeroed or initialised; no longer in use
 *
 * Context: may sleep.
 */
void store_destroy(struct store *store)
{
	if (!store->thread)
		return;
	contig_shrinker_remove(&store->shrinker);
	contig_timer_stop(&store->alarm);
	kthread_stop(store->thread);
	give_back(store, ULONG_MAX, 0);
}
