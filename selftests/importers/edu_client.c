// SPDX-License-Identifier: GPL-2.0-only
/* Calls of /dev/edu_importer; declared in edu_client.h. */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "edu_client.h"

int edu_open(void)
{
	return open(EDU_IMPORTER_PATH, O_RDWR | O_CLOEXEC);
}

int edu_attach(int edu, int dmabuf)
{
	__s32 fd = dmabuf;

	return ioctl(edu, EDU_IMPORTER_ATTACH, &fd);
}

int edu_detach(int edu)
{
	return ioctl(edu, EDU_IMPORTER_DETACH);
}

int edu_snoop(int edu, int snoops)
{
	__u32 data = snoops;

	return ioctl(edu, EDU_IMPORTER_SNOOP, &data);
}

int edu_map(int edu, __u32 direction)
{
	return ioctl(edu, EDU_IMPORTER_MAP, &direction);
}

int edu_unmap(int edu)
{
	return ioctl(edu, EDU_IMPORTER_UNMAP);
}

static int transfer(int edu, unsigned int cmd, __u64 at, __u32 len, __u32 direction)
{
	struct edu_importer_transfer data = { .at = at, .len = len, .direction = direction };

	return ioctl(edu, cmd, &data);
}

/* The device copies this part of the buffer to its memory. */
int edu_reads(int edu, __u64 offset, __u32 len)
{
	return transfer(edu, EDU_IMPORTER_TRANSFER, offset, len, EDU_IMPORTER_TO_DEVICE);
}

/* The device writes back what it has read last. */
int edu_writes(int edu, __u64 offset, __u32 len)
{
	return transfer(edu, EDU_IMPORTER_TRANSFER, offset, len, EDU_IMPORTER_FROM_DEVICE);
}

int edu_reads_raw(int edu, __u64 address, __u32 len)
{
	return transfer(edu, EDU_IMPORTER_RAW, address, len, EDU_IMPORTER_TO_DEVICE);
}

int edu_writes_raw(int edu, __u64 address, __u32 len)
{
	return transfer(edu, EDU_IMPORTER_RAW, address, len, EDU_IMPORTER_FROM_DEVICE);
}

int edu_segment(int edu, __u32 index, struct edu_importer_segment *segment)
{
	segment->index = index;
	return ioctl(edu, EDU_IMPORTER_SEGMENT, segment);
}
