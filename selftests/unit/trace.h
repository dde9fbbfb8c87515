/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation traces of multimedia programs.
 *
 * A model with a seed generates a trace, independently of the allocator on which it is replayed.
 * Whenever less memory is in use than the goal, which rises from half of the pool to more than all
 * of it, a new session (decoding a video, using a camera, showing a window) begins; it ends after
 * a random time. So the pool is churned at every fill level, and every allocator fails eventually;
 * with less fragmentation, later.
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
 * @id: number of the buffer, never reused
 * @len: number of quanta to allocate, 0 to free the buffer
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
 * @quanta: size of the pool that it is made for
 * @live: quanta in use after the last step
 * @capacity: number of steps that fit
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

/* Finally, more than @quanta are in use, which does not fit into any pool of that size. */
void trace_make(struct trace *trace, enum trace_kind kind, u64 seed, u32 quanta);
void trace_free(struct trace *trace);

#endif /* POOL_TRACE_H */
