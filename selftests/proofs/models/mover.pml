/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compaction: what a mover of idle buffers has to do against faults, map_attachment
 * and vmap. There is no such code yet; this is its specification.
 *
 * A buffer lies at place 0; the mover copies it to place 1, and gives place 0 back.
 * What needs the buffer to stay pins it below the buffer's lock: a device's mapping
 * and the kernel's. Entries of page tables do not pin: the mover takes them out, and
 * whoever touches the page faults and waits.
 *
 * Steps:
 * 1. Below buffer->lock: give up if anything pins; else @moving, which makes
 *    whoever wants to pin wait, and faults wait.
 * 2. Take all entries out of page tables: no CPU writes from here on.
 * 3. Copy, without the lock.
 * 4. Below the lock: change the place, end @moving, wake whoever waits.
 * 5. Give the old place back.
 *
 * Between 1 and 4 the buffer's users can die, but its memory is held by the mover.
 *
 * MISTAKE: steps 1 and 2 are the other way round.
 */
bool lock;
byte place;			/* buffer->extents */
byte pins;
bool moving;
byte entry = 2;			/* what the page table shows: a place, or 2 for nothing */
byte data[2];
byte expected;			/* what the users have written */
bool given_back;		/* somebody else has place 0 */

#define take(l)	atomic { !l -> l = true }
#define drop(l)	l = false
#define NOTHING	2

/* A user of the place: where it is, it stays, and nobody else has it. */
#define is_own(where)	(!(where == 0 && given_back))

active proctype program()
{
	byte touches;

	do
	:: touches < 2 ->
		touches++;
again:		if
		:: entry == NOTHING ->	/* buffer_fault() */
			atomic { !lock && !moving -> lock = true }
			entry = place;
			drop(lock)
		:: else
		fi;
		atomic {		/* a write through the entry */
			if
			:: entry != NOTHING ->
				assert(is_own(entry));
				expected++;
				data[entry] = expected
			:: else -> goto again
			fi
		}
	:: else -> break
	od
}

/* buffer_map(), buffer_vmap(): the place is told to who keeps it. */
active [2] proctype device()
{
	byte where;

	atomic { !lock && !moving -> lock = true }	/* map_attachment() */
	pins++;
	where = place;
	drop(lock);
	atomic {			/* a write by DMA */
		assert(where == place && is_own(where));
		expected++;
		data[where] = expected
	}
	take(lock);
	pins--;
	drop(lock)
}

active proctype mover()
{
	byte copy;

#ifdef MISTAKE
	entry = NOTHING;		/* 2 */
#endif
	take(lock);			/* 1 */
	if
	:: pins -> drop(lock); goto out
	:: else -> moving = true; drop(lock)
	fi;
#ifndef MISTAKE
	entry = NOTHING;		/* 2 */
#endif
	copy = data[0];			/* 3 */
	data[1] = copy;
	take(lock);			/* 4 */
	place = 1;
	moving = false;
	drop(lock);
	given_back = true;		/* 5 */
	data[0] = 0;
out:	skip
}

/* Nothing that was written is lost. */
active proctype reader()
{
	atomic { !lock && !moving -> assert(data[place] == expected) }
}
