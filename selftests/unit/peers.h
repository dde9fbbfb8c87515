/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Simple versions of other allocators, for comparison with the pool: each has a bitmap of the
 * quanta and the policy described below. They do not track dirty memory.
 */
#ifndef POOL_PEERS_H
#define POOL_PEERS_H

#include "pool.h"

enum peer_kind {
	/*
	 * The pool itself. Its memory is always clean, as with an infinitely fast background
	 * thread; or never; or partly, because the thread zeroes one chunk per freed buffer.
	 */
	PEER_POOL,
	PEER_POOL_DIRTY,
	PEER_POOL_MIXED,
	/*
	 * First fit in address order, like lib/genalloc by default and all users of
	 * bitmap_find_next_zero_area(): find the next clear bit, then the next set one, and
	 * continue after it if the gap is too short.
	 */
	PEER_FIRST_FIT,
	/*
	 * Binary buddies: each request gets a naturally aligned power of two, from the smallest
	 * free block that fits; blocks are split and merged.
	 */
	PEER_BUDDY,
	/*
	 * The bitmap of the original PMEM driver: each request gets a power of two, in the first
	 * naturally aligned slot that is free.
	 */
	PEER_PMEM,
	PEER_KINDS,
};

/**
 * struct peer - an allocator
 * @kind: its kind
 * @nr: number of its quanta
 * @map: a bit for each quantum, set if it is in use
 * @order: buddies: 1 more than the order of the free block that begins here
 * @pool: the pool
 */
struct peer {
	enum peer_kind kind;
	u32 nr;
	unsigned long *map;
	unsigned char *order;
	struct pool pool;
};

extern const char *const peer_names[PEER_KINDS];

/* The pool treats requests of 512 quanta and more as large. */
void peer_init(struct peer *peer, enum peer_kind kind, u32 nr);
void peer_destroy(struct peer *peer);

/* Returns false if there is no room. */
bool peer_alloc(struct peer *peer, u32 len, u32 align, u32 *start);
void peer_free(struct peer *peer, u32 start, u32 len);

#endif /* POOL_PEERS_H */
