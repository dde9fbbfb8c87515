/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_CMA_TEST_H
#define PMEM_CMA_TEST_H

void cma_test_setup(void);
void cma_test_teardown(void);

#endif /* PMEM_CMA_TEST_H */
