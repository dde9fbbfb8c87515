/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random delays where the modules take or drop a lock, wait, wake tasks, drop a reference, or
 * access data that no lock protects. The compiler includes this first, so the modules' sources
 * need no change. "variant torture" builds such modules.
 *
 * Meanwhile, other processors progress much further than usual: a step that is outside of its
 * lock, or in the wrong order, fails sooner.
 */
#ifndef TORTURE_DELAY_H
#define TORTURE_DELAY_H

/* Same as in the sources, which define it before their includes. */
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

/* @place is a number that is the same in every build; @sleep: the caller can sleep. */
void torture_delay(unsigned int place, bool sleep);

#define delay_here(sleep) \
	torture_delay((unsigned int)sizeof(KBUILD_BASENAME) << 16 | __LINE__, sleep)

/* Some kernels have macros for these, others functions. */

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

/* wait_event() and similar macros begin with this. */
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
