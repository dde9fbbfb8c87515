/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_CONTIGUOUS_H
#define CONTIG_CONTIGUOUS_H

#include <linux/types.h>

struct contiguous;
struct device;

struct contiguous *contiguous_alloc(struct device *dev, u64 size, u64 align);
phys_addr_t contiguous_base(const struct contiguous *memory);
void contiguous_free(struct contiguous *memory);

#endif /* CONTIG_CONTIGUOUS_H */
