/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's buddy allocator as compare.c sees it, which has no header of the kernel's. */
#ifndef BUDDY_PEER_H
#define BUDDY_PEER_H

#include <stdbool.h>

struct extent;

/* Complaints of the allocator itself, counted. */
extern unsigned int buddy_warnings;

void buddy_make(unsigned int nr);
void buddy_end(void);

/* NULL if it finds no room. @clear: prefer what is zero. */
struct extent *buddy_alloc(unsigned int len, unsigned int align, bool clear);
void buddy_free(struct extent *extent, bool cleared);

/* Where an extent is; false unless it is in one stretch. */
bool buddy_where(const struct extent *extent, unsigned int *start, unsigned int *len);

/* Whether it says of a quantum of an extent that it is zero. */
bool buddy_is_clear(const struct extent *extent, unsigned int quantum);

/* Free quanta, and how many of them are zero. */
unsigned int buddy_avail(void);
unsigned int buddy_clear_avail(void);

#endif /* BUDDY_PEER_H */
