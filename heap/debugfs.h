/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_DEBUGFS_H
#define CONTIG_DEBUGFS_H

struct region;

void contig_debugfs_setup(void);
void contig_debugfs_teardown(void);
void region_debugfs_add(struct region *region);

#endif /* CONTIG_DEBUGFS_H */
