// SPDX-License-Identifier: GPL-2.0-only
/* Planted: a variable that nobody reads. */
#include <linux/module.h>
#include <linux/uaccess.h>

static int planted(void *p)
{
	int unread;

	unread = p ? 1 : 0;
	return 0;
}

static int __init planted_init(void)
{
	return planted(NULL);
}
module_init(planted_init);

MODULE_DESCRIPTION("A planted defect");
MODULE_LICENSE("GPL");
