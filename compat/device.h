/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_DEVICE_H
#define PMEM_DEVICE_H

#include "node.h"

struct pmem_node *pmem_node_create(const struct pmem_node_config *config);
void pmem_node_remove(struct pmem_node *node);
struct heap *pmem_open_lent(const struct pmem_node_config *config,
			    struct heap *lender);

#endif /* PMEM_DEVICE_H */
