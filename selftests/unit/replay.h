/* SPDX-License-Identifier: GPL-2.0-only */
/* Replay traces on the pool and its peers until the first failure. */
#ifndef POOL_REPLAY_H
#define POOL_REPLAY_H

#include "peers.h"
#include "trace.h"

/* 128 MiB in quanta of 4 KiB. */
#define REPLAY_QUANTA	32768

/* Seeds 1, 2, ...; results of a single trace are mostly coincidence. */
#define REPLAY_SEEDS	200

/**
 * struct replay - total results of the traces of one kind
 * @steps: steps until the first failure
 * @used: requested quanta in use at that time
 * @later: number of traces on which the pool failed later than this peer
 * @sooner: number of traces on which it failed sooner
 */
struct replay {
	u64 steps;
	u64 used;
	u32 later;
	u32 sooner;
};

void replay_kind(enum trace_kind kind, u32 seeds,
		 struct replay results[PEER_KINDS]);

#endif /* POOL_REPLAY_H */
