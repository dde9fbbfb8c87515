/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delays at random where the modules take or drop a lock, wait, wake somebody up, let go of a
 * reference, or read or write what no lock protects. The compiler is told to include this before
 * all else, so the modules' own sources do not know of it. "variant torture" makes such modules.
 *
 * Another processor gets further meanwhile than it ever would: a step that has to be within a lock
 * and is not, or comes before the one that it has to follow, shows sooner.
 */
#ifndef TORTURE_DELAY_H
#define TORTURE_DELAY_H

/* As the sources have it, who define it before they include anything. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-resv.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/wait.h>

/* @place is the same number in every build; @sleep: the caller may sleep here. */
void torture_delay(unsigned int place, bool sleep);

#define delay_here(sleep) \
	torture_delay((unsigned int)sizeof(KBUILD_BASENAME) << 16 | __LINE__, sleep)

/* These are macros on some kernels, and functions on others. */

static inline void torture_mutex_lock(struct mutex *lock)
{
	mutex_lock(lock);
}

static inline void torture_mutex_lock_nested(struct mutex *lock, unsigned int class)
{
	mutex_lock_nested(lock, class);
}

static inline int torture_mutex_lock_killable(struct mutex *lock)
{
	return mutex_lock_killable(lock);
}

static inline void torture_raw_spin_lock(raw_spinlock_t *lock)
{
	raw_spin_lock(lock);
}

static inline void torture_raw_spin_unlock(raw_spinlock_t *lock)
{
	raw_spin_unlock(lock);
}

static inline void torture_wake_up(struct wait_queue_head *head)
{
	wake_up(head);
}

static inline void torture_wake_up_all(struct wait_queue_head *head)
{
	wake_up_all(head);
}

static inline void torture_cond_resched(void)
{
	cond_resched();
}

#undef mutex_lock
#undef mutex_lock_nested
#undef mutex_lock_killable
#undef raw_spin_lock
#undef raw_spin_unlock
#undef wake_up
#undef wake_up_all
#undef cond_resched
#undef might_sleep
#undef READ_ONCE
#undef WRITE_ONCE

#define mutex_lock(lock) \
	do { delay_here(true); torture_mutex_lock(lock); delay_here(true); } while (0)
#define mutex_lock_nested(lock, class) \
	do { delay_here(true); torture_mutex_lock_nested(lock, class); delay_here(true); } while (0)
#define mutex_lock_killable(lock) \
	({ delay_here(true); torture_mutex_lock_killable(lock); })
#define mutex_unlock(lock) \
	do { delay_here(true); mutex_unlock(lock); delay_here(true); } while (0)

#define spin_lock(lock) \
	do { delay_here(false); spin_lock(lock); delay_here(false); } while (0)
#define spin_unlock(lock) \
	do { delay_here(false); spin_unlock(lock); delay_here(false); } while (0)
#define raw_spin_lock(lock) \
	do { delay_here(false); torture_raw_spin_lock(lock); delay_here(false); } while (0)
#define raw_spin_unlock(lock) \
	do { delay_here(false); torture_raw_spin_unlock(lock); delay_here(false); } while (0)
#define rcu_read_lock() \
	do { rcu_read_lock(); delay_here(false); } while (0)
#define srcu_read_lock(srcu) \
	({ int torture_idx = srcu_read_lock(srcu); delay_here(true); torture_idx; })

/* What wait_event() and its kin begin with. */
#define might_sleep()		delay_here(true)
#define cond_resched()		do { delay_here(true); torture_cond_resched(); } while (0)
#define dma_resv_wait_timeout(...) \
	({ delay_here(true); dma_resv_wait_timeout(__VA_ARGS__); })
#define wake_up(head)		do { delay_here(false); torture_wake_up(head); } while (0)
#define wake_up_all(head)	do { delay_here(false); torture_wake_up_all(head); } while (0)

#define kref_put(ref, release)	({ delay_here(false); kref_put(ref, release); })
#define refcount_dec_and_test(ref) ({ delay_here(false); refcount_dec_and_test(ref); })

#define READ_ONCE(x) \
	({ __unqual_scalar_typeof(x) torture_read = __READ_ONCE(x); \
	   delay_here(false); (typeof(x))torture_read; })
#define WRITE_ONCE(x, value) \
	do { delay_here(false); __WRITE_ONCE(x, value); } while (0)

#endif /* TORTURE_DELAY_H */
