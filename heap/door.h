/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks whether a range of physical addresses may become a region: door.c. */
#ifndef CONTIG_DOOR_H
#define CONTIG_DOOR_H

#include <linux/types.h>

struct device_node;

/**
 * struct claim - a requested range of physical addresses
 * @name: name of the region, for the log
 * @base: physical address of the first byte
 * @size: bytes, not 0; the range does not exceed the address space
 */
struct claim {
	const char *name;
	phys_addr_t base;
	u64 size;
};

int door_pass(const struct claim *claim, const struct device_node *node);
int door_pass_device(const struct claim *claim);

#endif /* CONTIG_DOOR_H */
