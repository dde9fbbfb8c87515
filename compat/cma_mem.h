/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_CMA_MEM_H
#define PMEM_CMA_MEM_H

int cma_mem_setup(void);
void cma_mem_teardown(void);

#endif /* PMEM_CMA_MEM_H */
