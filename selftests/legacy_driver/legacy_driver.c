// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that was written for the legacy PMEM driver, for tests: it registers devices with hooks
 * and accesses memory of clients. A program controls it through /dev/legacy_driver.
 */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "../../compat/pmem_kernel.h"
#include "../../heap/kcompat.h"
#include "../../uapi/linux/android_pmem.h"
#include "legacy_driver.h"

static unsigned long hw3d_start, hw3d_size;
module_param(hw3d_start, ulong, 0444);
MODULE_PARM_DESC(hw3d_start, "memory for a device called hw3d (none)");
module_param(hw3d_size, ulong, 0444);
MODULE_PARM_DESC(hw3d_size, "bytes of it");

static bool hw3d_registers;
module_param(hw3d_registers, bool, 0444);
MODULE_PARM_DESC(hw3d_registers, "that memory is a device's registers");

static unsigned long ebi1_start, ebi1_size;
module_param(ebi1_start, ulong, 0444);
MODULE_PARM_DESC(ebi1_start, "memory for pmem_kalloc() (the system's)");
module_param(ebi1_size, ulong, 0444);
MODULE_PARM_DESC(ebi1_size, "bytes of it");

static unsigned long sys_size;
module_param(sys_size, ulong, 0444);
MODULE_PARM_DESC(sys_size, "bytes of the system's memory for a device called legacy_sys (none)");

static bool leave;
module_param(leave, bool, 0644);
MODULE_PARM_DESC(leave, "do not take the devices away when the module is unloaded");

/* The file of LEGACY_GET; the lock protects this and everything else here. */
static DEFINE_MUTEX(lock);
static struct file *held;
static unsigned long held_vaddr;
static struct legacy_counts counts;
static bool refuse;

/* Should request_region wait, and is it waiting? With the wait queue for both. */
static bool hold, is_held;
static DECLARE_WAIT_QUEUE_HEAD(hold_queue);

/* Parameters of an allocation by the hooks, and the allocation. */
static u32 hook_kalloc;
static s32 hook_memory;

static void *hw3d_setup_region(void)
{
	counts.setups++;
	return &counts;
}

static int hw3d_request(void *cookie)
{
	counts.requests++;
	counts.wrong_cookies += cookie != &counts;
	if (hook_kalloc)
		hook_memory = pmem_kalloc(PAGE_SIZE, hook_kalloc);
	if (READ_ONCE(hold)) {
		WRITE_ONCE(is_held, true);
		wake_up_all(&hold_queue);
		wait_event(hold_queue, !READ_ONCE(hold));
		WRITE_ONCE(is_held, false);
	}
	return refuse ? -EBUSY : 0;
}

static int hw3d_release_region(void *cookie)
{
	counts.releases++;
	counts.wrong_cookies += cookie != &counts;
	if (hook_memory > 0)
		counts.kfrees += !pmem_kfree(hook_memory);
	hook_memory = 0;
	return 0;
}

static long hw3d_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != HW3D_REVOKE_GPU && cmd != HW3D_GRANT_GPU &&
	    cmd != HW3D_WAIT_FOR_INTERRUPT)
		return -EINVAL;
	counts.ioctls++;
	return LEGACY_HOOK_RESULT;
}

static int hw3d_close(struct inode *inode, struct file *file)
{
	counts.closes++;
	return 0;
}

static int setup_hw3d(void)
{
	struct android_pmem_platform_data data = {
		.name		= "hw3d",
		.start		= hw3d_start,
		.size		= hw3d_size,
		.allocator_type	= PMEM_ALLOCATORTYPE_ALLORNOTHING,
		.device_memory	= hw3d_registers,
		.request_region	= hw3d_request,
		.release_region	= hw3d_release_region,
		.setup_region	= hw3d_setup_region,
	};

	return pmem_setup(&data, hw3d_ioctl, hw3d_close);
}

static int setup_ebi1(void)
{
	struct android_pmem_platform_data data = {
		.name		= "pmem_kernel_ebi1",
		.start		= ebi1_start,
		.size		= ebi1_size,
		.allocator_type	= ebi1_start ? PMEM_ALLOCATORTYPE_UNSET :
					       PMEM_ALLOCATORTYPE_SYSTEM,
		.memory_type	= PMEM_MEMTYPE_EBI1,
	};

	return pmem_setup(&data, NULL, NULL);
}

static int setup_sys(void)
{
	struct android_pmem_platform_data data = {
		.name		= "legacy_sys",
		.size		= sys_size,
		.allocator_type	= PMEM_ALLOCATORTYPE_SYSTEM,
		.cached		= 1,
	};

	return pmem_setup(&data, NULL, NULL);
}

/* A device with any memory, which is removed at once. */
static int setup_at(unsigned long start, unsigned long size)
{
	struct android_pmem_platform_data data = {
		.name		= "anywhere",
		.start		= start,
		.size		= size,
		.allocator_type	= PMEM_ALLOCATORTYPE_BITMAP,
	};
	int ret = pmem_setup(&data, NULL, NULL);

	return ret ?: pmem_remove("anywhere");
}

static s64 get(struct legacy_call *call)
{
	unsigned long start, vaddr, len;
	int ret;

	if (held)
		return -EBUSY;
	ret = get_pmem_file(call->fd, &start, &vaddr, &len, &held);
	if (ret) {
		held = NULL;
		return ret;
	}
	held_vaddr = vaddr;
	call->start = start;
	call->len = len;
	call->word = *(u64 *)vaddr;
	call->b = virt_addr_valid((void *)vaddr);
	return 0;
}

static s64 with_file(struct legacy_call *call, unsigned int nr)
{
	unsigned long start = 0, len = 0, vaddr = 0;
	struct pmem_region region = { .offset = call->a, .len = call->b };
	struct pmem_addr addr = {
		.vaddr = call->word, .offset = call->a, .length = call->b,
	};
	struct file *file = fget(call->fd);
	s64 ret = -ENOTTY;

	switch (nr) {
	case LEGACY_IS_PMEM:
		ret = is_pmem_file(file);
		break;
	case LEGACY_USER_ADDR:
		ret = get_pmem_user_addr(file, &start, &len);
		call->start = start;
		call->len = len;
		break;
	case LEGACY_GET_ADDR:
		ret = get_pmem_addr(file, &start, &vaddr, &len);
		call->start = start;
		call->len = len;
		call->word = ret ? 0 : *(u64 *)vaddr;
		break;
	case LEGACY_FLUSH:
		flush_pmem_file(file, call->a, call->b);
		flush_pmem_fd(call->fd, call->a, call->b);
		ret = 0;
		break;
	case LEGACY_MAINT:
		ret = pmem_cache_maint(file, call->cmd, &addr);
		break;
	case LEGACY_REMAP:
		ret = pmem_remap(&region, file, call->cmd);
		break;
	}
	if (file)
		fput(file);
	return ret;
}

static s64 run(unsigned int cmd, struct legacy_call *call)
{
	unsigned long start = 0, len = 0;
	s64 ret;

	switch (cmd) {
	case LEGACY_GET:
		return get(call);
	case LEGACY_PUT:
		if (!held)
			return -EINVAL;
		put_pmem_file(held);
		held = NULL;
		return 0;
	case LEGACY_PEEK:
	case LEGACY_POKE:
		if (!held)
			return -EINVAL;
		if (cmd == LEGACY_POKE)
			*(u64 *)held_vaddr = call->word;
		call->word = *(u64 *)held_vaddr;
		return 0;
	case LEGACY_GET_FD:
		ret = get_pmem_fd(call->fd, &start, &len);
		call->start = start;
		call->len = len;
		return ret;
	case LEGACY_PUT_FD:
		put_pmem_fd(call->fd);
		return 0;
	case LEGACY_KALLOC:
		return pmem_kalloc(call->a, call->cmd);
	case LEGACY_KFREE:
		return pmem_kfree(call->a);
	case LEGACY_SETUP_AGAIN:
		return setup_hw3d();
	case LEGACY_REMOVE:
		return pmem_remove("hw3d");
	case LEGACY_SETUP_AT:
		return setup_at(call->a, call->b);
	case LEGACY_HOLD:
		WRITE_ONCE(hold, call->a);
		wake_up_all(&hold_queue);
		return 0;
	case LEGACY_WAIT_HELD:
		return wait_event_interruptible(hold_queue, READ_ONCE(is_held));
	case LEGACY_HOOK_KALLOC:
		hook_kalloc = call->cmd;
		return 0;
	case LEGACY_REFUSE:
		refuse = call->a;
		return 0;
	default:
		return with_file(call, cmd);
	}
}

static long legacy_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct legacy_counts snapshot;
	struct legacy_call call;

	if (cmd == LEGACY_COUNTS) {
		mutex_lock(&lock);
		snapshot = counts;
		mutex_unlock(&lock);
		return copy_to_user(user, &snapshot, sizeof(snapshot)) ?
		       -EFAULT : 0;
	}
	if (copy_from_user(&call, user, sizeof(call)))
		return -EFAULT;
	mutex_lock(&lock);
	call.ret = run(cmd, &call);
	mutex_unlock(&lock);
	return copy_to_user(user, &call, sizeof(call)) ? -EFAULT : 0;
}

static int legacy_release(struct inode *inode, struct file *file)
{
	mutex_lock(&lock);
	if (held)
		put_pmem_file(held);
	held = NULL;
	mutex_unlock(&lock);
	return 0;
}

static const struct file_operations legacy_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= legacy_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.release	= legacy_release,
};

static struct miscdevice legacy_misc = {
	.name	= "legacy_driver",
	.minor	= MISC_DYNAMIC_MINOR,
	.fops	= &legacy_fops,
};

static int __init legacy_init(void)
{
	int ret = misc_register(&legacy_misc);

	if (ret)
		return ret;
	if (hw3d_size) {
		ret = setup_hw3d();
		if (ret)
			goto deregister;
	}
	if (ebi1_size) {
		ret = setup_ebi1();
		if (ret)
			goto remove_hw3d;
	}
	if (sys_size) {
		ret = setup_sys();
		if (ret)
			goto remove_ebi1;
	}
	return 0;

remove_ebi1:
	pmem_remove("pmem_kernel_ebi1");
remove_hw3d:
	pmem_remove("hw3d");
deregister:
	misc_deregister(&legacy_misc);
	return ret;
}

static void __exit legacy_exit(void)
{
	misc_deregister(&legacy_misc);
	if (leave)
		return;
	pmem_remove("hw3d");
	pmem_remove("pmem_kernel_ebi1");
	pmem_remove("legacy_sys");
}

module_init(legacy_init);
module_exit(legacy_exit);

MODULE_DESCRIPTION("A client of the kernel interface of pmem_compat, for tests");
MODULE_LICENSE("GPL");
CONTIG_IMPORT_NS(PMEM_COMPAT);
