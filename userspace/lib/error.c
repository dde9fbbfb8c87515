// SPDX-License-Identifier: MIT
/* Error texts and the log function. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#ifndef DMAHEAP_VERSION_TEXT /* The Makefile passes the full version. */
#define STRING(x)	#x
#define VERSION(a, b)	STRING(a) "." STRING(b)
#define DMAHEAP_VERSION_TEXT	VERSION(DMAHEAP_VERSION_MAJOR, DMAHEAP_VERSION_MINOR)
#endif

API const char *dmaheap_version(void)
{
	return DMAHEAP_VERSION_TEXT;
}

static const struct {
	int number;
	const char *text;
} errors[] = {
	{ 0, "success" },
	{ EPERM, "not permitted" },
	{ ENOENT, "no such heap" },
	{ EINTR, "interrupted" },
	{ EIO, "the device failed" },
	{ ENXIO, "there is no device behind the node" },
	{ E2BIG, "options of a later version of the library" },
	{ EBADF, "not an open file descriptor" },
	{ ENOMEM, "not enough contiguous memory" },
	{ EACCES, "permission denied" },
	{ EFAULT, "bad address" },
	{ EBUSY, "in use" },
	{ EEXIST, "already exists" },
	{ ENODEV, "the heap was removed" },
	{ ENOTDIR, "/dev/dma_heap is not a directory" },
	{ EINVAL, "invalid argument" },
	{ ENFILE, "too many open files in the system" },
	{ EMFILE, "too many open files in the process" },
	{ ENOTTY, "not supported by this device" },
	{ EOVERFLOW, "too large for this process" },
	{ ENAMETOOLONG, "the name is too long" },
	{ ELOOP, "too many symbolic links" },
	{ EOPNOTSUPP, "not supported by this heap or buffer" },
	{ ETIMEDOUT, "timed out" },
	{ EAGAIN, "would have to wait" },
	{ ENOSPC, "no space left" },
	{ EFBIG, "the file would be too large" },
	{ ESPIPE, "a pipe or socket has no offsets" },
	{ EPIPE, "the other side has closed" },
	{ EBADMSG, "received something other than a buffer" },
};

API const char *dmaheap_strerror(int error)
{
	/* abs() is undefined for INT_MIN. */
	int number = error < 0 ? -(error + 1) + (error != -2147483647 - 1) : error;
	static _Thread_local char unexpected[24];
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].number == number)
			return errors[i].text;
	snprintf(unexpected, sizeof(unexpected), "error %d", number);
	return unexpected;
}

/* The function set by dmaheap_set_log(). */
static struct {
	pthread_mutex_t lock;
	void (*log)(int error, const char *text, void *data);
	void *data;
} hook = { .lock = PTHREAD_MUTEX_INITIALIZER };

API void dmaheap_set_log(void (*log)(int error, const char *text, void *data), void *data)
{
	pthread_mutex_lock(&hook.lock);
	hook.log = log;
	hook.data = data;
	pthread_mutex_unlock(&hook.lock);
}

/**
 * dmaheap_log() - report an error
 * @error: a negative errno; 0 is no error, and not reported
 * @format: the failed operation, as for printf()
 *
 * Context: no lock of a heap or a buffer may be held, because the log function may call the
 * library.
 * Return: @error.
 */
int dmaheap_log(int error, const char *format, ...)
{
	void (*log)(int error, const char *text, void *data);
	char text[512];
	va_list args;
	void *data;

	if (!error)
		return 0;
	pthread_mutex_lock(&hook.lock);
	log = hook.log;
	data = hook.data;
	pthread_mutex_unlock(&hook.lock);
	if (!log)
		return error;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log(error, text, data);
	return error;
}
