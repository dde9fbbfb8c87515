// SPDX-License-Identifier: GPL-2.0-only
/*
 * A faulty module, for the tests of the runner.
 *
 * action=warn:   a WARN at load
 * action=oops:   read through a wild pointer at load
 * action=refuse: fail to load
 * action=leak:   leak memory
 * action=beyond: write a byte beyond an allocation, into its padding
 * action=race:   two tasks increment a variable without a lock
 * otherwise it does nothing.
 */

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

static char *action = "nothing";
module_param(action, charp, 0444);
MODULE_PARM_DESC(action, "what to do at load: nothing, warn, oops, refuse, leak, beyond or race");

/* The first page is never mapped. */
static unsigned long wild = 0x18;

/* No slab object has this size, so the next byte is padding. */
static const size_t size = 24;

/* KCSAN samples one in thousands of accesses: enough for it to find the race. */
#define COUNTS 1000000

static int __init leak(void)
{
	char *lost = kmalloc(size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(lost);
	return lost ? 0 : -ENOMEM;
}

static int __init write_beyond(void)
{
	char *object = kmalloc(size, GFP_KERNEL);
	char *end;

	if (!object)
		return -ENOMEM;
	end = object + size;
	OPTIMIZER_HIDE_VAR(end);
	WRITE_ONCE(*end, 1);
	kfree(object);
	return 0;
}

static int counter;

static void count(struct work_struct *work)
{
	int i;

	for (i = 0; i < COUNTS; i++) {
		counter++;
		barrier();
	}
}

static DECLARE_WORK(other, count);

static int race(void)
{
	schedule_work(&other);
	count(NULL);
	flush_work(&other);
	return 0;
}

static int __init vm_faults_init(void)
{
	if (!strcmp(action, "refuse"))
		return -EINVAL;
	if (!strcmp(action, "leak"))
		return leak();
	if (!strcmp(action, "beyond"))
		return write_beyond();
	if (!strcmp(action, "race"))
		return race();
	WARN_ON(!strcmp(action, "warn"));
	if (!strcmp(action, "oops"))
		pr_info("read %d\n", READ_ONCE(*(int *)wild));
	return 0;
}
module_init(vm_faults_init);

static void __exit vm_faults_exit(void)
{
}
module_exit(vm_faults_exit);

MODULE_DESCRIPTION("Faults on request, for the tests of the QEMU runner");
MODULE_LICENSE("GPL");
