/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a range of physical addresses may be had: door.c. */
#ifndef CONTIG_DOOR_H
#define CONTIG_DOOR_H

#include <linux/types.h>

struct device_node;
struct region;

int door_pass(const struct region *region, const struct device_node *node);
int door_pass_device(const struct region *region);

#endif /* CONTIG_DOOR_H */
