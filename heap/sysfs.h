/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_SYSFS_H
#define CONTIG_SYSFS_H

struct attribute_group;

/* Attributes of every node; the device's drvdata is its heap. */
extern const struct attribute_group *heap_sysfs_groups[];

#endif /* CONTIG_SYSFS_H */
