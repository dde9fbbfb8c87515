/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that the pool needs from its environment, so that the module and the
 * host tests can build the same sources.
 *
 * For host programs, this defines the few kernel functions that the pool uses.
 * Memory comes from pool_host_calloc(), which the test program supplies and can
 * make fail. Every loop calls pool_visit(), so that tests can count iterations;
 * programs that count instructions define it empty.
 */
#ifndef CONTIG_POOL_SHIM_H
#define CONTIG_POOL_SHIM_H

#ifdef __KERNEL__

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/vmalloc.h>

#define pool_calloc(n, size)	kvcalloc(n, size, GFP_KERNEL)
#define pool_kvfree(p)		kvfree(p)
#define pool_visit()		do { } while (0)

#else /* the host */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef unsigned int u32;
typedef unsigned long long u64;

#define noinline		__attribute((__noinline__))
#define WRITE_ONCE(x, value)	((x) = (value))
#define U64_MAX			(~0ULL)
#define BITS_PER_LONG		((int)(CHAR_BIT * sizeof(long)))

#define __ffs(word)		((unsigned long)__builtin_ctzl(word))
#define __fls(word)		((unsigned long)(BITS_PER_LONG - 1 - \
						 __builtin_clzl(word)))
#define hweight_long(word)	((unsigned long)__builtin_popcountl(word))

void *pool_host_calloc(size_t n, size_t size);
void pool_host_free(void *p);

#define pool_calloc(n, size)	pool_host_calloc(n, size)
#define pool_kvfree(p)		pool_host_free(p)

extern u64 pool_host_visits;

#ifndef pool_visit
#define pool_visit()		(pool_host_visits++)
#endif

static inline u32 min(u32 a, u32 b)
{
	return a < b ? a : b;
}

static inline u32 max(u32 a, u32 b)
{
	return a > b ? a : b;
}

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

#endif /* __KERNEL__ */

#endif /* CONTIG_POOL_SHIM_H */
