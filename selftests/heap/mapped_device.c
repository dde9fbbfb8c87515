// SPDX-License-Identifier: GPL-2.0-only
/* Supports one device at a time. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/dm-ioctl.h>

#include "common.h"
#include "mapped_device.h"

/**
 * struct dm - a request to the device mapper, with a table of up to two lines
 * @head: the request
 * @table: the lines, each followed by its parameters
 */
struct dm {
	struct dm_ioctl head;
	struct {
		struct dm_target_spec spec;
		char parameters[64];
	} table[2];
};

static void dm(unsigned int command, struct dm *request)
{
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = offsetof(struct dm, table);
	strcpy(request->head.name, "mapped");
	if (ioctl(control, command, request))
		die("device mapper");
	close(control);
}

/*
 * Create @path, a device of which the first @good bytes are in @below and the next @bad fail; @bad
 * may be 0.
 */
void mapped_device_create(const char *path, int below, size_t good, size_t bad)
{
	struct dm request = {}, table = { .head.target_count = bad ? 2 : 1 };
	struct stat st;

	if (access("/dev/mapper/control", F_OK) && system("modprobe dm-mod"))
		die("modprobe dm-mod");
	fstat(below, &st);
	table.table[0].spec.length = good / 512;
	table.table[0].spec.next = sizeof(table.table[0]);
	strcpy(table.table[0].spec.target_type, "linear");
	snprintf(table.table[0].parameters, sizeof(table.table[0].parameters), "%u:%u 0",
		 major(st.st_rdev), minor(st.st_rdev));
	table.table[1].spec.sector_start = good / 512;
	table.table[1].spec.length = bad / 512;
	strcpy(table.table[1].spec.target_type, "error");
	dm(DM_DEV_CREATE, &request);
	dm(DM_TABLE_LOAD, &table);
	mapped_device_answers(true);
	if (mknod(path, S_IFBLK | 0600, makedev(major(request.head.dev), minor(request.head.dev))))
		die(path);
}

/* Suspend or resume: readers and writers wait until it answers again. */
void mapped_device_answers(bool answers)
{
	struct dm request = {};

	/* Without the suspend flag, the request resumes the device. */
	if (!answers)
		request.head.flags = DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG;
	dm(DM_DEV_SUSPEND, &request);
}

void mapped_device_remove(void)
{
	struct dm request = {};

	dm(DM_DEV_REMOVE, &request);
}
