// SPDX-License-Identifier: GPL-2.0-only
/* Stocks: free memory that is zeroed before it is handed out, see stock.h. */
#include <linux/log2.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "cleaner.h"
#include "stock.h"

/*
 * Requests of at least this size go to the other end of the pool. Of the sizes that
 * were tried on traces, this one fragments least. With 4-KiB pages, it is the size of
 * a PMD mapping.
 */
#define LARGE_SIZE	SZ_2M

/* Runs to visit with the lock held: there can be as many runs as quanta. */
#define STEP_RUNS	64

static u32 to_quanta(const struct stock *stock, u64 bytes)
{
	return bytes >> stock->shift;
}

static u64 quantum(const struct stock *stock)
{
	return stock_bytes(stock, 1);
}

/* Bytes to quanta, rounded up; U64_MAX if @size is larger than the stock. */
static u64 quanta_for(const struct stock *stock, u64 size)
{
	return size > stock->size ? U64_MAX :
	       (size + quantum(stock) - 1) >> stock->shift;
}

/**
 * stock_init() - make a stock that has no memory yet
 * @stock: zeroed
 * @name: its name; not copied
 * @size: maximum size in bytes, a multiple of @quantum
 * @quantum: quantum in bytes, a power of two
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
	/* Align requests that fill whole PMDs for PMD mappings, where that costs nothing. */
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
 * stock_place() - set the address of the memory of a stock
 * @stock: a stock without memory
 * @base: physical address of its first byte, a multiple of the quantum
 * @vaddr: kernel address of it, or NULL if the memory must not be accessed
 * @cached: @vaddr is a cached address, and devices may bypass the caches
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
 * stock_add() - add a block of memory to a stock
 * @stock: the stock
 * @offset: offset of the block
 * @size: bytes
 * @dirty: it is not zero, or the zeros may still be in a cache
 *
 * Context: any.
 * Return: 0; -EEXIST if any of it is already there.
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
 * stock_remove() - remove a block of memory from a stock
 * @stock: the stock
 * @offset: offset of the block
 * @size: bytes
 *
 * Afterwards, the stock's thread does not write to it any more.
 *
 * Context: any.
 * Return: 0; -EBUSY if any of it is in use or absent.
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

/* Remove free quanta from the start of a run, as far as allowed. Returns how many. */
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
 * stock_remove_next() - remove some free memory
 * @stock: the stock
 * @max: maximum number of bytes to remove
 * @least: bytes that must be left in the stock, free or in use
 * @offset: where the search begins; on success, offset of the removed memory
 * @size: on success, bytes removed
 *
 * Removes the lowest memory first, so that only the first run is cut, at its start.
 * Afterwards, the stock's thread does not write to the memory any more.
 *
 * Context: may sleep.
 * Return: false if nothing can be removed at or after @offset.
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

/* Zero a new extent, of which @dirty quanta are dirty. Frees it on failure. */
static int make_zero(struct stock *stock, u32 start, u32 len, u32 dirty,
		     unsigned int flags)
{
	int ret;

	/* The contents of device memory are up to its driver. */
	if (!dirty || !stock->vaddr)
		return 0;
	ret = cleaner_zero(stock, start, len, flags & ALLOC_TO_MEMORY);
	if (ret)
		free_quanta(stock, start, len);
	return ret;
}

/**
 * stock_add_used() - add a block to a stock, and allocate a part of it
 * @stock: the stock
 * @block: offset of the block
 * @block_size: bytes
 * @offset: offset of the part
 * @size: bytes of the part, rounded up to whole quanta
 * @dirty: the part needs zeroing, which is done here
 * @flags: ALLOC_*, for the zeroing
 *
 * The rest of the block is free, and dirty.
 *
 * Context: may sleep.
 * Return: 0; -EEXIST if any of the block is already there; -EINTR after a fatal
 * signal: all of the block is in the stock, and free.
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
 * stock_alloc() - allocate memory
 * @stock: the stock
 * @size: bytes, rounded up to whole quanta
 * @align: alignment of its physical address, a power of two
 * @flags: ALLOC_*
 * @offset: filled in
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM if nothing fits; -EINTR after a fatal signal.
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
 * stock_alloc_at() - allocate memory at a given offset
 * @stock: the stock
 * @offset: the offset, in bytes
 * @size: bytes, rounded up to whole quanta
 * @flags: ALLOC_*
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if the range is not in the stock, or @offset is not a multiple of
 * the quantum; -EBUSY if any of it is in use or absent; -EINTR after a fatal signal.
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
 * stock_free() - free memory
 * @stock: the stock
 * @offset: offset of an allocated extent
 * @size: its size in bytes, as for stock_alloc()
 *
 * Context: may sleep.
 */
void stock_free(struct stock *stock, u64 offset, u64 size)
{
	free_quanta(stock, to_quanta(stock, offset), quanta_for(stock, size));
}

/**
 * stock_largest() - get the longest run of free memory that is there
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
 * stock_stat() - get the statistics of a stock
 * @stock: the stock
 * @stat: filled in; absent memory counts as free, because the owner of the stock adds
 *	it when it is needed
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

/* Continue the search at @from for the end of a free run. Returns true at the end. */
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
 * stock_next_free() - find free memory by its offset
 * @stock: the stock
 * @offset: offset at which the search begins
 * @start: filled in with the offset of the first free run at or after @offset
 * @len: filled in with its length in bytes
 *
 * The memory may be allocated by the time this returns.
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

/* The character for the highest state in [pos, end), so that used memory never looks free. */
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
 * stock_map() - draw a map of a stock
 * @stock: the stock
 * @seq: the output
 *
 * Each character stands for so many quanta that MAP_ROWS rows suffice.
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
 * stock_soil() - mark all free memory as dirty
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
		/* pool_free() marks the quanta as dirty. */
		if (more && run.state == POOL_CLEAN &&
		    !pool_alloc_at(pool, run.start, run.len))
			pool_free(pool, run.start, run.len);
		spin_unlock(&stock->lock);
		cond_resched();
	}
}
