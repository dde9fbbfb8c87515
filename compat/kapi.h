/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the interface for drivers share, and nobody else sees:
 * kapi_file.c has the files of clients, kapi_node.c the devices that drivers make,
 * kapi_alloc.c memory for drivers themselves.
 */
#ifndef PMEM_KAPI_H
#define PMEM_KAPI_H

void pmem_kernel_allocs_free(void);

#endif /* PMEM_KAPI_H */
