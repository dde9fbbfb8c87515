/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a heap keeps for the next buffer, and free memory in CMA areas. Files are sysfs attributes.
 */
#ifndef HEAP_KEEP_H
#define HEAP_KEEP_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* No timeout, so that tests do not depend on timing. */
#define FOR_EVER "keep=0"

__u64 figure(const char *name, const char *which);
bool set(const char *name, const char *which, const char *value);
__u64 held(const char *name);
void settle(const char *name);
void wait_until_held(const char *name, __u64 bytes);
void wait_until_no_more_held(const char *name, __u64 bytes);
bool others_get_all_held(const char *name);

bool soil(int heap, size_t len);

void take_area(const char *name);

long cma_free(void);
bool cma_has(long bytes);

#endif /* HEAP_KEEP_H */
