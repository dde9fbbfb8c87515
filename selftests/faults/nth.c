// SPDX-License-Identifier: GPL-2.0-only
/* Systematic fault injection; declared in nth.h. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nth.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
/* Tests are separate processes, so their total is stored here. */
#define TOTAL		"/run/faults-injected"

/* More calls than any operation has. */
#define BEYOND		1000000

/* Open for the life of the process, so that operations do not change the number of files. */
static int counter = -1;
/* The number of the fault for the current operation, or 0. */
static int current;

bool faults_available(void)
{
	return !access(FAIL_NTH, F_OK);
}

static void put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		perror(path);
		abort();
	}
	close(fd);
}

/* Write to all files of that name, for every kind of fault. */
static void put_all(const char *name, const char *text)
{
	glob_t found;
	size_t i;

	if (glob(name, 0, NULL, &found)) {
		fprintf(stderr, "# there is no %s\n", name);
		abort();
	}
	for (i = 0; i < found.gl_pathc; i++)
		put_text(found.gl_pathv[i], text);
	globfree(&found);
}

/*
 * The kernel writes to a thread's rseq area after preemption, and kills the thread if that fails.
 * That happens if the write is the first to a page since fork(), and the allocation of the copy
 * fails.
 */
static void leave_rseq(void)
{
	/* The size that the C library registers, regardless of the size that it reports. */
	const unsigned int registered = 32;
	static bool left;

	if (left || !__rseq_size)
		return;
	if (syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, registered,
		    RSEQ_FLAG_UNREGISTER, RSEQ_SIG)) {
		perror("rseq");
		abort();
	}
	left = true;
}

/* Allocations that may sleep also fail, as do single pages; do not log stacks. */
void faults_prepare(void)
{
	leave_rseq();
	put_all("/sys/kernel/debug/fail*/ignore-gfp-wait", "N");
	put_all("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	put_all("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put_all("/sys/kernel/debug/fail*/verbose", "0");
	counter = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (counter < 0) {
		perror(FAIL_NTH);
		abort();
	}
}

/*
 * From now on, only calls by a module, or on its behalf, count and fail: those whose stack has an
 * address in arm64's module area.
 */
void faults_of_modules_only(void)
{
	put_all("/sys/kernel/debug/fail*/require-start", "0xffff800000000000");
	put_all("/sys/kernel/debug/fail*/require-end", "0xffff800080000000");
}

static void arm(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(counter, text, len, 0) != len) {
		perror(FAIL_NTH);
		abort();
	}
}

/*
 * Return how many calls were left until the fault: 0 if the operation had it. Reading the counter
 * copies to user memory, which may take the fault; then 1 was left.
 */
static int disarm(void)
{
	char text[16] = "";
	int left = pread(counter, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 1;

	/* The write takes the fault if the read has left it. */
	while (pwrite(counter, "0", 1, 0) != 1)
		;
	return left;
}

/*
 * Rearm the fault for an operation that was impossible and starts again; no effect outside of one.
 */
void faults_again(void)
{
	if (!current)
		return;
	disarm();
	arm(current);
}

static bool allowed(int error, const int *errnos)
{
	for (; *errnos; errnos++)
		if (*errnos == error)
			return true;
	return false;
}

static void add_total(int count)
{
	int fd = open(TOTAL, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char line[16];

	snprintf(line, sizeof(line), "%d\n", count);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		abort();
	close(fd);
}

/* The total of this boot. */
int faults_total(void)
{
	FILE *file = fopen(TOTAL, "r");
	int total = 0, count;

	if (!file)
		return 0;
	while (fscanf(file, "%d", &count) == 1)
		total += count;
	fclose(file);
	return total;
}

/* Try the operation with the nth fault. Returns whether it occurred, -1 on an error. */
static int attempt(const char *name, const struct operation *operation, int n)
{
	int result, error, left;

	current = n;
	arm(n);
	result = operation->run(operation->context);
	error = errno;
	left = disarm();
	current = 0;
	if (result < 0 && left) {
		fprintf(stderr, "# %s fails by itself: %s\n", name, strerror(error));
		return -1;
	}
	if (result < 0 && !allowed(error, operation->errnos)) {
		fprintf(stderr, "# %s, fault %d: %s\n", name, n, strerror(error));
		return -1;
	}
	if (result >= 0 && operation->undo)
		operation->undo(operation->context, result);
	if (operation->intact && !operation->intact(operation->context)) {
		fprintf(stderr, "# %s, fault %d (%s): something is left behind\n", name, n,
			result < 0 ? strerror(error) : "survived");
		return -1;
	}
	return !left;
}

/*
 * Returns how many faults were injected until the operation succeeded without one, or -1 after
 * printing the error.
 */
int faults_inject(const char *name, const struct operation *operation)
{
	int n, ret = 0;

	/* A first run without faults, for one-time initialization. */
	if (attempt(name, operation, BEYOND) < 0)
		return -1;
	for (n = 1; n < MAX_POINTS; n++) {
		ret = attempt(name, operation, n);
		if (ret <= 0)
			break;
	}
	if (n == MAX_POINTS) {
		fprintf(stderr, "# %s never succeeds\n", name);
		return -1;
	}
	if (ret < 0)
		return -1;
	fprintf(stderr, "# %s: %d faults injected\n", name, n - 1);
	add_total(n - 1);
	return n - 1;
}
