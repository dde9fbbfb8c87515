/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that the device tree reserves: reserved.c. */
#ifndef CONTIG_RESERVED_H
#define CONTIG_RESERVED_H

#include <linux/types.h>

struct device_node;
struct region;

struct region *region_from_node(const char *name, struct device_node *memory,
				u64 quantum);

#endif /* CONTIG_RESERVED_H */
