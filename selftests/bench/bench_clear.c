// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of clearing memory alone, for comparison with background zeroing: reading the parameter
 * "ns" clears BYTES page by page and returns the time. Without caches, clearing memory again costs
 * the same.
 */
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#define BYTES	SZ_64M
#define ORDER	8

static int clear_and_tell(char *text, const struct kernel_param *param)
{
	struct page *pages = alloc_pages(GFP_KERNEL, ORDER);
	unsigned long i;
	ktime_t begun;
	s64 ns;

	if (!pages)
		return -ENOMEM;
	begun = ktime_get();
	for (i = 0; i < BYTES >> PAGE_SHIFT; i++)
		clear_page(page_address(pages + i % (1 << ORDER)));
	ns = ktime_to_ns(ktime_sub(ktime_get(), begun));
	__free_pages(pages, ORDER);
	return sysfs_emit(text, "%lld\n", ns);
}

static const struct kernel_param_ops clear_ops = {
	.get = clear_and_tell,
};

module_param_cb(ns, &clear_ops, NULL, 0400);
MODULE_PARM_DESC(ns, "nanoseconds to clear 64 MiB page by page");

MODULE_DESCRIPTION("The cost of clearing memory, for the benchmark only");
MODULE_AUTHOR("The pmem-heaps developers");
MODULE_LICENSE("GPL");
