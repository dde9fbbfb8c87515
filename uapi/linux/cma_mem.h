/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of the "CMEM" driver, for clients of /dev/cma_mem.
 *
 * Numbers and layouts are those of the second of its three generations, the one
 * whose block begins with ten bytes of name. The other two are not served:
 *
 *  - In the first, the block is { char *name; char is_cache; unsigned long id,
 *    offset, len, phy_base, mem_base; }, and the client maps it itself. Its
 *    CMEM_ALLOCATE has the same number, and nothing in it tells it from a block
 *    of the second generation for certain. Clients leave the name NULL, which is
 *    an empty name here: EINVAL, with nothing allocated.
 *  - The third (CMA_MEM_VERSION 3) has commands 1 and 2 alone: ENOTTY.
 *
 * Unlike with the legacy driver, a block belongs to the open file that made it,
 * errors are reported (EFAULT; EINVAL for an empty name or length; ENOMEM; ENOENT
 * for a name that the file has no block of; ENOTTY for a command without a
 * meaning; of CMEM_UNMAP also what munmap() says, with nothing changed),
 * @kernel_base is always 0, and @phy_base is a physical address for privileged
 * callers only, or where the administrator allows it, and if it is not too large
 * for a 32-bit caller; otherwise a value that is not 0 and is no address.
 */
#ifndef _UAPI_LINUX_CMA_MEM_H
#define _UAPI_LINUX_CMA_MEM_H

#include <linux/ioctl.h>

#define CMEM_IOCTL_MAGIC	'm'

/* The commands without a meaning were never implemented. */
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
 * @name: in: its name; all ten bytes count, a NUL ends it earlier; not empty
 * @is_use_buffer: in: not 0 for write-combined memory; uncached otherwise,
 *	which is write-combined memory, too
 * @id: out: running number of the file's blocks, from 1
 * @offset: as the caller left it
 * @len: in and out: bytes, rounded up to whole pages
 * @phy_base: out: physical address, see above
 * @mem_base: out: where the block is mapped for the caller, for reading and
 *	writing, in whichever mode the file is open
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
