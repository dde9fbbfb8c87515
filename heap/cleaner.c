// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zeroing the memory of a stock.
 *
 * What is given back is free at once, and dirty. A thread cleans free dirty memory
 * in the background, chunk by chunk: it notes the chunk in @cleaning under the lock,
 * zeroes it stroke by stroke, and then tells the pool. The chunk stays free all the
 * while. A caller that is handed a part of it takes the chunk away from the thread,
 * and zeroes what is dirty in its extent itself. So no memory leaves here unzeroed,
 * and nothing is written to memory that has left.
 *
 * The thread holds up nobody. It is of the kind that runs when nothing else wants
 * the processor, and whose waking up interrupts nobody. It can be put aside anywhere
 * but within a stroke, which takes some microseconds; that is how long a caller
 * waits for it, of whatever priority.
 *
 * Modelled by selftests/proofs/models/stock.pml.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include <uapi/linux/sched/types.h>

#include "cleaner.h"
#include "kcompat.h"
#include "memory.h"
#include "stock.h"
#include "trace.h"

/* A chunk is as many quanta as fit in this many bytes, but at least one. */
#define CHUNK_BYTES	((u64)SZ_256K)

/* Bytes of a chunk that are zeroed without a break. */
#define STROKE_BYTES	((size_t)SZ_16K)

static void *quantum_vaddr(const struct stock *stock, u32 quantum)
{
	return stock->vaddr + stock_bytes(stock, quantum);
}

static u32 chunk_quanta(const struct stock *stock)
{
	return max_t(u64, CHUNK_BYTES >> stock->shift, 1);
}

static bool being_cleaned(struct stock *stock, u32 start, u32 len)
{
	u32 first, nr;

	spin_lock(&stock->lock);
	first = stock->cleaning;
	/* Without the lock it can become 0. */
	nr = READ_ONCE(stock->cleaning_len);
	spin_unlock(&stock->lock);
	return nr && first < start + len && start < first + nr;
}

/**
 * cleaner_let_go() - take its chunk away from the thread, if it has one
 * @stock: where
 *
 * It writes nothing more to what has been allocated or taken out before. By now
 * it may have another chunk, which does no harm.
 *
 * Context: any; @stock->lock not held.
 */
void cleaner_let_go(struct stock *stock)
{
	raw_spin_lock(&stock->stroke);
	WRITE_ONCE(stock->cleaning_len, 0);
	raw_spin_unlock(&stock->stroke);
}

static int zero_run(struct stock *stock, u32 start, u32 len, bool to_memory)
{
	size_t size = stock_bytes(stock, len);
	u64 offset = stock_bytes(stock, start);
	int ret = memory_zero(quantum_vaddr(stock, start), size);

	if (ret)
		return ret;
	if (to_memory && stock->cached)
		memory_flush(quantum_vaddr(stock, start), stock->base + offset,
			     size);
	trace_contig_zero(stock->name, offset, size, false);
	return 0;
}

/**
 * cleaner_zero() - zero what is dirty in an extent
 * @stock: where it is
 * @start: its first quantum
 * @len: how many quanta
 * @to_memory: the zeros must have reached memory
 *
 * The extent has been allocated, and nobody else sees it yet.
 *
 * Context: may sleep.
 * Return: 0; -EINTR when a fatal signal came, and some of it may not be zero.
 */
int cleaner_zero(struct stock *stock, u32 start, u32 len, bool to_memory)
{
	u32 end = start + len;
	u32 pos = start;

	if (being_cleaned(stock, start, len))
		cleaner_let_go(stock);
	for (;;) {
		u32 run;
		int ret;

		spin_lock(&stock->lock);
		run = pool_next_dirty(&stock->pool, pos, end,
				      chunk_quanta(stock), &pos);
		spin_unlock(&stock->lock);
		if (!run)
			break;
		ret = zero_run(stock, pos, run, to_memory);
		if (ret)
			return ret;
		pos += run;
	}
	/* Others may read it through a mapping that is not ordered with ours. */
	wmb();
	return 0;
}

/* Note the next chunk to zero; returns how many quanta it has, 0 for none. */
static u32 begin_chunk(struct stock *stock, u32 *start)
{
	u32 len;

	spin_lock(&stock->lock);
	len = stock->paused ? 0 :
	      pool_next_to_clean(&stock->pool, chunk_quanta(stock), start);
	stock->cleaning = *start;
	WRITE_ONCE(stock->cleaning_len, len);
	spin_unlock(&stock->lock);
	return len;
}

/*
 * The chunk is zero, unless it was taken away: then false. Whoever does that looks
 * at the pool afterwards, so that either he finds it clean or we find it gone.
 */
static bool end_chunk(struct stock *stock, u32 start, u32 len)
{
	bool ours;

	spin_lock(&stock->lock);
	ours = READ_ONCE(stock->cleaning_len);
	if (ours)
		pool_set_clean(&stock->pool, start, len);
	WRITE_ONCE(stock->cleaning_len, 0);
	spin_unlock(&stock->lock);
	return ours;
}

/* Zero the next bytes of the chunk, unless that was taken away: then false. */
static bool clean_stroke(struct stock *stock, u64 offset, size_t size)
{
	void *vaddr = stock->vaddr + offset;
	bool ours;

	raw_spin_lock(&stock->stroke);
	ours = READ_ONCE(stock->cleaning_len);
	if (ours) {
		memset(vaddr, 0, size);
		if (stock->cached)
			memory_flush_lines(vaddr, stock->base + offset, size);
		/* As in cleaner_zero(). */
		wmb();
	}
	raw_spin_unlock(&stock->stroke);
	return ours;
}

/* Zero one chunk of free memory; false when there is none left to zero. */
static bool clean_chunk(struct stock *stock)
{
	u64 offset, done, size;
	u32 start = 0, len;
	size_t stroke;

	len = begin_chunk(stock, &start);
	if (!len)
		return false;
	offset = stock_bytes(stock, start);
	size = stock_bytes(stock, len);
	for (done = 0; done < size; done += stroke) {
		stroke = min_t(u64, size - done, STROKE_BYTES);
		if (!clean_stroke(stock, offset + done, stroke))
			return true;
		cond_resched();
	}
	if (end_chunk(stock, start, len))
		trace_contig_zero(stock->name, offset, size, true);
	return true;
}

static bool cleaner_has_work(struct stock *stock)
{
	return (READ_ONCE(stock->pool.dirty) && !READ_ONCE(stock->paused)) ||
	       kthread_should_stop();
}

static void wake_thread(struct timer_list *alarm)
{
	wake_up(&container_of(alarm, struct stock, alarm)->work);
}

static int cleaner_thread(void *data)
{
	struct stock *stock = data;

	set_freezable();
	while (!kthread_should_stop()) {
		wait_event_freezable(stock->work, cleaner_has_work(stock));
		while (!kthread_should_stop() && clean_chunk(stock)) {
			cond_resched();
			try_to_freeze();
		}
	}
	return 0;
}

/**
 * cleaner_init() - prepare to zero the free memory of a stock
 * @stock: zeroed
 */
void cleaner_init(struct stock *stock)
{
	raw_spin_lock_init(&stock->stroke);
	init_waitqueue_head(&stock->work);
	timer_setup(&stock->alarm, wake_thread, 0);
}

/**
 * cleaner_start() - zero the free memory of a stock from now on
 * @stock: the stock
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int cleaner_start(struct stock *stock)
{
	static const struct sched_attr idle = { .sched_policy = SCHED_IDLE };
	struct task_struct *task;

	task = kthread_create(cleaner_thread, stock, "contig_zero/%s",
			      stock->name);
	if (IS_ERR(task))
		return PTR_ERR(task);
	sched_setattr_nocheck(task, &idle);
	stock->cleaner = task;
	wake_up_process(task);
	return 0;
}

/**
 * cleaner_stop() - undo cleaner_start()
 * @stock: the stock, started or not; nobody allocates from it any more
 *
 * Context: may sleep.
 */
void cleaner_stop(struct stock *stock)
{
	if (!stock->cleaner)
		return;
	contig_timer_stop(&stock->alarm);
	kthread_stop(stock->cleaner);
}

/**
 * cleaner_wake() - there may be something to zero
 * @stock: where
 *
 * Before long, the thread wakes up: at once, that would cost whoever released
 * memory as much as the release.
 *
 * Context: any.
 */
void cleaner_wake(struct stock *stock)
{
	if (!stock->cleaner)
		return;
	/* An alarm that has not gone off yet finds what there is to zero. */
	smp_mb();
	/* When it goes off, the kernel's write is not marked. */
	if (!data_race(timer_pending(&stock->alarm)))
		mod_timer(&stock->alarm, jiffies + 1);
}

/**
 * cleaner_pause() - leave everything as it is, or go on
 * @stock: the stock
 * @pause: leave it
 *
 * Context: any; @stock->lock not held.
 */
void cleaner_pause(struct stock *stock, bool pause)
{
	spin_lock(&stock->lock);
	WRITE_ONCE(stock->paused, pause);
	spin_unlock(&stock->lock);
	if (pause)
		cleaner_let_go(stock);
	else
		cleaner_wake(stock);
}
