/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simplest possible pool: four flags per quantum, and linear searches. It is the reference for
 * the real pool, including exact placement.
 */
#ifndef POOL_MODEL_H
#define POOL_MODEL_H

#include "pool.h"

/**
 * struct model - the reference pool
 * @base: as in struct pool
 * @nr: as in struct pool
 * @large: as in struct pool
 * @block: as in struct pool
 * @hint: where the search for quanta to clean continues
 * @absent: for each quantum, whether the pool lacks it
 * @used: whether it belongs to an extent, or is absent
 * @head: whether it is the first of its extent
 * @dirty: whether it needs zeroing
 */
struct model {
	u64 base;
	u32 nr;
	u32 large;
	u32 block;
	u32 hint;
	bool *absent;
	bool *used;
	bool *head;
	bool *dirty;
};

/* These behave like the functions of the pool. */
void model_init_absent(struct model *m, u64 base, u32 nr);
void model_set_large(struct model *m, u32 large, u32 block);
void model_destroy(struct model *m);

int model_add(struct model *m, u32 start, u32 len, bool dirty);
int model_remove(struct model *m, u32 start, u32 len);

int model_alloc(struct model *m, u32 len, u32 align, u32 *start);
int model_alloc_lowest(struct model *m, u32 len, u32 align, u32 *start);
int model_alloc_at(struct model *m, u32 start, u32 len);
int model_free(struct model *m, u32 start, u32 len);

u32 model_next_dirty(const struct model *m, u32 from, u32 end, u32 max,
		     u32 *start);
u32 model_next_to_clean(struct model *m, u32 max, u32 *start);
void model_set_clean(struct model *m, u32 start, u32 len);
bool model_next_run(const struct model *m, u32 from, struct pool_run *run);

/* Is any aligned place free? Tries every one. */
bool model_has_place(const struct model *m, u32 len, u32 align);

#endif /* POOL_MODEL_H */
