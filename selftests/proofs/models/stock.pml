/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Releasing, concurrently with zeroing, removal and unbinding: heap/stock.c, heap/cleaner.c.
 *
 * One chunk of two strokes. A client allocates it, writes, and frees it, twice; the owner removes
 * it from the stock, others use it, and the owner adds it again; then the device is unbound.
 * Meanwhile, the thread zeroes free dirty memory.
 *
 * Steps are named after functions in the code, which refers to them.
 *
 * MISTAKE: cleaner_zero() and stock_remove() do not take the chunk away from the thread.
 */
#define STROKES	2

mtype = { ABSENT, FREE, USED };
mtype state = ABSENT;		/* stock->pool, protected by stock->lock */
bool dirty;
bool cleaning;			/* stock->cleaning_len */
bool soiled[STROKES];		/* the actual contents of memory */
bool foreign;			/* a client or somebody else owns it */
bool lock, stroke, stop, stopped, gone;

#define take(l)	atomic { !l -> l = true }
#define drop(l)	l = false

inline let_go()			/* cleaner_let_go() */
{
#ifndef MISTAKE
	take(stroke);
	cleaning = false;
	drop(stroke)
#else
	skip
#endif
}

/* Free memory is being allocated. */
inline cleaner_zero(i, busy)
{
	take(lock);			/* being_cleaned() */
	busy = cleaning;
	drop(lock);
	if
	:: busy -> let_go()
	:: else
	fi;
	take(lock);			/* pool_next_dirty() */
	busy = dirty;
	drop(lock);
	i = 0;
	do
	:: busy && i < STROKES -> soiled[i] = false; i++
	:: else -> break
	od
}

proctype client()
{
	byte i, round;
	bool mine, unclean;

	do
	:: round < 2 ->
		round++;
		take(lock);		/* stock_alloc() */
		mine = state == FREE;
		if
		:: mine -> state = USED; unclean = dirty
		:: else
		fi;
		drop(lock);
		if
		:: mine && unclean -> cleaner_zero(i, unclean)	/* make_zero() */
		:: else
		fi;
		if
		:: mine ->
			i = 0;
			do
			:: i < STROKES ->
				assert(!soiled[i]);	/* buffers are zero */
				i++
			:: else -> break
			od;
			foreign = true;
			soiled[0] = true; soiled[1] = true;
			/* Nobody else writes to it. */
			assert(soiled[0] && soiled[1]);
			foreign = false;
			take(lock);	/* stock_free() */
			state = FREE; dirty = true;
			drop(lock)
		:: else
		fi
	:: else -> break
	od;
	gone = true
}

active proctype owner()
{
	bool out;

	state = FREE; dirty = true;	/* stock_add() */
	soiled[0] = true; soiled[1] = true;
	run client();
	run cleaner();
	take(lock);			/* stock_remove() */
	out = state == FREE;
	if
	:: out -> state = ABSENT; dirty = false
	:: else
	fi;
	drop(lock);
	if
	:: out ->
		let_go();
		foreign = true;		/* the kernel uses it */
		soiled[0] = true; soiled[1] = true;
		assert(soiled[0] && soiled[1]);
		foreign = false;
		take(lock);		/* stock_add() */
		state = FREE; dirty = true;
		drop(lock)
	:: else
	fi;
	gone;				/* the last user of the region */
	stop = true;			/* cleaner_stop() */
	stopped;
	assert(state == FREE)		/* stock_destroy() */
}

proctype cleaner()
{
	byte i;
	bool ours;

	do
	:: stop -> break
	:: !stop && state == FREE && dirty ->
		take(lock);		/* begin_chunk() */
		ours = state == FREE && dirty;
		cleaning = ours;
		drop(lock);
		i = 0;
		do
		:: ours && i < STROKES ->
			take(stroke);	/* clean_stroke() */
			ours = cleaning;
			if
			:: ours ->
				assert(!foreign);	/* no writes after removal */
				soiled[i] = false
			:: else
			fi;
			drop(stroke);
			i++
		:: else -> break
		od;
		if
		:: ours ->
			take(lock);	/* end_chunk() */
			if
			:: cleaning -> dirty = false
			:: else
			fi;
			cleaning = false;
			drop(lock)
		:: else
		fi
	od;
	stopped = true
}
