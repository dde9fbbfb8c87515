/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_SYSFS_H
#define CONTIG_SYSFS_H

struct attribute_group;

/* Attributes of every node; drvdata of the device is the heap. */
extern const struct attribute_group *heap_sysfs_groups[];

#endif /* CONTIG_SYSFS_H */
