/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory from the page allocator: system.c. */
#ifndef CONTIG_SYSTEM_H
#define CONTIG_SYSTEM_H

#include <linux/types.h>

struct region;

struct region *system_create(const char *name, bool dma32, bool account);

#endif /* CONTIG_SYSTEM_H */
