// SPDX-License-Identifier: MIT
/* Text in and out: sizes, numbers, JSON, small files. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#ifdef DMAHEAP_TEST_ROOT
const char *root(void)
{
	const char *folder = getenv("DMAHEAP_ROOT");

	return folder ? folder : "";
}
#endif

/* "4096", "64K", "0x1000", "16MiB": binary units only; false for anything else or too much. */
bool parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMGT";
	unsigned long long value;
	unsigned int shift = 0;
	const char *unit;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
		if (!unit || !*unit)
			return false;
		shift = 10 * (unit - units + 1);
		end++;
		if (*end == 'i')
			end++;
		if (*end == 'B')
			end++;
		if (*end)
			return false;
	}
	if (value << shift >> shift != value)
		return false;
	*size = value << shift;
	return true;
}

bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 0);
	return !errno && !*end && *number <= max;
}

/* Three digits or more, and a unit. */
const char *size_text(uint64_t size, char *buf, size_t len)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;
	uint64_t scale = 1;

	while (unit + 1 < ARRAY_SIZE(units) && size / scale >= 1024) {
		scale *= 1024;
		unit++;
	}
	if (size % scale && size / scale < 100)
		snprintf(buf, len, "%llu.%llu %s", (unsigned long long)(size / scale),
			 (unsigned long long)(size % scale / (scale / 1024) * 10 / 1024),
			 units[unit]);
	else
		snprintf(buf, len, "%llu %s", (unsigned long long)(size / scale), units[unit]);
	return buf;
}

/* Bytes that are not ASCII go through as they are: names are UTF-8 or nobody's text. */
void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* What others named must not control the terminal. */
void print_safe(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static char *read_path(const char *path)
{
	size_t len = 0, size = 4096;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text, *larger;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && (got = read(fd, text + len, size - len - 1)) > 0) {
		len += got;
		if (len + 1 < size)
			continue;
		size *= 2;
		larger = realloc(text, size);
		if (!larger)
			free(text);
		text = larger;
	}
	close(fd);
	if (text)
		text[len] = '\0';
	return text;
}

/* What a file holds, to be freed; NULL with errno. */
char *read_file(const char *format, ...)
{
	char path[4096];
	size_t used = snprintf(path, sizeof(path), "%s", root());
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path + used, sizeof(path) - used, format, args);
	va_end(args);
	if (len < 0 || used + len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return read_path(path);
}

/* A file that is a number. */
bool read_u64(uint64_t *value, const char *format, ...)
{
	char path[4096], *text, *end;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	text = read_file("%s", path);
	if (!text)
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	len = !errno && end != text && (*end == '\n' || !*end);
	free(text);
	return len;
}

/* "always", "never", and otherwise if somebody looks who has not said NO_COLOR. */
bool use_colour(const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (when && !strcmp(when, "always"))
		return true;
	if (when && !strcmp(when, "never"))
		return false;
	return isatty(STDOUT_FILENO) && !(no && *no);
}

/* The name of the cached heap beside an uncached one; false if it is not called so. */
bool strip_uncached(const char *name, char *buf, size_t len)
{
	size_t n = strlen(name), end = strlen("-uncached");

	if (n <= end || strcmp(name + n - end, "-uncached"))
		return false;
	snprintf(buf, len, "%.*s", (int)(n - end), name);
	return true;
}
