/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maintenance of caches, watched from outside: by kprobes on the kernel's two functions that
 * do it for devices, and on ours that flushes. No emulator shows what a device would see without
 * them. Each call has to be the right one, on the range that was asked for; for a buffer in several
 * pieces there is one call for each, which count as one.
 */
#ifndef IMPORTERS_CACHE_TRACE_H
#define IMPORTERS_CACHE_TRACE_H

#include <stdbool.h>

#include <linux/types.h>

#include "place.h"

/* Which function it was. */
enum side {
	FOR_DEVICE,
	FOR_CPU,
	FLUSH,
	NR_SIDES,
};

/**
 * struct call - of one of them
 * @side: which
 * @start: of the range, from the start of the buffer
 * @len: of the range
 * @direction: as those of /dev/heap_importer; 0 for a flush
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
