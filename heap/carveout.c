// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carveouts: memory that belongs to nobody else, handed out through a pool.
 *
 * Who zeroes what, and when. An extent that is freed goes back to the pool at
 * once and is dirty there. A thread of low priority cleans free dirty memory in
 * the background, chunk by chunk: it notes the chunk in @cleaning under the
 * lock, zeroes it without the lock, and then tells the pool. The chunk stays
 * free all the while. Whoever is handed a part of it waits until the thread has
 * done with that chunk, and then zeroes what is still dirty in the extent
 * itself. So no memory leaves here unzeroed, and nothing is written to memory
 * that has left.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>

#include "contiguous.h"
#include "pool.h"
#include "pool_tune.h"
#include "region.h"
#include "trace.h"

/*
 * Zeroing is done in slices of this many bytes, each without a preemption in
 * the background thread, so that nobody waits for a thread of low priority
 * that was put aside half way through one.
 */
#define ZERO_SLICE	(256UL << 10)

/**
 * struct carveout - a region under a pool
 * @region: the common part
 * @lock: protects @pool, @cleaning, @cleaning_len and changes of @paused
 * @pool: which quanta are free, and which of them are zero
 * @cleaning: first quantum that the thread is zeroing
 * @cleaning_len: how many it is zeroing, 0 for none
 * @cleaned: woken when @cleaning_len becomes 0
 * @work: woken when there may be something to clean
 * @cleaner: the thread
 * @paused: it has to leave everything as it is
 * @hibernation: told of it, where the memory is in no image
 * @source: where the memory comes from if it was taken at creation, else NULL
 */
struct carveout {
	struct region region;
	spinlock_t lock;
	struct pool pool;
	u32 cleaning;
	u32 cleaning_len;
	wait_queue_head_t cleaned;
	wait_queue_head_t work;
	struct task_struct *cleaner;
	bool paused;
	struct notifier_block hibernation;
	struct contiguous *source;
};

static struct carveout *to_carveout(struct region *region)
{
	return container_of(region, struct carveout, region);
}

static u64 to_bytes(const struct carveout *carveout, u32 quanta)
{
	return quanta * carveout->region.quantum;
}

static phys_addr_t to_phys(const struct carveout *carveout, u32 quantum)
{
	return carveout->region.base + to_bytes(carveout, quantum);
}

static u32 to_quanta(const struct carveout *carveout, u64 bytes)
{
	return bytes >> ilog2(carveout->region.quantum);
}

static void *quantum_vaddr(const struct carveout *carveout, u32 quantum)
{
	return region_vaddr(&carveout->region, to_phys(carveout, quantum));
}

/* No quanta at a time are more than this, but at least one is. */
static u32 chunk_quanta(const struct carveout *carveout)
{
	return max_t(u64, ZERO_SLICE >> ilog2(carveout->region.quantum), 1);
}

static bool being_cleaned(struct carveout *carveout, u32 start, u32 len)
{
	bool overlap;

	spin_lock(&carveout->lock);
	overlap = carveout->cleaning_len &&
		  carveout->cleaning < start + len &&
		  start < carveout->cleaning + carveout->cleaning_len;
	spin_unlock(&carveout->lock);
	return overlap;
}

/* Zero what is dirty in an extent that we own and nobody else sees. */
static int zero_extent(struct carveout *carveout, u32 start, u32 len)
{
	u32 end = start + len;
	u32 pos = start;

	wait_event(carveout->cleaned, !being_cleaned(carveout, start, len));
	for (;;) {
		u32 run;

		spin_lock(&carveout->lock);
		run = pool_next_dirty(&carveout->pool, pos, end,
				      chunk_quanta(carveout), &pos);
		spin_unlock(&carveout->lock);
		if (!run)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		memset(quantum_vaddr(carveout, pos), 0,
		       to_bytes(carveout, run));
		trace_contig_zero(&carveout->region, to_bytes(carveout, pos),
				  to_bytes(carveout, run), false);
		pos += run;
		cond_resched();
	}
	/* Others may read it through a mapping that is not ordered with ours. */
	wmb();
	return 0;
}

static void free_quanta(struct carveout *carveout, u32 start, u32 len)
{
	int ret;

	spin_lock(&carveout->lock);
	ret = pool_free(&carveout->pool, start, len);
	spin_unlock(&carveout->lock);
	if (WARN_ONCE(ret, "%s: %u quanta at %u were not allocated\n",
		      region_name(&carveout->region), len, start))
		return;
	wake_up(&carveout->work);
}

/* Make an extent of quanta that the pool has just handed out, @dirty of them not zero. */
static int take_quanta(struct carveout *carveout, u32 start, u32 quanta,
		       u32 dirty, struct extent *extent)
{
	if (dirty) {
		int ret = zero_extent(carveout, start, quanta);

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
			  struct extent *extent)
{
	struct carveout *carveout = to_carveout(region);
	u64 quanta = region_quanta(region, size);
	u64 spacing = max(align, region->quantum) >> ilog2(region->quantum);
	struct pool_search search = { .len = quanta, .align = spacing };
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
	stat->dirty = to_bytes(carveout, carveout->pool.dirty);
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
	struct carveout *carveout = to_carveout(region);

	if (carveout->hibernation.notifier_call)
		unregister_pm_notifier(&carveout->hibernation);
	if (carveout->cleaner)
		kthread_stop(carveout->cleaner);
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

/* Zero one chunk of free memory; false when there is none left to zero. */
static bool clean_chunk(struct carveout *carveout)
{
	size_t size, done;
	u32 start = 0, len;
	void *vaddr;

	spin_lock(&carveout->lock);
	len = carveout->paused ? 0 :
	      pool_next_to_clean(&carveout->pool, chunk_quanta(carveout), &start);
	carveout->cleaning = start;
	carveout->cleaning_len = len;
	spin_unlock(&carveout->lock);
	if (!len)
		return false;

	vaddr = quantum_vaddr(carveout, start);
	size = to_bytes(carveout, len);
	for (done = 0; done < size; done += ZERO_SLICE) {
		preempt_disable();
		memset(vaddr + done, 0, min(size - done, ZERO_SLICE));
		preempt_enable();
	}
	/* As in zero_extent(). */
	wmb();

	spin_lock(&carveout->lock);
	pool_set_clean(&carveout->pool, start, len);
	carveout->cleaning_len = 0;
	spin_unlock(&carveout->lock);
	wake_up_all(&carveout->cleaned);
	trace_contig_zero(&carveout->region, to_bytes(carveout, start), size,
			  true);
	return true;
}

static bool cleaner_has_work(struct carveout *carveout)
{
	return (READ_ONCE(carveout->pool.dirty) && !READ_ONCE(carveout->paused)) ||
	       kthread_should_stop();
}

static int cleaner_thread(void *data)
{
	struct carveout *carveout = data;

	set_freezable();
	while (!kthread_should_stop()) {
		wait_event_freezable(carveout->work,
				     cleaner_has_work(carveout));
		while (!kthread_should_stop() && clean_chunk(carveout)) {
			cond_resched();
			try_to_freeze();
		}
	}
	return 0;
}

static int start_cleaner(struct carveout *carveout)
{
	struct task_struct *task;

	task = kthread_create(cleaner_thread, carveout, "contig_zero/%s",
			      region_name(&carveout->region));
	if (IS_ERR(task))
		return PTR_ERR(task);
	set_user_nice(task, MAX_NICE);
	carveout->cleaner = task;
	wake_up_process(task);
	return 0;
}

static void pause_cleaner(struct carveout *carveout, bool pause)
{
	spin_lock(&carveout->lock);
	WRITE_ONCE(carveout->paused, pause);
	spin_unlock(&carveout->lock);
	if (pause)
		wait_event(carveout->cleaned,
			   !being_cleaned(carveout, 0, carveout->pool.nr));
	else
		wake_up(&carveout->work);
}

/* Nothing that is free counts as zero any more. */
static void soil_free(struct carveout *carveout)
{
	struct pool *pool = &carveout->pool;
	struct pool_run run = {};
	bool more = true;

	while (more) {
		spin_lock(&carveout->lock);
		more = pool_next_run(pool, run.start + run.len, &run);
		/* What is freed is dirty. */
		if (more && run.state == POOL_CLEAN &&
		    !pool_alloc_at(pool, run.start, run.len))
			pool_free(pool, run.start, run.len);
		spin_unlock(&carveout->lock);
		cond_resched();
	}
}

/*
 * A hibernation image has what is in the linear map, and no other memory. That comes
 * back as whatever it has become without power, or in the hands of the kernel
 * that read the image. So everything free has to be zeroed again then, and
 * nothing in the background until then.
 */
static int on_hibernation(struct notifier_block *block, unsigned long event,
			  void *unused)
{
	struct carveout *carveout = container_of(block, struct carveout,
						 hibernation);

	if (event == PM_HIBERNATION_PREPARE) {
		pause_cleaner(carveout, true);
		soil_free(carveout);
	} else if (event == PM_POST_HIBERNATION) {
		pause_cleaner(carveout, false);
	}
	return NOTIFY_OK;
}

static int watch_hibernation(struct carveout *carveout)
{
	int ret;

	if (!carveout->region.view)
		return 0;
	carveout->hibernation.notifier_call = on_hibernation;
	ret = register_pm_notifier(&carveout->hibernation);
	if (ret)
		carveout->hibernation.notifier_call = NULL;
	return ret;
}

static struct carveout *carveout_new(const char *name)
{
	struct carveout *carveout = kzalloc(sizeof(*carveout), GFP_KERNEL);
	int ret;

	if (!carveout)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&carveout->lock);
	init_waitqueue_head(&carveout->cleaned);
	init_waitqueue_head(&carveout->work);
	ret = region_init(&carveout->region, name, &carveout_ops);
	if (ret) {
		region_put(&carveout->region);
		return ERR_PTR(ret);
	}
	return carveout;
}

static int carveout_open(struct carveout *carveout, phys_addr_t base, u64 size,
			 u64 quantum)
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
	ret = region_claim(region);
	if (ret)
		return ret;

	/* Nobody knows what the boot loader left there: all of it is dirty. */
	ret = pool_init(&carveout->pool, base >> ilog2(quantum),
			size >> ilog2(quantum), true);
	if (ret)
		return ret;
	pool_tune(&carveout->pool, quantum);
	ret = start_cleaner(carveout);
	if (!ret)
		ret = watch_hibernation(carveout);
	if (!ret)
		region_publish(region);
	return ret;
}

/**
 * carveout_create() - make a region of reserved memory
 * @name: its name
 * @base: physical address of its first byte
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 *
 * The range must be reserved, or no system memory at all. Says in the log what
 * is wrong with it.
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -EINVAL for a bad
 * range, -EBUSY for one that is taken, -ENOMEM.
 */
struct region *carveout_create(const char *name, phys_addr_t base, u64 size,
			       u64 quantum)
{
	struct carveout *carveout = carveout_new(name);
	int ret;

	if (IS_ERR(carveout))
		return ERR_CAST(carveout);
	ret = carveout_open(carveout, base, size, quantum);
	if (ret) {
		region_put(&carveout->region);
		return ERR_PTR(ret);
	}
	return &carveout->region;
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
	ret = carveout_open(carveout, contiguous_base(source), size, quantum);
	if (ret)
		goto put_region;
	return &carveout->region;

put_region:
	region_put(&carveout->region);
	return ERR_PTR(ret);
}
