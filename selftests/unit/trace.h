/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces of allocations, as programs with multimedia make them.
 *
 * A trace is made by a model with a seed and does not depend on the allocator
 * that it is replayed on. Sessions (a video being decoded, a camera in use, a
 * window on the screen) begin whenever less memory is in use than a goal says
 * that rises from one half of the pool to more than all of it, and end after a
 * random time. So the pool is churned at every fill, and every allocator fails
 * at some time; the less it fragments, the later.
 */
#ifndef POOL_TRACE_H
#define POOL_TRACE_H

#include "random.h"

enum trace_kind {
	TRACE_VIDEO,	/* decoders: reference frames, bitstreams, new sizes */
	TRACE_CAMERA,	/* preview, bursts of raw and processed pictures */
	TRACE_UI,	/* surfaces of windows, icons, resizing, rotation */
	TRACE_MIXED,	/* all of them in one pool */
	TRACE_KINDS,
};

/**
 * struct trace_op - one step of a trace
 * @id: number of the buffer, never used again once it is free
 * @len: its quanta to allocate it, 0 to free it
 * @align: alignment in quanta
 */
struct trace_op {
	u32 id;
	u32 len;
	u32 align;
};

/**
 * struct trace - the steps of one run
 * @ops: the steps
 * @count: number of steps
 * @ids: number of buffers
 * @quanta: of the pool it is made for
 * @live: quanta in use after the last step
 * @capacity: steps that there is room for
 */
struct trace {
	struct trace_op *ops;
	u32 count;
	u32 ids;
	u32 quanta;
	u32 live;
	u32 capacity;
};

extern const char *const trace_names[TRACE_KINDS];

/* Ends with more in use than @quanta, so that no pool of that size holds it. */
void trace_make(struct trace *trace, enum trace_kind kind, u64 seed, u32 quanta);
void trace_free(struct trace *trace);

#endif /* POOL_TRACE_H */
