// SPDX-License-Identifier: GPL-2.0-only
/* Replay traces on the pool and its peers, see replay.h. */
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

/**
 * struct place - the place of a buffer in the trace
 * @start: its first quantum
 * @len: number of quanta
 */
struct place {
	u32 start;
	u32 len;
};

/* Returns the number of steps; *used is set to what was in use. */
static u32 replay_one(const struct trace *trace, enum peer_kind kind,
		      struct place *places, u32 *used)
{
	struct peer peer;
	u32 step;

	*used = 0;
	peer_init(&peer, kind, trace->quanta);
	for (step = 0; step < trace->count; step++) {
		const struct trace_op *op = &trace->ops[step];
		struct place *place = &places[op->id];

		if (op->len) {
			place->len = op->len;
			if (!peer_alloc(&peer, op->len, op->align, &place->start))
				break;
			*used += op->len;
		} else {
			peer_free(&peer, place->start, place->len);
			*used -= place->len;
		}
	}
	if (step == trace->count) {
		fprintf(stderr, "a trace ended without failure\n");
		exit(2);
	}
	peer_destroy(&peer);
	return step;
}

void replay_kind(enum trace_kind kind, u32 seeds,
		 struct replay results[PEER_KINDS])
{
	u32 steps[PEER_KINDS];
	struct place *places;
	struct trace trace;
	u32 seed, used, i;

	memset(results, 0, PEER_KINDS * sizeof(*results));
	for (seed = 1; seed <= seeds; seed++) {
		trace_make(&trace, kind, seed, REPLAY_QUANTA);
		places = calloc(trace.ids, sizeof(*places));
		if (!places)
			exit(2);
		for (i = 0; i < PEER_KINDS; i++) {
			steps[i] = replay_one(&trace, i, places, &used);
			results[i].steps += steps[i];
			results[i].used += used;
			results[i].later += steps[PEER_POOL] > steps[i];
			results[i].sooner += steps[PEER_POOL] < steps[i];
		}
		free(places);
		trace_free(&trace);
	}
}
