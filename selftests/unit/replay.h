/* SPDX-License-Identifier: GPL-2.0-only */
/* Traces replayed on the pool and its peers until the first failure. */
#ifndef POOL_REPLAY_H
#define POOL_REPLAY_H

#include "peers.h"
#include "trace.h"

/* 128 MiB in quanta of 4 KiB. */
#define REPLAY_QUANTA	32768

/* Seeds 1, 2, ...; one trace alone says little, luck is a large part of it. */
#define REPLAY_SEEDS	200

/**
 * struct replay - what came of the traces of one kind, summed up
 * @steps: steps until the first failure
 * @used: quanta in use then, that is quanta asked for
 * @later: traces on which the pool failed later than this peer
 * @sooner: those on which it failed sooner
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
