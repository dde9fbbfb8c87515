/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other allocators to compare the pool with, as simple as their rules allow: a
 * bitmap of the quanta, and what is said below. They know nothing of dirt.
 */
#ifndef POOL_PEERS_H
#define POOL_PEERS_H

#include "pool.h"

enum peer_kind {
	/*
	 * The pool itself. Its memory is always clean, as if the background
	 * thread were infinitely fast; or never; or a part of it is, because the
	 * thread zeroes one chunk for every buffer that is freed.
	 */
	PEER_POOL,
	PEER_POOL_DIRTY,
	PEER_POOL_MIXED,
	/*
	 * First fit in address order. lib/genalloc by default and everybody who
	 * uses bitmap_find_next_zero_area() search like this: the next clear bit,
	 * from there the next set one, and on behind it if that is too near.
	 */
	PEER_FIRST_FIT,
	/*
	 * Binary buddies: a power of two for every request, at a multiple of
	 * itself, from the smallest free block that does; split and merged.
	 */
	PEER_BUDDY,
	/*
	 * The bitmap of the original PMEM driver: a power of two for every
	 * request, in the first slot at a multiple of itself that is free.
	 */
	PEER_PMEM,
	PEER_KINDS,
};

/**
 * struct peer - one of them at work
 * @kind: which one
 * @nr: its quanta
 * @map: a bit for each quantum, set if it is in use
 * @order: buddies: 1 more than the order of the free block that begins there
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

/* The pool's large requests are those from 512 quanta on. */
void peer_init(struct peer *peer, enum peer_kind kind, u32 nr);
void peer_destroy(struct peer *peer);

/* Returns false if it finds no room. */
bool peer_alloc(struct peer *peer, u32 len, u32 align, u32 *start);
void peer_free(struct peer *peer, u32 start, u32 len);

#endif /* POOL_PEERS_H */
