/* SPDX-License-Identifier: GPL-2.0-only */
/* Random operations on a pool and its reference. */
#ifndef POOL_CHURN_H
#define POOL_CHURN_H

#include "random.h"
#include "verify.h"

/*
 * Execute @ops random operations; verify everything after each @verify_every of them and at the
 * end. If pool and reference differ, prints the operation and returns false.
 */
bool churn(struct pair *p, struct random *r, u64 ops, u32 verify_every);

#endif /* POOL_CHURN_H */
