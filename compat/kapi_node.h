/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_KAPI_NODE_H
#define PMEM_KAPI_NODE_H

int pmem_kernel_nodes_setup(void);
void pmem_kernel_nodes_teardown(void);

#endif /* PMEM_KAPI_NODE_H */
