// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zeroing the memory of a stock.
 *
 * Released memory is free at once, and dirty. A thread cleans free dirty memory in
 * the background, chunk by chunk: it records the chunk in stock->cleaning under the
 * lock, zeroes it stroke by stroke, and then marks it clean in the pool. The chunk
 * stays free meanwhile. A caller that allocates a part of it revokes the chunk from
 * the thread, and zeroes the dirty quanta of its extent itself. So no memory is
 * handed out without being zeroed, and the thread never writes to allocated memory.
 *
 * The thread delays nobody: its policy is SCHED_IDLE, so it runs only when the CPU
 * is otherwise idle and never preempts another task. It can be preempted except
 * within a stroke, which takes a few microseconds. That is the longest that a caller
 * of any priority waits for it.
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

/* A chunk has as many quanta as fit in this many bytes, but at least one. */
#define CHUNK_BYTES	((u64)SZ_256K)

/* Bytes that are zeroed at a time, with preemption disabled. */
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
	/* cleaner_let_go() sets it to 0 without the lock. */
	nr = READ_ONCE(stock->cleaning_len);
	spin_unlock(&stock->lock);
	return nr && first < start + len && start < first + nr;
}

/**
 * cleaner_let_go() - revoke the chunk that the thread is zeroing, if any
 * @stock: the stock
 *
 * Afterwards, the thread does not write to memory that was allocated or removed
 * before the call. If the thread has moved on to another chunk, revoking that does
 * no harm.
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
 * cleaner_zero() - zero the dirty quanta of an extent
 * @stock: the stock
 * @start: first quantum of the extent
 * @len: number of quanta
 * @to_memory: the zeros must reach memory
 *
 * The extent has just been allocated; only the caller uses it.
 *
 * Context: may sleep.
 * Return: 0; -EINTR after a fatal signal: some of it may not be zero.
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
	/* Order the zeros before accesses through other mappings, such as uncached ones. */
	wmb();
	return 0;
}

/* Record the next chunk to zero. Returns its length in quanta, 0 for none. */
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
 * Mark the chunk clean. Returns false if it was revoked. cleaner_zero() reads the
 * pool after it revokes a chunk, so either it finds the chunk clean, or we see here
 * that the chunk was revoked.
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

/* Zero the next bytes of the chunk. Returns false if it was revoked. */
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

/* Zero one chunk of free memory. Returns false if nothing is left to zero. */
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
 * Return: 0; -ENOMEM; -EINTR after a fatal signal.
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
 * @stock: the stock, started or not; no longer in use
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
 * cleaner_wake() - tell the thread that there may be dirty memory
 * @stock: the stock
 *
 * The thread wakes up a little later. To wake it directly would double the cost of
 * a release.
 *
 * Context: any.
 */
void cleaner_wake(struct stock *stock)
{
	if (!stock->cleaner)
		return;
	/* Order the caller's change of the pool before the check: a pending alarm covers it. */
	smp_mb();
	/* The timer core clears this with a plain write. */
	if (!data_race(timer_pending(&stock->alarm)))
		mod_timer(&stock->alarm, jiffies + 1);
}

/**
 * cleaner_pause() - pause or resume the background zeroing
 * @stock: the stock
 * @pause: pause, otherwise resume
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
