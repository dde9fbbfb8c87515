/* SPDX-License-Identifier: GPL-2.0-only */
/* A reproducible stream of random numbers (xorshift). */
#ifndef POOL_RANDOM_H
#define POOL_RANDOM_H

#include "pool_shim.h"

/**
 * struct random - the state of a stream
 * @x: never 0
 */
struct random {
	u64 x;
};

static inline void random_seed(struct random *r, u64 seed)
{
	r->x = seed * 0x9e3779b97f4a7c15ULL + 1;
	if (!r->x)
		r->x = 1;
}

static inline u64 random_u64(struct random *r)
{
	r->x ^= r->x << 13;
	r->x ^= r->x >> 7;
	r->x ^= r->x << 17;
	return r->x;
}

/* A number below @n; @n must not be 0. */
static inline u32 random_below(struct random *r, u32 n)
{
	return (random_u64(r) >> 16) % n;
}

/* 1 to @n; each magnitude is equally likely. */
static inline u32 random_size(struct random *r, u32 n)
{
	u32 bits = 32 - __builtin_clz(n);
	u32 limit = 1U << random_below(r, bits);

	return min(1 + limit + random_below(r, limit) - 1, n);
}

#endif /* POOL_RANDOM_H */
