/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading a file into a buffer, concurrently with truncating the file and releasing the buffer:
 * heap/command.c, heap/transfer.c.
 *
 * The file has four slices. While it is loaded, another program truncates it, and a third closes
 * the descriptors of both files. The command holds references to both.
 *
 * MISTAKE: the command looks up the buffer, but takes no reference.
 */
#define SLICES	4

byte size = SLICES;		/* of the file, in slices */
byte refs = 1;			/* of the dma-buf: the descriptor table */
bool buffer = true;		/* it exists */
byte written[SLICES];		/* slices of the buffer: 0 unchanged, 1 from the file */

inline put()
{
	atomic {
		refs--;
		if
		:: !refs -> buffer = false
		:: else
		fi
	}
}

active proctype loader()
{
	byte offset, done, some, i;
	bool found;

	atomic {			/* dma_buf_get() */
		found = refs > 0;
#ifndef MISTAKE
		if
		:: found -> refs++
		:: else
		fi
#endif
	}
	if
	:: !found -> goto out
	:: else
	fi;
	do
	:: offset < SLICES ->		/* transfer_slices() */
		atomic {		/* the file's read, with its own lock */
			some = size > offset
		}
		if
		:: !some -> break	/* the end of the file */
		:: else
		fi;
		assert(buffer);		/* the destination exists */
		written[offset] = 1;
		offset++
	:: else -> break
	od;
	done = offset;
	/* Everything reported as transferred was; everything else is unchanged. */
	i = 0;
	do
	:: i < SLICES ->
		assert(buffer);
		assert(written[i] == (i < done -> 1 : 0));
		i++
	:: else -> break
	od;
#ifndef MISTAKE
	put()
#endif
out:	skip
}

active proctype truncater()
{
	do
	:: size > 0 -> size--
	:: break
	od
}

active proctype closer()
{
	put()
}
