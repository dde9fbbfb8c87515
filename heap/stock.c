// SPDX-License-Identifier: GPL-2.0-only
/* Free memory of which everything that leaves is zero: stock.h. */
#include <linux/log2.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "cleaner.h"
#include "stock.h"

/*
 * Requests from here on are kept away from the others, at the other end of the
 * pool. Of the sizes that were tried on traces this one fragments least, and it
 * is what one entry of a page table of the second level maps if pages have 4 KiB.
 */
#define LARGE_SIZE	SZ_2M

/* Runs that are looked at under the lock: there can be as many as quanta. */
#define STEP_RUNS	64

static u32 to_quanta(const struct stock *stock, u64 bytes)
{
	return bytes >> stock->shift;
}

static u64 quantum(const struct stock *stock)
{
	return stock_bytes(stock, 1);
}

/* How many quanta hold so many bytes: more than there are, if it is too much. */
static u64 quanta_for(const struct stock *stock, u64 size)
{
	return size > stock->size ? U64_MAX :
	       (size + quantum(stock) - 1) >> stock->shift;
}

/**
 * stock_init() - make a stock that has no memory yet
 * @stock: zeroed
 * @name: its name; not copied
 * @size: how many bytes it can have, a multiple of @quantum
 * @quantum: granularity in bytes, a power of two
 *
 * Context: may sleep.
 * Return: 0, to be undone by stock_destroy(); -EINVAL for more quanta than a pool
 * can have; -ENOMEM.
 */
int stock_init(struct stock *stock, const char *name, u64 size, u64 quantum)
{
	unsigned int shift = ilog2(quantum);
	u64 nr = size >> shift;
	int ret;

	if (nr > POOL_MAX_QUANTA)
		return -EINVAL;
	ret = pool_init_absent(&stock->pool, 0, nr);
	if (ret)
		return ret;
	/* Large ones that fill whole entries can be mapped by them, where it costs nothing. */
	if (quantum < LARGE_SIZE)
		pool_set_large(&stock->pool, LARGE_SIZE >> shift,
			       max_t(u64, PMD_SIZE, LARGE_SIZE) >> shift);
	stock->name = name;
	stock->size = size;
	stock->shift = shift;
	spin_lock_init(&stock->lock);
	cleaner_init(stock);
	return 0;
}

/**
 * stock_destroy() - undo stock_init()
 * @stock: zeroed or initialised; cleaner_stop() has been called
 *
 * Context: may sleep.
 */
void stock_destroy(struct stock *stock)
{
	pool_destroy(&stock->pool);
}

/**
 * stock_place() - say where the memory of a stock is
 * @stock: has no memory
 * @base: physical address of its first byte, a multiple of the quantum
 * @vaddr: where the kernel sees it, or NULL if nothing may touch it
 * @cached: devices may reach around the caches what @vaddr goes through
 *
 * Context: any; serialised by the owner.
 */
void stock_place(struct stock *stock, phys_addr_t base, void *vaddr,
		 bool cached)
{
	spin_lock(&stock->lock);
	stock->base = base;
	stock->vaddr = vaddr;
	stock->cached = cached;
	stock->pool.base = base >> stock->shift;
	spin_unlock(&stock->lock);
}

/**
 * stock_add() - put a block of memory into a stock
 * @stock: the stock
 * @offset: of the block
 * @size: bytes
 * @dirty: it is not zero, or only so in a cache
 *
 * Context: any.
 * Return: 0; -EEXIST if a part of it is there already.
 */
int stock_add(struct stock *stock, u64 offset, u64 size, bool dirty)
{
	int ret;

	spin_lock(&stock->lock);
	ret = pool_add(&stock->pool, to_quanta(stock, offset),
		       to_quanta(stock, size), dirty);
	spin_unlock(&stock->lock);
	cleaner_wake(stock);
	return ret;
}

/**
 * stock_remove() - take a block of memory out of a stock
 * @stock: the stock
 * @offset: of the block
 * @size: bytes
 *
 * Nothing of ours writes to it any more.
 *
 * Context: any.
 * Return: 0; -EBUSY if a part of it is handed out.
 */
int stock_remove(struct stock *stock, u64 offset, u64 size)
{
	int ret;

	spin_lock(&stock->lock);
	ret = pool_remove(&stock->pool, to_quanta(stock, offset),
			  to_quanta(stock, size));
	spin_unlock(&stock->lock);
	cleaner_let_go(stock);
	return ret;
}

/* Takes out of a run what is free and may go; returns how many quanta. */
static u32 remove_from(struct stock *stock, const struct pool_run *run, u32 max,
		       u32 least)
{
	u32 present = stock->pool.nr - stock->pool.absent;
	u32 len = min3(run->len, max, present - min(present, least));

	if (run->state != POOL_DIRTY && run->state != POOL_CLEAN)
		return 0;
	return !len || pool_remove(&stock->pool, run->start, len) ? 0 : len;
}

/**
 * stock_remove_next() - take out some memory that is free
 * @stock: the stock
 * @max: how many bytes at most
 * @least: how many bytes have to be left, free or in use
 * @offset: where to begin; where the memory was, if there is some
 * @size: how many bytes have been taken out
 *
 * The lowest goes first: so no run is cut but the first, and that at its beginning. Nothing
 * of ours writes to it any more.
 *
 * Context: may sleep.
 * Return: false if there is none at or after @offset.
 */
bool stock_remove_next(struct stock *stock, u64 max, u64 least, u64 *offset,
		       u64 *size)
{
	u32 from = to_quanta(stock, *offset), quanta = 0;
	u32 most = min_t(u64, max >> stock->shift, POOL_MAX_QUANTA);
	unsigned int looks = 0;
	struct pool_run run;

	if (*offset >= stock->size)
		return false;
	spin_lock(&stock->lock);
	while (!quanta && pool_next_run(&stock->pool, from, &run)) {
		quanta = remove_from(stock, &run, most,
				     quanta_for(stock, least));
		from = run.start + run.len;
		if (++looks % STEP_RUNS == 0) {
			spin_unlock(&stock->lock);
			cond_resched();
			spin_lock(&stock->lock);
		}
	}
	spin_unlock(&stock->lock);
	if (!quanta)
		return false;
	cleaner_let_go(stock);
	*offset = stock_bytes(stock, run.start);
	*size = stock_bytes(stock, quanta);
	return true;
}

static void free_quanta(struct stock *stock, u32 start, u32 len)
{
	int ret;

	spin_lock(&stock->lock);
	ret = pool_free(&stock->pool, start, len);
	spin_unlock(&stock->lock);
	if (!WARN_ONCE(ret, "%s: %u quanta at %u were not allocated\n",
		       stock->name, len, start))
		cleaner_wake(stock);
}

/* Of what the pool has just handed out, @dirty quanta are not zero. */
static int make_zero(struct stock *stock, u32 start, u32 len, u32 dirty,
		     unsigned int flags)
{
	int ret;

	/* What a device's memory holds is up to its driver. */
	if (!dirty || !stock->vaddr)
		return 0;
	ret = cleaner_zero(stock, start, len, flags & ALLOC_TO_MEMORY);
	if (ret)
		free_quanta(stock, start, len);
	return ret;
}

/**
 * stock_add_used() - put a block into a stock of which a part is in use already
 * @stock: the stock
 * @block: offset of the block
 * @block_size: bytes
 * @offset: of the part, as if it had been allocated
 * @size: bytes of that, rounded up to whole quanta
 * @dirty: the part is not zero yet, and has to be made so
 * @flags: ALLOC_*, for that
 *
 * The rest of the block is free, and dirty.
 *
 * Context: may sleep.
 * Return: 0; -EEXIST if any of the block is there already; -EINTR when a fatal signal
 * came: then all of the block is in the stock, and free.
 */
int stock_add_used(struct stock *stock, u64 block, u64 block_size, u64 offset,
		   u64 size, bool dirty, unsigned int flags)
{
	u32 start = to_quanta(stock, offset);
	u32 len = quanta_for(stock, size);
	int ret;

	spin_lock(&stock->lock);
	ret = pool_add(&stock->pool, to_quanta(stock, block),
		       to_quanta(stock, block_size), true) ?:
	      pool_alloc_at(&stock->pool, start, len);
	spin_unlock(&stock->lock);
	if (ret)
		return ret;
	if (block_size > size)
		cleaner_wake(stock);
	return dirty ? make_zero(stock, start, len, len, flags) : 0;
}

/**
 * stock_alloc() - take memory where it fits best
 * @stock: the stock
 * @size: bytes, rounded up to whole quanta
 * @align: alignment of its physical address, a power of two
 * @flags: ALLOC_*
 * @offset: filled in
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM if nothing fits; -EINTR when a fatal signal came.
 */
int stock_alloc(struct stock *stock, u64 size, u64 align, unsigned int flags,
		u64 *offset)
{
	u64 spacing = max(align, quantum(stock)) >> stock->shift;
	u64 len = quanta_for(stock, size);
	struct pool_search search = {
		.len = len, .align = spacing,
		.exhaustive = flags & ALLOC_LOWEST,
	};
	u32 start, dirty;
	int ret;

	if (len > stock->pool.nr || spacing > POOL_MAX_QUANTA)
		return -ENOMEM;
	for (;;) {
		spin_lock(&stock->lock);
		dirty = stock->pool.dirty;
		ret = pool_alloc_step(&stock->pool, &search, &start);
		dirty -= stock->pool.dirty;
		spin_unlock(&stock->lock);
		if (ret != -EAGAIN)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	if (ret)
		return ret == -ENOSPC ? -ENOMEM : ret;
	*offset = stock_bytes(stock, start);
	return make_zero(stock, start, len, dirty, flags);
}

/**
 * stock_alloc_at() - take memory at a place of the caller's choice
 * @stock: the stock
 * @offset: the place
 * @size: bytes, rounded up to whole quanta
 * @flags: ALLOC_*
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a place that is not in the stock, or between two quanta;
 * -EBUSY if any of it is taken; -EINTR when a fatal signal came.
 */
int stock_alloc_at(struct stock *stock, u64 offset, u64 size,
		   unsigned int flags)
{
	u64 len = quanta_for(stock, size);
	u32 start, dirty;
	int ret;

	if (offset >= stock->size || len > stock->pool.nr ||
	    offset & (quantum(stock) - 1))
		return -EINVAL;
	start = to_quanta(stock, offset);
	spin_lock(&stock->lock);
	dirty = stock->pool.dirty;
	ret = pool_alloc_at(&stock->pool, start, len);
	dirty -= stock->pool.dirty;
	spin_unlock(&stock->lock);
	return ret ?: make_zero(stock, start, len, dirty, flags);
}

/**
 * stock_free() - give memory back
 * @stock: the stock
 * @offset: of an extent that was allocated
 * @size: bytes, as they were asked for
 *
 * Context: may sleep.
 */
void stock_free(struct stock *stock, u64 offset, u64 size)
{
	free_quanta(stock, to_quanta(stock, offset), quanta_for(stock, size));
}

/**
 * stock_largest() - longest run of free memory that is there
 * @stock: the stock
 *
 * Context: any.
 * Return: bytes.
 */
u64 stock_largest(struct stock *stock)
{
	u32 largest;

	spin_lock(&stock->lock);
	largest = pool_largest(&stock->pool);
	spin_unlock(&stock->lock);
	return stock_bytes(stock, largest);
}

/**
 * stock_stat() - figures of a stock
 * @stock: the stock
 * @stat: filled in; memory that is absent counts as free, because its owner adds
 *	it when it is wanted
 *
 * Context: any.
 */
void stock_stat(struct stock *stock, struct stock_stat *stat)
{
	struct pool *pool = &stock->pool;
	u32 largest;

	spin_lock(&stock->lock);
	largest = max(pool_largest(pool), pool->absent);
	*stat = (struct stock_stat) {
		.total	 = stock->size,
		.free	 = stock_bytes(stock, pool->free + pool->absent),
		.largest = stock_bytes(stock, largest),
		.held	 = stock_bytes(stock, pool->free),
		.dirty	 = stock->vaddr ? stock_bytes(stock, pool->dirty) : 0,
	};
	spin_unlock(&stock->lock);
}

static bool is_free(const struct pool_run *run)
{
	return run->state != POOL_USED;
}

/* Goes on looking for the end of the first free run from @from on; true at it. */
static bool next_free_step(struct stock *stock, u32 *from, u32 *first,
			   u32 *free)
{
	unsigned int looks = STEP_RUNS;
	struct pool_run run;
	bool more = true;

	spin_lock(&stock->lock);
	while (more && looks--) {
		more = pool_next_run(&stock->pool, *from, &run) &&
		       !(*free && !is_free(&run));
		if (more && is_free(&run)) {
			if (!*free)
				*first = run.start;
			*free += run.len;
		}
		if (more)
			*from = run.start + run.len;
	}
	spin_unlock(&stock->lock);
	return !more;
}

/**
 * stock_next_free() - find free memory by its place
 * @stock: the stock
 * @offset: where to begin
 * @start: filled in with the first free run at or after @offset
 * @len: filled in with its length in bytes
 *
 * What is found was free when it was looked at.
 *
 * Context: may sleep.
 * Return: false if there is none.
 */
bool stock_next_free(struct stock *stock, u64 offset, u64 *start, u64 *len)
{
	u32 from, first = 0, free = 0;

	if (offset >= stock->size)
		return false;
	from = to_quanta(stock, offset);
	while (!next_free_step(stock, &from, &first, &free))
		cond_resched();
	*start = stock_bytes(stock, first);
	*len = stock_bytes(stock, free);
	return free;
}

#define MAP_COLUMNS	64
#define MAP_ROWS	16

/* The sign for the worst of what is in [pos, end): what is in use never looks free. */
static char sign_of(struct stock *stock, u32 pos, u32 end)
{
	static const char sign[] = {
		[POOL_ABSENT] = ' ', [POOL_CLEAN] = '.', [POOL_DIRTY] = ':',
		[POOL_USED] = '#',
	};
	enum pool_state worst = POOL_ABSENT;
	struct pool_run run;

	spin_lock(&stock->lock);
	while (pos < end && worst != POOL_USED &&
	       pool_next_run(&stock->pool, pos, &run)) {
		worst = max(worst, run.state);
		pos = run.start + run.len;
	}
	spin_unlock(&stock->lock);
	return sign[worst];
}

/**
 * stock_map() - draw a stock for people
 * @stock: the stock
 * @seq: where to
 *
 * One character stands for as many quanta as it takes to draw all of it in
 * MAP_ROWS rows.
 *
 * Context: may sleep.
 */
void stock_map(struct stock *stock, struct seq_file *seq)
{
	u32 nr = stock->pool.nr, pos, column = 0;
	u32 step = DIV_ROUND_UP(nr, MAP_COLUMNS * MAP_ROWS);

	seq_printf(seq, "# used  . free and zero  : free, to be zeroed%s; each is %llu bytes\n",
		   stock->pool.absent ? "  blank: the kernel's" : "",
		   stock_bytes(stock, step));
	for (pos = 0; pos < nr; pos += step) {
		u32 end = min(nr - pos, step) + pos;

		if (!column)
			seq_printf(seq, "%10llu  ", stock_bytes(stock, pos));
		seq_putc(seq, sign_of(stock, pos, end));
		column = (column + 1) % MAP_COLUMNS;
		if (!column)
			seq_putc(seq, '\n');
		cond_resched();
	}
	if (column)
		seq_putc(seq, '\n');
}

/**
 * stock_soil() - nothing that is free counts as zero any more
 * @stock: the stock; its cleaner is paused
 *
 * Context: may sleep.
 */
void stock_soil(struct stock *stock)
{
	struct pool *pool = &stock->pool;
	struct pool_run run = {};
	bool more = true;

	while (more) {
		spin_lock(&stock->lock);
		more = pool_next_run(pool, run.start + run.len, &run);
		/* What is freed is dirty. */
		if (more && run.state == POOL_CLEAN &&
		    !pool_alloc_at(pool, run.start, run.len))
			pool_free(pool, run.start, run.len);
		spin_unlock(&stock->lock);
		cond_resched();
	}
}
