/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Common to the host programs. The pool's memory allocations are counted, and can be made to fail.
 */
#ifndef POOL_HOST_H
#define POOL_HOST_H

#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * struct host_alloc - memory allocations of the pool
 * @live: number of live allocations
 * @bytes: total size of allocations since it was last set to 0
 * @fail_in: the allocation that fails, counted from 1; 0 for none
 */
struct host_alloc {
	long live;
	size_t bytes;
	long fail_in;
};

extern struct host_alloc host_alloc;

#endif /* POOL_HOST_H */
