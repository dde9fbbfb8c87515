// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boards that describe their PMEM devices with platform data, for tests: one from the time of the
 * first drivers, and one from that of the last. They use the memory of the test board.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../../compat/pmem_kernel.h"

static char *board = "qsd8k";
module_param(board, charp, 0444);
MODULE_PARM_DESC(board, "which one: qsd8k (2009), msm7x27a (2012)");

static bool hooks;
module_param(hooks, bool, 0444);
MODULE_PARM_DESC(hooks, "give all devices functions that are to be called around their use");

static uint requests;
module_param(requests, uint, 0444);
MODULE_PARM_DESC(requests, "how often memory was asked for");

static uint releases;
module_param(releases, uint, 0444);
MODULE_PARM_DESC(releases, "how often it was given back");

/* Two with a buddy allocator, one without an allocator; each at its own address. */
static struct android_pmem_platform_data qsd8k[] = {
	{
		.name		= "pmem",
		.start		= 0x73000000,
		.size		= 48 * SZ_1M,
		.no_allocator	= 0,
		.cached		= 1,
	}, {
		.name		= "pmem_adsp",
		.start		= 0x70000000,
		.size		= 48 * SZ_1M,
		.no_allocator	= 0,
		.cached		= 1,
	}, {
		.name		= "pmem_camera",
		.start		= 0x79400000,
		.size		= SZ_8M,
		.no_allocator	= 1,
		.cached		= 1,
	},
};

/* All have memory of one type; the board chose the addresses at boot. */
static struct android_pmem_platform_data msm7x27a[] = {
	{
		.name		= "pmem",
		.size		= SZ_16M,
		.allocator_type	= PMEM_ALLOCATORTYPE_BITMAP,
		.cached		= 1,
		.memory_type	= MEMTYPE_EBI1,
	}, {
		.name		= "pmem_adsp",
		.size		= 24 * SZ_1M,
		.allocator_type	= PMEM_ALLOCATORTYPE_BITMAP,
		.cached		= 1,
		.memory_type	= MEMTYPE_EBI1,
	}, {
		.name		= "pmem_audio",
		.size		= SZ_4M,
		.allocator_type	= PMEM_ALLOCATORTYPE_BITMAP,
		.cached		= 0,
		.memory_type	= MEMTYPE_EBI1,
	},
};

#define NR_DEVICES	3
static_assert(ARRAY_SIZE(qsd8k) == NR_DEVICES && ARRAY_SIZE(msm7x27a) == NR_DEVICES);

static struct platform_device *devices[NR_DEVICES];

static int request_memory(void *cookie)
{
	requests++;
	return cookie == devices ? 0 : -EINVAL;
}

static int release_memory(void *cookie)
{
	releases++;
	return 0;
}

static void *setup_memory(void)
{
	return devices;
}

static void unregister_devices(void)
{
	int i;

	for (i = 0; i < NR_DEVICES; i++)
		platform_device_unregister(devices[i]);
}

static int __init legacy_board_init(void)
{
	struct android_pmem_platform_data *data = strcmp(board, "qsd8k") ? msm7x27a : qsd8k;
	int i;

	for (i = 0; i < NR_DEVICES; i++) {
		if (hooks) {
			data[i].request_region = request_memory;
			data[i].release_region = release_memory;
			data[i].setup_region = setup_memory;
		}
		devices[i] = platform_device_register_data(NULL, "android_pmem", i, &data[i],
							   sizeof(data[i]));
		if (IS_ERR(devices[i])) {
			int ret = PTR_ERR(devices[i]);

			devices[i] = NULL;
			unregister_devices();
			return ret;
		}
	}
	return 0;
}

static void __exit legacy_board_exit(void)
{
	unregister_devices();
}

module_init(legacy_board_init);
module_exit(legacy_board_exit);

MODULE_DESCRIPTION("Boards with devices of pmem_compat, for tests");
MODULE_LICENSE("GPL");
