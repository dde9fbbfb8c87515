// SPDX-License-Identifier: GPL-2.0-only
/*
 * A data race detector for modules on kernels without one. The compiler calls it before each
 * access to memory that is potentially shared (-fsanitize=thread). Sometimes, it stalls the access
 * and watches for others: an access to the same bytes is a race if one of the two writes, unless
 * both are marked (READ_ONCE() and similar). A value that changes without such an access is a
 * race, too: with the kernel itself, or an atomic operation.
 *
 * It works like KCSAN with strict rules, but does not model missing barriers.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/jhash.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>

#define WATCHES		8
#define DEPTH		16
#define REPORTS		64
/* The maximum stall, in microseconds. */
#define WAIT_US		80

static unsigned int interval = 100;
module_param_named(race_interval, interval, uint, 0444);
MODULE_PARM_DESC(race_interval, "of about so many accesses one is watched");

static atomic_t watched = ATOMIC_INIT(0);
module_param_named(race_count, watched.counter, int, 0444);
MODULE_PARM_DESC(race_count, "how many accesses have been watched");

/* An access that hits a watchpoint; @ip is 0 if there is none. */
struct visitor {
	unsigned long ip;
	unsigned long stack[DEPTH];
	unsigned int depth;
	bool writes;
	pid_t pid;
};

/* A watchpoint of a stalled access; @addr is 0 if it is unused. Only modified under the lock. */
struct watch {
	unsigned long addr;
	size_t size;
	bool writes;
	struct visitor visitor;
};

static DEFINE_RAW_SPINLOCK(lock);
static struct watch watches[WATCHES];
static DEFINE_PER_CPU(int, left);

/* Code addresses of the reported pairs. */
static unsigned long reported[REPORTS];
static unsigned int reports;

static bool meets(const struct watch *watch, unsigned long addr, size_t size, bool writes)
{
	unsigned long other = READ_ONCE(watch->addr);

	return other && (writes || READ_ONCE(watch->writes)) &&
	       addr < other + READ_ONCE(watch->size) && other < addr + size;
}

static void visit(struct watch *watch, unsigned long addr, size_t size, bool writes,
		  unsigned long ip)
{
	struct visitor *visitor = &watch->visitor;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (meets(watch, addr, size, writes) && !visitor->ip) {
		visitor->ip = ip;
		visitor->depth = stack_trace_save(visitor->stack, DEPTH, 0);
		visitor->writes = writes;
		visitor->pid = current->pid;
	}
	raw_spin_unlock_irqrestore(&lock, flags);
}

static struct watch *begin(unsigned long addr, size_t size, bool writes)
{
	struct watch *watch, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	for (watch = watches; watch < watches + WATCHES && !found; watch++)
		if (!watch->addr)
			found = watch;
	if (found) {
		found->visitor.ip = 0;
		found->size = size;
		found->writes = writes;
		WRITE_ONCE(found->addr, addr);
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return found;
}

static void end(struct watch *watch, struct visitor *visitor)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	WRITE_ONCE(watch->addr, 0);
	*visitor = watch->visitor;
	raw_spin_unlock_irqrestore(&lock, flags);
}

/* Is this the first report of this pair? */
static bool is_new(unsigned long one, unsigned long other)
{
	unsigned long key = one ^ (other << 1), flags;
	unsigned int i;
	bool found;

	raw_spin_lock_irqsave(&lock, flags);
	for (i = 0; i < reports && reported[i] != key; i++)
		;
	found = i < reports || reports == REPORTS;
	if (!found)
		reported[reports++] = key;
	raw_spin_unlock_irqrestore(&lock, flags);
	return !found;
}

static void report(unsigned long addr, size_t size, bool writes, unsigned long ip,
		   const struct visitor *visitor)
{
	unsigned long stack[DEPTH];
	unsigned int depth;

	if (!is_new(ip, visitor->ip))
		return;
	depth = stack_trace_save(stack, DEPTH, 0);
	pr_err("BUG: data race of %pS and %pS\n", (void *)ip, (void *)visitor->ip);
	pr_err("%s of %zu bytes at %p by task %d:\n", writes ? "write" : "read", size,
	       (void *)addr, current->pid);
	stack_trace_print(stack, depth, 1);
	if (!visitor->ip) {
		pr_err("and the kernel, or something atomic: the value has changed\n");
		return;
	}
	pr_err("and %s by task %d:\n", visitor->writes ? "write" : "read", visitor->pid);
	stack_trace_print(visitor->stack, visitor->depth, 1);
}

static u64 value_of(unsigned long addr, size_t size)
{
	switch (size) {
	case 1:
		return READ_ONCE(*(u8 *)addr);
	case 2:
		return READ_ONCE(*(u16 *)addr);
	case 4:
		return READ_ONCE(*(u32 *)addr);
	case 8:
		return READ_ONCE(*(u64 *)addr);
	default:
		return 0;
	}
}

/* Should this access be watched? */
static bool has_turn(void)
{
	if (!interval || !in_task() || raw_cpu_dec_return(left) > 0)
		return false;
	raw_cpu_write(left, jhash_1word(atomic_inc_return(&watched), 0) % (2 * interval));
	return true;
}

static void wait(unsigned long addr, size_t size, bool writes, unsigned long ip)
{
	struct watch *watch = begin(addr, size, writes);
	struct visitor visitor;
	u64 value;

	if (!watch)
		return;
	value = value_of(addr, size);
	udelay(1 + jhash_1word(addr, value) % WAIT_US);
	value ^= value_of(addr, size);
	end(watch, &visitor);
	if (visitor.ip || value)
		report(addr, size, writes, ip, &visitor);
}

static void access(unsigned long addr, size_t size, bool writes, bool marked,
		   unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < WATCHES; i++)
		if (meets(&watches[i], addr, size, writes))
			visit(&watches[i], addr, size, writes, ip);
	if (!marked && has_turn())
		wait(addr, size, writes, ip);
}

/* Called by the compiler. */
#define ACCESS(name, size, writes, marked)		\
	void name(unsigned long addr);			\
	void name(unsigned long addr)			\
	{						\
		access(addr, size, writes, marked, _RET_IP_); \
	}						\
	EXPORT_SYMBOL_GPL(name)

#define ACCESSES(size)							\
	ACCESS(__tsan_read##size, size, false, false);			\
	ACCESS(__tsan_write##size, size, true, false);			\
	ACCESS(__tsan_volatile_read##size, size, false, true);		\
	ACCESS(__tsan_volatile_write##size, size, true, true);		\
	ACCESS(__tsan_unaligned_read##size, size, false, false);	\
	ACCESS(__tsan_unaligned_write##size, size, true, false);	\
	ACCESS(__tsan_unaligned_volatile_read##size, size, false, true); \
	ACCESS(__tsan_unaligned_volatile_write##size, size, true, true)

ACCESSES(1);
ACCESSES(2);
ACCESSES(4);
ACCESSES(8);
ACCESSES(16);

#define RANGE(name, writes)				\
	void name(unsigned long addr, size_t size);	\
	void name(unsigned long addr, size_t size)	\
	{						\
		access(addr, size, writes, false, _RET_IP_); \
	}						\
	EXPORT_SYMBOL_GPL(name)

RANGE(__tsan_read_range, false);
RANGE(__tsan_write_range, true);

void __tsan_init(void);
void __tsan_init(void)
{
}
EXPORT_SYMBOL_GPL(__tsan_init);
