/* SPDX-License-Identifier: GPL-2.0-only */
/* Interface between the legacy_driver test module and the program that controls it. */
#ifndef LEGACY_DRIVER_H
#define LEGACY_DRIVER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct legacy_call - one call of the kernel interface
 * @fd: in: file descriptor, if the call needs one
 * @cmd: in: command or flags
 * @a: in: offset, size or address
 * @b: in: length; out for LEGACY_GET: the address is in the linear map
 * @ret: out: result of the call
 * @start: out: address
 * @len: out: length
 * @word: in for LEGACY_POKE: the new word; in for LEGACY_MAINT: the client's address; out for
 *	LEGACY_GET and LEGACY_PEEK: first word of the memory
 */
struct legacy_call {
	__s32 fd;
	__u32 cmd;
	__u64 a;
	__u64 b;
	__s64 ret;
	__u64 start;
	__u64 len;
	__u64 word;
};

/**
 * struct legacy_counts - numbers of calls of the devices' hooks
 * @setups: setup_region
 * @requests: request_region
 * @releases: release_region
 * @ioctls: the ioctl hook
 * @closes: the release hook
 * @kfrees: calls of release_region that freed what request_region had allocated
 * @wrong_cookies: calls with another cookie than setup_region returned
 */
struct legacy_counts {
	__u32 setups;
	__u32 requests;
	__u32 releases;
	__u32 ioctls;
	__u32 closes;
	__u32 kfrees;
	__u32 wrong_cookies;
};

#define LEGACY_IOC(nr)		_IOWR('L', nr, struct legacy_call)

#define LEGACY_IS_PMEM		LEGACY_IOC(0)
#define LEGACY_GET		LEGACY_IOC(1)	/* get_pmem_file() */
#define LEGACY_PUT		LEGACY_IOC(2)	/* put_pmem_file() */
#define LEGACY_PEEK		LEGACY_IOC(3)	/* read the file of LEGACY_GET */
#define LEGACY_POKE		LEGACY_IOC(4)	/* write to it */
#define LEGACY_GET_FD		LEGACY_IOC(5)
#define LEGACY_PUT_FD		LEGACY_IOC(6)
#define LEGACY_USER_ADDR	LEGACY_IOC(7)
#define LEGACY_FLUSH		LEGACY_IOC(8)	/* both flush functions */
#define LEGACY_MAINT		LEGACY_IOC(9)
#define LEGACY_REMAP		LEGACY_IOC(10)
#define LEGACY_KALLOC		LEGACY_IOC(11)
#define LEGACY_KFREE		LEGACY_IOC(12)
#define LEGACY_SETUP_AGAIN	LEGACY_IOC(13)	/* a second "hw3d" */
#define LEGACY_REMOVE		LEGACY_IOC(14)	/* pmem_remove("hw3d") */
#define LEGACY_COUNTS		_IOR('L', 15, struct legacy_counts)
#define LEGACY_REFUSE		LEGACY_IOC(16)	/* make request_region fail, or not */
#define LEGACY_SETUP_AT		LEGACY_IOC(17)	/* a device at a..a + b, removed at once */
#define LEGACY_HOLD		LEGACY_IOC(18)	/* make request_region wait, or continue */
#define LEGACY_WAIT_HELD	LEGACY_IOC(19)	/* wait until it waits */
#define LEGACY_HOOK_KALLOC	LEGACY_IOC(20)	/* make it allocate with these flags */
#define LEGACY_GET_ADDR		LEGACY_IOC(21)	/* get_pmem_addr() */

/* Result of the ioctl hook for its command; it fails for all others. */
#define LEGACY_HOOK_RESULT	42

#endif /* LEGACY_DRIVER_H */
