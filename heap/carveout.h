/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that only buffers use: carveout.c. */
#ifndef CONTIG_CARVEOUT_H
#define CONTIG_CARVEOUT_H

#include <linux/types.h>

struct device_node;
struct region;

struct region *carveout_create(const char *name, phys_addr_t base, u64 size,
			       u64 quantum, const struct device_node *node);
struct region *carveout_create_device(const char *name, phys_addr_t base,
				      u64 size, u64 quantum);
struct region *carveout_create_anywhere(const char *name, u64 size,
					u64 quantum);

#endif /* CONTIG_CARVEOUT_H */
