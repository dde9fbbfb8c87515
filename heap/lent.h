/* SPDX-License-Identifier: GPL-2.0-only */
/* Regions that borrow their memory while it is in use: lent.c. */
#ifndef CONTIG_LENT_H
#define CONTIG_LENT_H

#include <linux/types.h>

struct region;

struct region *lent_create(const char *name, struct region *lender, u64 size,
			   u64 quantum);

#endif /* CONTIG_LENT_H */
