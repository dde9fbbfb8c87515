/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters for memory that stays warm: keep.c. */
#ifndef CONTIG_KEEP_H
#define CONTIG_KEEP_H

#include <linux/types.h>

unsigned int keep_idle_ms(void);
u64 keep_reserve(const char *region);
void keep_report(void);

#endif /* CONTIG_KEEP_H */
