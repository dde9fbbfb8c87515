// SPDX-License-Identifier: GPL-2.0-only
/* Planted: a description of a parameter that there is not. */
#include <linux/module.h>
#include <linux/uaccess.h>

/**
 * planted() - nothing
 * @q: not there
 *
 * Return: 0.
 */
static int planted(void *p)
{
	return p ? 1 : 0;
}

static int __init planted_init(void)
{
	return planted(NULL);
}
module_init(planted_init);

MODULE_DESCRIPTION("A planted defect");
MODULE_LICENSE("GPL");
