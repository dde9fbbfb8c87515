/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace cache maintenance with kprobes on the kernel's two functions that do it for devices, and
 * on our flush function. No emulator shows the effects of a missing call. Each call must be the
 * right one, on the requested range; for a buffer in several pieces, one call per piece counts as
 * one.
 */
#ifndef IMPORTERS_CACHE_TRACE_H
#define IMPORTERS_CACHE_TRACE_H

#include <stdbool.h>

#include <linux/types.h>

#include "place.h"

/* The function. */
enum side {
	FOR_DEVICE,
	FOR_CPU,
	FLUSH,
	NR_SIDES,
};

/**
 * struct call - a call of one of these functions
 * @side: the function
 * @start: start of the range, relative to the buffer
 * @len: length of the range
 * @direction: as in /dev/heap_importer; 0 for a flush
 */
struct call {
	enum side side;
	__u64 start;
	__u64 len;
	unsigned int direction;
};

bool cache_trace_on(void);
void cache_trace_off(void);
int cache_calls(const struct place *place, struct call *call, int max);
bool cache_called(const struct place *place, int wanted, enum side side, __u64 start, __u64 len);

#endif /* IMPORTERS_CACHE_TRACE_H */
