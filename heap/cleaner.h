/* SPDX-License-Identifier: GPL-2.0-only */
/* Zeroing the memory of a stock: cleaner.c. */
#ifndef CONTIG_CLEANER_H
#define CONTIG_CLEANER_H

#include <linux/types.h>

struct stock;

void cleaner_init(struct stock *stock);
int cleaner_start(struct stock *stock);
void cleaner_stop(struct stock *stock);
void cleaner_wake(struct stock *stock);
void cleaner_pause(struct stock *stock, bool pause);
void cleaner_let_go(struct stock *stock);
int cleaner_zero(struct stock *stock, u32 start, u32 len, bool to_memory);

#endif /* CONTIG_CLEANER_H */
