// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/cma_test: each write allocates memory from the default CMA area, each read
 * frees some. The n-th of ten slots holds n MiB. As in the legacy driver, a write
 * succeeds without an allocation if no slot is free. It fails if memory is short.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>

#include "../heap/api.h"
#include "cma_test.h"

#define SLOTS	10

/* Protected by slots_lock, which is held while the kernel empties the CMA area. */
static struct dma_buf *slots[SLOTS];
static DEFINE_MUTEX(slots_lock);
static struct heap *test_heap;

/* Log the offset in the area, because the log must not contain addresses. */
static void log_slot(int i, const char *what)
{
	struct contig_place place;

	if (!contig_place(slots[i], &place))
		pr_info("slot %d: %s %llu KiB at offset 0x%llx of the default CMA area\n",
			i, what, place.size >> 10, place.offset);
}

static int take_slot(void)
{
	struct dma_buf *dmabuf;
	int i;

	lockdep_assert_held(&slots_lock);
	for (i = 0; i < SLOTS && slots[i]; i++)
		;
	if (i == SLOTS) {
		pr_info("all slots are in use\n");
		return 0;
	}
	/* No need to touch the pages: they have been zeroed. */
	dmabuf = contig_alloc(test_heap, (i + 1) * SZ_1M, PAGE_SIZE, O_RDWR);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	slots[i] = dmabuf;
	log_slot(i, "allocated");
	return 0;
}

static bool free_slot(void)
{
	int i;

	lockdep_assert_held(&slots_lock);
	for (i = 0; i < SLOTS; i++) {
		if (slots[i]) {
			log_slot(i, "freed");
			dma_buf_put(slots[i]);
			slots[i] = NULL;
			return true;
		}
	}
	return false;
}

static ssize_t cma_test_write(struct file *filp, const char __user *buf,
			      size_t count, loff_t *pos)
{
	int ret = mutex_lock_killable(&slots_lock);

	if (ret)
		return ret;
	ret = take_slot();
	mutex_unlock(&slots_lock);
	return ret ?: count;
}

static ssize_t cma_test_read(struct file *filp, char __user *buf, size_t count,
			     loff_t *pos)
{
	int ret = mutex_lock_killable(&slots_lock);

	if (ret)
		return ret;
	free_slot();
	mutex_unlock(&slots_lock);
	return 0;
}

static const struct file_operations cma_test_fops = {
	.owner	= THIS_MODULE,
	.open	= nonseekable_open,
	.read	= cma_test_read,
	.write	= cma_test_write,
};

static struct miscdevice cma_test_misc = {
	.name	= "cma_test",
	.minor	= MISC_DYNAMIC_MINOR,
	.fops	= &cma_test_fops,
};

/**
 * cma_test_setup() - add /dev/cma_test, if there is a default CMA area
 *
 * Context: may sleep.
 */
void cma_test_setup(void)
{
	struct heap *heap = contig_heap_open("cma_test", "default_cma_region",
					     false);
	int ret;

	if (heap == ERR_PTR(-ENODEV)) {
		pr_info("no default CMA area, therefore no /dev/cma_test\n");
		return;
	}
	if (IS_ERR(heap)) {
		pr_err("no /dev/cma_test, error %pe\n", heap);
		return;
	}
	/* Clients may open the device before misc_register() returns. */
	test_heap = heap;
	ret = misc_register(&cma_test_misc);
	if (ret) {
		pr_err("no /dev/cma_test, error %pe\n", ERR_PTR(ret));
		test_heap = NULL;
		contig_heap_close(heap);
	}
}

/**
 * cma_test_teardown() - remove /dev/cma_test, and free its slots
 *
 * Context: may sleep.
 */
void cma_test_teardown(void)
{
	if (!test_heap)
		return;
	misc_deregister(&cma_test_misc);
	mutex_lock(&slots_lock);
	while (free_slot())
		;
	mutex_unlock(&slots_lock);
	contig_heap_close(test_heap);
}
