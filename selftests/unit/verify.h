/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparison of a pool with the reference, and of its tree with its bitmaps.
 * Whatever differs is printed on a diagnostic line of its own.
 */
#ifndef POOL_VERIFY_H
#define POOL_VERIFY_H

#include "model.h"

/**
 * struct pair - a pool and the reference for it
 * @pool: the pool under test
 * @model: gets every operation that the pool gets
 */
struct pair {
	struct pool pool;
	struct model model;
};

/*
 * All return false after printing what is wrong. The operations are done on
 * both sides, and results, placement and counters compared.
 */
bool pair_init(struct pair *p, u64 base, u32 nr, bool dirty);
bool pair_init_absent(struct pair *p, u64 base, u32 nr);
void pair_set_large(struct pair *p, u32 large, u32 block);
void pair_destroy(struct pair *p);
bool pair_add(struct pair *p, u32 start, u32 len, bool dirty);
bool pair_remove(struct pair *p, u32 start, u32 len);
bool pair_alloc(struct pair *p, u32 len, u32 align);
bool pair_alloc_lowest(struct pair *p, u32 len, u32 align);
bool pair_alloc_at(struct pair *p, u32 start, u32 len);
bool pair_free(struct pair *p, u32 start, u32 len);
bool pair_next_dirty(struct pair *p, u32 from, u32 end, u32 max);
bool pair_set_clean(struct pair *p, u32 start, u32 len);
bool pair_next_run(struct pair *p, u32 from);

/* With @clean, what is returned is also declared clean. */
bool pair_next_to_clean(struct pair *p, u32 max, bool clean);

/* Everything: each bit, each summary, each tree node, all runs. */
bool pair_verify(struct pair *p);

#endif /* POOL_VERIFY_H */
