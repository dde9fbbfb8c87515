/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of calls that the fuzzer generates and runs. */
#ifndef DEVICE_FUZZ_PROGRAM_H
#define DEVICE_FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_CALLS	40

/**
 * struct call - one call
 * @op: its number, modulo nr_ops. Stored programs contain it, so append new ones
 * @thread: 0 or 1
 * @arg: selects files, mappings, lengths, flags
 */
struct call {
	uint8_t op;
	uint8_t thread;
	uint8_t arg[6];
};

/**
 * struct program - a sequence of calls, for both threads
 * @nr: number of calls
 * @calls: the calls
 */
struct program {
	uint32_t nr;
	struct call calls[MAX_CALLS];
};

uint32_t random_next(uint32_t *state);
void program_mutate(struct program *program, const struct program *other, uint32_t *state);
void program_print(FILE *file, const struct program *program);
bool program_read(FILE *file, struct program *program);

/* run.c: make the calls of one thread. */
extern const unsigned int nr_ops;
void run_prepare(void);
void run_calls(const struct program *program, int thread);

#endif /* DEVICE_FUZZ_PROGRAM_H */
