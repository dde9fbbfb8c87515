/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening a node, concurrently with its removal and with unloading its driver:
 * compat/file.c, compat/hooks.c, compat/kapi_node.c.
 *
 * Two clients open the node, allocate, call a hook and close the node; a buffer may remain. The
 * driver calls pmem_remove() once. Then the kernel unloads its module, as soon as it has no
 * references: the module goes away, the notifier cuts the hooks, and the memory of the module is
 * freed.
 *
 * MISTAKE: pmem_hooks_cut() does not wait for running calls.
 */
bool files_lock, alloc_lock;
byte files, users, buffers;
bool retired, hooks = true;
mtype = { UNUSED, CHANGING, IN_USE };
mtype use = UNUSED;
byte readers;			/* of hooks_srcu */
byte module_refs;
bool module_live = true, module_there = true;
byte asked, given;		/* how often the driver was asked for memory, and got it back */

#define take(l)	atomic { !l -> l = true }
#define drop(l)	l = false

/* hooks_enter(), the call, hooks_leave(): @called is set if there was a hook. */
inline call_hook(called, counter)
{
	readers++;
	called = false;
	if
	:: hooks ->
		atomic {		/* try_module_get() */
			assert(module_there);
			if
			:: module_live -> module_refs++; called = true
			:: else
			fi
		}
	:: else
	fi;
	if
	:: called ->
		assert(module_there);	/* running code is still loaded */
		counter++;
		assert(module_there);
		module_refs--
	:: else
	fi;
	readers--
}

/* give_back_unused(), with alloc_lock held, which is dropped meanwhile. */
inline give_back(called)
{
	if
	:: use == IN_USE && !users && !buffers ->
		use = CHANGING;
		drop(alloc_lock);
		call_hook(called, given);
		take(alloc_lock);
		use = UNUSED
	:: else
	fi
}

inline lock_unchanging()
{
	atomic { !alloc_lock && use != CHANGING -> alloc_lock = true }
}

proctype client()
{
	bool opened, pinned, ok, called;

	take(files_lock);		/* pmem_open(): join() */
	if
	:: !retired ->
		atomic {
			if
			:: !hooks -> opened = true
			:: hooks && module_live ->	/* pmem_hooks_pin() */
				module_refs++; pinned = true; opened = true
			:: else
			fi
		}
		if
		:: opened -> files++
		:: else
		fi
	:: else
	fi;
	drop(files_lock);
	if
	:: !opened -> goto out
	:: else
	fi;

	lock_unchanging();		/* pmem_node_use() */
	if
	:: retired -> ok = false
	:: else ->
		ok = true;
		users++;
		if
		:: use == UNUSED ->
			use = CHANGING;
			drop(alloc_lock);
			call_hook(called, asked);
			take(alloc_lock);
			if
			:: called -> use = IN_USE
			:: else -> use = UNUSED; users--; ok = false
			fi
		:: else
		fi
	fi;
	drop(alloc_lock);
	if
	:: ok ->
		assert(asked == given + 1);	/* memory in use belongs to the node */
		buffers++;
		take(alloc_lock);	/* pmem_node_unuse() */
		users--;
		give_back(called);
		drop(alloc_lock)
	:: else
	fi;

	take(files_lock);		/* pmem_release(): leave() */
	files--;
	drop(files_lock);
	if
	:: pinned -> module_refs--
	:: else
	fi;
	if
	:: ok ->			/* the buffer is released last: buffer_released() */
		buffers--;
		take(alloc_lock);
		give_back(called);
		drop(alloc_lock)
	:: else
	fi;
out:	skip
}

inline has_memory(some, called)
{
	lock_unchanging();
	give_back(called);
	some = users || buffers || use != UNUSED;
	drop(alloc_lock)
}

/* pmem_hooks_cut() */
inline cut(called)
{
	take(alloc_lock);
	give_back(called);
	drop(alloc_lock);
	take(files_lock);
	retired = true;
	hooks = false;
	drop(files_lock);
#ifndef MISTAKE
	readers == 0;			/* synchronize_srcu() */
#endif
}

active proctype driver()
{
	bool some, called;

	run client();
	run client();

	has_memory(some, called);	/* pmem_remove(): pmem_node_retire() */
	if
	:: !some ->
		take(files_lock);
		retired = files == 0;
		drop(files_lock);
		if
		:: retired ->
			has_memory(some, called);
			if
			:: some -> retired = false
			:: else ->
				assert(!files && !users && !buffers);
				cut(called)
			fi
		:: else
		fi
	:: else
	fi;

	/* rmmod: the kernel unloads a module without references. */
	atomic { module_refs == 0 -> module_live = false }
	cut(called);			/* module_goes() */
	module_there = false
}

/* Memory is returned exactly once. */
active proctype monitor()
{
	assert(given <= asked && asked <= given + 1)
}
