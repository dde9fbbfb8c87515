/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store: released blocks of system pages, zeroed and held for the next allocations.
 *
 *	         store_put()              the thread               store_take()
 *	released ----------> held, dirty -----------> held, clean -----------> handed out
 *	                          |                        |
 *	                          +--- pressure, or age ---+--> the kernel's again
 *
 * Clean means zero in memory, as in stock.h.
 *
 * Held memory is not lost to others: the kernel counts it as reclaimable, and a
 * shrinker gives it back. A block stays charged to the memory cgroup that released
 * it, and only tasks of that group get it, because a module cannot charge a page to
 * another group. A group that reaches its own limit does not trigger the shrinker.
 * So the store keeps no blocks of groups that have a limit or are inside a group
 * with one.
 */
#ifndef CONTIG_STORE_H
#define CONTIG_STORE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "kcompat.h"

struct task_struct;

#define STORE_ORDERS	(CONTIG_MAX_PAGE_ORDER + 1)

/**
 * struct store - released pages, and the thread that zeroes them
 * @name: for the thread and the shrinker; belongs to the owner
 * @charged: the pages are charged to memory cgroups
 * @lock: protects @clean, @dirty, @pages and @dirty_pages
 * @clean: zeroed blocks by order, linked by page->lru of their first pages, the most
 *	recently released first
 * @dirty: blocks that have to be zeroed, likewise
 * @pages: number of pages in all blocks, including those that the thread is zeroing
 * @dirty_pages: how many of them are not zeroed
 * @thread: zeroes blocks, and gives old ones back; NULL if the store holds nothing
 * @work: where the thread waits
 * @alarm: wakes the thread
 * @shrinker: gives blocks back when the kernel needs memory
 */
struct store {
	const char *name;
	bool charged;
	spinlock_t lock;
	struct list_head clean[STORE_ORDERS];
	struct list_head dirty[STORE_ORDERS];
	unsigned long pages;
	unsigned long dirty_pages;
	struct task_struct *thread;
	wait_queue_head_t work;
	struct timer_list alarm;
	struct contig_shrinker shrinker;
};

static inline u64 store_bytes(const struct store *store)
{
	return (u64)READ_ONCE(store->pages) << PAGE_SHIFT;
}

static inline u64 store_dirty_bytes(const struct store *store)
{
	return (u64)READ_ONCE(store->dirty_pages) << PAGE_SHIFT;
}

void store_configure(u64 limit);
int store_init(struct store *store, const char *name, bool charged);
void store_destroy(struct store *store);

unsigned int store_take(struct store *store, bool clean, unsigned int order,
			u64 max, struct list_head *blocks);
void store_put(struct store *store, struct list_head *blocks);
void store_give(struct store *store, unsigned long pages);
unsigned long blocks_free(struct list_head *blocks);

#endif /* CONTIG_STORE_H */
