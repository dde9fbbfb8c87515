/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compare a pool with the reference, and its tree with its bitmaps. Prints each difference on a
 * separate diagnostic line.
 */
#ifndef POOL_VERIFY_H
#define POOL_VERIFY_H

#include "model.h"

/**
 * struct pair - a pool and its reference
 * @pool: the pool under test
 * @model: executes the same operations
 */
struct pair {
	struct pool pool;
	struct model model;
};

/*
 * Each executes the operation on both, and compares results, placement and counters. Prints
 * differences and returns false.
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

/* With @clean, the result is also marked clean. */
bool pair_next_to_clean(struct pair *p, u32 max, bool clean);

/* Verify everything: all bits, summaries, tree nodes and runs. */
bool pair_verify(struct pair *p);

#endif /* POOL_VERIFY_H */
