// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that misbehaves on request, for the tests of the runner.
 *
 * action=warn:   a WARN at load
 * action=oops:   a wild pointer is read at load
 * action=refuse: loading fails
 * otherwise it does nothing.
 */

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

static char *action = "nothing";
module_param(action, charp, 0444);
MODULE_PARM_DESC(action, "what to do at load: nothing, warn, oops or refuse");

/* The first page is never mapped. */
static unsigned long wild = 0x18;

static int __init vm_faults_init(void)
{
	if (!strcmp(action, "refuse"))
		return -EINVAL;
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
