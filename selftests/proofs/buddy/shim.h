/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What drivers/gpu/buddy.c needs and the kernel's user-space headers lack. Included before
 * everything else.
 */
#ifndef BUDDY_SHIM_H
#define BUDDY_SHIM_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/err.h>
#include <linux/build_bug.h>
#include <linux/align.h>

void buddy_warns(const char *condition);
int buddy_module_init(void);
void buddy_module_exit(void);

#undef WARN_ON
#define WARN_ON(condition)	({					\
	bool warns = !!(condition);					\
	if (warns)							\
		buddy_warns(#condition);				\
	warns;								\
})
#undef BUG_ON
#define BUG_ON(condition)	((void)WARN_ON(condition))

#define __ffs64(word)		((unsigned long)__builtin_ctzll(word))
#define __init
#define cond_resched()		((void)0)
#define pr_info(...)		((void)0)
#define range_overflows(start, size, max) \
	((start) >= (max) || (size) > (max) - (start))

#define GFP_KERNEL		0
#define kcalloc(n, size, gfp)	calloc(n, size)
#define kmalloc_objs(type, n)	((__typeof__(type) *)calloc(n, sizeof(type)))
#define kfree(p)		free(p)

struct kmem_cache;
#define KMEM_CACHE(type, flags)	((struct kmem_cache *)sizeof(struct type))
#define kmem_cache_zalloc(cache, gfp)	calloc(1, (size_t)(cache))
#define kmem_cache_free(cache, p)	free(p)
#define kmem_cache_destroy(cache)	((void)(cache))
#define kmemleak_update_trace(p)	((void)(p))

#define EXPORT_SYMBOL(name)	extern int buddy_exports
#define MODULE_DESCRIPTION(text) extern int buddy_exports
#define MODULE_LICENSE(text)	extern int buddy_exports
#define module_init(function)	int buddy_module_init(void) { return function(); }
#define module_exit(function)	void buddy_module_exit(void) { function(); }

#endif /* BUDDY_SHIM_H */
