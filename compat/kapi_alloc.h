/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_KAPI_ALLOC_H
#define PMEM_KAPI_ALLOC_H

void pmem_kernel_allocs_free(void);

#endif /* PMEM_KAPI_ALLOC_H */
