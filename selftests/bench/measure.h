/* SPDX-License-Identifier: GPL-2.0-only */
/* Count instructions, and print what they were spent on. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#define KiB(n)	((size_t)(n) << 10)
#define MiB(n)	((size_t)(n) << 20)

/* Maximum number of rounds. */
#define MAX_ROUNDS	64

/**
 * struct series - costs of several equal rounds
 * @count: number of rounds
 * @cost: instructions of each round
 */
struct series {
	unsigned int count;
	uint64_t cost[MAX_ROUNDS];
};

_Noreturn void die(const char *what);

void measure_setup(void);
uint64_t now(void);
uint64_t spent_since(uint64_t start);

void background_add(const char *name);
uint64_t background_spent(void);

void series_add(struct series *series, uint64_t cost);
uint64_t series_median(const struct series *series);

void tell(const char *what, const char *heap, uint64_t bytes, uint64_t waited,
	  uint64_t total);
void tell_series(const char *what, const char *heap, uint64_t bytes,
		 const struct series *waited, uint64_t background);

#endif /* BENCH_MEASURE_H */
