/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Closing a master, concurrently with faults and mappings of its client: compat/connect.c,
 * compat/range.c, compat/view.c.
 *
 * The client shows one page. Its threads map the file and access the page; the owner shows and
 * hides the page, then closes the master. The last reference frees the memory.
 *
 * MISTAKE: view_huge_fault() inserts the page without a lock.
 */
bool client_lock, node_lock;
bool memory = true;		/* file->memory.dmabuf of the client */
bool shown;			/* file->shown */
bool mapped;			/* there is a VMA */
mtype = { NOTHING, GARBAGE, MEMORY };
mtype entry = NOTHING;		/* of the page table */
bool freed;			/* the memory has another owner */
bool has_master = true;

#define take(l)	atomic { !l -> l = true }
#define drop(l)	l = false

/* With client_lock held: the next access faults. */
inline zap()
{
	entry = NOTHING
}

active [2] proctype thread()
{
	byte touches;
	bool what;

	take(client_lock);		/* mmap_connected() */
	mapped = true;
	drop(client_lock);
	do
	:: touches < 2 ->
		touches++;
		if
		:: entry == NOTHING ->	/* view_huge_fault() */
#ifndef MISTAKE
			take(client_lock);
			what = memory && shown;		/* frame_at() */
			if
			:: what -> entry = MEMORY
			:: else -> entry = GARBAGE
			fi;
			drop(client_lock)
#else
			take(client_lock);
			what = memory && shown;
			drop(client_lock);
			if
			:: what -> entry = MEMORY
			:: else -> entry = GARBAGE
			fi
#endif
		:: else
		fi;
		atomic {		/* an access through the entry */
			assert(!(entry == MEMORY && freed))
		}
	:: else -> break
	od
}

active proctype owner()
{
	take(node_lock);		/* pmem_change(): PMEM_MAP */
	take(client_lock);
	shown = true;
	zap();				/* pmem_range_change() */
	drop(client_lock);
	drop(node_lock);

	if
	:: take(node_lock);		/* PMEM_UNMAP */
		take(client_lock);
		shown = false;
		zap();
		assert(entry != MEMORY);
		drop(client_lock);
		drop(node_lock)
	:: skip
	fi;

	take(node_lock);		/* pmem_disconnect(): revoke() */
	take(client_lock);
	has_master = false;
	shown = false;			/* pmem_ranges_drop() */
	zap();
	memory = false;
	drop(client_lock);
	drop(node_lock);
	freed = true			/* dma_buf_put() */
}
