/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compaction: how a mover of idle buffers must interact with faults, map_attachment and vmap. The
 * code does not exist yet; this is its specification.
 *
 * A buffer is at place 0; the mover copies it to place 1, and frees place 0. Mappings for devices
 * and for the kernel pin the buffer, with the buffer's lock held. Page table entries do not pin
 * it: the mover removes them, and later accesses fault and wait.
 *
 * Steps:
 * 1. With buffer->lock held: give up if the buffer is pinned; else set @moving, which makes new
 *    pins and faults wait.
 * 2. Remove all page table entries: from here on, no CPU writes.
 * 3. Copy, without the lock.
 * 4. With the lock held: change the place, clear @moving, wake waiters.
 * 5. Free the old place.
 *
 * Between 1 and 4, the buffer's users may die, but the mover holds its memory.
 *
 * MISTAKE: steps 1 and 2 are swapped.
 */
bool lock;
byte place;			/* buffer->extents */
byte pins;
bool moving;
byte entry = 2;			/* the page table entry: a place, or 2 for none */
byte data[2];
byte expected;			/* the last value written by the users */
bool given_back;		/* place 0 has another owner */

#define take(l)	atomic { !l -> l = true }
#define drop(l)	l = false
#define NOTHING	2

/* While a place is used, it does not change, and has no other owner. */
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

/* buffer_map(), buffer_vmap(): a user that keeps the place. */
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

/* No written data is lost. */
active proctype reader()
{
	atomic { !lock && !moving -> assert(data[place] == expected) }
}
