/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a buffer: its pieces and their physical addresses. */
#ifndef IMPORTERS_PLACE_H
#define IMPORTERS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define MAX_PIECES	64

/**
 * struct piece - contiguous memory
 * @address: its physical address
 * @len: bytes
 */
struct piece {
	__u64 address;
	__u64 len;
};

/**
 * struct place - the memory of a buffer
 * @count: number of pieces
 * @piece: the pieces, in buffer order
 */
struct place {
	int count;
	struct piece piece[MAX_PIECES];
};

bool place_find(int fd, struct place *place);
__u64 place_offset(const struct place *place, __u64 address);
int place_alloc(const char *path, size_t len);

#endif /* IMPORTERS_PLACE_H */
