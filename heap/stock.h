/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stock: free memory that is zeroed before it is handed out.
 *
 * It is a pool with a lock, and a thread that zeroes released memory. Memory is
 * added to a stock and later removed from it; in between, it is allocated and freed.
 * A carveout adds all of its memory when it is created. A lent region adds a block
 * before the first allocation, and removes it after the last release. A CMA area
 * adds memory when a request does not fit, and removes what is not needed.
 *
 *	   stock_add()			   stock_alloc()
 *	absent ------------> free, dirty ------------------> handed out
 *	   ^		      |  ^  ... zeroed by the caller	   |
 *	   |    the thread    |  |				   |
 *	   |	 zeroes it    v  +---------- stock_free() ---------+
 *	   +------------- free, clean ---------------------> handed out
 *	   stock_remove()		   stock_alloc(), at once
 *
 * Clean means that the zeros have reached memory, not only a cache. So clean memory
 * can be handed out as it is, even for an uncached mapping or to a device that does
 * not snoop.
 *
 * A stock knows nothing of regions. Sizes are in bytes; offsets count from its first
 * byte.
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

/* Flags of allocations, on all layers. */

/* Allocate at the lowest offset that fits. */
#define ALLOC_LOWEST		BIT(0)
/* The zeros must have reached memory, and no cache may hold a line of it. */
#define ALLOC_TO_MEMORY		BIT(1)

/**
 * struct stock_stat - statistics at one moment, all in bytes
 * @total: bytes managed
 * @free: bytes that can be allocated
 * @largest: longest free run
 * @held: free bytes that need not be allocated from the kernel first
 * @dirty: how many of @held have to be zeroed before they are handed out
 */
struct stock_stat {
	u64 total;
	u64 free;
	u64 largest;
	u64 held;
	u64 dirty;
};

/**
 * struct stock - free memory, and the thread that zeroes it
 * @name: for the log, traces and the thread; belongs to the owner
 * @size: bytes
 * @shift: binary logarithm of the quantum; extents are multiples of the quantum
 * @base: physical address of the first byte, while there is memory
 * @vaddr: kernel address of the first byte, while there is memory; NULL for device
 *	memory, which is never accessed
 * @cached: @vaddr is a cached address, and devices may bypass the caches
 * @lock: protects @pool, @cleaning and changes of @paused
 * @pool: which quanta are there, which are free, and which of those are clean
 * @cleaning: first quantum of the chunk that the thread is zeroing
 * @cleaning_len: length of that chunk in quanta, or 0; the thread changes it under
 *	@lock, and cleaner_let_go() sets it to 0 under @stroke to revoke the chunk
 * @stroke: held by the thread while it writes to the chunk
 * @work: where the thread waits for dirty memory
 * @alarm: wakes the thread
 * @cleaner: the thread
 * @paused: the thread must not write to memory
 *
 * The owner creates the stock, and destroys it when it is no longer used. The owner
 * also decides when memory is added or removed.
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

/* Free bytes that are there. Lockless, so the result may be out of date. */
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
