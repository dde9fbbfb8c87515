// SPDX-License-Identifier: GPL-2.0-only
/* Helpers for all test programs; declared in util.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/vgem_drm.h>

#include "util.h"

/* For helpers that cannot use assertions: exit, which fails the test. */
void die(const char *what)
{
	perror(what);
	abort();
}

/*
 * Contents of memory: each block begins with a tag, followed by words that are the same
 * in all blocks. Under emulation, memcpy() and memcmp() are far faster than a loop over
 * words.
 */
#define BLOCK	4096
#define WORDS	(1 << 14)

static const __u32 *words(void)
{
	static __u32 words[WORDS + BLOCK / sizeof(__u32)];
	size_t i = sizeof(words) / sizeof(words[0]);
	__u32 state = 1;

	if (!words[0])
		while (i--)
			words[i] = next_random(&state);
	return words;
}

/* Never 0; different for each block and each seed. */
static __u32 tag_of(__u32 seed, size_t offset)
{
	return ((seed + 1) * 0x9e3779b1U + offset / BLOCK * 0x85ebca6bU) | 1;
}

/* Bytes after the tag of a block, if @len bytes remain. */
static size_t rest(size_t len)
{
	return (len < BLOCK ? len : BLOCK) - sizeof(__u32);
}

/* @len must be a multiple of 4. */
void fill(void *memory, size_t len, __u32 seed)
{
	size_t done;

	for (done = 0; done < len; done += BLOCK) {
		__u32 *word = memory + done;

		word[0] = tag_of(seed, done);
		memcpy(word + 1, words() + (word[0] >> 18), rest(len - done));
	}
}

bool filled(const void *memory, size_t len, __u32 seed)
{
	size_t done;

	for (done = 0; done < len; done += BLOCK) {
		const __u32 *word = memory + done;

		if (word[0] != tag_of(seed, done) ||
		    memcmp(word + 1, words() + (word[0] >> 18), rest(len - done)))
			return false;
	}
	return true;
}

bool all_bytes(const void *memory, size_t len, unsigned char value)
{
	const unsigned char *byte = memory;

	return !len || (byte[0] == value && !memcmp(byte, byte + 1, len - 1));
}

/* xorshift; *state must not be 0. */
__u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		die("/proc/self/fd");
	while (readdir(dir))
		count++;
	closedir(dir);
	/* Do not count ".", ".." and the directory itself. */
	return count - 3;
}

/* The next free descriptor. This also finds leaked descriptors that have no file. */
int next_fd(void)
{
	int fd = dup(STDOUT_FILENO);

	if (fd < 0)
		die("dup");
	close(fd);
	return fd;
}

void close_keeping_errno(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

/* The number at the start of @text, which is freed; ULONG_MAX if @text is NULL. */
unsigned long number_of(char *text)
{
	unsigned long number = text ? strtoul(text, NULL, 10) : ULONG_MAX;

	free(text);
	return number;
}

/* The caller must free the string. */
char *format(const char *template, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, template);
	if (vasprintf(&text, template, arguments) < 0)
		die("vasprintf");
	va_end(arguments);
	return text;
}

/*
 * The contents of a file, to be freed, or NULL. Starts with a small buffer, because
 * most files have one line, and a large buffer costs page faults.
 */
char *read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 1024, len = 0;
	ssize_t got = 1;
	char *text;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && got > 0) {
		if (len == size - 1)
			text = realloc(text, size *= 4);
		if (!text)
			break;
		got = read(fd, text + len, size - 1 - len);
		if (got > 0)
			len += got;
	}
	if (!text)
		die("malloc");
	close(fd);
	text[len] = 0;
	return text;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t len = strlen(text);
	bool ok = fd >= 0 && write(fd, text, len) == len;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The number behind @field in a file of such fields. */
static long number_in(const char *path, const char *field)
{
	char *text = read_text(path);
	char *line = text ? strstr(text, field) : NULL;
	long number;

	if (!line)
		die(path);
	number = strtol(line + strlen(field), NULL, 10);
	free(text);
	return number;
}

/* A field of /proc/meminfo, in KiB. */
long meminfo(const char *field)
{
	return number_in("/proc/meminfo", field);
}

/**
 * page_tables() - size of the page tables of this process, in KiB
 */
long page_tables(void)
{
	return number_in("/proc/self/status", "VmPTE:");
}

/**
 * page_faults() - page faults of this process so far
 */
long page_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/**
 * touch_pages() - read and write every page of a mapping; its contents stay the same
 * @memory: the mapping
 * @len: its size
 *
 * Return: the page faults that this takes.
 */
long touch_pages(volatile char *memory, size_t len)
{
	long before = page_faults();
	size_t pos;

	for (pos = 0; pos < len; pos += PAGE)
		(void)memory[pos];
	for (pos = 0; pos < len; pos += PAGE)
		memory[pos] = memory[pos];
	return page_faults() - before;
}

/**
 * pages_on_lists() - free pages that processors keep on lists of their own
 *
 * They may be tens of MiB, and /proc/meminfo does not count them.
 */
long pages_on_lists(void)
{
	char *zones = read_text("/proc/zoneinfo"), *line = zones;
	long pages = 0;

	if (!zones)
		die("/proc/zoneinfo");
	while ((line = strstr(line, " count: "))) {
		line += strlen(" count: ");
		pages += strtol(line, NULL, 10);
	}
	free(zones);
	return pages;
}

/* KiB that could be allocated, with the pages on lists. */
long available_memory(void)
{
	return meminfo("MemAvailable:") + pages_on_lists() * (long)(PAGE >> 10);
}

/* A line of /proc/vmstat; -1 if it does not exist. */
long vm_count(const char *name)
{
	char *text = read_text("/proc/vmstat"), *key = format("\n%s ", name);
	char *line = text ? strstr(text, key) : NULL;
	long value = line ? atol(line + strlen(key)) : -1;

	free(text);
	free(key);
	return value;
}

/* Some kernels, such as those for PREEMPT_RT, lack transparent huge pages. */
bool has_huge_pages(void)
{
	return !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

/* Can a PMD map page frames? Before Linux 6.12, it cannot be marked as special. */
bool has_huge_frames(void)
{
	struct utsname name;
	int major, minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		die("uname");
	return has_huge_pages() && (major > 6 || (major == 6 && minor >= 12));
}

/* The DRM device of the kernel's vgem, or -1. */
int open_vgem(void)
{
	int number, fd;

	for (number = 0; number < 16; number++) {
		char path[32], name[16] = "";
		struct drm_version version = {
			.name = name,
			.name_len = sizeof(name) - 1,
		};

		snprintf(path, sizeof(path), "/dev/dri/card%d", number);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

/* A dma-buf of another exporter: vgem. */
int foreign_dmabuf(void)
{
	struct drm_mode_create_dumb dumb = {
		.width = 256,
		.height = 256,
		.bpp = 32,
	};
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int vgem = open_vgem();

	if (vgem < 0 || ioctl(vgem, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		die("vgem");
	prime.handle = dumb.handle;
	if (ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		die("DRM_IOCTL_PRIME_HANDLE_TO_FD");
	close(vgem);
	return prime.fd;
}

bool vgem_starts(struct vgem_work *work, int fd, bool writes)
{
	struct drm_prime_handle prime = { .fd = fd };
	struct drm_vgem_fence_attach attach = { .flags = writes ? VGEM_FENCE_WRITE : 0 };

	work->drm = open_vgem();
	if (work->drm < 0 || ioctl(work->drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return false;
	attach.handle = prime.handle;
	if (ioctl(work->drm, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach))
		return false;
	work->fence = attach.out_fence;
	return true;
}

bool vgem_ends(struct vgem_work *work)
{
	struct drm_vgem_fence_signal signal = { .fence = work->fence };
	bool ended = !ioctl(work->drm, DRM_IOCTL_VGEM_FENCE_SIGNAL, &signal);

	return !close(work->drm) && ended;
}
