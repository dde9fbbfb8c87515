/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Common to the test programs of heaps and of legacy nodes: memory with known contents,
 * files, and dma-bufs of other exporters.
 */
#ifndef SELFTESTS_UTIL_H
#define SELFTESTS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/types.h>

#define KiB(n)	((size_t)(n) << 10)
#define MiB(n)	((size_t)(n) << 20)
/* The page size of the kernel, which may be 16 KiB. */
#define PAGE	((size_t)sysconf(_SC_PAGESIZE))

void die(const char *what) __attribute__((noreturn));

void fill(void *memory, size_t len, __u32 seed);
bool filled(const void *memory, size_t len, __u32 seed);
bool all_bytes(const void *memory, size_t len, unsigned char value);
__u32 next_random(__u32 *state);

int open_fds(void);
int next_fd(void);
void close_keeping_errno(int fd);
unsigned long number_of(char *text);
char *format(const char *template, ...) __attribute__((format(printf, 1, 2)));
char *read_text(const char *path);
bool write_text(const char *path, const char *text);
long meminfo(const char *field);
long pages_on_lists(void);
long available_memory(void);
long page_tables(void);
long page_faults(void);
long touch_pages(volatile char *memory, size_t len);
long vm_count(const char *name);
bool has_huge_pages(void);
bool has_huge_frames(void);

int open_vgem(void);
int foreign_dmabuf(void);

/**
 * struct vgem_work - simulates a device that is using a buffer, with a fence of vgem
 * @drm: the DRM file
 * @fence: vgem's handle of the fence
 */
struct vgem_work {
	int drm;
	__u32 fence;
};

bool vgem_starts(struct vgem_work *work, int fd, bool writes);
bool vgem_ends(struct vgem_work *work);

#endif /* SELFTESTS_UTIL_H */
