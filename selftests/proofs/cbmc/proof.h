/* SPDX-License-Identifier: GPL-2.0-only */
/* What the proofs share: values that can be anything, and what has to hold. */
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

/* How many bytes the code has asked for, and where it got them; see memory.c. */
extern size_t memory_asked;
extern unsigned long *memory;

#endif /* PROOF_H */
