/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that the kernel uses for movable pages until it is allocated: cma.c. */
#ifndef CONTIG_CMA_H
#define CONTIG_CMA_H

#include <linux/err.h>
#include <linux/types.h>

struct region;
struct reserved_mem;

#ifdef CONFIG_DMA_CMA
struct region *cma_create(const char *name, struct reserved_mem *rmem,
			  bool shared);
struct region *cma_create_default(const char *name, u64 known);
#else
static inline struct region *cma_create(const char *name,
					struct reserved_mem *rmem, bool shared)
{
	return ERR_PTR(-ENODEV);
}

static inline struct region *cma_create_default(const char *name, u64 known)
{
	return ERR_PTR(-ENODEV);
}
#endif

#endif /* CONTIG_CMA_H */
