// SPDX-License-Identifier: GPL-2.0-only
/* Random delays: delay.h. */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

/* Maximum delays in atomic context, and where sleeping is possible, in microseconds. */
#define BUSY_US		300
#define SLEEP_US	3000

static unsigned int seed = 1;
module_param_named(delay_seed, seed, uint, 0444);
MODULE_PARM_DESC(delay_seed, "which places are slow, and what is delayed there");

static unsigned int chance = 8;
module_param_named(delay_chance, chance, uint, 0444);
MODULE_PARM_DESC(delay_chance, "how many of 4096 passes are delayed at a place, 0 for none");

static atomic_t passes = ATOMIC_INIT(0);
static atomic_t delays = ATOMIC_INIT(0);
module_param_named(delay_count, delays.counter, int, 0444);
MODULE_PARM_DESC(delay_count, "how many delays there have been");

/*
 * If all places were delayed equally, the order of tasks would rarely change. So the seed makes
 * one in eight places much slower than the others, and does not delay half of them.
 */
static unsigned int chance_of(unsigned int place)
{
	unsigned int kind = jhash_2words(place, 0, seed) % 8;

	if (!kind)
		return chance * 32;
	return kind < 4 ? chance : 0;
}

/*
 * The time of the last delay in atomic context on this processor, because some places are reached
 * for each page of a heap.
 */
static DEFINE_PER_CPU(unsigned long, last_delay);

static bool is_too_early(void)
{
	if (raw_cpu_read(last_delay) == jiffies)
		return true;
	raw_cpu_write(last_delay, jiffies);
	return false;
}

/*
 * Can this task be preempted for any time? Kernels without preemption do not track that; returns
 * false there.
 */
static bool may_be_preempted(void)
{
	return preemptible() && !in_softirq() && !rcu_preempt_depth() && task_is_running(current);
}

void torture_delay(unsigned int place, bool sleep)
{
	u32 random;

	if (!chance)
		return;
	random = jhash_2words(place, atomic_inc_return(&passes), seed);
	if (random % 4096 >= chance_of(place))
		return;
	if (!sleep && is_too_early())
		return;
	random /= 4096;
	atomic_inc(&delays);
	/* Sleep or spin; both change the order. */
	if (random % 2 && (sleep || may_be_preempted()))
		usleep_range(random % SLEEP_US, SLEEP_US);
	else
		udelay(random % BUSY_US);
}
EXPORT_SYMBOL_GPL(torture_delay);
