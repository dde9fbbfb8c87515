/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of /dev/heap_importer. All return -1 with errno set when they fail. */
#ifndef IMPORTER_CLIENT_H
#define IMPORTER_CLIENT_H

#include <stddef.h>

#include <linux/types.h>

#include "../importers/heap_importer.h"

#define ANY_ADDRESS	(~0ULL)
#define ANY_SEGMENT	(~0U)

int importer_open(void);
int importer_device(int importer, __u64 dma_mask, __u32 max_segment,
		    __u64 boundary);
int importer_device_behind(int importer, __u64 window);
int importer_device_shifted(int importer, __u64 boundary, __u64 shift);
int importer_any_device(int importer);
int importer_copying_device(int importer);
int importer_attach(int importer, int device, int fd);
int importer_detach(int importer, int attachment);
int importer_map(int importer, int attachment, int direction);
int importer_unmap(int importer, int attachment);
int importer_keep(int importer, int attachment);
int importer_take(int importer, int device, size_t len, __u64 *address);
int importer_segment(int importer, int attachment, int index, __u64 *address,
		     __u64 *len);
int importer_dma_read(int importer, int attachment, __u64 offset, void *to,
		      size_t len);
int importer_dma_write(int importer, int attachment, __u64 offset,
		       const void *from, size_t len);
int importer_vmap(int importer, int fd);
int importer_vunmap(int importer, int vmap);
int importer_kernel_read(int importer, int vmap, __u64 offset, void *to,
			 size_t len);
int importer_kernel_write(int importer, int vmap, __u64 offset,
			  const void *from, size_t len);
int importer_fence(int importer, int *sync_file);
int importer_signal(int importer, int fence);
int importer_cpu_access(int importer, int fd, int direction, int begin);

__u64 buffer_address(int fd);

#endif /* IMPORTER_CLIENT_H */
