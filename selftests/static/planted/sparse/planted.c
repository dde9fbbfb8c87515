// SPDX-License-Identifier: GPL-2.0-only
/* Planted: a program's pointer, used as the kernel's. */
#include <linux/module.h>
#include <linux/uaccess.h>

static int planted(int __user *p)
{
	return p ? *p : 0;
}

static int __init planted_init(void)
{
	return planted(NULL);
}
module_init(planted_init);

MODULE_DESCRIPTION("A planted defect");
MODULE_LICENSE("GPL");
