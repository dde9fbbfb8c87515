/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of the "CMEM" driver, for clients of /dev/cma_mem.
 *
 * Numbers and layouts are those of the second of its three generations, where
 * struct mem_block begins with a name of ten bytes. The others are not
 * supported:
 *
 *  - In the first, the block is { char *name; char is_cache; unsigned long id,
 *    offset, len, phy_base, mem_base; }, and the client maps it itself. Its
 *    CMEM_ALLOCATE has the same number, so the two cannot be told apart
 *    reliably. Its clients leave the name NULL, which is read as an empty name:
 *    CMEM_ALLOCATE fails with EINVAL.
 *  - The third (CMA_MEM_VERSION 3) has only commands 1 and 2, which fail with
 *    ENOTTY.
 *
 * Unlike in the legacy driver:
 *
 *  - A block belongs to the open file that allocated it.
 *  - Errors are reported: EFAULT; EINVAL for an empty name or length; ENOMEM;
 *    ENOENT if the file has no block of that name; ENOTTY for a command that
 *    was never implemented. CMEM_UNMAP also returns the errors of munmap(); it
 *    then changes nothing.
 *  - @kernel_base is always 0.
 *  - @phy_base is a physical address only for callers with CAP_SYS_RAWIO, or
 *    for all callers if the parameter cma_mem_phys is set, and only if it fits
 *    the field of a 32-bit caller. Otherwise it is a handle: a number that is
 *    not 0 and not an address.
 */
#ifndef _UAPI_LINUX_CMA_MEM_H
#define _UAPI_LINUX_CMA_MEM_H

#include <linux/ioctl.h>

#define CMEM_IOCTL_MAGIC	'm'

/* All but CMEM_UNMAP and CMEM_ALLOCATE were never implemented. */
#define CMEM_GET_PHYS		_IOW(CMEM_IOCTL_MAGIC, 1, unsigned int)
#define CMEM_MAP		_IOW(CMEM_IOCTL_MAGIC, 2, unsigned int)
#define CMEM_GET_SIZE		_IOW(CMEM_IOCTL_MAGIC, 3, unsigned int)
/* in: struct mem_block: unmap and free the block of that name */
#define CMEM_UNMAP		_IOW(CMEM_IOCTL_MAGIC, 4, unsigned int)
/* in and out: struct mem_block: allocate and map */
#define CMEM_ALLOCATE		_IOW(CMEM_IOCTL_MAGIC, 5, unsigned int)
#define CMEM_CONNECT		_IOW(CMEM_IOCTL_MAGIC, 6, unsigned int)
#define CMEM_GET_TOTAL_SIZE	_IOW(CMEM_IOCTL_MAGIC, 7, unsigned int)
#define CMEM_CACHE_FLUSH	_IOW(CMEM_IOCTL_MAGIC, 8, unsigned int)

/**
 * struct mem_block - a block of memory
 * @name: in: its name, not empty; ten bytes, or fewer and a NUL
 * @is_use_buffer: in: not 0 for write-combined memory, 0 for uncached memory,
 *                 which is write-combined too
 * @id: out: number of the block in this file, from 1
 * @offset: not changed
 * @len: in and out: bytes, rounded up to whole pages
 * @phy_base: out: physical address, see above
 * @mem_base: out: address at which the block is mapped for the caller, for
 *            reading and writing, whatever the mode of the open file
 * @kernel_base: out: 0
 */
struct mem_block {
	char name[10];
	char is_use_buffer;
	int id;
	unsigned long offset;
	unsigned long len;
	unsigned long phy_base;
	unsigned long mem_base;
	void *kernel_base;
};

#endif /* _UAPI_LINUX_CMA_MEM_H */
