/* SPDX-License-Identifier: GPL-2.0-only */
/* Random operations on a pool and its reference. */
#ifndef POOL_CHURN_H
#define POOL_CHURN_H

#include "random.h"
#include "verify.h"

/*
 * @ops random operations; everything is verified after each @verify_every of
 * them and at the end. Returns false, after printing which operation it was, if
 * pool and reference ever differ.
 */
bool churn(struct pair *p, struct random *r, u64 ops, u32 verify_every);

#endif /* POOL_CHURN_H */
