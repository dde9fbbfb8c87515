// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zeroing the memory of carveouts.
 *
 * An extent that is freed goes back to the pool at once and is dirty there. A
 * thread of low priority cleans free dirty memory in the background, chunk by
 * chunk: it notes the chunk in @cleaning under the lock, zeroes it slice by
 * slice, and then tells the pool. The chunk stays free all the while. A caller
 * that is handed a part of it takes the chunk away from the thread, and zeroes
 * what is dirty in its extent itself. So no memory leaves here unzeroed, and
 * nothing is written to memory that has left.
 *
 * The thread may be preempted anywhere, also half way through a slice, where the
 * chunk cannot be taken away. Therefore it holds a lock with priority
 * inheritance there: a caller waits for the rest of that slice, and the thread
 * runs with the caller's priority meanwhile.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/suspend.h>

#include "carveout_internal.h"
#include "trace.h"

/* A chunk is as many quanta as fit in this many bytes, but at least one. */
#define CHUNK_BYTES	((u64)SZ_256K)

static void *quantum_vaddr(const struct carveout *carveout, u32 quantum)
{
	return region_vaddr(&carveout->region, to_phys(carveout, quantum));
}

static u32 chunk_quanta(const struct carveout *carveout)
{
	return max_t(u64, CHUNK_BYTES >> ilog2(carveout->region.quantum), 1);
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

/* With @slice held: the thread writes nothing more of its chunk, if it has one. */
static void take_chunk_away(struct carveout *carveout)
{
	spin_lock(&carveout->lock);
	carveout->cleaning_len = 0;
	spin_unlock(&carveout->lock);
}

/**
 * carveout_zero() - zero what is dirty in an extent
 * @carveout: where it is
 * @start: its first quantum
 * @len: how many quanta
 *
 * The extent has been allocated, and nobody else sees it yet.
 *
 * Context: may sleep.
 * Return: 0; -EINTR when a fatal signal came, and some of it may not be zero.
 */
int carveout_zero(struct carveout *carveout, u32 start, u32 len)
{
	u32 end = start + len;
	u32 pos = start;
	int ret;

	if (being_cleaned(carveout, start, len)) {
		ret = rt_mutex_lock_killable(&carveout->slice);
		if (ret)
			return ret;
		/* By now it may be another chunk, which does no harm. */
		take_chunk_away(carveout);
		rt_mutex_unlock(&carveout->slice);
	}
	for (;;) {
		u32 run;

		spin_lock(&carveout->lock);
		run = pool_next_dirty(&carveout->pool, pos, end,
				      chunk_quanta(carveout), &pos);
		spin_unlock(&carveout->lock);
		if (!run)
			break;
		ret = region_zero(quantum_vaddr(carveout, pos),
				  to_bytes(carveout, run));
		if (ret)
			return ret;
		trace_contig_zero(&carveout->region, to_bytes(carveout, pos),
				  to_bytes(carveout, run), false);
		pos += run;
	}
	/* Others may read it through a mapping that is not ordered with ours. */
	wmb();
	return 0;
}

/* Note the next chunk to zero; returns how many quanta it has, 0 for none. */
static u32 begin_chunk(struct carveout *carveout, u32 *start)
{
	u32 len;

	spin_lock(&carveout->lock);
	len = carveout->paused ? 0 :
	      pool_next_to_clean(&carveout->pool, chunk_quanta(carveout), start);
	carveout->cleaning = *start;
	carveout->cleaning_len = len;
	spin_unlock(&carveout->lock);
	return len;
}

/* The chunk is zero, unless it was taken away: then false. */
static bool end_chunk(struct carveout *carveout, u32 start, u32 len)
{
	bool ours;

	spin_lock(&carveout->lock);
	ours = carveout->cleaning_len;
	if (ours)
		pool_set_clean(&carveout->pool, start, len);
	carveout->cleaning_len = 0;
	spin_unlock(&carveout->lock);
	return ours;
}

/* Zero the next slice of the chunk, unless that was taken away: then false. */
static bool clean_slice(struct carveout *carveout, void *vaddr, size_t size)
{
	bool ours;

	rt_mutex_lock(&carveout->slice);
	/* Nobody but the holder of @slice resets it. */
	ours = READ_ONCE(carveout->cleaning_len);
	if (ours) {
		memset(vaddr, 0, size);
		/* As in carveout_zero(). */
		wmb();
	}
	rt_mutex_unlock(&carveout->slice);
	return ours;
}

/* Zero one chunk of free memory; false when there is none left to zero. */
static bool clean_chunk(struct carveout *carveout)
{
	size_t size, done, slice;
	u32 start = 0, len;
	void *vaddr;

	len = begin_chunk(carveout, &start);
	if (!len)
		return false;
	vaddr = quantum_vaddr(carveout, start);
	size = to_bytes(carveout, len);
	for (done = 0; done < size; done += slice) {
		slice = min(size - done, ZERO_SLICE);
		if (!clean_slice(carveout, vaddr + done, slice))
			return true;
		cond_resched();
	}
	if (end_chunk(carveout, start, len))
		trace_contig_zero(&carveout->region,
				  to_bytes(carveout, start), size, true);
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

static int create_thread(struct carveout *carveout)
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

/**
 * cleaner_wake() - there may be something to zero
 * @carveout: where
 *
 * Context: any.
 */
void cleaner_wake(struct carveout *carveout)
{
	wake_up(&carveout->work);
}

static void pause_cleaner(struct carveout *carveout, bool pause)
{
	spin_lock(&carveout->lock);
	WRITE_ONCE(carveout->paused, pause);
	spin_unlock(&carveout->lock);
	if (!pause) {
		cleaner_wake(carveout);
		return;
	}
	rt_mutex_lock(&carveout->slice);
	take_chunk_away(carveout);
	rt_mutex_unlock(&carveout->slice);
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

/**
 * cleaner_start() - zero free memory of a carveout from now on
 * @carveout: all of it but this is set up
 *
 * If it fails, cleaner_stop() has to be called all the same.
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int cleaner_start(struct carveout *carveout)
{
	int ret = create_thread(carveout);

	return ret ?: watch_hibernation(carveout);
}

/**
 * cleaner_stop() - undo cleaner_start()
 * @carveout: nobody allocates from it any more
 *
 * Context: may sleep.
 */
void cleaner_stop(struct carveout *carveout)
{
	if (carveout->hibernation.notifier_call)
		unregister_pm_notifier(&carveout->hibernation);
	if (carveout->cleaner)
		kthread_stop(carveout->cleaner);
}
