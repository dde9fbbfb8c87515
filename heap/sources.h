/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources of heaps: device tree, parameters, CMA areas and system memory. */
#ifndef CONTIG_SOURCES_H
#define CONTIG_SOURCES_H

struct list_head;

void driver_setup(void);
void driver_teardown(void);
void carveout_params_add(struct list_head *pair);
void cma_heaps_add(struct list_head *pair);
void system_heaps_add(struct list_head *pair);

#endif /* CONTIG_SOURCES_H */
