/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading a file into a buffer against truncating the file and against releasing
 * the buffer: heap/command.c, heap/transfer.c.
 *
 * The file has four slices. While it is loaded, another program shortens it, and a
 * third closes the descriptors of both files. The command holds both for its length.
 *
 * MISTAKE: the command looks the buffer up, and does not hold it.
 */
#define SLICES	4

byte size = SLICES;		/* of the file, in slices */
byte refs = 1;			/* of the dma-buf: the table of descriptors */
bool buffer = true;		/* it is there */
byte written[SLICES];		/* slices of the buffer: 0 as it was, 1 the file's */

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
		atomic {		/* the file's read: below its own lock */
			some = size > offset
		}
		if
		:: !some -> break	/* the end of the file */
		:: else
		fi;
		assert(buffer);		/* what is written to is there */
		written[offset] = 1;
		offset++
	:: else -> break
	od;
	done = offset;
	/* What is said to have been transferred was; what was not is as it was. */
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
