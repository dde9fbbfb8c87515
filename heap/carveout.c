// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carveouts: memory that belongs to nobody else, handed out through a pool. All
 * of it is zero when it leaves: cleaner.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "carveout_internal.h"
#include "contiguous.h"
#include "pool_tune.h"

static void free_quanta(struct carveout *carveout, u32 start, u32 len)
{
	int ret;

	spin_lock(&carveout->lock);
	ret = pool_free(&carveout->pool, start, len);
	spin_unlock(&carveout->lock);
	if (WARN_ONCE(ret, "%s: %u quanta at %u were not allocated\n",
		      region_name(&carveout->region), len, start))
		return;
	cleaner_wake(carveout);
}

/* Make an extent of quanta that the pool has just handed out, @dirty of them not zero. */
static int take_quanta(struct carveout *carveout, u32 start, u32 quanta,
		       u32 dirty, struct extent *extent)
{
	/* What a device's memory holds is up to its driver. */
	if (dirty && !carveout->region.device) {
		int ret = carveout_zero(carveout, start, quanta);

		if (ret) {
			free_quanta(carveout, start, quanta);
			return ret;
		}
	}
	extent->phys = to_phys(carveout, start);
	extent->size = to_bytes(carveout, quanta);
	extent->block = extent->phys;
	extent->block_size = extent->size;
	return 0;
}

static int carveout_alloc(struct region *region, u64 size, u64 align,
			  bool lowest, struct extent *extent)
{
	struct carveout *carveout = to_carveout(region);
	u64 quanta = region_quanta(region, size);
	u64 spacing = max(align, region->quantum) >> ilog2(region->quantum);
	struct pool_search search = {
		.len = quanta, .align = spacing, .exhaustive = lowest,
	};
	u32 start, dirty;
	int ret;

	if (quanta > carveout->pool.nr || spacing > POOL_MAX_QUANTA)
		return -ENOMEM;

	for (;;) {
		spin_lock(&carveout->lock);
		dirty = carveout->pool.dirty;
		ret = pool_alloc_step(&carveout->pool, &search, &start);
		dirty -= carveout->pool.dirty;
		spin_unlock(&carveout->lock);
		if (ret != -EAGAIN)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	if (ret)
		return ret == -ENOSPC ? -ENOMEM : ret;
	return take_quanta(carveout, start, quanta, dirty, extent);
}

static int carveout_alloc_at(struct region *region, u64 offset, u64 size,
			     struct extent *extent)
{
	struct carveout *carveout = to_carveout(region);
	u64 quanta = region_quanta(region, size);
	u32 start = to_quanta(carveout, offset);
	u32 dirty;
	int ret;

	if (offset >= region->size || quanta > carveout->pool.nr ||
	    !IS_ALIGNED(offset, region->quantum))
		return -EINVAL;

	spin_lock(&carveout->lock);
	dirty = carveout->pool.dirty;
	ret = pool_alloc_at(&carveout->pool, start, quanta);
	dirty -= carveout->pool.dirty;
	spin_unlock(&carveout->lock);
	return ret ?: take_quanta(carveout, start, quanta, dirty, extent);
}

static void carveout_free(struct region *region, const struct extent *extent)
{
	struct carveout *carveout = to_carveout(region);

	free_quanta(carveout,
		    to_quanta(carveout, extent->block - region->base),
		    to_quanta(carveout, extent->block_size));
}

static void carveout_stat(struct region *region, struct region_stat *stat)
{
	struct carveout *carveout = to_carveout(region);

	spin_lock(&carveout->lock);
	stat->total = to_bytes(carveout, carveout->pool.nr);
	stat->free = to_bytes(carveout, carveout->pool.free);
	stat->largest = to_bytes(carveout, pool_largest(&carveout->pool));
	stat->dirty = carveout->region.device ?
		      0 : to_bytes(carveout, carveout->pool.dirty);
	spin_unlock(&carveout->lock);
}

/* A region may have as many runs as quanta: so many are looked at under the lock. */
#define FREE_STEP_RUNS	64

/* Goes on looking for the end of the first free run from @from on; true at it. */
static bool next_free_step(struct carveout *carveout, u32 *from, u32 *first,
			   u32 *free)
{
	unsigned int looks = FREE_STEP_RUNS;
	struct pool_run run;
	bool more = true;

	spin_lock(&carveout->lock);
	while (more && looks--) {
		more = pool_next_run(&carveout->pool, *from, &run) &&
		       !(*free && run.state == POOL_USED);
		if (more && run.state != POOL_USED) {
			if (!*free)
				*first = run.start;
			*free += run.len;
		}
		if (more)
			*from = run.start + run.len;
	}
	spin_unlock(&carveout->lock);
	return !more;
}

/* Between steps others may come: what is found was free when it was looked at. */
static bool carveout_next_free(struct region *region, u64 offset, u64 *start,
			       u64 *len)
{
	struct carveout *carveout = to_carveout(region);
	u32 from, first = 0, free = 0;

	if (offset >= region->size)
		return false;
	from = to_quanta(carveout, offset);
	while (!next_free_step(carveout, &from, &first, &free))
		cond_resched();
	*start = to_bytes(carveout, first);
	*len = to_bytes(carveout, free);
	return free;
}

#define MAP_COLUMNS	64
#define MAP_ROWS	16

/*
 * One character stands for as many quanta as it takes to draw the whole region
 * in MAP_ROWS rows: the worst state in them wins, so that nothing in use ever
 * looks free.
 */
static void carveout_map(struct region *region, struct seq_file *seq)
{
	static const char sign[] = {
		[POOL_USED] = '#', [POOL_CLEAN] = '.', [POOL_DIRTY] = ':',
	};
	struct carveout *carveout = to_carveout(region);
	u32 nr = carveout->pool.nr;
	u32 step = DIV_ROUND_UP(nr, MAP_COLUMNS * MAP_ROWS);
	u32 pos, column = 0;

	seq_printf(seq, "# used  . free and zero  : free, to be zeroed; each is %llu bytes\n",
		   to_bytes(carveout, step));
	for (pos = 0; pos < nr; pos += step) {
		u32 end = min(nr - pos, step) + pos;
		struct pool_run run = { .start = pos };
		char worst = sign[POOL_CLEAN];

		spin_lock(&carveout->lock);
		while (run.start < end &&
		       pool_next_run(&carveout->pool, run.start, &run)) {
			if (run.state == POOL_USED) {
				worst = sign[POOL_USED];
				break;
			}
			if (run.state == POOL_DIRTY)
				worst = sign[POOL_DIRTY];
			run.start += run.len;
		}
		spin_unlock(&carveout->lock);

		if (!column)
			seq_printf(seq, "%10llu  ", to_bytes(carveout, pos));
		seq_putc(seq, worst);
		column = (column + 1) % MAP_COLUMNS;
		if (!column)
			seq_putc(seq, '\n');
		cond_resched();
	}
	if (column)
		seq_putc(seq, '\n');
}

static void carveout_stop(struct region *region)
{
	cleaner_stop(to_carveout(region));
}

static void carveout_destroy(struct region *region)
{
	struct carveout *carveout = to_carveout(region);

	pool_destroy(&carveout->pool);
	contiguous_free(carveout->source);
	kfree(carveout);
}

static const struct region_ops carveout_ops = {
	.alloc		= carveout_alloc,
	.alloc_at	= carveout_alloc_at,
	.free		= carveout_free,
	.stat		= carveout_stat,
	.next_free	= carveout_next_free,
	.map		= carveout_map,
	.stop		= carveout_stop,
	.destroy	= carveout_destroy,
};

static struct carveout *carveout_new(const char *name)
{
	struct carveout *carveout = kzalloc(sizeof(*carveout), GFP_KERNEL);
	int ret;

	if (!carveout)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&carveout->lock);
	rt_mutex_init(&carveout->slice);
	init_waitqueue_head(&carveout->work);
	ret = region_init(&carveout->region, name, &carveout_ops);
	if (ret) {
		region_put(&carveout->region);
		return ERR_PTR(ret);
	}
	return carveout;
}

static int carveout_open(struct carveout *carveout, phys_addr_t base, u64 size,
			 u64 quantum, const struct device_node *node)
{
	struct region *region = &carveout->region;
	int ret;

	/* Before the range is mapped, which takes long for that much. */
	if (DIV_ROUND_UP_ULL(size, POOL_MAX_QUANTA) > quantum) {
		pr_err("%s: more than %u quanta, choose a larger quantum\n",
		       region_name(region), POOL_MAX_QUANTA);
		return -EINVAL;
	}
	region->base = base;
	region->size = size;
	region->quantum = quantum;
	ret = region_claim(region, node);
	if (ret)
		return ret;

	/* Nobody knows what the boot loader left there: all of it is dirty. */
	ret = pool_init(&carveout->pool, base >> ilog2(quantum),
			size >> ilog2(quantum), true);
	if (ret)
		return ret;
	pool_tune(&carveout->pool, quantum);
	if (!region->device)
		ret = cleaner_start(carveout);
	if (!ret)
		region_publish(region);
	return ret;
}

static struct region *create(const char *name, phys_addr_t base, u64 size,
			     u64 quantum, const struct device_node *node,
			     bool device)
{
	struct carveout *carveout = carveout_new(name);
	int ret;

	if (IS_ERR(carveout))
		return ERR_CAST(carveout);
	carveout->region.device = device;
	ret = carveout_open(carveout, base, size, quantum, node);
	if (ret) {
		region_put(&carveout->region);
		return ERR_PTR(ret);
	}
	return &carveout->region;
}

/**
 * carveout_create() - make a region of reserved memory
 * @name: its name
 * @base: physical address of its first byte
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 * @node: node below /reserved-memory that somebody chose for it, or NULL
 *
 * The range must be reserved, or memory that the kernel does not map, and is not
 * touched otherwise. Says in the log what is wrong with it.
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -EINVAL for a bad
 * range, -EBUSY for one that is taken, -ENOMEM.
 */
struct region *carveout_create(const char *name, phys_addr_t base, u64 size,
			       u64 quantum, const struct device_node *node)
{
	return create(name, base, size, quantum, node, false);
}

/**
 * carveout_create_device() - make a region of a device's memory
 * @name: its name
 * @base: physical address of its first byte
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 *
 * Nothing reads or writes it but who maps what is allocated. Says in the log what
 * is wrong with the range.
 *
 * Context: may sleep.
 * Return: as carveout_create(); -EINVAL also for a range that is memory.
 */
struct region *carveout_create_device(const char *name, phys_addr_t base,
				      u64 size, u64 quantum)
{
	return create(name, base, size, quantum, NULL, true);
}

/**
 * carveout_create_anywhere() - make a region of memory taken from the kernel
 * @name: its name
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 *
 * For machines without reserved memory. The kernel gets the memory back when
 * the region goes.
 *
 * Context: may sleep.
 * Return: as carveout_create().
 */
struct region *carveout_create_anywhere(const char *name, u64 size, u64 quantum)
{
	struct carveout *carveout = carveout_new(name);
	struct contiguous *source;
	int ret;

	if (IS_ERR(carveout))
		return ERR_CAST(carveout);
	source = contiguous_alloc(&carveout->region.dev, size, quantum);
	if (IS_ERR(source)) {
		pr_err("%s: the kernel has no %llu contiguous bytes to give\n",
		       name, size);
		ret = PTR_ERR(source);
		goto put_region;
	}
	carveout->source = source;
	carveout->region.from_kernel = true;
	ret = carveout_open(carveout, contiguous_base(source), size, quantum,
			    NULL);
	if (ret)
		goto put_region;
	return &carveout->region;

put_region:
	region_put(&carveout->region);
	return ERR_PTR(ret);
}
