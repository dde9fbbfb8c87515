/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to the proofs: nondeterministic values and assertions. */
#ifndef PROOF_H
#define PROOF_H

#include "pool_shim.h"

#define assume(condition)	__CPROVER_assume(condition)
#define prove(condition)	__CPROVER_assert(condition, #condition)

u32 nondet_u32(void);
u64 nondet_u64(void);
unsigned long nondet_long(void);

static inline bool nondet_bool(void)
{
	return nondet_u32() & 1;
}

/* The number of bytes that the code has requested, and what it got; see memory.c. */
extern size_t memory_asked;
extern unsigned long *memory;

#endif /* PROOF_H */
