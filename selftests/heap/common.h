/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Common to the heaps' test programs. All of them run on the board of dts/qemu-virt.dtso, as root.
 */
#ifndef HEAP_COMMON_H
#define HEAP_COMMON_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/contig_heap.h>
#include <linux/types.h>

#include "../util.h"

int heap_open(const char *name);
int heap_open_twin(const char *name);
int heap_alloc(int heap, __u64 len);
int heap_alloc_flags(int heap, __u64 len, __u32 fd_flags, __u64 heap_flags);
int heap_alloc_aligned(int heap, __u64 len, __u64 align);
struct contig_heap_query heap_query(int heap);
void heap_wait_clean(int heap);
bool heap_holds(const char *name, size_t len);
const char *heap_class(void);

void *buffer_map(int fd, size_t len);
bool buffer_is_zero(int fd, size_t len);
bool buffer_soil(int fd, size_t len);
__u64 buffer_size(int fd);
int buffer_sync(int fd, __u64 flags);
int buffer_sync_range(int heap, int fd, __u64 offset, __u64 len, __u32 flags);
int buffer_place(int heap, int fd, __u64 modulus, __u64 *phase);

long long buffer_load(int node, int fd, __u64 offset, int file, __u64 file_offset, __u64 len);
long long buffer_store(int node, int fd, __u64 offset, int file, __u64 file_offset, __u64 len);

int new_file(size_t len, __u32 seed);
int loop_attach(int file, int flags);
void loop_close(int device);
int udmabuf(size_t len);

pid_t spawn_busy(void);

#endif /* HEAP_COMMON_H */
