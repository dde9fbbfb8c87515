/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stock: free memory of which everything that leaves is zero.
 *
 * It is a pool with a lock, and a thread that zeroes what was given back. Memory
 * is added to a stock and taken out of it again; in between, it is handed out
 * and taken back. A carveout adds all of its memory when it is made; a lent region adds
 * a block at its first use, and takes it out after the last; a CMA area adds what does
 * not fit, and takes out what nobody needs.
 *
 *	   stock_add()			   stock_alloc()
 *	absent ------------> free, dirty ------------------> handed out
 *	   ^		      |  ^  ... zeroed by the caller	   |
 *	   |    the thread    |  |				   |
 *	   |	 zeroes it    v  +---------- stock_free() ---------+
 *	   +------------- free, clean ---------------------> handed out
 *	   stock_remove()		   stock_alloc(), at once
 *
 * Clean means zero in memory, not in caches alone. So clean memory can be handed
 * out, unchanged, for any purpose: to be mapped around the caches, or to a device
 * that goes around them.
 *
 * A stock knows nothing of regions. All sizes are bytes; places are offsets from
 * its first byte.
 */
#ifndef CONTIG_STOCK_H
#define CONTIG_STOCK_H

#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "pool.h"

struct seq_file;
struct task_struct;

/* How memory is wanted, for allocations on all layers. */

/* First fit from the bottom, for who counts on what that leaves free. */
#define ALLOC_LOWEST		BIT(0)
/* The zeros have reached memory, and no cache has a line of it. */
#define ALLOC_TO_MEMORY		BIT(1)

/**
 * struct stock_stat - figures at one moment, all in bytes
 * @total: bytes managed
 * @free: bytes that can be had
 * @largest: longest run of those
 * @held: free bytes that we have already, and need not get from the kernel first
 * @dirty: how many of those have to be zeroed before they are handed out
 */
struct stock_stat {
	u64 total;
	u64 free;
	u64 largest;
	u64 held;
	u64 dirty;
};

/**
 * struct stock - see above
 * @name: for the log, traces and the thread; its owner's
 * @size: bytes
 * @shift: binary logarithm of the quantum, of which all sizes are multiples
 * @base: physical address of the first byte, while there is memory
 * @vaddr: where the kernel sees it, while there is memory; NULL for a device's,
 *	which nothing of ours reads or writes
 * @cached: @vaddr is a cached address of memory that devices may reach around
 *	the caches
 * @lock: protects @pool and changes of @paused, and what the thread is about
 * @pool: which quanta are there, which are free, and which of those are clean
 * @cleaning: first quantum of the chunk that the thread is zeroing
 * @cleaning_len: how many quanta it has, 0 for none; the thread changes it under
 *	@lock, and anybody resets it under @stroke, to take the chunk away
 * @stroke: held by the thread while it writes to the chunk
 * @work: where the thread waits for something to clean
 * @alarm: wakes it
 * @cleaner: the thread
 * @paused: it has to leave everything as it is
 *
 * Its owner creates it, and destroys it when nobody uses it any more; it decides
 * when memory is added, and sees to it that nothing is allocated then.
 */
struct stock {
	const char *name;
	u64 size;
	unsigned int shift;
	phys_addr_t base;
	void *vaddr;
	bool cached;
	spinlock_t lock;
	struct pool pool;
	u32 cleaning;
	u32 cleaning_len;
	raw_spinlock_t stroke;
	wait_queue_head_t work;
	struct timer_list alarm;
	struct task_struct *cleaner;
	bool paused;
};

/* The quantum may be more than 32 bits wide. */
static inline u64 stock_bytes(const struct stock *stock, u32 quanta)
{
	return (u64)quanta << stock->shift;
}

/* Free bytes that are there, at about this moment. */
static inline u64 stock_held(const struct stock *stock)
{
	return stock_bytes(stock, READ_ONCE(stock->pool.free));
}

/* Bytes that are there, free or not. */
static inline u64 stock_present(const struct stock *stock)
{
	return stock->size - stock_bytes(stock, READ_ONCE(stock->pool.absent));
}

int stock_init(struct stock *stock, const char *name, u64 size, u64 quantum);
void stock_destroy(struct stock *stock);

void stock_place(struct stock *stock, phys_addr_t base, void *vaddr,
		 bool cached);
int stock_add(struct stock *stock, u64 offset, u64 size, bool dirty);
int stock_add_used(struct stock *stock, u64 block, u64 block_size, u64 offset,
		   u64 size, bool dirty, unsigned int flags);
int stock_remove(struct stock *stock, u64 offset, u64 size);
bool stock_remove_next(struct stock *stock, u64 max, u64 least, u64 *offset,
		       u64 *size);

int stock_alloc(struct stock *stock, u64 size, u64 align, unsigned int flags,
		u64 *offset);
int stock_alloc_at(struct stock *stock, u64 offset, u64 size,
		   unsigned int flags);
void stock_free(struct stock *stock, u64 offset, u64 size);
u64 stock_largest(struct stock *stock);
void stock_stat(struct stock *stock, struct stock_stat *stat);
bool stock_next_free(struct stock *stock, u64 offset, u64 *start, u64 *len);
void stock_map(struct stock *stock, struct seq_file *seq);
void stock_soil(struct stock *stock);

#endif /* CONTIG_STOCK_H */
