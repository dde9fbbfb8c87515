/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the heaps' test programs share. All of them run on the board of
 * dts/qemu-virt.dtso, as root.
 */
#ifndef HEAP_COMMON_H
#define HEAP_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/types.h>

#define KiB(n)	((size_t)(n) << 10)
#define MiB(n)	((size_t)(n) << 20)
/* The kernel's page, 16 KiB on some. */
#define PAGE	((size_t)sysconf(_SC_PAGESIZE))

int heap_open(const char *name);
int heap_open_twin(const char *name);
int heap_alloc(int heap, __u64 len);
int heap_alloc_flags(int heap, __u64 len, __u32 fd_flags, __u64 heap_flags);
int heap_alloc_aligned(int heap, __u64 len, __u64 align);
struct contig_heap_query heap_query(int heap);
void heap_wait_clean(int heap);

void *buffer_map(int fd, size_t len);
__u64 buffer_size(int fd);
int buffer_sync(int fd, __u64 flags);
int buffer_sync_range(int heap, int fd, __u64 offset, __u64 len, __u32 flags);
int buffer_place(int heap, int fd, __u64 modulus, __u64 *phase);

void fill(void *memory, size_t len, __u32 seed);
bool filled(const void *memory, size_t len, __u32 seed);
bool all_bytes(const void *memory, size_t len, unsigned char value);

int open_fds(void);
int next_fd(void);
int open_vgem(void);
int foreign_dmabuf(void);
int udmabuf(size_t len);
long meminfo(const char *field);
__u32 next_random(__u32 *state);

char *read_text(const char *path);
bool write_text(const char *path, const char *text);

#endif /* HEAP_COMMON_H */
