// SPDX-License-Identifier: MIT
/* Texts for errors. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define STRING(x)	#x
#define VERSION(a, b)	STRING(a) "." STRING(b)

API const char *dmaheap_version(void)
{
	return VERSION(DMAHEAP_VERSION_MAJOR, DMAHEAP_VERSION_MINOR);
}

static const struct {
	int number;
	const char *text;
} errors[] = {
	{ 0, "success" },
	{ EPERM, "not allowed for this user" },
	{ ENOENT, "there is no heap of that name" },
	{ EINTR, "interrupted" },
	{ EIO, "the device failed" },
	{ ENXIO, "there is no device behind the node" },
	{ E2BIG, "the program uses options that this library does not know" },
	{ EBADF, "not an open file descriptor" },
	{ ENOMEM, "not enough memory in one piece" },
	{ EACCES, "no permission" },
	{ EFAULT, "bad address" },
	{ EBUSY, "in use" },
	{ EEXIST, "exists already" },
	{ ENODEV, "the heap was removed" },
	{ ENOTDIR, "the kernel's folder of heaps is not a folder" },
	{ EINVAL, "invalid argument" },
	{ ENFILE, "too many open files in the system" },
	{ EMFILE, "too many open files in the process" },
	{ ENOTTY, "the device does not know this command" },
	{ EOVERFLOW, "too large for this process" },
	{ ENAMETOOLONG, "the name is too long" },
	{ ELOOP, "too many symbolic links" },
	{ EOPNOTSUPP, "the heap or the buffer cannot do that" },
	{ ETIMEDOUT, "took too long" },
};

API const char *dmaheap_strerror(int error)
{
	/* No abs(): it is undefined for INT_MIN. */
	int number = error < 0 ? -(error + 1) + (error != -2147483647 - 1) : error;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].number == number)
			return errors[i].text;
	return "an error this library does not expect";
}
