/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that make up a carveout share, and nobody else sees: carveout.c
 * has its allocations and its life, cleaner.c sees to it that what is handed out is
 * zero.
 */
#ifndef CONTIG_CARVEOUT_INTERNAL_H
#define CONTIG_CARVEOUT_INTERNAL_H

#include <linux/log2.h>
#include <linux/notifier.h>
#include <linux/rtmutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "pool.h"
#include "region.h"

struct contiguous;
struct task_struct;

/**
 * struct carveout - a region under a pool
 * @region: the common part
 * @lock: protects @pool, @cleaning, @cleaning_len and changes of @paused
 * @pool: which quanta are free, and which of them are zero
 * @cleaning: first quantum of the chunk that the thread is zeroing
 * @cleaning_len: how many quanta it has, 0 for none; whoever holds @slice may
 *	reset it, and so take the chunk away from the thread
 * @slice: held by the thread while it writes to the chunk; taken outside of @lock
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
	struct rt_mutex slice;
	wait_queue_head_t work;
	struct task_struct *cleaner;
	bool paused;
	struct notifier_block hibernation;
	struct contiguous *source;
};

static inline struct carveout *to_carveout(struct region *region)
{
	return container_of(region, struct carveout, region);
}

static inline u64 to_bytes(const struct carveout *carveout, u32 quanta)
{
	return quanta * carveout->region.quantum;
}

static inline phys_addr_t to_phys(const struct carveout *carveout, u32 quantum)
{
	return carveout->region.base + to_bytes(carveout, quantum);
}

static inline u32 to_quanta(const struct carveout *carveout, u64 bytes)
{
	return bytes >> ilog2(carveout->region.quantum);
}

int carveout_zero(struct carveout *carveout, u32 start, u32 len);
int cleaner_start(struct carveout *carveout);
void cleaner_wake(struct carveout *carveout);
void cleaner_stop(struct carveout *carveout);

#endif /* CONTIG_CARVEOUT_INTERNAL_H */
