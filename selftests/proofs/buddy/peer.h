/* SPDX-License-Identifier: GPL-2.0-only */
/* Interface of the kernel's buddy allocator for compare.c, without kernel headers. */
#ifndef BUDDY_PEER_H
#define BUDDY_PEER_H

#include <stdbool.h>

struct extent;

/* Number of warnings of the allocator. */
extern unsigned int buddy_warnings;

void buddy_make(unsigned int nr);
void buddy_end(void);

/* Returns NULL if there is no room. @clear: prefer zeroed memory. */
struct extent *buddy_alloc(unsigned int len, unsigned int align, bool clear);
void buddy_free(struct extent *extent, bool cleared);

/* Get the place of an extent; false unless it is contiguous. */
bool buddy_where(const struct extent *extent, unsigned int *start, unsigned int *len);

/* Does the allocator consider this quantum of an extent zeroed? */
bool buddy_is_clear(const struct extent *extent, unsigned int quantum);

/* Number of free quanta, and of those that are zeroed. */
unsigned int buddy_avail(void);
unsigned int buddy_clear_avail(void);

#endif /* BUDDY_PEER_H */
